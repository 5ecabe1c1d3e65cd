"""An import is taken back whole; what was used or changed since stays and is named."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from pop_campaigns.contacts.models.addresses import Address
from pop_campaigns.contacts.models.institutions import Institution, Office
from pop_campaigns.contacts.models.persons import Mandate, Person
from pop_campaigns.core.clock import now
from pop_campaigns.core.db import db
from pop_campaigns.core.history import History
from pop_campaigns.invitations.rules.invitations import GuestChoice
from pop_campaigns.invitations.services.guests import add_guests
from pop_campaigns.lists.models import ContactList, ListMember
from pop_campaigns.lists.rules import ListKind
from tests.factories import make_event, make_institution, make_office, make_person
from tests.imports.scene import CONSENT, brought_in, tables, the_import, undone
from tests.opened import opened

pytestmark = pytest.mark.both_databases

WHOLE = (
    "Emri;E-mail;Telefon;Institucioni;Posti;Bashkia;Tema;Pelqim lajme\n"
    "Gëzim Çela;gezim@bashkia.example;;Bashkia Fier;Kryetar;Fier;lumenj;po\n"
    "Drenusha Ymeri;d@x.example;034 222 123;Zyrë e re;Drejtore;Vlorë;;jo\n"
    ";zyra@e-re.example;;Zyrë e re;Protokolli;;;\n"
    ";info@e-re.example;;Zyrë e re;;;;\n"
    "Gazetare Lirë;g@x.example;;Gazetë e re;;;;po\n"
    "E Njohur;e.re@x.example;069 212 3456;Gazetë e re;;Fier;buxheti;po\n"
    "E Rrjetit;shtese@x.example;;;;;;\n"
)


@pytest.fixture
def arta(cast: SimpleNamespace, sign_in: Any) -> FlaskClient:
    return sign_in(cast.arta)


@pytest.fixture
def there(cast: SimpleNamespace) -> SimpleNamespace:
    """What Fier and the network had before."""
    office = make_office("Kryetar", make_institution("Bashkia Fier"), holder="Kryetari i mëparshëm")
    medium = make_institution("Gazetë e re", kind="medium", organisation=cast.fier)
    known = make_person("E Njohur", email="njohur@x.example", organisation=cast.fier)
    known.works_for = medium
    shared = make_person("E Rrjetit")
    make_person("E Vlorës", email="gezim@bashkia.example", organisation=cast.vlore)
    db.session.commit()
    return SimpleNamespace(office=office.id, known=known.id, shared=shared.id)


def one(model: Any, **values: Any) -> Any:
    db.session.rollback()
    return db.session.scalars(select(model).filter_by(**values)).unique().one()


def test_a_wrong_import_leaves_every_table_as_it_was(
    arta: FlaskClient, cast: SimpleNamespace, there: SimpleNamespace
) -> None:
    before = tables()
    ident = brought_in(arta, WHOLE, consents=["events"], **CONSENT)
    after = tables()
    changed = {name for name in before if before[name] != after[name]}
    stems = {"stems_of_persons", "stems_of_offices", "stems_of_institutions"}
    assert changed == {"persons", "addresses", "mandates", "offices", "institutions", "consents", *stems}
    assert one(Person, id=there.known).phone == "+355692123456"
    page = undone(arta, ident)
    assert tables() == before
    assert "Gëzim" not in page
    left = db.session.scalars(select(History).where(History.action == "import.undone")).all()
    assert [row.subject_id for row in left] == [ident]
    told = select(History.subject_id).where(History.action == "person.created")
    assert db.session.scalars(told).all() == []
    assert the_import(ident).undone_at


def test_columns_mixed_up_and_taken_back(arta: FlaskClient, there: SimpleNamespace) -> None:
    before = tables()
    wrong = {
        "column-0": "institution",
        "column-3": "name",
        "column-1": "",
        "column-2": "",
        "column-4": "topics",
    }
    undone(arta, brought_in(arta, WHOLE, **wrong | {"column-7": ""}))
    assert tables() == before
    right = brought_in(arta, WHOLE, **CONSENT)
    undone(arta, right)
    assert tables() == before


def test_who_was_invited_or_listed_stays_with_what_is_hers(
    arta: FlaskClient, cast: SimpleNamespace, there: SimpleNamespace
) -> None:
    ident = brought_in(arta, WHOLE, **CONSENT)
    guest, listed = one(Person, name="Drenusha Ymeri"), one(Person, name="Gazetare Lirë")
    office = one(Office, title_sq="Protokolli")
    event = make_event(cast.fier)
    add_guests(event, [GuestChoice("person", guest.id, "sq")], by=cast.arta, now=now())
    friends = ContactList(name="Gazetarë", organisation_id=cast.fier.id, **list_needs(ContactList))
    db.session.add(friends)
    db.session.flush()
    db.session.add(ListMember(list_id=friends.id, person_id=listed.id, **list_needs(ListMember)))
    db.session.add(ListMember(list_id=friends.id, office_id=office.id, **list_needs(ListMember)))
    db.session.commit()
    page = undone(arta, ident)
    assert "Drenusha Ymeri" in page and "Gazetare Lirë" in page and "Protokolli" in page
    assert "Gëzim Çela" not in page
    names = set(db.session.scalars(select(Person.name).where(Person.organisation_id == cast.fier.id)))
    assert names == {"Drenusha Ymeri", "Gazetare Lirë", "E Njohur"}
    assert one(Address, email="d@x.example").person_id == guest.id
    assert one(Address, email="zyra@e-re.example").office_id == office.id
    assert one(Mandate, person_id=guest.id).office.title_sq == "Drejtore"
    assert one(Institution, name_sq="Zyrë e re")
    assert [row.purpose for row in one(Person, id=listed.id).consents] == ["news"]
    assert one(Person, id=there.known).phone == ""


def list_needs(model: Any) -> dict[str, Any]:
    """Values for what a table needs beside what the test is about."""
    given = {"created_at": now(), "changed_at": now(), "added_at": now(), "at": now(), "user_name": "Arta"}
    given |= {"kind": ListKind.BY_HAND}
    return {name: value for name, value in given.items() if name in model.__table__.columns}


def test_what_was_edited_since_stays_as_edited(
    arta: FlaskClient, cast: SimpleNamespace, there: SimpleNamespace
) -> None:
    ident = brought_in(arta, WHOLE, **CONSENT)
    renamed = one(Person, name="Gazetare Lirë")
    path = f"/people/persons/{renamed.id}/edit"
    arta.post(path, data={"name": "Gazetare Lirë Dy", "language": "sq"} | opened(arta, path))
    assert one(Person, id=renamed.id).name == "Gazetare Lirë Dy"
    known = one(Person, id=there.known)
    known.phone = "+355691111111"
    db.session.commit()
    page = undone(arta, ident)
    assert "Gazetare Lirë Dy" in page and "E Njohur" in page
    assert one(Address, email="g@x.example").person_id == renamed.id
    assert one(Person, id=there.known).phone == "+355691111111"
    assert db.session.scalars(select(Person).where(Person.name == "Gëzim Çela")).all() == []


def test_what_was_removed_since_is_no_obstacle(arta: FlaskClient, cast: SimpleNamespace) -> None:
    before = tables()
    ident = brought_in(arta, "Emri;E-mail\nNjë;nje@x.example\n")
    arta.post(f"/people/addresses/{one(Address, email='nje@x.example').id}/remove")
    undone(arta, ident)
    assert tables() == before


def test_it_is_said_before_what_will_happen_and_done_once(arta: FlaskClient, cast: SimpleNamespace) -> None:
    ident = brought_in(arta, "Emri;E-mail\nNjë;nje@x.example\n")
    page = arta.get(f"/people/import/{ident}/undo")
    assert page.status_code == 200
    assert one(Person, name="Një")
    undone(arta, ident)
    assert arta.post(f"/people/import/{ident}/undo").status_code == 302
    assert arta.get(f"/people/import/{ident}/undo").status_code == 302
    assert the_import(ident).state == "undone"


def test_two_imports_are_taken_back_in_either_order(arta: FlaskClient, cast: SimpleNamespace) -> None:
    before = tables()
    first = brought_in(arta, "Emri;E-mail;Institucioni\nNjë;nje@x.example;Gazeta\n")
    second = brought_in(
        arta, "Emri;E-mail;Institucioni;Telefon\nNjë;nje@x.example;Gazeta;034 222 123\nDy;;Gazeta;\n"
    )
    page = undone(arta, first)
    assert "Një" in page and "Gazeta" in page
    undone(arta, second)
    assert one(Person, name="Një").phone == ""
    assert len(tables()["persons"]) == len(before["persons"]) + 1
