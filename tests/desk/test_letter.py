"""The page of one letter: it belongs to the letters in the rail, and tells what came from each recipient to whom it may."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import pytest
from flask.testing import FlaskClient

from pop_campaigns.accounts.models import User
from pop_campaigns.core.clock import now
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
    assert f"{scene.url}/recipients/{scene.recipient.id}/response?received_on=" in beside


def test_who_only_reads_sees_the_letter_and_no_mail(
    people: SimpleNamespace, sign_in: Browser, scene: SimpleNamespace
) -> None:
    page = sign_in(people.eva).get(scene.url)
    assert page.status_code == 200
    assert f'id="r{scene.recipient.id}"' in page.text
    assert WROTE not in page.text and "/mail/in/" not in page.text
    assert sign_in(people.clirim).get(scene.url).status_code == 404
