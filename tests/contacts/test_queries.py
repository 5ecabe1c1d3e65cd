"""Pickers: who is offered to whom, by which words, reached at which address."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from itertools import product
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import event, select

from pop_campaigns.accounts.models import Organisation, User
from pop_campaigns.contacts.models.addresses import Address
from pop_campaigns.contacts.models.institutions import Office
from pop_campaigns.contacts.models.persons import Mandate, Person
from pop_campaigns.contacts.queries.addresses import (
    Reach,
    best_addresses,
    best_first,
    best_first_columns,
    reach_to_read,
)
from pop_campaigns.contacts.queries.reach import GuestOption, find_guests, guest_options, holders_of
from pop_campaigns.contacts.rules import AddressUse, overlap
from pop_campaigns.core.clock import local_date, now
from pop_campaigns.core.db import db
from tests.factories import make_institution, make_office, make_person

pytestmark = pytest.mark.both_databases

DAY = date(2020, 6, 16)


def today() -> date:
    return local_date(now())


def titles(typed: str, user: object) -> list[str]:
    return [option.title_sq or option.holder for option in find_guests(typed, user)]  # type: ignore[arg-type]


def add_mandate(
    office: Office, name: str, *days: date | None, organisation: Organisation | None = None, **values: object
) -> Mandate:
    person = make_person(name, organisation=organisation)
    first, last = days or (None, None)
    mandate = Mandate(person=person, office=office, from_date=first, to_date=last)
    mandate.organisation_id = organisation.id if organisation else None
    db.session.add(mandate)
    db.session.flush()
    return mandate


def add_address(
    owner: Office, email: str, organisation: Organisation | None = None, **values: object
) -> Address:
    row = Address(
        email=email, office_id=owner.id, organisation_id=organisation.id if organisation else None, **values
    )
    db.session.add(row)
    db.session.flush()
    return row


@contextmanager
def counted_queries() -> Iterator[list[str]]:
    said: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if not statement.startswith(("BEGIN", "PRAGMA")):
            said.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield said
    finally:
        event.remove(db.engine, "before_cursor_execute", note)


@pytest.mark.parametrize(
    "typed", ["kryetar tirane", "TIRANË kryetar", "veliaj", "kryetar bashkia veliaj", "tirane", ""]
)
def test_words_are_found_folded_in_title_institution_and_holder(cast: SimpleNamespace, typed: str) -> None:
    make_office("Kryetar", make_institution("Bashkia Tiranë"), holder="Erion Veliaj")
    assert titles(typed, cast.arta) == ["Kryetar"]


@pytest.mark.parametrize("typed", ["%", "_", "kryetar korce", "'; DROP TABLE offices; --"])
def test_signs_mean_themselves_and_other_words_find_nothing(cast: SimpleNamespace, typed: str) -> None:
    make_office("Kryetar", make_institution("Bashkia Tiranë"))
    assert titles(typed, cast.arta) == []


def test_offices_stand_in_albanian_order_of_their_institutions(cast: SimpleNamespace) -> None:
    for name in ("Thumanë", "Tropojë", "Skrapar", "Tiranë", "Shkodër"):
        make_office("Kryetar", make_institution(name))
    faults = [option.institution_sq for option in find_guests("kryetar", cast.arta)]
    assert faults == ["Skrapar", "Shkodër", "Tiranë", "Tropojë", "Thumanë"]


def test_case_forms_are_offered_behind_what_was_typed(cast: SimpleNamespace) -> None:
    make_office("Ministër", make_institution("Kabineti"))
    make_office("Drejtor", make_institution("Drejtoria e Arsimit"))
    make_office("Drejtor", make_institution("Zyra e Drejtorisë"))
    for name in ("Arta Metës", "Zana Meta"):
        make_person(name, email=f"{name.split()[0]}@posta.example")
    found = [option.institution_sq for option in find_guests("drejtori i drejtorisë", cast.arta)]
    assert found == ["Zyra e Drejtorisë", "Drejtoria e Arsimit"]
    assert titles("ministrit të kabinetit", cast.arta) == ["Ministër"]
    assert titles("ministrisë", cast.arta) == []
    assert titles("meta", cast.arta) == ["Zana Meta", "Arta Metës"]


def test_another_organisations_contacts_are_not_offered(cast: SimpleNamespace) -> None:
    shared = make_office("Kryetar", email="shared@bashkia.example")
    add_mandate(shared, "Sekret Fierit", organisation=cast.fier)
    office = make_office(
        "Zyra jonë", make_institution("Radio", organisation=cast.fier), organisation=cast.fier
    )
    inside = make_office("Këshilltar", shared.institution, organisation=cast.fier)
    person = make_person("Gazetare", email="gazetare@media.example", organisation=cast.fier)
    db.session.commit()
    assert titles("", cast.clirim) == ["Kryetar"]
    assert titles("sekret", cast.clirim) == []
    for kind, row in (("office", office), ("office", inside), ("person", person)):
        assert guest_option(kind, row.id, cast.clirim) is None
        assert guest_option(kind, row.id, cast.besa) is not None
        assert guest_option(kind, row.id, cast.eva) is not None
    option = guest_option("office", shared.id, cast.clirim)
    assert option and option.holder == ""


@pytest.mark.parametrize(
    ("kind", "ident"), [("office", 0), ("office", 2**31 - 1), ("person", -1), ("ghost", 1), ("", 1)]
)
def test_what_is_not_there_is_no_option(cast: SimpleNamespace, kind: str, ident: int) -> None:
    make_office()
    assert guest_option(kind, ident, cast.arta) is None


def guest_option(kind: Any, ident: int, user: User) -> GuestOption | None:
    return next(iter(guest_options([(kind, ident)], user)), None)


def test_an_option_carries_holder_address_and_language(cast: SimpleNamespace) -> None:
    office = make_office(
        "Ministër", make_institution("Ministria", name_en="Ministry"), title_en="Minister", language="en"
    )
    add_mandate(office, "Klosi", None, None)
    option = guest_option("office", office.id, cast.arta)
    assert option and option.address
    assert (option.title_en, option.institution_en, option.holder, option.language) == (
        "Minister",
        "Ministry",
        "Klosi",
        "en",
    )
    assert option.address.email == "zyra@bashkia.example"


def test_the_options_holder_is_todays(cast: SimpleNamespace) -> None:
    office = make_office()
    add_mandate(office, "I djeshëm", None, today() - timedelta(days=1))
    add_mandate(office, "I nesërm", today() + timedelta(days=1), None)
    option = guest_option("office", office.id, cast.arta)
    assert option and option.holder == ""
    add_mandate(office, "I sotëm", today(), today())
    option = guest_option("office", office.id, cast.arta)
    assert option and option.holder == "I sotëm"
    assert titles("djeshem", cast.arta) == ["I djeshëm"]  # no office any more: found as a person


def best_address(office: Office, reach: Reach) -> Address | None:
    return best_addresses([office], reach).get(office)


def holder_now(office: Office, on: date, user: User) -> Person | None:
    return holders_of([office.id], on, reach_to_read(user)).get(office.id)


def test_the_newest_mandate_in_force_names_the_holder(cast: SimpleNamespace) -> None:
    office = make_office()
    assert holder_now(office, DAY, cast.clirim) is None
    old = add_mandate(office, "Pa datë")
    newer = add_mandate(office, "Që nga 2019", date(2019, 8, 1), None)
    add_mandate(office, "I ardhshëm", date(2021, 1, 1), None)
    assert holder_now(office, DAY, cast.clirim) is newer.person
    newer.to_date = DAY
    db.session.flush()
    assert holder_now(office, DAY, cast.clirim) is newer.person  # the last day counts
    assert holder_now(office, DAY + timedelta(days=1), cast.clirim) is old.person


def test_a_holder_recorded_by_one_organisation_is_not_told_to_others(cast: SimpleNamespace) -> None:
    office = make_office()
    shared = add_mandate(office, "I rrjetit", date(2020, 1, 1), None)
    own = add_mandate(office, "I yni", None, None, organisation=cast.fier)
    assert holder_now(office, DAY, cast.clirim) is shared.person
    assert holder_now(office, DAY, cast.arta) is own.person


def test_an_administrator_writes_to_the_holder_that_the_organisation_knows(cast: SimpleNamespace) -> None:
    office = make_office()
    add_mandate(office, "I rrjetit", date(2019, 1, 1), None)
    of_fier = add_mandate(office, "I Fierit", date(2018, 1, 1), None, organisation=cast.fier)
    of_vlore = add_mandate(office, "I Vlorës", date(2020, 1, 1), None, organisation=cast.vlore)
    for sender, holder in ((cast.fier, of_fier), (cast.vlore, of_vlore)):
        held = holders_of([office.id], DAY, Reach(cast.drita, sender.id))
        assert held == {office.id: holder.person}


def test_the_best_address_own_before_shared_then_by_use(cast: SimpleNamespace) -> None:
    office = make_office(email=None)
    assert best_address(office, reach_to_read(cast.arta)) is None
    db.session.add(Address(email="info@bashkia.al", institution_id=office.institution_id))
    db.session.flush()
    assert best_address(office, reach_to_read(cast.arta)).email == "info@bashkia.al"  # type: ignore[union-attr]
    press = add_address(office, "shtypi@bashkia.al", use=AddressUse.PRESS)
    assert best_address(office, reach_to_read(cast.arta)) is press
    main = add_address(office, "kryetari@bashkia.al")
    assert best_address(office, reach_to_read(cast.arta)) is main
    own = add_address(office, "sekretaria@bashkia.al", cast.fier, use=AddressUse.SECRETARY)
    assert best_address(office, reach_to_read(cast.arta)) is own
    assert best_address(office, reach_to_read(cast.clirim)) is main
    assert best_address(office, reach_to_read(cast.drita)) is main


def test_the_database_orders_addresses_as_the_rule_does(cast: SimpleNamespace) -> None:
    """Every combination of sample, place, owner and use, entered worst first."""
    office = make_office(email=None)
    owners = (cast.vlore.id, cast.fier.id, None)
    places: tuple[dict[str, int], ...] = ({"institution_id": office.institution_id}, {"office_id": office.id})
    for email, place, owner, use in product(("a@b.example", "a@b.al"), places, owners, reversed(AddressUse)):
        values: dict[str, object] = {"email": email, "use": use, "organisation_id": owner}
        db.session.add(Address(**place, **values))
    db.session.commit()
    for sender in owners:
        ordered = db.session.scalars(select(Address).order_by(*best_first_columns(sender))).all()
        assert len(ordered) == 2 * 2 * 3 * len(AddressUse)
        assert ordered == best_first(ordered[::-1], sender)
        best = best_address(office, Reach(cast.drita, sender))
        assert best is not None and best is ordered[0]
        assert (best.is_sample, best.office_id, best.organisation_id, best.use) == (
            False, office.id, sender, AddressUse.MAIN,
        )  # fmt: skip


def test_a_sample_gives_way_to_any_real_address(cast: SimpleNamespace) -> None:
    office = make_office(email=None)
    sample = add_address(office, "zyra@bashkia.example")
    assert best_address(office, reach_to_read(cast.arta)) is sample
    db.session.add(
        Address(email="protokolli@bashkia.al", institution_id=office.institution_id, use=AddressUse.PROTOCOL)
    )
    db.session.flush()
    assert best_address(office, reach_to_read(cast.arta)).email == "protokolli@bashkia.al"  # type: ignore[union-attr]


def test_a_person_is_reached_at_her_own_address_only(cast: SimpleNamespace) -> None:
    office = make_office(holder="Kryetarja")
    person = office.mandates[0].person
    assert best_address(person, reach_to_read(cast.arta)) is None
    assert titles("kryetarja", cast.arta) == ["Kryetar"]
    db.session.add(Address(email="e-saj@posta.al", person=person, organisation_id=cast.fier.id))
    db.session.flush()
    assert best_address(person, reach_to_read(cast.arta)).email == "e-saj@posta.al"  # type: ignore[union-attr]
    assert best_address(person, reach_to_read(cast.clirim)) is None
    assert titles("kryetarja", cast.arta) == ["Kryetar", "Kryetarja"]


def test_many_offices_leave_room_for_persons(cast: SimpleNamespace) -> None:
    institution = make_institution()
    for number in range(12):
        make_office(f"Këshilltar {number}", institution)
    for number in range(5):
        make_person(f"Këshilltare {number}", email=f"k{number}@posta.example")
    guests = find_guests("keshilltar", cast.arta, limit=9)
    assert [option.kind for option in guests] == ["office"] * 6 + ["person"] * 3


def test_the_number_of_queries_does_not_grow(cast: SimpleNamespace) -> None:
    def ask() -> int:
        db.session.expire_all()
        assert cast.arta.role  # the user is loaded by the request
        with counted_queries() as said:
            options = find_guests("", cast.arta)
            assert all(option.address and option.address.email for option in options)
        return len(said)

    make_office("Kryetar", make_institution("Bashkia 0"), holder="Emri 0")
    make_person("Gazetare 0", email="g0@posta.example")
    db.session.commit()
    few = ask()
    for number in range(1, 9):
        make_office("Kryetar", make_institution(f"Bashkia {number}"), holder=f"Emri {number}")
        make_person(f"Gazetare {number}", email=f"g{number}@posta.example")
    db.session.commit()
    db.session.expunge_all()
    db.session.add(cast.arta)
    assert ask() == few <= 6


@pytest.mark.parametrize(
    ("a", "b", "together"),
    [
        ((None, None), (DAY, DAY), True),
        ((None, DAY), (DAY, None), True),
        ((None, DAY), (DAY + timedelta(days=1), None), False),
        ((DAY, None), (None, DAY - timedelta(days=1)), False),
        ((DAY, DAY), (None, None), True),
    ],
)
def test_times_in_office_share_a_day(a: tuple[date, date], b: tuple[date, date], together: bool) -> None:
    assert overlap(*a, *b) is overlap(*b, *a) is together


def test_a_mandate_known_only_from_an_old_source_names_nobody_today(cast: SimpleNamespace) -> None:
    """A record of 2020 names a minister; six years later nobody is addressed by that name."""
    office = make_office("Ministër", email="ministri@ministria.example")
    person = make_person("Ministri i vitit 2020")
    db.session.add(Mandate(person=person, office=office, known_on=date(2020, 4, 30)))
    db.session.commit()
    assert holder_now(office, date(2020, 6, 16), cast.arta) is person
    assert holder_now(office, date(2026, 11, 22), cast.arta) is None
