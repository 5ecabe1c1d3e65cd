"""What a browser calls itself, in two words that a person knows again in a list of sessions; pure."""

from __future__ import annotations

import enum
import ipaddress
import re
from datetime import datetime, timedelta
from typing import Final

# In this order: Edge, Opera and Samsung's browser also say Chrome, and all of them say Safari.
_BROWSERS: Final = (
    ("Edge", r"\bEdg(?:e|A|iOS)?/"),
    ("Opera", r"\bOPR/|\bOpera\b"),
    ("Samsung Internet", r"\bSamsungBrowser/"),
    ("Firefox", r"\bFirefox/|\bFxiOS/"),
    ("Chrome", r"\bChrome/|\bCriOS/|\bChromium/"),
    ("Safari", r"\bVersion/[\d.]+ .*\bSafari/"),
    ("curl", r"^curl/"),
)
_SYSTEMS: Final = (
    ("Android", r"\bAndroid\b"),
    ("iPhone", r"\biPhone\b"),
    ("iPad", r"\biPad\b"),
    ("Windows", r"\bWindows\b"),
    ("ChromeOS", r"\bCrOS\b"),
    ("macOS", r"\bMacintosh\b"),
    ("Linux", r"\bLinux\b|\bX11\b"),
)
_PROGRAMS: Final = (
    ("Google Calendar", r"google-calendar|googlecalendar"),
    ("Outlook", r"outlook|microsoft|exchange"),
    ("Apple Calendar", r"dataaccessd|calendaragent|calendarstore|\bios/|remindd|accountsd"),
    ("Thunderbird", r"thunderbird|lightning"),
    ("Nextcloud", r"nextcloud"),
    ("Android", r"android|icsx5|davx"),
)
_LONGEST_READ: Final = 400


def browser_words(user_agent: str) -> str:
    """Return browser and system, as in *Firefox, Linux*; only names known here, so that nobody's own words are kept."""
    text = user_agent[:_LONGEST_READ]
    recognised = (
        next((name for name, sign in names if re.search(sign, text)), "") for names in (_BROWSERS, _SYSTEMS)
    )
    return ", ".join(name for name in recognised if name)


def program_words(user_agent: str) -> str:
    """Return the calendar program by name, "" for one not known here: nobody's own words are kept."""
    text = user_agent[:_LONGEST_READ].lower()
    return next((name for name, signs in _PROGRAMS if re.search(signs, text)), "")


class SessionEnd(enum.StrEnum):
    """Why a session was ended before it rested away: by its person, or because what it stood for changed."""

    LOG_OUT = "log_out"
    ENDED = "ended"
    PASSWORD = "password"  # noqa: S105
    ROLE = "role"
    CLOSED = "closed"


def masked_address(address: str | None) -> str:
    """Return the network an IP address lies in (/24 of IPv4, /48 of IPv6), as in *192.0.2.0/24*; "" for none.

    It tells a person their home from a foreign country without keeping where exactly they were.
    """
    try:
        ip = ipaddress.ip_address((address or "").partition("%")[0])
    except ValueError:
        return ""
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped:
        ip = ip.ipv4_mapped
    return str(ipaddress.ip_network((ip, 24 if ip.version == 4 else 48), strict=False))


SEEN_EVERY: Final = timedelta(minutes=5)
"""How exactly it is known when a session was last seen; each request would be a write else."""


def session_lasts(
    created_at: datetime, last_seen_at: datetime, now: datetime, *, rest: timedelta, longest: timedelta
) -> bool:
    """Return whether a session still counts: seen within ``rest``, begun within ``longest`` (ASVS 5.0, 7.3.1 and 7.3.2)."""
    return now - last_seen_at < rest and now - created_at < longest
