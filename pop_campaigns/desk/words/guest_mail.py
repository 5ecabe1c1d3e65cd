"""Mail that guests sent, as the page of an event tells it beside each guest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import url_for
from flask_babel import gettext as _

from pop_campaigns.core.dates import short_day_words
from pop_campaigns.incoming.queries.guest_notes import GuestNote
from pop_campaigns.incoming.words.labels import KINDS
from pop_campaigns.invitations.views.guest_table import Happening
from pop_campaigns.mail.rules import IncomingKind
from pop_campaigns.mail.secrets import mask_secrets

_MOST_WORDS = 600


@dataclass(frozen=True)
class Away:
    """An out-of-office that still holds: one line, its text, the message's number."""

    words: str
    text: str
    number: int


def away_guests(notes: Mapping[int, Sequence[GuestNote]], now: datetime, lang: str) -> dict[int, Away]:
    """Give the newest out-of-office of each guest that still says something."""
    found = {}
    for guest_id, those in notes.items():
        current = next((one for one in those if one.is_away(now)), None)
        if current is not None:
            back = current.returns_on
            words = (
                _("Out of office until %(day)s", day=short_day_words(back, lang))
                if back
                else _("Automatic reply")
            )
            found[guest_id] = Away(words, mask_secrets(current.mail.text)[:_MOST_WORDS], current.mail.id)
    return found


def mail_happenings(notes: Mapping[int, Sequence[GuestNote]], *, linked: bool) -> dict[int, list[Happening]]:
    """Give the lines of each guest's history; ``linked`` for those who may open the messages.

    An answer from a calendar has its line already.
    """
    return {
        guest_id: [
            Happening(
                one.mail.received_at,
                ": ".join([str(KINDS[one.mail.kind]), mask_secrets(one.mail.subject) or _("No subject")]),
                mask_secrets(one.mail.from_name or one.mail.from_address),
                "quiet" if one.is_automatic else "info",
                url_for("incoming.message", number=one.mail.id) if linked else "",
            )
            for one in those
            if one.mail.kind in (IncomingKind.AUTO, IncomingKind.HUMAN)
        ]
        for guest_id, those in notes.items()
    }
