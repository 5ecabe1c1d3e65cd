"""Pages of events: list, month, the form. The page of one event is the desk's."""

from __future__ import annotations

from contextlib import suppress
from datetime import date
from hashlib import sha256
from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_security import current_user

from pop_campaigns.accounts.guard import reader, writer
from pop_campaigns.accounts.rules.roles import MAY_WRITE, RoleName, may_read_record
from pop_campaigns.accounts.scope import get_changeable
from pop_campaigns.accounts.views.sent_before import form_made, sent_once
from pop_campaigns.core.clock import local_date, now
from pop_campaigns.core.dates import DatePrecision
from pop_campaigns.core.db import db
from pop_campaigns.core.i18n import current_language
from pop_campaigns.core.meanwhile import meet_changes
from pop_campaigns.core.pages import paged
from pop_campaigns.core.safe_path import way_back
from pop_campaigns.core.text import clean_line
from pop_campaigns.events.blueprint import bp, event_url
from pop_campaigns.events.forms.events import EventForm
from pop_campaigns.events.models.events import Event
from pop_campaigns.events.queries.events import (
    EventFilter,
    count_undated,
    group_name,
    listed_events,
    month_of_events,
    municipalities_with_events,
    read_filter,
)
from pop_campaigns.events.queries.planning import doubts_about
from pop_campaigns.events.rules.details import not_shown
from pop_campaigns.events.rules.events import EventState, EventWhose, is_coming, month_beside, read_month
from pop_campaigns.events.rules.planning import Plan, Slot
from pop_campaigns.events.services.details import filled_details, save_details
from pop_campaigns.events.services.events import EventDraft, change_event, create_event, draft_of
from pop_campaigns.events.words.details import DETAIL_NAMES
from pop_campaigns.events.words.labels import EVENT_KINDS, EVENT_WHENS, EVENT_WHOSE, state_chip, when_words


@bp.get("/events")
@reader
def index() -> ResponseReturnValue:
    """List events by time, or show a month of them."""
    if request.args.get("view") == "month":
        return _show_month(read_filter(request.args, whose=EventWhose.ALL))
    wanted = read_filter(request.args)
    moment = now()
    page = paged(listed_events(current_user, wanted, moment), scalars=False)
    groups: dict[Any, list[Event]] = {}
    for event, group in page.items:
        groups.setdefault(group_name(group), []).append(event)
    return render_template("events/index.html", page=page, groups=groups, **_shared(wanted))


def _show_month(wanted: EventFilter) -> ResponseReturnValue:
    today = local_date(now())
    first = read_month(request.args.get("month", ""), today)
    return render_template(
        "events/month.html",
        month=month_of_events(current_user, wanted, first),
        undated=count_undated(current_user, wanted),
        previous=month_beside(first, -1),
        following=month_beside(first, 1),
        **_shared(wanted),
    )


def _shared(wanted: EventFilter) -> dict[str, Any]:
    """Return what list and month both show: filters, and words for events."""
    moment = now()
    return {
        "wanted": wanted,
        "kept": {
            key: str(value)
            for key, value in (
                ("when", wanted.when if wanted.when != "all" else ""),
                ("municipality", wanted.municipality),
                ("kind", wanted.kind or ""),
                ("q", wanted.typed),
                ("whose", wanted.whose if "whose" in request.args else ""),
            )
            if value
        },
        "kinds": EVENT_KINDS,
        "whens": EVENT_WHENS,
        # Who reads the whole network has no others.
        "whose": EVENT_WHOSE if current_user.role is RoleName.COORDINATOR else {},
        "is_theirs": _is_theirs,
        "municipalities": municipalities_with_events(current_user, wanted.whose),
        "today": local_date(moment),
        "chip_of": lambda event: state_chip(event, moment),
        "when_words": lambda event: when_words(event, current_language()),
        "may_write": current_user.role in MAY_WRITE,
    }


def _is_theirs(event: Event) -> bool:
    """Return whether an event is another organisation's, which this user reads as everybody does."""
    role = current_user.role
    return role is None or not may_read_record(role, current_user.organisation_id, event.organisation_id)


def _asked_day() -> dict[str, Any]:
    """Return the day that was pressed in the month, for the form of a new event; what is no day is none."""
    with suppress(ValueError):
        return {"start_date": date.fromisoformat(request.args.get("day", ""))}
    return {}


@bp.route("/events/new", methods=["GET", "POST"])
@writer
@sent_once
def new() -> ResponseReturnValue:
    """Plan an event, or put one on record."""
    if current_user.role is not RoleName.ADMINISTRATOR and current_user.organisation_id is None:
        abort(404)
    moment = now()
    form = EventForm(current_user, moment, **_asked_day())
    if request.method != "POST":
        return render_template("events/new.html", form=form)
    if not form.validate():
        return render_template("events/new.html", form=form), 422
    doubts = _doubts(form)
    if doubts:
        return render_template("events/new.html", form=form, **doubts)
    event = create_event(form.draft(), by=current_user, now=moment, once=form.once.data or "")
    save_details(event, form.details(), by=current_user, now=moment)
    form_made(event, page=event_url(event.id), edit=url_for("events.edit", event_id=event.id))
    db.session.commit()
    flash(_("The event is saved as a draft: only your organisation sees it."), "success")
    _say_if_past(form)
    if request.form.get("then") == "guests" and is_coming(event.starts_at, moment):
        return redirect(url_for("invitations.who", event_id=event.id))
    return redirect(event_url(event.id))


@bp.route("/events/<int:event_id>/edit", methods=["GET", "POST"])
@writer
def edit(event_id: int) -> ResponseReturnValue:
    """Change an event."""
    event = get_changeable(Event, event_id)
    moment = now()
    form = EventForm(current_user, moment, event)
    meet_changes(form, event)
    if not form.is_submitted():
        return render_template("events/edit.html", form=form, event=event, back=way_back(event_url(event.id)))
    if not form.validate():
        page = render_template("events/edit.html", form=form, event=event, back=way_back(event_url(event.id)))
        return page, 422
    doubts = _doubts(form, event)
    if doubts:
        back = way_back(event_url(event.id))
        return render_template("events/edit.html", form=form, event=event, back=back, **doubts)
    kind = event.kind
    material = change_event(event, form.draft(), by=current_user, now=moment)
    save_details(event, form.details(), by=current_user, now=moment)
    db.session.commit()
    flash(_("The changes are saved."), "success")
    if material and not form.is_past:
        flash(_("Time, place or link have changed: guests who were invited do not know it yet."), "info")
    if event.kind is not kind:
        _say_what_is_hidden(event)
    _say_if_past(form)
    return redirect(way_back(event_url(event.id)))


def _say_what_is_hidden(event: Event) -> None:
    """Say what was typed for the former kind and is not shown with the new one."""
    hidden = not_shown(event.kind, filled_details(event))
    if hidden:
        what = ", ".join(dict.fromkeys(str(DETAIL_NAMES[name]) for name in hidden))
        flash(_("Kept, and not shown for this kind of event: %(what)s.", what=what), "info")


def _say_if_past(form: EventForm) -> None:
    if form.is_past:
        flash(_("This is in the past: it is kept for the record, no invitations can be sent."), "warning")


def _doubts(form: EventForm, event: Event | None = None) -> dict[str, Any]:
    """Return what a form that would be saved is asked first, with the mark by which it is saved anyway; else nothing.

    Asked is about time and place alone, once for each that is typed, and not about what has been.
    """
    plan = _plan_of(form.draft())
    if form.is_past or form.held.data or (event is not None and event.state is EventState.CANCELLED):
        return {}
    before = _plan_of(draft_of(event)) if event is not None else None
    mark = sha256(repr(plan).encode()).hexdigest()[:16]
    if request.form.get("anyway") == mark:
        return {}
    doubts = doubts_about(plan, before, event, current_user)
    return {"doubts": doubts, "mark": mark} if doubts else {}


def _plan_of(draft: EventDraft) -> Plan:
    day = local_date(draft.starts_at, draft.zone) if draft.starts_at else draft.day_from
    known = draft.precision in (DatePrecision.MOMENT, DatePrecision.DAY)
    slot = Slot(
        draft.starts_at, draft.ends_at, day if known else None, None if draft.starts_at else draft.day_to
    )
    return Plan(draft.kind, slot, clean_line(draft.venue), draft.municipality_id)
