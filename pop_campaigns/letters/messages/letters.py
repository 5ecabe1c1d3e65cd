"""What a letter says: on paper, and in the mail that carries it. Nothing is stored here.

The words around the letter's own text are written in both languages in templates/mail/letter/, not
translated: an office reads them, in the language it was written to in, whoever presses the button.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from flask import render_template

from pop_campaigns.accounts.models import Network
from pop_campaigns.core.clock import local_date
from pop_campaigns.core.dates import DatePrecision, date_words, day_words
from pop_campaigns.core.db import db
from pop_campaigns.core.i18n import in_language
from pop_campaigns.letters.messages.pdf import Addressee, LetterSheet, read_blocks, render_letter_pdf
from pop_campaigns.letters.models import Letter
from pop_campaigns.letters.queries.letters import UNSENT, RecipientLine
from pop_campaigns.letters.rules.clocks import ClockBasis, shipped_clock
from pop_campaigns.letters.rules.letters import RecipientRole
from pop_campaigns.letters.words.addressees import (
    addressees,
    all_in_dative,
    greeting_of,
    in_one_line,
    named,
    text_of,
)
from pop_campaigns.mail.compose import compose
from pop_campaigns.mail.message import MailParts
from pop_campaigns.mail.models import MailAttachment, MailSkeleton, OutgoingMail

PDF: Final = "application/pdf"
_LAW: Final = re.compile(r"(\d+/\d{4})(?:, neni (\d+))?")
_FILE_NAMES: Final = {"sq": "Shkresa", "en": "Letter"}


@dataclass(frozen=True)
class Sender:
    """Who writes, as printed: the organisation, or the network itself."""

    name: str
    place: str
    address_lines: tuple[str, ...]
    contact: str


@dataclass(frozen=True)
class MailWords:
    """A mail as its recipients share it. ``note`` and ``greeting`` are the names of the placeholders for what differs."""

    language: str
    subject: str
    text: str
    html: str
    note: str
    greeting: str

    def filled(self, letter: Letter, line: RecipientLine) -> dict[str, str]:
        """Return what fills the placeholders for one recipient."""
        return {self.note: note_for(letter, line), self.greeting: greeting_of(line)}


def sender_of(letter: Letter, lang: str) -> Sender:
    """Return who writes the letter, in one language; what is not known stays empty."""
    network = db.session.get(Network, 1)
    organisation = letter.organisation
    site = network.website.split("://")[-1].removeprefix("www.") if network else ""
    network_name = in_language(network, "name", lang) if network else ""
    if organisation is None:
        contact = " · ".join(part for part in (network.email, network.phone, site) if part) if network else ""
        return Sender(network_name, "", (network.address,) if network else (), contact)
    name = in_language(organisation, "name", lang)
    place = organisation.municipality.name if organisation.municipality else ""
    return Sender(name, place, (place, network_name), site)


def letter_sheet(letter: Letter, lang: str, lines: Sequence[RecipientLine], *, at: datetime) -> LetterSheet:
    """Return all that is printed of a letter in one language; ``at`` is when it is sent, or looked at beforehand."""
    sender = sender_of(letter, lang)
    return LetterSheet(
        lang=lang,
        register_number=letter.register_number or None,
        date_words=letter_date(letter, lang, at),
        place=sender.place,
        sender_name=sender.name,
        sender_address_lines=sender.address_lines,
        sender_contact=sender.contact,
        in_dative=all_in_dative(lines, lang),
        addressees=tuple(_addressee(line, in_dative=all_in_dative(lines, lang), lang=lang) for line in lines),
        subject=getattr(letter, f"subject_{lang}"),
        body=text_of(letter, lines, lang),
        signed_by=letter.signed_by,
        signed_as=letter.signed_as,
        enclosures=(),
        dated_at=at,
    )


def letter_pdf(letter: Letter, lang: str, lines: Sequence[RecipientLine], *, at: datetime) -> bytes:
    """Return the letter as a PDF, the same for all who read the language."""
    return render_letter_pdf(letter_sheet(letter, lang, lines, at=at))


def pdf_name(letter: Letter, lang: str) -> str:
    """Return the name of a letter's file: *Shkresa-12-2026.pdf*, without a number while there is none."""
    number = f"-{letter.register_count}-{letter.register_year}" if letter.register_number else ""
    return f"{_FILE_NAMES[lang]}{number}.pdf"


def letter_date(letter: Letter, lang: str, at: datetime) -> str:
    """Return the date the letter bears, in words: of its sending, today for a draft, of a record what it knows."""
    if letter.state in UNSENT:
        return day_words(local_date(at), lang, weekday=False)
    if letter.precision is DatePrecision.DAY and letter.day_from:
        return day_words(letter.day_from, lang, weekday=False)
    return date_words(letter.precision, letter.day_from, letter.day_to, lang)


def mail_words(letter: Letter, lang: str, lines: Sequence[RecipientLine], *, at: datetime) -> MailWords:
    """Return what the mails in one language share: the letter's text within the words around it."""
    body = text_of(letter, lines, lang)
    values = {
        "letter": letter,
        "sender": sender_of(letter, lang),
        "day": letter_date(letter, lang, at),
        "subject": getattr(letter, f"subject_{lang}"),
        "body": body,
        "blocks": read_blocks(body),
        "addressed": addressees(lines, lang),
        "pdf_name": pdf_name(letter, lang),
        "note": "",
        "greeting": "",
        "lang": lang,
    }
    subject = render_template(f"mail/letter/subject.{lang}.txt", **values).strip()
    typed = subject + render_template(f"mail/letter/body.{lang}.txt", **values)
    note, greeting = _unused_name("note", typed), _unused_name("greeting", typed)
    values |= {"note": f"{{{note}}}", "greeting": f"{{{greeting}}}"}
    return MailWords(
        language=lang,
        subject=subject,
        text=render_template(f"mail/letter/body.{lang}.txt", **values).strip() + "\n",
        html=render_template(f"mail/letter/body.{lang}.html", **values),
        note=note,
        greeting=greeting,
    )


def note_for(letter: Letter, line: RecipientLine) -> str:
    """Return the sentence that differs: what the law asks of this recipient, or that the letter only informs.

    Only a binding rule is named, and only to the addressee.
    """
    basis = _basis(letter)
    law = _LAW.search(basis.source) if basis else None
    return render_template(
        f"mail/letter/note.{line.language}.txt",
        copy=line.role is RecipientRole.CC,
        asked=line.recipient.asks_answer,
        binding=bool(basis and basis.binding and law),
        law=law[1] if law else "",
        article=(law[2] or "") if law else "",
        amount=basis.amount if basis else 0,
        working_days=basis.unit == "working_days" if basis else False,
    ).strip()


def recipient_name(line: RecipientLine) -> str:
    """Return the name beside the address: who holds the office, or the office and its institution."""
    office = " – ".join(part for part in (line.office_title, line.institution_name) if part)
    return f"{line.name} – {office}"[:200] if line.name and office else (line.name or office)[:200]


def preview_mail(
    letter: Letter, line: RecipientLine, lines: Sequence[RecipientLine], *, from_address: str, at: datetime
) -> MailParts:
    """Return one recipient's mail exactly as it will arrive, but for number, addresses of ours and file."""
    words = mail_words(letter, line.language, lines, at=at)
    attached = MailAttachment(name=pdf_name(letter, line.language), media_type=PDF, content=b"")
    mail = OutgoingMail(
        skeleton=MailSkeleton(
            language=words.language, subject=words.subject, text=words.text, html=words.html,
            attachments=[attached],
        ),
        to_address=line.address, to_name=recipient_name(line), from_address=from_address,
        from_name=sender_of(letter, line.language).name, fields=words.filled(letter, line), links={},
        message_id="", bounce_nonce="", dated_at=at, auto_submitted=False, null_sender=False,
    )  # fmt: skip
    return compose(mail, reveal=False)


def _addressee(line: RecipientLine, *, in_dative: bool, lang: str) -> Addressee:
    if line.role is RecipientRole.TO and in_dative:
        return Addressee(named(line), "", "", (), line.role, dative=line.dative)
    if line.role is RecipientRole.CC and lang == "sq" and line.dative:
        return Addressee("", "", "", (), line.role, dative=in_one_line(line))
    return Addressee(line.name, line.office_title, line.institution_name, (), line.role)


def _unused_name(name: str, typed: str) -> str:
    """Return a name of a placeholder that nobody typed: a letter may itself speak of {note}."""
    while f"{{{name}}}" in typed:
        name += "_x"
    return name


def _basis(letter: Letter) -> ClockBasis | None:
    try:
        return shipped_clock(letter.basis)
    except KeyError:
        return None
