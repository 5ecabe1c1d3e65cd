"""Table: what was said with whom."""

from __future__ import annotations

from datetime import date, datetime, time

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    Date,
    ForeignKey,
    Index,
    String,
    Time,
    or_,
    select,
    true,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from pop_campaigns.accounts.models import Organisation, User
from pop_campaigns.accounts.rules.roles import RoleName
from pop_campaigns.contacts.models.institutions import Institution, Office
from pop_campaigns.contacts.models.persons import Person
from pop_campaigns.contacts.rules import LOG_FOR_READERS, CheckResult, LogKind, may_read_log
from pop_campaigns.core.db import Base, Line, Prose, Stemmed, UTCDateTime, choice
from pop_campaigns.core.once import MadeOnce
from pop_campaigns.core.versions import Versioned


class LogEntry(Stemmed, Versioned, MadeOnce, Base):
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
