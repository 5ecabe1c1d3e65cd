"""Pages for what comes round the service: an answer entered by hand, an address put right."""

from __future__ import annotations

from flask import Response, abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_security import current_user

from pop_campaigns.accounts.guard import reader, writer
from pop_campaigns.accounts.scope import get_visible
from pop_campaigns.accounts.views.undoable import say_sent, undoable
from pop_campaigns.core.clock import now
from pop_campaigns.core.db import db
from pop_campaigns.core.downloads import give_stored
from pop_campaigns.core.file_pages import refusal_words
from pop_campaigns.core.files import RefusedFile, store_file
from pop_campaigns.core.meanwhile import meet_changes, version_shown
from pop_campaigns.core.versions import ChangedMeanwhile
from pop_campaigns.events.models.events import Event
from pop_campaigns.invitations.blueprint import bp, cannot_invite_words, changeable_guest
from pop_campaigns.invitations.forms import ByHandForm, CorrectAddressForm
from pop_campaigns.invitations.models.invitations import GivenAnswer, Invitation
from pop_campaigns.invitations.queries.guests import mails_of
from pop_campaigns.invitations.rules.invitations import Answer, AnswerChannel, ToldHow
from pop_campaigns.invitations.services.addresses import (
    CannotCorrect,
    contact_address,
    correct_address,
    why_not_correctable,
)
from pop_campaigns.invitations.services.answers import (
    AnswerRefused,
    Told,
    check_answerable,
    counts,
    record_answer,
)
from pop_campaigns.invitations.services.guests import CannotInvite
from pop_campaigns.invitations.sight import check_sight
from pop_campaigns.invitations.words.labels import NOT_ANSWERABLE, NOT_CORRECTABLE
from pop_campaigns.mail.rules import SendingKind
from pop_campaigns.mail.wake_up import wake_worker


@bp.route("/invitations/<int:invitation_id>/by-hand", methods=["GET", "POST"])
@writer
def by_hand(invitation_id: int) -> ResponseReturnValue:
    """Enter an answer that came by phone, on paper, in person or to somebody's own mailbox."""
    guest = changeable_guest(invitation_id)
    form = ByHandForm()
    form.now = now()
    if form.validate_on_submit():
        try:
            return _record(guest, form)
        except RefusedFile as refused:
            db.session.rollback()
            form.file.errors = [refusal_words(refused)]
        except AnswerRefused:
            db.session.rollback()
    guest = changeable_guest(invitation_id)
    refusal = _not_answerable_words(guest)
    page = render_template(
        "invitations/by_hand.html", guest=guest, event=guest.event, form=form, refusal=refusal
    )
    return page, 422 if form.is_submitted() else 200


def _record(guest: Invitation, form: ByHandForm) -> ResponseReturnValue:
    moment, handed = now(), form.file.data
    scan = store_file(handed.read(), handed.filename, now=moment) if handed and handed.filename else None
    answer = record_answer(
        guest,
        Answer(form.answer.data),
        substitute=form.substitute.data or "",
        note=form.note.data or "",
        channel=AnswerChannel.BY_HAND,
        told=Told(ToldHow(form.told_how.data), scan),
        by=current_user,
        now=moment,
        said_at=form.said,
    )
    newest = counts(answer)
    db.session.commit()
    wake_worker()
    if newest:
        flash(_("Answer of %(guest)s recorded.", guest=guest.shown_as), "success")
    else:
        flash(
            _("Noted in the history of %(guest)s. A newer answer stands, and stays.", guest=guest.shown_as),
            "info",
        )
    return redirect(url_for("desk.event", event_id=guest.event_id, _anchor=f"guest-{guest.id}"))


def _not_answerable_words(guest: Invitation) -> str:
    try:
        check_answerable(guest, now(), by_hand=True)
    except AnswerRefused as refused:
        return str(NOT_ANSWERABLE[refused.reason])
    return ""


@bp.get("/invitations/<int:invitation_id>/answers/<int:answer_id>/scan")
@reader
def scan(invitation_id: int, answer_id: int) -> Response:
    """Return the scan of an answer that was entered by hand, to be saved and never to run in our pages."""
    answer = db.session.get(GivenAnswer, answer_id) if 0 < answer_id < 2**31 else None
    if answer is None or answer.invitation_id != invitation_id:
        abort(404)
    get_visible(Event, answer.invitation.event_id)
    check_sight(answer.invitation)
    if answer.scan is None or not answer.scan.path.is_file():
        abort(404)
    return give_stored(answer.scan)


@bp.route("/invitations/<int:invitation_id>/address", methods=["GET", "POST"])
@writer
def address(invitation_id: int) -> ResponseReturnValue:
    """Put the address of a guest right and send the invitation there."""
    guest = changeable_guest(invitation_id)
    form = CorrectAddressForm(data={"email": guest.address, "contact": True})
    meet_changes(form, guest)
    if form.validate_on_submit():
        try:
            return _correct(guest, form)
        except CannotCorrect as refused:
            db.session.rollback()
            form.email.errors = [str(NOT_CORRECTABLE[refused.reason])]
        except CannotInvite:
            db.session.rollback()
        except ChangedMeanwhile:
            db.session.rollback()
            guest = changeable_guest(invitation_id)
            if guest.address == form.email.data:  # the second press of one button
                return _nothing_sent(guest)
            form.email.errors = [
                _("This guest was changed meanwhile, nothing was sent. Look, then save again.")
            ]
        guest = changeable_guest(invitation_id)
    mails = mails_of([guest])[guest.id]
    why = why_not_correctable(guest)
    page = render_template(
        "invitations/address.html",
        guest=guest,
        event=guest.event,
        form=form,
        mail=mails[-1].mail if mails else None,
        contact=contact_address(guest, guest.address, current_user),
        refusal=str(NOT_CORRECTABLE[why]) if why else cannot_invite_words(guest.event, now()),
    )
    return page, 422 if form.is_submitted() else 200


def _correct(guest: Invitation, form: CorrectAddressForm) -> ResponseReturnValue:
    label = guest.shown_as
    there, sending = _at_guest(guest), undoable(SendingKind.NEW_ADDRESS, guest.event)
    correct_address(
        guest,
        form.email.data,
        contact=bool(form.contact.data),
        version=version_shown(),
        by=current_user,
        now=now(),
        sending=sending,
    )
    db.session.commit()
    wake_worker()
    say_sent(
        _("The invitation of %(guest)s goes to %(address)s.", guest=label, address=form.email.data), sending
    )
    return there


def _nothing_sent(guest: Invitation) -> ResponseReturnValue:
    flash(_("This guest was changed meanwhile, nothing was sent: look how it stands now."), "info")
    return _at_guest(guest)


def _at_guest(guest: Invitation) -> ResponseReturnValue:
    return redirect(url_for("desk.event", event_id=guest.event_id, _anchor=f"guest-{guest.id}"))
