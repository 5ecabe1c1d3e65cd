"""Roles and what they may do; pure."""

from __future__ import annotations

import enum
import ipaddress
from datetime import datetime, timedelta
from typing import Final


class RoleName(enum.StrEnum):
    """What a person may do: everything, everything of one organisation, or read the whole network."""

    ADMINISTRATOR = "administrator"
    COORDINATOR = "coordinator"
    VIEWER = "viewer"


class SessionEnd(enum.StrEnum):
    """Why a session was ended before it rested away: by its person, or because what it stood for changed."""

    LOG_OUT = "log_out"
    ENDED = "ended"
    PASSWORD = "password"  # noqa: S105
    ROLE = "role"
    CLOSED = "closed"


SEEN_EVERY: Final = timedelta(minutes=5)
"""How exactly it is known when a session was last seen; each request would be a write else."""

MAY_WRITE = frozenset({RoleName.ADMINISTRATOR, RoleName.COORDINATOR})
MAY_READ = MAY_WRITE | {RoleName.VIEWER}


def may_read_record(role: RoleName, own_organisation: int | None, of_organisation: int | None) -> bool:
    """Decide about one record; ``of_organisation`` is None for what the whole network shares."""
    if role in (RoleName.ADMINISTRATOR, RoleName.VIEWER):
        return True
    return of_organisation is None or of_organisation == own_organisation


def may_change_record(role: RoleName, own_organisation: int | None, of_organisation: int | None) -> bool:
    """Decide likewise: coordinators change their own organisation's records, administrators all, viewers none."""
    if role is RoleName.ADMINISTRATOR:
        return True
    return (
        role is RoleName.COORDINATOR and of_organisation is not None and of_organisation == own_organisation
    )


def session_lasts(
    created_at: datetime, last_seen_at: datetime, now: datetime, *, rest: timedelta, longest: timedelta
) -> bool:
    """Return whether a session still counts: seen within ``rest``, begun within ``longest`` (ASVS 5.0, 7.3.1 and 7.3.2)."""
    return now - last_seen_at < rest and now - created_at < longest


def masked_address(address: str | None) -> str:
    """Return the network an IP address lies in (/24 of IPv4, /48 of IPv6), as in *192.0.2.0/24*; "" for none.

    It tells a person their home from a foreign country without keeping where exactly they were.
    """
    try:
        found = ipaddress.ip_address((address or "").partition("%")[0])
    except ValueError:
        return ""
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped:
        found = found.ipv4_mapped
    return str(ipaddress.ip_network((found, 24 if found.version == 4 else 48), strict=False))
