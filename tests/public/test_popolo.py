"""Open data in the form of the Popolo specification: its shape, and what must never be in it."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from flask.testing import FlaskClient

from pop_campaigns.contacts.models.addresses import Address
from pop_campaigns.contacts.models.persons import Mandate, Person
from pop_campaigns.contacts.rules import AddressUse, PersonKind
from pop_campaigns.core.db import db
from pop_campaigns.core.history import note
from tests import factories
from tests.public.test_pages import count_queries

URL = "/open-data/popolo.json"
DATE = re.compile(r"\d{4}(-\d{2}){0,2}")
NAMES = {"name": str, "note": str}
LINKS = {"url": str, "note": str}
# By list: what a record must have and may have, as in the schemas of the specification (and our known_on).
SHAPES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "persons": ({"id": str, "name": str}, {"other_names": [NAMES], "sources": [LINKS]}),
    "organizations": (
        {"id": str, "name": str},
        {
            "classification": str, "parent_id": str, "other_names": [NAMES], "sources": [LINKS],
            "identifiers": [{"scheme": str, "identifier": str}],
            "area": {"id": str, "name": str, "classification": str},
            "contact_details": [{"type": str, "value": str, "note": str}],
        },
    ),
    "posts": (
        {"id": str, "label": str, "role": str, "organization_id": str},
        {"other_label": [NAMES], "sources": [LINKS]},
    ),
    "memberships": (
        {"id": str, "person_id": str, "organization_id": str, "post_id": str, "role": str},
        {"start_date": DATE, "end_date": DATE, "known_on": DATE},
    ),
}  # fmt: skip


def check(value: Any, shape: Any, where: str) -> None:
    if isinstance(shape, list):
        assert isinstance(value, list) and value, where
        for one in value:
            check(one, shape[0], where)
    elif isinstance(shape, dict):
        assert isinstance(value, dict) and value.keys() <= shape.keys(), where
        for name, part in value.items():
            check(part, shape[name], f"{where}.{name}")
    elif isinstance(shape, re.Pattern):
        assert shape.fullmatch(value), (where, value)
    else:
        assert isinstance(value, shape) and value, where


def read(client: FlaskClient) -> dict[str, list[dict[str, Any]]]:
    answer = client.get(URL)
    assert answer.status_code == 200
    assert answer.content_type == "application/json; charset=utf-8"
    document = answer.get_json()
    assert document.keys() == SHAPES.keys()
    for listed, (needed, more) in SHAPES.items():
        for one in document[listed]:
            assert needed.keys() <= one.keys(), (listed, one)
            check(one, needed | more, listed)
        idents = [one["id"] for one in document[listed]]
        assert len(idents) == len(set(idents))
    check_references(document)
    return document


def check_references(document: dict[str, list[dict[str, Any]]]) -> None:
    known = {one["id"] for listed in document.values() for one in listed}
    for listed in document.values():
        for one in listed:
            for name in ("person_id", "organization_id", "post_id", "parent_id"):
                assert one.get(name) is None or one[name] in known, one


def official(name: str, office: Any, **values: Any) -> Person:
    person = factories.make_person(
        name, **{key: values.pop(key) for key in ("email", "organisation") if key in values}
    )
    person.kind = PersonKind.OFFICIAL
    db.session.add(Mandate(person_id=person.id, office_id=office.id, **values))
    db.session.flush()
    return person


def test_the_record_of_2020_is_well_formed_and_whole(record: dict[str, int], client: FlaskClient) -> None:
    document = read(client)
    assert {listed: len(rows) for listed, rows in document.items()} == {
        "persons": 5, "organizations": 17, "posts": 19, "memberships": 5
    }  # fmt: skip
    committee = next(one for one in document["organizations"] if one["classification"] == "committee")
    assembly = next(one for one in document["organizations"] if one["id"] == committee["parent_id"])
    assert assembly["name"] == "Kuvendi i Shqipërisë"
    assert {"name": "Assembly of Albania", "note": "in English"} in assembly["other_names"]
    assert assembly["identifiers"] == [{"scheme": "pop-campaigns", "identifier": "kuvendi-i-shqiperise"}]
    assert assembly["sources"] == [
        {"url": "https://www.popnetwork.al", "note": "pop-newsletter-2020-h1.sq.txt"}
    ]
    chair = next(one for one in document["memberships"] if one["role"] == "Kryetar i komisionit")
    assert chair["known_on"] == "2020-06-16" and "start_date" not in chair
    # Every address of the record holds the place of one not known yet.
    assert ".example" not in client.get(URL).text


def test_before_anything_is_known_it_is_empty(app: Any, client: FlaskClient) -> None:
    assert read(client) == {listed: [] for listed in SHAPES}


def test_a_public_body_has_its_public_contact_and_nothing_else(
    cast: SimpleNamespace, client: FlaskClient
) -> None:
    bashkia = factories.make_institution(
        "Bashkia Patos", phone="+35534222123", municipality=cast.fier.municipality
    )
    for email, use, owner in (
        ("protokolli@patos.al", AddressUse.PROTOCOL, None),
        ("info@patos.al", AddressUse.MAIN, None),
        ("sekretarja@patos.al", AddressUse.SECRETARY, None),
        ("fshehte@patos.al", AddressUse.MAIN, cast.fier.id),
        ("vend@patos.example", AddressUse.MAIN, None),
    ):
        db.session.add(Address(email=email, use=use, institution_id=bashkia.id, organisation_id=owner))
    mayor = factories.make_office("Kryetar", bashkia, email="kryetari@patos.al", phone="+35534222124")
    person = official("Kryetarja", mayor, email="privat@patos.al", from_date=date(2023, 5, 1))
    person.phone, person.topics, person.post_address = "+355692123456", "lumenj", "Rruga e shtëpisë"
    db.session.commit()
    document = read(client)
    (organization,) = document["organizations"]
    assert organization["contact_details"] == [
        {"type": "email", "value": "info@patos.al"},
        {"type": "email", "value": "protokolli@patos.al", "note": "register office"},
        {"type": "voice", "value": "+35534222123"},
    ]
    assert organization["area"] == {
        "id": "municipality/fier",
        "name": "Fier",
        "classification": "municipality",
    }
    assert document["persons"] == [{"id": f"person/{person.id}", "name": "Kryetarja"}]
    assert document["memberships"][0]["start_date"] == "2023-05-01"
    text = client.get(URL).text
    for secret in ("sekretarja", "fshehte", "kryetari@", "222124", "privat", "692123456", "lumenj", "Rruga"):
        assert secret not in text, secret


def test_who_is_no_public_office_holder_of_the_network_is_not_in_it(
    cast: SimpleNamespace, client: FlaskClient
) -> None:
    bashkia = factories.make_institution("Bashkia Patos")
    mayor = factories.make_office("Kryetar", bashkia)
    own = factories.make_institution("Fshehtësi", organisation=cast.fier)
    medium = factories.make_institution("Fshehtësi TV", kind="medium")
    official("Fshehtësi e organizatës", mayor, organisation=cast.fier)
    official("Fshehtësi e mandatit", mayor, organisation_id=None).mandates  # noqa: B018
    official("Fshehtësi e re", mayor).mandates[0].organisation_id = cast.fier.id
    official("Fshehtësi e tretë", factories.make_office("Drejtor", own, organisation=cast.fier))
    official("Fshehtësi e medias", factories.make_office("Drejtor", medium))
    official("Fshehtësi e fshirë", mayor).erased_at = datetime.now(UTC)
    kept = official("E mbajtura", mayor)
    official("Fshehtësi e bashkuar", mayor).merged_into_id = kept.id
    official("Fshehtësi qytetare", mayor).kind = PersonKind.CITIZEN
    factories.make_person("Fshehtësi pa mandat").kind = PersonKind.OFFICIAL
    gone = factories.make_institution("Fshehtësi e shkrirë")
    gone.merged_into_id = bashkia.id
    db.session.commit()
    names = [one["name"] for one in read(client)["persons"]]
    assert names == ["Fshehtësi e mandatit", "E mbajtura"]
    assert client.get(URL).text.count("Fshehtësi") == 1


def test_an_office_typed_in_to_invite_somebody_is_nobody_elses_business(
    cast: SimpleNamespace, client: FlaskClient
) -> None:
    office = factories.make_office("Këshilltar i posaçëm", factories.make_institution("Bashkia Patos"))
    db.session.commit()
    assert read(client)["posts"] == []
    official("Këshilltarja", office)
    db.session.commit()
    assert [one["label"] for one in read(client)["posts"]] == ["Këshilltar i posaçëm"]


def test_a_parent_that_is_not_shown_is_not_named(cast: SimpleNamespace, client: FlaskClient) -> None:
    above = factories.make_institution("Partia", kind="party")
    factories.make_institution("Drejtoria", kind="directorate", parent_id=above.id)
    db.session.commit()
    (only,) = read(client)["organizations"]
    assert "parent_id" not in only


def test_whoever_has_it_gets_304_until_something_changes(cast: SimpleNamespace, client: FlaskClient) -> None:
    long_ago = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
    bashkia = factories.make_institution("Bashkia Patos")
    note("institution.created", bashkia, by=None, now=long_ago)
    db.session.commit()
    first = client.get(URL)
    tag, stamp = first.headers["ETag"], first.headers["Last-Modified"]
    assert stamp == "Mon, 05 Jan 2026 09:00:00 GMT"
    assert first.headers["Cache-Control"] == "public, max-age=900"
    assert first.headers["Access-Control-Allow-Origin"] == "*"
    assert "Set-Cookie" not in first.headers
    assert client.get(URL, headers={"If-None-Match": tag}).status_code == 304
    assert client.get(URL, headers={"If-Modified-Since": stamp}).status_code == 304
    assert client.get(URL).data == first.data
    bashkia.name_sq = "Bashkia e Patosit"
    note("institution.changed", bashkia, by=None, now=long_ago + timedelta(hours=1))
    db.session.commit()
    for headers in ({"If-None-Match": tag}, {"If-Modified-Since": stamp}):
        again = client.get(URL, headers=headers)
        assert again.status_code == 200 and "Bashkia e Patosit" in again.text


@pytest.mark.parametrize("lang", ["sq", "en"])
def test_the_page_about_us_links_to_it(app: Any, client: FlaskClient, lang: str) -> None:
    page = client.get(f"/{lang}/about").text
    assert f'href="{URL}"' in page
    assert ("Të dhëna të hapura" if lang == "sq" else "Open data") in page


def test_more_records_ask_no_more_questions(cast: SimpleNamespace, client: FlaskClient) -> None:
    def fill(number: int) -> int:
        for index in range(number):
            place = factories.make_municipality(f"Vend {index}")
            body = factories.make_institution(f"Bashkia {index}", municipality=place)
            official(f"Kryetar {index}", factories.make_office("Kryetar", body))
        db.session.commit()
        return count_queries(client, URL)

    assert fill(1) == fill(9) > 3
