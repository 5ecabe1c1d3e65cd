"""Tables: what persons agreed to, who wants no more mail, and by what an erased person is recognised."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from pop_campaigns.accounts.models import Organisation
from pop_campaigns.contacts.rules import ConsentChannel, Purpose, TombstoneKind
from pop_campaigns.core.db import Base, Line, UTCDateTime, choice
from pop_campaigns.core.files import StoredFile
from pop_campaigns.core.versions import Versioned

if TYPE_CHECKING:
    from pop_campaigns.contacts.models.persons import Person


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
