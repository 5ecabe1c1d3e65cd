"""What a change, a cancellation or a withdrawal is told with: what a guest read before, and a person's own words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pop_campaigns.core.i18n import in_language
from pop_campaigns.mail.outbox import fill_placeholders

_BRACE = {"brace": "{"}


@dataclass(frozen=True)
class NoticeWords:
    """The words as typed, by language; a reader of a language left empty gets the other's, as with an invitation's note."""

    words_sq: str = ""
    words_en: str = ""

    def for_reader(self, language: str) -> str:
        """Return what a reader of a language gets."""
        return in_language(self, "words", language)


@dataclass(frozen=True)
class Told:
    """Time and place as a guest read them last."""

    starts: datetime
    ends: datetime | None
    zone: str
    venue: str
    join_url: str

    @classmethod
    def read(cls, calendar: Mapping[str, Any]) -> Told:
        """Read time and place from the calendar data of the mail that told them."""
        ends = calendar["ends"]
        return cls(
            datetime.fromisoformat(calendar["starts"]),
            datetime.fromisoformat(ends) if ends else None,
            calendar["zone"],
            fill_placeholders(calendar["location"], _BRACE),
            calendar["join_url"] or "",
        )
