"""A letter as pages show it on paper, and as the file that goes with its mails."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from pop_campaigns.accounts.models import User
from pop_campaigns.core.clock import local_date
from pop_campaigns.core.db import db
from pop_campaigns.letters.messages.letters import PDF, letter_pdf, letter_sheet, pdf_name
from pop_campaigns.letters.messages.pdf import LetterSheet, read_blocks
from pop_campaigns.letters.models import Letter, LetterRecipient
from pop_campaigns.letters.queries.due_days import written_languages
from pop_campaigns.letters.queries.letters import UNSENT, lines_of
from pop_campaigns.letters.words.addressees import Addressees, addressees
from pop_campaigns.mail.models import MailAttachment, MailSkeleton, OutgoingMail


@dataclass(frozen=True)
class Paper:
    """The sheet in one language, its text in blocks, whom it names (a line each)."""

    sheet: LetterSheet
    blocks: list[dict[str, Any]]
    addressed: Addressees
    awaits_number: bool


def readable_languages(letter: Letter) -> list[str]:
    """Return the languages in which the letter has a text that can be printed, Albanian first."""
    return [lang for lang in ("sq", "en") if lang in written_languages(letter)]


def paper_of(letter: Letter, lang: str, *, user: User, at: datetime) -> Paper:
    """Return the letter in the language asked for, else in one it is written in."""
    written = readable_languages(letter) or [
        language for language in ("sq", "en") if getattr(letter, f"subject_{language}")
    ]
    lang = lang if lang in written else (written or ["sq"])[0]
    lines = lines_of(letter, user, local_date(at), lang=lang)
    sheet = letter_sheet(letter, lang, lines, at=letter.sent_at or at)
    return Paper(
        sheet=sheet,
        blocks=read_blocks(sheet.body),
        addressed=addressees(lines, lang),
        awaits_number=letter.state in UNSENT,
    )


def pdf_of(letter: Letter, lang: str, *, user: User, at: datetime) -> tuple[str, bytes]:
    """Return name and content of the letter's file: the one that was sent, else made from what is known."""
    sent = (
        select(MailAttachment)
        .join(MailSkeleton, MailSkeleton.id == MailAttachment.skeleton_id)
        .join(OutgoingMail, OutgoingMail.skeleton_id == MailSkeleton.id)
        .join(LetterRecipient, LetterRecipient.mail_id == OutgoingMail.id)
        .where(
            LetterRecipient.letter_id == letter.id,
            MailSkeleton.language == lang,
            MailAttachment.media_type == PDF,
        )
        .limit(1)
    )
    attachment = db.session.scalar(sent)
    if attachment is not None:
        return attachment.name, attachment.content
    lines = lines_of(letter, user, local_date(at), lang=lang)
    return pdf_name(letter, lang), letter_pdf(letter, lang, lines, at=letter.sent_at or at)
