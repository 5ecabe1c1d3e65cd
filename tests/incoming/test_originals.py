"""Originals of mail that came in: only for who may change all it belongs to, by POST, and noted."""

from __future__ import annotations

from collections.abc import Callable
from email.message import EmailMessage
from types import SimpleNamespace
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from pop_campaigns.core.clock import now
from pop_campaigns.core.db import db
from pop_campaigns.core.history import History
from pop_campaigns.incoming.views.originals import DOWNLOADED
from pop_campaigns.invitations.models.invitations import Invitation
from pop_campaigns.invitations.rules.invitations import GuestChoice
from pop_campaigns.invitations.services.guests import add_guests
from pop_campaigns.invitations.services.sending import send_invitations
from tests import factories
from tests.incoming.scene import DOMAIN, address_of, arrive, calendar, make_scene, words

SignIn = Callable[[Any], FlaskClient]


@pytest.fixture
def scene(cast: SimpleNamespace) -> SimpleNamespace:
    return make_scene(cast)


@pytest.fixture
def foreign(cast: SimpleNamespace, scene: SimpleNamespace) -> Invitation:
    """A guest of Vlorë's event."""
    event = factories.make_event(cast.vlore)
    office = factories.make_office("Kryetar", email="kryetari@vlora.example", organisation=cast.vlore)
    add_guests(event, [GuestChoice("office", office.id, "sq")], by=cast.clirim, now=now())
    send_invitations(event, by=cast.clirim, now=now())
    db.session.commit()
    return db.session.scalars(select(Invitation).where(Invitation.event_id == event.id)).one()


def noted() -> list[tuple[str, str]]:
    rows = db.session.scalars(select(History).where(History.action == DOWNLOADED).order_by(History.id))
    return [(row.actor_name, row.details["file"]) for row in rows]


def with_files(scene: SimpleNamespace) -> bytes:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = scene.mayor.address, address_of(scene.mayor), "Fwd"
    mail.set_content("Shih.")
    files = [
        (b"%PDF-1.7 harta", "pdf", "harta.pdf"),
        (calendar(scene.mayor).encode(), "ics", "ftesa.ics"),
        (f"Te {address_of(scene.mayor)}".encode("utf-16"), "octet-stream", "shenime.txt"),
        (b"%PDF-1.7 " + address_of(scene.mayor).encode(), "pdf", "printim.pdf"),
        (b"From: a@b.example\r\nSubject: x\r\n\r\nQUJD", "octet-stream", "pa-emer.bin"),
        (b"\x00\x01\xff\xfe" * 9, "octet-stream", "cfare.bin"),
        ("Një shënim".encode(), "octet-stream", "shenim.md"),
    ]
    for content, subtype, name in files:
        mail.add_attachment(content, maintype="application", subtype=subtype, filename=name)
    return mail.as_bytes()


def test_files_that_hold_secrets_are_originals_and_others_are_not(
    cast: SimpleNamespace, scene: SimpleNamespace, sign_in: SignIn
) -> None:
    mail = arrive(with_files(scene))
    arta, eva = sign_in(cast.arta), sign_in(cast.eva)
    url = f"/mail/in/{mail.id}/attachments"
    assert [eva.get(f"{url}/{which}").status_code for which in range(7)] == [
        200,
        404,
        404,
        404,
        404,
        404,
        200,
    ]
    assert [eva.post(f"{url}/{which}").status_code for which in range(7)] == [404] * 7
    assert noted() == []
    assert [arta.get(f"{url}/{which}").status_code for which in range(7)] == [
        200,
        302,
        302,
        302,
        302,
        302,
        200,
    ]
    assert f'action="{url}/2"' not in arta.get(f"/mail/in/{mail.id}").text
    told = arta.get(f"{url}/2", follow_redirects=True).text
    assert f'action="{url}/2"' in told and f'action="{url}/1"' in told
    assert arta.post(f"{url}/2").data.decode("utf-16") == f"Te {address_of(scene.mayor)}"
    assert noted() == [("Arta", "shenime.txt")]
    assert sign_in(cast.clirim).post(f"{url}/2").status_code == 404


def test_who_may_change_only_one_of_two_guests_gets_no_original(
    cast: SimpleNamespace, scene: SimpleNamespace, foreign: Invitation, sign_in: SignIn
) -> None:
    both = f"{address_of(scene.mayor)}, {address_of(foreign)}"
    mail = arrive(words("Vijmë te të dyja.", sender=scene.mayor.address, to=both))
    assert len([link for link in mail.links if not link.suggested]) == 2
    for who in (cast.arta, cast.clirim, cast.eva):
        browser = sign_in(who)
        assert browser.get(f"/mail/in/{mail.id}").status_code == 200
        assert "/original" not in browser.get(f"/mail/in/{mail.id}").text
        assert browser.post(f"/mail/in/{mail.id}/original").status_code == 404
    assert sign_in(cast.drita).post(f"/mail/in/{mail.id}/original").data == mail.raw
    assert noted() == [("Drita", f"{mail.id}.eml")]


@pytest.mark.parametrize("what", ["address", "link", "bounce"])
def test_a_mail_that_quotes_another_organisations_secret_gives_no_original(
    cast: SimpleNamespace, scene: SimpleNamespace, foreign: Invitation, sign_in: SignIn, what: str
) -> None:
    secret = {
        "address": address_of(foreign),
        "link": f"http://localhost/a/{factories.token_of(foreign)}",
        "bounce": f"{foreign.mails[0].mail.bounce_local}@{DOMAIN}",
    }[what]
    mail = arrive(words(f"Po.\n> {secret}", sender=scene.mayor.address, to=address_of(scene.mayor)))
    assert sign_in(cast.arta).post(f"/mail/in/{mail.id}/original").status_code == 404
    assert sign_in(cast.drita).post(f"/mail/in/{mail.id}/original").status_code == 200


def test_what_is_nobodys_is_the_administrators_and_an_upload_the_bringers(
    cast: SimpleNamespace, scene: SimpleNamespace, sign_in: SignIn
) -> None:
    guessed = arrive(words("Po.", sender=scene.mayor.address, to=f"kontakt@{DOMAIN}"))
    arta = sign_in(cast.arta)
    assert arta.get(f"/mail/in/{guessed.id}").status_code == 200
    assert arta.post(f"/mail/in/{guessed.id}/original").status_code == 404
    arta.post(
        "/mail/in/upload",
        data={"source": words("Ja.", sender="x@y.example", to="arta@fier.example").decode()},
    )
    assert arta.post(f"/mail/in/{guessed.id + 1}/original").status_code == 200
    assert noted() == [("Arta", f"{guessed.id + 1}.eml")]
