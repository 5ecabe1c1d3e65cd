"""Unguessable links whose secret is not in the database.

A token is derived from a random nonce (stored) and the service's key (not stored); the database keeps the
nonce and the token's SHA-256. So a mail can be made again byte for byte, while a stolen database opens no
link, and a changed key leaves the links already sent working, because they are found by their hash.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets

from flask import current_app

_LONGEST_SIGNED = 400


def new_nonce() -> str:
    """Return 32 random bytes as URL-safe text."""
    return secrets.token_urlsafe(32)


def derive_token(purpose: str, nonce: str) -> str:
    """Return the token of ``nonce`` for one ``purpose``: HMAC-SHA256 (32 bytes) as 43 URL-safe characters."""
    return base64.urlsafe_b64encode(_mac(purpose, nonce)).rstrip(b"=").decode("ascii")


def derive_local_part(purpose: str, nonce: str) -> str:
    """Return a token for an address's local part: 26 lower-case characters, 130 bits, safe where case is lost."""
    return base64.b32encode(_mac(purpose, nonce)).decode("ascii").lower()[:26]


def hash_token(token: str) -> str:
    """Return what the database keeps of a token: its SHA-256, in hexadecimal."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def sign_text(purpose: str, text: str) -> str:
    """Return ``text`` with its signature behind it: a link that says by itself what it is about, for one ``purpose``."""
    return f"{text}.{derive_token(purpose, text)}"


def read_signed(purpose: str, token: str) -> str | None:
    """Return the text in a signed text; None for one that was signed otherwise or not at all."""
    text, _, signature = token.rpartition(".")
    if not text or not token.isascii() or len(token) > _LONGEST_SIGNED:
        return None
    return text if hmac.compare_digest(signature, derive_token(purpose, text)) else None


def _mac(purpose: str, nonce: str) -> bytes:
    key = str(current_app.config["SECRET_KEY"]).encode()
    return hmac.digest(key, f"{purpose}:{nonce}".encode(), "sha256")
