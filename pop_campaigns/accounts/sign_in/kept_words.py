"""Words typed into a form that could not be taken any more: who typed them, where, and how they travel through a log-in.

A form's CSRF token says for whom its page was made (:func:`csrf_value`); the service signs it, so that it proves it also
after the session has ended and the cookie is gone. Words without such a token, or sent from another site, are nobody's:
else a foreign page could lay its own words before a signed-in person, one press away from being carried out.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from flask import current_app, request
from itsdangerous import BadData, URLSafeTimedSerializer

from pop_campaigns.accounts.models import User
from pop_campaigns.core.form_filling import Typed
from pop_campaigns.core.safe_path import local_path

FIELD: Final = "kept_words"
"""Name of the hidden field of the log-in page that carries them."""
LONGEST_KEPT: Final = 256 * 1024
"""So many bytes of names and words go through a log-in; more is shown to be copied."""
_KEPT_SECONDS: Final = 14 * 86400
_NOT_KEPT: Final = re.compile(
    r"csrf_token|^next$|^kept_words$|passw|fjal[eë]kalim|secret|otp|pin$", re.IGNORECASE
)
# What forms say to themselves: keys of choices, keys against a second press, ticked boxes.
_NO_WORDS: Final = re.compile(r"[a-z0-9]+(?:_[a-z0-9]+)+|[A-Za-z0-9_-]{16,64}|y|on")
_MADE_FOR: Final = re.compile(r"(\d{1,18})-[0-9a-f]{40}")


@dataclass(frozen=True)
class KeptWords:
    """What one person sent: to ``path``, from the page at ``page``; ``files`` if files went with it."""

    user_id: int
    path: str
    page: str
    typed: Typed
    files: bool = False

    @property
    def size(self) -> int:
        """Bytes of all names and words."""
        return sum(len(name.encode()) + len(value.encode()) for name, value in self.typed)

    @property
    def readable(self) -> list[str]:
        """What a person can have written, for pages that show it without its form."""
        return [value for _name, value in self.typed if value.strip() and not _NO_WORDS.fullmatch(value)]


def csrf_value(user: User) -> str:
    """Return a new secret for the CSRF tokens of a session, which names whose it is."""
    return f"{user.id}-{secrets.token_hex(20)}"


def words_of_request() -> KeptWords | None:
    """Return what the form of this request holds, if one of our own pages sent it and it tells for whom it was made."""
    user_id = _made_for(request.form.get(current_app.config["WTF_CSRF_FIELD_NAME"], ""))
    if request.method != "POST" or user_id is None or not is_same_origin():
        return None
    typed = tuple(
        (name, value) for name, value in request.form.items(multi=True) if not _NOT_KEPT.search(name)
    )
    path = request.full_path.removesuffix("?")
    return KeptWords(
        user_id, path, page_of_form(path), typed, any(file.filename for file in request.files.values())
    )


def is_same_origin() -> bool:
    """Return whether the browser says that one of our own pages sent this; a browser that says nothing is not believed."""
    checks = []
    if site := request.headers.get("Sec-Fetch-Site"):
        checks.append(site in ("same-origin", "none"))  # none: the person's own doing, as a reload
    if origin := request.headers.get("Origin") or request.headers.get("Referer"):
        here, there = urlsplit(request.host_url), urlsplit(origin)
        checks.append((there.scheme, there.netloc) == (here.scheme, here.netloc))
    return bool(checks) and all(checks)


def seal_words(words: KeptWords) -> str:
    """Return the words signed, as text for a hidden field."""
    return _serializer().dumps([words.user_id, words.path, words.page, words.typed, words.files])


def unseal_words(text: str) -> KeptWords | None:
    """Return the words of a hidden field of ours, None for anything else and for what is older than two weeks."""
    try:
        user_id, path, page, typed, files = _serializer().loads(text, max_age=_KEPT_SECONDS)
    except BadData:
        return None
    return KeptWords(user_id, path, page, tuple((name, value) for name, value in typed), files)


def _serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt="kept words")


def _made_for(token: str) -> int | None:
    """Return for whom a CSRF token of Flask-WTF was made, however old it is."""
    try:
        value = URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt="wtf-csrf-token").loads(token)
    except BadData:
        return None
    match = _MADE_FOR.fullmatch(value) if isinstance(value, str) else None
    return int(match[1]) if match else None


def page_of_form(path: str) -> str:
    """Return the page the form stood on: where the browser came from, else ``path``, where the form goes to."""
    came_from = urlsplit(request.headers.get("Referer", ""))
    if came_from.netloc != request.host:
        return path
    query = f"?{came_from.query}" if came_from.query else ""
    return local_path(came_from.path + query, path)
