"""Real messages that nobody here wrote, and what must be found in them: what ``make mail-report`` measures.

They lie beside the checkout or where ``SAMPLES`` says, each folder with its origin and licence, and are copied nowhere; no
test needs them. What is expected is found here by other means than the code under test: fields of delivery reports and
calendar lines by patterns of their own, failures in prose from flufl.bounce, to whose tests the messages belong.
"""

from __future__ import annotations

import email
import os
import re
from collections.abc import Iterator
from pathlib import Path

from flufl.bounce import all_failures

from config import ROOT
from pop_campaigns.mail.mailbox_files import messages_in
from pop_campaigns.mail.reading.reply_text import new_words
from pop_campaigns.mail.reading.report import MailReport
from tests.mail.judging import Judge, Sample, bounce, even, is_kind, is_read

SAMPLES = Path(os.environ.get("SAMPLES") or ROOT.parent / "shared" / "samples")
_NOT_MAIL = {
    ".md",
    ".bmp",
    ".exr",
    ".gif",
    ".jpg",
    ".pbm",
    ".pgm",
    ".png",
    ".ppm",
    ".ras",
    ".sgi",
    ".tiff",
    ".webp",
    ".xbm",
}
# In the folder of bounces to show what must not be taken for one.
NO_BOUNCES = {"groupwise_03.txt", "qmail_08.txt"}
# Reports without any address in a form; the words name it.
IN_WORDS = {
    "rfc3464-37.eml": ({"kijitora@neko.nyaan.example.com"}, True),
    "rfc3464-38.eml": ({"kijitora-nyaan@example.jp"}, True),
    "rfc3464-39.eml": ({"kijitora@nyaan.example.net"}, True),
    "rb-issue-368-bug.eml": ({"xxxx@yyyyyy.net"}, True),
}
# Flufl's patterns know none of them; that they are bounces is enough.
ONLY_KIND = {"bounce_01.txt", "dumbass_01.txt", "simple_43.txt"}
_PARTSTAT = re.compile(r"(?i)PARTSTAT=([A-Z-]+)")


def missing() -> str:
    """Say where the messages were looked for in vain, "" if they are there."""
    if SAMPLES.is_dir():
        return ""
    return f"no sample messages of other projects in {SAMPLES}; SAMPLES=folder names another place"


def paths(folder: str, pattern: str = "*") -> Iterator[Path]:
    for path in sorted((SAMPLES / folder).rglob(pattern)):
        if path.is_file() and path.suffix not in _NOT_MAIL and path.name not in ("SOURCES.txt", "LICENSE"):
            yield path


def every_raw() -> list[tuple[str, bytes]]:
    """All messages of all folders, whatever they are."""
    return [(path.name, raw) for path in paths(".") for raw in messages_in(path.read_bytes())]


def bounces() -> Iterator[Sample]:
    for path in paths("bounces-flufl", "*.txt"):
        raw = path.read_bytes()
        if path.name in NO_BOUNCES:
            continue
        if path.name in ONLY_KIND:
            yield Sample(
                "bounces, in prose and old forms", path.name, raw, lambda report: is_kind(report, "bounce")
            )
            continue
        later, forever = all_failures(email.message_from_bytes(raw))
        wanted = {address.decode("latin-1").lower() for address in forever or later}
        yield Sample("bounces, in prose and old forms", path.name, raw, bounce(wanted, bool(forever)))
    for path in paths("bounces-rfc", "r*.eml"):
        if path.name.startswith("rfc3834"):
            continue
        raw = path.read_bytes()
        wanted, permanent = IN_WORDS.get(path.name) or _fields(raw)
        yield Sample("bounces, RFC 3464", path.name, raw, bounce(wanted, permanent))
    for path in paths("letters-froide", "bounce_*.txt"):
        yield Sample("bounces, of authorities", path.name, path.read_bytes(), lambda report: _is_hard(report))


def _fields(raw: bytes) -> tuple[set[str], bool | None]:
    """Read the form with the eyes of a person who searches for the words."""
    text = re.sub(r"\r?\n[ \t]+", " ", raw.decode("latin-1")).replace("\r", "")
    failed: set[str] = set()
    waiting: set[str] = set()
    for block in re.split(r"\n\s*\n", text):
        action = re.search(r"(?im)^action: *(\w+)", block)
        final = re.search(
            r"(?im)^(?:original)-recipient: *[\w-]+; *<?([^\s<>]+@[^\s<>]+)>?", block
        ) or re.search(r"(?im)^final-recipient: *[\w-]+; *<?([^\s<>]+@[^\s<>]+)>?", block)
        if action and final:
            said = action[1].lower()
            target = failed if said == "failed" else waiting if said == "delayed" else None
            if target is not None:
                target.add(final[1].lower())
    return (failed, True) if failed else (waiting, False if waiting else None)


def _is_hard(report: MailReport) -> str:
    return is_kind(report, "bounce") or (
        "" if report.permanent and report.failed_recipients else "no address that failed"
    )


def other_machines() -> Iterator[Sample]:
    for path in paths("bounces-rfc", "rfc3834-*.eml"):
        yield Sample("auto-replies", path.name, path.read_bytes(), lambda report: is_kind(report, "auto"))
    for path in paths("bounces-flufl", "qmail_08.txt"):
        yield Sample("auto-replies", path.name, path.read_bytes(), lambda report: is_kind(report, "auto"))
    for path in paths("bounces-rfc", "arf-*.eml"):
        yield Sample(
            "complaints (ARF)", path.name, path.read_bytes(), lambda report: is_kind(report, "feedback")
        )


def people() -> Iterator[Sample]:
    """What people wrote, or machines in their name: never a bounce, nor anything else that would be put aside."""
    result = [*paths("letters-froide", "test_mail_*.txt"), *paths("bounces-rfc", "is-not-*.eml")]
    result += paths("bounces-flufl", "groupwise_03.txt")
    for path in result:
        if path.name == "test_mail_12.txt":
            yield Sample("bounces, of authorities", path.name, path.read_bytes(), _is_hard)
        else:
            yield Sample(
                "letters by people", path.name, path.read_bytes(), lambda report: is_kind(report, "human")
            )
    for path in paths("quoted-replies", "emails/*.txt"):
        head = (
            b"From: a@x.example\nTo: b@y.example\nSubject: Re: x\nContent-Type: text/plain; charset=utf-8\n\n"
        )
        yield Sample(
            "letters by people", path.name, head + path.read_bytes(), lambda report: is_kind(report, "human")
        )


def calendars() -> Iterator[Sample]:
    for path in paths("calendar-mail-libical"):
        for number, raw in enumerate(_calendar_messages(path)):
            yield Sample("calendar objects", f"{path.name}#{number + 1}", raw, _calendar(raw))
    for folder in ("calendar-mail-eds", "calendar-mail-thunderbird"):
        for path in paths(folder):
            yield Sample("calendar objects", path.name, path.read_bytes(), _calendar(path.read_bytes()))


def _calendar_messages(path: Path) -> list[bytes]:
    content = path.read_bytes()
    if content.count(b"BEGIN:VCALENDAR") > 1 and path.suffix == ".ics":
        return re.findall(rb"(?ms)^BEGIN:VCALENDAR.*?^END:VCALENDAR\r?\n?", content)
    return messages_in(content)


def _calendar(raw: bytes) -> Judge:
    text = email.message_from_bytes(raw)
    parts = [
        part.get_payload(decode=True).decode("utf-8", "replace")
        for part in text.walk()
        if part.get_content_type() == "text/calendar" and not part.is_multipart()
    ] or [raw.decode("utf-8", "replace")]
    lines = re.sub(r"\r?\n[ \t]", "", parts[0])
    method = _line(lines, "METHOD")
    uid = _line(lines.partition("BEGIN:VEVENT")[2] or lines, "UID")

    def judge(report: MailReport) -> str:
        if not (method and uid):
            told = any("calendar" in reason for reason in report.reasons)
            return (
                ""
                if report.calendar is None and (told or "BEGIN:VCALENDAR" not in lines)
                else "read, though it is broken"
            )
        if report.calendar is None:
            return f"not read: {report.reasons}"
        if (report.calendar.method, report.calendar.uid) != (method.upper(), uid):
            return f"{report.calendar.method} {report.calendar.uid}, not {method} {uid}"
        if method.upper() not in ("REPLY", "COUNTER"):
            return ""
        return is_kind(report, "calendar") or _answer(report, lines)

    return judge


def _answer(report: MailReport, lines: str) -> str:
    assert report.calendar
    people = re.findall(r"(?im)^ATTENDEE([^\n]*?):(?:mailto:)?([^\s:]+@[^\s:]+)\s*$", lines)
    chair = re.sub(r"(?i)^mailto:", "", _line(lines, "ORGANIZER")).lower()
    others = [(extra, address) for extra, address in people if address.lower() != chair] or people
    extra, address = others[0]
    partstat = _PARTSTAT.search(extra)
    sequence = _line(lines, "SEQUENCE")
    wanted = (address.lower(), partstat[1].upper() if partstat else None, int(sequence) if sequence else None)
    result = tuple(report.calendar.to_json()[name] for name in ("attendee", "partstat", "sequence"))
    return "" if result == wanted else f"{result}, not {wanted}"


def _line(lines: str, name: str) -> str:
    match = re.search(rf"(?im)^{name}(?:;[^:\n]*)?:(.*?)\s*$", lines)
    return match[1].strip() if match else ""


def broken() -> Iterator[Sample]:
    """Broken on purpose: only that they are read without falling over."""
    for path in paths("mime-cpython", "msg_*.txt"):
        yield Sample("broken MIME", path.name, path.read_bytes(), is_read)


def replies() -> Iterator[tuple[str, bool, bool, bool]]:
    """For each reply with quoted history: name, first words kept, history left out, exactly as the other project has it."""
    for path in paths("quoted-replies", "emails/*.txt"):
        text = path.read_text(encoding="utf-8")
        wanted = even((path.parents[1] / "trimmed" / path.name).read_text(encoding="utf-8"))
        elided = path.parents[1] / "elided" / path.name
        history = even(elided.read_text(encoding="utf-8"))[:60] if elided.exists() else ""
        result = even(new_words(text))
        yield path.name, result.startswith(wanted[:40]), not (history and history in result), result == wanted


SETS = (bounces, other_machines, people, calendars, broken)
