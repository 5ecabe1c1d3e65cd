"""What may be done with one guest or with several, by where the event stands: nothing is offered that would be refused."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask import url_for
from flask_babel import gettext as _

from pop_campaigns.events.models.events import Event
from pop_campaigns.events.rules.events import EventState
from pop_campaigns.invitations.queries.guest_filter import has_lost_mail
from pop_campaigns.invitations.queries.guests import GuestRow
from pop_campaigns.invitations.rules.invitations import (
    LINK_LIVES_AFTER_END,
    InvitationState,
    may_answer,
)
from pop_campaigns.invitations.services.guests import why_not_invitable


@dataclass(frozen=True)
class Way:
    """Something that may be done: its words and where it is done."""

    label: str
    url: str


@dataclass(frozen=True)
class GuestWays:
    """What an event still allows: ``answers`` are taken, mail is ``sent``; nothing for who only reads."""

    event_id: int
    answers: bool = False
    sent: bool = False
    changeable: bool = False

    def of(self, row: GuestRow) -> list[Way]:
        """Return what may be done with one guest, what is wanted most first."""
        guest, ways = row.invitation, []
        invited = guest.state is InvitationState.INVITED
        if self.sent and invited and has_lost_mail(row):
            ways.append(self._to(_("Correct the address and send again"), "invitations.address", guest.id))
        if self.answers and invited:
            ways.append(self._to(_("Record an answer"), "invitations.by_hand", guest.id))
        if self.sent and invited and not guest.is_erased:
            ways.append(self._to(_("Hand over by WhatsApp or Viber"), "invitations.hand_over", guest.id))
        if self.sent and guest.state is InvitationState.DRAFT:
            ways.append(Way(_("Change"), url_for("invitations.who", event_id=self.event_id)))
        if self.sent and invited:
            ways.append(self._to(_("Withdraw"), "invitations.withdraw", guest.id))
        return ways

    @property
    def with_ticked(self) -> list[Way]:
        """What may be done with all guests that are ticked."""
        pages = [(_("Remind"), "invitations.remind")] if self.sent else []
        pages += [(_("Write"), "invitations.new_message")] if self.changeable else []
        pages += [(_("Withdraw invitations"), "desk.withdraw_guests")] if self.sent else []
        pages += [(_("Download"), "desk.export_guests")] if self.changeable else []
        return [Way(label, url_for(endpoint, event_id=self.event_id)) for label, endpoint in pages]

    def _to(self, label: str, endpoint: str, guest_id: int) -> Way:
        return Way(label, url_for(endpoint, invitation_id=guest_id))


def ways_with_guests(event: Event, *, changeable: bool, now: datetime) -> GuestWays:
    """Return what may be done with the guests of an event now. A cancelled one takes no answer, a past one tells nobody."""
    if not changeable:
        return GuestWays(event.id)
    cancelled, end = event.state is EventState.CANCELLED, event.ends_at or event.starts_at
    refused = may_answer(
        cancelled=cancelled,
        withdrawn=False,
        starts_at=event.starts_at,
        now=now,
        told_until=end + LINK_LIVES_AFTER_END if end else None,
    )
    closed = why_not_invitable(event, now)
    return GuestWays(event.id, answers=refused is None, sent=closed is None, changeable=True)
