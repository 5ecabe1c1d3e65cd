"""A draft becomes an event: put on the site, kept internal, taken from the site again, deleted."""

from __future__ import annotations

from typing import Final

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_security import current_user
from sqlalchemy.exc import IntegrityError

from pop_campaigns.accounts.guard import writer
from pop_campaigns.accounts.scope import get_changeable
from pop_campaigns.core.clock import now
from pop_campaigns.core.db import db
from pop_campaigns.core.headers import with_frames
from pop_campaigns.core.i18n import LANGUAGES, current_language, misses_translation
from pop_campaigns.core.meanwhile import is_as_seen
from pop_campaigns.desk.blueprint import bp
from pop_campaigns.desk.queries.events import ties_of
from pop_campaigns.desk.services import EventStays, delete_event
from pop_campaigns.events.models.events import Event
from pop_campaigns.events.rules.events import EventState, is_coming, may_cancel
from pop_campaigns.events.rules.visibility import (
    EventVisibility,
    usual_visibility,
    visibility_off_site,
    why_not_deletable,
)
from pop_campaigns.events.services.visibility import (
    CancelledStaysHidden,
    keep_internal,
    publish_event,
    take_off_site,
)
from pop_campaigns.events.words.labels import NOT_DELETABLE, when_words

_TEXTS: Final = ("title", "description")


@bp.route("/events/<int:event_id>/publish", methods=["GET", "POST"])
@writer
def publish(event_id: int) -> ResponseReturnValue:
    """Show what the public page will look like, then put the event on the site or keep it internal."""
    event = get_changeable(Event, event_id)
    if request.method != "POST":
        return with_frames(_publish_page(event))
    if not is_as_seen(event):
        return with_frames(_publish_page(event)), 409
    wanted = request.form.get("visibility", "")
    if wanted not in (EventVisibility.PUBLIC, EventVisibility.INTERNAL):
        return with_frames(_publish_page(event)), 422
    try:
        if wanted == EventVisibility.PUBLIC:
            publish_event(event, by=current_user, now=now())
            flash(_("The event is on the site."), "success")
        else:
            keep_internal(event, by=current_user, now=now())
            flash(_("The event is planned; it does not stand on the site."), "success")
    except CancelledStaysHidden:
        return with_frames(_publish_page(event)), 422
    db.session.commit()
    return redirect(url_for("desk.event", event_id=event_id))


def _publish_page(event: Event) -> str:
    usual = usual_visibility(event.kind)
    return render_template(
        "desk/publish.html",
        event=event,
        when=when_words(event, current_language()),
        is_draft=event.visibility is EventVisibility.DRAFT,
        cancelled=event.state is EventState.CANCELLED,
        internal_first=usual is EventVisibility.INTERNAL,
        languages=LANGUAGES,
        untranslated=[field for field in _TEXTS if misses_translation(event, field)],
        coming=is_coming(event.starts_at, now()),
    )


@bp.route("/events/<int:event_id>/unpublish", methods=["GET", "POST"])
@writer
def unpublish(event_id: int) -> ResponseReturnValue:
    """Say what happens when an event is taken from the site, then take it from there."""
    event = get_changeable(Event, event_id)
    if not event.published:
        flash(_("This event does not stand on the site."), "info")
        return redirect(url_for("desk.event", event_id=event_id))
    if request.method != "POST":
        return _unpublish_page(event)
    if not is_as_seen(event):
        return _unpublish_page(event), 409
    take_off_site(event, told=ties_of(event).told, by=current_user, now=now())
    db.session.commit()
    flash(_("The event is taken from the site."), "success")
    return redirect(url_for("desk.event", event_id=event_id))


def _unpublish_page(event: Event) -> str:
    ties = ties_of(event)
    return render_template(
        "desk/unpublish.html",
        event=event,
        when=when_words(event, current_language()),
        ties=ties,
        becomes_draft=visibility_off_site(told=ties.told) is EventVisibility.DRAFT,
        may_cancel=event.state is EventState.PLANNED and may_cancel(event.state),
    )


@bp.route("/events/<int:event_id>/delete", methods=["GET", "POST"])
@writer
def delete(event_id: int) -> ResponseReturnValue:
    """Say what goes with an event nobody was told of, then delete it; else say why it stays and what to do instead."""
    event = get_changeable(Event, event_id)
    if request.method != "POST":
        return _delete_page(event)
    if not is_as_seen(event):
        return _delete_page(event), 409
    try:
        delete_event(event, by=current_user, now=now())
        db.session.commit()
    except EventStays:
        db.session.rollback()
        return _delete_page(get_changeable(Event, event_id)), 422
    except IntegrityError:
        # Something that points at it came up meanwhile, or is kept on record by a part that came later.
        db.session.rollback()
        flash(_("Something else hangs on this event, so it stays. You can cancel it."), "warning")
        return redirect(url_for("desk.event", event_id=event_id))
    flash(_("The draft is deleted."), "success")
    return redirect(url_for("events.index"))


def _delete_page(event: Event) -> str:
    ties = ties_of(event)
    reason = why_not_deletable(ties, was_public=event.published_at is not None, from_record=event.from_record)
    return render_template(
        "desk/delete_event.html",
        event=event,
        when=when_words(event, current_language()),
        ties=ties,
        reason=NOT_DELETABLE[reason] if reason else "",
        may_cancel=event.state is EventState.PLANNED,
    )
