"""Emptying the outbox against a server that takes, refuses, hangs up and vanishes."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import structlog
from flask import Flask
from sqlalchemy import func, select

from pop_campaigns.core import clock
from pop_campaigns.core.db import db
from pop_campaigns.mail.models import MailTry, OutgoingMail
from pop_campaigns.mail.outbox import claim_mails, release_claims, take_in_hand
from pop_campaigns.mail.refusals import explain_words
from pop_campaigns.mail.rules import LEASE, MailState
from pop_campaigns.worker.drain import DrainReport, drain_outbox
from tests.factories import make_mail
from tests.worker.conftest import PostOffice

pytestmark = pytest.mark.both_databases(always=True)


def queue(*addresses: str) -> list[int]:
    mails = [make_mail(address, now=clock.now() - timedelta(seconds=1)) for address in addresses]
    db.session.commit()
    ids = [mail.id for mail in mails]
    db.session.commit()
    return ids


def addresses(number: int) -> list[str]:
    return [f"zyra{place}@bashkia.example" for place in range(number)]


def look(mail_id: int) -> OutgoingMail:
    mail = db.session.get(OutgoingMail, mail_id, populate_existing=True)
    assert mail is not None
    tries = list(mail.tries)
    db.session.commit()
    mail = db.session.get(OutgoingMail, mail_id)
    assert mail is not None
    assert len(mail.tries) == len(tries)
    return mail


def drain(app: Flask, owner: str = "a", **options: Any) -> DrainReport:
    db.session.commit()
    report = drain_outbox(app, owner=owner, **options)
    db.session.rollback()
    return report


def test_all_due_mails_leave_on_one_connection(app: Flask, office: PostOffice) -> None:
    ids = queue(*addresses(5))
    assert drain(app, limit=2) == DrainReport(sent=5)
    assert office.connections == 1
    mails = [look(mail_id) for mail_id in ids]
    assert [mail.message_id for mail in mails] == [taken for taken, _ in office.taken]
    assert {mail.state for mail in mails} == {MailState.SENT}
    for mail in mails:
        assert mail.sent_at is not None
        assert (mail.attempts, mail.last_code, mail.last_words) == (1, 250, "2.0.0 kept")
        assert (mail.lease_owner, mail.lease_until) == (None, None)


def test_nothing_due_opens_no_connection(app: Flask, office: PostOffice) -> None:
    make_mail(now=clock.now() + timedelta(hours=1))
    assert drain(app) == DrainReport()
    assert office.connections == 0


def test_a_temporary_refusal_waits_longer_each_time(app: Flask, office: PostOffice) -> None:
    (mail_id,) = queue("gri@bashkia.example")
    office.answers["gri@bashkia.example"] = ["451 4.7.1 Greylisting in action", "451 4.7.1 again"]
    instant = clock.now()
    assert drain(app, now_fn=lambda: instant) == DrainReport(postponed=1)
    mail = look(mail_id)
    assert (mail.state, mail.attempts, mail.last_code) == (MailState.QUEUED, 1, 451)
    assert mail.last_words == "4.7.1 Greylisting in action"
    assert mail.available_at - instant == timedelta(minutes=1)
    assert drain(app, now_fn=lambda: instant + timedelta(seconds=59)) == DrainReport()
    later = instant + timedelta(minutes=1)
    assert drain(app, now_fn=lambda: later) == DrainReport(postponed=1)
    assert look(mail_id).available_at - later == timedelta(minutes=5)
    assert drain(app, now_fn=lambda: later + timedelta(minutes=5)) == DrainReport(sent=1)
    assert [attempt.outcome for attempt in look(mail_id).tries] == ["queued", "queued", "sent"]


def test_after_two_days_of_refusals_a_mail_fails(app: Flask, office: PostOffice) -> None:
    (mail_id,) = queue("gri@bashkia.example")
    office.answers["gri@bashkia.example"] = ["451 4.7.1 not yet"]
    assert drain(app, now_fn=lambda: clock.now() + timedelta(days=2)) == DrainReport(failed=1)
    assert look(mail_id).state is MailState.FAILED


@pytest.mark.parametrize(
    ("reply", "code", "words"),
    [
        ("550 5.1.1 No such user here", 550, "5.1.1 No such user here"),
        ("data:554 5.7.1 Message rejected as spam", 554, "5.7.1 Message rejected as spam"),
    ],
)
def test_a_permanent_refusal_fails_at_once_with_the_servers_words(
    app: Flask, office: PostOffice, reply: str, code: int, words: str
) -> None:
    bad, good = queue("s'ka@bashkia.example", "ka@bashkia.example")
    office.answers["s'ka@bashkia.example"] = [reply]
    assert drain(app) == DrainReport(sent=1, failed=1)
    mail = look(bad)
    assert (mail.state, mail.last_code, mail.last_words) == (MailState.FAILED, code, words)
    assert look(good).state is MailState.SENT
    assert office.connections == 1
    assert drain(app) == DrainReport()


@pytest.mark.parametrize(("manner", "came"), [("drop before", 1), ("drop after", 2)])
def test_a_connection_that_breaks_off_costs_one_attempt_of_one_mail(
    app: Flask, office: PostOffice, manner: str, came: int
) -> None:
    first, second = queue("a@bashkia.example", "b@bashkia.example")
    office.answers["a@bashkia.example"] = [manner]
    assert drain(app) == DrainReport(sent=1, postponed=1)
    mail = look(first)
    assert (mail.state, mail.attempts) == (MailState.QUEUED, 1)
    assert explain_words(mail.last_code, mail.last_words, permanent=False) == "broken_off"
    assert drain(app, now_fn=lambda: clock.now() + timedelta(minutes=2)) == DrainReport(sent=1)
    # After an accepted message whose 250 was lost it came twice: the same one, which readers show once.
    assert office.times() == {look(first).message_id: came, look(second).message_id: 1}


def test_a_server_that_is_away_costs_no_attempt_and_all_leave_when_it_is_back(
    app: Flask, office: PostOffice
) -> None:
    ids = queue(*addresses(8))
    due = [look(mail_id).available_at for mail_id in ids]
    office.close()
    for _ in range(3):
        report = drain(app, limit=5)
        assert (report.sent, report.failed, report.postponed) == (0, 0, 0)
        assert report.trouble.startswith("cannot reach the server")
    mails = [look(mail_id) for mail_id in ids]
    assert [mail.state for mail in mails] == [MailState.QUEUED] * 8
    assert [mail.attempts for mail in mails] == [0] * 8
    assert [mail.available_at for mail in mails] == due
    assert [explain_words(mail.last_code, mail.last_words, permanent=False) for mail in mails[:5]] == [
        "unreachable"
    ] * 5
    assert db.session.scalar(select(func.count(MailTry.id))) == 0
    office.open()
    assert drain(app) == DrainReport(sent=8)
    assert max(office.times().values()) == 1


def test_a_mail_is_not_given_up_because_the_server_was_away_for_days(app: Flask, office: PostOffice) -> None:
    (mail_id,) = queue("a@bashkia.example")
    office.close()
    assert drain(app, now_fn=lambda: clock.now() + timedelta(days=3)).failed == 0
    assert look(mail_id).state is MailState.QUEUED


def test_a_server_that_sends_everyone_away_is_left_alone(app: Flask, office: PostOffice) -> None:
    ids = queue(*addresses(4))
    office.greeting = "421 4.3.2 closing"
    report = drain(app)
    assert (report.postponed, report.trouble) == (1, "4.3.2 closing")
    # The first one waits, so that one mail the server cannot bear does not stop all others for ever.
    assert [look(mail_id).attempts for mail_id in ids] == [1, 0, 0, 0]
    office.greeting = None
    assert drain(app) == DrainReport(sent=3)


def test_a_refused_sign_in_is_no_mails_fault(app: Flask, office: PostOffice) -> None:
    ids = queue(*addresses(2))
    office.greeting = "530 5.7.0 Authentication required"
    assert drain(app).trouble == "5.7.0 Authentication required"
    assert [look(mail_id).attempts for mail_id in ids] == [0, 0]


def test_an_unusable_signing_key_sends_nothing_unsigned_and_fails_nothing(
    app: Flask, office: PostOffice, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    key = tmp_path / "dkim.pem"
    key.write_text("no key at all")
    monkeypatch.setitem(app.config, "DKIM_KEY_FILE", str(key))
    (mail_id,) = queue("a@bashkia.example")
    assert drain(app).trouble.startswith("DKIM signing failed")
    assert office.taken == []
    assert look(mail_id).state is MailState.QUEUED


def test_a_mail_that_cannot_be_written_fails_alone(app: Flask, office: PostOffice) -> None:
    poisoned = make_mail("dy@bashkia.example", from_address="a@b.example, c@d.example")
    broken = make_mail("tre@bashkia.example")
    broken.links = {"answer_link": {"path": "/a/{token}"}}  # a link without its purpose
    db.session.commit()
    bad = [poisoned.id, broken.id]
    (good,) = queue("mire@bashkia.example")
    with structlog.testing.capture_logs():
        assert drain(app) == DrainReport(sent=1, failed=2)
    assert look(good).state is MailState.SENT
    for mail_id in bad:
        mail = look(mail_id)
        assert mail.state is MailState.FAILED
        assert explain_words(mail.last_code, mail.last_words, permanent=True) == "unsafe"
    assert len(office.taken) == 1


def test_told_to_stop_it_finishes_the_mail_in_hand_and_gives_the_rest_back(
    app: Flask, office: PostOffice
) -> None:
    ids = queue(*addresses(6))
    assert drain(app, should_stop=lambda: len(office.taken) >= 2) == DrainReport(sent=2)
    states = [look(mail_id).state for mail_id in ids]
    assert states == [MailState.SENT] * 2 + [MailState.QUEUED] * 4
    assert [look(mail_id).last_words for mail_id in ids[2:]] == [""] * 4


def test_a_lease_that_ran_out_is_taken_over_and_the_first_owner_lets_go(app: Flask) -> None:
    ids = queue(*addresses(2))
    instant = clock.now()
    assert claim_mails("dead", now=instant) == ids
    db.session.commit()
    assert claim_mails("alive", now=instant + LEASE - timedelta(seconds=1)) == []
    assert claim_mails("alive", now=instant + LEASE) == ids
    db.session.commit()
    assert take_in_hand(ids, "dead", now=instant + LEASE) == []
    release_claims(ids, "dead", words="not mine any more")
    db.session.commit()
    assert [look(mail_id).lease_owner for mail_id in ids] == ["alive", "alive"]
    [renewed] = take_in_hand(ids[:1], "alive", now=instant + 2 * LEASE)
    assert renewed.lease_until == instant + 3 * LEASE


def test_a_renewed_lease_keeps_others_away(app: Flask) -> None:
    (mail_id,) = queue("a@bashkia.example")
    instant = clock.now()
    claim_mails("slow", now=instant)
    take_in_hand([mail_id], "slow", now=instant + LEASE - timedelta(seconds=1))
    db.session.commit()
    assert claim_mails("other", now=instant + LEASE) == []


@pytest.fixture
def slow_worker(app: Flask, office: PostOffice) -> Iterator[threading.Thread]:
    """A worker that waits for the server's 250, which comes when the gate is opened."""
    office.gate.clear()
    worker = threading.Thread(target=drain_outbox, args=(app,), kwargs={"owner": "slow"})
    worker.start()
    yield worker
    office.gate.set()
    worker.join()


@pytest.fixture
def one_mail(app: Flask) -> int:
    return queue("a@bashkia.example")[0]


def test_a_mail_taken_over_while_the_server_was_slow_is_sent_once_in_the_books(
    app: Flask, office: PostOffice, one_mail: int, slow_worker: threading.Thread
) -> None:
    """The first worker's 250 comes after its lease: the second must neither send nor count again."""
    while not office.waiting:
        time.sleep(0.02)
    future = datetime.now(UTC) + 2 * LEASE
    assert claim_mails("second", now=future) == [one_mail]
    db.session.commit()
    office.gate.set()
    slow_worker.join()
    assert take_in_hand([one_mail], "second", now=future) == []
    db.session.rollback()
    mail = look(one_mail)
    assert (mail.state, mail.attempts, len(mail.tries)) == (MailState.SENT, 1, 1)


def test_pages_can_save_while_the_server_is_slow(
    app: Flask, office: PostOffice, one_mail: int, slow_worker: threading.Thread
) -> None:
    while not office.waiting:
        time.sleep(0.02)
    make_mail("b@bashkia.example", now=clock.now() + timedelta(hours=1))
    db.session.commit()
    assert slow_worker.is_alive()
    assert office.taken == []


def test_several_workers_at_once_send_each_mail_once(app: Flask, office: PostOffice) -> None:
    number = 60
    queue(*addresses(number))
    reports: list[DrainReport] = []

    def work(name: str) -> None:
        reports.append(drain_outbox(app, owner=name, limit=7))

    workers = [threading.Thread(target=work, args=(f"w{place}",)) for place in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sum(report.sent for report in reports) == number
    assert len(office.taken) == number
    assert max(office.times().values()) == 1
