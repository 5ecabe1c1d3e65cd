"""Verbs that change letters, from the draft to the outbox and the clocks. The caller commits."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from flask import current_app

from pop_campaigns.accounts.models import User
from pop_campaigns.accounts.rules.roles import RoleName
from pop_campaigns.accounts.scope import owner_of_new
from pop_campaigns.core.clock import local_date
from pop_campaigns.core.dates import DatePrecision
from pop_campaigns.core.db import db
from pop_campaigns.core.history import note
from pop_campaigns.core.i18n import LANGUAGES
from pop_campaigns.core.locks import lock_number, lock_row
from pop_campaigns.core.once import insert_or_find, once_key
from pop_campaigns.core.text import clean_line, clean_text
from pop_campaigns.core.tokens import derive_local_part, new_nonce
from pop_campaigns.core.versions import ChangedMeanwhile
from pop_campaigns.letters.messages.letters import (
    PDF,
    MailWords,
    letter_pdf,
    mail_words,
    pdf_name,
    recipient_name,
    sender_of,
)
from pop_campaigns.letters.models import Letter
from pop_campaigns.letters.queries.due_days import written_languages
from pop_campaigns.letters.queries.letters import (
    RecipientLine,
    last_register_count,
    lines_of,
)
from pop_campaigns.letters.rules.letters import (
    LetterState,
    SendVerdict,
    may_edit,
    may_send,
)
from pop_campaigns.mail.models import MailSkeleton, OutgoingMail, Sending
from pop_campaigns.mail.outbox import Recipient, add_skeleton, queue_mail
from pop_campaigns.mail.sendings import keep

# Too long for a line of history: that they changed is enough.
_LONG = frozenset({"body_sq", "body_en"})
FROZEN = ("name", "office_title", "institution_name", "dative", "address")
"""Words of a recipient that are frozen as sent, beside the form of address."""
# Any number, as long as nothing else of ours locks under it.
_REGISTER_LOCK = 119_2014


class LetterIsSettled(ValueError):
    """The letter is no draft any more: its text and recipients are what was agreed or sent."""


class CannotSend(ValueError):
    """The letter cannot go out; ``verdict`` says why."""

    def __init__(self, verdict: SendVerdict) -> None:
        self.verdict = verdict
        super().__init__(verdict.value)


@dataclass(frozen=True)
class LetterDraft:
    """What a form says about a letter. ``organisation_id`` None is the whole network; only administrators choose."""

    subject_sq: str = ""
    subject_en: str = ""
    body_sq: str = ""
    body_en: str = ""
    signed_by: str = ""
    signed_as: str = ""
    basis: str = "political_letter"
    campaign_id: int | None = None
    organisation_id: int | None = None


@dataclass(frozen=True)
class SentLetter:
    """How many mails were queued, and how many recipients have no address and get paper."""

    mails: int
    by_hand: int


def create_letter(draft: LetterDraft, *, by: User | None, now: datetime, once: str) -> Letter:
    """Add a draft. The same ``once`` from the same person returns the letter it made the first time.

    A coordinator's letter is their organisation's, whatever the draft says.

    :raises pop_campaigns.accounts.scope.NoOrganisation: for a coordinator without one.
    """

    def make() -> Letter:
        values = _settled(draft, owner_of_new(by, draft.organisation_id))
        return Letter(**values, state=LetterState.DRAFT, created_at=now, changed_at=now)

    letter, is_new = insert_or_find(Letter, once_key("letter", once, by), make)
    if is_new:
        note("letter.created", letter, by=by, now=now, called=letter.subject_sq or letter.subject_en)
    return letter


def change_letter(
    letter: Letter, draft: LetterDraft, *, by: User | None, now: datetime, version: int | None = None
) -> bool:
    """Make a draft what the form says; return whether anything changed.

    ``version`` is the one that was looked at; None asks nobody.

    :raises LetterIsSettled: it is no draft any more.
    :raises pop_campaigns.core.versions.ChangedMeanwhile: it is not that version any more.
    """
    lock_letter(letter)
    if not may_edit(letter.state):
        raise LetterIsSettled(letter.id)
    if version is not None and version != letter.version:
        raise ChangedMeanwhile(letter.id)
    administrator = by is None or by.role is RoleName.ADMINISTRATOR
    values = _settled(draft, draft.organisation_id if administrator else letter.organisation_id)
    was = {name: getattr(letter, name) for name, value in values.items() if getattr(letter, name) != value}
    if not was:
        return False
    for name in was:
        setattr(letter, name, values[name])
    letter.changed_at = now
    shown = {name: value for name, value in was.items() if name not in _LONG}
    note("letter.changed", letter, by=by, now=now, changed=sorted(was), was=shown)
    db.session.flush()
    return True


def draft_of(letter: Letter) -> LetterDraft:
    """Return a letter as the draft it could have come from."""
    return LetterDraft(**{field.name: getattr(letter, field.name) for field in fields(LetterDraft)})


def verdict_for(letter: Letter, lines: Sequence[RecipientLine]) -> SendVerdict:
    """Return whether the letter can go out to these recipients now."""
    return may_send(
        letter.state,
        roles=[line.role for line in lines],
        written=written_languages(letter),
        wanted=frozenset(line.language for line in lines),
        reachable=sum(1 for line in lines if line.address),
    )


def fingerprint(letter: Letter, lines: Sequence[RecipientLine]) -> str:
    """Return what tells whether text or recipients are still the ones a person has looked at."""
    seen: list[object] = [letter.version]
    for line in lines:
        recipient = line.recipient
        seen.append(
            (
                recipient.id,
                recipient.role,
                recipient.asks_answer,
                recipient.language,
                line.name,
                line.written_as,
                line.dative,
                line.form_of_address,
                line.address,
            )
        )
    return hashlib.sha256(repr(seen).encode()).hexdigest()[:32]


def send_letter(letter: Letter, *, by: User, now: datetime, sending: Sending | None = None) -> SentLetter:
    """Send the letter: number it, freeze its recipients, queue one mail for each that has an address.

    All in the caller's transaction; sending twice is refused, so nobody gets a second mail.

    :raises CannotSend: with the first reason why not.
    """
    lock_letter(letter)
    day = local_date(now)
    lines = lines_of(letter, by, day)
    verdict = verdict_for(letter, lines)
    if verdict is not SendVerdict.READY:
        raise CannotSend(verdict)
    printed = {lang: lines_of(letter, by, day, lang=lang) for lang in LANGUAGES}
    keep(sending, **_as_it_was(letter))
    _number(letter, day.year)
    letter.state, letter.sent_at, letter.changed_at = LetterState.SENT, now, now
    letter.greeted = True
    letter.precision, letter.day_from, letter.day_to = DatePrecision.DAY, day, day
    for line in lines:
        _freeze(line)
    db.session.flush()
    mails = sum(_queue_language(letter, lang, lines, printed[lang], now, sending) for lang in LANGUAGES)
    db.session.flush()
    sent = SentLetter(mails, len(lines) - mails)
    note(
        "letter.sent", letter, by=by, now=now,
        number=letter.register_number, mails=sent.mails, by_hand=sent.by_hand,
    )  # fmt: skip
    return sent


def lock_letter(letter: Letter) -> None:
    """Hold the letter's row until the end of the transaction and read it anew: what two people do waits in line."""
    lock_row(letter)
    db.session.expire(letter, ["recipients"])


def _number(letter: Letter, year: int) -> None:
    """Give the next register number: no gap and no double, however many letters leave at once.

    One whose sending was taken back has kept its own, and bears it if it goes within that year.
    """
    if letter.register_count is not None and letter.register_year == year:
        return
    lock_number(_REGISTER_LOCK, letter.organisation_id or 0)
    letter.register_year, letter.register_count = year, last_register_count(letter.organisation_id, year) + 1


def _as_it_was(letter: Letter) -> dict[str, Any]:
    """Return what sending changes and taking it back puts back (see ``services.undoing``)."""
    return {
        "letter": {
            "state": letter.state.value,
            "greeted": letter.greeted,
            "precision": letter.precision.value,
            "day_from": letter.day_from.isoformat() if letter.day_from else None,
            "day_to": letter.day_to.isoformat() if letter.day_to else None,
        },
        "recipients": {
            str(recipient.id): {name: getattr(recipient, name) for name in FROZEN}
            | {"form_of_address": recipient.form_of_address and recipient.form_of_address.value}
            for recipient in letter.recipients
        },
    }


def _freeze(line: RecipientLine) -> None:
    recipient = line.recipient
    recipient.name, recipient.office_title, recipient.institution_name = (
        line.name,
        line.office_title,
        line.institution_name,
    )
    recipient.dative, recipient.form_of_address = line.dative, line.form_of_address
    recipient.address = line.address
    recipient.reply_local = "r-" + derive_local_part("reply", new_nonce())


def _queue_language(
    letter: Letter,
    lang: str,
    lines: list[RecipientLine],
    printed: list[RecipientLine],
    now: datetime,
    sending: Sending | None,
) -> int:
    """Queue the mails in one language; ``printed`` names all recipients in it."""
    reached = [line for line in lines if line.language == lang and line.address]
    if not reached:
        return 0
    words = mail_words(letter, lang, printed, at=now)
    file = (pdf_name(letter, lang), PDF, letter_pdf(letter, lang, printed, at=now))
    skeleton = add_skeleton(
        language=lang, subject=words.subject, text=words.text, html=words.html, now=now, attachments=[file]
    )
    for line in reached:
        line.recipient.mail = _queue(letter, line, words, skeleton, now, sending)
    return len(reached)


def _queue(
    letter: Letter,
    line: RecipientLine,
    words: MailWords,
    skeleton: MailSkeleton,
    now: datetime,
    sending: Sending | None,
) -> OutgoingMail:
    to = Recipient(line.address, recipient_name(line), words.filled(letter, line))
    return queue_mail(
        skeleton,
        to,
        kind="letter",
        once=f"letter/{line.recipient.id}/0",
        about=line.recipient,
        from_address=f"{line.recipient.reply_local}@{current_app.config['MAIL_DOMAIN']}",
        from_name=sender_of(letter, line.language).name,
        organisation_id=letter.organisation_id,
        now=now,
        sending=sending,
    )


def _settled(draft: LetterDraft, organisation_id: int | None) -> dict[str, object]:
    """Return the columns a draft stands for, cleaned."""
    values: dict[str, object] = {field.name: getattr(draft, field.name) for field in fields(LetterDraft)}
    for name, value in values.items():
        if isinstance(value, str):
            values[name] = clean_text(value) if name in _LONG else clean_line(value)
    return values | {"organisation_id": organisation_id}
