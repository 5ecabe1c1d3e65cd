"""Tables: e-mail addresses of institutions, offices and persons, and their further phone numbers and post addresses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, Index, String, func, or_
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, relationship

from pop_campaigns.contacts.rules import AddressUse, DetailKind, DetailUse
from pop_campaigns.core.db import Base, Prose, choice
from pop_campaigns.core.versions import Versioned
from pop_campaigns.mail.addresses import EXAMPLES, is_sample_address

if TYPE_CHECKING:
    from pop_campaigns.contacts.models.institutions import Institution, Office
    from pop_campaigns.contacts.models.persons import Person

_OF_ONE_OWNER = (
    "(CASE WHEN institution_id IS NULL THEN 0 ELSE 1 END + CASE WHEN office_id IS NULL THEN 0 ELSE 1 END"
    " + CASE WHEN person_id IS NULL THEN 0 ELSE 1 END) = 1"
)


class Address(Versioned, Base):
    """An e-mail address of exactly one institution, office or person; it belongs to who collected it."""

    __tablename__ = "addresses"
    __table_args__ = (
        CheckConstraint(_OF_ONE_OWNER, name="of_one_owner"),
        Index("ix_addresses_email", "email"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(254))
    use: Mapped[AddressUse] = mapped_column(choice(AddressUse), default=AddressUse.MAIN)
    institution_id: Mapped[int | None] = mapped_column(ForeignKey("institutions.id"), index=True)
    office_id: Mapped[int | None] = mapped_column(ForeignKey("offices.id"), index=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("persons.id"), index=True)
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"), index=True)

    institution: Mapped[Institution | None] = relationship(back_populates="addresses")
    office: Mapped[Office | None] = relationship(back_populates="addresses")
    person: Mapped[Person | None] = relationship(back_populates="addresses")

    @hybrid_property
    def is_sample(self) -> bool:
        """Whether it only holds the place of an address not known yet: nothing can be delivered there (RFC 2606)."""
        return is_sample_address(self.email)

    @is_sample.inplace.expression
    @classmethod
    def _is_sample(cls) -> ColumnElement[bool]:
        email = func.lower(cls.email)
        return or_(*(email.like(f"%{before}{domain}") for domain in EXAMPLES for before in (".", "@")))


class ContactDetail(Versioned, Base):
    """A further phone number (E.164) or post address of exactly one institution, office or person, with its use.

    The first one stands in the record itself. As an e-mail address it belongs to who collected it.
    """

    __tablename__ = "contact_details"
    __table_args__ = (
        CheckConstraint(_OF_ONE_OWNER, name="of_one_owner"),
        CheckConstraint("value <> ''", name="says_something"),
        CheckConstraint("kind = 'phone' OR use IN ('work', 'home', 'other')", name="post_has_no_line"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[DetailKind] = mapped_column(choice(DetailKind))
    value: Mapped[str] = mapped_column(Prose())
    use: Mapped[DetailUse] = mapped_column(choice(DetailUse), default=DetailUse.OTHER)
    institution_id: Mapped[int | None] = mapped_column(ForeignKey("institutions.id"), index=True)
    office_id: Mapped[int | None] = mapped_column(ForeignKey("offices.id"), index=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("persons.id"), index=True)
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"), index=True)

    institution: Mapped[Institution | None] = relationship(back_populates="details")
    office: Mapped[Office | None] = relationship(back_populates="details")
    person: Mapped[Person | None] = relationship(back_populates="details")
