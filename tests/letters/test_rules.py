"""What the rules of letters decide: clocks, recipients' states, sending, register numbers, labels."""

import re
from datetime import date

import pytest
from flask import Flask
from flask_babel import Babel

from pop_campaigns.letters.rules.clocks import (
    SHIPPED_CLOCKS,
    ClockBasis,
    ClockParty,
    ClockRefusal,
    ClockRefused,
    Force,
    basis_after,
    due_for,
    shipped_clock,
)
from pop_campaigns.letters.rules.letters import (
    Delivery,
    LetterState,
    RecipientRole,
    RecipientState,
    ResponseKind,
    SendVerdict,
    may_edit,
    may_record_response,
    may_send,
    read_register_number,
    recipient_state,
    soon_until,
    stops_clock,
)
from pop_campaigns.letters.rules.working_days import DayOverride
from pop_campaigns.letters.words import labels
from pop_campaigns.letters.words.labels import source_words

TO, CC = RecipientRole.TO, RecipientRole.CC


def test_an_information_request_binds_the_addressee() -> None:
    due = due_for(TO, shipped_clock("information_request"), date(2020, 4, 6))
    assert (due.on, due.force) == (date(2020, 4, 22), Force.BINDING)


@pytest.mark.parametrize("basis", SHIPPED_CLOCKS, ids=lambda basis: basis.key)
def test_a_copy_is_never_bound(basis: ClockBasis) -> None:
    addressee = due_for(TO, basis, date(2020, 4, 6))
    copy = due_for(CC, basis, date(2020, 4, 6))
    assert copy.force is Force.EXPECTED
    assert copy.on == addressee.on
    assert (addressee.force is Force.BINDING) == basis.binding


def test_a_political_letter_is_expected_in_sixty_days() -> None:
    due = due_for(TO, shipped_clock("political_letter"), date(2020, 4, 6))
    assert (due.on, due.force) == (date(2020, 6, 5), Force.EXPECTED)


def test_a_forwarded_request_runs_fifteen_days_from_the_first_arrival() -> None:
    key = basis_after(ResponseKind.FORWARDED, "information_request")
    assert due_for(TO, shipped_clock(key), date(2026, 3, 9)).on == date(2026, 4, 2)
    assert basis_after(ResponseKind.ACKNOWLEDGED, "information_request") == "information_request"
    assert basis_after(ResponseKind.FORWARDED, "political_letter") == "political_letter"


def test_an_extension_is_at_most_five_working_days() -> None:
    request = shipped_clock("information_request")
    assert due_for(TO, request, date(2026, 3, 9), extended_by=5).on == date(2026, 4, 2)
    for days in (6, -1):
        with pytest.raises(ClockRefused) as refused:
            due_for(TO, request, date(2026, 3, 9), extended_by=days)
        assert refused.value.reason is ClockRefusal.EXTENDED_TOO_FAR


def test_a_letter_older_than_the_law_has_no_such_clock() -> None:
    with pytest.raises(ClockRefused) as refused:
        due_for(TO, shipped_clock("information_request"), date(2014, 9, 17))
    assert refused.value.reason is ClockRefusal.BEFORE_THE_LAW


def test_a_due_day_knows_the_municipality_and_its_days_off() -> None:
    closed = [DayOverride(date(2026, 2, 10), off=True, scope="Fier", source="VKB")]
    request = shipped_clock("information_request")
    here = due_for(TO, request, date(2026, 2, 2), overrides=closed, scope="Fier")
    there = due_for(TO, request, date(2026, 2, 2), overrides=closed, scope="Vlorë")
    assert (here.on, there.on) == (date(2026, 2, 17), date(2026, 2, 16))


def test_shipped_clocks_are_told_apart_and_name_their_law() -> None:
    assert len({basis.key for basis in SHIPPED_CLOCKS}) == len(SHIPPED_CLOCKS)
    assert all(basis.source and basis.amount > 0 for basis in SHIPPED_CLOCKS)
    ours = {basis.key for basis in SHIPPED_CLOCKS if basis.party is ClockParty.SENDER}
    assert ours == {"commissioner_complaint", "consultation_comments", "consultation_complaint"}
    with pytest.raises(KeyError):
        shipped_clock("no_such_clock")


def test_which_responses_stop_the_clock() -> None:
    stopping = {kind for kind in ResponseKind if stops_clock(kind)}
    assert stopping == {ResponseKind.FULL, ResponseKind.PARTIAL, ResponseKind.REFUSED}
    assert not stops_clock(None)


DUE = date(2020, 4, 22)


@pytest.mark.parametrize(
    ("letter", "delivery", "due", "response", "today", "expected"),
    [
        ("draft", "none", None, None, date(2020, 4, 6), "not_sent"),
        ("approved", "none", None, None, date(2020, 4, 6), "not_sent"),
        ("sent", "none", None, None, date(2020, 4, 6), "not_sent"),
        ("sent", "queued", DUE, None, date(2020, 4, 6), "on_the_way"),
        ("sent", "failed", DUE, None, date(2020, 5, 6), "failed"),
        ("sent", "unknown", DUE, None, date(2020, 5, 6), "unknown"),
        ("sent", "accepted", DUE, None, date(2020, 4, 15), "waiting"),
        ("sent", "accepted", DUE, None, date(2020, 4, 16), "due_soon"),
        ("sent", "registered", DUE, None, date(2020, 4, 22), "due_soon"),
        ("sent", "delivered", DUE, None, date(2020, 4, 23), "overdue"),
        ("sent", "accepted", None, None, date(2030, 1, 1), "waiting"),
        ("archived", "accepted", DUE, None, date(2020, 4, 23), "overdue"),
        ("sent", "accepted", DUE, "full", date(2020, 5, 6), "answered"),
        ("sent", "accepted", DUE, "partial", date(2020, 5, 6), "answered"),
        ("sent", "accepted", DUE, "refused", date(2020, 4, 7), "answered"),
        ("sent", "failed", DUE, "full", date(2020, 4, 7), "answered"),
        ("sent", "accepted", DUE, "acknowledged", date(2020, 5, 6), "overdue"),
        ("sent", "failed", DUE, "acknowledged", date(2020, 4, 7), "waiting"),
        ("sent", "accepted", DUE, "none", date(2020, 5, 6), "overdue"),
        ("sent", "failed", DUE, "none", date(2020, 5, 6), "failed"),
        ("sent", "accepted", DUE, "unknown", date(2020, 5, 6), "unknown"),
        ("recorded", "unknown", DUE, None, date(2026, 1, 5), "unknown"),
        ("recorded", "unknown", None, "unknown", date(2026, 1, 5), "unknown"),
        ("recorded", "accepted", DUE, None, date(2026, 1, 5), "unknown"),
        ("recorded", "unknown", DUE, "none", date(2026, 1, 5), "overdue"),
        ("recorded", "unknown", DUE, "full", date(2026, 1, 5), "answered"),
    ],
)
def test_where_a_recipient_stands(
    letter: str, delivery: str, due: date | None, response: str | None, today: date, expected: str
) -> None:
    state = recipient_state(
        letter=LetterState(letter),
        delivery=Delivery(delivery),
        due=due,
        response=ResponseKind(response) if response else None,
        today=today,
    )
    assert state is RecipientState(expected)


def test_soon_is_three_working_days_and_can_be_given() -> None:
    # From Friday 17 April 2020: Monday the 20th is off, so the third working day is Thursday.
    assert soon_until(date(2020, 4, 17)) == date(2020, 4, 23)
    state = recipient_state(
        letter=LetterState.SENT,
        delivery=Delivery.ACCEPTED,
        due=DUE,
        response=None,
        today=date(2020, 4, 17),
        soon=date(2020, 4, 21),
    )
    assert state is RecipientState.WAITING


def test_only_a_draft_is_edited() -> None:
    assert [state for state in LetterState if may_edit(state)] == [LetterState.DRAFT]
    assert not may_record_response(LetterState.DRAFT) and may_record_response(LetterState.RECORDED)


def verdict(state: LetterState = LetterState.DRAFT, **changes: object) -> SendVerdict:
    facts: dict[str, object] = {
        "roles": [TO, CC],
        "written": frozenset({"sq"}),
        "wanted": frozenset({"sq"}),
        "reachable": 1,
    }
    return may_send(state, **(facts | changes))  # type: ignore[arg-type]


def test_what_keeps_a_letter_from_going_out() -> None:
    assert verdict() is SendVerdict.READY
    assert verdict(LetterState.APPROVED, needs_approval=True) is SendVerdict.READY
    assert verdict(needs_approval=True) is SendVerdict.NOT_APPROVED
    assert verdict(LetterState.SENT) is SendVerdict.ALREADY_SENT
    assert verdict(LetterState.RECORDED) is SendVerdict.RECORD_ONLY
    assert verdict(LetterState.ARCHIVED) is SendVerdict.ARCHIVED
    assert verdict(roles=[CC]) is SendVerdict.NO_ADDRESSEE
    assert verdict(written=frozenset()) is SendVerdict.NO_TEXT
    assert verdict(wanted=frozenset({"sq", "en"})) is SendVerdict.LANGUAGE_MISSING
    assert verdict(written=frozenset({"sq", "en"})) is SendVerdict.READY
    assert verdict(reachable=0) is SendVerdict.NOBODY_REACHABLE


@pytest.mark.parametrize("text", ["", "Nr. 4", "4/20", "0/2020", "04/2020", "٤/2020", "-1/2020", "4/2020/b"])
def test_other_people_s_numbers_do_not_count(text: str) -> None:
    assert read_register_number(text) is None


def test_register_numbers_sort_by_year_and_number() -> None:
    numbers = ["10/2020", "9/2020", "1/2021", "30/2019"]
    assert sorted(numbers, key=lambda text: read_register_number(text) or (0, 0)) == [
        "30/2019",
        "9/2020",
        "10/2020",
        "1/2021",
    ]


def test_every_state_has_a_label_and_a_mark() -> None:
    assert set(labels.LETTER_STATES) == set(LetterState)
    assert set(labels.ROLES) == set(RecipientRole)
    assert set(labels.DELIVERIES) == set(Delivery)
    assert set(labels.RESPONSES) == set(ResponseKind)
    assert set(labels.RECIPIENT_CHIPS) == set(RecipientState)
    assert set(labels.FORCES) == set(Force)
    assert set(labels.SEND_VERDICTS) == set(SendVerdict)
    assert set(labels.CLOCK_REFUSALS) == set(ClockRefusal)


def test_clocks_are_labelled_by_their_titles() -> None:
    app = Flask(__name__)
    Babel(app, default_locale="en")
    with app.test_request_context():
        assert {key: str(label) for key, label in labels.CLOCKS.items()} == {
            basis.key: basis.title for basis in SHIPPED_CLOCKS
        }


def test_sources_are_said_in_both_languages() -> None:
    assert all(source_words(basis.source, "sq") == basis.source for basis in SHIPPED_CLOCKS)
    english = {basis.key: source_words(basis.source, "en") for basis in SHIPPED_CLOCKS}
    assert english["information_request"] == "Law 119/2014, article 15"
    assert english["political_letter"] == "Code of Administrative Procedures, law 44/2015"
    assert english["request_forwarding"] == "Law 119/2014; pyetshtetin.al"
    assert not [one for one in english.values() if re.search(r"(?i)ligji|neni|kodi|procedurave", one)]
    assert (
        source_words("Vendim 5/2020, neni 2, <b>ligjinë</b>", "en")
        == "Vendim 5/2020, article 2, <b>ligjinë</b>"
    )
