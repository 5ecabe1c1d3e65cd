"""What each kind of event has beside what all have, until when words are under embargo, who may be named; pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

from pop_campaigns.events.rules.events import EventKind

DETAILS: Final[Mapping[EventKind, tuple[str, ...]]] = {
    EventKind.CONFRONTATION: ("institution_id", "moderator"),
    EventKind.HEARING: ("institution_id", "testimony_until", "testimony_sq", "testimony_en", "deputies"),
    EventKind.PRESS_CONFERENCE: ("embargo_until",),
    EventKind.ROUND_TABLE: ("moderator", "sides"),
    EventKind.MEETING: ("institution_id",),
    EventKind.PUBLIC_FORUM: ("moderator",),
    EventKind.COUNCIL_SESSION: ("institution_id", "council_number", "agenda_url"),
    EventKind.PROTEST: ("no_names", "took_part", "took_part_roughly"),
}
"""What is asked for and shown, by kind. What was typed for another kind is kept, and shown again on return."""
MOST_SIDES: Final = 12
LONGEST_SIDE: Final = 60
MOST_PEOPLE: Final = 1_000_000


def not_shown(kind: EventKind, filled: Iterable[str]) -> list[str]:
    """Return those of the filled details, by column, that an event of this kind keeps and does not show."""
    return [name for name in filled if name not in DETAILS[kind]]


def is_embargoed(kind: EventKind, embargo_until: datetime | None, now: datetime) -> bool:
    """Return whether the words of an event must not be public yet; only a press conference has an embargo."""
    return kind is EventKind.PRESS_CONFERENCE and embargo_until is not None and now < embargo_until


def may_set_no_names(kind: EventKind, *, named: bool, was_public: bool) -> bool:
    """Return whether *no names* may be chosen or given up: at a public action nobody is named at and that nobody has seen.

    Whoever comes to an action that stores no names relies on it.
    """
    return kind is EventKind.PROTEST and not named and not was_public


def read_sides(typed: str) -> list[str]:
    """Return the sides of a round table, one a line, each once."""
    return list(dict.fromkeys(line.strip() for line in typed.split("\n") if line.strip()))
