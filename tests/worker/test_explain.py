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
from tests.mail.sample_sets import SAMPLES

needs_samples = pytest.mark.skipif(
    not SAMPLES.is_dir(), reason="the sample messages are not beside the project"
)
KEYS = [
    "file",
    "kind",
    "permanent",
    "failed_recipients",
    "calendar",
    "text",
    "attachments",
    "matches",
    "reasons",
]
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


@needs_samples
def test_a_calendar_object_without_a_mail(app: Flask) -> None:
    [line] = explain(app, str(SAMPLES / "calendar-mail-libical" / "itip.ics"))
    assert (line["kind"], line["calendar"]["method"]) == ("calendar", "REPLY")


@needs_samples
@pytest.mark.parametrize(
    ("name", "messages"),
    [
        ("calendar-mail-libical/mail-examples", 6),
        ("calendar-mail-libical/2446.mime", 53),
        ("bounces-rfc/rb-issue-368-bug.eml", 1),
        ("bounces-flufl/postfix_01.txt", 1),
    ],
)
def test_mailboxes(name: str, messages: int) -> None:
    content = (SAMPLES / name).read_bytes()
    found = messages_in(content)
    assert len(found) == messages
    assert b"".join(found) == content


def test_a_letter_that_quotes_a_separator_stays_one() -> None:
    letter = b"Subject: x\n\nPara:\n\nFrom a@b.example Mon Mar  1 10:00:00 2027\nSubject: y\n\nz\n"
    assert messages_in(letter) == [letter]
