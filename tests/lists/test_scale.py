"""A list ten times as long takes about ten times as long: the figures are printed, the number of queries is checked."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from tests.invitations.scene import counted_statements
from tests.lists.measure import fill, look_up, seconds

pytestmark = pytest.mark.both_databases

FEW, MANY = 500, 5000


def test_ten_times_as_many_take_no_more_queries(cast: SimpleNamespace) -> None:
    figures = {}
    for number, first in ((FEW, 1), (MANY - FEW, FEW + 1)):
        fill(number, cast.fier.id, first)
        assert look_up(cast.arta).found == first + number - 1
        with counted_statements() as asked:
            look_up(cast.arta)
        figures[first + number - 1] = (len(asked), seconds(lambda: look_up(cast.arta)))
    ratio = figures[MANY][1] / figures[FEW][1]
    print(f"{MANY} of a list take {ratio:.1f} times as long as {FEW}")
    assert figures[MANY][0] == figures[FEW][0]
