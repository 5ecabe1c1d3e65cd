"""The one door for answers, however they came."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import func, select

from pop_campaigns.accounts.models import User
from pop_campaigns.core.db import db
from pop_campaigns.core.files import StoredFile
from pop_campaigns.core.history import note as note_change
from pop_campaigns.core.locks import lock_row
from pop_campaigns.core.text import clean_line, clean_text
from pop_campaigns.events.rules import EventState
from pop_campaigns.invitations.messages import (
    RECEIPT_KIND,
    from_address,
    is_refusable,
    recipient_of,
    render_receipt,
    sender_name,
)
from pop_campaigns.invitations.models import GivenAnswer, Invitation
from pop_campaigns.invitations.rules import (
    LINK_LIVES_AFTER_END,
    RECEIPT_GAP,
    Answer,
    AnswerChannel,
    InvitationState,
    NotAnswerable,
    ToldHow,
    is_same_press,
    may_answer,
    settle_answer,
)
from pop_campaigns.mail.models import OutgoingMail
from pop_campaigns.mail.outbox import add_skeleton, queue_mail
from pop_campaigns.mail.queries import mails_about

IN_NAME_KIND: Final = "invitation.in_name"
"""Of the mail by which a guest hears that an answer was given in their name."""


@dataclass(frozen=True)
class Told:
    """How a coordinator came to know an answer, and the scan that shows it."""

    how: ToldHow
    scan: StoredFile | None = None


@dataclass(frozen=True)
class Origin:
    """From where an answer came by mail: ``sent_from`` is None for the guest's own address, "" where the mail names nobody.

    ``tell_guest``: somebody else may have spoken in the guest's name, so the guest hears of it, also of a first answer.
    """

    sent_from: str | None = None
    tell_guest: bool = False

    @property
    def noted(self) -> dict[str, Any]:
        """What history says of it: whether, not from where, since that names people whom nobody asked."""
        return {} if self.sent_from is None else {"elsewhere": True}


class AnswerRefused(Exception):
    """The answer is no longer taken; ``reason`` says why."""

    def __init__(self, reason: NotAnswerable) -> None:
        super().__init__(reason.value)
        self.reason = reason


def record_answer(
    guest: Invitation,
    answer: Answer,
    *,
    substitute: str = "",
    note: str = "",
    channel: AnswerChannel,
    now: datetime,
    by: User | None = None,
    sequence: int | None = None,
    told: Told | None = None,
    origin: Origin = Origin(),
) -> GivenAnswer:
    """Keep an answer; the newest one counts, every earlier one stays.

    Yes or no with a ``substitute`` is a delegation. The same words twice within a minute are one answer. A guest
    whose answer changes is told so by mail, at most once a day: a forwarded link must not speak for an office
    unnoticed; ``origin`` may ask for it, too. ``sequence`` is the event's SEQUENCE that was answered, if it says so
    (calendars do), else the present one. ``told`` says how it came to whoever entered it ``by`` hand; such an answer is
    taken until a day after the event. Raise :class:`AnswerRefused`, and ValueError for NEEDS-ACTION.
    """
    _require_words(answer)
    _lock(guest)
    check_answerable(guest, now, by_hand=told is not None)
    substitute, note = clean_line(substitute)[:200], clean_text(note)
    answer, last = settle_answer(answer, substitute), _last_answer(guest)
    how, scan = (told.how, told.scan) if told else (None, None)
    if last and is_same_press(_words_of(last), (answer, substitute, note, channel, how), last.at, now):
        return last
    row = GivenAnswer(
        invitation=guest, answer=answer, substitute=substitute, note=note, channel=channel, at=now, told_how=how,
        event_sequence=guest.event.sequence if sequence is None else sequence, sent_from=origin.sent_from,
        scan=scan, recorded_by=by.name if by else "",
    )  # fmt: skip
    db.session.add(row)
    before, guest.answer, guest.answered_at = guest.answer, answer, now
    db.session.flush()
    note_change(
        "invitation.answered", guest, by=by, now=now, answer=answer.value, was=before.value,
        channel=channel.value, sequence=row.event_sequence, **origin.noted,
    )  # fmt: skip
    changed = last and before is not Answer.NEEDS_ACTION and _words_of(last)[:2] != (answer, substitute)
    if origin.tell_guest or changed:
        _queue_receipt(guest, row, now, in_name=origin.tell_guest)
    return row


def _require_words(answer: Answer) -> None:
    if answer is Answer.NEEDS_ACTION:
        raise ValueError("an answer says something")


def _lock(guest: Invitation) -> None:
    lock_row(guest)  # of two answers at once the second sees the first
    db.session.refresh(guest.event)


def check_answerable(guest: Invitation, now: datetime, *, by_hand: bool = False) -> None:
    """Raise :class:`AnswerRefused` unless an answer of the guest is still taken."""
    if guest.state is InvitationState.DRAFT:
        raise AnswerRefused(NotAnswerable.NOT_INVITED)
    event = guest.event
    end = event.ends_at or event.starts_at
    reason = may_answer(
        cancelled=event.state is EventState.CANCELLED,
        withdrawn=guest.state is InvitationState.WITHDRAWN,
        starts_at=event.starts_at,
        now=now,
        told_until=end + LINK_LIVES_AFTER_END if by_hand and end else None,
    )
    if reason is not None:
        raise AnswerRefused(reason)


def _last_answer(guest: Invitation) -> GivenAnswer | None:
    wanted = select(GivenAnswer).where(GivenAnswer.invitation_id == guest.id)
    return db.session.scalar(wanted.order_by(GivenAnswer.id.desc()).limit(1))


def _words_of(row: GivenAnswer) -> tuple[str | None, ...]:
    return (row.answer, row.substitute, row.note, row.channel, row.told_how)


def _queue_receipt(guest: Invitation, answer: GivenAnswer, now: datetime, *, in_name: bool = False) -> None:
    """Tell the guest, once a day, that the answer was changed; ``in_name``: that one was given in the guest's name.

    The two do not hold each other back: who changes their own mind would else not hear of somebody else's word.
    """
    kind = IN_NAME_KIND if in_name else RECEIPT_KIND
    if guest.is_erased or _had_receipt_since(guest, kind, now - RECEIPT_GAP):
        return
    event = guest.event
    refusable = is_refusable(guest)
    rendered = render_receipt(event, answer, guest.language, now=now, refusable=refusable, in_name=in_name)
    queue_mail(
        add_skeleton(now=now, **rendered.as_skeleton()),
        recipient_of(guest),
        kind=kind,
        once=f"invitation/{guest.id}/{'in_name' if in_name else RECEIPT_KIND}/{answer.id}",
        about=guest,
        from_address=from_address(guest),
        from_name=sender_name(event, guest.language),
        organisation_id=event.organisation_id,
        now=now,
        auto_submitted=True,
    )


def _had_receipt_since(guest: Invitation, kind: str, moment: datetime) -> bool:
    sent = select(OutgoingMail.id).where(
        mails_about(Invitation, [guest.id]),
        func.lower(OutgoingMail.to_address) == guest.address.lower(),
        OutgoingMail.kind == kind,
        OutgoingMail.queued_at > moment,
    )
    return db.session.scalar(sent.limit(1)) is not None
