"""Messages of our own making, of each kind that comes in, read right; those of other projects serve ``make mail-report``."""

from __future__ import annotations

import json
import re
from collections import Counter

import pytest

from pop_campaigns.mail.reading.mails import read_mail
from pop_campaigns.mail.reading.reply_text import new_words
from pop_campaigns.mail.reading.report import MailReport
from tests.mail.judging import results
from tests.mail.own.replies import ASKED, REPLIES, given
from tests.mail.own.sets import SETS, every_own

pytestmark = pytest.mark.filterwarnings("ignore::icalendar.error.GloballyUniqueTZIDGuessed")
COUNTS = {
    "bounces, RFC 3464": 45,
    "bounces, in prose and old forms": 90,
    "auto-replies": 45,
    "complaints (ARF)": 14,
    "receipts": 14,
    "letters by people": 140,
    "calendar objects": 110,
    "broken MIME": 78,
    "enclosed": 45,
}
"""How many messages each set has at least, so that none is left out unseen."""


@pytest.fixture(scope="module")
def table() -> dict[str, list[tuple[str, str]]]:
    return results(SETS)


@pytest.mark.parametrize("name", COUNTS)
def test_a_set_is_read_right(table: dict[str, list[tuple[str, str]]], name: str) -> None:
    judged = table[name]
    assert len(judged) >= COUNTS[name]
    faults = [f"{message}: {fault}" for message, fault in judged if fault]
    assert not faults, "\n".join(faults)


def test_every_set_is_counted(table: dict[str, list[tuple[str, str]]]) -> None:
    assert set(table) == set(COUNTS)


def test_no_message_stands_there_twice() -> None:
    names = Counter(name for name, _ in every_own())
    assert [name for name, count in names.items() if count > 1] == []


def test_replies_keep_their_words_and_lose_their_history() -> None:
    result = {reply.name: new_words(given(reply)) for reply in REPLIES}
    assert len(result) == len(REPLIES) >= 88
    assert result == {reply.name: reply.new for reply in REPLIES}


def test_a_reply_of_each_kind_has_a_history_to_lose() -> None:
    asked = ASKED.splitlines()[0]
    kept = [reply.name for reply in REPLIES if asked in given(reply) and asked in reply.new]
    assert kept == ["only a quotation", "handed on, without words"]


def test_no_message_makes_the_reader_fall_or_is_refused_by_a_database() -> None:
    fallen = []
    for name, raw in every_own():
        report = read_mail(raw, "a@b.example", "c@d.example")
        stored = json.dumps(report.to_json(), ensure_ascii=False)
        assert stored.encode("utf-8"), name
        assert "\\u0000" not in stored, name
        assert MailReport.from_json(json.loads(stored)) == report, name
        if report.reasons[0].startswith("cannot be taken apart"):
            fallen.append(name)
    assert fallen == []


@pytest.mark.when_changed("tests/mail/own")
def test_nobody_real_stands_in_them() -> None:
    # Word by word: one pattern for all of it would look through each long line from each of its letters.
    words = {
        word
        for _name, raw in every_own()
        for word in re.split(rb"[^\w.+@-]+", re.sub(rb"=\r?\n|\r?\n ", b"", raw))
        if b"@" in word
    }
    addresses = {
        found.decode().lower()
        for word in words
        for found in re.findall(rb"[\w.+-]+@[\w-]+(?:\.[\w-]+)*", word)
    }
    assert [address for address in addresses if "." in address and not address.endswith(".example")] == []
