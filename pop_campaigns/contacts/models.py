"""Tables: an institution has offices; a person holds an office for a time (a mandate); each may have addresses.

``organisation_id`` says whose record it is; NULL is shared by the network.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    ColumnElement,
    Date,
    ForeignKey,
    Index,
    String,
    Time,
    UniqueConstraint,
    and_,
    or_,
    select,
    true,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from pop_campaigns.accounts.models import Organisation, User
from pop_campaigns.accounts.rules.roles import RoleName
from pop_campaigns.contacts.rules import (
    LOG_FOR_READERS,
    PRIVATE_KINDS,
    AddressUse,
    CheckResult,
    ConsentChannel,
    InstitutionKind,
    LogKind,
    MediumKind,
    PersonKind,
    Purpose,
    TombstoneKind,
    may_read_log,
)
from pop_campaigns.core.db import Base, Line, Prose, Searchable, UTCDateTime, choice
from pop_campaigns.core.files import StoredFile
from pop_campaigns.core.names import institution_key, person_keys
from pop_campaigns.core.once import MadeOnce
from pop_campaigns.core.places import Municipality
from pop_campaigns.core.versions import Versioned


class Mergeable:
    """A record that may turn out to be the same as another: then it points to it and is shown no more.

    ``shown_to`` and ``is_shown_to`` are asked by :mod:`accounts.scope` beside whose record it is.
    """

    merged_into_id: Mapped[int | None]

    @classmethod
    def shown_to(cls, role: RoleName) -> ColumnElement[bool]:  # noqa: ARG003  # persons ask for it
        """Return the condition that a person in this role may see a row."""
        return cls.merged_into_id.is_(None)

    def is_shown_to(self, role: RoleName) -> bool:
        """Return whether a person in this role may see this row."""
        return self.merged_into_id is None


class Institution(Mergeable, Searchable, Versioned, Base):
    """A ministry, municipality, council, prefecture, agency, committee, medium… (Popolo: Organization).

    ``phone`` is in the international form (E.164, *+35534222123*); ``county`` is the qark where there is no
    municipality, as with a prefecture. A medium says how it reaches its public and who accredited it until when.
    """

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
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("institutions.id"), index=True)
    municipality_id: Mapped[int | None] = mapped_column(ForeignKey("municipalities.id"))
    county: Mapped[str] = mapped_column(Line(80), default="")
    language: Mapped[str] = mapped_column(String(2), default="sq")
    phone: Mapped[str] = mapped_column(String(32), default="")
    post_address: Mapped[str] = mapped_column(Prose(), default="")
    working_hours: Mapped[str] = mapped_column(Line(200), default="")
    medium_kind: Mapped[MediumKind | None] = mapped_column(choice(MediumKind))
    accreditation: Mapped[str] = mapped_column(Line(200), default="")
    accredited_until: Mapped[date | None] = mapped_column(Date)
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"), index=True)
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("institutions.id"), index=True)
    name_key: Mapped[str] = mapped_column(String(200), default="", server_default="", index=True)

    parent: Mapped[Institution | None] = relationship(remote_side=[id], foreign_keys=[parent_id])
    municipality: Mapped[Municipality | None] = relationship()
    organisation: Mapped[Organisation | None] = relationship()
    offices: Mapped[list[Office]] = relationship(back_populates="institution", order_by="Office.sort_key")
    addresses: Mapped[list[Address]] = relationship(back_populates="institution", order_by="Address.id")

    @classmethod
    def name_keys(cls, values: Mapping[str, Any]) -> dict[str, str]:
        """Return by what a record of these values is found among those of like names (:mod:`core.names`)."""
        return {"name_key": institution_key(values["name_sq"] or "")}


class Office(Mergeable, Searchable, Versioned, Base):
    """A post in an institution: Minister, Mayor, Prefect (Popolo: Post). Invitations and letters go to offices."""

    __tablename__ = "offices"
    __sorted_by__ = "title_sq"
    __searched_in__ = ("title_sq", "title_en")

    id: Mapped[int] = mapped_column(primary_key=True)
    institution_id: Mapped[int] = mapped_column(ForeignKey("institutions.id"), index=True)
    title_sq: Mapped[str] = mapped_column(Line(160))
    title_en: Mapped[str] = mapped_column(Line(160), default="")
    language: Mapped[str] = mapped_column(String(2), default="sq")
    phone: Mapped[str] = mapped_column(String(32), default="")
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"), index=True)
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("offices.id"), index=True)

    institution: Mapped[Institution] = relationship(back_populates="offices", lazy="joined")
    mandates: Mapped[list[Mandate]] = relationship(back_populates="office", order_by="Mandate.id.desc()")
    addresses: Mapped[list[Address]] = relationship(back_populates="office", order_by="Address.id")


class Person(Mergeable, Searchable, Versioned, Base):
    """A person, by the name as it is written (never split by a guess), beside the form a source printed.

    ``topics`` are words set apart by commas (*lumenj, buxheti*). A journalist works for an institution (a medium).
    After ``erased_at`` nothing is left but the row that invitations and letters count.
    """

    __tablename__ = "persons"
    __sorted_by__ = "name"
    __searched_in__ = ("name", "name_as_printed")

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(Line(160))
    name_as_printed: Mapped[str] = mapped_column(Line(160), default="")
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


class Address(Versioned, Base):
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


class Consent(Versioned, Base):
    """What a person agreed to: which text, in which language, when, how, and where the proof is.

    A withdrawal ends it and stays beside it; consent given again is a row of its own. ``shared_with_id`` names the
    organisation for which sharing was agreed; NULL is the whole network (law 124/2024; GDPR art. 7).
    """

    __tablename__ = "consents"
    __table_args__ = (
        CheckConstraint("withdrawn_at IS NULL OR withdrawn_at >= given_at", name="withdrawn_after_given"),
        CheckConstraint("(withdrawn_at IS NULL) = (withdrawn_by IS NULL)", name="withdrawal_whole"),
        CheckConstraint("shared_with_id IS NULL OR purpose = 'sharing'", name="shared_for_sharing"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("persons.id"), index=True)
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"), index=True)
    purpose: Mapped[Purpose] = mapped_column(choice(Purpose))
    text_version: Mapped[str] = mapped_column(String(40))
    language: Mapped[str] = mapped_column(String(2))
    channel: Mapped[ConsentChannel] = mapped_column(choice(ConsentChannel))
    proof: Mapped[str] = mapped_column(Line(300), default="")
    proof_file_id: Mapped[int | None] = mapped_column(ForeignKey("stored_files.id"))
    shared_with_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"))
    given_at: Mapped[datetime] = mapped_column(UTCDateTime())
    recorded_at: Mapped[datetime] = mapped_column(UTCDateTime())
    withdrawn_at: Mapped[datetime | None] = mapped_column(UTCDateTime())
    withdrawn_by: Mapped[ConsentChannel | None] = mapped_column(
        choice(ConsentChannel, name="withdrawal_channel")
    )

    person: Mapped[Person] = relationship(back_populates="consents")
    proof_file: Mapped[StoredFile | None] = relationship()
    shared_with: Mapped[Organisation | None] = relationship(foreign_keys=[shared_with_id])


class Suppression(Base):
    """An address that wants no more mail for a purpose; of an organisation, or (NULL) of the whole network.

    Only a keyed hash is kept, so that it outlives the erasure of the person and the next import.
    """

    __tablename__ = "suppressions"
    __table_args__ = (UniqueConstraint("address_hash", "purpose", "organisation_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    address_hash: Mapped[str] = mapped_column(String(64))
    purpose: Mapped[Purpose] = mapped_column(choice(Purpose, name="suppressed_purpose"))
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"), index=True)
    channel: Mapped[ConsentChannel] = mapped_column(choice(ConsentChannel, name="suppression_channel"))
    at: Mapped[datetime] = mapped_column(UTCDateTime())


class Tombstone(Base):
    """By what an erased person is recognised, hashed, so that a restored backup or an import does not bring them back."""

    __tablename__ = "tombstones"
    __table_args__ = (UniqueConstraint("kind", "hash", "organisation_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[TombstoneKind] = mapped_column(choice(TombstoneKind))
    hash: Mapped[str] = mapped_column(String(64), index=True)
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"))
    erased_at: Mapped[datetime] = mapped_column(UTCDateTime())


class HashKey(Base):
    """The random key of the hashes above, made once and carried along in every backup; one row."""

    __tablename__ = "hash_keys"
    __table_args__ = (CheckConstraint("id = 1", name="only_one"),)

    id: Mapped[int] = mapped_column(primary_key=True, default=1)
    key: Mapped[str] = mapped_column(String(64))


class Merge(Base):
    """Two records found to be one: what was moved from which to which, so that it can be undone.

    ``moved`` lists ``[table, column, id]`` of every row that pointed to the record that went; ``changed`` holds the
    kept record's own values before.
    """

    __tablename__ = "merges"
    __table_args__ = (Index("ix_merges_of", "kind", "kept_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))
    kept_id: Mapped[int]
    gone_id: Mapped[int]
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"), index=True)
    moved: Mapped[list[list[Any]]] = mapped_column(JSON, default=list)
    changed: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    by_name: Mapped[str] = mapped_column(Line(200), default="")
    at: Mapped[datetime] = mapped_column(UTCDateTime())
    undone_at: Mapped[datetime | None] = mapped_column(UTCDateTime())


class LogEntry(Searchable, Versioned, MadeOnce, Base):
    """What was said with an office, a person or an institution, on the civil ``day`` (and ``hour``) of Tirana, by whom noted.

    An entry about an office names the person as well, where it was its holder. ``checked_address`` and ``result`` are of
    a phone check: whether anybody reads at that address; ``again_on`` is the day on which to try again.
    """

    __tablename__ = "contact_log"
    __table_args__ = (
        CheckConstraint(
            "institution_id IS NOT NULL OR office_id IS NOT NULL OR person_id IS NOT NULL", name="of_somebody"
        ),
        CheckConstraint("(result IS NULL) = (checked_address IS NULL)", name="check_whole"),
        CheckConstraint("again_on IS NULL OR result = 'again'", name="again_has_result"),
        Index("ix_contact_log_checked", "checked_address"),
    )
    __sorted_by__ = "with_whom"
    __searched_in__ = ("with_whom", "said")

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"), index=True)
    institution_id: Mapped[int | None] = mapped_column(ForeignKey("institutions.id"), index=True)
    office_id: Mapped[int | None] = mapped_column(ForeignKey("offices.id"), index=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("persons.id"), index=True)
    kind: Mapped[LogKind] = mapped_column(choice(LogKind))
    day: Mapped[date] = mapped_column(Date)
    hour: Mapped[time | None] = mapped_column(Time)
    with_whom: Mapped[str] = mapped_column(Line(200), default="")
    said: Mapped[str] = mapped_column(Prose(), default="")
    checked_address: Mapped[str | None] = mapped_column(String(254))
    result: Mapped[CheckResult | None] = mapped_column(choice(CheckResult))
    again_on: Mapped[date | None] = mapped_column(Date)
    writer_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    writer_name: Mapped[str] = mapped_column(Line(200), default="")
    made_at: Mapped[datetime] = mapped_column(UTCDateTime())

    institution: Mapped[Institution | None] = relationship()
    office: Mapped[Office | None] = relationship()
    person: Mapped[Person | None] = relationship()
    organisation: Mapped[Organisation | None] = relationship()
    writer: Mapped[User | None] = relationship()

    @classmethod
    def shown_to(cls, role: RoleName) -> ColumnElement[bool]:
        """Return the condition that a role may see an entry: who only reads, none of citizens, journalists or allies."""
        if role is not RoleName.VIEWER:
            return true()
        officials = select(Person.id).where(Person.kind.in_(LOG_FOR_READERS))
        return or_(cls.person_id.is_(None), cls.person_id.in_(officials))

    def is_shown_to(self, role: RoleName) -> bool:
        """Return whether a role may see this entry: who only reads, none of citizens, journalists or allies."""
        return may_read_log(role, self.person.kind if self.person else None)
