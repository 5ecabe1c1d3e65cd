"""Mail that came in as a list to be worked off: by what is still to do with it, searched, with the mail before and after."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Final

from flask import current_app
from sqlalchemy import ColumnElement, Select, and_, case, exists, func, not_, or_, select, true
from sqlalchemy.orm import joinedload, selectinload

from pop_campaigns.accounts.models import User
from pop_campaigns.accounts.scope import visible
from pop_campaigns.core.db import db, folded_has, like_folded
from pop_campaigns.core.text import search_words
from pop_campaigns.events.models.events import Event
from pop_campaigns.incoming.queries.incoming import UNREAD
from pop_campaigns.incoming.sight import incoming_of_work
from pop_campaigns.invitations.models.invitations import Invitation
from pop_campaigns.invitations.rules.invitations import Sight
from pop_campaigns.invitations.sight import guests_seen
from pop_campaigns.letters.models import Letter, LetterRecipient
from pop_campaigns.mail.models import IncomingLink, IncomingMail
from pop_campaigns.mail.rules import IncomingState

TO_DO, ALL = "todo", "all"
SHELVES: Final = (TO_DO, ALL, *(state.value for state in IncomingState))
"""How the list is parted: what is unread or waits to be filed, all of it, and by state."""
Place = tuple[IncomingLink, Invitation | LetterRecipient]


def is_to_do() -> ColumnElement[bool]:
    """Return the condition that somebody has to look at a mail: it waits to be filed, or nobody has read it."""
    return or_(IncomingMail.state == IncomingState.HELD, and_(*UNREAD))


def select_shelf(user: User, shelf: str, typed: str = "") -> Select[IncomingMail]:
    """Select what lies on one of SHELVES and has all typed words in sender, subject, event or letter, the newest first.

    What nobody knows whose it is waits for the administrators: a stranger's mail is no business of nine organisations.
    """
    rows = select(IncomingMail).where(incoming_of_work(user), *_lies_on(shelf, typed, user))
    return rows.options(selectinload(IncomingMail.links)).order_by(IncomingMail.id.desc())


def count_shelves(user: User, typed: str = "") -> dict[str, int]:
    """Count what lies on each shelf; those by state add up to all of it."""
    to_do = func.sum(case((is_to_do(), 1), else_=0))
    rows = select(IncomingMail.state, func.count(), to_do)
    rows = rows.where(incoming_of_work(user), *_lies_on(ALL, typed, user))
    counted = db.session.execute(rows.group_by(IncomingMail.state)).all()
    by_state = {state.value: number for state, number, _to_do in counted}
    counts = {shelf: by_state.get(shelf, 0) for shelf in SHELVES}
    return counts | {ALL: sum(by_state.values()), TO_DO: sum(int(number) for *_state, number in counted)}


def beside(mail: IncomingMail, user: User, shelf: str, typed: str = "") -> tuple[int | None, int | None]:
    """Return the numbers of the mails above and below one in the list, which need not lie there any more itself."""
    here = (incoming_of_work(user), *_lies_on(shelf, typed, user))
    above = select(func.min(IncomingMail.id)).where(IncomingMail.id > mail.id, *here)
    below = select(func.max(IncomingMail.id)).where(IncomingMail.id < mail.id, *here)
    return db.session.scalar(above), db.session.scalar(below)


def places_of(mails: Sequence[IncomingMail], user: User) -> dict[int, list[Place]]:
    """Return to which guests and recipients of letters each mail belongs or may belong, as far as the user sees them."""
    links = [link for mail in mails for link in mail.links]
    seen: dict[tuple[str, int], Any] = {}
    for model, rows in (
        (Invitation, _guests(_named(links, Invitation), user)),
        (LetterRecipient, _recipients(_named(links, LetterRecipient), user)),
    ):
        seen |= {(model.__tablename__, row.id): row for row in db.session.scalars(rows).unique()}
    places: defaultdict[int, list[Place]] = defaultdict(list)
    for link in sorted(links, key=lambda link: (link.suggested, link.id)):
        subject = seen.get((link.subject_type, link.subject_id))
        if subject is not None:
            places[link.incoming_mail_id].append((link, subject))
    return dict(places)


def _named(links: Sequence[IncomingLink], model: Any) -> list[int]:
    return sorted({link.subject_id for link in links if link.subject_type == model.__tablename__})


def _guests(idents: list[int], user: User) -> Select[Invitation]:
    rows = select(Invitation).where(Invitation.id.in_(idents), guests_seen(user, Sight.WORDS))
    return rows.options(joinedload(Invitation.event))


def _recipients(idents: list[int], user: User) -> Select[LetterRecipient]:
    rows = select(LetterRecipient).join(LetterRecipient.letter)
    rows = rows.where(LetterRecipient.id.in_(idents), visible(Letter, user))
    return rows.options(joinedload(LetterRecipient.letter))


def _lies_on(shelf: str, typed: str, user: User) -> list[ColumnElement[bool]]:
    lies_here = is_to_do() if shelf == TO_DO else true()
    if shelf in set(IncomingState):
        lies_here = IncomingMail.state == IncomingState(shelf)
    return [lies_here, *(_holds(word, user) for word in search_words(typed))]


def _holds(word: str, user: User) -> ColumnElement[bool]:
    """Return the condition that a word stands in a mail's sender or subject, or in what it belongs to and the user sees."""
    address = func.lower(IncomingMail.from_address)
    # An address of ours is masked where it is shown, so that it is not found by its letters either.
    ours = address.endswith(f"@{current_app.config['MAIL_DOMAIN'].lower()}", autoescape=True)
    event = exists().where(
        IncomingLink.incoming_mail_id == IncomingMail.id,
        IncomingLink.subject_type == Invitation.__tablename__,
        Invitation.id == IncomingLink.subject_id,
        guests_seen(user, Sight.WORDS),
        Event.id == Invitation.event_id,
        or_(like_folded(Event.search_key, word), _in_names(Invitation, word)),
    )
    letter = exists().where(
        IncomingLink.incoming_mail_id == IncomingMail.id,
        IncomingLink.subject_type == LetterRecipient.__tablename__,
        LetterRecipient.id == IncomingLink.subject_id,
        Letter.id == LetterRecipient.letter_id,
        visible(Letter, user),
        or_(like_folded(Letter.search_key, word), _in_names(LetterRecipient, word)),
    )
    return or_(
        and_(address.contains(word, autoescape=True), not_(ours)),
        folded_has(IncomingMail.from_name, word),
        folded_has(IncomingMail.subject, word),
        event.correlate(IncomingMail),
        letter.correlate(IncomingMail),
    )


def _in_names(model: Any, word: str) -> ColumnElement[bool]:
    names = (model.office_title, model.institution_name)
    return or_(*(folded_has(column, word) for column in names))
