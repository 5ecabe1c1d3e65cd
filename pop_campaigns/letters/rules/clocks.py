"""Legal clocks: how long an office has to answer a letter, on what ground, and how much that obliges.

The clocks are the network's reading of the laws named in `source`. A lawyer has not checked them, nor have
they been compared with the 2023 amendments of law 119/2014. An administrator may keep others in their place.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from pop_campaigns.letters.rules.letters import RecipientRole, ResponseKind
from pop_campaigns.letters.rules.working_days import (
    SHIPPED_OVERRIDES,
    DayOverride,
    Deadline,
    Unit,
    count_deadline,
)


class Force(StrEnum):
    """How much a due day obliges: by law, or only what may be expected of an office."""

    BINDING = "binding"
    EXPECTED = "expected"


class ClockParty(StrEnum):
    """Who has to act before the clock runs out: the office written to, or the organisation itself."""

    OFFICE = "office"
    SENDER = "sender"


@dataclass(frozen=True, slots=True)
class ClockBasis:
    """A legal ground for a deadline.

    `title` is an English message id (marked for translation in `labels`); `source` is Albanian, and
    `labels.source_words` gives it in English. `effective_from` is the day the law was passed: a letter from
    before it cannot rest on it. `extendable_by` is the most days, of the same unit, that the office may add.
    """

    key: str
    amount: int
    unit: Unit
    binding: bool
    source: str
    effective_from: date
    title: str
    party: ClockParty = ClockParty.OFFICE
    extendable_by: int = 0


_INFORMATION_LAW: Final = date(2014, 9, 18)
_CONSULTATION_LAW: Final = date(2014, 10, 30)
_PROCEDURE_CODE: Final = date(2015, 4, 30)
_PREFECT_LAW: Final = date(2016, 10, 27)

SHIPPED_CLOCKS: Final[tuple[ClockBasis, ...]] = (
    ClockBasis(
        "information_request",
        10,
        "working_days",
        True,
        "Ligji 119/2014, neni 15",
        _INFORMATION_LAW,
        "Information request",
        extendable_by=5,
    ),
    ClockBasis(
        # Counted from arrival at the body that was asked first.
        "forwarded_request",
        15,
        "working_days",
        True,
        "Ligji 119/2014, neni 15",
        _INFORMATION_LAW,
        "Information request, forwarded",
        extendable_by=5,
    ),
    ClockBasis(
        "request_forwarding",
        10,
        "calendar_days",
        True,
        "Ligji 119/2014; pyetshtetin.al",
        _INFORMATION_LAW,
        "Forwarding to the body that holds the information",
    ),
    ClockBasis(
        "commissioner_complaint",
        30,
        "working_days",
        True,
        "Ligji 119/2014, neni 24",
        _INFORMATION_LAW,
        "Complaint to the Commissioner",
        ClockParty.SENDER,
    ),
    ClockBasis(
        "commissioner_decision",
        15,
        "working_days",
        True,
        "Ligji 119/2014, neni 24",
        _INFORMATION_LAW,
        "Decision of the Commissioner",
    ),
    ClockBasis(
        # The body that consults may give up to 40 working days.
        "consultation_comments",
        20,
        "working_days",
        True,
        "Ligji 146/2014, neni 15",
        _CONSULTATION_LAW,
        "Comments in a public consultation",
        ClockParty.SENDER,
        extendable_by=20,
    ),
    ClockBasis(
        "consultation_complaint",
        30,
        "calendar_days",
        True,
        "Ligji 146/2014, neni 21",
        _CONSULTATION_LAW,
        "Complaint about a public consultation",
        ClockParty.SENDER,
    ),
    ClockBasis(
        "prefect_review",
        10,
        "calendar_days",
        True,
        "Ligji 107/2016, neni 16",
        _PREFECT_LAW,
        "Review of a council act by the prefect",
    ),
    ClockBasis(
        # A political letter starts no administrative proceeding: the code only says what is reasonable.
        "political_letter",
        60,
        "calendar_days",
        False,
        "Kodi i Procedurave Administrative, ligji 44/2015",
        _PROCEDURE_CODE,
        "Political letter",
    ),
)
"""The clocks that concern letters. Asking back within 48 hours is left out: it is counted in hours."""


def shipped_clock(key: str) -> ClockBasis:
    """Return the shipped basis of that key; KeyError when there is none."""
    for basis in SHIPPED_CLOCKS:
        if basis.key == key:
            return basis
    raise KeyError(key)


def basis_after(response: ResponseKind, key: str) -> str:
    """Return the key of the clock that runs after a response: a forwarded request gets the longer one."""
    if response is ResponseKind.FORWARDED and key == "information_request":
        return "forwarded_request"
    return key


@dataclass(frozen=True, slots=True)
class Due:
    """A recipient's due day with how much it obliges."""

    deadline: Deadline
    force: Force
    basis: ClockBasis

    @property
    def on(self) -> date:
        """Last day on which an answer is in time."""
        return self.deadline.due


class ClockRefusal(StrEnum):
    """Why no due day can be given."""

    BEFORE_THE_LAW = "before_the_law"
    EXTENDED_TOO_FAR = "extended_too_far"


class ClockRefused(ValueError):
    """No due day can be given; `reason` says why."""

    def __init__(self, reason: ClockRefusal) -> None:
        self.reason = reason
        super().__init__(reason.value)


def due_for(
    role: RecipientRole,
    basis: ClockBasis,
    start: date,
    *,
    extended_by: int = 0,
    overrides: Iterable[DayOverride] = SHIPPED_OVERRIDES,
    scope: str | None = None,
    lang: str = "sq",
) -> Due:
    """Return the day by which a recipient should have answered a letter that reached it on `start`.

    A copy informs: whatever the letter's basis, nobody who only has a copy is bound by it. `scope` is the
    municipality of the office, for days off that hold only there. Raise `ClockRefused` when the letter is
    older than the law or the extension longer than the law allows, `CalendarUnknown` as `count_deadline`.
    """
    if start < basis.effective_from:
        raise ClockRefused(ClockRefusal.BEFORE_THE_LAW)
    if not 0 <= extended_by <= basis.extendable_by:
        raise ClockRefused(ClockRefusal.EXTENDED_TOO_FAR)
    deadline = count_deadline(start, basis.amount + extended_by, basis.unit, overrides, scope, lang)
    binding = basis.binding and role is RecipientRole.TO
    return Due(deadline, Force.BINDING if binding else Force.EXPECTED, basis)
