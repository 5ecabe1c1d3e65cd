"""The local mail server as the process it is, and the folder it leaves behind."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import smtplib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pop_campaigns.mail.message import AttachedFile, MailParts, build_message, message_bytes
from pop_campaigns.mail.transport import SmtpTransport, TransportSettings
from pop_campaigns.tryout.local_mailbox import NoSuchMail, count_delivered, list_delivered, read_delivered
from pop_campaigns.tryout.mailserver import SIZE_LIMIT, CannotServe, serve, store_message

CALENDAR = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nMETHOD:REQUEST\r\nEND:VCALENDAR\r\n"
PARTS = MailParts(
    message_id="<3kq7vplmjsnxo2tr@pop.example>",
    date=datetime(2027, 3, 1, 9, 0, tzinfo=UTC),
    from_name="Çështja e lumit",
    from_address="r-abc234@rsvp.pop.example",
    to_name="Prefekti i Qarkut Fier",
    to_address="prefekti@fier.example",
    envelope_from="b-def567@pop.example",
    subject="Ftesë për tryezën e rrumbullakët",
    text="Të nderuar,\n.\nJu ftojmë.\n",
    language="sq",
    html="<p>Ju ftojmë</p>",
    calendar=CALENDAR,
    calendar_method="REQUEST",
    attachments=(AttachedFile("Axhendë.pdf", "application/pdf", b"%PDF\x00\xff"),),
)


def start(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "pop_campaigns.tryout.mailserver", *arguments],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2],
    )  # fmt: skip


@contextlib.contextmanager
def running(folder: Path, *more: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    process = start("--port", "0", "--folder", str(folder), *more)
    try:
        assert process.stdout
        ready = re.fullmatch(r"ready 127\.0\.0\.1 (\d+)\n", process.stdout.readline())
        assert ready, process.stderr.read() if process.stderr else ""
        yield process, int(ready[1])
    finally:
        process.kill()
        process.communicate()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, int]]:
    folder = tmp_path_factory.mktemp("tryout") / "mail" / "new"
    with running(folder) as (_, port):
        yield folder, port


def test_a_delivered_mail_is_kept_whole_and_read_back(served: tuple[Path, int]) -> None:
    folder, port = served
    before = {line.id for line in list_delivered(folder, limit=1000)}
    with SmtpTransport(TransportSettings("127.0.0.1", port, timeout=5)) as transport:
        answer = transport.deliver(build_message(PARTS), PARTS.envelope_from, PARTS.to_address)
    (line,) = [line for line in list_delivered(folder) if line.id not in before]
    assert answer.code == 250
    assert line.id in answer.words
    assert line.envelope_from == PARTS.envelope_from
    assert line.envelope_to == (PARTS.to_address,)
    assert line.subject == PARTS.subject
    assert line.sender == "Çështja e lumit <r-abc234@rsvp.pop.example>"
    assert abs(line.stored_at - datetime.now(UTC)) < timedelta(minutes=1)

    mail = read_delivered(folder, line.id)
    assert mail.raw == message_bytes(PARTS)
    assert line.size == len(mail.raw)
    assert mail.text == PARTS.text.strip()
    assert mail.html.strip() == PARTS.html
    assert mail.calendar == CALENDAR
    assert [(file.name, file.media_type) for file in mail.attachments] == [
        ("ftesa.ics", "application/ics"), ("Axhendë.pdf", "application/pdf"),
    ]  # fmt: skip
    assert mail.attachments[1].content == b"%PDF\x00\xff"
    assert ("Subject", PARTS.subject) in mail.headers
    assert not mail.unparsed


def test_any_recipient_the_null_sender_and_letters_beyond_ascii_are_taken(served: tuple[Path, int]) -> None:
    folder, port = served
    before = count_delivered(folder)
    with smtplib.SMTP("127.0.0.1", port, "localhost", timeout=5) as client:
        client.sendmail("", ["a@x.al", "b@y.example"], b"Subject: one\r\n\r\nx\r\n")
        client.sendmail("ç@x.al", ["ë@y.al"], b"Subject: two\r\n\r\nx\r\n", ["SMTPUTF8"])
        client.sendmail("c@x.al", ["d@y.al"], b"no header at all\r\n")
    assert count_delivered(folder) == before + 3
    third, second, first = list_delivered(folder, limit=3)
    assert (first.envelope_from, first.envelope_to) == ("", ("a@x.al", "b@y.example"))
    assert (second.envelope_from, second.envelope_to) == ("ç@x.al", ("ë@y.al",))
    assert third.envelope_to == ("d@y.al",)
    assert list_delivered(folder, limit=1, offset=1) == [second]
    assert b"Return-Path: <>\r\nX-Envelope-From: <>\r\n" in (folder / f"{first.id}.eml").read_bytes()


def test_a_message_beyond_the_limit_is_refused_with_552(served: tuple[Path, int]) -> None:
    folder, port = served
    before = count_delivered(folder)
    with smtplib.SMTP("127.0.0.1", port, "localhost", timeout=20) as client:
        client.ehlo()
        assert client.esmtp_features["size"] == str(SIZE_LIMIT)
        assert client.mail("a@x.al", [f"SIZE={SIZE_LIMIT + 1}"])[0] == 552
        client.rset()
        client.mail("a@x.al")
        client.rcpt("b@x.al")
        assert client.data(b"x" * 98 + b"\r\n" + (b"y" * 998 + b"\r\n") * (SIZE_LIMIT // 1000 + 1))[0] == 552
    assert count_delivered(folder) == before


def test_a_mail_that_cannot_be_stored_is_not_acknowledged(tmp_path: Path) -> None:
    folder = tmp_path / "mail"
    with running(folder) as (_, port), smtplib.SMTP("127.0.0.1", port, "localhost", timeout=5) as client:
        folder.rmdir()
        with pytest.raises(smtplib.SMTPDataError) as refused:
            client.sendmail("a@x.al", ["b@x.al"], b"Subject: x\r\n\r\nx\r\n")
        assert refused.value.smtp_code == 451
        folder.mkdir()
        client.sendmail("a@x.al", ["b@x.al"], b"Subject: x\r\n\r\nx\r\n")
    assert count_delivered(folder) == 1


def test_what_was_acknowledged_survives_a_kill_and_nothing_is_half(tmp_path: Path) -> None:
    acknowledged = 0
    with running(tmp_path) as (process, port), contextlib.suppress(smtplib.SMTPException, OSError):
        client = smtplib.SMTP("127.0.0.1", port, "localhost", timeout=5)
        while acknowledged < 500:
            client.sendmail("a@x.al", ["b@x.al"], b"Subject: x\r\n\r\n" + b"y" * 500 + b"\r\n")
            acknowledged += 1
            if acknowledged == 20:
                process.kill()
    assert acknowledged >= 20
    assert acknowledged <= count_delivered(tmp_path) <= acknowledged + 1
    for line in list_delivered(tmp_path, limit=1000):
        assert read_delivered(tmp_path, line.id).text == "y" * 500


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_cleanly_when_told_even_with_somebody_connected(tmp_path: Path, number: int) -> None:
    with running(tmp_path) as (process, port), socket.create_connection(("127.0.0.1", port), 5) as client:
        assert client.recv(100).startswith(b"220 ")
        process.send_signal(number)
        assert process.wait(timeout=5) == 0
        assert process.stderr
        assert process.stderr.read() == ""


def test_it_ends_when_its_parent_is_gone(tmp_path: Path) -> None:
    program = (
        "import os, subprocess, sys\n"
        "child = subprocess.Popen([sys.executable, '-m', 'pop_campaigns.tryout.mailserver', '--port', '0',"
        " '--folder', sys.argv[1], '--stop-with', str(os.getpid())], stdout=subprocess.PIPE, text=True)\n"
        "print(child.pid, child.stdout.readline().split()[2])\n"
    )
    said = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)],
        check=True, capture_output=True, text=True, cwd=Path(__file__).parents[2],
    ).stdout  # fmt: skip
    port = int(said.split()[1])
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            return
        time.sleep(0.1)
    os.kill(int(said.split()[0]), signal.SIGKILL)
    pytest.fail("the server outlived its parent")


def refused_to_start(*arguments: str) -> str:
    process = start(*arguments)
    out, err = process.communicate(timeout=20)
    assert process.returncode == 1
    assert out == ""
    assert err.count("\n") == 1
    assert err.endswith(".\n")
    return err


def test_a_taken_port_is_told_in_one_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert port in refused_to_start("--port", port, "--folder", str(tmp_path))


def test_a_folder_that_cannot_be_is_told_in_one_sentence(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    assert str(file) in refused_to_start("--port", "0", "--folder", str(file / "mail"))


def test_a_port_out_of_range_is_told_in_one_sentence(tmp_path: Path) -> None:
    assert "70000" in refused_to_start("--port", "70000", "--folder", str(tmp_path))


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "::", "mail.example"])
def test_it_listens_on_this_machine_only(host: str, tmp_path: Path) -> None:
    with pytest.raises(CannotServe, match="this machine only"):
        serve(host, 0, tmp_path)


@pytest.mark.parametrize(
    "mail_id",
    ["", "x", "../secret", "..", "/etc/passwd", "0" * 20 + "-0123456g", "0" * 20 + "-01234567/../x",
     "0" * 20 + "-01234567", "0" * 20 + "-01234567\n", "\0", "0" * 5000, "٣" * 20 + "-01234567"],
)  # fmt: skip
def test_what_is_not_an_id_of_a_kept_mail_reads_nothing(tmp_path: Path, mail_id: str) -> None:
    (tmp_path / "secret.eml").write_bytes(b"Subject: secret\r\n\r\nx")
    folder = tmp_path / "mail"
    folder.mkdir()
    with pytest.raises(NoSuchMail):
        read_delivered(folder, mail_id)


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    (tmp_path / ("0" * 20 + "-01234567.eml")).symlink_to(tmp_path / "secret")
    with pytest.raises(NoSuchMail):
        read_delivered(tmp_path, "0" * 20 + "-01234567")


def test_other_files_and_a_missing_folder_are_no_mail(tmp_path: Path) -> None:
    (tmp_path / "note.eml").touch()
    (tmp_path / ("0" * 20 + "-01234567.part")).touch()
    assert list_delivered(tmp_path) == []
    assert list_delivered(tmp_path / "missing") == []
    assert list_delivered(tmp_path, limit=-1, offset=-5) == []


def test_envelope_fields_within_the_message_are_not_believed(tmp_path: Path) -> None:
    raw = b"X-Envelope-To: <forged@x.al>\r\nReturn-Path: <forged@x.al>\r\nSubject: x\r\n\r\nx\r\n"
    name = store_message(tmp_path, raw, "a@x.al", ["b@x.al\r\nX-Envelope-To: <c@x.al>"])
    (line,) = list_delivered(tmp_path)
    assert line.envelope_from == "a@x.al"
    assert len(line.envelope_to) == 1
    assert read_delivered(tmp_path, name).raw == raw


def nested(depth: int) -> bytes:
    opened = b"".join(
        b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (n, n) for n in range(depth)
    )
    return opened + b"Content-Type: text/plain\r\n\r\nx\r\n"


@pytest.mark.parametrize(
    ("raw", "unparsed"),
    [
        (nested(1000), True),
        (b"Subject: " + b"=?utf-8?q?=C3=AB?= " * 20000 + b"\r\n\r\nx", True),
        (
            b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n'
            + b"--b\r\n\r\nx\r\n" * 10000
            + b"--b--\r\n",
            True,
        ),
        (b"Content-Type: text/plain; charset=nonsense\r\n\r\nx\xff", False),
        (b"Content-Type: text/plain; charset*=x''\xff\r\nSubject: =?nonsense?q?x?=\r\n\r\nx", False),
        (b"Subject: =?utf-8?b?!!!?=\r\nFrom: \xff\xfe\r\n\r\nx", False),
        (b"Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!", False),
        (b"\x00\xff" * 100, False),
        (b"", False),
    ],
)
def test_hostile_mail_is_listed_and_shown_or_marked_as_unparsed(
    tmp_path: Path, raw: bytes, unparsed: bool
) -> None:
    name = store_message(tmp_path, raw, "a@x.al", ["b@x.al"])
    (line,) = list_delivered(tmp_path)
    mail = read_delivered(tmp_path, name)
    assert line.envelope_to == ("b@x.al",)
    assert mail.raw == raw
    assert mail.unparsed is unparsed
