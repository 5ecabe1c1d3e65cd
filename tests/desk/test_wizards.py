"""Tasks of several pages: the line of steps leads to each that can be done, and what was ticked goes along."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from html import escape, unescape
from types import SimpleNamespace

import pytest
import time_machine
from flask.testing import FlaskClient

from pop_campaigns.accounts.models import User
from pop_campaigns.core.db import db
from pop_campaigns.events.models.events import Event
from tests import factories
from tests.imports.scene import checked, rows_of, run, uploaded
from tests.invitations.scene import NOW, invite, make_offices, make_table
from tests.opened import opened

SignIn = Callable[[User], FlaskClient]


@pytest.fixture(autouse=True)
def in_may() -> Iterator[None]:
    with time_machine.travel(NOW, tick=True):
        yield


@pytest.fixture
def table(cast: SimpleNamespace) -> Event:
    event = make_table(cast.fier)
    db.session.commit()
    return event


def steps_in(page: str) -> list[str]:
    """Each step of the page's line: its address, *now*, or why it cannot be done yet ("" where nothing is said)."""
    line = page.partition('<ol class="steps">')[2].partition("</ol>")[0]
    assert line.count('aria-current="step"') == 1
    steps = []
    for item in line.split("<li")[1:]:
        link, why = re.search(r'href="([^"]*)"', item), re.search(r'step-why">([^<]*)<', item)
        now = "now" if 'aria-current="step"' in item else ""
        steps.append(unescape(link[1]) if link else now or (why[1] if why else ""))
    return steps


def test_the_steps_of_inviting(table: Event, cast: SimpleNamespace, sign_in: SignIn) -> None:
    browser, who = sign_in(cast.arta), f"/events/{table.id}/invite"
    nobody, unasked = "pasi të ketë dikë në listë", "pasi të ketë dikë që pret ftesën"
    assert steps_in(browser.get(who).text) == ["now", nobody, unasked]
    offices = make_offices(2)
    db.session.commit()
    browser.post(who, data={"guest": f"office-{offices[0].id}"})
    message, send = f"{who}/message", f"{who}/send"
    assert steps_in(browser.get(who).text) == ["now", message, send]
    assert steps_in(browser.get(message).text) == [who, "now", send]
    assert steps_in(browser.get(send).text) == [who, message, "now"]
    browser.post(send)
    assert steps_in(browser.get(message).text) == [who, "now", unasked]


def test_what_is_ticked_goes_along_through_the_steps(
    table: Event, cast: SimpleNamespace, sign_in: SignIn
) -> None:
    invite(table, make_offices(1), cast)
    factories.make_invitation(table)
    office = factories.make_office("Arkivist", factories.make_institution("Arkivi"))
    db.session.commit()
    browser, query = sign_in(cast.arta), f"?q=arkiv&chosen=o{office.id}en"
    page = f"/events/{table.id}/invite{query}"
    for at in (1, 2):
        steps = steps_in(browser.get(page).text)
        assert all(step.endswith(query) for step in steps if step != "now")
        page = steps[at]
    back = steps_in(browser.get(page).text)[0]
    assert f'value="office-{office.id}" id="guest-office-{office.id}" checked' in browser.get(back).text


def test_adding_goes_on_to_the_page_that_says_what_happens(
    table: Event, cast: SimpleNamespace, sign_in: SignIn
) -> None:
    offices = make_offices(4)
    db.session.commit()
    browser, who = sign_in(cast.arta), f"/events/{table.id}/invite"
    answer = browser.post(who, data={"guest": [f"office-{office.id}" for office in offices], "do": "go"})
    assert answer.location == f"{who}/send"
    assert browser.post(who, data={"do": "go"}).location == f"{who}/send"
    page = browser.get(f"{who}/send")
    assert f"{who}/message" in page.text  # a note can still be written
    assert 'class="mail-frame"' in page.text
    assert "frame-src 'self'" in page.headers["Content-Security-Policy"]


def test_the_steps_of_a_letter(cast: SimpleNamespace, sign_in: SignIn) -> None:
    browser, unaddressed = sign_in(cast.arta), "pasi të ketë të paktën një marrës"
    assert steps_in(browser.get("/letters/new").text) == ["now", "pasi të ruhet teksti", unaddressed]
    letter = factories.make_letter(cast.fier)
    office = factories.make_office("Arkivist", factories.make_institution("Arkivi"))
    db.session.commit()
    edit, recipients, preview = (f"/letters/{letter.id}/{page}" for page in ("edit", "recipients", "preview"))
    assert steps_in(browser.get(edit).text) == ["now", recipients, unaddressed]
    browser.post(recipients, data={"guest": f"office-{office.id}", "role": "to"})
    assert steps_in(browser.get(edit).text) == ["now", recipients, preview]
    query = f"?q=ark&chosen=o{office.id}"
    assert steps_in(browser.get(recipients + query).text) == [edit + query, "now", preview + query]
    assert steps_in(browser.get(preview + query).text) == [edit + query, recipients + query, "now"]


def test_the_steps_of_an_import(cast: SimpleNamespace, sign_in: SignIn) -> None:
    browser = sign_in(cast.arta)
    unread, unchosen, undone = (
        "pasi të lexohet skedari",
        "pasi të zgjidhen kolonat",
        "pasi të importohen rreshtat",
    )
    assert steps_in(browser.get("/people/import/new").text) == ["now", unread, unchosen, undone]
    ident = uploaded(browser, "Emri;E-mail\nQytetar 00421;q421@posta.example\n")
    show = f"/people/import/{ident}"
    columns = f"{show}/columns"
    assert steps_in(browser.get(columns).text) == ["", "now", unchosen, undone]
    sent = {"kind": "other", "municipality": "", "language": "sq", "column-0": "name", "column-1": "email"}
    assert browser.post(columns, data=sent | opened(browser, columns)).status_code == 302
    assert steps_in(browser.get(show).text) == ["", columns, "now", undone]
    assert steps_in(browser.get(columns).text) == ["", "now", show, undone]
    run(browser, ident)
    assert steps_in(browser.get(show).text) == ["", "", "", "now"]


def test_who_leaves_to_mend_an_address_comes_back(
    table: Event, cast: SimpleNamespace, sign_in: SignIn
) -> None:
    office = factories.make_office(
        "Arkivist", factories.make_institution("Arkivi"), email="gabim@arkivi.example"
    )
    db.session.commit()
    [address] = office.addresses
    address.organisation_id = cast.fier.id
    db.session.commit()
    browser, back = sign_in(cast.arta), f"/events/{table.id}/invite/send?q=ark&chosen=o{office.id}"
    page = browser.get(f"/people/institutions/{office.institution_id}", query_string={"back": back}).text
    assert f'<a href="{escape(back)}">← Kthehu te puna që kishe nisur</a>' in page
    [mend] = re.findall(rf'href="([^"]*/addresses/{address.id}/edit[^"]*)"', page)
    assert f'<a href="{escape(back)}">' in browser.get(unescape(mend)).text
    sent = {"email": "arkivi@bashkia.example", "use": "main"}
    answer = browser.post(unescape(mend), data=sent | opened(browser, unescape(mend)))
    assert answer.location == f"{back}&guest=office-{office.id}"
    elsewhere = browser.get(
        f"/people/institutions/{office.institution_id}", query_string={"back": "//elsewhere.example/"}
    ).text
    assert "elsewhere.example" not in elsewhere.partition("<main")[2]


def test_who_leaves_to_change_the_event_comes_back(
    table: Event, cast: SimpleNamespace, sign_in: SignIn
) -> None:
    factories.make_invitation(table, language="en")
    table.title_en = ""
    db.session.commit()
    browser, message = sign_in(cast.arta), f"/events/{table.id}/invite/message?part=text"
    [leave] = set(re.findall(rf'href="(/events/{table.id}/edit[^"]*)"', browser.get(message).text))
    edit = unescape(leave)
    assert f'href="{escape(message)}"' in browser.get(edit).text
    sent = opened(browser, edit) | {"title_en": "Round table"}
    assert browser.post(edit, data=sent).location == message


def test_a_recipient_without_an_address_gets_one_on_the_way(cast: SimpleNamespace, sign_in: SignIn) -> None:
    letter = factories.make_letter(cast.fier)
    mute = factories.make_office("Arkivist", factories.make_institution("Arkivi"), email=None)
    for office in (mute, factories.make_office("Kryetar")):
        factories.make_letter_recipient(letter, office)
    db.session.commit()
    browser = sign_in(cast.arta)
    for page in (f"/letters/{letter.id}/recipients?q=zyra", f"/letters/{letter.id}/preview?in=sq"):
        [leave] = set(
            re.findall(rf'href="(/people/offices/{mute.id}/addresses/new[^"]*)"', browser.get(page).text)
        )
        assert f'href="{escape(page)}"' in browser.get(unescape(leave)).text
    answer = browser.post(unescape(leave), data={"email": "arkivi@bashkia.example", "use": "main"})
    assert answer.location.startswith(f"/letters/{letter.id}/preview?in=sq")
    assert "arkivi@bashkia.example" in browser.get(f"/letters/{letter.id}/recipients").text


def test_what_is_chosen_of_rows_survives_tabs_and_pages(cast: SimpleNamespace, sign_in: SignIn) -> None:
    browser = sign_in(cast.arta)
    lines = "".join(f"Qytetar {number:05};q{number}@posta.example\n" for number in range(60))
    ident = checked(browser, f"Emri;E-mail\n{lines}")
    first = rows_of(ident)[0]
    sent = {f"row-{first.id}": "skip", f"was-{first.id}": "new", "show": "all", "page": "1"}
    show = f"/people/import/{ident}"
    for go, leads_to in (
        ("page-2", "?show=all&page=2"),
        ("errors", "?show=errors"),
        ("?", "?show=all&page=1"),
    ):
        page = browser.get(show).text
        assert (f'name="go" value="{go}"' in page) == (go != "?")
        answer = browser.post(f"{show}/rows", data=sent | {"go": go})
        assert answer.location == f"{show}{leads_to}"
        assert rows_of(ident)[0].decision == "skip"
        sent[f"was-{first.id}"] = "skip"
