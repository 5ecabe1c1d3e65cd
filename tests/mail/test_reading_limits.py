"""Mail read in a process of its own: bombs, deaths, and that the next mail is read as if nothing had been."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pop_campaigns.mail.reading.limits import MEMORY_BYTES, MailReader, read_under_limits
from pop_campaigns.mail.reading.mails import read_mail
from tests.mail import bombs
from tests.mail.fuzzing import broken_mails, fault_of
from tests.mail.own.sets import every_own
from tests.plugins.full import wanted_in_full

PLAIN = b"From: Arta <arta@bashkia.example>\r\nSubject: Po\r\nMessage-ID: <1@b.example>\r\n\r\nPo, vij.\r\n"


@pytest.fixture(scope="module")
def shared() -> Iterator[MailReader]:
    with MailReader() as reader:
        yield reader


@pytest.fixture
def reader() -> Iterator[MailReader]:
    with MailReader() as reader:
        yield reader


def memory_of(pid: int) -> int:
    """Bytes of memory a process has had at most."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM"))


def test_the_same_report_as_without_a_process(shared: MailReader) -> None:
    report = shared.read(PLAIN, "arta@bashkia.example", "r-abc@rsvp.example")
    assert report == read_mail(PLAIN, "arta@bashkia.example", "r-abc@rsvp.example")
    assert report.recipients == ("r-abc@rsvp.example",)


def test_one_process_reads_many(shared: MailReader) -> None:
    shared.read(PLAIN)
    first = shared.pid
    assert [shared.read(PLAIN).kind for _ in range(20)] == ["human"] * 20
    assert shared.pid == first


def test_the_null_sender_reaches_the_process(shared: MailReader) -> None:
    assert shared.read(PLAIN, "<>").kind == "auto"


@pytest.mark.parametrize("bomb", bombs.REFUSED, ids=lambda bomb: bomb.__name__)
def test_a_bomb_is_unparsed(shared: MailReader, bomb: Callable[[], bytes]) -> None:
    raw, begin = bomb(), time.monotonic()
    report = shared.read(raw)
    assert time.monotonic() - begin < 20
    assert report.kind == "unparsed"
    assert report.reasons[0]
    assert shared.read(PLAIN).text == "Po, vij."
    assert shared.pid is not None
    assert memory_of(shared.pid) < MEMORY_BYTES


@pytest.mark.parametrize("bomb", bombs.BORNE, ids=lambda bomb: bomb.__name__)
def test_what_stays_within_the_limits_is_read_in_time(shared: MailReader, bomb: Callable[[], bytes]) -> None:
    raw, begin = bomb(), time.monotonic()
    report = shared.read(raw)
    assert time.monotonic() - begin < 20
    assert report.kind != "unparsed", report.reasons
    assert shared.pid is not None
    assert memory_of(shared.pid) < MEMORY_BYTES


def test_an_archive_is_measured_and_not_opened(shared: MailReader) -> None:
    [file] = shared.read(bombs.zip_bomb()).attachments
    assert file.name == "bomb.zip"
    assert file.size < 1024 * 1024


# A smaller limit runs out sooner in the same place; that the real one does, too, a full run sees.
@pytest.mark.parametrize(
    ("memory", "megabytes"), [(MEMORY_BYTES // 2, 6), pytest.param(MEMORY_BYTES, 24, marks=pytest.mark.full)]
)
def test_memory_that_runs_out_ends_at_worst_the_process(memory: int, megabytes: int) -> None:
    with MailReader(memory_bytes=memory) as reader:
        report = reader.read(bombs.short_lines(megabytes))
        assert report.kind == "unparsed"
        assert "memory" in report.reasons[0] or "died" in report.reasons[0]
        assert reader.read(PLAIN).text == "Po, vij."


def test_time_that_runs_out() -> None:
    with MailReader(cpu_seconds=1) as reader:
        reader.read(PLAIN)
        first = reader.pid
        # Work for some seconds, all of it within the other limits: lines that each level of parts asks for its boundary.
        levels = b"".join(
            b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(18)
        )
        report = reader.read(
            bombs.HEAD + levels + b"Content-Type: text/plain\r\n\r\n" + b"--x\r\n" * 1_500_000
        )
        assert report.kind == "unparsed"
        assert "1 seconds of processor time" in report.reasons[0]
        assert reader.read(PLAIN).text == "Po, vij."
        assert reader.pid != first


def test_a_process_that_is_killed_is_replaced(reader: MailReader) -> None:
    reader.read(PLAIN)
    first = reader.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    time.sleep(0.2)
    assert reader.read(PLAIN).text == "Po, vij."
    assert reader.pid != first


def test_killed_in_the_middle_of_a_mail_that_is_not_to_blame(reader: MailReader) -> None:
    reader.read(PLAIN)
    first = reader.pid
    assert first is not None
    os.kill(first, signal.SIGSTOP)
    threading.Timer(0.3, os.kill, (first, signal.SIGKILL)).start()
    assert reader.read(PLAIN).text == "Po, vij."
    assert reader.pid != first


def test_a_process_that_hangs_is_given_up() -> None:
    with MailReader() as reader:
        reader.read(PLAIN)
        assert reader.pid is not None
        reader.wall_seconds = 0.5
        os.kill(reader.pid, signal.SIGSTOP)
        report = reader.read(PLAIN)
        assert report.kind == "unparsed"
        assert "longer than" in report.reasons[0]


def test_several_threads_take_turns(shared: MailReader) -> None:
    subjects = [f"Takimi {number}" for number in range(40)]
    found: dict[str, str] = {}

    def work(subject: str) -> None:
        found[subject] = shared.read(f"Subject: {subject}\r\n\r\nx".encode()).subject

    threads = [threading.Thread(target=work, args=(subject,)) for subject in subjects]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {subject: subject for subject in subjects}


def test_the_reading_process_knows_no_secret(reader: MailReader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "canary-of-the-test")
    reader.read(PLAIN)
    assert b"canary-of-the-test" not in Path(f"/proc/{reader.pid}/environ").read_bytes()


def test_nothing_stays_behind(reader: MailReader) -> None:
    reader.read(PLAIN)
    pid = reader.pid
    reader.close()
    assert not Path(f"/proc/{pid}").exists()
    assert reader.pid is None


def test_the_short_way() -> None:
    assert read_under_limits(PLAIN).text == "Po, vij."
    assert read_under_limits(b"").kind == "unparsed"


def test_broken_mails_never_make_the_reader_fall(shared: MailReader) -> None:
    """`make fuzz` does the same a hundred thousand times."""
    broken = broken_mails(every_own(), seed=2027, count=1000 if wanted_in_full() else 150)
    faults = {name: fault for name, raw in broken if (fault := fault_of(shared.read(raw)))}
    assert faults == {}
