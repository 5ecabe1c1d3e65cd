"""What came in from each guest of an event, for the guest's row: out of office until when, what they wrote."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import defer

from pop_campaigns.accounts.models import User
from pop_campaigns.core.clock import local_date
from pop_campaigns.core.db import db
from pop_campaigns.incoming.sight import incoming_seen
from pop_campaigns.invitations.models.invitations import Invitation
from pop_campaigns.mail.models import IncomingLink, IncomingMail
from pop_campaigns.mail.rules import IncomingKind

_SHOWN = (IncomingKind.AUTO, IncomingKind.HUMAN, IncomingKind.CALENDAR, IncomingKind.BOUNCE)
_AWAY_FOR = timedelta(days=14)  # of an out-of-office that names no day
_AT_ONCE = 500
_PROVING = ("token", "bounce", "by_hand")


@dataclass(frozen=True)
class GuestNote:
    """One mail that a guest, or the guest's mailbox, sent; ``proven``: it came to an address that only they know."""

    mail: IncomingMail
    proven: bool = True

    @property
    def is_automatic(self) -> bool:
        """Whether a machine wrote the mail."""
        return self.mail.kind is IncomingKind.AUTO

    @property
    def copies_failed(self) -> list[str]:
        """To which mailboxes a copy that the guest had passed on did not arrive; of a report about the guest's own, nothing."""
        return list((self.mail.bounce or {}).get("copies_failed") or ())

    @property
    def returns_on(self) -> date | None:
        """The day on which an out-of-office says somebody is back."""
        written = (self.mail.bounce or {}).get("returns_on")
        return date.fromisoformat(written) if written else None

    def is_away(self, now: datetime) -> bool:
        """Return whether an out-of-office still says something: until the day it names, else for two weeks.

        One that only names a message of ours may be anybody's: it stands in the history, not as how the guest is.
        """
        if not ((self.is_automatic or self.mail.perhaps_absent) and self.proven):
            return False
        back = self.returns_on
        return local_date(now) <= back if back else now - self.mail.received_at < _AWAY_FOR


def guest_notes(guest_ids: Collection[int], user: User) -> dict[int, list[GuestNote]]:
    """Return what came from each guest and the user may read, the newest first; one query for 500 guests."""
    notes: defaultdict[int, list[GuestNote]] = defaultdict(list)
    wanted = sorted(guest_ids)
    for start in range(0, len(wanted), _AT_ONCE):
        rows = (
            select(IncomingLink.subject_id, IncomingLink.how, IncomingMail)
            .join(IncomingLink.mail)
            .options(defer(IncomingMail.raw))
            .where(
                IncomingLink.subject_type == Invitation.__tablename__,
                IncomingLink.subject_id.in_(wanted[start : start + _AT_ONCE]),
                IncomingLink.suggested.is_(False),
                IncomingMail.kind.in_(_SHOWN),
                incoming_seen(user),
            )
            .order_by(IncomingMail.id.desc())
        )
        for guest_id, how, mail in db.session.execute(rows):
            guest_note = GuestNote(mail, how in _PROVING)
            if mail.kind is not IncomingKind.BOUNCE or guest_note.copies_failed:
                notes[guest_id].append(guest_note)
    return dict(notes)
