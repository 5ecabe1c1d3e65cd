"""The agenda of an event: its points added, changed, ordered, pasted. Here, because it says which guests know an older one."""

from __future__ import annotations

from typing import Any

from flask import Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_security import current_user

from pop_campaigns.accounts.guard import reader, writer
from pop_campaigns.accounts.scope import get_changeable, get_visible
from pop_campaigns.accounts.views.sent_before import form_made, sent_once
from pop_campaigns.core.clock import now
from pop_campaigns.core.db import db
from pop_campaigns.core.downloads import show_pdf
from pop_campaigns.core.i18n import LANGUAGES, current_language
from pop_campaigns.core.meanwhile import meet_changes
from pop_campaigns.core.numbers import row_number
from pop_campaigns.core.versions import ChangedMeanwhile
from pop_campaigns.events.forms.agenda import PointForm, SeveralForm, problem_words, values_of
from pop_campaigns.events.models.agenda import AgendaPoint
from pop_campaigns.events.models.events import Event
from pop_campaigns.events.queries.agenda import agenda_of, agenda_points, point_of
from pop_campaigns.events.rules.agenda import MOST_POINTS, PastedPoint, lay_out, minutes_over
from pop_campaigns.events.rules.events import EventKind
from pop_campaigns.events.services.agenda import (
    TooManyPoints,
    add_point,
    add_several,
    change_point,
    delete_point,
    order_points,
)
from pop_campaigns.events.words.agenda import agenda_lines, length_words, office_words, point_chip
from pop_campaigns.invitations.blueprint import bp
from pop_campaigns.invitations.messages.brief import render_brief
from pop_campaigns.invitations.queries.agenda import count_older_agendas, offices_to_choose


@bp.route("/events/<int:event_id>/agenda", methods=["GET", "POST"])
@writer
@sent_once
def agenda(event_id: int) -> ResponseReturnValue:
    """Show the points in their order, and add one at the end."""
    event = get_changeable(Event, event_id)
    form = _point_form(event).of_new()
    if not form.validate_on_submit():
        return _agenda_page(event, form), 422 if form.errors else 200
    try:
        point = add_point(event, form.draft(), by=current_user, now=now(), once=form.once.data or "")
    except TooManyPoints:
        form.title_sq.errors = [_("An agenda has at most %(most)d points.", most=MOST_POINTS)]
        return _agenda_page(event, form), 422
    page = _page_of(event)
    form_made(
        point, page=page, edit=url_for("invitations.agenda_point", event_id=event.id, point_id=point.id)
    )
    db.session.commit()
    return redirect(f"{page}#new-point")


@bp.post("/events/<int:event_id>/agenda/order")
@writer
def order_agenda(event_id: int) -> ResponseReturnValue:
    """Put the points in another order: ``order`` names all, else ``up`` or ``down`` names one that goes a step."""
    event = get_changeable(Event, event_id)
    idents = [point.id for point in agenda_points(event)]
    moved = row_number(request.form.get("up") or request.form.get("down") or request.form.get("moved"))
    if request.form.get("order"):
        wanted = [row_number(ident) or 0 for ident in request.form["order"].split(",")[: MOST_POINTS + 1]]
    else:
        wanted = _step(idents, moved, -1 if "up" in request.form else 1)
    version = row_number(request.form.get("version")) or 0
    try:
        order_points(event, wanted, version=version, by=current_user, now=now())
    except ChangedMeanwhile:
        db.session.rollback()
        flash(
            _("Somebody changed the agenda meanwhile. Here it is as it is now; order it once more."),
            "warning",
        )
        return redirect(_page_of(event))
    db.session.commit()
    return redirect(f"{_page_of(event)}#point-{moved}" if moved in idents else _page_of(event))


@bp.route("/events/<int:event_id>/agenda/several", methods=["GET", "POST"])
@writer
@sent_once
def agenda_several(event_id: int) -> ResponseReturnValue:
    """Read pasted lines as points, show how they were read, and add them."""
    event = get_changeable(Event, event_id)
    form = SeveralForm()
    form.no_names = event.no_names
    valid = form.validate_on_submit()
    if not valid or request.form.get("then") != "add":
        return _several_page(event, form, shown=form.read), 422 if form.errors else 200
    try:
        added = add_several(event, form.read, by=current_user, now=now())
    except TooManyPoints:
        form.lines.errors = [_("An agenda has at most %(most)d points.", most=MOST_POINTS)]
        return _several_page(event, form, shown=form.read), 422
    form_made(added[0], page=_page_of(event), edit=_page_of(event))
    db.session.commit()
    flash(ngettext("%(num)d point added.", "%(num)d points added.", len(added)), "success")
    return redirect(_page_of(event))


@bp.route("/events/<int:event_id>/agenda/<int:point_id>", methods=["GET", "POST"])
@writer
def agenda_point(event_id: int, point_id: int) -> ResponseReturnValue:
    """Change one point, and note what became of it."""
    event, point = _changeable_point(event_id, point_id)
    form = _point_form(event, point)
    del form.once
    meet_changes(form, point, event)
    if not form.validate_on_submit():
        return render_template(
            "invitations/agenda_point.html",
            event=event, point=point, form=form, confrontation=event.kind is EventKind.CONFRONTATION,
        ), 422 if form.errors else 200  # fmt: skip
    change_point(point, form.draft(), by=current_user, now=now())
    db.session.commit()
    flash(_("The point is saved."), "success")
    return redirect(f"{_page_of(event)}#point-{point.id}")


@bp.get("/events/<int:event_id>/agenda/brief.pdf")
@reader
def agenda_brief(event_id: int) -> Response:
    """Show the brief of an event on paper, in the language asked for (``?in=en``)."""
    event = get_visible(Event, event_id)
    lang = request.args.get("in", current_language())
    lang = lang if lang in LANGUAGES else "sq"
    return show_pdf(render_brief(event, lang, now=now()), f"brief-{event.id}-{lang}.pdf")


@bp.post("/events/<int:event_id>/agenda/<int:point_id>/delete")
@writer
def delete_agenda_point(event_id: int, point_id: int) -> ResponseReturnValue:
    """Take a point off; pressed twice, it is off."""
    event = get_changeable(Event, event_id)
    point = point_of(event, point_id)
    if point is None:
        return redirect(_page_of(event))
    if row_number(request.form.get("version")) != point.version:
        flash(_("Somebody changed this point meanwhile. Look once more, then delete it."), "warning")
        return redirect(url_for("invitations.agenda_point", event_id=event.id, point_id=point.id))
    delete_point(point, by=current_user, now=now())
    db.session.commit()
    flash(_("“%(title)s” is off the agenda.", title=point.title_sq), "success")
    return redirect(_page_of(event))


def _changeable_point(event_id: int, point_id: int) -> tuple[Event, AgendaPoint]:
    event = get_changeable(Event, event_id)
    point = point_of(event, point_id)
    if point is None:
        abort(404)
    return event, point


def _page_of(event: Event) -> str:
    return url_for("invitations.agenda", event_id=event.id)


def _point_form(event: Event, point: AgendaPoint | None = None) -> PointForm:
    lang = current_language()
    offices = [
        (office.id, office_words(office, lang)) for office in offices_to_choose(event, current_user, point)
    ]
    form = PointForm(offices, data=values_of(point)) if point else PointForm(offices)
    return form.without_names() if event.no_names else form


def _agenda_page(event: Event, form: PointForm) -> str:
    points, known = agenda_points(event), agenda_of(event)
    lines = agenda_lines(event, points, current_language())
    slots = lay_out(points, event.starts_at, event.zone)
    return render_template(
        "invitations/agenda.html",
        event=event,
        form=form,
        lines=lines,
        version=known.version if known else 0,
        over=minutes_over(slots, event.ends_at),
        older=count_older_agendas(event),
        confrontation=event.kind is EventKind.CONFRONTATION,
        point_chip=point_chip,
        full=len(points) >= MOST_POINTS,
    )


def _several_page(event: Event, form: SeveralForm, *, shown: list[PastedPoint]) -> str:
    rows: list[dict[str, Any]] = [
        {
            "title": pasted.title,
            "when": f"{pasted.clock:%H:%M}" if pasted.clock else "",
            "length": length_words(pasted.minutes) if pasted.minutes else "",
            "speaker": pasted.speaker,
            "problem": problem_words(pasted),
        }
        for pasted in shown
    ]
    return render_template("invitations/agenda_several.html", event=event, form=form, rows=rows)


def _step(idents: list[int], moved: int | None, by: int) -> list[int]:
    """Return the order with one point a step up (-1) or down (1); as it is where that leads nowhere."""
    if moved not in idents:
        return idents
    ordered = list(idents)
    at = ordered.index(moved)
    to = min(max(at + by, 0), len(ordered) - 1)
    ordered.insert(to, ordered.pop(at))
    return ordered
