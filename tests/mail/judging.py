"""Messages with their judges, for our own (``tests/mail/own``) and for those of other projects (``sample_sets``)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from pop_campaigns.mail.reading.mails import read_mail
from pop_campaigns.mail.reading.report import MailReport

Judge = Callable[[MailReport], str]
"""Names the fault of a reading, or gives ""."""


@dataclass(frozen=True)
class Sample:
    """One message and the judge of its reading."""

    set: str
    name: str
    raw: bytes
    judge: Judge


def is_kind(report: MailReport, kind: str) -> str:
    """Name the fault where the report is of another kind."""
    return "" if report.kind == kind else f"{report.kind.value}, not {kind}: {report.reasons}"


def reads(kind: str, *, calendar: dict[str, Any] | None = None, holds: str = "", **facts: Any) -> Judge:
    """Give a judge who wants this kind, these facts, these of the calendar object, and these words in the body."""

    def judge(report: MailReport) -> str:
        if fault := is_kind(report, kind):
            return fault
        result = {name: getattr(report, name) for name in facts}
        if result != facts:
            return f"{result}, not {facts}"
        if holds and even(holds) not in even(report.body):
            return f"the words are lost: {report.body[:80]!r}"
        stored = report.calendar.to_json() if report.calendar else {}
        entry = {name: stored.get(name) for name in calendar or {}}
        return "" if entry == (calendar or {}) else f"{entry}, not {calendar}; {report.reasons}"

    return judge


def bounce(wanted: Iterable[str], permanent: bool | None, **facts: Any) -> Judge:
    """Give a judge who wants a bounce of exactly these addresses, for good or for now, whatever their order."""
    plain, addresses = reads("bounce", permanent=permanent, **facts), sorted(wanted)

    def judge(report: MailReport) -> str:
        if fault := plain(report):
            return fault
        failed = sorted(report.failed_recipients)
        return "" if failed == addresses else f"failed {failed}, not {addresses}"

    return judge


def is_read(report: MailReport) -> str:
    """Name the fault where a mail could not be taken apart."""
    return next((reason for reason in report.reasons if reason.startswith("cannot be taken apart")), "")


def even(text: str) -> str:
    """Give a text with every space and line break as one space."""
    return re.sub(r"\s+", " ", text).strip()


def results(sets: Iterable[Callable[[], Iterator[Sample]]]) -> dict[str, list[tuple[str, str]]]:
    """Give for each set its messages, by name, with the fault of each or ""."""
    table: dict[str, list[tuple[str, str]]] = {}
    for samples in sets:
        for sample in samples():
            table.setdefault(sample.set, []).append((sample.name, sample.judge(read_mail(sample.raw))))
    return table
