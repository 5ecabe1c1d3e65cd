"""The objects of ``tests/calendars/programs.py`` in the mails that carry them, each packed as its program does."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from pop_campaigns.mail.reading.report import MailReport
from tests.calendars.programs import ANSWERS, BROKEN, GUEST, ODD_ANSWERS, PROPOSALS, QUESTIONS, SHOWN
from tests.calendars.spoiled import PROPOSED_BESIDE, SPOILED
from tests.mail.judging import Sample, is_kind, reads
from tests.mail.own.writing import in_base64, in_quoted_printable, inside, mail, multipart, part, with_ends

SET = "calendar objects"
NO_METHOD = "a calendar file without a method"
WORDS = "Qytetar 00421 iu përgjigj ftesës."


def _outlook(text: str, method: str) -> bytes:
    return multipart(
        in_quoted_printable("text/plain; charset=iso-8859-1", WORDS.encode("latin-1")),
        in_base64(f"text/calendar; charset=utf-8; method={method}", text), subtype="alternative",
        headers=("Subject: Accepted: Ftese", "X-MS-Has-Attach:", "Content-Language: sq-AL", "Return-Path: <>"),
    )  # fmt: skip


def _google(text: str, method: str) -> bytes:
    lines = text.replace("\r\n", "\n")
    return multipart(
        inside("alternative", part('text/plain; charset="UTF-8"; format=flowed', WORDS),
               part('text/html; charset="UTF-8"', f"<p>{WORDS}"),
               part(f'text/calendar; charset="UTF-8"; method={method}', lines, "Content-Transfer-Encoding: 8bit"), boundary="c"),
        in_base64('application/ics; name="invite.ics"', text, 'Content-Disposition: attachment; filename="invite.ics"'),
        headers=(f"From: {GUEST} (Google Calendar) <calendar-notification@kalendari.example>", f"Reply-To: {GUEST}",
                 "Sender: Google Calendar <calendar-notification@kalendari.example>", "Auto-Submitted: auto-generated"),
    )  # fmt: skip


def _apple(text: str, method: str) -> bytes:
    return multipart(
        part("text/plain; charset=utf-8", WORDS),
        in_quoted_printable(f"text/calendar; charset=utf-8; method={method}", text, "Content-Disposition: inline"),
        subtype="alternative", headers=("X-Mailer: iPad Mail (22E421)",),
    )  # fmt: skip


def _alone(text: str, method: str) -> bytes:
    return mail(body=text, kind=f"text/calendar; method={method}; charset=UTF-8")


def _as_file(text: str, method: str) -> bytes:
    named = in_base64('application/octet-stream; name="meeting.ICS"', text, "Content-Disposition: attachment")
    return multipart(part("text/plain; charset=utf-8", WORDS), named)


def _bare(text: str, method: str) -> bytes:
    return text.encode()


def _bare_with_mark(text: str, method: str) -> bytes:
    return b"\xef\xbb\xbf\r\n" + text.encode()


def _in_utf16(text: str, method: str) -> bytes:
    return multipart(in_base64(f"text/calendar; charset=utf-16; method={method}", text.encode("utf-16")))


def _with_lf(text: str, method: str) -> bytes:
    return with_ends(_google(text, method), "\n")


PACKED: dict[str, Callable[[str, str], bytes]] = {
    "Outlook": _outlook, "Google": _google, "Apple": _apple, "Thunderbird": _google, "Evolution": _alone,
    "Domino": _as_file, "Zimbra": _apple, "Nextcloud": _apple,
}  # fmt: skip
OTHER_WAYS = (_bare, _bare_with_mark, _in_utf16, _with_lf, _as_file, _alone)


def calendar_mails() -> Iterator[Sample]:
    """Give every object in a mail, and one answer in every mail."""
    for number, (name, written) in enumerate(
        (ANSWERS | PROPOSALS | ODD_ANSWERS | SPOILED | PROPOSED_BESIDE).items()
    ):
        pack = PACKED.get(name.partition(",")[0].partition(" ")[0], OTHER_WAYS[number % len(OTHER_WAYS)])
        if "end in CR" in name:
            pack = _outlook  # the other ways would turn its lines into others
        raw = pack(written.text, written.facts.get("method", "REPLY"))
        yield Sample(SET, name, raw, reads("calendar", calendar=written.facts))
    for pack in dict.fromkeys((*PACKED.values(), *OTHER_WAYS)):
        written = ANSWERS["Outlook, DECLINED"]
        raw = pack(written.text, "REPLY")
        yield Sample(SET, f"packed: {pack.__name__}", raw, reads("calendar", calendar=written.facts))
    for number, (name, written) in enumerate(QUESTIONS.items()):
        raw = (_outlook, _google, _apple, _alone)[number % 4](written.text, written.facts["method"])
        yield Sample(
            SET, name, raw.replace(b"Return-Path: <>\r\n", b""), reads("calendar", calendar=written.facts)
        )
    for name, written in SHOWN.items():
        yield Sample(SET, name, _apple(written.text, "PUBLISH"), reads("human", calendar=written.facts))
    other = ANSWERS["Apple, ACCEPTED"].text
    misnamed = _apple(other, "REQUEST")  # the body says which method
    yield Sample(
        SET, "the head names another method", misnamed, reads("calendar", calendar={"method": "REPLY"})
    )
    without = _apple(other.replace("METHOD:REPLY\r\n", ""), "REPLY")
    yield Sample(
        SET, "only the head names a method", without, reads("calendar", calendar={"method": "REPLY"})
    )
    nameless = _as_file(other.replace("METHOD:REPLY\r\n", ""), "")
    yield Sample(SET, "no method at all", nameless, _refused(NO_METHOD))
    for kind in ("text/plain", "application/octet-stream"):
        lost = multipart(part("text/plain", WORDS), in_base64(kind, other))
        yield Sample(
            SET, f"a server made it {kind}", lost, reads("calendar", calendar={"partstat": "ACCEPTED"})
        )
    typed = mail(body=f"Po, vij.\n\n{other}")
    yield Sample(SET, "among the words", typed, _refused("a calendar object among the words"))


def broken_calendars() -> Iterator[Sample]:
    """Give mails whose object cannot be read, or only in part; each has to say why."""
    for name, (text, why) in BROKEN.items():
        for pack in (_outlook_to_us, _as_file):
            judge = _refused(why) if why else reads("calendar", calendar={"partstat": "ACCEPTED"})
            yield Sample(SET, f"broken: {name}, {pack.__name__}", pack(text, "REPLY"), judge)


def _outlook_to_us(text: str, method: str) -> bytes:
    return _outlook(text, method).replace(b"Return-Path: <>\r\n", b"")


def _refused(why: str) -> Callable[[MailReport], str]:
    def judge(report: MailReport) -> str:
        if fault := is_kind(report, "human"):
            return fault
        if report.calendar is not None:
            return "read, though it is broken"
        if report.unreadable_calendar and why not in report.unreadable_calendar:
            return f"{report.unreadable_calendar!r}, not {why}"
        if not report.unreadable_calendar and why != NO_METHOD:
            return "nothing says that a calendar object could not be read"
        return "" if any(why in reason for reason in report.reasons) else f"{report.reasons}, not {why}"

    return judge
