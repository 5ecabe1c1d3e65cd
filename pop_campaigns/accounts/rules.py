"""Roles and what they may do; pure."""

from __future__ import annotations

import enum
from datetime import timedelta
from ipaddress import IPv6Address, ip_address, ip_network


class RoleName(enum.StrEnum):
    """What a person may do: everything, everything of one organisation, or read the whole network."""

    ADMINISTRATOR = "administrator"
    COORDINATOR = "coordinator"
    VIEWER = "viewer"


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


# How much a wrong try costs. Up to FREE_TRIES nothing, for fingers slip; then 1, 2, 4 … seconds, at most five minutes.
# Of an account we know nothing but its address; behind one remote address sits a whole office.
FREE_TRIES_FOR_ACCOUNT = 5
FREE_TRIES_FROM_ADDRESS = 20
LONGEST_WAIT = timedelta(minutes=5)
TRIES_FORGOTTEN_AFTER = timedelta(hours=1)


def wait_after(tries: int, free: int) -> timedelta:
    """Return how long nobody may try again after ``tries`` wrong ones in a row, of which ``free`` cost nothing."""
    if tries < free:
        return timedelta(0)
    return min(timedelta(seconds=2 ** min(tries - free, 20)), LONGEST_WAIT)


def tries_until_longest_wait(free: int) -> int:
    """Return after how many wrong tries the wait grows no more."""
    tries = free
    while wait_after(tries, free) < LONGEST_WAIT:
        tries += 1
    return tries


def network_of(remote: str) -> str:
    """Return what tries are counted by: an IPv4 address, or the /64 of an IPv6 one, which is one household (RFC 6177)."""
    try:
        address = ip_address(remote)
    except ValueError:
        return ""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ip_network((address, 64), strict=False))
    return str(address)


def masked_network(remote: str) -> str:
    """Return a remote address as it is kept and shown: *192.0.2.x*, *2001:db8:1::x*; nothing where there is none."""
    network = network_of(remote)
    if not network:
        return ""
    address = ip_address(network.partition("/")[0])
    if isinstance(address, IPv6Address):
        return f"{ip_network((address, 48), strict=False).network_address}x"
    return f"{network.rpartition('.')[0]}.x"
