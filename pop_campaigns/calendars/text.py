"""Text that people typed, made safe for calendars: cleaned, escaped, folded (RFC 5545, sections 3.1, 3.3.11).

A calendar is a list of lines. Whoever smuggles a line break into a title writes properties of their own, so
nothing reaches a line here without passing one of the `clean_…` functions first.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from urllib.parse import quote, urlsplit

LINE_OCTETS = 75
NAME_LENGTH = 78

# Control (tab and line feed come before), format (bidi, zero-width, soft hyphen), surrogates, U+2028/9.
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_LINE_BREAK = re.compile("\r\n|[\r\n\v\f\x85\u2028\u2029]")
# RFC 5322 specials, and `^`, which RFC 6868 turns into quotes and line breaks inside a parameter.
_NAME_SPECIALS = str.maketrans("", "", '<>"(),:;@[]\\^')
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")
_URI_PUNCTUATION = "%:/?#[]@!$&'()*+,;=~-._"
_LINE_START = re.compile(r"[A-Z0-9-]+[:;]")


class UnusableLink(ValueError):
    """Not a web address that can stand in a calendar."""


class UnusableAddress(ValueError):
    """Not one plain e-mail address."""


def clean_paragraphs(text: str) -> str:
    """Return typed text of several lines: any line break becomes a line feed, invisible signs go (NFC)."""
    lines = _LINE_BREAK.sub("\n", text).replace("\t", " ").split("\n")
    return "\n".join(_drop_unseen(line).rstrip(" ") for line in lines).strip("\n ")


def clean_line(text: str) -> str:
    """Return typed text as one line: line breaks and runs of spaces become one space, invisible signs go (NFC).

    ``=?`` becomes ``= ?``: calendar programs copy titles into mail headers, where it opens an encoded word.
    """
    line = clean_paragraphs(text).replace("\n", " ")
    return re.sub(" +", " ", line).replace("=?", "= ?")


def clean_name(text: str) -> str:
    """Return a person's or office's name for CN: one line, no quotes or mail punctuation, at most 78 characters."""
    return clean_line(clean_line(text).translate(_NAME_SPECIALS))[:NAME_LENGTH].rstrip(" ")


def clean_link(url: str) -> str:
    """Return an http(s) address in ASCII, other characters percent-encoded; raise UnusableLink."""
    link = url.strip(" ")
    if _drop_unseen(link) != unicodedata.normalize("NFC", link) or re.search(r"\s", link):
        raise UnusableLink(url)
    try:
        parts = urlsplit(link)
        host = (parts.hostname or "").encode("idna").decode("ascii")
        port = f":{parts.port}" if parts.port else ""
    except ValueError as error:
        raise UnusableLink(url) from error
    if parts.scheme not in ("http", "https") or not re.fullmatch(r"[a-z0-9.-]+|[0-9a-f:.]+", host):
        raise UnusableLink(url)
    if "@" in parts.netloc:
        # "https://zoom.example@evil.example/" shows one site and opens another.
        raise UnusableLink(url)
    site = f"[{host}]" if ":" in host else host
    rest = link.partition("//")[2][len(parts.netloc) :]
    return f"{parts.scheme}://{site}{port}{quote(rest, safe=_URI_PUNCTUATION)}"


def usable_link(url: str) -> str:
    """Return what :func:`clean_link` does, "" for no link or one that calendars cannot carry, as an old record may have."""
    try:
        return clean_link(url) if url else ""
    except UnusableLink:
        return ""


def mailto(address: str) -> str:
    """Return the `mailto:` URI of one plain ASCII address (RFC 6068); raise UnusableAddress."""
    if not _ADDRESS.fullmatch(address):
        raise UnusableAddress(address)
    return "mailto:" + quote(address, safe="@!$&'*+/=^_`{|}~-.")


def escape_text(text: str) -> str:
    """Return cleaned text as a TEXT value (RFC 5545, section 3.3.11)."""
    escaped = text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    return escaped.replace("\n", "\\n")


def fold_line(line: str) -> str:
    """Return one content line with its CRLF, folded at 75 octets and never inside a character (section 3.1)."""
    folded: list[str] = []
    room = LINE_OCTETS
    start = 0
    for position, sign in enumerate(line):
        size = len(sign.encode("utf-8"))
        if size > room:
            folded.append(line[start:position])
            start = position
            room = LINE_OCTETS - 1  # the space that opens a continuation counts
        room -= size
    folded.append(line[start:])
    return "\r\n ".join(folded) + "\r\n"


def write_lines(lines: Iterable[str]) -> str:
    """Return content lines, folded and joined. Raise ValueError for a line that would break into two, a mistake of ours."""
    folded = []
    for line in lines:
        if not _LINE_START.match(line) or any(unicodedata.category(sign) in _UNSEEN for sign in line):
            raise ValueError(f"not one content line: {line!r}")
        folded.append(fold_line(line))
    return "".join(folded)


def _drop_unseen(text: str) -> str:
    visible = "".join(sign for sign in text if unicodedata.category(sign) not in _UNSEEN)
    return unicodedata.normalize("NFC", visible)
