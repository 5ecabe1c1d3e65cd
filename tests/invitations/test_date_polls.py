"""A date is found: times are put to guests before they are invited, and one of them becomes the event's."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from pop_campaigns.core.dates import DatePrecision
from pop_campaigns.core.db import db
from pop_campaigns.core.history import History
from pop_campaigns.core.i18n import LANGUAGES
from pop_campaigns.events.models.events import Event
from pop_campaigns.events.rules.events import EventState
from pop_campaigns.events.rules.visibility import EventVisibility
from pop_campaigns.invitations.messages.date_polls import (
    DatesMail,
    render_dates_mail,
    render_dates_receipt,
    slots_in_words,
)
from pop_campaigns.invitations.models.date_polls import AskedGuest, DateSlot, SlotAnswer
from pop_campaigns.invitations.models.invitations import Invitation
from pop_campaigns.invitations.queries.date_polls import asked_of, open_polls, poll_of
from pop_campaigns.invitations.rules.date_polls import PollState, Says, read_numbers
from pop_campaigns.invitations.rules.invitations import Answer, GuestChoice, InvitationState, ToldHow
from pop_campaigns.invitations.services.date_choice import choose_slot
from pop_campaigns.invitations.services.date_polls import (
    HeardBy,
    PollClosed,
    WrongSlots,
    add_slots,
    ask_again,
    ask_guests,
    record_slot_answers,
    remove_slot,
)
from pop_campaigns.invitations.services.date_undoing import HasLeft, take_back_choice
from pop_campaigns.invitations.services.guests import add_guests, remove_guest
from pop_campaigns.mail.compose import compose
from pop_campaigns.mail.models import OutgoingMail, Sending
from pop_campaigns.mail.outbox import record_sent
from pop_campaigns.mail.rules import MailState
from tests import factories
from tests.incoming.scene import arrive, words
from tests.invitations.scene import NOW, make_offices

GOLDEN = Path(__file__).parent / "golden_dates"
SignIn = Callable[[Any], FlaskClient]
DAY = timedelta(days=1)
FIRST = datetime(2026, 6, 16, 8, 0, tzinfo=UTC)  # 10:00 in Tirana
SECOND = datetime(2026, 6, 18, 12, 30, tzinfo=UTC)
THIRD = datetime(2026, 6, 19, 7, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def in_may() -> Iterator[None]:
    with time_machine.travel(NOW, tick=True):
        yield


@pytest.fixture
def scene(cast: SimpleNamespace) -> SimpleNamespace:
    """A round table without a date, three offices on its list, two times."""
    event = factories.make_event(
        cast.fier, precision=DatePrecision.UNKNOWN, starts_at=None, ends_at=None, day_from=None, day_to=None,
        created_at=NOW, changed_at=NOW,
    )  # fmt: skip
    offices = make_offices(3)
    guests = add_guests(
        event, [GuestChoice("office", office.id, "sq") for office in offices], by=cast.arta, now=NOW
    ).added
    slots = add_slots(event, [(FIRST, FIRST + 2 * timedelta(hours=1)), (SECOND, None)], by=cast.arta, now=NOW)
    db.session.commit()
    return SimpleNamespace(cast=cast, event=event, guests=guests, slots=slots)


@pytest.fixture
def asked(scene: SimpleNamespace) -> SimpleNamespace:
    """The same, the first two guests asked and the mails delivered."""
    ids = {guest.id for guest in scene.guests[:2]}
    ask_guests(scene.event, ids, {guest.id for guest in scene.guests}, by=scene.cast.arta, now=NOW)
    deliver()
    return scene


@pytest.fixture
def desk(scene: SimpleNamespace, sign_in: SignIn) -> FlaskClient:
    scene.cast.arta.language = "en"
    db.session.commit()
    return sign_in(scene.cast.arta)


def deliver() -> None:
    db.session.flush()
    for mail in db.session.scalars(select(OutgoingMail).where(OutgoingMail.state == MailState.QUEUED)):
        mail.state, mail.lease_until = MailState.SENDING, NOW
        db.session.flush()
        record_sent(mail, code=250, words="taken", now=NOW)
    db.session.commit()


def mails(kind: str) -> list[OutgoingMail]:
    rows = select(OutgoingMail).where(OutgoingMail.kind == kind).order_by(OutgoingMail.id)
    return list(db.session.scalars(rows))


def link(guest: Invitation) -> str:
    return f"/a/{factories.token_of(guest)}/dates"


def answers_of(guest: Invitation) -> dict[int, str]:
    rows = select(SlotAnswer).where(SlotAnswer.invitation_id == guest.id)
    return {row.slot_id: row.says.value for row in db.session.scalars(rows)}


def answer(
    client: FlaskClient, guest: Invitation, slots: list[DateSlot], *spoken: str, note: str = ""
) -> Any:
    data = {f"slot-{slot.id}": word for slot, word in zip(slots, spoken, strict=False)}
    return client.post(link(guest), data=data | {"note": note})


# Asking


def test_the_question_says_all_and_is_no_invitation(asked: SimpleNamespace) -> None:
    first, second = mails("dates.asked")
    parts = compose(first)
    assert "e martë, 16 qershor 2026, ora 10:00–12:00" in parts.text
    assert "2. e enjte, 18 qershor 2026, ora 14:30" in parts.text
    assert "ora e Tiranës" in parts.text
    assert parts.calendar is None
    assert link(asked.guests[0]) in parts.text and link(asked.guests[0]) in (parts.html or "")
    assert link(asked.guests[0]) not in compose(second).text
    assert not first.auto_submitted
    assert {guest.state for guest in asked.guests} == {InvitationState.DRAFT}
    assert [guest.required for guest in asked.guests] == [True, True, False]


def test_pressed_twice_nobody_is_asked_twice(asked: SimpleNamespace) -> None:
    ids = {guest.id for guest in asked.guests}
    again = ask_guests(asked.event, ids, ids, by=asked.cast.arta, now=NOW)
    assert again.number == 1  # the third only
    assert len(mails("dates.asked")) == 3


def test_two_times_at_least_and_five_at_most(scene: SimpleNamespace) -> None:
    add = [(FIRST + day * DAY, None) for day in range(1, 4)]
    assert len(add_slots(scene.event, add, by=scene.cast.arta, now=NOW)) == 3
    assert add_slots(scene.event, add, by=scene.cast.arta, now=NOW) == []  # the second press
    with pytest.raises(WrongSlots):
        add_slots(scene.event, [(THIRD + 9 * DAY, None)], by=scene.cast.arta, now=NOW)


def test_one_time_cannot_be_asked_about(scene: SimpleNamespace) -> None:
    remove_slot(scene.slots[0], by=scene.cast.arta, now=NOW)
    assert db.session.get(DateSlot, scene.slots[0].id) is None  # nobody knew of it
    with pytest.raises(WrongSlots):
        ask_guests(scene.event, {scene.guests[0].id}, set(), by=scene.cast.arta, now=NOW)


def test_the_same_time_stands_once(scene: SimpleNamespace) -> None:
    poll = scene.slots[0].poll_id
    db.session.add(DateSlot(poll_id=poll, starts_at=FIRST, added_at=NOW))
    with pytest.raises(IntegrityError):
        db.session.flush()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_mail_says_what_its_golden_file_says(scene: SimpleNamespace, language: str) -> None:
    """Written anew by POP_WRITE_GOLDEN=1, to be read before it is committed."""
    event, slots = scene.event, scene.slots
    rendered = {
        what.value: render_dates_mail(event, what, slots, language, contact_name="Arta") for what in DatesMail
    }
    lines = slots_in_words(event, slots, language)
    rendered["changed"] = render_dates_receipt(event, lines, language)
    for name, mail in rendered.items():
        path = GOLDEN / f"{name}.{language}.txt"
        text = f"Subject: {mail.subject}\n\n{mail.text}"
        if os.environ.get("POP_WRITE_GOLDEN") == "1":
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert text == path.read_text(encoding="utf-8"), f"{path.name} says something else"
        assert all(line in mail.html for line in lines)


# The guest's page


def test_a_guest_says_of_each_time_and_changes_it(client: FlaskClient, asked: SimpleNamespace) -> None:
    guest, slots = asked.guests[0], asked.slots
    page = client.get(link(guest)).text
    assert '<html lang="sq">' in page
    assert "e martë, 16 qershor 2026, ora 10:00–12:00" in page
    done = answer(client, guest, slots, "yes", "no", note="Të enjten jam jashtë.")
    assert done.status_code == 302
    assert answers_of(guest) == {slots[0].id: "yes", slots[1].id: "no"}
    page = client.get(done.location).text
    assert re.findall(r'value="(\w+)" checked', page) == ["yes", "no"]
    assert "Të enjten jam jashtë." in page
    answer(client, guest, slots, "maybe", "no")
    assert answers_of(guest) == {slots[0].id: "maybe", slots[1].id: "no"}
    # Whoever else holds the link speaks for nobody unnoticed; once a day.
    answer(client, guest, slots, "no", "no")
    [told] = mails("dates.changed")
    assert told.to_address == guest.address
    assert "Ndoshta" in compose(told).text
    assert link(guest) in compose(told).text


def test_each_time_wants_a_word_and_what_was_typed_stays(client: FlaskClient, asked: SimpleNamespace) -> None:
    page = answer(client, asked.guests[0], asked.slots, "yes", note="fjala ime")
    assert page.status_code == 422
    assert "fjala ime" in page.text
    assert re.findall(r'value="(\w+)" checked', page.text) == ["yes"]
    assert answer(client, asked.guests[0], asked.slots, "yes", "perhaps").status_code == 422
    assert answers_of(asked.guests[0]) == {}


def test_the_page_shows_no_other_guest_and_reading_changes_nothing(
    client: FlaskClient, asked: SimpleNamespace
) -> None:
    answer(client, asked.guests[1], asked.slots, "yes", "no", note="fjala e tjetrit")
    for method in ("get", "head", "options"):
        text = getattr(client, method)(link(asked.guests[0])).text
        for hidden in ("Zyra 1", "Zyra 2", "fjala e tjetrit", asked.guests[1].address, asked.cast.arta.name):
            assert hidden not in text
    assert answers_of(asked.guests[0]) == {}


def test_only_who_was_asked_has_the_page_and_the_link_dies(
    client: FlaskClient, asked: SimpleNamespace
) -> None:
    assert client.get(link(asked.guests[2])).status_code == 404
    assert client.get("/a/nonsense/dates").status_code == 404
    assert client.get(f"/a/{factories.token_of(asked.guests[0])}").status_code == 404  # not invited yet
    with time_machine.travel(SECOND + timedelta(hours=1)):
        assert answer(client, asked.guests[0], asked.slots, "yes", "yes").status_code == 409
    with time_machine.travel(SECOND + 2 * DAY):
        assert client.get(link(asked.guests[0])).status_code == 404


def test_who_is_taken_off_the_list_is_asked_no_more(client: FlaskClient, asked: SimpleNamespace) -> None:
    guest = asked.guests[0]
    answer(client, guest, asked.slots, "yes", "no")
    remove_guest(guest, by=asked.cast.arta, now=NOW)
    db.session.commit()
    assert guest.state is InvitationState.WITHDRAWN
    assert answer(client, guest, asked.slots, "no", "no").status_code == 409
    poll = poll_of(asked.event, NOW)
    assert poll is not None and len(poll.lines) == 1


# Times that come and go


def test_a_time_added_later_is_told_once_to_those_who_answered(
    client: FlaskClient, asked: SimpleNamespace
) -> None:
    answer(client, asked.guests[0], asked.slots, "yes", "no")
    later = NOW + DAY
    for _press in range(2):
        add_slots(asked.event, [(THIRD, None)], by=asked.cast.arta, now=later)
        db.session.commit()
    [told] = mails("dates.added")
    assert told.to_address == asked.guests[0].address
    assert "19 qershor 2026" in compose(told).text and "16 qershor" not in compose(told).text
    poll = poll_of(asked.event, later)
    assert poll is not None
    lines = {line.guest.id: line for line in poll.lines}
    new = next(slot for slot in poll.slots if slot.starts_at == THIRD)
    assert lines[asked.guests[0].id].knows(new)
    assert not lines[asked.guests[1].id].knows(new)  # silent: not asked about it yet
    assert len(poll.silent) == 2
    assert "kohë" in client.get(link(asked.guests[0])).text
    assert (
        answer(client, asked.guests[0], asked.slots, "yes", "no").status_code == 422
    )  # the new one is missing


def test_a_time_taken_off_keeps_what_was_said(
    client: FlaskClient, asked: SimpleNamespace, desk: FlaskClient
) -> None:
    add_slots(asked.event, [(THIRD, None)], by=asked.cast.arta, now=NOW)
    db.session.commit()
    slots = [*asked.slots, *db.session.scalars(select(DateSlot).where(DateSlot.starts_at == THIRD))]
    answer(client, asked.guests[0], slots, "yes", "no", "maybe")
    gone = asked.slots[0]
    assert desk.post(f"/events/{asked.event.id}/dates/{gone.id}/remove").status_code == 302
    assert answers_of(asked.guests[0])[gone.id] == "yes"
    poll = poll_of(asked.event, NOW)
    assert poll is not None and [slot.id for slot in poll.removed] == [gone.id]
    page = desk.get(f"/events/{asked.event.id}/dates").text
    assert "1 time was taken off" in page
    desk.post(f"/events/{asked.event.id}/dates/{slots[1].id}/remove")
    assert db.session.get(DateSlot, slots[1].id).removed_at is None  # two remain
    # What a page opened before says of it counts for the others.
    assert answer(client, asked.guests[0], slots, "no", "yes", "yes").status_code == 302
    assert answers_of(asked.guests[0])[gone.id] == "yes"


def test_the_silent_are_asked_again_after_a_day(asked: SimpleNamespace, client: FlaskClient) -> None:
    answer(client, asked.guests[0], asked.slots, "yes", "no")
    assert ask_again(asked.event, by=asked.cast.arta, now=NOW + timedelta(hours=2)) == 0
    assert ask_again(asked.event, by=asked.cast.arta, now=NOW + DAY) == 1
    assert ask_again(asked.event, by=asked.cast.arta, now=NOW + DAY) == 0
    [mail] = mails("dates.again")
    assert mail.to_address == asked.guests[1].address


def test_a_coordinator_enters_what_was_said_by_phone(asked: SimpleNamespace, desk: FlaskClient) -> None:
    guest = asked.guests[1]
    page = f"/invitations/{guest.id}/dates"
    assert desk.get(page).status_code == 200
    data = {f"slot-{asked.slots[0].id}": "yes", "told_how": "phone", "note": "Thirri sekretaria."}
    assert desk.post(page, data={"told_how": "phone"}).status_code == 422
    assert desk.post(page, data=data).status_code == 302
    [row] = db.session.scalars(select(SlotAnswer))
    assert (row.told_how, row.recorded_by) == (ToldHow.PHONE, asked.cast.arta.name)
    shown = desk.get(f"/events/{asked.event.id}/dates").text
    assert f"by phone, entered by {asked.cast.arta.name}" in shown
    assert "Thirri sekretaria." in shown


# The choice


def test_the_best_is_said_in_words_and_one_press_invites(
    client: FlaskClient, asked: SimpleNamespace, desk: FlaskClient
) -> None:
    answer(client, asked.guests[0], asked.slots, "yes", "no")
    answer(client, asked.guests[1], asked.slots, "maybe", "no")
    page = desk.get(f"/events/{asked.event.id}/dates").text
    assert page.count("suits most") == 1
    assert "1 can, 1 perhaps" in page
    desk.post(f"/events/{asked.event.id}/dates/{asked.slots[0].id}/choose")
    event = asked.event
    assert (event.precision, event.starts_at) == (DatePrecision.MOMENT, FIRST)
    assert event.ends_at == FIRST + timedelta(hours=2)
    invitations = mails("invitation.request")
    assert len(invitations) == 3  # also who was not asked
    roles = {mail.to_address: re.search(r"ROLE=(\w+-\w+)", unfolded(mail))[1] for mail in invitations}
    assert [roles[guest.address] for guest in asked.guests] == [
        "REQ-PARTICIPANT", "REQ-PARTICIPANT", "OPT-PARTICIPANT",
    ]  # fmt: skip
    # The second press finds it chosen.
    desk.post(f"/events/{asked.event.id}/dates/{asked.slots[1].id}/choose")
    assert event.starts_at == FIRST
    assert "e martë, 16 qershor 2026" in client.get(link(asked.guests[0])).text
    assert answer(client, asked.guests[0], asked.slots, "no", "no").status_code == 409


def unfolded(mail: OutgoingMail) -> str:
    return (compose(mail).calendar or "").replace("\r\n ", "")


def test_a_choice_is_taken_back_while_nothing_has_left(asked: SimpleNamespace, desk: FlaskClient) -> None:
    event, before = asked.event, len(mails("dates.asked"))
    choose_slot(asked.slots[0], by=asked.cast.arta, now=NOW)
    db.session.commit()
    assert "Take the choice back" in desk.get(f"/events/{event.id}/dates").text
    desk.post(f"/events/{event.id}/dates/take-back")
    assert (event.precision, event.starts_at, event.day_from) == (DatePrecision.UNKNOWN, None, None)
    assert {mail.state for mail in mails("invitation.request")} == {MailState.WITHDRAWN}
    assert {guest.state for guest in asked.guests} == {InvitationState.DRAFT}
    poll = poll_of(event, NOW)
    assert poll is not None and poll.state is PollState.OPEN and poll.chosen is None
    # And all over again.
    assert choose_slot(asked.slots[1], by=asked.cast.arta, now=NOW) == 3
    db.session.commit()
    deliver()
    assert event.starts_at == SECOND
    assert len(mails("dates.asked")) == before


def test_asking_and_choosing_are_undone_as_whatever_is_sent(
    asked: SimpleNamespace, desk: FlaskClient, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "UNDO_SECONDS", 30)
    event, third = asked.event, asked.guests[2]
    desk.post(f"/events/{event.id}/dates/ask", data={"guest": third.id})
    assert asked_of(third) is not None
    sending = db.session.scalars(select(Sending)).one()
    back = desk.post(f"/sendings/{sending.id}/undo")
    assert back.location == f"/events/{event.id}/dates"
    assert asked_of(third) is None
    assert [mail.state for mail in mails("dates.asked")][-1] is MailState.WITHDRAWN
    for _press in range(2):  # chosen, undone, and again
        desk.post(f"/events/{event.id}/dates/{asked.slots[0].id}/choose")
        assert event.starts_at == FIRST
        newest = db.session.scalars(select(Sending).order_by(Sending.id.desc())).first()
        desk.post(f"/sendings/{newest.id}/undo")
        poll = poll_of(event, NOW)
        assert poll is not None and poll.state is PollState.OPEN
        assert event.starts_at is None
    desk.post(f"/events/{event.id}/dates/{asked.slots[0].id}/choose")
    desk.post(f"/events/{event.id}/dates/take-back")
    assert event.starts_at is None
    assert {mail.state for mail in mails("invitation.request")} == {MailState.WITHDRAWN}
    assert "undo-line" not in desk.get(f"/events/{event.id}/dates").text


def test_asking_about_a_draft_makes_it_internal(scene: SimpleNamespace, desk: FlaskClient) -> None:
    scene.event.visibility = EventVisibility.DRAFT
    db.session.commit()
    page = desk.get(f"/events/{scene.event.id}/dates").text
    assert "no draft any more, but internal" in page
    desk.post(f"/events/{scene.event.id}/dates/ask", data={"guest": scene.guests[0].id})
    assert scene.event.visibility is EventVisibility.INTERNAL


def test_what_has_left_stands(asked: SimpleNamespace, desk: FlaskClient) -> None:
    choose_slot(asked.slots[0], by=asked.cast.arta, now=NOW)
    deliver()
    with pytest.raises(HasLeft):
        take_back_choice(asked.event, by=asked.cast.arta, now=NOW)
    db.session.rollback()
    assert "Take the choice back" not in desk.get(f"/events/{asked.event.id}/dates").text
    desk.post(f"/events/{asked.event.id}/dates/take-back")
    assert asked.event.starts_at == FIRST
    assert {guest.state for guest in asked.guests} == {InvitationState.INVITED}


def test_questions_that_wait_do_not_leave_after_the_invitation(scene: SimpleNamespace) -> None:
    ids = {guest.id for guest in scene.guests}
    ask_guests(scene.event, ids, ids, by=scene.cast.arta, now=NOW)
    choose_slot(scene.slots[0], by=scene.cast.arta, now=NOW)
    assert {mail.state for mail in mails("dates.asked")} == {MailState.WITHDRAWN}


@pytest.mark.parametrize(
    ("wall", "fold", "starts"),
    [
        ("2027-03-28T03:30", None, "DTSTART;TZID=Europe/Tirane:20270328T033000"),
        ("2027-10-31T02:30", "0", "DTSTART:20271031T003000Z"),
        ("2027-10-31T02:30", "1", "DTSTART:20271031T013000Z"),
        ("2027-10-31T10:00", None, "DTSTART;TZID=Europe/Tirane:20271031T100000"),
    ],
)
def test_a_chosen_time_reaches_calendars_as_it_was_typed(
    scene: SimpleNamespace, desk: FlaskClient, wall: str, fold: str | None, starts: str
) -> None:
    day, hour = wall.split("T")
    typed = {"day_1": day, "start_1": hour, "end_1": ""} | ({"fold_1": fold} if fold else {})
    assert desk.post(f"/events/{scene.event.id}/dates", data=typed).status_code == 302
    slot = db.session.scalars(select(DateSlot).order_by(DateSlot.id.desc())).first()
    choose_slot(slot, by=scene.cast.arta, now=NOW)
    assert starts in unfolded(mails("invitation.request")[0])


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ({"day_1": "2027-03-28", "start_1": "02:30"}, "Did you mean 03:30?"),
        ({"day_1": "2027-10-31", "start_1": "02:30"}, "The second, an hour later (UTC+01:00)"),
        ({"day_1": "2026-05-01", "start_1": "10:00"}, "over already"),
        ({"day_1": "2026-07-01", "start_1": ""}, "Give the hour it starts."),
        ({"day_1": "2026-07-01", "start_1": "10:00", "day_2": "2026-07-01", "start_2": "10:00"}, "twice"),
        ({}, "Give at least one day"),
    ],
)
def test_a_time_that_cannot_be_says_why(
    scene: SimpleNamespace, desk: FlaskClient, typed: dict[str, str], why: str
) -> None:
    page = desk.post(f"/events/{scene.event.id}/dates", data=typed)
    assert page.status_code == 422
    assert why in page.text
    assert typed.get("day_1", "") in page.text
    assert len(db.session.scalars(select(DateSlot)).all()) == 2


# Who may, and where it is told


def test_nobody_else_finds_it(scene: SimpleNamespace, asked: SimpleNamespace, sign_in: SignIn) -> None:
    for user in (scene.cast.clirim, scene.cast.eva):
        browser = sign_in(user)
        pages = [f"/events/{scene.event.id}/dates", f"/invitations/{scene.guests[0].id}/dates"]
        assert {browser.get(page).status_code for page in pages} == {404}
        assert browser.post(f"/events/{scene.event.id}/dates/{scene.slots[0].id}/choose").status_code == 404
    assert scene.event.starts_at is None


def test_a_time_of_another_event_is_not_chosen_here(scene: SimpleNamespace, desk: FlaskClient) -> None:
    other = factories.make_event(scene.cast.fier, title_sq="Tjetër")
    db.session.commit()
    assert desk.post(f"/events/{other.id}/dates/{scene.slots[0].id}/choose").status_code == 404


def test_today_the_event_and_history_tell_of_it(
    client: FlaskClient, asked: SimpleNamespace, desk: FlaskClient
) -> None:
    answer(client, asked.guests[0], asked.slots, "yes", "no")
    [poll] = open_polls(asked.cast.arta)
    assert (poll.asked, poll.answered) == (2, 1)
    for page in ("/today", f"/events/{asked.event.id}"):
        assert "1 of 2 has said when they can" in desk.get(page).text
    event_page = desk.get(f"/events/{asked.event.id}").text
    assert "2 guests were asked when they can" in event_page
    assert "can at 1, cannot at 1" in event_page
    choose_slot(asked.slots[0], by=asked.cast.arta, now=NOW)
    db.session.commit()
    assert open_polls(asked.cast.arta) == []
    assert "Date chosen" in desk.get(f"/events/{asked.event.id}").text


def test_a_cancelled_event_looks_for_no_date(client: FlaskClient, asked: SimpleNamespace) -> None:
    asked.event.state = EventState.CANCELLED
    db.session.commit()
    assert answer(client, asked.guests[0], asked.slots, "yes", "no").status_code == 409
    with pytest.raises(PollClosed):
        add_slots(asked.event, [(THIRD, None)], by=asked.cast.arta, now=NOW)


def test_guests_are_chosen_while_there_is_no_date(scene: SimpleNamespace, desk: FlaskClient) -> None:
    [office] = [factories.make_office("Zyra e re", email="e.re@bashkia.example")]
    db.session.commit()
    page = f"/events/{scene.event.id}/invite"
    assert "Add chosen" in desk.get(page).text
    data = {"guest": f"office-{office.id}", "do": "go"}
    done = desk.post(page, data=data)
    assert done.status_code == 302


def test_plain_numbers_of_a_reply_are_read_and_nothing_is_guessed() -> None:
    slots = [11, 12, 13]
    yes, maybe, no = Says.YES, Says.MAYBE, Says.NO
    for text, result in {
        "1 po, 2 jo, 3 ndoshta": {11: yes, 12: no, 13: maybe},
        "1. po\n2. jo": {11: yes, 12: no},
        "Po: 1, 3\nJo: 2": {11: yes, 13: yes, 12: no},
        "1 yes 2 no": {11: yes, 12: no},
        "1: PO; 2: JO.": {11: yes, 12: no},
        "Mund të vij në orën 1 po jo në 2": {},
        "Përshëndetje,\n1 po\nMe respekt": {11: yes},
        "1 po, 1 jo": {},
        "4 po": {},
        "11 po": {},
        "Po, vij.": {},
        "": {},
    }.items():
        assert read_numbers(text, slots) == result, text


def test_a_reply_is_recorded_from_the_message_with_its_numbers_read(
    asked: SimpleNamespace, desk: FlaskClient
) -> None:
    guest = asked.guests[0]
    to = f"{guest.reply_local}@rsvp.example"
    mail = arrive(words("1 po, 2 jo", sender=guest.address, to=to), to, guest.address)
    page = f"/mail/in/{mail.id}/dates/{guest.id}"
    assert page in desk.get(f"/mail/in/{mail.id}").text
    shown = desk.get(page).text
    assert re.findall(r'value="(\w+)" checked', shown) == ["yes", "no"]
    assert answers_of(guest) == {}
    data = {f"slot-{asked.slots[0].id}": "yes", f"slot-{asked.slots[1].id}": "no", "note": "1 po, 2 jo"}
    assert desk.post(page, data=data).status_code == 302
    rows = db.session.scalars(select(SlotAnswer)).all()
    assert {(row.told_how, row.incoming_mail_id, row.recorded_by) for row in rows} == {
        (ToldHow.MAIL, mail.id, asked.cast.arta.name)
    }
    assert "Recorded when they can" in desk.get("/mail/in?show=matched").text


def test_numbers_of_other_times_than_those_in_the_mail_are_not_read(
    asked: SimpleNamespace, desk: FlaskClient
) -> None:
    add_slots(asked.event, [(FIRST - DAY, None)], by=asked.cast.arta, now=NOW + timedelta(minutes=1))
    db.session.commit()
    guest = asked.guests[0]
    to = f"{guest.reply_local}@rsvp.example"
    mail = arrive(words("1 po, 2 jo", sender=guest.address, to=to), to, guest.address)
    assert "checked" not in desk.get(f"/mail/in/{mail.id}/dates/{guest.id}").text.partition("told_how")[0]


def test_what_was_said_is_told_and_goes_with_the_person(asked: SimpleNamespace) -> None:
    row = asked.guests[0]
    record_slot_answers(
        row,
        {asked.slots[0].id: Says.YES},
        note="fjala",
        now=NOW,
        heard=HeardBy(ToldHow.PHONE, asked.cast.arta),
    )
    assert row.answer is Answer.NEEDS_ACTION
    note = db.session.scalars(select(History).where(History.action == "invitation.dates_said")).one()
    assert note.details["yes"] == 1 and "fjala" not in str(note.details)
    assert (
        db.session.scalars(select(AskedGuest.note).where(AskedGuest.invitation_id == row.id)).one() == "fjala"
    )


def test_no_event_that_was_held_is_looked_for(scene: SimpleNamespace) -> None:
    event: Event = scene.event
    event.state = EventState.HELD
    db.session.flush()
    poll = poll_of(event, NOW)
    assert poll is not None and poll.state is PollState.CANCELLED
