"""The ways in with a real Postfix and a real Dovecot, and the mails that only such servers write."""

from __future__ import annotations

import asyncio
import contextlib
import email
import email.policy
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from flask import Flask
from sqlalchemy.exc import OperationalError

from config import ROOT
from pop_campaigns.core.db import db
from pop_campaigns.mail.addresses import bounce_address
from pop_campaigns.mail.intake.mailbox import Mailbox, MailboxSettings, MailboxTrouble
from pop_campaigns.mail.rules import IncomingWay
from pop_campaigns.worker import fetching
from tests.intake.conftest import Start, stored, wait_for
from tests.intake.test_listener import answers, listening
from tests.mail_servers import PASSWORD, Dovecot, Postfix, running_dovecot, running_postfix
from tests.services import free_port, private_folder, readable_by_other_accounts

# Servers of others, started for each: what they try changes with the ways in, not with what is done with a mail.
pytestmark = [
    pytest.mark.needs_mail_servers,
    pytest.mark.when_changed(
        "pop_campaigns/mail/intake", "pop_campaigns/worker/fetching.py", "pop_campaigns/worker/intake_commands.py",
        "pop_campaigns/worker/receive.py", "deploy/receive-mail.sh", "tests/mail_servers.py",
    ),
]  # fmt: skip

SENDER, TO = "a@bashkia.example", "r-abc@rsvp.example"
RAW = (
    b"From: a@bashkia.example\r\nTo: r-abc@rsvp.example\r\nSubject: =?utf-8?q?P=C3=ABrgjigje?=\r\n"
    b"Message-ID: <1@bashkia.example>\r\nDate: Tue, 1 Dec 2026 10:00:00 +0100\r\n\r\nPo.\r\n"
)


# From Postfix


def logged(postfix: Postfix, words: str) -> None:
    """Wait until Postfix has said so; if it does not, show what it said instead."""
    with contextlib.suppress(AssertionError):
        wait_for(lambda: words in postfix.log())
    assert words in postfix.log()


def test_postfix_hands_over_by_lmtp_and_waits_while_nobody_listens(
    app: Flask, start_service: Start, tmp_path: Path
) -> None:
    port = free_port()
    with running_postfix({"rsvp.example": f"lmtp:inet:127.0.0.1:{port}"}) as postfix:
        postfix.send(RAW, SENDER, TO, "r-other@rsvp.example")
        logged(postfix, "status=deferred")
        process = start_service("mail", "listen", "--at", f"lmtp://127.0.0.1:{port}")
        wait_for(lambda: answers(port))
        wait_for(lambda: len(stored()) == 2)
        wait_for(lambda: postfix.log().count("status=sent (250 2.0.0 Stored)") == 2)
        process.terminate()
        assert process.wait(30) == 0
    assert {(one.envelope_from, one.envelope_to, one.way) for one in stored()} == {
        (SENDER, TO, IncomingWay.LISTENER),
        (SENDER, "r-other@rsvp.example", IncomingWay.LISTENER),
    }
    assert all(one.raw.endswith(RAW) for one in stored())


def test_postfix_pipes_to_the_command(service_environment: dict[str, str], tmp_path: Path) -> None:
    statuses: list[int] = []
    environ = dict(service_environment)
    with errands(environ, statuses) as command:
        pipe = f"{command} --sender=${{sender}} --recipient=${{recipient}}"
        with running_postfix({"rsvp.example": "pipe:"}, pipe=pipe) as postfix:
            environ["POP_MODE"] = "wrong"
            postfix.send(RAW, "", TO)
            logged(postfix, "status=deferred (temporary failure")
            assert stored() == []
            environ["POP_MODE"] = "test"
            logged(postfix, "status=sent (delivered via pipe service)")
    assert set(statuses[:-1]) == {75}
    assert statuses[-1] == 0
    [mail] = stored()
    assert (mail.envelope_from, mail.envelope_to, mail.way) == ("", TO, IncomingWay.PIPE)
    assert mail.raw.replace(b"\n", b"\r\n").endswith(RAW)


ERRAND = """
use IO::Socket::INET;
my $to = IO::Socket::INET->new(PeerAddr => "127.0.0.1:" . shift @ARGV) or exit 75;
binmode STDIN; binmode $to; local $/ = \\65536;
print $to join("\\x1f", @ARGV), "\\n";
print $to $_ while <STDIN>;
$to->flush; shutdown $to, 1;
my $status = <$to>; exit(defined $status ? $status : 75);
"""


@contextlib.contextmanager
def errands(environ: dict[str, str], statuses: list[int]) -> Iterator[str]:
    """A command for Postfix that has our script run by the account of the tests, and passes on its status.

    Postfix runs no command as root, and another account need not be able to read the folder of these tests.
    """
    with private_folder("pop-errand-") as folder, socket.create_server(("127.0.0.1", 0)) as server:
        folder.chmod(0o755)
        with readable_by_other_accounts():
            (folder / "errand.pl").write_text(ERRAND, encoding="utf-8")

        def run_one(connection: socket.socket) -> None:
            with connection, connection.makefile("rb") as given:
                arguments, _, raw = given.read().partition(b"\n")
                command = [str(ROOT / "deploy/receive-mail.sh"), *arguments.decode().split("\x1f")]
                run = subprocess.run(command, env=dict(environ), input=raw, capture_output=True, check=False)
                statuses.append(run.returncode)
                connection.sendall(str(run.returncode).encode())

        def serve() -> None:
            with contextlib.suppress(OSError):  # at the end the server is closed
                while True:
                    connection, _ = server.accept()
                    with contextlib.suppress(OSError):
                        run_one(connection)

        threading.Thread(target=serve, daemon=True).start()
        yield f"/usr/bin/perl {folder}/errand.pl {server.getsockname()[1]}"
        server.shutdown(socket.SHUT_RDWR)


def test_a_real_bounce_comes_back_to_our_address(app: Flask) -> None:
    class Refusing:
        async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, _: Any) -> str:
            return "550 5.1.1 <askush@bashkia.example>: Recipient address rejected: no such mailbox"

    refusing = Controller(Refusing(), hostname="127.0.0.1", port=free_port(), server_hostname="localhost")
    refusing.start()
    ours = bounce_address("abcdefghijklmnopqrstuvwxyz", "rsvp.example")
    try:
        with listening(app) as port:
            routes = {
                "rsvp.example": f"lmtp:inet:127.0.0.1:{port}",
                "bashkia.example": f"smtp:[127.0.0.1]:{refusing.port}",
            }
            with running_postfix(routes) as postfix:
                postfix.send(RAW, ours, "askush@bashkia.example")
                wait_for(stored)
    finally:
        refusing.stop()
    [mail] = stored()
    assert (mail.envelope_from, mail.envelope_to) == ("", ours)
    report = email.message_from_bytes(mail.raw, policy=email.policy.default)
    assert report.get_content_type() == "multipart/report"
    assert b"Diagnostic-Code: smtp; 550 5.1.1 <askush@bashkia.example>" in mail.raw


def test_a_real_out_of_office_reply_comes_in(app: Flask) -> None:
    with listening(app) as port:
        # Postfix and Dovecot name each other; the port of one must be known first.
        lmtp = free_port()
        routes = {
            "rsvp.example": f"lmtp:inet:127.0.0.1:{port}",
            "bashkia.example": f"lmtp:inet:127.0.0.1:{lmtp}",
        }
        with running_postfix(routes) as postfix, running_dovecot(postfix.port, lmtp=lmtp) as dovecot:
            dovecot.sieve("zyra", 'require "vacation"; vacation :subject "Me pushime" "Kthehem të hënën.";')
            postfix.send(ask("zyra@bashkia.example"), TO, "zyra@bashkia.example")
            wait_for(stored)
    [mail] = stored()
    assert (mail.envelope_from, mail.envelope_to) == ("", TO)
    reply = email.message_from_bytes(mail.raw, policy=email.policy.default)
    assert reply["Subject"] == "Me pushime"
    assert reply["Auto-Submitted"].startswith("auto-replied")


def ask(to: str) -> bytes:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = TO, to, "Ftesë"
    message["Message-ID"] = "<ftesa-1@rsvp.example>"
    message.set_content("Jeni të ftuar.")
    return message.as_bytes(policy=email.policy.SMTP)


# From a mailbox


@pytest.fixture(scope="module")
def dovecot() -> Iterator[Dovecot]:
    with running_dovecot() as running:
        yield running


@pytest.fixture
def user(request: pytest.FixtureRequest) -> str:
    """A mailbox for this test alone."""
    return f"u{abs(hash(request.node.nodeid)):x}"


def settings(dovecot: Dovecot, user: str, port: int = 0, password: str = PASSWORD) -> MailboxSettings:
    return MailboxSettings("127.0.0.1", port or dovecot.imap, False, user, password)


def fill(dovecot: Dovecot, user: str, number: int, size: int = 200) -> None:
    for place in range(number):
        dovecot.deliver(RAW + b"%d\r\n" % place + (b"x" * 76 + b"\r\n") * (size // 78), user)


def folders(dovecot: Dovecot, user: str) -> dict[str, int]:
    """How many messages are in each folder."""
    with Mailbox(settings(dovecot, user))._connect() as client:
        client.sasl_login("PLAIN", lambda _: f"\0{user}\0{PASSWORD}".encode())
        return {
            name: client.folder_status(name, ["MESSAGES"])[b"MESSAGES"]
            for _, _, name in client.list_folders()
        }


def empty(app: Flask, mailbox: Mailbox) -> int:
    db.session.rollback()
    with mailbox.open() as opened:
        return opened.take_all(fetching._storing(app))


def test_a_mailbox_is_emptied_into_processed(app: Flask, dovecot: Dovecot, user: str) -> None:
    fill(dovecot, user, 120)
    assert empty(app, Mailbox(settings(dovecot, user))) == 120
    assert folders(dovecot, user) == {"INBOX": 0, "Processed": 120}
    assert empty(app, Mailbox(settings(dovecot, user))) == 0
    kept = stored()
    assert len(kept) == 120
    assert {(one.way, one.envelope_from, one.envelope_to) for one in kept} == {
        (IncomingWay.IMAP, SENDER, user)
    }
    assert all(RAW in one.raw for one in kept)


def test_nothing_is_moved_before_the_commit(app: Flask, dovecot: Dovecot, user: str) -> None:
    fill(dovecot, user, 3)

    def refuse(_: Any) -> None:
        raise OperationalError("INSERT", {}, Exception("database or disk is full"))

    with pytest.raises(OperationalError), Mailbox(settings(dovecot, user)).open() as opened:
        opened.take_all(refuse)
    assert folders(dovecot, user)["INBOX"] == 3
    assert empty(app, Mailbox(settings(dovecot, user))) == 3


@pytest.mark.parametrize("capabilities", ["IMAP4rev1 AUTH=PLAIN UIDPLUS", "IMAP4rev1 AUTH=PLAIN"])
def test_a_server_that_can_do_less(app: Flask, user: str, capabilities: str) -> None:
    with running_dovecot(capabilities=capabilities) as dovecot:
        fill(dovecot, user, 3)
        mailbox = Mailbox(settings(dovecot, user))
        assert empty(app, mailbox) == 3
        left = 0 if "UIDPLUS" in capabilities else 3  # marked only, and not taken again
        assert folders(dovecot, user) == {"INBOX": left, "Processed": 3}
        assert empty(app, mailbox) == 0
    assert len(stored()) == 3


def test_one_that_is_too_large_is_put_aside(
    app: Flask, dovecot: Dovecot, user: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pop_campaigns.mail.intake.mailbox.SIZE_LIMIT", 5000)
    fill(dovecot, user, 2)
    fill(dovecot, user, 1, size=10_000)
    assert empty(app, Mailbox(settings(dovecot, user))) == 2
    assert folders(dovecot, user) == {"INBOX": 0, "Processed": 2, "Too large": 1}


class Cutter:
    """A proxy before the server that hangs up after so many bytes, and notes what it let through."""

    def __init__(self, target: int) -> None:
        self.target = target
        self.budgets: list[int] = []
        self.connections = 0
        self.port = 0

    async def serve(self, ready: threading.Event, over: asyncio.Event) -> None:
        server = await asyncio.start_server(self._carry, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        ready.set()
        await over.wait()
        server.close()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        budget = self.budgets.pop(0) if self.budgets else sys.maxsize
        there_reader, there_writer = await asyncio.open_connection("127.0.0.1", self.target)

        async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter, left: int) -> None:
            with contextlib.suppress(OSError):
                while left > 0 and (some := await source.read(min(left, 4096))):
                    sink.write(some)
                    await sink.drain()
                    left -= len(some)
            writer.close()
            there_writer.close()

        await asyncio.gather(pump(reader, there_writer, sys.maxsize), pump(there_reader, writer, budget))


@pytest.fixture
def cutter(dovecot: Dovecot) -> Iterator[Cutter]:
    cutter, ready, over = Cutter(dovecot.imap), threading.Event(), asyncio.Event()
    loops: list[asyncio.AbstractEventLoop] = []

    async def serve() -> None:
        loops.append(asyncio.get_running_loop())
        await cutter.serve(ready, over)

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    assert ready.wait(10)
    yield cutter
    loops[0].call_soon_threadsafe(over.set)
    thread.join(10)


def test_cut_off_anywhere_nothing_is_lost_and_nothing_is_doubled(
    app: Flask, dovecot: Dovecot, cutter: Cutter, user: str
) -> None:
    fill(dovecot, user, 60, size=2000)
    # In the greeting, at signing in, in the middle of the messages, and again and again later on.
    cutter.budgets = [20, 300, 3000, 30_000, 90_000, 120_000, 140_000]
    mailbox, cuts = Mailbox(settings(dovecot, user, cutter.port)), 0
    while True:
        try:
            empty(app, mailbox)
            break
        except MailboxTrouble as problem:
            cuts += 1
            assert PASSWORD not in str(problem)
            kept, inbox = len(stored()), folders(dovecot, user)["INBOX"]
            assert kept + inbox >= 60, "what is in neither place is lost"
            assert cuts < 50
    assert cuts >= 4
    assert folders(dovecot, user) == {"INBOX": 0, "Processed": 60}
    assert len(stored()) == 60


def test_one_message_on_which_the_connection_always_breaks_keeps_no_other_back(
    app: Flask, dovecot: Dovecot, cutter: Cutter, user: str
) -> None:
    fill(dovecot, user, 1, size=200_000)
    fill(dovecot, user, 5)
    cutter.budgets = [100_000] * 10
    mailbox = Mailbox(settings(dovecot, user, cutter.port))
    # All together, then each alone with the one that is whole before the one that is not.
    for _ in range(3):
        with contextlib.suppress(MailboxTrouble):
            empty(app, mailbox)
    assert folders(dovecot, user) == {"INBOX": 1, "Processed": 5}


def test_new_numbers_for_the_same_messages_double_nothing(app: Flask, dovecot: Dovecot, user: str) -> None:
    fill(dovecot, user, 4)
    mailbox = Mailbox(settings(dovecot, user))
    assert empty(app, mailbox) == 4
    # As after a restore on the server: the messages are back under another UIDVALIDITY.
    with mailbox._connect() as client:
        client.sasl_login("PLAIN", lambda _: f"\0{user}\0{PASSWORD}".encode())
        client.select_folder("Processed")
        client.copy(client.search("ALL"), "INBOX")
    assert folders(dovecot, user)["INBOX"] == 4
    for name in (dovecot.folder / "homes" / user / "Maildir").glob("dovecot*"):
        if name.is_file():
            name.unlink()
    mailbox = Mailbox(settings(dovecot, user))
    assert empty(app, mailbox) == 4
    assert len(stored()) == 4


def test_a_wrong_password_is_said_without_it(app: Flask, dovecot: Dovecot, user: str) -> None:
    with pytest.raises(MailboxTrouble) as caught:
        empty(app, Mailbox(settings(dovecot, user, password="gabim i fshehtë")))
    assert "AUTHENTICATIONFAILED" in str(caught.value)
    assert "fshehtë" not in str(caught.value) + repr(settings(dovecot, user))


def test_the_command_empties_once(
    app: Flask, dovecot: Dovecot, user: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    runner = app.test_cli_runner()
    db.session.rollback()
    result = runner.invoke(args=["mail", "fetch"])
    assert (result.exit_code, result.output) == (1, "Error: No mailbox is configured: set POP_INBOX_URL.\n")
    fill(dovecot, user, 2)
    monkeypatch.setitem(
        app.config, "INBOX_URL", f"imap://{user}%40bashkia.example@127.0.0.1:{dovecot.imap}/INBOX"
    )
    monkeypatch.setitem(app.config, "INBOX_PASSWORD", PASSWORD)
    assert "mailbox      ok: 2 messages in INBOX\n" in runner.invoke(args=["check"]).output
    result = runner.invoke(args=["mail", "fetch"])
    assert (result.exit_code, result.output) == (0, "taken 2\n")
    monkeypatch.setitem(app.config, "INBOX_PASSWORD", "gabim")
    result = runner.invoke(args=["mail", "fetch"])
    assert result.exit_code == 1
    assert "The mailbox cannot be emptied now" in result.output
    assert "gabim" not in result.output


def test_a_certificate_nobody_vouches_for_is_refused(
    app: Flask, user: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running_dovecot(certificate=make_certificate(tmp_path)) as dovecot:
        fill(dovecot, user, 1)
        secured = MailboxSettings("127.0.0.1", dovecot.imaps, True, user, PASSWORD)
        with pytest.raises(MailboxTrouble, match="CERTIFICATE_VERIFY_FAILED"):
            empty(app, Mailbox(secured))
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "cert.pem"))
        assert empty(app, Mailbox(secured)) == 1
        # Where it is not this machine, STARTTLS comes before the password.
        monkeypatch.setattr("pop_campaigns.mail.intake.mailbox._OWN_MACHINE", ())
        fill(dovecot, user, 2)  # of which one is there already
        assert empty(app, Mailbox(settings(dovecot, user))) == 2
        monkeypatch.delenv("SSL_CERT_FILE")
        with pytest.raises(MailboxTrouble, match="CERTIFICATE_VERIFY_FAILED"):
            empty(app, Mailbox(settings(dovecot, user)))


def test_no_password_goes_out_in_the_clear(
    app: Flask, dovecot: Dovecot, user: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pop_campaigns.mail.intake.mailbox._OWN_MACHINE", ())
    with pytest.raises(MailboxTrouble, match="STARTTLS"):
        empty(app, Mailbox(settings(dovecot, user)))


def make_certificate(folder: Path) -> Path:
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "1",
        "-subj",
        "/CN=127.0.0.1",
    ]
    command += ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", "key.pem", "-out", "cert.pem"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return folder


@pytest.mark.parametrize("idle", [True, False], ids=["told at once", "looks now and then"])
def test_the_worker_takes_what_comes_and_survives_a_server_that_goes_away(
    start_service: Start, user: str, idle: bool, tmp_path: Path
) -> None:
    capabilities = "" if idle else "IMAP4rev1 AUTH=PLAIN UIDPLUS MOVE"
    ports = {"imap": free_port(), "lmtp": free_port()}
    with running_dovecot(capabilities=capabilities, **ports) as dovecot:
        fill(dovecot, user, 2)
        worker = start_service(
            "worker",
            POP_INBOX_URL=f"imap://{user}@127.0.0.1:{dovecot.imap}/INBOX",
            POP_INBOX_PASSWORD=PASSWORD,
            POP_INBOX_EVERY="600" if idle else "1",
        )
        wait_for(lambda: len(stored()) == 2)
        dovecot.deliver(RAW + b"later\r\n", user)
        wait_for(lambda: len(stored()) == 3)
    with running_dovecot(capabilities=capabilities, **ports) as dovecot:
        dovecot.deliver(RAW + b"after the restart\r\n", user)
        wait_for(lambda: len(stored()) == 4)
        worker.terminate()
        assert worker.wait(30) == 0
    said = (tmp_path / "service.log").read_text(encoding="utf-8")
    assert "the mailbox cannot be emptied now" in said
    assert PASSWORD not in said
    assert "Traceback" not in said
