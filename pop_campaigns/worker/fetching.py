"""The mailbox of the settings, emptied once by a command or all the time beside the worker."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

import structlog
from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from pop_campaigns.core import clock
from pop_campaigns.mail.intake.mailbox import Mailbox, MailboxTrouble, mailbox_settings
from pop_campaigns.mail.intake.store import Arrival, store_arrivals

FIRST_WAIT = 2.0
LONGEST_WAIT = 300.0
log = structlog.get_logger()


def fetch_once(app: Flask) -> int | None:
    """Empty the mailbox once and return how many messages; None if none is configured.

    Raise :class:`MailboxTrouble` or the database's errors; what was stored until then is moved, too.
    """
    settings = mailbox_settings(app.config)
    if settings is None:
        return None
    with Mailbox(settings).open() as mailbox:
        return mailbox.take_all(_storing(app))


def start_fetching(app: Flask, should_stop: Callable[[], bool]) -> threading.Thread | None:
    """Start a thread that keeps the mailbox empty until ``should_stop``; None if none is configured."""
    settings = mailbox_settings(app.config)
    if settings is None:
        return None
    thread = threading.Thread(
        target=keep_empty, args=(app, Mailbox(settings), should_stop), name="mailbox", daemon=True
    )
    thread.start()
    return thread


def keep_empty(app: Flask, mailbox: Mailbox, should_stop: Callable[[], bool]) -> None:
    """Take messages as they come; after trouble wait 2, 4, 8, … seconds, five minutes at most."""
    wait = FIRST_WAIT
    while not should_stop():
        try:
            with mailbox.open() as opened:
                while not should_stop():
                    count = opened.take_all(_storing(app), should_stop)
                    wait = FIRST_WAIT
                    if count:
                        log.info("mailbox", taken=count)
                    opened.wait(app.config["INBOX_EVERY"], should_stop)
        except MailboxTrouble as problem:
            log.warning("the mailbox cannot be emptied now", why=str(problem), again_in=wait)
        except SQLAlchemyError as problem:
            # Nothing was moved, so nothing is lost.
            log.error("mail could not be stored", why=type(problem).__name__, again_in=wait)
        except Exception:  # this thread must live as long as the worker
            log.exception("the mailbox cannot be emptied now", again_in=wait)
        else:
            continue
        _pause(wait, should_stop)
        wait = min(2 * wait, LONGEST_WAIT)


def _pause(seconds: float, should_stop: Callable[[], bool]) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end and not should_stop():
        time.sleep(0.2)


def _storing(app: Flask) -> Callable[[Sequence[Arrival]], object]:
    def store(arrivals: Sequence[Arrival]) -> object:
        with app.app_context():
            return store_arrivals(arrivals, clock.now())

    return store
