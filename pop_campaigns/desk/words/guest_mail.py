"""Mail that came in, as the page of an event tells it beside each guest, and that of a letter beside each recipient."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from flask import url_for
from flask_babel import gettext as _
from flask_babel.speaklater import LazyString

from pop_campaigns.core.clock import local_date
from pop_campaigns.core.dates import moment_words, short_day_words
from pop_campaigns.incoming.queries.deeds import FORWARD_KIND, Deed
from pop_campaigns.incoming.queries.guest_notes import GuestNote
from pop_campaigns.incoming.words.deeds import deed_words
from pop_campaigns.incoming.words.labels import KINDS
from pop_campaigns.invitations.views.guest_table import Happening
from pop_campaigns.letters.models import LetterResponse
from pop_campaigns.mail.models import IncomingMail, OutgoingMail
from pop_campaigns.mail.queries import subject_of
from pop_campaigns.mail.rules import IncomingKind
from pop_campaigns.mail.secrets import mask_secrets
from pop_campaigns.mail.words.labels import mail_chip

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
            words = absence_words(current.mail, back, lang)
            away[guest_id] = Away(words, mask_secrets(current.mail.text)[:_MOST_WORDS], current.mail.id)
    return away


def absence_words(mail: IncomingMail, back: date | None, lang: str) -> str:
    """Return what an absence note says in a few words; of one that a person may have written, *perhaps*."""
    day = short_day_words(back, lang) if back else ""
    if mail.perhaps_absent:
        return _("Perhaps out of office until %(day)s", day=day) if day else _("Perhaps out of office")
    return _("Out of office until %(day)s", day=day) if day else _("Automatic reply")


def failed_copies(notes: Mapping[int, Sequence[GuestNote]]) -> dict[int, list[str]]:
    """Return for each guest the sentences about copies that they had passed on and that did not arrive."""
    words = {
        guest_id: [copy_words(note.copies_failed) for note in guest_notes if note.copies_failed]
        for guest_id, guest_notes in notes.items()
    }
    return {guest_id: list(dict.fromkeys(sentences)) for guest_id, sentences in words.items() if sentences}


def copy_words(addresses: Sequence[str]) -> str:
    """Return that a copy passed on to somebody else did not arrive."""
    return _("A copy forwarded to %(who)s did not arrive", who=mask_secrets(", ".join(addresses[:3])))


def mail_happenings(notes: Mapping[int, Sequence[GuestNote]], *, linked: bool) -> dict[int, list[Happening]]:
    """Return the lines of each guest's history; ``linked`` for those who may open the messages.

    An answer from a calendar has its line already.
    """
    return {
        guest_id: [
            Happening(
                note.mail.received_at,
                _happening_words(note),
                mask_secrets(note.mail.from_name or note.mail.from_address),
                "info" if note.mail.kind is IncomingKind.HUMAN else "quiet",
                url_for("incoming.message", number=note.mail.id) if linked else "",
            )
            for note in guest_notes
            if note.mail.kind is not IncomingKind.CALENDAR
        ]
        for guest_id, guest_notes in notes.items()
    }


def _happening_words(note: GuestNote) -> str:
    if note.copies_failed:
        return copy_words(note.copies_failed)
    kind = str(KINDS[note.mail.kind]) if note.mail.kind else ""
    return ": ".join([kind, mask_secrets(note.mail.subject) or _("No subject")])


def written_happenings(mails: Mapping[int, Sequence[OutgoingMail]]) -> dict[int, list[Happening]]:
    """Return the lines of each guest's history about what people answered them, or passed on about them."""
    return {
        ident: [
            Happening(
                mail.queued_at,
                f"{written_words(mail)}: {subject_of(mail)}",
                f"{mail_chip(mail).words}, {mask_secrets(mail.to_name or mail.to_address)}",
                "info",
                url_for("desk.mail_message", mail_id=mail.id),
            )
            for mail in written
        ]
        for ident, written in mails.items()
    }


def written_words(mail: OutgoingMail) -> str:
    """Return what a person did with a mail of ours: answered, or passed on."""
    return _("Passed on") if mail.kind == FORWARD_KIND else _("Our reply")


@dataclass(frozen=True)
class RecipientMail:
    """A mail beside the recipient of a letter: its kind, when it came, of a person's reply the first words.

    ``url`` is its page; ``record`` says that it can be recorded as the response, which nobody has done yet.
    """

    number: int
    kind: LazyString | str
    words: str
    when: str
    day: str
    unread: bool
    is_reply: bool
    url: str = ""
    record: bool = False
    became: str = ""


def mail_of_recipients(
    came_in: Mapping[int, Sequence[IncomingMail]],
    lang: str,
    deeds: Mapping[int, Sequence[Deed]],
    written: Mapping[int, Sequence[OutgoingMail]],
) -> dict[int, list[RecipientMail]]:
    """Return what the page of a letter shows of the mails of each recipient: what came in, and our answers."""
    shown: defaultdict[int, list[tuple[datetime, RecipientMail]]] = defaultdict(list)
    for ident, mails in came_in.items():
        shown[ident] += [
            (mail.received_at, _recipient_mail(mail, lang, deeds.get(mail.id, ()))) for mail in mails
        ]
    for ident, sent in written.items():
        shown[ident] += [(mail.queued_at, _written_mail(mail, lang)) for mail in sent]
    return {
        ident: [mail for _at, mail in sorted(rows, key=lambda row: row[0])] for ident, rows in shown.items()
    }


def _recipient_kind(mail: IncomingMail, lang: str) -> LazyString | str:
    """Return what a mail beside a recipient is: of an absence until when, of a failed copy whose."""
    note = GuestNote(mail)
    if note.copies_failed:
        return copy_words(note.copies_failed)
    if mail.kind is IncomingKind.AUTO or mail.perhaps_absent:
        return absence_words(mail, note.returns_on, lang)
    return KINDS[mail.kind] if mail.kind else ""


def _written_mail(mail: OutgoingMail, lang: str) -> RecipientMail:
    return RecipientMail(
        number=mail.id,
        kind=written_words(mail),
        words=mask_secrets(mail.skeleton.text)[:_FIRST_WORDS] if mail.kind != FORWARD_KIND else "",
        when=moment_words(mail.queued_at, lang),
        day=local_date(mail.queued_at).isoformat(),
        unread=False,
        is_reply=False,
        url=url_for("desk.mail_message", mail_id=mail.id),
        became=str(mail_chip(mail).words),
    )


def _recipient_mail(mail: IncomingMail, lang: str, deeds: Sequence[Deed]) -> RecipientMail:
    is_reply = mail.kind is IncomingKind.HUMAN
    return RecipientMail(
        number=mail.id,
        kind=_recipient_kind(mail, lang),
        words=mask_secrets(mail.text)[:_FIRST_WORDS] if is_reply else "",
        when=moment_words(mail.received_at, lang),
        day=local_date(mail.received_at).isoformat(),
        unread=is_reply and mail.seen_at is None,
        is_reply=is_reply,
        url=url_for("incoming.message", number=mail.id),
        record=is_reply and not any(isinstance(deed, LetterResponse) for deed in deeds),
        became=", ".join(deed_words(deed) for deed in deeds),
    )
