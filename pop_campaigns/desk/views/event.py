"""The page of one event: who comes, what is known, what happened."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_security import current_user

from pop_campaigns.accounts.guard import reader
from pop_campaigns.accounts.rules.roles import MAY_WRITE, may_read_record
from pop_campaigns.accounts.scope import get_visible, may_change
from pop_campaigns.core.clock import local_date, now
from pop_campaigns.core.dates import DatePrecision, moment_words, relative_day_words, short_day_words
from pop_campaigns.core.db import db
from pop_campaigns.core.i18n import current_language
from pop_campaigns.core.subject_files import files_of
from pop_campaigns.desk.blueprint import bp
from pop_campaigns.desk.queries.doubts import shown_notice
from pop_campaigns.desk.queries.events import event_with_record, story_of
from pop_campaigns.desk.views.mail_progress import mail_progress
from pop_campaigns.desk.words.event_actions import actions_for, in_short
from pop_campaigns.desk.words.guest_mail import (
    away_guests,
    failed_copies,
    mail_happenings,
    written_happenings,
)
from pop_campaigns.desk.words.guest_ways import ways_with_guests
from pop_campaigns.desk.words.history import tell_story
from pop_campaigns.events.models.events import Attendance, Event
from pop_campaigns.events.queries.agenda import agenda_points
from pop_campaigns.events.queries.details import embargo_of, sides_of
from pop_campaigns.events.rules.events import EventKind, EventState
from pop_campaigns.events.services.details import may_join
from pop_campaigns.events.words.agenda import agenda_part
from pop_campaigns.events.words.details import detail_rows, institution_label
from pop_campaigns.events.words.files import AUDIENCES_IN_SHORT, size_words
from pop_campaigns.events.words.labels import EVENT_FORMATS, EVENT_KINDS, state_chip, when_words
from pop_campaigns.incoming.queries.deeds import written_about
from pop_campaigns.incoming.queries.guest_notes import GuestNote, guest_notes
from pop_campaigns.incoming.queries.incoming import incoming_of_guests
from pop_campaigns.incoming.words.labels import KINDS as INCOMING_KINDS
from pop_campaigns.incoming.words.proposals import proposed_at
from pop_campaigns.invitations.models.invitations import Invitation
from pop_campaigns.invitations.queries.guests import GuestRow, answers_for, counts_for, text_of
from pop_campaigns.invitations.queries.reminders import states_of_rules
from pop_campaigns.invitations.queries.shown_guests import in_sight
from pop_campaigns.invitations.views.guest_list import guest_list
from pop_campaigns.invitations.views.guest_table import Happening
from pop_campaigns.invitations.words.reminders import schedule_lines
from pop_campaigns.mail.queries import mails_about
from pop_campaigns.mail.rules import MailState
from pop_campaigns.mail.words.unsent import unsent_notice

_ON_ITS_WAY = (MailState.QUEUED, MailState.SENDING)
_TRANSLATED = ("title", "description")
# So much of what may grow without end; the rest with one press.
_LINES, _ALL_LINES, _MAILS = 12, 300, 5


@bp.get("/events/<int:event_id>")
@reader
def event(event_id: int) -> ResponseReturnValue:
    """Show an event with its guests, its details and its history."""
    if _is_another_organisation_s(event_id):
        return redirect(_page_for_others(event_id))
    row = event_with_record(get_visible(Event, event_id))
    moment, lang = now(), current_language()
    guests = answers_for(row)
    shown = in_sight(guests, current_user)
    counts = counts_for([row.id])[row.id]
    changeable = may_change(row, current_user)
    listed = guest_list(shown.rows)
    near = shown.heard & {guest.invitation.id for guest in (*listed.rows, listed.about) if guest}
    notes = guest_notes(near, current_user)
    return render_template(
        "desk/event.html",
        event=row,
        **_in_words(row, moment, lang),
        missing=_missing_translations(row) if changeable else [],
        listed=listed,
        ways=ways_with_guests(row, changeable=changeable, now=moment),
        everybody=guests,
        hidden=shown.hidden,
        counts=counts,
        note=text_of(row),
        **_of_its_kind(row, lang, moment, changeable=changeable),
        actions=actions_for(row, guests, counts, now=moment) if changeable else None,
        changeable=changeable,
        proposed=proposed_at(row, current_user, lang, moment),
        **_incoming_parts(shown.heard, lang),
        away=away_guests(notes, moment, lang),
        copies=failed_copies(notes),
        came_in=_mails_of(near, notes, linked=changeable),
        story=tell_story(story_of(row, current_user, limit=_lines()), names=changeable),
        fewest_lines=_LINES,
        attended=attended(row, names=changeable),
        in_short=in_short,
        **_ahead(row, guests, moment, lang),
        unsent=unsent_notice(
            mails_about(Invitation, [guest.invitation.id for guest in guests]), moment, lang
        ),
        day_in_words=lambda day: short_day_words(day, lang),
        sending_progress=mail_progress(row, moment, lang),
        mail_on_its_way=row.mails_paused_at is None
        and any(guest.mail and guest.mail.state in _ON_ITS_WAY for guest in guests),
    )


def _of_its_kind(row: Event, lang: str, moment: datetime, *, changeable: bool) -> dict[str, Any]:
    """Return the agenda, and what only the event's kind has."""
    agenda_url = url_for("invitations.agenda", event_id=row.id) if changeable else ""
    seated = changeable and row.kind is EventKind.ROUND_TABLE
    return {
        "agenda": agenda_part(row, agenda_points(row), lang, url=agenda_url),
        "details": detail_rows(row, lang, public=False),
        "institution_label": institution_label(row),
        "embargo": embargo_of(row, moment),
        "files": [(file, size_words(file.file.size, lang)) for file in files_of(row)],
        "files_in_short": AUDIENCES_IN_SHORT,
        "sides_url": url_for("invitations.sides", event_id=row.id) if seated and sides_of(row) else "",
    }


def _in_words(row: Event, moment: datetime, lang: str) -> dict[str, Any]:
    """Return what the head of the page says of the event itself."""
    return {
        "public_pages": _public_pages(row, lang),
        "kind": EVENT_KINDS[row.kind],
        "format": EVENT_FORMATS[row.format] if row.format else "",
        "state": state_chip(row, moment),
        "when_words": when_words(row, lang),
        "relative": _relative(row, moment),
    }


def _incoming_parts(heard: Collection[int], lang: str) -> dict[str, Any]:
    """Return the newest mails that came in from the guests whose words the user sees, all of them if wanted."""
    mails = incoming_of_guests(heard, current_user)
    return {
        "incoming": mails if request.args.get("mails") == "all" else mails[:_MAILS],
        "more_mails": len(mails) > _MAILS,
        "INCOMING_KINDS": INCOMING_KINDS,
        "incoming_day": lambda moment: moment_words(moment, lang),
    }


def _mails_of(
    heard: Collection[int], notes: Mapping[int, Sequence[GuestNote]], *, linked: bool
) -> dict[int, list[Happening]]:
    """Return by guest what came in and what people answered, for the guests whose words the user sees."""
    written = written_happenings(written_about(Invitation, heard, current_user)) if linked else {}
    came_in = mail_happenings(notes, linked=linked)
    return {ident: [*came_in.get(ident, []), *written.get(ident, [])] for ident in {*came_in, *written}}


def _lines() -> int:
    """Return how many lines of the history are wanted."""
    return _ALL_LINES if request.args.get("story") == "all" else _LINES


def _ahead(row: Event, guests: Sequence[GuestRow], moment: datetime, lang: str) -> dict[str, Any]:
    """Return what is to come by itself, and by when the police must know of a protest."""
    return {
        "notice": shown_notice(row, moment),
        "schedule": schedule_lines(states_of_rules(row, guests), moment, lang),
    }


def _is_another_organisation_s(event_id: int) -> bool:
    """Return whether this user reads the event only as everybody does: without guests, answers and mails."""
    row = db.session.get(Event, event_id) if 0 < event_id < 2**31 else None
    if row is None or not row.published or current_user.role is None:
        return False
    return not may_read_record(current_user.role, current_user.organisation_id, row.organisation_id)


def _page_for_others(event_id: int) -> str:
    """Return where another organisation's event leads: who may join it, to where one does."""
    if current_user.role in MAY_WRITE and may_join(db.session.get_one(Event, event_id), current_user):
        return url_for("events.join", event_id=event_id)
    return url_for("public.event", lang=current_language(), event_id=event_id)


def attended(row: Event, *, names: bool) -> tuple[list[Attendance], int]:
    """Return whom the page names of those who attended, and how many others came: without an office only to one's own."""
    named = [attendance for attendance in row.attendances if names or attendance.office_title]
    return named, len(row.attendances) - len(named)


def _relative(row: Event, moment: datetime) -> str:
    """Return how far away the event is, where its day is known and it is still of interest."""
    if row.day_from is None or row.precision not in (DatePrecision.MOMENT, DatePrecision.DAY):
        return ""
    today = local_date(moment)
    if row.state is not EventState.PLANNED or abs((row.day_from - today).days) > 365:
        return ""
    return relative_day_words(row.day_from, today)


def _public_pages(row: Event, lang: str) -> list[tuple[str, str]]:
    """Return the links to what citizens see of the event."""
    if not row.published:
        return []
    pages = (
        ("public.event", _("See it as citizens do")),
        ("public.event_calendar", _("Calendar file (.ics)")),
    )
    return [(url_for(endpoint, lang=lang, event_id=row.id), label) for endpoint, label in pages]


def _missing_translations(row: Event) -> list[str]:
    """Return which texts are there in one language only."""
    words = {"title": _("title"), "description": _("description")}
    return [
        words[name]
        for name in _TRANSLATED
        if bool(getattr(row, f"{name}_sq")) != bool(getattr(row, f"{name}_en"))
    ]
