"""Two records become one and two again: all that pointed to one, the history of both, and nobody's else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from pop_campaigns.contacts.models.addresses import Address
from pop_campaigns.contacts.models.institutions import Institution, Office
from pop_campaigns.contacts.models.merges import Merge
from pop_campaigns.contacts.models.persons import Mandate, Person
from pop_campaigns.contacts.services.merging import CannotMerge, merge, preview_merge, undo_merge
from pop_campaigns.contacts.services.persons import PersonDraft, change_person
from pop_campaigns.core.clock import now
from pop_campaigns.core.db import Base, db
from pop_campaigns.core.history import History
from pop_campaigns.core.salutations import FormOfAddress
from pop_campaigns.invitations.models.invitations import Invitation
from pop_campaigns.lists.models import ContactList, ListMember
from pop_campaigns.lists.rules import ListKind
from tests import factories

pytestmark = pytest.mark.both_databases

SignIn = Callable[[Any], FlaskClient]


def everything() -> dict[str, list[Any]]:
    """Every row of every table but history and the merges themselves, and how often each was written."""
    left_out = {"history", "merges", "user_sessions"}
    db.session.expire_all()
    return {
        table.name: sorted(
            map(repr, db.session.execute(select(*(c for c in table.c if c.name != "version"))).all())
        )
        for table in Base.metadata.sorted_tables
        if table.name not in left_out
    }


@pytest.fixture
def twice(cast: SimpleNamespace) -> SimpleNamespace:
    """A journalist entered twice, both known to events, lists, offices and by addresses."""
    kept = factories.make_person("Gazetare Fier", organisation=cast.fier, email="g@medium.example")
    gone = factories.make_person("Gazetare  Fieri", organisation=cast.fier, email="G@medium.example")
    own = {"organisation_id": cast.fier.id}
    db.session.add(Address(email="tjeter@medium.example", use="main", person=gone, **own))
    office = factories.make_office("Drejtor", organisation=cast.fier)
    for person, since in ((kept, date(2020, 1, 1)), (gone, None), (gone, date(2010, 1, 1))):
        until = date(2012, 1, 1) if since == date(2010, 1, 1) else None
        db.session.add(Mandate(person=person, office=office, from_date=since, to_date=until, **own))
    factories.make_consent(gone)
    both, one = factories.make_event(cast.fier), factories.make_event(cast.fier)
    for event, person in ((both, kept), (both, gone), (one, gone)):
        factories.make_invitation(
            event,
            office_id=None,
            person=person,
            name=person.name,
            address=f"{person.id}@medium.example",
        )
    group = ContactList(name="Mediet", kind=ListKind.BY_HAND, created_at=now(), **own)
    db.session.add_all([group, ListMember(contact_list=group, person=gone, added_at=now())])
    said = PersonDraft("Gazetare Fieri", phone="+35534222123", form_of_address=FormOfAddress.ZONJA)
    change_person(gone, said, by=cast.arta, now=now())
    db.session.commit()
    return SimpleNamespace(kept=kept, gone=gone, one=one, both=both)


def test_all_that_pointed_to_one_points_to_the_other(cast: SimpleNamespace, twice: SimpleNamespace) -> None:
    sent = db.session.execute(
        select(Invitation.id, Invitation.name, Invitation.address).order_by(Invitation.id)
    ).all()
    seen = preview_merge(twice.kept, twice.gone, cast.arta)
    assert dict(seen.moving()) == {
        "addresses": 1, "consents": 1, "invitations": 1, "list_members": 1, "mandates": 1,
    }  # fmt: skip
    # The same address, the mandate that says no more, the second invitation to one event.
    assert dict(seen.staying()) == {"addresses": 1, "invitations": 1, "mandates": 1}
    assert seen.filled == [(twice.kept, "phone", "+35534222123")]
    assert [question.fields for question in seen.questions] == [("name",), ("form_of_address",)]
    merge(twice.kept, twice.gone, by=cast.arta, now=now())
    db.session.commit()
    assert sorted(address.email for address in twice.kept.addresses) == [
        "g@medium.example",
        "tjeter@medium.example",
    ]
    assert {mandate.from_date for mandate in twice.kept.mandates} == {date(2020, 1, 1), date(2010, 1, 1)}
    assert twice.kept.phone == "+35534222123"
    assert db.session.scalars(select(ListMember.person_id)).one() == twice.kept.id
    asked = select(Invitation.event_id).where(Invitation.person_id == twice.kept.id)
    assert sorted(db.session.scalars(asked)) == sorted([twice.one.id, twice.both.id])
    assert (
        db.session.execute(
            select(Invitation.id, Invitation.name, Invitation.address).order_by(Invitation.id)
        ).all()
        == sent
    )


def test_undone_everything_is_as_before(cast: SimpleNamespace, twice: SimpleNamespace) -> None:
    before = everything()
    row = merge(twice.kept, twice.gone, by=cast.arta, now=now())
    db.session.commit()
    assert everything() != before
    assert undo_merge(row, by=cast.arta, now=now()) == 0
    db.session.commit()
    assert everything() == before
    assert undo_merge(row, by=cast.arta, now=now()) == 0
    assert [history.action for history in db.session.scalars(select(History).order_by(History.id))][-2:] == [
        "contact.merged",
        "contact.merge_undone",
    ]


def test_what_was_changed_since_stays(cast: SimpleNamespace, twice: SimpleNamespace) -> None:
    row = merge(twice.kept, twice.gone, by=cast.arta, now=now())
    third = factories.make_person("E treta", organisation=cast.fier)
    moved = db.session.scalars(select(Address).where(Address.email == "tjeter@medium.example")).one()
    moved.person_id = third.id
    twice.kept.phone = "+35534555555"
    db.session.commit()
    assert undo_merge(row, by=cast.arta, now=now()) == 1
    db.session.commit()
    assert moved.person_id == third.id
    assert twice.kept.phone == "+35534555555"
    assert twice.gone.merged_into_id is None


def test_the_history_of_both_stays(cast: SimpleNamespace, twice: SimpleNamespace, sign_in: SignIn) -> None:
    before = db.session.scalars(select(History.id)).all()
    assert before
    merge(twice.kept, twice.gone, by=cast.arta, now=now())
    db.session.commit()
    assert set(before) < set(db.session.scalars(select(History.id)))
    page = sign_in(cast.arta).get(f"/people/persons/{twice.kept.id}").text
    assert "Telefoni: – → 034 222 123" in page
    assert "Gazetare Fieri u bashkua me këtë" in page
    assert page.count("timeline-when") == 2


def test_by_the_pages_as_a_coordinator_does_it(
    cast: SimpleNamespace, twice: SimpleNamespace, sign_in: SignIn
) -> None:
    arta, kept, gone = sign_in(cast.arta), twice.kept.id, twice.gone.id
    result = arta.get(f"/people/persons/{gone}/merge?q=gazetare").text
    address = f"/people/persons/{gone}/merge/{kept}"
    assert address in result
    preview = arta.get(address).text
    assert "Ftesat (1)" in preview
    assert "Telefon" in preview
    for _press in (1, 2):
        assert arta.post(address).headers["Location"] == f"/people/persons/{kept}"
    row = db.session.scalars(select(Merge)).one()
    assert f"/people/merges/{row.id}/undo" in arta.get(f"/people/persons/{kept}").text
    for who in (cast.clirim, cast.eva):
        assert sign_in(who).post(f"/people/merges/{row.id}/undo").status_code == 404
        assert sign_in(who).get(address).status_code == 404
    for _press in (1, 2):
        assert arta.post(f"/people/merges/{row.id}/undo").status_code == 302
    assert arta.get(f"/people/persons/{gone}").status_code == 200
    assert len(db.session.scalars(select(Merge)).all()) == 1


def test_what_cannot_become_one_is_refused_in_words(
    cast: SimpleNamespace, twice: SimpleNamespace, sign_in: SignIn
) -> None:
    shared = factories.make_person("Gazetare Fier")
    vlore = factories.make_person("Gazetare Fier", organisation=cast.vlore)
    citizen = factories.make_person("Qytetare", organisation=cast.fier, kind="citizen")
    db.session.commit()

    def reason(kept: Person, gone: Person, by: Any) -> str:
        with pytest.raises(CannotMerge) as problem:
            merge(kept, gone, by=by, now=now())
        db.session.rollback()
        return problem.value.reason

    assert reason(twice.kept, twice.kept, cast.arta) == "same"
    assert reason(vlore, twice.gone, cast.drita) == "owners"
    assert reason(twice.kept, shared, cast.arta) == "owners"
    assert reason(shared, citizen, cast.arta) == "private"
    # What is ours becomes part of the network's, whose own fields only administrators change.
    row = merge(shared, twice.gone, by=cast.arta, now=now())
    db.session.commit()
    assert (row.organisation_id, shared.phone) == (cast.fier.id, "")
    assert reason(twice.kept, twice.gone, cast.arta) == "gone"
    undo_merge(row, by=cast.arta, now=now())
    db.session.commit()
    arta = sign_in(cast.arta)
    assert arta.get(f"/people/persons/{twice.gone.id}/merge/{vlore.id}").status_code == 404
    answer = arta.get(f"/people/persons/{citizen.id}/merge/{shared.id}")
    assert answer.headers["Location"] == f"/people/persons/{citizen.id}/merge"
    assert "Qytetari i përket" in arta.get(answer.headers["Location"]).text


def test_institutions_become_one_with_their_offices(cast: SimpleNamespace) -> None:
    kept = factories.make_institution("Bashkia Fier", organisation=cast.fier)
    gone = factories.make_institution("Bashkia e Fierit", organisation=cast.fier, working_hours="8–16")
    part = factories.make_institution("Drejtoria", kind="directorate", organisation=cast.fier, parent=gone)
    mayor = factories.make_office("Kryetar", kept, organisation=cast.fier)
    double = factories.make_office("KRYETAR", gone, organisation=cast.fier, email="dyfish@bashkia.example")
    other = factories.make_office("Sekretar", gone, organisation=cast.fier)
    invitation = factories.make_invitation(
        factories.make_event(cast.fier),
        double,
        state="invited",
        invited_at=datetime.now(UTC) - timedelta(days=1),
    )
    db.session.commit()
    before = everything()
    row = merge(kept, gone, by=cast.arta, now=now())
    db.session.commit()
    assert (invitation.office_id, double.merged_into_id, other.institution_id) == (
        mayor.id,
        mayor.id,
        kept.id,
    )
    assert (part.parent_id, kept.working_hours) == (kept.id, "8–16")
    assert "dyfish@bashkia.example" in [address.email for address in mayor.addresses]
    undo_merge(row, by=cast.arta, now=now())
    db.session.commit()
    assert everything() == before
    with pytest.raises(CannotMerge) as problem:
        merge(part, gone, by=cast.arta, now=now())
    assert problem.value.reason == "part"
    # The other way round what stood above stands for itself.
    merge(gone, part, by=cast.arta, now=now())
    assert db.session.get(Institution, gone.id).parent_id is None
    assert isinstance(other, Office)
