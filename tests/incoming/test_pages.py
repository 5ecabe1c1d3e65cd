"""Pages of mail that came in: who sees it, filing and putting aside, and where it shows elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from pop_campaigns.core.clock import now
from pop_campaigns.core.db import db
from pop_campaigns.core.history import History
from pop_campaigns.incoming.views.originals import DOWNLOADED
from pop_campaigns.mail.models import IncomingMail, OutgoingMail
from pop_campaigns.mail.rules import IncomingState
from pop_campaigns.privacy.services.erasure import erase_person
from tests import factories
from tests.incoming.scene import DOMAIN, address_of, arrive, bounce, make_scene, reply, words

SignIn = Callable[[Any], FlaskClient]


@pytest.fixture
def scene(cast: SimpleNamespace) -> SimpleNamespace:
    return make_scene(cast)


def test_an_answer_from_a_calendar_stands_on_the_event_page_with_its_original(
    cast: SimpleNamespace, scene: SimpleNamespace, sign_in: SignIn
) -> None:
    mail = arrive(reply(scene.mayor, comment="Vij me vonesë"))
    arta = sign_in(cast.arta)
    page = arta.get(f"/events/{scene.event.id}").text
    assert "Vij me vonesë" in page
    assert f"/mail/in/{mail.id}" in page
    assert "Përgjigje nga kalendari" in page
    assert "/original" not in sign_in(cast.eva).get(f"/mail/in/{mail.id}").text
    original = arta.post(f"/mail/in/{mail.id}/original")
    assert b"METHOD:REPLY" in original.data or b"BEGIN" not in original.data
    assert original.headers["Content-Disposition"].startswith("attachment")
    assert original.data == db.session.get(IncomingMail, mail.id).raw
    assert "Kush e ka shkarkuar" in arta.get(f"/mail/in/{mail.id}").text
    [noted] = db.session.scalars(select(History).where(History.action == DOWNLOADED))
    assert (noted.actor_name, noted.subject_id) == ("Arta", mail.id)


def test_a_bounce_shows_at_the_guest_in_the_servers_words(
    cast: SimpleNamespace, scene: SimpleNamespace, sign_in: SignIn
) -> None:
    sent = db.session.scalars(select(OutgoingMail).order_by(OutgoingMail.id)).first()
    mail = arrive(bounce(sent))
    arta = sign_in(cast.arta)
    assert "U kthye mbrapsht" in arta.get(f"/events/{scene.event.id}").text
    assert "(550 5.1.1)" in arta.get("/mail").text
    for path in ("/mail/in?show=all", f"/mail/in/{mail.id}", f"/events/{scene.event.id}"):
        assert f"Nuk iu dorëzua: {sent.to_address}" in arta.get(path).text
    assert "No such user here" in arta.get(f"/mail/{sent.id}").text
    assert "No such user here" in arta.get(f"/mail/in/{mail.id}").text


def test_today_counts_what_is_unread_until_it_is_read(
    cast: SimpleNamespace, scene: SimpleNamespace, sign_in: SignIn
) -> None:
    mail = arrive(words("Do të vijmë.", sender=scene.mayor.address, to=address_of(scene.mayor)))
    arta = sign_in(cast.arta)
    assert "Mesazhe të palexuara" in arta.get("/today").text
    assert arta.get(f"/mail/in/{mail.id}").status_code == 200
    assert db.session.get(IncomingMail, mail.id).seen_at is None
    for _press in (1, 2):
        assert arta.post(f"/mail/in/{mail.id}/read").status_code == 302
    assert db.session.get(IncomingMail, mail.id).seen_at
    assert "Mesazhe të palexuara" not in arta.get("/today").text


def test_a_held_mail_is_filed_with_one_click(
    cast: SimpleNamespace, scene: SimpleNamespace, sign_in: SignIn
) -> None:
    mail = arrive(words("Po.", sender=scene.prefect.address, to=f"kontakt@{DOMAIN}"))
    arta = sign_in(cast.arta)
    page = arta.get(f"/mail/in/{mail.id}").text
    assert "Sistemoje këtu" in page
    link = mail.links[0].id
    assert arta.post(f"/mail/in/{mail.id}/file", data={"link": "999999"}).status_code == 404
    for _press in (1, 2):
        assert arta.post(f"/mail/in/{mail.id}/file", data={"link": str(link)}).status_code == 302
    db.session.expire_all()
    assert db.session.get(IncomingMail, mail.id).state is IncomingState.MATCHED
    assert scene.prefect.answered_at is None


def test_putting_aside_needs_a_reason_and_deletes_nothing(
    cast: SimpleNamespace, scene: SimpleNamespace, sign_in: SignIn
) -> None:
    mail = factories.make_incoming(cast.fier)
    db.session.commit()
    arta = sign_in(cast.arta)
    arta.post(f"/mail/in/{mail.id}/aside", data={"reason": " "})
    assert db.session.get(IncomingMail, mail.id).state is IncomingState.HELD
    arta.post(f"/mail/in/{mail.id}/aside", data={"reason": "reklamë"})
    page = arta.get("/mail/in?show=ignored").text
    assert "Pyetje" in page
    assert "reklamë" in arta.get(f"/mail/in/{mail.id}").text


def test_what_is_another_organisations_or_nobodys_is_not_seen(
    cast: SimpleNamespace, scene: SimpleNamespace, sign_in: SignIn
) -> None:
    ours = arrive(words("Fshehtë kanarina", sender=scene.mayor.address, to=address_of(scene.mayor)))
    nobodys = arrive(words("Askush kanarina", sender="x@posta.example", to=f"kontakt@{DOMAIN}"))
    clirim, arta = sign_in(cast.clirim), sign_in(cast.arta)
    assert "kanarina" not in clirim.get("/mail/in").text
    for path, method in (("", "GET"), ("/original", "POST")):
        assert clirim.open(f"/mail/in/{ours.id}{path}", method=method).status_code == 404
        assert arta.open(f"/mail/in/{nobodys.id}{path}", method=method).status_code == 404
        assert sign_in(cast.drita).open(f"/mail/in/{nobodys.id}{path}", method=method).status_code == 200
    for action in ("file", "aside", "read"):
        assert clirim.post(f"/mail/in/{ours.id}/{action}").status_code == 404
        assert sign_in(cast.eva).post(f"/mail/in/{ours.id}/{action}").status_code == 404


def test_the_text_is_shown_as_text(cast: SimpleNamespace, scene: SimpleNamespace, sign_in: SignIn) -> None:
    mail = arrive(words("<script>x</script>", sender=scene.mayor.address, to=address_of(scene.mayor)))
    page = sign_in(cast.arta).get(f"/mail/in/{mail.id}").text
    assert "<script>x" not in page
    assert "&lt;script&gt;x" in page


@pytest.mark.both_databases
def test_who_is_erased_is_gone_from_what_they_wrote(cast: SimpleNamespace, scene: SimpleNamespace) -> None:
    person = factories.make_person("Kanarina Prova", organisation=cast.fier, email="kanarina@posta.example")
    db.session.commit()
    mail = arrive(
        words("Unë jam Kanarina", sender="Kanarina Prova <kanarina@posta.example>", to=f"k@{DOMAIN}")
    )
    erase_person(person, by=cast.arta, now=now())
    db.session.commit()
    row = db.session.execute(select(IncomingMail.__table__).where(IncomingMail.id == mail.id)).one()
    assert "anarina" not in str(row)
    assert row.raw == b""
