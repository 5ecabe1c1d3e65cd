"""Reminding guests by rules: what is due is decided and queued, and looked at again when a worker holds it.

Nothing is handed over early: a mail is queued when it is due. Between that and its leaving the event may move, the guest may
answer, the night may begin; so :func:`settle_reminders` asks once more in the transaction in which a worker takes it in hand,
and writes its words anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import delete, or_, select

from pop_campaigns.accounts.models import User
from pop_campaigns.core.db import db
from pop_campaigns.core.history import note
from pop_campaigns.core.locks import lock_number
from pop_campaigns.events.models.events import Event
from pop_campaigns.events.rules.events import EventState, is_coming
from pop_campaigns.events.rules.visibility import EventVisibility
from pop_campaigns.invitations.messages.invitations import (
    MAIL_KINDS,
    Wording,
    from_address,
    is_refusable,
    recipient_of,
    render_mail,
    said_field,
    sender_name,
)
from pop_campaigns.invitations.models.invitations import Invitation, InvitationMail
from pop_campaigns.invitations.models.reminders import Reminder, ReminderRule
from pop_campaigns.invitations.queries.guests import guests_of, mails_of
from pop_campaigns.invitations.queries.reminders import (
    decided_of,
    due_of,
    looked_at,
    occasion_of,
    reminders_claimed,
    rules_of,
)
from pop_campaigns.invitations.queries.told import count_withdrawals, next_copy
from pop_campaigns.invitations.rules.invitations import (
    InvitationState,
    MailPurpose,
    calendar_sequence,
    may_remind,
)
from pop_campaigns.invitations.rules.reminders import (
    LATE_AFTER,
    Audience,
    Claimed,
    Reminded,
    ReminderOutcome,
    Verdict,
    decide,
    may_leave,
    next_hour,
    not_of_audience,
    why_not_sent,
)
from pop_campaigns.invitations.services.guests import check_invitable, lock_event
from pop_campaigns.mail.models import MailSkeleton, OutgoingMail, Sending
from pop_campaigns.mail.outbox import add_skeleton, queue_mail, stop_mail, wait_until
from pop_campaigns.mail.refusals import OVERTAKEN
from pop_campaigns.mail.sendings import was_undone

BATCH = 100
_PLANNING = 0x52454D  # nobody else's in core.locks: one address gets one reminder a day, of whichever event
_PURPOSES = {Audience.SILENT: MailPurpose.REMINDER, Audience.YES: MailPurpose.ATTENDING}


class RuleThere(ValueError):
    """The event has a rule for these guests and this day already."""


def plan_reminders(event_id: int, *, now: datetime, limit: int = BATCH) -> tuple[int, int]:
    """Decide on reminders of an event that are due, ``limit`` at most; return how many, and how many of them are mails now.

    Safe with several workers at once. The caller commits, and asks again until nothing was decided.
    """
    event = db.session.get(Event, event_id)
    if event is None or not may_leave(now):
        return 0, 0
    lock_number(_PLANNING, event.organisation_id or 0)
    lock_event(event)
    sleeps = event.visibility is EventVisibility.DRAFT or event.state is not EventState.PLANNED
    if sleeps or not is_coming(event.starts_at, now):
        return 0, 0
    verdicts = list(islice(_verdicts(event, now), limit))
    for rule in dict.fromkeys(rule for rule, _guest, _verdict in verdicts):
        _forget_undone(rule, [guest for of, guest, _verdict in verdicts if of is rule])
    written = _Written([guest for _rule, guest, _verdict in verdicts], now)
    made = 0
    for rule, guest, verdict in verdicts:
        mail = written.queue(rule, guest) if verdict[0] is ReminderOutcome.MADE else None
        _add(rule, guest, verdict, mail, now=now)
        made += mail is not None
    if made:
        note("event.reminders_made", event, by=None, now=now, number=made)
    db.session.flush()
    return len(verdicts), made


def _verdicts(event: Event, now: datetime) -> Iterator[tuple[ReminderRule, Invitation, Verdict]]:
    """Give what is to be decided now: the latest rule first, so that a late one does not go before the one that overtook it."""
    rules = [rule for rule in rules_of(event) if rule.stopped_at is None]
    occasions = {rule: occasion_of(rule, event, rules, now) for rule in rules}
    due = [rule for rule in reversed(rules) if occasions[rule].due_at <= now]
    if not due:
        return
    done = decided_of(event)
    guests = [guest for guest in guests_of(event, InvitationState.INVITED) if not guest.is_erased]
    open_ones = [(rule, guest) for rule in due for guest in guests if (guest.id, rule.id) not in done]
    looked = looked_at(event, list(dict.fromkeys(guest for _rule, guest in open_ones)), now=now)
    for rule, guest in open_ones:
        verdict = decide(occasions[rule], looked[guest.id], now)
        if verdict is not None:
            yield rule, guest, verdict


def send_rule_now(rule: ReminderRule, *, by: User, now: datetime, sending: Sending | None = None) -> int:
    """Send the reminder of a rule to those it is for and who had none by it, at whatever hour; return to how many.

    With ``sending`` it can be taken back, and is then as if it had not been. Left alone is who had a mail of ours in the last
    twelve hours, knows an older time or cannot be reached. Raise
    :class:`~pop_campaigns.invitations.services.guests.CannotInvite`.
    """
    event = rule.event
    lock_event(event)
    check_invitable(event, now)
    guests = guests_to_remind_now(rule, now=now)
    _forget_undone(rule, guests)
    written = _Written(guests, now)
    for guest in guests:
        mail = written.queue(rule, guest, sending=sending)
        _add(rule, guest, (ReminderOutcome.MADE, None), mail, now=now, pressed=True)
    if guests:
        note("event.reminders_sent", event, by=by, now=now, number=len(guests))
    db.session.flush()
    return len(guests)


def guests_to_remind_now(rule: ReminderRule, *, now: datetime) -> list[Invitation]:
    """Return whom :func:`send_rule_now` would write to."""
    event = rule.event
    done = decided_of(event)
    guests = [
        guest
        for guest in guests_of(event, InvitationState.INVITED)
        if not guest.is_erased and _had_no_mail(done.get((guest.id, rule.id)))
    ]
    looked, mails = looked_at(event, guests, now=now), mails_of(guests)
    return [
        guest
        for guest in guests
        if _is_open_to(rule, looked[guest.id])
        and may_remind(mails[guest.id][-1].mail.dated_at if mails[guest.id] else None, now)
    ]


def _had_no_mail(reminder: Reminder | None) -> bool:
    return reminder is None or reminder.mail_id is None


def _is_open_to(rule: ReminderRule, guest: Reminded) -> bool:
    if guest.told_at is None or guest.refused or guest.unreachable:
        return False
    if rule.audience is Audience.SILENT and guest.proposes:
        return False
    return not_of_audience(rule.audience, guest.answer, sends_nobody=guest.sends_nobody) is None


def add_rule(
    event: Event, audience: Audience, days_before: int, hour: int, *, by: User, now: datetime
) -> ReminderRule:
    """Add a rule; it holds from now on. Raise :class:`RuleThere`."""
    lock_event(event)
    _check_free(event, audience, days_before)
    rule = ReminderRule(
        event=event, audience=audience, days_before=days_before, hour=hour, created_at=now, holds_from=now
    )
    db.session.add(rule)
    note("event.reminder_added", event, by=by, now=now, **_facts(rule))
    db.session.flush()
    return rule


def move_rule(rule: ReminderRule, days_before: int, hour: int, *, by: User, now: datetime) -> None:
    """Let a rule be due at another time, for guests who had no mail by it yet. Raise :class:`RuleThere`."""
    lock_event(rule.event)
    if (rule.days_before, rule.hour) == (days_before, hour):
        return
    if rule.days_before != days_before:
        _check_free(rule.event, rule.audience, days_before)
    rule.days_before, rule.hour, rule.holds_from = days_before, hour, now
    _forget_undone(rule)
    note("event.reminder_moved", rule.event, by=by, now=now, **_facts(rule))
    db.session.flush()


def stop_rule(rule: ReminderRule, *, by: User, now: datetime) -> None:
    """Let no more reminders go by a rule, nor any that still waits."""
    if rule.stopped_at is None:
        rule.stopped_at = now
        note("event.reminder_stopped", rule.event, by=by, now=now, **_facts(rule))
        db.session.flush()


def resume_rule(rule: ReminderRule, *, by: User, now: datetime) -> None:
    """Let a stopped rule hold again, from now on: what would have been due meanwhile is not made up for."""
    if rule.stopped_at is not None:
        rule.stopped_at, rule.holds_from = None, now
        note("event.reminder_resumed", rule.event, by=by, now=now, **_facts(rule))
        db.session.flush()


def _forget_undone(rule: ReminderRule, guests: Iterable[Invitation] | None = None) -> None:
    """Forget what a rule decided without a mail, for another moment, or what was taken back; of ``guests`` alone if given."""
    undone = delete(Reminder).where(
        Reminder.rule_id == rule.id,
        Reminder.date_version == rule.event.date_version,
        or_(Reminder.mail_id.is_(None), Reminder.mail_id.in_(select(OutgoingMail.id).where(was_undone()))),
    )
    if guests is not None:
        undone = undone.where(Reminder.invitation_id.in_([guest.id for guest in guests]))
    db.session.execute(undone, execution_options={"synchronize_session": "fetch"})


def _check_free(event: Event, audience: Audience, days_before: int) -> None:
    if any((rule.audience, rule.days_before) == (audience, days_before) for rule in rules_of(event)):
        raise RuleThere


def _facts(rule: ReminderRule) -> dict[str, Any]:
    return {"audience": rule.audience.value, "days": rule.days_before, "hour": rule.hour}


def settle_reminders(mails: Iterable[OutgoingMail], *, now: datetime) -> None:
    """Ask again of reminders in a worker's hands, not handed over yet, whether they are still true, and write their words anew.

    One that is not is called off and says why; one that a rule made waits for the morning where it is night by now.
    """
    claimed = reminders_claimed(mails)
    written = _Written([row.invitation for _mail, row, _reminder in claimed], now)
    for mail, row, reminder in claimed:
        guest, event = row.invitation, row.invitation.event
        why = why_not_sent(_claimed(row, reminder), now)
        if why is not None:
            stop_mail(mail, OVERTAKEN, now=now)
            if reminder is not None:
                reminder.outcome, reminder.reason = ReminderOutcome.DROPPED, why
        elif reminder is not None and not reminder.pressed and not may_leave(now):
            wait_until(mail, next_hour(now))
            mail.dated_at = mail.available_at
        elif reminder is not None or event.changed_at > mail.skeleton.created_at:
            mail.fields = dict(mail.fields) | said_field(guest)
            mail.skeleton = written.skeleton(event, written.wording(row.purpose, guest), mail.skeleton)


def _claimed(row: InvitationMail, reminder: Reminder | None) -> Claimed:
    guest, event = row.invitation, row.invitation.event
    return Claimed(
        audience=Audience.YES if row.purpose is MailPurpose.ATTENDING else Audience.SILENT,
        answer=guest.answer,
        starts_at=event.starts_at,
        cancelled=event.state is EventState.CANCELLED,
        withdrawn=guest.state is not InvitationState.INVITED,
        knows_time=row.sequence == event.sequence,
        stopped=event.visibility is EventVisibility.DRAFT
        or (reminder is not None and reminder.rule.stopped_at is not None),
        pressed=reminder is None or reminder.pressed,
    )


class _Written:
    """Reminders written in one transaction: guests of equal wording share one rendering."""

    def __init__(self, guests: Iterable[Invitation], now: datetime) -> None:
        self.now, self._skeletons = now, dict[tuple[int, Wording], MailSkeleton]()
        self.mails = mails_of(guests)

    def wording(self, purpose: MailPurpose, guest: Invitation) -> Wording:
        sequence = calendar_sequence(guest.event.sequence, count_withdrawals(self.mails[guest.id]))
        return Wording(purpose, guest.language, sequence, refusable=is_refusable(guest))

    def skeleton(self, event: Event, wording: Wording, queued: MailSkeleton | None = None) -> MailSkeleton:
        """Return what a mail of this wording says now: what was ``queued`` where that is the same."""
        key = (event.id, wording)
        if key not in self._skeletons:
            words = render_mail(event, wording, contact_name="", now=self.now).as_skeleton()
            same = queued is not None and all(getattr(queued, name) == words[name] for name in words)
            self._skeletons[key] = queued if queued and same else add_skeleton(now=self.now, **words)
        return self._skeletons[key]

    def queue(self, rule: ReminderRule, guest: Invitation, *, sending: Sending | None = None) -> OutgoingMail:
        """Queue one reminder: once for each guest, rule and date of the event, and press that may be taken back."""
        event, purpose = guest.event, _PURPOSES[rule.audience]
        press = f"/{sending.id}" if sending is not None else ""
        mail = queue_mail(
            self.skeleton(event, self.wording(purpose, guest)),
            recipient_of(guest),
            kind=MAIL_KINDS[purpose],
            once=f"reminder/{guest.id}/{rule.id}/{event.date_version}{press}",
            about=guest,
            from_address=from_address(guest),
            from_name=sender_name(event, guest.language),
            organisation_id=event.organisation_id,
            now=self.now,
            auto_submitted=True,
            sending=sending,
        )
        copy = next_copy(self.mails[guest.id], purpose, event.sequence)
        row = InvitationMail(
            invitation_id=guest.id, mail=mail, purpose=purpose, sequence=event.sequence, copy=copy
        )
        db.session.add(row)
        self.mails[guest.id].append(row)
        return mail


def _add(
    rule: ReminderRule,
    guest: Invitation,
    verdict: Verdict,
    mail: OutgoingMail | None,
    *,
    now: datetime,
    pressed: bool = False,
) -> None:
    due = due_of(rule, guest.event) or now
    outcome, reason = verdict
    late = outcome is ReminderOutcome.MADE and not pressed and now - due > LATE_AFTER
    db.session.add(
        Reminder(
            invitation_id=guest.id, rule_id=rule.id, date_version=guest.event.date_version, due_at=due, decided_at=now,
            outcome=outcome, reason=reason, mail=mail, late=late, pressed=pressed,
        )
    )  # fmt: skip
