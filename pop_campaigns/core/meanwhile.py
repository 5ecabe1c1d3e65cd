"""Two people, one record: the page that shows mine and theirs field by field and lets one choose.

A form carries in ``version`` what it was opened with: the version of the record, the second at which it was shown, and
a keyed mark of each field, so that three ways can be told apart (what was there, what I typed, what is stored now)
without carrying anybody's data. A form without it, or with one of an older key, asks about every field that differs.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from flask import abort, flash, make_response, render_template, request
from flask_babel import gettext as _
from sqlalchemy import select
from wtforms import Field

from pop_campaigns.core.clock import now
from pop_campaigns.core.dates import moment_words
from pop_campaigns.core.db import db
from pop_campaigns.core.field_values import as_stored, file_fields, take, typed_fields, values_of, words_of
from pop_campaigns.core.forms import Form
from pop_campaigns.core.history import History
from pop_campaigns.core.i18n import current_language
from pop_campaigns.core.numbers import row_number
from pop_campaigns.core.tokens import derive_token
from pop_campaigns.core.versions import Side, compare

MINE, THEIRS = "mine", "theirs"
# What the page of the choice sends beside the fields.
_OURS = ("csrf_token", "version", "opened_with", "must_choose", "choosing", "write_on")
_MOST_CHANGES = 50


@dataclass(frozen=True)
class Shown:
    """What a form was opened with: the record's version, when (UTC), and a mark of each field by its name."""

    version: int = 0
    at: datetime | None = None
    marks: Mapping[str, str] | None = None


@dataclass(frozen=True)
class Row:
    """One field on the page: what was typed, what is stored by whom, and what is chosen beforehand."""

    name: str
    label: str
    side: Side
    mine: str
    theirs: str
    by: str
    chosen: str


def meet_changes(form: Form, record: Any, told_of: Any = None) -> None:
    """Let a form for ``record`` carry what it shows; sent, ask first if somebody changed the record meanwhile.

    Call it once the form has its choices and before it is validated. Asking is an answer of its own: 409 with the page
    of the choice. ``told_of`` is the record whose history tells of the change, if not this one. Without a record
    (a note that nobody has written yet) the form's own starting values are what is stored.
    """
    fields = list(typed_fields(form))
    stored = {field.name: as_stored(field) for field in fields}
    if form.is_submitted():
        _Meeting(form, stored, record, told_of or record).settle()
    form.shown_version = _write(record, {name: values_of(field) for name, field in stored.items()})


def seen_versions(*records: Any) -> str:
    """Return what a page that asks before it destroys carries, so that nobody destroys what they have not seen."""
    return ".".join(str(record.version) for record in records)


def is_as_seen(*records: Any, told_of: Any = None) -> bool:
    """Return whether the records are the versions that whoever pressed has looked at; if not, say who changed them.

    What was sent from no page of ours has seen nothing, and is not asked.
    """
    version = request.form.get("version", "")
    if not version or version == seen_versions(*records):
        return True
    changes = _changes_since(told_of or records[0], records[0], None)
    who = _told(changes[0]) if changes else _("the service")
    flash(
        _(
            "Changed meanwhile (%(who)s), so nothing was done. Look how it stands now, then press again.",
            who=who,
        ),
        "warning",
    )
    return False


def version_shown() -> int:
    """Return the version of the record that the form sent was opened with; 0 where it does not say."""
    return _read(request.form.get("version", "")).version


class _Meeting:
    """One form that was sent, beside what is stored now."""

    def __init__(self, form: Form, stored: Mapping[str, Field], record: Any, told_of: Any) -> None:
        self.form, self.stored, self.record, self.told_of = form, stored, record, told_of
        self.writes_on = request.form.get("write_on") == "1"
        self.choices = {
            name: choice
            for name in stored
            if (choice := request.form.get(f"choose-{name}")) in (MINE, THEIRS)
        }
        must = request.form.get("must_choose", "").split()
        self.missing = [name for name in must if name in stored and name not in self.choices]
        if self.writes_on:
            self.missing = []
        # Not all was chosen: the page comes back as it was, so what the form was opened with still counts.
        self.shown = _read(request.form.get("opened_with" if self.missing else "version", ""))

    def settle(self) -> None:
        """Apply what was chosen, and ask where there is something to ask."""
        followed = [] if self.missing else self._take_theirs()
        marks = {name: _mark(name, values_of(field)) for name, field in self.stored.items()}
        before = self.shown.marks or {}
        if not before and self.shown.version and self.shown.version == getattr(self.record, "version", 0):
            before = marks
        typed = {name: _mark(name, values_of(self.form[name])) for name in self.stored}
        differences = compare(before, typed, marks)
        sides = {difference.name: difference.side for difference in differences}
        # Somebody has written once more where theirs was chosen: it is taken, and said.
        sides |= {name: Side.THEIRS for name in followed if marks[name] != before.get(name)}
        if any(side is not Side.MINE for side in sides.values()):
            abort(make_response(self._page(sides), 409))
        self.form.only_shown = self.writes_on

    def _take_theirs(self) -> list[str]:
        followed = [name for name, choice in self.choices.items() if choice == THEIRS]
        for name in followed:
            take(self.form[name], values_of(self.stored[name]))
        return followed

    def _page(self, sides: Mapping[str, Side]) -> str:
        changes = _changes_since(self.told_of, self.record, self.shown.at)
        rows = [
            self._row(field, sides[name], changes) for name, field in self.stored.items() if name in sides
        ]
        last = changes[0] if changes else None
        return render_template(
            "errors/changed_meanwhile.html",
            asked=[row for row in rows if row.side is not Side.THEIRS],
            kept=[row for row in rows if row.side is Side.THEIRS],
            by=_told(last) if last else "",
            missing=self.missing,
            sent=self._sent([row.name for row in rows if row.side is Side.THEIRS]),
            files=[(field, _file_name(field)) for field in file_fields(self.form)],
            version=_write(self.record, {name: values_of(field) for name, field in self.stored.items()}),
            opened_with=request.form.get("opened_with" if self.missing else "version", ""),
        )

    def _row(self, stored: Field, side: Side, changes: Sequence[History]) -> Row:
        typed = self.form[stored.name]
        chosen = self.choices.get(stored.name, MINE if side is Side.MINE else "")
        change = _change_of(stored.name, changes) if side is not Side.MINE else None
        return Row(
            name=stored.name,
            label=str(stored.label.text),
            side=side,
            mine=words_of(typed),
            theirs=words_of(stored),
            by=_told(change) if change else "",
            # A second meeting asks anew where both changed the field.
            chosen=chosen if self.missing or side is Side.MINE else "",
        )

    def _sent(self, theirs: Sequence[str]) -> list[tuple[str, str]]:
        """Return all that was sent, as hidden fields: what was typed, and theirs where only they changed something."""
        hidden = []
        for name, value in request.form.items(multi=True):
            if name not in self.stored and name not in _OURS and not name.startswith("choose-"):
                hidden.append((name, value))
        for name, stored in self.stored.items():
            field = self.form[name]
            values = values_of(stored) if name in theirs else field.raw_data or ()
            hidden += [(name, str(value)) for value in values]
        return hidden


def _mark(name: str, values: Sequence[str]) -> str:
    """Return a mark of what a field holds: keyed, so that a page that was kept tells nothing about it."""
    return derive_token("shown", json.dumps([name, *values]))[:12]


def _write(record: Any, values: Mapping[str, Sequence[str]]) -> str:
    version, at = getattr(record, "version", 0), int(now().timestamp())
    return "~".join(
        [str(version), str(at), *(f"{name}:{_mark(name, contents)}" for name, contents in values.items())]
    )


def _read(carried: str) -> Shown:
    version, *rest = carried.split("~")
    number, second = row_number(version) or 0, row_number(rest[0] if rest else None)
    if second is None:
        return Shown(number)
    marks = dict(part.rsplit(":", 1) for part in rest[1:] if ":" in part)
    return Shown(number, datetime.fromtimestamp(second, UTC), marks)


def _changes_since(subject: Any, record: Any, at: datetime | None) -> Sequence[History]:
    """Return what history tells of the record since then, newest first; of nobody else's rows under the same contact."""
    rows = select(History).where(
        History.subject_type == subject.__tablename__, History.subject_id == _ident(subject)
    )
    if at is not None:
        rows = rows.where(History.at >= at)
    changes = db.session.scalars(rows.order_by(History.id.desc()).limit(_MOST_CHANGES)).all()
    owner_id = getattr(record, "organisation_id", None)
    return [
        change for change in changes if (change.details or {}).get("organisation_id", owner_id) == owner_id
    ]


def _ident(subject: Any) -> int:
    return int(subject.id)


def _change_of(name: str, changes: Sequence[History]) -> History | None:
    """Return the newest change that names the field, else the newest of all."""
    for change in changes:
        details = change.details or {}
        named = {*(details.get("was") or ()), *(details.get("changed") or ())}
        if {name, f"{name}_id"} & named:
            return change
    return changes[0] if changes else None


def _told(change: History) -> str:
    who = change.actor_name or _("the service")
    return f"{who}, {moment_words(change.at, current_language())}"


def _file_name(field: Field) -> str:
    return str(getattr(field.data, "filename", "") or "")
