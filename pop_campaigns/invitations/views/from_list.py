"""The page that puts a whole list on the guest list of an event."""

from __future__ import annotations

from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_security import current_user
from sqlalchemy import select

from pop_campaigns.accounts.guard import writer
from pop_campaigns.accounts.scope import get_changeable
from pop_campaigns.contacts.forms.picking import read_place
from pop_campaigns.core.clock import now
from pop_campaigns.core.db import db
from pop_campaigns.core.i18n import current_language, in_language
from pop_campaigns.core.numbers import row_number
from pop_campaigns.events.models.events import Event
from pop_campaigns.invitations.blueprint import bp, cannot_invite_words
from pop_campaigns.invitations.services.from_list import (
    MOST_FROM_LIST,
    AddedList,
    TooMany,
    add_list,
    listed_among,
    lists_for,
    resolve_for,
)
from pop_campaigns.invitations.services.guests import CannotInvite
from pop_campaigns.invitations.words.labels import NOT_INVITABLE
from pop_campaigns.lists.models import ContactList
from pop_campaigns.lists.queries.resolving import Recipient, Resolved
from pop_campaigns.lists.rules import BadFilter
from pop_campaigns.lists.words import left_out_words, problem_words

_SAMPLE = 10
_MOST_LISTS = 200


@bp.route("/events/<int:event_id>/invite/list", methods=["GET", "POST"])
@writer
def from_list(event_id: int) -> ResponseReturnValue:
    """Choose a list, see whom it finds now, put them all on the guest list."""
    event = get_changeable(Event, event_id)
    chosen = _chosen(event)
    if request.method != "POST" or chosen is None:
        return _list_page(event, chosen)
    try:
        added = add_list(event, chosen, by=current_user, now=now())
    except (BadFilter, CannotInvite, TooMany) as refused:
        db.session.rollback()
        event = get_changeable(Event, event_id)
        return _list_page(event, _chosen(event), _refusal_words(refused))
    db.session.commit()
    _say_added(added)
    return redirect(_back(event))


def _back(event: Event) -> str:
    """Return the address of the picker somebody came from, as it was: words, page, ticks."""
    query: dict[str, Any] = read_place().query
    return url_for("invitations.who", event_id=event.id, **query)


def offered_lists(event: Event) -> list[ContactList]:
    """Return the lists that can be added to an event, in Albanian order."""
    wanted = select(ContactList).where(lists_for(event, current_user))
    return list(db.session.scalars(wanted.order_by(ContactList.sort_key, ContactList.id).limit(_MOST_LISTS)))


def _chosen(event: Event) -> ContactList | None:
    """Return the list asked for, None where none is named."""
    typed = request.values.get("list", "")
    return list_for(event, typed) if typed else None


def list_for(event: Event, typed: str) -> ContactList:
    """Return the list of a typed number, else 404: one that is not there, or not for this event."""
    ident = row_number(typed) or 0
    wanted = select(ContactList).where(ContactList.id == ident, lists_for(event, current_user))
    return db.session.scalar(wanted) or abort(404)


def _list_page(event: Event, chosen: ContactList | None, problem: str = "") -> tuple[str, int]:
    resolved = None
    if chosen is not None and not problem:
        try:
            resolved = resolve_for(event, chosen, by=current_user, now=now())
        except BadFilter as refused:
            problem = problem_words(refused)
    status = 422 if problem or (request.method == "POST" and chosen is None) else 200
    page = render_template(
        "invitations/list.html",
        event=event,
        lists=offered_lists(event),
        chosen=chosen,
        resolved=resolved,
        listed=listed_among(event, resolved) if resolved else 0,
        sample=resolved.recipients[:_SAMPLE] if resolved else [],
        recipient_words=_recipient_words,
        reasons=left_out_words(resolved) if resolved else [],
        too_many=_too_many_words(resolved) if resolved else "",
        problem=problem,
        refusal=cannot_invite_words(event, now()),
        back=_back(event),
        kept=read_place().query,
    )
    return page, status


def _recipient_words(recipient: Recipient) -> str:
    lang = current_language()
    parts = (in_language(recipient, "title", lang), in_language(recipient, "institution", lang))
    return ", ".join(part for part in parts if part) or recipient.name


def _too_many_words(resolved: Resolved) -> str:
    if len(resolved.recipients) <= MOST_FROM_LIST:
        return ""
    return str(_("A list of more than %(number)d cannot be added at once.", number=MOST_FROM_LIST))


def _refusal_words(refused: BadFilter | CannotInvite | TooMany) -> str:
    if isinstance(refused, BadFilter):
        return problem_words(refused)
    if isinstance(refused, CannotInvite):
        return str(NOT_INVITABLE[refused.reason])
    return str(_("A list of more than %(number)d cannot be added at once.", number=MOST_FROM_LIST))


def _say_added(added: AddedList) -> None:
    number = len(added.done.added)
    if number:
        flash(ngettext("%(num)d guest added.", "%(num)d guests added.", number), "success")
    else:
        flash(_("Nobody was added from the list."), "info")
    if words := added.words():
        flash(_("Not added: %(reasons)s.", reasons="; ".join(words)), "info")
