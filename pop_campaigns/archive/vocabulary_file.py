"""The shipped vocabulary of public institutions as values: municipalities with their counties, and who governs them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from pop_campaigns.archive.document import Part, read_document

SHIPPED_VOCABULARY: Final = Path(__file__).with_name("vocabulary.yaml")
_NAME: Final = 80  # as long as the columns of municipalities
_INSTITUTION: Final = 200
_OFFICE: Final = 160
_PLACE: Final = "{}"


@dataclass(frozen=True)
class PlaceFacts:
    """A municipality: basic and definite form of its name, its county."""

    name: str
    definite: str
    county: str


@dataclass(frozen=True)
class InstitutionFacts:
    """An institution and its offices."""

    name: str
    offices: tuple[str, ...]

    def at(self, place: str) -> InstitutionFacts:
        """Return the institution of a place: *Bashkia {}* at Fier is *Bashkia Fier*."""
        return InstitutionFacts(self.name.replace(_PLACE, place), self.offices)


@dataclass(frozen=True)
class Vocabulary:
    """All that the file says; ``institutions`` are written out for each county and municipality."""

    source: str
    places: tuple[PlaceFacts, ...]
    counties: tuple[str, ...]
    institutions: tuple[InstitutionFacts, ...]


def read_vocabulary(path: Path) -> Vocabulary:
    """Return what a vocabulary file says.

    :raises pop_campaigns.archive.document.RecordRefused: naming the first place that is wrong.
    """
    document = read_document(path)
    source = document.need("source").text(_INSTITUTION)
    places: list[PlaceFacts] = []
    counties: list[str] = []
    for part in document.need("counties").items():
        counties.append(part.need("county").text(_NAME))
        places += (_place(item, counties[-1]) for item in part.need("municipalities").items())
    of_places = [
        institution.at(county)
        for institution in _institutions(document, "of_each_county")
        for county in counties
    ]
    local = _institutions(document, "of_each_municipality")
    of_places += [institution.at(place.name) for place in places for institution in local]
    return Vocabulary(
        source, tuple(places), tuple(counties), (*_institutions(document, "of_the_state"), *of_places)
    )


@lru_cache(maxsize=1)
def shipped_vocabulary() -> Vocabulary:
    """Return the vocabulary that is part of the project, read once."""
    return read_vocabulary(SHIPPED_VOCABULARY)


@lru_cache(maxsize=1)
def known_places() -> dict[str, PlaceFacts]:
    """Return the municipalities of the shipped vocabulary by the basic form of their name."""
    return {place.name: place for place in shipped_vocabulary().places}


def _place(part: Part, county: str) -> PlaceFacts:
    return PlaceFacts(part.need("name").text(40), part.need("definite").text(_NAME), county)


def _institutions(document: Part, section: str) -> list[InstitutionFacts]:
    entries = document.get(section)
    return [
        InstitutionFacts(
            part.need("institution").text(_INSTITUTION),
            tuple(office.text(_OFFICE) for office in part.need("offices").items()),
        )
        for part in (entries.items() if entries else [])
    ]
