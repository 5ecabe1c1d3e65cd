"""Whether an address is under our domain; pure, and light enough for the local mail server."""

from __future__ import annotations

ANSWERED_PREFIXES = ("r-", "b-")
"""How local parts begin that mail comes back to: those of an invitation or letter, and of one mail for its bounces."""


def is_for_domain(address: str, domain: str) -> bool:
    """Return whether ``address`` is one under ``domain`` itself, in whichever of its two forms (RFC 5890)."""
    local, at, host = address.rpartition("@")
    return bool(local and at) and _in_ascii(host) == _in_ascii(domain)


def is_answered_to(address: str, domain: str) -> bool:
    """Return whether ``address`` is one that answers and bounces come back to; slips of the hand in it included."""
    return address.lower().startswith(ANSWERED_PREFIXES) and is_for_domain(address, domain)


def _in_ascii(domain: str) -> str:
    try:
        return domain.rstrip(".").encode("idna").decode("ascii").lower()
    except UnicodeError:
        return domain.lower()
