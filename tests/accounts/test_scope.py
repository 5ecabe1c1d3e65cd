"""Who sees and changes whose records."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from sqlalchemy import select
from werkzeug.exceptions import NotFound

from pop_campaigns.accounts.scope import (
    NoOrganisation,
    get_changeable,
    get_visible,
    may_change,
    owner_of_new,
    select_visible,
    visible,
)
from pop_campaigns.contacts.models.persons import Person
from pop_campaigns.core.db import db
from pop_campaigns.events.models.events import Event
from tests import factories
from tests.factories import make_event

pytestmark = pytest.mark.both_databases


def test_a_coordinator_sees_her_own_and_the_networks_events_only(cast: SimpleNamespace) -> None:
    own, shared, foreign = make_event(cast.fier), make_event(None), make_event(cast.vlore)
    seen = set(db.session.scalars(select_visible(Event, cast.arta)))
    assert seen == {own, shared}
    assert get_visible(Event, own.id, cast.besa) is own
    with pytest.raises(NotFound):
        get_visible(Event, foreign.id, cast.arta)


def test_changing_needs_more_than_seeing(cast: SimpleNamespace) -> None:
    own, shared = make_event(cast.fier), make_event(None)
    assert get_changeable(Event, own.id, cast.arta) is own
    with pytest.raises(NotFound):
        get_changeable(Event, shared.id, cast.arta)
    assert not may_change(own, cast.eva)
    assert may_change(own, cast.drita) and may_change(shared, cast.drita)


def test_a_person_without_a_role_sees_nothing(cast: SimpleNamespace) -> None:
    make_event(cast.fier)
    cast.arta.roles = []
    assert db.session.scalars(select_visible(Event, cast.arta)).all() == []


@pytest.mark.parametrize("ident", [0, -1, 2**40])
def test_ids_out_of_range_are_unknown(cast: SimpleNamespace, ident: int) -> None:
    with pytest.raises(NotFound):
        get_visible(Event, ident, cast.drita)


def test_a_scanned_table_shows_the_same_rows(cast: SimpleNamespace) -> None:
    factories.make_person("E rrjetit")
    for organisation in (cast.fier, cast.vlore):
        factories.make_person("E organizatës", organisation=organisation)
    nobody = factories.make_user("askush", "coordinator", None)
    without = factories.make_user("pa rol", "coordinator", None)
    without.roles.clear()
    db.session.commit()
    counts = {cast.arta: 2, cast.clirim: 2, cast.drita: 3, cast.eva: 3, nobody: 1, without: 0}
    for user, count in counts.items():
        for scanned in (False, True):
            seen = db.session.scalars(select(Person).where(visible(Person, user, scanned=scanned))).all()
            assert len(seen) == count, (user.name, scanned)


def test_a_new_record_is_its_makers_or_what_an_administrator_says(cast: SimpleNamespace) -> None:
    fier, vlore = cast.fier.id, cast.vlore.id
    for asked in (None, fier, vlore):
        assert owner_of_new(cast.arta, asked) == fier, "whatever the form says"
        assert owner_of_new(cast.drita, asked) == owner_of_new(None, asked) == asked
    cast.arta.organisation = None
    db.session.flush()
    with pytest.raises(NoOrganisation):
        owner_of_new(cast.arta, vlore)
