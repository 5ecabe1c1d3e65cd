"""The one place that asks what time it is, so that everything else can be told."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

TIRANE = "Europe/Tirane"


def now() -> datetime:
    """Return this instant, aware, in UTC."""
    return datetime.now(UTC)


def local_date(instant: datetime, zone: str = TIRANE) -> date:
    """Return the calendar day of an aware instant in ``zone``."""
    return instant.astimezone(ZoneInfo(zone)).date()
