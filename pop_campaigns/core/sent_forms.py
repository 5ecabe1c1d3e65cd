"""Forms that made a record already: kept for two weeks, so that the same form sent again is met instead of making another.

One row for each, written in the transaction that makes the record. It holds marks and addresses of pages, nobody's words:
the form's key and what was typed are there only as keyed hashes, bound to the person (:mod:`core.once`).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import String, delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column

from pop_campaigns.core.db import Base, UTCDateTime, db

KEPT_FOR: Final = timedelta(days=14)
"""How long a page may stand open, or be gone back to, and still be known."""
ASKED_FOR: Final = timedelta(hours=1)
"""How long the same words in a form opened afresh are taken for the same press."""


class SentForm(Base):
    """A form that made a record: its key and its content as marks, the page it led to, the page that changes it."""

    __tablename__ = "sent_forms"

    id: Mapped[int] = mapped_column(primary_key=True)
    once: Mapped[str] = mapped_column(String(64), unique=True)
    content: Mapped[str] = mapped_column(String(64), index=True)
    subject_type: Mapped[str] = mapped_column(String(40))
    subject_id: Mapped[int]
    page: Mapped[str] = mapped_column(String(500))
    edit: Mapped[str] = mapped_column(String(500), default="")
    made_at: Mapped[datetime] = mapped_column(UTCDateTime(), index=True)


class SentMeanwhile(Exception):
    """Another request made the record of this form between our look and our insert."""


def find_sent(once: str | None, content: str, *, now: datetime) -> SentForm | None:
    """Return the row of a form's key, else that of the same content sent a short while ago."""
    known = db.session.scalar(select(SentForm).where(SentForm.once == once)) if once else None
    if known is not None or not content:
        return known
    lately = select(SentForm).where(SentForm.content == content, SentForm.made_at > now - ASKED_FOR)
    return db.session.scalar(lately.order_by(SentForm.id.desc()).limit(1))


def note_sent(once: str, content: str, record: Any, *, page: str, edit: str, now: datetime) -> None:
    """Keep that this form made ``record``, in its transaction; forget what is over its time.

    :raises SentMeanwhile: the form made one already; the caller has to take everything back.
    """
    db.session.flush()
    db.session.execute(delete(SentForm).where(SentForm.made_at < now - KEPT_FOR))
    told = {"subject_type": record.__tablename__, "subject_id": record.id, "page": page, "edit": edit}
    known = db.session.scalar(select(SentForm).where(SentForm.once == once))
    if known is not None and record_of(known) is not None:
        raise SentMeanwhile
    if known is not None:  # what it made is gone, and was made again
        db.session.delete(known)
        db.session.flush()
    try:
        with db.session.begin_nested():
            db.session.add(SentForm(once=once, content=content, made_at=now, **told))
    except IntegrityError:
        raise SentMeanwhile from None


def record_of(sent: SentForm) -> Any:
    """Return the record a form made, None if it is not there any more."""
    for mapper in Base.registry.mappers:
        if mapper.local_table.name == sent.subject_type:  # type: ignore[attr-defined]
            return db.session.get(mapper.class_, sent.subject_id)
    return None
