"""How far the mails about an event are, and holding them back or letting them go."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask import flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_security import current_user

from pop_campaigns.accounts.guard import writer
from pop_campaigns.accounts.scope import get_changeable
from pop_campaigns.core.clock import now
from pop_campaigns.core.dates import short_moment_words
from pop_campaigns.core.db import db
from pop_campaigns.desk.blueprint import bp
from pop_campaigns.events.models.events import Event
from pop_campaigns.invitations.services.pausing import mails_of_event, pause_event, resume_event
from pop_campaigns.mail.queries import Progress, progress_of
from pop_campaigns.mail.wake_up import wake_worker

_WORTH_SHOWING = 10


@dataclass(frozen=True)
class MailProgress:
    """What the page says of mails on their way: *210 of 400 have left*, how long it takes, who let them wait since when."""

    words: str
    time: str
    left: int
    total: int
    paused: str


@bp.post("/events/<int:event_id>/mails/pause")
@writer
def pause_mails(event_id: int) -> ResponseReturnValue:
    """Let the mails about an event wait."""
    event = get_changeable(Event, event_id)
    if pause_event(event, by=current_user, now=now()):
        db.session.commit()
        flash(_("The mails of this event wait until you let them go on."), "success")
    return redirect(url_for("desk.event", event_id=event_id))


@bp.post("/events/<int:event_id>/mails/resume")
@writer
def resume_mails(event_id: int) -> ResponseReturnValue:
    """Let the mails about an event go on."""
    event = get_changeable(Event, event_id)
    if resume_event(event, by=current_user, now=now()):
        db.session.commit()
        wake_worker()
        flash(_("The mails of this event go on."), "success")
    return redirect(url_for("desk.event", event_id=event_id))


def mail_progress(event: Event, moment: datetime, lang: str) -> MailProgress | None:
    """Return how far the mails about an event are; None where so few wait that nobody has to watch them."""
    progress = progress_of(mails_of_event(event), now=moment)
    paused = event.mails_paused_at
    if not paused and (progress is None or progress.total < _WORTH_SHOWING):
        return None
    who = event.mails_paused_by.name if event.mails_paused_by else "–"
    return MailProgress(
        words=_words(progress),
        time="" if paused else _time_words(progress),
        left=progress.left if progress else 0,
        total=progress.total if progress else 0,
        paused=_("Held back by %(who)s since %(when)s.", who=who, when=short_moment_words(paused, lang))
        if paused
        else "",
    )


def _words(progress: Progress | None) -> str:
    if progress is None:
        return _("No mail waits.")
    return ngettext(
        "%(left)s of %(num)s mail has left",
        "%(left)s of %(num)s mails have left",
        progress.total,
        left=progress.left,
    )


def _time_words(progress: Progress | None) -> str:
    if progress is None or progress.seconds is None:
        return ""
    if progress.seconds < 45:
        return _("less than a minute")
    minutes = max(1, round(progress.seconds / 60))
    if minutes == 1:
        return _("about a minute")
    if minutes > 90:
        hours = round(minutes / 60)
        return ngettext("about %(num)s hour", "about %(num)s hours", hours)
    return ngettext("about %(num)s minute", "about %(num)s minutes", minutes)
