"""Mail that came in: calendar answers count, forged ones wait, bounces mark, people's words are filed, nothing is lost."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import func, select

from pop_campaigns.core.clock import now
from pop_campaigns.core.db import db
from pop_campaigns.core.history import history_of
from pop_campaigns.incoming.services.filing import NothingSaid, put_aside
from pop_campaigns.incoming.tasks import file_received
from pop_campaigns.invitations.models.invitations import GivenAnswer, Invitation
from pop_campaigns.invitations.rules.invitations import Answer, AnswerChannel
from pop_campaigns.letters.services.clocks import settle_clocks
from pop_campaigns.letters.services.letters import send_letter
from pop_campaigns.mail.models import IncomingLink, IncomingMail, OutgoingMail
from pop_campaigns.mail.outbox import record_sent
from pop_campaigns.mail.rules import IncomingKind, IncomingState, IncomingWay, Review
from tests.factories import make_letter, make_letter_recipient
from tests.incoming.scene import (
    DOMAIN,
    STAMP,
    address_of,
    arrive,
    bounce,
    make_scene,
    reply,
    words,
)

pytestmark = pytest.mark.both_databases


@pytest.fixture
def scene(cast: SimpleNamespace) -> SimpleNamespace:
    return make_scene(cast)


def answers() -> list[tuple[Answer, str]]:
    rows = db.session.scalars(select(Invitation).order_by(Invitation.id)).all()
    return [(row.answer, row.address) for row in rows]


def links(mail: IncomingMail) -> list[tuple[str, int, str, bool]]:
    return [(link.subject_type, link.subject_id, link.how, link.suggested) for link in mail.links]


@pytest.mark.parametrize(
    ("partstat", "answer"),
    [
        ("ACCEPTED", Answer.ACCEPTED),
        ("TENTATIVE", Answer.TENTATIVE),
        ("DECLINED", Answer.DECLINED),
    ],
)
def test_an_answer_pressed_in_a_calendar_counts(
    scene: SimpleNamespace, partstat: str, answer: Answer
) -> None:
    mail = arrive(reply(scene.mayor, partstat=partstat, comment="Vij me vonesë"), address_of(scene.mayor))
    assert (mail.kind, mail.state) == (IncomingKind.CALENDAR, IncomingState.MATCHED)
    assert links(mail) == [("invitations", scene.mayor.id, "token", False)]
    assert mail.organisation_id == scene.event.organisation_id
    given = db.session.scalars(select(GivenAnswer)).one()
    assert (given.answer, given.note, given.channel, given.incoming_mail_id) == (
        answer,
        "Vij me vonesë",
        AnswerChannel.CALENDAR,
        mail.id,
    )
    assert scene.prefect.answer is Answer.NEEDS_ACTION


def test_a_delegate_is_the_substitute(scene: SimpleNamespace) -> None:
    more = ';DELEGATED-TO="mailto:zevendesi@bashkia.example"'
    arrive(reply(scene.mayor, partstat="DELEGATED", more=more))
    given = db.session.scalars(select(GivenAnswer)).one()
    assert (given.answer, given.substitute) == (Answer.DELEGATED, "zevendesi@bashkia.example")


def test_google_answers_for_its_users_and_a_sequence_may_be_missing(scene: SimpleNamespace) -> None:
    sender = "calendar-notification@google.com"
    mail = arrive(reply(scene.mayor, sender=sender, sequence=None))
    assert mail.state is IncomingState.MATCHED
    assert scene.mayor.answer is Answer.ACCEPTED


def test_without_the_guests_address_event_and_guest_together_only_suggest(scene: SimpleNamespace) -> None:
    mail = arrive(reply(scene.mayor, to=f"kontakt@{DOMAIN}"))
    assert links(mail) == [("invitations", scene.mayor.id, "uid", True)]
    assert (mail.state, mail.review) == (IncomingState.HELD, Review.UNPROVEN)
    assert mail.organisation_id == scene.event.organisation_id
    assert scene.mayor.answer is Answer.NEEDS_ACTION


FORGED: dict[str, Any] = {
    "another guest's attendee": {"attendee": "prefekti@qark.example"},
    "a gate-crasher": {"attendee": "i.paftuar@posta.example"},
    "another event": {"uid": "tjeter@rsvp.example"},
    "no answer in it": {"partstat": "NEEDS-ACTION"},
    "a request": {"method": "REQUEST"},
    "a cancellation": {"method": "CANCEL"},
    "another time": {"method": "COUNTER"},
    "wrong token, right event": {"to": f"r-{'a' * 26}@{DOMAIN}"},
    "a stranger writing in a guest's name": {"to": f"kontakt@{DOMAIN}", "sender": "troll@posta.example"},
}


@pytest.mark.parametrize("case", FORGED)
def test_what_may_be_forged_changes_nothing_and_waits(scene: SimpleNamespace, case: str) -> None:
    before = answers()
    mail = arrive(reply(scene.mayor, **FORGED[case]))
    assert answers() == before
    assert mail.state is IncomingState.HELD
    assert mail.review is not None
    assert not db.session.scalars(select(GivenAnswer)).all()


def test_an_older_answer_never_overrides_a_newer_one(scene: SimpleNamespace) -> None:
    arrive(reply(scene.mayor, partstat="DECLINED", stamp=STAMP + timedelta(hours=2)))
    replayed = arrive(reply(scene.mayor, partstat="ACCEPTED", stamp=STAMP))
    assert scene.mayor.answer is Answer.DECLINED
    assert replayed.state is IncomingState.MATCHED
    assert replayed.review is Review.OLDER
    scene.event.sequence = 3
    db.session.commit()
    arrive(reply(scene.mayor, partstat="TENTATIVE", sequence=3, stamp=STAMP + timedelta(hours=3)))
    arrive(reply(scene.mayor, partstat="ACCEPTED", sequence=2, stamp=STAMP + timedelta(hours=9)))
    assert scene.mayor.answer is Answer.TENTATIVE


def test_an_answer_after_the_start_waits(scene: SimpleNamespace) -> None:
    scene.event.starts_at = now() - timedelta(minutes=1)
    scene.event.ends_at = now() + timedelta(hours=1)
    db.session.commit()
    mail = arrive(reply(scene.mayor))
    assert (mail.state, scene.mayor.answer) == (IncomingState.HELD, Answer.NEEDS_ACTION)


def test_a_bounce_marks_the_one_mail_that_came_back(scene: SimpleNamespace) -> None:
    sent = db.session.scalars(select(OutgoingMail).order_by(OutgoingMail.id)).all()
    mail = arrive(bounce(sent[0]), f"{sent[0].bounce_local}@{DOMAIN}")
    assert (mail.kind, mail.state) == (IncomingKind.BOUNCE, IncomingState.MATCHED)
    assert {kind for kind, *_rest in links(mail)} == {"outgoing_mails", "invitations"}
    assert sent[0].bounced_at
    assert sent[0].bounce_permanent is True
    assert "550 5.1.1 No such user here" in sent[0].bounce_words
    assert sent[1].bounced_at is None
    assert scene.mayor.answer is Answer.NEEDS_ACTION


def test_a_delay_is_no_failure(scene: SimpleNamespace) -> None:
    sent = db.session.scalars(select(OutgoingMail)).first()
    arrive(bounce(sent, status="4.4.1", action="delayed"))
    assert sent.bounce_permanent is False


def test_a_bounce_stops_the_clock_of_its_letter_and_a_delay_does_not(cast: SimpleNamespace) -> None:
    """In the same transaction: no page calls an office late between the bounce and the worker's next round."""
    letter = make_letter(cast.fier, basis="information_request")
    recipient = make_letter_recipient(letter)
    send_letter(letter, by=cast.arta, now=now())
    sent = recipient.mail
    record_sent(sent, code=250, words="OK", now=now())
    db.session.flush()
    settle_clocks(now=now())
    db.session.commit()
    arrive(bounce(sent, status="4.4.1", action="delayed"))
    assert recipient.due_on is not None
    arrive(bounce(sent))
    assert (recipient.clock_from, recipient.due_on, recipient.due_explained) == (None, None, None)
    assert "letter.clock_stopped" in [row.action for row in history_of(letter)]


def test_a_bounce_that_only_names_the_message_marks_nothing(scene: SimpleNamespace) -> None:
    sent = db.session.scalars(select(OutgoingMail)).first()
    arrive(bounce(sent, to=f"kontakt@{DOMAIN}"))
    assert sent.bounced_at is None


def test_mails_queued_before_their_bounce_address_was_kept_are_found(scene: SimpleNamespace) -> None:
    sent = db.session.scalars(select(OutgoingMail)).first()
    raw = bounce(sent)
    sent.bounce_local = None
    db.session.commit()
    arrive(raw)
    assert sent.bounced_at


def test_peoples_words_and_absences_are_filed_and_change_nothing(scene: SimpleNamespace) -> None:
    to = address_of(scene.mayor)
    human = arrive(words("Po, do të vijmë dy veta.", sender=scene.mayor.address, to=to))
    away = arrive(words("Jam me pushime.", sender=scene.mayor.address, to=to, Auto_Submitted="auto-replied"))
    assert (human.kind, human.state, human.text) == (
        IncomingKind.HUMAN,
        IncomingState.MATCHED,
        "Po, do të vijmë dy veta.",
    )
    assert (away.kind, away.state) == (IncomingKind.AUTO, IncomingState.MATCHED)
    assert scene.mayor.answer is Answer.NEEDS_ACTION


def test_what_it_answers_is_found_by_the_message_named(scene: SimpleNamespace) -> None:
    sent = db.session.scalars(select(OutgoingMail).order_by(OutgoingMail.id)).first()
    mail = arrive(
        words(
            "Faleminderit.",
            sender="sekretaria@bashkia.example",
            to=f"kontakt@{DOMAIN}",
            In_Reply_To=sent.message_id,
        )
    )
    assert mail.state is IncomingState.MATCHED
    assert ("invitations", scene.mayor.id, "references", False) in links(mail)


def test_what_matches_nothing_is_held_with_suggestions(scene: SimpleNamespace) -> None:
    near = scene.mayor.reply_local[:-2] + "zz"
    slip = arrive(words("Po.", sender="x@posta.example", to=f"{near}@{DOMAIN}"))
    assert slip.state is IncomingState.HELD
    assert links(slip) == [("invitations", scene.mayor.id, "near_token", True)]
    known = arrive(words("Po.", sender=scene.prefect.address, to=f"kontakt@{DOMAIN}"))
    assert links(known) == [("invitations", scene.prefect.id, "sender", True)]
    nobody = arrive(words("Blej ilaçe", sender="spam@posta.example", to=f"kontakt@{DOMAIN}"))
    assert (nobody.state, links(nobody), nobody.organisation_id) == (IncomingState.HELD, [], None)


def test_held_mail_is_put_aside_only_with_a_reason(cast: SimpleNamespace, scene: SimpleNamespace) -> None:
    mail = arrive(words("Blej ilaçe", sender="spam@posta.example", to=f"kontakt@{DOMAIN}"))
    with pytest.raises(NothingSaid):
        put_aside(mail, "  ", by=cast.drita, now=now())
    put_aside(mail, "reklamë", by=cast.drita, now=now())
    db.session.commit()
    assert (mail.state, mail.ignored_by, mail.ignored_reason) == (IncomingState.IGNORED, "Drita", "reklamë")


def test_the_worker_files_all_that_was_stored_and_the_counts_add_up(scene: SimpleNamespace) -> None:
    raws = [reply(scene.mayor), words("x", sender="a@posta.example", to=f"k@{DOMAIN}"), b"\xff\x00" * 50]
    for number, raw in enumerate(raws):
        db.session.add(
            IncomingMail(
                received_at=now(), way=IncomingWay.PIPE, envelope_to=f"k{number}@{DOMAIN}",
                sha256=str(number), size=len(raw), raw=raw,
            )
        )  # fmt: skip
    db.session.commit()
    assert file_received(lambda: False) == 3
    assert file_received(lambda: False) == 0
    counted = dict(
        db.session.execute(select(IncomingMail.state, func.count()).group_by(IncomingMail.state)).all()
    )
    assert counted == {IncomingState.MATCHED: 1, IncomingState.HELD: 2}
    assert scene.mayor.answer is Answer.ACCEPTED
    assert db.session.scalars(select(IncomingLink)).all()


@pytest.mark.parametrize("first", ["mayor", "prefect"])
def test_a_mail_to_two_guests_speaks_for_the_one_it_names(scene: SimpleNamespace, first: str) -> None:
    both = [address_of(scene.mayor), address_of(scene.prefect)]
    to = both if first == "mayor" else both[::-1]
    mail = arrive(reply(scene.mayor, to=", ".join(to)), to[0])
    assert mail.state is IncomingState.MATCHED
    assert answers()[0][0] is Answer.ACCEPTED
    assert answers()[1][0] is Answer.NEEDS_ACTION
