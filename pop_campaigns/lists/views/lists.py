"""Pages of lists: all of them, and the forms around one. Who is on a list is in ``members``."""

from __future__ import annotations

from typing import Any

from flask import current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_security import current_user

from pop_campaigns.accounts.guard import reader, writer
from pop_campaigns.accounts.scope import get_changeable, get_visible
from pop_campaigns.accounts.views.sent_before import form_made, sent_once
from pop_campaigns.contacts.views.form_pages import form_page, owner_beside, refuse, today
from pop_campaigns.contacts.views.listing import EXPORT_HEADS, MEDIA_TYPES
from pop_campaigns.contacts.words.files import write_csv, write_vcards
from pop_campaigns.core.clock import now
from pop_campaigns.core.db import db
from pop_campaigns.core.handing_out import hand_out
from pop_campaigns.core.meanwhile import is_as_seen, meet_changes, seen_versions
from pop_campaigns.core.pages import paged
from pop_campaigns.lists import services
from pop_campaigns.lists.blueprint import bp
from pop_campaigns.lists.forms import NameForm
from pop_campaigns.lists.models import ContactList
from pop_campaigns.lists.queries.lists import (
    count_found,
    deleted_before,
    reach_of,
    select_lists,
)
from pop_campaigns.lists.rules import BadFilter
from pop_campaigns.lists.services import NameTaken
from pop_campaigns.lists.views.export import list_lines
from pop_campaigns.lists.words import problem_words


@bp.get("")
@reader
def index() -> ResponseReturnValue:
    """Show all lists one may see, with how many each finds now."""
    page = paged(select_lists(current_user))
    rows = [(contact_list, _count(contact_list)) for contact_list in page.items]
    return render_template("lists/index.html", page=page, rows=rows)


def _count(contact_list: ContactList) -> int | None:
    try:
        return count_found(contact_list, reach_of(contact_list, current_user), today())
    except BadFilter:
        return None


@bp.route("/new", methods=["GET", "POST"])
@writer
@sent_once
def create() -> ResponseReturnValue:
    """Begin a list that is kept by hand."""
    owner_beside(None)
    form = NameForm()
    if form.validate_on_submit():
        try:
            contact_list = services.create_list(
                form.name.data, None, by=current_user, now=now(), once=form.once.data or ""
            )
        except NameTaken:
            refuse(form.name, _("There is a list of this name already."))
        else:
            form_made(
                contact_list,
                page=url_for("lists.show", list_id=contact_list.id),
                edit=url_for("lists.rename", list_id=contact_list.id),
            )
            db.session.commit()
            flash(_("The list is made. Now search whom to put on it."), "success")
            return redirect(url_for("lists.show", list_id=contact_list.id))
    lead = _("Kept by hand: you put offices and persons on it, one by one.")
    return form_page(form, _("New list"), url_for("lists.index"), lead=lead)


@bp.route("/<int:list_id>/rename", methods=["GET", "POST"])
@writer
def rename(list_id: int) -> ResponseReturnValue:
    """Rename a list."""
    record = get_changeable(ContactList, list_id)
    form, back = NameForm(obj=record), url_for("lists.show", list_id=list_id)
    del form.once
    meet_changes(form, record)
    if form.validate_on_submit():
        try:
            services.rename_list(record, form.name.data, by=current_user, now=now())
        except NameTaken:
            refuse(form.name, _("There is a list of this name already."))
        else:
            db.session.commit()
            flash(_("Saved."), "success")
            return redirect(back)
    return form_page(form, _("Rename list"), back, kicker=record.name)


@bp.route("/<int:list_id>/delete", methods=["GET", "POST"])
@writer
def delete(list_id: int) -> ResponseReturnValue:
    """Say what will happen, then delete a list; a second press finds it deleted already."""
    if db.session.get(ContactList, list_id) is None and deleted_before(list_id, current_user):
        flash(_("This list was deleted already."), "info")
        return redirect(url_for("lists.index"))
    record = get_changeable(ContactList, list_id)
    if request.method == "POST" and is_as_seen(record):
        name = record.name
        services.delete_list(record, by=current_user, now=now())
        db.session.commit()
        flash(_("The list %(name)s is deleted.", name=name), "success")
        return redirect(url_for("lists.index"))
    words: dict[str, Any] = {"found": _count(record) or 0, "seen": seen_versions(record)}
    page = render_template("lists/delete.html", contact_list=record, **words)
    return page, 409 if request.method == "POST" else 200


@bp.post("/<int:list_id>.<any(csv, vcf):ending>")
@reader
def export(list_id: int, ending: str) -> ResponseReturnValue:
    """Show whom a list finds now, as a table or as cards for an address book."""
    record = get_visible(ContactList, list_id)
    back: Any = redirect(url_for("lists.show", list_id=list_id))
    try:
        lines = list_lines(record)
    except BadFilter as problem:
        flash(problem_words(problem), "warning")
        return back
    if ending == "csv":
        content, number = write_csv([str(head) for head in EXPORT_HEADS], lines), len(lines)
    else:
        content = write_vcards(lines, current_app.config["MAIL_DOMAIN"])
        number = content.count(b"BEGIN:VCARD")
    if not content:
        flash(_("Nobody on this list has an address yet, so there are no cards to download."), "info")
        return back
    answer = hand_out(
        content, MEDIA_TYPES[ending], f"list-{record.id}.{ending}",
        action="list.exported", subject=record, by=current_user, now=now(),
        name=record.name, form=ending, rows=number,
    )  # fmt: skip
    db.session.commit()
    return answer
