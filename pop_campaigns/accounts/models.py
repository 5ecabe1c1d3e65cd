"""Tables: the network, its member organisations, roles, users."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from flask_security import RoleMixin, UserMixin
from sqlalchemy import JSON, Boolean, CheckConstraint, Column, Date, ForeignKey, Index, String, Table
from sqlalchemy.orm import Mapped, mapped_column, relationship, synonym

from pop_campaigns.accounts.rules.passwords import PATHS, LinkKind, LinkState, purpose_of
from pop_campaigns.accounts.rules.roles import RoleName
from pop_campaigns.accounts.rules.sessions import SessionEnd
from pop_campaigns.core.db import Base, Line, Searchable, UTCDateTime, choice
from pop_campaigns.core.places import Municipality
from pop_campaigns.core.versions import Versioned
from pop_campaigns.mail.models import OutgoingMail


class Network(Versioned, Base):
    """The network whose service this is; one row."""

    __tablename__ = "network"
    __table_args__ = (CheckConstraint("id = 1", name="only_one"),)

    id: Mapped[int] = mapped_column(primary_key=True, default=1)
    short_name: Mapped[str] = mapped_column(Line(40), default="")
    name_sq: Mapped[str] = mapped_column(Line(200), default="")
    name_en: Mapped[str] = mapped_column(Line(200), default="")
    website: Mapped[str] = mapped_column(Line(300), default="")
    email: Mapped[str] = mapped_column(Line(254), default="")
    phone: Mapped[str] = mapped_column(Line(60), default="")
    address: Mapped[str] = mapped_column(Line(300), default="")
    donors: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)


class Organisation(Searchable, Versioned, Base):
    """A member organisation, in one municipality. Membership has dates, where they are known."""

    __tablename__ = "organisations"
    __sorted_by__ = "name"
    __searched_in__ = ("name", "name_en", "short_name")

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[str] = mapped_column(Line(200))
    name_en: Mapped[str] = mapped_column(Line(200), default="")
    short_name: Mapped[str] = mapped_column(Line(60), default="")
    name_as_printed: Mapped[str] = mapped_column(Line(200), default="")
    municipality_id: Mapped[int | None] = mapped_column(ForeignKey("municipalities.id"))
    member_from: Mapped[date | None] = mapped_column(Date)
    member_to: Mapped[date | None] = mapped_column(Date)

    municipality: Mapped[Municipality | None] = relationship(lazy="joined")
    # As other records name the pair that in_language chooses from.
    name_sq: Mapped[str] = synonym("name")


users_roles = Table(
    "users_roles",
    Base.metadata,
    Column("user_id", ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    Column("role_id", ForeignKey("roles.id", ondelete="CASCADE"), primary_key=True),
)


class Role(Base, RoleMixin):
    """A role by its name (see :class:`RoleName`)."""

    __tablename__ = "roles"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(40), unique=True)
    description: Mapped[str] = mapped_column(Line(200), default="")
    permissions: Mapped[list[str] | None] = mapped_column(JSON)


class User(Versioned, Base, UserMixin):
    """A person who signs in. Exactly one role counts: the strongest; a coordinator has an organisation."""

    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    name: Mapped[str] = mapped_column(Line(120), default="")
    password: Mapped[str | None] = mapped_column(String(255))
    active: Mapped[bool] = mapped_column(Boolean, default=True)
    fs_uniquifier: Mapped[str] = mapped_column(String(64), unique=True)
    language: Mapped[str] = mapped_column(String(2), default="sq")
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"))
    created_at: Mapped[datetime | None] = mapped_column(UTCDateTime())

    organisation: Mapped[Organisation | None] = relationship(lazy="joined")
    roles: Mapped[list[Role]] = relationship(  # type: ignore[assignment]  # the mixin says RoleMixin
        secondary=users_roles, lazy="selectin"
    )

    @property
    def role(self) -> RoleName | None:
        """The strongest role, or None: signed in, but nothing given yet."""
        names = {role.name for role in self.roles}
        return next((name for name in RoleName if name.value in names), None)


class UserSession(Base):
    """One signed-in browser. The cookie holds the id, the database its SHA-256; visitors have no row.

    ``kept`` is set for the length of a request on the session that outlives a change of its person.
    """

    __tablename__ = "user_sessions"
    __table_args__ = (
        CheckConstraint("(ended_at IS NULL) = (ended_why IS NULL)", name="ended_for_a_reason"),
        CheckConstraint("last_seen_at >= created_at", name="seen_after_begun"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    id_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime())
    last_seen_at: Mapped[datetime] = mapped_column(UTCDateTime(), index=True)
    user_agent_words: Mapped[str] = mapped_column(Line(120), default="")
    masked_address: Mapped[str] = mapped_column(String(50), default="")
    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime())
    ended_why: Mapped[SessionEnd | None] = mapped_column(choice(SessionEnd))

    user: Mapped[User] = relationship(lazy="joined")
    kept = False


class AccountLink(Base):
    """One link. ``made_by`` is who invited; ``ended_at`` says that a newer one or a closed account took its place.

    ``asked_at``: whoever had it came too late and asked for a new one.
    """

    __tablename__ = "account_links"
    __table_args__ = (
        CheckConstraint("used_at IS NULL OR ended_at IS NULL", name="used_or_ended"),
        CheckConstraint("expires_at > created_at", name="expires_later"),
        Index("ix_account_links_user", "user_id", "kind", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    kind: Mapped[LinkKind] = mapped_column(choice(LinkKind))
    nonce: Mapped[str] = mapped_column(String(64))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    made_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    mail_id: Mapped[int | None] = mapped_column(ForeignKey("outgoing_mails.id", ondelete="SET NULL"))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime())
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime())
    used_at: Mapped[datetime | None] = mapped_column(UTCDateTime())
    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime())
    asked_at: Mapped[datetime | None] = mapped_column(UTCDateTime())

    user: Mapped[User] = relationship(foreign_keys=[user_id])
    made_by: Mapped[User | None] = relationship(foreign_keys=[made_by_id])
    mail: Mapped[OutgoingMail | None] = relationship()

    def state(self, now: datetime) -> LinkState:
        """Return what became of the link by ``now``."""
        if self.used_at is not None:
            return LinkState.USED
        if self.ended_at is not None:
            return LinkState.ENDED
        return LinkState.OPEN if now < self.expires_at else LinkState.EXPIRED

    def in_mail(self) -> dict[str, str]:
        """Return the link as a mail keeps it (see ``OutgoingMail.links``): without the token."""
        return {"path": PATHS[self.kind], "purpose": purpose_of(self.kind), "nonce": self.nonce}


class Throttle(Base):
    """Tries in a row that were not right, of one account, remote address or browser, and until when none is taken."""

    __tablename__ = "throttles"

    key: Mapped[str] = mapped_column(String(80), primary_key=True)
    tries: Mapped[int]
    until: Mapped[datetime] = mapped_column(UTCDateTime())
    last_at: Mapped[datetime] = mapped_column(UTCDateTime(), index=True)


class FailedTries(Base):
    """Wrong tries at one account (NULL: at an address nobody has) from one network on one day, counted.

    ``door`` is ``sign_in``, ``change``, ``verify`` or ``reset`` (a new password asked for). Counted, not listed: nobody
    fills the database by guessing.
    """

    __tablename__ = "failed_tries"

    key: Mapped[str] = mapped_column(String(120), primary_key=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    door: Mapped[str] = mapped_column(String(20))
    network: Mapped[str] = mapped_column(String(60))
    number: Mapped[int]
    first_at: Mapped[datetime] = mapped_column(UTCDateTime())
    last_at: Mapped[datetime] = mapped_column(UTCDateTime(), index=True)

    user: Mapped[User | None] = relationship()


class PersonalFeed(Base):
    """The secret address of a person's calendar, one each; the address itself is stored nowhere.

    It is good for ``role`` and ``organisation_id`` as they were when it was made: with others it opens nothing.
    ``alarm_minutes``: how long before an event programs remind; 0 is not at all.
    """

    __tablename__ = "personal_feeds"
    __table_args__ = (CheckConstraint("alarm_minutes >= 0", name="alarm_before"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), unique=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    role: Mapped[str] = mapped_column(String(20))
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"))
    alarm_minutes: Mapped[int] = mapped_column(default=0)
    made_at: Mapped[datetime] = mapped_column(UTCDateTime())
    last_used_at: Mapped[datetime | None] = mapped_column(UTCDateTime())
    last_used_by: Mapped[str] = mapped_column(Line(120), default="")

    user: Mapped[User] = relationship(lazy="joined")

    @property
    def is_good(self) -> bool:
        """Whether its person still has the account, the role and the organisation it was made for."""
        return (
            self.user.active
            and self.user.role is not None
            and (self.role, self.organisation_id) == (self.user.role.value, self.user.organisation_id)
        )
