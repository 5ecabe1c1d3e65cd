"""Where a redirect may lead: only to a path of our own. And the way back to a task somebody left to mend something."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

from flask import Flask, request

# A picker's address with its ticks, see contacts/forms/picking.py.
_LONGEST_WAY: Final = 4500
_LOCAL = re.compile(r"^/(?![/\\])[^\x00-\x20\\]*$")


def local_path(typed: str, otherwise: str) -> str:
    """Return ``typed`` if it is a path on this site, else ``otherwise`` (``//evil``, ``/\\evil``, ``https:evil`` are not)."""
    if not _LOCAL.match(typed):
        return otherwise
    parts = urlsplit(typed)
    return typed if not parts.scheme and not parts.netloc else otherwise


def way_back(otherwise: str = "") -> str:
    """Return the page somebody left to mend something (``?back=``), with what was ticked there, else the page given."""
    return local_path(request.args.get("back", "")[:_LONGEST_WAY], otherwise)


def this_page() -> str:
    """Return the address of the page as it is, for ``?back=`` in links that leave it; of one that was sent, its path."""
    return request.full_path.rstrip("?") if request.method == "GET" else request.path


def init_ways(app: Flask) -> None:
    """Let templates say both."""
    app.add_template_global(way_back)
    app.add_template_global(this_page)
