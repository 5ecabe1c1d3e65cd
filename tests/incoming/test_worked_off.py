"""Mail that came in is worked off where it is read: recorded as an answer or a response, in the list, several at once."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from email.message import EmailMessage
from types import SimpleNamespace
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from pop_campaigns.core.clock import now
from pop_campaigns.core.db import db
from pop_campaigns.core.subject_files import files_of
from pop_campaigns.follow_ups.services import add_follow_up
from pop_campaigns.invitations.models.invitations import GivenAnswer
from pop_campaigns.invitations.rules.invitations import Answer, AnswerChannel, ToldHow
from pop_campaigns.letters.models import LetterRecipient, LetterResponse
from pop_campaigns.letters.rules.letters import LetterState, ResponseKind
from pop_campaigns.mail.models import IncomingMail, OutgoingMail
from pop_campaigns.mail.rules import IncomingKind, IncomingState
from tests import factories
from tests.incoming.scene import DOMAIN, address_of, arrive, make_scene, words

SignIn = Callable[[Any], FlaskClient]
NO = "Fatkeqësisht nuk mund të marr pjesë."
PDF = b"%PDF-1.7 the reply of an office"


@pytest.fixture
def scene(cast: SimpleNamespace) -> SimpleNamespace:
    return make_scene(cast)


@pytest.fixture
def reply(scene: SimpleNamespace) -> IncomingMail:
    """The mayor says no in words."""
    return arrive(words(NO, sender=scene.mayor.address, to=address_of(scene.mayor)))


@pytest.fixture
def letter(cast: SimpleNamespace) -> LetterRecipient:
    """A letter that left a week ago, nr. 12/2026."""
    sent_at = now() - timedelta(days=7)
    row = factories.make_letter(
        cast.fier, state=LetterState.SENT, sent_at=sent_at, register_year=2026, register_count=12
    )
    recipient = factories.make_letter_recipient(
        row, address="protokolli@ministria.example", reply_local="r-" + "b" * 26
    )
    db.session.commit()
    return recipient


def office_replies(recipient: LetterRecipient, **more: str) -> IncomingMail:
    mail = EmailMessage()
    mail["From"], mail["To"] = recipient.address, f"{recipient.reply_local}@{DOMAIN}"
    mail["Subject"] = "Kthim përgjigje"
    mail.set_content(more.get("text", "Nr. 771/1 Prot.\nBashkëlidhur gjeni përgjigjen tonë.\n"))
    mail.add_attachment(b"shenim", maintype="text", subtype="plain", filename="shënim.txt")
    mail.add_attachment(
        more.get("file", "").encode() or PDF, maintype="application", subtype="pdf", filename="Përgjigja.pdf"
    )
    return arrive(mail.as_bytes())


def filled(page: str) -> dict[str, str]:
    """What a browser would send of the page's form if somebody only pressed its button."""
    data = dict(re.findall(r'<textarea[^>]*name="(\w+)"[^>]*>\s*([^<]*)</textarea>', page))
    for field in re.findall(r"<input[^>]*>", page):
        name, value = (re.search(rf'{what}="([^"]*)"', field) for what in ("name", "value"))
        if name and ('type="radio"' not in field or "checked" in field):
            data[name[1]] = value[1] if value else ""
    return data


def stored(mail: IncomingMail) -> IncomingMail:
    db.session.expire_all()
    return db.session.get_one(IncomingMail, mail.id)


@pytest.mark.both_databases
def test_a_no_in_words_is_recorded_in_two_clicks(
    cast: SimpleNamespace, scene: SimpleNamespace, reply: IncomingMail, sign_in: SignIn
) -> None:
    arta = sign_in(cast.arta)
    page = arta.get(f"/mail/in/{reply.id}?show=todo").text
    [link] = re.findall(r'btn-primary" href="([^"]+)"', page)
    assert link == f"/mail/in/{reply.id}/answer/{scene.mayor.id}?show=todo"
    form = filled(arta.get(link).text)
    assert (form["answer"], form["note"]) == ("DECLINED", NO)
    assert stored(reply).seen_at is None, "looking changes nothing"
    for _press in (1, 2):
        assert arta.post(link, data=form).location == f"/mail/in/{reply.id}?show=todo"
    [answer] = db.session.scalars(select(GivenAnswer))
    assert (answer.answer, answer.note, answer.incoming_mail_id) == (Answer.DECLINED, NO, reply.id)
    assert (answer.channel, answer.told_how) == (AnswerChannel.BY_HAND, ToldHow.MAIL)
    assert (answer.recorded_by, answer.sent_from) == ("Arta", None)
    assert stored(reply).seen_at
    for address in (f"/mail/in/{reply.id}", "/mail/in?show=all"):
        assert "Shënuar si: jo" in arta.get(address).text
    assert f"/events/{scene.event.id}#guest-{scene.mayor.id}" in arta.get(f"/mail/in/{reply.id}").text
    assert "është shënuar tashmë" in arta.get(link).text


def test_of_two_people_at_once_the_first_one_records(
    cast: SimpleNamespace, scene: SimpleNamespace, reply: IncomingMail, sign_in: SignIn
) -> None:
    link = f"/mail/in/{reply.id}/answer/{scene.mayor.id}"
    sign_in(cast.arta).post(link, data={"answer": "DECLINED"})
    second = sign_in(cast.drita).post(link, data={"answer": "ACCEPTED"}, follow_redirects=True)
    assert "Asgjë nuk ndryshoi" in second.text and "Shënuar si: jo" in second.text
    assert [answer.answer for answer in db.session.scalars(select(GivenAnswer))] == [Answer.DECLINED]


def test_a_reminder_stands_in_the_list(cast: SimpleNamespace, reply: IncomingMail, sign_in: SignIn) -> None:
    add_follow_up(("incoming_mails", reply.id), now().date() + timedelta(days=3), by=cast.arta, now=now())
    db.session.commit()
    assert "Kujtesë: " in sign_in(cast.arta).get("/mail/in").text


def test_what_was_typed_stays_when_something_is_missing(
    cast: SimpleNamespace, scene: SimpleNamespace, reply: IncomingMail, sign_in: SignIn
) -> None:
    arta = sign_in(cast.arta)
    page = arta.post(
        f"/mail/in/{reply.id}/answer/{scene.mayor.id}", data={"answer": "DELEGATED", "note": "vjen dikush"}
    )
    assert page.status_code == 422
    assert "vjen dikush" in page.text and 'value="DELEGATED"' in page.text
    assert arta.post(f"/mail/in/{reply.id}/answer/{scene.mayor.id}", data={"note": "x"}).status_code == 422
    assert stored(reply).seen_at is None


def test_in_whose_name_somebody_else_wrote_hears_of_it(
    cast: SimpleNamespace, scene: SimpleNamespace, sign_in: SignIn
) -> None:
    mail = arrive(words("Do të vijmë.", sender="sekretaria@bashkia.example", to=address_of(scene.mayor)))
    sign_in(cast.arta).post(f"/mail/in/{mail.id}/answer/{scene.mayor.id}", data={"answer": "ACCEPTED"})
    [answer] = db.session.scalars(select(GivenAnswer))
    assert answer.sent_from == "sekretaria@bashkia.example"
    told = select(OutgoingMail.to_address).where(OutgoingMail.kind == "invitation.in_name")
    assert db.session.scalars(told).all() == [scene.mayor.address]


def test_recording_files_what_was_only_suggested(
    cast: SimpleNamespace, scene: SimpleNamespace, sign_in: SignIn
) -> None:
    mail = arrive(words("Po, vij.", sender=scene.prefect.address, to=f"kontakt@{DOMAIN}"))
    assert mail.state is IncomingState.HELD
    arta = sign_in(cast.arta)
    link = f"/mail/in/{mail.id}/answer/{scene.prefect.id}"
    assert link in arta.get(f"/mail/in/{mail.id}").text
    arta.post(link, data={"answer": "ACCEPTED"})
    assert stored(mail).state is IncomingState.MATCHED
    assert [link.suggested for link in mail.links] == [False]


def test_no_answer_is_taken_after_the_event_was_called_off(
    cast: SimpleNamespace, scene: SimpleNamespace, reply: IncomingMail, sign_in: SignIn
) -> None:
    scene.event.state = "cancelled"
    db.session.commit()
    arta, link = sign_in(cast.arta), f"/mail/in/{reply.id}/answer/{scene.mayor.id}"
    assert arta.post(link, data={"answer": "DECLINED"}).status_code == 422
    assert "anuluar" in arta.get(link).text
    assert db.session.scalar(select(GivenAnswer)) is None


@pytest.mark.both_databases
def test_a_reply_to_a_letter_is_recorded_with_its_file_in_two_clicks(
    cast: SimpleNamespace, letter: LetterRecipient, sign_in: SignIn
) -> None:
    mail, arta = office_replies(letter), sign_in(cast.arta)
    link = f"/mail/in/{mail.id}/response/{letter.id}"
    assert f'btn-primary" href="{link}"' in arta.get(f"/mail/in/{mail.id}").text
    form = filled(arta.get(link).text)
    assert (form["kind"], form["their_number"]) == ("full", "771/1")
    assert len(re.findall(r'<input checked[^>]*name="taken"', arta.get(link).text)) == 2
    for _press in (1, 2):
        assert arta.post(link, data=form | {"taken": ["0", "1"]}).status_code == 302
    [response] = db.session.scalars(select(LetterResponse))
    assert (response.kind, response.incoming_mail_id) == (ResponseKind.FULL, mail.id)
    assert response.received_on == now().date() and response.their_number == "771/1"
    assert response.file.path.read_bytes() == PDF and response.file.name == "Përgjigja.pdf"
    [more] = files_of(response)
    assert more.file.path.read_bytes().strip() == b"shenim"
    given = f"/letters/{letter.letter_id}/responses/{response.id}/files/{more.id}"
    assert given in arta.get(f"/letters/{letter.letter_id}").text and arta.get(given).status_code == 200
    assert sign_in(cast.clirim).get(given).status_code == 404
    page = arta.get(f"/mail/in/{mail.id}").text
    assert (
        "Shënuar si përgjigje: përgjigje e plotë" in page
        and f"/letters/{letter.letter_id}#r{letter.id}" in page
    )
    assert stored(mail).seen_at


def test_a_file_that_is_none_of_ours_is_refused_in_words(
    cast: SimpleNamespace, letter: LetterRecipient, sign_in: SignIn
) -> None:
    mail, arta = office_replies(letter, file="no pdf"), sign_in(cast.arta)
    link = f"/mail/in/{mail.id}/response/{letter.id}"
    answer = arta.post(link, data=filled(arta.get(link).text) | {"summary": "kanë shkruar"})
    assert answer.status_code == 422
    assert "kanë shkruar" in answer.text and "field-error" in answer.text
    assert db.session.scalar(select(LetterResponse)) is None


def test_the_doors_are_shut_to_strangers_and_readers(
    cast: SimpleNamespace,
    scene: SimpleNamespace,
    reply: IncomingMail,
    letter: LetterRecipient,
    sign_in: SignIn,
) -> None:
    mail = office_replies(letter)
    links = (f"/mail/in/{reply.id}/answer/{scene.mayor.id}", f"/mail/in/{mail.id}/response/{letter.id}")
    for who in (cast.clirim, cast.eva):
        for link in links:
            assert sign_in(who).get(link).status_code == 404
            assert sign_in(who).post(link, data={"answer": "ACCEPTED", "kind": "full"}).status_code == 404
    arta = sign_in(cast.arta)
    for link in (
        f"/mail/in/{reply.id}/answer/{scene.prefect.id}",  # linked to somebody else
        f"/mail/in/{mail.id}/answer/{scene.mayor.id}",
        f"/mail/in/{reply.id}/response/{letter.id}",
        f"/mail/in/99999/answer/{scene.mayor.id}",
    ):
        assert arta.post(link, data={"answer": "ACCEPTED"}).status_code == 404
    assert "btn-primary" not in sign_in(cast.eva).get(f"/mail/in/{mail.id}").text


@pytest.mark.both_databases
def test_the_list_begins_with_what_is_to_do(
    cast: SimpleNamespace, scene: SimpleNamespace, reply: IncomingMail, sign_in: SignIn
) -> None:
    held = factories.make_incoming(cast.fier, subject="Ku është?")
    aside = factories.make_incoming(
        cast.fier, subject="Reklamë", state=IncomingState.IGNORED, ignored_at=now(), ignored_reason="reklamë"
    )
    db.session.commit()
    arta = sign_in(cast.arta)
    page = arta.get("/mail/in").text
    assert re.findall(r'href="/mail/in/(\d+)\?show=todo"', page) == [str(held.id), str(reply.id)]
    assert page.count('class="unread"') == 2 and "Të palexuara" not in page and "I palexuar" in page
    assert scene.event.title_sq in page
    counts = dict(re.findall(r'show=(\w+)"[^>]*>[^<]*<span class="count">(\d+)', page))
    assert counts == {"todo": "2", "all": "3", "matched": "1", "held": "1", "ignored": "1"}
    assert f"/mail/in/{aside.id}" in arta.get("/mail/in?show=ignored").text
    arta.post(f"/mail/in/{reply.id}/read?show=todo")
    assert f"/mail/in/{reply.id}?" not in arta.get("/mail/in").text
    assert "I lexuar" in arta.get("/mail/in?show=matched").text


@pytest.mark.both_databases
def test_the_list_is_searched_by_sender_subject_and_what_it_is_about(
    cast: SimpleNamespace, scene: SimpleNamespace, reply: IncomingMail, sign_in: SignIn
) -> None:
    other = factories.make_incoming(cast.fier, subject="Tjetër gjë", from_name="Gazetarja Çela")
    db.session.commit()
    arta = sign_in(cast.arta)
    title = scene.event.title_sq.split()[0].upper()
    for typed, wanted in (
        (scene.mayor.address, reply),
        (title, reply),
        ("pergjigje kryetar", reply),
        ("cela", other),
        ("tjeter gje", other),
    ):
        page = arta.get("/mail/in", query_string={"show": "all", "words": typed}).text
        assert re.findall(r'href="/mail/in/(\d+)\?', page) == [str(wanted.id)], typed
    assert "Asnjë mesazh" in arta.get("/mail/in?words=kanarina").text


@pytest.mark.both_databases
def test_one_goes_from_message_to_message_within_the_list(
    cast: SimpleNamespace, scene: SimpleNamespace, reply: IncomingMail, sign_in: SignIn
) -> None:
    held = factories.make_incoming(cast.fier)
    db.session.commit()
    arta = sign_in(cast.arta)
    page = arta.get(f"/mail/in/{held.id}?show=todo").text
    assert re.findall(r'rel="(next|prev)" href="([^"]+)"', page) == [
        ("next", f"/mail/in/{reply.id}?show=todo")
    ]
    arta.post(f"/mail/in/{reply.id}/read?show=todo")
    page = arta.get(f"/mail/in/{reply.id}?show=todo").text
    assert re.findall(r'rel="(next|prev)" href="([^"]+)"', page) == [
        ("prev", f"/mail/in/{held.id}?show=todo")
    ]
    assert 'rel="prev"' not in arta.get(f"/mail/in/{reply.id}").text


@pytest.mark.both_databases
def test_several_are_read_or_put_aside_at_once(
    cast: SimpleNamespace, scene: SimpleNamespace, reply: IncomingMail, sign_in: SignIn
) -> None:
    held = [factories.make_incoming(cast.fier), factories.make_incoming(cast.fier)]
    others = factories.make_incoming(cast.vlore)
    db.session.commit()
    arta = sign_in(cast.arta)
    chosen = [str(mail.id) for mail in (reply, *held, others)]
    missing = arta.post("/mail/in/several", data={"mail": chosen, "do": "aside", "reason": " "})
    assert missing.status_code == 422 and missing.text.count(" checked") == 3
    assert arta.post("/mail/in/several", data={"do": "read"}).status_code == 422
    assert (
        arta.post("/mail/in/several", data={"mail": ["x", "0", "999999999"], "do": "read"}).status_code == 422
    )
    for _press in (1, 2):
        arta.post("/mail/in/several", data={"mail": chosen, "do": "aside", "reason": "reklamë"})
    db.session.expire_all()
    assert {mail.state for mail in held} == {IncomingState.IGNORED}
    assert {mail.ignored_reason for mail in held} == {"reklamë"}
    assert (others.state, stored(reply).state) == (IncomingState.HELD, IncomingState.MATCHED)
    assert reply.seen_at
    assert sign_in(cast.eva).post("/mail/in/several", data={"mail": chosen, "do": "read"}).status_code == 404


def test_what_a_machine_wrote_says_what_follows(
    cast: SimpleNamespace, scene: SimpleNamespace, sign_in: SignIn
) -> None:
    away = arrive(
        words("Jam me pushime.", sender=scene.mayor.address, to=address_of(scene.mayor), Auto_Submitted="auto-replied")
    )  # fmt: skip
    assert away.kind is IncomingKind.AUTO
    page = sign_in(cast.arta).get(f"/mail/in/{away.id}").text
    assert "nuk ka nevojë për përgjigje" in page and "/answer/" not in page
