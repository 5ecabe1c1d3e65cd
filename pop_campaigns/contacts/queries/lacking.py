"""Which institutions still lack something: an address that mail can go to, or the holder of an office."""

from __future__ import annotations

from datetime import date

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, or_, select

from pop_campaigns.accounts.models import User
from pop_campaigns.accounts.scope import visible
from pop_campaigns.contacts.models.addresses import Address
from pop_campaigns.contacts.models.institutions import Institution, Office
from pop_campaigns.contacts.models.persons import Mandate, Person
from pop_campaigns.contacts.queries.reach import in_force
from pop_campaigns.contacts.rules import Lack
from pop_campaigns.core.db import db


def lacks(lack: Lack, user: User, on: date) -> ColumnElement[bool]:
    """Return the condition that an institution lacks something on a day, as far as the user may see.

    *No address*: one of its offices, or the institution itself where it has none, has no address and none of the
    institution's stands in. *No holder*: one of its offices is held by nobody.
    """
    of_institution = and_(Office.institution_id == Institution.id, visible(Office, user))
    if lack is Lack.HOLDER:
        held = exists().where(
            Mandate.office_id == Office.id,
            in_force(on),
            visible(Mandate, user),
            Person.id == Mandate.person_id,
            visible(Person, user),
        )
        return exists().where(of_institution, ~held)
    own = exists().where(Address.institution_id == Institution.id, visible(Address, user))
    reached = exists().where(Address.office_id == Office.id, visible(Address, user))
    without_offices = ~exists().where(of_institution)
    return and_(~own, or_(without_offices, exists().where(of_institution, ~reached)))


def count_lacking(institutions: Select[Institution], user: User, on: date) -> dict[Lack, int]:
    """Return how many of the institutions a query finds lack what; one query."""
    # The records that belong to a row, and the order, are not needed to count.
    numbers = institutions.with_only_columns(Institution.id).order_by(None).options()
    counted = select(*(func.count(case((lacks(lack, user, on), 1))) for lack in Lack)).where(
        Institution.id.in_(numbers.subquery().select())
    )
    return dict(zip(Lack, db.session.execute(counted).one(), strict=True))
