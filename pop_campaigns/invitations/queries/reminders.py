"""Named reads about reminders: rules with what they decided, which are due, what a guest's reminder depends on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select
from sqlalchemy.orm import contains_eager

from pop_campaigns.core.clock import TIRANE, local_date
from pop_campaigns.core.db import db
from pop_campaigns.events.models.events import Event
from pop_campaigns.events.queries.events import is_coming
from pop_campaigns.events.rules.events import EventState
from pop_campaigns.events.rules.visibility import EventVisibility
from pop_campaigns.invitations.models.invitations import Invitation, InvitationMail
from pop_campaigns.invitations.models.reminders import Reminder, ReminderRule
from pop_campaigns.invitations.queries.answers import latest_answers
from pop_campaigns.invitations.queries.guests import (
    GuestRow,
    guests_of,
    guests_proposing,
    is_lost,
    mails_of,
    refusing,
    unreachable,
)
from pop_campaigns.invitations.rules.invitations import REMINDER_GAP, Answer, InvitationState, MailPurpose
from pop_campaigns.invitations.rules.reminders import (
    MOST_DAYS,
    REMINDER_KINDS,
    Occasion,
    Reminded,
    ReminderReason,
    due_moment,
    not_of_audience,
)
from pop_campaigns.mail.models import OutgoingMail
from pop_campaigns.mail.rules import MailState
from pop_campaigns.mail.sendings import was_undone

_TELLS_TIME = frozenset({MailPurpose.REQUEST, MailPurpose.CHANGE})
_FURTHEST = timedelta(days=MOST_DAYS + 2)


@dataclass
class RuleState:
    """A rule as the event's page shows it: when it is due, whom it will reach, what became of its reminders.

    ``due_at`` is None where the event has no hour. ``ahead`` are guests it would go to if it were due now; ``untold`` those of
    them who know an older time. ``mails`` counts what was made, by what became of it; ``without`` what was not, by reason.
    """

    rule: ReminderRule
    due_at: datetime | None
    ahead: int = 0
    untold: int = 0
    late: int = 0
    mails: Counter[MailState] = field(default_factory=Counter)
    without: Counter[ReminderReason] = field(default_factory=Counter)


def rules_of(event: Event) -> Sequence[ReminderRule]:
    """Return the rules by which guests of an event are reminded: those furthest from its start first."""
    wanted = select(ReminderRule).where(ReminderRule.event_id == event.id)
    return db.session.scalars(
        wanted.order_by(ReminderRule.days_before.desc(), ReminderRule.hour, ReminderRule.id)
    ).all()


def due_of(rule: ReminderRule, event: Event) -> datetime | None:
    """Return when a rule is due for the event as it is; None where that has no hour."""
    if event.starts_at is None:
        return None
    return due_moment(event.starts_at, event.zone, rule.days_before, rule.hour)


def occasion_of(rule: ReminderRule, event: Event, others: Iterable[ReminderRule], now: datetime) -> Occasion:
    """Return a rule of an event with an hour as the decision looks at it; ``others`` are the rules that hold."""
    due = due_of(rule, event)
    assert due is not None  # noqa: S101  # of an event with an hour
    assert event.starts_at is not None  # noqa: S101
    later = [due_of(other, event) for other in others if other.audience is rule.audience and other != rule]
    overtaken = any(moment is not None and due < moment <= now for moment in later)
    return Occasion(rule.audience, event.starts_at, due, rule.holds_from, overtaken)


def events_with_due_rules(now: datetime) -> list[int]:
    """Return the events to come, by number, of which a rule that holds is due: the soonest first."""
    wanted = (
        select(ReminderRule)
        .join(ReminderRule.event)
        .options(contains_eager(ReminderRule.event))
        .where(Event.state == EventState.PLANNED, is_coming(now), Event.starts_at < now + _FURTHEST)
        .where(Event.visibility != EventVisibility.DRAFT)
        .where(ReminderRule.stopped_at.is_(None))
        .order_by(Event.starts_at, Event.id)
    )
    due = [rule for rule in db.session.scalars(wanted) if _is_due(rule, now)]
    return list(dict.fromkeys(rule.event_id for rule in due))


def _is_due(rule: ReminderRule, now: datetime) -> bool:
    due = due_of(rule, rule.event)
    return due is not None and due <= now


def decided_of(event: Event) -> dict[tuple[int, int], Reminder]:
    """Return what was decided for the date the event has now, by guest and rule; not what a person took back."""
    wanted = (
        select(Reminder)
        .join(Reminder.rule)
        .outerjoin(Reminder.mail)
        .where(ReminderRule.event_id == event.id, Reminder.date_version == event.date_version)
        .where(or_(Reminder.mail_id.is_(None), ~was_undone()))
    )
    return {(row.invitation_id, row.rule_id): row for row in db.session.scalars(wanted)}


def told_at(mails: Sequence[InvitationMail], sequence: int) -> datetime | None:
    """Return when a guest was last written what holds now, ``sequence`` being the event's; None where they know less."""
    told = [row for row in mails if row.purpose in _TELLS_TIME and _may_be_read(row)]
    if not told or told[-1].sequence < sequence:
        return None
    return max(row.mail.dated_at for row in told)


def _may_be_read(row: InvitationMail) -> bool:
    """Return whether a mail left or will leave, and did not come back for good; one that did may have been sent again."""
    if row.mail.state is MailState.WITHDRAWN:
        return False
    return not is_lost(row.mail) or any(copy.has_left for copy in row.mail.copies)


def looked_at(event: Event, guests: Sequence[Invitation], *, now: datetime) -> dict[int, Reminded]:
    """Return guests of one event as reminders see them, by number; seven queries at most."""
    mails, answers = mails_of(guests), latest_answers(event)
    proposing = set(db.session.scalars(guests_proposing()))
    refused, dead = refusing(event, guests), unreachable(guests)
    reminded = reminded_today(event, {guest.address for guest in guests}, now=now)
    facts = {}
    for guest in guests:
        word = answers.get(guest.id)
        facts[guest.id] = Reminded(
            answer=guest.answer,
            answered_at=guest.answered_at,
            told_at=told_at(mails[guest.id], event.sequence),
            sends_nobody=word is not None and word.substitute_answer is Answer.DECLINED,
            proposes=guest.id in proposing,
            refused=guest.id in refused,
            unreachable=guest.id in dead,
            had_today=guest.address.lower() in reminded,
        )
    return facts


def reminded_today(event: Event, addresses: Collection[str], *, now: datetime) -> set[str]:
    """Return those of the addresses, in small letters, that had a reminder from the event's organisation on this day.

    Of all its events, by hand or by a rule; what others sent is no matter of theirs.
    """
    today = local_date(now, TIRANE)
    lower = func.lower(OutgoingMail.to_address)
    wanted = select(lower, OutgoingMail.dated_at).where(
        OutgoingMail.kind.in_(REMINDER_KINDS),
        OutgoingMail.organisation_id.is_not_distinct_from(event.organisation_id),
        OutgoingMail.dated_at > now - timedelta(days=2),
        OutgoingMail.state.not_in((MailState.WITHDRAWN, MailState.FAILED)),
        lower.in_({address.lower() for address in addresses}),
    )
    return {address for address, dated in db.session.execute(wanted) if local_date(dated, TIRANE) == today}


def held_back_until(event: Event, *, now: datetime) -> datetime | None:
    """Return when the first of the silent guests who just had a mail of ours may be reminded by hand; None: none is held back."""
    guests = [
        guest
        for guest in guests_of(event, InvitationState.INVITED)
        if guest.answer is Answer.NEEDS_ACTION and not guest.is_erased
    ]
    mails = mails_of(guests)
    last = [mails[guest.id][-1].mail.dated_at for guest in guests if mails[guest.id]]
    return min((dated + REMINDER_GAP for dated in last if now < dated + REMINDER_GAP), default=None)


def states_of_rules(event: Event, guests: Sequence[GuestRow]) -> list[RuleState]:
    """Return the rules of an event with what became of them; ``guests`` are all of its guests. Two queries."""
    counted = (
        select(
            Reminder.rule_id,
            Reminder.reason,
            OutgoingMail.state,
            Reminder.late,
            func.count(),
        )
        .join(Reminder.rule)
        .outerjoin(Reminder.mail)
        .where(ReminderRule.event_id == event.id, Reminder.date_version == event.date_version)
        .where(or_(Reminder.mail_id.is_(None), ~was_undone()))
        .group_by(Reminder.rule_id, Reminder.reason, OutgoingMail.state, Reminder.late)
    )
    states = {rule.id: RuleState(rule, due_of(rule, event)) for rule in rules_of(event)}
    for state in states.values():
        of_audience = [guest for guest in guests if _is_reminded(guest, state.rule)]
        state.ahead, state.untold = len(of_audience), sum(guest.outdated for guest in of_audience)
    for rule_id, reason, mail_state, late, number in db.session.execute(counted):
        if reason is not None:
            states[rule_id].without[reason] += number
            continue
        states[rule_id].mails[mail_state] += number
        states[rule_id].late += number if late else 0
    return list(states.values())


def _is_reminded(row: GuestRow, rule: ReminderRule) -> bool:
    guest, word = row.invitation, row.last_answer
    if guest.state is not InvitationState.INVITED or guest.is_erased or row.came_back:
        return False
    nobody = word is not None and word.substitute_answer is Answer.DECLINED
    return not_of_audience(rule.audience, guest.answer, sends_nobody=nobody) is None


def reminders_claimed(
    mails: Iterable[OutgoingMail],
) -> list[tuple[OutgoingMail, InvitationMail, Reminder | None]]:
    """Return the reminders among mails in a worker's hands, each with its row and what a rule decided of it.

    One sent again is judged as the first; by hand is what no rule made.
    """
    reminders = {
        mail.original_id or mail.id: mail
        for mail in mails
        if mail.kind in REMINDER_KINDS and mail.state is MailState.SENDING
    }
    wanted = (
        select(InvitationMail, Reminder)
        .join(InvitationMail.invitation)
        .join(Invitation.event)
        .outerjoin(Reminder, Reminder.mail_id == InvitationMail.mail_id)
        .options(contains_eager(InvitationMail.invitation).contains_eager(Invitation.event))
        .where(InvitationMail.mail_id.in_(reminders))
    )
    fresh = wanted.execution_options(populate_existing=True)
    rows = db.session.execute(fresh).all() if reminders else ()
    return [(reminders[row.mail_id], row, reminder) for row, reminder in rows]
