"""Adding and changing contacts: once each, checked, with what was typed kept and history written."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest
from flask.testing import FlaskClient

from pop_campaigns.contacts.models.addresses import Address
from pop_campaigns.contacts.models.institutions import Institution, Office
from pop_campaigns.contacts.models.persons import Mandate, Person
from pop_campaigns.core.clock import local_date, now
from pop_campaigns.core.db import db
from pop_campaigns.core.history import History
from tests.factories import make_institution, make_office, make_person
from tests.opened import opened

INSTITUTION = {"name_sq": "Bashkia Roskovec", "name_en": "", "kind": "municipality", "municipality": ""}
OFFICE = {"title_sq": "Kryetar", "title_en": "Mayor", "language": "sq", "email": ""}
HOSTILE = ("Bashkia\r\nBcc: all@zyra.al", "=?utf-8?q?Bashkia=0D=0A?=", "\u202eBashkia\u2066 e\u200b kthyer")


def rows(model: Any) -> list[Any]:
    return list(db.session.scalars(db.select(model).order_by(model.id)).unique())


def actions() -> list[str]:
    return list(db.session.scalars(db.select(History.action).order_by(History.id)))


def errors_on(page: Any) -> str:
    match = re.search(r'id="error-summary".*?</ul>', page.text, re.S)
    return match[0] if match else ""


@pytest.fixture
def kryetar(cast: SimpleNamespace) -> int:
    """The network's office of a mayor, without an address."""
    office = make_office("Kryetar", make_institution("Bashkia Fier"), email=None)
    db.session.commit()
    return office.id


def test_an_office_keeps_a_dative_only_where_somebody_wrote_another(
    cast: SimpleNamespace, sign_in: Any
) -> None:
    besa = make_institution("Bashkia Roskovec", organisation=cast.fier)
    office = make_office("Kryetar", besa, organisation=cast.fier)
    db.session.commit()
    browser, path = sign_in(cast.arta), f"/people/offices/{office.id}/edit"
    assert 'value="Kryetarit të Bashkisë Roskovec"' in browser.get(path).text
    proposed = {"title_sq": "Kryetar", "language": "sq", "dative": "Kryetarit të Bashkisë Roskovec"}
    for typed, kept, shown in (
        (proposed, "", "Kryetarit të Bashkisë Roskovec"),
        (proposed | {"title_sq": "Kryetare"}, "", "Kryetares së Bashkisë Roskovec"),
        (proposed | {"dative": "Kreut të Bashkisë"}, "Kreut të Bashkisë", "Kreut të Bashkisë"),
        (proposed | {"dative": ""}, "", "Kryetarit të Bashkisë Roskovec"),
        (proposed | {"dative": "x" * 401}, "", "x" * 401),
        (proposed | {"dative": "Kreut\r\nBcc: a@zyra.al"}, "Kreut Bcc: a@zyra.al", "Kreut Bcc: a@zyra.al"),
    ):
        answer = browser.post(path, data=typed | opened(browser, path), follow_redirects=True)
        db.session.refresh(office)
        assert office.dative == kept and shown in answer.text


def test_a_new_institution_is_the_organisations_own(cast: SimpleNamespace, sign_in: Any) -> None:
    answer = sign_in(cast.arta).post("/people/institutions/new", data=INSTITUTION)
    made = rows(Institution)[0]
    assert answer.status_code == 302 and answer.location == f"/people/institutions/{made.id}"
    assert (made.name_sq, made.organisation_id, made.municipality_id) == (
        "Bashkia Roskovec",
        cast.fier.id,
        None,
    )
    assert actions() == ["institution.created"]
    assert "Bashkia Roskovec" in sign_in(cast.arta).get(answer.location).text


def test_an_administrators_institution_is_the_networks(cast: SimpleNamespace, sign_in: Any) -> None:
    sign_in(cast.drita).post("/people/institutions/new", data=INSTITUTION)
    assert rows(Institution)[0].organisation_id is None


def test_the_same_institution_twice_leads_to_the_one_there(cast: SimpleNamespace, sign_in: Any) -> None:
    sign_in(cast.arta).post("/people/institutions/new", data=INSTITUTION)
    again = sign_in(cast.besa).post(
        "/people/institutions/new", data=INSTITUTION | {"name_sq": "BASHKIA  roskovéc"}
    )
    assert again.status_code == 422
    assert "BASHKIA roskovéc" in again.text
    assert f'href="/people/institutions/{rows(Institution)[0].id}"' in again.text
    assert len(rows(Institution)) == 1
    other = sign_in(cast.clirim).post("/people/institutions/new", data=INSTITUTION)
    assert other.status_code == 302  # Vlorë's own: nobody tells it that Fier has one


def test_an_institution_is_changed_but_not_into_another(cast: SimpleNamespace, sign_in: Any) -> None:
    make_institution("Prefektura Fier")
    made = make_institution("Bashkia Patos", organisation=cast.fier)
    db.session.commit()
    path = f"/people/institutions/{made.id}/edit"
    typed = INSTITUTION | opened(sign_in(cast.arta), path)
    assert sign_in(cast.arta).post(path, data=typed | {"name_sq": "prefektura fier"}).status_code == 422
    assert sign_in(cast.arta).post(path, data=typed | {"name_sq": "Bashkia Pàtos"}).status_code == 302
    assert sign_in(cast.arta).post(path, data=typed | {"name_sq": "Bashkia Pàtos"}).status_code == 302
    assert db.session.get(Institution, made.id).name_sq == "Bashkia Pàtos"
    assert actions() == ["institution.changed"]


@pytest.mark.parametrize("typed", HOSTILE)
def test_hostile_names_become_one_harmless_line(cast: SimpleNamespace, sign_in: Any, typed: str) -> None:
    sign_in(cast.arta).post("/people/institutions/new", data=INSTITUTION | {"name_sq": typed})
    name = rows(Institution)[0].name_sq
    assert not re.search("[\r\n\u202a-\u202e\u2066-\u2069\u200b]", name)
    assert name.startswith(("Bashkia", "=?utf-8?q?Bashkia"))


@pytest.mark.parametrize(
    ("name", "reason"), [("x" * 201, "201"), ("x" * 300, "300"), ("", ""), (" \u200b\r\n ", "")]
)
def test_names_too_long_or_missing_are_refused(
    cast: SimpleNamespace, sign_in: Any, name: str, reason: str
) -> None:
    answer = sign_in(cast.arta).post(
        "/people/institutions/new", data=INSTITUTION | {"name_sq": name, "name_en": "Kept"}
    )
    assert answer.status_code == 422
    assert 'href="#name_sq"' in errors_on(answer) and reason in errors_on(answer)
    assert 'value="Kept"' in answer.text
    assert not reason or name in answer.text
    assert rows(Institution) == []


@pytest.mark.parametrize(
    "wrong", [{"kind": "castle"}, {"kind": ""}, {"municipality": "99999"}, {"municipality": "x"}]
)
def test_choices_that_are_none_are_refused(
    cast: SimpleNamespace, sign_in: Any, wrong: dict[str, str]
) -> None:
    answer = sign_in(cast.arta).post("/people/institutions/new", data=INSTITUTION | wrong)
    assert answer.status_code == 422 and errors_on(answer)


def test_an_office_beside_the_networks_once(cast: SimpleNamespace, sign_in: Any, kryetar: int) -> None:
    institution = db.session.get(Office, kryetar).institution_id
    path, typed = f"/people/institutions/{institution}/offices/new", OFFICE | {"title_sq": "Nënkryetar"}
    answer = sign_in(cast.arta).post(path, data=typed | {"email": " nk@bashkia.al "})
    made = rows(Office)[-1]
    assert answer.status_code == 302 and answer.location.endswith(f"#office-{made.id}")
    assert (made.organisation_id, made.addresses[0].email) == (cast.fier.id, "nk@bashkia.al")
    assert made.addresses[0].organisation_id == cast.fier.id
    again = sign_in(cast.arta).post(path, data=typed | {"title_sq": "nenkryetar"})
    assert again.status_code == 422 and f"#office-{made.id}" in again.text
    assert sign_in(cast.arta).post(path, data=OFFICE).status_code == 422  # the network has it
    assert len(rows(Office)) == 2
    assert actions() == ["office.created", "address.added"]


def test_a_wrong_address_adds_no_office(cast: SimpleNamespace, sign_in: Any, kryetar: int) -> None:
    institution = db.session.get(Office, kryetar).institution_id
    answer = sign_in(cast.arta).post(
        f"/people/institutions/{institution}/offices/new",
        data=OFFICE | {"title_sq": "Zyra", "email": "a@b.al, c@d.al"},
    )
    assert answer.status_code == 422 and 'value="a@b.al, c@d.al"' in answer.text
    assert len(rows(Office)) == 1


ADDRESS_MISTAKES = ["a@b.al, c@d.al", "a@b.al;c@d.al", "jo adresë", "a@", "@b.al", "x" * 300 + "@b.al", ""]
ADDRESS_MISTAKES += [
    "Emri <a@b.al>",
    "a@b.al\r\nBcc: c@d.al",
    "=?utf-8?q?a?=@b.al",
    "a\u202eb@c.al",
    "a@localhost",
]


@pytest.mark.parametrize("typed", ADDRESS_MISTAKES)
def test_what_is_not_one_address_is_refused_and_kept(
    cast: SimpleNamespace, sign_in: Any, kryetar: int, typed: str
) -> None:
    answer = sign_in(cast.arta).post(
        f"/people/offices/{kryetar}/addresses/new", data={"email": typed, "use": "secretary"}
    )
    assert answer.status_code == 422 and 'href="#email"' in errors_on(answer)
    assert '<option selected value="secretary">' in answer.text
    if typed.isprintable() and "<" not in typed:
        assert f'value="{typed}"' in answer.text
    assert rows(Address) == []


def test_an_address_is_added_once(cast: SimpleNamespace, sign_in: Any, kryetar: int) -> None:
    path = f"/people/offices/{kryetar}/addresses/new"
    assert sign_in(cast.arta).post(path, data={"email": "Zyra@Bashkia.AL", "use": "main"}).status_code == 302
    again = sign_in(cast.besa).post(path, data={"email": "zyra@bashkia.al", "use": "press"})
    assert again.status_code == 422 and f"#office-{kryetar}" in again.text
    assert [(row.email, row.organisation_id) for row in rows(Address)] == [("Zyra@bashkia.al", cast.fier.id)]
    assert (
        sign_in(cast.clirim).post(path, data={"email": "zyra@bashkia.al", "use": "main"}).status_code == 302
    )


def test_an_address_of_somebody_else_is_allowed_but_said(
    cast: SimpleNamespace, sign_in: Any, kryetar: int
) -> None:
    make_office("Prefekt", make_institution("Prefektura"), email="info@zyra.al")
    make_person("Njeriu i Vlorës", email="info@zyra.al", organisation=cast.vlore)
    db.session.commit()
    arta = sign_in(cast.arta)
    answer = arta.post(
        f"/people/offices/{kryetar}/addresses/new",
        data={"email": "info@zyra.al", "use": "main"},
        follow_redirects=True,
    )
    assert "Prefekt, Prefektura" in answer.text and "Njeriu i Vlorës" not in answer.text


def test_sample_addresses_are_for_trying_out(
    cast: SimpleNamespace, sign_in: Any, kryetar: int, app: Any
) -> None:
    path, typed = f"/people/offices/{kryetar}/addresses/new", {"email": "zyra@bashkia.example", "use": "main"}
    app.config["MODE"] = "production"
    try:
        assert sign_in(cast.arta).post(path, data=typed).status_code == 422
    finally:
        app.config["MODE"] = "test"
    assert sign_in(cast.arta).post(path, data=typed).status_code == 302


def test_a_sample_becomes_a_real_address(cast: SimpleNamespace, sign_in: Any, kryetar: int) -> None:
    db.session.add(Address(email="zyra@bashkia.example", office_id=kryetar))
    db.session.commit()
    path = f"/people/addresses/{rows(Address)[0].id}/edit"
    drita = sign_in(cast.drita)
    drita.post(path, data={"email": "zyra@bashkia.example", "use": "press"} | opened(drita, path))
    assert rows(Address)[0].is_sample
    drita.post(path, data={"email": "zyra@bashkia.al", "use": "main"} | opened(drita, path))
    address = rows(Address)[0]
    assert (address.email, address.is_sample, address.organisation_id) == ("zyra@bashkia.al", False, None)
    assert actions() == ["address.changed"] * 2


def test_an_address_is_removed_after_a_question_and_twice_does_no_harm(
    cast: SimpleNamespace, sign_in: Any, kryetar: int
) -> None:
    db.session.add_all(
        Address(email=f"{name}@zyra.al", office_id=kryetar, organisation_id=cast.fier.id) for name in "ab"
    )
    db.session.commit()
    path = f"/people/addresses/{rows(Address)[1].id}/remove"
    assert "b@zyra.al" in sign_in(cast.arta).get(path).text and len(rows(Address)) == 2
    assert sign_in(cast.arta).post(path).status_code == 302
    assert [row.email for row in rows(Address)] == ["a@zyra.al"]
    again = sign_in(cast.arta).post(path)
    assert again.status_code == 302 and again.location.endswith(f"#office-{kryetar}")
    assert sign_in(cast.besa).post(path).status_code == 404
    assert actions() == ["address.removed"]


def hold(browser: Any, office: int, name: str, **typed: str) -> Any:
    return browser.post(f"/people/offices/{office}/holder", data={"name": name, "ends_present": "y"} | typed)


def test_a_holder_follows_the_one_before(cast: SimpleNamespace, sign_in: Any, kryetar: int) -> None:
    arta = sign_in(cast.arta)
    assert hold(arta, kryetar, "E para Çela", from_date="2019-08-01").status_code == 302
    refused = hold(arta, kryetar, "I dyti Gjoka")
    assert (
        refused.status_code == 422
        and 'href="#from_date"' in errors_on(refused)
        and "E para Çela" in errors_on(refused)
    )
    assert hold(arta, kryetar, "I dyti Gjoka", from_date="2019-08-01").status_code == 422
    assert len(rows(Mandate)) == 1 and len(rows(Person)) == 1
    assert hold(arta, kryetar, "I dyti Gjoka", from_date="2023-06-01").status_code == 302
    first, second = rows(Mandate)
    assert (first.to_date, second.from_date, second.to_date) == (date(2023, 5, 31), date(2023, 6, 1), None)
    assert second.organisation_id == second.person.organisation_id == cast.fier.id
    assert second.known_on == local_date(now())
    assert actions()[-3:] == ["mandate.changed", "person.created", "mandate.recorded"]


@pytest.mark.parametrize(
    ("said", "kept"), [("zoti", "zoti"), ("zonja", "zonja"), ("", None), ("mbret", "refused")]
)
def test_how_a_holder_is_spoken_to_is_as_somebody_says(
    cast: SimpleNamespace, sign_in: Any, kryetar: int, said: str, kept: str | None
) -> None:
    answer = hold(sign_in(cast.arta), kryetar, "E para Çela", form_of_address=said)
    if kept == "refused":
        assert answer.status_code == 422 and "form_of_address" in errors_on(answer) and not rows(Person)
    else:
        assert answer.status_code == 302 and rows(Person)[0].form_of_address == kept


def test_a_holder_who_is_there_already_is_spoken_to_as_said_last(
    cast: SimpleNamespace, sign_in: Any, kryetar: int
) -> None:
    ours, networks = make_person("E jona", organisation=cast.fier), make_person("E rrjetit")
    db.session.commit()
    arta = sign_in(cast.arta)
    for person, said, kept in (
        (ours, "zonja", "zonja"),
        (ours, "", "zonja"),
        (ours, "zoti", "zoti"),
        (networks, "zonja", None),  # the network's: a coordinator does not change it
    ):
        for mandate in rows(Mandate):
            db.session.delete(mandate)
        db.session.commit()
        assert hold(arta, kryetar, person.name, which=str(person.id), form_of_address=said).status_code == 302
        assert db.session.get_one(Person, person.id).form_of_address == kept
    changed = next(row for row in db.session.scalars(db.select(History)) if row.action == "person.changed")
    assert changed.details["became"] == {"form_of_address": "zonja"}
    page = arta.get(f"/people/persons/{ours.id}").text
    assert "Si t’i drejtohemi" in page and "zoti" in page


def test_the_same_holder_twice_is_one(cast: SimpleNamespace, sign_in: Any, kryetar: int) -> None:
    arta = sign_in(cast.arta)
    hold(arta, kryetar, "E para Çela", from_date="2019-08-01")
    for typed in ({}, {"which": "new"}, {"which": str(rows(Person)[0].id), "from_date": "2020-01-01"}):
        assert hold(arta, kryetar, "e para cela", **typed).status_code == 422
    assert len(rows(Mandate)) == len(rows(Person)) == 1


def test_the_networks_holder_stays_but_ours_counts(cast: SimpleNamespace, sign_in: Any, kryetar: int) -> None:
    db.session.add(Mandate(person=make_person("I rrjetit"), office_id=kryetar))
    db.session.commit()
    arta = sign_in(cast.arta)
    assert "I rrjetit" in arta.get(f"/people/offices/{kryetar}/holder").text
    assert hold(arta, kryetar, "I yni").status_code == 302
    assert [row.to_date for row in rows(Mandate)] == [None, None]
    listed = r'office-holder">([^<]+)<'
    assert re.findall(listed, arta.get("/people").text) == ["I yni"]
    assert re.findall(listed, sign_in(cast.clirim).get("/people").text) == ["I rrjetit"]


def test_a_known_name_asks_which_person_is_meant(cast: SimpleNamespace, sign_in: Any, kryetar: int) -> None:
    known = make_office("Prefekt", make_institution("Prefektura"), holder="Arben Hoxha").mandates[0].person_id
    db.session.commit()
    arta = sign_in(cast.arta)
    asked = hold(arta, kryetar, "arben hoxha")
    assert asked.status_code == 422 and "Prefekt, Prefektura" in asked.text and 'name="which"' in asked.text
    assert hold(arta, kryetar, "arben hoxha", which="99999").status_code == 422
    assert hold(arta, kryetar, "arben hoxha", which=str(known)).status_code == 302
    assert [row.person_id for row in rows(Mandate)] == [known, known]
    deputy = make_office("Nënkryetar", db.session.get(Office, kryetar).institution, email=None).id
    db.session.commit()
    assert hold(arta, deputy, "Arben Hoxha", which="new").status_code == 302
    assert len(rows(Person)) == 2 and rows(Mandate)[-1].person_id != known


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"from_date": "2020-06-02", "to_date": "2020-06-01"}, "to_date"),
        ({"from_date": "2020-02-30"}, "from_date"),
        ({"from_date": "dje"}, "from_date"),
        ({"to_date": "0220-06-01"}, "to_date"),
        ({"from_date": "9999-12-31"}, "from_date"),
    ],
)
def test_impossible_times_in_office_are_refused(
    cast: SimpleNamespace, sign_in: Any, kryetar: int, typed: dict[str, str], field: str
) -> None:
    answer = hold(sign_in(cast.arta), kryetar, "Emri i mbajtur", **typed)
    assert answer.status_code == 422 and f'href="#{field}"' in errors_on(answer)
    assert 'value="Emri i mbajtur"' in answer.text
    assert rows(Mandate) == []


def test_a_former_holder_ends_nothing(cast: SimpleNamespace, sign_in: Any, kryetar: int) -> None:
    arta, yesterday = sign_in(cast.arta), local_date(now()) - timedelta(days=1)
    hold(arta, kryetar, "E tanishmja")
    assert hold(arta, kryetar, "I mëparshmi", to_date=yesterday.isoformat()).status_code == 302
    assert [row.to_date for row in rows(Mandate)] == [None, yesterday]


def test_a_mandate_is_ended_and_put_right(cast: SimpleNamespace, sign_in: Any, kryetar: int) -> None:
    arta = sign_in(cast.arta)
    hold(arta, kryetar, "E para", from_date="2019-08-01")
    path = f"/people/mandates/{rows(Mandate)[0].id}"
    assert 'value="2019-08-01"' in arta.get(path).text
    form = opened(arta, path)
    wrong = form | {"from_date": "2019-08-01", "to_date": "2019-07-31"}
    assert arta.post(path, data=wrong).status_code == 422
    for _press in range(2):
        right = form | {"from_date": "2019-08-02", "to_date": "2020-01-31"}
        assert arta.post(path, data=right).status_code == 302
    assert (rows(Mandate)[0].from_date, rows(Mandate)[0].to_date) == (date(2019, 8, 2), date(2020, 1, 31))
    assert actions().count("mandate.changed") == 1
    page = arta.get(f"/people/institutions/{db.session.get(Office, kryetar).institution_id}").text
    assert 'class="former"' in page


def test_a_person_with_an_address_once(cast: SimpleNamespace, sign_in: Any) -> None:
    arta, typed = sign_in(cast.arta), {"name": "Gazetare Çela", "language": "en", "email": "g@media.al"}
    answer = arta.post("/people/persons/new", data=typed)
    made = rows(Person)[0]
    assert answer.location == f"/people/persons/{made.id}"
    assert (made.language, made.organisation_id, made.addresses[0].email) == (
        "en",
        cast.fier.id,
        "g@media.al",
    )
    again = arta.post("/people/persons/new", data=typed | {"name": "gazetare cela"})
    assert again.status_code == 422 and 'value="gazetare cela"' in again.text
    assert f'href="/people/persons/{made.id}"' in again.text and 'name="anyway"' in again.text
    # Enter presses the first button of the form: that is not the one that adds another.
    form = again.text.split("data-once")[1]
    assert 'name="anyway"' not in form.split('<button type="submit"')[1]
    # Another one all the same: whoever was shown counts, so a second press meets the one it made.
    second = typed | {"anyway": "1", "seen": f"{made.id},", "email": "tjeter@media.al"}
    assert arta.post("/people/persons/new", data=typed | {"anyway": "1"}).status_code == 422
    assert arta.post("/people/persons/new", data=second).status_code == 302
    assert arta.post("/people/persons/new", data=second).status_code == 422
    assert len(rows(Person)) == len(rows(Address)) == 2
    assert 'name="anyway"' not in arta.get("/people/persons/new").text


@pytest.mark.parametrize(
    ("title", "there"),
    [("Kryetare", True), ("Kryetari i Bashkisë Fier", True), ("Kryetares", True), ("Nënkryetar", False)],
)
def test_an_office_that_is_there_is_found_by_any_of_its_forms(
    cast: SimpleNamespace, sign_in: Any, kryetar: int, title: str, there: bool
) -> None:
    arta, institution = sign_in(cast.arta), db.session.get(Office, kryetar).institution_id
    path, typed = f"/people/institutions/{institution}/offices/new", {"title_sq": title, "language": "sq"}
    answer = arta.post(path, data=typed)
    assert answer.status_code == (422 if there else 302)
    if there:
        assert f"#office-{kryetar}" in answer.text and f'value="{title}"' in answer.text
        assert arta.post(path, data=typed | {"anyway": "1", "seen": f"{kryetar},"}).status_code == 302


def test_a_person_is_renamed_as_written(cast: SimpleNamespace, sign_in: Any) -> None:
    made = make_person("Klosi", organisation=cast.fier)
    db.session.commit()
    browser, path = sign_in(cast.arta), f"/people/persons/{made.id}/edit"
    browser.post(path, data={"name": "Blendi  Klosi", "language": "sq"} | opened(browser, path))
    assert db.session.get(Person, made.id).name == "Blendi Klosi"
    noted = db.session.scalars(db.select(History)).one()
    assert (noted.action, noted.actor_id, noted.details["was"]) == (
        "person.changed",
        cast.arta.id,
        {"name": "Klosi"},
    )


@pytest.mark.both_databases(always=True)
def test_two_presses_at_once_add_one(cast: SimpleNamespace, sign_in: Any, kryetar: int) -> None:
    holder, institution = f"/people/offices/{kryetar}/holder", "/people/institutions/new"
    for path, typed in ((institution, INSTITUTION), (holder, {"name": "E para Çela"})):
        browsers = [sign_in(cast.arta) for _press in range(4)]
        db.session.rollback()
        with ThreadPoolExecutor(4) as presses:
            answers = presses.map(partial(FlaskClient.post, path=path, data=typed), browsers)
            codes = sorted(answer.status_code for answer in answers)
        assert codes == [302, 422, 422, 422]
    assert len(rows(Institution)) == 2 and len(rows(Mandate)) == len(rows(Person)) == 1
