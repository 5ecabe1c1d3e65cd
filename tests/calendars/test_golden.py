"""What is sent, byte for byte.

After an intended change: ``POP_WRITE_GOLDEN=1 pytest tests/calendars``, then read the difference.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import icalendar
import pytest

from pop_campaigns.calendars.event import Attendee, CalendarEvent
from pop_campaigns.calendars.feed import write_event_block, write_event_file, write_feed
from pop_campaigns.calendars.invite import write_invitation
from tests.calendars.readings import ALL_DAY, ENGLISH, GUEST, HYBRID, MEETING, ONLINE, read_properties

GOLDEN = Path(__file__).parent / "golden"
ENGLISH_GUEST = Attendee("Delegation of the European Union", "office@delegation.example")


def in_english(event: CalendarEvent) -> CalendarEvent:
    texts = ("summary", "description", "url", "categories", "organizer_name")
    translated = replace(event, **{name: getattr(ENGLISH, name) for name in texts})
    return replace(translated, location=ENGLISH.location if event.location else "")


def written_calendars() -> dict[str, str]:
    kinds = {"in-person": MEETING, "online": ONLINE, "hybrid": HYBRID, "all-day": ALL_DAY}
    written = {}
    for kind, event in kinds.items():
        for method in ("REQUEST", "CANCEL"):
            told = replace(event, sequence=event.sequence + 1) if method == "CANCEL" else event
            name = f"{kind}.{method.lower()}"
            written[f"{name}.sq.ics"] = write_invitation(told, GUEST, method)
            written[f"{name}.en.ics"] = write_invitation(in_english(told), ENGLISH_GUEST, method)
    called_off = replace(MEETING, uid="2b@pop.example", status="CANCELLED", sequence=1)
    blocks = [
        write_event_block(event) for event in (ONLINE, called_off, replace(ALL_DAY, uid="3c@pop.example"))
    ]
    written["feed.sq.ics"] = write_feed(blocks, ["Europe/Tirane"], "Kalendari i POP")
    written["event.en.ics"] = write_event_file(ENGLISH)
    return written


@pytest.mark.parametrize("name", sorted(written_calendars()))
def test_what_is_sent_is_what_was_agreed(name: str) -> None:
    written = written_calendars()[name].encode("utf-8")
    if os.environ.get("POP_WRITE_GOLDEN") == "1":
        (GOLDEN / name).write_bytes(written)
    assert (GOLDEN / name).read_bytes() == written
    read = icalendar.Calendar.from_ical(written)
    assert read.errors == []
    assert all(event.errors == [] for event in read.walk("VEVENT"))
    assert read_properties(written.decode("utf-8"))


def test_no_golden_file_is_left_over() -> None:
    assert {path.name for path in GOLDEN.glob("*.ics")} == set(written_calendars())
