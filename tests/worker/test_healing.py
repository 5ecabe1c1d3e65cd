"""The database fails for a moment, wherever that is: nothing is lost or doubled, and the next round works again."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, func, select, text
from sqlalchemy.exc import OperationalError

from pop_campaigns.core import clock
from pop_campaigns.core.db import db
from pop_campaigns.imports.models import ContactImport
from pop_campaigns.imports.rules.states import ImportState
from pop_campaigns.imports.tasks import carry_on_all
from pop_campaigns.incoming.tasks import file_received
from pop_campaigns.mail.beats import code_version, workers_alive
from pop_campaigns.mail.intake.group_commit import GroupCommit
from pop_campaigns.mail.intake.store import Arrival, store_arrivals
from pop_campaigns.mail.models import IncomingMail, OutgoingMail, WorkerBeat
from pop_campaigns.mail.rules import IncomingState, IncomingWay, MailState
from pop_campaigns.privacy.models import RetentionRun
from pop_campaigns.privacy.tasks import run_daily
from pop_campaigns.worker import drain, fetching, tasks
from pop_campaigns.worker.lanes import Lane, Lanes
from pop_campaigns.worker.tasks import work
from tests.factories import make_mail
from tests.worker.conftest import PostOffice

RAW = b"From: x@posta.example\r\nSubject: Shenim\r\nMessage-ID: <1@posta.example>\r\n\r\nMir\xc3\xab.\r\n"


@contextmanager
def failing_commits(*which: int) -> Iterator[list[int]]:
    """Let commits fail as a full disk lets them: those of these numbers, counted from 1."""
    made = [0]

    def fail(_connection: Any) -> None:
        made[0] += 1
        if made[0] in which:
            raise OperationalError("COMMIT", {}, Exception("database or disk is full"))

    event.listen(db.engine, "commit", fail)
    try:
        yield made
    finally:
        event.remove(db.engine, "commit", fail)


def queue(number: int) -> None:
    for place in range(number):
        make_mail(f"zyra{place}@bashkia.example", now=clock.now() - timedelta(seconds=1))
    db.session.commit()


def states() -> set[MailState]:
    db.session.rollback()
    found = set(db.session.scalars(select(OutgoingMail.state)))
    db.session.rollback()
    return found


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drain, "_DATABASE_WAITS", (0.0, 0.0))


@pytest.mark.both_databases
@pytest.mark.parametrize("broken", [1, 2, 3, 4])
def test_one_commit_fails_and_the_next_round_has_all_sent_once(
    app: Flask, office: PostOffice, broken: int
) -> None:
    queue(5)
    with failing_commits(broken) as made:
        if broken == 1:  # of the claim: there is nothing in hand yet
            with pytest.raises(OperationalError):
                work(app)
        else:
            work(app)
        assert made[0] > broken
    work(app)
    assert (states(), len(office.taken), max(office.times().values())) == ({MailState.SENT}, 5, 1)


@pytest.mark.both_databases
def test_what_the_server_said_is_recorded_when_the_database_is_back(app: Flask, office: PostOffice) -> None:
    queue(5)
    with failing_commits(*range(3, 99)), pytest.raises(OperationalError):
        work(app)
    assert len(office.taken) == 1
    assert states() == {MailState.SENDING}
    work(app)  # without waiting for the lease
    assert (states(), max(office.times().values())) == ({MailState.SENT}, 1)


@pytest.mark.both_databases(always=True)
def test_all_connections_are_cut_while_a_mail_is_in_hand(app: Flask, office: PostOffice) -> None:
    queue(4)
    office.gate.clear()
    worker = threading.Thread(target=work, args=(app,))
    worker.start()
    while not office.waiting:
        time.sleep(0.01)
    if db.engine.dialect.name == "postgresql":
        cut_connections()
    else:
        db.engine.dispose()
    office.gate.set()
    worker.join()
    work(app)
    assert (states(), len(office.taken), max(office.times().values())) == ({MailState.SENT}, 4, 1)


def cut_connections() -> None:
    others = "datname = current_database() AND pid <> pg_backend_pid()"
    db.session.execute(text(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}"))
    db.session.commit()


@pytest.mark.both_databases
@pytest.mark.parametrize("broken", [1, 2, 3])
def test_reading_goes_on_after_a_commit_that_failed(app: Flask, broken: int) -> None:
    arrival = Arrival(RAW, "x@posta.example", f"kontakt@{app.config['MAIL_DOMAIN']}", IncomingWay.LISTENER)
    store_arrivals([arrival], clock.now(), ring=lambda: None)
    with failing_commits(broken), suppress(OperationalError):
        file_received(lambda: False)
    file_received(lambda: False)
    [mail] = db.session.scalars(select(IncomingMail))
    assert mail.state is not IncomingState.RECEIVED


@pytest.mark.both_databases
@pytest.mark.parametrize("broken", [1, 2, 3])
def test_retention_is_done_by_the_next_round(app: Flask, broken: int) -> None:
    with failing_commits(broken), pytest.raises(OperationalError):
        run_daily(now=clock.now())
    db.session.rollback()
    run = run_daily(now=clock.now())
    assert run is not None and run.counts
    assert db.session.scalar(select(func.count(RetentionRun.id))) == 1


@pytest.mark.both_databases
def test_an_import_goes_on_in_the_next_round(
    app: Flask, cast: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[int] = []

    def check(imported: ContactImport, *, now: Any) -> Iterator[int]:
        for number in range(2):
            steps.append(number)
            yield number
        imported.state = ImportState.CHECKED

    monkeypatch.setattr("pop_campaigns.imports.tasks._WORK", {"checking": check})
    imported = ContactImport(
        organisation_id=cast.fier.id, user_id=cast.arta.id, file_name="a.csv", mapped_by="person", once="a",
        state=ImportState.CHECKING, created_at=clock.now(),
    )  # fmt: skip
    db.session.add(imported)
    db.session.commit()
    ident = imported.id
    db.session.commit()
    with failing_commits(2):  # the second step's: the lease of the first is committed
        carry_on_all()
    carry_on_all()
    assert db.session.get_one(ContactImport, ident, populate_existing=True).state is ImportState.CHECKED


def test_every_door_takes_mail_again_after_a_commit_that_failed(app: Flask) -> None:
    """The mailbox's thread and the listener's, which live as long as the process."""
    stored = []
    with failing_commits(1):
        store = fetching._storing(app)
        with pytest.raises(OperationalError):
            store([Arrival(RAW, "", "kontakt@rsvp.example", IncomingWay.IMAP)])
        stored.append(store([Arrival(RAW, "", "kontakt@rsvp.example", IncomingWay.IMAP)]))
    assert len(stored) == 1
    group = GroupCommit(app)
    try:
        problems = []
        with failing_commits(1):
            for _ in range(2):
                waiting = SimpleNamespace(arrivals=[Arrival(RAW, "", "b@rsvp.example", IncomingWay.LISTENER)])
                thread = threading.Thread(
                    target=lambda waiting=waiting: problems.append(_try_in_thread(app, group, waiting))
                )
                thread.start()
                thread.join()
        assert [type(problem) for problem in problems] == [OperationalError, type(None)]
    finally:
        group.close()


def _try_in_thread(app: Flask, group: GroupCommit, waiting: Any) -> Exception | None:
    with app.app_context():
        return group._try([waiting])


def test_a_step_that_fails_keeps_no_other_from_running(
    app: Flask, office: PostOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []

    def step(name: str, *, fails: bool = False) -> Callable[..., None]:
        def run(*_given: object) -> None:
            if fails:
                raise OSError(name)
            done.append(name)

        return run

    lanes = {
        "out": (step("a", fails=True), step("b")),
        "in": (step("c", fails=True),),
        "rest": (step("d"), step("e")),
    }
    monkeypatch.setattr(tasks, "LANES", lanes)
    with pytest.raises(OSError, match="a"):
        work(app)
    assert done == ["b", "d", "e"]


@pytest.fixture
def lanes(app: Flask, office: PostOffice, monkeypatch: pytest.MonkeyPatch) -> Iterator[SimpleNamespace]:
    """A worker's threads in this process; the one that reads hangs until let go."""
    over, hanging, let_go = threading.Event(), threading.Event(), threading.Event()

    def hang(*_given: object) -> None:
        hanging.set()
        let_go.wait(30)

    monkeypatch.setattr(tasks, "LANES", dict(tasks.LANES) | {"in": (hang,), "rest": (hang,)})
    db.session.commit()
    running = Lanes(app, every=600, is_over=over.is_set)
    yield SimpleNamespace(running=running, hanging=hanging, over=over, let_go=let_go)
    over.set()
    let_go.set()
    running.end()


def wait_for(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not true():
        assert time.monotonic() < deadline, "it did not come about in time"
        db.session.rollback()
        time.sleep(0.02)


def test_mail_leaves_while_a_message_is_being_read(
    app: Flask, office: PostOffice, lanes: SimpleNamespace
) -> None:
    assert lanes.hanging.wait(30)
    queue(2)
    lanes.running.wake()
    wait_for(lambda: len(office.taken) == 2)


def test_a_worker_says_that_it_is_alive_and_when_it_ends(app: Flask, lanes: SimpleNamespace) -> None:
    wait_for(lambda: bool(workers_alive(clock.now())))
    [beat] = workers_alive(clock.now())
    assert (beat.instance, beat.version) == (lanes.running.instance, code_version())
    assert workers_alive(clock.now() + timedelta(seconds=61)) == []
    db.session.rollback()
    lanes.over.set()
    lanes.let_go.set()
    lanes.running.end()
    assert db.session.scalar(select(func.count(WorkerBeat.id))) == 0
    db.session.rollback()


def test_no_more_are_in_hand_than_a_window_holds(
    app: Flask, office: PostOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So many may leave after they were called off, and so many come twice after a kill."""
    queue(drain.MOST_IN_HAND + 31)
    monkeypatch.setattr(drain, "WINDOW_SECONDS", 60.0)
    in_hand: list[int] = []
    take_in_hand = drain.take_in_hand

    def take(mail_ids: Sequence[int], *args: Any, **kwargs: Any) -> list[OutgoingMail]:
        in_hand.append(len(mail_ids))
        return take_in_hand(mail_ids, *args, **kwargs)

    monkeypatch.setattr(drain, "take_in_hand", take)
    work(app)
    assert in_hand == [1, 2, 4, 8, 16, drain.MOST_IN_HAND]
    in_hand.clear()
    monkeypatch.setattr(drain, "WINDOW_SECONDS", 0.0)
    queue(3)
    work(app)
    assert in_hand == [1, 1, 1], "a slow server gets one at a time"
    assert len(office.taken) == drain.MOST_IN_HAND + 34


def test_a_lane_told_to_end_while_it_looks_whether_it_may_ends_at_once() -> None:
    """The call of the end may come between the look and the work: it must not be forgotten for a whole round."""
    over, looks = threading.Event(), 0

    def is_over() -> bool:
        nonlocal looks
        looks += 1
        answer = over.is_set()
        if looks == 1:  # told just now, after the answer was made
            over.set()
            lane.wake()
        return answer

    ready = threading.Event()
    lane = Lane("prove", lambda: None, 600, lambda: ready.wait(5) and is_over())
    ready.set()
    lane.thread.join(5)
    assert not lane.thread.is_alive()
