"""Contact details, kinds of persons, consent with its proof, and handing over: as the pages give them."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from pop_campaigns.contacts.models.consents import Consent, Suppression, Tombstone
from pop_campaigns.contacts.models.institutions import Institution
from pop_campaigns.contacts.models.persons import Person
from pop_campaigns.contacts.queries.refusals import suppressed_among
from pop_campaigns.contacts.rules import ConsentChannel, PersonKind, Purpose, TombstoneKind
from pop_campaigns.contacts.services.refusals import bury, suppress
from pop_campaigns.contacts.words.consent_texts import CURRENT, TEXTS, consent_text
from pop_campaigns.core.clock import local_date, now
from pop_campaigns.core.db import db
from pop_campaigns.core.history import History
from tests import factories
from tests.opened import opened, version_on

SignIn = Callable[[Any], FlaskClient]


def institution(**changes: str) -> dict[str, str]:
    return {"name_sq": "Radio Fieri", "kind": "medium", "municipality": "", "language": "sq"} | changes


def person(**changes: str) -> dict[str, str]:
    return {"name": "Gazetare Fier", "kind": "journalist", "language": "sq"} | changes


def selected(page: Any, name: str) -> str:
    choice = re.search(rf'<select[^>]*name="{name}".*?</select>', page.text, re.S)
    assert choice
    match = re.search(r"<option[^>]*selected[^>]*>([^<]+)<", choice[0])
    return match[1] if match else ""


def test_the_details_of_an_institution_are_kept_shown_and_kept_again(
    cast: SimpleNamespace, sign_in: SignIn
) -> None:
    arta, place = sign_in(cast.arta), cast.fier.municipality
    typed = institution(
        municipality=str(place.id),
        phone="034 222 123",
        post_address="Sheshi Fitorja\r\nFier 9301",
        working_hours="e hënë–e premte 8:00–16:00",
        medium_kind="radio",
        accreditation="AMA 12/2024",
        accredited_until="2027-12-31",
    )
    assert arta.post("/people/institutions/new", data=typed).status_code == 302
    made = db.session.scalars(select(Institution)).one()
    assert (made.phone, made.medium_kind, made.county) == ("+35534222123", "radio", "")
    page = arta.get(f"/people/institutions/{made.id}").text
    for words in ("034 222 123", 'href="tel:+35534222123"', "Fier 9301", "8:00–16:00", "AMA 12/2024", "2027"):
        assert words in page
    # What the form shows is what is there: saved again unread, nothing is lost.
    form = arta.get(f"/people/institutions/{made.id}/edit")
    assert selected(form, "municipality") == "Fier"
    assert selected(form, "medium_kind") == "Radio"
    assert 'value="034 222 123"' in form.text
    assert '<details class="more-fields" open>' in form.text
    arta.post(f"/people/institutions/{made.id}/edit", data=typed | version_on(form.text))
    assert [row.action for row in db.session.scalars(select(History))] == ["institution.created"]


def test_history_says_what_was_and_what_became(cast: SimpleNamespace, sign_in: SignIn) -> None:
    made = factories.make_institution(organisation=cast.fier, phone="+35534222123")
    db.session.commit()
    arta = sign_in(cast.arta)
    typed = institution(name_sq="Bashkia Fier", kind="municipality", phone="034 555 555", county="Fier")
    path = f"/people/institutions/{made.id}/edit"
    assert arta.post(path, data=typed | opened(arta, path)).status_code == 302
    page = arta.get(f"/people/institutions/{made.id}").text
    assert "034 222 123 → 034 555 555" in page
    assert "– → Fier" in page


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("phone", "zyra e kryetarit"),
        ("phone", "12"),
        ("county", "Atlantida"),
        ("medium_kind", "pigeon"),
        ("accredited_until", "31/31/2020"),
        ("language", "de"),
        ("post_address", "x" * 501),
    ],
)
def test_what_cannot_be_is_refused_and_kept_as_typed(
    cast: SimpleNamespace, sign_in: SignIn, field: str, wrong: str
) -> None:
    answer = sign_in(cast.arta).post("/people/institutions/new", data=institution(**{field: wrong}))
    assert answer.status_code == 422
    assert 'value="Radio Fieri"' in answer.text
    assert not db.session.scalars(select(Institution)).all()


def test_a_journalist_is_kept_with_medium_topics_and_card(cast: SimpleNamespace, sign_in: SignIn) -> None:
    medium = factories.make_institution("Radio Fieri", kind="medium", organisation=cast.fier)
    foreign = factories.make_institution("Radio Vlora", kind="medium", organisation=cast.vlore)
    db.session.commit()
    arta = sign_in(cast.arta)
    typed = person(
        works_for=str(medium.id), topics="lumenj; buxheti, lumenj", press_card="K-77", phone="069 212 3456"
    )
    assert arta.post("/people/persons/new", data=typed | {"works_for": str(foreign.id)}).status_code == 422
    assert arta.post("/people/persons/new", data=typed).status_code == 302
    made = db.session.scalars(select(Person)).one()
    assert (made.kind, made.topics, made.phone) == (PersonKind.JOURNALIST, "lumenj, buxheti", "+355692123456")
    page = arta.get(f"/people/persons/{made.id}").text
    for words in ("Radio Fieri", "K-77", "lumenj, buxheti", "si media, pa pëlqim"):
        assert words in page
    # The same form sent twice adds nobody; another person of the name is added when one says so.
    assert arta.post("/people/persons/new", data=typed).status_code == 422
    other = typed | {"anyway": "1", "seen": str(made.id)}
    assert arta.post("/people/persons/new", data=other).status_code == 302
    assert len(db.session.scalars(select(Person)).all()) == 2


@pytest.mark.both_databases
def test_the_list_is_filtered_by_kind_and_municipality_and_so_is_its_file(
    cast: SimpleNamespace, sign_in: SignIn
) -> None:
    place = cast.fier.municipality
    factories.make_person("Gazetare Fier", organisation=cast.fier, kind="journalist", municipality=place)
    factories.make_person("Gazetar Vlorë", organisation=cast.fier, kind="journalist")
    factories.make_person("Qytetare Fier", organisation=cast.fier, kind="citizen", municipality=place)
    db.session.commit()
    arta = sign_in(cast.arta)
    asked = {"kind": "journalist", "municipality": "fier"}
    for answer in (
        arta.get("/people/persons", query_string=asked),
        arta.post("/people/persons.csv", query_string=asked),
    ):
        result = answer.text
        assert "Gazetare Fier" in result
        assert "Gazetar Vlorë" not in result
        assert "Qytetare Fier" not in result
    everybody = arta.get("/people/persons?kind=nobody&municipality=nowhere").text
    assert everybody.count("data-row") == 3
    empty = arta.get("/people/persons?kind=ally").text
    assert "data-row" not in empty


def test_citizens_are_seen_by_their_organisation_only(cast: SimpleNamespace, sign_in: SignIn) -> None:
    """Not by another member, through no page or file, and not by who only reads the network."""
    one = factories.make_person(
        "Qytetare Kanarina", organisation=cast.fier, kind="citizen", email="kanarina@posta.example"
    )
    consent = factories.make_consent(one)
    db.session.commit()
    paths = [
        "/people/persons",
        "/people/persons?q=kanarina",
        "/people/persons.csv",
        "/people/persons.vcf",
        "/search?q=kanarina",
        f"/people/persons/{one.id}",
        f"/people/persons/{one.id}/edit",
        f"/people/persons/{one.id}/consents/new",
        f"/people/consents/{consent.id}/proof",
        f"/people/consents/{consent.id}/withdraw",
    ]
    for who in (cast.clirim, cast.eva):
        browser = sign_in(who)
        for path in paths:
            assert "Kanarina" not in browser.get(path).text, (who.name, path)
        assert browser.get(f"/people/persons/{one.id}").status_code == 404
        assert browser.get(f"/people/consents/{consent.id}/proof").status_code == 404
    for who in (cast.besa, cast.drita):
        assert "Kanarina" in sign_in(who).post("/people/persons.csv").text
        assert sign_in(who).get(f"/people/consents/{consent.id}/proof").data.startswith(b"%PDF")


def consent(**changes: Any) -> dict[str, Any]:
    day = local_date(now()).isoformat()
    typed = {"purpose": "events", "language": "sq", "channel": "paper", "given_on": day, "proof": "dosja 3"}
    return typed | changes


def test_a_consent_is_recorded_with_text_day_channel_and_proof(
    cast: SimpleNamespace, sign_in: SignIn
) -> None:
    one = factories.make_person("Qytetare", organisation=cast.fier, kind="citizen", email="q@posta.example")
    suppress("q@posta.example", Purpose.EVENTS, cast.fier.id, channel=ConsentChannel.LINK, now=now())
    suppress("q@posta.example", Purpose.NEWS, cast.fier.id, channel=ConsentChannel.LINK, now=now())
    db.session.commit()
    arta, address = sign_in(cast.arta), f"/people/persons/{one.id}/consents/new"
    form = arta.get(address).text
    for words in TEXTS[CURRENT][Purpose.EVENTS].values():
        assert words.replace("'", "&#39;") in form
    scan = (io.BytesIO(b"%PDF-1.7 a signature"), "pëlqimi.pdf")
    assert arta.post(address, data=consent(file=scan)).status_code == 302
    kept = db.session.scalars(select(Consent)).one()
    assert (kept.purpose, kept.text_version, kept.channel, kept.organisation_id) == (
        Purpose.EVENTS,
        CURRENT,
        ConsentChannel.PAPER,
        cast.fier.id,
    )
    assert arta.get(f"/people/consents/{kept.id}/proof").data == b"%PDF-1.7 a signature"
    # Who agrees wants mail again, for this purpose.
    assert suppressed_among(["q@posta.example"], Purpose.EVENTS, cast.fier.id) == set()
    assert suppressed_among(["q@posta.example"], Purpose.NEWS, cast.fier.id)
    page = arta.get(f"/people/persons/{one.id}").text
    assert "dosja 3" in page
    assert "pëlqimi.pdf" in page
    assert "Lejohet" in page.split("Ftesa për veprimtari")[1].split("</li>")[0]
    assert consent_text(CURRENT, Purpose.EVENTS, "sq") in page.replace("&#39;", "'")
    # Who agreed to an earlier text is shown that one.
    assert consent_text("2026-1", Purpose.EVENTS, "sq").startswith("Pajtohem që organizata të më ruajë")
    again = arta.post(address, data=consent())
    assert again.status_code == 422
    assert "tashmë" in again.text
    assert len(db.session.scalars(select(Consent)).all()) == 1


WRONG_CONSENTS: dict[str, Callable[[], dict[str, Any]]] = {
    "no purpose": lambda: {"purpose": ""},
    "unknown purpose": lambda: {"purpose": "spam"},
    "by a link": lambda: {"channel": "link"},
    "no day": lambda: {"given_on": ""},
    "to come": lambda: {"given_on": (local_date(now()) + timedelta(days=2)).isoformat()},
    "long ago": lambda: {"given_on": "1492-10-12"},
    "nobody's": lambda: {"purpose": "sharing", "shared_with": "999999"},
    "a program": lambda: {"file": (io.BytesIO(b"MZ not a scan"), "prova.exe")},
}


@pytest.mark.parametrize("wrong", WRONG_CONSENTS)
def test_a_consent_that_cannot_be_is_refused(cast: SimpleNamespace, sign_in: SignIn, wrong: str) -> None:
    one = factories.make_person("Qytetare", organisation=cast.fier, kind="citizen")
    db.session.commit()
    typed = consent(**WRONG_CONSENTS[wrong]())
    answer = sign_in(cast.arta).post(f"/people/persons/{one.id}/consents/new", data=typed)
    assert answer.status_code == 422
    assert 'value="dosja 3"' in answer.text
    assert not db.session.scalars(select(Consent)).all()


def test_a_withdrawal_ends_mail_at_once_and_is_told_once(cast: SimpleNamespace, sign_in: SignIn) -> None:
    one = factories.make_person("Qytetare", organisation=cast.fier, kind="citizen", email="q@posta.example")
    given = factories.make_consent(one)
    db.session.commit()
    arta, address = sign_in(cast.arta), f"/people/consents/{given.id}/withdraw"
    consenting = select(Consent).where(Consent.person_id == one.id, Consent.withdrawn_at.is_(None))
    assert db.session.scalars(consenting).all()
    assert arta.get(address).status_code == 200
    assert not db.session.scalars(select(Suppression)).all()
    assert arta.post(address, data={"channel": "phone"}).status_code == 302
    assert arta.post(address, data={"channel": "phone"}).status_code == 302
    assert not db.session.scalars(consenting).all()
    assert suppressed_among(["Q@posta.example"], Purpose.EVENTS, cast.fier.id)
    told = db.session.scalars(select(History.action).where(History.action == "consent.withdrawn")).all()
    assert len(told) == 1
    page = arta.get(f"/people/persons/{one.id}").text
    assert "tërhequr më" in page
    assert "nuk do më mesazhe" in page


def test_a_person_is_handed_over_only_as_agreed(cast: SimpleNamespace, sign_in: SignIn) -> None:
    one = factories.make_person("Qytetare", organisation=cast.fier, kind="citizen", email="q@posta.example")
    db.session.commit()
    arta, address, to = sign_in(cast.arta), f"/people/persons/{one.id}/hand-over", str(cast.vlore.id)
    assert arta.post(address, data={"organisation": to}).status_code == 302
    assert len(db.session.scalars(select(Person)).all()) == 1
    factories.make_consent(one, Purpose.SHARING, shared_with_id=cast.vlore.id)
    db.session.commit()
    assert 'name="organisation"' in arta.get(f"/people/persons/{one.id}").text
    for _press in (1, 2):
        assert arta.post(address, data={"organisation": to}).status_code == 302
    kept = db.session.scalars(select(Person).where(Person.organisation_id == cast.vlore.id)).one()
    assert [row.email for row in kept.addresses] == ["q@posta.example"]
    assert [row.purpose for row in kept.consents] == [Purpose.SHARING]
    page = sign_in(cast.clirim).get(f"/people/persons/{kept.id}")
    assert "Qytetare" in page.text
    # Neither to oneself, nor nowhere, nor by a stranger.
    for wrong in (str(cast.fier.id), "999999", "x", ""):
        assert arta.post(address, data={"organisation": wrong}).status_code == 404
    assert sign_in(cast.clirim).post(address, data={"organisation": to}).status_code == 404


def test_who_was_erased_comes_back_only_when_asked(cast: SimpleNamespace, sign_in: SignIn) -> None:
    bury(TombstoneKind.EMAIL, "q@posta.example", cast.fier.id, now=now())
    db.session.commit()
    arta = sign_in(cast.arta)
    typed = person(name="Qytetare", kind="citizen", email="Q@posta.example")
    assert 'name="asked_again"' not in arta.get("/people/persons/new").text
    refused = arta.post("/people/persons/new", data=typed)
    assert refused.status_code == 422
    assert 'name="asked_again"' in refused.text
    assert not db.session.scalars(select(Person)).all()
    assert arta.post("/people/persons/new", data=typed | {"asked_again": "y"}).status_code == 302
    assert not db.session.scalars(select(Tombstone)).all()


def test_who_was_merged_leads_to_who_stayed(cast: SimpleNamespace, sign_in: SignIn) -> None:
    kept = factories.make_person("Gazetare", organisation=cast.fier)
    gone = factories.make_person("Gazetare Fier", organisation=cast.fier, merged_into_id=kept.id)
    db.session.commit()
    answer = sign_in(cast.arta).get(f"/people/persons/{gone.id}")
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/people/persons/{kept.id}")
    assert sign_in(cast.clirim).get(f"/people/persons/{gone.id}").status_code == 404
    assert "Gazetare Fier" not in sign_in(cast.arta).get("/people/persons").text
