"""From draft to published: who sees what, what can be taken back, what can be deleted and what not."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from pop_campaigns.accounts.models import User
from pop_campaigns.core.clock import now
from pop_campaigns.core.db import db
from pop_campaigns.core.history import History, history_of
from pop_campaigns.core.subject_files import SubjectFile, attach_file
from pop_campaigns.events.models.events import Event
from pop_campaigns.events.rules.events import EventKind
from pop_campaigns.events.rules.visibility import (
    EventTies,
    EventVisibility,
    NotDeletable,
    usual_visibility,
    why_not_deletable,
)
from pop_campaigns.follow_ups.models import FollowUp
from pop_campaigns.follow_ups.services import add_follow_up
from pop_campaigns.invitations.models.invitations import Invitation, InvitationMail
from pop_campaigns.invitations.rules.invitations import InvitationState, NotInvitable
from pop_campaigns.invitations.services.guests import CannotInvite
from pop_campaigns.invitations.services.sending import send_invitations
from pop_campaigns.mail.models import OutgoingMail
from tests import factories

SignIn = Callable[[User], FlaskClient]
DRAFT, INTERNAL, PUBLIC = EventVisibility.DRAFT, EventVisibility.INTERNAL, EventVisibility.PUBLIC
CANARY = "Kanarinë-drafti"
PUBLIC_PAGES = (
    "/sq/", "/en/", "/sq/events", "/en/events?municipality=fier", "/sq/members", "/calendar.ics",
    "/calendar.ics?municipality=fier&lang=en", "/sitemap.xml", "/sq/events?when=upcoming&kind=round_table",
)  # fmt: skip


def draft_with_guest(cast: SimpleNamespace, **values: Any) -> tuple[Event, Invitation]:
    values = {"visibility": DRAFT, "title_sq": CANARY, "title_en": CANARY} | values
    event = factories.make_event(cast.fier, **values)
    return event, factories.make_invitation(event)


def mails() -> int:
    return db.session.scalar(select(func.count(OutgoingMail.id))) or 0


@pytest.mark.both_databases
def test_the_database_knows_since_when_an_event_is_public(cast: SimpleNamespace) -> None:
    event = factories.make_event(cast.fier, visibility=INTERNAL)
    db.session.commit()
    event.visibility = PUBLIC
    with pytest.raises(IntegrityError):
        db.session.commit()
    db.session.rollback()
    event.published_at = now()
    event.visibility = PUBLIC
    db.session.commit()
    assert db.session.scalars(select(Event).where(Event.published)).all() == [event]


@pytest.mark.parametrize(
    ("ties", "was_public", "from_record", "reason"),
    [
        (EventTies(guests=3, files=2), False, False, None),
        (EventTies(mails=1), False, False, NotDeletable.TOLD),
        (EventTies(answers=1), False, False, NotDeletable.TOLD),
        (EventTies(asked=1), False, False, NotDeletable.TOLD),
        (EventTies(recorded=1), False, False, NotDeletable.RECORDED),
        (EventTies(), True, False, NotDeletable.WAS_PUBLIC),
        (EventTies(), True, True, NotDeletable.FROM_RECORD),
    ],
)
def test_what_can_be_deleted(
    ties: EventTies, was_public: bool, from_record: bool, reason: NotDeletable | None
) -> None:
    assert why_not_deletable(ties, was_public=was_public, from_record=from_record) is reason


def test_lobbying_stays_internal_unless_said_otherwise() -> None:
    assert {kind for kind in EventKind if usual_visibility(kind) is INTERNAL} == {EventKind.MEETING}


def test_a_draft_is_its_organisations_alone(
    app: Flask, cast: SimpleNamespace, sign_in: SignIn, client: FlaskClient
) -> None:
    event, _guest = draft_with_guest(cast)
    of_network = factories.make_event(None, visibility=DRAFT, title_sq="Rrjeti-kanarinë")
    add_follow_up(
        ("events", event.id), event.day_from or now().date(), for_all=True, by=cast.drita, now=now()
    )
    db.session.commit()
    outsiders = [sign_in(cast.eva), sign_in(cast.clirim), client]
    for number, browser in enumerate(outsiders):
        for path in (f"/events/{event.id}", f"/events/{of_network.id}", f"/sq/events/{event.id}",
                     f"/en/events/{event.id}/preview", f"/sq/events/{event.id}.ics",
                     f"/events/{event.id}/publish", f"/events/{event.id}/delete"):  # fmt: skip
            answer = browser.get(path)
            assert answer.status_code == 404 or "/login" in answer.location, (number, path)
            assert CANARY not in answer.text
        for path in ("/events", "/events?view=month", f"/events?view=month&month={event.day_from:%Y-%m}", "/today",
                     "/search?q=kanarin", "/translations", "/events?q=kanarin", *PUBLIC_PAGES):  # fmt: skip
            text = browser.get(path).text.replace("q=kanarin", "")
            assert CANARY not in text and "Rrjeti-kanarinë" not in text, (number, path)
            assert event.uid not in text and f"/events/{event.id}<" not in text, (number, path)
    arta = sign_in(cast.arta)
    for path in (
        "/events",
        f"/events?view=month&month={event.day_from:%Y-%m}",
        "/search?q=kanarin",
        "/today",
    ):
        text = arta.get(path).text
        assert CANARY in text and "Draft" in text, path
    # A draft of the network is its administrators'.
    assert arta.get(f"/events/{of_network.id}").status_code == 404
    assert "Rrjeti-kanarinë" in sign_in(cast.drita).get(f"/events/{of_network.id}").text


def test_a_draft_changes_no_feed(cast: SimpleNamespace, client: FlaskClient) -> None:
    factories.make_event(cast.fier)
    db.session.commit()
    before = client.get("/calendar.ics")
    factories.make_event(cast.fier, visibility=DRAFT, changed_at=now())
    db.session.commit()
    after = client.get("/calendar.ics")
    assert (before.data, before.headers["ETag"]) == (after.data, after.headers["ETag"])
    assert before.headers.get("Last-Modified") == after.headers.get("Last-Modified")


def test_publishing_shows_the_page_first(cast: SimpleNamespace, sign_in: SignIn, client: FlaskClient) -> None:
    event, guest = draft_with_guest(cast)
    db.session.commit()
    arta = sign_in(cast.arta)
    page = arta.get(f"/events/{event.id}").text
    assert f'btn-primary" href="/events/{event.id}/invite/message"' in page  # what is prepared, goes first
    assert f'btn-secondary" href="/events/{event.id}/publish"' in page
    assert f'href="/events/{event.id}/delete"' in page and f"/events/{event.id}/cancel" not in page
    db.session.delete(guest)
    db.session.commit()
    assert f'btn-primary" href="/events/{event.id}/publish"' in arta.get(f"/events/{event.id}").text
    text = arta.get(f"/events/{event.id}/publish").text
    for lang in ("sq", "en"):
        assert f'src="/{lang}/events/{event.id}/preview"' in text
        preview = arta.get(f"/{lang}/events/{event.id}/preview")
        assert CANARY in preview.text and "no-store" in preview.headers["Cache-Control"]
        assert "frame-ancestors 'self'" in preview.headers["Content-Security-Policy"]
        assert "Draft" not in preview.text  # but what everybody will read
    assert text.index('value="public"') < text.index('value="internal"')
    assert arta.post(f"/events/{event.id}/publish", data={"visibility": "draft"}).status_code == 422
    assert arta.post(f"/events/{event.id}/publish", data={}).status_code == 422
    for _press in range(2):
        answer = arta.post(f"/events/{event.id}/publish", data={"visibility": "public"})
        assert answer.location == f"/events/{event.id}"
    db.session.refresh(event)
    assert event.published and event.published_at
    assert [row.action for row in history_of(event)].count("event.published") == 1
    assert CANARY in client.get(f"/sq/events/{event.id}").text
    assert mails() == 0


def test_lobbying_offers_internal_first(cast: SimpleNamespace, sign_in: SignIn, client: FlaskClient) -> None:
    event, _guest = draft_with_guest(cast, kind=EventKind.MEETING)
    db.session.commit()
    arta = sign_in(cast.arta)
    text = arta.get(f"/events/{event.id}/publish").text
    assert text.index('value="internal"') < text.index('value="public"')
    arta.post(f"/events/{event.id}/publish", data={"visibility": "internal"})
    db.session.refresh(event)
    assert event.visibility is INTERNAL and event.published_at is None
    assert client.get(f"/sq/events/{event.id}").status_code == 404
    assert CANARY in sign_in(cast.eva).get(f"/events/{event.id}").text
    # The next step is the site alone.
    assert 'value="internal"' not in arta.get(f"/events/{event.id}/publish").text


@pytest.mark.parametrize("told", [False, True])
def test_a_mistake_is_taken_from_the_site(
    cast: SimpleNamespace, sign_in: SignIn, client: FlaskClient, told: bool
) -> None:
    event, guest = draft_with_guest(cast, visibility=PUBLIC)
    if told:
        guest.state, guest.invited_at = InvitationState.INVITED, now()
    db.session.commit()
    arta, page = sign_in(cast.arta), f"/events/{event.id}/unpublish"
    version = event.version
    assert sign_in(cast.clirim).post(page).status_code == sign_in(cast.eva).post(page).status_code == 404
    assert ("përsëri draft" in arta.get(page).text) is not told
    stale = arta.post(page, data={"version": version + 5})
    assert stale.status_code == 409
    for _press in range(2):
        assert arta.post(page, data={}).location == f"/events/{event.id}"
    db.session.refresh(event)
    assert event.visibility is (INTERNAL if told else DRAFT)
    gone = client.get(f"/sq/events/{event.id}")
    assert gone.status_code == 404 and CANARY not in gone.text
    assert event.uid not in client.get("/calendar.ics").text
    # It has been there: it can be put there again, not deleted.
    assert arta.post(f"/events/{event.id}/delete", data={}).status_code == 422
    arta.post(f"/events/{event.id}/publish", data={"visibility": "public"})
    db.session.refresh(event)
    assert event.published


@pytest.mark.both_databases
def test_a_draft_is_deleted_with_all_that_hangs_on_it(
    cast: SimpleNamespace, sign_in: SignIn, tmp_path: Any
) -> None:
    event, _guest = draft_with_guest(cast)
    attach_file(event, b"%PDF-1.7\n%%EOF\n", "rendi.pdf", by=cast.arta, now=now())
    add_follow_up(("events", event.id), now().date(), by=cast.arta, now=now())
    db.session.commit()
    ident, arta = event.id, sign_in(cast.arta)
    page = f"/events/{ident}/delete"
    assert CANARY in arta.get(page).text
    assert arta.post(page, data={"version": event.version + 3}).status_code == 409
    assert arta.post(page, data={"version": event.version}).location == "/events"
    assert arta.post(page, data={}).status_code == 404  # the second press
    for kind in (Event, Invitation, SubjectFile, FollowUp):
        assert db.session.scalar(select(func.count()).select_from(kind)) == 0, kind
    row = db.session.scalars(select(History).where(History.action == "event.deleted")).one()
    assert (row.subject_id, row.details["title"], row.details["guests"]) == (ident, CANARY, 1)
    # Who gets its number gets no story with it.
    successor = factories.make_event(cast.vlore, id=ident)
    db.session.commit()
    assert CANARY not in sign_in(cast.clirim).get(f"/events/{successor.id}").text


def test_what_somebody_was_told_of_is_not_deleted(cast: SimpleNamespace, sign_in: SignIn) -> None:
    event, guest = draft_with_guest(cast, visibility=INTERNAL)
    db.session.commit()
    send_invitations(event, by=cast.arta, now=now())
    db.session.commit()
    arta, page = sign_in(cast.arta), f"/events/{event.id}/delete"
    text = arta.get(page).text
    assert "btn-danger" not in text and f"/events/{event.id}/cancel" in text
    assert arta.post(page, data={}).status_code == 422
    assert db.session.get(Invitation, guest.id) is not None
    assert f'"/events/{event.id}/delete"' not in arta.get(f"/events/{event.id}").text


def test_no_mail_leaves_for_a_draft(cast: SimpleNamespace) -> None:
    event, guest = draft_with_guest(cast)
    db.session.commit()
    with pytest.raises(CannotInvite) as refused:
        send_invitations(event, by=cast.arta, now=now())
    assert refused.value.reason is NotInvitable.DRAFT
    assert mails() == 0 and guest.state is InvitationState.DRAFT


@pytest.mark.parametrize("chosen", [PUBLIC, INTERNAL])
def test_one_press_invites_and_ends_the_draft(
    cast: SimpleNamespace, sign_in: SignIn, client: FlaskClient, chosen: EventVisibility
) -> None:
    event, _guest = draft_with_guest(cast)
    db.session.commit()
    arta, page = sign_in(cast.arta), f"/events/{event.id}/invite/send"
    assert 'name="visibility" type="radio" value="public"' in arta.get(page).text.replace("checked ", "")
    assert arta.post(page, data={"visibility": "draft"}).status_code == 422
    assert arta.post(page, data={}).status_code == 422
    db.session.refresh(event)
    assert event.visibility is DRAFT and mails() == 0
    assert arta.post(page, data={"visibility": chosen.value}).status_code == 302
    assert arta.post(page, data={"visibility": chosen.value}).status_code == 302
    db.session.refresh(event)
    assert event.visibility is chosen
    assert db.session.scalar(select(func.count(InvitationMail.id))) == 1
    assert client.get(f"/sq/events/{event.id}").status_code == (200 if chosen is PUBLIC else 404)
