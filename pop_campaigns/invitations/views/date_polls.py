"""The page on which a date is found: times are put to the guests on the list, and one of them becomes the event's."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_security import current_user

from pop_campaigns.accounts.guard import writer
from pop_campaigns.accounts.scope import get_changeable
from pop_campaigns.accounts.views.undoable import undoable
from pop_campaigns.core.clock import now
from pop_campaigns.core.dates import moment_words, short_moment_words, span_words
from pop_campaigns.core.db import db
from pop_campaigns.core.i18n import current_language
from pop_campaigns.core.numbers import row_number
from pop_campaigns.events.models.events import Event
from pop_campaigns.events.words.labels import zone_words
from pop_campaigns.invitations.blueprint import bp, changeable_guest
from pop_campaigns.invitations.forms import SlotsByHandForm, SlotsForm
from pop_campaigns.invitations.messages.date_polls import preview_dates_mail
from pop_campaigns.invitations.models.date_polls import DateSlot
from pop_campaigns.invitations.models.invitations import Invitation
from pop_campaigns.invitations.queries.date_polls import (
    OpenPoll,
    Poll,
    asked_of,
    open_poll_of,
    poll_of,
    slot_answers_of,
)
from pop_campaigns.invitations.queries.guests import guests_of
from pop_campaigns.invitations.queries.invitable import unmailed_guests
from pop_campaigns.invitations.rules.date_polls import FEWEST_SLOTS, MOST_SLOTS, PollState, may_ask_again
from pop_campaigns.invitations.rules.invitations import InvitationState, Sight, ToldHow
from pop_campaigns.invitations.services.date_choice import choose_slot
from pop_campaigns.invitations.services.date_polls import (
    HeardBy,
    PollClosed,
    WrongSlots,
    add_slots,
    ask_again,
    ask_guests,
    record_slot_answers,
    remove_slot,
)
from pop_campaigns.invitations.services.date_undoing import HasLeft, can_take_back, take_back_choice
from pop_campaigns.invitations.services.guests import CannotInvite
from pop_campaigns.invitations.sight import look_at
from pop_campaigns.invitations.words import date_polls as words
from pop_campaigns.invitations.words.labels import NOT_INVITABLE
from pop_campaigns.mail.models import Sending
from pop_campaigns.mail.rules import SendingKind
from pop_campaigns.mail.wake_up import wake_worker


@bp.route("/events/<int:event_id>/dates", methods=["GET", "POST"])
@writer
def dates(event_id: int) -> ResponseReturnValue:
    """Show who can come when; take further times."""
    event = get_changeable(Event, event_id)
    if request.method != "POST":
        return _page(event)
    form = _slots_form(event, poll_of(event, now()))
    if not form.validate():
        return _page(event, form), 422
    try:
        sending = _undoable(SendingKind.MESSAGE, event)
        added = add_slots(event, form.times, by=current_user, now=now(), sending=sending)
    except PollClosed as closed:
        return _refused(event_id, str(words.POLL_CLOSED[closed.state]))
    except WrongSlots:
        return _refused(event_id, _("At most five times can be put to the guests."))
    return _done(
        event_id, ngettext("%(num)d time added.", "%(num)d times added.", len(added)), mailed=bool(added)
    )


@bp.post("/events/<int:event_id>/dates/ask")
@writer
def ask_dates(event_id: int) -> ResponseReturnValue:
    """Ask the guests who are ticked when they can."""
    event = get_changeable(Event, event_id)
    listed = {guest.id for guest in _askable(event)}
    typed = {row_number(value) for value in request.form.getlist("guest")}
    ticked = {ident for ident in listed if ident in typed}
    if not ticked:
        return _refused(event_id, _("Tick at least one guest who has to be there."))
    try:
        sending = _undoable(SendingKind.MESSAGE, event)
        asked = ask_guests(event, ticked, listed, by=current_user, now=now(), sending=sending)
    except PollClosed as closed:
        return _refused(event_id, str(words.POLL_CLOSED[closed.state]))
    except WrongSlots:
        return _refused(event_id, _("Give two times at least; then you can ask."))
    line = ngettext("%(num)d guest is being asked.", "%(num)d guests are being asked.", asked.number)
    if not asked.number:
        line = _("Everybody you ticked was asked already, or gets no mail.")
    return _done(event_id, line, mailed=bool(asked.number))


@bp.post("/events/<int:event_id>/dates/again")
@writer
def ask_dates_again(event_id: int) -> ResponseReturnValue:
    """Write once more to those who have not said when they can."""
    event = get_changeable(Event, event_id)
    try:
        number = ask_again(event, by=current_user, now=now(), sending=_undoable(SendingKind.MESSAGE, event))
    except PollClosed as closed:
        return _refused(event_id, str(words.POLL_CLOSED[closed.state]))
    line = ngettext("%(num)d guest is asked once more.", "%(num)d guests are asked once more.", number)
    return _done(event_id, line if number else _("There is nobody to ask again now."), mailed=bool(number))


@bp.post("/events/<int:event_id>/dates/<int:slot_id>/remove")
@writer
def remove_date(event_id: int, slot_id: int) -> ResponseReturnValue:
    """Take a time off; what was said about it stays to be read."""
    slot = _slot(event_id, slot_id)
    try:
        remove_slot(slot, by=current_user, now=now())
    except PollClosed as closed:
        return _refused(event_id, str(words.POLL_CLOSED[closed.state]))
    except WrongSlots:
        return _refused(event_id, _("Two times have to remain. Add another one first."))
    return _done(event_id, _("The time is taken off."))


@bp.post("/events/<int:event_id>/dates/<int:slot_id>/choose")
@writer
def choose_date(event_id: int, slot_id: int) -> ResponseReturnValue:
    """Let a time be the event's, and invite everybody on the list."""
    slot = _slot(event_id, slot_id)
    try:
        sending = _undoable(SendingKind.INVITATIONS, slot.poll.event)
        number = choose_slot(slot, by=current_user, now=now(), sending=sending)
    except PollClosed as closed:
        return _refused(event_id, str(words.POLL_CLOSED[closed.state]))
    except WrongSlots:
        return _refused(event_id, _("This time has passed or was taken off: choose another one."))
    except CannotInvite as refused:
        return _refused(event_id, str(NOT_INVITABLE[refused.reason]))
    line = ngettext(
        "The date is set. %(num)d invitation is on its way.",
        "The date is set. %(num)d invitations are on their way.",
        number,
    )
    return _done(event_id, line, mailed=True)


@bp.post("/events/<int:event_id>/dates/take-back")
@writer
def take_back_date(event_id: int) -> ResponseReturnValue:
    """Take the choice of a date back, while no invitation has left."""
    event = get_changeable(Event, event_id)
    try:
        take_back_choice(event, by=current_user, now=now())
    except HasLeft:
        return _refused(
            event_id, _("An invitation has left already: the date stands. You can still move the event.")
        )
    return _done(
        event_id, _("The choice is taken back. No invitation was sent, and the guests can go on answering.")
    )


@bp.route("/invitations/<int:invitation_id>/dates", methods=["GET", "POST"])
@writer
def dates_by_hand(invitation_id: int) -> ResponseReturnValue:
    """Enter when a guest can, as they said it by phone, in person or elsewhere."""
    guest = changeable_guest(invitation_id)
    poll = poll_of(guest.event, now())
    if poll is None or guest.state is not InvitationState.DRAFT:
        abort(404)
    known = {answer.slot_id: answer.says for answer in slot_answers_of(guest)}
    asked = asked_of(guest)
    form = SlotsByHandForm(
        [slot.id for slot in poll.slots],
        known,
        data={"note": asked.note if asked else "", "told_how": ToldHow.PHONE.value},
    )
    if form.is_submitted() and form.validate():
        heard = HeardBy(ToldHow(form.told_how.data), current_user)
        try:
            record_slot_answers(guest, form.words, note=form.note.data or "", now=now(), heard=heard)
        except PollClosed as closed:
            return _refused(guest.event_id, str(words.POLL_CLOSED[closed.state]))
        return _done(guest.event_id, _("Noted for %(guest)s.", guest=guest.shown_as), mailed=True)
    page = render_template(
        "invitations/dates_by_hand.html",
        guest=guest,
        event=guest.event,
        form=form,
        times=times_in_words(guest.event, poll),
        closed=words.POLL_CLOSED.get(poll.state, ""),
        spoken=words.SPOKEN,
        chips=words.SAYS_CHIPS,
    )
    return page, 422 if form.is_submitted() else 200


@bp.app_template_global()
def open_search(event: Event) -> OpenPoll | None:
    """Return where the open search for the date of an event stands, for its page; None where nothing waits."""
    return open_poll_of(event)


def times_in_words(event: Event, poll: Poll) -> list[tuple[DateSlot, str]]:
    """Return the times that stand, each in words by the clocks of the event's zone."""
    lang = current_language()
    return [(slot, span_words(slot.starts_at, slot.ends_at, lang, event.zone)) for slot in poll.slots]


def _slot(event_id: int, slot_id: int) -> DateSlot:
    get_changeable(Event, event_id)
    slot = db.session.get(DateSlot, slot_id) if 0 < slot_id < 2**31 else None
    if slot is None or slot.poll.event_id != event_id:
        abort(404)
    return slot


def _slots_form(event: Event, poll: Poll | None) -> SlotsForm:
    room = MOST_SLOTS - (len(poll.slots) if poll else 0)
    form = SlotsForm(event.zone, max(1, min(room, 3 if poll is None else 2)))
    form.now = now()
    return form


def _undoable(kind: SendingKind, event: Event) -> Sending | None:
    """Return what the mails of this press belong to; taking it back leads to the page it was pressed on."""
    sending = undoable(kind, event)
    if sending is not None:
        here = url_for("invitations.dates", event_id=event.id)
        sending.form = {"path": here, "page": "", "typed": [], "files": False}
    return sending


def _askable(event: Event) -> list[Invitation]:
    """Return the guests on the list whom the user may ask."""
    drafts = guests_of(event, InvitationState.DRAFT)
    heard = look_at(drafts, current_user).at_least(Sight.WORDS)
    return [guest for guest in drafts if guest.id in heard]


def _refused(event_id: int, why: str) -> ResponseReturnValue:
    db.session.rollback()
    flash(why, "warning")
    return redirect(url_for("invitations.dates", event_id=event_id))


def _done(event_id: int, line: str, *, mailed: bool = False) -> ResponseReturnValue:
    db.session.commit()
    if mailed:
        wake_worker()
    flash(line, "success")
    return redirect(url_for("invitations.dates", event_id=event_id))


def _page(event: Event, form: SlotsForm | None = None) -> str:
    moment, lang = now(), current_language()
    poll = poll_of(event, moment)
    askable = _askable(event)
    known = {line.guest.id for line in poll.lines} if poll else set()
    to_ask = [guest for guest in askable if guest.id not in known]
    unmailed = unmailed_guests(event, to_ask, by=current_user, now=moment)
    first = next((guest for guest in to_ask if guest.id not in unmailed), None)
    ready = poll is not None and len(poll.slots) >= FEWEST_SLOTS
    return render_template(
        "invitations/dates.html",
        event=event,
        poll=poll,
        is_open=poll is None or poll.state is PollState.OPEN,
        closed=words.POLL_CLOSED.get(poll.state, "") if poll else "",
        form=form or _slots_form(event, poll),
        room=poll is None or len(poll.slots) < MOST_SLOTS,
        zone=zone_words(event.zone),
        to_ask=to_ask,
        unmailed=unmailed,
        mail=preview_dates_mail(first, poll.slots, by=current_user, now=moment)
        if first and poll and ready
        else None,
        ready=ready,
        grid=_grid(poll, moment) if poll and poll.lines else None,
        can_take_back=bool(poll and poll.chosen and can_take_back(event, poll.chosen)),
        invitees=len(guests_of(event, InvitationState.DRAFT)),
        span=lambda slot: span_words(slot.starts_at, slot.ends_at, lang, event.zone),
        **_words(lang),
    )


def _words(lang: str) -> dict[str, Callable[..., Any] | Any]:
    return {
        "chips": words.SAYS_CHIPS,
        "count_words": words.count_words,
        "said_words": words.said_words,
        "how_words": words.how_words,
        "short_moment": lambda moment: short_moment_words(moment, lang),
        "moment": lambda moment: moment_words(moment, lang),
    }


def _grid(poll: Poll, moment: datetime) -> dict[str, Any]:
    """Return what the grid of guests and times needs, parted by what the user sees of each guest."""
    looked = look_at([line.guest for line in poll.lines], current_user)
    seen, heard = looked.at_least(Sight.ANSWER), looked.at_least(Sight.WORDS)
    named = [line for line in poll.lines if line.guest.id in seen]
    return {
        "lines": named,
        "heard": heard,
        "hidden": len(poll.lines) - len(named),
        "counts": poll.counts(),
        "best": poll.best(),
        "silent": [line for line in poll.silent if line.guest.id in seen],
        "again": sum(may_ask_again(line.asked.written_at, moment) for line in poll.silent),
    }
