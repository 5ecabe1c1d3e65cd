"""Columns of the outbox: what a mail is about, what it repeats, what it answers and whether anything can come back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from pop_campaigns.core.clock import now
from pop_campaigns.core.db import db
from pop_campaigns.invitations.models.invitations import Invitation
from pop_campaigns.letters.models import LetterRecipient
from pop_campaigns.mail.compose import bounce_address, compose
from pop_campaigns.mail.message import message_bytes
from pop_campaigns.mail.models import OutgoingMail
from pop_campaigns.mail.outbox import queue_again, record_sent
from pop_campaigns.mail.queries import mails_about, originals_of
from pop_campaigns.mail.rules import MailState, SameReason, sum_up_unsent
from tests import factories

ASKED, BEFORE = "<b@bashkia.example>", "<a@rsvp.example>"


def sent(mail: OutgoingMail) -> OutgoingMail:
    mail.state, mail.lease_until = MailState.SENDING, now()
    db.session.flush()
    record_sent(mail, code=250, words="OK", now=now())
    db.session.flush()
    return mail


def test_a_person_s_reply_stands_in_the_thread_and_can_be_answered(app: Flask) -> None:
    mail = factories.make_mail(thread=(BEFORE, ASKED))
    parts = compose(mail)
    assert dict(parts.headers) == {"In-Reply-To": ASKED, "References": f"{BEFORE} {ASKED}"}
    assert parts.envelope_from == bounce_address(mail) != ""
    assert b"Auto-Submitted" not in message_bytes(parts)


def test_an_automatic_answer_has_no_sender_with_or_without_a_thread(app: Flask) -> None:
    for thread in ((BEFORE, ASKED), (), None):
        mail = factories.make_mail(thread=thread, auto_submitted=True, null_sender=True)
        parts = compose(mail)
        assert parts.envelope_from == ""
        assert b"Auto-Submitted: auto-replied" in message_bytes(parts)
        assert bool(parts.headers) is bool(thread)
        assert mail.thread == (list(thread) if thread else None)


def test_only_an_automatic_mail_goes_without_a_sender(app: Flask) -> None:
    with pytest.raises(IntegrityError):
        factories.make_mail(null_sender=True)


def test_a_subject_is_whole(app: Flask) -> None:
    with pytest.raises(IntegrityError):
        factories.make_mail(about=SimpleNamespace(__tablename__="invitations", id=None))


def test_mails_are_found_by_what_they_are_about(app: Flask) -> None:
    guest = factories.make_mail(about=factories.about(Invitation, 4))
    other = factories.make_mail(about=factories.about(Invitation, 42))
    letter = factories.make_mail(about=factories.about(LetterRecipient, 4))
    nothing = factories.make_mail(about=None)

    def found(table: type, *idents: int) -> set[OutgoingMail]:
        return set(db.session.scalars(select(OutgoingMail).where(mails_about(table, idents))))

    assert found(Invitation, 4) == {guest}
    assert found(Invitation, 4, 42) == {guest, other}
    assert found(LetterRecipient, 4) == {letter}
    assert found(Invitation) == set()
    assert (nothing.subject_type, nothing.subject_id) == (None, None)


def test_one_sent_again_is_about_the_same_and_knows_the_first(app: Flask) -> None:
    first = sent(factories.make_mail(thread=(ASKED,), auto_submitted=True, null_sender=True))
    second = sent(queue_again(first, now=now()))
    third = queue_again(second, now=now())
    db.session.flush()
    for mail in (second, third):
        assert (mail.subject_type, mail.subject_id) == (first.subject_type, first.subject_id)
        assert (mail.thread, mail.null_sender, mail.original_id) == ([ASKED], True, first.id)
    assert third.again_of_id == second.id
    assert originals_of([first, second, third]) == dict.fromkeys((first.id, second.id, third.id), first.id)


def test_the_subject_is_looked_up_by_an_index(app: Flask) -> None:
    explain = "EXPLAIN QUERY PLAN"
    if db.engine.dialect.name == "postgresql":
        explain = "EXPLAIN"
        db.session.execute(text("SET LOCAL enable_seqscan = off"))  # so small a table it would read whole
    query = str(select(OutgoingMail.id).where(mails_about(Invitation, [4])).compile(
        db.engine, compile_kwargs={"literal_binds": True}
    ))  # fmt: skip
    plan = " ".join(str(row[-1]) for row in db.session.execute(text(f"{explain} {query}")))
    assert "ix_outgoing_mails_subject" in plan


def waits(number: int, words: str, minutes: int) -> SameReason:
    since = datetime(2026, 5, 20, 9, 0, tzinfo=UTC) - timedelta(minutes=minutes)
    return SameReason(451 if words else None, words, number, since, since)


@pytest.mark.parametrize(
    ("groups", "works", "sums"),
    [
        ([], True, None),
        ([], False, None),
        ([waits(2, "", 7)], True, (2, 7, True, "")),
        ([waits(5, "", 7), waits(1, "busy", 9), waits(2, "later", 8)], True, (8, 9, True, "later")),
        ([waits(1, "busy", 9)], False, (1, 9, False, "")),
    ],
)
def test_what_waits_is_summed_up_under_the_most_frequent_answer(
    groups: list[SameReason], works: bool, sums: tuple[int, int, bool, str] | None
) -> None:
    unsent = sum_up_unsent(groups, works=works)
    if unsent is None:
        assert sums is None
        return
    minutes = (datetime(2026, 5, 20, 9, 0, tzinfo=UTC) - unsent.since) // timedelta(minutes=1)
    assert (unsent.number, minutes, unsent.works, unsent.reason.words if unsent.reason else "") == sums
