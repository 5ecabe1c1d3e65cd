"""Who gets no mail, on the way to an invitation: the rule of lists, in the words of lists, from the picker to the send step."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from types import SimpleNamespace

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from pop_campaigns.accounts.models import User
from pop_campaigns.contacts.rules import ConsentChannel, PersonKind, Purpose, Unmailed
from pop_campaigns.contacts.services.refusals import suppress
from pop_campaigns.contacts.words.mailing import UNMAILED
from pop_campaigns.core.clock import local_date
from pop_campaigns.core.db import db
from pop_campaigns.events.models.events import Event
from pop_campaigns.invitations.queries.guests import guests_of, reach_of
from pop_campaigns.invitations.queries.invitable import load_contacts, unmailed_contacts
from pop_campaigns.invitations.rules.invitations import GuestChoice, GuestRefusal, InvitationState
from pop_campaigns.invitations.services.guests import add_guests
from pop_campaigns.invitations.services.sending import send_invitations
from pop_campaigns.lists.queries.resolving import resolve
from tests import factories
from tests.invitations.scene import NOW, mails, make_table
from tests.lists.scene import make_list

SignIn = Callable[[User], FlaskClient]
K, U = PersonKind, Unmailed


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
def people(cast: SimpleNamespace) -> SimpleNamespace:
    """Each reason once, and those who get mail."""
    agrees = factories.make_person("Qytetar 1", email="q1@posta.al", kind=K.CITIZEN, organisation=cast.fier)
    factories.make_consent(agrees)
    suppress("q5@posta.al", Purpose.EVENTS, cast.fier.id, channel=ConsentChannel.LINK, now=NOW)
    made = SimpleNamespace(
        agrees=agrees,
        silent=factories.make_person(
            "Qytetar 2", email="q2@posta.al", kind=K.CITIZEN, organisation=cast.fier
        ),
        official=factories.make_person("Zyrtar 3", email="q3@posta.al", kind=K.OFFICIAL),
        press=factories.make_person("Gazetar 4", email="q4@posta.al", kind=K.JOURNALIST),
        refuses=factories.make_person("Gazetar 5", email="q5@posta.al", kind=K.JOURNALIST),
        office=factories.make_office("Kryetar", email="kryetari@bashkia.al"),
        sample=factories.make_office("Prefekt", email="prefekti@qark.example"),
        mute=factories.make_office("Arkivist", factories.make_institution("Arkivi"), email=None),
    )
    db.session.commit()
    return made


def key_of(one: object) -> tuple[str, int]:
    return ("person" if type(one).__name__ == "Person" else "office", one.id)  # type: ignore[attr-defined]


def path(event: Event, step: str = "") -> str:
    return f"/events/{event.id}/invite{step}"


def row(page: str, key: str) -> str:
    """What the picker says of one office or person."""
    return next(part for part in page.split('<li class="pick')[1:] if f'"{key}"' in part or f"-{key}" in part)


@pytest.mark.both_databases
@pytest.mark.parametrize("mode", ["test", "production"])
def test_picker_and_list_say_the_same_of_everybody(
    app: Flask, table: Event, cast: SimpleNamespace, people: SimpleNamespace, mode: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setitem(app.config, "MODE", mode)
    everybody = [key_of(one) for one in vars(people).values()]
    made = make_list("Të gjithë", cast.fier, None, *vars(people).values())
    reach, day = reach_of(table, cast.arta), local_date(NOW)
    by_list = {
        (left.recipient.kind, left.recipient.id): left.reason
        for left in resolve(made, cast.arta, Purpose.EVENTS, day, reach=reach).left_out
    }
    contacts = load_contacts(table, everybody, by=cast.arta, now=NOW)
    assert unmailed_contacts(table, contacts, by=cast.arta, now=NOW) == by_list
    expected = {people.silent: U.NO_CONSENT, people.refuses: U.REFUSES, people.mute: U.NO_ADDRESS}
    if mode == "production":
        expected[people.sample] = U.SAMPLE
    assert by_list == {key_of(one): reason for one, reason in expected.items()}


@pytest.mark.both_databases
def test_who_gets_no_mail_may_be_a_guest_and_stays_unasked_until_put_right(
    table: Event, cast: SimpleNamespace, people: SimpleNamespace
) -> None:
    choices = [GuestChoice(*key_of(one)) for one in vars(people).values()]
    done = add_guests(table, choices, by=cast.arta, now=NOW)
    assert [refused.reason for refused in done.refused] == [GuestRefusal.NOT_WANTED, GuestRefusal.NO_ADDRESS]
    assert [(guest.person_id, reason) for guest, reason in done.unmailed] == [
        (people.silent.id, U.NO_CONSENT)
    ]
    assert send_invitations(table, by=cast.arta, now=NOW) == 5
    db.session.commit()
    assert "q2@posta.al" not in {mail.to_address for mail in mails()}
    [left] = guests_of(table, InvitationState.DRAFT)
    assert left.person_id == people.silent.id
    factories.make_consent(people.silent)
    assert send_invitations(table, by=cast.arta, now=NOW) == 1
    db.session.commit()
    assert [mail.to_address for mail in mails()][-1] == "q2@posta.al"


@pytest.mark.parametrize("lang", ["sq", "en"])
def test_the_picker_shows_why_before_anybody_is_added(
    table: Event, cast: SimpleNamespace, people: SimpleNamespace, sign_in: SignIn, lang: str
) -> None:
    cast.arta.language = lang
    db.session.commit()
    browser = sign_in(cast.arta)
    said = {
        people.silent: ("No consent", "Pa pëlqim"), people.refuses: ("Wants no such mail", "Nuk dëshiron mesazhe të tilla"),
        people.mute: ("No address", "Pa adresë"),
    }  # fmt: skip
    for one, (english, albanian) in said.items():
        kind, ident = key_of(one)
        page = browser.get(path(table), query_string={"q": getattr(one, "name", "arkivist")}).text
        found = row(page, f"{kind}-{ident}")
        assert (english if lang == "en" else albanian) in found
        assert ('name="guest"' in found) is (one is not people.refuses)
    answer = browser.post(path(table), data={"guest": [f"person-{people.silent.id}"]})
    page = browser.get(answer.location).text
    assert (
        "1 guest gets no mail: 1 has not given consent."
        if lang == "en"
        else "1 i ftuar nuk merr mesazh: 1 nuk ka dhënë pëlqim."
    ) in page


def test_all_found_are_ticked_but_those_who_get_no_mail(
    table: Event, cast: SimpleNamespace, people: SimpleNamespace, sign_in: SignIn
) -> None:
    answer = sign_in(cast.arta).post(path(table), data={"q": "qytetar", "do": "all"})
    assert answer.location.endswith(f"chosen=p{people.agrees.id}sq")


def test_the_send_step_names_who_is_held_back_and_why(
    app: Flask, table: Event, cast: SimpleNamespace, people: SimpleNamespace, sign_in: SignIn,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setitem(app.config, "MODE", "production")
    asked = (people.silent, people.sample, people.office, people.press)
    add_guests(table, [GuestChoice(*key_of(one)) for one in asked], by=cast.arta, now=NOW)
    suppress("q4@posta.al", Purpose.EVENTS, cast.fier.id, channel=ConsentChannel.LINK, now=NOW)
    db.session.commit()
    browser = sign_in(cast.arta)
    page = browser.get(path(table, "/send")).text
    held = page.partition('class="held-back"')[2].partition("</ul>")[0]
    assert "3 të ftuar nuk marrin mesazh" in page
    assert re.findall(r"<li>([^<]*?) ?<span", held) == ["Qytetar 2", "Prefekt, Bashkia Fier", "Gazetar 4"]
    for reason in (U.NO_CONSENT, U.SAMPLE, U.REFUSES):
        assert str(UNMAILED[reason].words) in held
    assert f"/people/persons/{people.silent.id}/consents" in held
    assert "kryetari@bashkia.al" in page and "prefekti@qark.example" not in page
    assert browser.post(path(table, "/send")).status_code == 302
    assert [mail.to_address for mail in mails()] == ["kryetari@bashkia.al"]


def test_the_message_step_says_of_whom_it_shows_that_they_get_none(
    table: Event, cast: SimpleNamespace, people: SimpleNamespace, sign_in: SignIn
) -> None:
    for one in (people.silent, people.agrees):
        add_guests(table, [GuestChoice(*key_of(one))], by=cast.arta, now=NOW)
    db.session.commit()
    browser, said = sign_in(cast.arta), "Ky i ftuar nuk merr mesazh."
    for guest in guests_of(table):
        page = browser.get(path(table, f"/message?guest={guest.id}")).text
        assert (said in page) is (guest.person_id == people.silent.id)
        assert ("Pa pëlqim" in page) is (guest.person_id == people.silent.id)


def test_sample_addresses_say_so_where_mail_is_sent_from(
    table: Event, cast: SimpleNamespace, people: SimpleNamespace, sign_in: SignIn
) -> None:
    add_guests(table, [GuestChoice("office", people.sample.id)], by=cast.arta, now=NOW)
    other = factories.make_office("Drejtor", email="drejtori@ujesjellesi.example")
    db.session.commit()
    browser, chip = sign_in(cast.arta), f"</span> {UNMAILED[U.SAMPLE].words}</span>"
    assert chip in row(browser.get(path(table), query_string={"q": "drejtor"}).text, f"office-{other.id}")
    assert chip in browser.get(path(table, "/message")).text.partition('class="mail-preview"')[2][:1500]
    for step in ("", "/send"):
        listed = browser.get(path(table, step)).text.rpartition("prefekti@qark.example")[2]
        assert chip in listed[:250], step


def test_an_office_without_an_address_is_ticked_and_asked_for_it_there(
    table: Event, cast: SimpleNamespace, people: SimpleNamespace, sign_in: SignIn
) -> None:
    browser, key = sign_in(cast.arta), f"office-{people.mute.id}"
    answer = browser.post(path(table), data={"guest": [key], "q": "arkivist"})
    assert answer.status_code == 422
    summary = answer.text.partition('id="error-summary"')[2].partition("</ul>")[0]
    assert re.findall(r'href="(#[^"]*)"', summary) == [f"#address-{key}"]
    found = row(answer.text, key)
    assert " checked" in found and '<details class="pick-mend" open>' in found
    sent = {"guest": [key], f"address-{key}": "arkivi@bashkia.al", "do": "add"}
    assert browser.post(path(table), data=sent).status_code == 302
    assert [guest.address for guest in guests_of(table)] == ["arkivi@bashkia.al"]
