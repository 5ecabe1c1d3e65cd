"""How many messages a second are fully processed: read under limits, matched, filed, committed, answers counted.

A realistic service to begin with (1,000 guests of one event among 100,000 invitations of other events) and a realistic
mix: calendar answers, bounces, automatic replies, people's words, and other messages: those of other projects where they
lie beside the checkout or where ``SAMPLES`` says, else of our own. Then so many processes, each as the worker does it, on
SQLite with synchronous=FULL.
"""

from __future__ import annotations

import contextlib
import os
import random
import sqlite3
import statistics
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import flask_migrate
from flask import Flask
from sqlalchemy import func, insert, select, update

from config import ROOT
from pop_campaigns.app import create_app
from pop_campaigns.core.clock import now
from pop_campaigns.core.db import db
from pop_campaigns.core.tokens import derive_local_part, hash_token, new_nonce
from pop_campaigns.incoming.tasks import file_received
from pop_campaigns.invitations.models.invitations import GivenAnswer, Invitation, InvitationMail
from pop_campaigns.invitations.rules.invitations import GuestChoice, InvitationState, MailPurpose
from pop_campaigns.invitations.services.guests import add_guests
from pop_campaigns.invitations.services.sending import send_invitations
from pop_campaigns.mail.intake.store import Arrival, store_arrivals
from pop_campaigns.mail.models import IncomingMail, OutgoingMail
from pop_campaigns.mail.outbox import add_skeleton, bounce_local_of
from pop_campaigns.mail.reading.limits import MailReader
from pop_campaigns.mail.rules import IncomingState, IncomingWay, MailState
from tests import factories
from tests.incoming.scene import DOMAIN, address_of, bounce, calendar, words
from tests.mail import sample_sets
from tests.mail.own.sets import every_own

GUESTS = 1000
OTHERS = 100_000
OTHER_EVENTS = 20
SECRET = "a key for measuring only, long enough 0123456789"
# Of a hundred messages: answers from calendars, bounces, automatic replies, people; the rest are others.
SHARES = {"calendar": 55, "bounce": 12, "away": 10, "human": 15}


def open_app(folder: Path) -> Flask:
    """The service on a database in a folder, as in production but for the network."""
    return create_app({"MODE": "test", "DATA_DIR": str(folder), "SECRET_KEY": SECRET, "MAIL_DOMAIN": DOMAIN})


def make_service() -> None:
    """Fill the tables: an event with 1,000 guests, and what other events of the network left behind."""
    moment = now()
    organisation = factories.make_organisation("Fier")
    arta = factories.make_user("arta", "coordinator", organisation)
    offices = [
        factories.make_office(f"Zyra {n}", email=f"zyra{n}@bashkia.example", organisation=organisation)
        for n in range(OTHERS // OTHER_EVENTS)
    ]
    event = factories.make_event(organisation, starts_in=timedelta(days=20))
    choices = [GuestChoice("office", office.id, "sq") for office in offices[:GUESTS]]
    add_guests(event, choices, by=arta, now=moment)
    send_invitations(event, by=arta, now=moment)
    db.session.execute(update(OutgoingMail).values(state=MailState.SENT, sent_at=moment))
    events = [factories.make_event(organisation, starts_in=timedelta(days=30)) for _ in range(OTHER_EVENTS)]
    skeleton = add_skeleton(
        language="sq", subject="Ftesë", text="Të nderuar,", html="<p>Të nderuar,", now=moment
    )
    db.session.flush()
    for each_event in events:
        _add_others(
            each_event.id, organisation.id, skeleton.id, [(office.id, n) for n, office in enumerate(offices)]
        )
    db.session.commit()
    db.session.expunge_all()


def _add_others(
    event_id: int, organisation_id: int, skeleton_id: int, offices: list[tuple[int, int]]
) -> None:
    moment = now()
    guests, mails = [], []
    for ident, number in offices:
        nonce, key = new_nonce(), f"{event_id}-{number}"
        address, local = f"zyra{number}@bashkia.example", derive_local_part("reply", nonce)
        guests.append(
            {
                "event_id": event_id, "office_id": ident, "address": address, "language": "sq", "nonce": nonce,
                "token_hash": hash_token(nonce), "reply_local": f"r-{local}", "created_at": moment,
                "state": InvitationState.INVITED, "invited_at": moment,
            }
        )  # fmt: skip
        mails.append(
            {
                "organisation_id": organisation_id, "kind": "invitation.request", "once": f"other/{key}",
                "skeleton_id": skeleton_id, "to_address": address, "from_address": f"r-{local}@{DOMAIN}",
                "message_id": f"<{key}@{DOMAIN}>", "bounce_nonce": nonce, "bounce_local": bounce_local_of(nonce),
                "state": MailState.SENT, "dated_at": moment, "queued_at": moment, "available_at": moment,
                "sent_at": moment, "attempts": 1,
            }
        )  # fmt: skip
    first_guest = (db.session.scalar(select(func.max(Invitation.id))) or 0) + 1
    first_mail = (db.session.scalar(select(func.max(OutgoingMail.id))) or 0) + 1
    db.session.execute(insert(Invitation), guests)
    db.session.execute(insert(OutgoingMail), mails)
    links = [
        {
            "invitation_id": first_guest + n,
            "mail_id": first_mail + n,
            "purpose": MailPurpose.REQUEST,
            "sequence": 0,
        }
        for n in range(len(offices))
    ]
    db.session.execute(insert(InvitationMail), links)


class Message(NamedTuple):
    """One that comes in: what it is, and its envelope."""

    kind: str
    raw: bytes
    sender: str
    to: str


def make_messages(number: int, seed: int) -> list[Message]:
    """So many different messages in random order."""
    dice = random.Random(seed)  # the same mix at every run
    wanted = select(Invitation).where(
        Invitation.event_id == select(func.min(Invitation.event_id)).scalar_subquery()
    )
    guests = list(db.session.scalars(wanted))
    rows = select(InvitationMail).where(InvitationMail.invitation_id.in_([other.id for other in guests]))
    mails = [row.mail for row in db.session.scalars(rows)]
    messages: list[Message] = []
    for kind, share in SHARES.items():
        for count in range(number * share // 100):
            guest, mail = dice.choice(guests), dice.choice(mails)
            messages.append(_message(kind, guest, mail, f"{seed}-{count}", dice))
    for sample in islice(_samples(dice), number - len(messages)):
        mark = f"X-Mark: {seed}-{len(messages)}\r\n".encode()  # the same bytes would be one row
        messages.append(Message("sample", mark + sample, "x@posta.example", f"kontakt@{DOMAIN}"))
    dice.shuffle(messages)
    return messages


def _message(kind: str, guest: Invitation, mail: OutgoingMail, mark: str, dice: random.Random) -> Message:
    to = address_of(guest)
    if kind == "bounce":
        back = f"{mail.bounce_local}@{DOMAIN}"
        return Message(kind, bounce(mail, to=back).replace(b"Ftes", mark.encode() + b" Ftes"), "", back)
    if kind == "calendar":
        said = dice.choice(("ACCEPTED", "ACCEPTED", "DECLINED", "TENTATIVE"))
        stamp = now() + timedelta(seconds=dice.random() * 3600)
        entry = calendar(guest, partstat=said, stamp=stamp)
        return Message(kind, _reply(guest, entry, mark), guest.address, to)
    automatic = {"Auto_Submitted": "auto-replied"} if kind == "away" else {}
    text = (
        "Jam me pushime deri më 5 shtator."
        if kind == "away"
        else "Po vijmë dy veta. A ka parkim?\n\n> Ftesë\n" * 8
    )
    raw = words(text, sender=guest.address, to=to, Message_ID=f"<{kind}-{mark}@bashkia.example>", **automatic)
    return Message(kind, raw, guest.address, to)


def _reply(guest: Invitation, entry: str, mark: str) -> bytes:
    head = (
        f"From: {guest.address}\r\nTo: {address_of(guest)}\r\nSubject: Pranuar\r\n"
        f"Message-ID: <calendar-{mark}@program.example>\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/alternative; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nPranuar\r\n"
        "--b\r\nContent-Type: text/calendar; charset=utf-8; method=REPLY\r\n\r\n"
    )
    return (head + entry + "--b--\r\n").encode()


def _samples(dice: random.Random) -> Iterator[bytes]:
    whole = every_own() if sample_sets.missing() else sample_sets.every_raw()
    raws = [raw for _name, raw in whole if len(raw) < 100_000]
    while True:
        dice.shuffle(raws)
        yield from raws


def read_only(messages: list[Message], processes: int) -> float:
    """Messages a second that so many processes read under limits, when nothing is stored: the ceiling."""
    pool = [MailReader() for _ in range(processes)]

    def read(reader: MailReader, mine: list[Message]) -> None:
        for message in mine:
            reader.read(message.raw, message.sender or "<>", message.to)

    threads = [
        threading.Thread(target=read, args=(reader, messages[number::processes]))
        for number, reader in enumerate(pool)
    ]
    for reader in pool:
        reader.read(b"From: a@b.example\r\n\r\nready")
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - began
    for reader in pool:
        reader.close()
    return len(messages) / seconds


def report(folder: Path, number: int, workers: int, rounds: int) -> None:
    """Print how many messages a second so many workers file, against messages that are only read."""
    print(f"{number} messages a round, fully processed, among {OTHERS} invitations of other events")
    if reason := sample_sets.missing():
        print(f"what is no answer, bounce, absence or reply is of our own making: {reason}")
    app = open_app(folder)
    with app.app_context():
        flask_migrate.upgrade()
        make_service()
        stored: list[Message] = []
        best = 0.0
        for place in range(rounds):
            messages = make_messages(number, place)
            db.session.rollback()
            alone = read_only(messages, workers)
            rate, waits = file_all(folder, messages, workers)
            stored, best = stored + messages, max(best, rate)
            print(f"{f'read under limits alone, {workers} processes':<40} {alone:8.0f} /s   1.0")
            print(
                f"{f'fully processed, {workers} workers':<40} {rate:8.0f} /s {rate / alone:5.2f}   "
                f"somebody who saves meanwhile waits {statistics.median(waits) * 1000:.0f} ms, "
                f"at worst {max(waits) * 1000:.0f} ms; load {os.getloadavg()[0]:.1f}"
            )
        print(f"{'fully processed, the best round':<40} {best:8.0f} /s")
        print(check_filed(stored))


def file_all(folder: Path, messages: list[Message], processes: int) -> tuple[float, list[float]]:
    """Store the messages, then let so many processes file them.

    Gives messages a second, and for how many seconds each of those had to wait who saved something meanwhile.
    """
    arrivals = [
        Arrival(message.raw, message.sender, message.to, IncomingWay.LISTENER) for message in messages
    ]
    store_arrivals(arrivals, now(), ring=lambda: None)
    db.session.remove()
    db.engine.dispose()
    command = [sys.executable, "-m", "tests.intake.filing_rate", str(folder)]
    started = [
        subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(processes)
    ]
    for process in started:
        assert process.stdout is not None
        process.stdout.readline()  # it is ready
    began = time.perf_counter()
    for process in started:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    waits = _save_meanwhile(folder / "pop.sqlite3", started)
    seconds = time.perf_counter() - began
    filed = sum(int(process.communicate()[0]) for process in started)
    assert filed == len(messages), f"{filed} of {len(messages)} messages were filed"
    return len(messages) / seconds, waits


def _save_meanwhile(path: Path, started: list[subprocess.Popen[str]]) -> list[float]:
    """Save something five times a second, as a page does, until the processes are done."""
    waits = [0.0]
    with contextlib.closing(sqlite3.connect(path, isolation_level=None, timeout=15)) as database:
        database.execute("PRAGMA synchronous=FULL")
        while any(process.poll() is None for process in started):
            time.sleep(0.2)
            began = time.perf_counter()
            database.execute("BEGIN IMMEDIATE")
            database.execute("UPDATE events SET changed_at = changed_at WHERE id = 1")
            database.execute("COMMIT")
            waits.append(time.perf_counter() - began)
    return waits


def check_filed(messages: list[Message]) -> str:
    """Say what became of all messages; raises AssertionError where one was lost or done twice."""
    states = dict(
        db.session.execute(select(IncomingMail.state, func.count()).group_by(IncomingMail.state)).all()
    )
    assert sum(states.values()) == len(messages), "a message was lost"
    assert IncomingState.RECEIVED not in states, "a message was not filed"
    answers = select(func.count(GivenAnswer.id), func.count(func.distinct(GivenAnswer.incoming_mail_id)))
    given, from_mails = db.session.execute(answers).one()
    assert given == from_mails, "an answer counted twice"
    bounced = db.session.scalar(
        select(func.count(OutgoingMail.id)).where(OutgoingMail.bounced_at.is_not(None))
    )
    kinds = Counter(message.kind for message in messages)
    told = ", ".join(f"{number} {state.value}" for state, number in sorted(states.items()))
    mix = ", ".join(f"{number} {kind}" for kind, number in sorted(kinds.items()))
    return f"{mix}: {told}; {given} answers counted, {bounced} mails marked as come back"


def main() -> None:
    """Be one worker: get ready, wait for the word, file all there is, say how many that was."""
    app = open_app(Path(sys.argv[1]))
    with app.app_context():
        db.session.scalar(select(func.count(GivenAnswer.id)))
        db.session.rollback()
        print("ready", flush=True)
        sys.stdin.readline()
        print(file_received(lambda: False))


if __name__ == "__main__":
    main()
