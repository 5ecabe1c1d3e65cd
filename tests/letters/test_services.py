"""From a draft to mails and clocks: numbered once, sent once, counted by the calendar of Albania."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, event, select

from pop_campaigns.accounts.models import User
from pop_campaigns.accounts.scope import NoOrganisation
from pop_campaigns.contacts.models.addresses import Address
from pop_campaigns.contacts.queries.addresses import Reach
from pop_campaigns.contacts.rules import AddressUse
from pop_campaigns.core.db import db
from pop_campaigns.core.history import history_of
from pop_campaigns.core.versions import ChangedMeanwhile
from pop_campaigns.letters.models import Letter, LetterRecipient
from pop_campaigns.letters.queries.letters import due_recipients, lines_of, select_letters
from pop_campaigns.letters.queries.recipient_options import find_recipients
from pop_campaigns.letters.queries.recipients import delivery_of, letter_of_mails, state_of
from pop_campaigns.letters.rules.letters import (
    Delivery,
    LetterState,
    RecipientRole,
    RecipientState,
    ResponseKind,
    SendVerdict,
)
from pop_campaigns.letters.services.clocks import record_hand_over, settle_clocks
from pop_campaigns.letters.services.letters import (
    CannotSend,
    LetterDraft,
    LetterIsSettled,
    change_letter,
    create_letter,
    draft_of,
    fingerprint,
    send_letter,
)
from pop_campaigns.letters.services.recipients import Move, RecipientRefusal, add_recipients, change_recipient
from pop_campaigns.letters.services.responses import (
    ResponseDraft,
    correct_response,
    record_response,
    remove_response,
)
from pop_campaigns.letters.words.pages import will_happen
from pop_campaigns.mail.models import OutgoingMail
from pop_campaigns.mail.outbox import record_refused, record_sent
from tests.factories import (
    make_institution,
    make_letter,
    make_letter_recipient,
    make_municipality,
    make_office,
    make_organisation,
    make_user,
)

pytestmark = pytest.mark.both_databases

NOVEMBER = datetime(2026, 11, 16, 9, 0, tzinfo=UTC)
DRAFT = LetterDraft(
    subject_sq="Ndotja e lumit Gjanica", body_sq="I nderuar zoti Ministër,", basis="information_request"
)


def sendable(cast: SimpleNamespace, **values: Any) -> Letter:
    """A draft of Fier's with one addressee who has an address."""
    letter = make_letter(cast.fier, **values)
    make_letter_recipient(letter, role="to")
    return letter


def mails() -> list[OutgoingMail]:
    return list(db.session.scalars(select(OutgoingMail).order_by(OutgoingMail.id)))


def deliver(at: datetime) -> None:
    """The mail server takes everything at a moment; then the worker starts the clocks."""
    for mail in mails():
        record_sent(mail, code=250, words="OK", now=at)
    db.session.flush()
    settle_clocks(now=at + timedelta(seconds=1))


def actions(letter: Letter) -> list[str]:
    return [row.action for row in reversed(history_of(letter))]


def test_a_draft_belongs_to_the_coordinators_organisation_whatever_the_form_says(
    cast: SimpleNamespace,
) -> None:
    asked = LetterDraft(subject_sq="S", body_sq="T", organisation_id=cast.vlore.id)
    assert create_letter(asked, by=cast.arta, now=NOVEMBER, once="a").organisation == cast.fier
    assert create_letter(asked, by=cast.drita, now=NOVEMBER, once="a").organisation == cast.vlore
    lost = make_user("lost", "coordinator", None)
    with pytest.raises(NoOrganisation):
        create_letter(DRAFT, by=lost, now=NOVEMBER, once="b")


def test_the_same_form_twice_is_one_letter_and_only_for_the_same_person(cast: SimpleNamespace) -> None:
    first = create_letter(DRAFT, by=cast.arta, now=NOVEMBER, once="key")
    assert create_letter(DRAFT, by=cast.arta, now=NOVEMBER, once="key") is first
    assert create_letter(DRAFT, by=cast.besa, now=NOVEMBER, once="key") is not first
    assert create_letter(DRAFT, by=cast.arta, now=NOVEMBER, once="") is not first


def test_a_change_is_noted_with_what_stood_there(cast: SimpleNamespace) -> None:
    letter = create_letter(DRAFT, by=cast.arta, now=NOVEMBER, once="a")
    kept = draft_of(letter)
    assert not change_letter(letter, kept, by=cast.besa, now=NOVEMBER)
    version = letter.version
    new = LetterDraft(**(vars(kept) | {"subject_sq": "Lumi Gjanica", "body_sq": "Tjetër"}))
    assert change_letter(letter, new, by=cast.besa, now=NOVEMBER, version=version)
    newest = history_of(letter)[0]
    assert newest.actor_id == cast.besa.id
    assert newest.details == {
        "changed": ["body_sq", "subject_sq"],
        "was": {"subject_sq": "Ndotja e lumit Gjanica"},
    }
    with pytest.raises(ChangedMeanwhile):
        change_letter(letter, kept, by=cast.arta, now=NOVEMBER, version=version)
    assert letter.subject_sq == "Lumi Gjanica"


def test_recipients_are_added_once_in_order_and_only_those_in_sight(cast: SimpleNamespace) -> None:
    letter = make_letter(cast.fier)
    first, second = make_office("Ministër"), make_office("Prefekt")
    foreign = make_office(
        "Kryetar", make_institution("Bashkia Vlorë", organisation=cast.vlore), organisation=cast.vlore
    )
    refs = [f"office-{first.id}", f"office-{second.id}", f"office-{first.id}"]
    done = add_recipients(letter, refs, RecipientRole.TO, by=cast.arta, now=NOVEMBER)
    assert [one.office for one in done.added] == [first, second]
    wrong = [f"office-{foreign.id}", f"office-{first.id}", "office-0", "person-1", "office-", "x", "office-٣"]
    again = add_recipients(letter, wrong, RecipientRole.CC, by=cast.arta, now=NOVEMBER)
    assert again.added == []
    assert [why for _ref, why in again.refused].count(RecipientRefusal.UNKNOWN) == 6
    assert (f"office-{first.id}", RecipientRefusal.ALREADY_THERE) in again.refused
    change_recipient(letter.recipients[1], Move.UP, by=cast.arta, now=NOVEMBER)
    db.session.refresh(letter)
    assert [recipient.office for recipient in letter.recipients] == [second, first]
    change_recipient(letter.recipients[0], Move.UP, by=cast.arta, now=NOVEMBER)
    change_recipient(letter.recipients[0], Move.CC, by=cast.arta, now=NOVEMBER)
    db.session.refresh(letter)
    assert [line.recipient.office for line in lines_of(letter, cast.arta, NOVEMBER.date())] == [first, second]
    change_recipient(letter.recipients[0], Move.REMOVE, by=cast.arta, now=NOVEMBER)
    db.session.refresh(letter)
    assert [recipient.office for recipient in letter.recipients] == [first]


def test_an_institution_without_an_office_can_be_written_to_if_it_has_an_address(
    cast: SimpleNamespace,
) -> None:
    agency = make_institution("Agjencia Kombëtare e Mjedisit", kind="agency")
    silent = make_institution("Drejtoria e Heshtur", kind="directorate")
    db.session.add(Address(email="info@akm.example", institution=agency))
    make_office("Kryetar", make_institution("Agjencia me Zyrë", kind="agency"))
    result = {
        option.institution_sq: option
        for option in find_recipients("agjencia", Reach(cast.arta, cast.fier.id))
    }
    assert result["Agjencia Kombëtare e Mjedisit"].kind == "institution"
    assert result["Agjencia me Zyrë"].kind == "office"
    assert find_recipients("drejtoria e heshtur", Reach(cast.arta, cast.fier.id)) == []
    letter = make_letter(cast.fier)
    refs = [f"institution-{agency.id}", f"institution-{silent.id}"]
    done = add_recipients(letter, refs, RecipientRole.TO, by=cast.arta, now=NOVEMBER)
    assert [one.address for one in done.added] == ["info@akm.example"]
    add_recipients(letter, refs[:1], RecipientRole.CC, by=cast.arta, now=NOVEMBER)
    assert len(letter.recipients) == 1
    send_letter(letter, by=cast.arta, now=NOVEMBER)
    assert [mail.to_address for mail in mails()] == ["info@akm.example"]


@pytest.mark.parametrize("who", ["arta", "drita"])
def test_the_organisations_own_address_serves_whoever_writes(cast: SimpleNamespace, who: str) -> None:
    """An office and an institution with addresses of the network, of Fier and of Vlorë: Fier's letter takes Fier's."""
    user = getattr(cast, who)
    letter = make_letter(cast.fier)
    minister = make_office(
        "Ministër", make_institution("Ministria", kind="ministry"), email="m@qeveria.example"
    )
    bare = make_office("Zëdhënës", make_institution("Këshilli", kind="council"), email=None)
    agency = make_institution("Agjencia", kind="agency")
    db.session.add(Address(email="agjencia@qeveria.example", institution=agency))
    db.session.add(Address(email="vetem.vlora@qeveria.example", office=bare, organisation_id=cast.vlore.id))
    for city, owner in (("vlora", cast.vlore), ("fier", cast.fier)):
        values: dict[str, Any] = {"organisation_id": owner.id, "use": AddressUse.PRESS}
        db.session.add(Address(email=f"{city}.m@qeveria.example", office=minister, **values))
        db.session.add(Address(email=f"{city}.a@qeveria.example", institution=agency, **values))
    db.session.commit()
    expected = ["fier.m@qeveria.example", "fier.a@qeveria.example", ""]
    refs = [f"office-{minister.id}", f"institution-{agency.id}", f"office-{bare.id}"]
    offered = {
        recipient.ref: recipient.address for recipient in find_recipients("", Reach(user, cast.fier.id))
    }
    assert [offered[ref] for ref in refs] == expected
    add_recipients(letter, refs, RecipientRole.TO, by=user, now=NOVEMBER)
    assert [line.address for line in lines_of(letter, user, NOVEMBER.date())] == expected
    send_letter(letter, by=user, now=NOVEMBER)
    assert [mail.to_address for mail in mails()] == expected[:2]


def test_sending_numbers_freezes_and_queues_one_mail_for_each(cast: SimpleNamespace) -> None:
    letter = make_letter(cast.fier, subject_en="Pollution of the river", body_en="Dear Prefect,")
    minister = make_office(
        "Ministër",
        make_institution("Ministria", kind="ministry"),
        email="m@ministria.example",
        holder="Mirela K.",
    )
    prefect = make_office(
        "Prefekt",
        make_institution("Prefektura", kind="prefecture", name_en="Prefecture"),
        email="p@prefektura.example",
        title_en="Prefect",
    )
    paper = make_office("Kryetar", make_institution("Bashkia Mallakastër"), email=None)
    make_letter_recipient(letter, minister)
    make_letter_recipient(letter, prefect, "cc", language="en")
    make_letter_recipient(letter, paper, "cc")
    lines = lines_of(letter, cast.arta, NOVEMBER.date())
    assert will_happen(lines).startswith("3 ")
    sent = send_letter(letter, by=cast.arta, now=NOVEMBER)
    assert (sent.mails, sent.by_hand) == (2, 1)
    assert (letter.state, letter.register_number, letter.day_from) == (
        LetterState.SENT,
        "1/2026",
        date(2026, 11, 16),
    )
    to, cc, by_hand = letter.recipients
    assert (to.name, to.office_title, to.institution_name, to.address) == (
        "Mirela K.",
        "Ministër",
        "Ministria",
        "m@ministria.example",
    )
    assert (cc.office_title, cc.institution_name) == ("Prefect", "Prefecture")
    assert by_hand.mail is None
    assert delivery_of(by_hand) is Delivery.NONE
    first, second = mails()
    assert [first.skeleton.language, second.skeleton.language] == ["sq", "en"]
    assert first.from_address == f"{to.reply_local}@rsvp.example"
    assert first.from_address != second.from_address
    assert not first.auto_submitted
    assert [len(mail.skeleton.attachments) for mail in mails()] == [1, 1]
    assert letter_of_mails([first.id, 999]) == {first.id: to}
    # The office gets another holder and address; the letter stays what was sent.
    minister.title_sq = "Ministre"
    minister.addresses[0].email = "tjetër@ministria.example"
    db.session.flush()
    assert lines_of(letter, cast.arta, NOVEMBER.date())[0].shown_as == "Ministër, Ministria"


def test_mails_in_one_language_share_their_file(cast: SimpleNamespace) -> None:
    letter = sendable(cast)
    make_letter_recipient(letter, role="cc")
    send_letter(letter, by=cast.arta, now=NOVEMBER)
    assert len({mail.skeleton_id for mail in mails()}) == 1


def test_a_second_press_sends_nothing(cast: SimpleNamespace) -> None:
    letter = sendable(cast)
    send_letter(letter, by=cast.arta, now=NOVEMBER)
    with pytest.raises(CannotSend) as refused:
        send_letter(letter, by=cast.besa, now=NOVEMBER)
    assert refused.value.verdict is SendVerdict.ALREADY_SENT
    assert len(mails()) == 1
    with pytest.raises(LetterIsSettled):
        change_letter(letter, DRAFT, by=cast.arta, now=NOVEMBER)
    with pytest.raises(LetterIsSettled):
        add_recipients(letter, [], RecipientRole.TO, by=cast.arta, now=NOVEMBER)
    with pytest.raises(LetterIsSettled):
        change_recipient(letter.recipients[0], Move.REMOVE, by=cast.arta, now=NOVEMBER)


@pytest.mark.parametrize(
    ("spoil", "verdict"),
    [
        (lambda letter: setattr(letter.recipients[0], "role", RecipientRole.CC), SendVerdict.NO_ADDRESSEE),
        (lambda letter: setattr(letter, "body_sq", ""), SendVerdict.NO_TEXT),
        (lambda letter: setattr(letter.recipients[0], "language", "en"), SendVerdict.LANGUAGE_MISSING),
        (lambda letter: db.session.execute(delete(Address)), SendVerdict.NOBODY_REACHABLE),
        (lambda letter: setattr(letter, "state", LetterState.RECORDED), SendVerdict.RECORD_ONLY),
    ],
)
def test_what_cannot_be_sent_is_refused_and_takes_no_number(
    cast: SimpleNamespace, spoil: Callable[[Letter], None], verdict: SendVerdict
) -> None:
    letter = sendable(cast)
    spoil(letter)
    db.session.flush()
    with pytest.raises(CannotSend) as refused:
        send_letter(letter, by=cast.arta, now=NOVEMBER)
    assert refused.value.verdict is verdict
    assert letter.register_number == ""
    assert mails() == []


def test_numbers_run_by_organisation_and_year_without_gaps(cast: SimpleNamespace) -> None:
    numbers = []
    for by, organisation, now in (
        (cast.arta, cast.fier, NOVEMBER),
        (cast.clirim, cast.vlore, NOVEMBER),
        (cast.besa, cast.fier, NOVEMBER),
        (cast.drita, None, NOVEMBER),
        (cast.drita, None, NOVEMBER),
        # New year's eve in London is new year in Albania.
        (cast.arta, cast.fier, datetime(2026, 12, 31, 23, 30, tzinfo=UTC)),
    ):
        letter = make_letter(organisation)
        make_letter_recipient(letter)
        send_letter(letter, by=by, now=now)
        numbers.append(letter.register_number)
    assert numbers == ["1/2026", "1/2026", "2/2026", "1/2026", "2/2026", "1/2027"]


def in_threads(app: Flask, calls: list[Callable[[], object]]) -> list[object]:
    """What each call gives, or the error it raised, all begun at the same moment, each in its own transaction."""
    gate, results = threading.Barrier(len(calls)), [None] * len(calls)

    def run(place: int, call: Callable[[], object]) -> None:
        with app.app_context():
            gate.wait(timeout=20)
            try:
                results[place] = call()
                db.session.commit()
            except Exception as problem:
                db.session.rollback()
                results[place] = problem

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return results


def sending(letter_id: int, user_id: int) -> Callable[[], object]:
    def call() -> object:
        letter, user = db.session.get(Letter, letter_id), db.session.get(User, user_id)
        assert letter and user
        send_letter(letter, by=user, now=NOVEMBER)
        return letter.register_number

    return call


@pytest.mark.both_databases(always=True)
def test_letters_sent_at_once_get_different_numbers(app: Flask, cast: SimpleNamespace) -> None:
    letters = [sendable(cast) for _ in range(4)]
    db.session.commit()
    calls = [sending(letter.id, cast.arta.id) for letter in letters]
    db.session.rollback()
    assert sorted(map(str, in_threads(app, calls))) == ["1/2026", "2/2026", "3/2026", "4/2026"]


@pytest.mark.both_databases(always=True)
def test_one_letter_sent_by_two_at_once_goes_once(app: Flask, cast: SimpleNamespace) -> None:
    letter = sendable(cast)
    db.session.commit()
    calls = [sending(letter.id, cast.arta.id), sending(letter.id, cast.besa.id)]
    db.session.rollback()
    results = in_threads(app, calls)
    assert [result for result in results if not isinstance(result, Exception)] == ["1/2026"]
    assert [result.verdict for result in results if isinstance(result, CannotSend)] == [
        SendVerdict.ALREADY_SENT
    ]
    assert len(mails()) == 1


def test_ten_working_days_over_the_flag_day(cast: SimpleNamespace) -> None:
    letter = sendable(cast)
    make_letter_recipient(letter, role="cc")
    send_letter(letter, by=cast.arta, now=NOVEMBER)
    assert settle_clocks(now=NOVEMBER) == 0
    deliver(NOVEMBER + timedelta(minutes=1))
    to, cc = letter.recipients
    assert (to.clock_from, to.due_on) == (date(2026, 11, 16), date(2026, 12, 3))
    told = to.due_explained
    assert told is not None
    assert (told["force"], told["amount"], told["unit"], told["source"]) == (
        "binding",
        10,
        "working_days",
        "Ligji 119/2014, neni 15",
    )
    skipped = {one["day"]: one for one in told["skipped"]}
    assert " ".join(skipped) == (
        "2026-11-21 2026-11-22 2026-11-23 2026-11-28 2026-11-29 2026-11-30 2026-12-01"
    )
    assert "Dita e Flamurit" in skipped["2026-11-28"]["name_sq"]
    assert skipped["2026-11-30"]["reason"] == "holiday"
    assert "Independence" in skipped["2026-11-30"]["name_en"]
    assert cc.due_explained is not None
    assert (cc.due_on, cc.due_explained) == (None, {"start": "2026-11-16", "informed": True})
    assert settle_clocks(now=NOVEMBER) == 0
    assert actions(letter).count("letter.clock_started") == 2


@pytest.mark.parametrize(
    ("basis", "taken", "first_day", "due"),
    [
        # 23:30 in London is the next day in Albania, winter and summer.
        (
            "information_request",
            datetime(2026, 11, 15, 23, 30, tzinfo=UTC),
            date(2026, 11, 16),
            date(2026, 12, 3),
        ),
        (
            "information_request",
            datetime(2026, 3, 9, 22, 59, tzinfo=UTC),
            date(2026, 3, 9),
            date(2026, 3, 26),
        ),
        (
            "information_request",
            datetime(2026, 3, 9, 23, 1, tzinfo=UTC),
            date(2026, 3, 10),
            date(2026, 3, 27),
        ),
        (
            "information_request",
            datetime(2026, 3, 29, 0, 30, tzinfo=UTC),
            date(2026, 3, 29),
            date(2026, 4, 14),
        ),
        (
            "forwarded_request",
            datetime(2026, 11, 20, 9, 0, tzinfo=UTC),
            date(2026, 11, 20),
            date(2026, 12, 17),
        ),
        (
            "information_request",
            datetime(2026, 12, 21, 9, 0, tzinfo=UTC),
            date(2026, 12, 21),
            date(2027, 1, 7),
        ),
        # 60 plain days end on a Sunday: Monday counts.
        ("political_letter", datetime(2026, 7, 29, 9, 0, tzinfo=UTC), date(2026, 7, 29), date(2026, 9, 28)),
    ],
)
def test_clocks_begin_on_the_local_day(
    cast: SimpleNamespace, basis: str, taken: datetime, first_day: date, due: date
) -> None:
    letter = sendable(cast, basis=basis)
    send_letter(letter, by=cast.arta, now=taken - timedelta(minutes=1))
    deliver(taken)
    assert (letter.recipients[0].clock_from, letter.recipients[0].due_on) == (first_day, due)


def test_days_off_of_the_offices_own_municipality_count(cast: SimpleNamespace) -> None:
    letter = make_letter(cast.fier)
    tirana = make_office(
        "Kryetar", make_institution("Bashkia Tiranë", municipality=make_municipality("Tiranë"))
    )
    fier = make_office("Kryetar", make_institution("Bashkia Fier", municipality=make_municipality("Fier")))
    make_letter_recipient(letter, tirana)
    make_letter_recipient(letter, fier)
    taken = datetime(2025, 5, 12, 9, 0, tzinfo=UTC)
    send_letter(letter, by=cast.arta, now=taken)
    deliver(taken)
    of_tirana, of_fier = letter.recipients
    assert of_tirana.due_on is not None and of_fier.due_on is not None
    # 15 and 16 May 2025 were off in Tirana alone.
    assert of_tirana.due_on - of_fier.due_on == timedelta(days=2)
    assert "2025-05-15" in [one["day"] for one in of_tirana.due_explained["skipped"]]


def test_a_day_that_cannot_be_given_is_explained_and_asked_once(cast: SimpleNamespace) -> None:
    letter = sendable(cast)
    late = datetime(2100, 12, 30, 9, 0, tzinfo=UTC)
    send_letter(letter, by=cast.arta, now=late)
    deliver(late)
    one = letter.recipients[0]
    assert (one.clock_from, one.due_on) == (None, None)
    assert one.due_explained == {
        "basis": "information_request", "start": "2100-12-30", "extended_by": 0, "refused": "calendar_unknown", "year": 2101,
    }  # fmt: skip
    assert settle_clocks(now=late) == 0
    old = sendable(cast, basis="prefect_review")
    before_the_law = datetime(2016, 1, 4, 9, 0, tzinfo=UTC)
    send_letter(old, by=cast.arta, now=before_the_law)
    record_sent(old.recipients[0].mail, code=250, words="OK", now=before_the_law)
    db.session.flush()
    settle_clocks(now=before_the_law)
    assert old.recipients[0].due_explained["refused"] == "before_the_law"


def test_paper_starts_its_clock_on_the_day_of_the_hand_over(cast: SimpleNamespace) -> None:
    letter = sendable(cast)
    paper = make_letter_recipient(letter, make_office("Prefekt", email=None))
    send_letter(letter, by=cast.arta, now=NOVEMBER)
    deliver(NOVEMBER)
    assert paper.due_on is None
    assert state_of(paper, date(2026, 11, 17)) is RecipientState.NOT_SENT
    record_hand_over(paper, date(2026, 11, 20), by=cast.arta, now=NOVEMBER + timedelta(days=4))
    assert (paper.clock_from, paper.due_on) == (date(2026, 11, 20), date(2026, 12, 10))
    assert delivery_of(paper) is Delivery.DELIVERED
    record_hand_over(paper, date(2026, 11, 16), by=cast.arta, now=NOVEMBER + timedelta(days=5))
    assert paper.due_on == date(2026, 12, 3)
    assert actions(letter)[-2:] == ["letter.handed_over", "letter.hand_over_corrected"]


def answer(recipient: LetterRecipient, kind: ResponseKind, by: User, day: date, **values: Any) -> Any:
    draft = ResponseDraft(kind, day, **values)
    return record_response(recipient, draft, file=None, by=by, now=NOVEMBER + timedelta(days=30))


def test_an_answer_stops_the_clock_and_can_be_taken_back(cast: SimpleNamespace) -> None:
    letter = sendable(cast)
    send_letter(letter, by=cast.arta, now=NOVEMBER)
    deliver(NOVEMBER)
    one, later = letter.recipients[0], date(2026, 12, 10)
    assert state_of(one, later) is RecipientState.OVERDUE
    answer(one, ResponseKind.ACKNOWLEDGED, cast.arta, date(2026, 11, 20))
    assert state_of(one, later) is RecipientState.OVERDUE
    full = answer(one, ResponseKind.FULL, cast.arta, date(2026, 12, 9), their_number="77/2026")
    assert state_of(one, later) is RecipientState.ANSWERED
    assert answer(one, ResponseKind.FULL, cast.arta, date(2026, 12, 9), their_number="77/2026") is full
    correct_response(
        full, ResponseDraft(ResponseKind.PARTIAL, date(2026, 12, 8)), file=None, by=cast.besa, now=NOVEMBER
    )
    newest = history_of(letter)[0]
    assert (newest.action, newest.details["was"]["their_number"]) == ("letter.response_corrected", "77/2026")
    remove_response(full, by=cast.besa, now=NOVEMBER)
    db.session.refresh(one)
    assert [each.kind for each in one.responses] == [ResponseKind.ACKNOWLEDGED]
    assert state_of(one, later) is RecipientState.OVERDUE
    assert history_of(letter)[0].details["kind"] == "partial"


def test_an_extension_and_a_forwarding_move_the_due_day_and_back(cast: SimpleNamespace) -> None:
    letter = sendable(cast)
    send_letter(letter, by=cast.arta, now=NOVEMBER)
    deliver(NOVEMBER)
    one = letter.recipients[0]
    extended = answer(one, ResponseKind.EXTENDED, cast.arta, date(2026, 11, 25), extended_by=5)
    assert one.due_on == date(2026, 12, 11)
    answer(one, ResponseKind.ACKNOWLEDGED, cast.arta, date(2026, 11, 26))
    assert one.due_on == date(2026, 12, 11)
    remove_response(extended, by=cast.arta, now=NOVEMBER)
    assert one.due_on == date(2026, 12, 3)
    answer(one, ResponseKind.FORWARDED, cast.arta, date(2026, 11, 27))
    assert one.due_on == date(2026, 12, 11)
    assert one.due_explained["basis"] == "forwarded_request"
    assert actions(letter).count("letter.due_moved") == 3


def test_due_are_addressees_of_ones_own_letters_only(cast: SimpleNamespace) -> None:
    letter = sendable(cast)
    make_letter_recipient(letter, role="cc")
    send_letter(letter, by=cast.arta, now=NOVEMBER)
    record = make_letter(None, state=LetterState.RECORDED)
    make_letter_recipient(record, clock_from=date(2020, 4, 1), due_on=date(2020, 4, 20))
    deliver(NOVEMBER)
    to = letter.recipients[0]
    assert due_recipients(cast.arta, date(2026, 11, 25)) == []
    (soon,) = due_recipients(cast.arta, date(2026, 12, 2))
    assert (soon.recipient, soon.state, soon.days, soon.unit) == (
        to,
        RecipientState.DUE_SOON,
        1,
        "working_days",
    )
    (late,) = due_recipients(cast.besa, date(2026, 12, 7))
    assert (late.state, late.due_on, late.days) == (RecipientState.OVERDUE, date(2026, 12, 3), -2)
    assert due_recipients(cast.clirim, date(2026, 12, 7)) == []
    assert len(due_recipients(cast.drita, date(2026, 12, 7))) == 1
    answer(to, ResponseKind.REFUSED, cast.arta, date(2026, 12, 5))
    assert due_recipients(cast.arta, date(2026, 12, 7)) == []


def test_who_is_overdue_is_read_in_as_many_queries_for_many_as_for_one(cast: SimpleNamespace) -> None:
    told = {"unit": "working_days", "by_hand": True}
    late: dict[str, Any] = {"clock_from": NOVEMBER.date(), "due_on": date(2026, 12, 3), "due_explained": told}

    def fill(*names: str) -> None:
        for name in names:
            town = make_municipality(name)
            letter = make_letter(cast.fier, state=LetterState.SENT, sent_at=NOVEMBER)
            make_letter_recipient(letter, make_office("Kryetar", make_institution(municipality=town)), **late)
            council = make_institution("Këshilli", municipality=town)
            db.session.add(LetterRecipient(letter=letter, role="to", position=2, institution=council, **late))
        db.session.commit()

    def reads() -> int:
        db.session.expire_all()
        assert cast.arta.organisation_id and cast.arta.role
        seen: list[str] = []

        def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
            seen.append(statement)

        event.listen(db.engine, "before_cursor_execute", note)
        try:
            due = due_recipients(cast.arta, date(2026, 12, 7))
        finally:
            event.remove(db.engine, "before_cursor_execute", note)
        assert {(one.state, one.unit) for one in due} == {(RecipientState.OVERDUE, "working_days")}
        return len(seen)

    fill("Patos")
    few = reads()
    fill("Roskovec", "Mallakastër", "Lushnjë")
    assert reads() == few


def test_a_refused_mail_is_failed_and_can_be_handed_over(cast: SimpleNamespace) -> None:
    letter = sendable(cast)
    send_letter(letter, by=cast.arta, now=NOVEMBER)
    record_refused(mails()[0], permanent=True, code=550, words="5.1.1 no such user", now=NOVEMBER)
    assert state_of(letter.recipients[0], date(2026, 11, 17)) is RecipientState.FAILED
    assert settle_clocks(now=NOVEMBER) == 0


def test_the_list_finds_by_subject_office_number_and_state(cast: SimpleNamespace) -> None:
    def found(**filters: Any) -> list[Letter]:
        return list(db.session.scalars(select_letters(cast.arta, today=date(2026, 12, 7), **filters)))

    letter = sendable(cast, subject_sq="Çështja e lumit")
    send_letter(letter, by=cast.arta, now=NOVEMBER)
    deliver(NOVEMBER)
    draft = make_letter(cast.fier)
    ministry = make_institution("Ministria e Drejtësisë", kind="ministry", name_as_printed="")
    make_letter_recipient(draft, make_office("Ministër", ministry))
    record = make_letter(None, state=LetterState.RECORDED, subject_sq="Arkiv")
    foreign = make_letter(cast.vlore)
    assert found() == [draft, letter, record] and foreign not in found()
    assert found(typed="ceshtja LUMIT") == [letter]
    assert found(typed="drejtesise") == [draft]
    assert found(typed="1/2026") == [letter]
    assert found(typed="2/2026") == []
    assert found(typed="%") == []
    assert found(show="draft") == [draft]
    assert found(show="waiting") == found(show="overdue") == [letter]
    assert found(show="answered") == []
    answer(letter.recipients[0], ResponseKind.FULL, cast.arta, date(2026, 12, 5))
    assert found(show="answered") == [letter]
    assert found(show="waiting") == found(show="overdue") == []


def test_what_was_looked_at_is_recognised(cast: SimpleNamespace) -> None:
    letter = sendable(cast)

    def seen() -> str:
        return fingerprint(letter, lines_of(letter, cast.arta, NOVEMBER.date()))

    first = seen()
    assert seen() == first
    change_recipient(letter.recipients[0], Move.EN, by=cast.besa, now=NOVEMBER)
    assert seen() != first
    change_recipient(letter.recipients[0], Move.SQ, by=cast.besa, now=NOVEMBER)
    assert seen() == first
    letter.recipients[0].office.addresses[0].email = "tjeter@bashkia.example"
    db.session.flush()
    assert seen() != first


def test_organisations_do_not_share_a_register(cast: SimpleNamespace) -> None:
    other = make_organisation("Kukës")
    letter = make_letter(other)
    make_letter_recipient(letter)
    send_letter(letter, by=cast.drita, now=NOVEMBER)
    assert letter.register_number == "1/2026"
