"""What reminders are about, as the desk shows it: events, letters, guests and mail that came in, each with its page.

What the user may not see is left out, as on every other page.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Final

from flask import url_for
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import contains_eager, selectinload

from pop_campaigns.accounts.models import User
from pop_campaigns.accounts.scope import select_visible, visible
from pop_campaigns.core.db import db
from pop_campaigns.core.i18n import current_language, in_language
from pop_campaigns.events.models.events import Event
from pop_campaigns.events.words.labels import EVENT_KINDS
from pop_campaigns.follow_ups.queries.subjects import Key, Subject
from pop_campaigns.incoming.sight import sees_incoming
from pop_campaigns.invitations.models.invitations import Invitation
from pop_campaigns.invitations.sight import guests_seen
from pop_campaigns.letters.models import Letter
from pop_campaigns.letters.queries.recipients import next_due_on
from pop_campaigns.mail.models import IncomingMail
from pop_campaigns.mail.secrets import mask_secrets


def find_subjects(keys: Collection[Key], user: User) -> Mapping[Key, Subject]:
    """Return the things of these tables and numbers that the user may see."""
    wanted: dict[str, list[int]] = {}
    for table, ident in keys:
        wanted.setdefault(table, []).append(ident)
    return {
        (table, ident): subject
        for table, idents in wanted.items()
        if table in _FINDERS
        for ident, subject in _FINDERS[table](idents, user)
    }


_Found = Iterator[tuple[int, Subject]]


def _events(idents: Sequence[int], user: User) -> _Found:
    for event in db.session.scalars(select_visible(Event, user).where(Event.id.in_(idents))).unique():
        page = url_for("desk.event", event_id=event.id)
        yield event.id, Subject(str(EVENT_KINDS[event.kind]), _title(event), page, event.day_from)


def _letters(idents: Sequence[int], user: User) -> _Found:
    rows = select_visible(Letter, user).where(Letter.id.in_(idents)).options(selectinload(Letter.recipients))
    for letter in db.session.scalars(rows).unique():
        kind = (
            _("Letter no. %(number)s", number=letter.register_number)
            if letter.register_number
            else _("Letter")
        )
        page = url_for("desk.letter", letter_id=letter.id)
        yield (
            letter.id,
            Subject(kind, in_language(letter, "subject", current_language()), page, next_due_on(letter)),
        )


def _guests(idents: Sequence[int], user: User) -> _Found:
    rows = (
        select(Invitation)
        .join(Invitation.event)
        .options(contains_eager(Invitation.event))
        .where(Invitation.id.in_(idents), visible(Event, user), guests_seen(user))
    )
    for guest in db.session.scalars(rows).unique():
        page = url_for("desk.event", event_id=guest.event_id)
        title = f"{_title(guest.event)} – {guest.shown_as}"
        yield guest.id, Subject(_("Guest"), title, page, guest.event.day_from)


def _incoming(idents: Sequence[int], user: User) -> _Found:
    rows = select(IncomingMail).where(IncomingMail.id.in_(idents)).options(selectinload(IncomingMail.links))
    mails: Iterable[IncomingMail] = db.session.scalars(rows).unique()
    for mail in mails:
        if sees_incoming(mail, user):
            page = url_for("incoming.message", number=mail.id)
            who = mask_secrets(mail.from_name or mail.from_address)
            title = mask_secrets(mail.subject) or _("No subject")
            yield mail.id, Subject(_("Message from %(who)s", who=who) if who else _("Message"), title, page)


def _title(event: Event) -> str:
    return in_language(event, "title", current_language())


_FINDERS: Final[Mapping[str, Callable[[Sequence[int], User], _Found]]] = {
    Event.__tablename__: _events,
    Letter.__tablename__: _letters,
    Invitation.__tablename__: _guests,
    IncomingMail.__tablename__: _incoming,
}
