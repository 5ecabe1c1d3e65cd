"""Reminders by rules: made when they are due, read again when they are claimed, shown, moved, stopped and pressed."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from pop_campaigns.core import clock
from pop_campaigns.core.db import db
from pop_campaigns.core.history import History
from pop_campaigns.events.models.events import Event
from pop_campaigns.events.rules.events import EventState
from pop_campaigns.events.services.events import change_event, change_words, draft_of
from pop_campaigns.invitations.models.invitations import Invitation
from pop_campaigns.invitations.models.reminders import Reminder, ReminderRule
from pop_campaigns.invitations.queries.reminders import held_back_until, rules_of
from pop_campaigns.invitations.rules.invitations import Answer
from pop_campaigns.invitations.rules.reminders import Audience, ReminderOutcome, ReminderReason
from pop_campaigns.invitations.services.reminders import (
    RuleThere,
    add_rule,
    move_rule,
    plan_reminders,
    resume_rule,
    send_rule_now,
    settle_reminders,
    stop_rule,
)
from pop_campaigns.invitations.services.sending import (
    cancel_with_notice,
    send_changes,
    send_reminders,
    withdraw_guest,
)
from pop_campaigns.invitations.services.undoing import undo_sending
from pop_campaigns.invitations.tasks import remind_guests
from pop_campaigns.mail.compose import compose
from pop_campaigns.mail.models import OutgoingMail
from pop_campaigns.mail.outbox import claim_mails, record_sent, take_in_hand
from pop_campaigns.mail.rules import MailState, SendingKind
from pop_campaigns.mail.sendings import begin_sending
from tests.invitations.scene import (
    NOW,
    START,
    at_once,
    deliver,
    invite,
    mails,
    make_offices,
    make_table,
    refuse,
)

Browse = Callable[[Any], FlaskClient]
FIVE = datetime(2026, 6, 11, 8, 0, tzinfo=UTC)  # five days before, at ten in Tirana
SEVEN = datetime(2026, 6, 9, 8, 0, tzinfo=UTC)
TWO = datetime(2026, 6, 13, 17, 0, tzinfo=UTC)  # two days before is a Sunday: Saturday evening
ONE = datetime(2026, 6, 15, 8, 0, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def table(app: Flask, cast: SimpleNamespace) -> SimpleNamespace:
    """A round table with two guests who have their invitation; the second one comes."""
    event = make_table(cast.fier)
    silent, comes = invite(event, make_offices(2), cast)
    comes.answer, comes.answered_at = Answer.ACCEPTED, NOW + HOUR
    deliver()
    rules = {(rule.audience.value, rule.days_before): rule for rule in rules_of(event)}
    return SimpleNamespace(event=event, silent=silent, comes=comes, rules=rules, cast=cast)


def work(now: datetime) -> list[OutgoingMail]:
    """A worker's round: what is due is queued, claimed, read again and taken by the server; gives what left."""
    remind_guests(now=now)
    claimed = claim_mails("w", now=now)
    in_hand = take_in_hand(claimed, "w", now=now)
    settle_reminders(in_hand, now=now)
    left = [mail for mail in in_hand if mail.state is MailState.SENDING]
    for mail in left:
        record_sent(mail, code=250, words="taken", now=now)
    db.session.commit()
    return left


def asked(now: datetime) -> list[str]:
    """A worker's round; gives the addresses of the silent who were reminded."""
    return [mail.to_address for mail in work(now) if mail.kind == "invitation.reminder"]


def decisions() -> list[tuple[int, ReminderOutcome, ReminderReason | None]]:
    rows = db.session.scalars(select(Reminder).order_by(Reminder.id))
    return [(row.invitation_id, row.outcome, row.reason) for row in rows]


def test_a_new_event_has_rules_and_one_of_the_record_none(app: Flask, cast: SimpleNamespace) -> None:
    event = make_table(cast.fier)
    assert [(rule.audience, rule.days_before, rule.hour) for rule in rules_of(event)] == [
        (Audience.YES, 7, 10), (Audience.SILENT, 5, 10), (Audience.SILENT, 2, 10), (Audience.YES, 1, 10),
    ]  # fmt: skip
    assert rules_of(make_table(cast.fier, from_record=True)) == []
    assert rules_of(make_table(cast.fier, state=EventState.HELD)) == []
    db.session.delete(event)
    db.session.commit()
    assert db.session.scalars(select(ReminderRule)).all() == []


@pytest.mark.both_databases
def test_each_rule_goes_once_to_those_it_is_for(table: SimpleNamespace) -> None:
    assert work(SEVEN - MINUTE) == []
    [seven] = work(SEVEN + MINUTE)
    assert (seven.kind, seven.to_address) == ("invitation.attending", table.comes.address)
    assert work(SEVEN + 2 * MINUTE) == []
    [five] = work(FIVE)
    assert (five.kind, five.to_address) == ("invitation.reminder", table.silent.address)
    assert [mail.to_address for mail in work(TWO)] == [table.silent.address]
    assert [mail.kind for mail in work(ONE)] == ["invitation.attending"]
    assert work(START - MINUTE) == []
    assert decisions().count((table.comes.id, ReminderOutcome.NOT_NEEDED, ReminderReason.ANSWERED)) == 2
    assert decisions().count((table.silent.id, ReminderOutcome.NOT_NEEDED, ReminderReason.NOT_COMING)) == 2


def test_what_the_mails_say(table: SimpleNamespace) -> None:
    [seven], [five] = work(SEVEN), work(FIVE)
    comes, silent = compose(seven), compose(five)
    assert comes.calendar is None
    assert "Përgjigjja juaj deri tani: Po" in comes.text
    assert "/a/" in comes.text
    assert comes.subject.startswith("Kujtesë: ")
    assert silent.calendar is not None
    assert "SEQUENCE:0" in silent.calendar
    assert seven.auto_submitted
    assert five.auto_submitted


def test_words_are_those_of_the_moment_of_leaving(table: SimpleNamespace) -> None:
    work(SEVEN)
    remind_guests(now=FIVE)
    change_words(table.event, {"title_sq": "Tryezë për ujin"}, by=table.cast.arta, now=FIVE)
    db.session.commit()
    [mail] = work(FIVE + MINUTE)
    assert "Tryezë për ujin" in compose(mail).text
    assert compose(mail).subject.endswith("Tryezë për ujin")


def cancel(table: SimpleNamespace) -> None:
    # As a command would that knows no mails: what waits is not called off by anybody.
    table.event.state = EventState.CANCELLED


def withdraw(table: SimpleNamespace) -> None:
    table.silent.state = table.silent.state.__class__.WITHDRAWN


def answer(table: SimpleNamespace) -> None:
    table.silent.answer, table.silent.answered_at = Answer.DECLINED, FIVE


def move(table: SimpleNamespace) -> None:
    later = replace(draft_of(table.event), starts_at=START + HOUR)
    change_event(table.event, later, by=table.cast.arta, now=FIVE)


def stop(table: SimpleNamespace) -> None:
    stop_rule(table.rules["silent", 5], by=table.cast.arta, now=FIVE)


@pytest.mark.parametrize(
    ("meanwhile", "why"),
    [
        (cancel, ReminderReason.CANCELLED),
        (withdraw, ReminderReason.WITHDRAWN),
        (answer, ReminderReason.ANSWERED),
        (move, ReminderReason.CHANGED),
        (stop, ReminderReason.STOPPED),
    ],
)
def test_a_queued_reminder_that_is_not_true_any_more_does_not_leave(
    table: SimpleNamespace, meanwhile: Callable[[SimpleNamespace], None], why: ReminderReason
) -> None:
    work(SEVEN)
    remind_guests(now=FIVE)
    meanwhile(table)
    db.session.commit()
    assert work(FIVE + MINUTE) == []
    assert (table.silent.id, ReminderOutcome.DROPPED, why) in decisions()
    assert mails("reminder")[0].state is MailState.WITHDRAWN


def test_one_by_hand_is_read_again_too(table: SimpleNamespace) -> None:
    assert send_reminders(table.event, by=table.cast.arta, now=FIVE - HOUR) == 1
    answer(table)
    db.session.commit()
    assert asked(FIVE - HOUR) == []
    assert mails("reminder")[0].state is MailState.WITHDRAWN


def test_one_that_the_night_overtakes_waits_for_the_morning(table: SimpleNamespace) -> None:
    night = FIVE.replace(hour=21)
    work(SEVEN)
    remind_guests(now=FIVE)
    claim_mails("killed", now=FIVE)
    db.session.commit()
    assert work(night) == []
    assert mails("reminder")[0].state is MailState.QUEUED
    assert work(night + HOUR) == []
    [mail] = work(FIVE + timedelta(hours=22))
    assert mail.dated_at.astimezone(UTC).hour == 6
    assert len(decisions()) == 4


def test_a_move_after_it_sends_the_change_alone_unless_the_date_is_far(table: SimpleNamespace) -> None:
    work(FIVE)
    later = FIVE + timedelta(days=1)
    for days, goes in ((1, 0), (30, 1)):
        moved = replace(draft_of(table.event), starts_at=START + timedelta(days=days), ends_at=None)
        change_event(table.event, moved, by=table.cast.arta, now=later)
        send_changes(table.event, by=table.cast.arta, now=later)
        deliver(later)
        assert asked(FIVE + timedelta(days=days)) == [table.silent.address] * goes
    assert table.event.date_version == 2


def test_words_and_places_are_no_other_date(table: SimpleNamespace) -> None:
    change_event(
        table.event, replace(draft_of(table.event), venue="Teatri Bylis"), by=table.cast.arta, now=NOW
    )
    assert (table.event.date_version, table.event.sequence) == (0, 1)


def test_who_knows_an_older_time_is_told_of_the_change_first(table: SimpleNamespace) -> None:
    change_event(
        table.event, replace(draft_of(table.event), venue="Teatri Bylis"), by=table.cast.arta, now=NOW
    )
    db.session.commit()
    assert work(FIVE) == []
    assert decisions() == []
    send_changes(table.event, by=table.cast.arta, now=FIVE + HOUR)
    db.session.commit()
    assert [mail.kind for mail in work(FIVE + HOUR)] == ["invitation.change"] * 2
    assert (table.silent.id, ReminderOutcome.NOT_NEEDED, ReminderReason.TOLD_LATER) in decisions()


def test_withdrawing_and_cancelling_call_it_off(table: SimpleNamespace) -> None:
    remind_guests(now=FIVE)
    withdraw_guest(table.silent, by=table.cast.arta, now=FIVE)
    cancel_with_notice(table.event, by=table.cast.arta, now=FIVE)
    db.session.commit()
    assert mails("reminder")[0].state is MailState.WITHDRAWN
    assert {mail.kind for mail in work(FIVE)} == {"invitation.cancellation"}
    assert work(START - timedelta(days=1)) == []


def test_one_a_day_over_all_events_of_the_organisation(table: SimpleNamespace) -> None:
    same = [table.silent.office]
    second = make_table(table.cast.fier, starts_at=START + HOUR, ends_at=None)
    other = make_table(table.cast.vlore, starts_at=START + HOUR, ends_at=None)
    invite(second, same, table.cast)
    invite(other, same, table.cast)
    deliver()
    work(SEVEN)
    left = work(FIVE)
    assert {mail.organisation_id for mail in left} == {table.cast.fier.id, table.cast.vlore.id}
    assert len(left) == 2
    assert work(FIVE + HOUR) == []
    # The second one on the next day: it is a Friday.
    assert len(work(FIVE + timedelta(days=1))) == 1


def test_late_but_once_and_the_page_says_so(table: SimpleNamespace) -> None:
    work(FIVE + timedelta(days=1))
    row = db.session.scalar(select(Reminder).where(Reminder.outcome == ReminderOutcome.MADE))
    assert row is not None
    assert row.late
    assert work(FIVE + timedelta(days=1, hours=1)) == []


def test_the_press_goes_to_who_had_none_at_any_hour(table: SimpleNamespace) -> None:
    rule, night = table.rules["silent", 5], FIVE.replace(day=9, hour=21)
    work(SEVEN)
    assert send_rule_now(rule, by=table.cast.arta, now=night) == 1
    db.session.commit()
    assert len(work(night)) == 1
    assert send_rule_now(rule, by=table.cast.arta, now=night + timedelta(days=1)) == 0
    assert work(FIVE) == []


def test_a_press_that_is_taken_back_is_as_if_it_had_not_been(
    app: Flask, table: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "UNDO_SECONDS", 30)
    rule, press = table.rules["silent", 5], SEVEN + HOUR
    work(SEVEN)
    for _ in range(2):
        sending = begin_sending(SendingKind.REMINDERS, table.event, by=table.cast.arta, now=press, form={})
        assert sending is not None
        assert send_rule_now(rule, by=table.cast.arta, now=press, sending=sending) == 1
        db.session.commit()
        undo_sending(sending, table.event, by=table.cast.arta, now=press)
        db.session.commit()
        press += MINUTE
    assert asked(press) == []
    # Its own hour is still to come, and goes once.
    assert asked(FIVE) == [table.silent.address]
    assert asked(FIVE + HOUR) == []


def test_who_has_not_got_the_invitation_is_not_reminded_of_it(app: Flask, cast: SimpleNamespace) -> None:
    event = make_table(cast.fier)
    invite(event, make_offices(1), cast)
    refuse(mails()[0])
    assert work(FIVE) == []
    assert decisions() == []


def test_the_press_leaves_alone_who_just_had_a_mail(table: SimpleNamespace) -> None:
    assert send_rule_now(table.rules["silent", 2], by=table.cast.arta, now=NOW + HOUR) == 0
    assert held_back_until(table.event, now=NOW + HOUR) == NOW + 12 * HOUR
    assert held_back_until(table.event, now=NOW + 12 * HOUR) is None


def test_rules_are_moved_stopped_resumed_and_added(table: SimpleNamespace) -> None:
    arta, five = table.cast.arta, table.rules["silent", 5]
    with pytest.raises(RuleThere):
        move_rule(five, 2, 10, by=arta, now=NOW)
    with pytest.raises(RuleThere):
        add_rule(table.event, Audience.SILENT, 5, 9, by=arta, now=NOW)
    move_rule(five, 6, 9, by=arta, now=NOW)
    db.session.commit()
    assert asked(FIVE - timedelta(days=1, hours=1)) == [table.silent.address]
    stop_rule(table.rules["silent", 2], by=arta, now=FIVE)
    db.session.commit()
    assert asked(TWO) == []
    # What was due meanwhile is not made up for.
    resume_rule(table.rules["silent", 2], by=arta, now=TWO + MINUTE)
    add_rule(table.event, Audience.SILENT, 4, 10, by=arta, now=TWO + MINUTE)
    db.session.commit()
    assert asked(TWO + 2 * MINUTE) == []
    reasons = [reason for guest, _outcome, reason in decisions() if guest == table.silent.id]
    assert reasons.count(ReminderReason.NEW_RULE) == 2
    actions = set(db.session.scalars(select(History.action)))
    assert {f"event.reminder_{verb}" for verb in ("moved", "stopped", "resumed", "added")} <= actions


def test_a_rule_that_is_moved_asks_again_only_for_who_had_none(table: SimpleNamespace) -> None:
    work(FIVE)
    move_rule(table.rules["silent", 5], 3, 10, by=table.cast.arta, now=FIVE)
    table.comes.answer, table.comes.answered_at = Answer.NEEDS_ACTION, None
    db.session.commit()
    assert asked(FIVE + timedelta(days=2)) == [table.comes.address]


@pytest.mark.both_databases
def test_planners_at_once_make_each_once(app: Flask, cast: SimpleNamespace) -> None:
    event = make_table(cast.fier)
    invite(event, make_offices(12), cast)
    deliver()

    def plan() -> int:
        made = plan_reminders(event.id, now=FIVE, limit=5)[1]
        db.session.commit()
        return made

    ident = event.id
    db.session.remove()
    event = SimpleNamespace(id=ident)  # type: ignore[assignment]
    results = at_once(app, 6, plan)
    assert all(isinstance(result, int) for result in results), results
    while plan():
        pass
    kept = [mail.to_address for mail in mails("reminder")]
    assert len(kept) == len(set(kept)) == 12


def page(browser: FlaskClient, event: Event) -> str:
    return browser.get(f"/events/{event.id}").text


@pytest.fixture
def soon(app: Flask, cast: SimpleNamespace) -> SimpleNamespace:
    """A round table in ten days by the real clock, with a guest who has not answered."""
    now = clock.now()
    event = make_table(cast.fier, starts_at=now + timedelta(days=10), ends_at=None, created_at=now)
    [guest] = invite(event, make_offices(1), cast)
    deliver(now - timedelta(days=1))
    for mail in mails():
        mail.dated_at = now - timedelta(days=1)
    db.session.commit()
    return SimpleNamespace(event=event, guest=guest, rule=rules_of(event)[1], cast=cast)


def test_the_page_says_what_goes_when(soon: SimpleNamespace, sign_in: Browse) -> None:
    shown = page(sign_in(soon.cast.arta), soon.event)
    assert "Çfarë niset vetvetiu" in shown
    assert "5 ditë përpara, për ata që nuk janë përgjigjur" in shown
    assert "nëse nuk ndryshon gjë, për 1 të ftuar" in shown
    assert f"/reminders/{soon.rule.id}" in shown
    assert f"/reminders/{soon.rule.id}" not in page(sign_in(soon.cast.eva), soon.event)


def test_a_rule_has_a_page_that_moves_it(soon: SimpleNamespace, sign_in: Browse) -> None:
    browser, url = sign_in(soon.cast.arta), f"/reminders/{soon.rule.id}"
    assert "Dërgo tani 1 kujtesë" in browser.get(url).text
    found = re.search(r'name="version" value="([^"]+)"', browser.get(url).text)
    assert found
    seen = {"version": found[1], "hour": "9"}
    refused = browser.post(url, data=seen | {"days_before": "400"})
    assert refused.status_code == 422
    assert 'value="400"' in refused.text
    taken = browser.post(url, data=seen | {"days_before": "2"})
    assert (taken.status_code, "në këtë ditë" in taken.text) == (422, True)
    assert browser.post(url, data=seen | {"days_before": "4"}).status_code == 302
    db.session.expire_all()
    assert (soon.rule.days_before, soon.rule.hour) == (4, 9)


def test_stop_resume_send_by_press(soon: SimpleNamespace, sign_in: Browse) -> None:
    browser, url = sign_in(soon.cast.arta), f"/reminders/{soon.rule.id}"
    for verb, stopped in (("stop", True), ("stop", True), ("resume", False)):
        assert browser.post(f"{url}/{verb}").status_code == 302
        db.session.expire_all()
        assert (soon.rule.stopped_at is not None) is stopped
    assert browser.post(f"{url}/send").status_code == 302
    assert "nuk u dërgua asgjë" in browser.post(f"{url}/send", follow_redirects=True).text
    assert len(mails("reminder")) == 1


def test_one_more_rule(soon: SimpleNamespace, sign_in: Browse) -> None:
    browser, url = sign_in(soon.cast.arta), f"/events/{soon.event.id}/reminders/new"
    assert browser.post(url, data={"days_before": "3"}).status_code == 422
    wanted = {"days_before": "3", "hour": "11", "audience": "silent"}
    assert browser.post(url, data=wanted).status_code == 302
    again = browser.post(url, data=wanted)
    assert (again.status_code, 'value="3"' in again.text) == (422, True)
    assert len(rules_of(soon.event)) == 5


@pytest.mark.parametrize("who", ["eva", "clirim"])
def test_rules_of_others_are_not_there_and_who_reads_changes_nothing(
    soon: SimpleNamespace, sign_in: Browse, who: str
) -> None:
    browser = sign_in(getattr(soon.cast, who))
    statuses = {
        browser.post(f"/reminders/{soon.rule.id}/{verb}").status_code for verb in ("stop", "send", "resume")
    }
    statuses.add(
        browser.post(f"/reminders/{soon.rule.id}", data={"days_before": "3", "hour": "9"}).status_code
    )
    statuses.add(browser.post(f"/events/{soon.event.id}/reminders/new", data={}).status_code)
    assert statuses <= {403, 404}
    db.session.expire_all()
    assert (soon.rule.days_before, soon.rule.stopped_at, len(mails("reminder"))) == (5, None, 0)


def test_a_cancelled_event_takes_no_press(soon: SimpleNamespace, sign_in: Browse) -> None:
    soon.event.state = EventState.CANCELLED
    db.session.commit()
    browser, url = sign_in(soon.cast.arta), f"/reminders/{soon.rule.id}"
    assert browser.get(url).status_code == 200
    assert browser.post(f"{url}/send").status_code == 302
    assert mails("reminder") == []
    assert db.session.scalar(select(Invitation.id)) is not None
