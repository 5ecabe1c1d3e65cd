"""The worker as the process it is: killed, stopped, woken, without its queue; on both databases."""

from __future__ import annotations

import os
import pickle
import random
import signal
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import redis
from flask import Flask
from sqlalchemy import func, select
from structlog.testing import capture_logs

from config import SettingsError
from pop_campaigns.core import clock
from pop_campaigns.core.db import db
from pop_campaigns.mail.models import OutgoingMail
from pop_campaigns.mail.rules import MailState
from pop_campaigns.mail.wake_up import wake_worker
from pop_campaigns.worker.drain import WINDOW_SECONDS
from pop_campaigns.worker.huey_app import init_worker, queue_of
from tests.conftest import TEST_SETTINGS
from tests.factories import make_mail
from tests.forked import Forked, forker
from tests.plugins.full import wanted_in_full
from tests.services import free_port
from tests.worker.conftest import PostOffice

PATIENCE = 90.0
Start = Callable[..., Forked]


@pytest.fixture
def start_worker(app: Flask, office: PostOffice, tmp_path: Path) -> Iterator[Start]:
    """Starts worker processes on the test's database and mail server."""
    started: list[Forked] = []

    def start(*options: str, **environ: str) -> Forked:
        given = {name: value for name, value in os.environ.items() if not name.startswith("POP_")}
        given |= {
            "POP_MODE": "test",
            "POP_SECRET_KEY": TEST_SETTINGS["SECRET_KEY"],
            "POP_DATA_DIR": str(tmp_path),
            "POP_SQLALCHEMY_DATABASE_URI": app.config["SQLALCHEMY_DATABASE_URI"],
            "POP_MAIL_DOMAIN": app.config["MAIL_DOMAIN"],
            "POP_MAIL_PORT": str(office.port),
        } | environ
        with (tmp_path / "worker.log").open("ab") as log:
            started.append(forker().start(["--app", "wsgi", "worker", *options], given, log))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


@pytest.fixture
def bind_queue(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Gives the application a queue for this test alone."""

    def bind(url: str) -> None:
        monkeypatch.setitem(app.config, "HUEY_URL", url)
        for name in ("huey", "outbox_tasks", "wake_worker"):
            monkeypatch.setitem(app.extensions, name, None)
            del app.extensions[name]
        init_worker(app)

    return bind


def queue_mails(number: int) -> set[str]:
    """Queues mails; gives their Message-IDs."""
    due = clock.now() - timedelta(seconds=1)
    mails = [make_mail(f"zyra{place}@bashkia.example", now=due) for place in range(number)]
    db.session.commit()
    ids = {mail.message_id for mail in mails}
    db.session.commit()
    return ids


def count(state: MailState) -> int:
    number = db.session.scalar(select(func.count(OutgoingMail.id)).where(OutgoingMail.state == state))
    db.session.commit()
    return number or 0


def wait_for(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline, "it did not come about in time"
        time.sleep(0.02)


def test_killed_again_and_again_nothing_is_lost_and_at_most_a_window_a_kill_comes_twice(
    start_worker: Start, office: PostOffice
) -> None:
    # What one kill can do each does; a full run repeats it.
    number, kills, office.delay = 40, 3 if wanted_in_full() else 1, 0.02
    ids = queue_mails(number)
    chance = random.Random(seed := random.randrange(10**6))
    print(f"seed {seed}")  # shown when it fails
    for _ in range(kills):
        before = len(office.taken)
        worker = start_worker("--lease", "1", "--every", "0.3")
        wanted = before + chance.randint(1, 10)
        wait_for(lambda wanted=wanted: len(office.taken) >= wanted)
        time.sleep(chance.uniform(0, 0.03))
        worker.kill()
        worker.wait()
    assert len(office.taken) < number, "the kills came too late to mean anything"
    last = start_worker("--lease", "1", "--every", "0.3")
    wait_for(lambda: set(office.times()) == ids and count(MailState.SENT) == number)
    last.terminate()
    assert last.wait(PATIENCE) == 0
    assert set(office.times()) == ids
    window = int(WINDOW_SECONDS / office.delay) + 1  # begun within its time
    assert len(office.taken) - number <= kills * window
    assert max(office.times().values()) <= 1 + kills


@pytest.mark.both_databases(always=True)
def test_two_processes_share_the_work_and_double_nothing(start_worker: Start, office: PostOffice) -> None:
    ids = queue_mails(120)  # more than one claim
    workers = [start_worker("--workers", "2", "--every", "0.2") for _ in range(2)]
    wait_for(lambda: set(office.times()) == ids and count(MailState.SENT) == 120)
    for worker in workers:
        worker.send_signal(signal.SIGINT)
    assert [worker.wait(PATIENCE) for worker in workers] == [0, 0]
    assert set(office.times()) == ids
    assert len(office.taken) == 120


def test_told_to_stop_it_finishes_the_mail_in_hand_and_gives_the_rest_back(
    start_worker: Start, office: PostOffice
) -> None:
    office.delay = 0.2
    queue_mails(30)
    worker = start_worker()
    wait_for(lambda: len(office.taken) >= 1)
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(PATIENCE) == 0
    assert count(MailState.SENT) == len(office.taken) < 30
    assert count(MailState.SENDING) == 0


def test_the_bell_wakes_the_worker_in_another_process(
    start_worker: Start, office: PostOffice, tmp_path: Path, bind_queue: Callable[[str], None]
) -> None:
    bind_queue(f"sqlite:///{tmp_path / 'queue.sqlite3'}")
    ring_across(start_worker, office)


def test_the_bell_rings_through_redis(
    start_worker: Start, office: PostOffice, redis_url: str, bind_queue: Callable[[str], None]
) -> None:
    bind_queue(redis_url)
    ring_across(start_worker, office, POP_HUEY_URL=redis_url)


def ring_across(start_worker: Start, office: PostOffice, **environ: str) -> None:
    queue_mails(1)
    start_worker("--every", "600", **environ)
    # The round at its start is over; from here on only the bell can wake it.
    wait_for(lambda: len(office.taken) == 1 and count(MailState.SENT) == 1)
    make_mail("tjetra@bashkia.example")
    # It is rung for when it is queued, and leaves at its hour all the same.
    make_mail("me-vone@bashkia.example", now=clock.now() + timedelta(seconds=1))
    db.session.commit()
    wake_worker()
    wait_for(lambda: len(office.taken) == 3)


def test_mail_leaves_without_the_queue(start_worker: Start, office: PostOffice) -> None:
    start_worker("--every", "0.3", POP_HUEY_URL=f"redis://127.0.0.1:{free_port()}/0")
    queue_mails(2)
    wait_for(lambda: len(office.taken) == 2)


@pytest.mark.parametrize("url", ["redis://127.0.0.1:{port}/0", "sqlite:////proc/no/queue.sqlite3"])
def test_a_queue_that_is_down_costs_a_line_in_the_log_and_no_request(
    app: Flask, bind_queue: Callable[[str], None], url: str
) -> None:
    bind_queue(url.format(port=free_port()))
    with capture_logs() as logs:
        wake_worker()
    assert [line["log_level"] for line in logs] == ["error"]


def test_ringing_without_a_worker_opens_nothing_before_it_is_needed(
    app: Flask, bind_queue: Callable[[str], None], tmp_path: Path
) -> None:
    bind_queue(f"sqlite:///{tmp_path / 'queue.sqlite3'}")
    assert not (tmp_path / "queue.sqlite3").exists()
    wake_worker()
    wake_worker()
    assert queue_of(app).storage.queue_size() == 2


def test_a_call_of_yesterday_is_not_answered_any_more(
    app: Flask, office: PostOffice, bind_queue: Callable[[str], None], tmp_path: Path
) -> None:
    bind_queue(f"sqlite:///{tmp_path / 'queue.sqlite3'}")
    queue_mails(1)
    wake_worker()
    queue = queue_of(app)
    queue.execute(queue.dequeue(), clock.now().replace(tzinfo=None) + timedelta(minutes=2))
    assert office.taken == []


def test_immediate_does_it_at_once(app: Flask, office: PostOffice, bind_queue: Callable[[str], None]) -> None:
    bind_queue("immediate:")
    queue_mails(2)
    wake_worker()
    assert len(office.taken) == 2


def test_a_queue_of_an_unknown_kind_is_refused_at_the_start(bind_queue: Callable[[str], None]) -> None:
    with pytest.raises(SettingsError, match="POP_HUEY_URL"):
        bind_queue("amqp://localhost/")


class _Forged:
    def __reduce__(self) -> Any:
        return os.mkdir, (_Forged.mark,)

    mark = ""


def test_a_forged_call_is_not_run(
    app: Flask, redis_url: str, bind_queue: Callable[[str], None], tmp_path: Path
) -> None:
    """Whoever can write to the queue cannot make the worker run a program of theirs."""
    bind_queue(redis_url)
    _Forged.mark = str(tmp_path / "broken-in")
    queue = queue_of(app)
    with redis.Redis.from_url(redis_url) as client:
        client.lpush(queue.storage.queue_key, pickle.dumps(_Forged()) + b":" + b"0" * 40)
    with pytest.raises(ValueError, match="mismatch"):
        queue.dequeue()
    assert not (tmp_path / "broken-in").exists()
