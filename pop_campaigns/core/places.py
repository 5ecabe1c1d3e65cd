"""Municipalities (bashki): where organisations work and events take place."""

from __future__ import annotations

from flask_babel import gettext as _
from sqlalchemy import String, select
from sqlalchemy.orm import Mapped, mapped_column
from wtforms.fields.choices import SelectChoice

from pop_campaigns.core.db import Base, Line, Searchable, db
from pop_campaigns.core.text import fold, sort_key

# The twelve counties (qarqe), in Albanian order (law 115/2014).
COUNTIES = (
    *("Berat", "Dibër", "Durrës", "Elbasan", "Fier", "Gjirokastër"),
    *("Korçë", "Kukës", "Lezhë", "Shkodër", "Tiranë", "Vlorë"),
)


class Municipality(Searchable, Base):
    """A municipality: basic form of its name (*Tiranë*), definite form (*Tirana*), county (qark)."""

    __tablename__ = "municipalities"
    __sorted_by__ = "name"
    __searched_in__ = ("name", "name_definite")

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(Line(80))
    name_definite: Mapped[str] = mapped_column(Line(80), default="")
    county: Mapped[str] = mapped_column(Line(80), default="")


def municipality_key(name: str) -> str:
    """Return the key used in addresses: *Tiranë* → ``tirane``."""
    return fold(name).replace(" ", "-")[:40]


def all_municipalities() -> list[Municipality]:
    """Return every municipality in Albanian order."""
    return list(db.session.scalars(select(Municipality).order_by(Municipality.sort_key)))


def municipality_choices() -> list[SelectChoice]:
    """Return every municipality to choose from, by county, both in Albanian order; what has no county yet comes last."""
    places = all_municipalities()
    places.sort(key=lambda place: (not place.county, sort_key(place.county)))  # stable: names stay in order
    return [SelectChoice(str(place.id), place.name, optgroup=county_words(place.county)) for place in places]


def county_words(county: str) -> str | None:
    """Return the words for a county as a heading: *Qarku Fier*."""
    return str(_("%(county)s County", county=county)) if county else None
