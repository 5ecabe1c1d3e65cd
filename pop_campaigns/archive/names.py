"""What is certain about names without a source saying it: forms of places, kinds and English names of institutions.

What is neither in these tables nor in the vocabulary (vocabulary.yaml) stays empty rather than guessed.
"""

from __future__ import annotations

from typing import Final

from pop_campaigns.archive.vocabulary_file import known_places
from pop_campaigns.contacts.rules import InstitutionKind
from pop_campaigns.core.text import fold

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
    "Ministria e Bujqësisë dhe Zhvillimit Rural": "Ministry of Agriculture and Rural Development",
    "Ministria e Drejtësisë": "Ministry of Justice",
    "Ministria e Infrastrukturës dhe Energjisë": "Ministry of Infrastructure and Energy",
    "Ministria e Mbrojtjes": "Ministry of Defence",
    "Ministria e Turizmit dhe Mjedisit": "Ministry of Tourism and Environment",
    "Ministria për Evropën dhe Punët e Jashtme": "Ministry for Europe and Foreign Affairs",
    PARLIAMENT: "Assembly of Albania",
}
_OFFICES: Final = {
    "Kryeministër": "Prime Minister",
    "Kryetar i komisionit": "Chair of the committee",
    "Kryetar i këshillit": "Chair of the council",
    "Kryetar i Kuvendit": "Speaker of the Assembly",
    "Ministër": "Minister",
    "Prefekt": "Prefect",
    "Zëvendëskryetare e komisionit": "Deputy chair of the committee",
    PROTOCOL_DESK: "Register office",
}
_OF_MUNICIPALITY: Final = {"Bashkia ": "Municipality of {}", "Këshilli Bashkiak ": "Municipal Council of {}"}
_COUNTY_OF: Final = ("Prefektura e Qarkut ", "Prefecture of {} County")
_DEPUTY_OF: Final = (("Deputet i qarkut ", "Deputete e qarkut "), "Member of Parliament for {} County")


def kind_of(institution: str) -> InstitutionKind:
    """Return what an institution is, by the word its name begins with."""
    folded = fold(institution) + " "
    return next(
        (kind for start, kind in _KINDS if folded.startswith(fold(start) + " ")), InstitutionKind.OTHER
    )


def municipality_of(institution: str) -> str:
    """Return the municipality that an institution is the administration or the council of, or an empty text."""
    return next((place for start in _OF_MUNICIPALITY if (place := _after(start, institution))), "")


def county_of(institution: str) -> str:
    """Return the county that a prefecture stands over, or an empty text."""
    return _after(_COUNTY_OF[0], institution)


def forms_of(municipality: str) -> tuple[str, str]:
    """Return the definite form and the county of a municipality, empty texts where it is none."""
    facts = known_places().get(municipality)
    return (facts.definite, facts.county) if facts else ("", "")


def english_institution(name: str) -> str:
    """Return the English name of an institution, or an empty text."""
    for start, english in _OF_MUNICIPALITY.items():
        place = _after(start, name)
        if place:
            return english.format(_IN_ENGLISH.get(place, place))
    county = county_of(name)
    return _COUNTY_OF[1].format(_IN_ENGLISH.get(county, county)) if county else _INSTITUTIONS.get(name, "")


def english_office(title: str, kind: InstitutionKind) -> str:
    """Return the English title of an office, or an empty text; *kryetar* says what one chairs only in its place."""
    if title == MAYOR:
        return "Mayor" if kind is InstitutionKind.MUNICIPALITY else ""
    for start in _DEPUTY_OF[0]:
        county = _after(start, title)
        if county:
            return _DEPUTY_OF[1].format(_IN_ENGLISH.get(county, county))
    return _OFFICES.get(title, "")


def is_deputy(title: str) -> bool:
    """Return whether an office is that of a member of parliament."""
    return fold(title).split()[:1] in (["deputet"], ["deputete"])


def _after(start: str, name: str) -> str:
    return name.removeprefix(start).strip() if name.startswith(start) else ""
