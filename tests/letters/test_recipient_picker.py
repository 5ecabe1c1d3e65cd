"""The picker of recipients: nothing ticked is lost by any press of the page, also without an address."""

from __future__ import annotations

import re
from collections.abc import Callable
from types import SimpleNamespace

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from pop_campaigns.accounts.models import User
from pop_campaigns.contacts.models.addresses import Address
from pop_campaigns.contacts.queries.reach import guest_options
from pop_campaigns.core.clock import now
from pop_campaigns.core.db import db
from pop_campaigns.letters.models import LetterRecipient
from pop_campaigns.lists.models import ContactList
from pop_campaigns.lists.services import add_members, create_list
from tests.factories import make_institution, make_letter, make_office, make_person

SignIn = Callable[[User], FlaskClient]


@pytest.fixture
def scene(cast: SimpleNamespace) -> SimpleNamespace:
    """A draft with one recipient; two other offices, one without an address; an institution without offices."""
    letter = make_letter(cast.fier)
    there = make_office("Ministër", make_institution("Ministria e Drejtësisë"))
    reached = make_office("Prefekt", make_institution("Prefektura Fier"), email="prefekti@fier.example")
    mute = make_office("Arkivist", make_institution("Arkivi i Fierit"), email=None)
    bare = make_institution("Drejtoria Fier")
    db.session.add(Address(email="drejtoria@fier.example", institution=bare))
    db.session.add(LetterRecipient(letter=letter, role="to", position=1, office=there, language="sq"))
    db.session.commit()
    return SimpleNamespace(
        path=f"/letters/{letter.id}/recipients", there=there, reached=reached, mute=mute, bare=bare
    )


def parts(page: str) -> tuple[str, str]:
    found, _head, chosen = page.partition('id="picks"')[2].partition('id="chosen"')
    return found, chosen.partition('class="add-line"')[0]


def ticked(page: str) -> list[str]:
    return re.findall(r'value="([a-z]+-\d+)"[^>]*checked', page)


@pytest.mark.both_databases
def test_ticks_stand_apart_and_outlive_every_press(
    scene: SimpleNamespace, cast: SimpleNamespace, sign_in: SignIn
) -> None:
    browser = sign_in(cast.arta)
    keys = [f"office-{scene.mute.id}", f"institution-{scene.bare.id}"]
    answer = browser.post(scene.path, data={"guest": keys, "q": "fier", "do": "search"})
    found, chosen = parts(browser.get(answer.location).text)
    assert ticked(chosen) == keys
    assert f'value="office-{scene.reached.id}"' in found and not any(
        f'value="{key}"' in found for key in keys
    )
    [recipient] = db.session.scalars(select(LetterRecipient))
    place = {"q": "fier", "chosen": f"o{scene.mute.id}.i{scene.bare.id}"}
    moved = browser.post(f"{scene.path}/{recipient.id}", data={"do": "en", **place})
    assert ticked(parts(browser.get(moved.location).text)[1]) == keys
    browser.post(scene.path, data={"guest": keys, "role": "cc"})
    rows = list(db.session.scalars(select(LetterRecipient).order_by(LetterRecipient.position)))
    assert [(row.office_id, row.institution_id) for row in rows[1:]] == [
        (scene.mute.id, None),
        (None, scene.bare.id),
    ]


def test_who_has_no_address_can_be_ticked_or_mended(
    scene: SimpleNamespace, cast: SimpleNamespace, sign_in: SignIn
) -> None:
    cast.arta.language = "en"
    db.session.commit()
    browser, key = sign_in(cast.arta), f"office-{scene.mute.id}"
    page = browser.get(scene.path, query_string={"q": "arkivist"}).text
    assert "No address: hand over on paper" in page and f'name="guest" value="{key}"' in page
    wrong = browser.post(scene.path, data={f"address-{key}": "jo", "role": "to"})
    assert wrong.status_code == 422 and f'href="#address-{key}"' in wrong.text
    browser.post(scene.path, data={f"address-{key}": "arkivi@fier.example", "do": f"address-{key}"})
    assert db.session.scalars(select(Address.email).where(Address.office_id == scene.mute.id)).all() == [
        "arkivi@fier.example"
    ]


def test_a_list_ticks_its_offices_and_nobody_who_is_there(
    scene: SimpleNamespace, cast: SimpleNamespace, sign_in: SignIn
) -> None:
    person = make_person("Qytetar 00421", email="qytetari@kontakte.example")
    kept: ContactList = create_list("Për shkresat", None, by=cast.arta, now=now(), once="x" * 32)
    keys = [
        ("office", scene.there.id),
        ("office", scene.mute.id),
        ("office", scene.reached.id),
        ("person", person.id),
    ]
    add_members(kept, guest_options(keys, cast.arta), by=cast.arta, now=now())  # type: ignore[arg-type]
    db.session.commit()
    browser = sign_in(cast.arta)
    assert f'value="list-{kept.id}"' in browser.get(scene.path).text
    answer = browser.post(scene.path, data={"do": f"list-{kept.id}"})
    chosen = ticked(parts(browser.get(answer.location).text)[1])
    assert sorted(chosen) == sorted([f"office-{scene.mute.id}", f"office-{scene.reached.id}"])
    for strange in ("999999", "0", "x"):
        assert browser.post(scene.path, data={"do": f"list-{strange}"}).status_code == 404


@pytest.mark.parametrize("guest", [[], ["person-1"], ["office-0", "letter-1", "office-1 OR 1=1"]])
def test_nobody_to_add_is_said(
    scene: SimpleNamespace, cast: SimpleNamespace, sign_in: SignIn, guest: list[str]
) -> None:
    answer = sign_in(cast.arta).post(scene.path, data={"guest": guest, "role": "to"})
    assert answer.status_code == 422
    assert 'href="#picks"' in answer.text
    assert db.session.query(LetterRecipient).count() == 1
