"""Files with mail in them: one message, or a mailbox that holds many (RFC 4155)."""

from __future__ import annotations

import re

_SEPARATOR = re.compile(
    rb"^From \S+ +(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [ \d]\d \d\d:\d\d(?::\d\d)?"
    rb"[^\r\n]{0,40}\r?$",
    re.MULTILINE,
)
_BOUNDARY = re.compile(
    rb'(?i)^content-type:[^\r\n]*(?:\r?\n[ \t][^\r\n]*)*?boundary\s*=\s*"?([^"\r\n;]{1,200})', re.MULTILINE
)


def messages_in(content: bytes) -> list[bytes]:
    """Return the messages of a file. A *From* line inside a mail that came back in another begins no message."""
    starts = [separator.start() for separator in _SEPARATOR.finditer(content)]
    if not starts or starts[0] != 0:
        return [content]
    messages: list[bytes] = []
    begin = 0
    for start in starts[1:]:
        piece = content[begin:start]
        if piece.endswith((b"\n\n", b"\n\r\n", b"--\n", b"--\r\n")) and _is_whole(piece):
            messages.append(piece)
            begin = start
    return [*messages, content[begin:]]


def _is_whole(piece: bytes) -> bool:
    """Return whether the message so far could end here: its outermost multipart is closed, and it has headers at all."""
    head, _, body = re.sub(rb"\r\n", b"\n", piece).partition(b"\n\n")
    declared = _BOUNDARY.search(head)
    if declared is None:
        # A bare report may quote the mail that came back, *From* line and all.
        return b"mailer-daemon" not in head.lower() and b"bounce" not in head.lower() and bool(body)
    return b"--" + declared[1].strip() + b"--" in body
