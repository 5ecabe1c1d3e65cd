"""What is certain about names without a source saying it: forms of places, kinds and English names of institutions.

What is not in these tables stays empty rather than guessed.
"""

from __future__ import annotations

from typing import Final

from pop_campaigns.contacts.rules import InstitutionKind
from pop_campaigns.core.text import fold

# Municipality: definite form, county (law 115/2014).
PLACES: Final = {
    "Durrës": ("Durrësi", "Durrës"),
    "Fier": ("Fieri", "Fier"),
    "Kamëz": ("Kamza", "Tiranë"),
    "Kukës": ("Kukësi", "Kukës"),
    "Mallakastër": ("Mallakastra", "Fier"),
    "Pogradec": ("Pogradeci", "Korçë"),
    "Pukë": ("Puka", "Shkodër"),
    "Shkodër": ("Shkodra", "Shkodër"),
    "Tiranë": ("Tirana", "Tiranë"),
    "Vlorë": ("Vlora", "Vlorë"),
}
_IN_ENGLISH: Final = {"Tiranë": "Tirana"}

PARLIAMENT: Final = "Kuvendi i Shqipërisë"
"""Where a deputy (*deputet*) holds office and to which a committee of deputies belongs."""
PROTOCOL_DESK: Final = "Zyra e protokollit"
"""The desk that every public institution has and that takes its mail, for institutions named without an office."""
MAYOR: Final = "Kryetar"

_KINDS: Final = (
    ("Ministria ", InstitutionKind.MINISTRY),
    ("Kryeministria", InstitutionKind.GOVERNMENT),
    ("Prefektura ", InstitutionKind.PREFECTURE),
    ("Agjencia ", InstitutionKind.AGENCY),
    ("Bashkia ", InstitutionKind.MUNICIPALITY),
    ("Këshilli Bashkiak ", InstitutionKind.COUNCIL),
    ("Drejtoria ", InstitutionKind.DIRECTORATE),
    ("Komisioni ", InstitutionKind.COMMITTEE),
)
_INSTITUTIONS: Final = {
    "Agjencia Kombëtare e Mjedisit": "National Environment Agency",
    "Drejtoria Rajonale e Mjedisit pranë Qarkut Fier": "Regional Directorate of Environment of Fier County",
    "Komisioni për Punën, Çështjet Sociale dhe Shëndetësinë": "Committee on Labour, Social Affairs and Health",
    "Kryeministria": "Prime Minister's Office",
    "Ministria e Turizmit dhe Mjedisit": "Ministry of Tourism and Environment",
    PARLIAMENT: "Assembly of Albania",
}
_OFFICES: Final = {
    "Kryeministër": "Prime Minister",
    "Kryetar i komisionit": "Chair of the committee",
    "Ministër": "Minister",
    "Prefekt": "Prefect",
    "Zëvendëskryetare e komisionit": "Deputy chair of the committee",
    PROTOCOL_DESK: "Register office",
}
_COUNTY_OF: Final = ("Prefektura e Qarkut ", "Prefecture of {} County")
_DEPUTY_OF: Final = (("Deputet i qarkut ", "Deputete e qarkut "), "Member of Parliament for {} County")


def kind_of(institution: str) -> InstitutionKind:
    """Give what an institution is, by the word its name begins with."""
    folded = fold(institution) + " "
    return next(
        (kind for start, kind in _KINDS if folded.startswith(fold(start) + " ")), InstitutionKind.OTHER
    )


def municipality_of(institution: str) -> str:
    """Give the municipality that an institution is the administration of, or an empty text."""
    return _after("Bashkia ", institution)


def english_institution(name: str) -> str:
    """Give the English name of an institution, or an empty text."""
    place = municipality_of(name)
    if place:
        return f"Municipality of {_IN_ENGLISH.get(place, place)}"
    county = _after(_COUNTY_OF[0], name)
    return _COUNTY_OF[1].format(_IN_ENGLISH.get(county, county)) if county else _INSTITUTIONS.get(name, "")


def english_office(title: str, kind: InstitutionKind) -> str:
    """Give the English title of an office, or an empty text; *kryetar* says what one chairs only in its place."""
    if title == MAYOR:
        return "Mayor" if kind is InstitutionKind.MUNICIPALITY else ""
    for start in _DEPUTY_OF[0]:
        county = _after(start, title)
        if county:
            return _DEPUTY_OF[1].format(_IN_ENGLISH.get(county, county))
    return _OFFICES.get(title, "")


def is_deputy(title: str) -> bool:
    """Tell whether an office is that of a member of parliament."""
    return fold(title).split()[:1] in (["deputet"], ["deputete"])


def _after(start: str, name: str) -> str:
    return name.removeprefix(start).strip() if name.startswith(start) else ""
