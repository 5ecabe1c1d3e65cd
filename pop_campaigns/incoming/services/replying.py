"""A mail that came in is answered from the address it came to, or passed on to a colleague. The caller commits, then wakes
the worker.

The address of a guest or a letter's recipient is a secret of theirs: it goes only to who knows it already, the one who
wrote to it, or the one to whom it belongs.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import current_app
from sqlalchemy import select

from pop_campaigns.accounts.models import User
from pop_campaigns.core.db import db
from pop_campaigns.core.history import note
from pop_campaigns.core.locks import lock_row
from pop_campaigns.core.mail_files import FileDelivery
from pop_campaigns.core.subject_files import attach_file, files_of, mail_attachments, mail_link, part_files
from pop_campaigns.incoming.messages import organiser_of, passed_on_words, reply_words
from pop_campaigns.incoming.queries.deeds import FORWARD_KIND, REPLY_KIND
from pop_campaigns.incoming.rules.incoming import is_same_mailbox, threaded
from pop_campaigns.incoming.rules.replying import NoReply, why_no_reply
from pop_campaigns.incoming.scope import owner_of
from pop_campaigns.incoming.services.recording import mark_read
from pop_campaigns.invitations.models.invitations import Invitation
from pop_campaigns.letters.models import LetterRecipient
from pop_campaigns.mail.addresses import is_plain_address
from pop_campaigns.mail.compose import as_typed
from pop_campaigns.mail.models import IncomingMail, MailAttachment, OutgoingMail, Sending
from pop_campaigns.mail.outbox import Recipient, add_skeleton, queue_mail
from pop_campaigns.mail.reading.limits import read_under_limits
from pop_campaigns.mail.sendings import keep

_SENDER = "messages"  # of what is passed on: nobody reads there, and the mail says so
_HEADERS = 100 * 1024  # bytes that are looked at for the address a mail came to


@dataclass(frozen=True)
class Handed:
    """A file as somebody handed it in: content, name, and how it is to reach the reader."""

    content: bytes
    name: str
    delivery: FileDelivery = FileDelivery.IN_MAIL


@dataclass(frozen=True)
class Receiver:
    """To whom an answer may go: the address, its name, whether it is the official one of the guest or office."""

    subject: Invitation | LetterRecipient
    address: str
    name: str
    is_official: bool


def receivers_of(
    mail: IncomingMail, subject: Invitation | LetterRecipient
) -> tuple[list[Receiver], NoReply | None]:
    """Return to whom a mail may be answered in a guest's or recipient's matter, the sender first, and why not to the sender."""
    refusal = _why_not(mail.from_address)
    official = Receiver(subject, subject.address, subject.written_as, True)
    receivers = []
    if is_same_mailbox(mail.from_address, subject.address):
        receivers = [official] if refusal is None else []
    else:
        if refusal is None and knows_address(mail, subject):
            receivers.append(Receiver(subject, mail.from_address, mail.from_name, False))
        if _why_not(subject.address) is None and not _is_erased(subject):
            receivers.append(official)
    return receivers, refusal


def knows_address(mail: IncomingMail, subject: Invitation | LetterRecipient) -> bool:
    """Return whether who sent a mail knows the secret address of a guest or recipient: it stands in what they sent."""
    local = subject.reply_local or ""
    ours = f"{local}@{current_app.config['MAIL_DOMAIN']}".lower()
    if not local or mail.envelope_to.lower() == ours:
        return bool(local)
    return ours.encode() in mail.raw[:_HEADERS].lower()


def _why_not(address: str) -> NoReply | None:
    return why_no_reply(address, current_app.config["MAIL_DOMAIN"], is_plain=is_plain_address(address))


def _is_erased(subject: Invitation | LetterRecipient) -> bool:
    return isinstance(subject, Invitation) and subject.is_erased


def queue_reply(
    mail: IncomingMail,
    to: Receiver,
    words: str,
    *,
    files: Sequence[Handed],
    key: str,
    by: User,
    now: datetime,
    sending: Sending | None = None,
) -> tuple[OutgoingMail, bool]:
    """Queue an answer in its thread; return it, and whether it is new: the same ``key`` of a form queues one.

    :raises pop_campaigns.core.files.RefusedFile: a file is not of a kind or size we keep.
    """
    lock_row(mail)
    once = _once(mail, "reply", key, by)
    queued = _queued(once)
    if queued is not None:
        return queued, False
    about = to.subject
    subject, text = reply_words(mail, about, words, by=by)
    outgoing = queue_mail(
        add_skeleton(language=about.language, subject=subject, text=text, html="", now=now),
        Recipient(to.address, to.name, fields={"brace": "{"}),
        kind=REPLY_KIND,
        once=once,
        about=about,
        from_address=f"{about.reply_local}@{current_app.config['MAIL_DOMAIN']}",
        from_name=organiser_of(about),
        organisation_id=owner_of(about),
        now=now,
        thread=_thread(mail),
        sending=sending,
    )
    _finish(mail, outgoing, files, "incoming.replied", by=by, now=now)
    _tell_subject(about, outgoing, by=by, now=now)
    return outgoing, True


def pass_on(
    mail: IncomingMail,
    to: User,
    words: str,
    *,
    subject: Invitation | LetterRecipient | None,
    about: str,
    files: Sequence[Handed],
    key: str,
    by: User,
    now: datetime,
    sending: Sending | None = None,
) -> tuple[OutgoingMail, bool]:
    """Queue a mail that passes a message on to a colleague, who must be allowed to see it; return it and whether it is new.

    ``subject`` is the guest or recipient it belongs to, ``about`` the same in words; ``files`` are those that go along.

    :raises pop_campaigns.core.files.RefusedFile: a file is not of a kind or size we keep.
    """
    lock_row(mail)
    once = _once(mail, f"forward/{to.id}", key, by)
    queued = _queued(once)
    if queued is not None:
        return queued, False
    title, text = passed_on_words(mail, to, words, about, by=by)
    outgoing = queue_mail(
        add_skeleton(language=to.language, subject=title, text=text, html="", now=now),
        Recipient(to.email, to.name, fields={"brace": "{"}),
        kind=FORWARD_KIND,
        once=once,
        about=subject,
        from_address=f"{_SENDER}@{current_app.config['MAIL_DOMAIN']}",
        from_name=by.name,
        organisation_id=owner_of(subject) if subject is not None else mail.organisation_id,
        now=now,
        auto_submitted=True,
        sending=sending,
    )
    _finish(mail, outgoing, files, "incoming.passed_on", by=by, now=now)
    return outgoing, True


def _once(mail: IncomingMail, what: str, key: str, by: User) -> str:
    typed = hashlib.sha256(f"{by.id}:{key}".encode("utf-8", "surrogatepass")).hexdigest()[:32]
    return f"incoming/{mail.id}/{what}/{typed}"


def _queued(once: str) -> OutgoingMail | None:
    return db.session.scalar(select(OutgoingMail).where(OutgoingMail.once == once))


def _thread(mail: IncomingMail) -> list[str]:
    """Return the Message-IDs an answer refers to; of a mail that can no longer be read its own alone."""
    if not mail.raw:
        return threaded((), (), mail.message_id)
    report = read_under_limits(mail.raw, mail.envelope_from, mail.envelope_to)
    return threaded(report.references, report.in_reply_to, mail.message_id)


def _finish(
    mail: IncomingMail,
    outgoing: OutgoingMail,
    files: Sequence[Handed],
    action: str,
    *,
    by: User,
    now: datetime,
) -> None:
    """Give the queued mail its files, note in both what was done, and mark the mail that came in as read."""
    outgoing.incoming_mail_id = mail.id
    db.session.flush()
    _attach(outgoing, files, by=by, now=now)
    if mark_read([mail], now=now):
        keep(outgoing.sending, was_unread=True)
    note(
        action, mail, by=by, now=now, organisation_id=mail.organisation_id,
        mail=outgoing.id, to=outgoing.to_name or outgoing.to_address,
    )  # fmt: skip


def _attach(outgoing: OutgoingMail, files: Sequence[Handed], *, by: User, now: datetime) -> None:
    for file in files:
        attach_file(outgoing, file.content, file.name, delivery=file.delivery, by=by, now=now)
    parted = part_files(files_of(outgoing))
    outgoing.skeleton.attachments = [
        MailAttachment(name=name, media_type=media_type, content=content)
        for name, media_type, content in mail_attachments(parted.in_mail)
    ]
    links: dict[str, Any] = {
        f"file_{chr(97 + number)}": mail_link(row) for number, row in enumerate(parted.as_link)
    }
    lines = [f"{as_typed(row.label)}: {{{name}}}" for name, row in zip(links, parted.as_link, strict=True)]
    if lines:
        outgoing.skeleton.text += "\n" + "\n".join(lines) + "\n"
        outgoing.links = {**outgoing.links, **links}


def _tell_subject(
    subject: Invitation | LetterRecipient, outgoing: OutgoingMail, *, by: User, now: datetime
) -> None:
    """Note the answer in the history of the event or the letter."""
    details: dict[str, Any] = {"who": subject.written_as, "mail": outgoing.id}
    if isinstance(subject, Invitation):
        note("invitation.replied", subject, by=by, now=now, **details)
    else:
        note("letter.replied", subject.letter, by=by, now=now, **details)
