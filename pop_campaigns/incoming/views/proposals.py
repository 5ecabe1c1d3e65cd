"""The page of a time that a guest proposed: beside the present one, to be accepted or declined."""

from __future__ import annotations

from collections.abc import Sequence

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_security import current_user

from pop_campaigns.accounts.guard import reader, writer
from pop_campaigns.accounts.scope import get_changeable, get_visible, may_change
from pop_campaigns.accounts.views.undoable import say_sent, undoable
from pop_campaigns.core.clock import now
from pop_campaigns.core.db import db
from pop_campaigns.core.i18n import current_language
from pop_campaigns.events.models.events import Event
from pop_campaigns.incoming.blueprint import bp
from pop_campaigns.incoming.forms import DeclineForm
from pop_campaigns.incoming.queries.proposals import (
    mail_of,
    proposals_of,
    standing,
    wanted_times,
)
from pop_campaigns.incoming.rules.proposals import Standing
from pop_campaigns.incoming.services.proposals import (
    EventChanged,
    NoHour,
    ProposalClosed,
    TimeIsPast,
    accept_proposal,
    decline_proposal,
)
from pop_campaigns.incoming.sight import sees_incoming
from pop_campaigns.incoming.words import proposals as words
from pop_campaigns.invitations.models.invitations import TimeProposal
from pop_campaigns.invitations.queries.guests import GuestRow, answers_for, refusing
from pop_campaigns.invitations.queries.shown_guests import in_sight
from pop_campaigns.invitations.rules.invitations import InvitationState
from pop_campaigns.invitations.sight import check_sight
from pop_campaigns.mail.rules import SendingKind
from pop_campaigns.mail.wake_up import wake_worker


@bp.get("/proposals/<int:proposal_id>")
@reader
def proposal(proposal_id: int) -> ResponseReturnValue:
    """Show a proposed time beside the present one."""
    row = _existing(proposal_id)
    get_visible(Event, row.invitation.event_id)
    return _page(row, DeclineForm(formdata=None))


@bp.post("/proposals/<int:proposal_id>/accept")
@writer
def accept(proposal_id: int) -> ResponseReturnValue:
    """Move the event to the proposed time and tell everybody."""
    row = _changeable(proposal_id)
    event_id = row.invitation.event_id
    sending = undoable(SendingKind.CHANGES, row.invitation.event, has_form=False)
    try:
        number = accept_proposal(
            row, seen=request.form.get("seen", ""), by=current_user, now=now(), sending=sending
        )
    except ProposalClosed:
        return _already(proposal_id)
    except EventChanged:
        return _look_again(proposal_id, DeclineForm(formdata=None))
    except TimeIsPast:
        db.session.rollback()
        return _page(_existing(proposal_id), DeclineForm(formdata=None)), 422
    db.session.commit()
    wake_worker()
    say_sent(
        ngettext(
            "The event is moved. The change goes to %(num)d guest.",
            "The event is moved. The change goes to %(num)d guests.",
            number,
        ),
        sending,
    )
    return redirect(url_for("desk.event", event_id=event_id))


@bp.post("/proposals/<int:proposal_id>/decline")
@writer
def decline(proposal_id: int) -> ResponseReturnValue:
    """Leave the event as it is and tell the guest."""
    row, form = _changeable(proposal_id), DeclineForm()
    event_id, guest = row.invitation.event_id, row.invitation.shown_as
    if not form.validate():
        return _page(row, form), 422
    seen, typed = request.form.get("seen", ""), form.words.data or ""
    sending = undoable(SendingKind.REPLY, row.invitation.event, has_form=bool(typed))
    try:
        is_told = decline_proposal(row, words=typed, seen=seen, by=current_user, now=now(), sending=sending)
    except ProposalClosed:
        return _already(proposal_id)
    except EventChanged:
        return _look_again(proposal_id, form)
    except NoHour:
        db.session.rollback()
        return _page(_existing(proposal_id), form), 422
    db.session.commit()
    if is_told:
        wake_worker()
        say_sent(_("Declined. %(guest)s is being told that the event stays as it is.", guest=guest), sending)
    else:
        flash(_("Declined. %(guest)s wants no more mail, so nothing was sent.", guest=guest), "success")
    return redirect(url_for("desk.event", event_id=event_id))


def _existing(number: int) -> TimeProposal:
    row = db.session.get(TimeProposal, number) if 0 < number < 2**31 else None
    if row is None:
        abort(404)
    check_sight(row.invitation)
    return row


def _changeable(number: int) -> TimeProposal:
    row = _existing(number)
    get_changeable(Event, row.invitation.event_id)
    return row


def _already(number: int) -> ResponseReturnValue:
    """Say that somebody was quicker: the page itself says what became of it."""
    db.session.rollback()
    flash(_("Nothing was changed or sent: this proposal does not wait for an answer any more."), "info")
    return redirect(url_for("incoming.proposal", proposal_id=number))


def _look_again(number: int, form: DeclineForm) -> ResponseReturnValue:
    db.session.rollback()
    return _page(_existing(number), form, changed=True), 409


def _page(row: TimeProposal, form: DeclineForm, *, changed: bool = False) -> str:
    moment, lang = now(), current_language()
    guest, event = row.invitation, row.invitation.event
    stands = standing(row, now=moment)
    mail = mail_of(row)
    rows = [answer for answer in answers_for(event) if answer.invitation.state is InvitationState.INVITED]
    shown = in_sight(rows, current_user)
    return render_template(
        "incoming/proposal.html",
        proposal=row,
        guest=guest,
        event=event,
        form=form,
        changed=changed,
        is_open=stands is Standing.OPEN,
        closed=words.STANDINGS.get(stands, ""),
        decided=words.decided_words(row, lang),
        lines=words.compared(row, lang, moment),
        moved=words.moved_words(row, lang),
        proposed=words.times_in_words(row, lang),
        cautions=words.cautions_for(row, current_user, lang, moment) if stands is Standing.OPEN else [],
        made_before=words.made_before_words(row),
        said_beside=words.said_beside_words(row),
        mail=mail if mail is not None and mail.raw and sees_incoming(mail) else None,
        earlier=[
            (earlier, words.times_in_words(earlier, lang))
            for earlier in proposals_of(guest)
            if earlier.id != row.id
        ],
        others=[other for other in shown.rows if other.invitation.id != guest.id],
        hidden=shown.hidden,
        told=_told(rows, event),
        silent=bool(refusing(event, [guest])),
        over=wanted_times(row).starts <= moment,
        no_hour=event.starts_at is None,
        changeable=may_change(event, current_user),
    )


def _told(rows: Sequence[GuestRow], event: Event) -> int:
    """Count whom a change would be told to: everybody invited but who was erased or wants no more mail."""
    guests = [row.invitation for row in rows if not row.invitation.is_erased]
    return len(guests) - len(refusing(event, guests))
