"""The guest list of an event before anybody is asked: who is on it, by what name, at which address."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from pop_campaigns.accounts.models import User
from pop_campaigns.accounts.scope import visible
from pop_campaigns.contacts.models import Institution, Office, Person
from pop_campaigns.contacts.queries.addresses import best_addresses
from pop_campaigns.contacts.queries.reach import holders_of
from pop_campaigns.contacts.rules import Purpose
from pop_campaigns.contacts.services.refusals import suppressed_among
from pop_campaigns.core.clock import local_date
from pop_campaigns.core.db import db
from pop_campaigns.core.history import note
from pop_campaigns.core.i18n import LANGUAGES, in_language
from pop_campaigns.core.tokens import derive_local_part, derive_token, hash_token, new_nonce
from pop_campaigns.core.versions import ChangedMeanwhile
from pop_campaigns.events.models import Event
from pop_campaigns.events.rules import EventState
from pop_campaigns.invitations.models import Invitation, InvitationText
from pop_campaigns.invitations.queries.guests import guests_of, mails_of, reach_of, text_of
from pop_campaigns.invitations.rules import (
    Answer,
    GuestRefusal,
    InvitationState,
    NotInvitable,
    may_invite,
)
from pop_campaigns.invitations.sight import named_as

GuestKey = tuple[str, int]


class CannotInvite(Exception):
    """The event takes no invitations; ``reason`` says why."""

    def __init__(self, reason: NotInvitable) -> None:
        super().__init__(reason.value)
        self.reason = reason


class NotADraft(Exception):
    """The guest has been asked already: withdraw the invitation instead."""


@dataclass(frozen=True)
class GuestChoice:
    """Who to invite (``kind`` is ``office`` or ``person``) and in which language; "" is the contact's own."""

    kind: str
    id: int
    language: str = ""


@dataclass(frozen=True)
class RefusedGuest:
    """Who was not added and why; ``taken_by`` is the guest who has the same address already."""

    label: str
    reason: GuestRefusal
    taken_by: str = ""


@dataclass(frozen=True)
class AddedGuests:
    """Who is on the list now, and who is not."""

    added: list[Invitation]
    refused: list[RefusedGuest]


@dataclass(frozen=True)
class Contact:
    """An office with whoever holds it now, or a person; ``address`` is "" where none may be used."""

    office: Office | None
    person: Person | None
    holder: str
    address: str

    def words(self, lang: str) -> dict[str, str]:
        """Give what an invitation freezes: name, title and institution in the guest's language."""
        if self.office is None:
            return {"name": self.holder, "office_title": "", "institution_name": ""}
        return {
            "name": self.holder,
            "office_title": in_language(self.office, "title", lang),
            "institution_name": in_language(self.office.institution, "name", lang),
        }

    @property
    def language(self) -> str:
        """The language the contact is written to."""
        record = self.office or self.person
        return record.language if record else LANGUAGES[0]


def lock_event(event: Event) -> None:
    """Let one transaction at a time change the guests of an event, and see the event as it is now."""
    db.session.execute(select(Event.id).where(Event.id == event.id).with_for_update())
    db.session.refresh(event)


def check_invitable(event: Event, now: datetime) -> None:
    """Raise :class:`CannotInvite` unless guests may still be asked to the event."""
    cancelled = event.state is EventState.CANCELLED
    reason = may_invite(cancelled=cancelled, starts_at=event.starts_at, now=now)
    if reason is not None:
        raise CannotInvite(reason)


def add_guests(event: Event, choices: Iterable[GuestChoice], *, by: User, now: datetime) -> AddedGuests:
    """Put offices and persons that ``by`` may see on the guest list, as drafts; nobody is asked yet.

    A guest whose invitation was withdrawn is put on it again. Raises :class:`CannotInvite`.
    """
    lock_event(event)
    check_invitable(event, now)
    wanted = {(choice.kind, choice.id): choice for choice in choices}
    contacts = load_contacts(event, wanted, by=by, now=now)
    listed = {_key(one): one for one in guests_of(event)}
    taken = {one.address.casefold(): one for one in listed.values()}
    unwanted = refusing_contacts(event, contacts.values())
    done = AddedGuests([], [])
    for key, choice in wanted.items():
        contact = contacts.get(key)
        refused = _refusal(contact, listed.get(key), taken, unwanted, by=by)
        if contact is None or refused:
            done.refused.append(refused or RefusedGuest("", GuestRefusal.UNKNOWN))
            continue
        guest = _put_on_list(event, contact, listed.get(key), choice.language, now)
        taken[guest.address.casefold()] = guest
        done.added.append(guest)
    # Once for all, not once for each history row.
    db.session.flush()
    for guest in done.added:
        note("invitation.added", guest, by=by, now=now, guest=guest.shown_as, language=guest.language)
    return done


def remove_guest(guest: Invitation, *, by: User | None, now: datetime) -> None:
    """Take a guest off the list again; one whose earlier invitation was withdrawn is withdrawn as before.

    Raises :class:`NotADraft`.
    """
    lock_event(guest.event)
    db.session.refresh(guest)
    if guest.state is not InvitationState.DRAFT:
        raise NotADraft
    note("event.guest_removed", guest.event, by=by, now=now, guest=guest.shown_as)
    earlier = mails_of([guest])[guest.id]
    if earlier:
        guest.state, guest.invited_at = InvitationState.WITHDRAWN, earlier[0].mail.dated_at
    elif guest.answers:  # noted by hand before nothing of the first invitation left; what was said stays
        guest.state, guest.invited_at = InvitationState.WITHDRAWN, guest.answers[0].at
    else:
        db.session.delete(guest)
    db.session.flush()


def set_guest_language(guest: Invitation, language: str, *, by: User | None, now: datetime) -> None:
    """Choose the language of a guest's further mails; a draft's title follows. Raises ValueError for another one."""
    if language not in LANGUAGES:
        raise ValueError(f"not a language of ours: {language!r}")
    if guest.language == language:
        return
    was, guest.language = guest.language, language
    if guest.state is InvitationState.DRAFT:
        _freeze(guest, Contact(guest.office, guest.person, guest.name, guest.address))
    note("invitation.language_set", guest, by=by, now=now, was=was, language=language)


def set_invitation_text(
    event: Event, note_sq: str, note_en: str, *, by: User | None, now: datetime
) -> InvitationText:
    """Keep what the coordinator adds to the invitation of an event.

    :raises pop_campaigns.core.versions.ChangedMeanwhile: another note was begun at the same instant.
    """
    text = text_of(event)
    if text is None:
        text = InvitationText(event_id=event.id, note_sq="", note_en="")
        try:
            with db.session.begin_nested():
                db.session.add(text)
        except IntegrityError as met:  # somebody wrote the first note at the same instant
            raise ChangedMeanwhile from met
    before = (text.note_sq, text.note_en)
    text.note_sq, text.note_en = note_sq, note_en
    if (text.note_sq, text.note_en) != before:
        note("event.invitation_text_set", event, by=by, now=now)
    return text


def refresh_guests(event: Event, guests: Sequence[Invitation], *, by: User, now: datetime) -> None:
    """Freeze names, titles and addresses as they are now.

    A draft may be weeks old. A contact that is gone, or has lost its address, keeps what the draft says: that is
    what the coordinator saw.
    """
    contacts = load_contacts(event, [_key(one) for one in guests], by=by, now=now)
    taken = {one.address.casefold(): one.id for one in guests_of(event)}
    for guest in guests:
        contact = contacts.get(_key(guest))
        if contact is None:
            continue
        owner = taken.get(contact.address.casefold(), guest.id)
        address = contact.address if owner == guest.id else ""
        _freeze(guest, Contact(contact.office, contact.person, contact.holder, address or guest.address))
        taken[guest.address.casefold()] = guest.id


def addresses_now(event: Event, guests: Sequence[Invitation], *, by: User, now: datetime) -> dict[int, str]:
    """Give the address each draft would be asked at now (see :func:`refresh_guests`), by number; nothing is changed."""
    contacts = load_contacts(event, [_key(one) for one in guests], by=by, now=now)
    taken = {one.address.casefold(): one.id for one in guests_of(event)}
    found = {}
    for guest in guests:
        contact = contacts.get(_key(guest))
        address = contact.address if contact else ""
        free = taken.get(address.casefold(), guest.id) == guest.id
        found[guest.id] = address if address and free else guest.address
    return found


def load_contacts(
    event: Event, keys: Collection[GuestKey], *, by: User, now: datetime
) -> dict[GuestKey, Contact]:
    """Give the offices and persons among ``keys`` that may be asked to this event; five queries, however many.

    They are the event's organisation's own or the network's, and so are their addresses: what another
    organisation collected stays there, also when an administrator invites.
    """
    offices = _load_offices(event, [ident for kind, ident in keys if kind == "office"], by)
    persons = _load_persons(event, [ident for kind, ident in keys if kind == "person"], by)
    holders = holders_of([one.id for one in offices], local_date(now), by) if offices else {}
    addresses = best_addresses([*offices, *persons], reach_of(event, by))
    emails = {contact: address.email for contact, address in addresses.items()}
    found: dict[GuestKey, Contact] = {}
    for office in offices:
        holder = holders[office.id].name if office.id in holders else ""
        found["office", office.id] = Contact(office, None, holder, emails.get(office, ""))
    for person in persons:
        found["person", person.id] = Contact(None, person, person.name, emails.get(person, ""))
    return found


def refusing_contacts(event: Event, contacts: Iterable[Contact]) -> set[str]:
    """Give the addresses of persons who want no more invitations from the event's organisation."""
    emails = {one.address for one in contacts if one.office is None and one.address}
    return suppressed_among(emails, Purpose.EVENTS, event.organisation_id) if emails else set()


def _load_offices(event: Event, ids: list[int], by: User) -> list[Office]:
    if not ids:
        return []
    wanted = select(Office).join(Office.institution).where(Office.id.in_(ids))
    wanted = wanted.where(reach_of(event, by).sees(Office), visible(Institution, by))
    return list(db.session.scalars(wanted))


def _load_persons(event: Event, ids: list[int], by: User) -> list[Person]:
    if not ids:
        return []
    return list(
        db.session.scalars(select(Person).where(Person.id.in_(ids), reach_of(event, by).sees(Person)))
    )


def _key(guest: Invitation) -> GuestKey:
    return ("office", guest.office_id) if guest.office_id else ("person", guest.person_id or 0)


def _refusal(
    contact: Contact | None,
    listed: Invitation | None,
    taken: dict[str, Invitation],
    unwanted: set[str],
    *,
    by: User,
) -> RefusedGuest | None:
    if contact is None:
        return RefusedGuest("", GuestRefusal.UNKNOWN)
    words = contact.words("sq")
    label = ", ".join(filter(None, (words["office_title"], words["institution_name"]))) or words["name"]
    if listed is not None and listed.state is not InvitationState.WITHDRAWN:
        return RefusedGuest(label, GuestRefusal.ALREADY_INVITED)
    if not contact.address:
        return RefusedGuest(label, GuestRefusal.NO_ADDRESS)
    if contact.office is None and contact.address in unwanted:
        return RefusedGuest(label, GuestRefusal.NOT_WANTED)
    holder = taken.get(contact.address.casefold())
    if holder is not None and holder is not listed:
        return RefusedGuest(label, GuestRefusal.ADDRESS_TAKEN, taken_by=named_as(holder, by))
    return None


def _put_on_list(
    event: Event, contact: Contact, withdrawn: Invitation | None, language: str, now: datetime
) -> Invitation:
    language = language if language in LANGUAGES else contact.language
    if withdrawn is not None:
        guest = withdrawn
        guest.state, guest.invited_at = InvitationState.DRAFT, None
        guest.answer, guest.answered_at = Answer.NEEDS_ACTION, None
        guest.language = language
    else:
        nonce = new_nonce()
        guest = Invitation(
            event=event, office=contact.office, person=contact.person, language=language, address="",
            state=InvitationState.DRAFT, nonce=nonce, token_hash=hash_token(derive_token("answer", nonce)),
            reply_local="r-" + derive_local_part("reply", nonce), created_at=now,
        )  # fmt: skip
        db.session.add(guest)
    _freeze(guest, contact)
    return guest


def _freeze(guest: Invitation, contact: Contact) -> None:
    for field, value in contact.words(guest.language).items():
        if getattr(guest, field) != value:
            setattr(guest, field, value)
    if guest.address != contact.address:
        guest.address = contact.address
