"""All of a list put on an event's guest list in one go: looked up at that moment, in the name of the event's organisation."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from flask_babel import ngettext
from sqlalchemy import ColumnElement

from pop_campaigns.accounts.models import User
from pop_campaigns.accounts.scope import of_network_or, visible
from pop_campaigns.contacts.rules import Purpose, Unmailed
from pop_campaigns.contacts.words.mailing import count_words
from pop_campaigns.core.clock import local_date
from pop_campaigns.core.db import db
from pop_campaigns.events.models.events import Event
from pop_campaigns.invitations.queries.guests import guests_of, reach_of
from pop_campaigns.invitations.queries.picks import guest_key
from pop_campaigns.invitations.rules.invitations import GuestChoice, GuestRefusal, InvitationState
from pop_campaigns.invitations.services.guests import AddedGuests, add_guests
from pop_campaigns.lists.models import ContactList
from pop_campaigns.lists.queries.resolving import Resolved, resolve
from pop_campaigns.lists.words import left_out_words

# An event with more guests than this is a public one: it is announced, not invited to.
MOST_FROM_LIST: Final = 2000


class TooMany(ValueError):
    """The list finds more than an event takes at once."""


@dataclass(frozen=True)
class AddedList:
    """Who of a list is on the guest list now, and who is not."""

    done: AddedGuests
    resolved: Resolved

    def words(self) -> list[str]:
        """Return why the others are not added, a part of a sentence for each reason."""
        counts = {
            reason: sum(refused.reason is reason for refused in self.done.refused) for reason in GuestRefusal
        }
        listed = counts[GuestRefusal.ALREADY_INVITED]
        on_list = [ngettext("%(num)d is on the list already", "%(num)d are on the list already", listed)]
        parts = on_list if listed else []
        if number := counts[GuestRefusal.NO_ADDRESS] + counts[GuestRefusal.UNKNOWN]:
            parts.append(count_words(Unmailed.NO_ADDRESS, number))
        if number := counts[GuestRefusal.ADDRESS_TAKEN]:
            parts.append(
                ngettext(
                    "%(num)d has the address of another guest",
                    "%(num)d have the address of another guest",
                    number,
                )
            )
        return [*parts, *left_out_words(self.resolved)]


def lists_for(event: Event, user: User) -> ColumnElement[bool]:
    """Return the condition that a list may be used for an event: the network's, or that of the event's organisation."""
    return visible(ContactList, user) & of_network_or(ContactList, event.organisation_id)


def resolve_for(event: Event, contact_list: ContactList, *, by: User, now: datetime) -> Resolved:
    """Return who of a list can be invited to an event, as far as its organisation and ``by`` reach. Raise BadFilter."""
    return resolve(contact_list, by, Purpose.EVENTS, local_date(now), reach=reach_of(event, by))


def listed_among(event: Event, resolved: Resolved) -> int:
    """Return how many of a list are guests already."""
    guests = {guest_key(guest) for guest in guests_of(event) if guest.state is not InvitationState.WITHDRAWN}
    return sum((recipient.kind, recipient.id) in guests for recipient in resolved.recipients)


def add_list(event: Event, contact_list: ContactList, *, by: User, now: datetime) -> AddedList:
    """Put all who get mail on the guest list; who is on it already stays once.

    Raise TooMany, BadFilter or CannotInvite.
    """
    resolved = resolve_for(event, contact_list, by=by, now=now)
    if len(resolved.recipients) > MOST_FROM_LIST:
        raise TooMany(len(resolved.recipients))
    choices = [GuestChoice(recipient.kind, recipient.id) for recipient in resolved.recipients]
    done = add_guests(event, choices, by=by, now=now)
    db.session.flush()
    return AddedList(done, resolved)
