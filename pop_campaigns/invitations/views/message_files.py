"""Files that go with a message to guests."""

from __future__ import annotations

from flask import Response, abort, flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_security import current_user
from werkzeug.datastructures import FileStorage

from pop_campaigns.accounts.guard import writer
from pop_campaigns.accounts.scope import get_changeable
from pop_campaigns.core.clock import now
from pop_campaigns.core.db import db
from pop_campaigns.core.downloads import give_stored
from pop_campaigns.core.file_pages import make_room, refusal_words
from pop_campaigns.core.files import RefusedFile
from pop_campaigns.core.mail_files import FileDelivery
from pop_campaigns.core.subject_files import attach_file, detach_file, file_of
from pop_campaigns.events.models.events import Event
from pop_campaigns.invitations.blueprint import bp, changeable_message, draft_message
from pop_campaigns.invitations.forms import MessageFileForm

make_room(bp, {"invitations.add_message_file"})


@bp.post("/guest-messages/<int:message_id>/files")
@writer
def add_message_file(message_id: int) -> ResponseReturnValue:
    """Add a file to a draft."""
    message, form = draft_message(message_id), MessageFileForm()
    page = url_for("invitations.message_words", message_id=message.id, _anchor="files")
    if not form.validate() or not isinstance(form.file.data, FileStorage):
        flash(_("Choose a file."), "error")
        return redirect(page)
    delivery = FileDelivery.AS_LINK if form.as_link.data else FileDelivery.IN_MAIL
    try:
        attach_file(
            message, form.file.data.read(), form.file.data.filename or "", delivery=delivery, by=current_user, now=now()
        )  # fmt: skip
    except RefusedFile as refused:
        db.session.rollback()
        flash(refusal_words(refused), "error")
        return redirect(page)
    db.session.commit()
    return redirect(page)


@bp.post("/guest-messages/<int:message_id>/files/<int:file_id>/remove")
@writer
def remove_message_file(message_id: int, file_id: int) -> ResponseReturnValue:
    """Take a file off a draft."""
    message = draft_message(message_id)
    row = file_of(message, file_id)
    if row is not None:
        detach_file(row, message, by=current_user, now=now())
        db.session.commit()
    return redirect(url_for("invitations.message_words", message_id=message.id, _anchor="files"))


@bp.get("/guest-messages/<int:message_id>/files/<int:file_id>")
@writer
def message_file(message_id: int, file_id: int) -> Response:
    """Give a file that goes with a message."""
    message = changeable_message(message_id)
    get_changeable(Event, message.event_id)
    row = file_of(message, file_id)
    if row is None:
        abort(404)
    return give_stored(row.file)
