"""Tables: an institution has offices; a person holds an office for a time (a mandate); each may have addresses.

``organisation_id`` says whose record it is; NULL is shared by the network.
"""

from __future__ import annotations

from datetime import date

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from pop_campaigns.accounts.models import Organisation
from pop_campaigns.contacts.rules import AddressUse, InstitutionKind
from pop_campaigns.core.db import Base, Line, Searchable, choice
from pop_campaigns.core.places import Municipality


class Institution(Searchable, Base):
    """A ministry, municipality, council, prefecture, agency, committee, medium… (Popolo: Organization)."""

    __tablename__ = "institutions"
    __table_args__ = (CheckConstraint("parent_id IS NULL OR parent_id <> id", name="not_its_own_parent"),)
    __sorted_by__ = "name_sq"
    __searched_in__ = ("name_sq", "name_en", "name_as_printed")

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str | None] = mapped_column(String(120), unique=True)
    kind: Mapped[InstitutionKind] = mapped_column(choice(InstitutionKind))
    name_sq: Mapped[str] = mapped_column(Line(200))
    name_en: Mapped[str] = mapped_column(Line(200), default="")
    name_as_printed: Mapped[str] = mapped_column(Line(200), default="")
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("institutions.id"))
    municipality_id: Mapped[int | None] = mapped_column(ForeignKey("municipalities.id"))
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"), index=True)

    parent: Mapped[Institution | None] = relationship(remote_side=[id])
    municipality: Mapped[Municipality | None] = relationship()
    organisation: Mapped[Organisation | None] = relationship()
    offices: Mapped[list[Office]] = relationship(back_populates="institution", order_by="Office.sort_key")
    addresses: Mapped[list[Address]] = relationship(back_populates="institution", order_by="Address.id")


class Office(Searchable, Base):
    """A post in an institution: Minister, Mayor, Prefect (Popolo: Post). Invitations and letters go to offices."""

    __tablename__ = "offices"
    __sorted_by__ = "title_sq"
    __searched_in__ = ("title_sq", "title_en")

    id: Mapped[int] = mapped_column(primary_key=True)
    institution_id: Mapped[int] = mapped_column(ForeignKey("institutions.id"), index=True)
    title_sq: Mapped[str] = mapped_column(Line(160))
    title_en: Mapped[str] = mapped_column(Line(160), default="")
    language: Mapped[str] = mapped_column(String(2), default="sq")
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"), index=True)

    institution: Mapped[Institution] = relationship(back_populates="offices", lazy="joined")
    mandates: Mapped[list[Mandate]] = relationship(back_populates="office", order_by="Mandate.id.desc()")
    addresses: Mapped[list[Address]] = relationship(back_populates="office", order_by="Address.id")


class Person(Searchable, Base):
    """A person, by the name as it is written (never split by a guess), beside the form a source printed."""

    __tablename__ = "persons"
    __sorted_by__ = "name"
    __searched_in__ = ("name", "name_as_printed")

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(Line(160))
    name_as_printed: Mapped[str] = mapped_column(Line(160), default="")
    language: Mapped[str] = mapped_column(String(2), default="sq")
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"), index=True)

    mandates: Mapped[list[Mandate]] = relationship(back_populates="person", order_by="Mandate.id.desc()")
    addresses: Mapped[list[Address]] = relationship(back_populates="person", order_by="Address.id")


class Mandate(Base):
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


class Address(Base):
    """An e-mail address of exactly one institution, office or person; it belongs to who collected it."""

    __tablename__ = "addresses"
    __table_args__ = (
        CheckConstraint(
            "(CASE WHEN institution_id IS NULL THEN 0 ELSE 1 END + CASE WHEN office_id IS NULL THEN 0 ELSE 1 END"
            " + CASE WHEN person_id IS NULL THEN 0 ELSE 1 END) = 1",
            name="of_one_owner",
        ),
        Index("ix_addresses_email", "email"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(254))
    use: Mapped[AddressUse] = mapped_column(choice(AddressUse), default=AddressUse.MAIN)
    institution_id: Mapped[int | None] = mapped_column(ForeignKey("institutions.id"), index=True)
    office_id: Mapped[int | None] = mapped_column(ForeignKey("offices.id"), index=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("persons.id"), index=True)
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"), index=True)
    placeholder: Mapped[bool] = mapped_column(default=False)

    institution: Mapped[Institution | None] = relationship(back_populates="addresses")
    office: Mapped[Office | None] = relationship(back_populates="addresses")
    person: Mapped[Person | None] = relationship(back_populates="addresses")
