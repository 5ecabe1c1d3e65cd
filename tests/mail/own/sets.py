"""All messages of our own by which reading mail is tried; no other project's and nobody's real ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tests.mail.judging import Sample
from tests.mail.own.broken import broken
from tests.mail.own.calendar_mails import broken_calendars, calendar_mails
from tests.mail.own.delivery_reports import delivery_reports
from tests.mail.own.enclosed import enclosed
from tests.mail.own.machines import absences, complaints, receipts
from tests.mail.own.people import people
from tests.mail.own.prose_bounces import prose_bounces

SETS: tuple[Callable[[], Iterator[Sample]], ...] = (
    delivery_reports, prose_bounces, absences, complaints, receipts, people, calendar_mails, broken_calendars, broken, enclosed,
)  # fmt: skip


def every_own() -> list[tuple[str, bytes]]:
    """Give all of them, by name."""
    return [(f"{sample.set}: {sample.name}", sample.raw) for samples in SETS for sample in samples()]
