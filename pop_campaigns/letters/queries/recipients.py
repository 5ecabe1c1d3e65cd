"""Where one recipient of a letter stands: its way there, its due day, how many days are left."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from typing import Final

from sqlalchemy import ColumnElement, and_, exists, or_, select

from pop_campaigns.core.db import db
from pop_campaigns.letters.models import Letter, LetterRecipient, LetterResponse
from pop_campaigns.letters.queries.due_days import deciding_response, municipality_name
from pop_campaigns.letters.queries.entered_days import EnteredDays
from pop_campaigns.letters.rules.letters import (
    Delivery,
    LetterState,
    RecipientRole,
    RecipientState,
    ResponseKind,
    proves_arrival,
    recipient_state,
    stops_clock,
)
from pop_campaigns.letters.rules.working_days import CalendarUnknown, Unit, working_days_between
from pop_campaigns.mail.models import OutgoingMail
from pop_campaigns.mail.queries import mails_about
from pop_campaigns.mail.rules import MailState

_NOT_THERE: Final = (RecipientState.FAILED, RecipientState.NOT_SENT, RecipientState.ON_THE_WAY)
PROVES_ARRIVAL: Final = tuple(kind for kind in ResponseKind if proves_arrival(kind))
_FINAL: Final = tuple(kind for kind in ResponseKind if stops_clock(kind))
CARRIES: Final = "letter"
"""Kind of the mails that carry a letter; others about a recipient, a reply or a receipt, deliver none."""

_DELIVERIES: Final = {
    MailState.QUEUED: Delivery.QUEUED,
    MailState.SENDING: Delivery.QUEUED,
    MailState.SENT: Delivery.ACCEPTED,
    MailState.FAILED: Delivery.FAILED,
    MailState.WITHDRAWN: Delivery.NONE,
}


def state_of(
    recipient: LetterRecipient,
    today: date,
    soon: date | None = None,
    unread: Collection[int] = frozenset(),
) -> RecipientState:
    """Return where a recipient stands today; ``unread`` are those with a reply to be read (``replies.unread_replies``)."""
    response = deciding_response(recipient.responses)
    return recipient_state(
        letter=recipient.letter.state,
        delivery=delivery_of(recipient),
        due=recipient.due_on,
        response=response.kind if response else None,
        today=today,
        soon=soon,
        unread=recipient.id in unread,
    )


def delivery_of(recipient: LetterRecipient) -> Delivery:
    """Return what is known of the letter's way to a recipient: its mail's state, or that it was handed over on paper."""
    if (recipient.due_explained or {}).get("by_hand"):
        return Delivery.DELIVERED
    if recipient.mail is not None:
        return Delivery.FAILED if recipient.mail.bounce_permanent else _DELIVERIES[recipient.mail.state]
    return Delivery.UNKNOWN if recipient.letter.state is LetterState.RECORDED else Delivery.NONE


def days_until(recipient: LetterRecipient, due: date, today: date, entered: EnteredDays) -> tuple[int, Unit]:
    """Return days left (negative: late) in the unit the rule counts in; calendar days where holidays are not known."""
    if (recipient.due_explained or {}).get("unit") == "working_days":
        try:
            overrides, scope = entered.overrides_for(recipient), municipality_name(recipient)
            return working_days_between(today, due, overrides, scope), "working_days"
        except CalendarUnknown:
            pass
    return (due - today).days, "calendar_days"


def clock_counts(state: RecipientState) -> bool:
    """Return whether a due day means anything in a state: not for what is not there, or came back."""
    return state not in _NOT_THERE


def next_due_on(letter: Letter) -> date | None:
    """Return the first day on which a recipient of a sent letter owes an answer; None where nobody does."""
    if letter.state is not LetterState.SENT:
        return None
    days = [
        recipient.due_on
        for recipient in letter.recipients
        if recipient.owes and recipient.due_on and not is_answered(recipient)
        if delivery_of(recipient) is not Delivery.FAILED
    ]
    return min(days, default=None)


def is_answered(recipient: LetterRecipient) -> bool:
    """Return whether the recipient has answered for good."""
    response = deciding_response(recipient.responses)
    return stops_clock(response.kind if response else None)


def has_answered() -> ColumnElement[bool]:
    """Return the condition that a recipient has answered for good, as :func:`is_answered` says of one."""
    return exists().where(LetterResponse.recipient_id == LetterRecipient.id, LetterResponse.kind.in_(_FINAL))


def is_there() -> ColumnElement[bool]:
    """Return the condition that nothing says that a letter did not reach a recipient: its mail came back, and no paper went."""
    came_back = exists().where(
        OutgoingMail.id == LetterRecipient.mail_id,
        or_(OutgoingMail.state == MailState.FAILED, OutgoingMail.bounce_permanent.is_(True)),
    )
    on_paper = LetterRecipient.due_explained["by_hand"].as_boolean()
    wrote = exists().where(
        LetterResponse.recipient_id == LetterRecipient.id, LetterResponse.kind.in_(PROVES_ARRIVAL)
    )
    return or_(~came_back, on_paper.is_(True), wrote)


def owes_answer() -> ColumnElement[bool]:
    """Return the condition that an answer is asked of a recipient, as ``LetterRecipient.owes`` says of one."""
    return or_(LetterRecipient.role == RecipientRole.TO, LetterRecipient.asks_answer.is_(True))


def mails_to(recipient: LetterRecipient) -> Sequence[OutgoingMail]:
    """Return the mails that carried the letter to a recipient, the first one and those sent again, oldest first."""
    carried = and_(mails_about(LetterRecipient, [recipient.id]), OutgoingMail.kind == CARRIES)
    rows = select(OutgoingMail).where(or_(carried, OutgoingMail.id == recipient.mail_id))
    return db.session.scalars(rows.order_by(OutgoingMail.id)).all()


def letter_of_mails(mail_ids: Collection[int]) -> dict[int, LetterRecipient]:
    """Return the recipient each mail was about, by mail id."""
    rows = (
        select(OutgoingMail.id, LetterRecipient)
        .join(LetterRecipient, LetterRecipient.id == OutgoingMail.subject_id)
        .where(
            OutgoingMail.subject_type == LetterRecipient.__tablename__, OutgoingMail.id.in_(list(mail_ids))
        )
    )
    return dict(db.session.execute(rows).unique().all())
