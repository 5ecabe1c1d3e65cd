"""Events made from events: copies onto other days, and templates."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_security import current_user
from werkzeug import Response

from pop_campaigns.accounts.guard import writer
from pop_campaigns.accounts.rules.roles import RoleName
from pop_campaigns.accounts.scope import get_changeable, get_visible, may_change
from pop_campaigns.accounts.views.sent_before import form_made, sent_once
from pop_campaigns.calendars.zones import to_wall
from pop_campaigns.core.clock import local_date, now
from pop_campaigns.core.db import db
from pop_campaigns.core.i18n import current_language
from pop_campaigns.core.meanwhile import is_as_seen, meet_changes
from pop_campaigns.core.numbers import row_number
from pop_campaigns.core.once import new_key
from pop_campaigns.core.subject_files import files_of
from pop_campaigns.core.text import clean_line
from pop_campaigns.desk.blueprint import bp
from pop_campaigns.events.forms.copying import CopyForm, PlaceForm, TemplateForm, hours_of, working_day_after
from pop_campaigns.events.models.events import Event
from pop_campaigns.events.models.series import EventTemplate
from pop_campaigns.events.queries.series import is_proposed, templates_of
from pop_campaigns.events.rules.series import length_of
from pop_campaigns.events.services.templates import TemplateInUse, change_template, delete_template
from pop_campaigns.events.words.labels import EVENT_KINDS, when_words
from pop_campaigns.invitations.services.copying import (
    Along,
    copy_event,
    count_along,
    make_from_template,
    placed,
    save_as_template,
)

_ROWS = 6
_ALONG = ("guests", "note", "files", "agenda")


@bp.route("/events/<int:event_id>/copy", methods=["GET", "POST"])
@writer
def copy(event_id: int) -> ResponseReturnValue:
    """Ask on which days an event takes place again and what goes along, then make a draft for each."""
    event = get_changeable(Event, event_id)
    form = CopyForm(event.zone, data={"days": _rows_for(event)} | dict.fromkeys(_ALONG, True))
    if not form.is_submitted():
        return _copy_page(event, form)
    if not form.validate():
        return _copy_page(event, form), 422
    along = Along(
        form.guests.data, form.persons.data, form.files.data, form.note.data, form.agenda.data
    )  # fmt: skip
    made = []
    for when in form.times():
        at = placed(when.starts_at, when.ends_at)
        once = f"copy:{event.id}:{form.once.data}:{at.starts_at.isoformat()}" if form.once.data else ""
        made.append(copy_event(event, at, along, by=current_user, now=now(), once=once))
    db.session.commit()
    flash(
        ngettext(
            "%(num)d draft is made. Nobody is told of it yet.",
            "%(num)d drafts are made. Nobody is told of them yet.",
            len(made),
        ),
        "success",
    )
    if len(made) == 1:
        return redirect(url_for("desk.event", event_id=made[0][0].id))
    return redirect(url_for("events.index", when="upcoming"))


def _rows_for(event: Event) -> list[dict[str, Any]]:
    """Return rows with the hours of the event; the first with a day four weeks on, never one that is past."""
    wall = to_wall(event.starts_at, event.zone) if event.starts_at else None
    begins = wall.time().replace(second=0, microsecond=0) if wall else None
    hours = hours_of(begins, length_of(event.starts_at, event.ends_at))
    first = max(event.day_from or local_date(now()), local_date(now())) + timedelta(days=28)
    return [{**hours, "day": working_day_after(first) if number == 0 else None} for number in range(_ROWS)]


def _copy_page(event: Event, form: CopyForm) -> str:
    return render_template(
        "desk/copy.html",
        event=event,
        form=form,
        when=when_words(event, current_language()),
        could=count_along(event),
    )


@bp.route("/events/<int:event_id>/template", methods=["GET", "POST"])
@writer
def save_template(event_id: int) -> ResponseReturnValue:
    """Keep an event as a template under a name."""
    event = get_changeable(Event, event_id)
    if request.method == "POST":
        template = save_as_template(
            event, clean_line(request.form.get("name", "")), guests=bool(request.form.get("guests")),
            by=current_user, now=now(), once=request.form.get("once", ""),
        )  # fmt: skip
        db.session.commit()
        flash(_("The template is saved."), "success")
        return redirect(url_for("desk.template", template_id=template.id))
    return render_template("desk/save_template.html", event=event, could=count_along(event), once=new_key())


@bp.get("/events/templates")
@writer
def templates() -> ResponseReturnValue:
    """List the templates of one's organisation and of the network, by kind."""
    kinds: dict[str, list[EventTemplate]] = {}
    for template in templates_of(current_user):
        kinds.setdefault(str(EVENT_KINDS[template.kind]), []).append(template)
    return render_template("desk/templates.html", kinds=kinds)


@bp.route("/events/templates/<int:template_id>", methods=["GET", "POST"])
@writer
@sent_once
def template(template_id: int) -> ResponseReturnValue:
    """Show a template and make an event from it: when, and where."""
    record = get_visible(EventTemplate, template_id)
    if current_user.role is not RoleName.ADMINISTRATOR and current_user.organisation_id is None:
        abort(404)
    hours = hours_of(record.begins, record.minutes)
    first = working_day_after(local_date(now()) + timedelta(days=14))
    form = PlaceForm(data={**hours, "day": first})
    if not form.is_submitted():
        return _template_page(record, form)
    if not form.validate():
        return _template_page(record, form), 422
    return _made_from(record, form)


def _made_from(record: EventTemplate, form: PlaceForm) -> Response:
    chapter = current_user.organisation
    event, guests = make_from_template(
        record, placed(form.when.starts_at, form.when.ends_at, form.venue.data or ""),
        organisation_id=chapter.id if chapter else record.organisation_id,
        municipality_id=chapter.municipality_id if chapter else record.municipality_id,
        by=current_user, now=now(), once=form.once.data or "",
    )  # fmt: skip
    page = url_for("desk.event", event_id=event.id)
    form_made(event, page=page, edit=url_for("events.edit", event_id=event.id))
    db.session.commit()
    flash(_("The draft is made. Nobody is told of it yet."), "success")
    if guests:
        words = ngettext("%(num)d guest stands on its list.", "%(num)d guests stand on its list.", guests)
        flash(words, "info")
    return redirect(page)


def _template_page(record: EventTemplate, form: PlaceForm) -> str:
    return render_template(
        "desk/template.html",
        template=record,
        kind=EVENT_KINDS[record.kind],
        form=form,
        files=files_of(record),
        changeable=may_change(record),
        proposed=is_proposed(record),
    )


@bp.route("/events/templates/<int:template_id>/edit", methods=["GET", "POST"])
@writer
def edit_template(template_id: int) -> ResponseReturnValue:
    """Change the words of a template, its usual hour and the offices it invites."""
    record = get_changeable(EventTemplate, template_id)
    form = TemplateForm(obj=record)
    meet_changes(form, record)
    if not form.is_submitted():
        return render_template("desk/edit_template.html", template=record, form=form)
    if not form.validate():
        return render_template("desk/edit_template.html", template=record, form=form), 422
    kept = {row_number(typed) or 0 for typed in request.form.getlist("office")}
    values = {field.name: field.data for field in form}
    change_template(record, values, kept, by=current_user, now=now())
    db.session.commit()
    flash(_("The template is saved."), "success")
    return redirect(url_for("desk.template", template_id=template_id))


@bp.route("/events/templates/<int:template_id>/delete", methods=["GET", "POST"])
@writer
def drop_template(template_id: int) -> ResponseReturnValue:
    """Say what stays, then delete a template."""
    record = get_changeable(EventTemplate, template_id)
    seen = is_as_seen(record) if request.method == "POST" else False
    if seen:
        try:
            delete_template(record, by=current_user, now=now())
        except TemplateInUse:
            flash(_("A series is made of this template, so it stays."), "warning")
            return redirect(url_for("desk.template", template_id=template_id))
        db.session.commit()
        flash(_("The template is deleted."), "success")
        return redirect(url_for("desk.templates"))
    page = render_template("desk/delete_template.html", template=record, proposed=is_proposed(record))
    return page, 409 if request.method == "POST" else 200
