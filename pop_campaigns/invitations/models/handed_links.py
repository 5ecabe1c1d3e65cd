"""Table: second links of a guest, which a coordinator hands over where mail does not reach."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from pop_campaigns.core.db import Base, Line, UTCDateTime
from pop_campaigns.invitations.models.invitations import Invitation

_LIVING = text("revoked_at IS NULL")


class HandedLink(Base):
    """One link to a guest's page beside the mailed one; what is answered by it names who handed it over.

    Found by ``token_hash`` and made again of ``nonce`` for its maker alone. ``made_by`` is the maker's name as it was then.
    """

    __tablename__ = "handed_links"
    __table_args__ = (
        Index(
            "uq_handed_links_living",
            "invitation_id",
            "made_by_id",
            unique=True,
            sqlite_where=_LIVING,
            postgresql_where=_LIVING,
        ),
        CheckConstraint("revoked_at >= made_at", name="revoked_after_made"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    invitation_id: Mapped[int] = mapped_column(ForeignKey("invitations.id", ondelete="CASCADE"), index=True)
    nonce: Mapped[str] = mapped_column(String(64))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    made_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), index=True)
    made_by: Mapped[str] = mapped_column(Line(200))
    made_at: Mapped[datetime] = mapped_column(UTCDateTime())
    revoked_at: Mapped[datetime | None] = mapped_column(UTCDateTime())

    invitation: Mapped[Invitation] = relationship()
