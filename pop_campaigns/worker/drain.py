"""Emptying the outbox: claim, send over one kept connection, commit what became of the mails a few at a time.

No transaction is open while the server is talked to: on SQLite it would keep every page from saving. Mails are claimed a
hundred at a time and taken in hand a few at a time: a *window*, of at most 20 mails or 50 milliseconds. One commit records what
became of one window and takes the next one in hand. Who calls a mail off before it is in hand keeps it from leaving; one that
is in hand may be gone (see ``mail.outbox``). A worker killed in a window sends what the server took of it again, with the same
Message-IDs, when the lease is over; everything else is neither lost nor doubled.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeGuard

import structlog
from flask import Flask, current_app, has_app_context
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from pop_campaigns.contacts.queries.mailable import samples_are_mailed
from pop_campaigns.contacts.services.refusal_links import mail_is_refused
from pop_campaigns.core import clock
from pop_campaigns.core.db import db
from pop_campaigns.invitations.services.holding import hold_back
from pop_campaigns.invitations.services.reminders import settle_reminders
from pop_campaigns.invitations.services.settling import settle_mails
from pop_campaigns.mail.addresses import is_reserved_address
from pop_campaigns.mail.compose import compose
from pop_campaigns.mail.message import MailParts, build_message
from pop_campaigns.mail.models import OutgoingMail
from pop_campaigns.mail.outbox import (
    claim_mails,
    put_down,
    record_refused,
    record_sent,
    release_claims,
    stop_mail,
    take_in_hand,
)
from pop_campaigns.mail.refusals import (
    NOT_SIGNED,
    NOT_WANTED,
    RESERVED,
    UNSAFE,
    Refused,
    Stage,
    is_about_sign_in,
    one_line,
)
from pop_campaigns.mail.rules import LEASE, MailState
from pop_campaigns.mail.transport import Delivered, SmtpTransport
from pop_campaigns.worker.server import server_settings

MOST_IN_HAND = 20
WINDOW_SECONDS = 0.05
_DATABASE_WAITS = (
    0.0,
    0.2,
    1.0,
    3.0,
)  # seconds: what the server said is not forgotten for a moment's trouble
_UNFINISHED = "unfinished_claims"
log = structlog.get_logger()
Outcome = Delivered | Refused


@dataclass(frozen=True)
class DrainReport:
    """What one drain did, in mails. ``trouble`` holds the words of a server that takes nothing now, or ""."""

    sent: int = 0
    failed: int = 0
    postponed: int = 0
    trouble: str = ""


@dataclass
class _Claim:
    """Mails claimed in the name of ``owner``: those still to be sent, and what became of others and is not committed yet.

    For the ``untouched`` the window's time did not do: they are in hand no more.
    """

    owner: str
    rest: list[int]
    outcomes: dict[int, Outcome] = field(default_factory=dict)
    untouched: list[int] = field(default_factory=list)


@dataclass
class _Round:
    """One drain under way. ``window`` is how many mails are taken in hand next: as many as its time will do for."""

    owner: str
    transport: SmtpTransport
    now: Callable[[], datetime]
    lease: timedelta
    should_stop: Callable[[], bool]
    count: Counter[MailState] = field(default_factory=Counter)
    trouble: Refused | None = None
    window: int = 1


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
    Where the database fails, this raises its error; what the server said by then is recorded by this process's next drain.

    Commits by itself, several times: call it with no open changes.
    """
    with own_context(app), SmtpTransport(server_settings(app.config)) as transport:
        current = _Round(owner, transport, now_fn, lease, should_stop)
        _finish_earlier(app, current)
        while not current.trouble and not should_stop():
            claimed = _claim_some(current, limit)
            if not claimed:
                break
            _send_claimed(app, current, _Claim(owner, claimed))
        return DrainReport(
            sent=current.count[MailState.SENT],
            failed=current.count[MailState.FAILED],
            postponed=current.count[MailState.QUEUED],
            trouble=current.trouble.words if current.trouble else "",
        )


def _claim_some(current: _Round, limit: int) -> list[int]:
    try:
        claimed = claim_mails(current.owner, now=current.now(), limit=limit, lease=current.lease)
        db.session.commit()
    except BaseException:
        db.session.rollback()
        raise
    return claimed


def own_context(app: Flask) -> AbstractContextManager[object]:
    """Return an application context to work in: the caller's, or where there is none one of its own."""
    # Within another one the work would wait for the caller's transaction, which waits for the work.
    same = has_app_context() and current_app._get_current_object() is app  # type: ignore[attr-defined]
    return nullcontext() if same else app.app_context()


def _finish_earlier(app: Flask, current: _Round) -> None:
    """Record what the server said before the database failed, and give back what was claimed then."""
    unfinished: list[_Claim] = app.extensions.setdefault(_UNFINISHED, [])
    while unfinished:
        claim = unfinished.pop()
        try:
            _turn(current, claim, is_over=True)
        except SQLAlchemyError:
            unfinished.append(claim)
            raise


def _send_claimed(app: Flask, current: _Round, claim: _Claim) -> None:
    try:
        while claim.rest or claim.outcomes:
            in_hand = _persistently(current, claim)
            if in_hand:
                _hand_over(current, claim, in_hand)
    except SQLAlchemyError:
        app.extensions[_UNFINISHED].append(claim)
        raise


def _persistently(current: _Round, claim: _Claim) -> Mapping[int, MailParts]:
    """Do :func:`_turn`, again after a moment where the database fails: a connection cut is no reason to forget a 250."""
    for wait in _DATABASE_WAITS:
        try:
            return _turn(current, claim, is_over=bool(current.trouble) or current.should_stop())
        except SQLAlchemyError as problem:
            log.warning("the database failed between mails", why=type(problem).__name__, again_in=wait)
            if current.should_stop():
                raise
            time.sleep(wait)
    return _turn(current, claim, is_over=bool(current.trouble) or current.should_stop())


def _turn(current: _Round, claim: _Claim, *, is_over: bool) -> Mapping[int, MailParts]:
    """In one transaction record what became of the last window and take the next in hand, or give all that is left back.

    Return the mails in hand, by number. Done twice it does no harm.
    """
    window = [] if is_over else claim.rest[: current.window]
    try:
        states = [
            _record(current, claim.owner, *outcome) for outcome in sorted(claim.outcomes.items(), key=_number)
        ]
        in_hand, broken = _take(current, claim, window)
        if is_over:
            _give_back(current, claim)
        db.session.commit()
    except BaseException:
        db.session.rollback()
        raise
    current.count.update(state for state in states if state)
    claim.outcomes, claim.untouched = broken, []
    gone = set(window) - in_hand.keys()
    claim.rest = [] if is_over else [mail_id for mail_id in claim.rest if mail_id not in gone]
    return in_hand


def _number(outcome: tuple[int, Outcome]) -> int:
    return outcome[0]


def _take(
    current: _Round, claim: _Claim, window: list[int]
) -> tuple[dict[int, MailParts], dict[int, Outcome]]:
    """Return what is handed over next, and what became of mails that cannot be written."""
    if claim.untouched:
        put_down(claim.untouched, claim.owner)
    parts: dict[int, MailParts] = {}
    broken: dict[int, Outcome] = {}
    mails = take_in_hand(window, claim.owner, now=current.now(), lease=current.lease) if window else []
    settle_mails(mails, now=current.now())
    hold_back(mails, now=current.now())
    settle_reminders(mails, now=current.now())
    for mail in mails:
        if mail.state is not MailState.SENDING:
            continue  # settled: nobody needs it any more, or not yet
        if mail_is_refused(mail.links):
            # Refused since it was queued: whoever pressed the button must not get one more.
            stop_mail(mail, NOT_WANTED, now=current.now())
            continue
        if not samples_are_mailed() and is_reserved_address(mail.to_address):
            # Whoever queued it: in production nothing leaves for where nobody can be.
            broken[mail.id] = Refused(permanent=True, code=None, words=RESERVED, stage=Stage.RECIPIENT)
            continue
        try:
            parts[mail.id] = compose(mail)
        except SQLAlchemyError:
            raise
        except Exception as problem:
            broken[mail.id] = _unwritable(problem, mail.id)
    return parts, broken


def _give_back(current: _Round, claim: _Claim) -> None:
    trouble = current.trouble
    if trouble is None:
        release_claims(claim.rest, claim.owner)
        return
    log.warning("the mail server takes nothing now", words=trouble.words, waiting=len(claim.rest))
    release_claims(claim.rest, claim.owner, words=trouble.words, code=trouble.code)


def _hand_over(current: _Round, claim: _Claim, in_hand: Mapping[int, MailParts]) -> None:
    """Hand mails over, one at least, until the window's time is up, the server takes no more, or we are to stop."""
    until = time.monotonic() + WINDOW_SECONDS
    done = 0
    for mail_id, parts in in_hand.items():
        if done and (time.monotonic() >= until or current.should_stop()):
            break
        outcome = _send_one(current, mail_id, parts)
        done += 1
        if isinstance(outcome, Refused) and _is_not_the_mails(outcome):
            current.trouble = outcome
            return
        claim.outcomes[mail_id] = outcome
        claim.rest.remove(mail_id)
        if _server_hung_up(outcome):
            current.trouble = outcome
            return
    claim.untouched = list(in_hand)[done:]
    current.window = min(2 * done, MOST_IN_HAND) if time.monotonic() < until else done


def _send_one(current: _Round, mail_id: int, parts: MailParts) -> Outcome:
    """Hand over one mail and return what became of it."""
    try:
        return current.transport.deliver(build_message(parts), parts.envelope_from, parts.to_address)
    except Refused as refused:
        return refused
    except Exception as problem:
        return _unwritable(problem, mail_id)


def _unwritable(problem: Exception, mail_id: int) -> Refused:
    # Whatever is wrong with one mail must not stop the others. Trying it again by ourselves could send it
    # twice, so it fails and a person decides.
    log.exception("a mail could not be written", mail_id=mail_id)
    words = one_line(f"{UNSAFE}: {type(problem).__name__}: {problem}")
    return Refused(permanent=True, code=None, words=words, stage=Stage.CONTENT)


def _record(current: _Round, owner: str, mail_id: int, outcome: Outcome) -> MailState | None:
    """Note what became of a mail; return its state, None where that says nothing new."""
    row = select(OutgoingMail).where(OutgoingMail.id == mail_id).with_for_update()
    mail = db.session.scalars(row, execution_options={"populate_existing": True}).one()
    if isinstance(outcome, Delivered):
        # Also where the lease ran out meanwhile: the server has the mail, whoever holds it now.
        if mail.state is MailState.SENT:
            return None
        record_sent(mail, code=outcome.code, words=outcome.words, now=current.now())
        return mail.state
    if mail.state is not MailState.SENDING or mail.lease_owner != owner:
        return None
    record_refused(
        mail,
        permanent=outcome.permanent,
        code=outcome.code,
        words=outcome.words,
        now=current.now(),
        perhaps_left=outcome.perhaps_taken,
    )
    return mail.state


def _is_not_the_mails(refused: Refused) -> bool:
    """Return whether a refusal is about the server or our own set-up: every other mail would meet it too."""
    if refused.stage in (Stage.CONNECT, Stage.SIGN_IN):
        return True
    return is_about_sign_in(refused.code or 0) or refused.words.startswith(NOT_SIGNED)


def _server_hung_up(outcome: Outcome) -> TypeGuard[Refused]:
    """Return whether a fresh connection ended before the mail was even named: the others need not try now.

    This mail counts an attempt all the same. Were it the cause, it would else stay first in line for ever.
    """
    if isinstance(outcome, Delivered) or outcome.permanent:
        return False
    return outcome.stage is Stage.SENDER and outcome.code in (None, 421)
