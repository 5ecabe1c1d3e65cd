"""No lost update: a version on every table a form edits, and what to do when two people meet at one record.

Two clicks apart in time meet in :mod:`core.meanwhile`, which asks. Two requests at the same instant meet here: the
database lets one of them through (``UPDATE … WHERE version = …``), the other is begun anew on what is stored then,
and so comes to the same question.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from flask import Flask, current_app, g, request
from flask.typing import ResponseReturnValue
from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped, declared_attr, mapped_column
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.exceptions import Conflict, HTTPException

from pop_campaigns.core.db import SAFE_METHODS, db


class Versioned:
    """A row that knows how often it was written; whoever writes it over another version gets ``StaleDataError``."""

    version: Mapped[int] = mapped_column(
        CheckConstraint("version >= 1", name="version_counts_up"), default=1, server_default="1"
    )

    @declared_attr.directive
    def __mapper_args__(cls) -> dict[str, Any]:
        return {"version_id_col": cls.version}


class ChangedMeanwhile(Exception):
    """The record is not the version any more that was looked at; nothing was written."""


class Side(StrEnum):
    """Who changed a field since the form was opened."""

    MINE = "mine"
    THEIRS = "theirs"
    BOTH = "both"


@dataclass(frozen=True)
class Difference:
    """A field in which what was typed is not what is stored, and whose change that is."""

    name: str
    side: Side


def compare(
    shown: Mapping[str, str], typed: Mapping[str, str], stored: Mapping[str, str]
) -> Sequence[Difference]:
    """Return the fields that differ between what was typed and what is stored, in the order of ``stored``.

    All three say by field what it holds (a mark of it is enough). A field of which nobody knows what was shown counts
    as changed by both: asking too much loses nothing.
    """
    differences = []
    for name, current in stored.items():
        mine = typed.get(name, current)
        if mine == current:
            continue
        before = shown.get(name)
        i_did, they_did = mine != before, current != before
        side = Side.BOTH if i_did and they_did else Side.MINE if i_did else Side.THEIRS
        differences.append(Difference(name, side))
    return differences


def init_versions(app: Flask) -> None:
    """Begin a request anew, once, when somebody else's reached the record first."""
    app.register_error_handler(StaleDataError, _once_more)
    app.register_error_handler(ChangedMeanwhile, _once_more)


def _once_more(_error: Exception) -> ResponseReturnValue:
    # All of it was one transaction, so nothing of the first try is there.
    db.session.rollback()
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    if request.method in SAFE_METHODS or "begun_anew" in g:
        return app.handle_user_exception(Conflict())
    g.begun_anew = True
    for file in request.files.values():
        file.stream.seek(0)
    try:
        view = app.view_functions[str(request.endpoint)]
        return app.ensure_sync(view)(**(request.view_args or {}))
    except (StaleDataError, ChangedMeanwhile):
        db.session.rollback()
        return app.handle_user_exception(Conflict())
    except HTTPException as answer:
        # Flask does not look after what a handler raises.
        return app.handle_user_exception(answer)
