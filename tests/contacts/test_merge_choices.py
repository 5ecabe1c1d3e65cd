"""A merge loses nothing: what differs is asked for, topics are joined, what can be several is kept beside, and undone exactly."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from pop_campaigns.contacts.models.addresses import Address, ContactDetail
from pop_campaigns.contacts.models.merges import Merge
from pop_campaigns.contacts.models.persons import Person
from pop_campaigns.contacts.queries.merge_plans import MERGED_COLUMNS
from pop_campaigns.contacts.rules import AddressUse, DetailKind, DetailUse, MergeSide, join_topics
from pop_campaigns.contacts.services.merging import merge, preview_merge, undo_merge
from pop_campaigns.contacts.words.labels import FIELD_WORDS
from pop_campaigns.core.clock import now
from pop_campaigns.core.db import Base, db
from pop_campaigns.core.phones import show_phone
from tests import factories
from tests.contacts.test_merging import everything

pytestmark = pytest.mark.both_databases

SignIn = Callable[[Any], FlaskClient]
LANDLINE, MOBILE = "+35542222333", "+355692119999"


@pytest.fixture
def two(cast: SimpleNamespace) -> SimpleNamespace:
    """A person entered twice, with other details each time."""
    kept = factories.make_person(
        "Banor Fier", organisation=cast.fier, email="a@posta.example", phone=LANDLINE,
        post_address="Rr. 1\nFier", topics="ujë, rrugë",
    )  # fmt: skip
    gone = factories.make_person(
        "B. Fier", organisation=cast.fier, email="b@posta.example", phone=MOBILE, post_address="Rr. 2\nTiranë",
        topics="mjedis, Uje", kind="ally", press_card="K-7", press_card_until=date(2031, 1, 1),
    )  # fmt: skip
    return SimpleNamespace(kept=kept, gone=gone)


def details(owner: Any) -> list[tuple[str, str, str]]:
    return [(one.kind.value, one.value, one.use.value) for one in owner.details]


@pytest.mark.one_database
@pytest.mark.parametrize("table", MERGED_COLUMNS)
def test_every_column_is_declared(table: str) -> None:
    """A new column fails here until somebody says what becomes of it: asked, joined, beside or untouched."""
    columns = MERGED_COLUMNS[table]
    asked = [name for fields in columns.asked for name in fields]
    declared = [*asked, *columns.joined, *columns.beside, *columns.untouched]
    assert sorted(declared) == sorted(Base.metadata.tables[table].columns.keys())
    assert {*asked, *columns.joined, *columns.beside} <= set(FIELD_WORDS)


@pytest.mark.one_database
def test_topics_are_joined_once_each() -> None:
    assert join_topics("ujë, rrugë", "mjedis, Uje,, rruge") == "ujë, rrugë, mjedis"
    assert join_topics("", "  ") == ""


def test_by_the_page_nothing_is_lost_and_all_comes_back(
    cast: SimpleNamespace, two: SimpleNamespace, sign_in: SignIn
) -> None:
    db.session.commit()
    before, arta = everything(), sign_in(cast.arta)
    kept, gone = two.kept.id, two.gone.id
    address = f"/people/persons/{gone}/merge/{kept}"
    page = arta.get(address).text
    asked = set(re.findall(rf'name="choose-persons-{gone}-(\w+)"', page))
    assert asked == {"name", "kind", "phone", "post_address", "press_card"}
    for words in (show_phone(LANDLINE), "069 211 9999", "Rr. 2<br>Tiranë", "ujë, rrugë, mjedis", "K-7"):
        assert words in page
    # The record that stays says nothing of its kind: what the other one says is proposed.
    assert re.findall(r'name="choose-persons-\d+-(\w+)"\s+value="gone" checked', page) == [
        "kind",
        "press_card",
    ]
    chosen = {f"choose-persons-{gone}-phone": "gone", f"choose-persons-{gone}-press_card": "kept"}
    arta.post(address, data=chosen)
    assert (two.kept.name, two.kept.kind, two.kept.press_card) == ("Banor Fier", "ally", "")
    assert (two.kept.phone, two.kept.topics) == (MOBILE, "ujë, rrugë, mjedis")
    assert details(two.kept) == [("phone", LANDLINE, "other"), ("post", "Rr. 2\nTiranë", "other")]
    assert [(one.email, one.use) for one in two.kept.addresses] == [
        ("a@posta.example", AddressUse.MAIN),
        ("b@posta.example", AddressUse.OTHER),
    ]
    for number in ("042 222 333", "069 211 99 99", "+355 69 211 9999"):
        found = arta.get("/people/persons", query_string={"q": number}).text
        assert f"/people/persons/{kept}" in found
    shown = arta.get(f"/people/persons/{kept}").text
    assert show_phone(LANDLINE) in shown
    assert "Rr. 2<br>Tiranë" in shown
    row = db.session.scalars(select(Merge)).one()
    arta.post(f"/people/merges/{row.id}/undo")
    assert everything() == before


def test_unasked_the_record_that_stays_comes_first(cast: SimpleNamespace, two: SimpleNamespace) -> None:
    merge(two.kept, two.gone, by=cast.arta, now=now())
    assert (two.kept.phone, two.kept.press_card_until) == (LANDLINE, date(2031, 1, 1))
    assert details(two.kept) == [("phone", MOBILE, "mobile"), ("post", "Rr. 2\nTiranë", "other")]


@pytest.mark.parametrize("sent", ["both", "", "gone' OR 1=1", "GONE"])
def test_another_choice_than_the_two_is_refused(
    cast: SimpleNamespace, two: SimpleNamespace, sign_in: SignIn, sent: str
) -> None:
    db.session.commit()
    name = f"choose-persons-{two.gone.id}"
    address = f"/people/persons/{two.gone.id}/merge/{two.kept.id}"
    answer = sign_in(cast.arta).post(address, data={f"{name}-phone": sent, f"{name}-name": "gone"})
    assert answer.status_code == 422
    assert re.search(rf'name="{name}-name"\s+value="gone" checked', answer.text)
    assert two.gone.merged_into_id is None


def test_changed_meanwhile_nothing_is_done_and_the_choice_stays(
    cast: SimpleNamespace, sign_in: SignIn
) -> None:
    kept, gone = (factories.make_institution(name, organisation=cast.fier) for name in ("Zyra A", "Zyra B"))
    factories.make_office("Kryetar", kept, organisation=cast.fier, title_en="Mayor")
    office = factories.make_office("Kryetare", gone, organisation=cast.fier, title_en="The Mayor")
    db.session.commit()
    arta, address = sign_in(cast.arta), f"/people/institutions/{gone.id}/merge/{kept.id}"
    name = f"choose-offices-{office.id}-title_en"
    seen = re.search(r'name="version" value="([^"]+)"', arta.get(address).text)
    assert seen
    office.title_en = "Head"
    db.session.commit()
    answer = arta.post(address, data={"version": seen[1], name: "gone"})
    assert (answer.status_code, gone.merged_into_id) == (409, None)
    assert re.search(rf'name="{name}"\s+value="gone" checked', answer.text)


def test_offices_of_one_title_lose_nothing_either(cast: SimpleNamespace) -> None:
    kept, gone = (factories.make_institution(name, organisation=cast.fier) for name in ("Zyra A", "Zyra B"))
    mayor = factories.make_office(
        "Kryetar", kept, organisation=cast.fier, email="a@zyra.example", phone=LANDLINE, title_en="Mayor"
    )
    double = factories.make_office(
        "Kryetare", gone, organisation=cast.fier, email="b@zyra.example", phone=MOBILE, title_en="The Mayor"
    )
    db.session.commit()
    before = everything()
    choices = {
        question.name: MergeSide.GONE
        for question in preview_merge(kept, gone, cast.arta).questions
        if question.fields[0] in ("title_en", "phone")
    }
    row = merge(kept, gone, choices, by=cast.arta, now=now())
    db.session.commit()
    assert (double.merged_into_id, mayor.title_sq, mayor.title_en) == (mayor.id, "Kryetar", "The Mayor")
    assert (mayor.phone, details(mayor)) == (MOBILE, [("phone", LANDLINE, "other")])
    assert [one.use for one in mayor.addresses] == [AddressUse.MAIN, AddressUse.OTHER]
    undo_merge(row, by=cast.arta, now=now())
    db.session.commit()
    assert everything() == before


def test_what_somebody_typed_since_is_not_lost_by_the_undo(
    cast: SimpleNamespace, two: SimpleNamespace
) -> None:
    phone = f"choose-persons-{two.gone.id}-phone"
    row = merge(two.kept, two.gone, {phone: MergeSide.GONE}, by=cast.arta, now=now())
    two.kept.phone = "+35534555555"
    post = next(one for one in two.kept.details if one.kind is DetailKind.POST)
    post.use = DetailUse.HOME
    db.session.commit()
    # The number that gave way cannot go back to its place, the address is somebody's word: both stay.
    assert undo_merge(row, by=cast.arta, now=now()) == 2
    assert two.kept.phone == "+35534555555"
    assert details(two.kept) == [("phone", LANDLINE, "other"), ("post", "Rr. 2\nTiranë", "home")]


def test_what_is_there_already_is_not_doubled(cast: SimpleNamespace, two: SimpleNamespace) -> None:
    two.kept.details.append(
        ContactDetail(kind="phone", value=MOBILE, use="fax", organisation_id=cast.fier.id)
    )
    two.gone.details.append(
        ContactDetail(kind="phone", value=MOBILE, use="home", organisation_id=cast.fier.id)
    )
    two.gone.post_address = "RR. 1 FIER"
    merge(two.kept, two.gone, by=cast.arta, now=now())
    assert details(two.kept) == [("phone", MOBILE, "fax")]


def test_no_circle_of_institutions_is_offered(cast: SimpleNamespace) -> None:
    kept = factories.make_institution("Ministria A", organisation=cast.fier)
    below = factories.make_institution("Agjencia", organisation=cast.fier, parent=kept)
    above = factories.make_institution("Qeveria", organisation=cast.fier)
    gone = factories.make_institution("Ministria B", organisation=cast.fier, parent=below)
    plan = preview_merge(kept, gone, cast.arta)
    assert [one.fields[0] for one in plan.unasked] == ["parent_id"]
    gone.parent = above
    merge(kept, gone, by=cast.arta, now=now())
    assert kept.parent_id == above.id


def test_ours_beside_the_networks_record_stays_ours(
    cast: SimpleNamespace, two: SimpleNamespace, sign_in: SignIn
) -> None:
    shared = factories.make_person("Banor Fier", phone="+35534111111", topics="ujë")
    db.session.add(Address(email="n@posta.example", use="main", person=shared))
    db.session.commit()
    before, arta = everything(), sign_in(cast.arta)
    page = arta.get(f"/people/persons/{two.gone.id}/merge/{shared.id}").text
    assert "choose-" not in page
    assert "mjedis, Uje" in page
    row = merge(shared, two.gone, by=cast.arta, now=now())
    db.session.commit()
    assert (shared.phone, shared.topics) == ("+35534111111", "ujë")
    assert {one.organisation_id for one in shared.details} == {cast.fier.id}
    assert "069 211 9999" in arta.get(f"/people/persons/{shared.id}").text
    vlore = sign_in(cast.clirim)
    assert "069 211 9999" not in vlore.get(f"/people/persons/{shared.id}").text
    assert f"/people/persons/{shared.id}" not in vlore.get("/people/persons?q=069 211 9999").text
    undo_merge(row, by=cast.arta, now=now())
    db.session.commit()
    assert everything() == before


def test_topics_that_do_not_fit_are_asked_for(cast: SimpleNamespace, two: SimpleNamespace) -> None:
    two.kept.topics, two.gone.topics = "a" * 300, "b" * 300
    plan = preview_merge(two.kept, two.gone, cast.arta)
    assert "topics" in [question.fields[0] for question in plan.questions]
    merge(two.kept, two.gone, by=cast.arta, now=now())
    assert db.session.get_one(Person, two.kept.id).topics == "a" * 300
