"""Pages of contacts: what each person sees, finds and is refused."""

from __future__ import annotations

import re
from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest
from markupsafe import escape
from sqlalchemy import select

from pop_campaigns.contacts.models.addresses import Address
from pop_campaigns.contacts.models.institutions import Institution
from pop_campaigns.contacts.models.persons import Mandate, Person
from pop_campaigns.core.db import db
from tests.contacts.test_queries import counted_queries
from tests.factories import make_institution, make_municipality, make_office, make_person
from tests.opened import opened


@pytest.fixture
def ours(cast: SimpleNamespace) -> SimpleNamespace:
    """The network's municipality with an office, and everything that Fier's organisation added of its own."""
    shared = make_office(
        "Kryetar", make_institution("Bashkia Fier"), email="kryetar@bashkia.example", holder="Emri"
    )
    bashkia = shared.institution
    office = make_office("Këshilltar i fshehtë", bashkia, email="e-fshehte@zyra.al", organisation=cast.fier)
    radio = make_institution("Radio e fshehtë", kind="medium", organisation=cast.fier)
    person = make_person("Gazetare e fshehtë", email="g-fshehte@media.al", organisation=cast.fier)
    mandate = Mandate(person=person, office=shared, organisation_id=cast.fier.id)
    address = Address(email="sek-fshehte@zyra.al", office=shared, organisation_id=cast.fier.id)
    db.session.add_all([mandate, address])
    db.session.commit()
    return SimpleNamespace(
        bashkia=bashkia.id,
        kryetar=shared.id,
        shared_person=shared.mandates[-1].person_id,
        shared_mandate=shared.mandates[-1].id,
        shared_address=shared.addresses[0].id,
        office=office.id,
        radio=radio.id,
        person=person.id,
        mandate=mandate.id,
        address=address.id,
    )


def names_on(page: Any) -> list[str]:
    return re.findall(r'<th scope="row">\s*<a href="[^"]+">([^<]+)</a>', page.text)


@pytest.mark.both_databases
def test_institutions_stand_in_albanian_order(cast: SimpleNamespace, sign_in: Any) -> None:
    for name in ("Thumanë", "Tropojë", "Skrapar", "Tiranë", "Shkodër"):
        make_institution(name)
    db.session.commit()
    page = sign_in(cast.arta).get("/people")
    assert names_on(page) == ["Skrapar", "Shkodër", "Tiranë", "Tropojë", "Thumanë"]


@pytest.mark.both_databases
@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=Tirane", ["Bashkia Tiranë"]),
        ("q=tiran%C3%AB+KRYETAR", ["Bashkia Tiranë"]),
        ("q=veliaj", ["Bashkia Tiranë"]),
        ("kind=ministry", ["Ministria e Mjedisit"]),
        ("municipality=tirane", ["Bashkia Tiranë"]),
        ("municipality=tirane&kind=ministry", []),
        ("q=%25", []),
        ("q=" + "x" * 5000, []),
        ("kind=nonsense&municipality=nowhere&page=abc", ["Bashkia Tiranë", "Ministria e Mjedisit"]),
    ],
)
def test_search_and_filters(cast: SimpleNamespace, sign_in: Any, query: str, found: list[str]) -> None:
    make_office(
        "Kryetar",
        make_institution("Bashkia Tiranë", municipality=make_municipality("Tiranë")),
        holder="Veliaj",
    )
    make_institution("Ministria e Mjedisit", kind="ministry")
    db.session.commit()
    page = sign_in(cast.arta).get(f"/people?{query}")
    assert page.status_code == 200
    assert names_on(page) == found


def test_what_was_typed_stays_in_the_field_and_harms_nothing(cast: SimpleNamespace, sign_in: Any) -> None:
    typed = '"><script>alert(1)</script>'
    page = sign_in(cast.arta).get("/people", query_string={"q": typed})
    assert "<script>alert" not in page.text
    assert str(escape(typed)) in page.text
    offered = re.search(r'href="(/people/institutions/new\?name=[^"]+)"', page.text)
    assert offered
    form = sign_in(cast.arta).get(offered[1].replace("&amp;", "&"))
    assert f'value="{escape(typed)}"' in form.text


@pytest.mark.both_databases
def test_pages_have_25_rows_and_as_many_queries_as_one_row(cast: SimpleNamespace, sign_in: Any) -> None:
    def ask(path: str) -> tuple[int, int]:
        with counted_queries() as said:
            page = sign_in(cast.arta).get(path)
        return len(said), len(names_on(page))

    make_office(
        "Kryetar", make_institution("Bashkia 100", municipality=make_municipality()), holder="Emri 100"
    )
    db.session.commit()
    ask("/people")  # the first request also reads the schema of the session
    institutions, persons = ask("/people")[0], ask("/people/persons")[0]
    for number in range(101, 130):
        bashkia = make_institution(f"Bashkia {number}", municipality=make_municipality(f"Vendi {number}"))
        make_office("Kryetar", bashkia, holder=f"Emri {number}", email=f"z{number}@bashkia.example")
        make_office("Nënkryetar", bashkia, email=None)
    db.session.commit()
    assert ask("/people") == (institutions, 25)
    assert ask("/people?page=2")[1] == 5
    assert ask("/people?page=99")[1] == 5
    assert ask("/people/persons") == (persons, 25)


def test_the_empty_list_says_what_to_do(cast: SimpleNamespace, sign_in: Any) -> None:
    for path in ("/people", "/people/persons"):
        assert 'class="empty"' in sign_in(cast.arta).get(path).text
        assert "/new" in sign_in(cast.arta).get(path).text
        assert "/new" not in sign_in(cast.eva).get(path).text


def test_another_organisations_contacts_appear_on_no_page(
    cast: SimpleNamespace, sign_in: Any, ours: Any
) -> None:
    pages = ("/people", "/people/persons", "/people?q=fshehte", f"/people/institutions/{ours.bashkia}")
    pages += (f"/people/persons/{ours.shared_person}", f"/people/offices/{ours.kryetar}/holder")
    for path in pages:
        seen = sign_in(cast.clirim).get(path)
        assert seen.status_code == 200
        assert "fshehtë" not in seen.text and "fshehte@" not in seen.text, path
    assert "fshehtë" in sign_in(cast.besa).get("/people").text
    assert "sek-fshehte@zyra.al" in sign_in(cast.eva).get(f"/people/institutions/{ours.bashkia}").text


def test_who_is_typed_as_holder_is_not_matched_with_strangers(
    cast: SimpleNamespace, sign_in: Any, ours: Any
) -> None:
    answer = sign_in(cast.clirim).post(
        f"/people/offices/{ours.kryetar}/holder", data={"name": "Gazetare e fshehtë"}
    )
    assert answer.status_code == 302
    added = db.session.scalars(db.select(Person).where(Person.organisation_id == cast.vlore.id)).one()
    assert added.id != ours.person


WRITING = {
    "/people/institutions/{radio}/edit": {"name_sq": "X", "kind": "other", "municipality": ""},
    "/people/institutions/{radio}/offices/new": {"title_sq": "X", "language": "sq"},
    "/people/institutions/{radio}/addresses/new": {"email": "x@zyra.al", "use": "main"},
    "/people/offices/{office}/edit": {"title_sq": "X", "language": "sq"},
    "/people/offices/{office}/holder": {"name": "X"},
    "/people/offices/{office}/addresses/new": {"email": "x@zyra.al", "use": "main"},
    "/people/persons/{person}/edit": {"name": "X", "language": "sq"},
    "/people/persons/{person}/addresses/new": {"email": "x@zyra.al", "use": "main"},
    "/people/mandates/{mandate}": {"from_date": "2020-01-01"},
    "/people/addresses/{address}/edit": {"email": "x@zyra.al", "use": "main"},
    "/people/addresses/{address}/remove": {},
}
OF_THE_NETWORK = {
    "/people/institutions/{bashkia}/edit": WRITING["/people/institutions/{radio}/edit"],
    "/people/offices/{kryetar}/edit": WRITING["/people/offices/{office}/edit"],
    "/people/persons/{shared_person}/edit": WRITING["/people/persons/{person}/edit"],
    "/people/mandates/{shared_mandate}": WRITING["/people/mandates/{mandate}"],
    "/people/addresses/{shared_address}/edit": WRITING["/people/addresses/{address}/edit"],
    "/people/addresses/{shared_address}/remove": {},
}


def everything() -> list[tuple[Any, ...]]:
    from pop_campaigns.core.db import Base

    # Somebody who signs in has a session: that is the test's own doing.
    tables = [table for table in Base.metadata.sorted_tables if table.name != "user_sessions"]
    return [tuple(db.session.execute(table.select()).all()) for table in tables]


@pytest.mark.parametrize("path", WRITING)
def test_a_stranger_finds_no_such_page(cast: SimpleNamespace, sign_in: Any, ours: Any, path: str) -> None:
    before, address = everything(), path.format(**vars(ours))
    for answer in (sign_in(cast.clirim).get(address), sign_in(cast.clirim).post(address, data=WRITING[path])):
        assert answer.status_code == 404
    assert sign_in(cast.besa).get(address).status_code == 200
    assert everything() == before
    assert (
        sign_in(cast.besa).post(address, data=WRITING[path] | opened(sign_in(cast.besa), address)).status_code
        == 302
    )
    assert everything() != before


@pytest.mark.parametrize("path", OF_THE_NETWORK)
def test_the_networks_rows_are_the_administrators(
    cast: SimpleNamespace, sign_in: Any, ours: Any, path: str
) -> None:
    before, address = everything(), path.format(**vars(ours))
    for answer in (
        sign_in(cast.arta).get(address),
        sign_in(cast.arta).post(address, data=OF_THE_NETWORK[path]),
    ):
        assert answer.status_code == 404
    assert everything() == before
    assert (
        sign_in(cast.drita)
        .post(address, data=OF_THE_NETWORK[path] | opened(sign_in(cast.drita), address))
        .status_code
        == 302
    )
    assert everything() != before


@pytest.mark.parametrize(
    "path", [*WRITING, *OF_THE_NETWORK, "/people/institutions/new", "/people/persons/new"]
)
def test_readers_and_strangers_to_the_service_write_nothing(
    cast: SimpleNamespace, sign_in: Any, client: Any, ours: Any, path: str
) -> None:
    before, address = everything(), path.format(**vars(ours))
    data = {"name_sq": "X", "kind": "other", "municipality": "", "name": "X", "language": "sq"}
    data |= WRITING.get(path, {})
    assert sign_in(cast.eva).get(address).status_code == 404
    assert sign_in(cast.eva).post(address, data=data).status_code == 404
    assert client.post(address, data=data).status_code == 302
    assert everything() == before


@pytest.mark.parametrize("path", ["", "/persons", "/institutions/{bashkia}", "/persons/{person}"])
def test_pages_to_read_take_no_post(cast: SimpleNamespace, sign_in: Any, ours: Any, path: str) -> None:
    assert sign_in(cast.arta).post("/people" + path.format(**vars(ours))).status_code == 405


def test_a_coordinator_without_an_organisation_adds_nothing(
    cast: SimpleNamespace, sign_in: Any, ours: Any
) -> None:
    cast.arta.organisation = None
    db.session.commit()
    for path in ("/people/institutions/new", f"/people/offices/{ours.kryetar}/holder"):
        assert (
            sign_in(cast.arta).post(path, data={"name": "X", "name_sq": "X", "kind": "other"}).status_code
            == 404
        )


def test_get_changes_nothing(cast: SimpleNamespace, sign_in: Any, ours: Any) -> None:
    before = everything()
    paths = [*WRITING, *OF_THE_NETWORK, "/people", "/people/persons", "/people/institutions/{bashkia}"]
    for path in paths:
        assert sign_in(cast.drita).get(path.format(**vars(ours))).status_code == 200
    assert everything() == before


def test_ours_and_placeholders_are_marked(cast: SimpleNamespace, sign_in: Any, ours: Any) -> None:
    page = sign_in(cast.arta).get(f"/people/institutions/{ours.bashkia}").text
    replace = f'href="/people/offices/{ours.kryetar}/addresses/new"'
    assert page.count(replace) == 2  # "add address" and, since the network's is a placeholder, "replace"
    assert "tone-warn" in page and "tone-info" in page
    assert f"/people/addresses/{ours.address}/edit" in page
    assert f"/people/addresses/{ours.shared_address}/edit" not in page
    assert (
        f"/people/addresses/{ours.shared_address}/edit"
        in sign_in(cast.drita).get(f"/people/institutions/{ours.bashkia}").text
    )


def test_history_is_told_to_those_it_concerns(cast: SimpleNamespace, sign_in: Any, ours: Any) -> None:
    path = f"/people/offices/{ours.kryetar}/addresses/new"
    sign_in(cast.arta).post(path, data={"email": "kujtese@zyra.al", "use": "main"})
    address = db.session.scalars(db.select(Address).where(Address.email == "kujtese@zyra.al")).one()
    sign_in(cast.arta).post(f"/people/addresses/{address.id}/remove")
    page = f"/people/institutions/{ours.bashkia}"
    assert sign_in(cast.besa).get(page).text.count("kujtese@zyra.al") == 2
    assert "kujtese@zyra.al" not in sign_in(cast.clirim).get(page).text


def test_a_refused_form_of_nobody_is_an_error_page_not_a_crash(
    cast: SimpleNamespace, client: Any, app: Any
) -> None:
    app.config["WTF_CSRF_ENABLED"] = True
    try:
        assert client.post("/people/institutions/new").status_code == 400
    finally:
        app.config["WTF_CSRF_ENABLED"] = False


def test_an_office_known_from_an_old_source_is_named_with_its_day(
    cast: SimpleNamespace, sign_in: Any
) -> None:
    cast.arta.language = "en"
    old, ended, _plain = (make_person(name) for name in ("Emri i vjetër", "Emri i larguar", "Emri pa zyrë"))
    office = make_office("Prefekt", make_institution("Prefektura e provës"))
    other = make_office("Drejtor")
    db.session.add_all(
        [
            Mandate(person=old, office=office, known_on=date(2016, 3, 1)),
            Mandate(person=old, office=other, known_on=date(2012, 3, 1)),
            Mandate(person=ended, office=office, known_on=date(2016, 3, 1)),
            Mandate(person=ended, office=office, from_date=date(2017, 1, 1), to_date=date(2018, 1, 1)),
        ]
    )
    db.session.commit()

    def cell(name: str) -> str:
        page = sign_in(cast.arta).get("/people/persons", query_string={"q": name}).text
        return page.split('data-label="Office"', 1)[1].split("</td>", 1)[0]

    assert "Prefekt, Prefektura e provës" in cell("vjetër")
    assert "2016; dates not known" in cell("vjetër")
    assert "Drejtor" not in cell("vjetër") and "None" not in cell("vjetër")
    assert "None" in cell("larguar") and "Prefekt" not in cell("larguar")
    assert "None" in cell("pa zyrë")


@pytest.mark.both_databases
@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("lack=address", ["Bashkia Mat", "Prefektura Fier"]),
        ("lack=address&kind=prefecture", ["Prefektura Fier"]),
        ("lack=holder", ["Bashkia Fier", "Bashkia Mat"]),
        ("lack=holder&kind=prefecture", []),
        ("lack=nonsense", ["Bashkia Fier", "Bashkia Mat", "Prefektura Fier"]),
    ],
)
def test_institutions_that_lack_an_address_or_a_holder(
    cast: SimpleNamespace, sign_in: Any, query: str, found: list[str]
) -> None:
    make_office("Kryetar", make_institution("Bashkia Mat"), email=None, holder="Kryetarja e Matit")
    mat = db.session.scalars(select(Institution)).one()
    make_office("Nënkryetar", mat, email=None)
    fier = make_office("Kryetar", make_institution("Bashkia Fier"), email=None)
    fier.institution.addresses.append(Address(email="info@bashkia.example"))
    # Another organisation's address and holder are none of ours.
    hidden = Address(email="fshehte@bashkia.example", organisation_id=cast.vlore.id)
    prefecture = make_institution("Prefektura Fier", kind="prefecture", addresses=[hidden])
    former = make_person("Ish-kryetar", kind="official")
    db.session.add(Mandate(person=former, office=fier, to_date=date(2020, 1, 1)))
    db.session.add(Mandate(person=former, office=fier, organisation_id=cast.vlore.id))
    db.session.commit()
    assert not prefecture.offices
    page = sign_in(cast.arta).get(f"/people?{query}")
    assert names_on(page) == found
    if not found:
        assert "Secili prej këtyre funksioneve ka titullar" in page.text
    options = re.findall(r'<option value="(address|holder)"[^>]*>[^<(]+\((\d+)\)', page.text)
    assert options == (
        [("address", "1"), ("holder", "0")] if "prefecture" in query else [("address", "2"), ("holder", "2")]
    )


def test_a_file_of_institutions_keeps_to_what_is_missing(cast: SimpleNamespace, sign_in: Any) -> None:
    make_office("Kryetar", make_institution("Bashkia Mat"), email=None)
    make_office("Kryetar", make_institution("Bashkia Fier"), holder="Kryetarja")
    db.session.commit()
    client = sign_in(cast.arta)
    file = client.post("/people/institutions.csv?lack=address")
    assert "Bashkia Mat" in file.text
    assert "Bashkia Fier" not in file.text


def test_persons_show_address_and_phone(cast: SimpleNamespace, sign_in: Any) -> None:
    make_person("Gazetare", email="g@media.al", phone="+355692123456", kind="journalist")
    make_person("Eksperte", kind="ally")
    db.session.commit()
    cells = re.findall(
        r"<td data-label=\"(?:E-mail|Telefoni)\">(.*?)</td>",
        sign_in(cast.arta).get("/people/persons").text,
        re.S,
    )
    assert [" ".join(re.sub("<[^>]+>", "", cell).split()) for cell in cells] == [
        "Asnjë",
        "Asnjë",
        "g@media.al",
        "069 212 3456",
    ]
    assert 'href="tel:+355692123456"' in cells[3]
