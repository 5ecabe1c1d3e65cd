"""One mail on standard input, given by a mail server's pipe: stored, and the exit status says whether.

The statuses are those of sysexits.h, which Postfix, Exim and their kin read: 0 we have it, 75 keep it and try
again, 65 and 69 it will never be taken and the sender is to hear of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import BinaryIO

from sqlalchemy.exc import SQLAlchemyError

from pop_campaigns.mail.domains import is_for_domain
from pop_campaigns.mail.intake.store import SIZE_LIMIT, Arrival, store_arrivals
from pop_campaigns.mail.refusals import one_line
from pop_campaigns.mail.rules import IncomingWay

BAD_DATA = 65
UNAVAILABLE = 69
TRY_AGAIN = 75
_CHUNK = 1024 * 1024


class NotTaken(Exception):
    """The mail was not stored: the exit status, and one sentence that a mail server puts into its report."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status = status


def receive(stream: BinaryIO, sender: str, recipients: Iterable[str], now: datetime) -> int:
    """Store the message in ``stream`` once for each recipient; return for how many. Raise :class:`NotTaken`."""
    addresses = list(
        dict.fromkeys(recipient for recipient in (text.strip() for text in recipients) if recipient)
    )
    raw = _read(stream)
    if not addresses:
        raise NotTaken(UNAVAILABLE, "No recipient: give --recipient or set RECIPIENT.")
    try:
        arrivals = [Arrival(raw, sender, recipient, IncomingWay.PIPE) for recipient in addresses]
        return len(store_arrivals(arrivals, now))
    except SQLAlchemyError as problem:
        why = one_line(str(getattr(problem, "orig", None) or type(problem).__name__))
        raise NotTaken(TRY_AGAIN, f"The message could not be stored now: {why}.") from problem


def envelope_of(environ: Mapping[str, str], domain: str) -> tuple[str, list[str]]:
    """Return sender and recipients as a mail server tells them in the environment.

    Postfix sets SENDER, RECIPIENT and ORIGINAL_RECIPIENT; Exim, and cPanel with it, SENDER, RECIPIENT,
    LOCAL_PART and DOMAIN. An alias may have rewritten one of them: the one under our domain is taken first.
    """
    local, at = environ.get("LOCAL_PART", ""), environ.get("DOMAIN", "")
    candidates = [environ.get("ORIGINAL_RECIPIENT", ""), environ.get("RECIPIENT", ""), f"{local}@{at}"]
    addresses = [
        address for address in candidates if "@" in address.strip("@") and not address.startswith(("|", "/"))
    ]
    ours = [address for address in addresses if is_for_domain(address.strip(), domain)]
    return environ.get("SENDER", ""), (ours or addresses)[:1]


def _read(stream: BinaryIO) -> bytes:
    parts, size = [], 0
    try:
        while chunk := stream.read(_CHUNK):
            size += len(chunk)
            if size <= SIZE_LIMIT:
                parts.append(chunk)
            # Read to the end all the same: a mail server that cannot write takes it for a broken pipe.
    except OSError as problem:
        raise NotTaken(TRY_AGAIN, f"The message could not be read: {problem.strerror}.") from problem
    if size > SIZE_LIMIT:
        raise NotTaken(BAD_DATA, f"The message is larger than {SIZE_LIMIT // 1024 // 1024} MiB.")
    if not size:
        raise NotTaken(BAD_DATA, "The message is empty.")
    return _without_mbox_line(b"".join(parts))


def _without_mbox_line(raw: bytes) -> bytes:
    """Drop the line ``From SENDER DATE`` that Exim, and Postfix for aliases, put before a message.

    It is no part of it, and with its date the same message would be another one at each attempt.
    """
    return re.sub(rb"\AFrom (?![ \t]*:)[^\r\n]*\r?\n", b"", raw)
