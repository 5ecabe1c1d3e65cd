"""The worker's round over what came in: read under limits, file, a few mails a commit."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from flask import current_app
from sqlalchemy import or_, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import selectinload

from pop_campaigns.core import clock
from pop_campaigns.core.db import db
from pop_campaigns.incoming.services.filing import file_mail
from pop_campaigns.mail.models import IncomingMail
from pop_campaigns.mail.reading.limits import MailReader
from pop_campaigns.mail.reading.report import MailReport, unparsed
from pop_campaigns.mail.rules import IncomingState, IncomingWay
from pop_campaigns.mail.wake_up import wake_worker

AT_ONCE = 10
"""Mails a commit: a commit waits for the disk, and on SQLite nobody else saves while a portion is filed."""
LEASE = timedelta(minutes=10)
TRIES = 3
_BYTES_AT_ONCE = 16 * 1024 * 1024
# What is read by then is filed, the rest goes back: a portion of bombs must not outlast its lease.
_READING_SECONDS = 60.0
_UNFINISHED = "unfinished_reading"
log = structlog.get_logger()


@dataclass(frozen=True)
class _Claimed:
    """A mail that is ours until ``lease``; by it a worker that was too slow knows that another took it up."""

    id: int
    raw: bytes
    envelope: tuple[str, str]
    lease: datetime


def file_received(should_stop: Callable[[], bool]) -> int:
    """Read and file everything that was stored and not read yet; return how many mails that was.

    Safe at any time, any number at once: mails are claimed for ten minutes, and those of a reader that was killed are
    taken up again, none of them filed before. A mail that cannot be filed three times waits for a person. Where the database
    fails, this raises its error; what was claimed goes back at once, or with this process's next round.
    """
    number, receipts = 0, False
    unfinished: list[list[_Claimed]] = current_app.extensions.setdefault(_UNFINISHED, [])
    _give_back(unfinished)
    with MailReader() as reader:
        while not should_stop():
            claimed = _claim(clock.now())
            if not claimed:
                break
            try:
                reports = _read(claimed, reader, should_stop)
                filed = _file(claimed, reports)
                _release(mail for mail in claimed if mail.id not in reports)
            except SQLAlchemyError:
                unfinished.append(claimed)
                _give_back(unfinished)
                raise
            number, receipts = number + len(filed), receipts or any(filed)
    if receipts:
        wake_worker()
    return number


def _give_back(unfinished: list[list[_Claimed]]) -> None:
    """Release what was claimed when the database failed; where it still does, the next round tries again."""
    try:
        db.session.rollback()
        while unfinished:
            _release(unfinished[-1])
            unfinished.pop()
    except SQLAlchemyError as problem:
        db.session.rollback()
        log.warning("claimed mail cannot be given back yet", why=type(problem).__name__)


def _claim(now: datetime) -> list[_Claimed]:
    """Take the oldest mails nobody has in hand, a portion that fits into memory."""
    free = or_(IncomingMail.lease_until.is_(None), IncomingMail.lease_until < now)
    wanted = (
        select(IncomingMail.id, IncomingMail.size)
        .where(IncomingMail.state == IncomingState.RECEIVED, free)
        .order_by(IncomingMail.id)
        .limit(AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    room, idents = _BYTES_AT_ONCE, list[int]()
    for ident, size in db.session.execute(wanted).all():
        room -= size
        if room >= 0 or not idents:
            idents.append(ident)
    lease, claimed = now + LEASE, []
    if idents:
        ours = IncomingMail.id.in_(idents)
        change = (
            update(IncomingMail).where(ours).values(lease_until=lease, attempts=IncomingMail.attempts + 1)
        )
        db.session.execute(change, execution_options={"synchronize_session": False})
        columns = (IncomingMail.id, IncomingMail.raw, IncomingMail.way, IncomingMail.envelope_from)
        rows = db.session.execute(
            select(*columns, IncomingMail.envelope_to).where(ours).order_by(IncomingMail.id)
        )
        for ident, raw, way, sender, to in rows:
            # A mailbox or a file tells no envelope: only where there was one is an empty sender the null sender.
            has_envelope = way in (IncomingWay.PIPE, IncomingWay.LISTENER)
            claimed.append(_Claimed(ident, raw, (sender or ("<>" if has_envelope else ""), to), lease))
    db.session.commit()
    return claimed


def _read(
    claimed: Iterable[_Claimed], reader: MailReader, should_stop: Callable[[], bool]
) -> dict[int, MailReport]:
    """Read mails with no transaction open: one takes seconds at worst, and nobody shall wait for it."""
    reports: dict[int, MailReport] = {}
    until = time.monotonic() + _READING_SECONDS
    for mail in claimed:
        if should_stop() or (reports and time.monotonic() > until):
            break
        reports[mail.id] = reader.read(mail.raw, *mail.envelope)
    return reports


def _file(claimed: list[_Claimed], reports: dict[int, MailReport]) -> list[bool]:
    """File what was read in one commit, or, where one mail does not let the others, each in its own.

    Return for each mail that was filed whether a receipt was queued.
    """
    read = [mail for mail in claimed if mail.id in reports]
    try:
        return _file_together(read, reports)
    except Exception:  # found out by filing each alone
        db.session.rollback()
        log.info("mails are filed one by one", first=read[0].id, number=len(read))
    return [receipt for mail in read for receipt in _file_alone(mail, reports[mail.id])]


def _file_together(read: list[_Claimed], reports: dict[int, MailReport]) -> list[bool]:
    receipts = [file_mail(mail, reports[mail.id], now=clock.now()) for mail in _still_ours(read)]
    db.session.commit()
    return [receipt is not None for receipt in receipts]


def _file_alone(claimed: _Claimed, report: MailReport) -> list[bool]:
    try:
        return _file_together([claimed], {claimed.id: report})
    except Exception:  # whatever a stranger's mail provokes must not stop the others
        db.session.rollback()
        log.exception("a mail could not be filed", incoming_mail=claimed.id)
    mails = _still_ours([claimed])
    given_up = bool(mails) and mails[0].attempts >= TRIES
    if given_up:
        file_mail(mails[0], unparsed("it could not be filed three times"), now=clock.now())
    db.session.commit()
    return [False] * given_up


def _still_ours(read: list[_Claimed]) -> list[IncomingMail]:
    """Return the mails afresh, without those another worker took up because we were too slow, and hold them."""
    if not read:
        return []
    wanted = (
        select(IncomingMail)
        .where(
            IncomingMail.id.in_([claimed.id for claimed in read]),
            IncomingMail.state == IncomingState.RECEIVED,
            IncomingMail.lease_until == read[0].lease,
        )
        .options(selectinload(IncomingMail.links))
        .order_by(IncomingMail.id)
        .with_for_update(of=IncomingMail)
        .execution_options(populate_existing=True)
    )
    return list(db.session.scalars(wanted))


def _release(unread: Iterable[_Claimed]) -> None:
    """Release mails that were not read after all, as if never claimed."""
    left = list(unread)
    if not left:
        return
    ours = IncomingMail.id.in_([claimed.id for claimed in left])
    still = IncomingMail.state == IncomingState.RECEIVED, IncomingMail.lease_until == left[0].lease
    change = update(IncomingMail).where(ours, *still)
    db.session.execute(
        change.values(lease_until=None, attempts=IncomingMail.attempts - 1),
        execution_options={"synchronize_session": False},
    )
    db.session.commit()
