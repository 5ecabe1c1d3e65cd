"""A day off that is announced late moves the open due days it touches, in its place only, and says so."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from pop_campaigns.contacts.rules import InstitutionKind
from pop_campaigns.core.db import db
from pop_campaigns.core.history import history_of
from pop_campaigns.letters.models import EnteredDay, LetterRecipient
from pop_campaigns.letters.rules.letters import ResponseKind
from pop_campaigns.letters.rules.working_days import DayScope
from pop_campaigns.letters.services.clocks import record_hand_over
from pop_campaigns.letters.services.days_off import AlreadyEntered, DayDraft, enter_day, take_back_day
from pop_campaigns.letters.services.letters import send_letter
from pop_campaigns.letters.services.responses import ResponseDraft, record_response
from pop_campaigns.letters.words.pages import history_words
from tests import factories

MONDAY = datetime(2026, 12, 14, 9, 0, tzinfo=UTC)
EVE = date(2026, 12, 24)
VKM = "Vendim i Këshillit të Ministrave nr. 812, datë 18.12.2026"


def asked(
    cast: SimpleNamespace, kind: InstitutionKind = InstitutionKind.MUNICIPALITY, place: str = "Fier"
) -> Any:
    """The one recipient of a request that was handed over on Monday, due ten working days later."""
    letter = factories.make_letter(cast.fier, basis="information_request")
    office = factories.make_office(f"Zyrë {kind} {place}", email=None)
    office.institution.kind, office.institution.municipality = kind, factories.make_municipality(place)
    recipient = factories.make_letter_recipient(letter, office)
    factories.make_letter_recipient(letter, factories.make_office(f"Tjetër {kind} {place}"), "cc")
    db.session.flush()
    send_letter(letter, by=cast.arta, now=MONDAY)
    record_hand_over(recipient, MONDAY.date(), by=cast.arta, now=MONDAY)
    assert recipient.due_on == date(2026, 12, 29)
    return recipient


def enter(
    by: Any, scope: DayScope = DayScope.COUNTRY, *, off: bool = True, day: date = EVE, place: Any = None
) -> Any:
    return enter_day(DayDraft(day, off, scope, VKM, "", place.id if place else None), by=by, now=MONDAY)


def told(recipient: LetterRecipient) -> list[str]:
    rows = [row for row in history_of(recipient.letter) if row.action == "letter.due_moved"]
    return [history_words(row, "sq") for row in rows]


@pytest.mark.both_databases
def test_open_due_days_move_and_back_with_a_line_each(app: Flask, cast: SimpleNamespace) -> None:
    first, second = asked(cast), asked(cast, place="Vlorë")
    answered = asked(cast, place="Patos")
    record_response(answered, ResponseDraft(ResponseKind.FULL, EVE), file=None, by=cast.arta, now=MONDAY)
    row, moved = enter(cast.drita)
    assert moved == 2
    assert [one.due_on for one in (first, second, answered)] == [date(2026, 12, 30)] * 2 + [
        date(2026, 12, 29)
    ]
    skipped = {one["day"]: one for one in first.due_explained["skipped"]}
    assert skipped["2026-12-24"]["reason"] == "override"
    with app.test_request_context():
        [line] = told(first)
    assert "30 dhjetor 2026" in line and line.endswith("(e enjte, 24 dhjetor 2026 është ditë pushimi)")
    with pytest.raises(AlreadyEntered):
        enter(cast.drita, off=False)
    assert take_back_day(row, by=cast.drita, now=MONDAY) == 2
    assert first.due_on == date(2026, 12, 29) and len(told(first)) == 2
    assert db.session.scalars(select(EnteredDay)).all() == []


@pytest.mark.parametrize(
    ("scope", "moved"),
    [
        (DayScope.COUNTRY, {"municipality", "ministry", "Vlorë"}),
        (DayScope.STATE, {"ministry"}),
        (DayScope.MUNICIPALITY, {"Vlorë"}),
    ],
)
def test_it_holds_where_it_was_given(cast: SimpleNamespace, scope: DayScope, moved: set[str]) -> None:
    recipients = {
        "municipality": asked(cast),
        "ministry": asked(cast, InstitutionKind.MINISTRY, "Tiranë"),
        "Vlorë": asked(cast, place="Vlorë"),
    }
    place = factories.make_municipality("Vlorë") if scope is DayScope.MUNICIPALITY else None
    assert enter(cast.drita, scope, place=place)[1] == len(moved)
    assert {name for name, one in recipients.items() if one.due_on == date(2026, 12, 30)} == moved


def test_a_worked_saturday_and_a_day_outside(cast: SimpleNamespace) -> None:
    one = asked(cast)
    assert enter(cast.drita, day=date(2026, 12, 30))[1] == enter(cast.drita, day=date(2026, 12, 13))[1] == 0
    assert enter(cast.drita, day=date(2026, 12, 19), off=False)[1] == 1
    assert one.due_on == date(2026, 12, 28)
    assert enter(cast.drita)[1] == 1, (
        "a letter that was counted with one day is counted with the next as well"
    )
    assert one.due_on == date(2026, 12, 29)


def test_what_is_sent_afterwards_is_counted_with_it(cast: SimpleNamespace) -> None:
    enter(cast.drita)
    letter = factories.make_letter(cast.fier, basis="information_request")
    one = factories.make_letter_recipient(letter, factories.make_office("Prefekt", email=None))
    factories.make_letter_recipient(letter)
    send_letter(letter, by=cast.arta, now=MONDAY)
    record_hand_over(one, MONDAY.date(), by=cast.arta, now=MONDAY)
    assert one.due_on == date(2026, 12, 30)


def test_the_page_enters_lists_and_refuses_in_words(
    cast: SimpleNamespace, sign_in: Callable[[Any], FlaskClient]
) -> None:
    asked(cast)
    db.session.commit()
    browser = sign_in(cast.drita)
    typed = {"day": "2026-12-24", "off": "off", "scope": "country", "source": VKM}
    for wrong, words in (
        ({"day": ""}, "Zgjidhni një datë."),
        ({"day": "9999-12-24"}, "Kontrolloni vitin."),
        ({"source": "  "}, "Shkruani ku u vendos."),
        ({"scope": "municipality"}, "Zgjidhni bashkinë."),
        ({"scope": "planet"}, "24"),
    ):
        answer = browser.post("/letters/days-off/new", data=typed | wrong)
        assert answer.status_code == 422 and words in answer.text, wrong
    answer = browser.post("/letters/days-off/new", data=typed, follow_redirects=True).text
    assert VKM in answer and "U zhvendos 1 afat." in answer
    again = browser.post("/letters/days-off/new", data=typed)
    assert again.status_code == 422 and VKM in again.text
    assert VKM in sign_in(cast.eva).get("/letters/days-off").text
    assert sign_in(cast.arta).get("/letters/days-off/new").status_code == 404
    row = db.session.scalars(select(EnteredDay)).one()
    back = browser.post(f"/letters/days-off/{row.id}/take-back", follow_redirects=True).text
    assert "U zhvendos 1 afat." in back and VKM not in back


def test_the_command_does_the_same(app: Flask, cast: SimpleNamespace) -> None:
    one = asked(cast)
    db.session.commit()

    def run(*words: str) -> tuple[int, str]:
        result = app.test_cli_runner().invoke(args=["letters", "day", "2026-12-24", *words])
        return result.exit_code, result.output

    assert run("--municipality", "Fier", "--source", VKM) == (0, "due days moved: 1\n")
    assert run("--municipality", "fier", "--source", VKM)[0] == 1
    assert run("--municipality", "Askund", "--source", VKM)[0] == 1
    assert run()[0] == run("--state", "--municipality", "Fier", "--source", VKM)[0] == 2
    assert run("--municipality", "Fier", "--take-back") == (0, "due days moved: 1\n")
    db.session.refresh(one)
    assert one.due_on == date(2026, 12, 29)
