"""The record of 2020 as it lies in the tables; a second load; what people changed in between."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from datetime import UTC, date, datetime
from pathlib import Path
from time import process_time
from typing import Any

import pytest
import yaml
from flask import Flask
from sqlalchemy import select

from pop_campaigns.accounts.models import Network, Organisation
from pop_campaigns.archive.document import RecordRefused
from pop_campaigns.archive.load import SHIPPED_RECORD, LoadReport, load_record, load_shipped_record
from pop_campaigns.archive.reading import slug
from pop_campaigns.campaigns.models import Campaign
from pop_campaigns.contacts.models.addresses import Address
from pop_campaigns.contacts.models.institutions import Institution, Office
from pop_campaigns.contacts.models.persons import Person
from pop_campaigns.contacts.rules import AddressUse, InstitutionKind
from pop_campaigns.core.dates import DatePrecision, date_words
from pop_campaigns.core.db import Base, db
from pop_campaigns.core.history import history_of
from pop_campaigns.core.places import Municipality
from pop_campaigns.events.models.events import Event
from pop_campaigns.events.rules.events import EventFormat, EventKind, EventState
from pop_campaigns.letters.models import Letter
from pop_campaigns.letters.rules.letters import LetterState, RecipientRole
from pop_campaigns.mail.addresses import parse_address
from tests import factories
from tests.tables import made_once

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
LATER = datetime(2026, 5, 2, 9, 0, tzinfo=UTC)
# Of the content that was checked against the newsletter; a comment or another layout of the file does not change it.
CHECKED = "049015b3a22c7fd7e80a34498c62c057cc37027fd7ace78a4c32c88bcca987ed"
NINE = ["Durrës", "Fier", "Kamëz", "Kukës", "Pogradec", "Pukë", "Shkodër", "Tiranë", "Vlorë"]


@pytest.fixture
def report(app: Flask) -> LoadReport:
    """The shipped record, loaded."""
    return made_once("record", lambda: load_shipped_record(now=NOW))


def tables() -> dict[str, list[str]]:
    """All rows of all tables."""
    db.session.rollback()
    return {
        table.name: sorted(map(repr, db.session.execute(select(table)).all()))
        for table in Base.metadata.sorted_tables
    }


def load_again() -> LoadReport:
    again = load_shipped_record(now=LATER)
    db.session.commit()
    return again


def the(model: type[Any], **values: Any) -> Any:
    return db.session.scalars(select(model).filter_by(**values)).unique().one()


def events(kind: EventKind) -> list[Event]:
    rows = select(Event).where(Event.kind == kind).order_by(Event.day_from, Event.sort_key)
    return list(db.session.scalars(rows))


def write(folder: Path, text: str) -> Path:
    path = folder / "record.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_shipped_record_says_what_was_checked_against_its_source() -> None:
    """Whoever corrects the record after the newsletter writes the new sum above."""
    content = yaml.safe_load(SHIPPED_RECORD.read_text("utf-8"))
    plain = json.dumps(content, ensure_ascii=False, sort_keys=True, default=str)
    assert hashlib.sha256(plain.encode()).hexdigest() == CHECKED


@pytest.mark.both_databases
def test_it_counts_what_it_added_and_says_what_it_left_out(report: LoadReport) -> None:
    assert report.there == {}
    assert report.added == {
        "network": 1,
        "member organisations": 9,
        "municipalities": 10,
        "institutions": 17,
        "offices": 19,
        "persons": 5,
        "mandates": 5,
        "campaigns": 4,
        "events": 12,
        "letters": 1,
    }
    assert report.for_later == (
        "social_contracts",
        "reports",
        "council_sessions_observed",
        "decisions_published_since",
        "plans",
    )
    assert report.left_out == ("network.twitter", "network.facebook")


def test_the_network_has_its_names_and_donors(report: LoadReport) -> None:
    network = db.session.get_one(Network, 1)
    assert (network.short_name, network.name_en) == ("POP", "Juxtaposing Political Offers")
    assert network.email == "perballjaeofertavepolitike@gmail.com"
    assert [donor["name"] for donor in network.donors] == [
        "Olof Palme International Centre",
        "National Endowment for Democracy",
    ]
    assert network.donors[0]["financed_by"] == "Sweden"
    assert network.donors[1]["programme"] is None


def test_nine_members_stand_each_in_its_municipality(report: LoadReport) -> None:
    members = db.session.scalars(select(Organisation)).all()
    assert sorted(member.municipality.name for member in members if member.municipality) == NINE
    csdc = the(Organisation, short_name="CSDC")
    assert (csdc.name, csdc.municipality.key) == ("Qendra për Zhvillimin e Shoqërisë Civile", "durres")
    vlore = the(Organisation, name_en="Vlora Youth Center")
    # Its key is that of the name as printed: who loaded the record under that name has no second organisation.
    assert (vlore.short_name, vlore.key) == ("V.Y.C.", slug("Qendra Rinore Vlorës"))
    assert {member.name_as_printed for member in members} - {""} == {
        "Qendra “Aleanca Gjinore per Zhvillim",
        "Qendra Rinore Vlorës",
        "Rinia për Integrim, Aktivizim dhe Sensibilizim, Progradec",
    }


def test_municipalities_have_their_definite_form_and_county(report: LoadReport) -> None:
    kamez, puke = the(Municipality, key="kamez"), the(Municipality, key="puke")
    assert (kamez.name_definite, kamez.county) == ("Kamza", "Tiranë")
    assert (puke.name_definite, puke.county) == ("Puka", "Shkodër")
    assert the(Municipality, key="mallakaster").county == "Fier"


def test_campaigns_last_as_long_as_the_source_says(report: LoadReport) -> None:
    campaigns = {each.key: (each.day_from, each.day_to) for each in db.session.scalars(select(Campaign))}
    assert campaigns == {
        "pop-2019": (date(2019, 1, 1), date(2019, 12, 31)),
        "pop-2020": (date(2020, 1, 1), date(2020, 12, 31)),
        "covid-19": (date(2020, 3, 1), date(2020, 5, 31)),
        "gjanica": (date(2020, 4, 1), None),
    }


def test_five_confrontations_have_a_day_and_four_have_none(report: LoadReport) -> None:
    confrontations = events(EventKind.CONFRONTATION)
    days = {each.municipality.name: each.day_from for each in confrontations if each.municipality}
    assert len(confrontations) == len(days) == 9
    assert {name: day for name, day in days.items() if day} == {
        "Tiranë": date(2020, 5, 27),
        "Vlorë": date(2020, 6, 3),
        "Pukë": date(2020, 6, 4),
        "Durrës": date(2020, 6, 9),
        "Kamëz": date(2020, 6, 22),
    }
    assert sorted(days) == NINE
    assert Counter(each.precision for each in confrontations) == {
        DatePrecision.DAY: 5,
        DatePrecision.UNKNOWN: 4,
    }


def test_each_confrontation_is_of_the_member_with_its_municipality(report: LoadReport) -> None:
    for event in events(EventKind.CONFRONTATION):
        assert event.municipality is not None
        assert event.organisation is not None
        assert event.institution is not None
        assert event.organisation.municipality is event.municipality
        assert event.institution.name_sq == f"Bashkia {event.municipality.name}"
        assert (event.state, event.from_record, event.published) == (EventState.HELD, True, True)
        assert (event.format, event.title_en, event.starts_at) == (None, "", None)


def test_the_meetings_of_january_and_february_are_the_networks(report: LoadReport) -> None:
    (meeting,) = events(EventKind.MEETING)
    assert (meeting.organisation, meeting.municipality) == (None, None)
    assert meeting.precision is DatePrecision.PERIOD
    assert date_words(meeting.precision, meeting.day_from, meeting.day_to, "sq") == "janar – shkurt 2020"


def test_the_hearing_names_who_attended_and_in_which_office(report: LoadReport) -> None:
    (hearing,) = events(EventKind.HEARING)
    assert hearing.day_from == date(2020, 6, 16)
    assert hearing.more_url == "https://www.parlament.al/News/Index/10165"
    assert [(each.name, each.office_title) for each in hearing.attendances] == [
        ("Enver Roshi", "Kryetar i komisionit"),
        ("Klodiana Spahiu", "Zëvendëskryetare e komisionit"),
        ("Roland Xhelili", "Deputet i qarkut Durrës"),
        ("Edlira Bode", "Deputete e qarkut Durrës"),
    ]
    mandates = [each.person.mandates[0] for each in hearing.attendances if each.person]
    committee = "Komisioni për Punën, Çështjet Sociale dhe Shëndetësinë"
    assert [each.office.institution.name_sq for each in mandates] == [committee] * 2 + [
        "Kuvendi i Shqipërisë"
    ] * 2
    assert {(each.known_on, each.from_date, each.to_date) for each in mandates} == {
        (date(2020, 6, 16), None, None)
    }


def test_the_hearing_is_of_csdc_with_a_committee_that_promised(report: LoadReport) -> None:
    (hearing,) = events(EventKind.HEARING)
    committee = hearing.institution
    assert committee is not None
    assert committee.kind is InstitutionKind.COMMITTEE
    assert committee.name_en == "Committee on Labour, Social Affairs and Health"
    assert "Socuale" in committee.name_as_printed
    assert committee.parent is not None
    (promise,) = hearing.commitments
    assert promise.institution is committee
    assert promise.organisation is hearing.organisation is the(Organisation, short_name="CSDC")
    assert promise.words.startswith("të zhvillohet takim")
    assert promise.due_on is None


def test_eight_members_joined_the_protest_of_kamez(report: LoadReport) -> None:
    (protest,) = events(EventKind.PROTEST)
    assert (protest.format, protest.precision) == (EventFormat.ONLINE, DatePrecision.UNKNOWN)
    joined = [each.organisation.municipality for each in protest.supporters]
    names = [place.name for place in joined if place]
    assert names == ["Tiranë", "Durrës", "Kukës", "Pukë", "Fier", "Pogradec", "Shkodër", "Vlorë"]
    assert protest.institution is None


def test_the_letter_went_to_a_minister_and_six_copies(report: LoadReport) -> None:
    letter = the(Letter)
    assert (letter.state, letter.organisation, letter.campaign.key) == (LetterState.RECORDED, None, "gjanica")
    assert (letter.precision, letter.day_from) == (DatePrecision.MONTH, date(2020, 4, 1))
    assert (letter.subject_sq, letter.body_sq) == ("Ndotja e lumit Gjanica në Fier", "")
    assert letter.register_number == ""
    assert [(each.role, each.shown_as) for each in letter.recipients] == [
        (RecipientRole.TO, "Ministër, Ministria e Turizmit dhe Mjedisit"),
        (RecipientRole.CC, "Kryeministër, Kryeministria"),
        (RecipientRole.CC, "Prefekt, Prefektura e Qarkut Fier"),
        (RecipientRole.CC, "Agjencia Kombëtare e Mjedisit"),
        (RecipientRole.CC, "Kryetar, Bashkia Fier"),
        (RecipientRole.CC, "Kryetar, Bashkia Mallakastër"),
        (RecipientRole.CC, "Drejtoria Rajonale e Mjedisit pranë Qarkut Fier"),
    ]


def test_the_letters_recipients_are_what_the_source_names_and_no_more(report: LoadReport) -> None:
    recipients = the(Letter).recipients
    assert [each.position for each in recipients if each.office is None] == [4, 7]
    assert all(each.institution for each in recipients)
    assert {(each.address, each.mail_id, each.due_on) for each in recipients} == {("", None, None)}
    assert not [answer for each in recipients for answer in each.responses]
    minister = recipients[0]
    assert (minister.name, minister.office.mandates[0].person.name) == ("Klosi", "Klosi")
    assert {each.name for each in recipients[1:]} == {""}
    assert recipients[3].institution.name_as_printed == "Agjensia Kombëtare e Mjedisit"


def test_every_office_has_a_placeholder_that_reaches_nobody(report: LoadReport) -> None:
    offices = db.session.scalars(select(Office)).unique().all()
    assert Counter(len(office.addresses) for office in offices) == {1: 19}
    addresses = db.session.scalars(select(Address)).all()
    assert all(each.is_sample for each in addresses)
    assert all(parse_address(each.email, allow_example=True) == each.email for each in addresses)
    assert len({each.email for each in addresses}) == 19
    desks = {
        each.office.institution.name_sq
        for each in addresses
        if each.use is AddressUse.PROTOCOL and each.office
    }
    assert desks == {"Agjencia Kombëtare e Mjedisit", "Drejtoria Rajonale e Mjedisit pranë Qarkut Fier"}


def test_institutions_and_offices_have_english_names(report: LoadReport) -> None:
    tirana = the(Institution, key="bashkia-tirane")
    assert (tirana.name_en, tirana.offices[0].title_en) == ("Municipality of Tirana", "Mayor")
    assert the(Institution, key="prefektura-e-qarkut-fier").name_en == "Prefecture of Fier County"
    assert not db.session.scalars(select(Office).where(Office.title_en == "")).unique().all()
    assert not db.session.scalars(select(Institution).where(Institution.name_en == "")).all()


def test_history_says_where_a_row_comes_from(report: LoadReport) -> None:
    (row,) = history_of(the(Letter))
    assert (row.action, row.at, row.actor_id) == ("letter.recorded", NOW, None)
    assert row.details["source"] == "pop-newsletter-2020-h1.sq.txt"


@pytest.mark.both_databases
def test_a_second_load_changes_nothing(report: LoadReport) -> None:
    before = tables()
    again = load_again()
    assert (again.added, again.there) == ({}, report.added)
    assert tables() == before


def test_the_same_facts_written_otherwise_add_nothing(report: LoadReport, tmp_path: Path) -> None:
    before = tables()
    facts = yaml.safe_load(SHIPPED_RECORD.read_text("utf-8"))
    otherwise = write(tmp_path, yaml.safe_dump(facts, sort_keys=True, allow_unicode=False, width=40))
    assert load_record(otherwise, now=LATER).added == {}
    db.session.commit()
    assert tables() == before


def test_what_people_changed_stays_as_they_left_it(report: LoadReport) -> None:
    the(Network).phone = "+355 4 000 000"
    the(Institution, key="bashkia-fier").name_sq = "Bashkia e Fierit"
    the(Institution, key="bashkia-fier").offices[0].title_sq = "Kryetari i Bashkisë"
    the(Person, name="Klosi").name = "Ministri i mëparshëm"
    the(Municipality, key="fier").name = "Fieri"
    (meeting,) = events(EventKind.MEETING)
    meeting.title_sq, meeting.state = "Takime", EventState.CANCELLED
    undated = next(each for each in events(EventKind.CONFRONTATION) if each.day_from is None)
    undated.precision, undated.day_from = DatePrecision.DAY, date(2020, 6, 30)
    real = db.session.scalars(select(Address)).first()
    assert real is not None
    real.email = "zyra@bashkia.al"
    db.session.commit()
    before = tables()
    assert load_again().added == {}
    assert tables() == before


def test_a_member_may_have_another_name_by_now(report: LoadReport) -> None:
    the(Organisation, short_name="CSDC").short_name = "QZHSHC"
    the(Organisation, name="Epoka e Re").name = "Epoka e Re – Fier"
    db.session.commit()
    before = tables()
    assert load_again().added == {}
    assert tables() == before


@pytest.mark.both_databases
def test_what_people_removed_does_not_come_back(report: LoadReport) -> None:
    for address in db.session.scalars(select(Address)):
        db.session.delete(address)
    (protest,) = events(EventKind.PROTEST)
    klosi = the(Person, name="Klosi")
    for row in (*protest.supporters, protest, *klosi.mandates):
        db.session.delete(row)
    db.session.flush()
    db.session.expire(klosi)
    db.session.delete(klosi)
    db.session.commit()
    before = tables()
    assert load_again().added == {}
    assert tables() == before


def test_what_people_added_before_is_taken_for_the_records(app: Flask) -> None:
    fier = factories.make_institution("BASHKIA FIER")
    mayor = factories.make_office("kryetar", fier, email="kryetari@bashkiafier.example")
    own = factories.make_institution("Kryeministria", organisation=factories.make_organisation("Lezhë"))
    db.session.commit()
    report = load_shipped_record(now=NOW)
    db.session.commit()
    assert report.there == {"institutions": 1, "offices": 1}
    recipients = {each.institution_name: each for each in the(Letter).recipients}
    assert recipients["Bashkia Fier"].office is mayor
    assert [address.email for address in mayor.addresses] == ["kryetari@bashkiafier.example"]
    assert recipients["Kryeministria"].institution is not own
    before = tables()
    assert load_again().added == {}
    assert tables() == before


def test_a_longer_record_adds_only_what_is_new(report: LoadReport, tmp_path: Path) -> None:
    more = """
members: [{municipality: Lezhë, name: Qendra e Lezhës}]
events:
  - {kind: confrontation, title: {sq: Përballja me Bashkinë Fier}, date: 2021-06-01, municipality: Fier}
  - {kind: round_table, title: {sq: Tryezë}, date: 2020-09, municipality: Lezhë, campaign: gjanica, format: hybrid}
"""
    added = load_record(write(tmp_path, more), now=LATER).added
    db.session.commit()
    assert added == {
        "member organisations": 1,
        "municipalities": 1,
        "institutions": 1,
        "offices": 1,
        "events": 2,
    }
    (table,) = events(EventKind.ROUND_TABLE)
    assert (table.precision, table.day_to) == (DatePrecision.MONTH, date(2020, 9, 30))
    assert table.campaign is the(Campaign, key="gjanica")
    assert table.organisation is the(Organisation, name="Qendra e Lezhës")
    with_fier = [each.day_from for each in events(EventKind.CONFRONTATION) if "fier" in (each.key or "")]
    assert set(with_fier) == {None, date(2021, 6, 1)}


def test_calendars_know_an_event_by_the_same_name_wherever_it_is_loaded(report: LoadReport) -> None:
    (meeting,) = events(EventKind.MEETING)
    assert meeting.uid == "record-cfc659f8c6bcd0ced2b1ea8f56822ceb@rsvp.example"
    assert len(set(db.session.scalars(select(Event.uid)))) == 12


@pytest.mark.parametrize(
    "wrong",
    [
        "letters: [{case: korça, date: null, subject: {sq: Lënda}, to: {institution: Bashkia Fier}}]",
        "events: [{kind: meeting, title: {sq: Takim}, municipality: Korçë}]",
        "events: [{kind: meeting, title: {sq: Takim}, joined_by: [Fier, Epoka e Re]}]",
        "events: [{kind: meeting, title: {sq: Takim}, campaign: pop-1999}]",
    ],
)
def test_one_fact_that_hangs_in_the_air_and_nothing_is_added(
    report: LoadReport, tmp_path: Path, wrong: str
) -> None:
    before = tables()
    path = write(tmp_path, f"members: [{{municipality: Lezhë, name: Qendra e Lezhës}}]\n{wrong}")
    with pytest.raises(RecordRefused, match=r"^line 2: (events|letters)\[1\]"):
        load_record(path, now=LATER)
    db.session.commit()  # a caller who goes on all the same keeps nothing of it
    assert tables() == before


def test_two_members_of_one_city_must_be_told_apart(report: LoadReport, tmp_path: Path) -> None:
    head = "members: [{municipality: Fier, name: Tjetra}]\nevents:\n- {kind: meeting, title: {sq: Takim}, municipality: Fier"
    with pytest.raises(RecordRefused, match=r"line 3: .* several member organisations go by “Fier”"):
        load_record(write(tmp_path, head + "}"), now=LATER)
    load_record(write(tmp_path, head + ", organisation: tjetra}"), now=LATER)
    assert next(each for each in events(EventKind.MEETING) if each.title_sq == "Takim").organisation is the(
        Organisation, name="Tjetra"
    )


def test_it_takes_less_than_two_seconds(app: Flask) -> None:
    started = process_time()  # not the clock on the wall: tests share their machine
    load_shipped_record(now=NOW)
    db.session.commit()
    assert process_time() - started < 2
