"""The picker of whom to put on a list kept by hand: ticks outlive every press, addresses are mended in place."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import func, select

from pop_campaigns.contacts.models.addresses import Address
from pop_campaigns.core.clock import now
from pop_campaigns.core.db import db
from pop_campaigns.lists.models import ContactList, ListMember
from pop_campaigns.lists.services import create_list
from tests.factories import make_institution, make_office, make_person


@pytest.fixture
def scene(cast: SimpleNamespace) -> SimpleNamespace:
    """An empty list of Fier's; two offices and a person that a search for *fier* finds."""
    made: ContactList = create_list("Të njohurit", None, by=cast.arta, now=now(), once="x" * 32)
    mute = make_office("Arkivist", make_institution("Arkivi i Fierit"), email=None)
    prefect = make_office("Prefekt", make_institution("Prefektura Fier"), email="prefekti@fier.example")
    person = make_person("Fierza 00421", email="fierza@kontakte.example")
    db.session.commit()
    return SimpleNamespace(url=f"/people/lists/{made.id}", mute=mute, prefect=prefect, person=person)


def parts(page: str) -> tuple[str, str]:
    found, _head, chosen = page.partition('id="picks"')[2].partition('id="chosen"')
    return found, chosen.partition('class="add-line"')[0]


def ticked(page: str) -> list[str]:
    return re.findall(r'value="([a-z]+-\d+)"[^>]*checked', page)


@pytest.mark.both_databases
def test_ticks_stand_apart_and_what_else_is_looked_at_stays(
    scene: SimpleNamespace, cast: SimpleNamespace, sign_in: Any
) -> None:
    browser, keys = sign_in(cast.arta), [f"office-{scene.mute.id}", f"person-{scene.person.id}"]
    sent = {"guest": keys, "q": "fier", "do": "search", "purpose": "news"}
    answer = browser.post(scene.url, data=sent)
    assert "purpose=news" in answer.location
    found, chosen = parts(browser.get(answer.location).text)
    assert ticked(chosen) == keys
    assert f'value="office-{scene.prefect.id}"' in found and not any(
        f'value="{key}"' in found for key in keys
    )
    everybody = browser.post(scene.url, data=sent | {"do": "all"})
    assert len(ticked(parts(browser.get(everybody.location).text)[1])) == 3
    assert browser.post(scene.url, data={"guest": keys}).status_code == 302
    removed = browser.post(
        f"{scene.url}/remove", data={"guest": keys[1], "q": "fier", "chosen": f"o{scene.prefect.id}"}
    )
    assert ticked(parts(browser.get(removed.location).text)[1]) == [f"office-{scene.prefect.id}"]
    assert db.session.scalars(select(ListMember.office_id)).all() == [scene.mute.id]


def test_a_missing_address_is_mended_and_a_wrong_one_said(
    scene: SimpleNamespace, cast: SimpleNamespace, sign_in: Any
) -> None:
    browser, key = sign_in(cast.arta), f"office-{scene.mute.id}"
    wrong = browser.post(
        scene.url, data={f"address-{key}": "jo <b>", "guest": [f"office-{scene.prefect.id}"], "q": "fier"}
    )
    assert wrong.status_code == 422 and f'href="#address-{key}"' in wrong.text and "jo <b>" not in wrong.text
    assert ticked(parts(wrong.text)[1]) == [f"office-{scene.prefect.id}"]
    browser.post(scene.url, data={f"address-{key}": "arkivi@fier.example"})
    assert db.session.scalars(select(Address.email).where(Address.office_id == scene.mute.id)).all() == [
        "arkivi@fier.example"
    ]
    assert db.session.scalars(select(ListMember.office_id)).all() == [scene.mute.id]


@pytest.mark.parametrize(
    "sent", [{}, {"guest": "institution-1"}, {"guest": "office-999999"}, {"do": "add", "guest": "x"}]
)
def test_nobody_to_add_is_said(
    scene: SimpleNamespace, cast: SimpleNamespace, sign_in: Any, sent: dict[str, str]
) -> None:
    answer = sign_in(cast.arta).post(scene.url, data=sent)
    assert answer.status_code == 422
    assert 'href="#picks"' in answer.text
    assert db.session.scalar(select(func.count(ListMember.id))) == 0


def test_who_only_reads_has_no_picker(scene: SimpleNamespace, cast: SimpleNamespace, sign_in: Any) -> None:
    db.session.query(ContactList).update({"organisation_id": None})
    db.session.commit()
    browser = sign_in(cast.eva)
    assert 'id="pick-guests"' not in browser.get(scene.url).text
    assert browser.post(scene.url, data={"guest": f"office-{scene.mute.id}"}).status_code == 404
