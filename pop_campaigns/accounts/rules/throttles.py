"""What a wrong try costs, and by what remote address it is counted; pure."""

from __future__ import annotations

from datetime import timedelta
from ipaddress import IPv6Address, ip_address, ip_network

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


def network_words(masked: str) -> str:
    """Return a masked address (see :func:`rules.roles.masked_address`) as people read it: *192.0.2.x*, *2001:db8:1::x*."""
    if not masked:
        return ""
    network = ip_network(masked)
    first = str(network.network_address)
    return f"{first}x" if network.version == 6 else f"{first.rpartition('.')[0]}.x"
