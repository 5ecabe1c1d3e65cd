"""Mails built to bring a reader down. Each is made when asked for: none lies in the project."""

from __future__ import annotations

import functools
import io
import zipfile
from collections.abc import Callable

from pop_campaigns.mail.reading.parts import MESSAGE_LIMIT

HEAD = b"From: a@x.example\r\nTo: b@y.example\r\nSubject: Bomb\r\nMessage-ID: <1@x.example>\r\nMIME-Version: 1.0\r\n"


def huge() -> bytes:
    """A line more text than a message may have."""
    return HEAD + b"\r\n" + b"0123456789 abcdef\r\n" * (MESSAGE_LIMIT // 19 + 1)


def short_lines(megabytes: int = 24) -> bytes:
    """As large as allowed, a line break in every second byte: a list of lines takes fifty times the size."""
    return HEAD + b"\r\n" + b"a\n" * (megabytes * 1024 * 1024 // 2)


def many_parts() -> bytes:
    """10,000 parts."""
    part = b"--b\r\nContent-Type: text/plain\r\n\r\nx\r\n"
    return HEAD + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + part * 10_000 + b"--b--\r\n"


def nested() -> bytes:
    """Multiparts 1,000 deep."""
    levels = b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(1000)
    )
    return HEAD + levels + b"Content-Type: text/plain\r\n\r\nx\r\n"


def nested_mails() -> bytes:
    """A mail in a mail in a mail, 1,000 deep."""
    return HEAD + b"Content-Type: message/rfc822\r\n\r\n" * 1000 + b"\r\nx\r\n"


def encoded_words() -> bytes:
    """16,000 encoded words in a subject: 1.75 GB for the standard library's newer policy."""
    return HEAD.replace(b"Bomb", b"=?utf-8?q?a?= " * 16_000) + b"\r\nx\r\n"


def encoded_words_below_the_limit() -> bytes:
    """As many encoded words as the limit of headers lets through."""
    return HEAD.replace(b"Bomb", b"=?utf-8?q?a?=\r\n " * 6_000) + b"\r\nx\r\n"


def long_address() -> bytes:
    """Headers that take addresses apart again and again."""
    return HEAD.replace(b"a@x.example", b"<" * 20_000 + b"a@x.example" + b'"(' * 20_000) + b"\r\nx\r\n"


@functools.cache
def zip_bomb() -> bytes:
    """A small archive that would unpack to 300 MB."""
    import base64

    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb.txt", b"0" * (300 * 1024 * 1024))
    head = b"Content-Type: application/zip; name=bomb.zip\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    return HEAD + head + base64.encodebytes(packed.getvalue())


def deep_html() -> bytes:
    """50,000 tags opened in each other."""
    return HEAD + b"Content-Type: text/html; charset=utf-8\r\n\r\n" + b"<div>" * 50_000 + b"x\r\n"


def odd_html() -> bytes:
    """Half tags without end."""
    return HEAD + b"Content-Type: text/html\r\n\r\n" + b"<a <!-- <![CDATA[ <" * 20_000


def attributions() -> bytes:
    """Text that looks like the head of quoted history on every line."""
    line = (
        b"On Mon, 3 Mar 2026 at 10:00 On On wrote <a@b.example> From: To: Sent: wrote"
        + b" wrote" * 50
        + b"\r\n"
    )
    return HEAD + b"\r\n" + line * 3000


def blank_lines() -> bytes:
    """Spaces and line breaks without end."""
    return HEAD + b"\r\nPo\r\n" + b" \t\r\n" * 200_000 + b"-- \r\n" + b" " * 200_000


def often_changing_zone() -> bytes:
    """A calendar whose zone changes its clocks every second."""
    zone = (
        b"BEGIN:VTIMEZONE\r\nTZID:Bomb\r\nBEGIN:STANDARD\r\nDTSTART:16010101T000000\r\nRRULE:FREQ=SECONDLY\r\n"
        b"TZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
    )
    event = (
        b"BEGIN:VEVENT\r\nUID:1\r\nDTSTART;TZID=Bomb:20270101T100000\r\n"
        b"ATTENDEE;PARTSTAT=ACCEPTED:mailto:b@y.example\r\nEND:VEVENT\r\n"
    )
    return (
        HEAD
        + b"Content-Type: text/calendar; method=REPLY\r\n\r\nBEGIN:VCALENDAR\r\nVERSION:2.0\r\nMETHOD:REPLY\r\n"
        + zone
        + event
        + b"END:VCALENDAR\r\n"
    )


def many_events() -> bytes:
    """A calendar with 100,000 events."""
    head = HEAD + b"Content-Type: text/calendar; method=REPLY\r\n\r\nBEGIN:VCALENDAR\r\nMETHOD:REPLY\r\n"
    return head + b"BEGIN:VEVENT\r\nUID:1\r\nEND:VEVENT\r\n" * 100_000 + b"END:VCALENDAR\r\n"


def dashes() -> bytes:
    """A line of a million dashes: patterns of quoted history look at each."""
    return HEAD + b"\r\n" + b"-" * 1_000_000


def nul() -> bytes:
    """Nothing but NUL, half a million times."""
    return HEAD + b"\r\n" + bytes(500_000)


def signs_by_name() -> bytes:
    """A page of signs by their names, for which a cleaning library takes the square of their number."""
    return HEAD + b"Content-Type: text/html\r\n\r\n" + b"&nbsp;x" * 130_000


def half_tags() -> bytes:
    """Tags that never close, each long enough to be looked through."""
    return HEAD + b"Content-Type: text/html\r\n\r\n" + b'<a href="' * 100_000


def pages() -> bytes:
    """Two hundred pages of fifteen thousand paragraphs each."""
    page = b"--b\r\nContent-Type: text/html\r\n\r\n" + b"<p>a<br>" * 15_000 + b"\r\n"
    return HEAD + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + page * 190 + b"--b--\r\n"


def parameters() -> bytes:
    """Headers of ten thousand parameters, in each part, for which a library takes the square of their number."""
    odd = b'; n="' + b";" * 9_900
    part = b"--b\r\nContent-Type: a/b" + odd + b"\r\nContent-Disposition: attachment" + odd + b"\r\n\r\nx\r\n"
    return HEAD + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + part * 190 + b"--b--\r\n"


def empty_report() -> bytes:
    """A mail system's report of half a million empty lines: a library asks its patterns of each."""
    return HEAD.replace(b"a@x.example", b"mailer-daemon@x.example") + b"\r\n" + b"\r\n" * 500_000


REFUSED: tuple[Callable[[], bytes], ...] = (huge, many_parts, nested, nested_mails, encoded_words)
"""Those that exceed a limit."""
BORNE: tuple[Callable[[], bytes], ...] = (
    encoded_words_below_the_limit, long_address, zip_bomb, deep_html, odd_html, attributions, blank_lines, often_changing_zone,
    many_events, dashes, nul, signs_by_name, half_tags, pages, parameters, empty_report,
)  # fmt: skip
"""Those that stay within the limits, and must be read in time all the same."""
