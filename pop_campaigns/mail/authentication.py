"""What a mail server found out about the sender of a mail: the header Authentication-Results (RFC 8601).

Anybody can write such a header. Only the topmost one counts, which is the last that was added, and only if it bears the name
of our own server (``POP_AUTHSERV_ID``), which has to take away what others wrote under its name (section 5).
"""

from __future__ import annotations

from dataclasses import dataclass
from email.message import Message
from typing import Final

import authres

from pop_campaigns.mail.reading.parts import raw_header
from pop_campaigns.mail.rules import Dmarc

NAME: Final = "Authentication-Results"
_LONGEST = 8000


@dataclass(frozen=True, slots=True)
class SenderCheck:
    """The topmost header: who wrote it, what DMARC (RFC 7489) came to, for which domain. All "" where nothing is said."""

    server: str = ""
    dmarc: str = ""
    domain: str = ""


def read_sender_check(message: Message) -> SenderCheck:
    """Return what the topmost header says; nothing of one that cannot be read or that says two different things."""
    value = raw_header(message, NAME)[:_LONGEST]
    if not value:
        return SenderCheck()
    try:
        row = authres.AuthenticationResultsHeader.parse(f"{NAME}: {value}")
        dmarc_results = [result for result in row.results if result.method == "dmarc"]
        verdicts = {(str(result.result).lower(), _domain_of(result)) for result in dmarc_results}
    except (authres.AuthResError, AttributeError, IndexError, RecursionError, TypeError, ValueError):
        return SenderCheck()
    if len(verdicts) != 1:
        return SenderCheck(server=str(row.authserv_id)[:255])
    [(verdict, domain)] = verdicts
    return SenderCheck(str(row.authserv_id)[:255], verdict[:40], domain[:255])


def trusted_result(check: SenderCheck, sender: str, trusted: str) -> Dmarc | None:
    """Return what a header proves about the ``sender`` of its mail; None: nothing.

    ``trusted`` is the name of our own mail server, "" trusts none. A result about another domain than the sender's does
    not confirm the sender.
    """
    if not trusted or check.server.casefold() != trusted.casefold():
        return None
    other = check.domain and sender.rpartition("@")[2].casefold() != check.domain.casefold()
    if check.dmarc == Dmarc.PASSED and other:
        return None
    return Dmarc(check.dmarc) if check.dmarc in set(Dmarc) else None


def _domain_of(result: authres.AuthenticationResult) -> str:
    named = (prop.value for prop in result.properties if (prop.type, prop.name) == ("header", "from"))
    return str(next(named, "") or "").lower().rstrip(".")
