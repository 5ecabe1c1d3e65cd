"""The page of a protest's notice to the police."""

from __future__ import annotations

from flask import abort, flash, redirect, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_security import current_user

from pop_campaigns.accounts.guard import writer
from pop_campaigns.accounts.scope import get_changeable
from pop_campaigns.core.clock import local_date, now
from pop_campaigns.core.db import db
from pop_campaigns.core.meanwhile import meet_changes
from pop_campaigns.events.blueprint import bp, event_url
from pop_campaigns.events.forms.events import NoticeForm
from pop_campaigns.events.models.events import Event
from pop_campaigns.events.queries.planning import notice_of
from pop_campaigns.events.rules.planning import needs_notice
from pop_campaigns.events.services.events import note_notice, take_back_notice


@bp.route("/events/<int:event_id>/notice", methods=["GET", "POST"])
@writer
def notice(event_id: int) -> ResponseReturnValue:
    """Note that the police were given notice of a protest."""
    event = _protest(event_id)
    moment, given = now(), notice_of(event)
    form = NoticeForm(
        data={
            "given_on": given.given_on if given else local_date(moment),
            "number": given.number if given else "",
        }
    )
    form.today = local_date(moment)
    meet_changes(form, given, told_of=event)
    if form.validate_on_submit():
        assert form.given_on.data is not None  # noqa: S101  # it is asked for
        note_notice(event, form.given_on.data, form.number.data or "", by=current_user, now=moment)
        db.session.commit()
        flash(_("Noted: the police have notice."), "success")
        return redirect(event_url(event.id))
    page = render_template(
        "events/notice.html", form=form, event=event, given=given, back=event_url(event.id)
    )
    return page, 422 if form.errors else 200


@bp.post("/events/<int:event_id>/notice/take-back")
@writer
def notice_taken_back(event_id: int) -> ResponseReturnValue:
    """Forget that notice was given."""
    event = _protest(event_id)
    take_back_notice(event, by=current_user, now=now())
    db.session.commit()
    flash(_("Taken back: no notice is noted any more."), "success")
    return redirect(event_url(event.id))


def _protest(event_id: int) -> Event:
    event = get_changeable(Event, event_id)
    if not needs_notice(event.kind):
        abort(404)
    return event
