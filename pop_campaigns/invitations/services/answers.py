"""The one door for answers, however they came."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import func, select

from pop_campaigns.accounts.models import User
from pop_campaigns.core.db import db
from pop_campaigns.core.files import StoredFile
from pop_campaigns.core.history import note as note_change
from pop_campaigns.core.locks import lock_row
from pop_campaigns.core.text import clean_line, clean_text
from pop_campaigns.events.rules.events import EventState
from pop_campaigns.invitations.messages.handed_links import HANDED_KIND, render_handed_notice
from pop_campaigns.invitations.messages.invitations import (
    RECEIPT_KIND,
    Rendered,
    from_address,
    is_refusable,
    recipient_of,
    render_receipt,
    sender_name,
)
from pop_campaigns.invitations.models.invitations import GivenAnswer, Invitation
from pop_campaigns.invitations.queries.answers import answers_of, latest_answer
from pop_campaigns.invitations.queries.guests import mails_of, refusing, unreachable
from pop_campaigns.invitations.rules.invitations import (
    HANDED_NOTICE_GAP,
    HANDED_NOTICES_A_DAY,
    LINK_LIVES_AFTER_END,
    RECEIPT_GAP,
    Answer,
    AnswerChannel,
    InvitationState,
    NotAnswerable,
    ToldHow,
    is_newest,
    is_same_press,
    may_answer,
    settle_answer,
)
from pop_campaigns.mail.models import OutgoingMail, Sending
from pop_campaigns.mail.outbox import Recipient, add_skeleton, queue_mail
from pop_campaigns.mail.queries import mails_about

IN_NAME_KIND: Final = "invitation.in_name"
"""Of the mail by which a guest hears that an answer was given in their name."""
_JUST_NOW = timedelta(
    minutes=30
)  # as long as a form may lie open: what was said meanwhile is about what stands now


@dataclass(frozen=True)
class Told:
    """How a coordinator came to know an answer, and the scan that shows it."""

    how: ToldHow
    scan: StoredFile | None = None


@dataclass(frozen=True)
class Origin:
    """From where an answer came by mail: ``sent_from`` is None for the guest's own address, "" where the mail names nobody.

    ``tell_guest``: somebody else may have spoken in the guest's name, so the guest hears of it, also of a first answer.
    ``handed_over_by``: who made the link by which it came, if not the mailed one; the invited address hears of that, too.
    """

    sent_from: str | None = None
    tell_guest: bool = False
    handed_over_by: str = ""

    @property
    def noted(self) -> dict[str, Any]:
        """What history says of it: whether, not from where, since that names people whom nobody asked."""
        handed = {"handed_over_by": self.handed_over_by} if self.handed_over_by else {}
        return handed if self.sent_from is None else handed | {"elsewhere": True}


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
    said_at: datetime | None = None,
    sequence: int | None = None,
    told: Told | None = None,
    origin: Origin = Origin(),
    substitute_answer: Answer | None = None,
) -> GivenAnswer:
    """Keep an answer; the latest word counts, whatever way it came and whenever it arrives, and every other one stays.

    ``said_at`` is when it was said, if not now, ``sequence`` the event's SEQUENCE that was answered, if it says so (calendars
    do). Yes or no with a ``substitute``, who says ``substitute_answer``, is a delegation. The same words within a minute, or
    of the same moment, are one answer. A guest whose answer changes is told so by mail, at most once a day: a forwarded
    link must not speak for an office unnoticed; ``origin`` may ask for it, too. ``told`` says how it came to whoever entered
    it ``by`` hand; that is taken until a day after the event. Raise :class:`AnswerRefused`, and ValueError for NEEDS-ACTION.
    """
    _require_words(answer)
    _lock(guest)
    check_answerable(guest, now, by_hand=told is not None)
    said_at, last = min(said_at or now, now), latest_answer(guest)
    substitute = clean_line(substitute)[:200]
    words = {
        "answer": settle_answer(answer, substitute), "substitute": substitute, "note": clean_text(note), "channel": channel,
        "told_how": told.how if told else None, "substitute_answer": substitute_answer, "handed_over_by": origin.handed_over_by,
    }  # fmt: skip
    words["substitute_answer"] = _answer_of_substitute(words, last)
    if known := _said_already(guest, tuple(words.values()), said_at, now):
        return known
    row = GivenAnswer(
        invitation=guest, at=now, said_at=said_at, event_sequence=_sequence_of(guest, sequence, said_at, now),
        scan=told.scan if told else None, sent_from=origin.sent_from, recorded_by=by.name if by else "", **words,
    )  # fmt: skip
    db.session.add(row)
    if is_newest(row.word, last.word if last else None):
        _let_stand(row, last, origin, by=by, now=now)
    else:
        _note("invitation.older_answer", row, origin, by=by, now=now)
    return row


def _let_stand(
    row: GivenAnswer, last: GivenAnswer | None, origin: Origin, *, by: User | None, now: datetime
) -> None:
    """Let a word be the guest's answer, and tell the guest where it changes what stood or somebody else may have said it."""
    guest = row.invitation
    before, guest.answer, guest.answered_at = guest.answer, row.answer, row.said_at
    db.session.flush()
    _note("invitation.answered", row, origin, by=by, now=now, was=before.value)
    changed = last and before is not Answer.NEEDS_ACTION and _words_of(last)[:2] != _words_of(row)[:2]
    if origin.handed_over_by:
        _queue_handed_notice(row, now)
    elif origin.tell_guest or changed:
        _queue_receipt(guest, row, now, in_name=origin.tell_guest)


def _answer_of_substitute(words: dict[str, Any], last: GivenAnswer | None) -> Answer | None:
    """Return what the substitute answered: who is named once more has answered already."""
    again = last is not None and (last.answer, last.substitute) == (words["answer"], words["substitute"])
    known = last.substitute_answer if last is not None and again else None
    answer: Answer | None = words["substitute_answer"] or known
    return answer


def counts(answer: GivenAnswer) -> bool:
    """Return whether an answer is its guest's latest word."""
    return latest_answer(answer.invitation) is answer


def take_back_answer(answer: GivenAnswer, *, by: User, now: datetime) -> None:
    """Take away an answer that was noted for the wrong guest: what they said before counts again. History tells of it."""
    guest = answer.invitation
    _lock(guest)
    _note("invitation.answer_taken_back", answer, Origin(), by=by, now=now)
    db.session.delete(answer)
    db.session.flush()
    db.session.expire(guest, ["answers"])
    last = latest_answer(guest)
    stands = last is not None and guest.invited_at is not None and last.at >= guest.invited_at
    if guest.answer is not Answer.NEEDS_ACTION:
        guest.answer, guest.answered_at = (
            (last.answer, last.said_at) if last and stands else (Answer.NEEDS_ACTION, None)
        )
    db.session.flush()


def _said_already(
    guest: Invitation, words: tuple[Any, ...], said_at: datetime, now: datetime
) -> GivenAnswer | None:
    """Return the row of a word that was recorded before: sent again at once, or said at the very same moment."""
    recorded = answers_of([guest])
    if recorded and is_same_press(_words_of(recorded[-1]), words, recorded[-1].at, now):
        return recorded[-1]
    return next((row for row in recorded if row.said_at == said_at and _words_of(row) == words), None)


def _sequence_of(guest: Invitation, sequence: int | None, said_at: datetime, now: datetime) -> int:
    """Return the event's SEQUENCE that a word was about; of one said before now, what the guest had been told by then."""
    present = guest.event.sequence
    if sequence is not None or now - said_at < _JUST_NOW:
        return present if sequence is None else min(sequence, present)
    mails = mails_of([guest])[guest.id]
    return min(max((row.sequence for row in mails if row.mail.queued_at <= said_at), default=0), present)


def _note(
    action: str, row: GivenAnswer, origin: Origin, *, by: User | None, now: datetime, **details: str
) -> None:
    if row.substitute_answer is not None:
        details["substitute"] = row.substitute_answer.value
    note_change(
        action, row.invitation, by=by, now=now, answer=row.answer.value, channel=row.channel.value,
        sequence=row.event_sequence, **details, **origin.noted,
    )  # fmt: skip
    db.session.flush()


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


def _words_of(row: GivenAnswer) -> tuple[str | None, ...]:
    return (
        row.answer, row.substitute, row.note, row.channel, row.told_how, row.substitute_answer,
        row.handed_over_by,
    )  # fmt: skip


def _queue_receipt(guest: Invitation, answer: GivenAnswer, now: datetime, *, in_name: bool = False) -> None:
    """Tell the guest, once a day, that the answer was changed; ``in_name``: that one was given in the guest's name.

    The two do not hold each other back: who changes their own mind would else not hear of somebody else's word.
    """
    kind = IN_NAME_KIND if in_name else RECEIPT_KIND
    if guest.is_erased or had_receipt_since(guest, kind, now - RECEIPT_GAP):
        return
    event = guest.event
    refusable = is_refusable(guest)
    rendered = render_receipt(event, answer, guest.language, now=now, refusable=refusable, in_name=in_name)
    write_back(
        guest, rendered, kind=kind, once=f"invitation/{guest.id}/{'in_name' if in_name else RECEIPT_KIND}/{answer.id}",
        now=now,
    )  # fmt: skip


def _queue_handed_notice(answer: GivenAnswer, now: datetime) -> None:
    """Tell the invited address of an answer by a link handed over: once a minute of the same one, ten times a day.

    Not an address that is dead or wants no mail.
    """
    guest = answer.invitation
    if guest.is_erased or refusing(guest.event, [guest]) or unreachable([guest]):
        return
    same = select(GivenAnswer.id).where(
        GivenAnswer.invitation_id == guest.id,
        GivenAnswer.id != answer.id,
        GivenAnswer.answer == answer.answer,
        GivenAnswer.handed_over_by == answer.handed_over_by,
        GivenAnswer.at > now - HANDED_NOTICE_GAP,
    )
    if db.session.scalar(same.limit(1)) is not None:
        return
    if _count_receipts(guest, HANDED_KIND, now - RECEIPT_GAP) >= HANDED_NOTICES_A_DAY:
        return
    once = f"invitation/{guest.id}/handed/{answer.id}"
    write_back(guest, render_handed_notice(answer, now=now), kind=HANDED_KIND, once=once, now=now)


def write_back(
    guest: Invitation,
    rendered: Rendered,
    *,
    kind: str,
    once: str,
    now: datetime,
    to: Recipient | None = None,
    sending: Sending | None = None,
) -> OutgoingMail:
    """Queue a mail that answers what a guest did, from the guest's own address; it asks for no answer itself.

    ``to`` stands in for where mails about the invitation go, with their links.
    """
    event = guest.event
    return queue_mail(
        add_skeleton(now=now, **rendered.as_skeleton()),
        to or recipient_of(guest),
        kind=kind,
        once=once,
        about=guest,
        from_address=from_address(guest),
        from_name=sender_name(event, guest.language),
        organisation_id=event.organisation_id,
        now=now,
        auto_submitted=True,
        sending=sending,
    )


def had_receipt_since(guest: Invitation, kind: str, moment: datetime) -> bool:
    """Return whether a mail of this kind was queued to a guest since then."""
    return _count_receipts(guest, kind, moment) > 0


def _count_receipts(guest: Invitation, kind: str, moment: datetime) -> int:
    sent = select(func.count(OutgoingMail.id)).where(
        mails_about(Invitation, [guest.id]),
        func.lower(OutgoingMail.to_address) == guest.address.lower(),
        OutgoingMail.kind == kind,
        OutgoingMail.queued_at > moment,
    )
    return db.session.scalar(sent) or 0
