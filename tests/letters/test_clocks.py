"""A letter that came back has no clock; it starts when the letter is there, by whichever of its mails, or on paper."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select

from pop_campaigns.core.db import db
from pop_campaigns.core.history import history_of
from pop_campaigns.letters.models import Letter, LetterRecipient
from pop_campaigns.letters.queries.entered_days import EnteredDays
from pop_campaigns.letters.queries.letters import due_recipients, select_letters
from pop_campaigns.letters.queries.recipients import delivery_of, mails_to, next_due_on, state_of
from pop_campaigns.letters.rules.letters import (
    Delivery,
    LetterMail,
    RecipientState,
    ResponseKind,
    mail_that_counts,
    soon_until,
)
from pop_campaigns.letters.services.clocks import record_hand_over, settle_clock, settle_clocks
from pop_campaigns.letters.services.letters import send_letter
from pop_campaigns.letters.services.recipients import Move, change_recipient
from pop_campaigns.letters.services.responses import ResponseDraft, record_response
from pop_campaigns.letters.words.labels import INFORMED_CHIP
from pop_campaigns.letters.words.pages import next_due, recipient_chip
from pop_campaigns.mail.models import OutgoingMail
from pop_campaigns.mail.outbox import queue_again, record_refused, record_sent
from tests.factories import make_letter, make_letter_recipient, make_office

MONDAY = datetime(2026, 11, 16, 9, 0, tzinfo=UTC)
LATER = date(2027, 3, 1)
DAY = timedelta(days=1)


def mail(number: int, taken: int | None = None, *, waits: bool = False, back: bool = False) -> LetterMail:
    return LetterMail(number, None if taken is None else MONDAY + taken * DAY, waits, back)


@pytest.mark.parametrize(
    ("mails", "counts"),
    [
        ([], None),
        ([mail(1, 0)], 1),
        ([mail(1, 0), mail(2, 3)], 1),
        ([mail(1, 0, back=True), mail(2, 3)], 2),
        ([mail(1, 0, back=True), mail(2, waits=True)], 2),
        ([mail(1, 0, back=True), mail(2, 1, back=True), mail(3, waits=True), mail(4, 4)], 4),
        ([mail(1, 0), mail(2, waits=True)], 1),
        ([mail(1, 0, back=True), mail(2, 1, back=True)], 2),
        ([mail(2, 3), mail(1, back=True)], 2),
    ],
)
def test_the_first_that_arrived_counts_else_the_newest(mails: list[LetterMail], counts: int | None) -> None:
    chosen = mail_that_counts(mails)
    assert (chosen.id if chosen else None) == counts


@pytest.fixture
def letter(cast: SimpleNamespace) -> Letter:
    """A request for information whose mail was taken on Monday; its clock runs."""
    row = make_letter(cast.fier, basis="information_request")
    make_letter_recipient(row)
    send_letter(row, by=cast.arta, now=MONDAY)
    take(MONDAY)
    assert row.recipients[0].due_on == date(2026, 12, 3)
    return row


def take(at: datetime) -> None:
    """The mail server takes what waits; then the worker looks at the clocks."""
    for row in db.session.scalars(select(OutgoingMail).where(OutgoingMail.sent_at.is_(None))):
        record_sent(row, code=250, words="OK", now=at)
    db.session.flush()
    settle_clocks(now=at)


def come_back(row: OutgoingMail, at: datetime, *, permanent: bool = True) -> None:
    row.bounced_at, row.bounce_permanent, row.bounce_words = at, permanent, "5.1.1 no such user"
    db.session.flush()


def told(letter: Letter) -> list[tuple[str, str]]:
    rows = [row for row in reversed(history_of(letter)) if row.action.startswith("letter.clock")]
    return [(row.action.removeprefix("letter.clock_"), row.details.get("due", "")) for row in rows]


def listed(cast: SimpleNamespace, show: str) -> int:
    return len(db.session.scalars(select_letters(cast.arta, show=show, today=LATER)).unique().all())


@pytest.mark.both_databases
def test_what_came_back_is_not_late_until_it_is_there(cast: SimpleNamespace, letter: Letter) -> None:
    one: LetterRecipient = letter.recipients[0]
    assert (state_of(one, LATER), listed(cast, "overdue")) == (RecipientState.OVERDUE, 1)
    first = mails_to(one)[0]
    come_back(first, MONDAY + 3 * DAY)
    assert settle_clocks(now=MONDAY + 3 * DAY) == 1
    assert (one.due_on, one.clock_from, one.due_explained) == (None, None, None)
    assert (delivery_of(one), state_of(one, LATER)) == (Delivery.FAILED, RecipientState.FAILED)
    assert (due_recipients(cast.arta, LATER), listed(cast, "overdue")) == ([], 0)
    assert settle_clocks(now=MONDAY + 3 * DAY) == 0, "asked again it stays as it is"
    again = queue_again(first, now=MONDAY + 4 * DAY)
    db.session.flush()
    settle_clock(one, now=MONDAY + 4 * DAY)
    assert one.mail is again and state_of(one, LATER) is RecipientState.ON_THE_WAY
    take(MONDAY + 7 * DAY)
    assert (delivery_of(one), one.clock_from) == (Delivery.ACCEPTED, date(2026, 11, 23))
    assert one.due_on == date(2026, 12, 10)
    assert told(letter) == [("started", "2026-12-03"), ("stopped", ""), ("started", "2026-12-10")]


@pytest.mark.both_databases
def test_the_worker_follows_what_nobody_told_it(cast: SimpleNamespace, letter: Letter) -> None:
    """As where the copy was sent before clocks followed mails: the first came back, the second is there."""
    one = letter.recipients[0]
    come_back(mails_to(one)[0], MONDAY + DAY)
    again = queue_again(mails_to(one)[0], now=MONDAY + 2 * DAY)
    db.session.flush()
    record_sent(again, code=250, words="OK", now=MONDAY + 2 * DAY)
    db.session.flush()
    assert settle_clocks(now=MONDAY + 2 * DAY) == 1
    assert (one.mail, one.clock_from) == (again, date(2026, 11, 18))
    assert settle_clocks(now=MONDAY + 3 * DAY) == 0


def test_a_second_copy_and_a_delay_move_nothing(cast: SimpleNamespace, letter: Letter) -> None:
    one = letter.recipients[0]
    first = mails_to(one)[0]
    come_back(first, MONDAY + DAY, permanent=False)
    queue_again(first, now=MONDAY + 2 * DAY)
    db.session.flush()
    assert not settle_clock(one, now=MONDAY + 2 * DAY)
    take(MONDAY + 2 * DAY)
    assert (one.mail, one.due_on) == (first, date(2026, 12, 3))
    assert told(letter) == [("started", "2026-12-03")]
    come_back(first, MONDAY + 3 * DAY)
    assert settle_clocks(now=MONDAY + 3 * DAY) == 1, "the copy is there"
    assert one.clock_from == date(2026, 11, 18)


def test_paper_starts_it_and_no_bounce_stops_that(cast: SimpleNamespace, letter: Letter) -> None:
    one = letter.recipients[0]
    come_back(mails_to(one)[0], MONDAY + DAY)
    settle_clocks(now=MONDAY + DAY)
    record_hand_over(one, date(2026, 11, 20), by=cast.arta, now=MONDAY + 4 * DAY)
    assert settle_clocks(now=MONDAY + 5 * DAY) == 0 and not settle_clock(one, now=MONDAY + 5 * DAY)
    assert (one.due_on, delivery_of(one)) == (date(2026, 12, 10), Delivery.DELIVERED)


def test_an_answer_shows_that_it_is_there(cast: SimpleNamespace, letter: Letter) -> None:
    one = letter.recipients[0]
    received = ResponseDraft(ResponseKind.ACKNOWLEDGED, date(2026, 11, 18))
    record_response(one, received, file=None, by=cast.arta, now=MONDAY + 2 * DAY)
    come_back(mails_to(one)[0], MONDAY + 3 * DAY)
    assert settle_clocks(now=MONDAY + 3 * DAY) == 0 and not settle_clock(one, now=MONDAY + 3 * DAY)
    assert one.due_on == date(2026, 12, 3)


def test_a_mail_the_server_refused_never_started_one(cast: SimpleNamespace) -> None:
    row: Any = make_letter(cast.fier, basis="information_request")
    make_letter_recipient(row)
    send_letter(row, by=cast.arta, now=MONDAY)
    one = row.recipients[0]
    record_refused(one.mail, permanent=True, code=550, words="5.1.1", now=MONDAY)
    db.session.flush()
    assert settle_clocks(now=MONDAY) == 0 and told(row) == []
    queue_again(one.mail, now=MONDAY + DAY)
    take(MONDAY + DAY)
    assert one.clock_from == date(2026, 11, 17)


def test_a_copy_owes_nothing_unless_the_letter_asks_it_too(cast: SimpleNamespace) -> None:
    letter = make_letter(cast.fier, basis="information_request")
    make_letter_recipient(letter)
    informed, asked = (
        make_letter_recipient(letter, make_office(title, email=f"{title}@x.example"), "cc")
        for title in ("Prefekt", "Drejtor")
    )
    change_recipient(asked, Move.ASK, by=cast.arta, now=MONDAY)
    send_letter(letter, by=cast.arta, now=MONDAY)
    assert "edhe nga ju" in " ".join(asked.mail.fields.values()) and "edhe nga ju" not in str(
        informed.mail.fields
    )
    take(MONDAY)
    assert (informed.due_on, informed.due_explained) == (None, {"start": "2026-11-16", "informed": True})
    assert (asked.due_on, asked.due_explained["force"]) == (date(2026, 12, 3), "expected")
    assert {due.recipient for due in due_recipients(cast.arta, LATER)} == {letter.recipients[0], asked}
    soon = soon_until(LATER)
    assert recipient_chip(informed, LATER, soon) is INFORMED_CHIP
    assert recipient_chip(asked, LATER, soon).tone == "bad"
    done = ResponseDraft(ResponseKind.FULL, date(2026, 12, 1))
    record_response(letter.recipients[0], done, file=None, by=cast.arta, now=MONDAY)
    assert (listed(cast, "overdue"), listed(cast, "answered")) == (1, 0)
    record_response(asked, done, file=None, by=cast.arta, now=MONDAY)
    assert (listed(cast, "overdue"), listed(cast, "answered")) == (0, 1)


def test_an_addressee_is_asked_by_being_one(cast: SimpleNamespace) -> None:
    letter = make_letter(cast.fier)
    one = make_letter_recipient(letter, role="cc")
    for move, asks, owes in (
        (Move.ASK, True, True), (Move.TO, False, True), (Move.ASK, False, True), (Move.CC, False, False),
        (Move.ASK, True, True), (Move.INFORM, False, False),
    ):  # fmt: skip
        change_recipient(one, move, by=cast.arta, now=MONDAY)
        assert (one.asks_answer, one.owes) == (asks, owes), move


def test_a_due_day_of_what_is_not_there_counts_nowhere(cast: SimpleNamespace, letter: Letter) -> None:
    """As a row may stand between a bounce and the next look: no list calls it late, and the next look puts it right."""
    one = letter.recipients[0]
    come_back(mails_to(one)[0], MONDAY + DAY)
    assert one.due_on is not None
    assert (listed(cast, "overdue"), listed(cast, "waiting"), due_recipients(cast.arta, LATER)) == (0, 1, [])
    assert next_due(letter, LATER, soon_until(LATER), EnteredDays()) is None and next_due_on(letter) is None
    queue_again(mails_to(one)[0], now=MONDAY + 2 * DAY)
    db.session.flush()
    assert settle_clock(one, now=MONDAY + 2 * DAY) and one.due_on is None
