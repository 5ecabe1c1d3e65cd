"""One's own words with a change, a cancellation or a withdrawal: in whose language, as typed, seen before, back after an undo."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from types import SimpleNamespace

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from pop_campaigns.accounts.models import User
from pop_campaigns.core.db import db
from pop_campaigns.events.models.events import Event
from pop_campaigns.events.rules.events import EventState
from pop_campaigns.invitations.forms import LONGEST_NOTE
from pop_campaigns.invitations.messages.notices import NoticeWords
from pop_campaigns.invitations.models.invitations import Invitation
from pop_campaigns.invitations.queries.guests import guests_of
from pop_campaigns.invitations.services.sending import send_changes
from pop_campaigns.invitations.services.settling import settle_mails
from pop_campaigns.mail.compose import compose
from pop_campaigns.mail.message import MailParts
from pop_campaigns.mail.models import OutgoingMail
from pop_campaigns.mail.outbox import claim_mails, record_refused, take_in_hand
from pop_campaigns.mail.rules import MailState
from tests import factories
from tests.invitations.scene import NOW, deliver, invite, mails, make_offices, make_table, move

SignIn = Callable[[User], FlaskClient]
LATER = NOW + timedelta(days=2)
WORDS = {"words_sq": "Salla ka rrjedhje uji.\r\n\r\nNa ndjeni!", "words_en": "The hall is flooded."}
HOSTILE = (
    "{answer_url} {salutation} {brace} {{ 7*7 }} <script>alert(1)</script> </td>\r\nBcc: x@y.example\x00"
)


@pytest.fixture(autouse=True)
def two_days_later() -> Iterator[None]:
    with time_machine.travel(LATER, tick=False):
        yield


@pytest.fixture
def table(cast: SimpleNamespace) -> Event:
    """A round table with a guest who reads Albanian and one who reads English; both were invited."""
    event = make_table(cast.fier)
    db.session.commit()
    for number, lang in enumerate(("sq", "en")):
        office = factories.make_office(f"Zyra {lang}", email=f"zyra{number}@bashkia.example")
        invite(event, [office], cast, language=lang)
    deliver()
    return event


@pytest.fixture
def arta(table: Event, cast: SimpleNamespace, sign_in: SignIn) -> FlaskClient:
    return sign_in(cast.arta)


def guest(table: Event, lang: str) -> Invitation:
    return next(row for row in guests_of(table) if row.language == lang)


def sent(kind: str) -> dict[str, MailParts]:
    return {mail.skeleton.language: compose(mail, reveal=False) for mail in mails(kind)}


@pytest.mark.parametrize(("page", "kind"), [("announce", "change"), ("cancel", "cancellation")])
def test_each_reads_the_words_in_their_language_under_the_name_of_who_writes(
    table: Event, arta: FlaskClient, page: str, kind: str
) -> None:
    move(table, venue="Teatri")
    address = f"/events/{table.id}/{page}"
    assert arta.get(address).text.count('name="words_') == 2
    assert arta.post(address, data=WORDS).status_code == 302
    by_language = sent(kind)
    organisation = table.organisation.name_sq
    assert f"Nga {organisation}:\n\nSalla ka rrjedhje uji.\n\nNa ndjeni!\n" in by_language["sq"].text
    assert "The hall is flooded." in by_language["en"].text
    for lang, other in (("sq", "flooded"), ("en", "rrjedhje")):
        assert other not in by_language[lang].text + (by_language[lang].html or "")
    assert re.search(r'class="note"[^>]*>Salla ka rrjedhje uji\.', by_language["sq"].html or "")


def test_a_language_left_empty_gets_the_other_as_with_a_note(table: Event, arta: FlaskClient) -> None:
    arta.post(f"/events/{table.id}/cancel", data={"words_sq": "Vetëm shqip."})
    assert all("Vetëm shqip." in parts.text for parts in sent("cancellation").values())


def test_without_words_a_mail_is_as_before(table: Event, arta: FlaskClient) -> None:
    arta.post(f"/events/{table.id}/cancel", data={"words_sq": " \r\n ", "words_en": ""})
    assert not any(re.search(r"^(Nga|From) ", parts.text, re.M) for parts in sent("cancellation").values())


def test_one_who_is_withdrawn_is_asked_for_words_in_their_language_only(
    table: Event, arta: FlaskClient
) -> None:
    one = guest(table, "en")
    address = f"/invitations/{one.id}/withdraw"
    page = arta.get(address).text
    assert 'name="words_en"' in page and 'name="words_sq"' not in page
    assert f"/invitations/{one.id}/notice/withdrawal?part=html" in page
    arta.post(address, data={"words_en": "You are on leave."})
    assert list(sent("cancellation")) == ["en"]
    assert "You are on leave." in sent("cancellation")["en"].text


def test_several_who_are_withdrawn_get_the_words(table: Event, arta: FlaskClient) -> None:
    address = f"/events/{table.id}/guests/withdraw?all=1"
    assert arta.get(address).text.count('name="words_') == 2
    assert arta.post(address, data=WORDS).status_code == 302
    assert "The hall is flooded." in sent("cancellation")["en"].text
    assert "rrjedhje" in sent("cancellation")["sq"].text


def test_who_tells_nobody_is_asked_for_no_words(cast: SimpleNamespace, sign_in: SignIn) -> None:
    event = make_table(cast.fier)
    invite(event, make_offices(1), cast)
    page = sign_in(cast.arta).get(f"/events/{event.id}/cancel").text
    assert "words_" not in page and "mail-frame" not in page


def test_hostile_words_arrive_as_typed(table: Event, arta: FlaskClient) -> None:
    arta.post(f"/events/{table.id}/cancel", data={"words_sq": HOSTILE})
    parts = sent("cancellation")["sq"]
    assert "{answer_url} {salutation} {brace} {{ 7*7 }} <script>alert(1)</script> </td>" in parts.text
    assert "\r" not in parts.text and "\x00" not in parts.text
    assert "<script" not in (parts.html or "") and "&lt;script&gt;" in (parts.html or "")
    assert "/a/" not in (parts.html or "")
    assert "Bcc" not in parts.subject


@pytest.mark.parametrize("page", ["announce", "cancel", "withdraw"])
def test_words_too_long_are_kept_and_nothing_is_done(table: Event, arta: FlaskClient, page: str) -> None:
    move(table, venue="Teatri")
    long = "fjalë " * 1700
    one = guest(table, "sq")
    address = f"/invitations/{one.id}/withdraw" if page == "withdraw" else f"/events/{table.id}/{page}"
    answer = arta.post(address, data={"words_sq": long})
    assert answer.status_code == 422
    assert long.strip() in answer.text and str(LONGEST_NOTE)[0] in answer.text
    assert len(mails()) == 2
    db.session.expire_all()
    assert table.state is EventState.PLANNED


def test_words_are_kept_where_the_event_changed_meanwhile(table: Event, arta: FlaskClient) -> None:
    answer = arta.post(f"/events/{table.id}/cancel", data={**WORDS, "version": "0"})
    assert answer.status_code == 409
    assert "The hall is flooded." in answer.text and "Salla ka rrjedhje uji." in answer.text
    assert len(mails()) == 2


@pytest.mark.parametrize("notice", ["change", "cancellation", "withdrawal"])
def test_the_mail_is_seen_with_the_words_that_are_typed_and_nothing_is_stored(
    table: Event, arta: FlaskClient, notice: str
) -> None:
    move(table, venue="Teatri")
    address = f"/invitations/{guest(table, 'sq').id}/notice/{notice}"
    bare, seen = arta.get(address), arta.post(address, data=WORDS)
    assert "rrjedhje" not in bare.text
    assert "rrjedhje" in seen.text and "flooded" not in seen.text
    assert "sandbox" in seen.headers["Content-Security-Policy"]
    text = arta.post(f"{address}?part=text", data=WORDS)
    assert text.mimetype == "text/plain" and "Salla ka rrjedhje uji." in text.text
    assert ("tërhequr ftesën" in text.text) == (notice == "withdrawal")
    assert len(mails()) == 2 and arta.get(f"/invitations/{table.id}/notice/other").status_code == 404


@pytest.mark.parametrize("who", ["clirim", "eva"])
def test_strangers_and_readers_see_no_mail(
    table: Event, cast: SimpleNamespace, sign_in: SignIn, who: str
) -> None:
    browser = sign_in(getattr(cast, who))
    address = f"/invitations/{guest(table, 'sq').id}/notice/change"
    assert browser.get(address).status_code == 404
    assert browser.post(address, data=WORDS).status_code == 404


@pytest.mark.parametrize("page", ["announce", "cancel", "withdraw"])
def test_undo_gives_the_words_back(
    app: Flask, monkeypatch: pytest.MonkeyPatch, table: Event, arta: FlaskClient, page: str
) -> None:
    monkeypatch.setitem(app.config, "UNDO_SECONDS", 30)
    move(table, venue="Teatri")
    one = guest(table, "sq")
    address = f"/invitations/{one.id}/withdraw" if page == "withdraw" else f"/events/{table.id}/{page}"
    assert arta.post(address, data={"words_sq": "Na ndjeni!"}).status_code == 302
    undo = re.search(r'action="(/sendings/\d+/undo)"', arta.get(f"/events/{table.id}").text)
    assert undo
    back = arta.post(undo[1])
    assert back.status_code == 200
    assert re.search(r'<textarea[^>]*name="words_sq"[^>]*>\s*Na ndjeni!</textarea>', back.text)
    assert "frame-src 'self'" in back.headers["Content-Security-Policy"]
    assert MailState.QUEUED not in {mail.state for mail in mails()}


def test_who_never_got_the_invitation_reads_the_words_in_it(cast: SimpleNamespace, app: Flask) -> None:
    """The change waits behind the invitation in hand; that one fails, so the guest is invited, and told the same words."""
    event = make_table(cast.fier)
    invite(event, make_offices(1), cast)
    [first] = take_in_hand(claim_mails("worker", now=LATER), "worker", now=LATER)
    move(event, venue="Teatri")
    send_changes(event, by=cast.arta, now=LATER, words=NoticeWords("Salla e parë ka rrjedhje uji."))
    [change] = mails("change")
    assert "rrjedhje" in compose(change).text
    record_refused(first, permanent=False, code=451, words="later", now=LATER)
    settle_mails([change], now=LATER)
    db.session.commit()
    settled = db.session.get_one(OutgoingMail, change.id)
    assert settled.kind == "invitation.request"
    assert "Ju ftojmë" in compose(settled).text or "ftoheni" in compose(settled).text
    assert "Salla e parë ka rrjedhje uji." in compose(settled).text
