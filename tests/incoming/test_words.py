"""The newest word wins, whatever way it came; what is written beside an answer is read; whom a guest sends answers too."""

from __future__ import annotations

import time
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select

from pop_campaigns.core.clock import now
from pop_campaigns.core.db import db
from pop_campaigns.incoming.queries.incoming import count_unread
from pop_campaigns.incoming.rules.answer_words import words_beside
from pop_campaigns.incoming.rules.incoming import speaks_as_substitute
from pop_campaigns.invitations.models.invitations import GivenAnswer, Invitation
from pop_campaigns.invitations.queries.answers import (
    answers_of,
    declining_substitutes,
    latest_answers,
    outdone_on_arrival,
    recent_answers,
)
from pop_campaigns.invitations.queries.guests import counts_for
from pop_campaigns.invitations.rules.invitations import Answer, AnswerChannel, ToldHow
from pop_campaigns.invitations.services.answers import Told, record_answer
from pop_campaigns.mail.models import IncomingMail, OutgoingMail
from pop_campaigns.mail.rules import IncomingState, Review
from tests.incoming.counters import counter, proposals
from tests.incoming.scene import STAMP, address_of, arrive, make_scene, reply

HOUR = timedelta(hours=1)
DEPUTY = "zv@bashkia.example"


@pytest.fixture
def scene(cast: SimpleNamespace) -> SimpleNamespace:
    return make_scene(cast)


def answer_of(guest: Invitation) -> Answer:
    db.session.expire_all()
    return db.session.get_one(Invitation, guest.id).answer


def by_link(guest: Invitation, answer: Answer, at: Any) -> None:
    record_answer(guest, answer, channel=AnswerChannel.LINK, now=at)
    db.session.commit()


def by_phone(scene: SimpleNamespace, cast: SimpleNamespace, answer: Answer, said_at: Any) -> None:
    record_answer(
        scene.mayor, answer, channel=AnswerChannel.BY_HAND, told=Told(ToldHow.PHONE), by=cast.arta,
        said_at=said_at, now=now(),
    )  # fmt: skip
    db.session.commit()


@pytest.mark.both_databases
def test_a_yes_from_a_calendar_that_is_late_does_not_outdo_the_no_by_link(
    cast: SimpleNamespace, scene: SimpleNamespace
) -> None:
    by_link(scene.mayor, Answer.DECLINED, STAMP + HOUR)
    late = arrive(reply(scene.mayor, partstat="ACCEPTED", stamp=STAMP, comment="Vij"))
    assert answer_of(scene.mayor) is Answer.DECLINED
    assert (late.state, late.review) == (IncomingState.MATCHED, Review.OLDER)
    no, yes = answers_of([scene.mayor])
    assert (yes.note, yes.said_at, yes.incoming_mail_id) == ("Vij", STAMP, late.id)
    assert outdone_on_arrival([no, yes]) == {yes.id}
    assert latest_answers(scene.event)[scene.mayor.id].id == no.id
    # What came late is no news: the answer that stands is not shown as if it were given now.
    assert recent_answers(cast.arta, STAMP + 2 * HOUR) == []
    assert [one.id for one in recent_answers(cast.arta, STAMP)] == [no.id]
    arrive(reply(scene.mayor, partstat="ACCEPTED", stamp=STAMP + 2 * HOUR))
    assert answer_of(scene.mayor) is Answer.ACCEPTED


def test_what_was_said_by_phone_stands_where_it_was_said(
    cast: SimpleNamespace, scene: SimpleNamespace
) -> None:
    arrive(reply(scene.mayor, partstat="ACCEPTED", stamp=STAMP))
    by_phone(scene, cast, Answer.DECLINED, STAMP - HOUR)
    assert answer_of(scene.mayor) is Answer.ACCEPTED
    by_phone(scene, cast, Answer.TENTATIVE, STAMP + HOUR)
    assert answer_of(scene.mayor) is Answer.TENTATIVE
    arrive(reply(scene.mayor, partstat="DECLINED", stamp=STAMP + HOUR / 2))
    assert answer_of(scene.mayor) is Answer.TENTATIVE
    by_phone(scene, cast, Answer.TENTATIVE, STAMP + HOUR)  # the same, noted twice
    assert len(answers_of([scene.mayor])) == 4
    guest = db.session.get_one(Invitation, scene.mayor.id)
    assert [one.said_at for one in guest.answers] == sorted(one.said_at for one in guest.answers)


@pytest.mark.parametrize(("counted", "ahead"), [(7, 0), (0, 40), (9, 40)])
@pytest.mark.parametrize("then", [0, 1, None])
def test_no_program_locks_anybody_out(
    scene: SimpleNamespace, counted: int, ahead: int, then: int | None
) -> None:
    """One that counts by itself, one whose clock is days ahead, one that does both."""
    stamp = now() + timedelta(days=ahead) if ahead else STAMP
    arrive(reply(scene.mayor, partstat="ACCEPTED", sequence=counted, stamp=stamp))
    arrive(reply(scene.mayor, partstat="DECLINED", sequence=then, stamp=now() + timedelta(days=1)))
    assert answer_of(scene.mayor) is Answer.DECLINED
    by_link(scene.mayor, Answer.ACCEPTED, now())
    assert answer_of(scene.mayor) is Answer.ACCEPTED


def test_the_same_word_once_more_is_no_second_one(scene: SimpleNamespace) -> None:
    for number in range(2):
        arrive(reply(scene.mayor, partstat="ACCEPTED").replace(b"<", f"<{number}".encode(), 1))
    assert len(answers_of([scene.mayor])) == 1


def test_an_older_word_is_told_in_the_history_and_no_change_is(
    cast: SimpleNamespace, scene: SimpleNamespace, sign_in: Any
) -> None:
    cast.arta.language = "en"
    by_link(scene.mayor, Answer.DECLINED, now())
    arrive(reply(scene.mayor, partstat="ACCEPTED", stamp=STAMP))
    page = sign_in(cast.arta).get(f"/events/{scene.event.id}?about={scene.mayor.id}").text
    assert "a newer answer stood already" in page
    assert "An older answer came late (" in page
    assert "Changed their answer" not in page
    kinds = db.session.scalars(select(OutgoingMail.kind)).all()
    assert "invitation.receipt" not in kinds


def test_a_proposal_older_than_any_answer_is_out_of_date(scene: SimpleNamespace) -> None:
    by_link(scene.mayor, Answer.DECLINED, now())
    assert arrive(counter(scene.mayor, stamp=STAMP)).review is Review.OLDER
    assert proposals() == []


# Words beside an answer

INVITATION = "Tryezë e rrumbullakët\nJu ftojmë në tryezën e rrumbullakët.\nSalla e Bashkisë, Fier"
GOOGLE = (
    "Koordinator Fier has accepted this invitation{note}\n\nTryezë e rrumbullakët\nMonday Feb 15, 2027 ⋅ 10am – 12pm\n"
    "Guests\nkryetari@bashkia.example\n\nInvitation from Google Calendar: https://calendar.google.com/calendar/\n"
)
BESIDE = {
    "nothing": ("", ""),
    "the subject again": ("Pranuar: Tryezë e rrumbullakët", ""),
    "in another language": ("Zugesagt: Tryezë e rrumbullakët\n\n", ""),
    "one word": ("Accepted", ""),
    "the invitation without marks": (f"Po, vij me dy veta.\n\n{INVITATION}", "Po, vij me dy veta."),
    "only the invitation": (INVITATION, ""),
    "Google": (GOOGLE.format(note="."), ""),
    "Google with a note": (
        GOOGLE.format(note=' with this note:\n\n"Vij, por\nvetëm deri në orën 15."'),
        "Vij, por\nvetëm deri në orën 15.",
    ),
    "Apple": ("Koordinator Fier accepted your invitation to “Tryezë e rrumbullakët”.", ""),
    "Thunderbird": ("Koordinator Fier <k@x.example> has declined the event invitation.\nNuk mundem.", "Nuk mundem."),
    "a telephone": ("Vij vonë.\n\nSent from my iPhone", "Vij vonë."),
    "a person who speaks like a program": (
        "Ministri e ka pranuar ftesën, por vjen me vonesë.",
        "Ministri e ka pranuar ftesën, por vjen me vonesë.",
    ),
    "a person with a colon": ("Kushti ynë: pa media.", "Kushti ynë: pa media."),
    "a rule of Outlook": ("*~*~*~*~*~*~*~*~*~*\nVij.", "Vij."),
    "several lines": ("Vij.\n\n\n\nKur: pas orës 10.", "Vij.\n\nKur: pas orës 10."),
}  # fmt: skip


@pytest.mark.parametrize("case", BESIDE)
def test_what_a_person_wrote_is_told_from_what_a_program_did(case: str) -> None:
    text, words = BESIDE[case]
    assert words_beside(text, "", subject="Accepted: Tryezë e rrumbullakët", known=[INVITATION]) == words


def test_hostile_words_are_read_in_no_time() -> None:
    before = time.process_time()
    for text in ("~" * 200_000, "has accepted this " * 10_000, "x:" * 100_000, "-" * 200_000):
        words_beside(text, "b" * 5000, subject="S: x", known=["y"])
    assert time.process_time() - before < 2


@pytest.mark.parametrize(
    ("text", "comment", "words"),
    [
        ("", "Pa media.", "Pa media."),
        ("Pa media.", "Pa media", "Pa media."),
        ("Vij në orën 11.", "Pa media.", "Pa media.\nVij në orën 11."),
        ("Vij vet?m n? mbrëmje.", "Vij vetëm në mbrëmje.", "Vij vetëm në mbrëmje."),
        ("Accepted: X", "", ""),
    ],
)
def test_comment_and_text_stand_once(text: str, comment: str, words: str) -> None:
    assert words_beside(text, comment, subject="Accepted: X") == words


def with_text(scene: SimpleNamespace, text: str, **changes: Any) -> bytes:
    return reply(scene.mayor, **changes).replace(b"\n\nPranuar", f"\n\n{text}".encode(), 1)


def test_words_stand_beside_the_answer_and_are_unread(
    cast: SimpleNamespace, scene: SimpleNamespace, sign_in: Any
) -> None:
    arrive(reply(scene.prefect))
    assert count_unread(cast.arta) == 0
    mail = arrive(with_text(scene, "Only until 3 pm, no media."))
    assert db.session.scalars(select(GivenAnswer.note).order_by(GivenAnswer.id)).all() == [
        "", "Only until 3 pm, no media.",
    ]  # fmt: skip
    assert (mail.text, count_unread(cast.arta)) == ("Only until 3 pm, no media.", 1)
    arta = sign_in(cast.arta)
    assert "Only until 3 pm, no media." in arta.get(f"/events/{scene.event.id}").text
    assert f"/mail/in/{mail.id}" in arta.get("/today").text
    arta.post(f"/mail/in/{mail.id}/read")
    assert count_unread(cast.arta) == 0
    arrive(reply(scene.mayor, partstat="DECLINED", comment="Nuk mundem", stamp=STAMP + HOUR))
    assert count_unread(cast.arta) == 1


# Whom a guest sends


def delegated(scene: SimpleNamespace) -> IncomingMail:
    more = f';DELEGATED-TO="mailto:{DEPUTY}"'
    return arrive(reply(scene.mayor, partstat="DELEGATED", more=more))


@pytest.mark.parametrize("partstat", ["ACCEPTED", "TENTATIVE", "DECLINED"])
@pytest.mark.parametrize("more", ["", ';DELEGATED-FROM="mailto:kryetari@bashkia.example"'])
def test_a_substitute_who_was_named_answers_alone(
    cast: SimpleNamespace, scene: SimpleNamespace, sign_in: Any, partstat: str, more: str
) -> None:
    cast.arta.language = "en"
    delegated(scene)
    mail = arrive(
        reply(scene.mayor, attendee=DEPUTY, sender=DEPUTY, partstat=partstat, more=more, stamp=STAMP + HOUR)
    )
    assert (mail.state, mail.review) == (IncomingState.MATCHED, None)
    assert answer_of(scene.mayor) is Answer.DELEGATED
    last = latest_answers(scene.event)[scene.mayor.id]
    assert (last.substitute, last.substitute_answer) == (DEPUTY, partstat)
    kinds = db.session.scalars(select(OutgoingMail.kind)).all()
    assert "invitation.in_name" not in kinds  # the guest named this very address
    declines = [one.invitation_id for one in declining_substitutes(cast.arta, now=now())]
    assert declines == ([scene.mayor.id] if partstat == "DECLINED" else [])
    counts = counts_for([scene.event.id])[scene.event.id]
    assert (counts.delegated, counts.sends_nobody) == (1, int(partstat == "DECLINED"))
    arta = sign_in(cast.arta)
    chip = {"ACCEPTED": "Substitute accepted", "TENTATIVE": "Substitute: maybe"}.get(
        partstat, "Substitute declined"
    )
    assert chip in arta.get(f"/events/{scene.event.id}").text
    assert ("Nobody comes in their place" in arta.get("/today").text) == (partstat == "DECLINED")
    # The guest says once more whom they send: what that person answered still holds.
    record_answer(scene.mayor, Answer.DELEGATED, substitute=DEPUTY, channel=AnswerChannel.LINK, now=now())
    assert latest_answers(scene.event)[scene.mayor.id].substitute_answer == partstat


FROM = ("kryetari@bashkia.example",)


@pytest.mark.parametrize(
    ("attendee", "delegated_from", "standing", "named", "speaks"),
    [
        (DEPUTY, FROM, Answer.DELEGATED, DEPUTY, True),
        (DEPUTY, (), Answer.DELEGATED, f"Nënkryetarja <{DEPUTY.upper()}>", True),
        (DEPUTY, FROM, Answer.DELEGATED, "Nënkryetarja", True),
        (DEPUTY, FROM, Answer.NEEDS_ACTION, "", True),
        (DEPUTY, (), Answer.DELEGATED, "Nënkryetarja", False),
        (DEPUTY, FROM, Answer.DELEGATED, "tjeter@bashkia.example", False),
        (DEPUTY, FROM, Answer.ACCEPTED, "", False),
        (DEPUTY, ("prefekti@qark.example",), Answer.NEEDS_ACTION, "", False),
        ("", FROM, Answer.DELEGATED, DEPUTY, False),
        (FROM[0], FROM, Answer.DELEGATED, DEPUTY, False),
    ],
)
def test_who_speaks_as_a_substitute(
    attendee: str, delegated_from: tuple[str, ...], standing: Answer, named: str, speaks: bool
) -> None:
    from pop_campaigns.calendars.answer import CalendarAnswer

    said = CalendarAnswer(
        method="REPLY", attendee=attendee, partstat="ACCEPTED", delegated_from=delegated_from
    )
    assert speaks_as_substitute(said, FROM[0], standing, named) == speaks


def test_at_the_address_of_the_guest_alone(scene: SimpleNamespace) -> None:
    delegated(scene)
    mail = arrive(reply(scene.mayor, attendee=DEPUTY, sender=DEPUTY, to=address_of(scene.prefect)))
    assert mail.state is IncomingState.HELD
    assert latest_answers(scene.event)[scene.mayor.id].substitute_answer is None
