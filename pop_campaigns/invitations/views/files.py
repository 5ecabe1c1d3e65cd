"""The files of an event: with the invitation, on the public page, or only inside."""

from __future__ import annotations

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_security import current_user

from pop_campaigns.accounts.guard import reader, writer
from pop_campaigns.accounts.scope import get_changeable, get_visible
from pop_campaigns.accounts.views.sent_before import form_made, sent_once
from pop_campaigns.core.clock import now
from pop_campaigns.core.db import db
from pop_campaigns.core.downloads import give_stored
from pop_campaigns.core.file_pages import kept_kinds, moved_words, refusal_words
from pop_campaigns.core.files import RefusedFile
from pop_campaigns.core.i18n import current_language, in_language
from pop_campaigns.core.subject_files import attach_file, detach_file, file_of, files_of, part_files
from pop_campaigns.events.forms.files import EventFileForm
from pop_campaigns.events.models.events import Event
from pop_campaigns.events.queries.agenda import agenda_points
from pop_campaigns.events.queries.details import embargo_of
from pop_campaigns.events.queries.files import files_for_guests
from pop_campaigns.events.words.files import AUDIENCES_IN_SHORT, going_words, size_words
from pop_campaigns.invitations.blueprint import bp


@bp.route("/events/<int:event_id>/files", methods=["GET", "POST"])
@writer
@sent_once
def files(event_id: int) -> ResponseReturnValue:
    """Show the files of an event, and add one."""
    event = get_changeable(Event, event_id)
    form = _form(event)
    if not form.validate_on_submit():
        return _page(event, form), 422 if form.errors else 200
    if event.no_names:
        form.file.errors = [
            _("This action stores no names, so it keeps no files: nobody can look into them.")
        ]
        return _page(event, form), 422
    try:
        upload = form.file.data
        row = attach_file(
            event, upload.stream.read(), upload.filename or "", **form.wish, by=current_user, now=now()
        )
    except RefusedFile as refused:
        form.file.errors = [refusal_words(refused)]
        return _page(event, form), 422
    form_made(row, page=_address(event), edit=_address(event))
    db.session.commit()
    flash(_("The file is added."), "success")
    return redirect(_address(event))


@bp.get("/events/<int:event_id>/files/<int:attached_id>")
@reader
def file(event_id: int, attached_id: int) -> ResponseReturnValue:
    """Give one file of an event to those who see the event."""
    row = file_of(get_visible(Event, event_id), attached_id)
    if row is None or not row.file.path.is_file():
        abort(404)
    return give_stored(row.file)


@bp.post("/events/<int:event_id>/files/<int:attached_id>/remove")
@writer
def remove_file(event_id: int, attached_id: int) -> ResponseReturnValue:
    """Take a file off; its link opens nothing from then on. Pressed twice, it is off."""
    event = get_changeable(Event, event_id)
    row = file_of(event, attached_id)
    if row is not None:
        detach_file(row, event, by=current_user, now=now())
        db.session.commit()
        flash(_("“%(name)s” is taken off; its link opens nothing any more.", name=row.label), "success")
    return redirect(_address(event))


def _address(event: Event) -> str:
    return url_for("invitations.files", event_id=event.id)


def _form(event: Event) -> EventFileForm:
    lang = current_language()
    return EventFileForm([(point.id, in_language(point, "title", lang)) for point in agenda_points(event)])


def _page(event: Event, form: EventFileForm) -> str:
    lang, going = current_language(), files_for_guests(event)
    return render_template(
        "invitations/files.html",
        event=event,
        form=form,
        files=files_of(event),
        points={point.id: in_language(point, "title", lang) for point in agenda_points(event)},
        audiences=AUDIENCES_IN_SHORT,
        size=lambda row: size_words(row.file.size, lang),
        going=going_words(going, lang),
        moved=moved_words(part_files(going).moved),
        embargo=embargo_of(event, now()),
        kinds=kept_kinds(),
        asked=request.args.get("point", ""),
    )
