"""`make mail-report`: how many messages of other projects are read right, which are not and why, and how fast.

They lie beside the checkout or where ``SAMPLES`` says. Ends with status 1 if fewer are read right than :data:`LEAST` wants,
with 0 and a line that says so where there are none.
"""

from __future__ import annotations

import argparse
import sys
import threading
import time
from collections.abc import Sequence
from typing import NamedTuple

from pop_campaigns.mail.reading.limits import MailReader
from tests.mail import sample_sets
from tests.mail.judging import results


class Threshold(NamedTuple):
    """What a set has to reach: so many messages, and the share of them that is read right."""

    messages: int
    share: float
    why: str


LEAST = {
    "bounces, in prose and old forms": Threshold(
        110, 0.99, "one may go wrong: its wording is flufl.bounce's, whose patterns change"
    ),
    "bounces, RFC 3464": Threshold(35, 0.97, "one may go wrong, where a server breaks the form"),
    "bounces, of authorities": Threshold(4, 1.0, "who is not told writes to nobody for months"),
    "auto-replies": Threshold(7, 1.0, "an absence taken for words gets a receipt"),
    "complaints (ARF)": Threshold(9, 1.0, "the form is fixed"),
    "letters by people": Threshold(80, 1.0, "what is taken for a machine's is read by nobody"),
    "calendar objects": Threshold(135, 1.0, "an answer read wrong is a seat too many or too few"),
    "broken MIME": Threshold(45, 1.0, "the reader must not fall"),
    "replies: first words of the reply kept": Threshold(60, 0.92, "5 of 64 begin with quoted words"),
    "replies: no quoted history left": Threshold(60, 0.90, "in doubt more is shown"),
    "replies: exactly the expected text": Threshold(60, 0.81, "the other project keeps other signatures"),
}
"""For each set what was reached when this was written, rounded down, and why no more or no less is asked."""


class Row(NamedTuple):
    """A set as it was read: its name, how many were right, how many there are, and the faults in words."""

    name: str
    right: int
    total: int
    faults: list[str]

    @property
    def share(self) -> float:
        return self.right / self.total if self.total else 0.0


def read_all() -> list[Row]:
    """Read all messages and the replies."""
    table = results(sample_sets.SETS)
    rows = [
        Row(name, sum(not fault for _, fault in judged), len(judged), [f"{file}: {why}" for file, why in judged if why])
        for name, judged in table.items()
    ]  # fmt: skip
    trimmed = list(sample_sets.replies())
    for number, what, fault in (
        (1, "first words of the reply kept", "other first words"),
        (2, "no quoted history left", "history left in"),
        (3, "exactly the expected text", ""),
    ):
        faults = [f"{reply[0]}: {fault}" for reply in trimmed if fault and not reply[number]]
        right = sum(bool(reply[number]) for reply in trimmed)
        rows.append(Row(f"replies: {what}", right, len(trimmed), faults))
    return rows


def shortfalls(rows: Sequence[Row]) -> list[str]:
    """Say for each set below its threshold, or without one, what it lacks."""
    read = {row.name: row for row in rows}
    result = [f"{name}: no threshold says what it has to reach" for name in read if name not in LEAST]
    for name, least in LEAST.items():
        row = read.get(name, Row(name, 0, 0, []))
        if row.total < least.messages:
            result.append(f"{name}: {row.total} messages, at least {least.messages} should be there")
        elif row.share < least.share:
            result.append(f"{name}: {row.share:.1%}, at least {least.share:.0%} ({least.why})")
    return result


def rate(readers: int) -> float:
    """Mails a second that so many reading processes get through, two rounds over all samples."""
    mails = [raw for _, raw in sample_sets.every_raw()] * 2

    def work(number: int, reader: MailReader) -> None:
        for raw in mails[number::readers]:
            reader.read(raw)

    pool = [MailReader() for _ in range(readers)]
    for reader in pool:
        reader.read(mails[0])
    threads = [threading.Thread(target=work, args=(number, reader)) for number, reader in enumerate(pool)]
    begin = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.monotonic() - begin
    for reader in pool:
        reader.close()
    return len(mails) / seconds


def main(arguments: Sequence[str] | None = None) -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--no-rate", action="store_true", help="do not measure how fast")
    asked = options.parse_args(arguments)
    if reason := sample_sets.missing():
        print(f"Nothing to measure: {reason}.")
        return 0
    rows = read_all()
    print(f"{'messages':<40}{'right':>7}{'of':>6}{'':>8}{'wanted':>8}")
    for row in rows:
        least = f"{LEAST[row.name].share:>8.0%}" if row.name in LEAST else ""
        print(f"{row.name:<40}{row.right:>7}{row.total:>6}{row.share:>8.1%}{least}")
    for row in rows:
        for fault in row.faults:
            print(f"- {row.name}: {fault}")
    for readers in () if asked.no_rate else (1, 2):
        print(f"{readers} reading process{'es' if readers > 1 else ''}: {rate(readers):.0f} mails a second")
    result = shortfalls(rows)
    for shortfall in result:
        print(f"Too few: {shortfall}", file=sys.stderr)
    return 1 if result else 0


if __name__ == "__main__":
    raise SystemExit(main())
