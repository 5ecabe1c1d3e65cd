"""Ticks of many rows in an address: short, the same when read again, and nothing but rows."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pop_campaigns.core.numbers import LONGEST_TICKS, read_ticks, write_ticks

ROWS = [3, 4, 7, 20, 21, 90]


@pytest.mark.parametrize(
    ("ticked", "text"),
    [
        ([], ""),
        ([4], "4"),
        ([3, 4, 7], "3-7"),  # neighbours among the rows, whatever lies between
        ([3, 7, 20, 90], "3.7-20.90"),
        (ROWS, "3-90"),
        ([5, 4], "4"),  # 5 is no row
    ],
)
def test_runs_of_neighbours_are_one_piece(ticked: list[int], text: str) -> None:
    assert write_ticks(ticked, ROWS) == text


@pytest.mark.parametrize(
    ("text", "ticked"),
    [
        ("3-7", {3, 4, 7}),
        ("1-999999999", set(ROWS)),
        ("20-3", set()),
        ("5.x.-3.4--7.4-.٣.3e1", set()),
        ("07", set()),
        ("7." * LONGEST_TICKS, {7}),
    ],
)
def test_what_is_no_row_ticks_nothing(text: str, ticked: set[int]) -> None:
    assert read_ticks(text, ROWS) == ticked


@given(st.sets(st.integers(1, 2**31 - 1), max_size=60), st.data())
def test_what_is_written_is_read_again(rows: set[int], data: st.DataObject) -> None:
    known = sorted(rows)
    ticked = set(data.draw(st.lists(st.sampled_from(known), unique=True))) if known else set()
    assert read_ticks(write_ticks(ticked, known), known) == ticked


def test_four_hundred_of_one_list_are_a_few_characters() -> None:
    rows = list(range(1000, 1401))
    assert write_ticks(rows, rows) == "1000-1400"
    assert len(write_ticks(rows[::2], rows)) < LONGEST_TICKS
