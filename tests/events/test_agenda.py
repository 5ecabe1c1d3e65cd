"""Agendas: when points begin, how a pasted list is read, what a change of one leaves alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy.exc import IntegrityError

from pop_campaigns.core.db import db
from pop_campaigns.core.history import history_of
from pop_campaigns.core.versions import ChangedMeanwhile
from pop_campaigns.events.models.agenda import AgendaPoint
from pop_campaigns.events.models.events import Event
from pop_campaigns.events.queries.agenda import agenda_of, agenda_points
from pop_campaigns.events.rules.agenda import (
    MOST_POINTS,
    PastedPoint,
    PointState,
    lay_out,
    minutes_over,
    read_pasted,
)
from pop_campaigns.events.services.agenda import (
    PointDraft,
    TooManyPoints,
    add_point,
    add_several,
    change_point,
    copy_agenda,
    delete_point,
    order_points,
)
from pop_campaigns.events.words.agenda import agenda_lines
from tests import factories

TIRANE = "Europe/Tirane"
TEN = datetime(2026, 12, 16, 9, 0, tzinfo=UTC)  # 10:00 in Tirana
NOW = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)


@dataclass(frozen=True)
class P:
    """A point as far as its time goes."""

    clock: time | None = None
    minutes: int | None = None


def hours(points: list[P], starts_at: datetime | None = TEN, zone: str = TIRANE) -> list[str]:
    """The slots as a reader sees them, on the zone's clocks."""
    from zoneinfo import ZoneInfo

    def clock(at: datetime | None) -> str:
        return f"{at.astimezone(ZoneInfo(zone if starts_at else 'UTC')):%H:%M}" if at else ""

    slots = lay_out(points, starts_at, zone)
    return [f"{clock(slot.begins)}-{clock(slot.ends)}{'!' if slot.early else ''}" for slot in slots]


@pytest.mark.parametrize(
    ("points", "shown"),
    [
        ([P(), P()], ["-", "-"]),
        ([P(minutes=10), P(minutes=30), P()], ["10:00-10:10", "10:10-10:40", "10:40-"]),
        ([P(), P(minutes=20), P()], ["10:00-", "-", "-"]),
        ([P(minutes=10), P(time(11)), P(minutes=5)], ["10:00-10:10", "11:00-", "-"]),
        ([P(minutes=90), P(time(11), 15)], ["10:00-11:30", "11:00-11:15!"]),
        ([P(time(9, 45)), P(time(10), 15)], ["09:45-!", "10:00-10:15"]),
    ],
)
def test_times_run_from_the_start(points: list[P], shown: list[str]) -> None:
    assert hours(points) == shown


def test_a_night_that_has_an_hour_twice_and_one_that_skips_one() -> None:
    """Lengths are lengths: half past two of the second round is three quarters after half past two of the first."""
    autumn = datetime(2027, 10, 31, 0, 30, tzinfo=UTC)  # 02:30, the first time
    assert hours([P(minutes=30), P(minutes=60), P()], autumn) == ["02:30-02:00", "02:00-03:00", "03:00-"]
    spring = datetime(2027, 3, 28, 0, 30, tzinfo=UTC)  # 01:30
    assert hours([P(minutes=30), P(minutes=30)], spring) == ["01:30-03:00", "03:00-03:30"]


def test_after_midnight_is_the_next_day() -> None:
    evening = datetime(2026, 12, 16, 21, 0, tzinfo=UTC)
    slots = lay_out([P(minutes=90), P(time(0, 30), 30)], evening, TIRANE)
    assert slots[1].begins == datetime(2026, 12, 16, 23, 30, tzinfo=UTC)
    assert minutes_over(slots, evening + timedelta(hours=2)) == 60
    assert minutes_over(slots, evening + timedelta(hours=4)) == minutes_over(slots, None) == 0


def test_without_an_hour_of_the_event_clock_times_alone_are_shown() -> None:
    assert hours([P(time(9), 30), P()], None) == ["09:00-09:30", "09:30-"]


@pytest.mark.parametrize(
    ("line", "read"),
    [
        ("Hapja", PastedPoint("Hapja")),
        (
            "1. 10:00 Hapja (10 min) | Koordinator Fier",
            PastedPoint("Hapja", "Koordinator Fier", time(10), 10),
        ),
        ("10.30 – Pyetje nga salla – 45 minuta", PastedPoint("Pyetje nga salla", "", time(10, 30), 45)),
        ("10:00–10:20 Mbyllja", PastedPoint("Mbyllja", "", time(10), 20)),
        ("ora 9:05: Regjistrimi", PastedPoint("Regjistrimi", "", time(9, 5))),
        ("11:00\tFjala\tQytetar 00421", PastedPoint("Fjala", "Qytetar 00421", time(11))),
        ("• 3 pyetje për ujin", PastedPoint("3 pyetje për ujin")),
        ("2026 në shifra", PastedPoint("2026 në shifra")),
        ("25:00 Nuk ka orë të tillë", PastedPoint("25:00 Nuk ka orë të tillë")),
        ("10:00", PastedPoint("", "", time(10), None, "empty")),
        ("x" * 201, PastedPoint("x" * 201, problem="long")),
    ],
)
def test_how_a_line_is_read(line: str, read: PastedPoint) -> None:
    assert read_pasted(f"\n  \n{line}\r\n") == [read]


def test_no_paste_breaks_the_reader() -> None:
    hostile = '\u202e10:00 a\x00b\u2028c\n#{}[]$ \\" (0 min)\n' + "w" * 10_000 + "\n" + "| | |\n" * 500
    read = read_pasted(hostile)
    assert read[0].title == "ab"
    assert len(read) == MOST_POINTS + 1
    assert all("\u202e" not in point.title for point in read)


def make(cast: SimpleNamespace, *titles: str) -> tuple[Event, list[AgendaPoint]]:
    """An event of Fier with points."""
    event = factories.make_event(cast.fier, starts_at=TEN)
    points = add_several(event, [PastedPoint(title) for title in titles], by=cast.arta, now=NOW)
    db.session.commit()
    return event, points


@pytest.mark.both_databases
def test_points_are_added_ordered_and_deleted(cast: SimpleNamespace) -> None:
    event, (first, second, third) = make(cast, "A", "B", "C")
    sequence = event.sequence
    agenda = agenda_of(event)
    assert agenda is not None
    seen = agenda.version
    order_points(event, [third.id, first.id, second.id], version=seen, by=cast.arta, now=NOW)
    db.session.commit()
    assert [point.title_sq for point in agenda_points(event)] == ["C", "A", "B"]
    with pytest.raises(ChangedMeanwhile):  # somebody else's order was seen
        order_points(event, [first.id, second.id, third.id], version=seen, by=cast.arta, now=NOW)
    with pytest.raises(ChangedMeanwhile):  # a point is missing
        order_points(event, [first.id, second.id], version=agenda.version, by=cast.arta, now=NOW)
    delete_point(first, by=cast.arta, now=NOW)
    once = add_point(event, PointDraft("D"), by=cast.arta, now=NOW, once="key")
    assert add_point(event, PointDraft("D"), by=cast.arta, now=NOW, once="key") is once
    db.session.commit()
    assert [point.title_sq for point in agenda_points(event)] == ["C", "B", "D"]
    assert event.sequence == sequence
    assert {change.action for change in history_of(event)} == {
        "agenda.points_added", "agenda.ordered", "agenda.point_deleted", "agenda.point_added",
    }  # fmt: skip


@pytest.mark.both_databases
def test_the_tables_refuse_what_cannot_be(cast: SimpleNamespace) -> None:
    event, [point] = make(cast, "A")
    for wrong in (
        {"minutes": 0},
        {"minutes": 721},
        {"title_sq": ""},
        {"office_answer": "Po"},
        {"position": 0},
    ):
        for name, value in wrong.items():
            setattr(point, name, value)
        with pytest.raises(IntegrityError):
            db.session.flush()
        db.session.rollback()
    ident = point.id
    db.session.delete(event)
    db.session.commit()
    db.session.expunge_all()
    assert db.session.get(AgendaPoint, ident) is None


def test_what_became_of_a_point_is_no_new_agenda(cast: SimpleNamespace) -> None:
    event, [point] = make(cast, "A")
    point.put_to = factories.make_office()
    db.session.commit()
    agenda, later = agenda_of(event), NOW + timedelta(days=20)
    assert agenda is not None
    answered = PointDraft(
        "A", put_to_id=point.put_to_id, state=PointState.DISCUSSED, office_answer="Në mars."
    )
    change_point(point, answered, by=cast.arta, now=later)
    assert agenda.changed_at == NOW
    assert "Në mars." not in str(history_of(event)[0].details)
    change_point(point, PointDraft("B", put_to_id=point.put_to_id), by=cast.arta, now=later)
    assert agenda.changed_at == later


def test_there_is_an_end(cast: SimpleNamespace) -> None:
    event, _points = make(cast, *map(str, range(MOST_POINTS)))
    with pytest.raises(TooManyPoints):
        add_point(event, PointDraft("one more"), by=cast.arta, now=NOW, once="")


def test_a_copy_has_no_answers(cast: SimpleNamespace) -> None:
    event, [point] = make(cast, "A")
    point.put_to, point.office_answer, point.state = factories.make_office(), "Po.", PointState.DISCUSSED
    to = factories.make_event(cast.vlore)
    assert copy_agenda(event, to, now=NOW) == 1
    [copy] = agenda_points(to)
    assert (copy.title_sq, copy.put_to_id, copy.office_answer, copy.state) == (
        "A", point.put_to_id, "", PointState.PLANNED,
    )  # fmt: skip


def test_words_in_both_languages(cast: SimpleNamespace) -> None:
    event, [point] = make(cast, "Hapja")
    office = factories.make_office("Kryetar", title_en="Mayor")
    office.institution.name_en = "Municipality of Fier"
    point.speaker, point.speaker_office, point.minutes = "Emër Mbiemër", office, 15
    db.session.flush()
    [sq], [en] = (agenda_lines(event, [point], lang) for lang in ("sq", "en"))
    assert (sq.when, sq.title, sq.speaker) == ("10:00–10:15", "Hapja", "Emër Mbiemër, Kryetar, Bashkia Fier")
    assert (en.title, en.title_lang, en.speaker) == (
        "Hapja",
        "sq",
        "Emër Mbiemër, Mayor, Municipality of Fier",
    )
    point.speaker_office = None
    [nameless] = agenda_lines(event, [point], "sq")
    assert (nameless.speaker, nameless.speaker_in_public) == ("Emër Mbiemër", "")
