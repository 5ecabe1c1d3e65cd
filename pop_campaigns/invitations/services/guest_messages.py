"""A message in somebody's own words to guests of an event: written as a draft, sent once, to whom was meant at that moment.

One mail a guest, from the guest's own address, in the thread of their invitation. Who shares a mailbox gets one each, by name.
It is a person's letter: without Auto-Submitted, so that who is away says so (RFC 3834). The caller commits.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from pop_campaigns.accounts.models import User
from pop_campaigns.core.db import db
from pop_campaigns.core.history import note
from pop_campaigns.core.locks import lock_row
from pop_campaigns.core.subject_files import (
    PartedFiles,
    detach_all,
    files_of,
    mail_attachments,
    mail_link,
    part_files,
)
from pop_campaigns.events.models.events import Event
from pop_campaigns.events.rules.events import EventState, is_coming
from pop_campaigns.invitations.messages.guest_messages import (
    MESSAGE_KIND,
    OwnWords,
    file_placeholder,
    render_message,
)
from pop_campaigns.invitations.messages.invitations import (
    from_address,
    is_refusable,
    recipient_of,
    sender_name,
)
from pop_campaigns.invitations.models.guest_messages import GuestMessage, GuestMessageMail
from pop_campaigns.invitations.models.invitations import Invitation, InvitationMail
from pop_campaigns.invitations.queries.guest_messages import Writable, receivers_of_choice
from pop_campaigns.invitations.queries.guests import mails_of
from pop_campaigns.invitations.rules.guest_messages import (
    GuestChosen,
    MessageState,
    missing_words,
)
from pop_campaigns.invitations.rules.invitations import InvitationState
from pop_campaigns.invitations.services.guests import lock_event
from pop_campaigns.mail.compose import compose
from pop_campaigns.mail.message import MailParts
from pop_campaigns.mail.models import MailSkeleton, OutgoingMail, Sending
from pop_campaigns.mail.outbox import add_skeleton, queue_mail
from pop_campaigns.mail.sendings import keep


class MessageIsSent(ValueError):
    """The message was sent: its words and receivers stay as they are."""


class WordsMissing(ValueError):
    """A receiver's language has no subject or no text yet; ``fields`` name them as (field, language)."""

    def __init__(self, fields: Sequence[tuple[str, str]]) -> None:
        super().__init__(", ".join("_".join(field) for field in fields))
        self.fields = fields


def create_message(event: Event, chosen: GuestChosen, *, by: User, now: datetime) -> GuestMessage:
    """Begin a message to those who are chosen."""
    message = GuestMessage(event=event, state=MessageState.DRAFT, created_at=now)
    _choose(message, chosen)
    db.session.add(message)
    db.session.flush()
    note("event.message_begun", event, by=by, now=now, message=message.id)
    return message


def choose_guests(message: GuestMessage, chosen: GuestChosen) -> None:
    """Say for whom a draft is meant. Raise :class:`MessageIsSent`."""
    _check_draft(message)
    _choose(message, chosen)


def write_words(message: GuestMessage, subjects: dict[str, str], texts: dict[str, str]) -> None:
    """Keep subject and text of a draft, by language. Raise :class:`MessageIsSent`."""
    _check_draft(message)
    message.subject_sq, message.subject_en = subjects["sq"], subjects["en"]
    message.text_sq, message.text_en = texts["sq"], texts["en"]


def delete_message(message: GuestMessage, *, by: User, now: datetime) -> None:
    """Throw a draft away, with its files. Raise :class:`MessageIsSent`."""
    lock_row(message)
    _check_draft(message)
    detach_all(message, by=by, now=now)
    note("event.message_dropped", message.event, by=by, now=now, message=message.id)
    db.session.delete(message)


def send_message(message: GuestMessage, *, by: User, now: datetime, sending: Sending | None = None) -> int:
    """Send a message to whom it is meant for at this moment; return how many mails that makes. A second press makes none.

    :raises WordsMissing: nothing was sent.
    """
    event = message.event
    lock_event(event)
    lock_row(message)
    if message.state is MessageState.SENT:
        return 0
    receivers = receivers_of_choice(event, message.chosen, by=by, now=now)
    missing = missing_words(receivers.languages, *_typed(message))
    if missing:
        raise WordsMissing(missing)
    if not receivers.mailed:
        return 0
    parted, skeletons = part_files(files_of(message)), dict[tuple[str, bool, bool], MailSkeleton]()
    earlier = mails_of([row.guest for row in receivers.mailed])
    for row in receivers.mailed:
        kind = _kind_of(row.guest, now)
        if kind not in skeletons:
            skeletons[kind] = _skeleton(message, row.guest, parted, by=by, now=now)
        mail = _queue(row.guest, skeletons[kind], message, earlier[row.guest.id], parted, now, sending)
        db.session.add(_mail_of(message, row, mail))
    message.state, message.sent_at = MessageState.SENT, now
    keep(sending, message=message.id)
    note("event.message_sent", event, by=by, now=now, number=len(receivers.mailed), message=message.id)
    db.session.flush()
    return len(receivers.mailed)


def draft_again(message: GuestMessage) -> list[Invitation]:
    """Make a message that was taken back a draft again; return the guests it does not go to any more."""
    guests = [row.invitation for row in message.mails]
    message.mails.clear()
    message.state, message.sent_at = MessageState.DRAFT, None
    return guests


def preview_message(
    message: GuestMessage, guest: Invitation, words: OwnWords, *, by: User, now: datetime
) -> MailParts:
    """Return the mail of a message as a guest would get it with these words; the personal link is hidden, nothing is stored."""
    parted = part_files(files_of(message))
    with db.session.no_autoflush:
        rendered = render_message(
            message.event, words, contact_name=by.name, asks=_asks(guest, now),
            refusable=is_refusable(guest), linked=parted.as_link,
        )  # fmt: skip
        to = recipient_of(guest, looked_at=True)
    address = from_address(guest)
    mail = OutgoingMail(
        skeleton=MailSkeleton(**rendered.as_skeleton()),
        to_address=to.address, to_name=to.name, fields=to.fields, links=to.links | _file_links(parted),
        from_address=address, from_name=sender_name(message.event, words.language),
        message_id=f"<preview@{address.partition('@')[2]}>", bounce_nonce="preview",
        dated_at=now, auto_submitted=False, null_sender=False,
    )  # fmt: skip
    return compose(mail, reveal=False)


def own_words(message: GuestMessage, language: str) -> OwnWords:
    """Return what is written in a language."""
    subjects, texts = _typed(message)
    return OwnWords(language, subjects[language], texts[language])


def _typed(message: GuestMessage) -> tuple[dict[str, str], dict[str, str]]:
    return (
        {"sq": message.subject_sq, "en": message.subject_en},
        {"sq": message.text_sq, "en": message.text_en},
    )


def _choose(message: GuestMessage, chosen: GuestChosen) -> None:
    message.groups = sorted(chosen.groups)
    message.reached, message.guests = chosen.reached, sorted(chosen.guests)


def _check_draft(message: GuestMessage) -> None:
    if message.state is not MessageState.DRAFT:
        raise MessageIsSent(message.id)


def _asks(guest: Invitation, now: datetime) -> bool:
    """Return whether a guest can still answer, so that the link to do so goes along."""
    event = guest.event
    invited = guest.state is InvitationState.INVITED and event.state is EventState.PLANNED
    return invited and (event.starts_at is None or is_coming(event.starts_at, now))


def _kind_of(guest: Invitation, now: datetime) -> tuple[str, bool, bool]:
    """Return what decides the words around: guests of one kind share a rendering."""
    return guest.language, is_refusable(guest), _asks(guest, now)


def _skeleton(
    message: GuestMessage, guest: Invitation, parted: PartedFiles, *, by: User, now: datetime
) -> MailSkeleton:
    rendered = render_message(
        message.event, own_words(message, guest.language), contact_name=by.name, asks=_asks(guest, now),
        refusable=is_refusable(guest), linked=parted.as_link,
    )  # fmt: skip
    return add_skeleton(now=now, **rendered.as_skeleton(), attachments=mail_attachments(parted.in_mail))


def _file_links(parted: PartedFiles) -> dict[str, dict[str, str]]:
    return {file_placeholder(row): mail_link(row) for row in parted.as_link}


def _queue(
    guest: Invitation,
    skeleton: MailSkeleton,
    message: GuestMessage,
    earlier: Sequence[InvitationMail],
    parted: PartedFiles,
    now: datetime,
    sending: Sending | None,
) -> OutgoingMail:
    to = recipient_of(guest)
    to.links.update(_file_links(parted))
    return queue_mail(
        skeleton,
        to,
        kind=MESSAGE_KIND,
        once=f"guest-message/{message.id}/{guest.id}",
        about=guest,
        from_address=from_address(guest),
        from_name=sender_name(message.event, guest.language),
        organisation_id=message.event.organisation_id,
        now=now,
        thread=_thread(earlier),
        sending=sending,
    )


def _thread(earlier: Sequence[InvitationMail]) -> list[str]:
    """Return the Message-IDs after which the guest's mail program puts this one: the first and the newest they have of us."""
    left = [row.mail.message_id for row in earlier if row.mail.has_left]
    return list(dict.fromkeys([*left[:1], *left[-1:]]))


def _mail_of(message: GuestMessage, row: Writable, mail: OutgoingMail) -> GuestMessageMail:
    return GuestMessageMail(message_id=message.id, invitation_id=row.guest.id, mail=mail, group=row.group)
