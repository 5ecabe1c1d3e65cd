"""The days off and worked days that people entered, beside those that come with the program; and for whom each holds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy import select

from pop_campaigns.contacts.rules import InstitutionKind
from pop_campaigns.core.db import db
from pop_campaigns.letters.models import EnteredDay, LetterRecipient
from pop_campaigns.letters.rules.working_days import SHIPPED_OVERRIDES, DayOverride, DayScope

STATE_KINDS: Final = frozenset(
    {
        InstitutionKind.GOVERNMENT,
        InstitutionKind.MINISTRY,
        InstitutionKind.PREFECTURE,
        InstitutionKind.AGENCY,
        InstitutionKind.DIRECTORATE,
    }
)
"""Institutions of the state administration: a day off that a decision gives only to it holds for these."""


@dataclass(frozen=True)
class EnteredDays:
    """All that was entered, read once for a page or a task."""

    rows: tuple[EnteredDay, ...] = ()

    def overrides_for(self, recipient: LetterRecipient) -> tuple[DayOverride, ...]:
        """Return the days that differ from the calendar where a recipient works; a later one goes before an earlier one.

        Those for the whole country come first, then those of the state administration, then a municipality's own.
        """
        institution = recipient.office.institution if recipient.office else recipient.institution
        of_state = institution is not None and institution.kind in STATE_KINDS
        scopes = [DayScope.COUNTRY, *([DayScope.STATE] if of_state else []), DayScope.MUNICIPALITY]
        return (*SHIPPED_OVERRIDES, *(day for scope in scopes for day in self._of(scope)))

    def everywhere(self) -> tuple[DayOverride, ...]:
        """Return the days that differ from the calendar in the whole country."""
        return (*SHIPPED_OVERRIDES, *self._of(DayScope.COUNTRY))

    def _of(self, scope: DayScope) -> Iterator[DayOverride]:
        for row in self.rows:
            if row.scope is scope:
                place = row.municipality.name if row.municipality else None
                yield DayOverride(row.day, row.off, place, row.source, row.name or None)


def entered_days() -> EnteredDays:
    """Read the days that people entered."""
    rows = db.session.scalars(select(EnteredDay).order_by(EnteredDay.day, EnteredDay.id))
    return EnteredDays(tuple(rows.unique()))


def find_entered(day: date, scope: DayScope, municipality_id: int | None) -> EnteredDay | None:
    """Return what was entered for a day and those it holds for."""
    rows = select(EnteredDay).where(
        EnteredDay.day == day,
        EnteredDay.scope == scope,
        EnteredDay.municipality_id.is_not_distinct_from(municipality_id),
    )
    return db.session.scalars(rows).unique().first()
