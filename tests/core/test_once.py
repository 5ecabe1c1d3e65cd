"""A key makes one row: looked up, met at the same instant, or refused for another reason."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from pop_campaigns.accounts.models import User
from pop_campaigns.core import once
from pop_campaigns.core.db import db
from pop_campaigns.core.history import History
from pop_campaigns.core.once import insert_or_find, once_key
from pop_campaigns.lists.models import ContactList
from pop_campaigns.lists.rules import ListKind
from pop_campaigns.lists.services import create_list
from tests.invitations.scene import at_once

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)


def make(name: str | None = "Kryetarët") -> ContactList:
    return ContactList(name=name, kind=ListKind.BY_HAND, created_at=NOW)


def test_a_key_is_bound_to_the_person_and_to_what_it_makes(cast: SimpleNamespace) -> None:
    key = once_key("list", "k" * 5000, cast.arta)
    assert key is not None
    assert len(key) == 64
    assert key == once_key("list", "k" * 5000, cast.arta)
    assert (
        len({key, once_key("list", "k" * 5000, cast.clirim), once_key("event", "k" * 5000, cast.arta)}) == 3
    )
    assert once_key("list", "\udcff", None) is not None
    assert once_key("list", "", cast.arta) is None
    assert once_key("list", None, cast.arta) is None


def test_without_a_key_each_is_a_new_row(app: Flask) -> None:
    rows = [insert_or_find(ContactList, None, make) for _ in range(2)]
    assert [is_new for _row, is_new in rows] == [True, True]
    assert rows[0][0].id != rows[1][0].id


def test_who_looked_before_the_other_inserted_finds_the_row(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, is_new = insert_or_find(ContactList, "key", make)
    assert is_new
    look, looks = once.made_with, []

    def look_too_early(model: Any, key: str | None) -> Any:
        looks.append(key)
        return look(model, key) if len(looks) > 1 else None

    monkeypatch.setattr(once, "made_with", look_too_early)
    assert insert_or_find(ContactList, "key", make) == (first, False)
    assert len(looks) == 2
    db.session.commit()
    assert db.session.scalar(select(func.count(ContactList.id))) == 1


def test_what_is_refused_for_another_reason_is_not_taken_for_a_double_press(app: Flask) -> None:
    with pytest.raises(IntegrityError):
        insert_or_find(ContactList, "key", lambda: make(None))


def test_presses_at_the_same_instant_make_one_row_and_one_note(app: Flask, cast: SimpleNamespace) -> None:
    ident = cast.arta.id
    db.session.commit()

    def press() -> int:
        user = db.session.get_one(User, ident)
        made = create_list("Kryetarët", None, by=user, now=NOW, once="key")
        db.session.commit()
        return made.id

    assert len(set(at_once(app, 6, press))) == 1
    assert db.session.scalar(select(func.count(ContactList.id))) == 1
    assert db.session.scalar(select(func.count(History.id)).where(History.action == "list.created")) == 1
