"""Decisions about invitations and answers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pop_campaigns.invitations.rules import (
    LINK_LIVES_AFTER_END,
    Answer,
    NotAnswerable,
    NotInvitable,
    calendar_sequence,
    is_same_press,
    link_lives,
    may_answer,
    may_invite,
    may_remind,
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
