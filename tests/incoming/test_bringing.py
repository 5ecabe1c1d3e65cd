"""Messages that people bring, look into and file by hand; what is attached, what is quoted, what came twice."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from datetime import timedelta
from email.message import EmailMessage
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from pop_campaigns.core.clock import local_date
from pop_campaigns.core.db import db
from pop_campaigns.core.history import History
from pop_campaigns.incoming.queries.registers import is_same_office, register_numbers
from pop_campaigns.incoming.rules.incoming import NoMail
from pop_campaigns.incoming.services.uploads import NotAMail, check_message
from pop_campaigns.incoming.tasks import file_received
from pop_campaigns.invitations.models.invitations import GivenAnswer, Invitation
from pop_campaigns.invitations.rules.invitations import Answer
from pop_campaigns.mail.models import IncomingMail
from pop_campaigns.mail.rules import IncomingState, IncomingWay
from tests import factories
from tests.incoming.scene import DOMAIN, address_of, arrive, make_scene, reply, words
from tests.letters.test_views import sent as sent_letter

SignIn = Callable[[Any], FlaskClient]


@pytest.fixture
def scene(cast: SimpleNamespace) -> SimpleNamespace:
    return make_scene(cast)


@pytest.fixture
def arta(cast: SimpleNamespace, sign_in: SignIn) -> FlaskClient:
    cast.arta.language = "en"
    db.session.commit()
    return sign_in(cast.arta)


def bring(browser: FlaskClient, *files: bytes, source: str = "", to: str = "/mail/in/upload") -> Any:
    data = {"file": [(io.BytesIO(raw), f"mesazh {n}.eml") for n, raw in enumerate(files)], "source": source}
    return browser.post(to, data=data, content_type="multipart/form-data")


def mails() -> list[IncomingMail]:
    db.session.rollback()
    return list(db.session.scalars(select(IncomingMail).order_by(IncomingMail.id)))


def a_letter(text: str, **headers: str) -> bytes:
    return words(text, sender="dikush@zyra.example", to="arta@fier.example", **headers)


# Bringing


def test_an_answer_that_came_to_ones_own_mailbox_counts(
    arta: FlaskClient, cast: SimpleNamespace, scene: SimpleNamespace
) -> None:
    answer = bring(arta, reply(scene.mayor))
    (mail,) = mails()
    assert (answer.status_code, answer.location) == (302, f"/mail/in/{mail.id}")
    assert (mail.way, mail.organisation_id) == (IncomingWay.UPLOAD, cast.fier.id)
    assert "It is being read" in arta.get(answer.location).text
    file_received(lambda: False)
    assert db.session.get(Invitation, scene.mayor.id).answer is Answer.ACCEPTED
    page = arta.get(answer.location).text
    assert "brought by hand" in page and "It is being read" not in page
    (told,) = db.session.scalars(select(History).where(History.action == "incoming.brought"))
    assert told.actor_name == "Arta"


@pytest.mark.both_databases
def test_the_same_message_brought_twice_is_one(arta: FlaskClient, scene: SimpleNamespace) -> None:
    first, second = bring(arta, reply(scene.mayor)), bring(arta, reply(scene.mayor))
    raw = reply(scene.prefect)
    assert bring(arta, raw).location == bring(arta, raw).location
    assert first.status_code == second.status_code == 302
    file_received(lambda: False)
    assert db.session.scalar(select(func.count()).select_from(GivenAnswer)) == 2


def test_several_files_and_a_pasted_source(arta: FlaskClient, cast: SimpleNamespace) -> None:
    answer = bring(arta, a_letter("Një"), a_letter("Dy"), source=a_letter("Tre ëç").decode())
    assert answer.location == "/mail/in"
    file_received(lambda: False)
    result = mails()
    assert [mail.text for mail in result] == ["Një", "Dy", "Tre ëç"]
    # What belongs to nothing stays with whoever brought it.
    assert {mail.organisation_id for mail in result} == {cast.fier.id}
    assert "Tre ëç" in arta.get(f"/mail/in/{result[2].id}").text


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", NoMail.EMPTY),
        (b" \r\n\r\n", NoMail.EMPTY),
        (b"%PDF-1.7\n...", NoMail.NOT_A_MAIL),
        ("Përshëndetje: ju falënderojmë për ftesën.".encode(), NoMail.NOT_A_MAIL),
        (b"Subject: only one line of headers\n\nx", NoMail.NOT_A_MAIL),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600, NoMail.OUTLOOK),
        (b"\x89PNG\r\n\x1a\n" + b"\x00" * 100, NoMail.NOT_A_MAIL),
        (b"From: a@x.example\nSubject: x\n\n" + b"x" * (25 * 1024 * 1024), NoMail.SIZE),
    ],
    ids=["nothing", "blank", "pdf", "words", "one header", "msg", "picture", "large"],
)
def test_what_is_no_message_is_refused(raw: bytes, reason: NoMail) -> None:
    with pytest.raises(NotAMail) as refused:
        check_message(raw)
    assert refused.value.reason is reason


@pytest.mark.parametrize(
    "raw",
    [
        b"From: a@x.example\nSubject: x\n\nx",
        b"\xef\xbb\xbf\r\nReturn-Path: <>\r\nReceived: from x\r\n\r\nx",
        b"From MAILER-DAEMON Thu Jan  1 00:00:00 1970\nFrom: a@x.example\nTo: b@x.example\n\nx",
    ],
)
def test_messages_as_programs_save_them(raw: bytes) -> None:
    assert check_message(raw)


def test_a_wrong_file_is_said_and_the_right_ones_are_taken(arta: FlaskClient) -> None:
    answer = bring(arta, a_letter("Mirë"), b"%PDF-1.7", source="vetëm fjalë <b>")
    assert answer.status_code == 422
    assert "mesazh 1.eml" in answer.text and "This is no message" in answer.text
    assert "vetëm fjalë &lt;b&gt;" in answer.text
    assert "1 message is there" in answer.text
    assert len(mails()) == 1
    assert bring(arta).status_code == 422


def test_readers_bring_nothing_and_see_no_button(
    cast: SimpleNamespace, sign_in: SignIn, scene: SimpleNamespace
) -> None:
    eva = sign_in(cast.eva)
    assert "/mail/in/upload" not in eva.get("/mail/in").text
    assert bring(eva, a_letter("x")).status_code in (403, 404)
    assert mails() == []


# Looking into


def test_administrators_see_what_would_become_of_it_and_nothing_is_kept(
    cast: SimpleNamespace, scene: SimpleNamespace, sign_in: SignIn
) -> None:
    drita = sign_in(cast.drita)
    page = bring(drita, reply(scene.mayor, comment="Po"), to="/mail/in/explain")
    assert page.status_code == 200
    for shown in ("REPLY", "ACCEPTED", scene.mayor.shown_as, scene.event.title_sq):
        assert shown in page.text
    assert mails() == [] and db.session.scalars(select(GivenAnswer)).all() == []
    assert bring(drita, b"%PDF", to="/mail/in/explain").status_code == 422
    assert bring(sign_in(cast.arta), reply(scene.mayor), to="/mail/in/explain").status_code == 404


def test_the_command_says_to_what_a_message_belongs_and_changes_nothing(
    app: Flask, scene: SimpleNamespace
) -> None:
    def explain(raw: bytes) -> Any:
        run = app.test_cli_runner().invoke(args=["mail", "explain", "-"], input=raw)
        return json.loads(run.stdout)["matches"]

    [sure] = explain(reply(scene.mayor))
    wanted = {"what": "invitation", "id": scene.mayor.id, "title": scene.event.title_sq}
    assert wanted.items() <= sure.items()
    assert (sure["how"], sure["certain"]) == ("token", True)
    [by_uid] = explain(reply(scene.mayor, to=f"kontakt@{DOMAIN}"))
    assert (by_uid["how"], by_uid["id"], by_uid["certain"]) == ("uid", scene.mayor.id, False)
    [guess] = explain(words("x", sender=scene.mayor.address, to=f"kontakt@{DOMAIN}"))
    assert (guess["how"], guess["certain"]) == ("sender", False)
    assert mails() == []


# Filing by hand


@pytest.mark.both_databases
def test_a_mail_without_a_place_is_searched_one_and_taken_back(
    arta: FlaskClient, scene: SimpleNamespace
) -> None:
    bring(arta, a_letter("Po vijmë"))
    file_received(lambda: False)
    (mail,) = mails()
    assert mail.state is IncomingState.HELD
    page = arta.get(f"/mail/in/{mail.id}?q=kryetar").text
    assert f"invitations-{scene.mayor.id}" in page and f"invitations-{scene.prefect.id}" not in page
    assert "Nothing of yours" in arta.get(f"/mail/in/{mail.id}?q=kryetar+askund").text
    for _press in (1, 2):
        done = arta.post(f"/mail/in/{mail.id}/file-with", data={"place": f"invitations-{scene.mayor.id}"})
        assert done.status_code == 302
    assert mails()[0].state is IncomingState.MATCHED
    assert [link.how for link in mails()[0].links] == ["by_hand"]
    assert ">Undo<" in arta.get(f"/mail/in/{mail.id}").text
    arta.post(f"/mail/in/{mail.id}/back")
    assert mails()[0].state is IncomingState.HELD
    arta.post(f"/mail/in/{mail.id}/aside", data={"reason": "reklamë"})
    assert mails()[0].state is IncomingState.IGNORED
    arta.post(f"/mail/in/{mail.id}/back")
    (mail,) = mails()
    assert (mail.state, mail.ignored_reason) == (IncomingState.HELD, "")


def test_what_was_found_without_a_person_is_not_taken_back(arta: FlaskClient, scene: SimpleNamespace) -> None:
    mail = arrive(reply(scene.mayor))
    assert "Take it back" not in arta.get(f"/mail/in/{mail.id}").text
    arta.post(f"/mail/in/{mail.id}/back")
    assert mails()[0].state is IncomingState.MATCHED


@pytest.mark.parametrize(
    "place", ["", "invitations-", "users-1", "invitations-0", "invitations-x", "outgoing_mails-1"]
)
def test_wrong_places_are_none(arta: FlaskClient, scene: SimpleNamespace, place: str) -> None:
    bring(arta, a_letter("x"))
    file_received(lambda: False)
    path = f"/mail/in/{mails()[0].id}/file-with"
    assert arta.post(path, data={"place": place}).status_code == 404
    assert mails()[0].links == []


def test_nobody_files_with_the_guests_of_others(
    arta: FlaskClient, cast: SimpleNamespace, scene: SimpleNamespace
) -> None:
    event = factories.make_event(cast.vlore)
    office = factories.make_office("Kryetar i Vlorës", email="vlore@x.example", organisation=cast.vlore)
    from pop_campaigns.core.clock import now
    from pop_campaigns.invitations.rules.invitations import GuestChoice
    from pop_campaigns.invitations.services.guests import add_guests
    from pop_campaigns.invitations.services.sending import send_invitations

    add_guests(event, [GuestChoice("office", office.id, "sq")], by=cast.clirim, now=now())
    send_invitations(event, by=cast.clirim, now=now())
    db.session.commit()
    foreign = db.session.scalars(select(Invitation).where(Invitation.event_id == event.id)).one().id
    bring(arta, a_letter("x"))
    file_received(lambda: False)
    path = f"/mail/in/{mails()[0].id}"
    assert f"invitations-{foreign}" not in arta.get(f"{path}?q=kryetar").text
    assert arta.post(f"{path}/file-with", data={"place": f"invitations-{foreign}"}).status_code == 404


# What is in it


def with_files() -> bytes:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "dikush@zyra.example", "arta@fier.example", "Dokumente"
    mail.set_content("Bashkëngjitur.")
    mail.add_attachment(b"%PDF-1.7 \xeb", maintype="application", subtype="pdf", filename="Përgjigje 1.pdf")
    mail.add_attachment("<script>alert(1)</script>", subtype="html", filename='"><img src=x>.html')
    return mail.as_bytes()


def test_each_attachment_can_be_saved_and_runs_nowhere(
    arta: FlaskClient, cast: SimpleNamespace, scene: SimpleNamespace, sign_in: SignIn
) -> None:
    bring(arta, with_files())
    file_received(lambda: False)
    (mail,) = mails()
    path = f"/mail/in/{mail.id}"
    page = arta.get(path).text
    assert "Përgjigje 1.pdf" in page and "<img src=x>" not in page
    first, second = arta.get(f"{path}/attachments/0"), arta.get(f"{path}/attachments/1")
    assert first.data == b"%PDF-1.7 \xeb"
    assert b"alert(1)" in second.data
    for answer in (first, second):
        assert answer.mimetype == "application/octet-stream"
        assert answer.headers["Content-Disposition"].startswith("attachment")
        assert "sandbox" in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert arta.get(f"{path}/attachments/2").status_code == 404
    assert sign_in(cast.clirim).get(f"{path}/attachments/0").status_code == 404


def test_quoted_history_is_folded_and_one_click_away(arta: FlaskClient, scene: SimpleNamespace) -> None:
    text = "Po, vijmë.\n\nOn 1 March 2027, POP <p@r.example> wrote:\n> Vini në takim?\n"
    mail = arrive(words(text, sender=scene.mayor.address, to=address_of(scene.mayor)))
    assert mail.text == "Po, vijmë."
    page = arta.get(f"/mail/in/{mail.id}").text
    folded = page.split("<details")[1]
    assert "Vini në takim?" in folded and "Vini në takim?" not in page.split("<details")[0]
    short = arrive(words("Vetëm kjo.", sender=scene.mayor.address, to=address_of(scene.mayor)))
    assert "Everything, with what it quotes" not in arta.get(f"/mail/in/{short.id}").text


def again(raw: bytes) -> bytes:
    """The same message by another way: with the lines of other servers above it."""
    return b"Received: from mx2.example by mx3.example; Fri, 27 Nov 2026 09:00:00 +0000\r\n" + raw


def test_the_same_message_by_another_way_acts_once(scene: SimpleNamespace) -> None:
    raw = reply(scene.mayor)
    first = arrive(raw, address_of(scene.mayor))
    with time_machine.travel(first.received_at + timedelta(minutes=10), tick=True):
        second = arrive(again(raw), address_of(scene.mayor))
    assert second.duplicate_of_id == first.id
    assert db.session.scalar(select(func.count()).select_from(GivenAnswer)) == 1
    third = arrive(again(raw.replace(b"ACCEPTED", b"DECLINED")), address_of(scene.mayor))
    assert third.duplicate_of_id is None
    answers = db.session.scalars(select(GivenAnswer).order_by(GivenAnswer.id))
    assert [answer.answer for answer in answers] == [Answer.ACCEPTED, Answer.DECLINED]


def test_a_held_answer_is_filed_or_recorded_by_hand(arta: FlaskClient, scene: SimpleNamespace) -> None:
    mail = arrive(reply(scene.mayor, attendee="dikush@tjeter.example"), address_of(scene.mayor))
    assert mail.state is IncomingState.HELD
    page = arta.get(f"/mail/in/{mail.id}").text
    assert f"/mail/in/{mail.id}/answer/{scene.mayor.id}" in page
    link = next(other for other in mail.links if not other.suggested)
    assert arta.post(f"/mail/in/{mail.id}/file", data={"link": link.id}).status_code == 302
    assert mails()[0].state is IncomingState.MATCHED
    assert db.session.scalars(select(GivenAnswer)).all() == []


def test_a_mail_that_is_being_read_is_neither_filed_nor_put_aside(
    arta: FlaskClient, scene: SimpleNamespace
) -> None:
    path = bring(arta, a_letter("x")).location
    assert arta.post(f"{path}/aside", data={"reason": "reklamë"}).status_code == 302
    arta.post(f"{path}/file-with", data={"place": f"invitations-{scene.mayor.id}"})
    assert mails()[0].state is IncomingState.RECEIVED


def test_a_mail_for_two_organisations_is_read_by_both(
    cast: SimpleNamespace, scene: SimpleNamespace, sign_in: SignIn
) -> None:
    from pop_campaigns.core.clock import now
    from pop_campaigns.invitations.rules.invitations import GuestChoice
    from pop_campaigns.invitations.services.guests import add_guests
    from pop_campaigns.invitations.services.sending import send_invitations

    event = factories.make_event(cast.vlore)
    office = factories.make_office("Kryetar i Vlorës", email="vlore@x.example", organisation=cast.vlore)
    add_guests(event, [GuestChoice("office", office.id, "sq")], by=cast.clirim, now=now())
    send_invitations(event, by=cast.clirim, now=now())
    db.session.commit()
    foreign = db.session.scalars(select(Invitation).where(Invitation.event_id == event.id)).one()
    to = f"{address_of(scene.mayor)}, {address_of(foreign)}"
    mail = arrive(words("Vijmë te të dyja.", sender="zyra@x.example", to=to))
    assert (mail.state, mail.organisation_id) == (IncomingState.MATCHED, None)
    for who in (cast.arta, cast.clirim):
        assert sign_in(who).get(f"/mail/in/{mail.id}").status_code == 200
    link = next(other for other in mail.links if other.subject_id == foreign.id)
    db.session.delete(link)
    db.session.commit()
    assert sign_in(cast.clirim).get(f"/mail/in/{mail.id}").status_code == 404


def test_people_who_wrote_stand_on_today_with_their_first_words(
    arta: FlaskClient, scene: SimpleNamespace
) -> None:
    for number in range(7):
        to, sender = address_of(scene.mayor), scene.mayor.address
        arrive(words(f"Pyetja {number}", sender=sender, to=to, subject=f"Pyetje {number}"))
    page = arta.get("/today").text
    assert "Unread messages" in page and "Pyetja 6" in page and "Pyetja 1" not in page
    assert "and 2 more" in page


def test_the_same_message_to_two_addresses_acts_once(arta: FlaskClient, scene: SimpleNamespace) -> None:
    raw = reply(scene.mayor)
    first = arrive(raw, address_of(scene.mayor))
    second = arrive(raw, f"kontakt@{DOMAIN}")
    assert second.duplicate_of_id == first.id
    assert db.session.scalar(select(func.count()).select_from(GivenAnswer)) == 1
    assert second.state is IncomingState.MATCHED
    assert "The same message came before" in arta.get(f"/mail/in/{second.id}").text


# Register numbers and letters


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("Në përgjigje të shkresës suaj nr. 12/2026, datë 3.11.2026", [(12, 2026)]),
        ("Nr. Prot. 7/2026", [(7, 2026)]),
        ("Re: Letër nr 1/2026 dhe numri 2 / 2026", [(1, 2026), (2, 2026)]),
        ("Ref: 45/2025", [(45, 2025)]),
        ("your letter no. 3/2026.", [(3, 2026)]),
        ("për muajin 11/2026 dhe 12/2026", []),
        ("takimi më 03/11/2026", []),
        ("nr. tel. 034/222123", []),
        ("nr. 12/20261", []),
        ("nr. 12/2026-2", []),
        ("ligji nr. 119/2014", []),
        ("sipas VKM nr. 12/2026 dhe nenit nr. 7/2026", []),
        ("Vendimi nr. 5/2026; shkresa nr. 6/2026", [(6, 2026)]),
        ("nr. 0/2026", []),
        ("nr " * 5000 + "12/2026", [(12, 2026)]),
    ],
)
def test_numbers_are_read_only_where_a_word_says_so(text: str, numbers: list[tuple[int, int]]) -> None:
    assert register_numbers(text) == numbers


def test_an_offices_own_domain_says_that_two_addresses_are_of_one_office() -> None:
    assert is_same_office("zyra@ministria.example", "kabineti@ministria.example")
    assert is_same_office("a@gmail.com", "A@gmail.com")
    assert not is_same_office("b@gmail.com", "a@gmail.com")
    assert not is_same_office("", "a@ministria.example")


def number_mail(letter: Any, sender: str, **headers: str) -> IncomingMail:
    text = f"Në përgjigje të shkresës suaj nr. prot. {letter.register_number} ju njoftojmë se po."
    return arrive(words(text, sender=sender, to=f"kontakt@{DOMAIN}", subject="Kthim përgjigje", **headers))


def test_a_reply_that_names_our_number_lands_at_the_letter(
    arta: FlaskClient, cast: SimpleNamespace, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "AUTHSERV_ID", "mx.rsvp.example")
    letter = sent_letter(cast)
    recipient = letter.recipients[0]
    domain = recipient.address.partition("@")[2]
    passed = f"mx.rsvp.example; dmarc=pass header.from={domain}"
    mail = number_mail(letter, recipient.address, Authentication_Results=passed)
    assert mail.state is IncomingState.MATCHED
    assert [(link.subject_type, link.subject_id, link.how) for link in mail.links] == [
        ("letter_recipients", recipient.id, "register")
    ]
    page = arta.get(f"/letters/{letter.id}").text
    assert "ju njoftojmë se po" in page and f"/mail/in/{mail.id}" in page and "Unread" in page
    record = f"/mail/in/{mail.id}/response/{recipient.id}"
    assert record in page and f'value="{local_date(mail.received_at)}"' in arta.get(record).text
    form = (
        f"/letters/{letter.id}/recipients/{recipient.id}/response?received_on={local_date(mail.received_at)}"
    )
    assert f'value="{local_date(mail.received_at)}"' in arta.get(form).text
    assert arta.get(form.replace("received_on=2", "received_on=x2")).status_code == 200


def test_from_elsewhere_the_number_only_suggests(arta: FlaskClient, cast: SimpleNamespace) -> None:
    letter = sent_letter(cast)
    mail = number_mail(letter, "dikush@tjeter.example")
    assert mail.state is IncomingState.HELD
    assert [(link.how, link.suggested) for link in mail.links] == [("register", True)]
    assert mail.organisation_id == cast.fier.id
    assert "by the register number" in arta.get(f"/mail/in/{mail.id}").text


def test_a_number_of_two_organisations_is_for_a_person_to_decide(
    arta: FlaskClient, cast: SimpleNamespace
) -> None:
    letter = sent_letter(cast)
    other = factories.make_letter(cast.vlore)
    factories.make_letter_recipient(other, letter.recipients[0].office)
    other.state, other.sent_at = letter.state, letter.sent_at
    other.register_year, other.register_count = letter.register_year, letter.register_count
    other.recipients[0].address = letter.recipients[0].address
    db.session.commit()
    mail = number_mail(letter, letter.recipients[0].address)
    assert (mail.state, mail.organisation_id) == (IncomingState.HELD, None)
    assert [link.suggested for link in mail.links] == [True, True]
    assert arta.get(f"/mail/in/{mail.id}").status_code == 404


def test_a_bounced_letter_is_not_delivered_and_says_why(arta: FlaskClient, cast: SimpleNamespace) -> None:
    from tests.incoming.scene import bounce

    letter = sent_letter(cast)
    arrive(bounce(letter.recipients[0].mail))
    page = arta.get(f"/letters/{letter.id}").text
    assert "There is no such mailbox" in page
    assert "Not delivered" in page
