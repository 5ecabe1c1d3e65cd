"""The guests of an event as its page lists them: mail, answer, how, when, and what happened before."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from types import SimpleNamespace

import pytest
import time_machine
from flask.testing import FlaskClient

from pop_campaigns.accounts.models import User
from pop_campaigns.core.db import db
from pop_campaigns.core.i18n import speaking
from pop_campaigns.events.models.events import Event
from pop_campaigns.invitations.rules.invitations import Answer, AnswerChannel
from pop_campaigns.invitations.services.answers import record_answer
from pop_campaigns.invitations.services.sending import withdraw_guest
from pop_campaigns.mail.refusals import REFUSAL_LABELS
from tests import factories
from tests.invitations.scene import (
    NOW,
    counted_statements,
    deliver,
    invite,
    mails,
    make_offices,
    make_table,
    move,
    refuse,
)

SignIn = Callable[[User], FlaskClient]


@pytest.fixture(autouse=True)
def a_day_later() -> Iterator[None]:
    with time_machine.travel(NOW + timedelta(days=1), tick=True):
        yield


@pytest.fixture
def table(cast: SimpleNamespace) -> Event:
    event = make_table(cast.fier)
    db.session.commit()
    return event


def row_of(page: str, guest_id: int) -> str:
    return page.partition(f'id="guest-{guest_id}"')[2].partition("</tr>")[0]


def words(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def test_each_guest_is_shown_with_mail_answer_and_history(
    table: Event, cast: SimpleNamespace, sign_in: SignIn
) -> None:
    coming, sending, silent, unreached, gone = invite(table, make_offices(5), cast)
    refuse(mails()[3])
    deliver()
    record_answer(coming, Answer.TENTATIVE, channel=AnswerChannel.LINK, now=NOW)
    later = NOW + timedelta(hours=1)
    record_answer(coming, Answer.ACCEPTED, note="Vij me dy veta", channel=AnswerChannel.LINK, now=later)
    record_answer(
        sending, Answer.DECLINED, substitute="Zv. Drejtor", channel=AnswerChannel.CALENDAR, now=later
    )
    withdraw_guest(gone, by=cast.arta, now=later)
    draft = factories.make_invitation(table)
    db.session.commit()
    page = sign_in(cast.arta).get(f"/events/{table.id}?about={coming.id}").text

    assert "Vij me dy veta" in row_of(page, coming.id)
    assert "tone-good" in row_of(page, coming.id)
    history = page.partition('class="guest-panel')[2].partition('class="timeline"')[2].partition("</ol>")[0]
    assert history.index("Vij me dy veta") < history.index("◐")  # newest first
    assert "Zv. Drejtor" in row_of(page, sending.id)
    assert "○" in row_of(page, silent.id)
    with speaking("sq"):
        assert str(REFUSAL_LABELS["mailbox_unknown"]) in row_of(page, unreached.id)
    assert "◇" in row_of(page, draft.id)
    assert f"/invitations/{coming.id}/withdraw" in page
    assert f"/invitations/{gone.id}/withdraw" not in page
    assert 'class="withdrawn"' in page
    counts = words(page.partition('class="counts-words"')[2].partition("</ul>")[0])
    assert [int(number) for number in re.findall(r"\b(\d+)\b", counts)] == [1, 1, 1, 1]


def test_who_answered_or_knows_an_older_time_is_marked(
    table: Event, cast: SimpleNamespace, sign_in: SignIn
) -> None:
    [guest] = invite(table, make_offices(1), cast)
    deliver()
    record_answer(guest, Answer.ACCEPTED, channel=AnswerChannel.LINK, now=NOW)
    db.session.commit()
    browser = sign_in(cast.arta)
    assert "guest-warn" not in browser.get(f"/events/{table.id}").text
    move(table, venue="Teatri")
    assert row_of(browser.get(f"/events/{table.id}").text, guest.id).count("guest-warn") == 2


def test_readers_see_the_table_without_buttons(table: Event, cast: SimpleNamespace, sign_in: SignIn) -> None:
    [guest] = invite(table, make_offices(1), cast)
    page = sign_in(cast.eva).get(f"/events/{table.id}").text
    assert guest.shown_as in page
    assert "/withdraw" not in page


def test_what_guests_write_stays_text(table: Event, cast: SimpleNamespace, sign_in: SignIn) -> None:
    [guest] = invite(table, make_offices(1), cast)
    hostile = "<script>alert(1)</script>{{ 7*7 }}" + "ë" * 1900
    record_answer(
        guest, Answer.ACCEPTED, substitute="<b>x</b>", note=hostile, channel=AnswerChannel.LINK, now=NOW
    )
    db.session.commit()
    page = sign_in(cast.arta).get(f"/events/{table.id}?about={guest.id}").text
    assert "<script>alert" not in page
    assert "<b>x</b>" not in page
    assert "{{ 7*7 }}" in page


@pytest.mark.both_databases
def test_many_guests_cost_no_more_queries(table: Event, cast: SimpleNamespace, sign_in: SignIn) -> None:
    browser = sign_in(cast.arta)

    def queries() -> int:
        db.session.expire_all()
        with counted_statements() as seen:
            assert browser.get(f"/events/{table.id}").status_code == 200
        return len(seen)

    for guest in invite(table, make_offices(2), cast):
        record_answer(guest, Answer.ACCEPTED, channel=AnswerChannel.LINK, now=NOW)
    db.session.commit()
    few = queries()
    for number in range(20):
        guest = factories.make_invitation(table)
        if number % 2:
            guest.state, guest.invited_at = guest.state.INVITED, NOW
            db.session.flush()
            record_answer(guest, Answer.DECLINED, channel=AnswerChannel.LINK, now=NOW)
    db.session.commit()
    assert queries() == few
