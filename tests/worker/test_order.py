"""Nobody reads yesterday's invitation after today's word: events change while a worker sends, is killed, or is sent away.

Over real SMTP, on both databases. What is counted is what the server took, in its order.
"""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable
from datetime import datetime, timedelta
from types import SimpleNamespace

import pytest
from flask import Flask
from sqlalchemy import select

from pop_campaigns.core.db import db
from pop_campaigns.events.models.events import Event
from pop_campaigns.invitations.services.sending import cancel_with_notice, send_changes
from pop_campaigns.mail.compose import compose
from pop_campaigns.mail.message import build_message
from pop_campaigns.mail.models import OutgoingMail
from pop_campaigns.mail.outbox import claim_mails, record_sent, take_in_hand
from pop_campaigns.mail.rules import MailState
from pop_campaigns.mail.transport import SmtpTransport
from pop_campaigns.worker import drain
from pop_campaigns.worker.drain import drain_outbox
from pop_campaigns.worker.server import server_settings
from tests.invitations import scene
from tests.invitations.scene import make_offices, make_table
from tests.worker.conftest import PostOffice

pytestmark = pytest.mark.both_databases(always=True)
GUESTS = 9
Say = Callable[[Event, SimpleNamespace], None]


@pytest.fixture
def event(app: Flask, office: PostOffice, cast: SimpleNamespace) -> Event:
    """An event to which all are invited; nothing has left."""
    return invite_all(cast, GUESTS)


def invite_all(cast: SimpleNamespace, number: int) -> Event:
    event = make_table(cast.fier)
    scene.invite(event, make_offices(number), cast)
    return event


def cancelled(event: Event, cast: SimpleNamespace) -> None:
    cancel_with_notice(event, by=cast.arta, now=scene.NOW)


def moved(event: Event, cast: SimpleNamespace) -> None:
    later = timedelta(hours=1)
    scene.move(event, starts_at=event.starts_at + later, ends_at=event.ends_at + later)
    send_changes(event, by=cast.arta, now=scene.NOW)


def twice_moved_then_cancelled(event: Event, cast: SimpleNamespace) -> None:
    moved(event, cast)
    moved(event, cast)
    cancelled(event, cast)


SAID = pytest.mark.parametrize(
    ("say", "last"),
    [(cancelled, ("CANCEL", 1)), (moved, ("REQUEST", 1)), (twice_moved_then_cancelled, ("CANCEL", 3))],
)


def send(app: Flask, owner: str, now: datetime = scene.NOW + timedelta(seconds=1)) -> None:
    drain_outbox(app, owner=owner, now_fn=lambda: now)


def send_until_nothing_is_left(app: Flask) -> None:
    """Drain again and again, each time when the last lease and the longest wait are over."""
    db.session.commit()
    for hours in range(1, 5):
        send(app, f"later {hours}", scene.NOW + timedelta(hours=hours, minutes=10))
    db.session.rollback()


def read_by_guest(office: PostOffice) -> dict[str, list[tuple[str, int]]]:
    """Give what each guest read, in order: the calendar's METHOD and its SEQUENCE."""
    rows = db.session.scalars(select(OutgoingMail)).all()
    by_name = {mail.message_id: mail.skeleton.calendar or {} for mail in rows}
    read = defaultdict(list)
    for message_id, to in office.taken:
        calendar = by_name[message_id]
        read[to].append((calendar["method"], calendar["sequence"]))
    db.session.rollback()
    return read


def check(read: dict[str, list[tuple[str, int]]], last: tuple[str, int]) -> None:
    """The last word of each guest is the present one, nothing older came after a newer one, and no end came alone."""
    for to, words in read.items():
        sequences = [sequence for _method, sequence in words]
        assert words[-1] == last, (to, words)
        assert sequences == sorted(set(sequences)), (to, words)
        assert words[0][0] == "REQUEST", (to, words)


@SAID
def test_a_worker_killed_between_claim_and_hand_over_leaves_nothing_old_behind(
    app: Flask, office: PostOffice, event: Event, cast: SimpleNamespace, say: Say, last: tuple[str, int]
) -> None:
    claimed = claim_mails("killed", now=scene.NOW)
    in_hand = {mail.to_address for mail in take_in_hand(claimed[:2], "killed", now=scene.NOW)}
    db.session.commit()
    say(event, cast)
    send_until_nothing_is_left(app)
    read = read_by_guest(office)
    assert {tuple(words) for words in read.values()} == {(last,)}
    # Of those in hand nobody knows: they are told the end too. Nobody else hears of an end who heard of no beginning.
    assert set(read) == in_hand or (last[0] == "REQUEST" and len(read) == GUESTS)


class Killed(BaseException):
    """What ends a worker within a transaction."""


@SAID
def test_a_worker_killed_between_250_and_commit_leaves_nothing_old_behind(
    app: Flask,
    office: PostOffice,
    event: Event,
    cast: SimpleNamespace,
    monkeypatch: pytest.MonkeyPatch,
    say: Say,
    last: tuple[str, int],
) -> None:
    recorded: list[int] = []

    def record(mail: OutgoingMail, **_said: object) -> None:
        if len(recorded) == 3:
            raise Killed
        recorded.append(mail.id)
        record_sent(mail, code=250, words="", now=scene.NOW)

    monkeypatch.setattr(drain, "record_sent", record)
    monkeypatch.setattr(drain, "WINDOW_SECONDS", 60.0)
    with pytest.raises(Killed):
        send(app, "killed")
    monkeypatch.undo()
    monkeypatch.setitem(app.config, "MAIL_PORT", office.port)
    had = {to for _message_id, to in office.taken}
    assert 3 < len(had) < GUESTS
    say(event, cast)
    send_until_nothing_is_left(app)
    read = read_by_guest(office)
    check(read, last)
    assert set(read) == had or (last[0] == "REQUEST" and len(read) == GUESTS)


@pytest.mark.parametrize(
    ("say", "last", "workers"),
    [
        (cancelled, ("CANCEL", 1), 1),
        (cancelled, ("CANCEL", 1), 3),
        (moved, ("REQUEST", 1), 3),
        (twice_moved_then_cancelled, ("CANCEL", 3), 3),
    ],
)
def test_said_while_mails_are_in_hand_and_every_third_is_greylisted(
    app: Flask,
    office: PostOffice,
    event: Event,
    cast: SimpleNamespace,
    say: Say,
    last: tuple[str, int],
    workers: int,
) -> None:
    for place in range(0, GUESTS, 3):
        office.answers[f"zyra{place}@bashkia.example"] = ["451 4.7.1 Greylisting in action"]
    office.gate.clear()
    started = [threading.Thread(target=send, args=(app, f"worker {n}")) for n in range(workers)]
    for worker in started:
        worker.start()
    while not office.waiting:
        time.sleep(0.01)
    say(event, cast)
    db.session.commit()
    office.gate.set()
    for worker in started:
        worker.join()
    send_until_nothing_is_left(app)
    read = read_by_guest(office)
    check(read, last)
    assert last[0] == "CANCEL" or len(read) == GUESTS
    assert not [mail for mail in scene.mails() if mail.state in (MailState.QUEUED, MailState.SENDING)]


def test_a_mail_that_nobody_called_off_goes_again_under_its_name(
    app: Flask, office: PostOffice, event: Event
) -> None:
    claimed = claim_mails("killed", now=scene.NOW)
    first = take_in_hand(claimed[:1], "killed", now=scene.NOW)[0]
    with SmtpTransport(server_settings(app.config)) as transport:
        parts = compose(first)
        transport.deliver(build_message(parts), parts.envelope_from, parts.to_address)
    name = first.message_id
    send_until_nothing_is_left(app)
    assert office.times() == {mail.message_id: 1 for mail in scene.mails()} | {name: 2}
