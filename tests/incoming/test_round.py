"""The worker's round: each mail filed exactly once, whatever happens to the worker and whatever is in the mail."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, select, text

from pop_campaigns.core.clock import now
from pop_campaigns.core.db import db
from pop_campaigns.incoming import tasks as filing
from pop_campaigns.incoming.tasks import AT_ONCE, TRIES, file_received
from pop_campaigns.invitations.models.invitations import GivenAnswer
from pop_campaigns.mail.intake.store import Arrival, store_arrivals
from pop_campaigns.mail.models import IncomingMail
from pop_campaigns.mail.rules import IncomingKind, IncomingState, IncomingWay
from tests.incoming.post import receipts
from tests.incoming.scene import DOMAIN, address_of, make_scene, reply, words

pytestmark = pytest.mark.both_databases

NUMBER = 2 * AT_ONCE + 3


@pytest.fixture
def scene(cast: SimpleNamespace) -> SimpleNamespace:
    return make_scene(cast)


@pytest.fixture
def traveller() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(now(), tick=True) as traveller:
        yield traveller


def store(*raws: bytes, to: str = f"kontakt@{DOMAIN}", sender: str = "x@posta.example") -> list[int]:
    return store_arrivals(
        [Arrival(raw, sender, to, IncomingWay.LISTENER) for raw in raws], now(), ring=lambda: None
    )


def notes(number: int = NUMBER) -> list[bytes]:
    return [words(f"Shënim {n}", sender="x@posta.example", to=f"kontakt@{DOMAIN}") for n in range(number)]


def states() -> dict[IncomingState, int]:
    db.session.rollback()
    rows = select(IncomingMail.state, func.count()).group_by(IncomingMail.state)
    return dict(db.session.execute(rows).all())


def not_yet() -> bool:
    return False


def test_more_than_a_portion_is_filed(scene: SimpleNamespace) -> None:
    store(*notes())
    assert file_received(not_yet) == NUMBER
    assert states() == {IncomingState.HELD: NUMBER}
    assert file_received(not_yet) == 0


def test_one_mail_that_cannot_be_filed_does_not_keep_the_others(
    scene: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, traveller: time_machine.Traveller
) -> None:
    idents = store(*notes(), reply(scene.mayor))
    bad, real = idents[4], filing.file_mail

    def stumble(mail: IncomingMail, report: Any, **values: Any) -> Any:
        done = real(mail, report, **values)
        if mail.id == bad and report.kind is not IncomingKind.UNPARSED:
            raise ValueError("as a stranger's mail may provoke")
        return done

    monkeypatch.setattr(filing, "file_mail", stumble)
    assert file_received(not_yet) == NUMBER
    assert states() == {IncomingState.HELD: NUMBER - 1, IncomingState.MATCHED: 1, IncomingState.RECEIVED: 1}
    assert db.session.scalar(select(func.count(GivenAnswer.id))) == 1
    for _ in range(TRIES - 1):
        assert states()[IncomingState.RECEIVED] == 1
        traveller.shift(filing.LEASE + timedelta(seconds=1))
        file_received(not_yet)
    assert IncomingState.RECEIVED not in states()
    given_up = db.session.get_one(IncomingMail, bad)
    assert (given_up.kind, given_up.attempts) == (IncomingKind.UNPARSED, TRIES)


def test_a_worker_killed_before_its_commit_leaves_all_to_the_next(
    scene: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, traveller: time_machine.Traveller
) -> None:
    store(
        reply(scene.mayor),
        words("Po.", sender=scene.prefect.address, to=address_of(scene.prefect)),
        to=address_of(scene.prefect),
    )

    class Killed(BaseException):
        """What no handler of the round catches."""

    def die(*_given: Any) -> list[IncomingMail]:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(filing, "_still_ours", die)
        with pytest.raises(Killed):
            file_received(not_yet)
    db.session.rollback()
    assert file_received(not_yet) == 0, "they are another worker's for ten minutes"
    traveller.shift(filing.LEASE + timedelta(seconds=1))
    assert file_received(not_yet) == 2
    assert states() == {IncomingState.MATCHED: 2}
    assert db.session.scalar(select(func.count(GivenAnswer.id))) == 1


def test_a_worker_that_was_too_slow_files_nothing_again(
    scene: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, traveller: time_machine.Traveller
) -> None:
    store(words("Po.", sender=scene.prefect.address, to=address_of(scene.prefect)), to=address_of(scene.prefect),
          sender=scene.prefect.address)  # fmt: skip
    real, filed = filing._read, []

    def dawdle(claimed: Any, *given: Any) -> Any:
        reports = real(claimed, *given)
        if not filed:
            filed.append(0)
            traveller.shift(filing.LEASE + timedelta(seconds=1))
            filed[0] = file_received(not_yet)  # another worker
        return reports

    monkeypatch.setattr(filing, "_read", dawdle)
    assert file_received(not_yet) == 0
    assert filed == [1]
    assert len(receipts()) == 1
    assert db.session.scalars(select(IncomingMail.attempts)).one() == 2


def test_told_to_stop_it_gives_back_what_it_has_not_read(scene: SimpleNamespace) -> None:
    store(*notes(AT_ONCE))
    asked = iter([False, False, False, True])
    assert file_received(lambda: next(asked, True)) == 2
    assert states() == {IncomingState.HELD: 2, IncomingState.RECEIVED: AT_ONCE - 2}
    assert file_received(not_yet) == AT_ONCE - 2, "at once, not in ten minutes"
    assert set(db.session.scalars(select(IncomingMail.attempts))) == {1}


def test_the_worker_is_woken_for_receipts_alone(
    scene: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    rung: list[bool] = []
    monkeypatch.setattr(filing, "wake_worker", lambda: rung.append(bool(receipts())))
    store(*notes(2))
    file_received(not_yet)
    assert not rung
    store(words("Po.", sender=scene.mayor.address, to=address_of(scene.mayor)), to=address_of(scene.mayor),
          sender=scene.mayor.address)  # fmt: skip
    file_received(not_yet)
    assert rung == [True]


def test_a_portion_fits_into_memory(scene: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filing, "_BYTES_AT_ONCE", 1000)
    read: list[int] = []
    real: Callable[..., Any] = filing._read
    monkeypatch.setattr(
        filing, "_read", lambda claimed, *given: read.append(len(claimed)) or real(claimed, *given)
    )
    store(*(raw + b"x" * 600 for raw in notes(3)))
    assert file_received(not_yet) == 3
    assert read == [1, 1, 1]


def test_addresses_are_looked_up_by_an_index(app: Flask) -> None:
    """A later migration that makes one of the tables anew on SQLite could lose it in silence."""
    explain = "EXPLAIN QUERY PLAN"
    if db.engine.dialect.name == "postgresql":
        explain = "EXPLAIN"
        db.session.execute(text("SET LOCAL enable_seqscan = off"))  # so small a table it would read whole
    columns = {"invitations": "address", "letter_recipients": "address", "outgoing_mails": "to_address"}
    for table, column in columns.items():
        query = f"{explain} SELECT id FROM {table} WHERE lower({column}) = 'x'"
        plan = " ".join(str(row[-1]) for row in db.session.execute(text(query)))
        assert f"ix_{table}_{column}_lower" in plan
