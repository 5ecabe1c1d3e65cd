"""The brief on paper: what it says in both languages, whom it names, and that nothing typed is ever compiled."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace

from flask.testing import FlaskClient
from pypdf import PdfReader

from pop_campaigns.accounts.models import User
from pop_campaigns.core.db import db
from pop_campaigns.events.models.agenda import AgendaPoint
from pop_campaigns.events.models.events import Event
from pop_campaigns.events.rules.events import EventKind
from pop_campaigns.events.rules.visibility import EventVisibility
from pop_campaigns.invitations.messages.brief import render_brief
from tests import factories
from tests.invitations.scene import NOW, make_table

SignIn = Callable[[User], FlaskClient]
MARKUP = '#{}[]$ *x* _y_ @z <q> \\ "#import" #sys.inputs $x^2$ `raw` // c'


def text_of(pdf: bytes) -> list[str]:
    """The text of each page, blanks made single."""
    return [re.sub(r"\s+", " ", page.extract_text()) for page in PdfReader(io.BytesIO(pdf)).pages]


def make(cast: SimpleNamespace, title: str = "Pse nuk u pastrua lumi?", words: str = "") -> Event:
    """A confrontation with one point put to the mayor, who is invited together with a citizen."""
    event = make_table(cast.fier, kind=EventKind.CONFRONTATION)
    office = factories.make_office("Kryetar", title_en="Mayor", holder="Emër Mbiemër")
    factories.make_invitation(event, office, name="Emër Mbiemër")
    person = factories.make_person("Qytetar 00421", email="q@qytetar.example", organisation=cast.fier)
    factories.make_invitation(event, name=person.name, person=person, office=None).office = None
    db.session.add(
        AgendaPoint(
            event_id=event.id, position=1, title_sq=title, title_en="Why was the river not cleaned?",
            words_sq=words, minutes=30, put_to=office, created_at=NOW,
        )
    )  # fmt: skip
    db.session.commit()
    return event


def test_it_says_what_when_where_and_who(cast: SimpleNamespace) -> None:
    event = make(cast)
    [sq] = text_of(render_brief(event, "sq", now=NOW))
    for words in (
        "PËRBALLJE", "Tryezë për lumin Gjanica", "e martë, 16 qershor 2026, ora 10:00–12:00", "10:00–10:30",
        "Pse nuk u pastrua lumi?", "I drejtohet: Kryetar, Bashkia Fier", "Emër Mbiemër", "dhe një i ftuar tjetër", "Shënime",
    ):  # fmt: skip
        assert words in sq, words
    assert "Qytetar 00421" not in sq
    [en] = text_of(render_brief(event, "en", now=NOW))
    assert "Why was the river not cleaned?" in en and "Put to: Mayor" in en and "Notes" in en


def test_the_same_brief_is_the_same_file(cast: SimpleNamespace) -> None:
    event = make(cast)
    assert render_brief(event, "sq", now=NOW) == render_brief(event, "sq", now=NOW)
    assert render_brief(event, "sq", now=NOW) != render_brief(event, "sq", now=NOW + timedelta(days=1))


def test_nothing_typed_is_compiled(cast: SimpleNamespace) -> None:
    long = "w" * 9_000
    pages = text_of(render_brief(make(cast, MARKUP, f"{MARKUP}\r\n\u202e{long}"), "sq", now=NOW))
    joined = "".join(pages).replace(" ", "")
    assert MARKUP.replace(" ", "") in joined
    assert joined.count("w") >= 9_000
    assert "\u202e" not in joined


def test_who_may_see_it(cast: SimpleNamespace, sign_in: SignIn, client: FlaskClient) -> None:
    event = make(cast)
    event.visibility = EventVisibility.INTERNAL
    db.session.commit()
    url = f"/events/{event.id}/agenda/brief.pdf"
    answer = sign_in(cast.arta).get(url + "?in=en")
    assert answer.mimetype == "application/pdf" and "no-store" in answer.headers["Cache-Control"]
    assert sign_in(cast.clirim).get(url).status_code == 404
    assert client.get(url).status_code == 302
