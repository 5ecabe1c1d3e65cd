"""What was queued behind a mail in hand says what fits, once it is known whether that one left.

A guest whose invitation was just being handed over when the hour changed has read it, or has not. The mail that waits behind
it was written for the first; if nothing left after all, the guest needs the invitation as it reads now, and after a
cancellation nothing. The worker asks here just before it hands mails over.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from pop_campaigns.core.db import db
from pop_campaigns.invitations.messages.invitations import MAIL_KINDS
from pop_campaigns.invitations.models.invitations import InvitationMail
from pop_campaigns.invitations.queries.guests import mails_of
from pop_campaigns.invitations.queries.told import expects_event, next_copy
from pop_campaigns.invitations.rules.invitations import LETTERS, MailPurpose
from pop_campaigns.mail.models import OutgoingMail
from pop_campaigns.mail.outbox import stop_mail
from pop_campaigns.mail.refusals import NOT_NEEDED


def settle_mails(mails: Iterable[OutgoingMail], *, now: datetime) -> None:
    """Make mails in a worker's hands, not handed over yet, say what fits; one that nobody needs is called off."""
    wanted = select(InvitationMail).where(
        InvitationMail.mail_id.in_([mail.id for mail in mails]), InvitationMail.behind_id.is_not(None)
    )
    loaded = wanted.options(selectinload(InvitationMail.behind), selectinload(InvitationMail.otherwise))
    for row in db.session.scalars(loaded.execution_options(populate_existing=True)):
        _settle(row, now)


def _settle(row: InvitationMail, now: datetime) -> None:
    behind, otherwise = row.behind, row.otherwise
    row.behind = row.otherwise = None
    if behind is None or behind.has_left:
        return
    if otherwise is None:
        stop_mail(row.mail, NOT_NEEDED, now=now)
        return
    mails = mails_of([row.invitation])[row.invitation_id]
    earlier = [other for other in mails if other.id < row.id]
    purpose = MailPurpose.CHANGE if expects_event(earlier) else MailPurpose.REQUEST
    if purpose is not row.purpose:
        row.copy, row.purpose = next_copy(mails, purpose, row.sequence), purpose
    row.mail.skeleton, row.mail.kind = otherwise, MAIL_KINDS[purpose]
    row.mail.auto_submitted = purpose not in LETTERS
