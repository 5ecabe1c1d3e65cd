"""What is typed into a picker of contacts, checked: words, ticks, addresses that were missing, and what was pressed.

The ticks travel with the page, never in a session: as boxes of the form, and short in the address (``o12en.p7``), so
that two windows do not mix and a search of 200 ticks still fits into an address.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Final

from flask import abort, request
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict
from wtforms import SelectMultipleField, StringField, ValidationError

from pop_campaigns.core.forms import Form
from pop_campaigns.core.i18n import LANGUAGES
from pop_campaigns.core.numbers import row_number
from pop_campaigns.core.text import clean_line

MOST_TICKED: Final = 200
LONGEST_WORDS: Final = 200
_MOST_ADDRESSES: Final = 60
_LONGEST_ADDRESS: Final = 320
_LONGEST_TICKS: Final = 4000
_MOST_PAGES: Final = 100
_KEY: Final = re.compile(r"(office|person|institution)-([1-9][0-9]{0,8})")
_SHORT: Final = re.compile(r"([opi])([1-9][0-9]{0,8})(sq|en)?")
_PRESSED: Final = re.compile(r"search|all|clear|add|go|(?:page|list|group|address)-[a-z0-9-]{1,30}")
_KINDS: Final = {"o": "office", "p": "person", "i": "institution"}


@dataclass(frozen=True)
class Tick:
    """An office, a person or an institution that is ticked, with the language chosen; "" is the contact's own."""

    kind: str
    id: int
    language: str = ""

    @property
    def key(self) -> str:
        """The value of its box (``office-12``)."""
        return f"{self.kind}-{self.id}"

    @property
    def short(self) -> str:
        """The tick as an address carries it (``o12``, ``p7en``)."""
        return f"{self.kind[0]}{self.id}{self.language}"


@dataclass(frozen=True)
class Picking:
    """What a picker was sent: ``pressed`` is the button with what it is about (``page``, ``2``); "" where none was.

    ``addresses`` are those typed where one was missing, by the key of whose it is; ``too_many`` says that ticks
    beyond :data:`MOST_TICKED` were left out.
    """

    typed: str = ""
    page: int = 1
    ticks: tuple[Tick, ...] = ()
    pressed: str = ""
    about: str = ""
    addresses: dict[str, str] = field(default_factory=dict)
    too_many: bool = False

    @property
    def query(self) -> dict[str, str]:
        """The query by which the page comes again as it is: words, page and ticks."""
        values = {"q": self.typed, "at": str(self.page) if self.page > 1 else ""}
        values["chosen"] = ".".join(tick.short for tick in self.ticks)
        return {name: value for name, value in values.items() if value}

    def with_ticks(self, more: Iterable[Tick]) -> Picking:
        """Return it with more ticked, each once and as it was ticked first, as many as one may."""
        ticks: dict[str, Tick] = {}
        for tick in (*self.ticks, *more):
            ticks.setdefault(tick.key, tick)
        kept = tuple(ticks.values())[:MOST_TICKED]
        return replace(self, ticks=kept, too_many=self.too_many or len(ticks) > MOST_TICKED)


class PickForm(Form):
    """Who is ticked, for the page's list of mistakes."""

    guest = SelectMultipleField("", id="picks", choices=[], validate_choice=False)
    q = StringField("", filters=[clean_line])

    def validate_guest(self, guest: SelectMultipleField) -> None:
        """Require that somebody is ticked, and not the whole country in one press."""
        if not guest.data:
            raise ValidationError(_("Choose at least one office or person."))
        if len(guest.data) > MOST_TICKED:
            raise ValidationError(_("Choose at most %(number)d at once.", number=MOST_TICKED))


def read_key(typed: str) -> Tick | None:
    """Return what a box stands for (``office-12``); None for anything else."""
    match = _KEY.fullmatch(typed)
    return Tick(match[1], int(match[2])) if match else None


def read_picking() -> Picking:
    """Return what the request says: a press with the ticks of the form, or an address with those it carries."""
    values = request.form if request.method == "POST" else request.args
    pressed, about = _pressed(request.form.get("do", ""))
    typed = clean_line((values.get("q") or "")[:LONGEST_WORDS])
    read = Picking(typed, _page(values, pressed, about), pressed=pressed, about=about)
    shorts = [] if request.method == "POST" else _short_ticks(values.get("chosen", ""))
    return replace(read.with_ticks([*shorts, *_boxes(values)]), addresses=_addresses(request.form))


def read_place() -> Picking:
    """Return words, page and ticks that another form of the page carries along, so that it comes back with them."""
    typed, chosen = request.values.get("q") or "", request.values.get("chosen") or ""
    place = Picking(clean_line(typed[:LONGEST_WORDS]), _page(request.values, "", ""))
    return place.with_ticks(_short_ticks(chosen))


def _pressed(typed: str) -> tuple[str, str]:
    if typed and not _PRESSED.fullmatch(typed):
        abort(400)
    pressed, _dash, about = typed.partition("-")
    return pressed, about


def _page(values: MultiDict[str, str], pressed: str, about: str) -> int:
    """Return the page asked for; another search begins at the first."""
    if pressed == "search":
        return 1
    number = row_number(about if pressed == "page" else values.get("at")) or 1
    return min(number, _MOST_PAGES)


def _short_ticks(typed: str) -> list[Tick]:
    """Return the ticks that an address carries; what is none of ours is left out."""
    matches = map(_SHORT.fullmatch, typed[:_LONGEST_TICKS].split("."))
    return [Tick(_KINDS[match[1]], int(match[2]), match[3] or "") for match in matches if match]


def _boxes(values: MultiDict[str, str]) -> list[Tick]:
    """Return the boxes ticked with the language chosen beside each, one more than may be so that too many are seen."""
    boxes = map(read_key, list(dict.fromkeys(values.getlist("guest")))[: MOST_TICKED + 1])
    ticks = []
    for tick in filter(None, boxes):
        language = values.get(f"language-{tick.key}", "")
        ticks.append(replace(tick, language=language if language in LANGUAGES else ""))
    return ticks


def _addresses(values: MultiDict[str, str]) -> dict[str, str]:
    """Return the addresses typed, by whose they are."""
    addresses: dict[str, str] = {}
    for name, typed in values.items():
        tick = read_key(name.removeprefix("address-")) if name.startswith("address-") else None
        if tick is not None and typed.strip() and len(addresses) < _MOST_ADDRESSES:
            addresses[tick.key] = typed.strip()[:_LONGEST_ADDRESS]
    return addresses
