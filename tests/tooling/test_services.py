"""The servers that tests run on are private, empty and gone afterwards."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
import redis
import sqlalchemy as sa

from tests import services


def test_each_database_is_empty_and_apart(postgresql_uri: str, postgresql_server: str) -> None:
    engine = sa.create_engine(postgresql_uri)
    with engine.begin() as connection:
        assert sa.inspect(connection).get_table_names() == []
        connection.execute(sa.text("CREATE TABLE ftesat (titulli text)"))
        connection.execute(sa.text("INSERT INTO ftesat VALUES ('Përballje në Çorovodë')"))
        assert connection.scalar(sa.text("SELECT titulli FROM ftesat")) == "Përballje në Çorovodë"
    engine.dispose()
    other = services.create_database(postgresql_server)
    with psycopg.connect(services.plain(other)) as connection:
        result = connection.execute("SELECT count(*) FROM pg_tables WHERE tablename = 'ftesat'").fetchone()
        assert result == (0,)
    services.drop_database(other)
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        psycopg.connect(services.plain(other))


def test_a_database_still_in_use_is_dropped(postgresql_server: str) -> None:
    uri = services.create_database(postgresql_server)
    with psycopg.connect(services.plain(uri)) as connection:
        services.drop_database(uri)
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")


def test_no_other_database_is_dropped(postgresql_server: str) -> None:
    with pytest.raises(ValueError, match="not a database made for tests"):
        services.drop_database(postgresql_server)


def test_databases_for_the_whole_run_differ(make_postgresql_database: Callable[[], str]) -> None:
    assert make_postgresql_database() != make_postgresql_database()


def test_albanian_sorting_is_offered(postgresql_uri: str) -> None:
    query = """
        SELECT name FROM unnest(ARRAY['Dibër', 'Çorovodë', 'Cërrik']) AS name ORDER BY name COLLATE "sq-x-icu"
    """
    with psycopg.connect(services.plain(postgresql_uri)) as connection:
        rows = connection.execute(query).fetchall()
    assert [name for (name,) in rows] == ["Cërrik", "Çorovodë", "Dibër"]


@pytest.mark.parametrize("attempt", [1, 2])
def test_redis_is_empty_for_each_test(redis_url: str, attempt: int) -> None:
    with redis.Redis.from_url(redis_url) as client:
        assert client.dbsize() == 0
        client.set(f"from test {attempt}", "1")


@pytest.mark.needs_redis
def test_a_server_ends_with_its_block() -> None:
    with services.running_redis() as url, redis.Redis.from_url(url) as client:
        port = int(url.rsplit(":", 1)[1].split("/")[0])
        folder = Path(client.config_get("dir")["dir"])
        assert folder.is_dir()
        assert client.config_get("bind") == {"bind": "127.0.0.1"}
    assert not folder.exists()
    with socket.socket() as probe, pytest.raises(ConnectionRefusedError):
        probe.connect(("127.0.0.1", port))


def test_a_server_that_cannot_start_tells_its_last_words(tmp_path: Path) -> None:
    command = ["/bin/sh", "-c", "echo 'could not bind'; exit 3"]
    with (
        pytest.raises(services.NotStarted, match="sh did not start: could not bind"),
        services.running(command, tmp_path, None, answers=lambda: False),
    ):
        pass


def test_a_named_server_is_used_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POP_TEST_POSTGRESQL_URI", "postgresql://me:secret@db.example:5433/pop_test")
    monkeypatch.setenv("POP_TEST_REDIS_URL", "redis://cache.example/7")
    monkeypatch.setenv("PATH", "")
    assert services.missing_postgresql() is None
    assert services.missing_redis() is None
    with services.running_postgresql() as uri, services.running_redis() as url:
        assert uri == "postgresql+psycopg://me:secret@db.example:5433/pop_test"
        assert url == "redis://cache.example/7"


def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("POP_TEST_REDIS_URL", "POP_TEST_CHROMIUM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PATH", "/nowhere")
    assert services.missing_redis() == "Redis is not installed (Debian: apt install redis-server)"
    assert services.missing_chromium() == "Chromium is not installed (Debian: apt install chromium)"
