"""Files people hand in: a random name on disk, a clean name to show, kinds that cannot run in our pages."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from datetime import datetime
from pathlib import Path

from flask import current_app
from sqlalchemy import BigInteger, CheckConstraint, String
from sqlalchemy.orm import Mapped, mapped_column

from pop_campaigns.core.db import Base, Line, UTCDateTime, db
from pop_campaigns.core.private_files import create_private, make_private_folder
from pop_campaigns.core.text import clean_line

LARGEST_FILE = 25 * 1024 * 1024
_RESERVED = re.compile(r"^(con|prn|aux|nul|com\d|lpt\d)$", re.IGNORECASE)
# First bytes → what it is. The name's ending and the browser's claim are not trusted.
_MAGIC = (
    (b"%PDF-", "application/pdf", (".pdf",)),
    (b"\xff\xd8\xff", "image/jpeg", (".jpg", ".jpeg")),
    (b"\x89PNG\r\n\x1a\n", "image/png", (".png",)),
)
_ZIPPED = {
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".odt": "application/vnd.oasis.opendocument.text",
}


class RefusedFile(ValueError):
    """The file is not of a kind we keep; ``reason`` is ``kind``, ``empty`` or ``size``."""

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

    :raises RefusedFile: empty, too large, or not PDF, JPEG, PNG, DOCX, XLSX or ODT by its content.
    """
    if not content:
        raise RefusedFile("empty")
    if len(content) > LARGEST_FILE:
        raise RefusedFile("size")
    shown = clean_file_name(name)
    row = StoredFile(
        key=secrets.token_hex(32),
        name=shown,
        media_type=_media_type(content, shown),
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


def is_document(content: bytes, name: str) -> bool:
    """Return whether content and name agree that a file is of a kind we keep."""
    try:
        return bool(_media_type(content, clean_file_name(name)))
    except RefusedFile:
        return False


def _media_type(content: bytes, name: str) -> str:
    ending = Path(name).suffix.lower()
    for magic, media_type, endings in _MAGIC:
        if content.startswith(magic) and ending in endings:
            return media_type
    if content.startswith(b"PK\x03\x04") and ending in _ZIPPED:
        return _ZIPPED[ending]
    raise RefusedFile("kind")


def _folder() -> Path:
    return Path(current_app.config["DATA_DIR"]) / "files"
