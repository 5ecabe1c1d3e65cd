"""Decisions about answering a mail and passing it on; pure."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final

from pop_campaigns.incoming.rules.incoming import is_machine
from pop_campaigns.mail.rules import IncomingKind

_BEFORE: Final = re.compile(
    r"(?i)^\s*(?:(?:re|aw|sv|rif|r|p[eë]rgj(?:igje)?|fwd?|wg|tr|p[eë]rc)\s*(?:\[\d+\])?\s*:\s*)+"
)


class NoReply(StrEnum):
    """Why a message cannot be answered to an address."""

    NOBODY = "nobody"
    MACHINE = "machine"
    OURS = "ours"


def reply_subject(subject: str) -> str:
    """Return the subject of an answer: *Re:* once, whatever programs of any language have put before it."""
    return f"Re: {_BEFORE.sub('', subject).strip()}".strip()


def why_no_reply(address: str, domain: str, *, is_plain: bool) -> NoReply | None:
    """Decide why no answer may go to an address: none there, a machine's or a list's by its name, one of ours; None if it may.

    ``domain`` is ours, ``is_plain`` whether the address is one that mail can be sent to.
    """
    local, _at, host = address.lower().rpartition("@")
    if not is_plain or not local:
        return NoReply.NOBODY
    if host == domain.lower():
        return NoReply.OURS
    return NoReply.MACHINE if is_machine(local) else None


def is_written_by_machine(kind: IncomingKind | None) -> bool:
    """Return whether nobody may be there to read an answer: a program wrote the mail."""
    return kind not in (IncomingKind.HUMAN, IncomingKind.CALENDAR, IncomingKind.UNPARSED)
