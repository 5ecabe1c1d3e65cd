"""Tables: a person holds an office for a time (a mandate)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import CheckConstraint, ColumnElement, Date, ForeignKey, String, and_, true
from sqlalchemy.orm import Mapped, mapped_column, relationship

from pop_campaigns.accounts.models import Organisation
from pop_campaigns.accounts.rules.roles import RoleName
from pop_campaigns.contacts.models.merges import Mergeable
from pop_campaigns.contacts.rules import PRIVATE_KINDS, PersonKind
from pop_campaigns.core.db import Base, Line, Prose, Stemmed, UTCDateTime, choice
from pop_campaigns.core.names import person_keys
from pop_campaigns.core.places import Municipality
from pop_campaigns.core.salutations import FormOfAddress
from pop_campaigns.core.versions import Versioned

if TYPE_CHECKING:
    from pop_campaigns.contacts.models.addresses import Address, ContactDetail
    from pop_campaigns.contacts.models.consents import Consent
    from pop_campaigns.contacts.models.institutions import Institution, Office


class Person(Mergeable, Stemmed, Versioned, Base):
    """A person, by the name as it is written (never split by a guess), beside the form a source printed.

    ``form_of_address`` is as somebody said it, NULL where nobody did; no name tells it. ``topics`` are words set apart by
    commas (*lumenj, buxheti*). A journalist works for an institution (a medium).
    After ``erased_at`` nothing is left but the row that invitations and letters count.
    """

    __tablename__ = "persons"
    __sorted_by__ = "name"
    __searched_in__ = ("name", "name_as_printed")

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(Line(160))
    name_as_printed: Mapped[str] = mapped_column(Line(160), default="")
    form_of_address: Mapped[FormOfAddress | None] = mapped_column(choice(FormOfAddress))
    kind: Mapped[PersonKind] = mapped_column(choice(PersonKind), default=PersonKind.OTHER)
    language: Mapped[str] = mapped_column(String(2), default="sq")
    phone: Mapped[str] = mapped_column(String(32), default="", index=True)
    post_address: Mapped[str] = mapped_column(Prose(), default="")
    municipality_id: Mapped[int | None] = mapped_column(ForeignKey("municipalities.id"), index=True)
    topics: Mapped[str] = mapped_column(Line(400), default="")
    works_for_id: Mapped[int | None] = mapped_column(ForeignKey("institutions.id"), index=True)
    press_card: Mapped[str] = mapped_column(Line(80), default="")
    press_card_until: Mapped[date | None] = mapped_column(Date)
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"), index=True)
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("persons.id"), index=True)
    erased_at: Mapped[datetime | None] = mapped_column(UTCDateTime())
    name_key_first: Mapped[str] = mapped_column(String(40), default="", server_default="", index=True)
    name_key_last: Mapped[str] = mapped_column(String(40), default="", server_default="", index=True)
    name_key_other: Mapped[str] = mapped_column(String(40), default="", server_default="", index=True)

    municipality: Mapped[Municipality | None] = relationship()
    works_for: Mapped[Institution | None] = relationship()
    organisation: Mapped[Organisation | None] = relationship()
    mandates: Mapped[list[Mandate]] = relationship(back_populates="person", order_by="Mandate.id.desc()")
    addresses: Mapped[list[Address]] = relationship(back_populates="person", order_by="Address.id")
    details: Mapped[list[ContactDetail]] = relationship(back_populates="person", order_by="ContactDetail.id")
    consents: Mapped[list[Consent]] = relationship(back_populates="person", order_by="Consent.id.desc()")

    @classmethod
    def name_keys(cls, values: Mapping[str, Any]) -> dict[str, str]:
        """Return by what a record of these values is found among those of like names (:mod:`core.names`)."""
        first, last, other = person_keys(values["name"] or "", values["name_as_printed"] or "")
        return {"name_key_first": first, "name_key_last": last, "name_key_other": other}

    @classmethod
    def shown_to(cls, role: RoleName) -> ColumnElement[bool]:
        """Return the condition that a person in this role may see one: nobody who was erased; who only reads, no citizen."""
        kinds = cls.kind.not_in(PRIVATE_KINDS) if role is RoleName.VIEWER else true()
        return and_(cls.merged_into_id.is_(None), cls.erased_at.is_(None), kinds)

    def is_shown_to(self, role: RoleName) -> bool:
        """Return whether a person in this role may see this one: nobody who was erased; who only reads, no citizen."""
        gone = self.merged_into_id is not None or self.erased_at is not None
        return not gone and not (role is RoleName.VIEWER and self.kind in PRIVATE_KINDS)


class Mandate(Versioned, Base):
    """Who holds an office, from–to; a NULL date is not known or not over (Popolo: Membership)."""

    __tablename__ = "mandates"
    __table_args__ = (
        CheckConstraint(
            "to_date IS NULL OR from_date IS NULL OR to_date >= from_date", name="ends_after_start"
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("persons.id"), index=True)
    office_id: Mapped[int] = mapped_column(ForeignKey("offices.id"), index=True)
    from_date: Mapped[date | None] = mapped_column(Date)
    to_date: Mapped[date | None] = mapped_column(Date)
    known_on: Mapped[date | None] = mapped_column(Date)
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"), index=True)

    person: Mapped[Person] = relationship(back_populates="mandates", lazy="joined")
    office: Mapped[Office] = relationship(back_populates="mandates")
