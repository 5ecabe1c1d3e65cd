"""A recipient's due day, counted and written down with everything that explains it.

What is stored was true on the day it was counted: a page shows the rule, the days that were skipped and their
names without counting again. All days are civil days in Albania.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from pop_campaigns.core.i18n import LANGUAGES
from pop_campaigns.letters.models import Letter, LetterRecipient, LetterResponse
from pop_campaigns.letters.queries.entered_days import EnteredDays
from pop_campaigns.letters.rules.clocks import ClockRefused, Due, basis_after, due_for, shipped_clock
from pop_campaigns.letters.rules.letters import ResponseKind, stops_clock
from pop_campaigns.letters.rules.working_days import CalendarUnknown, SkippedDay

CALENDAR_UNKNOWN: Final = "calendar_unknown"
INFORMED: Final = "informed"
"""Says of a copy that it is there and asks nothing, so that no day is due."""
UNKNOWN_BASIS: Final = "unknown_basis"
"""Beside the values of `ClockRefusal`: why there is no due day."""


@dataclass(frozen=True, slots=True)
class CountedDue:
    """A due day with what explains it; `on` None where none can be given, `explained` then says why."""

    on: date | None
    explained: dict[str, Any]


def count_due(
    recipient: LetterRecipient,
    start: date,
    entered: EnteredDays,
    *,
    extended_by: int = 0,
    by_hand: bool = False,
) -> CountedDue:
    """Return the day by which the recipient should answer a letter that arrived on `start`.

    The letter's legal ground decides, or the one that took its place when the office forwarded the request;
    days off are those of the office's municipality, those that people `entered` among them. Never raises: a day
    that cannot be given is explained. A copy that asks nothing has none.
    """
    if not recipient.owes:
        paper = {"by_hand": True} if by_hand else {}
        return CountedDue(None, {"start": start.isoformat(), INFORMED: True} | paper)
    key = basis_in_force(recipient.letter.basis, recipient.responses)
    explained: dict[str, Any] = {"basis": key, "start": start.isoformat(), "extended_by": extended_by}
    if by_hand:
        explained["by_hand"] = True
    try:
        basis = shipped_clock(key)
        scope = municipality_name(recipient)
        in_albanian, in_english = (
            due_for(
                recipient.role,
                basis,
                start,
                extended_by=extended_by,
                overrides=entered.overrides_for(recipient),
                scope=scope,
                lang=lang,
            )
            for lang in ("sq", "en")
        )
    except ClockRefused as refused:
        return CountedDue(None, explained | {"refused": refused.reason.value})
    except CalendarUnknown as unknown:
        return CountedDue(None, explained | {"refused": CALENDAR_UNKNOWN, "year": unknown.year})
    except KeyError:
        return CountedDue(None, explained | {"refused": UNKNOWN_BASIS})
    return CountedDue(in_albanian.on, explained | _explain(in_albanian, in_english, scope))


def longest_extension(recipient: LetterRecipient) -> int:
    """Return how many days the recipient's rule lets the office add, 0 for none."""
    try:
        return shipped_clock(basis_in_force(recipient.letter.basis, recipient.responses)).extendable_by
    except KeyError:
        return 0


def basis_in_force(basis: str, responses: Iterable[LetterResponse]) -> str:
    """Return the legal ground that counts after these responses."""
    for response in responses:
        basis = basis_after(response.kind, basis)
    return basis


def deciding_response(responses: Sequence[LetterResponse]) -> LetterResponse | None:
    """Return the response that says where a recipient stands: the newest final one, else the newest."""
    final = [response for response in responses if stops_clock(response.kind)]
    return max(
        final or responses, key=lambda response: (response.received_on or date.min, response.id), default=None
    )


def is_extended(responses: Iterable[LetterResponse]) -> bool:
    """Return whether the office announced that it takes longer."""
    return any(response.kind is ResponseKind.EXTENDED for response in responses)


def municipality_name(recipient: LetterRecipient) -> str | None:
    """Return the municipality whose days off hold for the recipient, None where it belongs to none."""
    institution = recipient.office.institution if recipient.office else recipient.institution
    return institution.municipality.name if institution and institution.municipality else None


def _explain(in_albanian: Due, in_english: Due, scope: str | None) -> dict[str, Any]:
    deadline = in_albanian.deadline
    pairs = zip(deadline.skipped, in_english.deadline.skipped, strict=True)
    return {
        "source": in_albanian.basis.source,
        "force": in_albanian.force.value,
        "amount": deadline.amount,
        "unit": deadline.unit,
        "scope": scope,
        "estimated": deadline.estimated,
        "moved_from": deadline.moved_from.isoformat() if deadline.moved_from else None,
        "skipped": [_skipped(sq, en) for sq, en in pairs],
    }


def _skipped(sq: SkippedDay, en: SkippedDay) -> dict[str, str]:
    return {
        "day": sq.day.isoformat(),
        "reason": sq.reason,
        "name_sq": sq.name or "",
        "name_en": en.name or "",
    }


def written_languages(letter: Letter) -> frozenset[str]:
    """Return the languages in which the letter has both subject and text."""
    return frozenset(
        lang for lang in LANGUAGES if getattr(letter, f"subject_{lang}") and getattr(letter, f"body_{lang}")
    )
