from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import icalendar
import pytest
from dateutil import tz as dateutil_tz
from hypothesis import given, settings
from hypothesis import strategies as st

from pop_campaigns.calendars.posix_rule import UnreadableRule, YearlyChange, read_posix_rule
from pop_campaigns.calendars.zones import (
    TimeDoesNotExist,
    TimeHappensTwice,
    UnknownZone,
    can_write_local,
    known_zones,
    resolve_wall_time,
    to_wall,
    vtimezone,
    zone_rule,
)

YEARS = range(2020, 2041)
# Zones that kept one rule through all these years; the last three change on odd days and hours.
STEADY = (
    "Europe/Tirane",
    "Europe/London",
    "Europe/Dublin",
    "America/New_York",
    "America/St_Johns",
    "Australia/Sydney",
    "Australia/Lord_Howe",
    "Pacific/Chatham",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "America/Phoenix",
    "Asia/Jerusalem",
    "Antarctica/Troll",
    "Asia/Beirut",
)
# Rules that are younger than 2020: year from which they hold.
YOUNGER = {"Africa/Cairo": 2024, "America/Nuuk": 2024, "America/Santiago": 2023}


def calendar_with(zone: str) -> str:
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//t//t//SQ\r\n{vtimezone(zone)}END:VCALENDAR\r\n"


def changes_of(zone: str, years: range) -> list[datetime]:
    """The instants (UTC) at which `zoneinfo` changes the offset, found by halving between days."""
    clocks, instants = ZoneInfo(zone), []
    day = datetime(years[0], 1, 1, tzinfo=UTC)
    while day.year <= years[-1]:
        low, high = day, day + timedelta(days=1)
        if low.astimezone(clocks).utcoffset() != high.astimezone(clocks).utcoffset():
            while high - low > timedelta(seconds=1):
                middle = low + (high - low) / 2
                same = middle.astimezone(clocks).utcoffset() == low.astimezone(clocks).utcoffset()
                low, high = (middle, high) if same else (low, middle)
            instants.append(high.replace(microsecond=0))
        day += timedelta(days=1)
    return instants


def moments_of(zone: str, years: range) -> list[datetime]:
    """Both sides of every change, a second and some hours away, and a day of each month."""
    near = [timedelta(seconds=-1), timedelta(seconds=1), timedelta(hours=-5), timedelta(hours=5)]
    moments = [change + step for change in changes_of(zone, years) for step in near]
    return moments + [datetime(year, month, 15, 12, tzinfo=UTC) for year in years for month in range(1, 13)]


@pytest.mark.parametrize("zone", STEADY)
def test_written_zone_is_right_for_twenty_years(zone: str) -> None:
    read = icalendar.Calendar.from_ical(calendar_with(zone)).walk("VTIMEZONE")[0].to_tz()
    second = dateutil_tz.tzical(io.StringIO(calendar_with(zone))).get()
    for moment in moments_of(zone, YEARS):
        expected = moment.astimezone(ZoneInfo(zone)).utcoffset()
        assert moment.astimezone(read).utcoffset() == expected, moment
        assert moment.astimezone(second).utcoffset() == expected, moment
        assert zone_rule(zone).offset_at(moment.replace(tzinfo=None)) == expected, moment


@pytest.mark.parametrize(("zone", "since"), YOUNGER.items())
def test_zone_with_a_younger_rule_is_right_since_then(zone: str, since: int) -> None:
    read = dateutil_tz.tzical(io.StringIO(calendar_with(zone))).get()
    moments = moments_of(zone, range(since, 2041))
    assert len(changes_of(zone, range(since, 2041))) == 2 * (2041 - since)
    for moment in moments:
        assert moment.astimezone(read).utcoffset() == moment.astimezone(ZoneInfo(zone)).utcoffset(), moment


def test_there_is_something_to_compare() -> None:
    assert len(changes_of("Europe/Tirane", YEARS)) == 2 * len(YEARS)
    assert changes_of("Asia/Kolkata", YEARS) == []


def test_both_onsets_of_tirana_are_where_zoneinfo_has_them() -> None:
    summer = zone_rule("Europe/Tirane").summer
    assert summer is not None
    for spring, autumn in zip(*[iter(changes_of("Europe/Tirane", YEARS))] * 2, strict=True):
        assert summer.begins.onset(spring.year) == spring.replace(tzinfo=None) + timedelta(hours=1)
        assert summer.ends.onset(autumn.year) == autumn.replace(tzinfo=None) + timedelta(hours=2)


def test_tirana_is_written_as_two_rules() -> None:
    assert vtimezone("Europe/Tirane") == (
        "BEGIN:VTIMEZONE\r\nTZID:Europe/Tirane\r\n"
        "BEGIN:DAYLIGHT\r\nDTSTART:19700329T020000\r\nRRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU\r\n"
        "TZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200\r\nTZNAME:CEST\r\nEND:DAYLIGHT\r\n"
        "BEGIN:STANDARD\r\nDTSTART:19701025T030000\r\nRRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\r\n"
        "TZOFFSETFROM:+0200\r\nTZOFFSETTO:+0100\r\nTZNAME:CET\r\nEND:STANDARD\r\n"
        "END:VTIMEZONE\r\n"
    )


def test_every_zone_of_the_database_can_be_written() -> None:
    for zone in known_zones():
        written = vtimezone(zone)
        assert "RDATE" not in written
        assert (written == "") == (
            zone in ("UTC", "UCT", "Universal", "Zulu") or "Etc/U" in zone or "Zulu" in zone
        )


@pytest.mark.parametrize(
    "zone",
    ["", "Europe/Tiranë", "Europe", "../../etc/passwd", "/etc/passwd", "Mars/Base", "UTC\r\nX:1", "CET\0"],
)
def test_unknown_zone_is_refused_everywhere(zone: str) -> None:
    now = datetime(2027, 1, 1, tzinfo=UTC)
    for use in (
        lambda: vtimezone(zone),
        lambda: to_wall(now, zone),
        lambda: resolve_wall_time(now.replace(tzinfo=None), zone),
    ):
        with pytest.raises(UnknownZone) as refused:
            use()
        assert isinstance(refused.value, ValueError)
        assert refused.value.zone == zone


def test_skipped_hour_is_refused_with_the_next_valid_time() -> None:
    for fold in (None, 0, 1):
        with pytest.raises(TimeDoesNotExist) as refused:
            resolve_wall_time(datetime(2027, 3, 28, 2, 30), "Europe/Tirane", fold)
        assert refused.value.suggestion == datetime(2027, 3, 28, 3, 30)
    with pytest.raises(TimeDoesNotExist) as refused:
        resolve_wall_time(datetime(2027, 10, 3, 2, 10), "Australia/Lord_Howe")  # half an hour only
    assert refused.value.suggestion == datetime(2027, 10, 3, 2, 40)
    assert resolve_wall_time(datetime(2027, 3, 28, 1, 59), "Europe/Tirane") == datetime(
        2027, 3, 28, 0, 59, tzinfo=UTC
    )
    assert resolve_wall_time(datetime(2027, 3, 28, 3, 0), "Europe/Tirane") == datetime(
        2027, 3, 28, 1, tzinfo=UTC
    )


def test_hour_that_happens_twice_needs_a_fold() -> None:
    wall = datetime(2027, 10, 31, 2, 30)
    with pytest.raises(TimeHappensTwice) as asked:
        resolve_wall_time(wall, "Europe/Tirane")
    first, second = datetime(2027, 10, 31, 0, 30, tzinfo=UTC), datetime(2027, 10, 31, 1, 30, tzinfo=UTC)
    # By instant: Python never calls two aware times equal where a fold matters.
    assert [asked.value.first.timestamp(), asked.value.second.timestamp()] == [
        first.timestamp(),
        second.timestamp(),
    ]
    assert resolve_wall_time(wall, "Europe/Tirane", 0) == first
    assert resolve_wall_time(wall, "Europe/Tirane", 1) == second
    assert (to_wall(first, "Europe/Tirane").fold, to_wall(second, "Europe/Tirane").fold) == (0, 1)


def test_fold_is_ignored_at_all_other_times() -> None:
    expected = datetime(2027, 6, 16, 8, tzinfo=UTC)
    for fold in (None, 0, 1):
        assert resolve_wall_time(datetime(2027, 6, 16, 10), "Europe/Tirane", fold) == expected
    assert resolve_wall_time(datetime(2027, 6, 16, 10, fold=1), "Europe/Tirane") == expected


def test_senseless_times_are_refused() -> None:
    with pytest.raises(ValueError, match="outside"):
        resolve_wall_time(datetime(1, 1, 1), "Europe/Tirane")
    with pytest.raises(ValueError, match="offset"):
        resolve_wall_time(datetime(2027, 1, 1, tzinfo=UTC), "Europe/Tirane")
    with pytest.raises(ValueError, match="fold"):
        resolve_wall_time(datetime(2027, 1, 1), "Europe/Tirane", 2)
    with pytest.raises(ValueError, match="offset"):
        to_wall(datetime(2027, 1, 1), "Europe/Tirane")


@settings(deadline=None)  # the machine may be busy
@given(
    st.datetimes(min_value=datetime(2020, 1, 1), max_value=datetime(2040, 1, 1)),
    st.sampled_from(["Europe/Tirane", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "UTC"]),
)
def test_every_instant_survives_the_way_to_the_wall_and_back(naive: datetime, zone: str) -> None:
    instant = naive.replace(tzinfo=UTC)
    wall = to_wall(instant, zone)
    assert resolve_wall_time(wall.replace(tzinfo=None, fold=0), zone, wall.fold) == instant


def test_local_time_is_written_only_where_it_is_exact() -> None:
    summer, twice = datetime(2027, 7, 1, 12, tzinfo=UTC), datetime(2027, 10, 31, 0, 30, tzinfo=UTC)
    assert can_write_local(summer, "Europe/Tirane")
    assert not can_write_local(twice, "Europe/Tirane")
    assert not can_write_local(twice + timedelta(hours=1), "Europe/Tirane")
    assert not can_write_local(summer, "Etc/UTC")
    assert not can_write_local(datetime(2021, 7, 1, 12, tzinfo=UTC), "America/Mexico_City")  # rule of 2022
    assert can_write_local(datetime(2023, 7, 1, 12, tzinfo=UTC), "America/Mexico_City")


def test_change_across_a_months_end_is_counted_from_the_years_end() -> None:
    end_of_thursday = YearlyChange(month=10, week=5, weekday=4, seconds=86_400)
    assert end_of_thursday.rrule() == "FREQ=YEARLY;BYYEARDAY=-67,-66,-65,-64,-63,-62,-61;BYDAY=FR"
    assert end_of_thursday.onset(2024) == datetime(2024, 11, 1)
    with pytest.raises(UnreadableRule):
        YearlyChange(month=2, week=5, weekday=0, seconds=-1).rrule()


@pytest.mark.parametrize(
    "footer", ["", "CET", "CET-1CEST", "CET-1CEST,J60,J300", "CET-1CEST,M3.6.0,M10.5.0", "C-1"]
)
def test_footer_that_states_no_rule_is_refused(footer: str) -> None:
    with pytest.raises(UnreadableRule):
        read_posix_rule(footer)
