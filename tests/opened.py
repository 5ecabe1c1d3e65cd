"""A form as a browser would send it back: with what it was opened with."""

from __future__ import annotations

import html
import re

from flask.testing import FlaskClient

_VERSION = re.compile(r'name="version" value="([^"]+)"')


def opened(browser: FlaskClient, path: str) -> dict[str, str]:
    """Open a form; give what it carries of the record, empty where it carries nothing."""
    return version_on(browser.get(path).text)


def version_on(page: str) -> dict[str, str]:
    """Give what the form on a page carries of its record."""
    match = _VERSION.search(page)
    return {"version": html.unescape(match[1])} if match else {}
