"""The address of one guest, put right after a mail came back; the invitation goes out again."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime

from sqlalchemy import func, select

from pop_campaigns.accounts.models import User
from pop_campaigns.accounts.scope import may_change, visible
from pop_campaigns.contacts.models.addresses import Address
from pop_campaigns.contacts.services.institutions import change_address
from pop_campaigns.contacts.services.records import AlreadyThere
from pop_campaigns.core.db import db
from pop_campaigns.core.history import note
from pop_campaigns.core.tokens import derive_token, hash_token, new_nonce
from pop_campaigns.core.versions import ChangedMeanwhile
from pop_campaigns.invitations.models.invitations import Invitation
from pop_campaigns.invitations.queries.guests import refusing
from pop_campaigns.invitations.rules.invitations import InvitationState, NotCorrectable
from pop_campaigns.invitations.services.guests import lock_event
from pop_campaigns.invitations.services.sending import send_to_new_address
from pop_campaigns.mail.models import Sending
from pop_campaigns.mail.sendings import NotUndone, TakenBack, keep


class CannotCorrect(Exception):
    """The address cannot be put right; ``reason`` says why."""

    def __init__(self, reason: NotCorrectable) -> None:
        super().__init__(reason.value)
        self.reason = reason


def correct_address(
    guest: Invitation,
    email: str,
    *,
    contact: bool,
    version: int,
    by: User,
    now: datetime,
    sending: Sending | None = None,
) -> None:
    """Write to a guest at another address from now on, beginning with the invitation as it reads now.

    The personal link becomes a new one: whoever reads the old mailbox shall not answer for the guest. Mails already
    sent keep the address they went to. ``contact`` also corrects the contact's address, where ``by`` may. The same
    address again sends again: a mailbox that was full may have room now.

    :raises CannotCorrect: draft, withdrawn or erased guest; the address is another guest's, or wants no invitations.
    :raises pop_campaigns.core.versions.ChangedMeanwhile: ``version`` is not the guest's any more: somebody else changed
        the guest since the page was made, or the same press came twice.
    :raises pop_campaigns.invitations.services.guests.CannotInvite: the event is cancelled or over.
    """
    lock_event(guest.event)
    db.session.refresh(guest)
    if guest.version != version:
        raise ChangedMeanwhile
    reason = why_not_correctable(guest) or _taken(guest, email)
    if reason is not None:
        raise CannotCorrect(reason)
    before = guest.address
    _keep_as_it_was(sending, guest)
    if email != before:
        nonce = new_nonce()
        guest.address, guest.nonce = email, nonce
        guest.token_hash = hash_token(derive_token("answer", nonce))
        note("invitation.address_corrected", guest, by=by, now=now, was=before, address=email)
        row = contact_address(guest, before, by) if contact else None
        if row is not None:
            _correct_contact(row, email, by=by, now=now, sending=sending)
    if refusing(guest.event, [guest]):
        raise CannotCorrect(NotCorrectable.NOT_WANTED)
    send_to_new_address(guest, by=by, now=now, sending=sending)
    guest.invited_at = now  # which also counts the version up: a second press of the same page sends nothing
    db.session.flush()


def _correct_contact(row: Address, email: str, *, by: User, now: datetime, sending: Sending | None) -> None:
    # The contact may have the right address already, beside the wrong one.
    with suppress(AlreadyThere):
        keep(sending, contact={"id": row.id, "was": row.email, "email": email})
        change_address(row, email, row.use, by=by, now=now)


def address_as_before(taken: TakenBack, *, by: User, now: datetime) -> None:
    """Give a guest the address and the personal link back that the undone correction replaced, and the contact its own.

    :raises pop_campaigns.mail.sendings.NotUndone: the guest was erased, or another guest has that address by now.
    """
    was = taken.before["guest"]
    guest = db.session.get_one(Invitation, was["id"])
    if guest.is_erased or _taken(guest, was["address"]) is not None:
        raise NotUndone(newer=True)
    guest.address, guest.nonce, guest.token_hash = was["address"], was["nonce"], was["token_hash"]
    guest.invited_at = datetime.fromisoformat(was["invited_at"])
    for mail in taken.mails:
        mail.again_of_id = None  # what it was sent in place of is still lost
    contact = taken.before.get("contact", {})
    row = db.session.get(Address, contact.get("id", 0))
    if row is not None and row.email == contact["email"] and may_change(row, by):
        with suppress(AlreadyThere):
            change_address(row, contact["was"], row.use, by=by, now=now)


def _keep_as_it_was(sending: Sending | None, guest: Invitation) -> None:
    if sending is None or guest.invited_at is None:
        return
    was = {"id": guest.id, "address": guest.address, "nonce": guest.nonce, "token_hash": guest.token_hash}
    keep(sending, guest=was | {"invited_at": guest.invited_at.isoformat()})


def why_not_correctable(guest: Invitation) -> NotCorrectable | None:
    """Decide whether a guest can get another address; None means yes."""
    if guest.is_erased:
        return NotCorrectable.ERASED
    if guest.state is InvitationState.DRAFT:
        return NotCorrectable.NOT_INVITED
    return NotCorrectable.WITHDRAWN if guest.state is InvitationState.WITHDRAWN else None


def contact_address(guest: Invitation, email: str, user: User) -> Address | None:
    """Return the row of the guest's contact that has this address, if ``user`` may change it."""
    owner = Address.office_id == guest.office_id if guest.office_id else Address.person_id == guest.person_id
    rows = select(Address).where(visible(Address, user), owner, func.lower(Address.email) == email.lower())
    return next((address for address in db.session.scalars(rows) if may_change(address, user)), None)


def _taken(guest: Invitation, email: str) -> NotCorrectable | None:
    same = select(Invitation.id).where(
        Invitation.event_id == guest.event_id,
        Invitation.id != guest.id,
        func.lower(Invitation.address) == email.lower(),
    )
    return NotCorrectable.TAKEN if db.session.scalar(same.limit(1)) is not None else None
