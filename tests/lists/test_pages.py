"""The pages of lists: made, looked at, used, renamed, deleted; by whom; and what hostile input gets."""

from __future__ import annotations

import csv
import io
import re
from types import SimpleNamespace
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from pop_campaigns.contacts.models.persons import Person
from pop_campaigns.core.db import db
from pop_campaigns.lists.models import ContactList, ListMember
from tests import factories
from tests.lists.scene import consent, make_councils, make_list, make_person
from tests.opened import opened, version_on

MAYORS = "of=offices&words=kryetar&institution_kinds=municipality"


def hidden(page: str, name: str) -> str:
    match = re.search(rf'name="{name}"[^>]*value="([^"]*)"', page)
    assert match, f"no {name} on the page"
    return match[1]


def save(browser: FlaskClient, query: str, **values: Any) -> Any:
    """Look at a filter, then save what was looked at."""
    page = browser.get(f"/people/lists/filter?{query}")
    assert page.status_code == 200, page.text
    typed: dict[str, Any] = {}
    for part in query.split("&"):
        name, _equals, value = part.partition("=")
        typed.setdefault(name, []).append(value)
    seen = {"seen": hidden(page.text, "seen"), "once": hidden(page.text, "once")}
    return browser.post("/people/lists/filter", data=typed | seen | values)


def only_list() -> ContactList:
    return db.session.scalars(select(ContactList)).one()


@pytest.mark.both_databases
def test_a_filter_is_looked_at_then_saved_then_looked_up_anew(cast: SimpleNamespace, sign_in: Any) -> None:
    make_councils(cast)
    browser = sign_in(cast.arta)
    preview = browser.get(f"/people/lists/filter?{MAYORS}").text
    assert "kryetar.fier@bashkia.example" in preview and "zv.fier@bashkia.example" not in preview
    assert db.session.scalar(select(func.count(ContactList.id))) == 0
    saved = save(browser, MAYORS, name="Kryetarët")
    made = only_list()
    assert saved.location == f"/people/lists/{made.id}"
    assert made.filter == {"of": "offices", "words": "kryetar", "institution_kinds": ["municipality"]}
    assert made.organisation_id == cast.fier.id
    kamez = factories.make_institution("Bashkia Kamëz")
    factories.make_office("Kryetar", kamez, email="kryetar@kamza.example")
    db.session.commit()
    assert "kryetar@kamza.example" in browser.get(saved.location).text


def test_nobody_saves_a_filter_unseen(cast: SimpleNamespace, sign_in: Any) -> None:
    make_councils(cast)
    browser = sign_in(cast.arta)
    page = browser.post("/people/lists/filter", data={"of": "offices", "words": "zv", "name": "E verbër"})
    assert page.status_code == 422 and 'value="E verbër"' in page.text
    changed = save(browser, MAYORS, name="E ndryshuar", words="nenkryetar")
    assert changed.status_code == 422 and "zv.fier@bashkia.example" in changed.text
    assert db.session.scalar(select(func.count(ContactList.id))) == 0


def test_a_filter_is_changed_after_looking(cast: SimpleNamespace, sign_in: Any) -> None:
    made = make_list("E jona", cast.fier, {"of": "persons", "topic": "lumenj", "consent": "news"})
    db.session.commit()
    browser, url = sign_in(cast.arta), f"/people/lists/{made.id}/filter"
    form = browser.get(url).text
    assert 'value="lumenj"' in form and re.search(r'<option selected value="news">', form)
    looked = browser.get(f"{url}?of=persons&topic=buxheti").text
    typed = {"of": "persons", "topic": "buxheti", "seen": hidden(looked, "seen")} | version_on(looked)
    assert browser.post(url, data=typed).status_code == 302
    assert only_list().filter == {"of": "persons", "topic": "buxheti"}


def test_two_tabs_of_one_filter_lose_nothing(cast: SimpleNamespace, sign_in: Any) -> None:
    """The form is opened before one looks, so what it was opened with goes along with the look."""
    made = make_list("E jona", cast.fier, {"of": "persons", "topic": "lumenj"})
    db.session.commit()
    arta, besa, url = sign_in(cast.arta), sign_in(cast.besa), f"/people/lists/{made.id}/filter"
    first, later = opened(arta, url), opened(besa, url)

    def look(browser: FlaskClient, **query: str) -> dict[str, str]:
        page = browser.get(url, query_string=query).text
        return query | version_on(page) | {"seen": hidden(page, "seen")}

    kept = {"of": "persons", "topic": "lumenj"}
    assert arta.post(url, data=look(arta, **kept | {"topic": "buxheti"}, **first)).status_code == 302
    met = besa.post(url, data=look(besa, **kept | {"language": "en"}, **later))
    assert met.status_code == 409 and "buxheti" in met.text
    sent = {name: hidden(met.text, name) for name in ("version", "of", "topic", "language", "must_choose")}
    unseen = besa.post(url, data=sent | {"choosing": "1", "choose-language": "mine"})
    assert unseen.status_code == 422, "nobody saves a filter without having seen whom it finds"
    sent |= {"seen": hidden(unseen.text, "seen"), "must_choose": ""} | version_on(unseen.text)
    assert besa.post(url, data=sent).status_code == 302
    assert only_list().filter == {"of": "persons", "topic": "buxheti", "language": "en"}


def test_a_list_by_hand(cast: SimpleNamespace, sign_in: Any) -> None:
    office = factories.make_office(organisation=cast.fier)
    person = make_person("Qytetari", "citizen", owner=cast.fier)
    foreign = make_person("E huaj", owner=cast.vlore)
    db.session.commit()
    browser = sign_in(cast.arta)
    form = browser.get("/people/lists/new").text
    typed = {"name": "Të njohurit", "once": hidden(form, "once")}
    url = browser.post("/people/lists/new", data=typed).location
    assert browser.post("/people/lists/new", data=typed).location == url, "a form sent twice makes one list"
    result = browser.get(f"{url}?q=qytetari").text
    assert f'value="person-{person.id}"' in result
    ticked = [
        f"office-{office.id}",
        f"person-{person.id}",
        f"person-{foreign.id}",
        "person--1",
        "person-0",
        "x",
    ]
    for _press in range(2):
        assert browser.post(url, data={"guest": ticked}).status_code == 302
    members = db.session.scalars(select(ListMember)).all()
    assert [(member.office_id, member.person_id) for member in members] == [
        (office.id, None),
        (None, person.id),
    ]
    page = browser.get(url).text
    assert "zyra@bashkia.example" in page and "Pa pëlqim" in page
    assert page.partition('id="history"')[2].count("U shtuan 2 në listë") == 1, (
        "one press is one line of history"
    )
    for _press in range(2):
        browser.post(f"{url}/remove", data={"guest": f"person-{person.id}"})
    assert db.session.scalar(select(func.count(ListMember.id))) == 1


def test_names_are_one_per_organisation(cast: SimpleNamespace, sign_in: Any) -> None:
    make_list("Gazetarë të Fierit", cast.fier, None)
    other = make_list("Tjetra", cast.fier, None)
    make_list("Vetëm e Vlorës", cast.vlore, None)
    db.session.commit()
    browser = sign_in(cast.arta)
    refused = browser.post("/people/lists/new", data={"name": "GAZETARE te fierit"})
    assert refused.status_code == 422 and 'value="GAZETARE te fierit"' in refused.text
    url = f"/people/lists/{other.id}/rename"
    form = opened(browser, url)
    assert browser.post(url, data=form | {"name": "gazetare te Fierit"}).status_code == 422
    assert browser.post(url, data=form | {"name": "Tjetra"}).status_code == 302, "its own name is no other's"
    assert browser.post(url, data=form | {"name": ""}).status_code == 422
    assert browser.post(url, data=form | {"name": "x" * 161}).status_code == 422
    assert browser.post("/people/lists/new", data={"name": "Vetëm e Vlorës"}).status_code == 302
    assert "Tjetra" in browser.get("/people/lists").text


def test_deleting_asks_and_a_second_press_says_so(cast: SimpleNamespace, sign_in: Any) -> None:
    person = make_person("Mbetet")
    made = make_list("Për t'u fshirë", cast.fier, None, person)
    db.session.commit()
    browser, url = sign_in(cast.arta), f"/people/lists/{made.id}/delete"
    ident = person.id
    assert browser.get(url).status_code == 200
    assert db.session.scalar(select(func.count(ContactList.id))) == 1
    assert [browser.post(url).location for _press in range(2)] == ["/people/lists", "/people/lists"]
    assert db.session.scalar(select(func.count(ContactList.id))) == 0
    assert db.session.get(Person, ident) is not None
    assert sign_in(cast.clirim).post(url).status_code == 404


def test_the_networks_list_is_read_by_all_within_their_own_reach(cast: SimpleNamespace, sign_in: Any) -> None:
    citizen = make_person("Qytetari i Fierit", "citizen", owner=cast.fier)
    consent(citizen)
    by_hand = make_list("Me dorë", None, None, citizen)
    by_filter = make_list("Me filtër", None, {"of": "persons"})
    db.session.commit()
    for made in (by_hand, by_filter):
        for user, sees in ((cast.arta, True), (cast.clirim, False), (cast.drita, True), (cast.eva, False)):
            browser = sign_in(user)
            for method, url in (
                ("GET", f"/people/lists/{made.id}"),
                ("POST", f"/people/lists/{made.id}.csv"),
            ):
                assert ("Qytetari i Fierit" in browser.open(url, method=method).text) is sees, (
                    user.name,
                    url,
                )
            row = browser.get("/people/lists").text.partition(made.name)[2].partition("</tr>")[0]
            assert (">1</td>" in row) is sees and (">0</td>" in row) is not sees, user.name
        for url in ("/rename", "/delete", "", "/remove"):
            assert sign_in(cast.arta).post(f"/people/lists/{made.id}{url}").status_code == 404


def test_a_preview_shows_nothing_of_others(cast: SimpleNamespace, sign_in: Any) -> None:
    make_person("Qytetari i Fierit", "citizen", owner=cast.fier)
    db.session.commit()
    assert "Qytetari i Fierit" not in sign_in(cast.clirim).get("/people/lists/filter?of=persons").text


def test_a_viewer_reads_and_changes_nothing(cast: SimpleNamespace, sign_in: Any) -> None:
    made = make_list("E rrjetit", None, {"of": "offices"})
    db.session.commit()
    browser = sign_in(cast.eva)
    page = browser.get(f"/people/lists/{made.id}")
    assert page.status_code == 200 and "/rename" not in page.text and "/delete" not in page.text
    for url in ("new", "filter", f"{made.id}/rename", f"{made.id}/filter", f"{made.id}/delete"):
        assert browser.get(f"/people/lists/{url}").status_code == 404
        assert browser.post(f"/people/lists/{url}", data={"name": "Tjetër"}).status_code == 404
    assert only_list().name == "E rrjetit"


HOSTILE: list[dict[str, Any]] = [
    {"of": "everything"},
    {"of": "persons", "municipality": "-1"},
    {"of": "persons", "municipality": "99999999999999999999"},
    {"of": "persons", "municipality": "\x00"},
    {"of": "persons", "person_kinds": ["citizen", "king"]},
    {"of": "persons", "person_kinds": ["king"] * 1_000},
    {"of": "persons", "consent": "everything"},
    {"of": "persons", "happened": "accepted:protest"},
    {"of": "persons", "happened": "nonsense:x", "first": "2020-01-01"},
    {"of": "persons", "happened": "accepted:", "first": "2020-02-30"},
    {"of": "persons", "happened": "accepted:", "first": "0001-01-01", "last": "9999-12-31"},
    {"of": "persons", "happened": "accepted:", "first": "2020-12-31", "last": "2020-01-01"},
    {"of": "persons", "first": "2020-01-01"},
    {"of": "persons", "county": "Atlantida"},
    {"of": "persons", "language": "xx"},
    {"of": "persons", "words": "x" * 10_000},
    {"of": "offices", "topic": "lumenj"},
    {"of": "offices", "consent": "news"},
]


@pytest.mark.both_databases
@pytest.mark.parametrize("typed", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_filters_are_refused_with_a_reason(
    cast: SimpleNamespace, sign_in: Any, typed: dict[str, Any]
) -> None:
    browser = sign_in(cast.arta)
    looked = browser.get("/people/lists/filter", query_string=typed)
    assert looked.status_code == 422 and 'id="error-summary"' in looked.text
    posted = browser.post("/people/lists/filter", data=typed | {"name": "E keqe", "seen": "x"})
    assert posted.status_code == 422 and 'value="E keqe"' in posted.text
    assert db.session.scalar(select(func.count(ContactList.id))) == 0


def test_ten_thousand_fields_break_nothing(cast: SimpleNamespace, sign_in: Any) -> None:
    typed = {f"field{number}": "x" for number in range(10_000)} | {"of": "persons"}
    for url in ("/people/lists/filter", "/people/lists/new"):
        assert sign_in(cast.arta).post(url, data=typed).status_code in (400, 413, 422)
    assert sign_in(cast.arta).get("/people/lists/filter", query_string=typed).status_code == 200


@pytest.mark.parametrize(
    "kept", [{}, {"of": "persons", "colour": "red"}, {"of": "persons", "happened": {"what": "flown"}}, [], 7]
)
def test_a_filter_nobody_can_read_says_so(cast: SimpleNamespace, sign_in: Any, kept: Any) -> None:
    made = make_list("E prishur", cast.fier, kept)
    db.session.commit()
    browser = sign_in(cast.arta)
    for url in ("", f"/{made.id}", f"/{made.id}/filter", f"/{made.id}/delete"):
        assert browser.get(f"/people/lists{url}").status_code == 200, url
    assert "will-happen harm" in browser.get(f"/people/lists/{made.id}").text
    assert browser.post(f"/people/lists/{made.id}.csv").status_code == 302


def test_a_list_is_downloaded(cast: SimpleNamespace, sign_in: Any) -> None:
    office = factories.make_office("=Kryetar", holder="Mbajtësi", email="kryetar@fier.al")
    made = make_list("Për shkarkim", cast.fier, None, office, make_person("Personi", email="personi@fier.al"))
    db.session.commit()
    browser = sign_in(cast.arta)
    rows = list(
        csv.reader(
            io.StringIO(browser.post(f"/people/lists/{made.id}.csv").data.decode("utf-8-sig")), delimiter=";"
        )
    )
    assert [(row[2], row[3]) for row in rows[1:]] == [("'=Kryetar", "Mbajtësi"), ("", "Personi")]
    assert browser.post(f"/people/lists/{made.id}.vcf").text.count("BEGIN:VCARD") == 2


def test_the_tab_leads_here(cast: SimpleNamespace, sign_in: Any) -> None:
    browser = sign_in(cast.arta)
    for url in ("/people", "/people/persons"):
        assert 'href="/people/lists"' in browser.get(url).text
