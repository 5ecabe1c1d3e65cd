"""Files that belong to something: a letter, an event, a message being written. The caller commits.

Whose they are say ``subject_type`` and ``subject_id``, as in history: what lies above is no business of this package.
Whether somebody may attach, see or take a file is asked of the subject, by the page. Public pages show none by themselves.

Each file has an address of its own that opens it without an account. Its token is derived (:mod:`core.tokens`), so that
the database alone opens nothing; a file that is taken off has no address any more.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from flask import current_app
from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from pop_campaigns.core.db import Base, Line, UTCDateTime, choice, db
from pop_campaigns.core.files import RefusedFile, StoredFile, clean_file_name, drop_files, store_file
from pop_campaigns.core.history import Actor, history_of, note
from pop_campaigns.core.locks import lock_row
from pop_campaigns.core.mail_files import MEGABYTE, FileAudience, FileDelivery, decide_delivery
from pop_campaigns.core.text import clean_line
from pop_campaigns.core.tokens import derive_token, hash_token, new_nonce

MOST_FILES: Final = 50
"""How many files one thing may have."""
_PURPOSE: Final = "file"
_TOLD: Final = ("file.attached", "file.detached")
FILE_PATH: Final = "/f/{token}"
"""Where the page stands that gives a file by its link (``public.views.pages``), as mails name it."""


class SubjectFile(Base):
    """A file of one thing. ``label`` is what it is called on pages and in mails; ``position`` counts up from 1.

    ``audience`` says whom it is for; a message or a letter has nobody else than its reader and does not ask. ``part`` is the
    number of a part of the thing, a point of an agenda, where it belongs to one.
    ``delivery`` is the wish; whether there is room in a mail is decided when the mail is made (:func:`part_files`).
    """

    __tablename__ = "subject_files"
    __table_args__ = (
        UniqueConstraint("subject_type", "subject_id", "position"),
        CheckConstraint("position >= 1", name="position_counts_up"),
        CheckConstraint("label <> ''", name="has_label"),
        Index("ix_subject_files_file_id", "file_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    subject_type: Mapped[str] = mapped_column(String(40))
    subject_id: Mapped[int]
    position: Mapped[int]
    file_id: Mapped[int] = mapped_column(ForeignKey("stored_files.id"))
    label: Mapped[str] = mapped_column(Line(200))
    delivery: Mapped[FileDelivery] = mapped_column(choice(FileDelivery), default=FileDelivery.IN_MAIL)
    audience: Mapped[FileAudience] = mapped_column(
        choice(FileAudience), default=FileAudience.INSIDE, server_default=FileAudience.INSIDE.value
    )
    part: Mapped[int | None]
    link_nonce: Mapped[str] = mapped_column(String(64), unique=True)
    link_hash: Mapped[str] = mapped_column(String(64), unique=True)
    attached_at: Mapped[datetime] = mapped_column(UTCDateTime())

    file: Mapped[StoredFile] = relationship(lazy="joined")


@dataclass(frozen=True)
class PartedFiles:
    """The files of a mail: those in it, those it links to; ``moved`` were wished in it and are too large together."""

    in_mail: list[SubjectFile]
    as_link: list[SubjectFile]
    moved: list[SubjectFile]


def attach_file(
    subject: Any,
    content: bytes,
    name: str,
    *,
    delivery: FileDelivery = FileDelivery.IN_MAIL,
    audience: FileAudience = FileAudience.INSIDE,
    part: int | None = None,
    label: str = "",
    by: Actor | None,
    now: datetime,
) -> SubjectFile:
    """Keep a file for ``subject`` (flushed, so that it has an id), as the last of its files; noted in its history.

    Also for what came with a mail: its bytes and its name. The same bytes under the same name a second time are the
    same press of the button: what is there is returned, as the second press wished it.

    :raises pop_campaigns.core.files.RefusedFile: empty, too large, of no kind we keep, or one too many.
    """
    lock_row(subject)
    files = files_of(subject)
    same = (hashlib.sha256(content).hexdigest(), clean_file_name(name))
    there = next((row for row in files if (row.file.sha256, row.file.name) == same), None)
    if there is not None:
        there.delivery, there.audience, there.part = delivery, audience, part
        return there
    if len(files) >= MOST_FILES:
        raise RefusedFile("many")
    file = store_file(content, name, now=now)
    row = SubjectFile(
        subject_type=subject.__tablename__,
        subject_id=subject.id,
        position=max((before.position for before in files), default=0) + 1,
        file=file,
        label=clean_line(label)[:200] or file.name,
        delivery=delivery,
        audience=audience,
        part=part,
        **_new_link(),
        attached_at=now,
    )
    db.session.add(row)
    note("file.attached", subject, by=by, now=now, file=row.label)
    db.session.flush()
    return row


def _new_link() -> dict[str, str]:
    nonce = new_nonce()
    return {"link_nonce": nonce, "link_hash": hash_token(derive_token(_PURPOSE, nonce))}


def detach_file(row: SubjectFile, subject: Any, *, by: Actor | None, now: datetime) -> None:
    """Take a file off; its link opens nothing from then on. What no other row refers to is forgotten.

    Its bytes go with the daily sweep of files that no row knows (:mod:`privacy.services.retention`).
    """
    note("file.detached", subject, by=by, now=now, file=row.label)
    file_id = row.file_id
    db.session.delete(row)
    drop_files({file_id})


def detach_all(subject: Any, *, by: Actor | None, now: datetime) -> None:
    """Take off all files of a thing that is about to be deleted: its number may become another row's."""
    for row in files_of(subject):
        detach_file(row, subject, by=by, now=now)


def forget_all(subject: Any) -> list[Path]:
    """Take off all files of a thing whose words are erased or over their time, and their names from its history.

    Return the paths of their bytes, to be removed once the caller has committed.
    """
    rows = files_of(subject)
    for told in history_of(subject):
        if told.action in _TOLD:
            told.details = {}
    file_ids = {row.file_id for row in rows}
    for row in rows:
        db.session.delete(row)
    return drop_files(file_ids)


def files_of(subject: Any) -> list[SubjectFile]:
    """Return the files of one thing in their order."""
    rows = select(SubjectFile).where(
        SubjectFile.subject_type == subject.__tablename__, SubjectFile.subject_id == subject.id
    )
    return list(db.session.scalars(rows.order_by(SubjectFile.position)))


def file_of(subject: Any, ident: int) -> SubjectFile | None:
    """Return one of the files of a thing by its number; None where it is no file of this one."""
    return next((row for row in files_of(subject) if row.id == ident), None)


def part_files(files: Sequence[SubjectFile], *, taken: int = 0) -> PartedFiles:
    """Return which files go in a mail and which as a link.

    ``taken`` bytes of the room (``POP_MAIL_FILES_LIMIT``, in MB) are used already, by a PDF of the letter itself, say.
    """
    limit = int(current_app.config["MAIL_FILES_LIMIT"]) * MEGABYTE - taken
    decided = decide_delivery(((row.file.size, row.delivery) for row in files), limit)
    parted = PartedFiles([], [], [])
    for row, delivery in zip(files, decided, strict=True):
        (parted.in_mail if delivery is FileDelivery.IN_MAIL else parted.as_link).append(row)
        if delivery is not row.delivery:
            parted.moved.append(row)
    return parted


def mail_attachments(files: Sequence[SubjectFile]) -> list[tuple[str, str, bytes]]:
    """Return files as a mail takes them: (name, media type, content)."""
    return [(row.file.name, row.file.media_type, row.file.path.read_bytes()) for row in files]


def mail_link(row: SubjectFile) -> dict[str, str]:
    """Return the link to a file as a mail keeps it among its ``links``: without the token, derived when it leaves."""
    return {"path": FILE_PATH, "purpose": _PURPOSE, "nonce": row.link_nonce}


def find_by_link(token: str) -> SubjectFile | None:
    """Return the file that a link opens; None for one we did not make, and where its bytes are gone."""
    row = db.session.scalar(select(SubjectFile).where(SubjectFile.link_hash == hash_token(token)))
    return row if row is not None and row.file.path.is_file() else None
