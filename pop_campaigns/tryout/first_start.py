"""The database of a try-out: brought up to date at each start, filled at the first."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import flask_migrate
from alembic.util import CommandError
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from pop_campaigns.accounts.models import Organisation
from pop_campaigns.accounts.services.users import TryoutAccount, create_tryout_accounts
from pop_campaigns.archive.load import load_shipped_record
from pop_campaigns.archive.vocabulary import load_vocabulary
from pop_campaigns.core import clock
from pop_campaigns.core.db import db

SIGN_IN_FILE = "sign-in.txt"


class CannotStart(Exception):
    """The try-out cannot start or go on; the text says why and what to do."""


def prepare_database(folder: Path) -> None:
    """Migrate; where the database is empty, load the record of 2020 and the vocabulary and make accounts to sign in with.

    The accounts' passwords are kept in ``folder`` (readable by its owner alone), because the database cannot
    tell them again. Commits. Raise :class:`CannotStart`.
    """
    try:
        flask_migrate.upgrade()
        _fill_if_empty(folder)
    except SystemExit as problem:  # what Flask-Migrate makes of an error of Alembic
        raise CannotStart(
            "the database is of another version of this program; choose another folder."
        ) from problem
    except (SQLAlchemyError, CommandError) as problem:
        words = str(problem).strip().splitlines()[0]
        raise CannotStart(f"the database could not be prepared: {words}") from problem
    finally:
        # The other processes open connections of their own; this one needs none any more.
        db.session.remove()
        db.engine.dispose()


def _fill_if_empty(folder: Path) -> None:
    now = clock.now()
    if db.session.scalar(select(Organisation.id).limit(1)) is None:
        load_shipped_record(now=now)
        load_vocabulary(now=now)
    accounts = create_tryout_accounts(now=now)
    if accounts:
        # Before the commit: accounts whose passwords nobody knows would be of no use.
        _keep_sign_in(folder / SIGN_IN_FILE, accounts)
    db.session.commit()


def _keep_sign_in(path: Path, accounts: Sequence[TryoutAccount]) -> None:
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    fresh.touch(mode=0o600)
    with fresh.open("w", encoding="utf-8") as file:
        file.writelines(
            f"{account.email}\t{account.password}\t{account.role_words}\n" for account in accounts
        )
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def read_sign_in(folder: Path) -> list[TryoutAccount]:
    """Return the accounts made at the first start; none if the file is gone."""
    try:
        lines = (folder / SIGN_IN_FILE).read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []
    fields = (line.split("\t") for line in lines)
    return [TryoutAccount(*entry) for entry in fields if len(entry) == 3]
