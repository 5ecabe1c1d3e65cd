"""Real messages of other projects, read right. `make mail-report` prints the same as a table."""

from __future__ import annotations

import json

import pytest

from pop_campaigns.mail.reading.mails import read_mail
from pop_campaigns.mail.reading.report import MailReport
from tests.mail.sample_sets import SAMPLES, every_raw, replies, results

pytestmark = pytest.mark.skipif(not SAMPLES.is_dir(), reason="the sample messages are not beside the project")

LEAST = {
    "bounces, in prose and old forms": (110, 0.95),
    "bounces, RFC 3464": (30, 0.95),
    "bounces, of authorities": (4, 1.0),
    "auto-replies": (7, 0.95),
    "complaints (ARF)": (9, 0.95),
    "letters by people": (80, 1.0),
    "calendar objects": (130, 1.0),
    "broken MIME": (45, 1.0),
}
"""For each set how many messages there are at least, and the share that must be read right."""


@pytest.fixture(scope="module")
def table() -> dict[str, list[tuple[str, str]]]:
    return results()


@pytest.mark.parametrize("name", LEAST)
def test_a_set_is_read_right(table: dict[str, list[tuple[str, str]]], name: str) -> None:
    judged = table[name]
    faults = [f"{file}: {fault}" for file, fault in judged if fault]
    count, share = LEAST[name]
    assert len(judged) >= count
    assert 1 - len(faults) / len(judged) >= share, "\n".join(faults)


def test_every_set_has_a_yardstick(table: dict[str, list[tuple[str, str]]]) -> None:
    assert set(table) == set(LEAST)


def test_replies_keep_their_first_words_and_lose_their_history() -> None:
    found = list(replies())
    assert len(found) == 64
    assert sum(first for _, first, _, _ in found) >= 59
    assert sum(clean for _, _, clean, _ in found) >= 56
    assert sum(same for *_, same in found) >= 50


def test_no_message_makes_the_reader_fall() -> None:
    fallen = []
    for name, raw in every_raw():
        report = read_mail(raw, "a@b.example", "c@d.example")
        again = json.loads(json.dumps(report.to_json()))
        assert MailReport.from_json(again) == report, name
        if report.reasons[0].startswith("cannot be taken apart"):
            fallen.append(name)
    assert fallen == []
