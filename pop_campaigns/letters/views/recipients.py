"""The page on which a draft is addressed: whom it goes to, and the picker of further recipients."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_security import current_user

from pop_campaigns.accounts.guard import writer
from pop_campaigns.accounts.scope import get_changeable
from pop_campaigns.contacts.forms.picking import PickForm, Picking, Tick, read_picking, read_place
from pop_campaigns.contacts.queries.reach import network_mayors
from pop_campaigns.contacts.rules import Purpose
from pop_campaigns.contacts.views.picking import STAYS, mend_addresses, picker_page, tick_several
from pop_campaigns.contacts.words.picking import MOST_FOUND, PickerPage, Shortcut
from pop_campaigns.core.clock import local_date, now
from pop_campaigns.core.db import db
from pop_campaigns.core.i18n import LANGUAGE_NAMES
from pop_campaigns.letters.blueprint import bp, letter_url
from pop_campaigns.letters.models import Letter, LetterRecipient
from pop_campaigns.letters.queries.due_days import written_languages
from pop_campaigns.letters.queries.letters import lines_of, reach_of
from pop_campaigns.letters.queries.recipient_options import (
    RecipientOption,
    find_recipients,
    recipient_options,
)
from pop_campaigns.letters.rules.letters import RecipientRole, may_edit
from pop_campaigns.letters.services.letters import LetterIsSettled
from pop_campaigns.letters.services.recipients import (
    Move,
    RecipientRefusal,
    add_recipients,
    change_recipient,
    ref_of,
)
from pop_campaigns.letters.words.labels import ROLES
from pop_campaigns.letters.words.picking import recipient_row
from pop_campaigns.lists.models import ContactList
from pop_campaigns.lists.queries.lists import lists_within
from pop_campaigns.lists.queries.resolving import resolve
from pop_campaigns.lists.rules import BadFilter
from pop_campaigns.lists.words import problem_words


@bp.route("/letters/<int:letter_id>/recipients", methods=["GET", "POST"])
@writer
def recipients(letter_id: int) -> ResponseReturnValue:
    """Choose who receives the letter, *për* or *në dijeni*."""
    letter = get_changeable(Letter, letter_id)
    if not may_edit(letter.state):
        return settled(letter)
    picking = read_picking()
    if request.method != "POST":
        return _recipients_page(letter, picking)
    if not picking.pressed and request.form.get("role") not in set(RecipientRole):
        abort(400)
    form = PickForm()
    picking, problems = mend_addresses(picking)
    db.session.commit()
    if problems:
        return _recipients_page(letter, picking, form, problems), 422
    if picking.pressed in STAYS:
        return redirect(_address(letter, _pressed(letter, picking)))
    return _add(letter, picking, form)


@bp.post("/letters/<int:letter_id>/recipients/<int:recipient_id>")
@writer
def recipient(letter_id: int, recipient_id: int) -> ResponseReturnValue:
    """Move a recipient, change its role or language, or take it off."""
    letter = get_changeable(Letter, letter_id)
    letter_recipient = recipient_of(letter, recipient_id)
    if request.form.get("do") not in set(Move):
        abort(400)
    try:
        change_recipient(letter_recipient, Move(request.form["do"]), by=current_user, now=now())
    except LetterIsSettled:
        return settled(letter)
    db.session.commit()
    return redirect(_address(letter, read_place()))


def recipient_of(letter: Letter, recipient_id: int) -> LetterRecipient:
    """Return a recipient of this letter, else 404."""
    letter_recipient = next(
        (candidate for candidate in letter.recipients if candidate.id == recipient_id), None
    )
    if letter_recipient is None:
        abort(404)
    return letter_recipient


def settled(letter: Letter) -> ResponseReturnValue:
    """Say that a letter was sent and lead to it."""
    flash(_("This letter was sent; its text and recipients cannot change any more."), "warning")
    return redirect(letter_url(letter.id))


def _address(letter: Letter, picking: Picking) -> str:
    query: dict[str, Any] = picking.query
    return url_for("letters.recipients", letter_id=letter.id, **query)


def _keys(picking: Picking) -> list[tuple[str, int]]:
    """Return who is ticked of those a letter can go to."""
    return [(tick.kind, tick.id) for tick in picking.ticks if tick.kind != "person"]


def _refs(letter: Letter) -> set[str]:
    return {ref_of(letter_recipient) for letter_recipient in letter.recipients}


def _recipients_page(
    letter: Letter, picking: Picking, form: PickForm | None = None, problems: dict[str, str] | None = None
) -> str:
    return render_template(
        "letters/recipients.html",
        letter=letter,
        lines=lines_of(letter, current_user, local_date(now())),
        form=form or PickForm(formdata=None),
        picker=_picker(letter, picking, problems),
        written=written_languages(letter),
        ROLES=ROLES,
        LANGUAGE_NAMES=LANGUAGE_NAMES,
    )


def _searched(letter: Letter, picking: Picking) -> Sequence[RecipientOption]:
    """Return whom the words find and who is not ticked; without words those still to be chosen."""
    there, ticked = _refs(letter), {tick.key for tick in picking.ticks}
    options = find_recipients(picking.typed, reach_of(letter, current_user), limit=MOST_FOUND)
    return [
        row for row in options if row.ref not in ticked - there and (picking.typed or row.ref not in there)
    ]


def _picker(letter: Letter, picking: Picking, problems: dict[str, str] | None) -> PickerPage:
    there = _refs(letter)
    chosen = recipient_options(_keys(picking), reach_of(letter, current_user))
    options = _searched(letter, picking)
    return picker_page(
        picking,
        [recipient_row(row, there) for row in chosen if row.ref not in there],
        [recipient_row(row, there) for row in options],
        back=url_for("letters.recipients", letter_id=letter.id),
        problems=problems,
        is_first_part=len(options) >= MOST_FOUND,
        shortcuts=_shortcuts(letter),
        for_offices=True,
    )


def _shortcuts(letter: Letter) -> list[Shortcut]:
    mayors = len(network_mayors(current_user))
    words = _("Mayors of the network’s municipalities (%(number)d)", number=mayors)
    lists = [
        Shortcut(f"list-{row.id}", row.name) for row in lists_within(letter.organisation_id, current_user)
    ]
    return [Shortcut("group-mayors", words), *lists] if mayors > 1 else lists


def _pressed(letter: Letter, picking: Picking) -> Picking:
    """Return the picker as it is after a press that adds nobody: what was typed and ticked stays."""
    if picking.pressed == "clear":
        return replace(picking, ticks=())
    there, ticks = _refs(letter), []
    if picking.pressed == "all":
        ticks = [Tick(row.kind, row.id) for row in _searched(letter, picking)]
    elif picking.pressed == "group":
        ticks = [Tick("office", ident) for ident in network_mayors(current_user)]
    elif picking.pressed == "list":
        ticks = _of_list(letter, picking.about)
    else:
        return picking
    return tick_several(picking, [tick for tick in ticks if tick.key not in there])


def _of_list(letter: Letter, typed: str) -> list[Tick]:
    """Return the offices of a list, also those that can be written to on paper only."""
    lists = lists_within(letter.organisation_id, current_user)
    contact_list: ContactList = next((row for row in lists if str(row.id) == typed), None) or abort(404)
    reach = reach_of(letter, current_user)
    try:
        resolved = resolve(contact_list, current_user, Purpose.EVENTS, local_date(now()), reach=reach)
    except BadFilter as problem:
        flash(problem_words(problem), "warning")
        return []
    everybody = [*resolved.recipients, *(entry.recipient for entry in resolved.left_out)]
    return [Tick("office", contact.id) for contact in everybody if contact.kind == "office"]


def _add(letter: Letter, picking: Picking, form: PickForm) -> ResponseReturnValue:
    refs = [f"{kind}-{ident}" for kind, ident in _keys(picking)]
    if not picking.too_many:
        form.guest.data = refs
    if not form.validate():
        return _recipients_page(letter, picking, form), 422
    role = RecipientRole(request.form["role"])
    try:
        done = add_recipients(letter, refs, role, by=current_user, now=now())
    except LetterIsSettled:
        return settled(letter)
    db.session.commit()
    if any(why is RecipientRefusal.UNKNOWN for _ref, why in done.refused):
        flash(_("Somebody you ticked is not there any more and was left out."), "warning")
    return redirect(_address(letter, replace(picking, ticks=())))
