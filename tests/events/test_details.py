"""What each kind needs: kept when the kind changes, embargo held by pages and mails, no names anywhere, who joined."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.exc import IntegrityError

from pop_campaigns.accounts.models import User
from pop_campaigns.core.db import db
from pop_campaigns.events.models.agenda import AgendaPoint
from pop_campaigns.events.models.details import EventDetails
from pop_campaigns.events.models.events import Attendance, Event
from pop_campaigns.events.queries.details import embargo_of, supporter_of, under_embargo
from pop_campaigns.events.rules.details import DETAILS, is_embargoed, may_set_no_names, not_shown, read_sides
from pop_campaigns.events.rules.events import EventKind
from pop_campaigns.events.rules.visibility import EventVisibility
from pop_campaigns.events.services.agenda import NamesRefused, PointDraft, add_point
from pop_campaigns.events.services.details import (
    DetailsDraft,
    NamesAreThere,
    details_draft,
    filled_details,
    save_details,
)
from pop_campaigns.events.words.calendar import calendar_event
from pop_campaigns.invitations.rules.invitations import GuestChoice, NotInvitable
from pop_campaigns.invitations.services.guests import CannotInvite, add_guests
from pop_campaigns.invitations.services.sending import send_invitations
from pop_campaigns.mail.compose import compose
from tests import factories
from tests.events.test_views import only_event, typed
from tests.house.world import snapshot
from tests.invitations.scene import NOW, mails, make_table
from tests.opened import opened

SignIn = Callable[[User], FlaskClient]
UNTIL = datetime(2026, 6, 15, 8, 0, tzinfo=UTC)  # 10:00 in Tirana
CANARY = "Kanarinëza Emrash"


@pytest.fixture(autouse=True)
def nothing_is_asked(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """What saving asks first, on weekends for example, is looked at in ``tests/desk/test_doubts.py``."""
    monkeypatch.setitem(app.extensions, "doubts_about_events", lambda *_plan: [])


def test_the_rules() -> None:
    assert set(DETAILS) == set(EventKind)
    press = EventKind.PRESS_CONFERENCE
    assert is_embargoed(press, UNTIL, UNTIL - timedelta(seconds=1)) and not is_embargoed(press, UNTIL, UNTIL)
    assert not is_embargoed(EventKind.HEARING, UNTIL, NOW) and not is_embargoed(press, None, NOW)
    assert not_shown(EventKind.HEARING, ["moderator", "deputies"]) == ["moderator"]
    assert read_sides("Institucionet\n\n Banorët \nInstitucionet") == ["Institucionet", "Banorët"]
    protest = EventKind.PROTEST
    assert may_set_no_names(protest, named=False, was_public=False)
    for named, was_public, kind in ((True, False, protest), (False, True, protest), (False, False, press)):
        assert not may_set_no_names(kind, named=named, was_public=was_public)


def test_the_form_has_what_each_kind_needs(cast: SimpleNamespace, sign_in: SignIn) -> None:
    arta = sign_in(cast.arta)
    press = {
        "kind": "press_conference", "embargo_day": "2099-05-16", "embargo_hour": "09:30", "moderator": "Koordinator Fier",
        "took_part_roughly": "y",
    }  # fmt: skip
    assert arta.post("/events/new", data=typed(**press, start_date="2099-05-16")).status_code == 302
    event = only_event()
    kept = details_draft(event)
    assert kept.embargo_until == datetime(2099, 5, 16, 7, 30, tzinfo=UTC)
    assert kept.moderator == "Koordinator Fier"
    half = typed(**(press | {"embargo_hour": None}), start_date="2099-05-16") | {
        "title_sq": "Tjetër",
        "once": "b",
    }
    refused = arta.post("/events/new", data=half)
    assert refused.status_code == 422 and "jepeni edhe atë" in refused.text
    sides = typed(kind="round_table", sides="x" * 61, title_sq="E tretë", once="c")
    assert arta.post("/events/new", data=sides).status_code == 422


def test_another_kind_keeps_what_was_typed_and_says_so(cast: SimpleNamespace, sign_in: SignIn) -> None:
    arta = sign_in(cast.arta)
    arta.post("/events/new", data=typed(kind="round_table", moderator="Koordinator Fier", sides="A\nB"))
    event = only_event()
    url = f"/events/{event.id}/edit"

    def turn(kind: str) -> str:
        form = typed(kind=kind, moderator="Koordinator Fier", sides="A\nB", took_part_roughly="y")
        return arta.post(url, data=opened(arta, url) | form, follow_redirects=True).text

    page = turn("hearing")
    assert "nuk shfaqen" in page and "Moderatori, Palët" in page
    assert "Koordinator Fier" not in page[page.index("details") : page.index("history")].replace("Arta", "")
    page = turn("round_table")
    assert "A, B" in page and "nuk shfaqen" not in page
    assert filled_details(only_event()) == ["moderator", "sides"]


@pytest.fixture
def press(cast: SimpleNamespace) -> Event:
    """A press conference of 16 June under embargo until the day before, with a guest."""
    event = make_table(
        cast.fier,
        kind=EventKind.PRESS_CONFERENCE,
        description_sq="Fjalë nën embargo",
        more_url="https://x.example/kit",
    )
    db.session.add_all(
        [
            EventDetails(event_id=event.id, embargo_until=UNTIL),
            AgendaPoint(event_id=event.id, position=1, title_sq="Pikë nën embargo", created_at=NOW),
        ]
    )
    db.session.commit()
    return event


@pytest.mark.both_databases
def test_the_database_knows_the_embargo_as_the_rule_does(cast: SimpleNamespace, press: Event) -> None:
    for moment in (UNTIL - timedelta(seconds=1), UNTIL):
        asked = db.session.query(Event.id).where(under_embargo(moment)).all()
        assert bool(asked) == (embargo_of(press, moment) is not None)
    press.kind = EventKind.HEARING
    db.session.flush()
    assert db.session.query(Event.id).where(under_embargo(NOW)).all() == []


def test_nothing_under_embargo_is_public_before(app: Flask, press: Event, client: FlaskClient) -> None:
    """And everything is afterwards, in the feed as well, though nobody touched the event."""
    pages = [f"/sq/events/{press.id}", "/calendar.ics", f"/sq/events/{press.id}.ics", "/sq/events", "/sq/"]

    def said(at: datetime) -> str:
        with time_machine.travel(at):
            answers = [client.get(page) for page in pages]
        assert {answer.status_code for answer in answers} == {200}
        return "\n".join(answer.text.replace("\r\n ", "") for answer in answers)

    before = said(UNTIL - timedelta(minutes=5))
    assert "nën embargo" not in before and "x.example" not in before
    assert "e hënë, 15 qershor 2026, ora 10:00" in before and "Tryezë për lumin" in before
    after = said(UNTIL)
    assert after.count("Fjalë nën embargo") >= 3 and "Pikë nën embargo" in after and "x.example" in after


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("sq", "Nën embargo, deri në këtë çast: e hënë, 15 qershor 2026, ora 10:00."),
        ("en", "Under embargo until Monday"),
    ],
)
def test_mails_say_the_embargo(
    app: Flask, cast: SimpleNamespace, press: Event, language: str, words: str
) -> None:
    office = factories.make_office()
    add_guests(press, [GuestChoice("office", office.id, language)], by=cast.arta, now=NOW)
    send_invitations(press, by=cast.arta, now=NOW)
    db.session.commit()
    parts = compose(mails()[-1])
    assert words in parts.text and words in (parts.html or "")
    assert parts.text.index("Embargo:") < parts.text.index(
        "16 qershor 2026" if language == "sq" else "16 June 2026"
    )
    entry = calendar_event(press, language)
    assert entry is not None and entry.description.startswith(words[:20])


def make_action(cast: SimpleNamespace, **values: Any) -> Event:
    """A public action of Fier that stores no names."""
    event = make_table(
        cast.fier, kind=EventKind.PROTEST, visibility=EventVisibility.DRAFT, published_at=None, **values
    )
    save_details(event, DetailsDraft(no_names=True), by=cast.arta, now=NOW)
    db.session.commit()
    return event


@pytest.mark.both_databases
def test_no_names_is_chosen_while_nobody_is_named(cast: SimpleNamespace) -> None:
    event = make_action(cast)
    assert event.no_names
    event.kind = EventKind.HEARING
    with pytest.raises(IntegrityError):
        db.session.flush()
    db.session.rollback()
    for spoil in ("guest", "attended", "speaks", "public", "kind"):
        other = make_table(
            cast.fier, kind=EventKind.PROTEST, visibility=EventVisibility.DRAFT, published_at=None
        )
        if spoil == "guest":
            factories.make_invitation(other)
        elif spoil == "attended":
            db.session.add(Attendance(event=other, name="Emër", position=1))
        elif spoil == "speaks":
            add_point(other, PointDraft("Fjala", speaker="Emër"), by=cast.arta, now=NOW, once="")
        elif spoil == "public":
            other.visibility, other.published_at = EventVisibility.PUBLIC, NOW
        else:
            other.kind = EventKind.MEETING
        db.session.flush()
        with pytest.raises(NamesAreThere):
            save_details(other, DetailsDraft(no_names=True), by=cast.arta, now=NOW)


def test_an_action_without_names_takes_none(cast: SimpleNamespace) -> None:
    event, office = make_action(cast), factories.make_office()
    with pytest.raises(CannotInvite) as refused:
        add_guests(event, [GuestChoice("office", office.id, "sq")], by=cast.arta, now=NOW)
    assert refused.value.reason is NotInvitable.NO_NAMES
    with pytest.raises(NamesRefused):
        add_point(event, PointDraft("Fjala", speaker=CANARY), by=cast.arta, now=NOW, once="")


@pytest.mark.parametrize("no_names", [True, False], ids=["no names", "the control"])
def test_a_name_typed_everywhere_is_kept_nowhere(
    app: Flask, cast: SimpleNamespace, sign_in: SignIn, capfd: pytest.CaptureFixture[str], no_names: bool
) -> None:
    """Sent in every field that asks for people: no table, file or log has it; of another action some have."""
    event = make_action(cast, starts_at=datetime.now(UTC) + timedelta(days=9), ends_at=None)
    event.no_names = no_names
    person = factories.make_person("Qytetar 00421", email="q@qytetar.example", organisation=cast.fier)
    db.session.commit()
    arta = sign_in(cast.arta)
    people = {
        "speaker": CANARY, "lines": f"10:00 Fjala | {CANARY}", "name": CANARY, "note": CANARY, "substitute": CANARY,
        "side": CANARY, "moderator": CANARY, "deputies": CANARY, "attended": CANARY,
    }  # fmt: skip
    plain = {"title_sq": "Fjala", "then": "add", "guest": f"person-{person.id}", "do": "add", "q": "Qytetar"}
    tried = 0
    for rule in app.url_map.iter_rules():
        if "POST" not in (rule.methods or ()) or rule.arguments != {"event_id"} or rule.endpoint in NOT_TRIED:
            continue
        url = rule.rule.replace("<int:event_id>", str(event.id))
        data = plain | people | {"file": (io.BytesIO(f"%PDF-1.7 {CANARY}".encode()), f"{CANARY}.pdf")}
        if rule.endpoint == "events.edit":
            data |= typed(kind="protest", no_names="y" if no_names else None) | opened(arta, url)
        assert arta.post(url, data=data, content_type="multipart/form-data").status_code < 500, url
        tried += 1
    assert tried > 8
    kept = [CANARY in snapshot(), *map(_holds, (Path(app.config["DATA_DIR"]) / "files").rglob("*"))]
    written = capfd.readouterr()
    kept.append(CANARY in written.out + written.err)
    assert any(kept) is not no_names


# Other questions than who takes part: whether the event goes or is public, how a template is called, what a chapter says.
NOT_TRIED = {"desk.delete", "desk.publish", "desk.save_template", "events.join"}


def _holds(path: Path) -> bool:
    return CANARY in path.name or (path.is_file() and CANARY.encode() in path.read_bytes())


def test_chapters_join_with_a_message(cast: SimpleNamespace, sign_in: SignIn, client: FlaskClient) -> None:
    event = make_table(cast.fier, kind=EventKind.PROTEST)
    db.session.commit()
    clirim, url = sign_in(cast.clirim), f"/events/{event.id}/join"
    assert clirim.get(f"/events/{event.id}").location == url
    typed_words = {"message_sq": "Jemi me ju, <b>Fier</b>.", "message_en": ""}
    for _press in range(2):
        assert clirim.post(url, data=opened(clirim, url) | typed_words).status_code == 302
    page = client.get(f"/sq/events/{event.id}").text
    assert page.count("Jemi me ju, &lt;b&gt;Fier&lt;/b&gt;.") == 1 and "Vlorë" in page
    english = client.get(f"/en/events/{event.id}").text
    assert 'lang="sq">Jemi me ju' in english
    assert "Jemi me ju" in sign_in(cast.arta).get(f"/events/{event.id}").text
    for who in (cast.arta, cast.eva):
        assert sign_in(who).get(url).status_code == 404
        assert sign_in(who).post(f"/events/{event.id}/leave").status_code == 404
    for _press in range(2):
        clirim = sign_in(cast.clirim)
        assert clirim.post(f"/events/{event.id}/leave").status_code == 302
    assert supporter_of(event, cast.vlore.id) is None
    event.visibility = EventVisibility.INTERNAL
    db.session.commit()
    assert clirim.get(url).status_code == 404
