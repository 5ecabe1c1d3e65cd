"""Named reads: for whom a message to guests is meant, who gets it, what became of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from pop_campaigns.accounts.models import User
from pop_campaigns.contacts.rules import Unmailed
from pop_campaigns.core.db import db
from pop_campaigns.core.text import sort_key
from pop_campaigns.events.models.events import Event
from pop_campaigns.invitations.models.guest_messages import GuestMessage, GuestMessageMail
from pop_campaigns.invitations.models.invitations import Invitation
from pop_campaigns.invitations.queries.guests import guests_of, mails_of
from pop_campaigns.invitations.queries.invitable import unmailed_guests
from pop_campaigns.invitations.queries.told import last_mail
from pop_campaigns.invitations.rules.guest_messages import GuestChosen, GuestGroup, group_of
from pop_campaigns.mail.models import OutgoingMail


@dataclass(frozen=True)
class Writable:
    """A guest somebody may write to: the group, and whether the newest mail left and has not come back."""

    guest: Invitation
    group: GuestGroup
    arrived: bool


@dataclass(frozen=True)
class Receivers:
    """Those meant by a choice, parted into who gets the mail and who gets none, with why."""

    mailed: list[Writable]
    held: dict[int, Unmailed]
    meant: list[Writable]

    @property
    def languages(self) -> list[str]:
        """The languages that those who get the mail read."""
        return sorted({row.guest.language for row in self.mailed})

    def counts(self) -> Counter[GuestGroup]:
        """Count who is meant, by group."""
        return Counter(row.group for row in self.meant)


def writable_guests(event: Event) -> list[Writable]:
    """Return the guests of an event who were asked, also those withdrawn since, in Albanian order."""
    guests = [guest for guest in guests_of(event) if not guest.is_erased]
    mails = mails_of(guests)
    rows = []
    for guest in guests:
        group, newest = group_of(guest.state, guest.answer), last_mail(mails[guest.id])
        if group is not None:
            rows.append(Writable(guest, group, newest is not None and newest.has_left))
    return sorted(rows, key=lambda row: sort_key(row.guest.shown_as))


def receivers_of_choice(event: Event, chosen: GuestChosen, *, by: User, now: datetime) -> Receivers:
    """Return who is meant by a choice at this moment, and who of them gets a mail (see ``queries.invitable``)."""
    meant = [
        row for row in writable_guests(event) if chosen.means(row.guest.id, row.group, arrived=row.arrived)
    ]
    held = unmailed_guests(event, [row.guest for row in meant], by=by, now=now)
    return Receivers([row for row in meant if row.guest.id not in held], held, meant)


def messages_of(event: Event) -> list[tuple[GuestMessage, Sequence[OutgoingMail]]]:
    """Return the messages to guests of an event, the newest first, with their mails."""
    messages = select(GuestMessage).where(GuestMessage.event_id == event.id).order_by(GuestMessage.id.desc())
    rows = db.session.scalars(messages).all()
    mails = mails_of_messages([message.id for message in rows])
    return [(message, [row.mail for row in mails.get(message.id, [])]) for message in rows]


def mails_of_messages(numbers: Collection[int]) -> dict[int, list[GuestMessageMail]]:
    """Return the mails of messages, by message, in the order in which they were queued."""
    wanted = select(GuestMessageMail).where(GuestMessageMail.message_id.in_(numbers))
    mails: dict[int, list[GuestMessageMail]] = {}
    for row in db.session.scalars(wanted.order_by(GuestMessageMail.id)) if numbers else ():
        mails.setdefault(row.message_id, []).append(row)
    return mails


def messages_to(guests: Collection[int]) -> list[GuestMessageMail]:
    """Return the mails of messages to guests, by the guests' numbers; the caller may show these guests."""
    wanted = select(GuestMessageMail).where(GuestMessageMail.invitation_id.in_(guests))
    return list(db.session.scalars(wanted.order_by(GuestMessageMail.id))) if guests else []
