"""Who sees a mail that came in: as much of it as of the guests who wrote it. The rest is in :mod:`invitations.sight`."""

from __future__ import annotations

from flask_security import current_user
from sqlalchemy import ColumnElement, and_, exists, or_, true

from pop_campaigns.accounts.models import User
from pop_campaigns.accounts.rules.roles import RoleName, may_read_record
from pop_campaigns.accounts.scope import own
from pop_campaigns.incoming.scope import Subject, owner_of, subject_of
from pop_campaigns.invitations.models.invitations import Invitation
from pop_campaigns.invitations.rules.invitations import Sight
from pop_campaigns.invitations.sight import guests_seen, mails_seen, sees_mail, sight_of
from pop_campaigns.letters.models import LetterRecipient
from pop_campaigns.mail.models import IncomingLink, IncomingMail, OutgoingMail


def incoming_seen(user: User) -> ColumnElement[bool]:
    """Return the condition on ``IncomingMail`` that no guest of whom the user sees no words stands behind it.

    Suggestions do not count. Who only reads sees what is filed for certain: what nobody has filed may be a citizen's.
    """
    if user.role is RoleName.ADMINISTRATOR:
        return true()
    certain = exists().where(
        IncomingLink.incoming_mail_id == IncomingMail.id, IncomingLink.suggested.is_(False)
    )
    hidden = ~certain.where(_hides(user)).correlate(IncomingMail)
    return hidden if user.role is RoleName.COORDINATOR else and_(certain.correlate(IncomingMail), hidden)


def _hides(user: User) -> ColumnElement[bool]:
    """Return the condition that what a link names is not for the user (who only reads: or is not there any more)."""
    guest = exists().where(Invitation.id == IncomingLink.subject_id)
    mail = exists().where(OutgoingMail.id == IncomingLink.subject_id)
    recipient = exists().where(LetterRecipient.id == IncomingLink.subject_id)
    words, mails = guests_seen(user, Sight.WORDS), mails_seen(user)
    names = {
        table: IncomingLink.subject_type == table.__tablename__
        for table in (Invitation, OutgoingMail, LetterRecipient)
    }
    if user.role is RoleName.COORDINATOR:
        return or_(
            and_(names[Invitation], guest.where(~words).correlate(IncomingLink)),
            and_(names[OutgoingMail], mail.where(~mails).correlate(IncomingLink)),
        )
    return or_(
        and_(names[Invitation], ~guest.where(words).correlate(IncomingLink)),
        and_(names[OutgoingMail], ~mail.where(mails).correlate(IncomingLink)),
        and_(names[LetterRecipient], ~recipient.correlate(IncomingLink)),
    )


def incoming_of_work(user: User) -> ColumnElement[bool]:
    """Return the condition that a mail that came in belongs to the user's work list and may be read there."""
    return and_(own(IncomingMail, user), incoming_seen(user))


def sees_incoming(mail: IncomingMail, user: User | None = None) -> bool:
    """Return whether the user may read a mail, its files and its source.

    What is nobody's yet is for the administrators, not for every member. One that belongs for certain to things of several
    organisations is read by each; one that guests of a network's event wrote by whoever sees these guests.
    """
    user = user or current_user
    if user.role is RoleName.ADMINISTRATOR:
        return True
    linked = [subject_of(link) for link in mail.links if not link.suggested]
    subjects = [subject for subject in linked if subject is not None]
    seen = [subject for subject in subjects if sees_subject(subject, user)]
    if user.role is not RoleName.COORDINATOR:
        return user.role is RoleName.VIEWER and bool(seen) and len(seen) == len(linked)
    mine = user.organisation_id
    if mail.organisation_id is not None:
        return mail.organisation_id == mine and seen == subjects
    if mine is not None and any(owner_of(subject) == mine for subject in seen):
        return True
    return seen == subjects and any(isinstance(subject, Invitation) for subject in seen)


def sees_subject(subject: Subject, user: User | None = None) -> bool:
    """Return whether the user may see whom or what a mail belongs to, with the words that go with it."""
    user = user or current_user
    if user.role is None:
        return False
    if isinstance(subject, Invitation):
        return sight_of(subject, user) is Sight.WORDS
    if not may_read_record(user.role, user.organisation_id, owner_of(subject)):
        return False
    return isinstance(subject, LetterRecipient) or sees_mail(subject, user)
