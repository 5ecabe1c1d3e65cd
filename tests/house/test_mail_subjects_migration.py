"""What a mail is about, repeats and answers is read from its key once and for all, and forgotten without a trace going back."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import flask_migrate
import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy import Connection, inspect, text

from pop_campaigns.core.db import db
from tests.house.test_migrations import empty_app

__all__ = ["empty_app"]
pytestmark = pytest.mark.both_databases(always=True)
NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)

# once, kind, thread; then subject, the once of the original, kind, whether it has the null sender.
MAILS: list[tuple[tuple[str, str, list[str] | None], tuple[Any, ...]]] = [
    (
        ("invitation/42/request/0/0", "invitation.request", None),
        ("invitations", 42, None, "invitation.request", False),
    ),
    (
        ("invitation/42/request/0/0/again/1", "invitation.request", None),
        ("invitations", 42, "invitation/42/request/0/0", "invitation.request", False),
    ),
    (
        ("invitation/42/request/0/0/again/1/again/1", "invitation.request", None),
        ("invitations", 42, "invitation/42/request/0/0", "invitation.request", False),
    ),
    (
        ("invitation/42/invitation.receipt/5", "invitation.receipt", None),
        ("invitations", 42, None, "invitation.receipt", False),
    ),
    (
        ("invitation/42/in_name/6", "invitation.receipt", None),
        ("invitations", 42, None, "invitation.in_name", False),
    ),
    (
        ("invitation/42/reached/2026-11-20/0", "incoming.receipt", ["<a@x>", "<b@x>"]),
        ("invitations", 42, None, "incoming.receipt", True),
    ),
    (("letter/9/reached/2026-11-20/1", "incoming.receipt", []), ("letter_recipients", 9, None, "incoming.receipt", True)),
    (("letter/123456/0", "letter", None), ("letter_recipients", 123456, None, "letter", False)),
    (("proposal/7/declined", "proposal.declined", None), ("invitations", 42, None, "proposal.declined", False)),
    (("proposal/8/declined", "proposal.declined", None), ("invitations", 0, None, "proposal.declined", False)),
    (("account/link/3", "account.reset", None), ("account_links", 3, None, "account.reset", False)),
    (("account/asked/4", "account.asked_again", None), ("account_links", 4, None, "account.asked_again", False)),
    (
        ("account/password/2/abc", "account.password_changed", None),
        ("users", 2, None, "account.password_changed", False),
    ),
    (("other/1", "test", None), (None, None, None, "test", False)),
]  # fmt: skip


def rows(columns: str) -> list[tuple[Any, ...]]:
    with db.engine.connect() as connection:
        return [
            tuple(row) for row in connection.execute(text(f"SELECT {columns} FROM {FROM} ORDER BY mail.id"))
        ]


FROM = "outgoing_mails AS mail"


def threads() -> list[Any]:
    """The threads as JSON, whatever the driver makes of them."""
    result = [thread for (thread,) in rows("mail.thread")]
    return [json.loads(one) if isinstance(one, str) else one for one in result]


def indexes() -> set[str]:
    if db.engine.dialect.name == "sqlite":
        query = "SELECT name FROM sqlite_master WHERE type = 'index' AND tbl_name = 'outgoing_mails'"
    else:
        query = "SELECT indexname FROM pg_indexes WHERE tablename = 'outgoing_mails'"
    with db.engine.connect() as connection:
        return {name for (name,) in connection.execute(text(query)) if name.startswith("ix_")}


def add(connection: Connection, called: str, /, **values: Any) -> int:
    """Add a row to a table as it is at this revision; what must be there and is not given is empty."""
    empty = {sa.Boolean: False, sa.Integer: 0, sa.DateTime: NOW, sa.String: ""}
    columns = inspect(connection).get_columns(called)
    for column in columns:
        if not column["nullable"] and column["name"] not in ("id", "version"):
            kind = next((kind for kind in empty if isinstance(column["type"], kind)), None)
            values.setdefault(column["name"], empty[kind] if kind else None)
    table = sa.table(
        called,
        sa.column("id", sa.Integer),
        *(sa.column(other["name"], other["type"]) for other in columns[1:]),
    )
    return int(connection.execute(table.insert().values(values).returning(table.c.id)).scalar_one())


def fill() -> None:
    with db.engine.begin() as connection:
        skeleton = add(connection, "mail_skeletons", language="sq")
        event = add(
            connection,
            "events",
            kind="meeting",
            state="planned",
            precision="unknown",
            version=1,
            published=True,
        )
        person = add(connection, "persons", kind="citizen", language="sq", name="Besa")
        add(
            connection, "invitations", id=42, event_id=event, person_id=person, language="sq", state="invited",
            answer="NEEDS-ACTION", invited_at=NOW, version=1,
        )  # fmt: skip
        add(connection, "time_proposals", id=7, invitation_id=42)
        for (once, kind, thread), _expected in MAILS:
            add(
                connection, "outgoing_mails", once=once, kind=kind, auto_submitted=thread is not None,
                skeleton_id=skeleton, message_id=once, bounce_nonce=once, state="queued", fields={}, links={},
                to_address="zyra@bashkia.example", **({} if thread is None else {"thread": thread}),
            )  # fmt: skip


def test_old_mails_get_their_columns_and_lose_them_again(empty_app: Flask) -> None:
    flask_migrate.upgrade(revision="0011")
    fill()
    kept, before = indexes(), (rows("mail.once, mail.kind, mail.auto_submitted"), threads())
    flask_migrate.upgrade(revision="0012")
    columns = (
        "mail.subject_type, mail.subject_id,"
        " (SELECT first.once FROM outgoing_mails AS first WHERE first.id = mail.original_id), mail.kind, mail.null_sender"
    )
    expected = [after for _mail, after in MAILS]
    assert rows(columns) == expected
    assert [once for (once,) in rows("mail.once")] == [once for (once, _kind, _thread), _after in MAILS]
    # Making the table anew would have lost the index of an expression.
    assert "ix_outgoing_mails_to_address_lower" in kept
    assert indexes() == kept | {"ix_outgoing_mails_subject"}

    flask_migrate.downgrade(revision="0011")
    assert (rows("mail.once, mail.kind, mail.auto_submitted"), threads()) == before
    assert indexes() == kept
    flask_migrate.upgrade()
    assert rows(columns) == expected


def test_what_the_columns_before_could_not_say(empty_app: Flask) -> None:
    """A person's answer in a thread keeps its sender when one goes back; an automatic one without a thread stays automatic."""
    flask_migrate.upgrade(revision="0011")
    fill()
    flask_migrate.upgrade(revision="0012")
    with db.engine.begin() as connection:
        for values, once in (
            ("thread = '[\"<a@x>\"]'", "other/1"),
            ("thread = NULL", "letter/9/reached/2026-11-20/1"),
        ):
            change = text(f"UPDATE outgoing_mails SET {values} WHERE once = :once")
            connection.execute(change, {"once": once})
    flask_migrate.downgrade(revision="0011")
    told = dict(zip([once for (once,) in rows("mail.once")], threads(), strict=True))
    assert told["other/1"] is None
    assert told["letter/9/reached/2026-11-20/1"] == []
    assert told["invitation/42/reached/2026-11-20/0"] == ["<a@x>", "<b@x>"]
