"""What each guest is to be told: which mail about an event, against what they read before, behind what is in hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pop_campaigns.events.models.events import Event
from pop_campaigns.invitations.messages.invitations import MAIL_KINDS, Wording, is_refusable
from pop_campaigns.invitations.messages.notices import Told
from pop_campaigns.invitations.models.invitations import Invitation, InvitationMail
from pop_campaigns.invitations.queries.told import count_withdrawals, expects_event, undecided, was_reached
from pop_campaigns.invitations.rules.invitations import MailPurpose, calendar_sequence
from pop_campaigns.mail.models import OutgoingMail


@dataclass(frozen=True)
class Order:
    """One mail to be queued. ``earlier`` are the guest's mails so far.

    ``behind`` is the one of them that is being handed over, where it decides what is to be said; without it, the guest would
    be told what ``otherwise`` holds: purpose and what was told before, or nothing.
    """

    guest: Invitation
    purpose: MailPurpose
    earlier: Sequence[InvitationMail]
    told: Told | None = None
    withdrawn: bool = False
    behind: OutgoingMail | None = None
    otherwise: tuple[MailPurpose, Told | None] | None = None

    def wording(self, event: Event) -> Wording:
        return self._says(event, self.purpose, self.told)

    def other_wording(self, event: Event) -> Wording | None:
        return self._says(event, *self.otherwise) if self.otherwise else None

    def _says(self, event: Event, purpose: MailPurpose, told: Told | None) -> Wording:
        sequence = calendar_sequence(
            event.sequence, count_withdrawals(self.earlier), withdrawing=self.withdrawn
        )
        language, refusable = self.guest.language, is_refusable(self.guest)
        required = self.guest.required
        return Wording(purpose, language, sequence, told, self.withdrawn, refusable, required)


def change_order(guest: Invitation, earlier: Sequence[InvitationMail]) -> Order:
    """Return the order that tells a guest what holds now: against what they read last, or as an invitation."""
    known = _known(earlier)
    behind = undecided(earlier)
    if behind is None or behind.kind == MAIL_KINDS[MailPurpose.ATTENDING]:
        return Order(guest, known[0], earlier, known[1])
    says = behind.skeleton.calendar
    if says is None or behind.kind == MAIL_KINDS[MailPurpose.CANCELLATION]:
        return Order(guest, MailPurpose.REQUEST, earlier)
    return Order(guest, MailPurpose.CHANGE, earlier, Told.read(says), behind=behind, otherwise=known)


def _known(earlier: Sequence[InvitationMail]) -> tuple[MailPurpose, Told | None]:
    """Return as what a guest is told time and place, by what they read so far."""
    if not expects_event(earlier):
        return MailPurpose.REQUEST, None
    return MailPurpose.CHANGE, told_last(earlier)


def cancellation_order(
    guest: Invitation, earlier: Sequence[InvitationMail], *, withdrawn: bool = False
) -> Order:
    """Return the order of a cancellation; who would expect the event only by what is being handed over hears of it only then."""
    hand = undecided(earlier)
    sure = expects_event(earlier) or (hand is not None and hand.kind == MAIL_KINDS[MailPurpose.CANCELLATION])
    return Order(guest, MailPurpose.CANCELLATION, earlier, withdrawn=withdrawn, behind=None if sure else hand)


def told_last(earlier: Sequence[InvitationMail]) -> Told | None:
    """Return what the guest last read about time and place."""
    for row in reversed(earlier):
        if was_reached([row]) and row.mail.skeleton.calendar:
            return Told.read(row.mail.skeleton.calendar)
    return None
