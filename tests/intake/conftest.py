"""What tests of the ways in share: the service's commands as the processes they are, on the test's database."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from pop_campaigns.core.db import db
from pop_campaigns.mail.models import IncomingMail
from tests.conftest import TEST_SETTINGS
from tests.forked import Forked, forker

PATIENCE = 60.0
Start = Callable[..., Forked]


def wait_for(true: Callable[[], Any], patience: float = PATIENCE, what: str = "it") -> None:
    deadline = time.monotonic() + patience
    while not true():
        assert time.monotonic() < deadline, f"{what} did not come about in time"
        time.sleep(0.05)


def stored() -> list[IncomingMail]:
    """All that was stored, read afresh, with no transaction left open."""
    db.session.rollback()
    db.session.expire_all()
    incoming_mails = list(db.session.scalars(select(IncomingMail).order_by(IncomingMail.id)))
    for mail in incoming_mails:
        _ = mail.raw
    db.session.expunge_all()
    db.session.rollback()
    return incoming_mails


@pytest.fixture
def own_environment(tmp_path: Path) -> dict[str, str]:
    """The environment of a service with a data folder of its own and no tables yet."""
    given = {name: value for name, value in os.environ.items() if not name.startswith("POP_")}
    return given | {
        "POP_MODE": "test",
        "POP_SECRET_KEY": TEST_SETTINGS["SECRET_KEY"],
        "POP_DATA_DIR": str(tmp_path),
        "POP_MAIL_DOMAIN": TEST_SETTINGS["MAIL_DOMAIN"],
        "PYTHONUNBUFFERED": "1",
    }


@pytest.fixture
def service_environment(app: Flask, own_environment: dict[str, str]) -> dict[str, str]:
    """The environment under which a command works on the test's database."""
    db.session.rollback()
    return own_environment | {"POP_SQLALCHEMY_DATABASE_URI": app.config["SQLALCHEMY_DATABASE_URI"]}


@pytest.fixture
def start_service(service_environment: dict[str, str], tmp_path: Path) -> Iterator[Start]:
    """Starts ``flask --app wsgi …`` processes; what is left of them ends with the test."""
    started: list[Forked] = []

    def start(*arguments: str, **environ: str) -> Forked:
        with (tmp_path / "service.log").open("ab") as log:
            command = ["--app", "wsgi", *arguments]
            started.append(forker().start(command, service_environment | environ, log))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()
