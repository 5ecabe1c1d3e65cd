"""A mail to a guest as it would look, made by what sends it; nothing is stored."""

from __future__ import annotations

from datetime import datetime

from pop_campaigns.accounts.models import User
from pop_campaigns.core.db import db
from pop_campaigns.invitations.messages.files import file_links, with_links
from pop_campaigns.invitations.messages.invitations import (
    from_address,
    recipient_of,
    render_mail,
    sender_name,
)
from pop_campaigns.invitations.messages.notices import NoticeWords
from pop_campaigns.invitations.models.invitations import Invitation, InvitationText
from pop_campaigns.invitations.queries.guests import mails_of
from pop_campaigns.invitations.queries.invitable import load_contacts
from pop_campaigns.invitations.rules.invitations import LETTERS, InvitationState, MailPurpose
from pop_campaigns.invitations.services.orders import Order, told_last
from pop_campaigns.mail.compose import compose
from pop_campaigns.mail.message import MailParts
from pop_campaigns.mail.models import MailSkeleton, OutgoingMail


def preview(
    guest: Invitation,
    *,
    by: User | None = None,
    now: datetime | None = None,
    purpose: MailPurpose = MailPurpose.REQUEST,
    text: InvitationText | None = None,
    words: NoticeWords | None = None,
    withdrawn: bool = False,
) -> MailParts:
    """Return the mail as this guest will get it, the personal link hidden; nothing is stored.

    ``by`` is who would send it: named as the contact, and whose sight decides about name and address as they are
    now. ``now`` (aware, UTC) stands in the mail as its date. ``text`` holds a note as it is typed, instead of the stored one,
    ``words`` what goes with a change or a cancellation; ``withdrawn`` as in ``messages.invitations.Wording``.
    """
    event, moment = guest.event, now or guest.event.changed_at
    with db.session.no_autoflush:
        recipient = recipient_of(guest, looked_at=True)
        if by is not None and guest.state is InvitationState.DRAFT:
            key = ("office", guest.office_id) if guest.office_id else ("person", guest.person_id or 0)
            contact = load_contacts(event, [key], by=by, now=moment).get(key)
            if contact is not None:
                recipient = recipient_of(
                    guest, looked_at=True, address=contact.address, **contact.words(guest.language)
                )
        earlier = mails_of([guest])[guest.id]
        told = told_last(earlier) if purpose is MailPurpose.CHANGE else None
        order = Order(guest, purpose, earlier, told, withdrawn)
        sender = by.name if by else ""
        rendered = render_mail(
            event, order.wording(event), contact_name=sender, now=moment, text=text, words=words
        )
        recipient = with_links(recipient, file_links(event))
    # Made by hand and never added to the session: the outbox's own functions would store it.
    mail = OutgoingMail(
        skeleton=MailSkeleton(**rendered.as_skeleton()),
        to_address=recipient.address, to_name=recipient.name, fields=recipient.fields, links=recipient.links,
        from_address=from_address(guest), from_name=sender_name(event, guest.language),
        message_id=f"<preview@{from_address(guest).partition('@')[2]}>", bounce_nonce="preview",
        dated_at=moment, auto_submitted=purpose not in LETTERS, null_sender=False,
    )  # fmt: skip
    return compose(mail, reveal=False)
