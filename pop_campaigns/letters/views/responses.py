"""Pages on which is recorded what came back, and that a letter was handed over on paper."""

from __future__ import annotations

from datetime import date

from flask import Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_security import current_user
from werkzeug.datastructures import FileStorage

from pop_campaigns.accounts.guard import reader, writer
from pop_campaigns.accounts.scope import get_changeable, get_visible
from pop_campaigns.accounts.views.sent_before import form_made, sent_once
from pop_campaigns.accounts.views.undoable import say_sent, undoable
from pop_campaigns.core.clock import local_date, now
from pop_campaigns.core.db import db
from pop_campaigns.core.downloads import give_stored
from pop_campaigns.core.file_pages import refusal_words
from pop_campaigns.core.files import RefusedFile
from pop_campaigns.core.meanwhile import is_as_seen, meet_changes, seen_versions
from pop_campaigns.core.subject_files import SubjectFile, file_of, files_of
from pop_campaigns.letters.blueprint import bp, letter_url
from pop_campaigns.letters.forms import HandOverForm, OtherAddressForm, ResponseForm
from pop_campaigns.letters.models import Letter, LetterRecipient, LetterResponse
from pop_campaigns.letters.queries.due_days import longest_extension
from pop_campaigns.letters.queries.recipients import delivery_of
from pop_campaigns.letters.rules.letters import may_record_response
from pop_campaigns.letters.services.clocks import handed_over_on, may_hand_over, record_hand_over
from pop_campaigns.letters.services.resending import (
    NotSentElsewhere,
    contact_address,
    may_send_elsewhere,
    send_elsewhere,
)
from pop_campaigns.letters.services.responses import (
    correct_response,
    earliest_response_day,
    extension_of,
    kinds_for,
    record_response,
    remove_response,
)
from pop_campaigns.letters.views.recipients import recipient_of
from pop_campaigns.letters.words.labels import ADDRESS_REFUSALS, RESPONSES
from pop_campaigns.letters.words.pages import mail_trouble
from pop_campaigns.mail.rules import SendingKind
from pop_campaigns.mail.wake_up import wake_worker


@bp.route("/letters/<int:letter_id>/recipients/<int:recipient_id>/response", methods=["GET", "POST"])
@writer
@sent_once
def response(letter_id: int, recipient_id: int) -> ResponseReturnValue:
    """Record what a recipient answered."""
    letter = get_changeable(Letter, letter_id)
    recipient = recipient_of(letter, recipient_id)
    if not may_record_response(letter.state):
        abort(404)
    form = _response_form(recipient)
    if form.validate_on_submit():
        try:
            row = record_response(
                recipient, form.draft(), file=form.handed_file(), by=current_user, now=now()
            )
        except RefusedFile as refused:
            form.file.errors = [refusal_words(refused)]
        else:
            edit_url = url_for("letters.correct", letter_id=letter.id, response_id=row.id)
            form_made(row, page=letter_url(letter.id), edit=edit_url)
            db.session.commit()
            flash(_("Response recorded."), "success")
            return redirect(letter_url(letter.id))
    return _response_page(form, recipient, None)


@bp.route("/letters/<int:letter_id>/responses/<int:response_id>", methods=["GET", "POST"])
@writer
def correct(letter_id: int, response_id: int) -> ResponseReturnValue:
    """Put right a response that was recorded wrongly."""
    letter = get_changeable(Letter, letter_id)
    row = response_of(letter, response_id)
    form = _response_form(row.recipient, row)
    meet_changes(form, row, told_of=letter)
    if form.validate_on_submit():
        try:
            correct_response(row, form.draft(), file=form.handed_file(), by=current_user, now=now())
        except RefusedFile as refused:
            form.file.errors = [refusal_words(refused)]
        else:
            db.session.commit()
            flash(_("Response corrected."), "success")
            return redirect(letter_url(letter.id))
    return _response_page(form, row.recipient, row)


@bp.route("/letters/<int:letter_id>/responses/<int:response_id>/remove", methods=["GET", "POST"])
@writer
def remove(letter_id: int, response_id: int) -> ResponseReturnValue:
    """Take back a response that was recorded by mistake."""
    letter = get_changeable(Letter, letter_id)
    row = response_of(letter, response_id)
    form = ResponseForm()
    if form.is_submitted() and is_as_seen(row, told_of=letter):
        remove_response(row, by=current_user, now=now())
        db.session.commit()
        flash(_("Response taken back. The history keeps what it was."), "success")
        return redirect(letter_url(letter.id))
    words = {"letter": letter, "response": row, "seen": seen_versions(row)}
    page = render_template("letters/remove_response.html", RESPONSES=RESPONSES, **words)
    return page, 409 if form.is_submitted() else 200


@bp.get("/letters/<int:letter_id>/responses/<int:response_id>/file")
@reader
def file(letter_id: int, response_id: int) -> Response:
    """Return the file of a response, to be saved and never to run in our pages."""
    row = response_of(get_visible(Letter, letter_id), response_id)
    if row.file is None or not row.file.path.is_file():
        abort(404)
    return give_stored(row.file)


@bp.get("/letters/<int:letter_id>/responses/<int:response_id>/files/<int:number>")
@reader
def more_file(letter_id: int, response_id: int, number: int) -> Response:
    """Return one of the further files that came with a response, to be saved."""
    row = response_of(get_visible(Letter, letter_id), response_id)
    more = file_of(row, number)
    if more is None or not more.file.path.is_file():
        abort(404)
    return give_stored(more.file)


@bp.app_template_global()
def response_files(response: LetterResponse) -> list[SubjectFile]:
    """Return the files that came with a response beside the first one."""
    return files_of(response)


@bp.route("/letters/<int:letter_id>/recipients/<int:recipient_id>/hand-over", methods=["GET", "POST"])
@writer
def hand_over(letter_id: int, recipient_id: int) -> ResponseReturnValue:
    """Record the day a letter was handed over on paper."""
    letter = get_changeable(Letter, letter_id)
    recipient = recipient_of(letter, recipient_id)
    if not may_hand_over(recipient, delivery_of(recipient)):
        abort(404)
    form = HandOverForm(data={"day": handed_over_on(recipient)})
    form.today, form.earliest = local_date(now()), earliest_response_day(letter)
    meet_changes(form, recipient, told_of=letter)
    if not form.is_submitted() and form.day.data is None:
        form.day.data = form.today
    if form.validate_on_submit():
        record_hand_over(recipient, form.day.data, by=current_user, now=now())
        db.session.commit()
        flash(_("Hand-over recorded."), "success")
        return redirect(letter_url(letter.id))
    page = render_template("letters/hand_over.html", letter=letter, recipient=recipient, form=form)
    return page, 422 if form.errors else 200


@bp.route("/letters/<int:letter_id>/recipients/<int:recipient_id>/address", methods=["GET", "POST"])
@writer
def address(letter_id: int, recipient_id: int) -> ResponseReturnValue:
    """Send a letter that came back to another address."""
    letter = get_changeable(Letter, letter_id)
    recipient = recipient_of(letter, recipient_id)
    if not may_send_elsewhere(recipient):
        abort(404)
    form = OtherAddressForm(data={"email": recipient.address, "contact": True})
    meet_changes(form, recipient, told_of=letter)
    if form.validate_on_submit():
        email, contact = form.email.data, bool(form.contact.data)
        sending = undoable(SendingKind.LETTER_ELSEWHERE, letter)
        try:
            again = send_elsewhere(
                recipient, email, contact=contact, by=current_user, now=now(), sending=sending
            )
        except NotSentElsewhere as refused:
            db.session.rollback()
            form.email.errors = [str(ADDRESS_REFUSALS[refused.reason])]
        else:
            db.session.commit()
            wake_worker()
            say_sent(_("The letter goes out to %(address)s.", address=again.to_address), sending)
            return redirect(letter_url(letter_id))
    page = render_template(
        "letters/address.html",
        letter=letter,
        recipient=recipient,
        form=form,
        trouble=mail_trouble(recipient.mail),
        contact=contact_address(recipient, recipient.address, current_user),
    )
    return page, 422 if form.errors else 200


def response_of(letter: Letter, response_id: int) -> LetterResponse:
    """Return a response to this letter, else 404."""
    responses = (answer for recipient in letter.recipients for answer in recipient.responses)
    letter_response = next((answer for answer in responses if answer.id == response_id), None)
    if letter_response is None:
        abort(404)
    return letter_response


def _day_asked_for() -> date | None:
    try:
        return date.fromisoformat(request.args.get("received_on", ""))
    except ValueError:
        return None


def _response_form(recipient: LetterRecipient, recorded: LetterResponse | None = None) -> ResponseForm:
    # A reply by mail leads here with the day on which it came.
    before: dict[str, object] = {"received_on": _day_asked_for() or local_date(now())}
    if recorded is not None:
        before = {
            "kind": recorded.kind.value,
            "received_on": recorded.received_on,
            "their_number": recorded.their_number,
            "summary": recorded.summary,
            "extended_by": extension_of(recipient) or None,
        }
    form = ResponseForm(data=before)
    kinds = kinds_for(recipient.letter)
    if recorded is not None and recorded.kind not in kinds:
        kinds = [*kinds, recorded.kind]
    form.offer(
        kinds,
        earliest=earliest_response_day(recipient.letter),
        today=local_date(now()),
        longest=longest_extension(recipient) if recipient.clock_from else 0,
    )
    return form


def _response_page(
    form: ResponseForm, recipient: LetterRecipient, recorded: LetterResponse | None
) -> tuple[str, int]:
    page = render_template(
        "letters/response.html",
        form=form,
        recipient=recipient,
        letter=recipient.letter,
        recorded=recorded,
        chosen_file=_chosen_name(form),
    )
    return page, 422 if form.errors else 200


def _chosen_name(form: ResponseForm) -> str:
    """Return the name of the chosen file, which a browser forgets when the page comes back, to choose it again."""
    chosen = form.file.data
    return chosen.filename or "" if isinstance(chosen, FileStorage) else ""
