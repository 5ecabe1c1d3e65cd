"""The record of 2020 as everybody finds it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from flask import Flask
from sqlalchemy import select

from pop_campaigns.archive.load import load_shipped_record
from pop_campaigns.core.db import db
from pop_campaigns.events.models.events import Event
from tests.tables import made_once

LOADED = datetime(2026, 11, 1, 9, 0, tzinfo=UTC)


@pytest.fixture
def record(app: Flask) -> dict[str, int]:
    """The shipped record, loaded; gives the number of each event by its title."""
    made_once("record for everybody", lambda: load_shipped_record(now=LOADED))
    return {event.title_sq: event.id for event in db.session.scalars(select(Event))}
