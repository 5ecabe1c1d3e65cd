"""Several phone numbers and post addresses of a person, an institution, an office: typed in their forms, each with its use."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from pop_campaigns.contacts.models.addresses import ContactDetail
from pop_campaigns.contacts.models.persons import Person
from pop_campaigns.contacts.queries.reach import find_guests
from pop_campaigns.core.db import db
from pop_campaigns.core.history import History
from tests.factories import make_institution, make_office, make_person
from tests.house.browser_forms import PageForm, forms_on

WORK, MOBILE = "+35534222123", "+355692123456"


@pytest.fixture
def person(cast: SimpleNamespace) -> Person:
    """A person of an organisation with a phone number and two further ones."""
    record = make_person("Koordinator Fier", organisation=cast.fier, phone=WORK)
    for value, use in ((MOBILE, "mobile"), ("+35542222222", "secretary")):
        record.details.append(ContactDetail(kind="phone", value=value, use=use, organisation_id=cast.fier.id))
    db.session.commit()
    return record


def form_at(browser: Any, path: str) -> PageForm:
    return form_on(browser.get(path).text)


def form_on(page: str) -> PageForm:
    return next(form for form in forms_on(page) if "phone" in form.typed)


def kept() -> list[tuple[str, str, str]]:
    db.session.expire_all()
    rows = db.session.scalars(db.select(ContactDetail).order_by(ContactDetail.id))
    return [(row.kind.value, row.value, row.use.value) for row in rows]


def test_a_new_person_keeps_every_number_with_its_use(cast: SimpleNamespace, sign_in: Any) -> None:
    browser, path = sign_in(cast.arta), "/people/persons/new"
    typed = form_at(browser, path).filled(
        name="Koordinator Fier", phone="034 222 123", phone_new1="069 212 3456"
    )
    again = browser.post(path, data=typed | {"one_more": "phone"})
    assert again.status_code == 200 and not kept(), "one more line, and nothing saved"
    more = form_on(again.text)
    assert more.sent["phone_new1"] == ["069 212 3456"], "what was typed stands"
    filled = more.filled(
        phone_new2="04 222 2222", phone_new2_use="secretary", post_new1="Rr. 1\nFier", post_new1_use="home"
    )
    answer = browser.post(path, data=filled, follow_redirects=True)
    assert kept() == [
        ("phone", MOBILE, "mobile"),
        ("phone", "+35542222222", "secretary"),
        ("post", "Rr. 1\nFier", "home"),
    ]
    for link in (WORK, MOBILE, "+35542222222"):
        assert f'href="tel:{link}"' in answer.text
    assert "Sekretaria" in answer.text and "Celular" in answer.text


def test_lines_are_changed_and_removed_and_history_says_so(
    cast: SimpleNamespace, sign_in: Any, person: Person
) -> None:
    browser, path = sign_in(cast.arta), f"/people/persons/{person.id}/edit"
    mobile, secretary = (row.id for row in person.details)
    typed = form_at(browser, path).filled(**{f"phone_{mobile}": "", f"phone_{secretary}_use": "work"})
    page = browser.post(path, data=typed, follow_redirects=True).text
    assert kept() == [("phone", "+35542222222", "work")]
    assert "U hoq numri i telefonit: 069 212 3456 (Celular)" in page
    assert "U ndryshua numri i telefonit: 04 222 2222 → 04 222 2222 (Në punë)" in page
    before = db.session.scalar(db.select(db.func.count(History.id)))
    assert browser.post(path, data=form_at(browser, path).filled()).status_code == 302
    assert db.session.scalar(db.select(db.func.count(History.id))) == before, "nothing changed, nothing told"


@pytest.mark.parametrize(
    ("typed", "problem"),
    [
        ({"phone_new1": "069 212 345O"}, "Nuk e lexojmë dot"),
        ({"phone_new1": "034 222 123"}, "Ky numër është tashmë këtu."),
        ({"phone_new1": "+355 69 212 3456"}, "Ky numër është tashmë këtu."),
        ({"phone_new1": "068 211 2222", "phone_new1_use": "<b>"}, "zgjedhje"),
        ({"phone_new1": "068 211 2222", "post_new1": "x" * 501}, "501"),
    ],
)
def test_a_line_that_cannot_be_kept_is_refused_and_stands_as_typed(
    cast: SimpleNamespace, sign_in: Any, person: Person, typed: dict[str, str], problem: str
) -> None:
    browser, path, before = sign_in(cast.arta), f"/people/persons/{person.id}/edit", kept()
    answer = browser.post(path, data=form_at(browser, path).filled(**typed))
    assert answer.status_code == 422 and problem in answer.text
    assert form_on(answer.text).sent["phone_new1"] == [typed["phone_new1"]]
    assert kept() == before


def test_two_tabs_meet_at_a_line(cast: SimpleNamespace, sign_in: Any, person: Person) -> None:
    """Also where the other one removed it: what was typed is asked about, and can be kept."""
    browser, path = sign_in(cast.arta), f"/people/persons/{person.id}/edit"
    name = f"phone_{person.details[0].id}"
    tab, later = form_at(browser, path), form_at(browser, path)
    added = tab.filled(**{name: "", "phone_new1": "068 211 2222"})
    assert browser.post(path, data=added).status_code == 302
    met = browser.post(path, data=later.filled(**{name: "069 333 4444", "one_more": "phone"}))
    assert met.status_code == 409 and "069 333 4444" in met.text
    question = next(form for form in forms_on(met.text) if "choosing" in form.sent)
    question.sent |= {f"choose-{name}": ["mine"]}
    again = browser.post(path, data=question.sent)
    assert again.status_code == 200, "one more line was asked for"
    assert browser.post(path, data=form_on(again.text).sent).status_code == 302
    assert kept() == [
        ("phone", "+35542222222", "secretary"),
        ("phone", "+355682112222", "mobile"),
        ("phone", "+355693334444", "mobile"),
    ]


def test_offices_and_institutions_have_them_too(cast: SimpleNamespace, sign_in: Any) -> None:
    besa = make_institution("Bashkia Roskovec", organisation=cast.fier)
    office = make_office("Kryetar", besa, organisation=cast.fier)
    db.session.commit()
    browser = sign_in(cast.arta)
    for path in (f"/people/offices/{office.id}/edit", f"/people/institutions/{besa.id}/edit"):
        typed = form_at(browser, path).filled(
            phone_new1="034 222 123 ext. 5", phone_new1_use="fax", post_new1="Kutia 7", post_new1_use="work"
        )
        page = browser.post(path, data=typed, follow_redirects=True).text
        assert 'href="tel:+35534222123;ext=5"' in page and "Faks" in page and "Kutia 7" in page
    new = form_at(browser, "/people/institutions/new").filled(
        name_sq="Bashkia Patos", post_new1="Lagjja 1", phone_new1="034 222 124"
    )
    assert browser.post("/people/institutions/new", data=new).status_code == 302
    new = form_at(browser, f"/people/institutions/{besa.id}/offices/new").filled(
        title_sq="Nënkryetar", phone_new1="034 222 125"
    )
    assert browser.post(f"/people/institutions/{besa.id}/offices/new", data=new).status_code == 302
    assert [value for _kind, value, _use in kept()] == [
        f"{WORK};ext=5",
        "Kutia 7",
        f"{WORK};ext=5",
        "Kutia 7",
        "+35534222124",
        "Lagjja 1",
        "+35534222125",
    ]


def test_a_number_of_who_was_erased_asks_also_as_a_further_one(
    cast: SimpleNamespace, sign_in: Any, person: Person
) -> None:
    browser, path = sign_in(cast.arta), f"/privacy/persons/{person.id}/erase"
    erase = next(form for form in forms_on(browser.get(path).text) if "version" in form.sent)
    browser.post(path, data=erase.sent)
    assert not kept()
    new = form_at(browser, "/people/persons/new").filled(name="Qytetar 00421", phone_new1="069 212 3456")
    refused = browser.post("/people/persons/new", data=new)
    assert refused.status_code == 422 and 'name="asked_again"' in refused.text


@pytest.mark.both_databases
@pytest.mark.parametrize(
    "typed", ["069 212 3456", "+355 69 212 3456", "00355692123456", "+355 (0)69 212 3456", "069/212-3456"]
)
def test_everybody_is_found_by_any_number_however_it_is_written(
    cast: SimpleNamespace, sign_in: Any, typed: str
) -> None:
    own = {"organisation": cast.fier}
    person = make_person("Koordinator Fier", **own)
    town, ministry = make_institution("Bashkia Roskovec", **own), make_institution("Ministria e Ujit", **own)
    office = make_office("Nënprefekt", make_institution("Prefektura Fier", **own), **own)
    first = make_institution("Agjencia e Ujit", phone=MOBILE, **own)
    make_office("Drejtor", first, **own)
    strangers = make_institution("Bashkia Vlorë", organisation=cast.vlore)
    for owner, of in ((person, cast.fier), (town, cast.fier), (office, cast.fier), (strangers, cast.vlore)):
        owner.details.append(ContactDetail(kind="phone", value=MOBILE, use="mobile", organisation_id=of.id))
    ministry.details.append(ContactDetail(kind="phone", value=WORK, use="work", organisation_id=cast.fier.id))
    db.session.commit()
    browser = sign_in(cast.arta)
    everywhere = browser.get("/search", query_string={"q": typed}).text
    listed = browser.get("/people", query_string={"q": typed}).text
    for name in ("Bashkia Roskovec", "Prefektura Fier", "Agjencia e Ujit"):
        assert name in everywhere and name in listed
    assert "Koordinator Fier" in everywhere
    for name in ("Ministria e Ujit", "Bashkia Vlorë"):
        assert name not in everywhere and name not in listed
    options = find_guests(typed, cast.arta)
    assert [(option.kind, option.title_sq or option.holder) for option in options] == [
        ("office", "Drejtor"),
        ("office", "Nënprefekt"),
        ("person", "Koordinator Fier"),
    ]


@pytest.mark.both_databases
def test_a_number_that_is_here_asks_whether_it_is_somebody_else(
    cast: SimpleNamespace, sign_in: Any, person: Person
) -> None:
    """A fax may be many people's; merging offers who has the number first."""
    browser, path = sign_in(cast.arta), "/people/persons/new"
    new = form_at(browser, path).filled(name="Qytetar 00421", phone="069 212 3456")
    asked = browser.post(path, data=new)
    assert asked.status_code == 422 and 'name="anyway"' in asked.text and "Koordinator Fier" in asked.text
    made = browser.post(path, data=form_on(asked.text).filled(anyway="1"))
    assert made.status_code == 302
    likely = browser.get(f"/people/persons/{person.id}/merge").text
    assert "Qytetar 00421" in likely
    fax = form_at(browser, path).filled(name="Gazetar 7", phone_new1="04 222 2222", phone_new1_use="fax")
    assert browser.post(path, data=fax).status_code == 302
