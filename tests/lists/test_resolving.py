"""Whom lists find: the filters people ask for, doubles, consent, refusals, and nobody's contacts but one's own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select

from pop_campaigns.contacts.models.addresses import Address
from pop_campaigns.contacts.models.persons import Person
from pop_campaigns.contacts.queries.addresses import best_addresses, reach_to_read
from pop_campaigns.contacts.queries.reach import find_guests
from pop_campaigns.contacts.rules import AddressUse, ConsentChannel, Purpose, Unmailed
from pop_campaigns.contacts.services.refusals import suppress
from pop_campaigns.core.clock import local_date
from pop_campaigns.core.db import db
from pop_campaigns.events.models.events import Attendance
from pop_campaigns.events.rules.events import EventKind, EventState
from pop_campaigns.lists.queries.conditions import read_filter
from pop_campaigns.lists.queries.lists import count_found, reach_of
from pop_campaigns.lists.queries.resolving import resolve
from pop_campaigns.lists.rules import BadFilter, FilterProblem
from tests import factories
from tests.invitations.scene import counted_statements
from tests.lists.scene import (
    NOW,
    consent,
    everybody,
    found,
    make_councils,
    make_list,
    make_person,
    names,
    say_yes,
)

pytestmark = pytest.mark.both_databases

IN_2020 = datetime(2020, 2, 12, 9, tzinfo=UTC)
CONFRONTED = {
    "of": "persons",
    "consent": "news",
    "happened": {"what": "accepted", "kind": "confrontation", "from": "2020-01-01", "to": "2020-12-31"},
}


def test_all_mayors(cast: SimpleNamespace) -> None:
    make_councils(cast)
    mayors = found({"of": "offices", "words": "KRYETAR", "institution_kinds": ["municipality"]}, cast.arta)
    assert names(mayors) == ["Kryetar, Bashkia Durrës", "Kryetar, Bashkia Fier", "Kryetar, Bashkia Vlorë"]


def test_councillors_of_fier(cast: SimpleNamespace) -> None:
    """As offices and as persons; who lives in Fier and sits in Vlorë's council is none."""
    make_councils(cast)
    fier = factories.make_municipality("Fier").id
    said = {"words": "keshilltar", "institution_kinds": ["council"], "municipality": fier}
    assert names(found({"of": "offices"} | said, cast.arta)) == ["Këshilltar, Këshilli Fier"]
    assert names(found({"of": "persons"} | said, cast.arta)) == ["Këshilltari i Fierit"]


def test_journalists_in_the_county_of_durres(cast: SimpleNamespace) -> None:
    durres, shijak = factories.make_municipality("Durrës"), factories.make_municipality("Shijak")
    shijak.county = "Durrës"
    medium = factories.make_institution("Radio Durrësi", kind="medium", county="Durrës")
    for name, values in {
        "Në Durrës": {"municipality": durres},
        "Në Shijak": {"municipality": shijak},
        "Në radio": {"works_for": medium},
        "Në Vlorë": {"municipality": factories.make_municipality("Vlorë")},
    }.items():
        consent(make_person(name, "journalist", **values))
    make_person("Zyrtar në Durrës", "official", municipality=durres)
    db.session.commit()
    result = found({"of": "persons", "person_kinds": ["journalist"], "county": "Durrës"}, cast.arta)
    assert set(names(result)) == {"Në Durrës", "Në Shijak", "Në radio"}


def test_who_said_yes_to_a_confrontation_in_2020_and_agreed_to_news(cast: SimpleNamespace) -> None:
    people = {
        name: make_person(name, "citizen", owner=cast.fier)
        for name in ("Po", "Po pa pëlqim", "Jo", "Më 2021", "Tryezë", "Anuluar", "Tërhequr", "Në listë")
    }
    for name, person in people.items():
        if name != "Po pa pëlqim":
            consent(person, Purpose.NEWS, withdrawn=name == "Tërhequr")
    for name, values in {
        "Po": {}, "Po pa pëlqim": {}, "Tërhequr": {}, "Më 2021": {"on": IN_2020 + timedelta(days=400)},
        "Tryezë": {"kind": EventKind.ROUND_TABLE}, "Anuluar": {"state": EventState.CANCELLED},
    }.items():  # fmt: skip
        say_yes(people[name], cast.fier, **({"on": IN_2020} | values))
    present = factories.make_event(cast.fier, kind=EventKind.CONFRONTATION, starts_at=IN_2020)
    db.session.add(Attendance(event=present, person=people["Në listë"], name="Në listë"))
    db.session.commit()
    result = found(CONFRONTED, cast.arta, Purpose.NEWS)
    assert set(names(result)) == {"Po", "Në listë"}
    assert everybody(found(CONFRONTED, cast.clirim, Purpose.NEWS)) == set()


def test_what_lies_ahead_has_not_taken_place(cast: SimpleNamespace) -> None:
    person = make_person("Po nesër")
    say_yes(person, cast.fier, on=datetime.now(UTC).replace(microsecond=0) + timedelta(days=30))
    db.session.commit()
    said = {"of": "persons", "happened": {"what": "accepted"}}
    assert everybody(found(said, cast.arta)) == set()


def test_protests_are_no_choice(cast: SimpleNamespace) -> None:
    person = make_person("Protestues")
    say_yes(person, cast.fier, on=IN_2020, kind=EventKind.PROTEST)
    db.session.commit()
    assert everybody(found({"of": "persons", "happened": {"what": "accepted"}}, cast.arta)) == set()
    with pytest.raises(BadFilter) as refused:
        read_filter({"of": "persons", "happened": {"what": "accepted", "kind": "protest"}})
    assert refused.value.problem is FilterProblem.UNKNOWN_CONDITION


@pytest.mark.parametrize(
    ("said", "finds"),
    [
        ({"topic": "Çështjet e ujit"}, {"Me temë"}),
        ({"topic": "ceshtjet e ujit"}, {"Me temë"}),
        ({"topic": "uji"}, set()),
        ({"topic": "100%"}, set()),
        ({"language": "en"}, {"Anglisht"}),
        ({"person_kinds": ["ally", "citizen"]}, {"Aleat"}),
        ({"words": "ale"}, {"Aleat"}),
        ({"words": "leat"}, set()),
        ({"words": "%"}, set()),
    ],
)
def test_each_thing_said_counts(cast: SimpleNamespace, said: dict[str, Any], finds: set[str]) -> None:
    make_person("Me temë", topics="buxheti, ÇËSHTJET e ujit")
    make_person("Anglisht", language="en")
    make_person("Aleat", "ally")
    db.session.commit()
    assert everybody(found({"of": "persons"} | said, cast.arta)) == finds


def test_one_address_gets_one_mail_and_the_office_before_the_person(cast: SimpleNamespace) -> None:
    office = factories.make_office("Kryetar", email="Kryetar@Bashkia.example")
    person = make_person("Kryetari vetë", email="kryetar@bashkia.example")
    other = make_person("Sekretari", email="KRYETAR@bashkia.example")
    made = make_list("Të dyfishtë", cast.fier, None, person, office, other)
    db.session.commit()
    result = resolve(made, cast.arta, Purpose.EVENTS, local_date(NOW))
    assert [(recipient.kind, recipient.email) for recipient in result.recipients] == [
        ("office", "Kryetar@Bashkia.example")
    ]
    assert [(out.recipient.name, out.reason) for out in result.left_out] == [
        ("Kryetari vetë", Unmailed.SAME_ADDRESS),
        ("Sekretari", Unmailed.SAME_ADDRESS),
    ]
    assert {out.instead for out in result.left_out} == {result.recipients[0]}


def test_who_gets_no_mail_is_counted_by_reason(cast: SimpleNamespace) -> None:
    make_person("Pa adresë", email=None)
    make_person("Refuzon")
    make_person("Refuzon lajmet")
    make_person("Refuzon Vlorën")
    make_person("Pa pëlqim", "citizen")
    consent(make_person("Për lajme", "citizen"), Purpose.NEWS)
    consent(make_person("U tërhoq", "citizen"), withdrawn=True)
    consent(make_person("Gazetarja u tërhoq", "journalist"), withdrawn=True)
    make_person("Gazetar", "journalist")
    consent(make_person("Pëlqen", "citizen"))
    for name, purpose, owner in (
        ("refuzon", Purpose.EVENTS, None),
        ("refuzon.lajmet", Purpose.NEWS, None),
        ("refuzon.vlorën", Purpose.EVENTS, cast.vlore.id),
    ):
        suppress(f"{name.upper()}@kontakte.example", purpose, owner, channel=ConsentChannel.LINK, now=NOW)
    db.session.commit()
    result = found({"of": "persons"}, cast.arta)
    assert names(result) == ["Gazetar", "Pëlqen", "Refuzon lajmet", "Refuzon Vlorën"]
    reasons = {out.recipient.name: out.reason for out in result.left_out}
    assert reasons == {
        "Pa adresë": Unmailed.NO_ADDRESS,
        "Refuzon": Unmailed.REFUSES,
        "Pa pëlqim": Unmailed.NO_CONSENT,
        "Për lajme": Unmailed.NO_CONSENT,
        "U tërhoq": Unmailed.NO_CONSENT,
        "Gazetarja u tërhoq": Unmailed.REFUSES,
    }
    assert result.found == 10


def test_consent_given_to_another_organisation_is_not_ours(cast: SimpleNamespace) -> None:
    person = make_person("Aleati i rrjetit", "ally")
    consent(person).organisation_id = cast.vlore.id
    db.session.commit()
    assert names(found({"of": "persons"}, cast.clirim)) == ["Aleati i rrjetit"]
    assert names(found({"of": "persons"}, cast.arta)) == []


def test_the_address_is_the_one_a_mail_takes(cast: SimpleNamespace) -> None:
    hall = factories.make_institution("Bashkia Fier")
    office = factories.make_office("Kryetar", hall, email=None)
    bare = factories.make_office("Arkivist", hall, email=None)
    rows: list[dict[str, Any]] = [
        {"institution": hall, "email": "bashkia@fier.example"},
        {"office": office, "email": "shtypi@fier.example", "use": AddressUse.PRESS},
        {"office": office, "email": "shembull@fier.example", "use": AddressUse.PRESS},
        {
            "office": office,
            "email": "tonat@fier.example",
            "use": AddressUse.PRESS,
            "organisation_id": cast.fier.id,
        },
        {"office": office, "email": "e.huaj@fier.example", "organisation_id": cast.vlore.id},
    ]
    for values in rows:
        db.session.add(Address(**values))
    db.session.commit()
    result = found({"of": "offices"}, cast.arta)
    for recipient, one in zip(result.recipients, (bare, office), strict=True):
        taken = best_addresses([one], reach_to_read(cast.arta))
        assert recipient.email == taken[one].email
    assert [other.email for other in result.recipients] == ["bashkia@fier.example", "tonat@fier.example"]


@pytest.mark.parametrize("who", ["arta", "drita"])
def test_the_lists_organisation_chooses_the_address_whoever_looks(cast: SimpleNamespace, who: str) -> None:
    office = factories.make_office("Kryetar", email="kryetar@bashkia.example")
    for owner in (cast.vlore, cast.fier):
        values: dict[str, Any] = {"organisation_id": owner.id, "use": AddressUse.PRESS}
        db.session.add(Address(email=f"{owner.key}@bashkia.example", office=office, **values))
    made = make_list("E Fierit", cast.fier, {"of": "offices"})
    db.session.commit()
    user = getattr(cast, who)
    result = resolve(made, user, Purpose.EVENTS, local_date(NOW))
    assert [recipient.email for recipient in result.recipients] == ["org-fier@bashkia.example"]
    [option] = find_guests("kryetar", user, reach=reach_of(made, user))
    assert option.address and option.address.email == "org-fier@bashkia.example"


def test_two_offices_at_their_institutions_address_get_one_mail(cast: SimpleNamespace) -> None:
    hall = factories.make_institution("Bashkia Fier")
    for title in ("Kryetar", "Arkivist"):
        factories.make_office(title, hall, email=None)
    db.session.add(Address(institution=hall, email="bashkia@fier.example"))
    db.session.commit()
    result = found({"of": "offices"}, cast.arta)
    assert (names(result), len(result.left_out)) == (["Arkivist, Bashkia Fier"], 1)


def test_a_networks_list_never_shows_another_organisations_people(cast: SimpleNamespace) -> None:
    ours = make_person("Qytetar i Fierit", "citizen", owner=cast.fier)
    shared = make_person("Zyrtar i rrjetit")
    lists = [
        make_list("Me filtër", None, {"of": "persons"}),
        make_list("Me dorë", None, None, ours, shared),
        make_list("E Fierit", cast.fier, {"of": "persons"}),
    ]
    make_person("Qytetar i Vlorës", "citizen", owner=cast.vlore)
    db.session.commit()
    today = local_date(NOW)

    def seen(user: Any) -> list[set[str]]:
        results = [resolve(one, user, Purpose.EVENTS, today) for one in lists]
        counted = [count_found(one, reach_of(one, user), today) for one in lists]
        assert counted == [result.found for result in results]
        return [everybody(result) for result in results]

    assert "Qytetar i Fierit" not in set().union(*seen(cast.clirim)[:2])
    fier = {"Qytetar i Fierit", "Zyrtar i rrjetit"}
    assert seen(cast.arta) == [fier, fier, fier]
    assert seen(cast.drita)[2] == fier, "an organisation's list reaches its own contacts, whoever looks"
    assert all("Qytetar" not in name for found_names in seen(cast.eva) for name in found_names)


def test_merged_and_erased_persons_are_on_no_list(cast: SimpleNamespace) -> None:
    kept, gone, erased = (make_person(name) for name in ("Mbetur", "Bashkuar", "Fshirë"))
    made = make_list("Të gjithë", cast.fier, None, kept, gone, erased)
    gone.merged_into_id, erased.erased_at = kept.id, NOW
    db.session.commit()
    assert everybody(resolve(made, cast.arta, Purpose.EVENTS, local_date(NOW))) == {"Mbetur"}


def test_many_cost_no_more_queries_than_few(cast: SimpleNamespace) -> None:
    office = factories.make_office()
    made = make_list("Të përzier", cast.fier, None, office, make_person("Një", "citizen"))
    suppress("dikush@tjeter.example", Purpose.EVENTS, None, channel=ConsentChannel.LINK, now=NOW)
    db.session.commit()

    def queries(source: Any) -> int:
        db.session.expire_all()
        source.filter, cast.arta.role, cast.arta.organisation_id  # noqa: B018  # loaded again beforehand
        with counted_statements() as asked:
            resolve(source, cast.arta, Purpose.EVENTS, local_date(NOW))
        return len(asked)

    few = queries(made)
    for number in range(700):
        person = Person(name=f"Person {number}")
        person.addresses.append(Address(email=f"p{number}@kontakte.example"))
        db.session.add(person)
    db.session.flush()
    everyone = db.session.scalars(select(Person)).all()
    big = make_list("Të shumtë", cast.fier, None, office, *everyone)
    db.session.commit()
    assert queries(big) == few <= 5
