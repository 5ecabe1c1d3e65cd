"""Verbs about a recipient's clock: it starts when the letter is there, and stops when it turns out that it is not.

Several mails may have carried a letter to one recipient, because it was sent again. The one that counts
(``rules.mail_that_counts``) is the recipient's ``mail``. The caller commits.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ColumnElement, and_, exists, or_, select
from sqlalchemy.orm import aliased

from pop_campaigns.accounts.models import User
from pop_campaigns.core.clock import local_date
from pop_campaigns.core.db import db
from pop_campaigns.core.history import note
from pop_campaigns.letters.models import Letter, LetterRecipient, LetterResponse
from pop_campaigns.letters.queries.due_days import count_due, deciding_response
from pop_campaigns.letters.queries.entered_days import entered_days
from pop_campaigns.letters.queries.recipients import CARRIES, PROVES_ARRIVAL, mails_to
from pop_campaigns.letters.rules.letters import (
    Delivery,
    LetterMail,
    LetterState,
    mail_that_counts,
    proves_arrival,
)
from pop_campaigns.mail.models import OutgoingMail
from pop_campaigns.mail.rules import MailState

_WAITS = (MailState.QUEUED, MailState.SENDING)


def record_hand_over(recipient: LetterRecipient, day: date, *, by: User, now: datetime) -> None:
    """Note that a letter without a mail on its way was handed over on paper on ``day``: its clock starts there.

    A second time corrects the day.
    """
    again = bool((recipient.due_explained or {}).get("by_hand"))
    _set_clock(recipient, day, by_hand=True)
    action = "letter.hand_over_corrected" if again else "letter.handed_over"
    note(
        action,
        recipient.letter,
        by=by,
        now=now,
        who=recipient.written_as,
        day=day.isoformat(),
        due=_due_text(recipient),
    )


def handed_over_on(recipient: LetterRecipient) -> date | None:
    """Return the day noted for paper; None where there was none."""
    explained = recipient.due_explained or {}
    return date.fromisoformat(explained["start"]) if explained.get("by_hand") else None


def settle_clocks(*, now: datetime) -> int:
    """Let every clock follow what became of the mails since; return how many started, stopped or began anew.

    Where no due day can be given, the reason is kept and the clock is not asked again.
    """
    rows = (
        select(LetterRecipient)
        .join(OutgoingMail, OutgoingMail.id == LetterRecipient.mail_id)
        .join(LetterRecipient.letter)
        .where(Letter.state.in_((LetterState.SENT, LetterState.ARCHIVED)), _is_behind())
        .order_by(LetterRecipient.id)
        # Two workers share the work instead of noting it twice.
        .with_for_update(of=LetterRecipient, skip_locked=True)
    )
    return sum(settle_clock(recipient, now=now) for recipient in db.session.scalars(rows).unique().all())


def settle_clock(recipient: LetterRecipient, *, now: datetime) -> bool:
    """Let a recipient's mail be the one that counts, and the clock start, stop or begin anew with it; return whether it did.

    Day 0 is the local day on which that mail's server took it. Paper that was handed over, and any answer, show that the
    letter is there: then nothing stops.
    """
    mails = {mail.id: mail for mail in mails_to(recipient)}
    counts = mail_that_counts(_fact(mail) for mail in mails.values())
    if counts is not None:
        recipient.mail = mails[counts.id]
    if (recipient.due_explained or {}).get("by_hand") or counts is None:
        return False
    if counts.arrived and counts.taken_at is not None:
        return _start(recipient, local_date(counts.taken_at), now)
    response = deciding_response(recipient.responses)
    return not proves_arrival(response.kind if response else None) and _stop(recipient, now)


def may_hand_over(recipient: LetterRecipient, delivery: Delivery) -> bool:
    """Return whether a hand-over on paper can be recorded: no mail reached the office, or paper did already."""
    by_hand = bool((recipient.due_explained or {}).get("by_hand"))
    sent = recipient.letter.state is LetterState.SENT
    return sent and (by_hand or delivery in (Delivery.NONE, Delivery.FAILED))


def _start(recipient: LetterRecipient, day: date, now: datetime) -> bool:
    """Start a clock, or begin anew where what it was counted from turned out not to have arrived."""
    explained = recipient.due_explained or {}
    if explained.get("start") == day.isoformat():
        return False
    _set_clock(recipient, day, extended_by=int(explained.get("extended_by", 0)))
    note(
        "letter.clock_started", recipient.letter, by=None, now=now,
        who=recipient.written_as, due=_due_text(recipient),
    )  # fmt: skip
    return True


def _stop(recipient: LetterRecipient, now: datetime) -> bool:
    if recipient.clock_from is None and recipient.due_explained is None:
        return False
    was = _due_text(recipient)
    recipient.due_on = recipient.clock_from = recipient.due_explained = None
    note("letter.clock_stopped", recipient.letter, by=None, now=now, who=recipient.written_as, was=was)
    return True


def _fact(mail: OutgoingMail) -> LetterMail:
    came_back = mail.state is MailState.FAILED or bool(mail.bounce_permanent)
    return LetterMail(mail.id, mail.sent_at, mail.state in _WAITS, came_back)


def _is_behind() -> ColumnElement[bool]:
    """Return the condition that a recipient's clock may not be where its mails are; who has paper is left out."""
    no_clock = and_(LetterRecipient.clock_from.is_(None), LetterRecipient.due_explained.is_(None))
    on_paper = LetterRecipient.due_explained["by_hand"].as_boolean()
    answered = exists().where(
        LetterResponse.recipient_id == LetterRecipient.id, LetterResponse.kind.in_(PROVES_ARRIVAL)
    )
    arrived = and_(OutgoingMail.state == MailState.SENT, OutgoingMail.bounce_permanent.is_not(True))
    copy = aliased(OutgoingMail)
    copy_arrived = exists().where(
        copy.subject_type == LetterRecipient.__tablename__,
        copy.subject_id == LetterRecipient.id,
        copy.kind == CARRIES,
        copy.state == MailState.SENT,
        copy.bounce_permanent.is_not(True),
    )
    behind = or_(and_(arrived, no_clock), and_(~arrived, or_(copy_arrived, and_(~no_clock, ~answered))))
    return and_(behind, or_(on_paper.is_(None), on_paper.is_(False)))


def _set_clock(recipient: LetterRecipient, day: date, *, by_hand: bool = False, extended_by: int = 0) -> None:
    counted = count_due(recipient, day, entered_days(), by_hand=by_hand, extended_by=extended_by)
    recipient.due_on, recipient.due_explained = counted.on, counted.explained
    recipient.clock_from = day if counted.on else None


def _due_text(recipient: LetterRecipient) -> str:
    return recipient.due_on.isoformat() if recipient.due_on else ""
