"""One of the times put to the guests becomes the event's, and everybody is invited. The caller commits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any, Final

from pop_campaigns.accounts.models import User
from pop_campaigns.core.dates import DatePrecision
from pop_campaigns.core.db import db
from pop_campaigns.core.history import note as note_change
from pop_campaigns.events.services.events import change_event, draft_of
from pop_campaigns.events.services.visibility import keep_internal
from pop_campaigns.invitations.messages.date_polls import DatesMail
from pop_campaigns.invitations.models.date_polls import DateSlot
from pop_campaigns.invitations.models.invitations import Invitation
from pop_campaigns.invitations.queries.date_polls import poll_of
from pop_campaigns.invitations.queries.guests import guests_of
from pop_campaigns.invitations.queries.told import waiting_mails
from pop_campaigns.invitations.rules.invitations import InvitationState
from pop_campaigns.invitations.services.date_polls import WrongSlots, check_open
from pop_campaigns.invitations.services.guests import lock_event
from pop_campaigns.invitations.services.sending import send_invitations
from pop_campaigns.mail.models import OutgoingMail, Sending
from pop_campaigns.mail.outbox import call_off
from pop_campaigns.mail.sendings import keep, keep_called_off

CHOSEN_SLOT: Final = "date_slot"
"""Where a sending keeps which time was chosen with it."""
_KEPT_BEFORE: Final = ("precision", "starts_at", "ends_at", "day_from", "day_to", "zone")


def choose_slot(slot: DateSlot, *, by: User, now: datetime, sending: Sending | None = None) -> int:
    """Let a time be the event's and invite everybody on the list; return how many invitations that makes.

    :raises PollClosed: the date is settled already.
    :raises WrongSlots: the time is over, or was removed.
    :raises CannotInvite: nobody can be invited to the event.
    """
    event = slot.poll.event
    lock_event(event)
    db.session.refresh(slot)
    poll = poll_of(event, now)
    check_open(poll)
    if slot.removed_at is not None or slot.starts_at <= now:
        raise WrongSlots
    before = {name: _plain(getattr(event, name)) for name in _KEPT_BEFORE}
    slot.before, slot.chosen_at, slot.chosen_by = before, now, by.name
    moment = replace(
        draft_of(event), precision=DatePrecision.MOMENT, starts_at=slot.starts_at, ends_at=slot.ends_at
    )
    change_event(event, moment, by=by, now=now)
    note_change(
        "event.date_chosen", event, by=by, now=now, starts=slot.starts_at.isoformat(), zone=event.zone
    )
    keep_called_off(sending, _call_off_asking(guests_of(event, InvitationState.DRAFT), now=now))
    was_published, was_draft = event.published_at is not None, keep_internal(event, by=by, now=now)
    number = send_invitations(event, by=by, now=now, sending=sending)
    keep(sending, was_draft=was_draft, was_published=was_published, **{CHOSEN_SLOT: slot.id})
    return number


def restore_date(slot: DateSlot, *, by: User, now: datetime) -> None:
    """Let the event be at the time it had before this one was chosen, and the search for a date go on."""
    event, before = slot.poll.event, _read_before(slot.before or {})
    slot.chosen_at, slot.chosen_by, slot.before = None, "", None
    db.session.flush()
    change_event(event, replace(draft_of(event), **before), by=by, now=now)
    note_change("event.date_taken_back", event, by=by, now=now)
    db.session.flush()


def _call_off_asking(guests: Sequence[Invitation], *, now: datetime) -> list[OutgoingMail]:
    """Let no question leave any more that the invitation answers; return them."""
    waiting = waiting_mails({guest.id: [] for guest in guests}, [what.kind for what in DatesMail])
    for mail in waiting:
        call_off(mail, now=now)
    return waiting


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else str(value) if value is not None else None


def _read_before(kept: Mapping[str, Any]) -> dict[str, Any]:
    """Return the event's time as it was before the choice, as a draft takes it."""
    values: dict[str, Any] = {"precision": DatePrecision(kept["precision"]), "zone": kept["zone"]}
    for name in ("starts_at", "ends_at"):
        values[name] = datetime.fromisoformat(kept[name]) if kept[name] else None
    for name in ("day_from", "day_to"):
        values[name] = date.fromisoformat(kept[name]) if kept[name] else None
    return values
