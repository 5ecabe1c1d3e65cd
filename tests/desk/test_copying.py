"""Copies onto other days, templates, and one template in several cities on one board."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from pop_campaigns.accounts.models import User
from pop_campaigns.contacts.models.institutions import Office
from pop_campaigns.contacts.models.persons import Mandate
from pop_campaigns.core.clock import local_date, now
from pop_campaigns.core.db import db
from pop_campaigns.core.history import history_of
from pop_campaigns.core.subject_files import attach_file, files_of
from pop_campaigns.desk.queries.board import board_of
from pop_campaigns.events.models.events import Commitment, Event
from pop_campaigns.events.models.series import EventSeries, EventTemplate, SeriesProposal
from pop_campaigns.events.queries.agenda import agenda_points
from pop_campaigns.events.rules.series import BoardStep, ProposalState, length_of, next_step
from pop_campaigns.events.rules.visibility import EventVisibility
from pop_campaigns.events.services.agenda import PointDraft, add_point
from pop_campaigns.invitations.models.invitations import Invitation
from pop_campaigns.invitations.queries.guests import guests_of, text_of
from pop_campaigns.invitations.queries.reminders import rules_of
from pop_campaigns.invitations.rules.invitations import Answer, AnswerChannel, InvitationState
from pop_campaigns.invitations.services.answers import record_answer
from pop_campaigns.invitations.services.copying import Placed, save_as_template
from pop_campaigns.invitations.services.guests import remove_guest, set_invitation_text
from pop_campaigns.invitations.services.sending import send_invitations
from pop_campaigns.invitations.services.series import SeriesDraft, accept_proposal, propose_series
from pop_campaigns.mail.models import OutgoingMail
from tests import factories

SignIn = Callable[[User], FlaskClient]


def mayor_of(city: str, holder: str = "") -> Office:
    """The mayor of a city, shared by the network."""
    institution = factories.make_institution(
        f"Bashkia {city}", municipality=factories.make_municipality(city)
    )
    return factories.make_office(
        "Kryetar", institution, email=f"kryetari@{city.lower()}.example".replace("ë", "e"), holder=holder
    )


def full_event(cast: SimpleNamespace) -> Event:
    """A round table in Fier with its mayor, a minister, a note and a file, sent; the mayor has answered."""
    event = factories.make_event(cast.fier, description_sq="Çfarë mbetet.")
    minister = factories.make_office("Ministër", factories.make_institution("Ministria", kind="ministry"))
    factories.make_invitation(event, mayor_of("Fier"))
    factories.make_invitation(event, minister)
    mayor = guests_of(event)[0].office_id
    point = PointDraft("Hapja", clock=time(10, 5), minutes=15, speaker="Moderatorja", put_to_id=mayor)
    add_point(event, point, by=cast.arta, now=now(), once="point")
    set_invitation_text(event, "Parkimi pas pallatit.", "", by=cast.arta, now=now())
    attach_file(event, b"%PDF-1.7\n%%EOF\n", "rendi.pdf", by=cast.arta, now=now())
    db.session.commit()
    send_invitations(event, by=cast.arta, now=now())
    record_answer(guests_of(event)[0], Answer.ACCEPTED, channel=AnswerChannel.LINK, now=now())
    db.session.commit()
    return event


def events() -> list[Event]:
    return list(db.session.scalars(select(Event).order_by(Event.id)).unique())


def days(*when: date) -> dict[str, Any]:
    """What is typed into the rows of days."""
    typed: dict[str, Any] = {"once": "a-key", "guests": "y", "note": "y", "files": "y", "agenda": "y"}
    for number, day in enumerate(when):
        typed |= {
            f"days-{number}-day": day.isoformat(),
            f"days-{number}-begins": "11:00",
            f"days-{number}-ends": "",
        }
    return typed


def test_a_copy_takes_along_what_was_ticked_and_no_answer(cast: SimpleNamespace, sign_in: SignIn) -> None:
    event = full_event(cast)
    arta, page = sign_in(cast.arta), f"/events/{event.id}/copy"
    mails = db.session.scalar(select(func.count(OutgoingMail.id)))
    shown = arta.get(page).text
    assert shown.count('type="date"') == 6 and "(2)" in shown
    first = local_date(now()) + timedelta(days=40)
    answer = arta.post(page, data=days(first, first + timedelta(days=7)))
    assert answer.location == "/events?when=upcoming"
    assert arta.post(page, data=days(first, first + timedelta(days=7))).location == answer.location  # twice
    one, other = events()[1:]
    assert [copy.day_from for copy in (one, other)] == [first, first + timedelta(days=7)]
    for copy in (one, other):
        assert copy.visibility is EventVisibility.DRAFT and copy.published_at is None
        assert (copy.title_sq, copy.description_sq, copy.venue) == (
            event.title_sq,
            "Çfarë mbetet.",
            event.venue,
        )
        assert copy.starts_at is not None and copy.ends_at is None and copy.uid != event.uid
        guests = guests_of(copy)
        assert {guest.written_as for guest in guests} == {guest.written_as for guest in guests_of(event)}
        assert {(guest.state, guest.answer) for guest in guests} == {
            (InvitationState.DRAFT, Answer.NEEDS_ACTION)
        }
        text = text_of(copy)
        assert text is not None and text.note_sq == "Parkimi pas pallatit."
        assert [row.label for row in files_of(copy)] == ["rendi.pdf"]
        assert [point.title_sq for point in agenda_points(copy)] == ["Hapja"]
        assert {row.action for row in history_of(copy)} >= {"event.created", "event.copied"}
    assert db.session.scalar(select(func.count(OutgoingMail.id))) == mails  # a copy tells nobody


@pytest.mark.parametrize("ticked", [False, True])
def test_persons_go_along_only_when_ticked(cast: SimpleNamespace, sign_in: SignIn, ticked: bool) -> None:
    event = factories.make_event(cast.fier)
    person = factories.make_person("Gazetar", email="gazetar@media.example", organisation=cast.fier)
    factories.make_consent(person)
    guest = factories.make_invitation(event, mayor_of("Fier"))
    guest.office, guest.person = None, person
    gone = factories.make_invitation(event, state=InvitationState.WITHDRAWN, invited_at=now())
    db.session.commit()
    typed = days(local_date(now()) + timedelta(days=40)) | ({"persons": "y"} if ticked else {})
    sign_in(cast.arta).post(f"/events/{event.id}/copy", data=typed)
    copied = guests_of(events()[-1])
    assert [one.person_id for one in copied] == ([person.id] if ticked else [])
    assert gone.office_id not in {one.office_id for one in copied}


def test_a_copy_asks_whoever_holds_the_office_today(cast: SimpleNamespace, sign_in: SignIn) -> None:
    event = factories.make_event(cast.fier)
    office = mayor_of("Fier", holder="Ish-kryetari")
    factories.make_invitation(event, office, name="Ish-kryetari")
    office.mandates[0].to_date = local_date(now()) - timedelta(days=1)
    successor = factories.make_person("Kryetarja e re")
    db.session.flush()
    office.mandates.append(Mandate(person=successor, from_date=local_date(now()), organisation_id=None))
    db.session.commit()
    day = local_date(now()) + timedelta(days=40)
    sign_in(cast.arta).post(f"/events/{event.id}/copy", data=days(day))
    assert [guest.name for guest in guests_of(events()[-1])] == ["Kryetarja e re"]


def test_wrong_days_are_refused_and_kept(cast: SimpleNamespace, sign_in: SignIn) -> None:
    event = factories.make_event(cast.fier)
    db.session.commit()
    arta, page = sign_in(cast.arta), f"/events/{event.id}/copy"
    assert arta.post(page, data={"once": "k"}).status_code == 422
    wrong = arta.post(page, data={"once": "k", "days-0-day": "30.2.2027", "days-0-begins": "10:00"})
    assert wrong.status_code == 422 and "30.2.2027" in wrong.text
    backwards = {"once": "k", "days-0-day": "2027-05-12", "days-0-begins": "10:00", "days-0-ends": "09:00"}
    assert arta.post(page, data=backwards).status_code == 422
    no_hour = arta.post(page, data={"once": "k", "days-0-day": "2027-05-12", "days-0-begins": ""})
    assert no_hour.status_code == 422
    assert len(events()) == 1
    for who in (cast.clirim, cast.eva):
        assert sign_in(who).get(page).status_code == sign_in(who).post(page, data={}).status_code == 404


def test_a_template_is_saved_changed_used_and_deleted(cast: SimpleNamespace, sign_in: SignIn) -> None:
    event = full_event(cast)
    arta = sign_in(cast.arta)
    assert "Ende nuk ka modele" in arta.get("/events/templates").text
    save = {"name": "Tryezë për lumin", "guests": "y", "once": "k"}
    first, again = (arta.post(f"/events/{event.id}/template", data=save).location for _press in range(2))
    template = db.session.scalars(select(EventTemplate)).one()
    assert first == again == f"/events/templates/{template.id}"
    assert template.organisation_id == cast.fier.id and len(template.offices) == 2
    assert (template.begins is not None, template.minutes) == (True, 120)
    page = f"/events/templates/{template.id}"
    mayor = template.offices[0].office_id
    shown = arta.get(f"{page}/edit").text
    version = re.search(r'name="version" value="([^"]+)"', shown)
    assert version
    typed = {
        "version": version[1].replace("&#34;", '"'), "name": "Tryezë", "title_sq": "Tryezë tjetër", "office": str(mayor),
        "begins": "09:30", "title_en": template.title_en, "description_sq": "Çfarë mbetet.",
    }  # fmt: skip
    assert arta.post(f"{page}/edit", data=typed).status_code == 302
    db.session.refresh(template)
    assert (template.name, template.title_sq, len(template.offices)) == ("Tryezë", "Tryezë tjetër", 1)
    assert arta.post(page, data={"once": "u", "day": "", "begins": "10:00"}).status_code == 422
    day = local_date(now()) + timedelta(days=30)
    use = {"once": "u", "day": day.isoformat(), "begins": "09:30", "ends": "11:00", "venue": "Salla e re"}
    made = arta.post(page, data=use)
    draft = events()[-1]
    assert made.location == f"/events/{draft.id}" and draft.visibility is EventVisibility.DRAFT
    assert (draft.title_sq, draft.venue, draft.organisation_id) == (
        "Tryezë tjetër",
        "Salla e re",
        cast.fier.id,
    )
    assert len(guests_of(draft)) == 1 and [row.label for row in files_of(draft)] == ["rendi.pdf"]
    for who in (cast.clirim, cast.eva):
        for path in (page, f"{page}/edit", f"{page}/delete", f"{page}/propose"):
            assert sign_in(who).get(path).status_code == 404, path
    assert "Tryezë" not in sign_in(cast.clirim).get("/events/templates").text.partition("<main")[2]
    assert arta.post(f"{page}/delete", data={"version": template.version + 1}).status_code == 409
    assert arta.post(f"{page}/delete", data={"version": template.version}).location == "/events/templates"
    assert db.session.scalar(select(func.count(EventTemplate.id))) == 0
    assert events()[-1].id == draft.id


@pytest.fixture
def series(cast: SimpleNamespace) -> EventSeries:
    """Fier proposes its round table to Vlorë and itself."""
    mayor_of("Vlorë")
    template = save_as_template(full_event(cast), "Tryezë", guests=True, by=cast.arta, now=now(), once="t")
    draft = SeriesDraft(
        "Tryezat e pranverës",
        "Kush vjen?",
        date(2027, 3, 1),
        date(2027, 5, 31),
        [cast.fier.id, cast.vlore.id],
    )
    made = propose_series(draft, template, by=cast.arta, now=now(), once="s")
    db.session.commit()
    return made


def of(series: EventSeries, organisation: Any) -> SeriesProposal:
    return next(one for one in series.proposals if one.organisation_id == organisation.id)


def test_proposing_is_one_press_and_stands_on_today(cast: SimpleNamespace, sign_in: SignIn) -> None:
    template = save_as_template(full_event(cast), "Tryezë", guests=True, by=cast.arta, now=now(), once="t")
    db.session.commit()
    arta, page = sign_in(cast.arta), f"/events/templates/{template.id}/propose"
    typed = {
        "once": "p", "name": "Tryezat e pranverës", "first_day": "2027-03-01", "last_day": "2027-05-31",
        "chapters": [cast.vlore.id], "message": "Kush vjen?",
    }  # fmt: skip
    assert arta.post(page, data=typed | {"chapters": []}).status_code == 422
    assert arta.post(page, data=typed | {"last_day": "2027-02-01"}).status_code == 422
    assert arta.post(page, data=typed | {"chapters": [999_999]}).status_code == 422
    for _press in range(2):
        assert arta.post(page, data=typed).status_code == 302
    made = db.session.scalars(select(EventSeries)).one()
    assert [one.organisation_id for one in made.proposals] == [cast.vlore.id]
    waiting = f"/events/board/proposals/{made.proposals[0].id}"
    clirim = sign_in(cast.clirim)
    assert f'href="{waiting}"' in clirim.get("/today").text
    assert "Kush vjen?" in clirim.get(waiting).text
    assert waiting not in arta.get("/today").text
    for stranger in (arta, sign_in(cast.eva)):
        assert stranger.get(waiting).status_code == 404
    # A template of which a series is made stays.
    stays = arta.post(f"/events/templates/{template.id}/delete", data={"version": template.version})
    assert stays.location == f"/events/templates/{template.id}"


def test_a_chapter_accepts_with_its_own_mayor(
    cast: SimpleNamespace, sign_in: SignIn, series: EventSeries
) -> None:
    clirim, page = sign_in(cast.clirim), f"/events/board/proposals/{of(series, cast.vlore).id}"
    assert clirim.post(page, data={"says": "yes", "day": "", "begins": "10:00"}).status_code == 422
    typed = {"says": "yes", "day": "2027-04-14", "begins": "10:00", "ends": "12:00", "venue": "Bashkia Vlorë"}
    first = clirim.post(page, data=typed)
    second = clirim.post(page, data=typed)
    event = events()[-1]
    assert first.location == second.location == f"/events/{event.id}" and len(events()) == 2
    assert (event.organisation_id, event.municipality_id) == (cast.vlore.id, cast.vlore.municipality_id)
    assert event.visibility is EventVisibility.DRAFT
    assert {guest.written_as for guest in guests_of(event)} == {
        "Kryetar, Bashkia Vlorë",
        "Ministër, Ministria",
    }
    point = agenda_points(event)[0]
    assert (point.title_sq, point.clock, point.minutes, point.speaker) == ("Hapja", time(10, 5), 15, "")
    assert point.put_to is not None and point.put_to.institution.name_sq == "Bashkia Vlorë"
    # Fier sees that Vlorë plans, and nothing of what.
    arta = sign_in(cast.arta)
    board = arta.get(f"/events/board?series={series.id}").text
    assert "Po planifikohet" in board and f"/events/{event.id}" not in board and "14 prill" not in board
    assert arta.get(f"/events/{event.id}").status_code == 404
    assert f"/events/{event.id}" in clirim.get(f"/events/board?series={series.id}").text
    # Deleted again, the chapter can choose another date.
    clirim.post(f"/events/{event.id}/delete", data={})
    db.session.expire_all()
    proposal = of(series, cast.vlore)
    assert (proposal.state, proposal.event_id) == (ProposalState.ACCEPTED, None)
    assert clirim.post(page, data=typed).status_code == 302 and of(series, cast.vlore).event_id


def test_a_chapter_declines_with_a_word(cast: SimpleNamespace, sign_in: SignIn, series: EventSeries) -> None:
    clirim, page = sign_in(cast.clirim), f"/events/board/proposals/{of(series, cast.vlore).id}"
    assert clirim.post(page, data={"says": "no", "words": " "}).status_code == 422
    for _press in range(2):
        assert clirim.post(page, data={"says": "no", "words": "Kemi zgjedhje."}).status_code == 302
    assert "Kemi zgjedhje." in sign_in(cast.arta).get(f"/events/board?series={series.id}").text
    assert page not in clirim.get("/today").text
    assert [row.action for row in history_of(series)].count("event_series.declined") == 1


def test_a_proposal_is_withdrawn_from_those_who_have_not_answered(
    cast: SimpleNamespace, sign_in: SignIn, series: EventSeries
) -> None:
    arta, page = sign_in(cast.arta), f"/events/board/{series.id}/withdraw"
    assert sign_in(cast.clirim).get(page).status_code == sign_in(cast.eva).post(page).status_code == 404
    mine, waiting = of(series, cast.fier), f"/events/board/proposals/{of(series, cast.vlore).id}"
    accept_proposal(mine, Placed(now() + timedelta(days=30)), by=cast.arta, now=now())
    db.session.commit()
    assert page in arta.get(f"/events/board?series={series.id}").text
    assert arta.post(page, data={"version": series.version + 1}).status_code == 409
    assert arta.post(page, data={"version": series.version}).location == "/events/board"
    assert arta.post(page, data={}).status_code == 404  # the second press: nobody is left to ask
    db.session.expire_all()
    assert [one.organisation_id for one in series.proposals] == [cast.fier.id] and mine.event_id
    assert waiting not in sign_in(cast.clirim).get("/today").text


def test_a_series_nobody_answered_is_gone(
    cast: SimpleNamespace, sign_in: SignIn, series: EventSeries
) -> None:
    page = f"/events/board/{series.id}/withdraw"
    assert sign_in(cast.drita).post(page, data={}).status_code == 302
    for kind in (EventSeries, SeriesProposal):
        assert db.session.scalar(select(func.count()).select_from(kind)) == 0
    assert len(events()) == 1


def test_a_copy_is_reminded_of_as_its_event_and_not_before(cast: SimpleNamespace, sign_in: SignIn) -> None:
    event = factories.make_event(cast.fier)
    db.session.flush()
    rules = rules_of(event)
    rules[0].hour, rules[1].stopped_at = 15, now()
    db.session.commit()
    before = now()
    sign_in(cast.arta).post(f"/events/{event.id}/copy", data=days(local_date(now()) + timedelta(days=40)))
    copied = rules_of(events()[-1])
    told = [(rule.audience, rule.days_before, rule.hour, bool(rule.stopped_at)) for rule in copied]
    assert told == [(rule.audience, rule.days_before, rule.hour, bool(rule.stopped_at)) for rule in rules]
    assert all(rule.holds_from >= before for rule in copied)


def test_what_was_taken_off_a_copy_stays_off(cast: SimpleNamespace, sign_in: SignIn) -> None:
    event = full_event(cast)
    arta, typed = sign_in(cast.arta), days(local_date(now()) + timedelta(days=40))
    arta.post(f"/events/{event.id}/copy", data=typed)
    copy = events()[-1]
    remove_guest(guests_of(copy)[0], by=cast.arta, now=now())
    db.session.commit()
    arta.post(f"/events/{event.id}/copy", data=typed)
    assert len(guests_of(copy)) == 1 and len(events()) == 2


def test_an_administrator_places_all_in_one_press(
    cast: SimpleNamespace, sign_in: SignIn, series: EventSeries
) -> None:
    drita, page = sign_in(cast.drita), f"/events/board/{series.id}/place"
    assert sign_in(cast.arta).get(page).status_code == sign_in(cast.eva).post(page).status_code == 404
    shown = drita.get(page).text
    assert "Fier" in shown and "Vlorë" in shown
    idents = re.findall(r'name="rows-\d-organisation"[^>]*value="(\d+)"', shown)
    assert idents == [str(cast.fier.id), str(cast.vlore.id)]
    typed: dict[str, Any] = {}
    for number, ident in enumerate([*idents, "999999"]):
        typed |= {
            f"rows-{number}-organisation": ident, f"rows-{number}-day": f"2027-04-{14 + number}",
            f"rows-{number}-begins": "10:00", f"rows-{number}-venue": "Salla e këshillit",
        }  # fmt: skip
    assert drita.post(page, data=typed | {"rows-1-day": "32.4.2027"}).status_code == 422
    assert len(events()) == 1
    for _press in range(2):
        assert drita.post(page, data=typed).status_code in (302, 422)
    placed = events()[1:]
    assert [event.organisation_id for event in placed] == [cast.fier.id, cast.vlore.id]
    assert all(event.visibility is EventVisibility.DRAFT for event in placed)
    assert db.session.scalar(select(func.count(Invitation.id))) == 2 + 4


def test_the_board_tells_how_far_each_is(cast: SimpleNamespace, sign_in: SignIn, series: EventSeries) -> None:
    fier, vlore = of(series, cast.fier), of(series, cast.vlore)
    event = events()[0]
    fier.event, fier.state, fier.decided_at = event, ProposalState.ACCEPTED, now()
    db.session.add(Commitment(event=event, words="Do ta pastrojmë."))
    db.session.commit()
    mine, theirs = board_of(series, cast.arta, now())
    assert (mine.proposal, mine.counts.total if mine.counts else 0, mine.answered, mine.promised) == (
        fier,
        2,
        1,
        1,
    )
    assert (mine.step, theirs.step, theirs.proposal) == (BoardStep.REMIND, None, vlore)
    # Vlorë opens what stands on the site, without numbers of guests.
    seen, own = board_of(series, cast.clirim, now())
    assert seen.event == event and seen.counts is None and seen.step is None
    assert own.step is BoardStep.ANSWER
    read = sign_in(cast.eva).get(f"/events/board?series={series.id}")
    assert read.status_code == 200 and "1 nga 2" in read.text
    assert "Tryezat e pranverës" in sign_in(cast.clirim).get("/events/board").text


def test_who_was_not_asked_sees_no_series(cast: SimpleNamespace, sign_in: SignIn) -> None:
    template = save_as_template(full_event(cast), "Tryezë", guests=False, by=cast.arta, now=now(), once="t")
    draft = SeriesDraft("Vetëm Fieri", "", date(2027, 3, 1), date(2027, 5, 31), [cast.fier.id])
    made = propose_series(draft, template, by=cast.arta, now=now(), once="s")
    db.session.commit()
    text = sign_in(cast.clirim).get(f"/events/board?series={made.id}").text
    assert "Vetëm Fieri" not in text and "Ende nuk është planifikuar" in text


@pytest.mark.parametrize(
    ("facts", "step"),
    [
        ({"state": ProposalState.DECLINED}, None),
        ({"state": ProposalState.PROPOSED, "has_event": False}, BoardStep.ANSWER),
        ({"has_event": False}, BoardStep.PLACE_AGAIN),
        ({"cancelled": True}, None),
        ({"waiting": 2}, BoardStep.SEND),
        ({}, BoardStep.INVITE),
        ({"invited": 3, "silent": 1}, BoardStep.REMIND),
        ({"invited": 3}, BoardStep.LOOK),
        ({"invited": 3, "draft": True}, BoardStep.PUBLISH),
        ({"over": True, "silent": 1}, BoardStep.SAY_HELD),
        ({"held": True, "over": True}, BoardStep.LOOK),
    ],
)
def test_the_next_step(facts: dict[str, Any], step: BoardStep | None) -> None:
    known = {
        "state": ProposalState.ACCEPTED, "has_event": True, "draft": False, "cancelled": False, "held": False,
        "over": False, "waiting": 0, "invited": 0, "silent": 0,
    }  # fmt: skip
    assert next_step(**(known | facts)) is step


def test_how_long_an_event_lasts() -> None:
    start = datetime(2027, 3, 27, 23, 0, tzinfo=UTC)
    assert length_of(start, start + timedelta(hours=2)) == 120
    assert length_of(start, None) is None and length_of(None, None) is None
    assert length_of(start, start + timedelta(days=30)) == 10_080
