"""A whole list put on an event's guest list: once, within the organisation's reach, with the reasons of the others."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select

from pop_campaigns.accounts.models import User
from pop_campaigns.contacts.models.addresses import Address
from pop_campaigns.contacts.rules import ConsentChannel, Purpose
from pop_campaigns.contacts.services.refusals import suppress
from pop_campaigns.core.clock import now
from pop_campaigns.core.db import db
from pop_campaigns.core.history import History
from pop_campaigns.core.i18n import speaking
from pop_campaigns.events.models.events import Event
from pop_campaigns.events.rules.events import EventState
from pop_campaigns.invitations.models.invitations import Invitation
from pop_campaigns.invitations.services import from_list as list_guests
from pop_campaigns.invitations.services.from_list import add_list
from pop_campaigns.lists.models import ContactList
from tests import factories
from tests.invitations.scene import counted_statements
from tests.lists.scene import consent, make_list, make_person

pytestmark = pytest.mark.both_databases


@pytest.fixture
def scene(cast: SimpleNamespace) -> SimpleNamespace:
    """An event of Fier and a list of the network: an office, people of both cities, with and without consent."""
    office = factories.make_office("Kryetar", email="kryetar@bashkia.example")
    citizen = make_person("Qytetari", "citizen", owner=cast.fier)
    consent(citizen)
    silent = make_person("Pa pëlqim", "citizen", owner=cast.fier)
    bare = make_person("Pa adresë", email=None)
    foreign = make_person("Qytetari i Vlorës", "citizen", owner=cast.vlore)
    consent(foreign)
    double = make_person("Kryetari vetë", email="KRYETAR@bashkia.example")
    refusing = make_person("Refuzon")
    suppress("refuzon@kontakte.example", Purpose.EVENTS, cast.fier.id, channel=ConsentChannel.LINK, now=now())
    members = (office, citizen, silent, bare, foreign, double, refusing)
    made = make_list("Të gjithë", None, None, *members)
    event = factories.make_event(cast.fier)
    db.session.commit()
    return SimpleNamespace(event=event.id, list=made.id, office=office.id, citizen=citizen.id)


def guests(event_id: int) -> list[str]:
    rows = db.session.scalars(
        select(Invitation).where(Invitation.event_id == event_id).order_by(Invitation.id)
    )
    return [row.address for row in rows]


def test_all_are_added_once(scene: SimpleNamespace, cast: SimpleNamespace, sign_in: Any) -> None:
    browser, url = sign_in(cast.arta), f"/events/{scene.event}/invite/list"
    assert f'href="{url}"' in browser.get(f"/events/{scene.event}/invite").text
    page = browser.get(f"{url}?list={scene.list}").text
    assert "kryetar@bashkia.example" in page and "qytetari@kontakte.example" in page
    assert "Vlorës" not in page and "refuzon@" not in page
    expected = ["kryetar@bashkia.example", "qytetari@kontakte.example"]
    for _press in range(2):
        answer = browser.post(url, data={"list": scene.list})
        assert answer.location == f"/events/{scene.event}/invite"
        assert guests(scene.event) == expected
    added = db.session.scalars(select(History).where(History.action == "invitation.added")).all()
    assert len(added) == 2, "nothing is noted twice either"
    said = browser.get(answer.location).text
    for words in ("2 janë tashmë në listë", "1 nuk ka dhënë pëlqim", "1 nuk dëshiron mesazhe të tilla"):
        assert words in said, said


def test_who_was_withdrawn_is_asked_again_and_who_is_there_stays(
    scene: SimpleNamespace, cast: SimpleNamespace
) -> None:
    event, made = db.session.get_one(Event, scene.event), db.session.get_one(ContactList, scene.list)
    first = add_list(event, made, by=cast.arta, now=now())
    db.session.delete(first.done.added[0])
    db.session.flush()
    again = add_list(event, made, by=cast.arta, now=now())
    assert [one.address for one in again.done.added] == ["kryetar@bashkia.example"]
    with speaking("en"):
        assert again.words()[0] == "1 is on the list already"
    db.session.commit()


@pytest.mark.parametrize(
    ("who", "sees"), [("clirim", False), ("eva", False), ("drita", True), ("besa", True)]
)
def test_only_who_may_change_the_event_adds(
    scene: SimpleNamespace, cast: SimpleNamespace, sign_in: Any, who: str, sees: bool
) -> None:
    browser, url = sign_in(getattr(cast, who)), f"/events/{scene.event}/invite/list"
    assert (browser.get(f"{url}?list={scene.list}").status_code == 200) is sees
    browser.post(url, data={"list": scene.list})
    assert len(guests(scene.event)) == (2 if sees else 0), "an administrator, too, adds nobody of Vlorë's"


def test_another_organisations_list_is_not_there(
    scene: SimpleNamespace, cast: SimpleNamespace, sign_in: Any
) -> None:
    foreign = make_list("E Vlorës", cast.vlore, {"of": "offices"})
    db.session.commit()
    url = f"/events/{scene.event}/invite/list"
    for user in (cast.arta, cast.drita):
        browser = sign_in(user)
        assert "E Vlorës" not in browser.get(url).text
        assert browser.get(f"{url}?list={foreign.id}").status_code == 404
        assert browser.post(url, data={"list": foreign.id}).status_code == 404
    assert guests(scene.event) == []


@pytest.mark.parametrize("typed", ["-1", "0", "x", "99999999999999999999", "²", "1 or 1=1", "\x00"])
def test_a_list_that_is_none_is_not_there(
    scene: SimpleNamespace, cast: SimpleNamespace, sign_in: Any, typed: str
) -> None:
    url = f"/events/{scene.event}/invite/list"
    assert sign_in(cast.arta).post(url, data={"list": typed}).status_code == 404
    assert sign_in(cast.arta).get(url, query_string={"list": typed}).status_code == 404


def test_nothing_chosen_and_nobody_invitable_are_said(
    scene: SimpleNamespace, cast: SimpleNamespace, sign_in: Any
) -> None:
    browser, url = sign_in(cast.arta), f"/events/{scene.event}/invite/list"
    assert browser.post(url).status_code == 422
    broken = make_list("E prishur", cast.fier, {"of": "persons", "colour": "red"})
    db.session.get_one(Event, scene.event).state = EventState.CANCELLED
    db.session.commit()
    refused = browser.post(url, data={"list": scene.list})
    assert refused.status_code == 422 and 'role="alert"' in refused.text
    assert "colour" in browser.post(url, data={"list": broken.id}).text
    assert guests(scene.event) == []


def test_a_list_too_long_is_refused(
    scene: SimpleNamespace, cast: SimpleNamespace, sign_in: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(list_guests, "MOST_FROM_LIST", 1)
    answer = sign_in(cast.arta).post(f"/events/{scene.event}/invite/list", data={"list": scene.list})
    assert answer.status_code == 422 and guests(scene.event) == []


def test_an_administrator_reaches_nobody_at_an_address_that_refuses(
    scene: SimpleNamespace, cast: SimpleNamespace
) -> None:
    """For whoever adds, Fier's own address comes before the network's; a refusal of it holds, of the other one not."""
    official = make_person("Zyrtari", email="rrjeti@kontakte.example")
    db.session.add(Address(email="fier@kontakte.example", person=official, organisation_id=cast.fier.id))
    suppress("rrjeti@kontakte.example", Purpose.EVENTS, cast.fier.id, channel=ConsentChannel.LINK, now=now())
    made = make_list("Një zyrtar", None, None, official)
    db.session.commit()
    event = db.session.get_one(Event, scene.event)
    add_list(event, made, by=cast.drita, now=now())
    assert guests(scene.event) == ["fier@kontakte.example"]
    db.session.rollback()
    suppress("fier@kontakte.example", Purpose.EVENTS, cast.fier.id, channel=ConsentChannel.LINK, now=now())
    db.session.commit()
    add_list(event, made, by=cast.drita, now=now())
    assert guests(scene.event) == []


def test_an_office_is_asked_at_an_address_that_a_person_refused(
    scene: SimpleNamespace, cast: SimpleNamespace
) -> None:
    """As when it is chosen by hand: it is asked because it is an office."""
    suppress("kryetar@bashkia.example", Purpose.EVENTS, cast.fier.id, channel=ConsentChannel.LINK, now=now())
    db.session.commit()
    event, made = db.session.get_one(Event, scene.event), db.session.get_one(ContactList, scene.list)
    add_list(event, made, by=cast.arta, now=now())
    assert "kryetar@bashkia.example" in guests(scene.event)


def test_a_long_list_costs_no_more_look_ups(scene: SimpleNamespace, cast: SimpleNamespace) -> None:
    user: User = cast.arta

    def looked_up(number: int) -> int:
        people = [make_person(f"Zyrtar {number} {one}") for one in range(number)]
        made, event = make_list(f"Lista {number}", cast.fier, None, *people), factories.make_event(cast.fier)
        db.session.commit()
        with counted_statements() as asked:
            assert len(add_list(event, made, by=user, now=now()).done.added) == number
        db.session.rollback()
        return sum(one.startswith("SELECT") for one in asked)

    assert looked_up(40) <= looked_up(3) + 1
