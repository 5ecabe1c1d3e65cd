"""The worker's round over what came in: read under limits, file, one commit a mail."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from sqlalchemy import or_, select, update

from pop_campaigns.core import clock
from pop_campaigns.core.db import db
from pop_campaigns.incoming.services import file_mail
from pop_campaigns.mail.models import IncomingMail
from pop_campaigns.mail.reading_limits import MailReader
from pop_campaigns.mail.report import unparsed
from pop_campaigns.mail.rules import IncomingState, IncomingWay

AT_ONCE = 50
LEASE = timedelta(minutes=10)
TRIES = 3
log = structlog.get_logger()


def file_received(should_stop: Callable[[], bool]) -> int:
    """Read and file everything that was stored and not read yet; give how many mails that was.

    Safe at any time, any number at once: mails are claimed for ten minutes, and one whose reader was killed is taken
    up again. A mail that cannot be filed three times waits for a person.
    """
    number = 0
    with MailReader() as reader:
        while not should_stop():
            claimed = _claim(clock.now())
            if not claimed:
                break
            for ident in claimed:
                if should_stop():
                    break
                _file_one(ident, reader)
                number += 1
    return number


def _claim(now: datetime) -> list[int]:
    free = or_(IncomingMail.lease_until.is_(None), IncomingMail.lease_until < now)
    wanted = (
        select(IncomingMail.id)
        .where(IncomingMail.state == IncomingState.RECEIVED, free)
        .order_by(IncomingMail.id)
        .limit(AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    idents = list(db.session.scalars(wanted))
    if idents:
        change = update(IncomingMail).where(IncomingMail.id.in_(idents))
        db.session.execute(
            change.values(lease_until=now + LEASE, attempts=IncomingMail.attempts + 1),
            execution_options={"synchronize_session": False},
        )
    db.session.commit()
    return idents


def _file_one(ident: int, reader: MailReader) -> None:
    mail = db.session.get(IncomingMail, ident)
    if mail is None or mail.state is not IncomingState.RECEIVED:
        return
    # A mailbox or a file tells no envelope: only where there was one is an empty sender the null sender.
    told = mail.way in (IncomingWay.PIPE, IncomingWay.LISTENER)
    envelope = (mail.envelope_from or ("<>" if told else ""), mail.envelope_to)
    raw, attempts = mail.raw, mail.attempts
    db.session.rollback()  # reading takes seconds at worst, and nobody shall wait for it
    report = reader.read(raw, *envelope)
    try:
        file_mail(db.session.get_one(IncomingMail, ident), report, now=clock.now())
        db.session.commit()
    except Exception:  # whatever a stranger's mail provokes must not stop the others
        db.session.rollback()
        log.exception("a mail could not be filed", incoming_mail=ident, attempts=attempts)
        if attempts >= TRIES:
            mail = db.session.get_one(IncomingMail, ident)
            file_mail(mail, unparsed("it could not be filed three times"), now=clock.now())
            db.session.commit()
