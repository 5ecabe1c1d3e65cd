"""A message is answered where it is read, from the address it came to; or passed on to a colleague, without our secrets."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from pop_campaigns.core.clock import now
from pop_campaigns.core.db import db
from pop_campaigns.core.history import History
from pop_campaigns.core.subject_files import files_of
from pop_campaigns.incoming.queries.deeds import FORWARD_KIND, REPLY_KIND
from pop_campaigns.incoming.rules.replying import NoReply, reply_subject, why_no_reply
from pop_campaigns.letters.rules.letters import LetterState
from pop_campaigns.mail.compose import compose
from pop_campaigns.mail.message import message_bytes
from pop_campaigns.mail.models import IncomingMail, OutgoingMail
from pop_campaigns.mail.rules import MailState
from pop_campaigns.privacy.services.erasure import erase_person
from tests import factories
from tests.incoming.scene import DOMAIN, address_of, arrive, make_scene, words

SignIn = Callable[[Any], FlaskClient]
PDF = b"%PDF-1.7 a map"


@pytest.fixture
def scene(cast: SimpleNamespace) -> SimpleNamespace:
    return make_scene(cast)


@pytest.fixture
def asked(scene: SimpleNamespace) -> IncomingMail:
    """The mayor asks something in a thread."""
    return arrive(
        words(
            f"A ka parkim?\n\n> {address_of(scene.mayor)}", sender=scene.mayor.address, to=address_of(scene.mayor),
            subject="Re: Përgj: Ftesë", Message_ID="<two@bashkia.example>", References="<one@rsvp.example>",
        )
    )  # fmt: skip


def sent(kind: str = REPLY_KIND) -> list[OutgoingMail]:
    db.session.expire_all()
    return list(db.session.scalars(select(OutgoingMail).where(OutgoingMail.kind == kind)))


def opened(browser: FlaskClient, url: str) -> dict[str, str]:
    """What the form of a page would send."""
    page = browser.get(url).text
    data = {"once": re.search(r'name="once"[^>]*value="([^"]+)"', page)[1]}  # type: ignore[index]
    checked = re.search(r'<input[^>]*checked[^>]*name="to"[^>]*value="([^"]+)"', page)
    return data | ({"to": checked[1]} if checked else {})


@pytest.mark.parametrize(
    ("subject", "answer"),
    [
        ("Ftesë", "Re: Ftesë"), ("RE: Re[2]: AW: Ftesë", "Re: Ftesë"), ("Përgj: Ftesë", "Re: Ftesë"),
        ("Fwd: Ftesë", "Re: Ftesë"), ("", "Re:"), ("Rezultati", "Re: Rezultati"),
    ],
)  # fmt: skip
def test_the_subject_says_once_that_it_answers(subject: str, answer: str) -> None:
    assert reply_subject(subject) == answer


@pytest.mark.parametrize(
    ("address", "refusal"),
    [
        ("zyra@bashkia.example", None),
        ("noreply@bashkia.example", NoReply.MACHINE),
        ("mos-pergjigju@bashkia.example", NoReply.MACHINE),
        ("MAILER-DAEMON@mx.example", NoReply.MACHINE),
        ("r-abc@rsvp.example", NoReply.OURS),
        ("", NoReply.NOBODY),
    ],
)
def test_who_cannot_be_answered(address: str, refusal: NoReply | None) -> None:
    assert why_no_reply(address, DOMAIN, is_plain=bool(address)) is refusal


@pytest.mark.both_databases
def test_an_answer_goes_out_once_in_its_thread_from_the_guests_own_address(
    cast: SimpleNamespace, scene: SimpleNamespace, asked: IncomingMail, sign_in: SignIn
) -> None:
    arta, url = sign_in(cast.arta), f"/mail/in/{asked.id}/reply?show=todo"
    form = opened(arta, url) | {"words": "Po, pas {brace} pallatit."}
    for _press in (1, 2):
        assert arta.post(url, data=form).location == f"/mail/in/{asked.id}?show=todo"
    [mail] = sent()
    assert (mail.from_address, mail.to_address) == (address_of(scene.mayor), scene.mayor.address)
    assert mail.thread == ["<one@rsvp.example>", "<two@bashkia.example>"] and not mail.auto_submitted
    raw = message_bytes(compose(mail)).decode()
    assert "In-Reply-To: <two@bashkia.example>" in raw
    parts = compose(mail, reveal=False)
    assert parts.subject == "Re: Ftesë" and not parts.html
    assert parts.text.startswith("Po, pas {brace} pallatit.\n\nMe respekt,\nArta\n")
    assert "parkim" not in parts.text, "nothing is quoted"
    assert mail.incoming_mail_id == asked.id and db.session.get(IncomingMail, asked.id).seen_at
    assert "Me përgjigje tonën" in arta.get("/mail/in?show=all").text
    event = arta.get(f"/events/{scene.event.id}?about={scene.mayor.id}").text
    assert f"/mail/{mail.id}" in event and "Iu dha përgjigje mesazhit" in event
    assert [
        row.action for row in db.session.scalars(select(History).where(History.action.like("%replied")))
    ] == [
        "incoming.replied",
        "invitation.replied",
    ]
    assert "Re: Ftesë" in arta.get("/mail").text


def test_to_whom_it_goes_is_said_and_chosen(
    cast: SimpleNamespace, scene: SimpleNamespace, sign_in: SignIn
) -> None:
    mail = arrive(
        words("Vijmë.", sender="Sekretaria <sekretaria@bashkia.example>", to=address_of(scene.mayor))
    )
    arta, url = sign_in(cast.arta), f"/mail/in/{mail.id}/reply"
    page = arta.get(url).text
    assert "sekretaria@bashkia.example" in page and scene.mayor.address in page
    assert "Mesazhi nuk erdhi nga adresa" in page and address_of(scene.mayor) not in page
    official = f"invitations-{scene.mayor.id}-official"
    arta.post(url, data=opened(arta, url) | {"words": "Mirë.", "to": official})
    arta.post(url, data=opened(arta, url) | {"words": "Mirë."})
    assert [mail.to_address for mail in sent()] == [scene.mayor.address, "sekretaria@bashkia.example"]
    assert (
        arta.post(url, data=opened(arta, url) | {"words": "x", "to": "dikush@tjeter.example"}).status_code
        == 422
    )
    assert len(sent()) == 2


def test_a_guests_secret_address_goes_to_nobody_who_does_not_know_it(
    cast: SimpleNamespace, scene: SimpleNamespace, sign_in: SignIn
) -> None:
    mail = arrive(words("Tjetër.", sender="dikush@tjeter.example", to=f"kontakt@{DOMAIN}"))
    mail.organisation_id = cast.fier.id
    db.session.commit()
    arta, url = sign_in(cast.arta), f"/mail/in/{mail.id}/reply"
    page = arta.get(url)
    assert "Nuk ka adresë nga e cila" in page.text and 'name="words"' not in page.text
    arta.post(f"/mail/in/{mail.id}/file-with", data={"place": f"invitations-{scene.mayor.id}"})
    assert "dikush@tjeter.example (" not in arta.get(url).text
    forged = {"once": "k", "words": "x", "to": f"invitations-{scene.mayor.id}-sender"}
    assert arta.post(url, data=forged).status_code == 422
    assert sent() == []


def test_an_answer_to_an_office_stands_at_the_letter(cast: SimpleNamespace, sign_in: SignIn) -> None:
    letter = factories.make_letter(
        cast.fier, state=LetterState.SENT, sent_at=now(), register_year=2026, register_count=12
    )
    recipient = factories.make_letter_recipient(
        letter, address="protokolli@ministria.example", reply_local="r-" + "b" * 26
    )
    db.session.commit()
    mail = arrive(words("Sqaroni.", sender=recipient.address, to=f"{recipient.reply_local}@{DOMAIN}"))
    arta, url = sign_in(cast.arta), f"/mail/in/{mail.id}/reply"
    arta.post(url, data=opened(arta, url) | {"words": "Sqarojmë se …"})
    [answer] = sent()
    assert (answer.from_address, answer.to_address) == (
        f"{recipient.reply_local}@{DOMAIN}",
        recipient.address,
    )
    page = arta.get(f"/letters/{letter.id}").text
    assert f"/mail/{answer.id}" in page and "Sqarojmë se …" in page and "mesazhit iu dha përgjigje" in page
    assert f"/mail/in/{mail.id}" in arta.get(f"/mail/{answer.id}").text


def test_programs_are_not_answered(cast: SimpleNamespace, scene: SimpleNamespace, sign_in: SignIn) -> None:
    to, arta = address_of(scene.mayor), sign_in(cast.arta)
    robot = arrive(words("Faleminderit.", sender="noreply@bashkia.example", to=to))
    page = arta.get(f"/mail/in/{robot.id}/reply").text
    assert "përgjigjet nuk i lexon askush" in page and f"invitations-{scene.mayor.id}-sender" not in page
    away = arrive(words("Jam me pushime.", sender=scene.mayor.address, to=to, Auto_Submitted="auto-replied"))
    assert "Ky është mesazh automatik" in arta.get(f"/mail/in/{away.id}/reply").text
    assert "/reply" not in arta.get(f"/mail/in/{away.id}").text


def test_what_is_often_written_is_taken_over_without_sending(
    cast: SimpleNamespace, scene: SimpleNamespace, asked: IncomingMail, sign_in: SignIn
) -> None:
    arta, url = sign_in(cast.arta), f"/mail/in/{asked.id}/reply"
    page = arta.post(url, data=opened(arta, url) | {"words": "Përshëndetje", "insert": "paper"})
    assert page.status_code == 200 and "Përshëndetje\n\nJu falënderojmë" in page.text
    assert arta.post(url, data=opened(arta, url) | {"words": " "}).status_code == 422
    assert sent() == []


def test_files_go_in_the_mail_or_as_a_link(
    cast: SimpleNamespace, scene: SimpleNamespace, asked: IncomingMail, sign_in: SignIn
) -> None:
    arta, url = sign_in(cast.arta), f"/mail/in/{asked.id}/reply"
    for more in ({}, {"as_link": "y"}):
        file = {"files": (io.BytesIO(PDF), "harta.pdf")}
        arta.post(url, data=opened(arta, url) | {"words": "Ja harta."} | more | file)
    inside, linked = sent()
    assert [file.content for file in inside.skeleton.attachments] == [PDF]
    assert linked.skeleton.attachments == [] and [row.label for row in files_of(linked)] == ["harta.pdf"]
    assert "http://localhost/f/" in compose(linked).text
    assert "/f/•••" in compose(linked, reveal=False).text
    bad = {"files": (io.BytesIO(b"MZ"), "virus.exe")}
    refused = arta.post(url, data=opened(arta, url) | {"words": "Ja skedari."} | bad)
    assert refused.status_code == 422 and "Ja skedari." in refused.text and len(sent()) == 2


def test_who_may_not_work_with_it_neither_answers_nor_passes_on(
    cast: SimpleNamespace, scene: SimpleNamespace, asked: IncomingMail, sign_in: SignIn
) -> None:
    for who in (cast.clirim, cast.eva):
        for page in ("reply", "forward"):
            assert sign_in(who).get(f"/mail/in/{asked.id}/{page}").status_code == 404
            data = {"words": "x", "to": str(cast.drita.id), "once": "k"}
            assert sign_in(who).post(f"/mail/in/{asked.id}/{page}", data=data).status_code == 404
    assert sent() == [] and sent(FORWARD_KIND) == []
    bare = sign_in(cast.eva).get(f"/mail/in/{asked.id}").text
    assert "/reply" not in bare and "/forward" not in bare


def test_a_message_is_passed_on_without_our_secrets(
    cast: SimpleNamespace, scene: SimpleNamespace, sign_in: SignIn
) -> None:
    secret = scene.mayor.reply_local
    mail = arrive(
        words(
            f"Shkruani te {address_of(scene.mayor)}", sender=scene.mayor.address, to=address_of(scene.mayor)
        )
    )
    arta, url = sign_in(cast.arta), f"/mail/in/{mail.id}/forward"
    page = arta.get(url).text
    assert f'value="{cast.drita.id}"' in page and f'value="{cast.clirim.id}"' not in page
    form = opened(arta, url) | {"to": str(cast.drita.id), "words": "A mund të përgjigjesh?"}
    for _press in (1, 2):
        assert arta.post(url, data=form).status_code == 302
    [passed] = sent(FORWARD_KIND)
    parts = compose(passed)
    assert parts.to_address == cast.drita.email and secret not in message_bytes(parts).decode()
    assert "A mund të përgjigjesh?" in parts.text and f"/mail/in/{mail.id}" in parts.text
    assert "Shkruani te r-•••@" in parts.text
    assert arta.post(url, data=form | opened(arta, url) | {"to": str(cast.clirim.id)}).status_code == 422
    assert f"Iu përcoll: {cast.drita.name}" in arta.get(f"/mail/in/{mail.id}").text


def test_no_page_on_which_a_message_is_worked_off_shows_a_secret(
    cast: SimpleNamespace, scene: SimpleNamespace, sign_in: SignIn
) -> None:
    to, token = address_of(scene.mayor), factories.token_of(scene.mayor)
    text = f"Vij. Më shkruani te {to} ose http://localhost/a/{token}"
    mail = arrive(words(text, sender=f'"{to}" <{scene.mayor.address}>', to=to, subject=f"Re: {to}"))
    arta, at = sign_in(cast.arta), f"/mail/in/{mail.id}"
    pages = [arta.get(f"{at}{page}").text for page in ("", f"/answer/{scene.mayor.id}", "/reply", "/forward")]
    pages += [
        arta.get("/mail/in").text,
        arta.post(f"{at}/reply", data={"insert": "thanks", "words": "x"}).text,
    ]
    arta.post(f"{at}/answer/{scene.mayor.id}", data={"answer": "ACCEPTED", "note": "Vij."})
    arta.post(f"{at}/reply", data=opened(arta, f"{at}/reply") | {"words": "Mirë."})
    pages += [
        arta.get(page).text for page in (at, f"/events/{scene.event.id}", "/mail", f"/mail/{sent()[0].id}")
    ]
    for page in pages:
        assert scene.mayor.reply_local not in page and token not in page
    assert all("•••" in page for page in pages[:4]), "the words are shown, without what is secret in them"


@pytest.mark.both_databases
def test_who_is_erased_is_gone_from_what_was_passed_on(
    cast: SimpleNamespace, scene: SimpleNamespace, sign_in: SignIn
) -> None:
    person = factories.make_person("Kanarina Prova", organisation=cast.fier, email="kanarina@posta.example")
    db.session.commit()
    mail = arrive(words("Jam Kanarina", sender="kanarina@posta.example", to=f"k@{DOMAIN}"))
    mail.organisation_id = cast.fier.id
    db.session.commit()
    arta, url = sign_in(cast.arta), f"/mail/in/{mail.id}/forward"
    arta.post(url, data=opened(arta, url) | {"to": str(cast.drita.id), "words": ""})
    [passed] = sent(FORWARD_KIND)
    assert "Kanarina" in passed.skeleton.text
    erase_person(person, by=cast.arta, now=now())
    db.session.commit()
    [passed] = sent(FORWARD_KIND)
    assert "anarina" not in passed.skeleton.text and passed.state is MailState.WITHDRAWN
