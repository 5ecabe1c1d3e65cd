"""What the local mail server has kept, read for a page. Nothing in a message is trusted."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email import policy
from email.header import decode_header, make_header
from email.message import Message
from email.parser import BytesHeaderParser, BytesParser
from pathlib import Path
from typing import Any

from pop_campaigns.core.text import clean_line, clean_text
from pop_campaigns.privacy.queries.traces import KeptCopy

_ID = re.compile(r"[0-9]{20}-[0-9a-f]{8}")
_HEAD_LIMIT = (
    100 * 1024
)  # longer headers are not parsed: encoded words take far more memory than they have bytes
_PART_LIMIT = 200
# In seconds: how far clocks and commits are apart, and the longest a mail takes between being kept and noted as sent.
_CLOCK_SLACK, _LONGEST_TALK = 5.0, 120.0
# The last line the server writes before the message as it came.
_ENVELOPE_END = re.compile(rb"(?m)^X-Stored-At: [^\r\n]*\r\n")


class NoSuchMail(LookupError):
    """No message is kept under this id, or it is not an id at all."""


@dataclass(frozen=True, slots=True)
class DeliveredLine:
    """A kept message in a list: its envelope and the headers people look for; ``message_id`` is "" without one."""

    id: str
    stored_at: datetime
    envelope_from: str
    envelope_to: tuple[str, ...]
    sender: str
    recipient: str
    subject: str
    message_id: str
    size: int


@dataclass(frozen=True, slots=True)
class DeliveredFile:
    """A file in a message; ``name`` is cleaned, ``media_type`` is what the message claims."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class DeliveredMail:
    """A kept message, taken apart.

    ``html`` is as it was sent: show it only in a sandboxed frame. ``unparsed`` is true where the message
    could not be taken apart; ``raw`` (as it arrived, without the envelope fields) is there in any case.
    """

    line: DeliveredLine
    headers: tuple[tuple[str, str], ...]
    text: str
    html: str
    calendar: str
    attachments: tuple[DeliveredFile, ...]
    raw: bytes
    unparsed: bool


def count_delivered(folder: Path) -> int:
    """Count the kept messages."""
    return len(_ids(folder))


def list_delivered(folder: Path, limit: int = 50, offset: int = 0) -> list[DeliveredLine]:
    """Return kept messages, the newest first; a folder that is not there holds none."""
    start = max(offset, 0)
    return [_read_line(folder / f"{name}.eml") for name in _ids(folder)[start : start + max(limit, 0)]]


def kept_copies(settings: Mapping[str, Any]) -> Iterator[KeptCopy]:
    """Return every kept message, also those from before the folder was set to another."""
    folders = {settings["MAIL_KEEP_FOLDER"], str(Path(settings["DATA_DIR"]) / "mail")}
    for folder in map(Path, sorted(folders)):
        for name in _ids(folder):
            line = _read_line(folder / f"{name}.eml")
            yield KeptCopy(folder / f"{name}.eml", line.message_id, line.envelope_to)


def find_delivered(folder: Path, message_id: str, sent_at: datetime) -> str:
    """Return the id of the kept message with this Message-ID that was taken just before ``sent_at``; "" if there is none."""
    last = int((sent_at.timestamp() + _CLOCK_SLACK) * 1e9)
    first = last - int((_LONGEST_TALK + 2 * _CLOCK_SLACK) * 1e9)
    names = (name for name in _ids(folder) if first <= int(name[:20]) <= last)
    lines = (_read_line(folder / f"{name}.eml") for name in names)
    return next((line.id for line in lines if line.message_id == message_id), "")


def read_delivered(folder: Path, mail_id: str) -> DeliveredMail:
    """Return one kept message. Raise :class:`NoSuchMail`, also for anything that is not an id."""
    path = folder / f"{mail_id}.eml"
    if not _ID.fullmatch(mail_id) or path.is_symlink() or not path.is_file():
        raise NoSuchMail(mail_id)
    raw = _split(path.read_bytes())[1]
    line = _read_line(path)
    try:
        headers, leaves = _take_apart(raw)
    except (RecursionError, LookupError, ValueError, AttributeError, TypeError):
        # The standard parser raises all of these on mutated mails; the bytes can still be shown.
        return DeliveredMail(line, (), "", "", "", (), raw, unparsed=True)
    bodies, files = _sort_leaves(leaves)
    return DeliveredMail(
        line,
        headers,
        bodies["text/plain"],
        bodies["text/html"],
        bodies["text/calendar"],
        files,
        raw,
        unparsed=False,
    )


def _ids(folder: Path) -> list[str]:
    names = (path.stem for path in folder.glob("*.eml"))
    return sorted((name for name in names if _ID.fullmatch(name)), reverse=True)


def _read_line(path: Path) -> DeliveredLine:
    with path.open("rb") as file:
        envelope, rest = _split(file.read(_HEAD_LIMIT))
        size = path.stat().st_size - len(envelope)
    message = BytesHeaderParser(policy=policy.compat32).parsebytes(rest.partition(b"\r\n\r\n")[0])
    return DeliveredLine(
        id=path.stem,
        stored_at=datetime.fromtimestamp(int(path.stem[:20]) / 1e9, UTC),
        envelope_from=_envelope(envelope, "X-Envelope-From")[0],
        envelope_to=_envelope(envelope, "X-Envelope-To"),
        sender=_decode(message.get("From", "")),
        recipient=_decode(message.get("To", "")),
        subject=_decode(message.get("Subject", "")),
        message_id=clean_line(str(message.get("Message-ID", ""))),
        size=size,
    )


def _split(stored: bytes) -> tuple[bytes, bytes]:
    end = _ENVELOPE_END.search(stored)
    return (stored[: end.end()], stored[end.end() :]) if end else (b"", stored)


def _envelope(envelope: bytes, field: str) -> tuple[str, ...]:
    fields = (line.partition(": ") for line in envelope.decode("utf-8", "replace").split("\r\n"))
    values = (value for name, _, value in fields if name == field)
    return tuple(clean_line(value).removeprefix("<").removesuffix(">") for value in values) or ("",)


def _take_apart(raw: bytes) -> tuple[tuple[tuple[str, str], ...], list[Message]]:
    if len(raw.partition(b"\r\n\r\n")[0]) > _HEAD_LIMIT:
        raise ValueError("the headers are too long to parse")
    message = BytesParser(policy=policy.compat32).parsebytes(raw)
    headers = tuple((name, _decode(value)) for name, value in message.items())
    leaves = []
    for number, part in enumerate(message.walk()):
        if number >= _PART_LIMIT:
            raise ValueError("the message has too many parts")
        if not part.is_multipart():
            leaves.append(part)
    return headers, leaves


def _sort_leaves(leaves: list[Message]) -> tuple[dict[str, str], tuple[DeliveredFile, ...]]:
    bodies = {"text/plain": "", "text/html": "", "text/calendar": ""}
    files = []
    for leaf in leaves:
        kind = leaf.get_content_type()
        is_file = leaf.get_content_disposition() == "attachment" or leaf.get_filename() is not None
        if kind in bodies and not bodies[kind] and not is_file:
            bodies[kind] = _text(leaf)
        else:
            name = clean_line(_decode(leaf.get_filename() or "")) or "file"
            files.append(DeliveredFile(name, kind, _content(leaf)))
    bodies["text/plain"] = clean_text(bodies["text/plain"])
    return bodies, tuple(files)


def _text(part: Message) -> str:
    charset = part.get_content_charset("utf-8")
    try:
        return _content(part).decode(charset, "replace")
    except LookupError:
        return _content(part).decode("utf-8", "replace")


def _content(part: Message) -> bytes:
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""


def _decode(value: object) -> str:
    text = str(value)
    # An encoded word in an unknown or broken charset is shown as it is.
    with contextlib.suppress(LookupError, ValueError):
        text = str(make_header(decode_header(text)))
    return clean_line(text)
