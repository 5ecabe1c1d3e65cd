"""The page on which a message becomes what a guest says of the times put to them."""

from __future__ import annotations

from flask import abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_security import current_user

from pop_campaigns.accounts.guard import writer
from pop_campaigns.core.clock import now
from pop_campaigns.core.db import db
from pop_campaigns.incoming.blueprint import bp, place_of_subject
from pop_campaigns.incoming.services.recording import record_as_dates
from pop_campaigns.incoming.views.recording import linked
from pop_campaigns.incoming.views.work_list import kept
from pop_campaigns.invitations.forms import LONGEST_NOTE, SlotsFromMailForm
from pop_campaigns.invitations.models.invitations import Invitation
from pop_campaigns.invitations.queries.date_polls import Poll, asked_of, poll_of, slot_answers_of
from pop_campaigns.invitations.rules.date_polls import Says, read_numbers
from pop_campaigns.invitations.services.date_polls import PollClosed
from pop_campaigns.invitations.views.date_polls import times_in_words
from pop_campaigns.invitations.words.date_polls import POLL_CLOSED, SAYS_CHIPS, SPOKEN
from pop_campaigns.mail.models import IncomingMail
from pop_campaigns.mail.secrets import mask_secrets
from pop_campaigns.mail.wake_up import wake_worker


@bp.route("/<int:number>/dates/<int:invitation_id>", methods=["GET", "POST"])
@writer
def record_dates(number: int, invitation_id: int) -> ResponseReturnValue:
    """Record a message as what a guest says of each time, with the numbers in it filled in where they can be read."""
    mail, guest = linked(number, Invitation, invitation_id)
    poll = poll_of(guest.event, now())
    if poll is None:
        abort(404)
    known = {answer.slot_id: answer.says for answer in slot_answers_of(guest)}
    read = _read(mail, guest, poll)
    form = SlotsFromMailForm(
        [slot.id for slot in poll.slots], known | read, data={"note": mask_secrets(mail.text)[:LONGEST_NOTE]}
    )
    if form.is_submitted() and form.validate():
        try:
            record_as_dates(mail, guest, form.words, note=form.note.data or "", by=current_user, now=now())
        except PollClosed:
            db.session.rollback()
            mail, guest = linked(number, Invitation, invitation_id)
        else:
            db.session.commit()
            wake_worker()
            flash(_("Noted for %(guest)s.", guest=guest.shown_as), "success")
            return redirect(url_for("incoming.message", number=mail.id, **kept()))
    page = render_template(
        "incoming/record_dates.html",
        mail=mail,
        guest=guest,
        form=form,
        what=place_of_subject(guest)[0],
        times=times_in_words(guest.event, poll),
        is_read=bool(read) and not form.is_submitted(),
        closed=POLL_CLOSED.get(poll.state, ""),
        spoken=SPOKEN,
        chips=SAYS_CHIPS,
    )
    return page, 422 if form.is_submitted() else 200


def _read(mail: IncomingMail, guest: Invitation, poll: Poll) -> dict[int, Says]:
    """Return what the numbers in a reply say, if the times are still those that were numbered in our mail."""
    asked = asked_of(guest)
    slots = [*poll.slots, *poll.removed]
    if asked is None or poll.removed or any(slot.added_at > asked.asked_at for slot in slots):
        return {}
    return read_numbers(mask_secrets(mail.text), [slot.id for slot in poll.slots])
