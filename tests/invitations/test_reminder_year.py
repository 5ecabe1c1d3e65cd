"""A year of reminders on a clock of our own: moves, answers, cancellations, thirty times without a worker, both nights of
daylight saving. Each reminder that is wanted leaves once, on time, and none that is not."""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from pop_campaigns.core.db import db
from pop_campaigns.events.models.events import Event
from pop_campaigns.events.services.events import change_event, draft_of
from pop_campaigns.invitations.models.invitations import Invitation
from pop_campaigns.invitations.models.reminders import Reminder, ReminderRule
from pop_campaigns.invitations.queries.reminders import rules_of
from pop_campaigns.invitations.rules.invitations import Answer, GuestChoice
from pop_campaigns.invitations.rules.reminders import Audience
from pop_campaigns.invitations.services.guests import add_guests
from pop_campaigns.invitations.services.reminders import settle_reminders
from pop_campaigns.invitations.services.sending import cancel_with_notice, send_changes, send_invitations
from pop_campaigns.invitations.tasks import remind_guests
from pop_campaigns.mail.models import OutgoingMail
from pop_campaigns.mail.outbox import claim_mails, record_sent, take_in_hand
from pop_campaigns.mail.rules import MailState
from tests import factories

pytestmark = pytest.mark.usefixtures("app")
ZONE = ZoneInfo("Europe/Tirane")
FIRST, LAST = date(2027, 1, 4), date(2027, 12, 31)
GAP, ON_TIME, LEAST = timedelta(hours=12), timedelta(minutes=5), timedelta(hours=3)
YES = (Answer.ACCEPTED, Answer.TENTATIVE)


def wall(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime.combine(day, time(hour, minute), ZONE).astimezone(UTC)


def due(start: datetime, days: int) -> datetime:
    """When a reminder ought to leave, worked out anew: ten o'clock, on a Saturday evening instead of a Sunday."""
    day = start.astimezone(ZONE).date() - timedelta(days=days)
    return wall(day - timedelta(days=1), 19) if day.isoweekday() == 7 else wall(day, 10)


def opens(moment: datetime) -> datetime:
    """The first minute from a moment on that is neither at night nor on a Sunday."""
    while not (8 <= moment.astimezone(ZONE).hour < 20 and moment.astimezone(ZONE).isoweekday() != 7):
        moment = moment.replace(minute=0, second=0) + timedelta(hours=1)
    return moment


@dataclass
class Shadow:
    """What a person with a diary would know of one guest: told when, answered what and when; of the event as well."""

    start: datetime
    told: datetime
    rules: list[tuple[int, int, str]]
    version: int = 0
    cancelled: bool = False
    answer: Answer = Answer.NEEDS_ACTION
    answered: datetime | None = None
    touched: list[datetime] = field(default_factory=list)

    def wants(self, audience: str, at: datetime) -> bool:
        if self.cancelled or at >= self.start or at < self.told + GAP:
            return False
        if audience == Audience.SILENT:
            return self.answer is Answer.NEEDS_ACTION
        return self.answer in YES and self.answered is not None and self.answered <= at


class Year:
    def __init__(self, seed: int, cast: SimpleNamespace) -> None:
        self.dice, self.cast = random.Random(seed), cast
        self.shadows: dict[int, Shadow] = {}
        self.wanted: dict[tuple[int, int, int], datetime] = {}
        self.downs: list[tuple[datetime, datetime]] = []
        self.sent: dict[int, datetime] = {}
        self.number = 0

    def is_down(self, at: datetime) -> bool:
        return any(down <= at < up for down, up in self.downs)

    def moment(self) -> datetime:
        day = FIRST + timedelta(days=self.dice.randrange((LAST - FIRST).days))
        return wall(day, self.dice.randrange(7, 22), self.dice.randrange(60))

    def plan(self) -> list[tuple[datetime, Any]]:
        """All that happens, but the reminders: (when, what)."""
        deeds: list[tuple[datetime, Any]] = []
        for number in range(12):
            # Two of them right behind the nights on which clocks change.
            day = {0: date(2027, 3, 30), 1: date(2027, 11, 2)}.get(number)
            start = wall(day, 10) if day else self.moment() + timedelta(days=40)
            event = factories.make_event(
                self.cast.fier, starts_at=start, ends_at=None, created_at=wall(FIRST, 8), changed_at=wall(FIRST, 8),
                day_from=start.date(),
            )  # fmt: skip
            self._plan_event(event, start, deeds)
        for _ in range(30):
            down = self.moment()
            self.downs.append((down, down + timedelta(minutes=self.dice.choice((2, 40, 600, 3000)))))
        for down, up in self.downs:
            deeds += [(down, self.crash), (up, None), (opens(up), None)]
        db.session.commit()
        return deeds

    def _plan_event(self, event: Event, start: datetime, deeds: list[tuple[datetime, Any]]) -> None:
        invited = start - timedelta(days=self.dice.choice((1, 3, 6, 20, 30)), hours=self.dice.randrange(9))
        deeds.append((invited, lambda at: self.invite(event, at)))
        for _ in range(self.dice.choice((0, 0, 1, 2))):
            at = invited + (start - invited) * self.dice.random()
            moved = start + timedelta(
                days=self.dice.choice((-2, 0, 1, 5, 30)), hours=self.dice.choice((0, 2))
            )
            deeds.append((at, lambda at, moved=moved: self.move(event, moved, at)))
        for number in range(3):
            if self.dice.random() < 0.7:
                at = invited + (start - invited) * self.dice.random()
                deeds.append((at, lambda at, number=number: self.say(event, number, at)))
        if self.dice.random() < 0.15:
            deeds.append((invited + (start - invited) * 0.8, lambda at: self.cancel(event, at)))

    def guests(self, event: Event) -> list[Invitation]:
        return list(db.session.scalars(select(Invitation).where(Invitation.event_id == event.id)))

    def invite(self, event: Event, at: datetime) -> None:
        offices = []
        for _ in range(3):
            self.number += 1
            offices.append(
                factories.make_office(f"Zyra {self.number}", email=f"z{self.number}@bashkia.example")
            )
        add_guests(event, [GuestChoice("office", one.id, "sq") for one in offices], by=self.cast.arta, now=at)
        send_invitations(event, by=self.cast.arta, now=at)
        rules = [(rule.id, rule.days_before, rule.audience.value) for rule in rules_of(event)]
        for guest in self.guests(event):
            self.shadows[guest.id] = Shadow(event.starts_at, at, rules)

    def move(self, event: Event, start: datetime, at: datetime) -> None:
        if (
            event.state.value == "cancelled"
            or event.starts_at <= at
            or start <= at
            or start == event.starts_at
        ):
            return
        change_event(event, replace(draft_of(event), starts_at=start), by=self.cast.arta, now=at)
        send_changes(event, by=self.cast.arta, now=at)
        for guest in self.guests(event):
            shadow = self.shadows[guest.id]
            shadow.start, shadow.told, shadow.version = start, at, shadow.version + 1
            shadow.touched.append(at)

    def say(self, event: Event, number: int, at: datetime) -> None:
        guests = self.guests(event)
        if number < len(guests):
            answer = self.dice.choice((Answer.ACCEPTED, Answer.TENTATIVE, Answer.DECLINED))
            guest, shadow = guests[number], self.shadows[guests[number].id]
            guest.answer, guest.answered_at = answer, at
            shadow.answer, shadow.answered = answer, at
            shadow.touched.append(at)

    def cancel(self, event: Event, at: datetime) -> None:
        cancel_with_notice(event, by=self.cast.arta, now=at)
        for guest in self.guests(event):
            self.shadows[guest.id].cancelled = True
            self.shadows[guest.id].touched.append(at)

    def crash(self, at: datetime) -> None:
        """A worker dies with mails claimed and none handed over."""
        claim_mails(f"dead {at}", now=at)

    def work(self, at: datetime) -> None:
        if self.is_down(at):
            return
        remind_guests(now=at)
        for _ in range(20):
            claimed = claim_mails(f"worker {at}", now=at)
            if not claimed:
                break
            mails = take_in_hand(claimed, f"worker {at}", now=at)
            settle_reminders(mails, now=at)
            for mail in mails:
                if mail.state is MailState.SENDING:
                    self.sent[mail.id] = at
                    record_sent(mail, code=250, words="taken", now=at)
            db.session.commit()

    def note_wanted(self, after: datetime, until: datetime) -> None:
        """Note, as a person with a diary would, what ought to leave between two moments."""
        for ident, shadow in self.shadows.items():
            for rule, days, audience in shadow.rules:
                at = due(shadow.start, days)
                if after < at <= until and shadow.wants(audience, at):
                    self.wanted[(ident, rule, shadow.version)] = at

    def live(self) -> None:
        deeds = sorted(self.plan(), key=lambda deed: deed[0])
        before, end = deeds[0][0] - timedelta(days=1), wall(date(2028, 4, 1), 12)
        while before < end:
            coming = [due(shadow.start, days) for shadow in self.shadows.values() for days in (7, 5, 2, 1)]
            # Claims of a worker that died are taken up again when their lease is over.
            leases = [down + timedelta(minutes=5) for down, _up in self.downs]
            marks = [at for at in (*coming, *leases, end) if at > before]
            now = min([*marks, *(deed[0] for deed in deeds[:1])])
            self.note_wanted(before, now)
            while deeds and deeds[0][0] <= now:
                deed = deeds.pop(0)[1]
                if deed is not None:
                    deed(now)
                    db.session.commit()
            self.work(now + timedelta(seconds=self.dice.randrange(60)))
            before = now


@pytest.mark.parametrize("seed", [2, 3])
def test_a_year_of_reminders(seed: int, cast: SimpleNamespace) -> None:
    year = Year(seed, cast)
    year.live()
    rows = {
        (row.invitation_id, row.rule_id, row.date_version): row
        for row in db.session.scalars(select(Reminder))
    }
    left = {key: year.sent[row.mail_id] for key, row in rows.items() if row.mail_id in year.sent}
    assert set(left) <= set(year.wanted)
    assert len(year.wanted) > 25
    for key, at in year.wanted.items():
        if had_another(at, [day for other, day in left.items() if other != key and other[0] == key[0]]):
            # One a day: on the next, where that still helps.
            assert left[key] < at + timedelta(days=3) if key in left else rows[key].reason
            continue
        if not year.is_down(at) and not any(at < down < at + ON_TIME for down, _up in year.downs):
            assert key in left, (key, at, row_words(rows.get(key)), year.shadows[key[0]])
            assert at <= left[key] <= at + ON_TIME, key
            continue
        up = max(up for down, up in year.downs if down <= at + ON_TIME and up > at)
        again, shadow = opens(up), year.shadows[key[0]]
        quiet = not any(at < touched <= again + ON_TIME for touched in shadow.touched)
        days = db.session.get_one(ReminderRule, key[1]).days_before
        others = (due(shadow.start, other) for other in (7, 5, 2, 1) if other < days)
        if (
            quiet
            and again < shadow.start - LEAST - ON_TIME
            and not any(moment <= again + ON_TIME for moment in others)
        ):
            assert again <= left[key] <= again + 2 * ON_TIME, (key, rows.get(key))
        elif key not in left and quiet:
            assert rows[key].reason is not None, key
    # Nothing was told twice: as many mails as reminders, and none after its start.
    kinds = ("invitation.reminder", "invitation.attending")
    mails = list(db.session.scalars(select(OutgoingMail).where(OutgoingMail.kind.in_(kinds))))
    assert (
        len(mails)
        == len({mail.once for mail in mails})
        == sum(row.mail_id is not None for row in rows.values())
    )
    assert sum(mail.state is MailState.SENT for mail in mails) == len(left)
    assert not [mail for mail in mails if mail.state in (MailState.QUEUED, MailState.SENDING)]
    for key, row in rows.items():
        if key in left:
            assert left[key] < year.shadows[key[0]].start or year.shadows[key[0]].version > key[2], row


def had_another(at: datetime, others: list[datetime]) -> bool:
    """Whether the guest had a reminder already on the day on which one is due."""
    return at.astimezone(ZONE).date() in {other.astimezone(ZONE).date() for other in others}


def row_words(row: Reminder | None) -> str:
    return (
        "none"
        if row is None
        else f"{row.outcome} {row.reason} due {row.due_at} at {row.decided_at} {row.mail and row.mail.state}"
    )
