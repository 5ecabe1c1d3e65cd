"""Mail that keeps coming back: from the reports of mail servers to what is no longer sent, and who says so."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import select

from pop_campaigns.accounts.models import User
from pop_campaigns.contacts.models.addresses import Address
from pop_campaigns.contacts.rules import Purpose, Unmailed
from pop_campaigns.core.clock import local_date, now
from pop_campaigns.core.db import db
from pop_campaigns.events.models.events import Event
from pop_campaigns.invitations.models.invitations import Invitation
from pop_campaigns.invitations.queries.guests import (
    answers_for,
    awaiting_reminder,
    guests_of,
    outdated,
    unreachable,
)
from pop_campaigns.invitations.rules.invitations import GuestChoice, InvitationState
from pop_campaigns.invitations.services.guests import add_guests
from pop_campaigns.invitations.services.sending import (
    cancel_with_notice,
    send_changes,
    send_invitations,
    send_reminders,
    withdraw_guest,
)
from pop_campaigns.letters.services.letters import send_letter
from pop_campaigns.lists.queries.resolving import resolve
from pop_campaigns.lists.rules import ListFilter, Subject
from pop_campaigns.mail.models import OutgoingMail
from pop_campaigns.mail.queries import dead_among
from tests import factories
from tests.incoming.post import Carried, send_all, take_in
from tests.incoming.scene import DOMAIN, bounce

pytestmark = pytest.mark.both_databases

NOW = datetime(2026, 3, 10, 8, 0, tzinfo=UTC)
MAYOR, PREFECT = "kryetari@bashkia.example", "prefekti@qark.example"
SignIn = Callable[[User], FlaskClient]


@pytest.fixture(autouse=True)
def traveller() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW - timedelta(days=12), tick=False) as traveller:
        yield traveller


@pytest.fixture
def offices(cast: SimpleNamespace) -> SimpleNamespace:
    mayor = factories.make_office("Kryetar", email=MAYOR, organisation=cast.fier)
    prefect = factories.make_office("Prefekt", email=PREFECT, organisation=cast.fier)
    db.session.commit()
    return SimpleNamespace(mayor=mayor, prefect=prefect)


def invite(cast: SimpleNamespace, offices: SimpleNamespace) -> Event:
    """An event in forty days to which both are invited; their mails have left."""
    event = draft(cast, offices)
    send_invitations(event, by=cast.arta, now=now())
    db.session.commit()
    return event


def draft(cast: SimpleNamespace, offices: SimpleNamespace) -> Event:
    event = factories.make_event(
        cast.fier, starts_at=NOW + timedelta(days=40), ends_at=NOW + timedelta(days=40, hours=2)
    )
    choices = [GuestChoice("office", one.id, "sq") for one in (offices.mayor, offices.prefect)]
    add_guests(event, choices, by=cast.arta, now=now())
    db.session.commit()
    return event


def come_back(*, status: str = "5.1.1", to: str = "") -> None:
    """The mails to the mayor that have just left come back, those to the prefect arrive."""
    for one in send_all():
        if one.to != MAYOR:
            continue
        local = one.sender.partition("@")[0]
        mail = db.session.scalars(select(OutgoingMail).where(OutgoingMail.bounce_local == local)).one()
        back = to or one.sender
        action = "failed" if status.startswith("5") else "delayed"
        take_in(Carried(bounce(mail, to=back, status=status, action=action), "<>", back))


@pytest.fixture
def dead(cast: SimpleNamespace, offices: SimpleNamespace, traveller: time_machine.Traveller) -> Event:
    """The mayor's mails came back three times over ten days; it is the tenth of March. The last of three events."""
    for ago in (12, 6, 1):
        traveller.move_to(NOW - timedelta(days=ago))
        event = invite(cast, offices)
        come_back()
    traveller.move_to(NOW)
    return event


def waiting() -> list[str]:
    return sorted(one.to for one in send_all())


def test_reports_at_our_own_bounce_addresses_count(dead: Event) -> None:
    assert dead_among({MAYOR, PREFECT})[MAYOR].number == 3
    assert PREFECT not in dead_among({MAYOR, PREFECT})


@pytest.mark.parametrize(
    ("status", "to"),
    [("5.1.1", f"kontakt@{DOMAIN}"), ("5.1.1", f"b-{'a' * 26}@{DOMAIN}"), ("4.4.1", ""), ("5.7.1", "")],
    ids=["only naming the Message-ID", "a made-up bounce address", "a delay", "a policy"],
)
def test_forged_reports_delays_and_policies_never_count(
    cast: SimpleNamespace, offices: SimpleNamespace, traveller: time_machine.Traveller, status: str, to: str
) -> None:
    for ago in (12, 9, 6, 3, 1):
        traveller.move_to(NOW - timedelta(days=ago))
        invite(cast, offices)
        come_back(status=status, to=to)
    assert dead_among({MAYOR}) == {}


def test_nothing_is_sent_there_and_the_guest_stays(
    dead: Event, cast: SimpleNamespace, offices: SimpleNamespace
) -> None:
    event = draft(cast, offices)
    assert send_invitations(event, by=cast.arta, now=now()) == 1
    db.session.commit()
    assert waiting() == [PREFECT]
    states = {guest.address: guest.state for guest in guests_of(event)}
    assert states == {MAYOR: InvitationState.DRAFT, PREFECT: InvitationState.INVITED}
    assert send_invitations(event, by=cast.arta, now=now()) == 0


def test_reminders_changes_and_cancellations_leave_the_address_out(
    dead: Event, cast: SimpleNamespace
) -> None:
    mayor, prefect = guests_of(dead)
    assert set(unreachable([mayor, prefect])) == {mayor.id}
    assert [one.address for one in awaiting_reminder(dead, now=now())] == [PREFECT]
    assert send_reminders(dead, by=cast.arta, now=now()) == 1
    db.session.commit()
    assert waiting() == [PREFECT]
    dead.sequence += 1
    dead.venue = "Teatri Bylis"
    db.session.commit()
    assert [one.address for one in outdated(dead)] == [PREFECT]
    assert send_changes(dead, by=cast.arta, now=now()) == 1
    withdraw_guest(mayor, by=cast.arta, now=now())
    db.session.commit()
    assert waiting() == [PREFECT]
    assert cancel_with_notice(dead, by=cast.arta, now=now()) == 1
    db.session.commit()
    assert waiting() == [PREFECT]


def test_the_event_counts_the_guest_as_not_reached_and_says_why(
    dead: Event, cast: SimpleNamespace, sign_in: SignIn
) -> None:
    rows = {row.invitation.address: row for row in answers_for(dead)}
    assert rows[MAYOR].came_back is not None
    assert rows[PREFECT].came_back is None
    page = sign_in(cast.arta).get(f"/events/{dead.id}").text
    assert "3 mesazhe janë kthyer mbrapsht që nga data 26 shkurt 2026" in page
    assert re.search(r"<strong>1</strong> nuk e mori mesazhin\s*<", page)


def test_the_pages_that_send_say_who_gets_no_mail_and_why(
    dead: Event, cast: SimpleNamespace, offices: SimpleNamespace, sign_in: SignIn
) -> None:
    event = draft(cast, offices)
    dead.sequence += 1
    db.session.commit()
    arta = sign_in(cast.arta)
    paths = (f"/events/{event.id}/invite/send", f"/events/{dead.id}/announce", f"/events/{dead.id}/cancel")
    for path in (*paths, f"/events/{dead.id}/remind"):
        page = arta.get(path).text
        assert "1 i ftuar nuk merr mesazh" in page, path
        assert "Kryetar, Bashkia Fier" in page, path
        assert "3 mesazhe janë kthyer mbrapsht" in page, path
        assert f"/people/institutions/{offices.mayor.institution_id}" in page, path
    answer = arta.post(f"/events/{event.id}/invite/send", data={}, follow_redirects=True)
    assert "1 ftesë" in answer.text
    assert waiting() == [PREFECT]


def test_a_corrected_address_is_written_to_at_once(
    dead: Event, cast: SimpleNamespace, offices: SimpleNamespace, sign_in: SignIn
) -> None:
    event = draft(cast, offices)
    address = db.session.scalars(select(Address).where(Address.email == MAYOR)).one()
    address.email = "kabineti@bashkia.example"
    db.session.commit()
    page = sign_in(cast.arta).get(f"/events/{event.id}/invite/send").text
    assert "nuk merr mesazh" not in page
    assert send_invitations(event, by=cast.arta, now=now()) == 2
    db.session.commit()
    assert waiting() == ["kabineti@bashkia.example", PREFECT]


def test_a_letter_goes_on_paper_instead(
    dead: Event, cast: SimpleNamespace, offices: SimpleNamespace, sign_in: SignIn
) -> None:
    letter = factories.make_letter(cast.fier)
    for office in (offices.mayor, offices.prefect):
        factories.make_letter_recipient(letter, office)
    db.session.commit()
    page = sign_in(cast.arta).get(f"/letters/{letter.id}/preview").text
    assert f"nuk merr mesazh në {MAYOR}: 3 mesazhe janë kthyer mbrapsht" in page
    sent = send_letter(letter, by=cast.arta, now=now())
    db.session.commit()
    assert (sent.mails, sent.by_hand) == (1, 1)
    assert waiting() == [PREFECT]


def test_a_list_leaves_the_address_out_and_says_so(dead: Event, cast: SimpleNamespace) -> None:
    result = resolve(ListFilter(Subject.OFFICES), cast.arta, Purpose.EVENTS, local_date(now()))
    assert [recipient.email for recipient in result.recipients] == [PREFECT]
    assert [(one.recipient.email, one.reason) for one in result.left_out] == [(MAYOR, Unmailed.CAME_BACK)]


def test_after_a_long_silence_one_more_mail_goes_there(
    dead: Event, cast: SimpleNamespace, offices: SimpleNamespace, traveller: time_machine.Traveller
) -> None:
    traveller.move_to(NOW + timedelta(days=89))
    assert MAYOR not in dead_among({MAYOR})
    event = factories.make_event(cast.fier, starts_in=timedelta(days=30))
    guest = factories.make_invitation(event, offices.mayor)
    db.session.commit()
    assert send_invitations(event, by=cast.arta, now=now()) == 1
    db.session.commit()
    come_back()
    assert MAYOR in dead_among({MAYOR}), "one more bounce is enough"
    assert db.session.get_one(Invitation, guest.id).state is InvitationState.INVITED
