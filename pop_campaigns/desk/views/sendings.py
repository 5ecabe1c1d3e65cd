"""Taking back what was just sent: the line that offers it on every page, and the press."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from flask import abort, current_app, flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_security import current_user

from pop_campaigns.accounts.guard import writer
from pop_campaigns.accounts.scope import get_changeable, may_change
from pop_campaigns.accounts.sign_in.kept_words import KeptWords
from pop_campaigns.accounts.views.kept_words import form_again
from pop_campaigns.core.clock import now
from pop_campaigns.core.db import db
from pop_campaigns.core.safe_path import local_path
from pop_campaigns.desk.blueprint import bp
from pop_campaigns.desk.services import undo_again
from pop_campaigns.desk.words.sendings import UndoLine, not_undone_words, undo_line, undone_words
from pop_campaigns.events.models.events import Event
from pop_campaigns.incoming.blueprint import workable_mail
from pop_campaigns.incoming.services.undoing import undo_writing
from pop_campaigns.invitations.services.undoing import undo_sending
from pop_campaigns.invitations.sight import seen_mail
from pop_campaigns.letters.models import Letter
from pop_campaigns.letters.services.undoing import undo_letter
from pop_campaigns.mail.models import IncomingMail, OutgoingMail, Sending
from pop_campaigns.mail.sendings import NotUndone, TakenBack, UndoneBefore, open_sendings


@dataclass(frozen=True)
class _Subject:
    """What a sending can be about: who may take it back (else 404), the service that does, the page of the thing."""

    changeable: Callable[[int], Any]
    take_back: Callable[..., TakenBack]
    address: Callable[[int], str]


def _changeable_mail(number: int) -> OutgoingMail:
    mail = seen_mail(number)
    if not may_change(mail):
        abort(404)
    return mail


_SUBJECTS: Final[Mapping[str, _Subject]] = {
    Event.__tablename__: _Subject(
        partial(get_changeable, Event), undo_sending, lambda number: url_for("desk.event", event_id=number)
    ),
    Letter.__tablename__: _Subject(
        partial(get_changeable, Letter), undo_letter, lambda number: url_for("desk.letter", letter_id=number)
    ),
    OutgoingMail.__tablename__: _Subject(
        _changeable_mail, undo_again, lambda number: url_for("desk.mail_message", mail_id=number)
    ),
    IncomingMail.__tablename__: _Subject(
        workable_mail, undo_writing, lambda number: url_for("incoming.message", number=number)
    ),
}


@bp.app_template_global()
def undo_lines() -> list[UndoLine]:
    """Return what this person sent a moment ago and can take back, for the top of every page."""
    if not current_app.config["UNDO_SECONDS"] or not current_user.is_authenticated:
        return []
    moment = now()
    return [
        undo_line(sending, mails, moment)
        for sending, mails in open_sendings(Sending.by_id == current_user.id, now=moment)
    ]


@bp.post("/sendings/<int:sending_id>/undo")
@writer
def undo(sending_id: int) -> ResponseReturnValue:
    """Take back what was sent, as long as it has not left, and return to the form as it was filled."""
    sending = db.session.get(Sending, sending_id)
    if sending is None or sending.subject_type not in _SUBJECTS:
        abort(404)
    about = _SUBJECTS[sending.subject_type]
    subject = about.changeable(sending.subject_id)
    address = about.address(sending.subject_id)
    try:
        taken = about.take_back(sending, subject, by=current_user, now=now())
    except UndoneBefore:
        db.session.rollback()
        flash(_was_undone(), "info")
        return redirect(address)
    except NotUndone as problem:
        db.session.rollback()
        flash(not_undone_words(problem.total, problem.left, newer=problem.newer), "warning")
        return redirect(address)
    db.session.commit()
    flash(undone_words(taken.total, taken.left), "success")
    return _back_to_form(taken.form, address)


def _was_undone() -> str:
    return _("This was undone already.")


def _back_to_form(form: Mapping[str, Any] | None, address: str) -> ResponseReturnValue:
    """Return to the page from which it was sent, with the words that were typed there; to ``address`` where it is gone."""
    if not form:
        return redirect(address)
    typed = tuple((str(name), str(value)) for name, value in form["typed"])
    words = KeptWords(current_user.id, form["path"], form["page"], typed, form["files"])
    if words.readable:
        return form_again(words, status=200)
    return redirect(local_path(form["path"], address))
