"""When a guest is reminded, as a table: hours, moves of the event (traps.md B1–B5), answers, nights and what is left out."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from pop_campaigns.core.clock import TIRANE
from pop_campaigns.invitations.messages.invitations import MAIL_KINDS
from pop_campaigns.invitations.rules.invitations import Answer, MailPurpose
from pop_campaigns.invitations.rules.reminders import (
    DEFAULT_RULES,
    FIRST_HOUR,
    LAST_HOUR,
    LEAST_BEFORE,
    REMINDER_KINDS,
    Audience,
    Claimed,
    Occasion,
    Reminded,
    ReminderOutcome,
    ReminderReason,
    decide,
    due_moment,
    may_leave,
    next_hour,
    why_not_sent,
)

ZONE = ZoneInfo(TIRANE)
DAY = timedelta(days=1)


def at(text: str) -> datetime:
    """A moment of Tirana's clock, as UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=ZONE).astimezone(UTC)


@pytest.mark.parametrize(
    ("starts", "days", "hour", "due"),
    [
        ("2026-06-16T10:00", 7, 10, "2026-06-09T10:00"),
        ("2026-06-16T10:00", 1, 10, "2026-06-15T10:00"),
        ("2026-06-15T10:00", 1, 10, "2026-06-13T19:00"),  # a Sunday: Saturday evening
        ("2026-06-16T10:00", 1, 21, "2026-06-15T19:00"),  # at night: the last hour before
        ("2026-06-16T10:00", 1, 20, "2026-06-15T19:00"),
        ("2026-06-16T10:00", 1, 7, "2026-06-13T19:00"),  # early on Monday: not on Sunday evening either
        ("2026-06-17T10:00", 1, 0, "2026-06-15T19:00"),
        ("2026-06-16T00:30", 1, 10, "2026-06-15T10:00"),
        # Both nights of 2027, and what is on the other side of them: the wall clock counts.
        ("2027-03-28T10:00", 1, 10, "2027-03-27T10:00"),
        ("2027-03-29T10:00", 7, 10, "2027-03-22T10:00"),
        ("2027-03-29T10:00", 1, 10, "2027-03-27T19:00"),
        ("2027-10-31T10:00", 1, 10, "2027-10-30T10:00"),
        ("2027-11-02T10:00", 5, 9, "2027-10-28T09:00"),
    ],
)
def test_due(starts: str, days: int, hour: int, due: str) -> None:
    assert due_moment(at(starts), TIRANE, days, hour) == at(due)


def test_due_is_always_an_allowed_hour_well_before_the_start() -> None:
    for number in range(365 * 4):
        starts = at("2027-01-01T00:00") + timedelta(hours=6 * number)
        for days in (1, 2, 5, 7):
            for hour in (0, 2, 7, 8, 10, 19, 20, 23):
                due = due_moment(starts, TIRANE, days, hour)
                assert may_leave(due)
                assert starts - due > LEAST_BEFORE
                assert starts - due < (days + 3) * DAY
                local = due.astimezone(ZONE)
                assert FIRST_HOUR <= local.hour <= LAST_HOUR
                assert (local.minute, local.second) == (0, 0)


def test_an_event_in_another_zone_counts_its_own_days() -> None:
    starts = datetime(2026, 6, 16, 0, 30, tzinfo=ZoneInfo("Asia/Tokyo")).astimezone(UTC)
    assert due_moment(starts, "Asia/Tokyo", 1, 10) == at("2026-06-15T10:00")


@pytest.mark.parametrize(
    ("now", "another", "leaves"),
    [
        ("2026-06-16T10:30", False, "2026-06-16T10:30"),
        ("2026-06-16T20:00", False, "2026-06-17T08:00"),
        ("2026-06-16T03:00", False, "2026-06-16T08:00"),
        ("2026-06-13T20:30", False, "2026-06-15T08:00"),  # Saturday night: not on Sunday
        ("2026-06-14T12:00", False, "2026-06-15T08:00"),
        ("2026-06-16T10:30", True, "2026-06-17T08:00"),
        ("2026-06-13T10:30", True, "2026-06-15T08:00"),
        ("2027-03-27T20:00", False, "2027-03-29T08:00"),
    ],
)
def test_next_hour(now: str, another: bool, leaves: str) -> None:
    assert next_hour(at(now), another_day=another) == at(leaves)
    assert may_leave(at(leaves))


# An event on Tuesday 16 June 2026, 10:00; who is asked was invited on 20 May.
STARTS = at("2026-06-16T10:00")
INVITED = at("2026-05-20T11:00")
MADE = (ReminderOutcome.MADE, None)


def needless(reason: ReminderReason) -> tuple[ReminderOutcome, ReminderReason]:
    return ReminderOutcome.NOT_NEEDED, reason


def dropped(reason: ReminderReason) -> tuple[ReminderOutcome, ReminderReason]:
    return ReminderOutcome.DROPPED, reason


def rule(days: int, audience: Audience = Audience.SILENT, starts: datetime = STARTS, **more: Any) -> Occasion:
    due = due_moment(starts, TIRANE, days, 10)
    return Occasion(audience, starts, due, more.pop("holds_from", at("2026-05-01T09:00")), **more)


SILENT = Reminded(Answer.NEEDS_ACTION, told_at=INVITED)
COMES = Reminded(Answer.ACCEPTED, answered_at=at("2026-05-25T09:00"), told_at=INVITED)


@pytest.mark.parametrize(
    ("now", "occasion", "guest", "verdict"),
    [
        # On time, and not before.
        ("2026-06-11T09:59", rule(5), SILENT, None),
        ("2026-06-11T10:00", rule(5), SILENT, MADE),
        ("2026-06-09T10:00", rule(7, Audience.YES), COMES, MADE),
        # Nothing about the start after the start.
        ("2026-06-16T10:00", rule(5), SILENT, None),
        # A new rule reaches back no further than its own making.
        ("2026-06-11T12:00", rule(5, holds_from=at("2026-06-11T10:00")), SILENT, needless(ReminderReason.NEW_RULE)),
        # Invited after the hour, or shortly before it.
        ("2026-06-11T12:00", rule(5), replace(SILENT, told_at=at("2026-06-11T11:00")), needless(ReminderReason.TOLD_LATER)),
        ("2026-06-11T10:00", rule(5), replace(SILENT, told_at=at("2026-06-11T09:00")), needless(ReminderReason.TOLD_LATER)),
        ("2026-06-11T10:00", rule(5), replace(SILENT, told_at=at("2026-06-10T21:00")), MADE),
        # Who knows an older time hears of the change first.
        ("2026-06-11T10:00", rule(5), replace(SILENT, told_at=None), None),
        # Each rule has its own readers.
        ("2026-06-11T10:00", rule(5), COMES, needless(ReminderReason.ANSWERED)),
        ("2026-06-09T10:00", rule(7, Audience.YES), SILENT, needless(ReminderReason.NOT_COMING)),
        ("2026-06-09T10:00", rule(7, Audience.YES), replace(COMES, answer=Answer.DECLINED), needless(ReminderReason.NOT_COMING)),
        ("2026-06-09T10:00", rule(7, Audience.YES), replace(COMES, answer=Answer.TENTATIVE), MADE),
        ("2026-06-09T10:00", rule(7, Audience.YES), replace(COMES, answer=Answer.DELEGATED), MADE),
        (
            "2026-06-09T10:00", rule(7, Audience.YES), replace(COMES, answer=Answer.DELEGATED, sends_nobody=True),
            needless(ReminderReason.NOT_COMING),
        ),
        ("2026-06-10T10:00", rule(7, Audience.YES), replace(COMES, answered_at=at("2026-06-10T09:00")),
         needless(ReminderReason.ANSWERED_LATER)),
        ("2026-06-11T10:00", rule(5), replace(SILENT, proposes=True), needless(ReminderReason.PROPOSES)),
        # Nobody is written to who refused, or from where mail comes back.
        ("2026-06-11T10:00", rule(5), replace(SILENT, refused=True), dropped(ReminderReason.NOT_WANTED)),
        ("2026-06-11T10:00", rule(5), replace(SILENT, unreachable=True), dropped(ReminderReason.UNREACHABLE)),
        # After a time without a worker: late, as long as it helps.
        ("2026-06-13T18:00", rule(5), SILENT, MADE),
        ("2026-06-13T20:00", rule(5), SILENT, None),  # at night it waits
        ("2026-06-14T12:00", rule(5), SILENT, None),  # and on a Sunday
        ("2026-06-16T06:59", rule(2), SILENT, None),
        ("2026-06-16T08:00", rule(2), SILENT, dropped(ReminderReason.TOO_LATE)),
        ("2026-06-15T19:59", rule(1, Audience.YES), COMES, MADE),
        ("2026-06-16T08:00", rule(1, Audience.YES), COMES, dropped(ReminderReason.TOO_LATE)),
        ("2026-06-14T12:00", rule(5, overtaken=True), SILENT, None),
        ("2026-06-15T08:00", rule(5, overtaken=True), SILENT, dropped(ReminderReason.OVERTAKEN)),
        # One a day; tomorrow if that still helps.
        ("2026-06-11T10:00", rule(5), replace(SILENT, had_today=True), None),
        ("2026-06-15T12:00", rule(1, Audience.YES), replace(COMES, had_today=True), dropped(ReminderReason.ONE_A_DAY)),
    ],
)  # fmt: skip
def test_decide(now: str, occasion: Occasion, guest: Reminded, verdict: Any) -> None:
    assert decide(occasion, guest, at(now)) == verdict


def play(moves: list[tuple[str, str]], days: int, until: str = "2026-07-31T09:00") -> list[str]:
    """Days on which a guest who has not answered is reminded by one rule of an event that is moved.

    ``moves`` are (when, start): the first is the invitation. Guests are told at once.
    """
    sent, gone, version = [], set(), -1
    steps = [(at(when), at(start)) for when, start in moves]
    now = steps[0][0]
    starts = told = now
    while now < at(until):
        while steps and steps[0][0] <= now:
            told, starts = steps.pop(0)
            version += 1
        occasion = rule(days, starts=starts)
        if version not in gone and decide(occasion, Reminded(Answer.NEEDS_ACTION, told_at=told), now) == MADE:
            gone.add(version)
            sent.append(f"{now.astimezone(ZONE):%m-%d %H}")
        now += timedelta(hours=1)
    return sent


INVITATION = ("2026-05-20T11:00", "2026-06-16T10:00")


@pytest.mark.parametrize(
    ("moves", "sent"),
    [
        ([INVITATION], ["06-11 10"]),
        # Moved before the reminder: it moves along.
        ([INVITATION, ("2026-06-01T09:00", "2026-06-23T10:00")], ["06-18 10"]),
        # Moved by hours after it: only the mail about the change.
        ([INVITATION, ("2026-06-12T09:00", "2026-06-16T15:00")], ["06-11 10"]),
        # Moved by a day or two after it: the new date is not further away than the rule.
        ([INVITATION, ("2026-06-12T09:00", "2026-06-17T10:00")], ["06-11 10"]),
        # Moved far away after it: that date has a reminder of its own.
        ([INVITATION, ("2026-06-12T09:00", "2026-07-07T10:00")], ["06-11 10", "07-02 10"]),
        # Moved there and back after it.
        (
            [INVITATION, ("2026-06-12T09:00", "2026-07-07T10:00"), ("2026-06-13T09:00", "2026-06-16T10:00")],
            ["06-11 10"],
        ),
        # Brought forward, so that its hour lies behind: the mail about the change said it.
        ([INVITATION, ("2026-06-08T09:00", "2026-06-11T10:00")], []),
        # A wrong date corrected into the past.
        ([INVITATION, ("2026-06-08T09:00", "2026-06-02T10:00")], []),
        # Invited when its hour is past.
        ([("2026-06-12T09:00", "2026-06-16T10:00")], []),
        # Moved on the day it is due, before and after its hour.
        ([INVITATION, ("2026-06-11T08:00", "2026-06-16T15:00")], []),
        ([INVITATION, ("2026-06-11T11:00", "2026-06-18T15:00")], ["06-11 10", "06-13 10"]),
    ],
)
def test_moves(moves: list[tuple[str, str]], sent: list[str]) -> None:
    assert play(moves, 5) == sent


NOW = at("2026-06-11T10:00")
CLAIMED = Claimed(Audience.SILENT, Answer.NEEDS_ACTION, STARTS)


@pytest.mark.parametrize(
    ("claimed", "now", "why"),
    [
        (CLAIMED, NOW, None),
        (replace(CLAIMED, cancelled=True), NOW, ReminderReason.CANCELLED),
        (replace(CLAIMED, withdrawn=True), NOW, ReminderReason.WITHDRAWN),
        (replace(CLAIMED, knows_time=False), NOW, ReminderReason.CHANGED),
        (replace(CLAIMED, starts_at=None), NOW, ReminderReason.CHANGED),
        (CLAIMED, STARTS, ReminderReason.BEGUN),
        (replace(CLAIMED, pressed=True), STARTS, ReminderReason.BEGUN),
        (replace(CLAIMED, stopped=True), NOW, ReminderReason.STOPPED),
        (replace(CLAIMED, answer=Answer.ACCEPTED), NOW, ReminderReason.ANSWERED),
        (replace(CLAIMED, answer=Answer.ACCEPTED, pressed=True), NOW, ReminderReason.ANSWERED),
        (replace(CLAIMED, audience=Audience.YES, answer=Answer.DECLINED), NOW, ReminderReason.NOT_COMING),
        (replace(CLAIMED, audience=Audience.YES, answer=Answer.ACCEPTED), NOW, None),
        (CLAIMED, at("2026-06-16T08:00"), ReminderReason.TOO_LATE),
        (CLAIMED, at("2026-06-15T23:00"), ReminderReason.TOO_LATE),  # in the morning it would be
        (CLAIMED, at("2026-06-12T23:00"), None),  # it waits for the morning
        (replace(CLAIMED, pressed=True), at("2026-06-15T23:00"), None),
    ],
)
def test_why_not_sent(claimed: Claimed, now: datetime, why: ReminderReason | None) -> None:
    assert why_not_sent(claimed, now) is why


def test_the_defaults_are_what_the_pages_promise() -> None:
    assert set(DEFAULT_RULES) == {
        (Audience.YES, 7), (Audience.YES, 1), (Audience.SILENT, 5), (Audience.SILENT, 2),
    }  # fmt: skip
    assert {MAIL_KINDS[MailPurpose.REMINDER], MAIL_KINDS[MailPurpose.ATTENDING]} == set(REMINDER_KINDS)
    assert date(2026, 6, 14).weekday() == 6
