"""What a picker shows: rows in words, offices of one institution together, pages of what was found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Final, NamedTuple

from pop_campaigns.core.chips import Chip

ROWS: Final = 25
MOST_FOUND: Final = 200


@dataclass(frozen=True)
class PickRow:
    """One office, institution or person. ``can_tick``: it has a box; else ``chip`` or ``why`` says why not.

    ``mends``: its address can be typed here; ``phone`` is what is left to reach it by, ``under`` a quiet word more.
    """

    key: str
    title: str
    place: str = ""
    holder: str = ""
    email: str = ""
    sample: bool = False
    language: str = "sq"
    can_tick: bool = True
    chip: Chip | None = None
    why: str = ""
    mends: bool = False
    phone: str = ""
    under: str = ""

    @property
    def name(self) -> str:
        """Office and institution, or the person's name."""
        return f"{self.title}, {self.place}" if self.place else self.title


class Shortcut(NamedTuple):
    """A button that ticks several at once: what it sends, and what it says."""

    value: str
    label: str


class AddAt(NamedTuple):
    """Where a new office can be added: its institution, and the address of the form."""

    name: str
    url: str


@dataclass(frozen=True)
class PickerPage:
    """All that ``macros/picker.html`` shows.

    ``found`` is the number found without those chosen, ``rows`` one page of it, ``free`` how many of it can be ticked;
    ``is_first_part`` says that there are more than are shown, ``offers`` that somebody is shown before anything is
    typed. ``address`` with ``query`` brings the page again as it is, ``keeps`` is what else
    of the page goes along; ``typed_addresses`` and ``problems`` are by the key of whose address it is.
    """

    typed: str
    chosen: Sequence[PickRow]
    rows: Sequence[PickRow]
    found: int
    page: int = 1
    free: int = 0
    is_first_part: bool = False
    with_language: bool = False
    address: str = ""
    offers: bool = True
    keeps: dict[str, str] = field(default_factory=dict)
    query: dict[str, str] = field(default_factory=dict)
    shortcuts: Sequence[Shortcut] = ()
    typed_addresses: dict[str, str] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)
    lists_url: str = ""
    person_url: str = ""
    institution_url: str = ""
    offices_at: Sequence[AddAt] = ()

    @property
    def pages(self) -> int:
        """Number of pages, at least one."""
        return max(1, -(-self.found // ROWS))

    @property
    def groups(self) -> list[tuple[str, list[PickRow]]]:
        """The rows by institution; "" where an institution has one row, or for a person."""
        groups = []
        for place, together in groupby(self.rows, key=lambda row: row.place):
            rows = list(together)
            groups.append((place if len(rows) > 1 else "", rows))
        return groups


def page_of(rows: Sequence[PickRow], page: int) -> tuple[Sequence[PickRow], int]:
    """Return one page of rows and its number, the last one where there are fewer."""
    page = min(page, max(1, -(-len(rows) // ROWS)))
    return rows[(page - 1) * ROWS : page * ROWS], page
