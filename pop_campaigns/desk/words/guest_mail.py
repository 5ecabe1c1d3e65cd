"""Mail that came in, as the page of an event tells it beside each guest, and that of a letter beside each recipient."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import url_for
from flask_babel import gettext as _
from flask_babel.speaklater import LazyString

from pop_campaigns.core.clock import local_date
from pop_campaigns.core.dates import moment_words, short_day_words
from pop_campaigns.incoming.queries.guest_notes import GuestNote
from pop_campaigns.incoming.words.labels import KINDS
from pop_campaigns.invitations.views.guest_table import Happening
from pop_campaigns.mail.models import IncomingMail
from pop_campaigns.mail.rules import IncomingKind
from pop_campaigns.mail.secrets import mask_secrets

_MOST_WORDS = 600
_FIRST_WORDS = 240


@dataclass(frozen=True)
class Away:
    """An out-of-office that still holds: one line, its text, the message's number."""

    words: str
    text: str
    number: int


def away_guests(notes: Mapping[int, Sequence[GuestNote]], now: datetime, lang: str) -> dict[int, Away]:
    """Return the newest out-of-office of each guest that still says something."""
    away = {}
    for guest_id, guest_notes in notes.items():
        current = next((note for note in guest_notes if note.is_away(now)), None)
        if current is not None:
            back = current.returns_on
            words = (
                _("Out of office until %(day)s", day=short_day_words(back, lang))
                if back
                else _("Automatic reply")
            )
            away[guest_id] = Away(words, mask_secrets(current.mail.text)[:_MOST_WORDS], current.mail.id)
    return away


def mail_happenings(notes: Mapping[int, Sequence[GuestNote]], *, linked: bool) -> dict[int, list[Happening]]:
    """Return the lines of each guest's history; ``linked`` for those who may open the messages.

    An answer from a calendar has its line already.
    """
    return {
        guest_id: [
            Happening(
                note.mail.received_at,
                ": ".join([str(KINDS[note.mail.kind]), mask_secrets(note.mail.subject) or _("No subject")]),
                mask_secrets(note.mail.from_name or note.mail.from_address),
                "quiet" if note.is_automatic else "info",
                url_for("incoming.message", number=note.mail.id) if linked else "",
            )
            for note in guest_notes
            if note.mail.kind in (IncomingKind.AUTO, IncomingKind.HUMAN)
        ]
        for guest_id, guest_notes in notes.items()
    }


@dataclass(frozen=True)
class RecipientMail:
    """A mail beside the recipient of a letter: its kind, when it came, of a person's reply the first words."""

    number: int
    kind: LazyString | str
    words: str
    when: str
    day: str
    unread: bool
    is_reply: bool


def mail_of_recipients(
    came_in: Mapping[int, Sequence[IncomingMail]], lang: str
) -> dict[int, list[RecipientMail]]:
    """Return what the page of a letter shows of the mails of each recipient."""
    return {ident: [_recipient_mail(mail, lang) for mail in mails] for ident, mails in came_in.items()}


def _recipient_mail(mail: IncomingMail, lang: str) -> RecipientMail:
    is_reply = mail.kind is IncomingKind.HUMAN
    return RecipientMail(
        number=mail.id,
        kind=KINDS[mail.kind] if mail.kind else "",
        words=mask_secrets(mail.text)[:_FIRST_WORDS] if is_reply else "",
        when=moment_words(mail.received_at, lang),
        day=local_date(mail.received_at).isoformat(),
        unread=is_reply and mail.seen_at is None,
        is_reply=is_reply,
    )
