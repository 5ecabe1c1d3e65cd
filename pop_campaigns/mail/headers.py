"""Header fields of outgoing mail, spelled out by hand and never refolded.

The standard library's folding turns long Message-IDs and List-Unsubscribe values into encoded words (which
breaks threads and one-click unsubscribe), drops the quotes of long display names, and before 3.11.10 writes
line breaks that a typed encoded word contains (CVE-2024-6923). Here each value is made of words without
spaces, and a line is broken only between words, so unfolding (RFC 5322 section 2.2.3) gives the value back.
It also keeps a mail the same, byte for byte, under every version of Python.
"""

from __future__ import annotations

import base64
import re
import unicodedata
from email.header import decode_header, make_header
from email.headerregistry import HeaderRegistry
from email.message import EmailMessage
from email.policy import SMTP, EmailPolicy
from pathlib import PurePosixPath
from typing import Any, ClassVar
from urllib.parse import quote

from pop_campaigns.core.text import clean_line

LINE_LIMIT = 76
"""Characters of a line with an encoded word in it: RFC 2047 section 2."""

# An encoded word of 64 characters leaves room for the longest field name before it ("Reply-To: ").
_WORD_ROOM = 64 - len("=?utf-8?q?" + "?=")
_Q_PLAIN = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!*+-/")
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~ ]*")
_FILE_NAME_LIMIT = 100
_DEVICES = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\.|$)")


class VerbatimHeader:
    """A header whose value is written as it is, broken only at spaces; a second one of its name fails."""

    max_count: ClassVar[int] = 1
    name: str

    @classmethod
    def parse(cls, value: str, kwds: dict[str, Any]) -> None:
        """Take the value as it is (the registry's way of making a header)."""
        kwds["parse_tree"] = None
        kwds["decoded"] = str(value)

    def words(self) -> list[str]:
        """Return the pieces between which a line may be broken."""
        return str(self).split(" ")

    def fold(self, *, policy: EmailPolicy[EmailMessage]) -> str:
        """Return the whole field, its lines ended by the policy's line separator."""
        lines, line = [], f"{self.name}:"
        for number, word in enumerate(self.words()):
            if number and len(line) + 1 + len(word) > LINE_LIMIT:
                lines.append(line)
                line = ""
            line = f"{line} {word}"
        return policy.linesep.join([*lines, line]) + policy.linesep


class QuotedHeader(VerbatimHeader):
    """A header with quoted strings, which stay on one line: many readers end one at a line break."""

    def words(self) -> list[str]:
        """Return the pieces between spaces that are not within quotes (the value has no lone quote)."""
        return re.findall(r'(?:"[^"]*"|[^" ])+', str(self))


def wire_policy(*, utf8: bool = False) -> EmailPolicy[EmailMessage]:
    """Return the policy outgoing mail is made with: CRLF, 7-bit, lines of 76, headers verbatim.

    ``utf8`` leaves letters beyond ASCII in addresses as they are, for servers with SMTPUTF8 (RFC 6532).
    """
    registry = HeaderRegistry(default_class=VerbatimHeader, use_default_map=False)  # type: ignore[arg-type]
    for name in ("from", "to", "content-type", "content-disposition"):
        registry.map_to_type(name, QuotedHeader)  # type: ignore[arg-type]
    return SMTP.clone(cte_type="7bit", max_line_length=LINE_LIMIT, header_factory=registry, utf8=utf8)


def write_text(text: str) -> str:
    """Return cleaned text as an unstructured value: as it is if ASCII, else as encoded words (RFC 2047)."""
    return text if text.isascii() else " ".join(_encoded_words(text))


def write_address(name: str, address: str) -> str:
    """Return a mailbox (RFC 5322 section 3.4) of a cleaned name, possibly empty, and a validated address."""
    if not name:
        return address
    if not name.isascii():
        phrase = " ".join(_encoded_words(name))
    elif _ATOMS.fullmatch(name):
        phrase = name
    else:
        phrase = f'"{name}"'
    return f"{phrase} <{address}>"


def read_words(value: str) -> str:
    """Return the text of a raw header value, encoded words decoded (the inverse of :func:`write_text`)."""
    return str(make_header(decode_header(re.sub(r"\r\n(?=[ \t])", "", value))))


def write_file_parameter(parameter: str, name: str) -> str:
    """Return ``; filename=…`` for a cleaned file name, in the form of RFC 2231 when it is not ASCII."""
    if name.isascii():
        return f'; {parameter}="{name}"'
    pieces, piece = [], ""
    for char in name:
        coded = quote(char, safe="")
        if len(piece) + len(coded) > 50:
            pieces.append(piece)
            piece = ""
        piece += coded
    pieces.append(piece)
    if len(pieces) == 1:
        return f"; {parameter}*=utf-8''{pieces[0]}"
    pieces[0] = "utf-8''" + pieces[0]
    return "".join(f"; {parameter}*{number}*={piece}" for number, piece in enumerate(pieces))


def clean_file_name(name: str, *, default: str = "file") -> str:
    r"""Return a file name that is safe in a header and on any disk.

    The last part of a path, without ``<>:"/\|?*;%`` and leading dots, at most 100 characters with the ending
    kept; names of devices (``CON``) get a ``_`` before them.
    """
    last = PurePosixPath(clean_line(name).replace("\\", "/")).name
    last = clean_line(re.sub(r"""[<>:"|?*;%=']""", "", last)).lstrip(". ").rstrip(". ")
    if _DEVICES.match(last):
        last = "_" + last
    stem, dot, ending = last.rpartition(".")
    if len(last) > _FILE_NAME_LIMIT:
        short = dot and len(ending) <= 10
        last = f"{stem[: _FILE_NAME_LIMIT - 11].rstrip()}.{ending}" if short else last[:_FILE_NAME_LIMIT]
    return last or default


def ascii_file_name(name: str) -> str:
    """Return the nearest ASCII spelling of a cleaned file name, for readers that know no RFC 2231."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode("ascii")
    return clean_file_name(plain)


def _encoded_words(text: str) -> list[str]:
    # Whichever is shorter: Q for Albanian and other Latin text, B for Greek or Cyrillic.
    as_q = sum(len(_q(char)) for char in text) <= (len(text.encode()) + 2) // 3 * 4
    words, start = [], 0
    for end in range(1, len(text) + 1):
        if _length(text[start : end + 1], as_q) > _WORD_ROOM or end == len(text):
            words.append(_encoded_word(text[start:end], as_q))
            start = end
    return words


def _length(text: str, as_q: bool) -> int:
    return sum(len(_q(char)) for char in text) if as_q else (len(text.encode()) + 2) // 3 * 4


def _encoded_word(text: str, as_q: bool) -> str:
    if as_q:
        return f"=?utf-8?q?{''.join(_q(char) for char in text)}?="
    return f"=?utf-8?b?{base64.b64encode(text.encode()).decode('ascii')}?="


def _q(char: str) -> str:
    if char == " ":
        return "_"
    return "".join(chr(byte) if byte in _Q_PLAIN else f"={byte:02X}" for byte in char.encode())
