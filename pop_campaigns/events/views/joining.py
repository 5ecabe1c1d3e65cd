"""A chapter joins the public action of another one, with a message that its page shows."""

from __future__ import annotations

from flask import abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_security import current_user

from pop_campaigns.accounts.guard import writer
from pop_campaigns.core.clock import now
from pop_campaigns.core.db import db
from pop_campaigns.core.i18n import current_language
from pop_campaigns.core.meanwhile import meet_changes
from pop_campaigns.events.blueprint import bp
from pop_campaigns.events.forms.details import JoinForm
from pop_campaigns.events.models.events import Event
from pop_campaigns.events.queries.details import supporter_of
from pop_campaigns.events.services.details import join_event, leave_event, may_join
from pop_campaigns.events.words.labels import EVENT_KINDS, when_words


@bp.route("/events/<int:event_id>/join", methods=["GET", "POST"])
@writer
def join(event_id: int) -> ResponseReturnValue:
    """Let one's chapter join another one's action, or change its message."""
    event = _joinable(event_id)
    row = supporter_of(event, current_user.organisation_id)
    data = {"message_sq": row.message_sq, "message_en": row.message_en} if row else None
    form = JoinForm(data=data)
    meet_changes(form, row, event)
    if not form.validate_on_submit():
        page = render_template(
            "events/join.html",
            event=event,
            form=form,
            joined=row,
            kind=EVENT_KINDS[event.kind],
            when=when_words(event, current_language()),
        )
        return page, 422 if form.errors else 200
    join_event(event, current_user.organisation, form.message(), by=current_user, now=now())
    db.session.commit()
    flash(_("Your chapter has joined; the public page shows it."), "success")
    return redirect(url_for("events.join", event_id=event.id))


@bp.post("/events/<int:event_id>/leave")
@writer
def leave(event_id: int) -> ResponseReturnValue:
    """Take back that one's chapter joined."""
    event = _joinable(event_id)
    leave_event(event, current_user.organisation, by=current_user, now=now())
    db.session.commit()
    flash(_("Your chapter does not stand among those who joined any more."), "success")
    return redirect(url_for("events.join", event_id=event.id))


def _joinable(event_id: int) -> Event:
    event = db.session.get(Event, event_id)
    if event is None or not may_join(event, current_user):
        abort(404)
    return event
