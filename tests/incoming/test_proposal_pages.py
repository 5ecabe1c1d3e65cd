"""Where a proposed time is seen and decided about: the event, *Today*, its own page; what is kept of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from pop_campaigns.core.clock import now
from pop_campaigns.core.db import db
from pop_campaigns.events.models.events import Event
from pop_campaigns.incoming.queries.proposals import standing
from pop_campaigns.incoming.rules.proposals import Standing
from pop_campaigns.incoming.services.proposals import (
    ProposalClosed,
    decline_proposal,
)
from pop_campaigns.invitations.models.invitations import Invitation
from pop_campaigns.invitations.rules.invitations import GuestChoice
from pop_campaigns.invitations.services.guests import add_guests
from pop_campaigns.invitations.services.sending import send_invitations
from pop_campaigns.mail.compose import compose
from pop_campaigns.mail.models import IncomingMail, OutgoingMail
from pop_campaigns.mail.rules import MailState
from tests import factories
from tests.incoming.counters import (
    counter,
    day,
    declined_mail,
    local,
    mails_of_changes,
    make_scene_at_ten,
    proposals,
    proposed,
    seen,
    utc,
)
from tests.incoming.scene import STAMP, arrive

SignIn = Callable[[Any], FlaskClient]
HOUR = timedelta(hours=1)


@pytest.fixture
def scene(cast: SimpleNamespace) -> SimpleNamespace:
    return make_scene_at_ten(cast)


def test_the_event_page_and_today_show_it_first(
    cast: SimpleNamespace, scene: SimpleNamespace, sign_in: SignIn
) -> None:
    one = proposed(scene, comment="Kemi <b>këshill</b>")
    page = f"/mail/in/proposals/{one.id}"
    for user, may in ((cast.arta, True), (cast.eva, False)):
        reader = sign_in(user)
        event = reader.get(f"/events/{scene.event.id}").text
        assert "propozon një kohë tjetër" in event
        assert "Kemi &lt;b&gt;këshill&lt;/b&gt;" in event
        assert event.count(f'href="{page}"') == 2  # on top, and in the row of the guest
        row = event[event.index(f'id="guest-{scene.mayor.id}"') :].partition("</tr>")[0]
        assert "propozon kohë tjetër" in row
        today = reader.get("/today").text
        assert "Propozohet kohë tjetër" in today
        assert (">Shihe<" in today) is may
        shown = reader.get(page).text
        assert ("Prano" in shown, "Refuzo" in shown) == (may, may)
    assert "propozohet" not in sign_in(cast.clirim).get("/today").text.lower()


def test_another_organisation_and_who_only_reads_cannot_decide(
    cast: SimpleNamespace, scene: SimpleNamespace, sign_in: SignIn
) -> None:
    one = proposed(scene)
    page = f"/mail/in/proposals/{one.id}"
    assert sign_in(cast.clirim).get(page).status_code == 404
    for user in (cast.clirim, cast.eva):
        for verb in ("accept", "decline"):
            assert sign_in(user).post(f"{page}/{verb}", data={"seen": seen(scene)}).status_code == 404
    assert sign_in(cast.arta).get("/mail/in/proposals/999999").status_code == 404
    assert proposals()[0].decided_at is None


def test_accepting_on_the_page_and_pressing_twice(
    cast: SimpleNamespace, scene: SimpleNamespace, sign_in: SignIn
) -> None:
    one = proposed(scene)
    arta, page = sign_in(cast.arta), f"/mail/in/proposals/{one.id}"
    version = seen(scene)
    shown = arta.get(page).text
    assert f'name="seen" value="{version}"' in shown
    assert "2 ditë më vonë" in shown
    assert "Prefekt" in shown
    first = arta.post(f"{page}/accept", data={"seen": version})
    assert first.headers["Location"].endswith(f"/events/{scene.event.id}")
    assert "2 të ftuarve" in arta.get(first.headers["Location"]).text
    second = arta.post(f"{page}/accept", data={"seen": version})
    assert second.headers["Location"].endswith(page)
    after = arta.get(page).text
    assert "U pranua" in after
    assert "two-times" not in after
    assert "Arta" in after
    assert "/accept" not in after
    assert len(mails_of_changes()) == 2
    assert db.session.get_one(Event, scene.event.id).sequence == 1


def test_declining_on_the_page_keeps_what_was_typed_until_it_can_be_sent(
    cast: SimpleNamespace, scene: SimpleNamespace, sign_in: SignIn
) -> None:
    one = proposed(scene)
    arta, page = sign_in(cast.arta), f"/mail/in/proposals/{one.id}"
    long = arta.post(f"{page}/decline", data={"seen": seen(scene), "words": "fjalë " * 400})
    assert long.status_code == 422
    assert "fjalë fjalë" in long.text
    stale = seen(scene)
    event = db.session.get_one(Event, scene.event.id)
    event.venue = "Diku tjetër"
    db.session.commit()
    again = arta.post(f"{page}/decline", data={"seen": stale, "words": "Na vjen keq"})
    assert again.status_code == 409
    assert "Na vjen keq" in again.text
    assert "u ndryshua ndërkohë" in again.text
    done = arta.post(f"{page}/decline", data={"seen": seen(scene), "words": "Na vjen keq"})
    assert done.status_code == 302
    assert "Na vjen keq" in compose(declined_mail()).text
    event_page = arta.get(f"/events/{scene.event.id}?about={scene.mayor.id}").text
    assert "Koha e propozuar u refuzua" in event_page
    assert "propozon një kohë tjetër" not in event_page
    assert "Koha mbetet siç ishte" in arta.get("/mail").text


def test_the_page_says_what_to_think_of(
    cast: SimpleNamespace, scene: SimpleNamespace, sign_in: SignIn
) -> None:
    clash = factories.make_event(cast.fier, title_sq="Mbledhje e brendshme")
    clash.starts_at = scene.event.starts_at + timedelta(days=2) + HOUR
    clash.ends_at, clash.day_from = clash.starts_at + HOUR, clash.starts_at.date()
    clash.day_to = clash.day_from
    theirs = factories.make_event(cast.vlore, title_sq="Mbledhje në Vlorë")
    theirs.starts_at, theirs.ends_at = clash.starts_at, clash.ends_at
    db.session.commit()
    one = proposed(scene)
    scene.event.sequence = 1
    db.session.commit()
    shown = sign_in(cast.arta).get(f"/mail/in/proposals/{one.id}").text
    assert "Mbledhje e brendshme" in shown
    assert "Mbledhje në Vlorë" not in shown
    assert "para ndryshimit të fundit" in shown
    arrive(counter(scene.prefect, [utc("DTSTART", now() - HOUR)]))
    past = sign_in(cast.arta).get(f"/mail/in/proposals/{proposals()[-1].id}").text
    assert "ka kaluar" in past
    assert "/accept" not in past


def test_an_hour_of_no_place_is_pointed_out(
    cast: SimpleNamespace, scene: SimpleNamespace, sign_in: SignIn
) -> None:
    which = scene.event.day_from + timedelta(days=2)
    wall = datetime(which.year, which.month, which.day, 14, 30)
    arrive(counter(scene.mayor, [local("DTSTART", wall)]))
    shown = sign_in(cast.arta).get(f"/mail/in/proposals/{proposals()[0].id}").text
    assert "merret si ora e veprimtarisë" in shown
    assert "14:30–16:30" in shown


def test_an_english_reader_reads_english(
    cast: SimpleNamespace, scene: SimpleNamespace, sign_in: SignIn
) -> None:
    one = proposed(scene, partstat="ACCEPTED")
    cast.arta.language = "en"
    db.session.commit()
    shown = sign_in(cast.arta).get(f"/mail/in/proposals/{one.id}").text
    for words in (
        "2 days later",
        "Accept: move the event and tell all",
        "2 hours",
        "does not count as an answer",
    ):
        assert words in shown


@pytest.mark.parametrize(
    ("which", "words"),
    [
        (date(2029, 11, 28), "Dita e Flamurit"),
        (date(2029, 12, 1), "fundjavë"),
        (date(2029, 12, 3), ""),
    ],
)
def test_days_off_are_named(
    cast: SimpleNamespace, scene: SimpleNamespace, sign_in: SignIn, which: date, words: str
) -> None:
    starts = datetime(which.year, which.month, which.day, 9, tzinfo=UTC)
    arrive(counter(scene.mayor, [utc("DTSTART", starts)]))
    shown = sign_in(cast.arta).get(f"/mail/in/proposals/{proposals()[0].id}").text
    assert ("Dita e Flamurit" in shown) is (words == "Dita e Flamurit")
    assert ("fundjavë" in shown) is (words == "fundjavë")


def test_an_erased_guest_leaves_no_words_and_gets_no_mail(
    cast: SimpleNamespace, scene: SimpleNamespace, sign_in: SignIn
) -> None:
    from pop_campaigns.privacy.services.erasure import erase_person

    person = factories.make_person("Kanarina Prova", organisation=cast.fier, email="kanarina@posta.example")
    factories.make_consent(person)
    add_guests(scene.event, [GuestChoice("person", person.id, "sq")], by=cast.arta, now=now())
    send_invitations(scene.event, by=cast.arta, now=now())
    db.session.commit()
    guest = db.session.scalars(select(Invitation).where(Invitation.person_id == person.id)).one()
    arrive(counter(guest, comment="Jam kanarina"))
    decline_proposal(proposals()[0], words="E dashur kanarina", seen=seen(scene), by=cast.arta, now=now())
    db.session.commit()
    arrive(counter(guest, comment="Sërish kanarina", stamp=STAMP + HOUR))
    assert len(proposals()) == 2
    erase_person(person, by=cast.arta, now=now())
    db.session.commit()
    assert [proposal.comment for proposal in proposals()] == ["", ""]
    assert standing(proposals()[1], now=now()) is Standing.ERASED
    mail = declined_mail()
    assert mail.state is MailState.WITHDRAWN
    kept = str(compose_row(mail)) + str(db.session.execute(select(IncomingMail.__table__)).all())
    assert "kanarina" not in kept.lower()
    page = sign_in(cast.arta).get(f"/mail/in/proposals/{proposals()[1].id}").text
    assert "/decline" not in page
    with pytest.raises(ProposalClosed):
        decline_proposal(proposals()[1], words="", seen=seen(scene), by=cast.arta, now=now())


def compose_row(mail: OutgoingMail) -> list[Any]:
    skeleton = mail.skeleton
    return [mail.to_address, mail.to_name, mail.fields, skeleton.text, skeleton.html, skeleton.calendar]


def test_a_person_who_wants_no_more_mail_gets_none(
    cast: SimpleNamespace, scene: SimpleNamespace, sign_in: SignIn
) -> None:
    from pop_campaigns.contacts.rules import ConsentChannel, Purpose
    from pop_campaigns.contacts.services.refusals import suppress

    person = factories.make_person("Gazetare", organisation=cast.fier, email="gazetare@posta.example")
    factories.make_consent(person)
    add_guests(scene.event, [GuestChoice("person", person.id, "sq")], by=cast.arta, now=now())
    send_invitations(scene.event, by=cast.arta, now=now())
    guest = db.session.scalars(select(Invitation).where(Invitation.person_id == person.id)).one()
    db.session.commit()
    arrive(counter(guest))
    owner = scene.event.organisation_id
    suppress(guest.address, Purpose.EVENTS, owner, channel=ConsentChannel.FORM, now=now())
    db.session.commit()
    page, arta = f"/mail/in/proposals/{proposals()[0].id}", sign_in(cast.arta)
    assert "nuk dëshiron më mesazhe" in arta.get(page).text
    done = arta.post(f"{page}/decline", data={"seen": seen(scene)})
    assert "nuk u dërgua asgjë" in arta.get(done.headers["Location"]).text
    assert proposals()[0].accepted is False
    assert not db.session.scalars(select(OutgoingMail).where(OutgoingMail.kind == "proposal.declined")).all()


def test_what_is_kept_of_it_is_given_out_and_let_go_with_the_rest(
    cast: SimpleNamespace, scene: SimpleNamespace
) -> None:
    from pop_campaigns.contacts.rules import PersonKind
    from pop_campaigns.privacy.queries.access import access_export
    from pop_campaigns.privacy.queries.traces import find_traces
    from pop_campaigns.privacy.services.retention import sweep

    person = factories.make_person("Qytetare", organisation=cast.fier, email="qytetare@posta.example")
    person.kind = PersonKind.CITIZEN
    factories.make_consent(person)
    add_guests(scene.event, [GuestChoice("person", person.id, "sq")], by=cast.arta, now=now())
    send_invitations(scene.event, by=cast.arta, now=now())
    guest = db.session.scalars(select(Invitation).where(Invitation.person_id == person.id)).one()
    db.session.commit()
    arrive(counter(guest, comment="Punoj deri në katër"))
    decline_proposal(proposals()[0], words="Më falni", seen=seen(scene), by=cast.arta, now=now())
    db.session.commit()
    kept = access_export(find_traces(person), [], now=now())
    told = kept["invitations"][0]["proposed_times"]
    assert [(one["comment"], one["accepted"]) for one in told] == [("Punoj deri në katër", False)]
    assert any("Më falni" in mail["text"] for mail in kept["messages"])
    sweep(now=now() + timedelta(days=4000))
    db.session.commit()
    assert proposals()[0].comment == ""
    mail = declined_mail()
    assert (mail.to_name, mail.state) == ("", MailState.WITHDRAWN)
    assert mail.to_address.endswith("@erased.invalid")


def test_a_held_proposal_says_why_on_its_page(
    cast: SimpleNamespace, scene: SimpleNamespace, sign_in: SignIn
) -> None:
    which = scene.event.day_from + timedelta(days=2)
    mail = arrive(counter(scene.mayor, [day("DTSTART", which)]))
    assert "Propozon një ditë pa orë" in sign_in(cast.arta).get(f"/mail/in/{mail.id}").text


def test_a_declined_mail_is_not_sent_again_when_it_is_no_longer_true(
    cast: SimpleNamespace, scene: SimpleNamespace
) -> None:
    from pop_campaigns.desk.queries.mail_about import NotSentAgain, about_mails, why_not_again

    decline_proposal(proposed(scene), words="", seen=seen(scene), by=cast.arta, now=now())
    mail = declined_mail()
    mail.state, mail.sent_at = MailState.SENT, now()
    db.session.commit()
    about = about_mails([mail])[mail.id]
    assert about.guest is not None
    assert why_not_again(mail, about, now=now()) is None
    scene.event.sequence += 1
    assert why_not_again(mail, about, now=now()) is NotSentAgain.OUTDATED
