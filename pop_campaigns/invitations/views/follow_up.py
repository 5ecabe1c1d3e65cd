"""Pages for what follows an invitation: a change is announced, an event cancelled, a guest withdrawn or reminded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import Response, current_app, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_security import current_user

from pop_campaigns.accounts.guard import writer
from pop_campaigns.accounts.scope import get_changeable
from pop_campaigns.accounts.views.undoable import say_sent, undoable
from pop_campaigns.core.clock import now
from pop_campaigns.core.dates import moment_words, span_words
from pop_campaigns.core.db import db
from pop_campaigns.core.headers import with_frames
from pop_campaigns.core.i18n import current_language
from pop_campaigns.core.meanwhile import is_as_seen
from pop_campaigns.events.models.events import Event
from pop_campaigns.events.rules.events import EventState, is_coming
from pop_campaigns.events.services.events import EventIsHeld
from pop_campaigns.events.words.labels import when_words
from pop_campaigns.invitations.blueprint import bp, cannot_invite_words, changeable_guest, event_url
from pop_campaigns.invitations.forms import NoticeWordsForm
from pop_campaigns.invitations.messages.notices import Told
from pop_campaigns.invitations.models.invitations import Invitation, InvitationMail
from pop_campaigns.invitations.queries.guests import (
    awaiting_reminder,
    guests_of,
    mails_of,
    outdated_guests,
    unreachable,
)
from pop_campaigns.invitations.queries.reminders import held_back_until
from pop_campaigns.invitations.queries.told import may_expect_event
from pop_campaigns.invitations.rules.invitations import Answer, InvitationState, MailPurpose
from pop_campaigns.invitations.services.guests import CannotInvite
from pop_campaigns.invitations.services.sending import (
    cancel_with_notice,
    send_changes,
    send_reminders,
    withdraw_guest,
)
from pop_campaigns.invitations.sight import seen_among
from pop_campaigns.invitations.views.guest_list import ticked_numbers
from pop_campaigns.invitations.views.notice_words import Notice, notice_page
from pop_campaigns.mail.models import Sending
from pop_campaigns.mail.rules import MailState, SendingKind
from pop_campaigns.mail.wake_up import wake_worker


@dataclass(frozen=True)
class Difference:
    """What a guest was told and what holds now."""

    label: str
    was: str
    now: str


@bp.route("/events/<int:event_id>/announce", methods=["GET", "POST"])
@writer
def announce(event_id: int) -> ResponseReturnValue:
    """Tell the guests who know an older time or place what holds now."""
    event = get_changeable(Event, event_id)
    form = NoticeWordsForm()
    if request.method != "POST":
        return _announce_page(event, form)
    if not form.validate():
        return _announce_page(event, form), 422
    sending = undoable(SendingKind.CHANGES, event)
    try:
        number = send_changes(event, by=current_user, now=now(), sending=sending, words=form.words)
    except CannotInvite:
        db.session.rollback()
        return _announce_page(get_changeable(Event, event_id), form), 422
    words = ngettext(
        "The change goes to %(num)d guest.", "The change goes to %(num)d guests.", number
    )  # fmt: skip
    nothing = _("Every guest knows the present time and place: nothing was sent.")
    return _done(event_id, number, words, nothing, sending)


def _announce_page(event: Event, form: NoticeWordsForm) -> Response:
    unaware = outdated_guests(event)
    dead = unreachable(unaware)
    guests = [guest for guest in unaware if guest.id not in dead]
    mails, seen = mails_of(guests), seen_among(unaware)
    lang = current_language()
    knowing = {guest.id for guest in guests if may_expect_event(mails[guest.id])}
    told = [(guest, Notice.CHANGE if guest.id in knowing else Notice.REQUEST) for guest in guests]
    page = render_template(
        "invitations/announce.html",
        event=event,
        when=when_words(event, lang),
        rows=[(guest, _differences(event, _last_told(mails[guest.id]), lang)) for guest in guests],
        never_left=[guest for guest in guests if guest.id not in knowing],
        dead=[(guest, dead[guest.id]) for guest in unaware if guest.id in dead and guest.id in seen],
        seen=seen,
        refusal=cannot_invite_words(event, now()),
        # Who gets the change stands for the others.
        **notice_page(form, sorted(told, key=lambda row: row[1] is Notice.REQUEST)),
    )
    return with_frames(page)


def _last_told(mails: Sequence[InvitationMail]) -> Told | None:
    """Return time and place as the newest mail to a guest had them."""
    calendars = (row.mail.skeleton.calendar for row in reversed(mails))
    return next((Told.read(calendar) for calendar in calendars if calendar), None)


def _differences(event: Event, told: Told | None, lang: str) -> list[Difference]:
    if told is None or event.starts_at is None:
        return []
    pairs = (
        (
            _("When"),
            span_words(told.starts, told.ends, lang, told.zone),
            span_words(event.starts_at, event.ends_at, lang, event.zone),
        ),
        (_("Where"), told.venue, event.venue),
        (_("Join link"), told.join_url, event.join_url),
    )
    return [Difference(label, was or "—", holds or "—") for label, was, holds in pairs if was != holds]


@bp.route("/events/<int:event_id>/cancel", methods=["GET", "POST"])
@writer
def cancel(event_id: int) -> ResponseReturnValue:
    """Cancel an event and tell its guests."""
    event = get_changeable(Event, event_id)
    if event.state is EventState.CANCELLED:
        flash(_("This event is cancelled already."), "info")
        return redirect(event_url(event_id))
    form = NoticeWordsForm()
    if request.method != "POST":
        return _cancel_page(event, form)
    if not form.validate():
        return _cancel_page(event, form), 422
    if not is_as_seen(event):
        return _cancel_page(event, form), 409
    sending = undoable(SendingKind.CANCELLATION, event)
    try:
        number = cancel_with_notice(event, by=current_user, now=now(), sending=sending, words=form.words)
    except EventIsHeld:
        db.session.rollback()
        return _cancel_page(get_changeable(Event, event_id), form), 422
    words = ngettext(
        "The event is cancelled. %(num)d guest is being told.",
        "The event is cancelled. %(num)d guests are being told.",
        number,
    )
    return _done(event_id, number, words, _("The event is cancelled. There was nobody to tell."), sending)


def _cancel_page(event: Event, form: NoticeWordsForm) -> Response:
    guests = guests_of(event, InvitationState.INVITED)
    mails = mails_of(guests)
    begun = not is_coming(event.starts_at, now())
    dead, seen = unreachable(guests), seen_among(guests)
    told = (
        []
        if begun
        else [guest for guest in guests if may_expect_event(mails[guest.id]) and guest.id not in dead]
    )
    page = render_template(
        "invitations/cancel.html",
        event=event,
        when=when_words(event, current_language()),
        held=event.state is EventState.HELD,
        told=told,
        dead=[]
        if begun
        else [(guest, dead[guest.id]) for guest in guests if guest.id in dead and guest.id in seen],
        seen=seen,
        waiting=sum(row.mail.state is MailState.QUEUED for guest in guests for row in mails[guest.id]),
        drafts=len(guests_of(event, InvitationState.DRAFT)),
        begun=begun,
        **notice_page(form, [(guest, Notice.CANCELLATION) for guest in told]),
    )
    return with_frames(page)


@bp.route("/invitations/<int:invitation_id>/withdraw", methods=["GET", "POST"])
@writer
def withdraw(invitation_id: int) -> ResponseReturnValue:
    """Ask one guest no longer."""
    guest = changeable_guest(invitation_id)
    event_id, label = guest.event_id, guest.shown_as
    if guest.state is InvitationState.WITHDRAWN:
        flash(_("The invitation of %(guest)s is withdrawn already.", guest=label), "info")
        return redirect(event_url(event_id))
    form = NoticeWordsForm()
    if request.method != "POST":
        return _withdraw_page(guest, form, now())
    if not form.validate():
        return _withdraw_page(guest, form, now()), 422
    if not is_as_seen(guest):
        return _withdraw_page(guest, form, now()), 409
    was_draft = guest.state is InvitationState.DRAFT
    sending = None if was_draft else undoable(SendingKind.WITHDRAWAL, guest.event)
    withdraw_guest(guest, by=current_user, now=now(), sending=sending, words=form.words)
    words = _("The invitation of %(guest)s is withdrawn.", guest=label)
    return _done(event_id, 1, words, words, sending)


def _withdraw_page(guest: Invitation, form: NoticeWordsForm, moment: datetime) -> Response:
    event = guest.event
    coming = event.state is not EventState.CANCELLED and is_coming(event.starts_at, moment)
    is_told = coming and may_expect_event(mails_of([guest])[guest.id]) and not unreachable([guest])
    words = notice_page(form, [(guest, Notice.WITHDRAWAL)] if is_told else [])
    page = render_template("invitations/withdraw.html", guest=guest, event=event, told=is_told, **words)
    return with_frames(page)


@bp.route("/events/<int:event_id>/remind", methods=["GET", "POST"])
@writer
def remind(event_id: int) -> ResponseReturnValue:
    """Remind the guests who have not answered."""
    event = get_changeable(Event, event_id)
    if request.method != "POST":
        return _remind_page(event, now())
    sending = undoable(SendingKind.REMINDERS, event)
    try:
        number = send_reminders(
            event, by=current_user, now=now(), sending=sending, only=ticked_numbers(event)
        )
    except CannotInvite:
        db.session.rollback()
        return _remind_page(get_changeable(Event, event_id), now()), 422
    words = ngettext(
        "%(num)d reminder is on its way.", "%(num)d reminders are on their way.", number
    )  # fmt: skip
    return _done(event_id, number, words, _("There is nobody to remind now: nothing was sent."), sending)


def _remind_page(event: Event, moment: datetime) -> Response:
    only = ticked_numbers(event)
    guests = awaiting_reminder(event, now=moment, only=only)
    silent = [
        guest
        for guest in guests_of(event, InvitationState.INVITED)
        if guest.answer is Answer.NEEDS_ACTION and (only is None or guest.id in only)
    ]
    dead, seen = unreachable(silent), seen_among(silent)
    free_at = held_back_until(event, now=moment)
    named = [guest for guest in guests if guest.id in seen]
    chosen = next((guest for guest in named if str(guest.id) == request.args.get("guest")), None)
    page = render_template(
        "invitations/remind.html",
        event=event,
        guests=guests,
        left_alone=len(silent) - len(guests) - len(dead),
        dead=[(guest, dead[guest.id]) for guest in silent if guest.id in dead and guest.id in seen],
        shown=chosen or next(iter(named), None),
        seen=seen,
        free_at=moment_words(free_at, current_language()) if free_at else "",
        purpose=MailPurpose.REMINDER,
        keeps_mail=current_app.config["MAIL_LOCAL"],
        refusal=cannot_invite_words(event, moment),
    )
    return with_frames(page)


def _done(
    event_id: int, number: int, words: str, words_for_none: str, sending: Sending | None
) -> ResponseReturnValue:
    """Commit, wake the worker if mail was queued, and say on the event's page what was done."""
    db.session.commit()
    if number:
        wake_worker()
        say_sent(words, sending)
    else:
        flash(words_for_none, "info")
    return redirect(event_url(event_id))
