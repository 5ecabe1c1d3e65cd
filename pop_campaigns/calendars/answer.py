"""What one attendee says in a calendar object that came in by mail: a frozen value, with its form in JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any, Self

METHODS = frozenset({"PUBLISH", "REQUEST", "REPLY", "ADD", "CANCEL", "REFRESH", "COUNTER", "DECLINECOUNTER"})
_INSTANTS = frozenset({"dtstamp", "dtstart", "dtend", "recurrence_id", "proposed_start", "proposed_end"})


@dataclass(frozen=True, slots=True)
class CalendarAnswer:
    """A calendar object, of which ``attendee`` speaks; without arguments one that says nothing.

    A text that is missing is "", as ``partstat`` is where nobody answers. Times are UTC; of an all-day event midnight UTC,
    with ``all_day`` set. ``floating`` names those of *dtstart* and *dtend* that are an hour in no known zone. ``items`` is how
    many components the object has. ``proposed_start`` and ``proposed_end`` are another time that a REPLY names beside its
    answer, as an iPhone does (``proposed_floating``: an hour in no known zone). ``comment`` holds all words, also those for the
    organiser alone, which stand in ``private_comment`` too. The order of the fields is that of ``mail explain``.
    """

    method: str = ""
    uid: str = ""
    attendee: str = ""
    partstat: str = ""
    sequence: int | None = None
    comment: str = ""
    dtstamp: datetime | None = None
    dtstart: datetime | None = None
    dtend: datetime | None = None
    recurrence_id: datetime | None = None
    all_day: bool = False
    floating: tuple[str, ...] = ()
    delegated_to: tuple[str, ...] = ()
    delegated_from: tuple[str, ...] = ()
    organizer: str = ""
    attendees: tuple[str, ...] = ()
    summary: str = ""
    component: str = ""
    items: int = 0
    private_comment: str = ""
    proposed_start: datetime | None = None
    proposed_end: datetime | None = None
    proposed_floating: bool = False

    @property
    def is_answer(self) -> bool:
        """Whether the object answers an invitation or proposes another time."""
        return self.method in ("REPLY", "COUNTER")

    @property
    def proposes(self) -> bool:
        """Whether the object proposes another time (RFC 5546 section 3.2.7)."""
        return self.method == "COUNTER"

    @property
    def proposal_beside(self) -> CalendarAnswer | None:
        """The other time that a REPLY proposes beside its answer, as the COUNTER that other programs send; None for none."""
        if self.method != "REPLY" or self.proposed_start is None:
            return None
        return replace(
            self,
            method="COUNTER",
            dtstart=self.proposed_start,
            dtend=self.proposed_end,
            all_day=False,
            floating=("dtstart", "dtend") if self.proposed_floating else (),
            proposed_start=None,
            proposed_end=None,
            proposed_floating=False,
        )

    def to_json(self) -> dict[str, Any]:
        """Return the answer as JSON holds it: missing texts are null, times are written with a Z."""
        return {field.name: _plain(getattr(self, field.name)) for field in fields(self)}

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> Self:
        """Return the answer that :meth:`to_json` wrote; what is missing, or a time that cannot be read, was not said."""
        names = {field.name for field in fields(cls)} & {
            name for name, value in plain.items() if value is not None
        }
        return cls(**{name: _value(name, plain[name]) for name in names})


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, tuple):
        return list(value)
    return None if value == "" else value


def _value(name: str, plain: Any) -> Any:
    if name in _INSTANTS:
        return _instant(plain)
    return tuple(plain) if isinstance(plain, list) else plain


def _instant(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None
