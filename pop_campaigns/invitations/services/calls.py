"""What comes of calling a guest: an answer, nobody there, or a day on which to call again. The caller commits."""

from __future__ import annotations

import enum
from datetime import date, datetime, timedelta

from pop_campaigns.accounts.models import User
from pop_campaigns.contacts.rules import LogKind
from pop_campaigns.contacts.services.contact_log import LogDraft, add_entry
from pop_campaigns.core.clock import local_date
from pop_campaigns.follow_ups.services import add_follow_up
from pop_campaigns.invitations.models.invitations import Invitation
from pop_campaigns.invitations.queries.calls import contact_of
from pop_campaigns.invitations.rules.invitations import Answer, AnswerChannel, ToldHow
from pop_campaigns.invitations.services.answers import Told, check_answerable, record_answer

_SATURDAY = 5


class CallResult(enum.StrEnum):
    """What came of a call."""

    YES = "yes"
    MAYBE = "maybe"
    NO = "no"
    NOBODY = "nobody"
    AGAIN = "again"


_ANSWERS = {
    CallResult.YES: Answer.ACCEPTED,
    CallResult.MAYBE: Answer.TENTATIVE,
    CallResult.NO: Answer.DECLINED,
}


def note_call(
    guest: Invitation,
    result: CallResult,
    *,
    words: str,
    by: User,
    now: datetime,
    again_on: date | None = None,
) -> None:
    """Note what came of a call: an answer counts as told by phone, anything else lands in the contact log.

    ``words`` are what the log says of it, ``again_on`` is when to call again; the one who noted it is reminded that day.
    A second press adds nothing.

    :raises AnswerRefused: no answer is taken any more, so nobody need be called.
    :raises DayRefused: nobody is reminded on that day.
    """
    if result in _ANSWERS:
        told = Told(ToldHow.PHONE)
        record_answer(guest, _ANSWERS[result], channel=AnswerChannel.BY_HAND, told=told, by=by, now=now)
        return
    check_answerable(guest, now, by_hand=True)
    press = f"call/{guest.id}/{result.value}/{now:%Y%m%d%H%M}"
    contact = contact_of(guest)
    if contact is not None:
        draft = LogDraft(LogKind.CALL, local_date(now), said=words)
        add_entry(contact, draft, by=by, now=now, once=press)
    if result is CallResult.AGAIN:
        day = again_on or next_weekday(local_date(now))
        add_follow_up((Invitation.__tablename__, guest.id), day, words, by=by, now=now, once=press)


def next_weekday(today: date) -> date:
    """Return the next day that is not of a weekend."""
    day = today + timedelta(days=1)
    while day.weekday() >= _SATURDAY:
        day += timedelta(days=1)
    return day
