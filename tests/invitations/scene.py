"""A round table of Fier with two offices, on fixed days, and ways to play its mails."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from flask import Flask
from sqlalchemy import event as sa_event
from sqlalchemy import select

from pop_campaigns.accounts.models import Organisation
from pop_campaigns.contacts.models.institutions import Office
from pop_campaigns.core.db import db
from pop_campaigns.events.models.events import Event
from pop_campaigns.invitations.models.invitations import Invitation
from pop_campaigns.invitations.rules.invitations import GuestChoice
from pop_campaigns.invitations.services.guests import add_guests
from pop_campaigns.invitations.services.sending import send_invitations
from pop_campaigns.mail.models import OutgoingMail
from pop_campaigns.mail.outbox import record_refused, record_sent
from pop_campaigns.mail.rules import MailState
from tests import factories

NOW = datetime(2026, 5, 20, 9, 0, tzinfo=UTC)
START = datetime(2026, 6, 16, 8, 0, tzinfo=UTC)


def make_table(organisation: Organisation | None, **values: Any) -> Event:
    """A round table on 16 June 2026, 10:00–12:00 in Tirana."""
    defaults = {
        "starts_at": START,
        "ends_at": START + timedelta(hours=2),
        "created_at": NOW,
        "changed_at": NOW,
    }
    return factories.make_event(organisation, **(defaults | values))


def make_offices(number: int, **values: Any) -> list[Office]:
    """Offices with an address each."""
    return [
        factories.make_office(f"Zyra {n}", email=f"zyra{n}@bashkia.example", **values) for n in range(number)
    ]


def invite(
    event: Event, offices: list[Office], cast: SimpleNamespace, *, language: str = "sq"
) -> list[Invitation]:
    """Invite offices, committed, the mails still in the queue."""
    choices = [GuestChoice("office", office.id, language) for office in offices]
    guests = add_guests(event, choices, by=cast.arta, now=NOW).added
    send_invitations(event, by=cast.arta, now=NOW)
    db.session.commit()
    return guests


def mails(kind: str = "") -> list[OutgoingMail]:
    """The mails of the outbox, oldest first, those of one kind if it is named."""
    outgoing_mails = db.session.scalars(select(OutgoingMail).order_by(OutgoingMail.id))
    return [mail for mail in outgoing_mails if mail.kind.startswith(f"invitation.{kind}")]


def deliver(now: datetime = NOW) -> int:
    """Let the server take all that waits; gives how many."""
    waiting = [mail for mail in mails() if mail.state is MailState.QUEUED]
    for mail in waiting:
        mail.state, mail.lease_until = MailState.SENDING, now
        db.session.flush()
        record_sent(mail, code=250, words="taken", now=now)
    db.session.commit()
    return len(waiting)


def refuse(mail: OutgoingMail, now: datetime = NOW) -> None:
    """Let the server refuse one mail for good."""
    mail.state, mail.lease_until = MailState.SENDING, now
    db.session.flush()
    record_refused(mail, permanent=True, code=550, words="no such user", now=now)
    db.session.commit()


def move(event: Event, **values: Any) -> None:
    """Change what guests act on, as the event's service does."""
    for name, value in values.items():
        setattr(event, name, value)
    event.sequence += 1
    db.session.commit()


@contextmanager
def counted_statements() -> Iterator[list[str]]:
    """The statements sent to the database within the block; one for many rows counts once."""
    seen: list[str] = []

    def count(_conn: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        seen.append(statement)

    sa_event.listen(db.engine, "before_cursor_execute", count)
    try:
        yield seen
    finally:
        sa_event.remove(db.engine, "before_cursor_execute", count)


def at_once(app: Flask, number: int, work: Callable[[], Any]) -> list[Any]:
    """Do the same thing in several threads that start together; gives results or the exceptions."""
    start, results = threading.Barrier(number), []

    def run() -> None:
        with app.app_context():
            start.wait()
            try:
                results.append(work())
            except Exception as problem:  # the test looks at it
                results.append(problem)
            finally:
                db.session.remove()

    threads = [threading.Thread(target=run) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results
