"""Files people hand in: a random name on disk, a clean name to show, kinds that cannot run in our pages."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from collections.abc import Collection
from datetime import datetime
from pathlib import Path

from flask import current_app
from sqlalchemy import BigInteger, CheckConstraint, ColumnElement, String, select
from sqlalchemy.orm import Mapped, mapped_column

from pop_campaigns.core.db import Base, Line, UTCDateTime, db
from pop_campaigns.core.file_kinds import media_type_of
from pop_campaigns.core.private_files import create_private, make_private_folder
from pop_campaigns.core.text import clean_line

LARGEST_FILE = 25 * 1024 * 1024
_RESERVED = re.compile(r"^(con|prn|aux|nul|com\d|lpt\d)$", re.IGNORECASE)


class RefusedFile(ValueError):
    """The file is not kept; ``reason`` is ``kind``, ``empty``, ``size`` or ``many``."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class StoredFile(Base):
    """A file on disk under a random name."""

    __tablename__ = "stored_files"
    __table_args__ = (CheckConstraint("size > 0", name="has_content"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(Line(200))
    media_type: Mapped[str] = mapped_column(String(120))
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64))
    stored_at: Mapped[datetime] = mapped_column(UTCDateTime())

    @property
    def path(self) -> Path:
        """Where its bytes are."""
        return _folder() / self.key[:2] / self.key


def clean_file_name(name: str) -> str:
    """Return a name safe to show and to save: no folders, no controls, no reserved device, at most 120 characters."""
    name = clean_line(name).replace("\\", "/").rsplit("/", 1)[-1]
    name = re.sub(r'[<>:"|?*\x00-\x1f]', "_", name).strip(". ")
    stem, dot, ending = name.rpartition(".")
    stem = stem if dot else name
    if _RESERVED.match(stem):
        stem = f"_{stem}"
    return f"{stem[:100]}{dot}{ending[:12]}" if dot and stem else (stem[:100] or "file")


def store_file(content: bytes, name: str, *, now: datetime) -> StoredFile:
    """Keep a file: bytes to disk (synced) first, then its row to the current transaction.

    :raises RefusedFile: empty, too large, or of no kind we keep (:mod:`core.file_kinds`).
    """
    if not content:
        raise RefusedFile("empty")
    if len(content) > LARGEST_FILE:
        raise RefusedFile("size")
    shown = clean_file_name(name)
    media_type = media_type_of(content, shown)
    if media_type is None:
        raise RefusedFile("kind")
    row = StoredFile(
        key=secrets.token_hex(32),
        name=shown,
        media_type=media_type,
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        stored_at=now,
    )
    make_private_folder(row.path.parent)
    with create_private(row.path) as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    db.session.add(row)
    return row


def drop_files(idents: Collection[int]) -> list[Path]:
    """Take away the rows of files that nothing refers to any more; return the paths of their bytes, to go after the commit."""
    db.session.flush()
    paths = []
    for ident in sorted(idents):
        row = db.session.get(StoredFile, ident)
        if row is not None and not _is_used(ident):
            paths.append(row.path)
            db.session.delete(row)
    db.session.flush()
    return paths


def _is_used(file_id: int) -> bool:
    for table in Base.metadata.tables.values():
        for column in table.columns:
            if any(key.column.table.name == StoredFile.__tablename__ for key in column.foreign_keys):
                uses: ColumnElement[bool] = column == file_id
                if db.session.execute(select(column).where(uses).limit(1)).first():
                    return True
    return False


def _folder() -> Path:
    return Path(current_app.config["DATA_DIR"]) / "files"
