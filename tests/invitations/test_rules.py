"""Decisions about invitations and answers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pop_campaigns.invitations.rules.invitations import (
    LINK_LIVES_AFTER_END,
    Answer,
    NotAnswerable,
    NotInvitable,
    Word,
    answered_sequence,
    calendar_sequence,
    is_newest,
    is_same_press,
    link_lives,
    may_answer,
    may_invite,
    may_remind,
    said_when,
    settle_answer,
)

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def test_inviting_needs_a_moment_that_is_still_to_come() -> None:
    assert may_invite(cancelled=False, starts_at=NOW + SECOND, now=NOW) is None
    assert may_invite(cancelled=False, starts_at=NOW, now=NOW) is NotInvitable.OVER
    assert may_invite(cancelled=False, starts_at=None, now=NOW) is NotInvitable.NO_MOMENT
    assert may_invite(cancelled=True, starts_at=NOW + SECOND, now=NOW) is NotInvitable.CANCELLED


def test_minds_may_change_until_the_event_starts() -> None:
    def ask(**values: object) -> NotAnswerable | None:
        given = {"cancelled": False, "withdrawn": False, "starts_at": NOW + SECOND, "now": NOW}
        return may_answer(**(given | values))  # type: ignore[arg-type]

    assert ask() is None
    assert ask(starts_at=NOW) is NotAnswerable.STARTED
    assert ask(cancelled=True) is NotAnswerable.CANCELLED
    assert ask(withdrawn=True) is NotAnswerable.WITHDRAWN


# An answer after another: its SEQUENCE and DTSTAMP as written, when it came; an event at SEQUENCE 1, asked at 9:00.
ASKED = NOW.replace(hour=9)
FIRST_YES = (1, 10.0, 10.5)


@pytest.mark.parametrize(
    ("first", "then", "outdoes"),
    [
        (FIRST_YES, (1, 10.25, 10.75), True),  # later, and comes later
        (FIRST_YES, (1, 9.5, 11.0), False),  # said before, comes after
        (FIRST_YES, (0, 10.25, 10.75), False),  # to a time that holds no longer (RFC 5546)
        (FIRST_YES, (None, 10.25, 10.75), True),  # the present one, where it says none
        ((7, 10.0, 10.5), (1, 10.25, 10.75), True),  # counts by itself: as much as the event has
        ((7, 10.0, 10.5), (None, None, 10.75), True),
        ((1, 18.0, 10.5), (1, 10.75, 11.0), True),  # a clock that is ahead: when it came
        ((1, 18.0, 10.5), (1, 10.25, 11.0), False),
        ((1, 18.0, 10.5), (1, 18.5, 11.0), True),  # both from it
        ((1, 8.0, 10.5), (1, 8.0, 11.0), True),  # a clock that is behind: before we asked
        ((1, None, 10.5), (1, 10.25, 11.0), False),  # no stamp: when it came
        (FIRST_YES, (1, 10.0, 11.0), True),  # of the same moment, the later arrival
    ],
)
def test_the_newest_word_is_the_one_that_was_said_last(
    first: tuple[int | None, float | None, float],
    then: tuple[int | None, float | None, float],
    outdoes: bool,
) -> None:
    def word(sequence: int | None, stamped: float | None, arrived: float) -> Word:
        stamp = None if stamped is None else ASKED + timedelta(hours=stamped - 9)
        return Word(
            answered_sequence(sequence, 1, 0), said_when(stamp, ASKED, ASKED + timedelta(hours=arrived - 9))
        )

    assert is_newest(word(*then), word(*first)) == outdoes
    assert is_newest(word(*then), None)


@pytest.mark.parametrize(
    ("stamped", "dated", "said"),
    [
        (10, 10, 10),
        (10.05, 10, 10.05),  # clocks differ by minutes
        (
            13,
            10,
            15,
        ),  # stamped three hours after the mail was sent: a fast clock, however late the mail was fetched
        (13, None, 13),
        (13, 8, 13),  # a Date before we asked says nothing
        (10, 14, 10),
        (8, 10, 15),
        (16, 10, 15),
        (None, 10, 15),
    ],
)
def test_a_word_counts_from_its_stamp_where_that_can_be_true(
    stamped: float | None, dated: float | None, said: float
) -> None:
    def at(hour: float | None) -> datetime | None:
        return None if hour is None else ASKED + timedelta(hours=hour - 9)

    assert said_when(at(stamped), ASKED, ASKED + timedelta(hours=6), at(dated)) == at(said)


@pytest.mark.parametrize(
    ("said", "present", "ahead", "told"),
    [(None, 3, 0, 3), (2, 3, 0, 2), (9, 3, 0, 3), (5, 3, 2, 3), (4, 3, 2, 2), (1, 3, 2, 0)],
)
def test_which_sequence_the_guest_knew(said: int | None, present: int, ahead: int, told: int) -> None:
    assert answered_sequence(said, present, ahead) == told


def test_a_link_dies_a_day_after_the_event() -> None:
    end = NOW - LINK_LIVES_AFTER_END
    assert link_lives(end + SECOND, None, NOW)
    assert not link_lives(end, None, NOW)
    assert not link_lives(None, end, NOW)


@pytest.mark.parametrize(
    ("answer", "substitute", "settled"),
    [
        (Answer.ACCEPTED, "", Answer.ACCEPTED),
        (Answer.ACCEPTED, "Zëvendëskryetari", Answer.DELEGATED),
        (Answer.DECLINED, "Zëvendëskryetari", Answer.DELEGATED),
        (Answer.TENTATIVE, "Zëvendëskryetari", Answer.TENTATIVE),
        (Answer.DELEGATED, "", Answer.DELEGATED),
    ],
)
def test_naming_a_substitute_is_delegating(answer: Answer, substitute: str, settled: Answer) -> None:
    assert settle_answer(answer, substitute) is settled


def test_only_the_same_words_within_a_minute_are_one_press() -> None:
    assert is_same_press(("a", "b"), ("a", "b"), NOW, NOW + 59 * SECOND)
    assert not is_same_press(("a", "b"), ("a", "b"), NOW, NOW + 60 * SECOND)
    assert not is_same_press(("a", "b"), ("a", "c"), NOW, NOW)


def test_nobody_is_reminded_twice_a_day_by_impatience() -> None:
    assert may_remind(None, NOW)
    assert may_remind(NOW - timedelta(hours=12), NOW)
    assert not may_remind(NOW - timedelta(hours=12) + SECOND, NOW)


@given(st.lists(st.sampled_from(["move", "withdraw and ask again"]), max_size=12))
def test_what_a_calendar_is_told_always_counts_up(story: list[str]) -> None:
    event_sequence = withdrawals = 0
    told = [calendar_sequence(0, 0)]
    for step in story:
        if step == "move":
            event_sequence += 1
        else:
            told.append(calendar_sequence(event_sequence, withdrawals, withdrawing=True))
            withdrawals += 1
        told.append(calendar_sequence(event_sequence, withdrawals))
    assert told == sorted(set(told))
