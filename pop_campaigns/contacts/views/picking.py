"""What the pages with a picker share: missing addresses saved in place, where somebody new is added, the way back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final
from urllib.parse import urlencode

from flask import flash, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_security import current_user

from pop_campaigns.accounts.scope import NoOrganisation, select_visible
from pop_campaigns.contacts.forms.institutions import read_address
from pop_campaigns.contacts.forms.picking import MOST_TICKED, Picking, Tick, read_key
from pop_campaigns.contacts.models.institutions import Institution, Office
from pop_campaigns.contacts.models.persons import Person
from pop_campaigns.contacts.queries import directory
from pop_campaigns.contacts.rules import AddressUse
from pop_campaigns.contacts.services.records import AlreadyThere, Contact
from pop_campaigns.contacts.views.form_pages import add_address, today
from pop_campaigns.contacts.words.contacts import contact_words
from pop_campaigns.contacts.words.picking import AddAt, PickerPage, PickRow, page_of
from pop_campaigns.core.db import db
from pop_campaigns.core.text import search_words
from pop_campaigns.mail.addresses import ADDRESS_PROBLEMS, BadAddress

STAYS: Final = ("search", "page", "clear", "all", "list", "group", "address")
"""Presses after which the page comes again with its ticks; the others add."""

_MODELS: Final[dict[str, type[Contact]]] = {"office": Office, "person": Person, "institution": Institution}
_MOST_OFFERED: Final = 5


def mend_addresses(picking: Picking) -> tuple[Picking, dict[str, str]]:
    """Save the addresses typed where one was missing, and tick whose they are; the caller commits.

    So none is lost, whichever button was pressed. Return also what is wrong with the others, by key.
    """
    problems, mended = {}, []
    for key, typed in picking.addresses.items():
        tick = read_key(key)
        owner = _owner(tick) if tick else None
        if tick is None or owner is None:
            continue
        try:
            add_address(owner, read_address(typed), AddressUse.MAIN)
        except BadAddress as problem:
            problems[key] = str(ADDRESS_PROBLEMS[problem.reason])
        except AlreadyThere:  # the second of two presses
            mended.append(tick)
        except NoOrganisation:
            continue
        else:
            mended.append(tick)
            flash(_("%(name)s: the address is saved.", name=contact_words(owner)), "success")
    return picking.with_ticks(mended), problems


def _owner(tick: Tick) -> Contact | None:
    model: Any = _MODELS[tick.kind]
    owner: Contact | None = db.session.scalar(select_visible(model, current_user).where(model.id == tick.id))
    return owner


def tick_several(picking: Picking, ticks: Sequence[Tick]) -> Picking:
    """Tick several at once and say how many that are."""
    before = len(picking.ticks)
    more = picking.with_ticks(ticks)
    number = len(more.ticks) - before
    flash(
        ngettext("%(num)d more is ticked.", "%(num)d more are ticked.", number),
        "success" if number else "info",
    )
    if more.too_many:
        flash(
            _("At most %(number)d can be ticked at once; the others are left out.", number=MOST_TICKED),
            "warning",
        )
    return more


def picker_page(
    picking: Picking,
    chosen: Sequence[PickRow],
    others: Sequence[PickRow],
    *,
    back: str,
    problems: dict[str, str] | None = None,
    for_offices: bool = False,
    **more: Any,
) -> PickerPage:
    """Return what the picker shows, who is chosen apart from the others found.

    ``back`` is the page's address, to which whoever adds somebody new comes back; ``for_offices``: no person can be.
    """
    rows, page = page_of(others, picking.page)
    query = replace(picking, page=page).query
    here = f"{back}?{urlencode(query)}" if query else back
    return PickerPage(
        picking.typed,
        chosen,
        rows,
        len(others),
        page,
        sum(row.can_tick for row in others),
        address=back,
        query=query,
        typed_addresses=picking.addresses if problems else {},
        problems=problems or {},
        person_url=""
        if for_offices
        else url_for("contacts.new_person", name=picking.typed or None, back=here),
        institution_url=url_for("contacts.new_institution", name=picking.typed or None, back=here),
        offices_at=_offices_at(picking.typed, here) if not others and picking.typed else (),
        **more,
    )


def _offices_at(typed: str, back: str) -> list[AddAt]:
    """Return the institutions at which an office of these words could be added: *nënkryetar bashkia fier* is at one.

    The words before the institution's name say the office, so they are left off one by one.
    """
    words = search_words(typed)
    for begin in range(len(words)):
        rows = directory.select_institutions(" ".join(words[begin:]), None, None, current_user, today())
        near = db.session.scalars(rows.limit(_MOST_OFFERED)).unique().all()
        if near:
            return [
                AddAt(contact_words(row), url_for("contacts.new_office", ident=row.id, back=back))
                for row in near
            ]
    return []
