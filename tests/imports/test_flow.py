"""A file becomes contacts: columns, rows looked over, brought in; known ones are completed, none doubled."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from pop_campaigns.contacts.models.addresses import Address
from pop_campaigns.contacts.models.consents import Consent
from pop_campaigns.contacts.models.institutions import Institution, Office
from pop_campaigns.contacts.models.persons import Mandate, Person
from pop_campaigns.contacts.rules import ConsentChannel, PersonKind, Purpose, TombstoneKind
from pop_campaigns.contacts.services.refusals import bury
from pop_campaigns.core.db import db
from pop_campaigns.core.text import sort_key
from pop_campaigns.imports.models import ContactImport, ImportRow
from tests.factories import make_institution, make_municipality, make_office, make_person
from tests.imports.files import PLAIN, xlsx_file
from tests.imports.scene import (
    CONSENT,
    brought_in,
    checked,
    columns_of,
    rows_of,
    run,
    tables,
    the_import,
    upload,
    uploaded,
)
from tests.opened import opened

HEADS = "Emri;E-mail;Telefon;Institucioni;Posti;Bashkia\n"


@pytest.fixture
def arta(cast: SimpleNamespace, sign_in: Any) -> FlaskClient:
    return sign_in(cast.arta)


def person(name: str) -> Person:
    db.session.rollback()
    return db.session.scalars(select(Person).where(Person.name == name)).one()


def count(model: Any) -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def emails(one: Person | Office | Institution) -> list[str]:
    return [address.email for address in one.addresses]


def test_a_plain_file_becomes_contacts(arta: FlaskClient, cast: SimpleNamespace) -> None:
    ident = checked(arta, PLAIN, kind="journalist")
    page = arta.get(f"/people/import/{ident}").text
    assert "Gëzim Çela" in page
    assert count(Person) == 0
    assert run(arta, ident).location.endswith(f"/people/import/{ident}")
    one = person("Gëzim Çela")
    assert (one.phone, one.kind, one.organisation_id) == (
        "+355692123456",
        PersonKind.JOURNALIST,
        cast.fier.id,
    )
    assert one.municipality and one.municipality.name == "Fier"
    assert emails(one) == ["gezim@media.example"]
    assert (one.sort_key, one.search_key) == (sort_key("Gëzim Çela"), "gezim cela")
    assert "Gëzim Çela" in arta.get("/people/persons?q=gezim").text
    assert "Gëzim Çela" in arta.get(f"/people/persons/{one.id}").text
    assert arta.get(f"/people/import/{ident}").status_code == 200


def test_headings_are_guessed_in_both_languages_and_names_are_joined_never_split(arta: FlaskClient) -> None:
    ident = uploaded(arta, "Emri,Mbiemri,Adresa elektronike,Nr. telefoni,Qyteti\nA,B,a@b.example,,\n")
    chosen = ["first_name", "last_name", "email", "phone", "municipality"]
    assert list(columns_of(arta, ident).values()) == chosen
    english = uploaded(arta, "Full name,E-mail address,Organisation,Job title,Interests,Nonsense\nx,,,,,\n")
    assert list(columns_of(arta, english).values()) == [
        "name",
        "email",
        "institution",
        "office",
        "topics",
        "",
    ]
    brought_in(arta, "Emri,Mbiemri\nAna Maria,Hoxha Çela\n")
    assert person("Ana Maria Hoxha Çela")


def test_a_mapping_is_remembered_by_the_organisation(
    arta: FlaskClient, cast: SimpleNamespace, sign_in: Any
) -> None:
    checked(arta, "Kush;X1\nA B;a@b.example\n", **{"column-0": "name", "column-1": "email"}, kind="ally")
    again = uploaded(sign_in(cast.besa), "KUSH;x1\nC D;c@d.example\n")
    assert list(columns_of(sign_in(cast.besa), again).values()) == ["name", "email"]
    assert re.search(
        r'value="ally"[^>]*selected|selected[^>]*value="ally"',
        sign_in(cast.besa).get(f"/people/import/{again}/columns").text,
    )
    other = sign_in(cast.clirim)
    stranger = uploaded(other, "Kush;X1\nnr. 7;a@b.example\n")
    assert next(iter(columns_of(other, stranger).values())) == ""


def test_holders_and_offices_are_recorded_in_institutions_there_are(
    arta: FlaskClient, cast: SimpleNamespace
) -> None:
    there = make_institution("Bashkia Fier")
    office = make_office("Kryetar", there, email=None)
    db.session.commit()
    ids = there.id, office.id
    brought_in(
        arta,
        HEADS
        + "Gëzim Çela;gezim@bashkia.example;;BASHKIA FIÉR;kryetar;Fier\n"
        + "Drenusha Ymeri;;034 222 123;Bashkia Fier;Sekretare;Fier\n"
        + ";protokolli@prefektura.example;;Prefektura e Re;Zyra e Protokollit;\n"
        + ";info@prefektura.example;;Prefektura e Re;;\n"
        + "Gazetar Lirë;;069 212 3456;Gazeta e Fierit;;\n",
    )
    mandate = db.session.scalars(select(Mandate).where(Mandate.person_id == person("Gëzim Çela").id)).one()
    assert (mandate.office_id, mandate.organisation_id) == (ids[1], cast.fier.id)
    assert person("Drenusha Ymeri").mandates[0].office.institution_id == ids[0]
    assert person("Gëzim Çela").kind is PersonKind.OFFICIAL
    register = db.session.scalars(select(Office).where(Office.title_sq == "Zyra e Protokollit")).one()
    assert emails(register) == ["protokolli@prefektura.example"]
    assert emails(register.institution) == ["info@prefektura.example"]
    free = person("Gazetar Lirë")
    assert free.works_for and free.works_for.name_sq == "Gazeta e Fierit"
    assert count(Institution) == 3


def test_every_error_is_said_in_words_and_the_row_stays_out(arta: FlaskClient, cast: SimpleNamespace) -> None:
    ident = checked(
        arta,
        "Emri;E-mail;Telefon;Posti;Institucioni;Bashkia;Lloji;Pelqim lajme;Data e pelqimit\n"
        "Një;keq@;;;;;;;\n"
        "Dy;;12;;;;;;\n"
        "Tre;;;;;Atlantida;;;\n"
        "Katër;;;;;;marsian;;\n"
        ";;;Kryetar;Bashkia;;;;\n"
        "Pesë;;;Kryetar;;;;;\n"
        "Gjashtë;g@x.example;;;;;;ndoshta;\n"
        "Gjashtë;g@x.example;;;;;;;\n"
        "Shtatë;;;;;;;;31.02.2026\n"
        f"{'T' * 200};;;;;;;;\n"
        "Tetë;a@b.example, c@d.example;;;;Fier;gazetar;;\n",
        **CONSENT,
    )  # fmt: skip
    codes = [[error.split("|")[0] for error in row.errors] for row in rows_of(ident)]
    assert codes == [
        ["email"], ["phone"], ["municipality"], ["kind"], ["nobody"], ["office_alone"], ["consent"], ["double"],
        ["date"], ["long"], [],
    ]  # fmt: skip
    decisions = [row.decision.value for row in rows_of(ident)]
    assert decisions == ["skip"] * 10 + ["new"]
    page = arta.get(f"/people/import/{ident}?show=errors").text
    assert "Atlantida" in page and "keq@" in page
    run(arta, ident)
    assert [each_person.name for each_person in db.session.scalars(select(Person))] == ["Tetë"]
    assert emails(person("Tetë")) == ["a@b.example", "c@d.example"]


def test_a_row_with_a_small_error_can_be_chosen_and_loses_only_that(arta: FlaskClient) -> None:
    ident = checked(arta, "Emri;E-mail;Telefon\nNjë;keq@;034 222 123\n;;\nDy;;\n" + "T" * 200 + ";;\n")
    first, _second, long = rows_of(ident)
    data = {
        f"row-{first.id}": "new",
        f"row-{long.id}": "new",
        "row-999999": "new",
        "row-x": "new",
        "do": "run",
    }
    arta.post(f"/people/import/{ident}/rows", data=data)
    assert (person("Një").phone, emails(person("Një"))) == ("+35534222123", [])
    assert count(Person) == 2


def test_known_contacts_are_completed_and_nothing_is_overwritten(
    arta: FlaskClient, cast: SimpleNamespace
) -> None:
    known = make_person("Gëzim Çela", email="gezim@media.example", organisation=cast.fier)
    known.topics = "buxheti"
    named = make_person("Drenusha Ymeri", organisation=cast.fier)
    db.session.commit()
    text = (
        "Emri;E-mail;Telefon;Tema;Adresa postare\n"
        "Gëzim Cela;GEZIM@media.example, i.ri@media.example;069 212 3456;lumenj;Rruga 1\n"
        "DRENUSHA YMERI;drenusha@media.example;;;\n"
    )
    ident = checked(arta, text)
    assert [(row.decision.value, row.match_reason) for row in rows_of(ident)] == [
        ("update", "email"),
        ("update", "name"),
    ]
    run(arta, ident)
    one = person("Gëzim Çela")
    assert (one.id, one.topics, one.phone, one.post_address) == (
        known.id,
        "buxheti",
        "+355692123456",
        "Rruga 1",
    )
    assert emails(one) == ["gezim@media.example", "i.ri@media.example"]
    assert emails(person("Drenusha Ymeri")) == ["drenusha@media.example"]
    assert (count(Person), named.id) == (2, person("Drenusha Ymeri").id)
    before = tables()
    brought_in(arta, text)
    assert tables() == before


def test_the_networks_records_get_addresses_beside_and_stay_as_they_are(
    arta: FlaskClient, cast: SimpleNamespace
) -> None:
    shared = make_person("Gëzim Çela", email="gezim@media.example")
    db.session.commit()
    brought_in(arta, "Emri;E-mail;Telefon\nGëzim Çela;gezim@media.example ri@media.example;034 222 123\n")
    one = person("Gëzim Çela")
    assert (one.id, one.phone, one.organisation_id) == (shared.id, "", None)
    assert [(each.email, each.organisation_id) for each in one.addresses] == [
        ("gezim@media.example", None),
        ("ri@media.example", cast.fier.id),
    ]


def test_another_organisations_contacts_match_nothing(arta: FlaskClient, cast: SimpleNamespace) -> None:
    make_person("Gëzim Çela", email="gezim@media.example", organisation=cast.vlore)
    db.session.commit()
    ident = brought_in(arta, PLAIN)
    assert [row.match_id for row in rows_of(ident)] == [None, None]
    assert count(Person) == 3


@pytest.mark.parametrize(
    ("row", "reason", "decision"),
    [
        ("Çela Gëzim;;;Gazeta;;\n", "name", "update"),
        ("Gezim Celaa;;;Gazeta;;\n", "name", "update"),
        ("Tjetër Njeri;;069 212 3456;;;\n", "phone", "skip"),
        ("Gëzim Çela;;;;;Fier\n", "same", "skip"),
        ("Gëzim Çela;;;;;Vlorë\n", "", "new"),
        ("Gëzim Çela;;;Gazeta tjetër;;\n", "", "new"),
    ],
)
def test_who_is_there_already(
    arta: FlaskClient, cast: SimpleNamespace, row: str, reason: str, decision: str
) -> None:
    known = make_person("Gëzim Çela", organisation=cast.fier)
    known.phone, known.municipality = "+355692123456", make_municipality("Fier")
    known.works_for = make_institution("Gazeta", kind="medium")
    db.session.commit()
    rows = rows_of(checked(arta, HEADS + row))[0]
    assert (rows.match_reason, rows.decision.value) == (reason, decision)


def test_all_matches_are_chosen_at_once(arta: FlaskClient, cast: SimpleNamespace) -> None:
    make_person("Gëzim Çela", email="gezim@media.example", organisation=cast.fier)
    db.session.commit()
    ident = checked(arta, PLAIN)
    for do in ("skip", "update"):
        arta.post(f"/people/import/{ident}/rows", data={"do": do, "show": "matches"})
        assert [row.decision.value for row in rows_of(ident)] == [do, "new"]


def test_erased_persons_do_not_come_back(arta: FlaskClient, cast: SimpleNamespace) -> None:
    bury(TombstoneKind.EMAIL, "gezim@media.example", cast.fier.id, now=datetime.now(UTC))
    db.session.commit()
    ident = checked(arta, PLAIN)
    row = rows_of(ident)[0]
    assert (row.decision.value, row.match_reason) == ("skip", "erased")
    arta.post(f"/people/import/{ident}/rows", data={f"row-{row.id}": "new", "do": "run"})
    assert [each_person.name for each_person in db.session.scalars(select(Person))] == ["Drenusha Ymeri"]


def test_consent_is_recorded_with_its_proof(arta: FlaskClient, cast: SimpleNamespace) -> None:
    text = (
        "Emri;Pelqim per lajme;Data e pelqimit\n"
        "Një;po;05.01.2026\n"
        "Dy;jo;\n"
        "Tre;2026-02-03;\n"
    )  # fmt: skip
    ident = uploaded(arta, text)
    without = columns_of(arta, ident) | {"kind": "citizen", "municipality": "", "language": "sq"}
    path = f"/people/import/{ident}/columns"
    assert arta.post(path, data=without | opened(arta, path)).status_code == 422
    brought_in(arta, text, consents=["events"], **CONSENT)
    consents = {
        (consent.person.name, consent.purpose): consent.given_at.date().isoformat()
        for consent in db.session.scalars(select(Consent))
    }
    assert consents == {
        ("Një", Purpose.NEWS): "2026-01-05",
        ("Një", Purpose.EVENTS): "2026-01-05",
        ("Dy", Purpose.EVENTS): "2026-03-01",
        ("Tre", Purpose.NEWS): "2026-02-03",
        ("Tre", Purpose.EVENTS): "2026-03-01",
    }
    one = db.session.scalars(select(Consent)).first()
    assert one and (one.channel, one.text_version, one.proof) == (
        ConsentChannel.IMPORT,
        "2026-1",
        CONSENT["proof"],
    )


def test_a_withdrawn_consent_is_not_given_again_by_an_older_list(
    arta: FlaskClient, cast: SimpleNamespace
) -> None:
    known = make_person("Një", email="nje@x.example", organisation=cast.fier)
    at = datetime(2026, 6, 1, tzinfo=UTC)
    db.session.add(
        Consent(
            person=known, organisation_id=cast.fier.id, purpose=Purpose.NEWS, text_version="1", language="sq",
            channel=ConsentChannel.PAPER, given_at=at, recorded_at=at, withdrawn_at=at, withdrawn_by=ConsentChannel.MAIL,
        )
    )  # fmt: skip
    db.session.commit()
    brought_in(arta, "Emri;E-mail\nNjë;nje@x.example\n", consents=["news"], **CONSENT)
    assert count(Consent) == 1
    brought_in(
        arta, "Emri;E-mail\nNjë;nje@x.example\n", consents=["news"], **CONSENT | {"given_on": "2026-07-01"}
    )
    assert count(Consent) == 2


def test_hostile_cells_become_harmless_text(arta: FlaskClient) -> None:
    brought_in(
        arta,
        "Emri;E-mail;Tema\n=cmd|' /C calc'!A0;a@b.example;\"x\r\nBcc: y@z.example\"\n"
        "\u202egnp\u202c <script>alert(1)</script>;c@d.example;@SUM(A1)\n",
    )
    assert person("=cmd|' /C calc'!A0").topics == "x, Bcc: y@z.example"
    assert "<script>alert" not in arta.get("/people/persons").text
    assert "'=cmd" in arta.post("/people/persons.csv").text
    bad = checked(arta, 'Emri;E-mail\nA;"e@b.example\r\nBcc: y@z.example"\nB;' + "x" * 10_000 + "\n")
    assert arta.get(f"/people/import/{bad}").status_code == 200
    # The words of a header are no part of the address that goes into a mail.
    assert [bool(row.errors) for row in rows_of(bad)] == [False, True]
    run(arta, bad)
    assert emails(person("A")) == ["e@b.example", "y@z.example"]


def test_a_spreadsheet_goes_the_same_way(arta: FlaskClient) -> None:
    file = xlsx_file(["Emri", "Celular"], ["Gëzim Çela", 692123456.0], ["Drenusha", 34222123])
    brought_in(arta, file)
    assert person("Gëzim Çela").phone == "+355692123456"
    assert person("Drenusha").phone == "+35534222123"


@pytest.mark.parametrize("content", [b"", b"%PDF-1.7 x", b"PK\x03\x04 broken", b"Emri;E-mail\n"])
def test_a_file_that_is_none_is_refused_in_words(arta: FlaskClient, content: bytes) -> None:
    answer = upload(arta, io.BytesIO(content))
    assert answer.status_code == 422
    assert "error-summary" in answer.text
    assert count(ContactImport) == count(ImportRow) == 0


def test_no_file_and_a_huge_one(arta: FlaskClient) -> None:
    assert arta.post("/people/import/new", data={}).status_code == 422
    huge = io.BytesIO(b"Emri\n" + b"x\n" * (31 * 1024 * 1024))
    assert upload(arta, huge).status_code == 422


def test_a_form_sent_twice_makes_one_import(arta: FlaskClient) -> None:
    first, second = upload(arta, PLAIN, once="abc"), upload(arta, PLAIN, once="abc")
    assert first.location == second.location
    assert count(ContactImport) == 1
    ident = checked(arta, PLAIN)
    assert run(arta, ident).status_code == run(arta, ident).status_code == 302
    assert count(Person) == 2
    assert arta.post(f"/people/import/{ident}/columns", data={}).status_code == 302
    assert the_import(ident).state == "done"


def test_a_file_put_away_leaves_nothing(arta: FlaskClient) -> None:
    before = tables()
    ident = checked(arta, PLAIN)
    assert arta.post(f"/people/import/{ident}/discard").status_code == 302
    assert (count(ContactImport), count(ImportRow)) == (0, 0)
    assert tables() == before
    done = brought_in(arta, PLAIN)
    arta.post(f"/people/import/{done}/discard")
    assert the_import(done).state == "done"


def test_nobody_else_sees_it(arta: FlaskClient, cast: SimpleNamespace, sign_in: Any) -> None:
    ident = checked(arta, PLAIN)
    assert "kontaktet.csv" in sign_in(cast.besa).get("/people/import").text
    for other in (cast.clirim, cast.eva):
        browser = sign_in(other)
        for page in ("", "/columns", "/undo"):
            assert browser.get(f"/people/import/{ident}{page}").status_code == 404
        for deed in ("/rows", "/undo", "/discard", "/again", "/columns"):
            assert browser.post(f"/people/import/{ident}{deed}", data={"do": "run"}).status_code == 404
    assert "kontaktet.csv" not in sign_in(cast.clirim).get("/people/import").text
    assert sign_in(cast.eva).get("/people/import").status_code == 404
    assert upload(sign_in(cast.eva), PLAIN).status_code == 404
    assert count(Person) == 0


def test_what_an_administrator_brings_in_is_the_networks(
    cast: SimpleNamespace, sign_in: Any, arta: FlaskClient
) -> None:
    ident = brought_in(sign_in(cast.drita), PLAIN)
    assert person("Gëzim Çela").organisation_id is None
    assert arta.get(f"/people/import/{ident}").status_code == 404
    assert "kontaktet.csv" not in arta.get("/people/import").text
    assert db.session.scalars(select(Address)).one().organisation_id is None


@pytest.mark.both_databases(always=True)
def test_two_who_decide_about_rows_lose_nothing(
    arta: FlaskClient, cast: SimpleNamespace, sign_in: Any
) -> None:
    ident = checked(arta, PLAIN)
    besa, path = sign_in(cast.besa), f"/people/import/{ident}/rows"
    one, other = db.session.scalars(select(ImportRow.id).order_by(ImportRow.number)).all()
    shown = {f"was-{one}": "new", f"was-{other}": "new", "do": "save"}
    arta.post(path, data=shown | {f"row-{one}": "skip", f"row-{other}": "new"})
    besa.post(path, data=shown | {f"row-{one}": "new", f"row-{other}": "skip"})
    db.session.expire_all()
    decided = [row.decision.value for row in db.session.scalars(select(ImportRow).order_by(ImportRow.number))]
    assert decided == ["skip", "skip"]
    # The same row otherwise: what is there stays, and nothing is brought in unseen.
    page = besa.post(
        path, data={f"was-{one}": "update", f"row-{one}": "new", "do": "run"}, follow_redirects=True
    )
    assert the_import(ident).state == "checked"
    assert "vendosi ndryshe" in page.text
