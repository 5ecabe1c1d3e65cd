"""The one door for answers, however they came."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select

from pop_campaigns.accounts.models import User
from pop_campaigns.core.db import db
from pop_campaigns.core.history import note as note_change
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
    RECEIPT_GAP,
    Answer,
    AnswerChannel,
    InvitationState,
    NotAnswerable,
    is_same_press,
    may_answer,
    settle_answer,
)
from pop_campaigns.mail.models import OutgoingMail
from pop_campaigns.mail.outbox import add_skeleton, queue_mail


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
) -> GivenAnswer:
    """Keep an answer; the newest one counts, every earlier one stays.

    Yes or no with a ``substitute`` is a delegation. The same words twice within a minute are one answer. A guest
    whose answer changes is told so by mail, at most once a day: a forwarded link must not speak for an office
    unnoticed. ``sequence`` is the event's SEQUENCE the answer was given to, if it says so (calendars do), else
    the present one. Raises :class:`AnswerRefused`, and ValueError for NEEDS-ACTION.
    """
    if answer is Answer.NEEDS_ACTION:
        raise ValueError("an answer says something")
    _lock(guest)
    _check_open(guest, now)
    substitute, note = clean_line(substitute)[:200], clean_text(note)
    answer = settle_answer(answer, substitute)
    last = _last_answer(guest)
    if last and is_same_press(_words_of(last), (answer, substitute, note, channel), last.at, now):
        return last
    given = GivenAnswer(
        invitation=guest, answer=answer, substitute=substitute, note=note, channel=channel, at=now,
        event_sequence=guest.event.sequence if sequence is None else sequence,
    )  # fmt: skip
    db.session.add(given)
    before = guest.answer
    guest.answer, guest.answered_at = answer, now
    db.session.flush()
    note_change(
        "invitation.answered", guest, by=by, now=now, answer=answer.value, was=before.value,
        channel=channel.value, sequence=given.event_sequence,
    )  # fmt: skip
    if last and before is not Answer.NEEDS_ACTION and (last.answer, last.substitute) != (answer, substitute):
        _queue_receipt(guest, given, now)
    return given


def _lock(guest: Invitation) -> None:
    # Two answers at once: the second waits here and then sees the first. SQLite's writers wait at BEGIN IMMEDIATE.
    db.session.execute(select(Invitation.id).where(Invitation.id == guest.id).with_for_update())
    db.session.refresh(guest)
    db.session.refresh(guest.event)


def _check_open(guest: Invitation, now: datetime) -> None:
    if guest.state is InvitationState.DRAFT:
        raise AnswerRefused(NotAnswerable.NOT_INVITED)
    event = guest.event
    reason = may_answer(
        cancelled=event.state is EventState.CANCELLED,
        withdrawn=guest.state is InvitationState.WITHDRAWN,
        starts_at=event.starts_at,
        now=now,
    )
    if reason is not None:
        raise AnswerRefused(reason)


def _last_answer(guest: Invitation) -> GivenAnswer | None:
    wanted = select(GivenAnswer).where(GivenAnswer.invitation_id == guest.id)
    return db.session.scalar(wanted.order_by(GivenAnswer.id.desc()).limit(1))


def _words_of(given: GivenAnswer) -> tuple[str, ...]:
    return (given.answer, given.substitute, given.note, given.channel)


def _queue_receipt(guest: Invitation, given: GivenAnswer, now: datetime) -> None:
    if _had_receipt_since(guest, now - RECEIPT_GAP):
        return
    event = guest.event
    refusable = is_refusable(guest)
    rendered = render_receipt(event, given, guest.language, now=now, refusable=refusable)
    queue_mail(
        add_skeleton(now=now, **rendered.as_skeleton()),
        recipient_of(guest),
        kind=RECEIPT_KIND,
        once=f"invitation/{guest.id}/{RECEIPT_KIND}/{given.id}",
        from_address=from_address(guest),
        from_name=sender_name(event, guest.language),
        organisation_id=event.organisation_id,
        now=now,
        auto_submitted=True,
    )


def _had_receipt_since(guest: Invitation, moment: datetime) -> bool:
    # By address first, which has an index; a prefix of ``once`` would read all mails ever sent.
    sent = select(OutgoingMail.id).where(
        func.lower(OutgoingMail.to_address) == guest.address.lower(),
        OutgoingMail.kind == RECEIPT_KIND,
        OutgoingMail.queued_at > moment,
        OutgoingMail.once.startswith(f"invitation/{guest.id}/", autoescape=True),
    )
    return db.session.scalar(sent.limit(1)) is not None
