"""What a message in somebody's own words to guests says around these words: to whom, about which event, how to answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pop_campaigns.core.i18n import speaking
from pop_campaigns.core.subject_files import SubjectFile
from pop_campaigns.events.models.events import Event
from pop_campaigns.invitations.messages.invitations import Rendered, event_words
from pop_campaigns.mail.compose import render_words

MESSAGE_KIND: Final = "invitation.message"


@dataclass(frozen=True)
class OwnWords:
    """Subject and text as somebody typed them, in one language."""

    language: str
    subject: str
    text: str


@dataclass(frozen=True)
class FileLine:
    """A file that goes as a link: what it is called, and the placeholder of its address."""

    label: str
    placeholder: str


def render_message(
    event: Event,
    words: OwnWords,
    *,
    contact_name: str,
    asks: bool,
    refusable: bool,
    linked: Sequence[SubjectFile] = (),
) -> Rendered:
    """Render a message to guests in one language; ``asks``: it ends with the personal link to answer.

    ``refusable`` as in ``messages.invitations.Wording``; ``linked`` are the files that go as a link (see ``file_placeholder``).
    """
    with speaking(words.language):
        values = event_words(event, words.language, contact_name)
        values |= {
            "subject_typed": words.subject,
            "words": words.text,
            "asks": asks,
            "refusable": refusable,
            "file_lines": [FileLine(row.label, file_placeholder(row)) for row in linked],
        }
        subject, text, html = render_words("guest_message", values)
    return Rendered(words.language, subject, text, html, None)


def file_placeholder(row: SubjectFile) -> str:
    """Return the placeholder of a file's link; placeholders are of letters."""
    return "file_" + "".join(chr(97 + int(digit)) for digit in str(row.id))
