"""Where a redirect may lead: only to a path of our own."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

_LOCAL = re.compile(r"^/(?![/\\])[^\x00-\x20\\]*$")


def local_path(typed: str, otherwise: str) -> str:
    """Return ``typed`` if it is a path on this site, else ``otherwise`` (``//evil``, ``/\\evil``, ``https:evil`` are not)."""
    if not _LOCAL.match(typed):
        return otherwise
    parts = urlsplit(typed)
    return typed if not parts.scheme and not parts.netloc else otherwise
