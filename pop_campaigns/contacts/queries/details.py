"""Further phone numbers and post addresses of contacts, as far as a user may see them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, or_, select

from pop_campaigns.accounts.models import User
from pop_campaigns.accounts.scope import select_visible, visible
from pop_campaigns.contacts.models.addresses import ContactDetail
from pop_campaigns.contacts.models.institutions import Institution, Office
from pop_campaigns.contacts.models.persons import Person
from pop_campaigns.contacts.rules import DetailKind
from pop_campaigns.core.db import db

Contact = Institution | Office | Person


@dataclass(frozen=True)
class Further:
    """Further numbers and addresses of some contacts, in the order in which they were entered."""

    _rows: dict[tuple[str, int, DetailKind], list[ContactDetail]] = field(default_factory=dict)

    def phones(self, owner: Contact) -> list[ContactDetail]:
        """Return the further phone numbers of a contact."""
        return self._rows.get((owner.__tablename__, owner.id, DetailKind.PHONE), [])

    def posts(self, owner: Contact) -> list[ContactDetail]:
        """Return the further post addresses of a contact."""
        return self._rows.get((owner.__tablename__, owner.id, DetailKind.POST), [])


def further_of(owners: Iterable[Contact], user: User) -> Further:
    """Return the further numbers and addresses of contacts that the user may see; one query."""
    ids: defaultdict[str, list[int]] = defaultdict(list)
    for owner in owners:
        ids[owner.__tablename__].append(owner.id)
    columns = {
        "institutions": ContactDetail.institution_id,
        "offices": ContactDetail.office_id,
        "persons": ContactDetail.person_id,
    }
    wanted = or_(*(columns[table].in_(idents) for table, idents in ids.items()))
    rows: defaultdict[tuple[str, int, DetailKind], list[ContactDetail]] = defaultdict(list)
    if ids:
        for detail in db.session.scalars(
            select_visible(ContactDetail, user).where(wanted).order_by(ContactDetail.id)
        ):
            for table, column in columns.items():
                ident = getattr(detail, column.key)
                if ident is not None:
                    rows[table, ident, detail.kind].append(detail)
    return Further(dict(rows))


def has_number(digits: str, user: User) -> ColumnElement[bool]:
    """Return the condition that a person has a phone number with these digits, the first one or a further one."""
    further = select(ContactDetail.person_id).where(
        ContactDetail.kind == DetailKind.PHONE,
        ContactDetail.value.contains(digits, autoescape=True),
        ContactDetail.person_id.is_not(None),
        visible(ContactDetail, user, scanned=True),
    )
    return or_(Person.phone.contains(digits, autoescape=True), Person.id.in_(further))
