"""The mails of one event held back: none is claimed, whenever it was queued; and how far they are."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from pop_campaigns.core import clock
from pop_campaigns.core.db import db
from pop_campaigns.core.history import History
from pop_campaigns.events.models.events import Event
from pop_campaigns.invitations.queries.guests import guests_of
from pop_campaigns.invitations.rules.invitations import GuestChoice
from pop_campaigns.invitations.services.guests import add_guests
from pop_campaigns.invitations.services.holding import hold_back
from pop_campaigns.invitations.services.pausing import mails_of_event, pause_event, resume_event
from pop_campaigns.invitations.services.sending import send_invitations
from pop_campaigns.mail.models import OutgoingMail
from pop_campaigns.mail.outbox import claim_mails, queue_again, record_sent, take_in_hand
from pop_campaigns.mail.queries import progress_of, unsent
from pop_campaigns.mail.rules import MailState
from tests import factories

SignIn = Callable[[Any], FlaskClient]
both = pytest.mark.both_databases


def invited(cast: SimpleNamespace, number: int = 2, name: str = "Bashkia") -> Event:
    event = factories.make_event(cast.fier, starts_in=timedelta(days=9))
    offices = [
        factories.make_office(
            "Kryetar", factories.make_institution(f"{name} {n}"), email=f"{name}{n}@b.example"
        )
        for n in range(number)
    ]
    invite(event, offices, cast)
    return event


def invite(event: Event, offices: list[Any], cast: SimpleNamespace) -> None:
    db.session.flush()
    choices = [GuestChoice("office", office.id, "sq") for office in offices]
    add_guests(event, choices, by=cast.arta, now=clock.now())
    send_invitations(event, by=cast.arta, now=clock.now())
    db.session.commit()


def mails(event: Event) -> list[OutgoingMail]:
    return list(
        db.session.scalars(select(OutgoingMail).where(mails_of_event(event)).order_by(OutgoingMail.id))
    )


def due() -> Any:
    return clock.now() + timedelta(minutes=1)


@both
def test_no_mail_of_it_is_claimed_until_it_is_resumed(cast: SimpleNamespace) -> None:
    event, other = invited(cast), invited(cast, 1, "Prefektura")
    assert pause_event(event, by=cast.arta, now=clock.now())
    db.session.commit()
    invite(
        event,
        [factories.make_office("Zv.", factories.make_institution("Bashkia 9"), email="z@b.example")],
        cast,
    )
    assert claim_mails("w", now=due()) == [mail.id for mail in mails(other)], "the other event's go on"
    db.session.commit()
    assert [mail.state for mail in mails(event)] == [MailState.QUEUED] * 3
    assert unsent(mails_of_event(event), now=clock.now() + timedelta(hours=9)) is None, "they wait on purpose"
    assert resume_event(event, by=cast.arta, now=clock.now())
    db.session.commit()
    assert len(claim_mails("w", now=due())) == 3


@both
def test_what_a_worker_claimed_and_has_not_in_hand_waits_too(cast: SimpleNamespace) -> None:
    event = invited(cast)
    claimed = claim_mails("w", now=due())
    db.session.commit()
    [in_hand] = take_in_hand(claimed[:1], "w", now=due())
    db.session.commit()
    pause_event(event, by=cast.arta, now=clock.now())
    db.session.commit()
    assert take_in_hand(claimed[1:], "w", now=due()) == []
    assert [mail.state for mail in mails(event)] == [MailState.SENDING, MailState.QUEUED]
    hold_back([in_hand], now=clock.now())
    db.session.commit()
    assert [mail.state for mail in mails(event)] == [MailState.QUEUED] * 2
    assert claim_mails("w", now=due()) == []


@both
def test_progress_counts_what_was_queued_together(cast: SimpleNamespace) -> None:
    event = invited(cast, 4)
    now = clock.now()
    for mail in mails(event)[:3]:
        record_sent(mail, code=250, words="ok", now=now)
    db.session.commit()
    progress = progress_of(mails_of_event(event), now=due())
    assert progress and (progress.left, progress.total) == (3, 4)
    assert progress_of(mails_of_event(event), now=now + timedelta(seconds=1)).seconds == pytest.approx(20)
    record_sent(mails(event)[3], code=250, words="ok", now=now)
    db.session.commit()
    assert progress_of(mails_of_event(event), now=due()) is None


def test_a_mail_sent_again_waits_as_well(cast: SimpleNamespace) -> None:
    event = invited(cast, 1)
    record_sent(mails(event)[0], code=250, words="ok", now=clock.now())
    pause_event(event, by=cast.arta, now=clock.now())
    mails(event)[0].paused_at = clock.now()
    queue_again(mails(event)[0], now=clock.now())
    db.session.commit()
    assert claim_mails("w", now=due()) == []


def test_the_page_says_how_far_they_are_and_who_holds_them(cast: SimpleNamespace, sign_in: SignIn) -> None:
    cast.arta.language = cast.eva.language = "en"
    event = invited(cast, 12)
    for mail in mails(event)[:5]:
        record_sent(mail, code=250, words="ok", now=clock.now())
    db.session.commit()
    arta, eva, address = sign_in(cast.arta), sign_in(cast.eva), f"/events/{event.id}"
    page = arta.get(address).text
    assert "5 of 12 mails have left" in page and "about a minute" in page and "data-waiting" in page
    for _press in (1, 2):
        assert arta.post(f"{address}/mails/pause").location == address
    page = arta.get(address).text
    assert "Held back by Arta since" in page and "data-waiting" not in page
    noted = select(History).where(History.action == "event.mails_paused")
    assert len(db.session.scalars(noted).all()) == 1
    assert "Held back by Arta" in eva.get(address).text and "/mails/resume" not in eva.get(address).text
    for _press in (1, 2):
        assert arta.post(f"{address}/mails/resume").location == address
    assert "Held back" not in arta.get(address).text
    assert all(mail.paused_at is None for mail in mails(event)) and guests_of(event)


@pytest.mark.parametrize("who", ["clirim", "eva"])
@pytest.mark.parametrize("what", ["pause", "resume"])
def test_strangers_and_readers_hold_nothing_back(
    cast: SimpleNamespace, sign_in: SignIn, who: str, what: str
) -> None:
    event = invited(cast, 1)
    browser = sign_in(getattr(cast, who))
    assert browser.post(f"/events/{event.id}/mails/{what}").status_code == 404
    assert mails(event)[0].paused_at is None
