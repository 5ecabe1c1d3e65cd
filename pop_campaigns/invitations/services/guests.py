"""The guest list of an event before anybody is asked: who is on it, by what name, at which address."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.exc import IntegrityError

from pop_campaigns.accounts.models import User
from pop_campaigns.contacts.rules import Unmailed
from pop_campaigns.core.clock import local_date
from pop_campaigns.core.db import db
from pop_campaigns.core.history import note
from pop_campaigns.core.i18n import LANGUAGES, current_language
from pop_campaigns.core.locks import lock_row
from pop_campaigns.core.tokens import derive_local_part, derive_token, hash_token, new_nonce
from pop_campaigns.core.versions import ChangedMeanwhile
from pop_campaigns.events.models.events import Event
from pop_campaigns.events.rules.events import EventState, is_over
from pop_campaigns.invitations.models.invitations import Invitation, InvitationText
from pop_campaigns.invitations.queries.date_polls import asked_of
from pop_campaigns.invitations.queries.guests import guests_of, mails_of, text_of
from pop_campaigns.invitations.queries.invitable import (
    Contact,
    GuestKey,
    load_contacts,
    unmailed_contacts,
)
from pop_campaigns.invitations.rules.invitations import (
    Answer,
    GuestChoice,
    GuestRefusal,
    InvitationState,
    NotInvitable,
    RefusedGuest,
    may_invite,
)
from pop_campaigns.invitations.sight import named_as


class CannotInvite(Exception):
    """The event takes no invitations; ``reason`` says why."""

    def __init__(self, reason: NotInvitable) -> None:
        super().__init__(reason.value)
        self.reason = reason


class NotADraft(Exception):
    """The guest has been asked already: withdraw the invitation instead."""


@dataclass(frozen=True)
class AddedGuests:
    """Who is on the list now, and who is not; ``unmailed`` are those on it who get no mail, and why."""

    added: list[Invitation]
    refused: list[RefusedGuest]
    unmailed: list[tuple[Invitation, Unmailed]]


def lock_event(event: Event) -> None:
    """Let one transaction at a time change the guests of an event, and see the event as it is now."""
    lock_row(event)


def check_invitable(event: Event, now: datetime) -> None:
    """Raise :class:`CannotInvite` unless guests may still be asked to the event."""
    reason = why_not_invitable(event, now)
    if reason is not None:
        raise CannotInvite(reason)


def why_not_invitable(event: Event, now: datetime) -> NotInvitable | None:
    """Return why nobody can be invited to an event now; None: they can."""
    cancelled = event.state is EventState.CANCELLED
    return may_invite(cancelled=cancelled, starts_at=event.starts_at, now=now, no_names=event.no_names)


def check_listable(event: Event, now: datetime) -> None:
    """Raise :class:`CannotInvite` unless guests may be put on the list: also while the date is still to be found."""
    reason = why_not_listable(event, now)
    if reason is not None:
        raise CannotInvite(reason)


def why_not_listable(event: Event, now: datetime) -> NotInvitable | None:
    """Return why nobody can be put on an event's list now; None: they can, though perhaps not be invited yet."""
    reason = why_not_invitable(event, now)
    is_ahead = event.state is EventState.PLANNED and not is_over(event, now, local_date(now))
    return None if reason is NotInvitable.NO_MOMENT and is_ahead else reason


def add_guests(event: Event, choices: Iterable[GuestChoice], *, by: User, now: datetime) -> AddedGuests:
    """Put offices and persons that ``by`` may see on the guest list, as drafts; nobody is asked yet.

    Who gets no mail is put on it as well, but for those who refuse it: people are also asked by phone. A guest whose
    invitation was withdrawn is put on it again. Raise :class:`CannotInvite`.
    """
    lock_event(event)
    check_listable(event, now)
    wanted = {(choice.kind, choice.id): choice for choice in choices}
    contacts = load_contacts(event, wanted, by=by, now=now)
    listed = {_key(guest): guest for guest in guests_of(event)}
    taken = {guest.address.casefold(): guest for guest in listed.values()}
    unmailed = unmailed_contacts(event, contacts, by=by, now=now)
    done = AddedGuests([], [], [])
    for key, choice in wanted.items():
        contact = contacts.get(key)
        refused = _refusal(contact, listed.get(key), taken, unmailed.get(key), by=by)
        if contact is None or refused:
            done.refused.append(refused or RefusedGuest("", GuestRefusal.UNKNOWN))
            continue
        guest = _put_on_list(event, contact, listed.get(key), choice.language, now)
        taken[guest.address.casefold()] = guest
        done.added.append(guest)
        if key in unmailed:
            done.unmailed.append((guest, unmailed[key]))
    # Once for all, not once for each history row.
    db.session.flush()
    for guest in done.added:
        note("invitation.added", guest, by=by, now=now, guest=guest.written_as, language=guest.language)
    return done


def remove_guest(guest: Invitation, *, by: User | None, now: datetime) -> None:
    """Take a guest off the list again; one whose earlier invitation was withdrawn is withdrawn as before.

    Raise :class:`NotADraft`.
    """
    lock_event(guest.event)
    db.session.refresh(guest)
    if guest.state is not InvitationState.DRAFT:
        raise NotADraft
    note("event.guest_removed", guest.event, by=by, now=now, guest=guest.written_as)
    earlier = mails_of([guest])[guest.id]
    if earlier:
        guest.state, guest.invited_at = InvitationState.WITHDRAWN, earlier[0].mail.dated_at
    elif asked := asked_of(guest):  # they know of the event, and what they said of its date stays
        guest.state, guest.invited_at = InvitationState.WITHDRAWN, asked.asked_at
    elif guest.answers:  # noted by hand before nothing of the first invitation left; what was said stays
        guest.state, guest.invited_at = InvitationState.WITHDRAWN, guest.answers[0].at
    else:
        db.session.delete(guest)
    db.session.flush()


def set_guest_language(guest: Invitation, language: str, *, by: User | None, now: datetime) -> None:
    """Choose the language of a guest's further mails; a draft's title follows. Raise ValueError for another one."""
    if language not in LANGUAGES:
        raise ValueError(f"not a language of ours: {language!r}")
    if guest.language == language:
        return
    was, guest.language = guest.language, language
    if guest.state is InvitationState.DRAFT:
        form = guest.form_of_address
        _freeze(guest, Contact(guest.office, guest.person, guest.name, guest.address, form))
    note("invitation.language_set", guest, by=by, now=now, was=was, language=language)


def set_sides(
    event: Event, sides: Iterable[tuple[Invitation, str]], *, by: User | None, now: datetime
) -> None:
    """Say on which side of a round table guests sit; "" on none."""
    changed = [(guest, side) for guest, side in sides if guest.side != side]
    for guest, side in changed:
        guest.side = side
    if changed:
        note("event.sides_set", event, by=by, now=now, number=len(changed))
    db.session.flush()


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
    contacts = load_contacts(event, [_key(guest) for guest in guests], by=by, now=now)
    taken = {guest.address.casefold(): guest.id for guest in guests_of(event)}
    for guest in guests:
        contact = contacts.get(_key(guest))
        if contact is None:
            continue
        owner = taken.get(contact.address.casefold(), guest.id)
        address = contact.address if owner == guest.id else ""
        _freeze(guest, replace(contact, address=address or guest.address))
        taken[guest.address.casefold()] = guest.id


def addresses_now(event: Event, guests: Sequence[Invitation], *, by: User, now: datetime) -> dict[int, str]:
    """Return the address each draft would be asked at now (see :func:`refresh_guests`), by number; nothing is changed."""
    contacts = load_contacts(event, [_key(guest) for guest in guests], by=by, now=now)
    taken = {guest.address.casefold(): guest.id for guest in guests_of(event)}
    addresses = {}
    for guest in guests:
        contact = contacts.get(_key(guest))
        address = contact.address if contact else ""
        free = taken.get(address.casefold(), guest.id) == guest.id
        addresses[guest.id] = address if address and free else guest.address
    return addresses


def _key(guest: Invitation) -> GuestKey:
    return ("office", guest.office_id) if guest.office_id else ("person", guest.person_id or 0)


def _refusal(
    contact: Contact | None,
    listed: Invitation | None,
    taken: dict[str, Invitation],
    unmailed: Unmailed | None,
    *,
    by: User,
) -> RefusedGuest | None:
    if contact is None:
        return RefusedGuest("", GuestRefusal.UNKNOWN)
    if listed is not None and listed.state is not InvitationState.WITHDRAWN:
        return RefusedGuest(_called(contact), GuestRefusal.ALREADY_INVITED)
    if unmailed is Unmailed.NO_ADDRESS:
        return RefusedGuest(_called(contact), GuestRefusal.NO_ADDRESS)
    if unmailed is Unmailed.REFUSES:
        return RefusedGuest(_called(contact), GuestRefusal.NOT_WANTED)
    holder = taken.get(contact.address.casefold())
    if holder is not None and holder is not listed:
        return RefusedGuest(_called(contact), GuestRefusal.ADDRESS_TAKEN, taken_by=named_as(holder, by))
    return None


def _called(contact: Contact) -> str:
    """Return how a page calls a contact, in its reader's language."""
    words = contact.words(current_language())
    return ", ".join(filter(None, (words["office_title"], words["institution_name"]))) or words["name"]


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
