"""The guests of an event as a list in pages: filtered, ticked, one of them looked at beside it.

The page is one form that reads (GET), so filter, page and ticks stand in the address and survive each press: ticks of
the guests in sight as boxes ``g``, all others short in ``ticked``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from flask import request
from flask_babel import lazy_pgettext as _lp
from flask_babel.speaklater import LazyString
from flask_security import current_user

from pop_campaigns.core.numbers import read_ticks, row_number, write_ticks
from pop_campaigns.core.pages import Page, paged_entries
from pop_campaigns.core.text import sort_key
from pop_campaigns.events.models.events import Event
from pop_campaigns.invitations.queries.guest_filter import (
    GuestFilter,
    MailStanding,
    Standing,
    mail_standing_of,
    picked,
    standing_of,
)
from pop_campaigns.invitations.queries.guests import GuestRow, answers_for
from pop_campaigns.invitations.queries.shown_guests import in_sight

SIZES: Final = (25, 100)
_MOST_BOXES: Final = max(SIZES)
STANDINGS: Final[dict[Standing, LazyString]] = {
    Standing.ACCEPTED: _lp("guests", "Accepted"),
    Standing.DELEGATED: _lp("guests", "Send someone else"),
    Standing.TENTATIVE: _lp("guests", "Maybe"),
    Standing.SILENT: _lp("guests", "No reply"),
    Standing.DECLINED: _lp("guests", "Declined"),
    Standing.UNREACHED: _lp("guests", "Could not be reached"),
    Standing.DRAFT: _lp("guests", "Not invited yet"),
    Standing.WITHDRAWN: _lp("guests", "Withdrawn"),
}
MAIL_STANDINGS: Final[dict[MailStanding, LazyString]] = {
    MailStanding.WAITING: _lp("mail of guests", "Not left yet"),
    MailStanding.SENT: _lp("mail of guests", "Sent"),
    MailStanding.LOST: _lp("mail of guests", "Came back or failed"),
    MailStanding.NONE: _lp("mail of guests", "No mail"),
}


@dataclass(frozen=True)
class Option:
    """A choice of a filter: how many guests it would show."""

    value: str
    words: str
    chosen: bool


@dataclass(frozen=True)
class GuestList:
    """One page of an event's guests.

    ``ticked`` are the numbers of all that are ticked, ``elsewhere`` those of other pages as the address carries them,
    ``about`` the guest whose history is open beside the list.
    """

    page: Page
    filter: GuestFilter
    answers: list[Option]
    mails: list[Option]
    sides: list[Option]
    ticked: frozenset[int]
    elsewhere: str
    about: GuestRow | None

    @property
    def rows(self) -> list[GuestRow]:
        """The guests in sight."""
        rows: list[GuestRow] = self.page.items
        return rows

    @property
    def sizes(self) -> list[int]:
        """How many rows a page may have, where that makes a difference."""
        return list(SIZES) if self.page.total > SIZES[0] else []


def guest_list(rows: Sequence[GuestRow]) -> GuestList:
    """Return the page of guests that the address asks for, of those the reader may see."""
    wanted = GuestFilter.read(request.args)
    matching = picked(rows, wanted)
    size = SIZES[1] if request.args.get("size") == str(SIZES[1]) else SIZES[0]
    page = paged_entries(matching, size=size)
    ticked = read_ticked(rows, matching)
    in_sight = {row.invitation.id for row in page.items}
    about = row_number(request.args.get("about", ""))
    return GuestList(
        page,
        wanted,
        _options(STANDINGS, Counter(map(standing_of, rows)), wanted.answer),
        _options(MAIL_STANDINGS, Counter(map(mail_standing_of, rows)), wanted.mail),
        _sides(rows, wanted.side),
        ticked,
        write_ticks(ticked - in_sight, sorted(row.invitation.id for row in rows)),
        next((row for row in rows if row.invitation.id == about), None),
    )


def read_ticked(rows: Sequence[GuestRow], matching: Sequence[GuestRow]) -> frozenset[int]:
    """Return which of the guests are ticked: by a box, on another page, or all that the filter finds."""
    if "none" in request.args:
        return frozenset()
    numbers = sorted(row.invitation.id for row in rows)
    ticked = read_ticks(request.args.get("ticked", ""), numbers)
    boxes = {row_number(text) for text in request.args.getlist("g")[:_MOST_BOXES]}
    ticked |= {number for number in numbers if number in boxes}
    if request.args.get("all"):
        ticked |= {row.invitation.id for row in matching}
    return frozenset(ticked)


def ticked_numbers(event: Event) -> frozenset[int] | None:
    """Return the numbers of the ticked guests that the user sees; None where an address asks for nobody in particular."""
    if not request.args.keys() & {"g", "ticked", "all"}:
        return None
    return frozenset(
        row.invitation.id for row in chosen_rows(in_sight(answers_for(event), current_user).rows)
    )


def chosen_rows(rows: Sequence[GuestRow]) -> list[GuestRow]:
    """Return the guests that are ticked, in their order, for a page that does something with them."""
    ticked = read_ticked(rows, picked(rows, GuestFilter.read(request.args)))
    return [row for row in rows if row.invitation.id in ticked]


def _sides(rows: Sequence[GuestRow], chosen: str) -> list[Option]:
    """Return for whom guests sit at the table, where that was said of any."""
    counted = Counter(row.invitation.side for row in rows if row.invitation.side)
    return [
        Option(side, f"{side} ({counted[side]})", side == chosen) for side in sorted(counted, key=sort_key)
    ]


def _options(
    words: dict[Standing, LazyString] | dict[MailStanding, LazyString], counted: Counter[str], chosen: str
) -> list[Option]:
    """Return what can be chosen: what no guest is like is left out, unless it is chosen."""
    return [
        Option(value, f"{label} ({counted[value]})", value == chosen)
        for value, label in words.items()
        if counted[value] or value == chosen
    ]
