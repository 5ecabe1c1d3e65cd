"""``flask --app wsgi mail listen``: 250 only after the commit, an answer for each recipient, nothing lost at the end."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import smtplib
import socket
import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from pop_campaigns.core.db import db
from pop_campaigns.mail.intake import group_commit, listener
from pop_campaigns.mail.intake.group_commit import GroupCommit
from pop_campaigns.mail.intake.store import SIZE_LIMIT, Arrival, store_arrivals
from pop_campaigns.mail.rules import IncomingWay
from tests.forked import Forked, command_under, forker
from tests.intake.conftest import Start, stored, wait_for
from tests.services import free_port

RAW = b"From: a@bashkia.example\r\nSubject: \xc3\xab\xff\x00\r\n\r\n.dot\r\n..two\r\n.\x00\r\nend\r\n"
SENDER, TO, OTHER = "a@bashkia.example", "r-a@rsvp.example", "r-b@rsvp.example"


class Client:
    """Speaks as a mail server would, line by line, so that its answers are seen as they come."""

    def __init__(self, port: int, hello: str = "LHLO") -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        self.file = self.socket.makefile("rb")
        assert self.reply().startswith("220 ")
        self.offers = self.say(f"{hello} mx.example").upper()

    def reply(self) -> str:
        lines = []
        while True:
            line = self.file.readline()
            if not line:
                raise ConnectionError("hung up")
            lines.append(line.decode())
            if line[3:4] == b" ":
                return "".join(lines)

    def say(self, line: str) -> str:
        self.socket.sendall(line.encode() + b"\r\n")
        return self.reply()

    def send(self, raw: bytes = RAW, sender: str = SENDER, to: tuple[str, ...] = (TO,)) -> list[str]:
        """The codes of the whole conversation about one message, those for its recipients last."""
        codes = [self.say(f"MAIL FROM:<{sender}> BODY=8BITMIME")[:3]]
        codes += [self.say(f"RCPT TO:<{one}>")[:3] for one in to]
        codes.append(self.say("DATA")[:3])
        if codes[-1] != "354":
            return codes
        content = b"\r\n" + raw
        self.socket.sendall(content.replace(b"\r\n.", b"\r\n..")[2:] + b".\r\n")
        return codes + [self.reply()[:3] for _ in range(codes[1:-1].count("250"))]


@pytest.fixture
def door(app: Flask) -> Iterator[int]:
    """The port of a listener on the test's database."""
    with listening(app) as port:
        yield port


def open_door(start: Start, folder: Path, kind: str = "lmtp", **environ: str) -> tuple[int, Forked]:
    port = free_port()
    process = start("mail", "listen", "--at", f"{kind}://127.0.0.1:{port}", **environ)
    wait_for(lambda: answers(port) or process.poll() is not None, what="the listener")
    assert process.poll() is None, (folder / "service.log").read_text(encoding="utf-8")
    return port, process


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_lmtp(start_service: Start, tmp_path: Path) -> None:
    client = Client(open_door(start_service, tmp_path)[0])
    assert f"SIZE {SIZE_LIMIT}" in client.offers
    assert all(word in client.offers for word in ("8BITMIME", "SMTPUTF8", "PIPELINING"))

    # Each recipient has its answer, and every byte is kept.
    to = (TO, "askush@bashkia.example", OTHER)
    assert client.send(to=to) == ["250", "250", "550", "250", "354", "250", "250"]
    assert [(one.raw, one.envelope_from, one.envelope_to, one.way) for one in stored()] == [
        (RAW, SENDER, TO, IncomingWay.LISTENER),
        (RAW, SENDER, OTHER, IncomingWay.LISTENER),
    ]
    # Again: taken, and there once.
    assert client.send()[-1] == "250"
    assert len(stored()) == 2
    # The null sender; the domain in capitals; letters beyond ASCII.
    assert client.send(b"bounce\r\n", sender="", to=("b-x@RSVP.Example",))[-1] == "250"
    assert client.say("MAIL FROM:<dërguesi@bashkia-korçë.al> SMTPUTF8 BODY=8BITMIME").startswith("250")
    assert client.say("RSET").startswith("250")
    assert client.send(b"utf8\r\n", sender="dërguesi@bashkia-korçë.al")[-1] == "250"
    # A line of a megabyte, and nothing but a dot.
    assert client.send(b"x" * 1_000_000 + b"\r\n")[-1] == "250"
    assert client.send(b"")[-1] == "250"
    kept = [(one.envelope_from, one.envelope_to, one.size) for one in stored()[2:]]
    assert kept == [
        ("", "b-x@rsvp.example", 8),
        ("dërguesi@bashkia-korçë.al", TO, 6),
        (SENDER, TO, 1_000_002),
        (SENDER, TO, 0),
    ]
    # No recipient is ours: no message is asked for.
    assert client.send(to=("askush@bashkia.example",)) == ["250", "550", "503"]
    assert client.say("RSET").startswith("250")
    # Nothing anybody typed is in the log.
    assert "bashkia" not in (tmp_path / "service.log").read_text(encoding="utf-8")


def test_too_large_is_said_before_and_after_for_each_recipient(door: int) -> None:
    client = Client(door)
    assert client.say(f"MAIL FROM:<{SENDER}> SIZE={SIZE_LIMIT + 1}").startswith("552")
    large = (b"x" * 998 + b"\r\n") * (SIZE_LIMIT // 1000 + 1)
    assert client.send(large, to=(TO, OTHER))[-2:] == ["552", "552"]
    assert client.send()[-1] == "250"
    assert [one.raw for one in stored()] == [RAW]


def test_commands_may_follow_without_waiting(door: int) -> None:
    client = Client(door)
    client.socket.sendall(
        f"MAIL FROM:<{SENDER}>\r\nRCPT TO:<{TO}>\r\nDATA\r\nfirst\r\n.\r\n"
        f"MAIL FROM:<{SENDER}>\r\nRCPT TO:<{OTHER}>\r\nDATA\r\nsecond\r\n.\r\nQUIT\r\n".encode()
    )
    assert [client.reply()[:3] for _ in range(9)] == ["250", "250", "354", "250"] * 2 + ["221"]
    assert [one.raw for one in stored()] == [b"first\r\n", b"second\r\n"]


@pytest.mark.parametrize("end", [b"\n.\n", b"\n.\r\n", b"\r\n.\n", b"\r.\r"])
def test_no_second_message_is_smuggled_in(door: int, end: bytes) -> None:
    client = Client(door)
    client.say(f"MAIL FROM:<{SENDER}>")
    client.say(f"RCPT TO:<{TO}>")
    client.say("DATA")
    inside = b"one" + end + b"MAIL FROM:<x@y.example>\r\nRCPT TO:<r-b@rsvp.example>\r\nDATA\r\ntwo\r\n"
    client.socket.sendall(inside + b".\r\n")
    assert client.reply().startswith("250")
    assert [(one.raw, one.envelope_to) for one in stored()] == [(inside.replace(b"\r\n.", b"\r\n"), TO)]


def test_smtp_answers_once_and_says_its_own_hello(start_service: Start, tmp_path: Path) -> None:
    port, _ = open_door(start_service, tmp_path, kind="smtp")
    with smtplib.SMTP("127.0.0.1", port) as client:
        assert client.sendmail("", [TO, "askush@bashkia.example", OTHER], RAW) == {
            "askush@bashkia.example": (550, b"5.1.1 No mailbox of that domain is here")
        }
    assert [(one.raw, one.envelope_from, one.envelope_to) for one in stored()] == [
        (RAW, "", TO),
        (RAW, "", OTHER),
    ]


def test_a_client_that_hangs_up_before_the_dot_leaves_nothing(door: int) -> None:
    client = Client(door)
    for line in (f"MAIL FROM:<{SENDER}>", f"RCPT TO:<{TO}>", "DATA"):
        client.say(line)
    client.socket.sendall(b"half a mess")
    client.file.close()
    client.socket.close()
    assert Client(door).send()[-1] == "250"
    assert [one.raw for one in stored()] == [RAW]


def test_told_to_stop_it_finishes_what_is_under_way(start_service: Start, tmp_path: Path) -> None:
    port, process = open_door(start_service, tmp_path)
    busy, idle = Client(port), Client(port)
    for line in (f"MAIL FROM:<{SENDER}>", f"RCPT TO:<{TO}>", "DATA"):
        busy.say(line)
    busy.socket.sendall(b"first half,")
    process.send_signal(signal.SIGTERM)
    assert idle.reply().startswith("421")
    assert process.poll() is None
    busy.socket.sendall(b" second half\r\n.\r\n")
    assert busy.reply().startswith("250")
    assert process.wait(30) == 0
    assert [one.raw for one in stored()] == [b"first half, second half\r\n"]


def test_a_port_that_is_taken_is_said_in_words(app: Flask) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        url = f"lmtp://127.0.0.1:{other.getsockname()[1]}"
        result = app.test_cli_runner().invoke(args=["mail", "listen", "--at", url])
    assert result.exit_code == 1
    assert f"Nobody can listen at {url}" in result.output
    result = app.test_cli_runner().invoke(args=["mail", "listen", "--at", "pop3://here"])
    assert "pop3://here is not an address like lmtp://127.0.0.1:2424." in result.output


@contextlib.contextmanager
def locked_out() -> Iterator[None]:
    """Somebody else writes and does not come to an end."""
    db.session.rollback()
    if db.engine.dialect.name == "sqlite":
        with contextlib.closing(sqlite3.connect(db.engine.url.database or "", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            yield
        return
    with db.engine.connect() as connection:
        connection.exec_driver_sql("LOCK TABLE incoming_mails IN ACCESS EXCLUSIVE MODE")
        yield


@pytest.mark.both_databases
def test_while_the_database_is_locked_each_recipient_is_told_to_come_again(
    start_service: Start, tmp_path: Path
) -> None:
    port, _process = open_door(start_service, tmp_path, POP_DATABASE_WAIT="1")
    client = Client(port)
    with locked_out():
        assert client.send(to=(TO, OTHER))[-2:] == ["452", "452"]
    assert client.send(to=(TO, OTHER))[-2:] == ["250", "250"]
    assert len(stored()) == 2


def test_a_full_disk_is_said_and_what_fits_is_taken(
    own_environment: dict[str, str], start_service: Start, tmp_path: Path
) -> None:
    database, port = tmp_path / "pop.sqlite3", free_port()
    listen = ["--app", "wsgi", "mail", "listen", "--at", f"lmtp://127.0.0.1:{port}"]
    with (tmp_path / "full.log").open("wb") as log:
        assert forker().start(["--app", "wsgi", "db", "upgrade"], own_environment, log).wait(60) == 0
        limit = command_under(database.stat().st_size + 2_000_000)
        process = forker().start(listen, own_environment, log, program=limit)
    try:
        wait_for(lambda: answers(port), what="the listener")
        client = Client(port)
        assert client.send(b"x" * 8_000_000 + b"\r\n")[-1] == "452"
        assert client.send(b"small\r\n")[-1] == "250"
    finally:
        process.kill()
        process.wait()
    with contextlib.closing(sqlite3.connect(database)) as connection:
        assert connection.execute("SELECT raw FROM incoming_mails").fetchall() == [(b"small\r\n",)]
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_one_message_that_cannot_be_stored_does_not_keep_the_others_out(app: Flask, monkeypatch: Any) -> None:
    gate = threading.Event()

    def store(arrivals: Any, now: Any, *, ring: Any) -> list[int]:
        gate.wait(30)
        if any(arrival.raw == b"poison" for arrival in arrivals):
            raise ValueError("poison")
        return store_arrivals(arrivals, now, ring=ring)

    monkeypatch.setattr(group_commit, "store_arrivals", store)

    async def deliver() -> list[Any]:
        store = GroupCommit(app)
        jobs = [
            asyncio.create_task(store.store([Arrival(raw, "", TO, IncomingWay.LISTENER)]))
            for raw in (b"first", b"good", b"poison", b"also good")
        ]
        await asyncio.sleep(0.1)  # all but the first wait together
        gate.set()
        results = await asyncio.gather(*jobs, return_exceptions=True)
        await asyncio.to_thread(store.close)
        return results

    db.session.rollback()
    results = asyncio.run(deliver())
    assert [type(result) for result in results] == [type(None), type(None), ValueError, type(None)]
    assert {one.raw for one in stored()} == {b"first", b"good", b"also good"}


def test_too_much_at_once_is_told_to_come_again(app: Flask, monkeypatch: Any) -> None:
    monkeypatch.setattr(listener, "MOST_CONNECTIONS", 1)
    monkeypatch.setattr(listener, "MOST_BYTES_HELD", 1000)
    with listening(app) as port:
        client = Client(port)
        with socket.create_connection(("127.0.0.1", port), timeout=30) as second:
            assert second.recv(100).startswith(b"421 4.3.2 Too many")
        assert client.send(b"x" * 2000 + b"\r\n")[-1] == "452"
        assert client.send(b"x" * 900 + b"\r\n")[-1] == "250"
        assert client.send(b"y" * 900 + b"\r\n")[-1] == "250"  # what was held is let go


@contextlib.contextmanager
def listening(app: Flask) -> Iterator[int]:
    """The listener in this process, where its limits can be made small."""
    db.session.rollback()
    ready: list[int] = []
    stop: list[Callable[[], Any]] = []

    async def serve() -> None:
        loop, over = asyncio.get_running_loop(), asyncio.Event()
        store = GroupCommit(app)
        door = listener.Door("rsvp.example", store)
        server = await loop.create_server(lambda: listener._LocalTalk(door, loop), "127.0.0.1", 0)
        stop.append(lambda: loop.call_soon_threadsafe(over.set))
        ready.append(server.sockets[0].getsockname()[1])
        await over.wait()
        server.close()
        await door.close()
        await asyncio.to_thread(store.close)

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    wait_for(lambda: ready)
    try:
        yield ready[0]
    finally:
        stop[0]()
        thread.join(30)
