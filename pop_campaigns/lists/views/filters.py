"""Pages of filters: look whom one finds, then save it. Looking is a GET, saving a POST that must have been looked at."""

from __future__ import annotations

import hashlib
import json

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_security import current_user

from pop_campaigns.accounts.guard import writer
from pop_campaigns.accounts.scope import get_changeable
from pop_campaigns.accounts.views.sent_before import form_made, sent_once
from pop_campaigns.contacts.views.form_pages import owner_beside, refuse
from pop_campaigns.core.clock import now
from pop_campaigns.core.db import db
from pop_campaigns.core.meanwhile import meet_changes
from pop_campaigns.lists import services
from pop_campaigns.lists.blueprint import Looked, bp, chosen_purpose, look_up
from pop_campaigns.lists.forms import FilterForm, NewFilterForm
from pop_campaigns.lists.models import ContactList
from pop_campaigns.lists.queries.conditions import read_filter
from pop_campaigns.lists.rules import BadFilter, FilterProblem, ListFilter
from pop_campaigns.lists.services import NameTaken
from pop_campaigns.lists.words import problem_words


@bp.route("/filter", methods=["GET", "POST"])
@writer
@sent_once
def new_filter() -> ResponseReturnValue:
    """Say whom a list looks up, see whom that finds, save it under a name."""
    owner_beside(None)
    form, list_filter = NewFilterForm(formdata=_typed()), None
    if _typed() is not None:
        list_filter = _said(form)
    if request.method == "POST" and list_filter and _was_seen(form, list_filter):
        if not form.name.data:
            refuse(form.name, _("Give the list a name."))
        else:
            try:
                contact_list = services.create_list(
                    form.name.data, list_filter, by=current_user, now=now(), once=form.once.data or ""
                )
            except NameTaken:
                refuse(form.name, _("There is a list of this name already."))
            else:
                form_made(contact_list, page=url_for("lists.show", list_id=contact_list.id))
                return _saved(contact_list, _("The list is saved. It is looked up anew whenever it is used."))
    return _page(form, list_filter, None)


@bp.route("/<int:list_id>/filter", methods=["GET", "POST"])
@writer
def edit_filter(list_id: int) -> ResponseReturnValue:
    """Let a list look up others, after seeing whom that finds."""
    record = get_changeable(ContactList, list_id)
    if record.filter is None:
        flash(_("This list is kept by hand; it has no filter."), "info")
        return redirect(url_for("lists.show", list_id=list_id))
    try:
        stored = FilterForm.values_of(read_filter(record.filter))
    except BadFilter as problem:
        flash(problem_words(problem), "warning")
        stored = {}
    form = FilterForm(formdata=_typed(), data=stored if _typed() is None else None)
    for name, value in stored.items():  # what is stored, also where something else is typed already
        form[name].object_data = value
    meet_changes(form, record)
    # Looking is a GET: the form was opened before it.
    form.shown_version = request.args.get("version") or form.shown_version
    list_filter = _said(form) if _typed() is not None else None
    if form.is_submitted() and list_filter and _was_seen(form, list_filter):
        services.change_filter(record, list_filter, by=current_user, now=now())
        return _saved(record, _("Saved."))
    return _page(form, list_filter, record)


def _typed():  # type: ignore[no-untyped-def]  # a MultiDict of werkzeug's, or None before anything was typed
    if request.method == "POST":
        return request.form
    return request.args if "of" in request.args else None


def _said(form: FilterForm) -> ListFilter | None:
    """Return the filter typed, or None with the reason at its field."""
    if not form.validate():
        return None
    try:
        return form.said()
    except BadFilter as problem:
        key = "last" if problem.problem is FilterProblem.ENDS_BEFORE_START else problem.key
        refuse(next((field for field in form if field.name == key), form.of), problem_words(problem))
        return None


def _was_seen(form: FilterForm, list_filter: ListFilter) -> bool:
    """Refuse to save a filter whose finds were not looked at."""
    if request.form.get("seen", "") == mark_of(list_filter):
        return True
    refuse(form.of, _("Look at whom this finds, then save."))
    return False


def mark_of(list_filter: ListFilter) -> str:
    """Return the mark by which a filter is known to be the one that was shown."""
    return hashlib.sha256(json.dumps(list_filter.to_json(), sort_keys=True).encode()).hexdigest()[:16]


def _page(form: FilterForm, list_filter: ListFilter | None, record: ContactList | None) -> tuple[str, int]:
    purpose = chosen_purpose()
    looked: Looked | None = look_up(list_filter, purpose) if list_filter else None
    words = {"mark": mark_of(list_filter) if list_filter else "", "purpose": purpose, "contact_list": record}
    page = render_template("lists/filter.html", form=form, said=list_filter, looked=looked, **words)
    return page, 422 if form.errors else 200


def _saved(record: ContactList, message: str) -> ResponseReturnValue:
    db.session.commit()
    flash(message, "success")
    return redirect(url_for("lists.show", list_id=record.id))
