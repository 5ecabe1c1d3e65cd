"""The blueprint of mail that came in, and what its pages share."""

from __future__ import annotations

from flask import Blueprint, abort, url_for
from flask_security import current_user

from pop_campaigns.accounts.rules.roles import MAY_WRITE
from pop_campaigns.accounts.scope import may_change
from pop_campaigns.core.db import db
from pop_campaigns.core.i18n import current_language, in_language
from pop_campaigns.incoming.queries.work_list import places_of
from pop_campaigns.incoming.scope import Subject
from pop_campaigns.incoming.sight import sees_incoming
from pop_campaigns.invitations.models.invitations import Invitation
from pop_campaigns.letters.blueprint import letter_url
from pop_campaigns.letters.models import LetterRecipient
from pop_campaigns.mail.models import IncomingMail
from pop_campaigns.mail.rules import IncomingState

bp = Blueprint("incoming", __name__, url_prefix="/mail/in")


def seen_mail(number: int) -> IncomingMail:
    """Return a mail the person may read (see :mod:`incoming.sight`), else 404."""
    mail = db.session.get(IncomingMail, number) if 0 < number < 2**31 else None
    if mail is None or not sees_incoming(mail):
        abort(404)
    return mail


def changeable_mail(number: int) -> IncomingMail:
    """Return a mail the person may file, else 404."""
    mail = seen_mail(number)
    if not may_file(mail):
        abort(404)
    return mail


def workable_mail(number: int) -> IncomingMail:
    """Return a mail the person works with: theirs to file, or that of a guest or letter they may change; else 404."""
    mail = seen_mail(number)
    if mail.state is IncomingState.RECEIVED or not (may_file(mail) or workable_subjects(mail)):
        abort(404)
    return mail


def workable_subjects(mail: IncomingMail) -> list[Invitation | LetterRecipient]:
    """Return what a mail belongs or may belong to and the person may change, what is sure first."""
    places = places_of([mail], current_user).get(mail.id, [])
    return [subject for _link, subject in places if place_of_subject(subject)[2]]


def may_file(mail: IncomingMail) -> bool:
    """Return whether the person may file a mail, put it aside or mark it as read."""
    return current_user.role in MAY_WRITE and may_change(mail)


def place_of_subject(subject: Subject) -> tuple[str, str, bool]:
    """Return how a page names what a mail belongs to, where it is shown, and whether the person may change it."""
    lang = current_language()
    if isinstance(subject, Invitation):
        event = subject.event
        words = f"{in_language(event, 'title', lang)} – {subject.shown_as}"
        return words, url_for("desk.event", event_id=event.id), may_change(event)
    if isinstance(subject, LetterRecipient):
        letter = subject.letter
        words = f"{in_language(letter, 'subject', lang)} – {subject.shown_as}"
        return words, letter_url(letter.id), may_change(letter)
    return subject.to_address, url_for("desk.mail_message", mail_id=subject.id), False
