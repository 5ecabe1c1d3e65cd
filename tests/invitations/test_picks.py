"""Whom the picker offers before anything is typed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from types import SimpleNamespace

import pytest
import time_machine
from flask.testing import FlaskClient

from pop_campaigns.accounts.models import Organisation, User
from pop_campaigns.core.db import db
from pop_campaigns.events.models.events import Event
from pop_campaigns.invitations.queries.picks import MOST_OFFERED, offered
from tests import factories
from tests.invitations.scene import NOW, counted_statements, invite, make_table

pytestmark = pytest.mark.both_databases

SignIn = Callable[[User], FlaskClient]


@pytest.fixture(autouse=True)
def in_may() -> Iterator[None]:
    with time_machine.travel(NOW, tick=True):
        yield


@pytest.fixture
def table(cast: SimpleNamespace) -> Event:
    """A table of Fier, beside offices of many cities that stand before Fier in every list."""
    for number in range(20):
        make_city(f"Ballsh {number:02}")
    event = make_table(cast.fier)
    db.session.commit()
    return event


def make_city(name: str, offices: int = 1, organisation: Organisation | None = None) -> list[int]:
    """A municipality with offices; gives their ids in the order of their names."""
    town = factories.make_institution(
        f"Bashkia {name}", municipality=factories.make_municipality(name), organisation=organisation
    )
    return [
        factories.make_office(f"Zyra {number:02}", town, email=f"z{town.id}-{number}@bashkia.example").id
        for number in range(offices)
    ]


def ids(event: Event, user: User) -> list[int]:
    return [one.id for one in offered(event, user, NOW)]


def test_the_own_municipality_stands_first_then_who_was_invited(table: Event, cast: SimpleNamespace) -> None:
    own = make_city("Fier", 3)
    guests = [factories.make_office("Ministër", factories.make_institution("Ministria e Ujit"))]
    before = make_table(cast.fier)
    invite(before, guests, cast)
    db.session.commit()
    seen = ids(table, cast.arta)
    assert seen[:3] == own
    assert seen[3] == guests[0].id
    assert len(seen) == MOST_OFFERED == len(set(seen))


def test_a_large_municipality_leaves_room_for_who_was_invited(table: Event, cast: SimpleNamespace) -> None:
    own = make_city("Fier", 15)
    guest = factories.make_office("Ministër", factories.make_institution("Ministria e Ujit"))
    invite(make_table(cast.fier), [guest], cast)
    assert ids(table, cast.arta) == [*own[:11], guest.id]


def test_others_guests_and_hidden_offices_are_not_offered(table: Event, cast: SimpleNamespace) -> None:
    hidden = make_city("Fier", 1, organisation=cast.vlore)
    guest = factories.make_office("Zëdhënës", factories.make_institution("Ministria e Ujit"))
    invite(make_table(cast.vlore), [guest], cast)
    seen = ids(table, cast.arta)
    assert len(seen) == MOST_OFFERED
    assert not {guest.id, *hidden} & set(seen)


def test_the_network_s_event_is_offered_somebody_too(table: Event, cast: SimpleNamespace) -> None:
    event = make_table(None)
    db.session.commit()
    assert len(ids(event, cast.drita)) == MOST_OFFERED


def test_the_page_shows_twelve_and_says_that_there_are_more(
    table: Event, cast: SimpleNamespace, sign_in: SignIn
) -> None:
    make_city("Fier", 2)
    cast.arta.language = "en"
    db.session.commit()
    browser, address = sign_in(cast.arta), f"/events/{table.id}/invite"
    page = browser.get(address).text
    assert len(re.findall(r'<li class="pick[ "]', page)) == MOST_OFFERED
    assert "The first 12 are shown. Type more to find others." in page
    assert page.index("Bashkia Fier") < page.index("Bashkia Ballsh")
    result = browser.get(address, query_string={"q": "ballsh"}).text
    assert len(re.findall(r'<li class="pick[ "]', result)) == 20
    assert "20 found" in result


def test_a_crowd_costs_no_more_queries(table: Event, cast: SimpleNamespace) -> None:
    def asked() -> int:
        with counted_statements() as seen:
            offered(table, cast.arta, NOW)
        return len(seen)

    make_city("Fier", 2)
    few = asked()
    make_city("Fier", 30)
    assert asked() <= few
