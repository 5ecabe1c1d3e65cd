"""Names of institutions and offices that are like others, and what somebody decided: the same, or another one; pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, Self

from pop_campaigns.core.text import fold


class _Placed(Protocol):
    institution: str
    works_for: str
    office: str


@dataclass
class NearName:
    """A name as typed that is like another: of an office (at the institution ``of``), or of an institution (``of`` empty).

    ``there`` is the other one, in the records or (``in_file``) further up in the same file; ``take`` says they are the same.
    """

    typed: str
    there: str
    of: str = ""
    in_file: bool = False
    take: bool = True

    @property
    def key(self) -> tuple[str, str]:
        """By what the same question is known again."""
        return (fold(self.of), fold(self.typed))


@dataclass
class SettledNames:
    """Which name a row means by the one it has."""

    by_key: dict[tuple[str, str], str] = field(default_factory=dict)

    @classmethod
    def of(cls, kept: Iterable[Mapping[str, Any]]) -> Self:
        """Return what was decided about names, as an import keeps it."""
        names = (NearName(**name) for name in kept)
        return cls({name.key: name.there for name in names if name.take})

    def settle(self, row: _Placed) -> None:
        """Put into a row the names that it means."""
        row.institution = self.by_key.get(("", fold(row.institution)), row.institution)
        row.works_for = self.by_key.get(("", fold(row.works_for)), row.works_for)
        row.office = self.by_key.get((fold(row.institution), fold(row.office)), row.office)
