"""Accounts: who may be added, what is refused, and that one can really sign in afterwards."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from pop_campaigns.accounts.models import Organisation, Role, User
from pop_campaigns.accounts.rules.roles import RoleName
from pop_campaigns.accounts.services.users import CannotCreateUser, create_tryout_accounts, create_user
from pop_campaigns.core.db import db
from pop_campaigns.core.history import history_of
from tests import factories

pytestmark = pytest.mark.both_databases

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
PASSWORD = "fjalëkalim shumë i gjatë"


def add_user(**values: Any) -> User:
    defaults: dict[str, Any] = {
        "email": "koordinator.fier@pop.example",
        "name": "Koordinator Fier",
        "role": RoleName.VIEWER,
        "organisation": None,
        "password": PASSWORD,
        "by": None,
        "now": NOW,
    }
    return create_user(**(defaults | values))


def sign_in_with(app: Flask, email: str, password: str) -> bool:
    browser = app.test_client()
    browser.post("/login", data={"email": email, "password": password})
    with browser.session_transaction() as session:
        return "_user_id" in session


def users() -> int:
    return db.session.scalar(select(func.count(User.id))) or 0


def test_a_coordinator_is_added_with_role_organisation_and_history(app: Flask) -> None:
    fier = factories.make_organisation("Fier")
    user = add_user(
        role=RoleName.COORDINATOR, organisation=fier, name="  Koordinator\u202e  Fier ", language="en"
    )
    db.session.commit()
    result = db.session.get_one(User, user.id)
    assert (result.name, result.role, result.organisation) == ("Koordinator Fier", RoleName.COORDINATOR, fier)
    assert (result.active, result.language, result.created_at) == (True, "en", NOW)
    (row,) = history_of(result)
    assert (row.action, row.at, row.details) == (
        "user.created",
        NOW,
        {"name": "Koordinator Fier", "role": "coordinator"},
    )


def test_the_role_row_is_made_once(app: Flask) -> None:
    add_user()
    add_user(email="lexues2@pop.example")
    assert db.session.scalars(select(Role.name)).all() == ["viewer"]


@pytest.mark.parametrize("typed", [PASSWORD, unicodedata.normalize("NFD", PASSWORD)])
def test_one_signs_in_with_albanian_letters_however_they_were_typed(app: Flask, typed: str) -> None:
    add_user(password=typed)
    db.session.commit()
    assert sign_in_with(app, "koordinator.fier@pop.example", PASSWORD)
    assert not sign_in_with(app, "koordinator.fier@pop.example", PASSWORD + "x")


@pytest.mark.parametrize(
    ("typed", "signs_in_with"),
    [
        ("Koordinator.Fier@POP.example", "koordinator.fier@pop.example"),
        ("\u200bkoordinator.fier@pop.example ", "KOORDINATOR.fier@pop.example"),
        ("zyra@bashkia-korçë.example", "zyra@bashkia-korçë.example"),
        ("zyra@bashkia-korçë.example", "zyra@xn--bashkia-kor-w9a6c.example"),
    ],
)
def test_one_signs_in_however_the_address_was_typed(app: Flask, typed: str, signs_in_with: str) -> None:
    add_user(email=typed)
    db.session.commit()
    assert sign_in_with(app, signs_in_with, PASSWORD)


@pytest.mark.parametrize("again", ["koordinator.fier@pop.example", "Koordinator.FIER@pop.example"])
def test_an_address_is_taken_once(app: Flask, again: str) -> None:
    add_user()
    with pytest.raises(CannotCreateUser, match="email_taken"):
        add_user(email=again)
    assert users() == 1


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"email": "a@pop.example, b@pop.example"}, "address:two_addresses"),
        ({"email": "koordinator"}, "address:no_at"),
        ({"email": ""}, "address:empty"),
        ({"email": "x@pop.example\r\nBcc: y"}, "address:characters"),
        ({"name": " \u200b "}, "name_missing"),
        ({"name": "K" * 121}, "name_long"),
        ({"role": RoleName.COORDINATOR}, "organisation_needed"),
        ({"password": "ëëëëëëëëëëë"}, "password_short"),
        ({"password": " " * 12}, "password_short"),
        ({"password": "x" * 129}, "password_long"),
        ({"language": "de"}, "language_unknown"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_reason(app: Flask, wrong: dict[str, Any], reason: str) -> None:
    with pytest.raises(CannotCreateUser) as refused:
        add_user(**wrong)
    assert refused.value.reason == reason
    assert users() == 0


def test_production_takes_no_sample_address(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.config, "MODE", "production")
    with pytest.raises(CannotCreateUser, match="address:example"):
        add_user()


def test_tryout_accounts_are_one_of_each_kind_and_work(app: Flask) -> None:
    for city in ("Tiranë", "Fier", "Shkodër"):
        factories.make_organisation(city)
    accounts = create_tryout_accounts(now=NOW)
    db.session.commit()
    assert [account.email for account in accounts] == [
        "administrator@pop.example",
        "koordinator.fier@pop.example",
        "koordinator.shkoder@pop.example",
        "koordinator.tirane@pop.example",
        "lexues@pop.example",
    ]
    assert len({account.password for account in accounts}) == 5
    assert min(len(account.password) for account in accounts) >= 12
    fier = accounts[1]
    assert fier.role_words == "Koordinator Fier"
    assert sign_in_with(app, fier.email, fier.password)
    user = db.session.scalars(select(User).where(User.email == fier.email)).one()
    assert user.organisation is not None
    assert (user.role, user.organisation.key) == (RoleName.COORDINATOR, "org-fier")
    assert {other.role for other in db.session.scalars(select(User))} == set(RoleName)


def test_two_organisations_of_one_city_have_accounts_of_their_own(app: Flask) -> None:
    first = factories.make_organisation("Fier")
    db.session.add(Organisation(key="epoka-e-re", name="Epoka e Re", municipality=first.municipality))
    db.session.add(Organisation(key="pa-qytet", name="Pa qytet"))
    db.session.flush()
    names = {account.email: account.role_words for account in create_tryout_accounts(now=NOW)}
    assert names["koordinator.fier@pop.example"] == "Koordinator Fier"
    assert names["koordinator.epoka-e-re@pop.example"] == "Koordinator Epoka e Re"
    assert names["koordinator.pa-qytet@pop.example"] == "Koordinator Pa qytet"


def test_where_somebody_has_an_account_no_tryout_account_is_added(app: Flask) -> None:
    factories.make_organisation("Fier")
    add_user()
    assert create_tryout_accounts(now=NOW) == []
    assert users() == 1


def test_each_try_out_has_passwords_of_its_own(app: Flask) -> None:
    first = create_tryout_accounts(now=NOW)
    db.session.rollback()
    again = create_tryout_accounts(now=NOW)
    assert not {one.password for one in first} & {one.password for one in again}
