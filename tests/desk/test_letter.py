"""The page of one letter: it belongs to the letters in the rail, and tells what came from each recipient to whom it may."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace

import pytest
from flask.testing import FlaskClient

from pop_campaigns.accounts.models import User
from pop_campaigns.core.clock import local_date, now
from pop_campaigns.core.db import db
from pop_campaigns.letters.models import LetterRecipient
from pop_campaigns.letters.rules.letters import LetterState
from pop_campaigns.mail.models import IncomingLink
from pop_campaigns.mail.rules import IncomingState
from tests import factories

Browser = Callable[[User], FlaskClient]
WROTE = "E morëm letrën tuaj."


@pytest.fixture
def scene(people: SimpleNamespace) -> SimpleNamespace:
    """A letter of Fier's to one office, from which a person wrote back."""
    letter = factories.make_letter(people.fier, state=LetterState.SENT, sent_at=now())
    recipient = factories.make_letter_recipient(letter, factories.make_office())
    mail = factories.make_incoming(people.fier, text=WROTE, state=IncomingState.MATCHED)
    link = IncomingLink(subject_type=LetterRecipient.__tablename__, subject_id=recipient.id, how="token")
    link.at = now()
    mail.links.append(link)
    db.session.commit()
    return SimpleNamespace(url=f"/letters/{letter.id}", mail=mail, recipient=recipient)


def test_the_rail_says_where_it_belongs(
    people: SimpleNamespace, sign_in: Browser, scene: SimpleNamespace
) -> None:
    page = sign_in(people.arta).get(scene.url).text
    rail = page[page.index('class="rail-nav"') :].partition("</nav>")[0]
    assert '<a href="/letters" aria-current="page">' in rail
    assert rail.count("aria-current") == 1


def test_what_came_back_stands_beside_its_sender_and_can_be_recorded(
    people: SimpleNamespace, sign_in: Browser, scene: SimpleNamespace
) -> None:
    page = sign_in(people.arta).get(scene.url).text
    beside = page[page.index(f'id="r{scene.recipient.id}"') :].partition("</li>")[0]
    assert WROTE in beside
    assert f'href="/mail/in/{scene.mail.id}"' in beside
    assert f"/mail/in/{scene.mail.id}/response/{scene.recipient.id}" in beside


def test_who_only_reads_sees_the_letter_and_no_mail(
    people: SimpleNamespace, sign_in: Browser, scene: SimpleNamespace
) -> None:
    page = sign_in(people.eva).get(scene.url)
    assert page.status_code == 200
    assert f'id="r{scene.recipient.id}"' in page.text
    assert WROTE not in page.text and "/mail/in/" not in page.text
    assert sign_in(people.clirim).get(scene.url).status_code == 404


def test_a_reply_is_to_be_read_before_anybody_is_late(
    people: SimpleNamespace, sign_in: Browser, scene: SimpleNamespace
) -> None:
    late = local_date(now()) - timedelta(days=20)
    scene.recipient.clock_from, scene.recipient.due_on = late - timedelta(days=14), late
    scene.recipient.due_explained = {
        "start": (late - timedelta(days=14)).isoformat(),
        "by_hand": True,
        "informed": True,
    }
    db.session.commit()
    browser = sign_in(people.arta)
    for url in (scene.url, "/letters"):
        page = browser.get(url).text
        assert "Reply to be read" in page and "days late" not in page and "Overdue</span>" not in page, url
    assert (
        "Gjanica"
        not in browser.get("/letters?show=overdue").text.partition("<main")[2].partition("</form>")[2]
    )
    today = browser.get("/today").text
    assert 'class="worklist late"' not in today and "reply to be read" in today
    assert f'href="/mail/in/{scene.mail.id}"' in today
    assert "Read the reply" in today and "Read the reply" not in sign_in(people.eva).get("/today").text
    scene.recipient.due_on = local_date(now()) + timedelta(days=40)
    db.session.commit()
    assert "time until" not in browser.get("/today").text
    scene.recipient.due_on, scene.mail.seen_at = late, now()
    db.session.commit()
    assert "Overdue" in browser.get(scene.url).text
    assert 'class="worklist late"' in browser.get("/today").text
    assert "days late" in browser.get("/letters?show=overdue").text
