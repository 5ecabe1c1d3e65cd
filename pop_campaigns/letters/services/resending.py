"""A letter that came back goes to another address: the same text, file, number and reply address. The caller commits."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime

from sqlalchemy import ColumnElement, func, select

from pop_campaigns.accounts.models import User
from pop_campaigns.accounts.scope import may_change, visible
from pop_campaigns.contacts.models.addresses import Address
from pop_campaigns.contacts.services.institutions import change_address
from pop_campaigns.contacts.services.records import AlreadyThere
from pop_campaigns.core.db import db
from pop_campaigns.core.history import note
from pop_campaigns.letters.models import Letter, LetterRecipient
from pop_campaigns.letters.queries.recipients import CARRIES, delivery_of, mails_to
from pop_campaigns.letters.rules.letters import AddressRefusal, Delivery, LetterState
from pop_campaigns.letters.services.clocks import settle_clock
from pop_campaigns.letters.services.letters import lock_letter
from pop_campaigns.mail.models import OutgoingMail, Sending
from pop_campaigns.mail.outbox import Recipient, queue_mail
from pop_campaigns.mail.queries import dead_among
from pop_campaigns.mail.sendings import TakenBack, keep, take_back


class NotSentElsewhere(ValueError):
    """The letter does not go there; ``reason`` says why."""

    def __init__(self, reason: AddressRefusal) -> None:
        super().__init__(reason.value)
        self.reason = reason


def may_send_elsewhere(recipient: LetterRecipient) -> bool:
    """Return whether a recipient can get the letter at another address: the mail came back, and no paper is there."""
    sent = recipient.letter.state is LetterState.SENT and recipient.mail is not None
    return sent and delivery_of(recipient) is Delivery.FAILED


def send_elsewhere(
    recipient: LetterRecipient,
    email: str,
    *,
    contact: bool,
    by: User,
    now: datetime,
    sending: Sending | None = None,
) -> OutgoingMail:
    """Send a letter that came back to another address; its clock starts when that mail is there.

    ``contact`` corrects the address of the office or institution as well, where ``by`` may.

    :raises NotSentElsewhere: it did not come back; the same address (*send again* is for that); mail keeps coming back
        from there.
    """
    lock_letter(recipient.letter)
    refused = _refusal(recipient, email)
    before = recipient.mail
    if refused is not None or before is None:
        raise NotSentElsewhere(refused or AddressRefusal.NOT_BACK)
    again = queue_mail(
        before.skeleton,
        Recipient(email, before.to_name, dict(before.fields), dict(before.links)),
        kind=CARRIES,
        once=f"letter/{recipient.id}/to/{len(mails_to(recipient))}",
        about=recipient,
        from_address=before.from_address,
        from_name=before.from_name,
        organisation_id=before.organisation_id,
        now=now,
        sending=sending,
    )
    keep(sending, recipient=recipient.id, address=recipient.address, mail=before.id)
    again.again_of_id, again.original_id = before.id, before.original_id or before.id
    was, recipient.address = recipient.address, email
    db.session.flush()
    note(
        "letter.sent_elsewhere", recipient.letter, by=by, now=now,
        who=recipient.written_as, address=email, was=was,
    )  # fmt: skip
    if contact and (row := contact_address(recipient, was, by)) is not None:
        _correct_contact(row, email, by=by, now=now, sending=sending)
    settle_clock(recipient, now=now)
    return again


def _correct_contact(row: Address, email: str, *, by: User, now: datetime, sending: Sending | None) -> None:
    # The contact may have the right address already, beside the wrong one.
    with suppress(AlreadyThere):
        keep(sending, contact={"id": row.id, "was": row.email, "email": email})
        change_address(row, email, row.use, by=by, now=now)


def undo_elsewhere(sending: Sending, letter: Letter, *, by: User, now: datetime) -> TakenBack:
    """Take back that a letter goes to another address; the caller holds the letter. Of the copy, which nobody got, nothing stays.

    :raises pop_campaigns.mail.sendings.UndoneBefore: a second press.
    :raises pop_campaigns.mail.sendings.NotUndone: too late, or something newer was sent.
    """
    taken = take_back(sending, now=now)
    was = taken.before
    recipient = db.session.get_one(LetterRecipient, was["recipient"])
    recipient.address, recipient.mail = was["address"], db.session.get_one(OutgoingMail, was["mail"])
    db.session.flush()
    for copy in taken.mails:
        db.session.delete(copy)
    contact = was.get("contact", {})
    row = db.session.get(Address, contact.get("id", 0))
    if row is not None and row.email == contact["email"] and may_change(row, by):
        with suppress(AlreadyThere):
            change_address(row, contact["was"], row.use, by=by, now=now)
    note(
        "letter.elsewhere_undone", letter, by=by, now=now, who=recipient.written_as, address=recipient.address
    )
    db.session.flush()
    settle_clock(recipient, now=now)
    return taken


def contact_address(recipient: LetterRecipient, email: str, user: User) -> Address | None:
    """Return the row of the office or institution that has this address, if ``user`` may change it."""
    owner: ColumnElement[bool] = (
        Address.office_id == recipient.office_id
        if recipient.office_id
        else Address.institution_id == recipient.institution_id
    )
    rows = select(Address).where(visible(Address, user), owner, func.lower(Address.email) == email.lower())
    return next((address for address in db.session.scalars(rows) if may_change(address, user)), None)


def _refusal(recipient: LetterRecipient, email: str) -> AddressRefusal | None:
    if not may_send_elsewhere(recipient):
        return AddressRefusal.NOT_BACK
    if email.lower() == recipient.address.lower():
        return AddressRefusal.SAME
    return AddressRefusal.DEAD if dead_among([email]) else None
