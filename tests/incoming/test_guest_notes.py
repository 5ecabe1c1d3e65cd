"""Mail from guests beside each guest: out of office while it holds, messages in the history."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import event as sqlalchemy_event

from pop_campaigns.core.clock import local_date, now
from pop_campaigns.core.db import db
from pop_campaigns.incoming.queries.guest_notes import guest_notes
from pop_campaigns.invitations.models.invitations import Invitation
from pop_campaigns.invitations.rules.invitations import Answer
from tests import factories
from tests.incoming.post import receipts
from tests.incoming.scene import address_of, arrive, make_scene, words

SignIn = Callable[[Any], FlaskClient]


@pytest.fixture
def scene(cast: SimpleNamespace) -> SimpleNamespace:
    return make_scene(cast)


def away(scene: SimpleNamespace, text: str) -> Any:
    to, sender = address_of(scene.mayor), scene.mayor.address
    return arrive(words(text, sender=sender, to=to, Auto_Submitted="auto-replied", subject="Jashtë zyre"))


def event_page(browser: FlaskClient, scene: SimpleNamespace) -> str:
    """The event's page, with the mayor looked at beside the table."""
    return browser.get(f"/events/{scene.event.id}?about={scene.mayor.id}").text


def test_an_absence_shows_with_text_and_day_until_it_ends_and_changes_nothing(
    cast: SimpleNamespace, scene: SimpleNamespace, sign_in: SignIn
) -> None:
    back = local_date(now()) + timedelta(days=5)
    mail = away(scene, f"Jam me leje deri më {back:%d.%m.%Y}. Për urgjenca: kabineti.")
    assert guest_notes([scene.mayor.id], cast.drita)[scene.mayor.id][0].returns_on == back
    page = event_page(sign_in(cast.arta), scene)
    assert "Jashtë zyre deri më" in page and "Për urgjenca: kabineti." in page
    assert f"/mail/in/{mail.id}" in page
    assert db.session.get(Invitation, scene.mayor.id).answer is Answer.NEEDS_ACTION
    with time_machine.travel(now() + timedelta(days=7), tick=True):
        page = event_page(sign_in(cast.arta), scene)
        assert "Jashtë zyre deri më" not in page
        assert "Përgjigje automatike: Jashtë zyre" in page


def test_an_absence_without_a_day_shows_for_two_weeks(cast: SimpleNamespace, scene: SimpleNamespace) -> None:
    away(scene, "Nuk jam në zyrë.")
    (note,) = guest_notes([scene.mayor.id], cast.drita)[scene.mayor.id]
    assert note.returns_on is None
    assert note.is_away(now() + timedelta(days=13))
    assert not note.is_away(now() + timedelta(days=15))


def test_what_a_guest_wrote_stands_in_the_guests_history_alone(
    cast: SimpleNamespace, scene: SimpleNamespace, sign_in: SignIn
) -> None:
    mail = arrive(
        words("Sa zgjat?", sender=scene.mayor.address, to=address_of(scene.mayor), subject="Pyetje <b>")
    )
    page = event_page(sign_in(cast.arta), scene)
    mayor = page.partition('id="about"')[2]
    prefect = sign_in(cast.arta).get(f"/events/{scene.event.id}?about={scene.prefect.id}").text
    prefect = prefect.partition('id="about"')[2].partition("</section>")[0]
    line = f'<a href="/mail/in/{mail.id}">Mesazh: Pyetje &lt;b&gt;</a>'
    assert (line in mayor) != (line in prefect)
    assert line in mayor
    eva = event_page(sign_in(cast.eva), scene)
    assert "Pyetje &lt;b&gt;" in eva


def test_what_may_be_an_absence_note_is_marked_and_gets_no_receipt(
    cast: SimpleNamespace, scene: SimpleNamespace, sign_in: SignIn
) -> None:
    mail = arrive(words("Nuk jam në zyrë.", sender=scene.mayor.address, to=address_of(scene.mayor)))
    assert (mail.perhaps_absent, receipts()) == (True, [])
    arta = sign_in(cast.arta)
    assert "Ndoshta jashtë zyre" in event_page(arta, scene)
    assert "Ndoshta njoftim mungese" in arta.get(f"/mail/in/{mail.id}").text


def test_a_suggestion_is_not_the_guests(cast: SimpleNamespace, scene: SimpleNamespace) -> None:
    arrive(words("Përshëndetje", sender=scene.mayor.address, to="kontakt@rsvp.example"))
    assert guest_notes([scene.mayor.id, scene.prefect.id], cast.drita) == {}


@contextmanager
def counted() -> Iterator[list[str]]:
    """What is asked of the database meanwhile."""
    seen: list[str] = []

    def note(*arguments: Any) -> None:
        seen.append(arguments[2])

    sqlalchemy_event.listen(db.engine, "before_cursor_execute", note)
    yield seen
    sqlalchemy_event.remove(db.engine, "before_cursor_execute", note)


@pytest.mark.both_databases
def test_two_hundred_guests_take_as_many_queries_as_ten(
    cast: SimpleNamespace, sign_in: SignIn, scene: SimpleNamespace
) -> None:
    from pop_campaigns.core.tokens import derive_local_part, new_nonce
    from pop_campaigns.invitations.rules.invitations import InvitationState

    arta = sign_in(cast.arta)
    counts = []
    for number in (8, 190):
        offices = [
            factories.make_office(
                f"Zyra {number} {n}", email=f"z{number}.{n}@x.example", organisation=cast.fier
            )
            for n in range(number)
        ]
        db.session.flush()
        for office in offices:
            nonce = new_nonce()
            db.session.add(
                Invitation(
                    event_id=scene.event.id,
                    office=office,
                    office_title=office.title_sq,
                    address=office.addresses[0].email,
                    language="sq",
                    state=InvitationState.INVITED,
                    invited_at=now(),
                    nonce=nonce,
                    token_hash=nonce,
                    reply_local="r-" + derive_local_part("reply", nonce),
                    created_at=now(),
                )
            )
        db.session.commit()
        with counted() as seen:
            assert event_page(arta, scene).count("data-row id=") >= min(number, 25)
        counts.append(len(seen))
    assert counts[1] <= counts[0] + 1


def test_days_are_read(cast: SimpleNamespace, scene: SimpleNamespace) -> None:
    away(scene, "I am out of office until 3 December 2031.")
    (note,) = guest_notes([scene.mayor.id], cast.drita)[scene.mayor.id]
    assert note.returns_on == date(2031, 12, 3)
