"""Fixtures for the servers of tests/services.py; each starts with the first test that asks for it.

A test that uses one of them is marked `needs_postgresql` or `needs_redis` by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis

from tests import services
from tests.services import require

MARK_OF_FIXTURE = {
    "postgresql_server": "needs_postgresql",
    "redis_server": "needs_redis",
    "chromium_path": "needs_chromium",
}


# Before left_out decides, which goes by the marks.
@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks the tests that ask for a server."""
    for item in items:
        for fixture, mark in MARK_OF_FIXTURE.items():
            if fixture in getattr(item, "fixturenames", ()) and not item.get_closest_marker(mark):
                item.add_marker(mark)


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """Address of the maintenance database of a PostgreSQL server (for SQLAlchemy, with psycopg)."""
    require("needs_postgresql")
    with services.running_postgresql() as uri:
        yield uri


@pytest.fixture(scope="session")
def make_postgresql_database(postgresql_server: str) -> Iterator[Callable[[], str]]:
    """Makes an empty database with each call and returns its address; all are dropped at the end."""
    made: list[str] = []

    def make() -> str:
        made.append(services.create_database(postgresql_server))
        return made[-1]

    yield make
    for uri in made:
        services.drop_database(uri)


@pytest.fixture
def postgresql_uri(postgresql_server: str) -> Iterator[str]:
    """Address of an empty database for this test alone."""
    uri = services.create_database(postgresql_server)
    yield uri
    services.drop_database(uri)


@pytest.fixture(scope="session")
def redis_server() -> Iterator[str]:
    """Address of a Redis server's database for tests."""
    require("needs_redis")
    with services.running_redis() as url:
        yield url


@pytest.fixture
def redis_url(redis_server: str) -> Iterator[str]:
    """Address of an empty Redis database; what the test leaves in it is removed."""
    with redis.Redis.from_url(redis_server) as client:
        client.flushdb()
        yield redis_server
        client.flushdb()


@pytest.fixture(scope="session")
def chromium_path() -> Path:
    """The installed browser."""
    require("needs_chromium")
    chromium = services.find_chromium()
    assert chromium is not None
    return chromium
