"""Tables: a list, and who is on one that is kept by hand."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from pop_campaigns.accounts.models import Organisation
from pop_campaigns.contacts.models.institutions import Office
from pop_campaigns.contacts.models.persons import Person
from pop_campaigns.core.db import Base, Line, Searchable, UTCDateTime, choice
from pop_campaigns.core.once import MadeOnce
from pop_campaigns.core.versions import Versioned
from pop_campaigns.lists.rules import ListKind


class ContactList(Searchable, Versioned, MadeOnce, Base):
    """A list of offices and persons. ``filter`` is the saved search of a list that is looked up when it is used."""

    __tablename__ = "contact_lists"
    __table_args__ = (CheckConstraint("(kind = 'filter') = (filter IS NOT NULL)", name="filter_says_whom"),)
    __sorted_by__ = "name"
    __searched_in__ = ("name",)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(Line(160))
    kind: Mapped[ListKind] = mapped_column(choice(ListKind))
    filter: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime())

    organisation: Mapped[Organisation | None] = relationship()
    members: Mapped[list[ListMember]] = relationship(
        back_populates="contact_list", order_by="ListMember.id", cascade="all, delete-orphan"
    )


class ListMember(Base):
    """An office or a person on a list kept by hand."""

    __tablename__ = "list_members"
    __table_args__ = (
        UniqueConstraint("list_id", "office_id"),
        UniqueConstraint("list_id", "person_id"),
        CheckConstraint("(office_id IS NULL) <> (person_id IS NULL)", name="one_of_both"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    list_id: Mapped[int] = mapped_column(ForeignKey("contact_lists.id", ondelete="CASCADE"))
    office_id: Mapped[int | None] = mapped_column(ForeignKey("offices.id"), index=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("persons.id"), index=True)
    added_at: Mapped[datetime] = mapped_column(UTCDateTime())

    contact_list: Mapped[ContactList] = relationship(back_populates="members")
    office: Mapped[Office | None] = relationship()
    person: Mapped[Person | None] = relationship()
