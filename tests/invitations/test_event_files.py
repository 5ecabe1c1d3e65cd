"""Files of events: with the invitation in it or as a link, on the public page, only inside; never before their time."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from pop_campaigns.accounts.models import User
from pop_campaigns.core.db import db
from pop_campaigns.core.mail_files import MEGABYTE, FileAudience, FileDelivery
from pop_campaigns.core.subject_files import SubjectFile, attach_file, files_of
from pop_campaigns.core.tokens import derive_token
from pop_campaigns.events.models.agenda import AgendaPoint
from pop_campaigns.events.models.details import EventDetails
from pop_campaigns.events.models.events import Event
from pop_campaigns.events.rules.events import EventKind
from pop_campaigns.events.rules.visibility import EventVisibility
from pop_campaigns.events.services.agenda import delete_point
from pop_campaigns.invitations.queries.guests import guests_of
from pop_campaigns.invitations.rules.invitations import GuestChoice
from pop_campaigns.invitations.services.guests import add_guests
from pop_campaigns.invitations.services.previewing import preview
from pop_campaigns.invitations.services.sending import send_invitations, send_reminders
from pop_campaigns.mail.compose import compose
from pop_campaigns.mail.message import MailParts
from tests import factories
from tests.invitations.scene import NOW, deliver, mails, make_table

SignIn = Callable[[User], FlaskClient]
PDF = b"%PDF-1.7 "


@pytest.fixture
def event(cast: SimpleNamespace) -> Event:
    made = make_table(cast.fier)
    db.session.commit()
    return made


def keep(event: Event, name: str, size: int = 100, **how: object) -> SubjectFile:
    """A file of an event, for its guests unless told otherwise."""
    content = PDF + name.encode() + b"x" * size
    row = attach_file(event, content, name, **({"audience": FileAudience.GUESTS} | how), by=None, now=NOW)  # type: ignore[arg-type]
    db.session.commit()
    return row


def invite(event: Event, cast: SimpleNamespace, language: str = "sq") -> MailParts:
    """The invitation of an office."""
    office = factories.make_office()
    add_guests(event, [GuestChoice("office", office.id, language)], by=cast.arta, now=NOW)
    send_invitations(event, by=cast.arta, now=NOW)
    db.session.commit()
    return compose(mails()[-1])


def test_a_file_is_added_shown_and_taken_off(cast: SimpleNamespace, event: Event, sign_in: SignIn) -> None:
    arta, url = sign_in(cast.arta), f"/events/{event.id}/files"
    assert "Ende nuk ka skedarë" in arta.get(url).text
    for _press in range(2):
        data = {
            "file": (io.BytesIO(PDF), "programi.pdf"),
            "audience": "guests",
            "label": "Programi",
            "once": "k",
        }
        assert arta.post(url, data=data, content_type="multipart/form-data").status_code == 302
    [row] = files_of(event)
    assert (row.label, row.audience, row.delivery) == ("Programi", FileAudience.GUESTS, FileDelivery.IN_MAIL)
    assert "Programi" in arta.get(url).text and "Programi" in arta.get(f"/events/{event.id}").text
    assert arta.get(f"{url}/{row.id}").data == PDF
    script = {"file": (io.BytesIO(b"<script>"), "x.html"), "audience": "everybody", "label": "Mbetet"}
    refused = arta.post(url, data=script, content_type="multipart/form-data")
    assert refused.status_code == 422 and "Mbetet" in refused.text
    ident = row.id
    for _press in range(2):
        assert arta.post(f"{url}/{ident}/remove").status_code == 302
    assert files_of(event) == []


def test_nobody_else(cast: SimpleNamespace, event: Event, sign_in: SignIn, client: FlaskClient) -> None:
    row, url = keep(event, "a.pdf"), f"/events/{event.id}/files"
    other = make_table(cast.vlore)
    db.session.commit()
    for who in (cast.clirim, cast.eva):
        assert sign_in(who).get(url).status_code == 404
        assert sign_in(who).post(f"{url}/{row.id}/remove").status_code == 404
    assert sign_in(cast.clirim).get(f"{url}/{row.id}").status_code == 404
    assert sign_in(cast.clirim).get(f"/events/{other.id}/files/{row.id}").status_code == 404
    assert client.get(f"/sq/events/{event.id}/files/{row.id}").status_code == 404
    assert files_of(event) == [row]


@pytest.mark.parametrize("language", ["sq", "en"])
def test_files_go_with_the_invitation_and_what_is_too_large_as_a_link(
    app: Flask, cast: SimpleNamespace, event: Event, client: FlaskClient, language: str
) -> None:
    app.config["MAIL_FILES_LIMIT"], before = 1, app.config["MAIL_FILES_LIMIT"]
    try:
        keep(event, "{programi}.pdf")
        large = keep(event, "harta.pdf", MEGABYTE)
        keep(event, "brenda.pdf", audience=FileAudience.INSIDE)
        keep(event, "faqja.pdf", audience=FileAudience.EVERYBODY)
        parts = invite(event, cast, language)
    finally:
        app.config["MAIL_FILES_LIMIT"] = before
    assert [file.name for file in parts.attachments] == ["{programi}.pdf"]
    assert "{programi}.pdf" in parts.text and "brenda" not in parts.text and "faqja" not in parts.text
    found = re.search(r"harta\.pdf \(1(?:[.,]0)? MB\): (http\S+/f/\S+)", parts.text)
    assert found and found[1] in (parts.html or "")
    path = found[1].removeprefix("http://localhost")
    assert client.get(path).data[:8] == b"%PDF-1.7"
    assert client.get(path + "x").status_code == 404
    event.visibility = EventVisibility.DRAFT
    db.session.commit()
    assert client.get(path).status_code == 404, "of a draft nothing is given"
    event.visibility, large.audience = EventVisibility.INTERNAL, FileAudience.INSIDE
    db.session.commit()
    assert client.get(path).status_code == 404, "taken back from the guests"


def test_reminders_carry_none_and_the_preview_hides_the_link(
    app: Flask, cast: SimpleNamespace, event: Event
) -> None:
    row = keep(event, "harta.pdf", delivery=FileDelivery.AS_LINK)
    assert derive_token("file", row.link_nonce) in invite(event, cast).text
    [guest] = guests_of(event)
    shown = preview(guest, by=cast.arta, now=NOW)
    assert (
        "harta.pdf" in shown.text
        and "{file_" not in shown.text
        and "/f/•" in shown.text.replace("/f/…", "/f/•")
    )
    deliver()
    send_reminders(event, by=cast.arta, now=NOW + timedelta(days=3))
    db.session.commit()
    assert "harta.pdf" not in compose(mails()[-1]).text


def test_the_send_page_says_what_goes_along(
    app: Flask, cast: SimpleNamespace, event: Event, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "MAIL_FILES_LIMIT", 1)
    keep(event, "a.pdf", MEGABYTE // 2)
    keep(event, "b.pdf", MEGABYTE)
    event.starts_at, event.ends_at = event.created_at + timedelta(days=9_000), None
    office = factories.make_office()
    db.session.commit()
    add_guests(event, [GuestChoice("office", office.id, "sq")], by=cast.arta, now=NOW)
    db.session.commit()
    assert "2 skedarë, 1,5 MB; 1 si lidhje" in sign_in(cast.arta).get(f"/events/{event.id}/invite/send").text


def test_the_public_page_gives_what_is_for_everybody_and_keeps_the_embargo(
    cast: SimpleNamespace, event: Event, client: FlaskClient
) -> None:
    row, inside = (keep(event, f"{n}.pdf", audience=FileAudience(n)) for n in ("everybody", "inside"))
    page, url = f"/sq/events/{event.id}", f"/sq/events/{event.id}/files/{row.id}"
    assert "everybody.pdf" in client.get(page).text and "inside.pdf" not in client.get(page).text
    answer = client.get(url)
    assert answer.status_code == 200 and "sandbox" in answer.headers["Content-Security-Policy"]
    assert client.get(f"/sq/events/{event.id}/files/{inside.id}").status_code == 404
    until = NOW + timedelta(days=3)
    event.kind = EventKind.PRESS_CONFERENCE
    db.session.add(EventDetails(event_id=event.id, embargo_until=until))
    db.session.commit()
    with time_machine.travel(until - timedelta(minutes=5)):
        assert client.get(url).status_code == 404 and "everybody.pdf" not in client.get(page).text
    with time_machine.travel(until):
        assert client.get(url).status_code == 200 and "everybody.pdf" in client.get(page).text
        event.visibility = EventVisibility.INTERNAL
        db.session.commit()
        assert client.get(url).status_code == 404


def test_a_file_of_a_deleted_point_stays_with_the_event(cast: SimpleNamespace, event: Event) -> None:
    point = AgendaPoint(event_id=event.id, position=1, title_sq="Hapja", created_at=NOW)
    db.session.add(point)
    db.session.flush()
    row = keep(event, "a.pdf", part=point.id)
    delete_point(point, by=cast.arta, now=NOW)
    db.session.commit()
    assert (files_of(event), row.part) == ([row], None)
