"""An office's record and what stays open when its holder changes: nothing already sent gets another address."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from pop_campaigns.contacts.models.institutions import Office
from pop_campaigns.contacts.models.persons import Mandate
from pop_campaigns.core.clock import local_date, now
from pop_campaigns.core.db import db
from pop_campaigns.desk.queries.track_record import open_matters_of, record_of_office, record_of_person
from pop_campaigns.invitations.models.invitations import Invitation
from pop_campaigns.invitations.rules.invitations import Answer, InvitationState
from pop_campaigns.letters.models import LetterRecipient
from pop_campaigns.letters.rules.letters import RecipientState
from pop_campaigns.mail.models import OutgoingMail
from tests import factories
from tests.opened import opened

SignIn = Callable[[Any], FlaskClient]


def invited(event: Any, office: Office, name: str, **values: Any) -> Invitation:
    moment = datetime.now(UTC) - timedelta(days=20)
    answered = {"answered_at": moment} if "answer" in values else {}
    return factories.make_invitation(
        event, office, name=name, state=InvitationState.INVITED, invited_at=moment, **answered, **values
    )


@pytest.fixture
def office(cast: SimpleNamespace) -> Office:
    """Fier's mayor: a holder since January, one invitation to come, two behind, a letter that is overdue."""
    one = factories.make_office("Kryetar", organisation=cast.fier, email="kryetari@bashkia.example")
    holder = factories.make_person("Kryetari i parë", organisation=cast.fier, kind="official")
    since = date(2026, 1, 1)
    db.session.add(Mandate(person=holder, office=one, from_date=since, organisation_id=cast.fier.id))
    past = {"starts_in": timedelta(days=-5), "state": "held"}
    invited(factories.make_event(cast.fier, title_sq="Tryeza e ardhshme"), one, "Kryetari i parë")
    invited(factories.make_event(cast.fier, title_sq="Përballja", **past), one, "Kryetari i parë")
    invited(
        factories.make_event(cast.fier, title_sq="Seanca", **past),
        one,
        "Kryetari i kahershëm",
        answer=Answer.DECLINED,
    )
    invited(factories.make_event(cast.vlore, title_sq="Tryeza e Vlorës"), one, "Kryetari i parë")
    days = {"state": "sent", "sent_at": datetime(2026, 1, 16, 9, tzinfo=UTC), "day_from": date(2026, 1, 16)}
    letter = factories.make_letter(cast.fier, precision="day", **days)
    clock = {"clock_from": date(2026, 1, 16), "due_on": date(2026, 1, 30), "due_explained": {"by_hand": True}}
    factories.make_letter_recipient(letter, one, name="Kryetari i parë", **clock)
    db.session.commit()
    return one


def sent() -> tuple[list[Any], list[Any], int]:
    """Everything frozen when it was sent, and how many mails there are."""
    asked = db.session.execute(
        select(Invitation.name, Invitation.address, Invitation.office_id, Invitation.state).order_by(
            Invitation.id
        )
    ).all()
    letters = db.session.execute(
        select(
            LetterRecipient.name, LetterRecipient.address, LetterRecipient.office_id, LetterRecipient.due_on
        )
    ).all()
    return list(asked), list(letters), len(db.session.scalars(select(OutgoingMail)).all())


def test_the_record_follows_the_office_and_the_person(cast: SimpleNamespace, office: Office) -> None:
    record = record_of_office(office, cast.arta, now())
    assert (record.whole.asked, record.whole.open, record.whole.silent) == (3, 1, 1)
    assert record.whole.answers == {Answer.DECLINED: 1}
    assert record.whole.letters == {RecipientState.OVERDUE: 1}
    assert [(one.name, one.asked) for one in record.by_name] == [
        ("Kryetari i kahershëm", 1),
        ("Kryetari i parë", 2),
    ]
    person = record_of_person(office.mandates[0].person, cast.arta, now())
    assert (person.whole.asked, person.whole.silent, sum(person.whole.letters.values())) == (2, 1, 1)


def test_the_record_shows_nothing_of_another_organisation(
    cast: SimpleNamespace, office: Office, sign_in: SignIn
) -> None:
    page = sign_in(cast.arta).get(f"/people/offices/{office.id}/record").text
    assert "Përballja" in page
    assert "Tryeza e Vlorës" not in page
    assert sign_in(cast.clirim).get(f"/people/offices/{office.id}/record").status_code == 404
    assert "Tryeza e Vlorës" in sign_in(cast.eva).get(f"/people/offices/{office.id}/record").text
    person = office.mandates[0].person
    assert "Kryetari i parë" in sign_in(cast.arta).get(f"/people/persons/{person.id}/record").text
    assert sign_in(cast.clirim).get(f"/people/persons/{person.id}/record").status_code == 404


def test_a_letter_known_by_its_month_is_given_no_day(cast: SimpleNamespace, sign_in: SignIn) -> None:
    one = factories.make_office("Prefekt", organisation=cast.fier)
    april = {"precision": "month", "day_from": date(2020, 4, 1), "day_to": date(2020, 4, 30)}
    factories.make_letter_recipient(factories.make_letter(cast.fier, state="recorded", **april), one)
    db.session.commit()
    page = sign_in(cast.arta).get(f"/people/offices/{one.id}/record").text
    assert "prill 2020" in page
    assert "1 prill 2020" not in page


def test_an_office_that_was_asked_nothing_says_so(cast: SimpleNamespace, sign_in: SignIn) -> None:
    one = factories.make_office("Prefekt", organisation=cast.fier)
    db.session.commit()
    assert "Ende s’është kërkuar gjë" in sign_in(cast.arta).get(f"/people/offices/{one.id}/record").text


def test_a_new_holder_is_asked_what_stays_open_and_nothing_gets_another_address(
    cast: SimpleNamespace, office: Office, sign_in: SignIn
) -> None:
    before, arta = sent(), sign_in(cast.arta)
    today = local_date(now()).isoformat()
    typed = {"name": "Kryetarja e re", "from_date": today, "to_date": "", "ends_present": "y"}
    answer = arta.post(f"/people/offices/{office.id}/holder", data=typed)
    assert answer.headers["Location"] == f"/people/offices/{office.id}/open"
    page = arta.get(answer.headers["Location"]).text
    for words in ("Tryeza e ardhshme", "Kryetari i parë", "Ndotja", "Mbetet te funksioni"):
        assert words in page
    assert "Tryeza e Vlorës" not in page
    assert "Seanca" not in page
    assert arta.post(answer.headers["Location"]).status_code == 302
    assert sent() == before
    event = db.session.scalars(select(Invitation)).first().event
    assert "ka titullar tjetër" in arta.get(f"/events/{event.id}").text


def test_an_open_invitation_can_be_withdrawn_instead(
    cast: SimpleNamespace, office: Office, sign_in: SignIn
) -> None:
    wanted = open_matters_of(office, cast.arta, now()).invitations[0]
    ours = {invitation.id for invitation in open_matters_of(office, cast.arta, now()).invitations}
    foreign = next(
        invitation.id
        for invitation in db.session.scalars(select(Invitation))
        if invitation.event.organisation_id == cast.vlore.id
    )
    assert foreign not in ours
    typed = {f"invitation-{wanted.id}": "withdraw", f"invitation-{foreign}": "withdraw"}
    arta = sign_in(cast.arta)
    for _press in (1, 2):
        assert arta.post(f"/people/offices/{office.id}/open", data=typed).status_code == 302
    db.session.expire_all()
    assert db.session.get(Invitation, wanted.id).state is InvitationState.WITHDRAWN
    assert db.session.get(Invitation, foreign).state is InvitationState.INVITED


def test_where_nothing_is_open_nobody_is_asked(cast: SimpleNamespace, sign_in: SignIn) -> None:
    one = factories.make_office("Prefekt", organisation=cast.fier)
    holder = factories.make_person("Prefekti", organisation=cast.fier, kind="official")
    mandate = Mandate(person=holder, office=one, organisation_id=cast.fier.id)
    db.session.add(mandate)
    db.session.commit()
    arta = sign_in(cast.arta)
    today = local_date(now()).isoformat()
    path = f"/people/mandates/{mandate.id}"
    answer = arta.post(path, data={"from_date": "", "to_date": today} | opened(arta, path))
    assert answer.headers["Location"] == f"/people/offices/{one.id}/open"
    on = arta.get(answer.headers["Location"])
    assert on.headers["Location"].startswith("/people/institutions/")
    # Only an end asks: a first day that is put right does not.
    again = arta.post(path, data={"from_date": "2020-01-01", "to_date": today} | opened(arta, path))
    assert again.headers["Location"].startswith("/people/institutions/")
    assert sign_in(cast.clirim).get(f"/people/offices/{one.id}/open").status_code == 404
    assert sign_in(cast.eva).get(f"/people/offices/{one.id}/open").status_code == 404
