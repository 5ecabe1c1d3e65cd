"""An answer to a mail that came in, or that mail passed on, is taken back before it left. The caller commits."""

from __future__ import annotations

from datetime import datetime

from pop_campaigns.accounts.models import User
from pop_campaigns.core.db import db
from pop_campaigns.core.history import note
from pop_campaigns.core.locks import lock_row
from pop_campaigns.invitations.models.invitations import Invitation
from pop_campaigns.letters.models import LetterRecipient
from pop_campaigns.mail.models import IncomingMail, OutgoingMail, Sending
from pop_campaigns.mail.rules import SendingKind
from pop_campaigns.mail.sendings import TakenBack, take_back


def undo_writing(sending: Sending, mail: IncomingMail, *, by: User, now: datetime) -> TakenBack:
    """Take back what was written about a mail that came in: nothing was done with it, and it is unread if it was.

    :raises pop_campaigns.mail.sendings.UndoneBefore: a second press.
    :raises pop_campaigns.mail.sendings.NotUndone: too late, or something newer was written about it.
    """
    lock_row(mail)
    kind = sending.kind
    taken = take_back(sending, now=now)
    if taken.before.get("was_unread"):
        mail.seen_at = None
    note(
        "incoming.sending_undone", mail, by=by, now=now, organisation_id=mail.organisation_id, kind=kind.value
    )
    if kind is SendingKind.REPLY:
        for outgoing in taken.mails:
            _tell_subject(outgoing, by=by, now=now)
    db.session.flush()
    return taken


def _tell_subject(outgoing: OutgoingMail, *, by: User, now: datetime) -> None:
    """Note it where the answer was noted: in the history of the guest or the letter."""
    if outgoing.subject_type == Invitation.__tablename__:
        guest = db.session.get_one(Invitation, outgoing.subject_id)
        note("invitation.reply_undone", guest, by=by, now=now, who=guest.written_as)
    elif outgoing.subject_type == LetterRecipient.__tablename__:
        recipient = db.session.get_one(LetterRecipient, outgoing.subject_id)
        note("letter.reply_undone", recipient.letter, by=by, now=now, who=recipient.written_as)
