"""What is written about mail that came in: an answer in a person's own words, a message passed on to a colleague."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from flask import current_app
from flask_babel import pgettext

from pop_campaigns.accounts.models import Network, User
from pop_campaigns.core.dates import moment_words
from pop_campaigns.core.db import db
from pop_campaigns.core.i18n import in_language, speaking
from pop_campaigns.core.text import clean_text
from pop_campaigns.incoming.rules.replying import reply_subject
from pop_campaigns.invitations.messages.invitations import sender_name
from pop_campaigns.invitations.models.invitations import Invitation
from pop_campaigns.letters.messages.letters import sender_of
from pop_campaigns.letters.models import LetterRecipient
from pop_campaigns.mail.compose import render_plain
from pop_campaigns.mail.models import IncomingMail
from pop_campaigns.mail.secrets import HIDDEN, mask_secrets

LONGEST_PASSED_ON: Final = 20_000


def snippets(lang: str) -> dict[str, str]:
    """Return what is often answered, by name, in the language of whom the answer goes to."""
    with speaking(lang):
        return {
            "thanks": pgettext("mail text", "Thank you for your message. We have taken note of it."),
            "paper": pgettext(
                "mail text",
                "Thank you for your reply. Please send it to us on paper as well, with your register number.",
            ),
        }


def organiser_of(subject: Invitation | LetterRecipient) -> str:
    """Return in whose name a guest or a letter's recipient is written to, in their language."""
    if isinstance(subject, LetterRecipient):
        return sender_of(subject.letter, subject.language).name
    with speaking(subject.language):
        return sender_name(subject.event, subject.language)


def reply_words(
    mail: IncomingMail, subject: Invitation | LetterRecipient, words: str, *, by: User
) -> tuple[str, str]:
    """Return subject and text of an answer; it quotes nothing, because quoted words hold secrets."""
    lang = subject.language
    with speaking(lang):
        values = {
            "subject": reply_subject(_subject_of(mail)),
            "words": clean_text(words),
            "writer": by.name,
            "organiser": organiser_of(subject),
            "network": _network_name(lang),
        }
        return render_plain("reply", values)


def passed_on_words(mail: IncomingMail, to: User, words: str, about: str, *, by: User) -> tuple[str, str]:
    """Return subject and text of a message passed on, through the mask of secrets, in the language of who gets it."""
    lang = to.language
    with speaking(lang):
        sender = mask_secrets(
            f"{mail.from_name} <{mail.from_address}>" if mail.from_name else mail.from_address
        )
        facts = [
            (pgettext("mail", "From"), sender),
            (pgettext("mail text", "When"), _when(mail, lang)),
            (pgettext("mail", "Subject"), mask_secrets(mail.subject)),
            (pgettext("mail text", "About"), about),
        ]
        values = {
            "subject": _subject_of(mail),
            "words": clean_text(words),
            "writer": by.name,
            "facts": [f"{label}: {value}" for label, value in facts if value],
            "said": mask_secrets(mail.text)[:LONGEST_PASSED_ON],
            "page": f"{current_app.config['BASE_URL']}/mail/in/{mail.id}",
        }
        return render_plain("passed_on", values)


def _subject_of(mail: IncomingMail) -> str:
    """Return a mail's subject without secrets; not as pages mask them, so that a search for one does not find this mail."""
    return mask_secrets(mail.subject).replace(HIDDEN, "…")


def _when(mail: IncomingMail, lang: str) -> str:
    at: datetime = mail.received_at
    return moment_words(at, lang)


def _network_name(lang: str) -> str:
    network = db.session.get(Network, 1)
    return in_language(network, "name", lang) if network else ""
