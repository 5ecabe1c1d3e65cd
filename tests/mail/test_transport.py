"""Handing over to real servers that answer, refuse, stall and vanish."""

from __future__ import annotations

import contextlib
import dataclasses
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import flask_mail
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP
from flask import Flask

from pop_campaigns.mail.message import MailParts, build_message, message_bytes
from pop_campaigns.mail.refusals import Refused, Stage, explain_words
from pop_campaigns.mail.transport import (
    Delivered,
    PostConnection,
    SmtpTransport,
    TransportSettings,
    tls_context,
)

PARTS = MailParts(
    message_id="<3kq7vplmjsnxo2tr@pop.example>",
    date=datetime(2027, 3, 1, 9, 0, tzinfo=UTC),
    from_name="POP Fier",
    from_address="r-abc234@rsvp.pop.example",
    to_name="Prefekti i Qarkut Fier",
    to_address="prefekti@fier.example",
    envelope_from="b-def567@pop.example",
    subject="Ftesë",
    text="Të nderuar,\n.\n..\nJu ftojmë.\n",
    language="sq",
)
SENDER, TO = PARTS.envelope_from, PARTS.to_address


def explain_refusal(refused: Refused) -> str:
    """Return the key of the words that a page would show for what was stored of a refusal."""
    return explain_words(refused.code, refused.words, permanent=refused.permanent)


class Office:
    """A server's manners: ``answers`` are used one after the other, by command; connections are counted."""

    def __init__(self) -> None:
        self.kept: list[tuple[str, list[str], bytes]] = []
        self.answers: dict[str, list[str]] = {}
        self.connections = 0
        self.commands: list[str] = []
        self.options: list[str] = []
        self.on_data: Callable[[Any], Any] | None = None
        self.delay = 0.0

    def _next(self, command: str) -> str | None:
        self.commands.append(command)
        waiting = self.answers.get(command, [])
        return waiting.pop(0) if waiting else None

    async def handle_MAIL(
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        self.options = options
        envelope.mail_from = address
        answer = self._next("MAIL")
        if answer:
            envelope.mail_from = None
        return answer or "250 2.1.0 OK"

    async def handle_RCPT(
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        time.sleep(self.delay)
        answer = self._next("RCPT")
        if answer == "drop":
            server.transport.abort()
        elif not answer:
            envelope.rcpt_tos.append(address)
        return answer or "250 2.1.5 OK"

    async def handle_RSET(self, server: Any, session: Any, envelope: Any) -> str:
        return self._next("RSET") or "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        answer = self._next("DATA")
        if answer in (None, "drop"):
            self.kept.append((envelope.mail_from, envelope.rcpt_tos, envelope.content))
        if answer == "drop":
            server.transport.abort()
        return answer or f"250 2.0.0 Ok: queued as {len(self.kept)}"


class OfficeController(Controller):
    """Counts connections, and can hang up when DATA begins."""

    def factory(self) -> SMTP:
        self.handler.connections += 1
        return OfficeServer(self.handler, **self.SMTP_kwargs)


class OfficeServer(SMTP):
    async def smtp_DATA(self, arg: str) -> None:
        if self.event_handler.on_data:
            await self.push("354 Go on")
            self.transport.abort()
            return
        await super().smtp_DATA(arg)


@pytest.fixture
def office() -> Office:
    return Office()


@contextlib.contextmanager
def serving(office: Office, port: int | None = None, **options: Any) -> Iterator[TransportSettings]:
    port = port or free_port()
    controller = OfficeController(
        office, hostname="127.0.0.1", port=port, server_hostname="localhost", **options
    )
    controller.start()
    office.connections = 0  # the controller itself has knocked once
    try:
        yield TransportSettings("127.0.0.1", port, timeout=5)
    finally:
        controller.stop()


@pytest.fixture
def transport(office: Office) -> Iterator[SmtpTransport]:
    with serving(office) as settings, SmtpTransport(settings) as transport:
        yield transport


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def deliver(transport: SmtpTransport) -> Delivered:
    return transport.deliver(build_message(PARTS), SENDER, TO)


def refusal(transport: SmtpTransport) -> Refused:
    with pytest.raises(Refused) as caught:
        deliver(transport)
    return caught.value


def test_the_server_gets_the_bytes_and_its_words_come_back(transport: SmtpTransport, office: Office) -> None:
    assert deliver(transport) == Delivered(250, "2.0.0 Ok: queued as 1")
    assert office.kept == [(SENDER, [TO], message_bytes(PARTS))]
    assert f"SIZE={len(message_bytes(PARTS))}" in office.options


def test_many_mails_take_one_connection(transport: SmtpTransport, office: Office) -> None:
    for _ in range(5):
        deliver(transport)
    assert len(office.kept) == 5
    assert office.connections == 1


@pytest.mark.parametrize(
    ("command", "answer", "permanent", "code", "stage", "key"),
    [
        ("RCPT", "550 5.1.1 No such user here", True, 550, Stage.RECIPIENT, "mailbox_unknown"),
        ("RCPT", "554 5.7.1 Relay access denied", True, 554, Stage.RECIPIENT, "relay_refused"),
        (
            "RCPT",
            "451 4.7.1 Greylisting in action, please come back",
            False,
            451,
            Stage.RECIPIENT,
            "greylisted",
        ),
        ("RCPT", "452 4.2.2 Mailbox full", False, 452, Stage.RECIPIENT, "mailbox_full"),
        ("MAIL", "553 5.1.8 Sender rejected", True, 553, Stage.SENDER, "sender_refused"),
        ("MAIL", "530 5.7.0 Authentication required", False, 530, Stage.SENDER, "sign_in"),
        ("DATA", "554 5.7.1 Message looks like spam", True, 554, Stage.CONTENT, "unwanted"),
        ("DATA", "552 5.3.4 Message size exceeds limit", True, 552, Stage.CONTENT, "too_large"),
        ("DATA", "451 4.3.0 Temporary failure", False, 451, Stage.CONTENT, "busy"),
        ("DATA", "421 4.3.2 Going down", False, 421, Stage.CONTENT, "busy"),
    ],
)
def test_each_refusal_is_told_in_the_servers_words_and_the_next_mail_goes(
    transport: SmtpTransport, office: Office, command: str, answer: str, permanent: bool, code: int,
    stage: Stage, key: str,
) -> None:  # fmt: skip
    office.answers = {command: [answer]}
    refused = refusal(transport)
    assert (refused.permanent, refused.code, refused.stage) == (permanent, code, stage)
    assert refused.words == answer[4:]
    assert explain_refusal(refused) == key
    assert office.kept == []
    deliver(transport)
    assert len(office.kept) == 1
    assert office.connections == (2 if code == 421 else 1)
    assert ("RSET" in office.commands) is (code != 421)


def test_a_lost_connection_between_mails_is_opened_again(transport: SmtpTransport, office: Office) -> None:
    deliver(transport)
    transport._connection.host.sock.shutdown(socket.SHUT_RDWR)  # type: ignore[union-attr]
    deliver(transport)
    assert len(office.kept) == 2
    assert office.connections == 2


def test_a_server_that_has_had_enough_mails_is_called_again(transport: SmtpTransport, office: Office) -> None:
    deliver(transport)
    office.answers = {"MAIL": ["421 4.7.0 Too many messages on this connection"]}
    deliver(transport)
    assert len(office.kept) == 2
    assert office.connections == 2


def test_a_busy_server_is_not_called_again_and_again(transport: SmtpTransport, office: Office) -> None:
    deliver(transport)
    office.answers = {"MAIL": ["421 busy"] * 3}
    assert refusal(transport).permanent is False
    assert office.connections == 2


@pytest.mark.parametrize("answers", [{"RCPT": ["drop"]}, {"DATA": ["drop"]}])
def test_a_connection_that_breaks_off_is_no_refusal_for_good(
    transport: SmtpTransport, office: Office, answers: dict[str, list[str]]
) -> None:
    office.answers = answers
    refused = refusal(transport)
    assert (refused.permanent, refused.code) == (False, None)
    assert explain_refusal(refused) == "broken_off"
    deliver(transport)
    assert office.connections == 2


def test_dropped_after_accepting_goes_again_with_the_same_message_id(
    transport: SmtpTransport, office: Office
) -> None:
    office.answers = {"DATA": ["drop"]}
    refusal(transport)
    deliver(transport)
    assert [raw for _, _, raw in office.kept] == [message_bytes(PARTS)] * 2


def test_a_connection_lost_within_data_keeps_nothing(transport: SmtpTransport, office: Office) -> None:
    office.on_data = bool
    assert explain_refusal(refusal(transport)) == "broken_off"
    assert office.kept == []


def test_a_slow_server_ends_at_the_timeout(office: Office) -> None:
    office.delay = 1.5
    with serving(office) as settings, SmtpTransport(dataclasses.replace(settings, timeout=0.3)) as transport:
        refused = refusal(transport)  # had it waited, there were none
    assert (refused.permanent, refused.code) == (False, None)


def test_nobody_there_is_told_and_tried_again_later() -> None:
    refused = refusal(SmtpTransport(TransportSettings("127.0.0.1", free_port(), timeout=2)))
    assert (refused.permanent, refused.code, refused.stage) == (False, None, Stage.CONNECT)
    assert explain_refusal(refused) == "unreachable"


def test_a_server_that_comes_back_gets_the_mail(office: Office) -> None:
    port = free_port()
    transport = SmtpTransport(TransportSettings("127.0.0.1", port, timeout=2))
    refusal(transport)
    with serving(office, port):
        deliver(transport)
    assert len(office.kept) == 1
    transport.close()


@pytest.mark.parametrize(
    "greeting", [b"554 go away\r\n", b"hello\r\n", b"", b"220 " + b"x" * 20000, b"\xff\xfe\r\n"]
)
def test_whatever_a_stranger_says_first_is_temporary(greeting: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            peer, _ = listener.accept()
            with peer:
                peer.sendall(greeting)

        thread = threading.Thread(target=answer)
        thread.start()
        port = listener.getsockname()[1]
        assert refusal(SmtpTransport(TransportSettings("127.0.0.1", port, timeout=2))).permanent is False
        thread.join()


def test_the_null_sender_is_possible() -> None:
    """Receipts leave with an empty envelope sender, so that nothing ever answers them (RFC 3834)."""
    heard: list[bytes] = []
    replies = [b"220 hi", b"250 hi", b"250 ok", b"250 ok", b"354 go", b"250 kept", b"221 bye"]
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=speak, args=(listener, replies, heard))
        thread.start()
        with SmtpTransport(TransportSettings("127.0.0.1", listener.getsockname()[1], timeout=2)) as transport:
            transport.deliver(build_message(PARTS), "", TO)
        thread.join()
    assert b"mail FROM:<>" in heard
    assert b"rcpt TO:<prefekti@fier.example>" in heard
    assert b"..." in heard, "a line of two dots is sent as three"


def speak(listener: socket.socket, replies: list[bytes], heard: list[bytes]) -> None:
    peer, _ = listener.accept()
    with peer, peer.makefile("rwb") as talk:
        for reply in replies:
            talk.write(reply + b"\r\n")
            talk.flush()
            while line := talk.readline():
                heard.append(line.rstrip(b"\r\n"))
                if not reply.startswith(b"354") or line == b".\r\n":
                    break


@pytest.mark.parametrize(
    ("sender", "to"),
    [
        (SENDER, "a@x.al, b@y.al"),
        (SENDER, "a@x.al>\r\nRCPT TO:<b@y.al"),
        (SENDER, ""),
        (SENDER, "Arta <a@x.al>"),
        ("a@x.al\r\nX", TO),
        ("<>", TO),
    ],
)
def test_an_envelope_holds_one_plain_address(
    transport: SmtpTransport, office: Office, sender: str, to: str
) -> None:
    with pytest.raises(Refused) as caught:
        transport.deliver(build_message(PARTS), sender, to)
    assert caught.value.permanent
    assert explain_refusal(caught.value) == "unsafe"
    assert office.connections == 0


def test_an_unsafe_mail_is_refused_for_good_and_never_sent(transport: SmtpTransport, office: Office) -> None:
    unsafe = build_message(dataclasses.replace(PARTS, message_id="<x>\r\nBcc: y"))
    with pytest.raises(Refused) as caught:
        transport.deliver(unsafe, SENDER, TO)
    assert caught.value.permanent
    assert office.connections == 0


def test_letters_before_the_at_go_only_where_the_server_takes_them(office: Office) -> None:
    parts = dataclasses.replace(PARTS, to_address="çlirim@fier.example")
    with serving(office, enable_SMTPUTF8=True) as settings, SmtpTransport(settings) as transport:
        transport.deliver(build_message(parts), SENDER, parts.to_address)
        assert {"SMTPUTF8", "BODY=8BITMIME"} <= set(office.options)
        deliver(transport)
        assert "SMTPUTF8" not in office.options
    with serving(office, enable_SMTPUTF8=False) as settings, SmtpTransport(settings) as transport:
        with pytest.raises(Refused) as caught:
            transport.deliver(build_message(parts), SENDER, parts.to_address)
        assert caught.value.permanent
        assert explain_refusal(caught.value) == "letters"
        deliver(transport)
    assert [to for _, to, _ in office.kept] == [["çlirim@fier.example"], [TO], [TO]]


def test_starttls_that_is_not_offered_sends_nothing(office: Office) -> None:
    with serving(office) as settings:
        secured = dataclasses.replace(settings, tls="starttls", username="pop", password="secret")
        refused = refusal(SmtpTransport(secured))
    assert (refused.permanent, explain_refusal(refused)) == (False, "not_secure")
    assert office.commands == []


def test_every_secured_connection_checks_certificate_and_name() -> None:
    context = tls_context()
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname


@pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl to make a certificate with")
def test_a_certificate_nobody_vouches_for_is_not_trusted(office: Office, tmp_path: Path) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=127.0.0.1",
         "-keyout", key, "-out", certificate],
        check=True, capture_output=True,
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with serving(office, tls_context=context) as settings:
        refused = refusal(SmtpTransport(dataclasses.replace(settings, tls="starttls")))
    assert (refused.permanent, explain_refusal(refused)) == (False, "not_secure")
    assert "certificate" in refused.words
    assert office.kept == []


def test_a_wrong_password_does_not_fail_the_mails(office: Office) -> None:
    with serving(office, auth_require_tls=False) as settings:
        refused = refusal(SmtpTransport(dataclasses.replace(settings, username="pop", password="wrong")))
    assert (refused.permanent, refused.code, refused.stage) == (False, 535, Stage.SIGN_IN)
    assert explain_refusal(refused) == "sign_in"


def test_secrets_are_not_in_what_settings_print() -> None:
    settings = TransportSettings("mail.example", password="hush", dkim_key="-----BEGIN hush")
    assert "hush" not in repr(settings)


def test_flask_mails_own_way_of_sending_works_and_takes_no_other_message(office: Office) -> None:
    app = Flask(__name__)
    mail = flask_mail.Mail(app)
    with serving(office) as settings, app.app_context(), mail.record_messages() as outbox:
        with PostConnection(settings) as connection:
            connection.send(build_message(PARTS))
            with pytest.raises(Refused):
                connection.send(flask_mail.Message("x", [TO], "x", sender="a@x.al"))
        assert [message.subject for message in outbox] == ["Ftesë"]
    assert office.kept == [(SENDER, [TO], message_bytes(PARTS))]
