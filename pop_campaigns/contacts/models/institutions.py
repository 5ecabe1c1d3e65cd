"""Tables: an institution has offices; each may have addresses.

``organisation_id`` says whose record it is; NULL is shared by the network.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from sqlalchemy import CheckConstraint, Date, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from pop_campaigns.accounts.models import Organisation
from pop_campaigns.contacts.models.merges import Mergeable
from pop_campaigns.contacts.rules import InstitutionKind, MediumKind
from pop_campaigns.core.dative import dative, in_gender
from pop_campaigns.core.db import Base, Line, Prose, Stemmed, choice
from pop_campaigns.core.names import institution_key
from pop_campaigns.core.places import Municipality
from pop_campaigns.core.salutations import FormOfAddress
from pop_campaigns.core.versions import Versioned

if TYPE_CHECKING:
    from pop_campaigns.contacts.models.addresses import Address, ContactDetail
    from pop_campaigns.contacts.models.persons import Mandate


class Institution(Mergeable, Stemmed, Versioned, Base):
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
    details: Mapped[list[ContactDetail]] = relationship(
        back_populates="institution", order_by="ContactDetail.id"
    )

    @classmethod
    def name_keys(cls, values: Mapping[str, Any]) -> dict[str, str]:
        """Return by what a record of these values is found among those of like names (:mod:`core.names`)."""
        return {"name_key": institution_key(values["name_sq"] or "")}

    def in_dative(self) -> str:
        """Return whom a letter in Albanian to the institution is addressed to; empty where the rule does not know."""
        return dative("", self.name_sq)


class Office(Mergeable, Stemmed, Versioned, Base):
    """A post in an institution: Minister, Mayor, Prefect (Popolo: Post). Invitations and letters go to offices.

    ``dative`` is whom a letter in Albanian is addressed to (*Kryetarit të Bashkisë Fier*) where somebody wrote it otherwise
    than the rule does (:mod:`core.dative`).
    """

    __tablename__ = "offices"
    __sorted_by__ = "title_sq"
    __searched_in__ = ("title_sq", "title_en")

    id: Mapped[int] = mapped_column(primary_key=True)
    institution_id: Mapped[int] = mapped_column(ForeignKey("institutions.id"), index=True)
    title_sq: Mapped[str] = mapped_column(Line(160))
    title_en: Mapped[str] = mapped_column(Line(160), default="")
    dative: Mapped[str] = mapped_column(Line(400), default="", server_default="")
    language: Mapped[str] = mapped_column(String(2), default="sq")
    phone: Mapped[str] = mapped_column(String(32), default="")
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"), index=True)
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("offices.id"), index=True)

    institution: Mapped[Institution] = relationship(back_populates="offices", lazy="joined")
    mandates: Mapped[list[Mandate]] = relationship(back_populates="office", order_by="Mandate.id.desc()")
    addresses: Mapped[list[Address]] = relationship(back_populates="office", order_by="Address.id")
    details: Mapped[list[ContactDetail]] = relationship(back_populates="office", order_by="ContactDetail.id")

    def proposed_dative(self) -> str:
        """Return whom the rule would address a letter in Albanian to; empty where it does not know."""
        return dative(self.title_sq, self.institution.name_sq)

    def in_dative(self, form: FormOfAddress | None = None) -> str:
        """Return whom a letter in Albanian to the office is addressed to; empty where nobody wrote it and the rule does not know.

        ``form`` is that of the holder who is named: a woman has the feminine.
        """
        phrase = self.dative or self.proposed_dative()
        return phrase if form is None else in_gender(phrase, woman=form is FormOfAddress.ZONJA)
