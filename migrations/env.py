"""How Alembic reaches our database: one transaction per migration, on both databases, old schema or new."""

from __future__ import annotations

from alembic import context
from flask import current_app
from sqlalchemy import DateTime, TypeDecorator, text

from pop_campaigns.core import files, history  # noqa: F401  # their tables must be known
from pop_campaigns.core.db import Base
from pop_campaigns.imports import models as _imports  # noqa: F401
from pop_campaigns.invitations.models import date_polls as _date_polls  # noqa: F401
from pop_campaigns.invitations.models import invitations as _invitations  # noqa: F401
from pop_campaigns.invitations.models import reminders as _reminders  # noqa: F401
from pop_campaigns.letters import models as _letters  # noqa: F401
from pop_campaigns.lists import models as _lists  # noqa: F401
from pop_campaigns.privacy import models as _privacy  # noqa: F401

engine = current_app.extensions["migrate"].db.engine


def render_plainly(kind: str, item: object, _context: object) -> str | bool:
    """Write our column types as the plain ones beneath them: an old migration must not follow new code."""
    if kind == "type" and isinstance(item, TypeDecorator):
        return f"sa.{item.impl!r}" if not isinstance(item.impl, DateTime) else "sa.DateTime(timezone=True)"
    return False


def run_migrations() -> None:
    """Run within one transaction. On SQLite, table rebuilds must not cascade into child rows, so foreign keys are off then."""
    sqlite = engine.dialect.name == "sqlite"
    with engine.connect() as connection:
        if sqlite:
            # PRAGMA foreign_keys does nothing inside a transaction; our engine begins one by itself.
            raw = connection.connection.driver_connection
            raw.execute("PRAGMA foreign_keys=OFF")  # type: ignore[union-attr]
        try:
            with connection.begin():
                context.configure(
                    connection=connection,
                    target_metadata=Base.metadata,
                    render_as_batch=True,
                    compare_type=True,
                    render_item=render_plainly,
                    transactional_ddl=True,
                    transaction_per_migration=False,
                )
                context.run_migrations()
                if sqlite:
                    broken = connection.execute(text("PRAGMA foreign_key_check")).first()
                    if broken:
                        raise RuntimeError(f"The migration left a broken reference: {tuple(broken)}")
        finally:
            if sqlite:
                raw.execute("PRAGMA foreign_keys=ON")  # type: ignore[union-attr]


run_migrations()
