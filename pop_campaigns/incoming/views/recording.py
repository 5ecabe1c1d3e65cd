"""Pages on which the words of a message become what they are for: a guest's answer, an office's response to a letter."""

from __future__ import annotations

from typing import Any, Final

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_security import current_user

from pop_campaigns.accounts.guard import writer
from pop_campaigns.core.clock import local_date, now
from pop_campaigns.core.db import db
from pop_campaigns.core.file_pages import make_room, refusal_words
from pop_campaigns.core.files import RefusedFile
from pop_campaigns.incoming.blueprint import bp, may_file, place_of_subject, seen_mail
from pop_campaigns.incoming.forms import AnswerInMailForm, ResponseInMailForm
from pop_campaigns.incoming.queries.deeds import answer_from, response_from
from pop_campaigns.incoming.rules.guesses import guess_answer, guess_response, guess_their_number
from pop_campaigns.incoming.rules.incoming import received_on
from pop_campaigns.incoming.services.recording import record_as_answer, record_as_response
from pop_campaigns.incoming.sight import sees_subject
from pop_campaigns.incoming.views.originals import file_of, kept_files
from pop_campaigns.incoming.views.work_list import kept
from pop_campaigns.incoming.words.deeds import deed_words
from pop_campaigns.invitations.forms import LONGEST_NOTE
from pop_campaigns.invitations.models.invitations import Invitation
from pop_campaigns.invitations.queries.date_polls import asked_of
from pop_campaigns.invitations.rules.invitations import Answer, InvitationState
from pop_campaigns.invitations.services.answers import AnswerRefused, check_answerable, counts
from pop_campaigns.invitations.words.labels import NOT_ANSWERABLE
from pop_campaigns.letters.models import LetterRecipient
from pop_campaigns.letters.queries.due_days import longest_extension
from pop_campaigns.letters.rules.letters import may_record_response
from pop_campaigns.letters.services.responses import HandedFile, earliest_response_day, kinds_for
from pop_campaigns.mail.models import IncomingMail
from pop_campaigns.mail.rules import IncomingKind, IncomingState, IncomingWay
from pop_campaigns.mail.secrets import mask_secrets
from pop_campaigns.mail.wake_up import wake_worker

LONGEST_SUMMARY: Final = 4000
make_room(bp, {"incoming.record_response"})
_NEWER: Final = _l("Noted in the history of %(guest)s. A newer answer stands, and stays.")
# What a machine wrote is nobody's word.
_WRITTEN = (IncomingKind.HUMAN, IncomingKind.CALENDAR, IncomingKind.UNPARSED)


def record_url(mail: IncomingMail, subject: Invitation | LetterRecipient) -> str:
    """Return where a message is recorded as the word of a guest or an office; "" where that cannot be."""
    if mail.kind not in _WRITTEN:
        return ""
    if isinstance(subject, Invitation):
        asks_dates = subject.state is InvitationState.DRAFT and asked_of(subject) is not None
        page = "incoming.record_dates" if asks_dates else "incoming.record_answer"
        return url_for(page, number=mail.id, invitation_id=subject.id, **kept())
    if mail.kind is IncomingKind.CALENDAR or not may_record_response(subject.letter.state):
        return ""
    return url_for("incoming.record_response", number=mail.id, recipient_id=subject.id, **kept())


@bp.route("/<int:number>/answer/<int:invitation_id>", methods=["GET", "POST"])
@writer
def record_answer(number: int, invitation_id: int) -> ResponseReturnValue:
    """Record a message as the answer of a guest it belongs or may belong to, with what it seems to say filled in."""
    mail, guest = linked(number, Invitation, invitation_id)
    form = AnswerInMailForm(data=None if request.method == "POST" else _read_as_answer(mail))
    if form.validate_on_submit():
        try:
            row, is_new = record_as_answer(
                mail,
                guest,
                Answer(form.answer.data),
                substitute=form.substitute.data or "",
                note=form.note.data or "",
                by=current_user,
                now=now(),
            )
        except AnswerRefused:
            db.session.rollback()
            mail, guest = linked(number, Invitation, invitation_id)
        else:
            if is_new and not counts(row):
                flash(str(_NEWER) % {"guest": guest.shown_as}, "info")
            return _done(mail, deed_words(row), is_new)
    page = render_template(
        "incoming/record_answer.html",
        mail=mail,
        guest=guest,
        form=form,
        what=place_of_subject(guest)[0],
        refusal=_why_not_answerable(guest),
        recorded=answer_from(mail.id, guest),
        deed_words=deed_words,
    )
    return page, 422 if form.is_submitted() else 200


@bp.route("/<int:number>/response/<int:recipient_id>", methods=["GET", "POST"])
@writer
def record_response(number: int, recipient_id: int) -> ResponseReturnValue:
    """Record a message as the response of a letter's recipient, with kind, number, day and file as read in it."""
    mail, recipient = linked(number, LetterRecipient, recipient_id)
    if not may_record_response(recipient.letter.state):
        abort(404)
    form = _response_form(mail, recipient)
    if form.validate_on_submit():
        try:
            row, is_new = record_as_response(
                mail, recipient, form.draft(), files=_chosen_files(form, mail), by=current_user, now=now()
            )
        except RefusedFile as refused:
            db.session.rollback()
            mail, recipient = linked(number, LetterRecipient, recipient_id)
            field = form.file if form.handed_in() or "taken" not in form else form.taken
            field.errors = [refusal_words(refused)]
        else:
            return _done(mail, deed_words(row), is_new)
    page = render_template(
        "incoming/record_response.html",
        mail=mail,
        form=form,
        what=place_of_subject(recipient)[0],
        recorded=response_from(mail.id, recipient),
        deed_words=deed_words,
    )
    return page, 422 if form.errors else 200


def linked(number: int, model: Any, ident: int) -> tuple[IncomingMail, Any]:
    """Return a message and what it is linked to, where the person may record the one for the other, else 404.

    What is only suggested, or waits, is filed by it: so the message itself has to be the person's to file.
    """
    mail = seen_mail(number)
    key = (model.__tablename__, ident)
    link = next((link for link in mail.links if (link.subject_type, link.subject_id) == key), None)
    subject = db.session.get(model, ident) if link else None
    if link is None or subject is None or mail.kind not in _WRITTEN:
        abort(404)
    if not sees_subject(subject) or not place_of_subject(subject)[2]:
        abort(404)
    filed = mail.state is IncomingState.MATCHED and not link.suggested
    if not (filed or may_file(mail)):
        abort(404)
    return mail, subject


def _done(mail: IncomingMail, words: str, is_new: bool) -> ResponseReturnValue:
    db.session.commit()
    if is_new:
        wake_worker()
        flash(f"{words}.", "success")
    else:
        flash(_("Nothing was changed: this message is worked off already. %(what)s.", what=words), "info")
    return redirect(url_for("incoming.message", number=mail.id, **kept()))


def _read_as_answer(mail: IncomingMail) -> dict[str, str]:
    words = mask_secrets(mail.text)
    guess = guess_answer(words)
    answer = guess.answer.value if guess.answer else ""
    return {"answer": answer, "substitute": guess.substitute, "note": words[:LONGEST_NOTE]}


def _why_not_answerable(guest: Invitation) -> str:
    try:
        check_answerable(guest, now(), by_hand=True)
    except AnswerRefused as refused:
        return str(NOT_ANSWERABLE[refused.reason])
    return ""


def _response_form(mail: IncomingMail, recipient: LetterRecipient) -> ResponseInMailForm:
    files = kept_files(mail)
    form = ResponseInMailForm(
        data=None if request.method == "POST" else _read_as_response(mail, recipient, files)
    )
    form.offer(
        kinds_for(recipient.letter),
        earliest=earliest_response_day(recipient.letter),
        today=local_date(now()),
        longest=longest_extension(recipient) if recipient.clock_from else 0,
    )
    form.offer_files(files)
    return form


def _read_as_response(
    mail: IncomingMail, recipient: LetterRecipient, files: list[tuple[int, str]]
) -> dict[str, object]:
    words = mask_secrets(mail.text)
    written = f"{mask_secrets(mail.subject)}\n{words}"
    kind = guess_response(written)
    was_brought = mail.way is IncomingWay.UPLOAD
    return {
        "kind": kind.value if kind in kinds_for(recipient.letter) else "",
        "received_on": local_date(received_on(mail.dated_at, mail.received_at, was_brought=was_brought)),
        "their_number": guess_their_number(written, recipient.letter.register_number),
        "summary": words[:LONGEST_SUMMARY],
        "taken": [str(number) for number, _name in files],
    }


def _chosen_files(form: ResponseInMailForm, mail: IncomingMail) -> list[HandedFile]:
    """Return the file handed in and those of the message that were chosen, a PDF first; raise RefusedFile for one not kept."""
    names, taken = dict(kept_files(mail)), []
    for number in form.taken_files():
        content = file_of(mail, number)
        if content is None:
            raise RefusedFile("kind")
        taken.append(HandedFile(content, names[number]))
    taken.sort(key=lambda file: not file.name.lower().endswith(".pdf"))
    handed = form.handed_file()
    return [*([handed] if handed else []), *taken]
