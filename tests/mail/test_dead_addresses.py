"""When nothing is sent to an address any more: the rule by examples, and what the tables say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from pop_campaigns.core.db import db
from pop_campaigns.mail.models import OutgoingMail
from pop_campaigns.mail.outbox import queue_again
from pop_campaigns.mail.queries import dead_among
from pop_campaigns.mail.rules import CameBack, MailState, is_dead, says_dead
from tests import factories

pytestmark = pytest.mark.both_databases

NOW = datetime(2026, 3, 20, 8, 0, tzinfo=UTC)
ADDRESS = "zyra@bashkia.example"


def day(number: float) -> datetime:
    """So many days before NOW."""
    return NOW - timedelta(days=number)


@pytest.mark.parametrize(
    ("bounced", "arrived", "dead"),
    [
        ([], None, False),
        ([8, 0], None, False),
        ([7, 3, 0], None, True),
        ([0, 7, 3], None, True),
        ([6.99, 3, 0], None, False),
        ([0, 0, 0, 0, 0], None, False),
        ([30, 29, 28], None, False),
        ([60, 50, 40], None, True),
        ([110, 100, 90], None, False),
        ([110, 100, 89.9], None, True),
        ([40, 30, 20, 3], 25, False),
        ([40, 30, 20, 10, 3], 35, True),
        ([40, 30, 20], 10, False),
    ],
)
def test_three_bounces_over_seven_days_with_nothing_arriving(
    bounced: list[float], arrived: float | None, dead: bool
) -> None:
    result = is_dead([day(one) for one in bounced], None if arrived is None else day(arrived), NOW)
    assert bool(result) is dead
    if result:
        counted = [one for one in bounced if arrived is None or one < arrived]
        assert result == CameBack(len(counted), day(max(counted)), day(min(counted)))


@pytest.mark.parametrize(
    ("words", "dead"),
    [
        ("5.1.1 550 5.1.1 No such user here", True),
        ("5.2.1 mailbox disabled", True),
        ("5.4.4 no such host", True),
        ("", True),
        ("550 user unknown", True),
        ("5.7.1 refused by policy", False),
        ("5.7.26 not signed", False),
        ("5.2.3 too large", False),
        ("5.3.4 too large for the system", False),
        ("5.6.1 media not supported", False),
        ("5.0.0 550 5.1.1 User unknown", True),
        ("5.0.0 550 User unknown", True),
        ("5.1.10 550 5.1.10 RESOLVER.ADR.RecipientNotFound", True),
        ("5.4.1 550 5.4.1 Recipient address rejected: Access denied", True),
        ("5.2.2 552 5.2.2 mailbox full", True),
        ("5.1.1 550 5.1.1 Recipient address rejected: User unknown in relay recipient table", True),
        ("554 no such mailbox", True),
        ("5.0.0 550 5.7.1 Connections not accepted from servers without reverse DNS", False),
        ("5.1.0 550 5.7.26 unauthenticated", False),
        ("550 5.7.1 refused", False),
        ("5.0.0 554 Relay access denied", False),
        ("5.1.7 550 5.1.7 Invalid address", False),
        ("5.1.8 553 5.1.8 Domain of address does not exist", False),
        ("5.0.0 553 5.1.8 Sender domain does not exist", False),
        ("4.4.7 421 4.4.7 gave up", False),
        ("4.2.2 mailbox full", False),
        ("5.0.0 451 4.7.1 later", False),
        ("4.0.0 connection timed out", False),
        ("451 later", False),
        ("5.0.0 450 later", False),
        ("554 transaction failed", False),
        ("552 exceeded", False),
        ("5.3.0 554 5.3.0 the system is out of order", False),
        ("5.1.1 550 5.1.1 rejected for its reputation", False),
        ("5.0.0 550 SPF check failed", False),
        ("550 rejected by DMARC", False),
        ("5.0.0 554 Your IP address is listed by Spamhaus", False),
        ("5.1.0 550 sender rejected", False),
        ("5.0.0 550 blocked using a blocklist", False),
        ("5.0.0 550 greylisted", False),
    ],
)
def test_what_speaks_of_this_mail_or_of_us_says_nothing_of_the_address(words: str, dead: bool) -> None:
    assert says_dead(words) is dead


def sent(ago: float, *, bounced: bool | None = None, to: str = ADDRESS, **values: Any) -> OutgoingMail:
    """A mail that left so many days ago; ``bounced`` True: came back for good, False: was delayed."""
    mail = factories.make_mail(to, now=day(ago))
    mail.state, mail.sent_at = MailState.SENT, day(ago)
    if bounced is not None:
        mail.bounced_at, mail.bounce_permanent = day(ago), bounced
        mail.bounce_words = "5.1.1 550 No such user here"
    for name, value in values.items():
        setattr(mail, name, value)
    db.session.flush()
    return mail


def three_bounces(to: str = ADDRESS) -> None:
    for ago in (20, 15, 10):
        sent(ago, bounced=True, to=to)


def test_an_address_is_found_whatever_its_case_and_only_it(app: Flask) -> None:
    three_bounces()
    dead = dead_among({"ZYRA@bashkia.example", "tjeter@bashkia.example"}, now=NOW)
    assert dead == {"ZYRA@bashkia.example": CameBack(3, day(20), day(10))}
    assert dead_among(set(), now=NOW) == {}


def test_of_a_whole_list_the_same_ones_are_found(app: Flask) -> None:
    three_bounces()
    many = {f"zyra{n}@bashkia.example" for n in range(1200)}
    assert set(dead_among(many | {ADDRESS}, now=NOW)) == {ADDRESS}


def test_delays_and_refusals_on_the_way_out_never_count(app: Flask) -> None:
    for ago in (20, 15, 10):
        sent(ago, bounced=False)
        sent(ago, state=MailState.FAILED, sent_at=None)
    assert dead_among({ADDRESS}, now=NOW) == {}


def test_a_mail_that_has_not_come_back_within_a_week_ends_it(app: Flask) -> None:
    three_bounces()
    sent(6)
    assert dead_among({ADDRESS}, now=NOW)
    assert not dead_among({ADDRESS}, now=NOW + timedelta(days=1, seconds=1))


def test_a_delayed_mail_and_a_receipt_do_not_end_it(app: Flask) -> None:
    three_bounces()
    sent(8, bounced=False)
    sent(8, auto_submitted=True, null_sender=True)
    assert dead_among({ADDRESS}, now=NOW)


def test_sending_one_again_is_how_people_try_again(app: Flask) -> None:
    three_bounces()
    last = sent(9, bounced=True)
    again = queue_again(last, now=NOW)
    db.session.flush()
    assert again is not last
    assert again.state is MailState.QUEUED, "a person's own wish is not held back"
    again.state, again.sent_at = MailState.SENT, NOW
    db.session.flush()
    assert dead_among({ADDRESS}, now=NOW + timedelta(days=6))
    assert not dead_among({ADDRESS}, now=NOW + timedelta(days=7))
