"""Which passwords are good enough, everywhere alike; and that known and unknown accounts take the same time."""

from __future__ import annotations

import time
import unicodedata

import pytest
from flask import Flask
from flask_security.utils import get_hmac
from passlib.hash import argon2

from pop_campaigns.accounts.rules.passwords import password_problem
from pop_campaigns.accounts.services import passwords
from pop_campaigns.accounts.services.users import _readable_password
from pop_campaigns.accounts.words.accounts import PASSWORD_PROBLEMS
from pop_campaigns.core.clock import now
from pop_campaigns.core.db import db
from pop_campaigns.core.i18n import speaking
from tests import factories

OWN = ["koordinator.fier@pop.example", "Zana Përroi", "Organizata Gjanica", "gjanica"]


@pytest.mark.parametrize(
    ("typed", "problem"),
    [
        ("ëëëëëëëëëëë", "password_short"),
        (unicodedata.normalize("NFD", "ëëëëëëëëëëë"), "password_short"),  # 22 code points, 11 letters
        ("            ", "password_short"),
        ("zëri i lumit" * 11, "password_long"),
        ("koordinator.fier@pop.example", "password_own"),
        ("KOORDINATOR.fier", "password_own"),
        ("zanaperroi2026", "password_own"),
        ("Gjanica-Gjanica", "password_own"),
        ("password1234", "password_common"),
        ("fjalekalimi123", "password_common"),
        ("Përballja2026", "password_common"),
        ("shqiperia2026", "password_common"),
        ("aaaaaaaaaaaaaa", "password_pattern"),
        ("abcdefghijklm", "password_pattern"),
        ("12345678901234567890", "password_pattern"),
        ("zëri i lumit plak", None),
        (unicodedata.normalize("NFD", "zëri i lumit plak"), None),
        ("zëri i lumit plak" * 7 + "ëëëëëëëë", None),  # 127 letters
        ("kuptim mjegull tavan", None),
    ],
)
def test_which_passwords_are_refused_and_why(typed: str, problem: str | None) -> None:
    assert password_problem(typed, OWN) == problem


def test_the_hundred_first_letters_are_looked_at_in_good_time() -> None:
    """What is long costs no more than a moment: zxcvbn alone would take seconds for 128 letters of a row."""
    started = time.process_time()
    for typed in ("a1" * 64, "qwerty" * 21, "përballja" * 14, "(" * 128):
        password_problem(typed, OWN)
    assert time.process_time() - started < 4


def test_the_try_outs_own_passwords_pass() -> None:
    assert {password_problem(_readable_password(), OWN) for _ in range(50)} == {None}


def test_each_reason_has_words_of_its_own_in_albanian(app: Flask) -> None:
    with app.test_request_context():
        english = [str(words) for words in PASSWORD_PROBLEMS.values()]
        with speaking("sq"):
            albanian = [str(words) for words in PASSWORD_PROBLEMS.values()]
    assert len(set(albanian)) == len(albanian) == 5
    assert not set(albanian) & set(english) or english == albanian
    assert all("jalëkalim" in words for words in albanian)


def test_known_and_unknown_accounts_take_the_same_time(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """With argon2 as in earnest: the same number of hashes for each way a sign-in is refused.

    Counted rather than timed, so that a busy machine proves nothing; how long it takes was measured (docs/accounts.md).
    """
    factories.make_user("arta", "viewer", None, password="$argon2id$not-looked-at")
    factories.make_user("besa", "viewer", None).active = False
    factories.make_user("e.ftuar", "viewer", None, password=None)
    db.session.commit()
    looks: list[str] = []
    monkeypatch.setitem(app.extensions, "nobodys_hash", {"hash": "$argon2id$made-before"})
    monkeypatch.setattr(passwords, "hash_password", lambda *_: looks.append("hash"))
    monkeypatch.setattr(passwords, "verify_password", lambda *_: looks.append("look"))
    said = set()
    for name in ("arta", "besa", "e.ftuar", "askush"):
        looks.clear()
        form = {"email": f"{name}@pop.example", "password": "gabim gabim gabim"}
        answer = app.test_client().post("/login", data=form)
        said.add((answer.status_code, answer.text.replace(f"{name}@", "@"), tuple(looks)))
    assert len(said) == 1
    assert next(iter(said))[2] == ("look",)


def test_a_hash_weaker_than_todays_is_made_anew(app: Flask) -> None:
    with app.test_request_context():
        old = argon2.using(type="ID").hash(get_hmac(passwords.normal_form("zëri i lumit plak")))
    assert old.startswith("$argon2id$")
    user = factories.make_user("arta", "viewer", None, password=old)
    db.session.commit()
    with app.test_request_context():
        result = passwords.whose_password(user.email, "zëri i lumit plak", where="sign_in", now=now())
    assert result is user
    assert user.password == passwords.normal_form("zëri i lumit plak"), "as tests keep them: no longer argon2"
