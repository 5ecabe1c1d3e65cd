"""The files of an event as its mails carry them: those that fit in the mail, the others as links that need no account."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from pop_campaigns.core.subject_files import PartedFiles, SubjectFile, mail_attachments, mail_link, part_files
from pop_campaigns.events.models.events import Event
from pop_campaigns.events.queries.files import files_for_guests
from pop_campaigns.events.words.files import size_words
from pop_campaigns.invitations.rules.invitations import MailPurpose
from pop_campaigns.mail.outbox import Recipient

_WITH_FILES: Final = frozenset({MailPurpose.REQUEST, MailPurpose.CHANGE})


@dataclass(frozen=True)
class MailFile:
    """A file as a mail names it: attached, or behind the link that ``placeholder`` stands for."""

    label: str
    size: str
    placeholder: str = ""


def mail_files(event: Event, purpose: MailPurpose, lang: str) -> list[MailFile]:
    """Return the files that a mail names: those attached first."""
    parted = _files_in(event, purpose)
    attached = [MailFile(row.label, size_words(row.file.size, lang)) for row in parted.in_mail]
    linked = [
        MailFile(row.label, size_words(row.file.size, lang), _placeholder(row)) for row in parted.as_link
    ]
    return attached + linked


def attached_files(event: Event, purpose: MailPurpose) -> list[tuple[str, str, bytes]]:
    """Return what is attached to a mail: (name, media type, content)."""
    return mail_attachments(_files_in(event, purpose).in_mail)


def file_links(event: Event) -> dict[str, dict[str, str]]:
    """Return the links to files that mails about an event may name, by placeholder."""
    return {_placeholder(row): mail_link(row) for row in _files_in(event, MailPurpose.REQUEST).as_link}


def with_links(recipient: Recipient, links: dict[str, dict[str, str]]) -> Recipient:
    """Return the recipient of a mail with further links that its words may name."""
    return replace(recipient, links={**recipient.links, **links})


def _files_in(event: Event, purpose: MailPurpose) -> PartedFiles:
    return part_files(files_for_guests(event) if purpose in _WITH_FILES else [])


def _placeholder(row: SubjectFile) -> str:
    # Placeholders are letters.
    return "file_" + "".join(chr(ord("a") + int(digit)) for digit in str(row.id))
