"""The order of the list and the days of the month."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import ColumnElement, func, select

from pop_campaigns.core.clock import local_date
from pop_campaigns.core.dates import DatePrecision
from pop_campaigns.core.db import db
from pop_campaigns.events.models.events import Event
from pop_campaigns.events.queries import events as queries
from pop_campaigns.events.queries.events import (
    EventFilter,
    count_undated,
    listed_events,
    month_of_events,
    municipalities_with_events,
    read_filter,
)
from pop_campaigns.events.rules import events as rules
from pop_campaigns.events.rules.events import EventKind, EventState, EventWhen
from tests import factories

pytestmark = pytest.mark.both_databases

NOW = datetime(2026, 12, 16, 12, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def calendar(cast: SimpleNamespace) -> SimpleNamespace:
    """Events of every age and precision around NOW."""

    def at(title: str, starts: str, ends: str | None, **values: Any) -> None:
        moments = [
            datetime.fromisoformat(text).replace(tzinfo=UTC) if text else None for text in (starts, ends)
        ]
        factories.make_event(cast.fier, title_sq=title, starts_at=moments[0], ends_at=moments[1], **values)

    def on(
        title: str, precision: DatePrecision, day_from: date | None, day_to: date | None, **values: Any
    ) -> None:
        dated = {"precision": precision, "day_from": day_from, "day_to": day_to}
        factories.make_event(cast.fier, title_sq=title, **dated, **values)

    at("later", "2026-12-20T09:00", None)
    at("running", "2026-12-16T10:00", "2026-12-16T13:00")
    at("over", "2026-12-16T09:00", "2026-12-16T11:59")
    at("no end, over", "2026-12-16T09:59", None)
    at("no end, running", "2026-12-16T10:01", None)
    at("long ago", "2020-06-16T08:00", "2020-06-16T10:00", state=EventState.HELD)
    at("held early", "2026-12-16T11:00", "2026-12-16T16:00", state=EventState.HELD)
    on("today", DatePrecision.DAY, date(2026, 12, 16), None)
    on("yesterday", DatePrecision.DAY, date(2026, 12, 15), date(2026, 12, 15))
    on("this month", DatePrecision.MONTH, date(2026, 12, 1), date(2026, 12, 31))
    on("early 2020", DatePrecision.PERIOD, date(2020, 1, 1), date(2020, 2, 29), state=EventState.HELD)
    on("no date", DatePrecision.UNKNOWN, None, None, state=EventState.HELD)
    db.session.commit()
    return cast


def titles(cast: SimpleNamespace, wanted: EventFilter) -> list[str]:
    """The titles of a list, in its order."""
    return [event.title_sq for event, _group in db.session.execute(listed_events(cast.arta, wanted, NOW))]


def test_upcoming_first_then_the_latest_past_then_the_undated(calendar: SimpleNamespace) -> None:
    upcoming = ["this month", "today", "running", "no end, running", "later"]
    past = ["held early", "no end, over", "over", "yesterday", "long ago", "early 2020"]
    assert titles(calendar, EventFilter()) == [*upcoming, *past, "no date"]
    assert titles(calendar, EventFilter(when=EventWhen.UPCOMING)) == upcoming
    assert titles(calendar, EventFilter(when=EventWhen.PAST)) == past
    assert titles(calendar, EventFilter(when=EventWhen.UNDATED)) == ["no date"]


_FROM_TEN = datetime(2026, 12, 16, 10, tzinfo=UTC)
_DAY = date(2026, 12, 16)
_MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("dated", "at", "coming", "begun", "over"),
    [
        # With an end; without one two hours are waited for.
        ((_FROM_TEN, _FROM_TEN + 3 * HOUR), _FROM_TEN - _MINUTE, True, False, False),
        ((_FROM_TEN, _FROM_TEN + 3 * HOUR), _FROM_TEN, False, True, False),
        ((_FROM_TEN, _FROM_TEN + 3 * HOUR), _FROM_TEN + 3 * HOUR - _MINUTE, False, True, False),
        ((_FROM_TEN, _FROM_TEN + 3 * HOUR), _FROM_TEN + 3 * HOUR, False, True, True),
        ((_FROM_TEN, None), _FROM_TEN + 2 * HOUR - _MINUTE, False, True, False),
        ((_FROM_TEN, None), _FROM_TEN + 2 * HOUR, False, True, True),
        ((_FROM_TEN, None), _FROM_TEN - _MINUTE, True, False, False),
        # Without an hour: Tirana's day, which ends at 23:00 UTC in winter and at 22:00 in summer.
        ((DatePrecision.DAY, _DAY, None), datetime(2026, 12, 16, 22, 59, tzinfo=UTC), False, False, False),
        ((DatePrecision.DAY, _DAY, None), datetime(2026, 12, 16, 23, 0, tzinfo=UTC), False, True, True),
        (
            (DatePrecision.DAY, date(2026, 7, 1), None),
            datetime(2026, 7, 1, 22, tzinfo=UTC),
            False,
            True,
            True,
        ),
        (
            (DatePrecision.DAY, date(2026, 7, 1), None),
            datetime(2026, 7, 1, 21, tzinfo=UTC),
            False,
            False,
            False,
        ),
        ((DatePrecision.DAY, _DAY, _DAY + 2 * DAY), NOW + 2 * DAY, False, False, False),
        ((DatePrecision.DAY, _DAY, _DAY + 2 * DAY), NOW + 3 * DAY, False, True, True),
        ((DatePrecision.DAY, _DAY, None), NOW - DAY, False, False, False),
        # Known only roughly: until the last of its days.
        ((DatePrecision.MONTH, date(2026, 12, 1), date(2026, 12, 31)), NOW, False, False, False),
        ((DatePrecision.MONTH, date(2026, 11, 1), date(2026, 11, 30)), NOW, False, True, True),
        ((DatePrecision.PERIOD, date(2026, 1, 1), None), NOW, False, True, True),
        ((DatePrecision.UNKNOWN, None, None), NOW, False, False, False),
    ],
)
def test_rule_and_database_agree_on_what_lies_ahead(
    cast: SimpleNamespace, dated: tuple[Any, ...], at: datetime, coming: bool, begun: bool, over: bool
) -> None:
    if len(dated) == 2:
        event = factories.make_event(cast.fier, starts_at=dated[0], ends_at=dated[1])
    else:
        precision, day_from, day_to = dated
        event = factories.make_event(cast.fier, precision=precision, day_from=day_from, day_to=day_to)
    db.session.commit()
    today = local_date(at)
    ruled = (
        rules.is_coming(event.starts_at, at), rules.has_begun(event, at, today), rules.is_over(event, at, today)
    )  # fmt: skip
    assert ruled == (coming, begun, over)

    def among(*conditions: ColumnElement[bool]) -> list[bool]:
        return [
            db.session.scalar(select(func.count(Event.id)).where(condition)) == 1 for condition in conditions
        ]

    conditions = (queries.is_coming(at), queries.has_begun(at), queries.is_over(at))
    assert among(*conditions) == [coming, begun, over]
    assert among(*(~condition for condition in conditions)) == [not coming, not begun, not over], "never NULL"
    assert among(queries.lies_ahead(at)) == [not over]
    event.state = EventState.HELD
    db.session.flush()
    assert among(queries.lies_ahead(at)) == [False], "what was held lies behind, whatever its hours say"


def test_a_filter_is_read_or_left(app: object) -> None:
    wanted = read_filter({"when": "past", "kind": "hearing", "municipality": "fier", "q": "  gjanica\x00 "})
    assert wanted == EventFilter(EventWhen.PAST, "fier", EventKind.HEARING, "gjanica")
    assert not read_filter({"when": "x", "kind": "y", "page": "2"}).active


def test_a_month_with_its_days(cast: SimpleNamespace) -> None:
    def day(
        title: str, day_from: date, day_to: date | None, precision: DatePrecision = DatePrecision.DAY
    ) -> None:
        factories.make_event(cast.fier, title_sq=title, precision=precision, day_from=day_from, day_to=day_to)

    day("before", date(2027, 1, 31), None)
    day("into", date(2027, 1, 30), date(2027, 2, 2))
    day("out of", date(2027, 2, 28), date(2027, 3, 9))
    day("around", date(2027, 1, 1), date(2027, 3, 31))
    day("month", date(2027, 2, 1), date(2027, 2, 28), DatePrecision.MONTH)
    day("next month", date(2027, 3, 1), date(2027, 3, 31), DatePrecision.MONTH)
    day("period", date(2026, 1, 1), date(2027, 2, 28), DatePrecision.PERIOD)
    # From 23:30 to 01:00 local time.
    factories.make_event(
        cast.fier,
        title_sq="night",
        starts_at=datetime(2027, 2, 10, 22, 30, tzinfo=UTC),
        ends_at=datetime(2027, 2, 11, 0, 0, tzinfo=UTC),
        day_from=date(2027, 2, 10),
        day_to=date(2027, 2, 11),
    )
    factories.make_event(
        cast.vlore, title_sq="stranger", precision=DatePrecision.DAY, day_from=date(2027, 2, 3)
    )
    factories.make_event(cast.fier, precision=DatePrecision.UNKNOWN)
    db.session.commit()
    month = month_of_events(cast.arta, EventFilter(), date(2027, 2, 1))
    # 1 February 2027 is a Monday: four whole weeks.
    assert [len(month.weeks), month.weeks[0][0], month.weeks[-1][-1]] == [
        4,
        date(2027, 2, 1),
        date(2027, 2, 28),
    ]

    def on(number: int) -> list[str]:
        return [event.title_sq for event in month.days.get(date(2027, 2, number), [])]

    assert on(1) == ["around", "into"]
    assert on(3) == ["around"]
    assert on(10) == ["around", "night"]
    assert on(11) == ["around", "night"]
    assert on(28) == ["around", "out of"]
    assert len(month.days) == 28
    assert [event.title_sq for event in month.day_unknown] == ["period", "month"]
    assert count_undated(cast.arta, EventFilter()) == 1


def test_an_empty_month_and_the_neighbours_days(cast: SimpleNamespace) -> None:
    factories.make_event(cast.fier, precision=DatePrecision.DAY, day_from=date(2026, 11, 30))
    db.session.commit()
    month = month_of_events(cast.arta, EventFilter(), date(2026, 12, 1))
    assert list(month.days) == [date(2026, 11, 30)]
    assert month.empty


def test_one_filters_by_places_of_visible_events(cast: SimpleNamespace) -> None:
    factories.make_event(None, municipality=factories.make_municipality("Çorovodë"))
    factories.make_event(cast.vlore)
    db.session.commit()
    assert [place.name for place in municipalities_with_events(cast.arta)] == ["Çorovodë", "Fier"]
