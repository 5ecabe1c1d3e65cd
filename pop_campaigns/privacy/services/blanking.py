"""Taking the person out of guests and mails while they stay in the counts: for an erasure and for retention."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from sqlalchemy import delete, select

from pop_campaigns.core.db import db
from pop_campaigns.core.subject_files import forget_all
from pop_campaigns.core.tokens import derive_local_part, derive_token, hash_token, new_nonce
from pop_campaigns.invitations.models.date_polls import AskedGuest
from pop_campaigns.invitations.models.handed_links import HandedLink
from pop_campaigns.invitations.models.invitations import Invitation, InvitationMail, TimeProposal
from pop_campaigns.invitations.rules.invitations import InvitationState, erased_address
from pop_campaigns.mail.models import IncomingMail, MailSkeleton, OutgoingMail
from pop_campaigns.mail.rules import MailState
from pop_campaigns.mail.secrets import HIDDEN

NOTHING: Final = "—"
"""What a mail says whose words are gone."""


def blank_guest(guest: Invitation) -> None:
    """Keep that somebody was asked and what they answered; who was only to be asked is taken off the list."""
    first = select(InvitationMail).where(InvitationMail.invitation_id == guest.id)
    earlier = db.session.scalar(first.order_by(InvitationMail.id).limit(1))
    if guest.state is InvitationState.DRAFT:
        if earlier is None and not guest.answers:
            db.session.delete(guest)
            return
        guest.state = InvitationState.WITHDRAWN
        guest.invited_at = earlier.mail.dated_at if earlier else guest.created_at
    for proposal in db.session.scalars(select(TimeProposal).where(TimeProposal.invitation_id == guest.id)):
        proposal.comment = ""
    for asked in db.session.scalars(select(AskedGuest).where(AskedGuest.invitation_id == guest.id)):
        asked.note = ""
    guest.name, guest.form_of_address, guest.address = "", None, erased_address(guest.id)
    # Their personal links and their answering address end with them.
    db.session.execute(delete(HandedLink).where(HandedLink.invitation_id == guest.id))
    guest.nonce = new_nonce()
    guest.token_hash = hash_token(derive_token("answer", guest.nonce))
    guest.reply_local = "r-" + derive_local_part("reply", guest.nonce)


def blank_mail(mail: OutgoingMail) -> list[Path]:
    """Take the reader out of a mail; one that has not left is called off. Return the paths of its files, to be removed."""
    if mail.state is not MailState.SENT:
        # Also one that failed: it must not be sent again. Of one in a worker's hands the lease ends with this.
        mail.state, mail.lease_until, mail.lease_owner, mail.handing_since = (
            MailState.WITHDRAWN,
            None,
            None,
            None,
        )
    files = blank_filling(mail)
    mail.to_address, mail.to_name = erased_address(mail.id), ""
    mail.thread = None
    return files


def blank_filling(mail: OutgoingMail) -> list[Path]:
    """Take from a mail what filled it for its reader, its secret links, the server's words and the files it links to.

    Return the paths of these files, to be removed once the caller has committed.
    """
    fields = {name: value if name == "brace" else "" for name, value in mail.fields.items()}
    mail.fields = fields | dict.fromkeys(mail.links, HIDDEN)
    mail.links, mail.last_words = {}, ""
    for attempt in mail.tries:
        attempt.words = ""
    return forget_all(mail)


def blank_skeleton(skeleton: MailSkeleton) -> None:
    """Take the words of a mail and its files; the subject stays, so that the list of mail can be read."""
    skeleton.text = skeleton.html = NOTHING
    skeleton.calendar = None
    for attachment in list(skeleton.attachments):
        db.session.delete(attachment)


def blank_incoming(mail: IncomingMail) -> None:
    """Take everything out of a mail that came in but that it came, when, and to what it belongs."""
    mail.raw = b""
    mail.envelope_from = mail.from_address = mail.from_name = mail.message_id = ""
    mail.subject = mail.text = mail.body = mail.ignored_reason = ""
    mail.calendar, mail.bounce, mail.attachments, mail.reasons = None, None, [], []
