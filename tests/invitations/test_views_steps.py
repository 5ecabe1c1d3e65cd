"""The three steps: guests are found and listed, the mail is seen before it leaves, each guest is asked once."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from types import SimpleNamespace

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from pop_campaigns.accounts.models import User
from pop_campaigns.core.db import db
from pop_campaigns.core.tokens import derive_token
from pop_campaigns.events.models.events import Event
from pop_campaigns.events.rules.events import EventState
from pop_campaigns.invitations.models.invitations import Invitation, InvitationText
from pop_campaigns.invitations.queries.guests import guests_of
from pop_campaigns.invitations.rules.invitations import InvitationState
from pop_campaigns.mail.wake_up import set_waker
from tests import factories
from tests.invitations.scene import NOW, START, invite, mails, make_offices, make_table

SignIn = Callable[[User], FlaskClient]
HOSTILE = '<script>alert(1)</script>{{ 7*7 }} "Ëmër" & Ç'


@pytest.fixture(autouse=True)
def in_may() -> Iterator[None]:
    with time_machine.travel(NOW, tick=True):
        yield


@pytest.fixture
def table(cast: SimpleNamespace) -> Event:
    event = make_table(cast.fier)
    db.session.commit()
    return event


@pytest.fixture
def bell(app: Flask) -> Iterator[list[int]]:
    """How often the worker was woken, by the number of mails it would have found."""
    rung: list[int] = []
    before = app.extensions.get("wake_worker")
    set_waker(app, lambda: rung.append(len(mails())))
    yield rung
    app.extensions["wake_worker"] = before


def path(event: Event, step: str = "") -> str:
    return f"/events/{event.id}/invite{step}"


def guests(event: Event) -> list[Invitation]:
    db.session.expire_all()
    return guests_of(event)


def hidden(page: str, name: str) -> str:
    match = re.search(rf'name="{name}"[^>]*value="([^"]*)"', page)
    assert match, f"no field {name}"
    return match[1]


# Step 1


def test_an_office_is_found_without_diacritics_and_put_on_the_list(
    table: Event, cast: SimpleNamespace, sign_in: SignIn
) -> None:
    office = factories.make_office(
        "Drejtor", factories.make_institution("Agjencia e Çështjeve në Tiranë"), holder="Zef Çela"
    )
    factories.make_office("Prefekt", factories.make_institution("Prefektura Vlorë"), email="p@vlora.example")
    db.session.commit()
    browser = sign_in(cast.arta)
    for typed in ("ceshtjeve TIRANE", "zef cela"):
        page = browser.get(path(table), query_string={"q": typed}).text
        assert f'value="office-{office.id}"' in page
        assert "Prefektura" not in page
    key = f"office-{office.id}"
    answer = browser.post(path(table), data={"guest": [key], f"language-{key}": "en"})
    assert answer.status_code == 302
    [guest] = guests(table)
    assert (guest.office_id, guest.language, guest.state) == (office.id, "en", InvitationState.DRAFT)
    page = browser.get(answer.location).text
    assert "Agjencia e Çështjeve në Tiranë" in page
    assert f'value="{key}"' not in page  # listed: nothing to tick any more
    assert mails() == []


@pytest.mark.both_databases
def test_search_keeps_what_is_ticked(table: Event, cast: SimpleNamespace, sign_in: SignIn) -> None:
    first, second = make_offices(2)
    db.session.commit()
    page = (
        sign_in(cast.arta)
        .get(
            path(table),
            query_string={
                "q": "Zyra 1", "guest": [f"office-{first.id}", "office-999999", "nonsense", "office-0"],
                f"language-office-{first.id}": "en",
            },
        )
        .text
    )  # fmt: skip
    ticked = re.findall(r'value="(office-\d+)"[^>]*checked', page)
    assert ticked == [f"office-{first.id}"]
    assert f'value="office-{second.id}"' in page
    select_of_first = page.partition(f'id="language-office-{first.id}"')[2].partition("</select>")[0]
    assert 'value="en" selected' in select_of_first


def test_the_token_never_stands_in_an_address(table: Event, cast: SimpleNamespace, sign_in: SignIn) -> None:
    make_offices(1)
    db.session.commit()
    browser = sign_in(cast.arta)
    form = browser.get(path(table)).text.partition("<main")[2].partition('id="pick-guests"')
    assert re.search(
        r'<form method="post"[^>]*$', form[0]
    )  # searching sends it, and is led to an address without it
    sent = {"do": "search", "q": "zyra", "csrf_token": hidden(form[2], "csrf_token")}
    assert browser.post(path(table), data=sent).location == path(table) + "?q=zyra"


def test_nobody_chosen_is_said(table: Event, cast: SimpleNamespace, sign_in: SignIn) -> None:
    answer = sign_in(cast.arta).post(path(table), data={"q": "zyra"})
    assert answer.status_code == 422
    assert 'id="error-summary"' in answer.text
    assert 'href="#picks"' in answer.text
    assert 'value="zyra"' in answer.text


def test_no_address_and_the_same_address_are_said_and_nothing_is_lost(
    table: Event, cast: SimpleNamespace, sign_in: SignIn
) -> None:
    shared = factories.make_office("Kryetar", email="zyra@bashkia.example")
    deputy = factories.make_office("Zëvendës", shared.institution, email="ZYRA@bashkia.example")
    mute = factories.make_office("Arkivist", factories.make_institution("Arkivi"), email=None)
    db.session.commit()
    browser = sign_in(cast.arta)
    keys = [f"office-{one.id}" for one in (shared, deputy, mute)]
    answer = browser.post(path(table), data={"guest": keys, f"language-{keys[1]}": "en"})
    assert answer.status_code == 302
    assert [guest.office_id for guest in guests(table)] == [shared.id]
    page = browser.get(answer.location).text
    assert "Zëvendës, Bashkia Fier" in page
    assert "Kryetar, Bashkia Fier" in page
    assert re.findall(r'value="(office-\d+)"[^>]*checked', page) == keys[1:]
    assert answer.location.endswith(f"chosen=o{deputy.id}en.o{mute.id}")
    assert f'name="address-office-{mute.id}"' in page
    again = browser.post(path(table), data={"guest": keys[1:]})
    assert again.status_code == 422
    assert again.text.count('<a href="#picks">Zëvendës, Bashkia Fier') == 1
    assert len(guests(table)) == 1


def test_adding_twice_lists_once(table: Event, cast: SimpleNamespace, sign_in: SignIn) -> None:
    [office] = make_offices(1)
    db.session.commit()
    browser = sign_in(cast.arta)
    for _press in range(2):
        answer = browser.post(path(table), data={"guest": [f"office-{office.id}"]})
        assert answer.status_code == 302
    assert len(guests(table)) == 1
    assert browser.get(answer.location).status_code == 200


@pytest.mark.parametrize("reason", ["cancelled", "over"])
def test_an_event_that_takes_no_guests_says_why(cast: SimpleNamespace, sign_in: SignIn, reason: str) -> None:
    values = {
        "cancelled": {"state": EventState.CANCELLED},
        "over": {"starts_at": NOW - timedelta(hours=1), "ends_at": NOW + timedelta(hours=1)},
    }[reason]
    event = make_table(cast.fier, **values)
    [office] = make_offices(1)
    db.session.commit()
    browser = sign_in(cast.arta)
    page = browser.get(path(event))
    assert page.status_code == 200
    assert "will-happen harm" in page.text
    assert 'formmethod="post"' not in page.text
    assert (f"/events/{event.id}/edit" in page.text) == (reason != "cancelled")
    refused = browser.post(path(event), data={"guest": [f"office-{office.id}"]})
    assert refused.status_code == 422
    assert "error-summary" in refused.text
    assert guests(event) == []
    for step in ("/message", "/send"):
        assert "will-happen harm" in browser.get(path(event, step)).text or step == "/send"


def test_guests_of_another_organisation_are_neither_found_nor_taken(
    table: Event, cast: SimpleNamespace, sign_in: SignIn
) -> None:
    theirs = factories.make_office(
        "Drejtor", factories.make_institution("Fshehtësira", organisation=cast.vlore), organisation=cast.vlore
    )
    db.session.commit()
    browser = sign_in(cast.arta)
    key = f"office-{theirs.id}"
    assert "Fshehtësira" not in browser.get(path(table), query_string={"guest": key}).text
    assert browser.post(path(table), data={"guest": [key]}).status_code == 422
    # The administrator sees them, but they are not this organisation's to invite.
    assert "Fshehtësira" not in sign_in(cast.drita).get(path(table)).text
    assert guests(table) == []


def test_hostile_and_long_names_stay_text(table: Event, cast: SimpleNamespace, sign_in: SignIn) -> None:
    title = (HOSTILE + " " + "Drejtoria e Përgjithshme " * 20)[:160]
    office = factories.make_office(title, factories.make_institution("Ë" * 200))
    db.session.commit()
    browser = sign_in(cast.arta)
    for place in (path(table), path(table) + "?q=%3Cscript%3E"):
        assert "<script>alert" not in browser.get(place).text
    browser.post(path(table), data={"guest": [f"office-{office.id}"]})
    for step in ("", "/message", "/message?part=text", "/message?part=calendar", "/send"):
        page = browser.get(path(table, step))
        assert page.status_code == 200
        assert "<script>alert" not in page.text
        assert "{{ 7*7 }}" in page.text
    [guest] = guests(table)
    assert "<script>alert" not in browser.get(f"/invitations/{guest.id}/preview").text


@pytest.mark.both_databases
@pytest.mark.parametrize("typed", ["%%%", "_" * 300, "a" * 10_000, "\x00", "' OR 1=1 --"])
def test_any_search_gives_a_page(table: Event, cast: SimpleNamespace, sign_in: SignIn, typed: str) -> None:
    make_offices(1)
    db.session.commit()
    answer = sign_in(cast.arta).get(path(table), query_string={"q": typed})
    assert answer.status_code == 200
    assert ("Zyra 0" in answer.text) == (typed == "\x00")


def test_a_draft_is_removed_and_brought_back(table: Event, cast: SimpleNamespace, sign_in: SignIn) -> None:
    guest = factories.make_invitation(table, language="en")
    office_id = guest.office_id
    db.session.commit()
    browser = sign_in(cast.arta)
    answer = browser.post(f"/invitations/{guest.id}/remove")
    assert answer.status_code == 302
    assert guests(table) == []
    undo = browser.get(answer.location).text.partition('class="toast-line')[2].partition("</form>")[0]
    fields = dict(re.findall(r'name="([^"]+)" value="([^"]*)"', undo))
    assert fields["guest"] == f"office-{office_id}"
    browser.post(path(table), data=fields)
    assert [(other.office_id, other.language) for other in guests(table)] == [(office_id, "en")]


def test_an_invited_guest_is_not_removed(table: Event, cast: SimpleNamespace, sign_in: SignIn) -> None:
    [guest] = invite(table, make_offices(1), cast)
    answer = sign_in(cast.arta).post(f"/invitations/{guest.id}/remove")
    assert answer.status_code == 302
    assert [other.state for other in guests(table)] == [InvitationState.INVITED]


def test_the_language_of_a_guest_is_chosen(table: Event, cast: SimpleNamespace, sign_in: SignIn) -> None:
    guest = factories.make_invitation(table)
    db.session.commit()
    browser = sign_in(cast.arta)
    assert browser.post(f"/invitations/{guest.id}/language", data={"language": "en"}).status_code == 302
    assert guests(table)[0].language == "en"
    assert browser.post(f"/invitations/{guest.id}/language", data={"language": "xx"}).status_code == 400
    assert guests(table)[0].language == "en"


# Step 2


def test_the_message_is_shown_as_it_will_arrive(table: Event, cast: SimpleNamespace, sign_in: SignIn) -> None:
    albanian = factories.make_invitation(table)
    english = factories.make_invitation(table, language="en")
    db.session.commit()
    browser = sign_in(cast.arta)
    page = browser.get(path(table, "/message"))
    assert albanian.address in page.text
    assert f"/invitations/{albanian.id}/preview" in page.text
    assert "frame-src 'self'" in page.headers["Content-Security-Policy"]
    text = browser.get(path(table, f"/message?guest={english.id}&part=text")).text
    assert "Round table on the river Gjanica" in text.partition('class="mail-text"')[2]
    calendar = browser.get(path(table, f"/message?guest={english.id}&part=calendar")).text
    assert "BEGIN:VCALENDAR" in calendar
    assert f"mailto:{english.address}" in calendar.replace("\n ", "").replace("\r", "")
    frame = browser.get(f"/invitations/{albanian.id}/preview")
    assert "Tryezë për lumin Gjanica" in frame.text
    assert "sandbox" in frame.headers["Content-Security-Policy"]
    for shown in (text, calendar, frame.text):
        assert derive_token("answer", english.nonce) not in shown
        assert derive_token("answer", albanian.nonce) not in shown
    assert mails() == []


def test_the_note_is_saved_and_stands_in_the_mail(
    table: Event, cast: SimpleNamespace, sign_in: SignIn
) -> None:
    factories.make_invitation(table)
    db.session.commit()
    browser = sign_in(cast.arta)
    page = browser.get(path(table, "/message")).text
    data = {"note_sq": "Parkim në oborr.\nHyrja B.", "note_en": "", "version": hidden(page, "version")}
    answer = browser.post(path(table, "/message"), data=data | {"part": "text"})
    assert answer.status_code == 302
    shown = browser.get(answer.location).text.partition('class="mail-text"')[2]
    assert "Parkim në oborr.\nHyrja B." in shown
    onward = browser.post(
        path(table, "/message"),
        data={"note_sq": "", "version": hidden(browser.get(answer.location).text, "version"), "next": "send"},
    )
    assert onward.location == path(table, "/send")
    db.session.expire_all()
    assert db.session.get(InvitationText, table.id).note_sq == ""  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("press", "leads_to"),
    [
        ({"look": "text"}, "/message?guest={sq}&part=text"),
        ({"look": "en", "part": "text"}, "/message?guest={en}&part=text"),
        ({"look": "guest", "guest": "{en}", "part": "calendar"}, "/message?guest={en}&part=calendar"),
        ({"look": "?", "guest": "0", "part": "?"}, "/message?guest={sq}&part=html"),
        ({"next": "who", "q": "zyra", "chosen": "o1"}, "?q=zyra&chosen=o1"),
        ({"next": "send"}, "/send"),
        ({"next": "event"}, "back="),
    ],
)
def test_every_press_keeps_the_note(
    table: Event, cast: SimpleNamespace, sign_in: SignIn, press: dict[str, str], leads_to: str
) -> None:
    ids = {language: str(factories.make_invitation(table, language=language).id) for language in ("sq", "en")}
    db.session.commit()
    browser = sign_in(cast.arta)
    sent = {name: value.format(**ids) for name, value in press.items()}
    version = hidden(browser.get(path(table, "/message")).text, "version")
    answer = browser.post(path(table, "/message"), data={"note_sq": "Hyrja B.", "version": version, **sent})
    assert answer.status_code == 302
    assert answer.location.endswith(leads_to.format(**ids)) or press.get("next") == "event"
    assert answer.location.startswith(
        path(table) if press.get("next") != "event" else f"/events/{table.id}/edit?back="
    )
    page = browser.get(path(table, "/message")).text
    assert "Hyrja B.</textarea>" in page
    assert ("Shënimi u ruajt" in page) == (not press)  # nobody asked for it to be said


def test_the_mail_is_shown_with_a_note_as_it_is_typed(
    table: Event, cast: SimpleNamespace, sign_in: SignIn
) -> None:
    albanian = factories.make_invitation(table)
    english = factories.make_invitation(table, language="en")
    db.session.commit()
    browser, typed = sign_in(cast.arta), {"note_sq": f"Hyrja B. {HOSTILE}", "note_en": "Entrance B."}
    shown = browser.post(f"/invitations/{albanian.id}/preview", data=typed)
    assert "Hyrja B." in shown.text
    assert "<script>alert" not in shown.text
    assert "sandbox" in shown.headers["Content-Security-Policy"]
    text = browser.post(f"/invitations/{english.id}/preview?part=text", data=typed)
    assert (text.mimetype, "Entrance B." in text.text) == ("text/plain", True)
    for guest in (albanian, english):
        assert derive_token("answer", guest.nonce) not in shown.text + text.text
    db.session.expire_all()
    assert db.session.get(InvitationText, table.id) is None
    assert "Hyrja B." not in browser.get(f"/invitations/{albanian.id}/preview").text


def test_a_note_over_someone_elses_is_shown_first(
    table: Event, cast: SimpleNamespace, sign_in: SignIn
) -> None:
    factories.make_invitation(table)
    db.session.commit()
    seen_by_both = hidden(sign_in(cast.arta).get(path(table, "/message")).text, "version")
    mine = {"note_sq": "E para", "version": seen_by_both}
    theirs = {"note_sq": "E dyta", "version": seen_by_both}
    assert sign_in(cast.arta).post(path(table, "/message"), data=mine).status_code == 302
    besa = sign_in(cast.besa)
    conflict = besa.post(path(table, "/message"), data=theirs)
    assert conflict.status_code == 409
    assert "E para" in conflict.text
    assert "E dyta" in conflict.text
    again = theirs | {"version": hidden(conflict.text, "version")}
    assert besa.post(path(table, "/message"), data=again).status_code == 302
    db.session.expire_all()
    assert db.session.get(InvitationText, table.id).note_sq == "E dyta"  # type: ignore[union-attr]


def test_a_note_too_long_is_kept_and_said(table: Event, cast: SimpleNamespace, sign_in: SignIn) -> None:
    factories.make_invitation(table)
    db.session.commit()
    browser = sign_in(cast.arta)
    version = hidden(browser.get(path(table, "/message")).text, "version")
    answer = browser.post(path(table, "/message"), data={"note_sq": "ë" * 2001, "version": version})
    assert answer.status_code == 422
    assert "ë" * 2001 in answer.text
    assert 'href="#note_sq"' in answer.text
    assert db.session.get(InvitationText, table.id) is None


def test_a_missing_translation_is_said_to_who_writes_in_english(
    cast: SimpleNamespace, sign_in: SignIn
) -> None:
    event = make_table(cast.fier, title_en="")
    factories.make_invitation(event)
    db.session.commit()
    browser = sign_in(cast.arta)
    for step in ("/message", "/send"):
        assert "will-happen warn" not in browser.get(path(event, step)).text
    factories.make_invitation(event, language="en")
    db.session.commit()
    for step in ("/message", "/send"):
        page = browser.get(path(event, step)).text
        assert "will-happen warn" in page
        assert f"/events/{event.id}/edit" in page


def test_without_guests_there_is_nothing_to_show(
    table: Event, cast: SimpleNamespace, sign_in: SignIn
) -> None:
    browser = sign_in(cast.arta)
    for step in ("/message", "/send"):
        page = browser.get(path(table, step))
        assert page.status_code == 200
        assert 'class="empty"' in page.text
        assert "btn-primary" not in page.text


# Step 3


def test_sending_says_what_will_happen_and_does_it_once(
    table: Event, cast: SimpleNamespace, sign_in: SignIn, bell: list[int]
) -> None:
    for language in ("sq", "sq", "en"):
        factories.make_invitation(table, language=language)
    db.session.commit()
    browser = sign_in(cast.arta)
    page = browser.get(path(table, "/send")).text
    said = re.sub(r"<[^>]+>|\s+", " ", page.partition('class="will-happen"')[2].partition("</div>")[0])
    assert re.search(r"\b3\b.*\b2\b.*\b1\b", said)
    data = {"guests": hidden(page, "guests")}
    answers = [browser.post(path(table, "/send"), data=data) for _press in range(2)]
    assert [answer.status_code for answer in answers] == [302, 302]
    assert answers[0].location == f"/events/{table.id}"
    assert len(mails("request")) == 3
    assert {guest.state for guest in guests(table)} == {InvitationState.INVITED}
    assert bell == [3]  # woken once, after the commit


def test_a_list_that_changed_meanwhile_is_shown_first(
    table: Event, cast: SimpleNamespace, sign_in: SignIn, bell: list[int]
) -> None:
    factories.make_invitation(table)
    db.session.commit()
    browser = sign_in(cast.arta)
    seen = hidden(browser.get(path(table, "/send")).text, "guests")
    factories.make_invitation(table)
    db.session.commit()
    answer = browser.post(path(table, "/send"), data={"guests": seen})
    assert answer.status_code == 409
    assert mails() == []
    assert bell == []
    now_seen = hidden(answer.text, "guests")
    assert browser.post(path(table, "/send"), data={"guests": now_seen}).status_code == 302
    assert len(mails("request")) == 2


def test_an_event_that_began_meanwhile_sends_nothing(
    table: Event, cast: SimpleNamespace, sign_in: SignIn
) -> None:
    factories.make_invitation(table)
    db.session.commit()
    with time_machine.travel(START - timedelta(minutes=9)):
        browser = sign_in(cast.arta)
        page = browser.get(path(table, "/send")).text
    with time_machine.travel(START + timedelta(minutes=1)):
        answer = browser.post(path(table, "/send"), data={"guests": hidden(page, "guests")})
    assert answer.status_code == 422
    assert "will-happen harm" in answer.text
    assert mails() == []
    assert [guest.state for guest in guests(table)] == [InvitationState.DRAFT]


def test_local_mail_is_said(
    app: Flask, table: Event, cast: SimpleNamespace, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    factories.make_invitation(table)
    db.session.commit()
    browser = sign_in(cast.arta)

    def will_happen() -> str:
        page = browser.get(path(table, "/send")).text
        return page.partition('class="will-happen"')[2].partition("</div>")[0]

    assert "⌂" not in will_happen()
    monkeypatch.setitem(app.config, "MAIL_LOCAL", True)
    assert "⌂" in will_happen()


# Who may


def addresses(event: Event, guest: Invitation) -> list[tuple[str, str]]:
    pages = ["", "/message", "/send"]
    return [
        *(("GET", path(event, step)) for step in pages),
        *(("POST", path(event, step)) for step in pages),
        ("POST", f"/invitations/{guest.id}/remove"),
        ("POST", f"/invitations/{guest.id}/language"),
        ("GET", f"/invitations/{guest.id}/preview"),
    ]


@pytest.mark.parametrize("who", ["clirim", "eva"])
def test_strangers_and_readers_find_nothing_here(
    table: Event, cast: SimpleNamespace, sign_in: SignIn, who: str
) -> None:
    guest = factories.make_invitation(table)
    db.session.commit()
    browser = sign_in(getattr(cast, who))
    before = guest.version
    for method, address in addresses(table, guest):
        data = {"language": "en", "guest": f"office-{guest.office_id}"}
        assert (
            browser.open(address, method=method, data=data if method == "POST" else None).status_code == 404
        )
    db.session.expire_all()
    assert [other.version for other in guests_of(table)] == [before]
    assert mails() == []


def test_without_an_account_one_is_asked_to_sign_in(
    table: Event, cast: SimpleNamespace, client: FlaskClient
) -> None:
    guest = factories.make_invitation(table)
    db.session.commit()
    for method, address in addresses(table, guest):
        answer = client.open(address, method=method)
        assert answer.status_code in (302, 401)
    assert db.session.scalar(select(Invitation.state)) is InvitationState.DRAFT


def test_wrong_methods_and_unknown_records(table: Event, cast: SimpleNamespace, sign_in: SignIn) -> None:
    guest = factories.make_invitation(table)
    db.session.commit()
    browser = sign_in(cast.arta)
    for name in ("remove", "language"):
        assert browser.get(f"/invitations/{guest.id}/{name}").status_code == 405
        assert browser.post(f"/invitations/99999/{name}").status_code == 404
        assert browser.post(f"/invitations/{2**40}/{name}").status_code == 404
    assert browser.post("/invitations/99999/preview").status_code == 404
    assert browser.get(f"/events/{2**40}/invite").status_code == 404
    assert len(guests(table)) == 1
