"""An invitation handed over by a messenger: a second link, what is answered by it, who hears of that."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import func, select

from pop_campaigns.core.db import db
from pop_campaigns.core.history import History
from pop_campaigns.core.tokens import derive_token
from pop_campaigns.events.models.events import Event
from pop_campaigns.events.rules.events import EventState
from pop_campaigns.invitations.messages.handed_links import TOKEN_PURPOSE
from pop_campaigns.invitations.models.handed_links import HandedLink
from pop_campaigns.invitations.models.invitations import GivenAnswer, Invitation
from pop_campaigns.invitations.rules.invitations import Answer, erased_address
from pop_campaigns.mail.compose import compose
from pop_campaigns.mail.models import OutgoingMail
from pop_campaigns.privacy.services.blanking import blank_guest
from tests import factories
from tests.invitations.scene import NOW, START, deliver, invite, mails, make_offices, make_table

SignIn = Callable[[Any], FlaskClient]


@pytest.fixture(autouse=True)
def clock() -> Iterator[Any]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def table(cast: SimpleNamespace) -> Event:
    event = make_table(cast.fier)
    db.session.commit()
    return event


@pytest.fixture
def guest(table: Event, cast: SimpleNamespace) -> Invitation:
    [asked] = invite(table, make_offices(1), cast)
    deliver()
    return asked


@pytest.fixture
def arta(cast: SimpleNamespace, sign_in: SignIn) -> FlaskClient:
    return sign_in(cast.arta)


def page_of(guest: Invitation) -> str:
    return f"/invitations/{guest.id}/hand-over"


def links(guest: Invitation) -> list[HandedLink]:
    db.session.expire_all()
    rows = select(HandedLink).where(HandedLink.invitation_id == guest.id).order_by(HandedLink.id)
    return list(db.session.scalars(rows))


def address(link: HandedLink) -> str:
    return "/a/" + derive_token(TOKEN_PURPOSE, link.nonce)


def hand_over(browser: FlaskClient, guest: Invitation) -> str:
    """Make the link; gives the address it opens."""
    assert browser.post(page_of(guest)).status_code == 302
    return address(links(guest)[-1])


def notices() -> list[OutgoingMail]:
    return mails("handed")


def answers() -> list[GivenAnswer]:
    return list(db.session.scalars(select(GivenAnswer).order_by(GivenAnswer.id)))


def test_looking_makes_no_link_and_a_press_makes_one(arta: FlaskClient, guest: Invitation) -> None:
    assert arta.get(page_of(guest)).status_code == 200
    assert arta.head(page_of(guest)).status_code == 200
    assert links(guest) == []
    for _press in (1, 2):
        assert arta.post(page_of(guest)).location == page_of(guest)
    [link] = links(guest)
    assert (link.made_by, link.made_at, link.revoked_at) == ("Arta", NOW, None)
    assert link.token_hash != guest.token_hash


def test_the_words_are_the_guests_language_or_the_other_one(
    arta: FlaskClient, guest: Invitation, table: Event
) -> None:
    path = hand_over(arta, guest)
    page = arta.get(page_of(guest)).text
    words = page.partition('id="handed-words" lang="sq">')[2].partition("</p>")[0]
    for said in ("Organizata Fier ju fton", "Tryezë për lumin Gjanica", "16 qershor 2026", path, "Arta"):
        assert said in words
    assert f"{path}?lang" not in words
    assert guest.nonce not in page and factories.token_of(guest) not in page
    begins = quote(words.partition("\n")[0], safe="")
    for opens in ("https://wa.me/?text=", "viber://forward?text="):
        assert f'href="{opens}{begins}' in page
    english = (
        arta.get(page_of(guest) + "?words=en").text.partition('words" lang="en">')[2].partition("</p>")[0]
    )
    assert "invites you" in english and f"{path}?lang=en" in english
    assert arta.get(page_of(guest) + "?words=../x").status_code == 200


def test_it_opens_the_guests_page_and_says_by_whom_it_came(
    arta: FlaskClient, client: FlaskClient, guest: Invitation
) -> None:
    path = hand_over(arta, guest)
    page = client.get(path)
    assert page.status_code == 200
    assert "Zyra 0" in page.text and "Këtë lidhje e dorëzoi Arta." in page.text
    assert client.get(path + "/invite.ics").status_code == 200
    assert "dorëzoi" not in client.get(f"/a/{factories.token_of(guest)}").text
    assert answers() == [] and notices() == []


def test_an_answer_by_it_counts_is_marked_and_the_invited_address_hears_of_it(
    arta: FlaskClient, client: FlaskClient, guest: Invitation
) -> None:
    path = hand_over(arta, guest)
    typed = {"note": "FJALA-E-TIJ", "substitute": ""}
    assert client.post(path, data={"answer": "ACCEPTED", **typed}).status_code == 302
    [given] = answers()
    assert (given.handed_over_by, given.invitation.answer) == ("Arta", Answer.ACCEPTED)
    [notice] = notices()
    parts = compose(notice)
    assert parts.to_address == guest.address
    assert "lidhje që dorëzoi Arta" in parts.text and "“Po”" in parts.text and "Zyrës 0" in parts.text
    assert f"/a/{factories.token_of(guest)}" in parts.text  # one's own link, not the one handed over
    assert path not in parts.text + str(parts.html) and "FJALA-E-TIJ" not in parts.text + str(parts.html)
    shown = arta.get(f"/events/{guest.event_id}?about={guest.id}").text
    assert shown.count("me lidhjen që dorëzoi Arta") >= 2  # beside the answer and in the history


def test_today_and_another_time_say_it_too(arta: FlaskClient, client: FlaskClient, guest: Invitation) -> None:
    path = hand_over(arta, guest)
    client.post(path, data={"answer": "ACCEPTED"})
    assert "me lidhjen që dorëzoi Arta" in arta.get("/today").text
    typed = {"day": "2026-06-18", "start": "10:00", "end": "", "why": ""}
    assert client.post(path + "/other-time", data=typed).status_code == 302
    rows = select(History).where(History.action == "invitation.time_proposed")
    assert (db.session.scalars(rows).one().details or {})["handed_over_by"] == "Arta"


def test_the_mailed_link_tells_nobody_of_a_first_answer(client: FlaskClient, guest: Invitation) -> None:
    client.post(f"/a/{factories.token_of(guest)}", data={"answer": "ACCEPTED"})
    [given] = answers()
    assert given.handed_over_by == "" and notices() == []


def test_pressing_to_and_fro_fills_no_mailbox(
    arta: FlaskClient, client: FlaskClient, guest: Invitation, clock: Any
) -> None:
    path = hand_over(arta, guest)
    for answer in ("ACCEPTED", "DECLINED", "ACCEPTED", "ACCEPTED"):
        clock.shift(timedelta(seconds=10))
        client.post(path, data={"answer": answer})
    assert len(answers()) == 3 and len(notices()) == 2
    for _press in range(12):
        clock.shift(timedelta(minutes=2))
        client.post(path, data={"answer": "DECLINED"})
    assert len(answers()) == 15 and len(notices()) == 10


def test_an_address_from_which_mail_comes_back_is_not_written_to(
    arta: FlaskClient, client: FlaskClient, guest: Invitation, clock: Any
) -> None:
    path = hand_over(arta, guest)
    for answer in ("DECLINED", "ACCEPTED", "DECLINED"):  # a receipt of each change
        clock.shift(timedelta(days=5))
        client.post(f"/a/{factories.token_of(guest)}", data={"answer": answer})
    for mail in mails():
        mail.bounced_at, mail.bounce_permanent = mail.queued_at, True
        mail.bounce_words = "5.1.1 no such user"
    db.session.commit()
    clock.shift(timedelta(days=1))
    client.post(path, data={"answer": "ACCEPTED"})
    assert len(answers()) == 4 and notices() == []


def test_who_was_erased_is_not_written_to(arta: FlaskClient, client: FlaskClient, guest: Invitation) -> None:
    path = hand_over(arta, guest)
    guest.address = erased_address(guest.id)
    db.session.commit()
    client.post(path, data={"answer": "ACCEPTED"})
    assert len(answers()) == 1 and notices() == []
    assert arta.post(page_of(guest)).status_code == 422


def test_a_link_taken_back_opens_nothing_and_what_was_answered_stays(
    arta: FlaskClient, client: FlaskClient, guest: Invitation
) -> None:
    path = hand_over(arta, guest)
    client.post(path, data={"answer": "ACCEPTED"})
    [link] = links(guest)
    for _press in (1, 2):
        assert arta.post(page_of(guest), data={"take_back": str(link.id)}).status_code == 302
    assert client.get(path).data == client.get("/a/" + "x" * 43).data
    assert client.post(path, data={"answer": "DECLINED"}).status_code == 404
    assert client.get(f"/a/{factories.token_of(guest)}").status_code == 200
    assert len(answers()) == 1
    renewed = hand_over(arta, guest)
    assert renewed != path and client.get(renewed).status_code == 200 and client.get(path).status_code == 404


def test_a_colleague_sees_that_there_is_one_but_not_the_link(
    arta: FlaskClient, client: FlaskClient, guest: Invitation, cast: SimpleNamespace, sign_in: SignIn
) -> None:
    path = hand_over(arta, guest)
    drita = sign_in(cast.drita)  # an administrator
    page = drita.get(page_of(guest)).text
    assert "Arta" in page and path not in page
    own = hand_over(drita, guest)
    assert own != path and client.get(own).status_code == 200
    drita.post(page_of(guest), data={"take_back": str(links(guest)[0].id)})
    assert client.get(path).status_code == 404 and client.get(own).status_code == 200


def test_a_link_of_another_guest_is_not_taken_back_here(
    arta: FlaskClient, client: FlaskClient, guest: Invitation, table: Event, cast: SimpleNamespace
) -> None:
    [other] = invite(table, [factories.make_office("Zyra 7", email="zyra7@bashkia.example")], cast)
    path = hand_over(arta, other)
    for typed in (str(links(other)[0].id), "x", "9" * 30):
        assert arta.post(page_of(guest), data={"take_back": typed}).status_code == 302
    assert client.get(path).status_code == 200


@pytest.mark.parametrize("who", ["clirim", "eva", None])
def test_strangers_other_organisations_and_who_only_reads_find_no_such_page(
    guest: Invitation, cast: SimpleNamespace, client: FlaskClient, sign_in: SignIn, who: str | None
) -> None:
    browser = sign_in(getattr(cast, who)) if who else client
    for status in (browser.get(page_of(guest)).status_code, browser.post(page_of(guest)).status_code):
        assert status == 404 if who else status in (302, 404)
    assert links(guest) == []


def test_it_dies_with_the_event(
    arta: FlaskClient, client: FlaskClient, guest: Invitation, clock: Any
) -> None:
    path = hand_over(arta, guest)
    clock.move_to(START + timedelta(hours=3))
    assert client.get(path).status_code == 200
    clock.move_to(START + timedelta(hours=27))
    assert client.get(path).status_code == 404


def test_of_a_cancelled_event_no_link_is_made(arta: FlaskClient, guest: Invitation, table: Event) -> None:
    table.state = EventState.CANCELLED
    db.session.commit()
    assert arta.post(page_of(guest)).status_code == 422
    assert links(guest) == []
    assert "Krijo lidhjen" not in arta.get(page_of(guest)).text


def test_an_erasure_ends_it(arta: FlaskClient, client: FlaskClient, guest: Invitation) -> None:
    path = hand_over(arta, guest)
    blank_guest(guest)
    db.session.commit()
    assert db.session.scalar(select(func.count(HandedLink.id))) == 0
    assert client.get(path).status_code == 404
