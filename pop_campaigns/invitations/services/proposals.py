"""Telling a guest that the event stays as it is, although they proposed another time (RFC 5546 section 3.2.8)."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from pop_campaigns.accounts.models import User
from pop_campaigns.core.i18n import speaking
from pop_campaigns.events.models.events import Event
from pop_campaigns.invitations.messages.invitations import (
    Rendered,
    calendar_data,
    event_values,
    is_refusable,
    when_in_words,
)
from pop_campaigns.invitations.models.invitations import TimeProposal
from pop_campaigns.invitations.queries.guests import calendar_ahead
from pop_campaigns.invitations.services.answers import write_back
from pop_campaigns.mail.compose import render_words
from pop_campaigns.mail.models import OutgoingMail

DECLINED_TIME_KIND: Final = "proposal.declined"


def queue_declined_time(
    proposal: TimeProposal, *, words: str, by: User | None, now: datetime
) -> OutgoingMail:
    """Queue the mail that declines a proposed time, with the word of it for the guest's calendar (DECLINECOUNTER).

    ``words`` are the coordinator's own and may be empty. It is no mail of the invitation: it tells no new time, so a
    guest who knows an older one still does. The database refuses a second one for the same proposal.
    """
    rendered = render_declined_time(proposal, words, contact_name=by.name if by else "", now=now)
    once = f"proposal/{proposal.id}/declined"
    return write_back(proposal.invitation, rendered, kind=DECLINED_TIME_KIND, once=once, now=now)


def render_declined_time(proposal: TimeProposal, words: str, *, contact_name: str, now: datetime) -> Rendered:
    """Render the mail that declines a proposed time. The guest's answer stays in the entry: this mail does not ask again."""
    guest = proposal.invitation
    event, lang = guest.event, guest.language
    with speaking(lang):
        values = event_values(event, lang, contact_name, now) | {
            "proposed": when_in_words(proposal.starts_at, proposal.ends_at, event.zone, lang),
            "note": words,
            "refusable": is_refusable(guest),
        }
        subject, text, html = render_words("proposal_declined", values)
        calendar = _calendar(event, proposal, words)
    return Rendered(lang, subject, text, html, calendar)


def _calendar(event: Event, proposal: TimeProposal, words: str) -> dict[str, object] | None:
    if event.starts_at is None and event.day_from is None:
        return None
    guest = proposal.invitation
    sequence = event.sequence + calendar_ahead(guest)
    return calendar_data(
        event, guest.language, "DECLINECOUNTER", sequence,
        comment=words,
    )  # fmt: skip
