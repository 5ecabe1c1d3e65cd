"""Storing what comes in: raw, in a commit of its own, before anybody is told that we have it.

Nothing is read here but the envelope. The same bytes for the same recipient are one row, however often they are
delivered: a mail server that never heard our 250 delivers again, and that must neither fail nor double.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, tuple_
from sqlalchemy.dialects import postgresql, sqlite

from pop_campaigns.core.db import db
from pop_campaigns.mail.models import IncomingMail
from pop_campaigns.mail.rules import IncomingState, IncomingWay
from pop_campaigns.mail.wake_up import wake_worker

SIZE_LIMIT = 25 * 1024 * 1024
"""Bytes of a message; what is larger is refused at each door."""

_LONGEST_ADDRESS = 320  # of the columns: RFC 3696 allows no more
_ROWS_ASKED_FOR = 200  # at a time: SQLite takes a limited number of values
_NULL_SENDERS = ("", "<>", "mailer-daemon")  # the last is what Postfix tells a command


class TooLarge(Exception):
    """The message is larger than :data:`SIZE_LIMIT` and will never be taken."""

    def __init__(self, size: int) -> None:
        super().__init__(f"a message of {size} bytes is larger than {SIZE_LIMIT}")
        self.size = size


@dataclass(frozen=True, slots=True)
class Arrival:
    """One message for one recipient, as it came through one of the doors.

    ``envelope_from`` is empty for the null sender, ``envelope_to`` where a mailbox does not tell it. What a person brought
    names that user and their organisation.
    """

    raw: bytes
    envelope_from: str
    envelope_to: str
    way: IncomingWay
    brought_by_id: int | None = None
    organisation_id: int | None = None


def store_arrival(arrival: Arrival, now: datetime) -> IncomingMail:
    """Store one message in a commit of its own and return its row: a new one, or the one that is there already.

    Raise :class:`TooLarge`, or the database's errors; then nothing was stored. Call it with no open changes.
    """
    [ident] = store_arrivals([arrival], now)
    return db.session.get_one(IncomingMail, ident)


def store_arrivals(
    arrivals: Sequence[Arrival], now: datetime, *, ring: Callable[[], None] = wake_worker
) -> list[int]:
    """Store many messages in one commit and return the ids of their rows, in the same order.

    All of them are stored when this returns; if it raises, none is. ``ring`` is called after the commit.
    """
    rows = [_row_of(arrival, now) for arrival in arrivals]
    if not rows:
        return []
    try:
        # Ordered, so that two that store the same messages wait for each other and never in a circle.
        insert = _insert()(IncomingMail).on_conflict_do_nothing(index_elements=["sha256", "envelope_to"])
        db.session.execute(insert, sorted(rows, key=_key_of))
        ids = _ids_of(sorted({_key_of(row) for row in rows}))
        db.session.commit()
    except BaseException:
        db.session.rollback()
        raise
    ring()
    return [ids[_key_of(row)] for row in rows]


def clean_envelope(address: str) -> str:
    """Return an envelope address as it is stored: without brackets, what no column can hold replaced or cut.

    The domain is in lower case. A strange sender is no reason to lose a mail, so nothing is refused here.
    """
    text = address.encode("utf-8", "surrogateescape").decode("utf-8", "replace").strip()
    if text.startswith("<") and text.endswith(">"):
        text = text[1:-1].strip()
    if text.lower() in _NULL_SENDERS:
        return ""
    local, at, domain = "".join(sign for sign in text if sign.isprintable()).rpartition("@")
    return f"{local}{at}{domain.lower()}"[:_LONGEST_ADDRESS] if at else domain[:_LONGEST_ADDRESS]


def _insert() -> Callable[..., Any]:
    return postgresql.insert if db.engine.dialect.name == "postgresql" else sqlite.insert


def _row_of(arrival: Arrival, now: datetime) -> dict[str, Any]:
    if len(arrival.raw) > SIZE_LIMIT:
        raise TooLarge(len(arrival.raw))
    return {
        "received_at": now,
        "way": arrival.way,
        "brought_by_id": arrival.brought_by_id,
        "organisation_id": arrival.organisation_id,
        "envelope_from": clean_envelope(arrival.envelope_from),
        "envelope_to": clean_envelope(arrival.envelope_to),
        "sha256": hashlib.sha256(arrival.raw).hexdigest(),
        "size": len(arrival.raw),
        "raw": arrival.raw,
        "state": IncomingState.RECEIVED,
    }


def _key_of(row: Mapping[str, Any]) -> tuple[str, str]:
    return row["sha256"], row["envelope_to"]


def _ids_of(keys: Sequence[tuple[str, str]]) -> dict[tuple[str, str], int]:
    columns = IncomingMail.sha256, IncomingMail.envelope_to
    idents: dict[tuple[str, str], int] = {}
    for start in range(0, len(keys), _ROWS_ASKED_FOR):
        portion = keys[start : start + _ROWS_ASKED_FOR]
        query = select(*columns, IncomingMail.id).where(tuple_(*columns).in_(portion))
        idents |= {(sha256, to): ident for sha256, to, ident in db.session.execute(query)}
    return idents
