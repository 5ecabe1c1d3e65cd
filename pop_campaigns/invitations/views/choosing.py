"""The first of three steps: offices and persons are searched, ticked and put on an event's guest list."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

from flask import abort, flash, get_template_attribute, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_security import current_user
from flask_wtf.csrf import generate_csrf

from pop_campaigns.accounts.guard import writer
from pop_campaigns.accounts.scope import get_changeable
from pop_campaigns.contacts.forms.picking import PickForm, Picking, Tick, read_picking, read_place
from pop_campaigns.contacts.queries.reach import network_mayors
from pop_campaigns.contacts.rules import Unmailed
from pop_campaigns.contacts.views.picking import STAYS, mend_addresses, picker_page, tick_several
from pop_campaigns.contacts.words.picking import PickerPage, Shortcut
from pop_campaigns.core.clock import now
from pop_campaigns.core.db import db
from pop_campaigns.core.i18n import LANGUAGES, current_language
from pop_campaigns.events.models.events import Event
from pop_campaigns.invitations.blueprint import (
    bp,
    cannot_invite_words,
    cannot_list_words,
    changeable_guest,
)
from pop_campaigns.invitations.queries.guests import guests_of
from pop_campaigns.invitations.queries.picks import (
    MOST_FOUND,
    MOST_OFFERED,
    Picks,
    guest_key,
    picks_for,
    without_listed,
)
from pop_campaigns.invitations.rules.invitations import GuestChoice, GuestRefusal, InvitationState
from pop_campaigns.invitations.services.from_list import resolve_for
from pop_campaigns.invitations.services.guests import (
    AddedGuests,
    CannotInvite,
    NotADraft,
    add_guests,
    remove_guest,
    set_guest_language,
)
from pop_campaigns.invitations.sight import seen_among
from pop_campaigns.invitations.views.from_list import list_for, offered_lists
from pop_campaigns.invitations.words.labels import NOT_INVITABLE
from pop_campaigns.invitations.words.pages import refusal_words, unmailed_words
from pop_campaigns.invitations.words.picking import guest_row
from pop_campaigns.lists.rules import BadFilter
from pop_campaigns.lists.words import left_out_words, problem_words
from pop_campaigns.mail.addresses import ADDRESS_PROBLEMS

# Flashed lines travel in the cookie, which browsers drop above 4 KB.
_NAMED_IN_A_LINE = 2
_MOST_SHORTCUTS = 6


@bp.route("/events/<int:event_id>/invite", methods=["GET", "POST"])
@writer
def who(event_id: int) -> ResponseReturnValue:
    """Put offices and persons on the guest list: the first of three steps."""
    event = get_changeable(Event, event_id)
    picking = read_picking()
    if request.method != "POST":
        return _who_page(event, picking)
    form = PickForm()
    picking, problems = mend_addresses(picking)
    db.session.commit()
    if problems:
        return _who_page(event, picking, form, problems), 422
    if picking.pressed in STAYS:
        return redirect(_address(event, _pressed(event, picking)))
    return _add_chosen(event, picking, form)


def _address(event: Event, picking: Picking, page: str = "invitations.who") -> str:
    query: dict[str, Any] = picking.query
    return url_for(page, event_id=event.id, **query)


def _choices(picking: Picking) -> list[GuestChoice]:
    return [
        GuestChoice(tick.kind, tick.id, tick.language) for tick in picking.ticks if tick.kind != "institution"
    ]


def _picks(event: Event, picking: Picking) -> Picks:
    return picks_for(
        event, picking.typed, _choices(picking), user=current_user, lang=current_language(), now=now()
    )


def _who_page(
    event: Event, picking: Picking, form: PickForm | None = None, problems: dict[str, str] | None = None
) -> str:
    guests = guests_of(event)
    refusal = cannot_list_words(event, now())
    return render_template(
        "invitations/who.html",
        event=event,
        form=form or PickForm(formdata=None),
        picker=_picker(event, picking, problems),
        drafts=[guest for guest in guests if guest.state is InvitationState.DRAFT],
        seen=seen_among(guests),
        invited=sum(guest.state is InvitationState.INVITED for guest in guests),
        refusal=refusal,
        no_date="" if refusal else cannot_invite_words(event, now()),
    )


def _picker(event: Event, picking: Picking, problems: dict[str, str] | None) -> PickerPage:
    picks = _picks(event, picking)
    return picker_page(
        picking,
        [guest_row(pick) for pick in picks.ticked],
        [guest_row(pick) for pick in picks.found],
        back=url_for("invitations.who", event_id=event.id),
        problems=problems,
        with_language=True,
        is_first_part=len(picks.found) >= (MOST_FOUND if picking.typed else MOST_OFFERED),
        shortcuts=_shortcuts(event),
        lists_url=_address(event, picking, "invitations.from_list"),
    )


def _shortcuts(event: Event) -> list[Shortcut]:
    """Return what ticks several in one press: the network's mayors, and the lists that are for this event."""
    mayors = len(network_mayors(current_user))
    words = _("Mayors of the network’s municipalities (%(number)d)", number=mayors)
    lists = [Shortcut(f"list-{row.id}", row.name) for row in offered_lists(event)[:_MOST_SHORTCUTS]]
    return [Shortcut("group-mayors", words), *lists] if mayors > 1 else lists


def _pressed(event: Event, picking: Picking) -> Picking:
    """Return the picker as it is after a press that adds nobody: what was typed and ticked stays."""
    if picking.pressed == "clear":
        return replace(picking, ticks=())
    if picking.pressed == "all":
        free = [pick for pick in _picks(event, picking).found if pick.state == "free"]
        return tick_several(picking, [Tick(pick.kind, pick.id, pick.language) for pick in free])
    if picking.pressed == "group":
        mayors = [Tick("office", ident) for ident in network_mayors(current_user)]
        return tick_several(picking, _not_listed(event, mayors))
    if picking.pressed == "list":
        return _tick_list(event, picking)
    return picking


def _tick_list(event: Event, picking: Picking) -> Picking:
    try:
        resolved = resolve_for(event, list_for(event, picking.about), by=current_user, now=now())
    except BadFilter as problem:
        flash(problem_words(problem), "warning")
        return picking
    ticks = [Tick(recipient.kind, recipient.id, recipient.language) for recipient in resolved.recipients]
    if words := left_out_words(resolved):
        flash(_("Not ticked: %(reasons)s.", reasons="; ".join(words)), "info")
    return tick_several(picking, _not_listed(event, ticks))


def _not_listed(event: Event, ticks: list[Tick]) -> list[Tick]:
    free = without_listed(event, [GuestChoice(tick.kind, tick.id, tick.language) for tick in ticks])
    return [Tick(choice.kind, choice.id, choice.language) for choice in free]


def _add_chosen(event: Event, picking: Picking, form: PickForm) -> ResponseReturnValue:
    choices = _choices(picking)
    if not choices and picking.pressed == "go" and guests_of(event, InvitationState.DRAFT):
        return redirect(_onward(event))
    if not picking.too_many:
        form.guest.data = [f"{choice.kind}-{choice.id}" for choice in choices]
    if not form.validate():
        return _who_page(event, picking, form), 422
    try:
        done = add_guests(event, choices, by=current_user, now=now())
    except CannotInvite as refused:
        db.session.rollback()
        form.guest.errors = [str(NOT_INVITABLE[refused.reason])]
        return _who_page(get_changeable(Event, event.id), picking, form), 422
    wrong = [refusal for refusal in done.refused if refusal.reason is not GuestRefusal.ALREADY_INVITED]
    if wrong and not done.added:
        db.session.rollback()
        event = get_changeable(Event, event.id)
        missing = _missing_addresses(event, picking)
        others = [refusal for refusal in done.refused if refusal.reason is not GuestRefusal.NO_ADDRESS]
        form.guest.errors = [refusal_words(refusal) for refusal in (others if missing else done.refused)]
        return _who_page(event, picking, form, missing), 422
    left = without_listed(event, choices)
    db.session.commit()
    _say_added(done)
    if picking.pressed == "go" and not left:
        return redirect(_onward(event))
    # What could not be added stays ticked, its reason beside it.
    ticks = tuple(Tick(choice.kind, choice.id, choice.language) for choice in left)
    return redirect(_address(event, replace(picking, ticks=ticks)))


def _onward(event: Event) -> str:
    """Return where the next step is: to send, or first to find a date."""
    page = "invitations.dates" if cannot_invite_words(event, now()) else "invitations.send"
    return url_for(page, event_id=event.id)


def _missing_addresses(event: Event, picking: Picking) -> dict[str, str]:
    """Return what is asked of those ticked who have no address, by key: the page asks for it beside each."""
    ticked = _picks(event, picking).ticked
    return {
        pick.key: str(ADDRESS_PROBLEMS["empty"]) for pick in ticked if pick.unmailed is Unmailed.NO_ADDRESS
    }


def _say_added(done: AddedGuests) -> None:
    if done.added:
        flash(ngettext("%(num)d guest added.", "%(num)d guests added.", len(done.added)), "success")
    if done.unmailed:
        flash(unmailed_words([reason for _guest, reason in done.unmailed]), "warning")
    for refused in done.refused[:_NAMED_IN_A_LINE]:
        flash(refusal_words(refused), "warning" if done.added else "info")
    more = len(done.refused) - _NAMED_IN_A_LINE
    if more > 0:
        flash(ngettext("%(num)d more was not added.", "%(num)d more were not added.", more), "warning")


@bp.post("/invitations/<int:invitation_id>/remove")
@writer
def remove(invitation_id: int) -> ResponseReturnValue:
    """Take a guest who was not asked yet off the list."""
    guest = changeable_guest(invitation_id)
    event, event_id, label = guest.event, guest.event_id, guest.shown_as
    kind, ident = guest_key(guest)
    again = {"guest": f"{kind}-{ident}", f"language-{kind}-{ident}": guest.language}
    try:
        remove_guest(guest, by=current_user, now=now())
    except NotADraft:
        db.session.rollback()
        flash(
            _("%(guest)s has been invited already: withdraw the invitation instead.", guest=label), "warning"
        )
        return redirect(url_for("desk.event", event_id=event_id))
    db.session.commit()
    flash(_with_undo(_("%(guest)s is off the list.", guest=label), event_id, again), "success")
    return redirect(_address(event, read_place()))


def _with_undo(words: str, event_id: int, again: dict[str, str]) -> str:
    """Return a quiet line whose button puts the guest on the list again."""
    with_undo = get_template_attribute("macros/flashes.html", "with_undo")
    hidden = again | {"csrf_token": generate_csrf()}
    return cast(str, with_undo(words, url_for("invitations.who", event_id=event_id), hidden))


@bp.post("/invitations/<int:invitation_id>/language")
@writer
def set_language(invitation_id: int) -> ResponseReturnValue:
    """Choose the language of one guest's mails."""
    guest = changeable_guest(invitation_id)
    language = request.form.get("language", "")
    if language not in LANGUAGES:
        abort(400)
    set_guest_language(guest, language, by=current_user, now=now())
    event, is_draft = guest.event, guest.state is InvitationState.DRAFT
    db.session.commit()
    if is_draft:
        return redirect(_address(event, read_place()))
    return redirect(url_for("desk.event", event_id=event.id))
