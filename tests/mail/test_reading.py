"""What a mail that came in is, and all that is needed to find where it belongs."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime

import pytest

from pop_campaigns.mail.reading.mails import read_mail
from pop_campaigns.mail.reading.report import MailReport

ICS = """BEGIN:VCALENDAR
VERSION:2.0
METHOD:{method}
BEGIN:VEVENT
UID:e1@rsvp.example
DTSTAMP:20270301T101112Z
ATTENDEE;PARTSTAT={partstat}:mailto:arta@bashkia.example
END:VEVENT
END:VCALENDAR
"""


def mail(*headers: str, body: str = "Po", kind: str = "text/plain; charset=utf-8") -> bytes:
    given = {header.partition(":")[0].lower() for header in headers}
    usual = {
        "from": "From: Arta Hoxha <arta@bashkia.example>",
        "to": "To: r-abc@rsvp.example",
        "subject": "Subject: Ftese",
        "message-id": "Message-ID: <m1@bashkia.example>",
        "date": "Date: Mon, 1 Mar 2027 10:11:12 +0100",
        "content-type": f"Content-Type: {kind}",
    }
    lines = [*headers, *(line for name, line in usual.items() if name not in given)]
    return ("\n".join(lines) + "\n\n" + body).replace("\n", "\r\n").encode()


def multipart(*parts: str, subtype: str = "mixed", headers: tuple[str, ...] = ()) -> bytes:
    body = "".join(f"--b\n{part}\n" for part in parts) + "--b--\n"
    return mail(*headers, body=body, kind=f"multipart/{subtype}; boundary=b")


def calendar_part(partstat: str = "ACCEPTED", method: str = "REPLY", parameter: str = "REPLY") -> str:
    return f"Content-Type: text/calendar; method={parameter}; charset=utf-8\n\n{ICS.format(method=method, partstat=partstat)}"


def dsn(action: str, status: str, diagnostic: str = "smtp; 550 5.1.1 no such user") -> bytes:
    return multipart(
        "Content-Type: text/plain\n\nI'm sorry to have to inform you.",
        "Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\n"
        f"Final-Recipient: rfc822; Drejtori@Zyra.example\nAction: {action}\nStatus: {status}\nDiagnostic-Code: {diagnostic}\n",
        "Content-Type: message/rfc822\n\nMessage-ID: <ours@rsvp.example>\nSubject: Ftesa jone\nTo: drejtori@zyra.example\n\nx",
        subtype="report; report-type=delivery-status",
        headers=("From: MAILER-DAEMON@mx.example", "Auto-Submitted: auto-replied"),
    )


# --- calendar answers


@pytest.mark.parametrize("partstat", ["ACCEPTED", "DECLINED", "TENTATIVE"])
def test_an_answer_from_a_calendar_comes_before_all_else(partstat: str) -> None:
    raw = multipart(
        "Content-Type: text/plain\n\nArta has answered.",
        calendar_part(partstat),
        subtype="alternative",
        headers=(
            "Auto-Submitted: auto-generated",
            "From: Calendar <calendar-notification@google.com>",
            "Return-Path: <>",
        ),
    )
    report = read_mail(raw)
    assert report.kind == "calendar"
    assert report.calendar is not None
    result = {
        name: report.calendar.to_json()[name]
        for name in ("method", "uid", "attendee", "partstat", "sequence", "comment")
    }
    assert result == {
        "method": "REPLY", "uid": "e1@rsvp.example", "attendee": "arta@bashkia.example", "partstat": partstat,
        "sequence": None, "comment": None,
    }  # fmt: skip
    assert report.calendar.to_json()["dtstamp"] == "2027-03-01T10:11:12Z"
    assert report.attachments == ()


def test_the_body_says_which_method() -> None:
    report = read_mail(multipart(calendar_part(parameter="REQUEST")))
    assert report.calendar is not None
    assert report.calendar.method == "REPLY"


def test_an_answer_as_a_file_alone() -> None:
    part = calendar_part().replace(
        "Content-Type: text/calendar", "Content-Type: application/octet-stream; name=invite.ics"
    )
    report = read_mail(multipart("Content-Type: text/plain\n\nPo", part))
    assert report.kind == "calendar"
    assert [file.name for file in report.attachments] == ["invite.ics"]


def test_a_published_file_asks_and_answers_nothing() -> None:
    report = read_mail(
        multipart("Content-Type: text/plain\n\nShihni", calendar_part(method="PUBLISH", parameter="PUBLISH"))
    )
    assert report.kind == "human"
    assert report.calendar is not None
    assert report.calendar.method == "PUBLISH"


def test_a_broken_answer_is_a_mail_that_says_why() -> None:
    report = read_mail(multipart("Content-Type: text/plain\n\nPo", calendar_part().replace("UID", "X-UID")))
    assert report.kind == "human"
    assert report.calendar is None
    assert any("no UID" in reason for reason in report.reasons)


def test_our_own_invitation_that_came_back_is_no_answer() -> None:
    raw = dsn("failed", "5.1.1").replace(
        b"\r\nSubject: Ftesa jone", b"\r\nContent-Type: text/calendar; method=REQUEST\r\nSubject: Ftesa jone"
    )
    assert read_mail(raw).kind == "bounce"


def test_our_own_invitation_returned_in_the_open_is_a_bounce() -> None:
    ours = ICS.format(method="REQUEST", partstat="NEEDS-ACTION")
    raw = multipart(
        "Content-Type: text/plain\n\nThe following address failed:\n\n  <arta@bashkia.example>\n  550 user unknown",
        f"Content-Type: text/calendar; method=REQUEST\n\n{ours}",
        headers=("From: MAILER-DAEMON@mx.example", "Subject: Undeliverable: Ftese", "Return-Path: <>"),
    )
    report = read_mail(raw)
    assert (report.kind, report.failed_recipients) == ("bounce", ("arta@bashkia.example",))


def test_a_strangers_invitation_is_seen_as_one_though_a_machine_sent_it() -> None:
    ours = ICS.format(method="REQUEST", partstat="NEEDS-ACTION")
    report = read_mail(
        mail("Auto-Submitted: auto-generated", kind="text/calendar; method=REQUEST; charset=utf-8", body=ours)
    )
    assert report.kind == "calendar"


def test_a_counter_comes_from_who_sent_it_not_from_the_chair() -> None:
    both = ICS.format(method="COUNTER", partstat="TENTATIVE").replace(
        "DTSTAMP",
        "ORGANIZER:mailto:pop@rsvp.example\nATTENDEE;PARTSTAT=ACCEPTED:mailto:pop@rsvp.example\nDTSTAMP",
    )
    report = read_mail(mail(kind="text/calendar; method=COUNTER", body=both))
    assert report.calendar is not None
    assert report.calendar.attendee == "arta@bashkia.example"


# --- bounces


def test_a_delivery_report() -> None:
    report = read_mail(dsn("failed", "5.1.1"))
    assert (report.kind, report.permanent, report.failed_recipients) == (
        "bounce",
        True,
        ("drejtori@zyra.example",),
    )
    assert (report.status, report.diagnostic) == ("5.1.1", "550 5.1.1 no such user")
    assert report.returned_id == "<ours@rsvp.example>"
    assert report.returned is not None
    assert report.returned["subject"] == "Ftesa jone"


@pytest.mark.parametrize(
    ("action", "status", "permanent", "failed"),
    [
        ("delayed", "4.2.2", False, 1),
        ("failed", "4.4.1", True, 1),
        ("relayed", "2.0.0", None, 0),
        ("Delivered (all well)", "2.1.5", None, 0),
        ("", "5.2.1", True, 1),
        ("", "4.2.1", False, 1),
    ],
)
def test_for_good_or_for_now(action: str, status: str, permanent: bool | None, failed: int) -> None:
    report = read_mail(dsn(action, status))
    assert (report.kind, report.permanent, len(report.failed_recipients)) == ("bounce", permanent, failed)


def test_a_server_that_writes_prose() -> None:
    body = (
        "Hi. This is the qmail-send program at mx.example.\nI'm afraid I wasn't able to deliver your message to the following "
        "addresses.\n\n<drejtori@zyra.example>:\n550 5.2.2 mailbox full\n\n--- Below this line is a copy of the message.\n\n"
        "Return-Path: <b@rsvp.example>\nMessage-ID: <ours@rsvp.example>\nTo: drejtori@zyra.example\n\nx"
    )
    report = read_mail(mail("From: MAILER-DAEMON@mx.example", "Subject: failure notice", body=body))
    assert (report.kind, report.permanent, report.failed_recipients) == (
        "bounce",
        True,
        ("drejtori@zyra.example",),
    )
    assert (report.status, report.returned_id) == ("5.2.2", "<ours@rsvp.example>")


@pytest.mark.parametrize(
    "sender", ["From:", "From: <>", 'From: "', "From: @", "From: =?utf-8?q?=00?=", "X-No-From: x"]
)
def test_odd_senders_do_not_stop_the_reading(sender: str) -> None:
    report = read_mail(mail(sender, "Subject: Undelivered Mail Returned to Sender", "Return-Path: <>"))
    assert report.kind in ("bounce", "auto")


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        (
            ("Subject: Re: Undelivered Mail Returned to Sender",),
            "Më vjen keq, adresa ishte e gabuar: drejtori@zyra.example",
        ),
        (
            ("Subject: Fwd: Mail delivery failed: returning message to sender",),
            "Shihni: 550 user unknown x@y.example",
        ),
        (("Subject: Delivery failure of water in Fier",), "The water was rejected. Write to x@y.example."),
        (("Subject: Delivery status of the goods",), "Nuk u dorëzua.\n\nuser unknown x@y.example"),
        (
            ("From: postmaster@bashkia.example", "Subject: Takimi"),
            "Dokumenti does not exist. Shkruani x@y.example",
        ),
        (("Subject: Kerkesa juaj",), "> 550 5.1.1 user unknown\n> <x@y.example>\n\nPse m'u kthye kjo?"),
    ],
)
def test_people_who_speak_of_failures_are_people(headers: tuple[str, ...], body: str) -> None:
    report = read_mail(mail(*headers, body=body))
    assert report.kind == "human", report.reasons


# --- other machines


def test_a_complaint() -> None:
    raw = multipart(
        "Content-Type: text/plain\n\nAbuse", "Content-Type: message/feedback-report\n\nFeedback-Type: abuse\n",
        "Content-Type: message/rfc822\n\nMessage-ID: <ours@rsvp.example>\n\nx",
        subtype="report; report-type=feedback-report", headers=("From: postmaster@isp.example",),
    )  # fmt: skip
    report = read_mail(raw)
    assert report.kind == "feedback"
    assert report.returned is not None
    assert report.returned["message-id"] == "<ours@rsvp.example>"


def test_a_read_receipt() -> None:
    raw = multipart(
        "Content-Type: text/plain\n\nLexuar",
        "Content-Type: message/disposition-notification\n\nFinal-Recipient: rfc822; arta@bashkia.example\n"
        "Disposition: manual-action/MDN-sent-manually; displayed\n",
        subtype="report; report-type=disposition-notification",
    )
    report = read_mail(raw)
    assert report.kind == "receipt"
    assert "displayed" in report.reasons[0]


@pytest.mark.parametrize(
    "header",
    [
        "Auto-Submitted: auto-replied", "Auto-Submitted: auto-generated (vacation)", "Auto-Submitted: Auto-Replied; owner=x",
        "X-Autoreply: yes", "X-Autorespond: x", "Precedence: auto_reply",
        "Subject: Automatic reply: Ftese", "Subject: =?utf-8?q?P=C3=ABrgjigje_automatike=3A_Ftes=C3=AB?=",
        "Subject: Out of office: Ftese", "Subject: Jashte zyre", "Subject: Automatische Antwort: x", "Return-Path: <>",
        "Subject: =?utf-8?b?SmFzaHTDqyB6eXLDq3M=?=", "Subject: Autoreply", "Subject: Auto: Re: Ftese",
        "Subject: Me pushime", "Subject: Jam me leje deri nesër", "Subject: Abwesenheitsnotiz: Ftese",
        "Subject: On annual leave until 5 May", "Subject: Out of the Office Re: Ftese",
    ],
)  # fmt: skip
def test_auto_replies(header: str) -> None:
    assert read_mail(mail(header)).kind == "auto"


@pytest.mark.parametrize(
    "header",
    [
        "Auto-Submitted: no", "Subject: Re: Automatic reply: Ftese", "Subject: Pushime ne Fier", "Precedence: normal",
        "X-Auto-Response-Suppress: DR, OOF", "From: noreply@bashkia.example", "Subject: Zyra jashte qytetit",
        "Subject: Me leje te bashkise, protesta", "Subject: Absence of water in Fier", "Subject: Absent councillors",
        "Subject: Me pushimet e verës s'kemi ujë", "Subject: Auto: dy vende parkimi", "Subject: Out of office hours we meet",
        "Subject: On leave and care for children: a question", "Subject: Automated response system of the town hall",
    ],
)  # fmt: skip
def test_people(header: str) -> None:
    assert read_mail(mail(header)).kind == "human"


def test_the_null_sender_of_the_envelope() -> None:
    assert read_mail(mail(), "<>").kind == "auto"
    assert read_mail(mail(), "").kind == "human"


@pytest.mark.parametrize(
    ("body", "day"),
    [
        ("Jam me pushime deri më 15.03.2027.", date(2027, 3, 15)),
        ("Do të kthehem në zyrë më 5 prill.", date(2027, 4, 5)),
        ("Kthehem më 12 janar.", date(2028, 1, 12)),
        ("I am away until Monday, 8 March 2027.", date(2027, 3, 8)),
        ("I will be back on March 9th.", date(2027, 3, 9)),
        ("returning to the office on 2027-03-10", date(2027, 3, 10)),
        ("deri më 31.02.2027", None),
        ("Mungoj deri të hënën, 15 mars.", date(2027, 3, 15)),
        ("deri të premten më 12.03", date(2027, 3, 12)),
        ("deri sot", None),
        ("", None),
    ],
)
def test_until_when_somebody_is_away(body: str, day: date | None) -> None:
    assert read_mail(mail("Auto-Submitted: auto-replied", body=body)).returns_on == day


# --- what matching needs


def test_every_address_the_mail_was_for() -> None:
    raw = mail(
        "Received: from mx by us (Postfix) for <r-trace@rsvp.example>; Mon, 1 Mar 2027 10:00:00 +0100",
        'To: "Zyra, POP" <r-abc@rsvp.example>, Other <other@x.example>',
        "Cc: =?utf-8?q?Besa_=3Cfake=40x.example=3E?= <cc@x.example>",
        "Delivered-To: delivered@rsvp.example", "X-Original-To: original@rsvp.example", "Envelope-To: envelope@rsvp.example",
        "Resent-To: resent@rsvp.example",
    )  # fmt: skip
    row = read_mail(raw, envelope_to="R-First@RSVP.example").recipients
    assert row[0] == "r-first@rsvp.example"
    wanted = {"r-abc", "delivered", "original", "envelope", "resent", "r-trace"}
    assert {f"{name}@rsvp.example" for name in wanted} <= set(row)
    assert {"other@x.example", "cc@x.example"} <= set(row)


def test_ids_sender_and_time() -> None:
    report = read_mail(
        mail(
            "From: =?utf-8?q?Arta_Hoxha=2C_Zyra?= <Arta@Bashkia.example>",
            "Subject: =?utf-8?q?P=C3=ABr?= =?utf-8?q?gjigje?=\n =?iso-8859-1?q?_=EB?=",
            "In-Reply-To: <ours@rsvp.example> (your mail)",
            "References: <first@rsvp.example>\n <ours@rsvp.example>",
        )
    )
    assert (report.from_address, report.from_name) == ("arta@bashkia.example", "Arta Hoxha, Zyra")
    assert report.subject == "Përgjigje ë"
    assert report.message_id == "<m1@bashkia.example>"
    assert (report.in_reply_to, report.references) == (
        ("<ours@rsvp.example>",),
        ("<first@rsvp.example>", "<ours@rsvp.example>"),
    )
    assert report.date == datetime(2027, 3, 1, 9, 11, 12, tzinfo=UTC)


# --- text and attachments


def test_text_without_history_and_the_whole_beside_it() -> None:
    report = read_mail(mail(body="Po, vij.\n\nMë 1 mars 2027, POP <p@rsvp.example> shkroi:\n\n> Ftesë\n"))
    assert report.text == "Po, vij."
    assert "> Ftesë" in report.body


def test_a_page_alone_gives_text_and_runs_nothing() -> None:
    page = (
        "<html><head><style>p{}</style><title>t</title></head><body><p>P&euml;rsh&euml;ndetje,</p><div>vij<br>nesër</div>"
        "<script>alert(1)</script><img src=http://x.example/pixel><blockquote>Ftesë</blockquote></body></html>"
    )
    report = read_mail(mail(kind="text/html; charset=utf-8", body=page))
    assert report.text.split() == ["Përshëndetje,", "vij", "nesër"]
    assert "> Ftesë" in report.body


@pytest.mark.parametrize(
    ("charset", "raw"),
    [
        ("utf-8", "Përgjigje ç".encode()),
        ("iso-8859-1", "Përgjigje ç".encode("cp1252")),
        ("windows-1250", "Përgjigje ç".encode("cp1250")),
        ("us-ascii", "Përgjigje ç".encode()),
        ("nonsense", "Përgjigje ç".encode()),
        ("", "Përgjigje ç".encode("cp1252")),
        ("idna", "Përgjigje ç".encode()),
        ("utf-16", "Përgjigje ç".encode("utf-16")),
    ],
)
def test_charsets_true_and_false(charset: str, raw: bytes) -> None:
    kind = f"text/plain; charset={charset}" if charset else "text/plain"
    coded = (
        mail(kind=kind, body="").replace(b"\r\n\r\n", b"\r\nContent-Transfer-Encoding: 8bit\r\n\r\n") + raw
    )
    assert read_mail(coded).text == "Përgjigje ç"


def test_attachments_are_named_and_measured_but_not_opened() -> None:
    raw = multipart(
        "Content-Type: text/plain\n\nShihni",
        "Content-Type: application/pdf; name=x.pdf\nContent-Disposition: attachment;\n filename*=utf-8''P%C3%ABrgjigje.pdf\n"
        "Content-Transfer-Encoding: base64\n\nSGVsbG8=",
        'Content-Type: application/zip\nContent-Disposition: attachment; filename="../../etc/CON.zip"\n\nPK',
        "Content-Type: message/rfc822\n\nSubject: Brenda\n\nx",
    )
    row = read_mail(raw).attachments
    assert [(file.name, file.type) for file in row] == [
        ("Përgjigje.pdf", "application/pdf"),
        ("_CON.zip", "application/zip"),
        ("Brenda", "message/rfc822"),
    ]
    assert row[0].size == 5


# --- whatever comes


@pytest.mark.parametrize("raw", [b"", b"\r\n\r\n", b"   "])
def test_nothing_is_unparsed(raw: bytes) -> None:
    assert read_mail(raw).kind == "unparsed"


@pytest.mark.parametrize(
    "raw",
    [
        b"\x00" * 100,
        b"GIF89a\x00\x01",
        b"Subject: x",
        b"Content-Type: multipart/mixed\n\nno boundary",
        b"Content-Type: multipart/mixed; boundary=b\n\n--b",
        b"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain; charset=\x00\n\nx",
        b"From: \xff\xfe\nTo: \xff\nSubject: \xff\nDate: \xff\nMessage-ID: \xff\n\n\xff",
        b"Content-Type: text/plain; charset*=''%FF\nContent-Disposition: attachment; filename*0*=x''%E\n\nx",
        b"Content-Transfer-Encoding: base64\n\n!!!!====!",
        b"Content-Transfer-Encoding: x-uuencode\n\nbegin 644 x\nzzz",
        b"Date: Mon, 99 Foo 99999 99:99:99 +9999\n\nx",
    ],
)
def test_anything_is_read_or_refused(raw: bytes) -> None:
    report = read_mail(raw)
    assert isinstance(report, MailReport)
    assert report.reasons
    assert not report.reasons[0].startswith("cannot be taken apart"), report.reasons


def test_nothing_of_it_is_refused_by_a_database() -> None:
    odd = b"<\xff\xfe@x.example>"
    raw = b"".join(
        name + b": " + odd + b"\r\n"
        for name in (
            b"From",
            b"To",
            b"Cc",
            b"Subject",
            b"Message-ID",
            b"In-Reply-To",
            b"References",
            b"Delivered-To",
        )
    )
    raw += b"Auto-Submitted: \x00auto\xff\r\n"
    raw += b'Authentication-Results: "mx\x00\xff.example"; dmarc=pass header.from="x\x00\xff.example"\r\n'
    report = read_mail(raw + b"Subject: a\x00b\r\n\r\na\x00b\xff", envelope_to="\udcff@x.example")
    assert report.no_answer.startswith("Auto-Submitted")
    stored = json.dumps(report.to_json(), ensure_ascii=False)
    assert stored.encode("utf-8")
    assert "\\u0000" not in stored
    assert report.in_reply_to


@pytest.mark.parametrize("kind", ["application/\x00p\xffdf", "application /pdf", "APPLICATION/PDF (a file)"])
def test_the_kind_of_a_file_can_be_stored(kind: str) -> None:
    raw = multipart(
        "Content-Type: text/plain\n\nShihni",
        f"Content-Type: {kind}\nContent-Disposition: attachment; filename=x.pdf\n\nx",
    )
    [file] = read_mail(raw.replace("\xff".encode(), b"\xff")).attachments
    assert (file.name, file.type) == ("x.pdf", "application/pdf")


def test_limits() -> None:
    deep = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(30))
    many = b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\nx\n" * 300
    long = b"Subject: " + b"x" * 120_000 + b"\n\nx"
    inner = b"Content-Type: multipart/mixed; boundary=b\n\n--b\nX: " + b"x" * 120_000 + b"\n\nx\n--b--\n"
    reasons = [read_mail(raw) for raw in (deep, many, long, inner, b"a: b\n\n" + b"x" * 26 * 1024 * 1024)]
    assert {report.kind.value for report in reasons} == {"unparsed"}
    assert [report.reasons[0].split(" ")[0] for report in reasons] == [
        "parts",
        "more",
        "more",
        "more",
        "larger",
    ]
