"""`flask --app wsgi mail explain`: what it prints, and that it only reads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from pop_campaigns.core.db import db
from pop_campaigns.mail.mailbox_files import messages_in
from pop_campaigns.mail.models import IncomingMail
from tests.calendars.programs import ANSWERS, QUESTIONS
from tests.mail.own import calendar_mails, delivery_reports
from tests.mail.own.writing import mail, multipart, part

KEYS = [
    "file", "kind", "permanent", "failed_recipients", "calendar", "text", "attachments", "returns_on", "perhaps_absent",
    "written_to", "forwarded_to", "unreadable_calendar", "told_partstat", "signed", "matches", "reasons",
]  # fmt: skip
ANSWER = b"""From: Arta <arta@bashkia.example>
To: r-abc@rsvp.example
Subject: Accepted
Content-Type: text/calendar; method=REPLY; charset=utf-8

BEGIN:VCALENDAR
METHOD:REPLY
BEGIN:VEVENT
UID:e1@rsvp.example
ATTENDEE;PARTSTAT=ACCEPTED:mailto:arta@bashkia.example
COMMENT:Po\xc3\xab
END:VEVENT
END:VCALENDAR
"""


def explain(app: Flask, *arguments: str, stdin: bytes | None = None) -> list[dict[str, Any]]:
    run = app.test_cli_runner().invoke(args=["mail", "explain", *arguments], input=stdin)
    assert run.exit_code == 0, run.output
    return [json.loads(line) for line in run.stdout.splitlines()]


def test_one_line_a_message_with_its_keys_in_order(app: Flask, tmp_path: Path) -> None:
    (tmp_path / "a.eml").write_bytes(ANSWER)
    (tmp_path / "b.eml").write_bytes(
        b"Subject: Po\n\nVij.\n\nOn 1 March 2027, POP <p@r.example> wrote:\n> Vini?\n"
    )
    answer, letter = explain(app, str(tmp_path / "a.eml"), str(tmp_path / "b.eml"))
    assert list(answer) == list(letter) == KEYS
    assert answer["file"] == str(tmp_path / "a.eml")
    assert (answer["kind"], answer["permanent"], answer["matches"]) == ("calendar", None, [])
    first = ["method", "uid", "attendee", "partstat", "sequence", "comment"]
    assert list(answer["calendar"])[:6] == first
    wanted = ["REPLY", "e1@rsvp.example", "arta@bashkia.example", "ACCEPTED", None, "Poë"]
    assert [answer["calendar"][name] for name in first] == wanted
    assert (letter["kind"], letter["text"], letter["calendar"]) == ("human", "Vij.", None)
    assert letter["reasons"]


def test_standard_input_and_the_envelope(app: Flask) -> None:
    [line] = explain(app, "--envelope-from", "<>", "-", stdin=b"Subject: x\n\nx\n")
    assert (line["file"], line["kind"]) == ("-", "auto")


def test_what_cannot_be_read_says_why(app: Flask, tmp_path: Path) -> None:
    (tmp_path / "huge.eml").write_bytes(b"Subject: x\n\n" + b"x" * (26 * 1024 * 1024))
    (tmp_path / "none.eml").write_bytes(b"")
    huge, none = explain(app, str(tmp_path / "huge.eml"), str(tmp_path / "none.eml"))
    assert (huge["kind"], huge["reasons"]) == ("unparsed", ["larger than 25 MiB"])
    assert (none["kind"], none["reasons"]) == ("unparsed", ["the mail is empty"])


def test_a_file_that_is_not_there(app: Flask, tmp_path: Path) -> None:
    run = app.test_cli_runner().invoke(args=["mail", "explain", str(tmp_path / "nowhere")])
    assert run.exit_code == 2
    assert "does not exist" in run.output


def test_nothing_is_written(app: Flask, tmp_path: Path) -> None:
    (tmp_path / "a.eml").write_bytes(ANSWER)
    explain(app, str(tmp_path / "a.eml"))
    assert db.session.scalar(select(func.count()).select_from(IncomingMail)) == 0


def test_a_calendar_object_without_a_mail(app: Flask, tmp_path: Path) -> None:
    several = ANSWERS["Apple, DECLINED"].text + QUESTIONS["cancelled"].text
    (tmp_path / "itip.ics").write_text(several, encoding="utf-8", newline="")
    [line] = explain(app, str(tmp_path / "itip.ics"))
    assert (line["kind"], line["calendar"]["method"], line["calendar"]["partstat"]) == (
        "calendar",
        "REPLY",
        "DECLINED",
    )


PROPOSING = [sample.raw for sample in calendar_mails.calendar_mails() if "proposes" in sample.name]
SEPARATOR = b"From q00421@zyra.example Mon Mar  1 10:11:12 2027\r\n"
PLAIN = mail(body="Po\n")
RETURNED = SEPARATOR + PLAIN + b"\r\n"
BOUNCE = multipart(
    part("text/plain", "Nuk u dorezua."), part("message/rfc822", RETURNED.decode()),
    subtype="report; report-type=delivery-status", headers=("From: MAILER-DAEMON@mx.example",),
)  # fmt: skip
PROSE = mail("From: MAILER-DAEMON@mx.example", body=b"Nuk u dorezua:\n\n" + RETURNED)


def mailbox(*messages: bytes, end: str = "\r\n", separator: bytes = SEPARATOR) -> bytes:
    """Several messages as RFC 4155 puts them into one file."""
    return b"".join(separator + raw + b"\r\n" for raw in messages).replace(b"\r\n", end.encode())


@pytest.mark.parametrize("end", ["\r\n", "\n"], ids=["CRLF", "LF"])
@pytest.mark.parametrize(
    ("messages", "count"),
    [
        (PROPOSING, len(PROPOSING)),
        ([mail(f"Subject: {number}", body="Po\n") for number in range(53)], 53),
        ([raw for raw, *_ in delivery_reports.KINDS.values()], len(delivery_reports.KINDS)),
        ([BOUNCE], 1),
        ([PROSE], 1),
        ([BOUNCE, PLAIN, PROSE], 3),
    ],
    ids=["calendar mails", "plain ones", "bounces", "one that came back", "one in prose", "mixed"],
)
def test_mailboxes(messages: list[bytes], count: int, end: str) -> None:
    content = mailbox(*messages, end=end)
    rows = messages_in(content)
    assert len(rows) == count
    assert b"".join(rows) == content


def test_separators_with_less_and_more() -> None:
    short = mailbox(PLAIN, PLAIN, separator=b"From q00421@zyra.example Mon Mar  1 10:11 2027\r\n")
    zoned = mailbox(PLAIN, PLAIN, separator=b"From - Mon Mar 01 10:11:12 2027 +0100\r\n")
    assert [len(messages_in(content)) for content in (short, zoned)] == [2, 2]
    assert messages_in(PLAIN + mailbox(PLAIN)) == [PLAIN + mailbox(PLAIN)]


def test_a_letter_that_quotes_a_separator_stays_one() -> None:
    letter = b"Subject: x\n\nPara:\n\nFrom a@b.example Mon Mar  1 10:00:00 2027\nSubject: y\n\nz\n"
    assert messages_in(letter) == [letter]
