"""A form that is sent twice makes one row: the key a form carries, and the row that key has made already.

A key is made when a form is shown and kept, bound to the person, in the row the form makes; the database lets no
second row have it. What comes of one key is therefore one row, also for two presses at the same instant.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import String, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column
from wtforms import HiddenField

from pop_campaigns.core.db import db
from pop_campaigns.core.history import Actor


class MadeOnce:
    """A row that a form makes. ``once`` is the key of that form; NULL for what no form made."""

    once: Mapped[str | None] = mapped_column(String(64), unique=True)


Row = TypeVar("Row", bound=MadeOnce)


def once_field() -> HiddenField:
    """Return the field of a form that carries a key, a new one each time the form is shown afresh."""
    return HiddenField(default=new_key)


def new_key() -> str:
    """Return a key that no form had before."""
    return secrets.token_urlsafe(24)


def once_key(what: str, typed: str | None, by: Actor | None) -> str | None:
    """Return what is stored of a form's key: bound to the person, so that nobody lands on somebody else's row.

    None for a form without a key, which makes a row each time.
    """
    if not typed:
        return None
    owned = f"{what}:{by.id if by else 0}:{typed}"
    return hashlib.sha256(owned.encode("utf-8", "surrogatepass")).hexdigest()


def made_with(model: type[Row], key: str | None) -> Row | None:
    """Return the row that was made with this key, if there is one."""
    return db.session.scalar(select(model).where(model.once == key)) if key else None


def insert_or_find(model: type[Row], key: str | None, make: Callable[[], Row]) -> tuple[Row, bool]:
    """Return the row this key made already, else the one that ``make`` gives, inserted; return whether it is new.

    ``make`` is not called where the row is there, so it may refuse what was typed.
    """
    existing = made_with(model, key)
    if existing is not None:
        return existing, False
    row = make()
    row.once = key
    try:
        with db.session.begin_nested():
            db.session.add(row)
    except IntegrityError:
        # A double press: the other request committed between our look and our insert.
        existing = made_with(model, key)
        if existing is None:
            raise
        return existing, False
    return row, True
