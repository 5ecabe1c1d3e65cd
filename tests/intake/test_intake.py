"""Storing what comes in: once, whole, in a commit of its own."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from pop_campaigns.core import clock
from pop_campaigns.core.db import db
from pop_campaigns.mail.domains import is_answered_to, is_for_domain
from pop_campaigns.mail.intake.store import (
    SIZE_LIMIT,
    Arrival,
    TooLarge,
    clean_envelope,
    store_arrival,
    store_arrivals,
)
from pop_campaigns.mail.models import IncomingMail
from pop_campaigns.mail.rules import IncomingState, IncomingWay
from pop_campaigns.mail.wake_up import set_waker

pytestmark = pytest.mark.both_databases(always=True)

RAW = b"Subject: P\xc3\xabrgjigje\r\n\r\n\x00\xff\x80 bytes\n.\nmixed\r\nends\r"
TO = "r-abc@rsvp.example"


def rows() -> int:
    return db.session.scalar(select(func.count(IncomingMail.id))) or 0


def store(raw: bytes = RAW, to: str = TO, sender: str = "a@bashkia.example") -> IncomingMail:
    return store_arrival(Arrival(raw, sender, to, IncomingWay.PIPE), clock.now())


def test_every_byte_is_kept_and_committed(app: Flask) -> None:
    ident = store().id
    db.session.rollback()
    mail = db.session.get_one(IncomingMail, ident)
    assert mail.raw == RAW
    assert (mail.size, mail.sha256) == (len(RAW), hashlib.sha256(RAW).hexdigest())
    assert (mail.state, mail.kind, mail.attempts) == (IncomingState.RECEIVED, None, 0)
    assert (mail.envelope_from, mail.envelope_to, mail.way) == ("a@bashkia.example", TO, IncomingWay.PIPE)


def test_delivered_twice_is_one_row_and_one_answer(app: Flask) -> None:
    first = store()
    first.attempts = 3  # what was done with it meanwhile stays
    db.session.commit()
    assert store().id == first.id
    assert (rows(), first.attempts) == (1, 3)


def test_the_same_message_for_two_recipients_is_two_rows(app: Flask) -> None:
    assert store().id != store(to="r-other@rsvp.example").id
    assert rows() == 2


def test_many_are_one_commit_in_the_order_given(app: Flask) -> None:
    arrivals = [Arrival(b"%d" % number, "", TO, IncomingWay.LISTENER) for number in range(450)]
    arrivals += arrivals[:3]
    ids = store_arrivals(arrivals, clock.now())
    assert ids[450:] == ids[:3]
    assert rows() == 450
    assert db.session.get_one(IncomingMail, ids[17]).raw == b"17"
    assert store_arrivals([], clock.now()) == []


def test_one_too_many_bytes_is_refused_and_the_limit_itself_is_not(app: Flask) -> None:
    assert store(b"x" * SIZE_LIMIT).size == SIZE_LIMIT
    with pytest.raises(TooLarge):
        store(b"x" * (SIZE_LIMIT + 1))
    assert rows() == 1


def test_if_one_of_many_is_refused_none_is_stored(app: Flask) -> None:
    arrivals = [Arrival(raw, "", TO, IncomingWay.IMAP) for raw in (b"small", b"x" * (SIZE_LIMIT + 1))]
    with pytest.raises(TooLarge):
        store_arrivals(arrivals, clock.now())
    assert rows() == 0


def test_the_bell_rings_when_the_row_is_there_for_others(app: Flask, monkeypatch: Any) -> None:
    seen: list[int] = []
    monkeypatch.setitem(app.extensions, "wake_worker", None)

    def look() -> None:
        with db.engine.connect() as other:
            seen.append(len(other.execute(select(IncomingMail.id)).all()))

    set_waker(app, look)
    store()
    assert seen == [1]


def test_a_bell_that_is_broken_loses_nothing(app: Flask, monkeypatch: Any) -> None:
    monkeypatch.setitem(app.extensions, "wake_worker", None)
    set_waker(app, lambda: 1 / 0)
    assert store().id
    assert rows() == 1


def test_a_full_disk_raises_and_the_next_one_is_stored(app: Flask, monkeypatch: Any) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise OperationalError("INSERT", {}, Exception("database or disk is full"))

    with monkeypatch.context() as broken:
        broken.setattr(db.session, "execute", refuse)
        with pytest.raises(OperationalError):
            store()
    assert store().id


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("<R-Abc@RSVP.Example>", "R-Abc@rsvp.example"),
        ("<>", ""),
        ("MAILER-DAEMON", ""),
        ("mailer-daemon@bashkia.example", "mailer-daemon@bashkia.example"),
        (" a@b.example\r\nX: y\x00 ", "a@b.exampleX: y".replace("X", "x")),
        ("dërguesi@bashkia-korçë.al", "dërguesi@bashkia-korçë.al"),
        (b"d\xebrguesi@b.example".decode("utf-8", "surrogateescape"), "d\ufffdrguesi@b.example"),
        ("x" * 400 + "@b.example", "x" * 320),
        ("pa-shenje", "pa-shenje"),
    ],
)
def test_any_envelope_can_be_stored(app: Flask, given: str, kept: str) -> None:
    assert clean_envelope(given) == kept
    mail = store(sender=given)
    db.session.refresh(mail)
    assert mail.envelope_from == kept


@pytest.mark.parametrize(
    ("address", "domain", "ours"),
    [
        ("r-a@rsvp.example", "rsvp.example", True),
        ("r-a@RSVP.example.", "rsvp.example", True),
        ("r-a@xn--kor-1oa5d.al", "korçë.al", False),
        ("r-a@korçë.al", "KORÇË.al".encode("idna").decode(), True),
        ("r-a@x.rsvp.example", "rsvp.example", False),
        ("r-a@rsvp.example.evil.example", "rsvp.example", False),
        ("@rsvp.example", "rsvp.example", False),
        ("rsvp.example", "rsvp.example", False),
        ("r-a@" + "x" * 70 + ".example", "rsvp.example", False),
    ],
)
def test_only_the_domain_itself_is_ours(address: str, domain: str, ours: bool) -> None:
    assert is_for_domain(address, domain) is ours


@pytest.mark.parametrize(
    ("address", "ours"),
    [
        ("r-abc@rsvp.example", True),
        ("R-ABC@RSVP.EXAMPLE", True),
        ("b-x@rsvp.example.", True),
        ("r@rsvp.example", False),
        ("administrator@rsvp.example", False),
        ("r-abc@bashkia.example", False),
        ("r-abc", False),
    ],
)
def test_answers_come_to_addresses_of_their_kind(address: str, ours: bool) -> None:
    assert is_answered_to(address, "rsvp.example") is ours
