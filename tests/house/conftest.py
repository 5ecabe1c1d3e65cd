"""What tests over all of the service share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from pop_campaigns.core.db import db
from tests.house.kept import Kept
from tests.house.walk import Walk, walk_everything
from tests.house.world import make_world

MakeOnce = Callable[[str, Callable[[], SimpleNamespace]], SimpleNamespace]


@pytest.fixture(scope="session")
def kept_worlds() -> dict[str, Kept]:
    """Worlds made in this process, by name."""
    return {}


@pytest.fixture
def make_once(
    app: Flask,
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
    kept_worlds: dict[str, Kept],
) -> MakeOnce:
    """Give the world of a name: made by the first test that asks, put back for the others."""

    def give(name: str, make: Callable[[], SimpleNamespace]) -> SimpleNamespace:
        is_copied = db.engine.dialect.name == "sqlite"
        if is_copied and name in kept_worlds:
            return kept_worlds[name].put_back(tmp_path)
        world = make()
        if is_copied:
            kept_worlds[name] = Kept(world, tmp_path, tmp_path_factory.mktemp("kept") / "data")
        return world

    return give


@pytest.fixture
def world(cast: SimpleNamespace, make_once: MakeOnce) -> SimpleNamespace:
    """One record of every kind, all Fier's, so that every address leads somewhere."""
    return make_once("world", lambda: make_world(cast))


@pytest.fixture(scope="session")
def walks() -> dict[tuple[str, str], Walk]:
    """What was read in this process, by database and person."""
    return {}


@pytest.fixture
def walk(
    app: Flask,
    sign_in: Callable[[Any], FlaskClient],
    walks: dict[tuple[str, str], Walk],
    kept_worlds: dict[str, Kept],
    request: pytest.FixtureRequest,
) -> Callable[[str], Walk]:
    """Give all pages of ``world`` as somebody of the cast (or ``nobody``) reads them: for looking only."""

    def walk_as(who: str) -> Walk:
        database = db.engine.dialect.name
        if (database, who) in walks:
            return walks[database, who]
        world = request.getfixturevalue("world")
        browser = app.test_client() if who == "nobody" else sign_in(getattr(world.cast, who))
        walked = walk_everything(app, browser, world, who)
        if "world" in kept_worlds:
            walks[database, who] = walked
        return walked

    return walk_as
