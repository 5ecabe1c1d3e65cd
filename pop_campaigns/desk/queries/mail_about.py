"""What a mail of the outbox is about, and whether sending it again still says what is true."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from flask import url_for
from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString
from sqlalchemy import select
from sqlalchemy.orm import joinedload, lazyload

from pop_campaigns.accounts.models import Organisation
from pop_campaigns.core.clock import local_date
from pop_campaigns.core.db import db
from pop_campaigns.core.i18n import in_language
from pop_campaigns.events.rules.events import EventState, has_begun
from pop_campaigns.incoming.queries.deeds import BY_PEOPLE
from pop_campaigns.invitations.models.invitations import Invitation, InvitationMail
from pop_campaigns.invitations.queries.guests import calendar_ahead, event_of_mails
from pop_campaigns.invitations.rules.invitations import InvitationState, MailPurpose, is_erased_address
from pop_campaigns.invitations.services.proposals import DECLINED_TIME_KIND
from pop_campaigns.letters.models import Letter, LetterRecipient
from pop_campaigns.letters.queries.recipients import letter_of_mails
from pop_campaigns.mail.models import OutgoingMail
from pop_campaigns.mail.queries import originals_of
from pop_campaigns.mail.rules import MailState


@dataclass(frozen=True)
class MailAbout:
    """The event or letter of a mail, and the guest or recipient it went to.

    ``sent_as`` says with which purpose and SEQUENCE a guest's mail was written; None for receipts.
    """

    guest: Invitation | None = None
    recipient: LetterRecipient | None = None
    sent_as: InvitationMail | None = None

    def title(self, lang: str) -> str:
        """Return the event's title or the letter's subject."""
        if self.guest is not None:
            return in_language(self.guest.event, "title", lang)
        return in_language(self.recipient.letter, "subject", lang) if self.recipient else ""

    @property
    def url(self) -> str:
        """Address of the page of the event or letter."""
        if self.guest is not None:
            return url_for("desk.event", event_id=self.guest.event_id)
        return url_for("desk.letter", letter_id=self.recipient.letter_id) if self.recipient else ""

    @property
    def who(self) -> str:
        """Name of the guest or recipient on pages."""
        receiver = self.guest or self.recipient
        return receiver.shown_as if receiver else ""

    @property
    def organisation(self) -> Organisation | None:
        """Organisation of the event or letter."""
        if self.guest is not None:
            return self.guest.event.organisation
        return self.recipient.letter.organisation if self.recipient else None


def receiver_words(mail: OutgoingMail, about: MailAbout | None) -> str:
    """Return to whom a mail went: a guest or recipient in the reader's language, anybody else as the mail names them."""
    receiver = (about.guest or about.recipient) if about else None
    if receiver is None or not mail.to_name or mail.to_address.casefold() != receiver.address.casefold():
        return mail.to_name
    has_name = receiver.name and mail.to_name.startswith(f"{receiver.name} – ")
    return f"{receiver.name} – {receiver.shown_as}" if has_name else receiver.shown_as


class NotSentAgain(enum.StrEnum):
    """Why a mail is not sent a second time."""

    ON_ITS_WAY = "on_its_way"
    CALLED_OFF = "called_off"
    EVENT_OVER = "event_over"
    EVENT_CANCELLED = "event_cancelled"
    GUEST_WITHDRAWN = "guest_withdrawn"
    OUTDATED = "outdated"
    ERASED = "erased"


NOT_SENT_AGAIN: Final[dict[NotSentAgain, LazyString]] = {
    NotSentAgain.ON_ITS_WAY: _l("The message is being sent at this moment."),
    NotSentAgain.CALLED_OFF: _l("The message was called off before it was sent."),
    NotSentAgain.EVENT_OVER: _l("The event has begun: this message would come too late."),
    NotSentAgain.EVENT_CANCELLED: _l("The event is cancelled: this message says something else."),
    NotSentAgain.GUEST_WITHDRAWN: _l("The guest is no longer invited: this message says something else."),
    NotSentAgain.OUTDATED: _l(
        "Time or place have changed since this message was written. Send the change from the event's page."
    ),
    NotSentAgain.ERASED: _l("Who got this message was erased since: nothing more is sent there."),
}


def about_mails(mails: Sequence[OutgoingMail]) -> dict[int, MailAbout]:
    """Return what each mail is about, also for those that were sent again; others are left out."""
    originals = originals_of(mails)
    guests = event_of_mails(originals.values())
    recipients = _recipients(sorted(set(originals.values()) - set(guests)))
    wanted = select(InvitationMail).where(InvitationMail.mail_id.in_(guests))
    rows = db.session.scalars(wanted.options(lazyload(InvitationMail.mail)))
    sent_as = {row.mail_id: row for row in rows} if guests else {}
    return {
        ident: MailAbout(guests.get(first), recipients.get(first), sent_as.get(first))
        for ident, first in originals.items()
        if first in guests or first in recipients
    }


def why_not_again(mail: OutgoingMail, about: MailAbout | None, *, now: datetime) -> NotSentAgain | None:
    """Return why a mail may not be sent again; None where it may.

    A guest must not hear of a time, a place or an invitation that no longer holds.
    """
    if mail.state is MailState.SENDING:
        return NotSentAgain.ON_ITS_WAY
    if mail.state is MailState.WITHDRAWN:
        return NotSentAgain.CALLED_OFF
    if is_erased_address(mail.to_address):
        return NotSentAgain.ERASED
    if about is None or about.guest is None or mail.kind in BY_PEOPLE:
        return None  # a person's own words stay true whatever becomes of the event
    if mail.kind == DECLINED_TIME_KIND:
        return _event_moved_on(mail, about.guest, now)
    return _no_longer_true(about.guest, about.sent_as, now)


def _event_moved_on(mail: OutgoingMail, guest: Invitation, now: datetime) -> NotSentAgain | None:
    """Return why *the event stays as it was* is no longer true of the event that was meant; None where it is."""
    event, written = guest.event, mail.skeleton.calendar or {}
    if event.state is EventState.CANCELLED:
        return NotSentAgain.EVENT_CANCELLED
    if guest.state is InvitationState.WITHDRAWN:
        return NotSentAgain.GUEST_WITHDRAWN
    if has_begun(event, now, local_date(now)):
        return NotSentAgain.EVENT_OVER
    moved = written.get("sequence", 0) < event.sequence + calendar_ahead(guest)
    return NotSentAgain.OUTDATED if moved else None


def _no_longer_true(guest: Invitation, sent_as: InvitationMail | None, now: datetime) -> NotSentAgain | None:
    event = guest.event
    if has_begun(event, now, local_date(now)):
        return NotSentAgain.EVENT_OVER
    if sent_as is None:
        return None
    if sent_as.purpose is not MailPurpose.CANCELLATION:
        if event.state is EventState.CANCELLED:
            return NotSentAgain.EVENT_CANCELLED
        if guest.state is InvitationState.WITHDRAWN:
            return NotSentAgain.GUEST_WITHDRAWN
    elif guest.state is InvitationState.INVITED and event.state is not EventState.CANCELLED:
        # Withdrawn and invited once more: the old cancellation would undo that.
        return NotSentAgain.OUTDATED
    return NotSentAgain.OUTDATED if sent_as.sequence < event.sequence else None


def _recipients(mail_ids: Sequence[int]) -> dict[int, LetterRecipient]:
    recipients = letter_of_mails(mail_ids) if mail_ids else {}
    if recipients:
        # Their letters at once, instead of one by one when they are named.
        ids = {recipient.letter_id for recipient in recipients.values()}
        db.session.scalars(
            select(Letter).where(Letter.id.in_(ids)).options(joinedload(Letter.organisation))
        ).all()
    return recipients
