"""Emptying the outbox: claim, send over one kept connection, commit each mail as sent after its 250.

No transaction is open while the server is talked to: on SQLite it would keep every page from saving. A worker
killed between a 250 and its commit sends that one mail again, with the same Message-ID, when its lease is
over; everything else is neither lost nor doubled.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeGuard

import structlog
from flask import Flask, current_app, has_app_context
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from pop_campaigns.contacts.services.refusal_links import mail_is_refused
from pop_campaigns.core import clock
from pop_campaigns.core.db import db
from pop_campaigns.mail.compose import compose
from pop_campaigns.mail.message import PostMessage, build_message
from pop_campaigns.mail.models import OutgoingMail
from pop_campaigns.mail.outbox import (
    claim_mails,
    record_refused,
    record_sent,
    release_claims,
    renew_lease,
    stop_mail,
)
from pop_campaigns.mail.refusals import (
    NOT_SIGNED,
    NOT_WANTED,
    UNSAFE,
    Refused,
    Stage,
    is_about_sign_in,
    one_line,
)
from pop_campaigns.mail.rules import LEASE, MailState
from pop_campaigns.mail.transport import Delivered, SmtpTransport
from pop_campaigns.worker.server import server_settings

log = structlog.get_logger()


@dataclass(frozen=True)
class DrainReport:
    """What one drain did, in mails. ``trouble`` holds the words of a server that takes nothing now, or ""."""

    sent: int = 0
    failed: int = 0
    postponed: int = 0
    trouble: str = ""


@dataclass
class _Round:
    """One drain under way."""

    owner: str
    transport: SmtpTransport
    now: Callable[[], datetime]
    lease: timedelta
    should_stop: Callable[[], bool]
    count: Counter[MailState] = field(default_factory=Counter)
    trouble: Refused | None = None


def drain_outbox(
    app: Flask,
    *,
    owner: str,
    now_fn: Callable[[], datetime] = clock.now,
    limit: int = 100,
    lease: timedelta = LEASE,
    should_stop: Callable[[], bool] = lambda: False,
) -> DrainReport:
    """Send every mail that is due, ``limit`` claimed at a time, until none is left or the server takes none.

    ``owner`` names the worker and must be its own alone. ``should_stop`` is asked between mails; what is left
    of the claim then goes back. A mail that is refused for now waits for its next attempt; one refused for
    good fails with the server's words. Where the trouble is not the mail's (the server cannot be reached or
    does not let us in, our DKIM key is of no use) no attempt counts against any mail: the claimed ones go back
    with the reason noted on each, none is ever given up for it, and all are due as soon as the server is back.

    Commits by itself, several times: call it with no open changes.
    """
    with _context(app), SmtpTransport(server_settings(app.config)) as transport:
        current = _Round(owner, transport, now_fn, lease, should_stop)
        while not current.trouble and not should_stop():
            claimed = claim_mails(owner, now=now_fn(), limit=limit, lease=lease)
            db.session.commit()
            if not claimed:
                break
            _send_claimed(current, claimed)
        return DrainReport(
            sent=current.count[MailState.SENT],
            failed=current.count[MailState.FAILED],
            postponed=current.count[MailState.QUEUED],
            trouble=current.trouble.words if current.trouble else "",
        )


def _context(app: Flask) -> AbstractContextManager[object]:
    # In a context of its own the drain would wait for the caller's transaction, which waits for the drain.
    same = has_app_context() and current_app._get_current_object() is app  # type: ignore[attr-defined]
    return nullcontext() if same else app.app_context()


def _send_claimed(current: _Round, claimed: Sequence[int]) -> None:
    for place, mail_id in enumerate(claimed):
        if current.should_stop():
            release_claims(claimed[place:], current.owner)
            db.session.commit()
            return
        outcome = _send_one(current, mail_id)
        if isinstance(outcome, Refused) and _is_not_the_mails(outcome):
            current.trouble = outcome
        elif outcome is not None:
            _record(current, mail_id, outcome)
            current.trouble = outcome if _server_hung_up(outcome) else None
        if current.trouble:
            rest = claimed[place:]  # of which only what is still claimed goes back
            log.warning("the mail server takes nothing now", words=current.trouble.words, waiting=len(rest))
            release_claims(rest, current.owner, words=current.trouble.words, code=current.trouble.code)
            db.session.commit()
            return


def _send_one(current: _Round, mail_id: int) -> Delivered | Refused | None:
    """Hand over one mail and return what became of it; None if it is no longer ours."""
    try:
        prepared = _prepare(current, mail_id)
        return None if prepared is None else current.transport.deliver(*prepared)
    except Refused as refused:
        return refused
    except SQLAlchemyError:
        raise  # says nothing about the mail: its lease brings it back
    except Exception as problem:
        # Whatever is wrong with one mail must not stop the others. Trying it again by ourselves could send it
        # many times, if it went wrong after the 250; people see it and decide.
        log.exception("a mail could not be sent", mail_id=mail_id)
        current.transport.close()
        words = one_line(f"{UNSAFE}: {type(problem).__name__}: {problem}")
        return Refused(permanent=True, code=None, words=words, stage=Stage.CONTENT)


def _prepare(current: _Round, mail_id: int) -> tuple[PostMessage, str, str] | None:
    """Renew the lease and make the message; the transaction is over before the server is talked to."""
    try:
        mail = renew_lease(mail_id, current.owner, now=current.now(), lease=current.lease)
        if mail and mail_is_refused(mail.links):
            # Refused since it was queued: whoever pressed the button must not get one more.
            stop_mail(mail, NOT_WANTED)
            mail = None
        parts = compose(mail) if mail else None
        db.session.commit()
    except BaseException:
        db.session.rollback()
        raise
    return (build_message(parts), parts.envelope_from, parts.to_address) if parts else None


def _record(current: _Round, mail_id: int, outcome: Delivered | Refused) -> None:
    row = select(OutgoingMail).where(OutgoingMail.id == mail_id).with_for_update()
    mail = db.session.scalars(row, execution_options={"populate_existing": True}).one()
    ours = mail.state is MailState.SENDING and mail.lease_owner == current.owner
    if isinstance(outcome, Delivered):
        # Also where the lease ran out meanwhile: the server has the mail, whoever holds it now.
        if mail.state is not MailState.SENT:
            record_sent(mail, code=outcome.code, words=outcome.words, now=current.now())
            current.count[MailState.SENT] += 1
    elif ours:
        record_refused(
            mail, permanent=outcome.permanent, code=outcome.code, words=outcome.words, now=current.now()
        )
        current.count[mail.state] += 1
    db.session.commit()


def _is_not_the_mails(refused: Refused) -> bool:
    """Return whether a refusal is about the server or our own set-up: every other mail would meet it too."""
    if refused.stage in (Stage.CONNECT, Stage.SIGN_IN):
        return True
    return is_about_sign_in(refused.code or 0) or refused.words.startswith(NOT_SIGNED)


def _server_hung_up(outcome: Delivered | Refused) -> TypeGuard[Refused]:
    """Return whether a fresh connection ended before the mail was even named: the others need not try now.

    This mail counts an attempt all the same. Were it the cause, it would else stay first in line for ever.
    """
    if isinstance(outcome, Delivered) or outcome.permanent:
        return False
    return outcome.stage is Stage.SENDER and outcome.code in (None, 421)
