"""The yearly rule of a time zone, as the last line of its TZif file states it (RFC 8536, section 3.3).

Example: ``CET-1CEST,M3.5.0,M10.5.0/3``. A calendar needs exactly this rule: two onsets a year that repeat
for ever, instead of a table of past changes.
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

_SECONDS_A_DAY = 86_400
_WEEKDAYS = ("SU", "MO", "TU", "WE", "TH", "FR", "SA")

_NAME = r"(?:<[A-Za-z0-9+-]+>|[A-Za-z]{3,})"
_CLOCK = r"[+-]?\d{1,3}(?::\d{2}){0,2}"
_CHANGE = rf"M(\d{{1,2}})\.([1-5])\.([0-6])(?:/({_CLOCK}))?"
_FOOTER = re.compile(rf"({_NAME})({_CLOCK})(?:({_NAME})({_CLOCK})?,{_CHANGE},{_CHANGE})?")


class UnreadableRule(ValueError):
    """A footer that states no rule a calendar could carry."""


@dataclass(frozen=True)
class YearlyChange:
    """The `week`-th `weekday` (0 = Sunday; week 5 = the last) of `month`, plus `seconds` from its midnight.

    Local time as it is before the change. `seconds` may be negative or exceed a day: Nuuk changes on the
    evening before a Sunday, Cairo at the end of a Thursday.
    """

    month: int
    week: int
    weekday: int
    seconds: int

    def onset(self, year: int) -> datetime:
        """Return the naive local time of this change in `year`."""
        first = date(year, self.month, 1)
        to_weekday = (self.weekday - first.isoweekday()) % 7
        day = 1 + to_weekday + 7 * (self.week - 1)
        if day > calendar.monthrange(year, self.month)[1]:
            day -= 7
        return datetime.combine(first.replace(day=day), time()) + timedelta(seconds=self.seconds)

    def rrule(self) -> str:
        """Return this change as a value of RRULE (RFC 5545, section 3.3.10)."""
        shift = self.seconds // _SECONDS_A_DAY
        weekday = _WEEKDAYS[(self.weekday + shift) % 7]
        if shift == 0:
            week = -1 if self.week == 5 else self.week
            return f"FREQ=YEARLY;BYMONTH={self.month};BYDAY={week}{weekday}"
        if self.month < 3:
            # A leap year would move the days that are counted below, and no zone on earth does this.
            raise UnreadableRule(f"a change in month {self.month} at {self.seconds} s")
        # No plain "n-th weekday" once the hour leaves the day: name the seven days it can fall on.
        length = calendar.monthrange(2001, self.month)[1]
        first = (length - 6 if self.week == 5 else 7 * (self.week - 1) + 1) + shift
        if first >= 1 and first + 6 <= length:
            days = ",".join(str(day) for day in range(first, first + 7))
            return f"FREQ=YEARLY;BYMONTH={self.month};BYMONTHDAY={days};BYDAY={weekday}"
        # Across a month's end. Counted from the end of the year, a leap day makes no difference after March.
        start = (date(2001, self.month, 1) - date(2002, 1, 1)).days + first - 1
        days = ",".join(str(day) for day in range(start, start + 7))
        return f"FREQ=YEARLY;BYYEARDAY={days};BYDAY={weekday}"


@dataclass(frozen=True)
class SummerTime:
    """The second clock of a zone: its name, offset from UTC, and the two changes of the year."""

    name: str
    offset: timedelta
    begins: YearlyChange
    ends: YearlyChange


@dataclass(frozen=True)
class ZoneRule:
    """What a zone's clocks do each year from now on; `summer` is None where they never change."""

    name: str
    offset: timedelta
    summer: SummerTime | None

    def offset_at(self, instant: datetime) -> timedelta:
        """Return the offset from UTC at `instant` (naive, in UTC)."""
        if self.summer is None:
            return self.offset
        year = (instant + self.offset).year
        begins = self.summer.begins.onset(year) - self.offset
        ends = self.summer.ends.onset(year) - self.summer.offset
        in_summer = begins <= instant < ends if begins < ends else not ends <= instant < begins
        return self.summer.offset if in_summer else self.offset


def read_posix_rule(footer: str) -> ZoneRule:
    """Read a footer such as ``EST5EDT,M3.2.0,M11.1.0``; raise UnreadableRule."""
    match = _FOOTER.fullmatch(footer)
    if match is None:
        raise UnreadableRule(footer)
    name, west, summer_name, summer_west, *changes = match.groups()
    # POSIX counts hours west of Greenwich, everybody else counts east.
    offset = -_read_clock(west)
    if summer_name is None:
        return ZoneRule(name.strip("<>"), offset, None)
    summer_offset = -_read_clock(summer_west) if summer_west else offset + timedelta(hours=1)
    begins, ends = _read_change(changes[:4]), _read_change(changes[4:])
    summer = SummerTime(summer_name.strip("<>"), summer_offset, begins, ends)
    return ZoneRule(name.strip("<>"), offset, summer)


def _read_change(parts: list[str]) -> YearlyChange:
    month, week, weekday, clock = parts
    seconds = int(_read_clock(clock or "2").total_seconds())
    return YearlyChange(int(month), int(week), int(weekday), seconds)


def _read_clock(text: str) -> timedelta:
    hours, minutes, seconds = (text.lstrip("+-") + ":0:0").split(":")[:3]
    size = timedelta(hours=int(hours), minutes=int(minutes), seconds=int(seconds))
    return -size if text.startswith("-") else size
