"""What the picker of guests shows: who was found, who is ticked, who is on the list already."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select

from pop_campaigns.accounts.models import User
from pop_campaigns.contacts.queries.reach import (
    GuestKind,
    GuestOption,
    find_guests,
    guest_options,
    offices_in,
)
from pop_campaigns.contacts.rules import Unmailed
from pop_campaigns.core.db import db
from pop_campaigns.core.i18n import in_language
from pop_campaigns.events.models.events import Event
from pop_campaigns.invitations.models.invitations import Invitation
from pop_campaigns.invitations.queries.guests import guests_of, reach_of
from pop_campaigns.invitations.queries.invitable import load_contacts, unmailed_contacts
from pop_campaigns.invitations.rules.invitations import GuestChoice, InvitationState
from pop_campaigns.invitations.sight import named_as

MOST_FOUND = 200
MOST_OFFERED = 12
_RECENTLY_INVITED = 4
_RECENT = timedelta(days=365)


@dataclass(frozen=True)
class Pick:
    """One row of the picker.

    ``listed`` is the guest it already is; ``taken_by`` who has the same address; ``unmailed`` why no mail goes there.
    """

    kind: str
    id: int
    title: str
    holder: str
    email: str
    sample: bool
    language: str
    ticked: bool
    listed: Invitation | None
    taken_by: str
    unmailed: Unmailed | None = None
    phone: str = ""
    place: str = ""

    @property
    def key(self) -> str:
        """The value of the box, as ``read_guest_key`` reads it."""
        return f"{self.kind}-{self.id}"

    @property
    def state(self) -> str:
        """Why no invitation goes there: ``invited``, ``draft``, ``address_taken``, a value of Unmailed; else ``free``."""
        if self.listed is not None and self.listed.state is not InvitationState.WITHDRAWN:
            return self.listed.state.value
        if self.unmailed in (Unmailed.NO_ADDRESS, Unmailed.REFUSES):
            return self.unmailed.value
        if self.taken_by:
            return "address_taken"
        return self.unmailed.value if self.unmailed else "free"

    @property
    def can_tick(self) -> bool:
        """Whether it may become a guest: also who gets no mail, for people are asked by phone, too; not who refuses."""
        return not self.is_there and self.state not in ("address_taken", Unmailed.REFUSES.value)

    @property
    def is_there(self) -> bool:
        """Whether it is on the guest list already, invited or not."""
        return self.state in (InvitationState.DRAFT.value, InvitationState.INVITED.value)


@dataclass(frozen=True)
class Picks:
    """What the picker shows: who is ticked and not on the list yet, and who was found besides."""

    ticked: list[Pick]
    found: list[Pick]


def picks_for(
    event: Event, typed: str, ticked: Sequence[GuestChoice], *, user: User, lang: str, now: datetime
) -> Picks:
    """Return who is ticked, and whom the words typed find besides, or who is near; as many queries for one as for all."""
    chosen = {_key_of(choice.kind, choice.id): choice.language for choice in ticked}
    searched = _searched(event, typed, user, now)
    unticked = [option for option in searched if (option.kind, option.id) not in chosen]
    options = [*guest_options(list(chosen), user, reach=reach_of(event, user)), *unticked]
    contacts = load_contacts(event, [(option.kind, option.id) for option in options], by=user, now=now)
    guests = guests_of(event)
    listed = {guest_key(guest): guest for guest in guests}
    owners = {guest.address.casefold(): guest for guest in guests}
    unmailed = unmailed_contacts(event, contacts, by=user, now=now)
    picks = []
    for option in options:
        key = (option.kind, option.id)
        if key not in contacts:
            continue  # another organisation's: only an administrator finds it, and not for this event
        email, own = contacts[key].address, listed.get(key)
        owner = owners.get(email.casefold()) if email else None
        picks.append(
            Pick(
                kind=option.kind,
                id=option.id,
                title=in_language(option, "title", lang) or option.holder,
                place=in_language(option, "institution", lang),
                holder=option.holder if option.kind == "office" else "",
                email=email,
                sample=bool(email and option.address and option.address.is_sample),
                language=chosen.get(key) or option.language,
                ticked=key in chosen,
                listed=own,
                taken_by=named_as(owner, user) if owner is not None and owner is not own else "",
                unmailed=unmailed.get(key),
                phone=option.phone,
            )
        )
    return Picks(
        [pick for pick in picks if pick.ticked and not pick.is_there],
        [pick for pick in picks if not pick.ticked or pick.is_there],
    )


def _searched(event: Event, typed: str, user: User, now: datetime) -> list[GuestOption]:
    if typed.strip():
        return find_guests(typed, user, reach=reach_of(event, user), limit=MOST_FOUND)
    return offered(event, user, now)


def _key_of(kind: str, ident: int) -> tuple[GuestKind, int]:
    return ("office" if kind == "office" else "person", ident)


def offered(event: Event, user: User, now: datetime) -> list[GuestOption]:
    """Return whom the picker offers before a search: the municipality's own offices, who was invited lately, others.

    The municipality is that of the event's organisation; an event of the whole network has only its own.
    """
    home = event.organisation.municipality_id if event.organisation else None
    home = home or event.municipality_id
    own: list[tuple[GuestKind, int]] = []
    if home:
        own = [("office", ident) for ident in offices_in(home, user, limit=MOST_OFFERED)]
    recent = [key for key in _invited_lately(event, now) if key not in own][:_RECENTLY_INVITED]
    near = guest_options([*own[: MOST_OFFERED - len(recent)], *recent], user, reach=reach_of(event, user))
    shown = {(option.kind, option.id) for option in near}
    others = (
        find_guests("", user, reach=reach_of(event, user), limit=MOST_FOUND)
        if len(near) < MOST_OFFERED
        else []
    )
    return [*near, *(option for option in others if (option.kind, option.id) not in shown)][:MOST_OFFERED]


def _invited_lately(event: Event, now: datetime) -> list[tuple[GuestKind, int]]:
    """Return who was invited to other events of the same organisation within a year, the latest first."""
    last = func.max(Invitation.invited_at)
    wanted = (
        select(Invitation.office_id, Invitation.person_id)
        .join(Invitation.event)
        .where(
            Event.organisation_id == event.organisation_id,
            Event.id != event.id,
            Invitation.invited_at > now - _RECENT,
        )
        .group_by(Invitation.office_id, Invitation.person_id)
        .order_by(last.desc(), func.max(Invitation.id).desc())
        .limit(MOST_OFFERED + _RECENTLY_INVITED)
    )
    keys: list[tuple[GuestKind, int]] = []
    for office_id, person_id in db.session.execute(wanted):
        keys.append(("office", office_id) if office_id else ("person", person_id or 0))
    return keys


def guest_key(guest: Invitation) -> tuple[str, int]:
    """Return what a guest is: an office or a person, and its number."""
    return ("office", guest.office_id) if guest.office_id else ("person", guest.person_id or 0)


def without_listed(event: Event, choices: Iterable[GuestChoice]) -> list[GuestChoice]:
    """Return the choices that are not on the guest list: what a person may still want to put right."""
    listed = {guest_key(guest) for guest in guests_of(event) if guest.state is not InvitationState.WITHDRAWN}
    return [choice for choice in choices if (choice.kind, choice.id) not in listed]
