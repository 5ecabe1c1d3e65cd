"""Named reads of the outbox. Whose mails they are, the caller says with a condition: mail knows no users."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from flask import current_app
from sqlalchemy import ColumnElement, Select, and_, case, func, not_, or_, select
from sqlalchemy.orm import aliased, joinedload

from pop_campaigns.core import clock
from pop_campaigns.core.db import Base, db, folded_has
from pop_campaigns.core.text import search_words
from pop_campaigns.mail.beats import workers_alive
from pop_campaigns.mail.models import MailSkeleton, OutgoingMail
from pop_campaigns.mail.outbox import fill_placeholders
from pop_campaigns.mail.rules import (
    ARRIVED_AFTER,
    HARD_BOUNCES,
    QUIET_FOR,
    QUIET_WITHOUT_WORKER,
    RATE_OVER,
    CameBack,
    MailState,
    SameReason,
    Unsent,
    is_dead,
    says_dead,
    sum_up_unsent,
)
from pop_campaigns.mail.secrets import mask_secrets

SHELVES: Final[Mapping[str, tuple[MailState, ...]]] = MappingProxyType(
    {
        "waiting": (MailState.QUEUED, MailState.SENDING),
        "sent": (MailState.SENT,),
        "failed": (MailState.FAILED,),
        "withdrawn": (MailState.WITHDRAWN,),
    }
)
"""How the list of mails is parted; a mail lies on exactly one shelf."""


@dataclass(frozen=True)
class AlikeMails:
    """Mails that say the same to many: the newest of them, how many there are, how many did not arrive."""

    newest: OutgoingMail
    number: int
    in_trouble: int


def alike_mails(whose: ColumnElement[bool], *, typed: str, limit: int) -> tuple[list[AlikeMails], int, int]:
    """Return the mails found, those of one kind and subject as one, the newest first; how many such there are, and mails."""
    came_back = and_(OutgoingMail.state == MailState.SENT, OutgoingMail.bounce_permanent.is_(True))
    trouble = case((or_(OutgoingMail.state == MailState.FAILED, came_back), 1), else_=0)
    newest = func.max(OutgoingMail.id)
    rows = (
        select(newest, func.count(), func.sum(trouble), func.count().over(), func.sum(func.count()).over())
        .join(OutgoingMail.skeleton)
        .where(whose, *_words(typed))
        .group_by(OutgoingMail.kind, MailSkeleton.subject, _alone())
        .order_by(func.max(OutgoingMail.queued_at).desc(), newest.desc())
    )
    groups = db.session.execute(rows.limit(limit)).all()
    idents = [row[0] for row in groups]
    shown = select(OutgoingMail).where(OutgoingMail.id.in_(idents)).options(joinedload(OutgoingMail.skeleton))
    mails = {mail.id: mail for mail in db.session.scalars(shown)} if groups else {}
    alike = [AlikeMails(mails[ident], number, bad) for ident, number, bad, _lines, _mails in groups]
    return alike, groups[0][3] if groups else 0, int(groups[0][4]) if groups else 0


def _alone() -> ColumnElement[int]:
    """Return 0 for a mail whose subject is the same for all recipients, else its number: it is like no other."""
    return case((MailSkeleton.subject.contains("{"), OutgoingMail.id), else_=0)


def like(mail: OutgoingMail) -> ColumnElement[bool]:
    """Return the condition that mails have the kind and the subject of one, as :func:`alike_mails` takes them together."""
    same = select(MailSkeleton.id).where(MailSkeleton.subject == mail.skeleton.subject)
    alone = "{" in mail.skeleton.subject
    return (
        OutgoingMail.id == mail.id
        if alone
        else and_(OutgoingMail.kind == mail.kind, OutgoingMail.skeleton_id.in_(same))
    )


def select_mails(whose: ColumnElement[bool], *, shelf: str = "", typed: str = "") -> Select[OutgoingMail]:
    """Start the list of mails, the newest first; ``shelf`` is one of SHELVES, "" for all of them."""
    rows = select(OutgoingMail).options(joinedload(OutgoingMail.skeleton)).where(whose, *_words(typed))
    if shelf in SHELVES:
        rows = rows.where(OutgoingMail.state.in_(SHELVES[shelf]))
    return rows.order_by(OutgoingMail.queued_at.desc(), OutgoingMail.id.desc())


def count_mails(whose: ColumnElement[bool], *, typed: str = "") -> dict[str, int]:
    """Count the mails on each shelf, and under "" all of them."""
    counted = select(OutgoingMail.state, func.count()).where(whose, *_words(typed))
    by_state = dict(db.session.execute(counted.group_by(OutgoingMail.state)).all())
    counts = {name: sum(by_state.get(state, 0) for state in states) for name, states in SHELVES.items()}
    return counts | {"": sum(counts.values())}


def mails_in_trouble(whose: ColumnElement[bool], *, since: datetime, limit: int = 200) -> list[OutgoingMail]:
    """Return the mails that failed or came back, newest first.

    Without those older than ``since``, and without failures somebody has answered with a new copy. Those that wait, see
    :func:`unsent`.
    """
    copy = aliased(OutgoingMail)
    came_back = and_(OutgoingMail.state == MailState.SENT, OutgoingMail.bounce_permanent.is_(True))
    failed = and_(
        or_(OutgoingMail.state == MailState.FAILED, came_back),
        ~select(copy.id).where(copy.again_of_id == OutgoingMail.id).exists(),
    )
    rows = (
        select(OutgoingMail)
        .options(joinedload(OutgoingMail.skeleton))
        .where(whose, OutgoingMail.queued_at >= since, failed)
        .order_by(OutgoingMail.queued_at.desc(), OutgoingMail.id.desc())
    )
    return list(db.session.scalars(rows.limit(limit)))


def unsent(whose: ColumnElement[bool], *, now: datetime, quiet_for: timedelta = QUIET_FOR) -> Unsent | None:
    """Return what is known of mails that should have left by now; None where all is as it should be.

    While a worker runs, a wait of ``quiet_for`` is nothing; where none does, a minute.
    """
    if not (waiting := _waiting(whose, now, QUIET_WITHOUT_WORKER)):
        return None
    works = bool(workers_alive(now))
    return sum_up_unsent(_waiting(whose, now, quiet_for) if works else waiting, works=works)


def _waiting(whose: ColumnElement[bool], now: datetime, quiet_for: timedelta) -> list[SameReason]:
    mail = OutgoingMail
    # What can still be taken back waits on purpose, and for a while after that it is on its way.
    on_purpose = and_(mail.sending_id.is_not(None), mail.attempts == 0, mail.available_at > now - quiet_for)
    rows = (
        select(
            mail.last_code,
            mail.last_words,
            func.count(),
            func.min(mail.queued_at),
            func.min(mail.available_at),
        )
        .where(
            whose,
            mail.state.in_(SHELVES["waiting"]),
            mail.queued_at <= now - quiet_for,
            mail.paused_at.is_(None),
            not_(on_purpose),
        )
        .group_by(mail.last_code, mail.last_words)
    )
    return [SameReason(*row) for row in db.session.execute(rows)]


@dataclass(frozen=True)
class Progress:
    """How far many mails that were queued together are: how many have left, of how many, how many a second of late."""

    left: int
    total: int
    rate: float

    @property
    def seconds(self) -> float | None:
        """How long the rest takes at this rate; None where nothing left of late."""
        return (self.total - self.left) / self.rate if self.rate else None


def progress_of(whose: ColumnElement[bool], *, now: datetime) -> Progress | None:
    """Return how far mails are on their way; None where none waits, or what waits can still be taken back."""
    mail = OutgoingMail
    waiting = and_(whose, mail.state.in_(SHELVES["waiting"]), mail.available_at <= now)
    since = db.session.scalar(select(func.min(mail.queued_at)).where(waiting))
    if since is None:
        return None
    gone = mail.state.in_((MailState.SENT, MailState.FAILED))
    counted = select(
        func.count().filter(gone),
        func.count().filter(or_(gone, waiting)),
        func.count().filter(mail.sent_at > now - RATE_OVER),
    ).where(whose, mail.queued_at >= since)
    left, total, of_late = db.session.execute(counted).one()
    return Progress(left, total, of_late / RATE_OVER.total_seconds())


def next_due(*, now: datetime) -> datetime | None:
    """Return when the next mail is due that waits for its hour."""
    later = (
        OutgoingMail.state == MailState.QUEUED,
        OutgoingMail.paused_at.is_(None),
        OutgoingMail.available_at > now,
    )
    return db.session.scalar(select(func.min(OutgoingMail.available_at)).where(*later))


def originals_of(mails: Iterable[OutgoingMail]) -> dict[int, int]:
    """Return for each mail the id of the first one it is a copy of; its own where it is none."""
    return {mail.id: mail.original_id or mail.id for mail in mails}


def mails_about(table: type[Base], idents: Iterable[int]) -> ColumnElement[bool]:
    """Return the condition that a mail is about one of these rows of a table."""
    return and_(OutgoingMail.subject_type == table.__tablename__, OutgoingMail.subject_id.in_(list(idents)))


def copies_of(mail: OutgoingMail) -> list[OutgoingMail]:
    """Return the mails that were made when this one was sent again, oldest first."""
    rows = select(OutgoingMail).where(OutgoingMail.again_of_id == mail.id).order_by(OutgoingMail.id)
    return list(db.session.scalars(rows))


_ASKED_AT_ONCE = 500


def dead_among(addresses: Collection[str], *, now: datetime | None = None) -> dict[str, CameBack]:
    """Return those of the addresses from which mail keeps coming back (see ``rules.is_dead``), with what is known of it.

    Only bounces at our own bounce addresses are there to count. An address that is corrected is another one; a mail
    that arrives ends it. ``now`` is this moment by default.
    """
    moment = now or clock.now()
    bounced = _hard_bounces({address.lower() for address in addresses})
    arrived = _last_arrived([to for to, at in bounced.items() if len(at) >= HARD_BOUNCES], moment)
    dead = {to: is_dead(at, arrived.get(to), moment) for to, at in bounced.items()}
    return {address: came_back for address in addresses if (came_back := dead.get(address.lower()))}


def _hard_bounces(addresses: Collection[str]) -> dict[str, list[datetime]]:
    """Return when mails to addresses (in lower case) came back for good."""
    address = func.lower(OutgoingMail.to_address)
    rows = select(address, OutgoingMail.bounced_at, OutgoingMail.bounce_words).where(
        OutgoingMail.bounce_permanent.is_(True)
    )
    if len(addresses) <= _ASKED_AT_ONCE:
        # Of a whole list all that ever came back is read: that is little, and the addresses are many.
        rows = rows.where(address.in_(addresses))
    bounces: dict[str, list[datetime]] = {}
    for to, at, words in db.session.execute(rows) if addresses else ():
        if to in addresses and says_dead(words):
            bounces.setdefault(to, []).append(at)
    return bounces


def _last_arrived(addresses: Collection[str], now: datetime) -> dict[str, datetime]:
    """Return when the last mail left for each address that has not come back within a week. Receipts cannot come back."""
    address = func.lower(OutgoingMail.to_address)
    arrived: dict[str, datetime] = {}
    for start in range(0, len(addresses), _ASKED_AT_ONCE):
        rows = select(address, func.max(OutgoingMail.sent_at)).where(
            address.in_(list(addresses)[start : start + _ASKED_AT_ONCE]),
            OutgoingMail.state == MailState.SENT,
            OutgoingMail.bounced_at.is_(None),
            OutgoingMail.null_sender.is_(False),
            OutgoingMail.sent_at <= now - ARRIVED_AFTER,
        )
        arrived |= dict(db.session.execute(rows.group_by(address)).all())
    return arrived


def locked_mail(mail_id: int) -> OutgoingMail | None:
    """Return a mail as it is at this moment, held until the transaction ends: no worker takes it meanwhile."""
    row = select(OutgoingMail).where(OutgoingMail.id == mail_id).with_for_update()
    return db.session.scalar(row, execution_options={"populate_existing": True})


def subject_of(mail: OutgoingMail) -> str:
    """Return a mail's subject as pages show it: as its reader sees it, without secrets."""
    return mask_secrets(fill_placeholders(mail.skeleton.subject, mail.fields))


def _words(typed: str) -> list[ColumnElement[bool]]:
    """Return the condition that every typed word occurs in the address, the name or the subject, ë as e and ç as c."""
    subjects = select(MailSkeleton.id)
    address = func.lower(OutgoingMail.to_address)
    # An address of ours is masked where it is shown, so that it is not found by its letters either.
    ours = f"@{current_app.config['MAIL_DOMAIN'].lower()}"
    secret = and_(
        or_(address.startswith("r-"), address.startswith("b-")), address.endswith(ours, autoescape=True)
    )
    return [
        or_(
            and_(address.contains(word, autoescape=True), not_(secret)),
            folded_has(OutgoingMail.to_name, word),
            OutgoingMail.skeleton_id.in_(subjects.where(folded_has(MailSkeleton.subject, word))),
        )
        for word in search_words(typed)
    ]
