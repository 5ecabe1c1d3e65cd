"""Who gets mail: the rule, its twin for the database, and what pages say of it."""

from __future__ import annotations

from datetime import timedelta
from itertools import product
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from pop_campaigns.contacts.models.addresses import Address
from pop_campaigns.contacts.models.consents import Consent
from pop_campaigns.contacts.models.persons import Mandate, Person
from pop_campaigns.contacts.queries.addresses import Reach
from pop_campaigns.contacts.queries.mailable import Asked, agreed, asked_persons, unmailed_among
from pop_campaigns.contacts.rules import (
    Basis,
    ConsentChannel,
    Mailable,
    PersonKind,
    Purpose,
    Unmailed,
    basis_of,
    why_unmailed,
)
from pop_campaigns.contacts.services.refusals import suppress
from pop_campaigns.core.clock import local_date, now
from pop_campaigns.core.db import db
from pop_campaigns.mail.addresses import is_sample_address
from tests.factories import make_consent, make_institution, make_office, make_person

K, B, U = PersonKind, Basis, Unmailed


@pytest.mark.parametrize(
    ("kind", "holds", "press", "basis"),
    [
        (None, False, False, B.OFFICE),
        (K.OFFICIAL, False, False, B.PUBLIC_ROLE),
        (K.JOURNALIST, False, False, B.PRESS),
        (K.JOURNALIST, True, True, B.PRESS),
        (K.CITIZEN, True, True, B.CONSENT),
        (K.ALLY, True, True, B.CONSENT),
        (K.OTHER, False, False, B.CONSENT),
        (K.OTHER, True, False, B.PUBLIC_ROLE),
        (K.OTHER, False, True, B.PRESS),
        (K.OTHER, True, True, B.PUBLIC_ROLE),
    ],
)
def test_what_an_invitation_rests_on(kind: K | None, holds: bool, press: bool, basis: B) -> None:
    assert basis_of(kind, Purpose.EVENTS, holds_office=holds, of_press=press) is basis
    news = basis_of(kind, Purpose.NEWS, holds_office=holds, of_press=press)
    assert news is (B.OFFICE if kind is None else B.CONSENT)


@pytest.mark.parametrize(
    ("who", "reason"),
    [
        (Mailable(B.OFFICE), None),
        (Mailable(B.OFFICE, refuses=True), None),
        (Mailable(B.OFFICE, came_back=True, refuses=True), U.CAME_BACK),
        (Mailable(B.OFFICE, has_address=False), U.NO_ADDRESS),
        (Mailable(B.OFFICE, sample=True), U.SAMPLE),
        (Mailable(B.PRESS), None),
        (Mailable(B.PRESS, refuses=True, consented=True), U.REFUSES),
        (Mailable(B.PUBLIC_ROLE, refuses=True, came_back=True), U.REFUSES),
        (Mailable(B.CONSENT), U.NO_CONSENT),
        (Mailable(B.CONSENT, refuses=True), U.NO_CONSENT),
        (Mailable(B.CONSENT, consented=True), None),
        (Mailable(B.CONSENT, consented=True, refuses=True), U.REFUSES),
        (Mailable(B.CONSENT, consented=True, sample=True), U.SAMPLE),
    ],
)
def test_why_somebody_gets_no_mail(who: Mailable, reason: U | None) -> None:
    assert why_unmailed(who) is reason


# Whose the consent is, for what, whether it stands: None is no consent at all.
CONSENTS: tuple[tuple[str, Purpose, bool] | None, ...] = (
    None,
    ("ours", Purpose.EVENTS, True),
    ("network", Purpose.EVENTS, True),
    ("theirs", Purpose.EVENTS, True),
    ("ours", Purpose.NEWS, True),
    ("ours", Purpose.EVENTS, False),
    ("theirs", Purpose.EVENTS, False),
)


@pytest.mark.both_databases
@pytest.mark.parametrize("purpose", [Purpose.EVENTS, Purpose.NEWS])
def test_the_database_answers_as_the_rule_does(cast: SimpleNamespace, purpose: Purpose) -> None:
    """Every combination of kind, office, medium and consent; an office left, or another organisation's, counts not."""
    today, office = local_date(now()), make_office(email=None)
    medium = make_institution("Radio", kind="medium")
    no_medium = make_institution("Shoqata", kind="cso")
    wanted: dict[int, tuple[B, bool, bool]] = {}
    owners = {"ours": cast.fier.id, "network": None, "theirs": cast.vlore.id}
    mandates: tuple[dict[str, Any] | None, ...] = (
        None,
        {},
        {"to_date": today - timedelta(days=1)},
        {"organisation_id": cast.vlore.id},
    )
    for kind, held, works_for, consent in product(K, mandates, (None, medium, no_medium), CONSENTS):
        person = Person(name=f"{kind} {held} {consent}", kind=kind, works_for=works_for)
        db.session.add(person)
        if held is not None:
            db.session.add(Mandate(person=person, office=office, **held))
        stands = took_back = False
        if consent is not None:
            whose, what, lasts = consent
            values: dict[str, Any] = {"proof_file": None, "organisation_id": owners[whose]}
            if not lasts:
                values |= {"withdrawn_at": now(), "withdrawn_by": ConsentChannel.MAIL}
            person.consents.append(consent_row(what, **values))
            reaches = what is purpose and whose != "theirs"
            stands, took_back = reaches and lasts, reaches and not lasts
        db.session.flush()
        basis = basis_of(kind, purpose, holds_office=held == {}, of_press=works_for is medium)
        wanted[person.id] = (basis, stands, took_back)
    reach = Reach(cast.drita, cast.fier.id)
    emails = dict.fromkeys(wanted, "x@bashkia.al")
    asked = asked_persons(emails, purpose, reach, today)
    assert {ident: how[1:] for ident, how in asked.items()} == wanted
    may = set(
        db.session.scalars(select(Person.id).where(Person.id.in_(wanted), agreed(purpose, reach, today)))
    )
    unmailed = unmailed_among(asked, purpose, cast.fier.id)
    assert may == {ident for ident in wanted if unmailed.get(ident) is not U.NO_CONSENT}
    # Neither all nor nobody, else the test says nothing.
    assert 0 < len(may) < len(wanted)


def consent_row(purpose: Purpose, **values: Any) -> Consent:
    moment = now() - timedelta(days=7)
    return Consent(
        purpose=purpose, text_version="1", language="sq", channel=ConsentChannel.PAPER, given_at=moment,
        recorded_at=moment, **values,
    )  # fmt: skip


@pytest.mark.both_databases
@pytest.mark.parametrize(
    ("email", "sample"),
    [
        ("zyra@bashkia.example", True),
        ("zyra@BASHKIA.Example", True),
        ("zyra@example.com", True),
        ("zyra@a.b.example.org", True),
        ("zyra@mail.test", True),
        ("zyra@bashkia.al", False),
        ("zyra@myexample.com", False),
        ("zyra.example@bashkia.al", False),
        ("a%example.com@bashkia.al", False),
        ("zyra@example.com.al", False),
        ("zyra@latest", False),
    ],
)
def test_samples_are_known_by_their_domain(cast: SimpleNamespace, email: str, sample: bool) -> None:
    make_office(email=email)
    db.session.commit()
    assert is_sample_address(email) is sample
    [address] = db.session.scalars(select(Address))
    assert address.is_sample is sample
    assert list(db.session.scalars(select(Address.is_sample))) == [sample]


def test_samples_are_mailed_while_trying_out_and_never_leave_in_production(app: Flask) -> None:
    asked = {"sample": Asked("zyra@bashkia.example"), "real": Asked("zyra@bashkia.al"), "none": Asked("")}
    assert unmailed_among(asked, Purpose.EVENTS, None) == {"none": U.NO_ADDRESS}
    app.config["MODE"] = "production"
    try:
        in_earnest = unmailed_among(asked, Purpose.EVENTS, None)
    finally:
        app.config["MODE"] = "test"
    assert in_earnest == {"none": U.NO_ADDRESS, "sample": U.SAMPLE}


def test_a_refusal_is_of_persons_and_not_of_offices(cast: SimpleNamespace) -> None:
    suppress("q@posta.al", Purpose.EVENTS, cast.fier.id, channel=ConsentChannel.LINK, now=now())
    asked = {"office": Asked("Q@posta.al"), "journalist": Asked("Q@posta.al", B.PRESS)}
    assert unmailed_among(asked, Purpose.EVENTS, cast.fier.id) == {"journalist": U.REFUSES}
    assert unmailed_among(asked, Purpose.EVENTS, cast.vlore.id) == {}


def test_who_took_a_consent_back_refuses_at_a_new_address_too(cast: SimpleNamespace) -> None:
    asked = {
        1: Asked("e.re@posta.al", B.PRESS, withdrew=True),
        2: Asked("e.re@posta.al", B.PRESS, True, True),
    }
    assert unmailed_among(asked, Purpose.EVENTS, None) == {1: U.REFUSES}


@pytest.mark.parametrize(
    ("kind", "consented", "says"),
    [
        ("citizen", False, ["Pa pëlqim", "Pa pëlqim"]),
        ("citizen", True, ["Lejohet", "Pa pëlqim"]),
        ("journalist", False, ["Lejohet", "Pa pëlqim"]),
        ("other", False, ["Pa pëlqim", "Pa pëlqim"]),
    ],
)
def test_the_page_of_a_person_says_what_mail_may_go(
    cast: SimpleNamespace, sign_in: Any, kind: str, consented: bool, says: list[str]
) -> None:
    person = make_person("Dikush", email="d@posta.al", kind=kind, organisation=cast.fier)
    if consented:
        make_consent(person)
    db.session.commit()
    page = sign_in(cast.arta).get(f"/people/persons/{person.id}").text
    part = page.split('id="consents"')[1].split("</ul>")[0]
    found = [say for line in part.split("<li>")[1:] for say in ("Lejohet", "Pa pëlqim") if say in line]
    assert found == says


def test_the_table_of_the_documentation_is_the_rule() -> None:
    """Each row of *Who gets mail* in docs/privacy.md, as the rule answers."""
    people: dict[str, dict[str, Any]] = {
        "an office, an institution": {"kind": None},
        "an official": {"kind": K.OFFICIAL},
        "a journalist": {"kind": K.JOURNALIST},
        "a citizen": {"kind": K.CITIZEN},
        "an ally (expert, activist, other organisation)": {"kind": K.ALLY},
        "another person who holds an office": {"kind": K.OTHER, "holds_office": True},
        "another person who works for a medium": {"kind": K.OTHER, "of_press": True},
        "another person": {"kind": K.OTHER},
    }
    assert {who["kind"] for who in people.values()} == {None, *K}
    says = {
        B.OFFICE: ("yes: it is asked as an institution", "yes"),
        B.PUBLIC_ROLE: ("yes: public role",),
        B.PRESS: ("yes: press",),
        B.CONSENT: ("with consent",),
    }
    page = Path("docs/privacy.md").read_text(encoding="utf-8")
    part = page.split("## Who gets mail")[1].split("\n## ")[0]
    rows = [line.strip("| ").split(" | ") for line in part.splitlines() if line.startswith("|")][2:]
    assert [row[0] for row in rows] == list(people)
    for who, invitations, news, letters in rows:
        assert invitations in says[basis_of(purpose=Purpose.EVENTS, **people[who])], who
        assert news in says[basis_of(purpose=Purpose.NEWS, **people[who])], who
        assert letters == ("yes" if people[who]["kind"] is None else "never as a person"), who
