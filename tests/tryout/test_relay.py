"""From the local mail server to the intake: nothing acknowledged is lost, and no other mail goes that way."""

from __future__ import annotations

import contextlib
import smtplib
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP

from pop_campaigns.tryout.local_mailbox import count_delivered, list_delivered
from pop_campaigns.tryout.mailserver import TryoutServer
from pop_campaigns.tryout.relay import REFUSED_FOLDER, Kept, Relay, read_kept
from tests.services import free_port
from tests.tryout.test_mailserver import running

DOMAIN, OURS, BOUNCE = "rsvp.example", "r-abcdef@rsvp.example", "b-abcdef@rsvp.example"
RAW = b"Subject: =?utf-8?q?P=C3=ABrgjigje?=\r\n\r\n.\r\n\xff\x00 Po\r\n"


class _Taker(TryoutServer, LMTP):
    """Takes the null sender, too."""


class Intake(Controller):
    """An intake that answers as told and keeps what it took."""

    def __init__(self, port: int) -> None:
        self.says: list[str] = []
        self.taken: list[tuple[str, list[str], bytes]] = []
        super().__init__(self, hostname="127.0.0.1", port=port)

    def factory(self) -> SMTP:
        return _Taker(self.handler, enable_SMTPUTF8=True, hostname="intake.example", loop=self.loop)

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        answer = self.says.pop(0) if self.says else "250 Stored"
        if answer.startswith("250"):
            self.taken.append((envelope.mail_from or "", envelope.rcpt_tos, envelope.content))
        return answer


@contextlib.contextmanager
def listening(port: int) -> Iterator[Intake]:
    intake = Intake(port)
    intake.start()
    try:
        yield intake
    finally:
        intake.stop()


def wait_for(true: Callable[[], Any]) -> None:
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def waiting(folder: Path) -> int:
    return len(list((folder / "to-intake").glob("*.mail")))


def options(port: int) -> tuple[str, ...]:
    return ("--relay-to", f"127.0.0.1:{port}", "--domain", DOMAIN)


def test_answers_go_on_and_all_other_mail_stays(tmp_path: Path) -> None:
    intake_port = free_port()
    others = ["kryetari@bashkia.example", f"administrator@{DOMAIN}", f"{OURS}.evil.example"]
    with (
        listening(intake_port) as intake,
        running(tmp_path, *options(intake_port)) as (_, port),
        smtplib.SMTP("127.0.0.1", port, "localhost", timeout=20) as client,
    ):
        client.sendmail("a@bashkia.example", [OURS], RAW)
        client.sendmail("a@bashkia.example", [others[0], BOUNCE.upper(), *others[1:]], RAW)
        wait_for(lambda: len(intake.taken) == 2 and not waiting(tmp_path))
    assert intake.taken == [
        ("a@bashkia.example", [OURS], RAW),
        ("a@bashkia.example", [BOUNCE.upper()], RAW),
    ]
    [line] = list_delivered(tmp_path)
    assert line.envelope_to == tuple(others)


def test_it_waits_for_an_intake_that_is_not_there_and_outlives_a_kill(tmp_path: Path) -> None:
    intake_port = free_port()
    with running(tmp_path, *options(intake_port)) as (process, port):
        with smtplib.SMTP("127.0.0.1", port, "localhost", timeout=20) as client:
            client.sendmail("", [BOUNCE], RAW)
        process.kill()
    [kept] = (tmp_path / "to-intake").glob("*.mail")
    assert read_kept(kept) == Kept("", BOUNCE, RAW)
    assert count_delivered(tmp_path) == 0
    with running(tmp_path, *options(intake_port)), listening(intake_port) as intake:
        wait_for(lambda: not waiting(tmp_path))
    assert intake.taken == [("null-sender@localhost.invalid", [BOUNCE], RAW)]


def test_refused_for_now_is_tried_again_and_keeps_no_other_back(tmp_path: Path) -> None:
    port = free_port()
    relay = make_relay(tmp_path, port)
    relay.keep(Kept("a@bashkia.example", OURS, RAW + b"first"))
    relay.keep(Kept("a@bashkia.example", OURS, RAW + b"second"))
    with listening(port) as intake:
        intake.says = ["452 4.3.1 full"]
        assert relay.hand_over() is False
        assert [raw.removesuffix(b"\r\n")[-6:] for *_, raw in intake.taken] == [b"second"]
        assert relay.hand_over() is True
    assert len(intake.taken) == 2


def test_refused_for_good_is_kept_for_a_person(tmp_path: Path) -> None:
    port = free_port()
    relay = make_relay(tmp_path, port)
    relay.keep(Kept("a@bashkia.example", OURS, RAW))
    (tmp_path / "00000000000000000000-broken.mail").write_bytes(b"no envelope")
    with listening(port) as intake:
        intake.says = ["552 5.3.4 too large"]
        assert relay.hand_over() is True
        assert relay.hand_over() is True
    assert intake.taken == []
    assert len(list((tmp_path / REFUSED_FOLDER).glob("*.mail"))) == 2


@pytest.mark.parametrize("words", ["421 4.3.2 closing", "299 what is that"])
def test_a_server_that_closes_or_talks_nonsense_loses_nothing(tmp_path: Path, words: str) -> None:
    port = free_port()
    relay = make_relay(tmp_path, port)
    relay.keep(Kept("a@bashkia.example", OURS, RAW))
    with listening(port) as intake:
        intake.says = [words]
        with contextlib.suppress(smtplib.SMTPException):
            relay.hand_over()
        assert list(tmp_path.glob("*.mail"))
        relay.hand_over()
    assert len(intake.taken) == 1


def test_the_thread_goes_on_by_itself_once_the_intake_is_there(tmp_path: Path) -> None:
    port = free_port()
    relay = make_relay(tmp_path, port)
    relay.start()
    threads = threading.active_count()
    relay.keep(Kept("ç@bashkia.example", OURS, RAW))
    time.sleep(0.5)
    with listening(port) as intake:
        wait_for(lambda: intake.taken)
        relay.keep(Kept("a@bashkia.example", OURS, RAW))
        wait_for(lambda: len(intake.taken) == 2)
    assert intake.taken[0][0] == "ç@bashkia.example"
    assert threading.active_count() >= threads - 1


def make_relay(folder: Path, port: int) -> Relay:
    return Relay(folder, DOMAIN, "127.0.0.1", port)
