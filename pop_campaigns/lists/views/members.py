"""The page of one list: whom it finds at this moment, and the picker of whom to put on a list kept by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_security import current_user

from pop_campaigns.accounts.guard import reader, writer
from pop_campaigns.accounts.scope import get_changeable, get_visible
from pop_campaigns.contacts.forms.picking import PickForm, Picking, Tick, read_key, read_picking, read_place
from pop_campaigns.contacts.queries.reach import (
    GuestKind,
    GuestOption,
    find_guests,
    guest_options,
    network_mayors,
)
from pop_campaigns.contacts.views.picking import STAYS, mend_addresses, picker_page, tick_several
from pop_campaigns.contacts.words.picking import MOST_FOUND, PickerPage, Shortcut
from pop_campaigns.core.clock import now
from pop_campaigns.core.db import db
from pop_campaigns.core.pages import paged_entries
from pop_campaigns.lists import services
from pop_campaigns.lists.blueprint import bp, chosen_purpose, look_up, refuse_unless_by_hand
from pop_campaigns.lists.models import ContactList
from pop_campaigns.lists.queries.conditions import read_filter
from pop_campaigns.lists.queries.lists import changes_of, members_of, reach_of, within_reach
from pop_campaigns.lists.words import member_row


@bp.get("/<int:list_id>")
@reader
def show(list_id: int) -> ResponseReturnValue:
    """Show one list: whom it finds at this moment, who gets mail, who does not and why."""
    return _page(get_visible(ContactList, list_id), read_picking())


@bp.post("/<int:list_id>")
@writer
def add(list_id: int) -> ResponseReturnValue:
    """Put the offices and persons ticked on a list; who is on it already stays once."""
    record = get_changeable(ContactList, list_id)
    refuse_unless_by_hand(record)
    form = PickForm()
    picking, problems = mend_addresses(read_picking())
    db.session.commit()
    if problems:
        return _page(record, picking, form, problems), 422
    if picking.pressed in STAYS:
        return redirect(_address(record, _pressed(record, picking)))
    chosen = _chosen(record, picking)
    if not picking.too_many:
        form.guest.data = [f"{option.kind}-{option.id}" for option in chosen]
    if not form.validate():
        return _page(record, picking, form), 422
    number = services.add_members(record, chosen, by=current_user, now=now())
    db.session.commit()
    if number:
        flash(ngettext("%(num)d put on the list.", "%(num)d put on the list.", number), "success")
    else:
        flash(_("They are on the list already."), "info")
    return redirect(_address(record, replace(picking, ticks=())))


@bp.post("/<int:list_id>/remove")
@writer
def remove(list_id: int) -> ResponseReturnValue:
    """Take one office or person off a list."""
    record = get_changeable(ContactList, list_id)
    refuse_unless_by_hand(record)
    member = read_key(request.form.get("guest", ""))
    if member and services.remove_member(record, member.kind, member.id, by=current_user, now=now()):
        db.session.commit()
        flash(_("Taken off the list."), "success")
    else:
        flash(_("That was not on the list any more."), "info")
    return redirect(_address(record, read_place()))


def _address(record: ContactList, picking: Picking) -> str:
    query: dict[str, Any] = picking.query | {"purpose": request.values.get("purpose") or None}
    return url_for("lists.show", list_id=record.id, **query)


def _page(
    record: ContactList,
    picking: Picking,
    form: PickForm | None = None,
    problems: dict[str, str] | None = None,
) -> str:
    purpose = chosen_purpose()
    looked = look_up(record, purpose)
    return render_template(
        "lists/show.html",
        contact_list=record,
        said=read_filter(record.filter) if record.filter is not None and not looked.problem else None,
        looked=looked,
        purpose=purpose,
        form=form or PickForm(formdata=None),
        picker=_picker(record, picking, problems) if record.filter is None else None,
        page=paged_entries(looked.entries),
        changes=changes_of(record),
    )


def _picker(record: ContactList, picking: Picking, problems: dict[str, str] | None) -> PickerPage:
    there, options = members_of(record), _searched(record, picking)
    mayors = len(network_mayors(current_user))
    words = _("Mayors of the network’s municipalities (%(number)d)", number=mayors)
    chosen = _chosen(record, picking)
    return picker_page(
        picking,
        [member_row(option, there) for option in chosen if (option.kind, option.id) not in there],
        [member_row(option, there) for option in options],
        back=url_for("lists.show", list_id=record.id),
        problems=problems,
        offers=False,
        keeps={"purpose": chosen_purpose().value},
        is_first_part=len(options) >= MOST_FOUND,
        shortcuts=[Shortcut("group-mayors", words)] if mayors > 1 else [],
    )


def _searched(record: ContactList, picking: Picking) -> list[GuestOption]:
    """Return whom the words find and who is not ticked, as far as the list may hold them; nobody without words."""
    if not picking.typed:
        return []
    reach, there = reach_of(record, current_user), members_of(record)
    ticked = {(tick.kind, tick.id) for tick in picking.ticks} - there
    options = within_reach(find_guests(picking.typed, current_user, reach=reach, limit=MOST_FOUND), reach)
    return [option for option in options if (option.kind, option.id) not in ticked]


def _chosen(record: ContactList, picking: Picking) -> list[GuestOption]:
    """Return the offices and persons ticked, as far as the list may hold them."""
    keys: list[tuple[GuestKind, int]] = [
        ("office" if tick.kind == "office" else "person", tick.id)
        for tick in picking.ticks
        if tick.kind != "institution"
    ]
    reach = reach_of(record, current_user)
    return within_reach(guest_options(keys, current_user, reach=reach), reach)


def _pressed(record: ContactList, picking: Picking) -> Picking:
    """Return the picker as it is after a press that adds nobody: what was typed and ticked stays."""
    if picking.pressed == "clear":
        return replace(picking, ticks=())
    there = members_of(record)
    if picking.pressed == "all":
        ticks = [Tick(option.kind, option.id) for option in _searched(record, picking)]
    elif picking.pressed == "group":
        ticks = [Tick("office", ident) for ident in network_mayors(current_user)]
    else:
        return picking
    return tick_several(picking, [tick for tick in ticks if (tick.kind, tick.id) not in there])
