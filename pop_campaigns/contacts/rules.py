"""Kinds of institutions and addresses; pure."""

from __future__ import annotations

import enum
from datetime import date


class InstitutionKind(enum.StrEnum):
    """What an institution is."""

    GOVERNMENT = "government"
    MINISTRY = "ministry"
    MUNICIPALITY = "municipality"
    COUNCIL = "council"
    PREFECTURE = "prefecture"
    AGENCY = "agency"
    DIRECTORATE = "directorate"
    COMMITTEE = "committee"
    PARTY = "party"
    MEDIUM = "medium"
    CSO = "cso"
    OTHER = "other"


class AddressUse(enum.StrEnum):
    """Whose desk an address reaches."""

    MAIN = "main"
    SECRETARY = "secretary"
    PROTOCOL = "protocol"
    PRESS = "press"


# For an invitation or a letter to an office: the office's own address, else its institution's, best first.
USE_ORDER = (AddressUse.MAIN, AddressUse.SECRETARY, AddressUse.PROTOCOL, AddressUse.PRESS)


def overlap(from_a: date | None, to_a: date | None, from_b: date | None, to_b: date | None) -> bool:
    """Tell whether two times in office share a day, ends included; a date not known reaches without end."""
    a_before_b = to_a is not None and from_b is not None and to_a < from_b
    b_before_a = to_b is not None and from_a is not None and to_b < from_a
    return not (a_before_b or b_before_a)
