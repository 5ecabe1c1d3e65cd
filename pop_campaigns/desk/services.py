"""Verbs of the desk. The caller commits."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import delete, select

from pop_campaigns.accounts.models import Network, Organisation, User
from pop_campaigns.campaigns.models import Campaign
from pop_campaigns.contacts.models.institutions import Institution, Office
from pop_campaigns.contacts.services.records import change_values
from pop_campaigns.core.db import db
from pop_campaigns.core.history import note
from pop_campaigns.core.locks import lock_row
from pop_campaigns.core.sent_forms import SentForm
from pop_campaigns.core.subject_files import detach_all
from pop_campaigns.desk.queries.events import ties_of
from pop_campaigns.desk.queries.mail_about import MailAbout, about_mails
from pop_campaigns.events.models.events import Event
from pop_campaigns.events.rules.visibility import NotDeletable, why_not_deletable
from pop_campaigns.events.services.events import change_words
from pop_campaigns.follow_ups.models import FollowUp
from pop_campaigns.invitations.models.invitations import Invitation
from pop_campaigns.letters.models import LetterRecipient
from pop_campaigns.letters.services.clocks import settle_clock
from pop_campaigns.mail.models import OutgoingMail, Sending
from pop_campaigns.mail.outbox import AS_IT_WAS, put_back
from pop_campaigns.mail.sendings import TakenBack, take_back

_ACTIONS: Final[dict[type, str]] = {
    Campaign: "campaign.translated",
    Organisation: "organisation.translated",
    Network: "network.translated",
}


def give_translation(record: Any, texts: Mapping[str, str], *, by: User, now: datetime) -> None:
    """Set texts of a record in one language, by column, and note what they were. Nobody is told: words are not material."""
    if isinstance(record, Event):
        change_words(record, texts, by=by, now=now)
    elif isinstance(record, Institution):
        change_values(record, "institution.changed", dict(texts), by, now, named="name_sq")
    elif isinstance(record, Office):
        change_values(record, "office.changed", dict(texts), by, now, named="title_sq")
    else:
        was = {name: getattr(record, name) for name in texts}
        for name, text in texts.items():
            setattr(record, name, text)
        changed = {name: before for name, before in was.items() if getattr(record, name) != before}
        if changed:
            note(_ACTIONS[type(record)], record, by=by, now=now, was=changed)
    db.session.flush()


class EventStays(ValueError):
    """An event of which somebody was told, or which is on record; ``reason`` says why."""

    def __init__(self, reason: NotDeletable) -> None:
        super().__init__(reason.value)
        self.reason = reason


def delete_event(event: Event, *, by: User, now: datetime) -> None:
    """Delete an event nobody was told of, with its list of guests, its files and the reminders about it.

    :raises EventStays: somebody was told of it, it was on the site, or it is on record.
    """
    lock_row(event)
    ties = ties_of(event)
    reason = why_not_deletable(ties, was_public=event.published_at is not None, from_record=event.from_record)
    if reason is not None:
        raise EventStays(reason)
    for guest in db.session.scalars(select(Invitation).where(Invitation.event_id == event.id)).unique():
        detach_all(guest, by=by, now=now)
    detach_all(event, by=by, now=now)
    note("event.deleted", event, by=by, now=now, title=event.title_sq, guests=ties.guests)
    db.session.flush()
    db.session.expunge(event)
    db.session.execute(delete(Invitation).where(Invitation.event_id == event.id))
    # Its number may become another row's: nothing may point at it.
    for pointing in (FollowUp, SentForm):
        about = (pointing.subject_type == Event.__tablename__, pointing.subject_id == event.id)
        db.session.execute(delete(pointing).where(*about))
    db.session.execute(delete(Event).where(Event.id == event.id))


def note_again(action: str, mail: OutgoingMail, about: MailAbout | None, *, by: User, now: datetime) -> None:
    """Note what was done with a mail in the history of its guest or letter, else in its own."""
    subject: Any = mail
    if about is not None:
        subject = about.guest or (about.recipient.letter if about.recipient else mail)
    note(action, subject, by=by, now=now, mail=mail.id, to=mail.to_name or mail.to_address)


def undo_again(sending: Sending, mail: OutgoingMail, *, by: User, now: datetime) -> TakenBack:
    """Take back that a mail was sent again: it stands where it stood, and there is no copy of it.

    :raises pop_campaigns.mail.sendings.UndoneBefore: a second press.
    :raises pop_campaigns.mail.sendings.NotUndone: too late, or it was sent once more since.
    """
    lock_row(mail)
    taken = take_back(sending, now=now)
    about = about_mails([mail]).get(mail.id)
    recipient = about.recipient if about is not None else None
    if AS_IT_WAS in taken.before:
        put_back(mail, taken.before[AS_IT_WAS])
    else:
        _remove(taken, mail, recipient)
    note_again("mail.again_undone", mail, about, by=by, now=now)
    db.session.flush()
    if recipient is not None:
        settle_clock(recipient, now=now)
    return taken


def _remove(taken: TakenBack, mail: OutgoingMail, recipient: LetterRecipient | None) -> None:
    """Remove the copy, which nobody got: left there, it would pass for what became of the letter."""
    if recipient is not None and recipient.mail in taken.mails:
        recipient.mail = mail
        db.session.flush()
    for copy in taken.mails:
        db.session.delete(copy)
