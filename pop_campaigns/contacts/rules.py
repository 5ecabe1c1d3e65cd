"""Kinds of institutions and addresses; pure."""

from __future__ import annotations

import enum


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
