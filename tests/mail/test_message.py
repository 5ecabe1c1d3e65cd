"""What is on the wire: golden bytes, read by two parsers; nothing typed becomes a header."""

from __future__ import annotations

import dataclasses
import email
import os
import re
from datetime import UTC, datetime
from email import policy
from email.header import decode_header, make_header
from email.message import EmailMessage, Message
from email.utils import getaddresses
from pathlib import Path
from typing import Any

import flask_mail
import icalendar
import pytest
from flask import Flask
from hypothesis import example, given
from hypothesis import strategies as st

from pop_campaigns.mail.headers import clean_file_name
from pop_campaigns.mail.message import (
    AttachedFile,
    MailParts,
    UnsafeMessage,
    build_message,
    message_bytes,
    new_message_id,
)

GOLDEN = Path(__file__).parent / "golden"
CALENDAR = "\r\n".join(
    (
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//POP//sq",
        "METHOD:REQUEST",
        "BEGIN:VEVENT",
        "UID:event-1@pop.example",
        "DTSTAMP:20270301T090000Z",
        "DTSTART:20270316T100000Z",
        "DTEND:20270316T120000Z",
        "SEQUENCE:0",
        "SUMMARY:Tryezë e rrumbullakët për lumin e Gjanicës",
        "ORGANIZER;CN=Koordinator Fier:mailto:r-abc234@rsvp.pop.example",
        "ATTENDEE;CN=Prefekti i Qarkut Fier;RSVP=TRUE:mailto:prefekti@fier.example",
        "END:VEVENT",
        "END:VCALENDAR",
        "",
    )
)
PDF = b"%PDF-1.7\n%\xe2\xe3\x00\n" * 9
PLAIN = MailParts(
    message_id="<3kq7vplmjsnxo2tr@pop.example>",
    date=datetime(2027, 3, 1, 9, 0, tzinfo=UTC),
    from_name="POP Fier",
    from_address="r-abc234@rsvp.pop.example",
    to_name="Prefekti i Qarkut Fier",
    to_address="prefekti@fier.example",
    envelope_from="b-def567@pop.example",
    subject="Kujtesë: tryezë e rrumbullakët",
    text="Të nderuar,\n\nJu kujtojmë takimin e së martës.\n\n.\nFrom Fier\n-- \nPOP Fier\n",
    language="sq",
    auto_submitted=True,
)
INVITATION = dataclasses.replace(
    PLAIN,
    subject="Ftesë: Tryezë e rrumbullakët për lumin e Gjanicës, e martë, 16 mars 2027, ora 11:00",
    html='<!doctype html>\n<html lang="sq"><body style="margin:0"><p>Të nderuar, jeni të ftuar. '
    + "Përgjigjuni me një klik. " * 6
    + "</p></body></html>\n",
    calendar=CALENDAR,
    calendar_method="REQUEST",
    auto_submitted=False,
)
LETTER = dataclasses.replace(
    PLAIN,
    subject="Shkresë nr. 12/1: ndotja e lumit Gjanica",
    to_name="Ministria e Turizmit dhe Mjedisit",
    to_address="info@mte.example",
    attachments=(AttachedFile("Shkresë nr. 12 – Gjanica.pdf", "application/pdf", PDF),),
    reply_to="arkiva@pop.example",
    auto_submitted=False,
    headers=(
        ("References", " ".join(f"<{n:032x}@pop.example>" for n in range(4))),
        ("In-Reply-To", f"<{3:032x}@pop.example>"),
        ("List-Unsubscribe", f"<https://pop.example/u/{'k' * 90}>, <mailto:u-abc@pop.example>"),
        ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
    ),
)


def parse(raw: bytes) -> EmailMessage:
    message = email.message_from_bytes(raw, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


def shape(part: Message) -> Any:
    kind = part.get_content_type()
    return (kind, [shape(child) for child in part.get_payload()]) if part.is_multipart() else kind  # type: ignore[arg-type, union-attr]


@pytest.mark.parametrize(
    ("name", "parts"), [("plain", PLAIN), ("invitation", INVITATION), ("letter", LETTER)]
)
def test_the_bytes_are_the_golden_ones(name: str, parts: MailParts) -> None:
    path = GOLDEN / f"{name}.eml"
    raw = message_bytes(parts)
    if os.environ.get("POP_WRITE_GOLDEN") == "1":
        path.write_bytes(raw)
    assert raw == path.read_bytes()
    assert raw == message_bytes(parts), "the same parts give the same bytes"
    raw.decode("ascii")
    lines = raw.split(b"\r\n")
    assert not any(b"\n" in line or b"\r" in line for line in lines)


def test_an_invitation_has_the_structure_calendars_understand() -> None:
    message = parse(message_bytes(INVITATION))
    assert shape(message) == (
        "multipart/mixed",
        [("multipart/alternative", ["text/plain", "text/html", "text/calendar"]), "application/ics"],
    )
    alternative, file = message.iter_parts()
    plain, html, calendar = alternative.iter_parts()
    assert [part["Content-Transfer-Encoding"] for part in (plain, html, calendar, file)] == [
        "quoted-printable", "quoted-printable", "base64", "base64",
    ]  # fmt: skip
    assert b"\r\nContent-Type: text/calendar; charset=utf-8; method=REQUEST\r\n" in message_bytes(INVITATION)
    assert calendar["Content-Disposition"] is None
    assert file["Content-Type"].params["name"] == file.get_filename() == "ftesa.ics"
    english = dataclasses.replace(INVITATION, language="en")
    assert b'filename="invite.ics"' in message_bytes(english)
    assert calendar.get_payload(decode=True) == file.get_payload(decode=True) == CALENDAR.encode()
    assert plain.get_content().startswith("Të nderuar,\r\n")
    assert "Përgjigjuni me një klik." in html.get_content()
    read = icalendar.Calendar.from_ical(file.get_content())
    assert str(read.events[0]["SUMMARY"]) == "Tryezë e rrumbullakët për lumin e Gjanicës"


def test_other_mails_have_no_more_parts_than_they_need() -> None:
    assert shape(parse(message_bytes(PLAIN))) == "text/plain"
    with_html = dataclasses.replace(PLAIN, html="<p>x</p>")
    assert shape(parse(message_bytes(with_html))) == ("multipart/alternative", ["text/plain", "text/html"])
    assert shape(parse(message_bytes(LETTER))) == ("multipart/mixed", ["text/plain", "application/pdf"])


@pytest.mark.parametrize("parser", [policy.default, policy.compat32])
def test_headers_read_back_with_either_parser(parser: Any) -> None:
    message = email.message_from_bytes(message_bytes(LETTER), policy=parser)
    assert message.keys() == [
        "Message-ID", "Date", "From", "To", "Reply-To", "Subject", "In-Reply-To", "References",
        "List-Unsubscribe", "List-Unsubscribe-Post", "MIME-Version", "Content-Type", "Content-Language",
    ]  # fmt: skip
    assert str(make_header(decode_header(message["Subject"]))) == LETTER.subject
    for name, value in LETTER.headers:
        assert message[name].replace("\r\n", "") == value, "unfolded, and no encoded word in it"
    assert message["Message-ID"] == LETTER.message_id
    assert message["Content-Language"] == "sq"
    file = message.get_payload()[1]  # type: ignore[index, union-attr]
    assert file.get_filename() == "Shkresë nr. 12 – Gjanica.pdf"  # type: ignore[union-attr]
    assert file.get_payload(decode=True) == LETTER.attachments[0].content  # type: ignore[union-attr]


def test_letters_are_not_marked_as_automatic_and_reminders_are() -> None:
    assert parse(message_bytes(PLAIN))["Auto-Submitted"] == "auto-generated"
    assert parse(message_bytes(LETTER))["Auto-Submitted"] is None


def test_the_envelope_sender_is_in_no_header() -> None:
    assert b"b-def567" not in message_bytes(PLAIN)


hostile = st.one_of(
    st.text(max_size=120),
    st.lists(
        st.sampled_from(
            [
                "\r\n", "\r", "\n", "\u2028", "\x85", "\x0b", "\0", "Bcc: x@evil.al", "=?utf-8?q?",
                "=0D=0ABcc:_x", "?=", "=?utf-8?b?DQpCY2M6IHhAZXZpbC5hbA==?=", '"', "<x@evil.al>",
                ",", ";", ":", "(", ")", "@",
                "\\", ".", " ", "\t", "ë", "Ç", "Ж", "\u202e", "\u200b", "👩‍👩‍👧", "_", "=", "?",
                "Fier", "x" * 90, "Dr.", "\ud800",
            ]
        ),
        max_size=14,
    ).map("".join),
)  # fmt: skip


@given(name=hostile, subject=hostile)
@example(name="=?utf-8?q?A=0D=0ABcc:_x?=", subject="=?utf-8?q?A=0D=0ABcc:_x?=")
@example(name='"' + "Dr. Arta, Besa " * 20 + '"', subject="x\r\n\r\nbody")
@example(name="x" * 200, subject="y" * 1200)
@example(name="Dr. " + "Arta.Besa " * 7, subject=" ".join("ë" * n for n in range(12)))
@example(name="\u200f", subject="")
def test_no_typed_text_adds_a_header_or_an_address(name: str, subject: str) -> None:
    parts = dataclasses.replace(PLAIN, from_name=name, to_name=name, subject=subject)
    message = build_message(parts)
    raw = message.as_bytes()
    head, _, body = raw.partition(b"\r\n\r\n")
    names = [line.split(b":")[0] for line in head.split(b"\r\n") if line[:1] not in (b" ", b"\t")]
    expected = parse(message_bytes(PLAIN)).keys()
    assert [field.decode() for field in names] == expected
    assert body == message_bytes(PLAIN).partition(b"\r\n\r\n")[2]
    for parser in (policy.default, policy.compat32):
        read = email.message_from_bytes(raw, policy=parser)
        assert read.keys() == expected
        assert [a for _, a in getaddresses([str(read["From"])])] == [PLAIN.from_address]
        assert [a for _, a in getaddresses([str(read["To"])])] == [PLAIN.to_address]
    assert str(make_header(decode_header(str(message_header(raw, "Subject"))))) == message.subject


def message_header(raw: bytes, name: str) -> str:
    return str(email.message_from_bytes(raw, policy=policy.compat32)[name]).replace("\r\n", "")


@pytest.mark.parametrize(
    ("typed", "written"),
    [
        ("POP Fier", "POP Fier <prefekti@fier.example>"),
        ("Dr. Arta Hoxha", '"Dr. Arta Hoxha" <prefekti@fier.example>'),
        ("", "prefekti@fier.example"),
        ("Çlirim", "=?utf-8?q?=C3=87lirim?= <prefekti@fier.example>"),
        ("Ж" * 3, "=?utf-8?b?0JbQltCW?= <prefekti@fier.example>"),
    ],
)
def test_names_are_written_plainly_quoted_or_encoded(typed: str, written: str) -> None:
    raw = message_bytes(dataclasses.replace(PLAIN, to_name=typed))
    assert message_header(raw, "To") == written


@given(st.text(alphabet="abcë Çж👍.", min_size=60, max_size=78))
def test_long_names_come_back_whole_from_lines_of_76(name: str) -> None:
    message = build_message(dataclasses.replace(PLAIN, to_name=name))
    raw = message.as_bytes()
    phrase = re.sub(r" ?<.*", "", message_header(raw, "To"))
    assert str(make_header(decode_header(phrase))).strip('"') == message.to_name
    assert parse(raw)["To"].addresses[0].addr_spec == PLAIN.to_address
    for line in raw.partition(b"\r\n\r\n")[0].split(b"\r\n"):
        assert b"=?" not in line or len(line) <= 76


def test_letters_before_the_at_are_written_as_utf8() -> None:
    raw = message_bytes(dataclasses.replace(PLAIN, to_address="çlirim@fier.example", to_name="Çlirim"))
    assert "To: =?utf-8?q?=C3=87lirim?= <çlirim@fier.example>\r\n".encode() in raw


@pytest.mark.parametrize(
    ("name", "cleaned"),
    [
        ("shkresa.pdf", "shkresa.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\arta\\shkresa.pdf", "shkresa.pdf"),
        ("CON", "_CON"),
        ("com1.pdf", "_com1.pdf"),
        (".htaccess", "htaccess"),
        ("a\x00b\r\nBcc: x.pdf", "ab Bcc x.pdf"),
        ("shkresa\u202efdp.exe", "shkresafdp.exe"),
        ('a"; filename="evil.exe', "a filenameevil.exe"),
        ("", "file"),
        ("..", "file"),
        ("/", "file"),
        ("x" * 300 + ".pdf", "x" * 89 + ".pdf"),
        ("ë" * 300, "ë" * 100),
    ],
)
def test_file_names_are_safe_on_disk_and_on_the_wire(name: str, cleaned: str) -> None:
    assert clean_file_name(name) == cleaned
    file = AttachedFile(name, "application/pdf", b"%PDF")
    message = parse(message_bytes(dataclasses.replace(PLAIN, attachments=(file,))))
    assert [part.get_filename() for part in message.iter_attachments()] == [cleaned]


@given(st.text(max_size=300))
def test_any_file_name_comes_back_as_it_was_cleaned(name: str) -> None:
    parts = dataclasses.replace(PLAIN, attachments=(AttachedFile(name, "image/png", b"x"),))
    raw = message_bytes(parts)
    (part,) = parse(raw).iter_attachments()
    assert part.get_filename() == clean_file_name(name)
    assert part.keys() == ["Content-Type", "Content-Transfer-Encoding", "Content-Disposition"]
    old = email.message_from_bytes(raw, policy=policy.compat32).get_payload()[1]  # type: ignore[index, union-attr]
    assert old.get_filename().replace("\r\n", "") == clean_file_name(name)  # type: ignore[union-attr]


@given(st.binary(max_size=2000))
def test_no_content_ends_its_part_early(content: bytes) -> None:
    boundary = re.search(rb'boundary="([^"]+)"', message_bytes(LETTER))
    assert boundary
    content = b"\r\n--" + boundary[1] + b"--\r\n" + content
    text = f"--{boundary[1].decode()}--\nmore\n"
    file = AttachedFile("x.pdf", "application/pdf", content)
    parts = dataclasses.replace(LETTER, text=text, attachments=(file,))
    plain, arrived = parse(message_bytes(parts)).iter_parts()
    assert arrived.get_payload(decode=True) == content
    assert plain.get_content().splitlines() == text.splitlines()


@pytest.mark.parametrize(
    "change",
    [
        {"message_id": "<a@b>\r\nBcc: x@evil.al"},
        {"message_id": "no brackets"},
        {"message_id": "<" + "a" * 300 + "@pop.example>"},
        {"date": datetime(2027, 3, 1, 9, 0)},
        {"to_address": "a@x.al, b@y.al"},
        {"to_address": "a@x.al\r\nBcc: b@y.al"},
        {"to_address": "=?utf-8?q?a=40evil.al?=@x.al"},
        {"to_address": ""},
        {"from_address": "a b@x.al"},
        {"from_address": ""},
        {"reply_to": "x@y.al, z@y.al"},
        {"text": " \n"},
        {"text": "\ud800"},
        {"language": "sq\r\nX: y"},
        {"headers": (("Bcc", "x@evil.al"),)},
        {"headers": (("List-Id", "<a>\r\nBcc: x@evil.al"),)},
        {"headers": (("List-Id", "<a>\n b"),)},
        {"headers": (("List-Id", "ë"),)},
        {"headers": (("List-Id", "<" + "a" * 1200 + ">"),)},
        {"headers": (("List-Id", "<a>"), ("List-Id", "<b>"))},
        {"attachments": (AttachedFile("x", "multipart/mixed", b""),)},
        {"attachments": (AttachedFile("x", "message/rfc822", b""),)},
        {"attachments": (AttachedFile("x", "application/pdf; x=\r\n", b""),)},
        {"calendar": CALENDAR, "calendar_method": "CANCEL"},
        {"calendar": CALENDAR, "calendar_method": None},
        {"calendar": None, "calendar_method": "REQUEST"},
        {"calendar": CALENDAR.replace("Gjanicës", "x\rATTENDEE:mailto:x"), "calendar_method": "REQUEST"},
        {"calendar": CALENDAR.replace("Gjanicës", "x\0"), "calendar_method": "REQUEST"},
        {"calendar": CALENDAR.replace("REQUEST", "REQUEST\r\nMETHOD:CANCEL"), "calendar_method": "REQUEST"},
    ],
)
def test_a_mail_that_would_say_something_else_does_not_leave(change: dict[str, Any]) -> None:
    with pytest.raises(UnsafeMessage):
        message_bytes(dataclasses.replace(PLAIN, **change))


def test_the_reading_back_catches_what_the_writing_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pop_campaigns.mail.message.write_address", lambda _, address: f"x@y.al, {address}")
    with pytest.raises(UnsafeMessage, match="read back"):
        message_bytes(PLAIN)
    monkeypatch.undo()
    monkeypatch.setattr("pop_campaigns.mail.message.write_text", lambda text: "another subject")
    with pytest.raises(UnsafeMessage, match="subject"):
        message_bytes(PLAIN)


def test_flask_mail_sends_these_bytes_and_sees_who_gets_them() -> None:
    app = Flask(__name__)
    app.config.update(TESTING=True)
    mail = flask_mail.Mail(app)
    with app.app_context(), mail.record_messages() as outbox:
        mail.send(build_message(INVITATION))
    assert outbox[0].send_to == {"prefekti@fier.example"}
    assert bytes(outbox[0]) == message_bytes(INVITATION)
    assert str(outbox[0]) == message_bytes(INVITATION).decode()


def test_message_ids_are_ours_and_never_the_same() -> None:
    ids = {new_message_id("pop.example") for _ in range(100)}
    assert len(ids) == 100
    for ident in ids:
        assert message_bytes(dataclasses.replace(PLAIN, message_id=ident))
