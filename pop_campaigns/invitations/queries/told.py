"""Named reads: what a guest has been told, is being told at this moment, or would be told if it were not called off."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from sqlalchemy import select

from pop_campaigns.core.db import db
from pop_campaigns.invitations.models.invitations import Invitation, InvitationMail
from pop_campaigns.invitations.rules.invitations import MailPurpose
from pop_campaigns.mail.models import OutgoingMail
from pop_campaigns.mail.queries import mails_about
from pop_campaigns.mail.rules import MailState

_NOT_LEFT = (MailState.QUEUED, MailState.SENDING)


def count_withdrawals(mails: Iterable[InvitationMail]) -> int:
    """Count the cancellations among a guest's mails, also one called off in a worker's hands: what came after it counted it."""
    return sum(
        row.purpose is MailPurpose.CANCELLATION
        and (row.mail.state is not MailState.WITHDRAWN or row.mail.called_off_at is not None)
        for row in mails
    )


def was_reached(mails: Iterable[InvitationMail]) -> bool:
    """Return whether any mail left for the guest, as it is or sent again, and has not come back for good.

    One that is being handed over at this moment is :func:`undecided`.
    """
    return any(mail.has_left for row in mails for mail in (row.mail, *row.mail.copies))


def undecided(mails: Iterable[InvitationMail]) -> OutgoingMail | None:
    """Return the mail of a guest of which nobody knows at this moment whether it leaves; there is one at most."""
    all_of_them = (mail for row in mails for mail in (row.mail, *row.mail.copies))
    return next((mail for mail in all_of_them if mail.is_undecided), None)


def last_read(mails: Sequence[InvitationMail]) -> InvitationMail | None:
    """Return the newest mail that left for the guest and has not come back for good."""
    return next((row for row in reversed(mails) if was_reached([row])), None)


def expects_event(mails: Sequence[InvitationMail]) -> bool:
    """Return whether the guest read of the event, and read last that they are invited."""
    last = last_read(mails)
    return last is not None and last.purpose is not MailPurpose.CANCELLATION


def may_expect_event(mails: Sequence[InvitationMail]) -> bool:
    """Return whether the guest expects the event, or perhaps will by what is being handed over at this moment."""
    return expects_event(mails) or undecided(mails) is not None


def waiting_mails(
    mails: Mapping[int, Sequence[InvitationMail]], kinds: Collection[str]
) -> list[OutgoingMail]:
    """Lock the mails of these kinds to guests (by number, with their mails) that have not left; return them as they are now.

    Also those that had not when ``mails`` were read: what became of them meanwhile is read anew.
    """
    waits = OutgoingMail.state.in_(_NOT_LEFT)
    idents = select(OutgoingMail.id).where(
        mails_about(Invitation, mails), OutgoingMail.kind.in_(kinds), waits
    )
    known = (mail for rows in mails.values() for row in rows for mail in (row.mail, *row.mail.copies))
    locked = lock_mails(
        {*db.session.scalars(idents), *(mail.id for mail in known if mail.state in _NOT_LEFT)}
    )
    return [mail for mail in locked if mail.state in _NOT_LEFT]


def next_copy(mails: Iterable[InvitationMail], purpose: MailPurpose, sequence: int) -> int:
    """Return the number of a guest's next mail of this purpose and SEQUENCE."""
    return sum((row.purpose, row.sequence) == (purpose, sequence) for row in mails)


def lock_mails(mail_ids: Iterable[int]) -> list[OutgoingMail]:
    """Lock mails and return them as they are at this moment: a worker can claim none until the caller commits."""
    wanted = select(OutgoingMail).where(OutgoingMail.id.in_(set(mail_ids))).order_by(OutgoingMail.id)
    locked = wanted.with_for_update().execution_options(populate_existing=True)
    return list(db.session.scalars(locked))


def last_mail(mails: Sequence[InvitationMail]) -> OutgoingMail | None:
    """Return the newest mail to a guest about the event, as it is or sent again; None before the first."""
    if not mails:
        return None
    newest = mails[-1].mail
    return newest.copies[-1] if newest.copies else newest
