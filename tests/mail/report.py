"""`make mail-report`: how many of the sample messages are read right, which are not and why, and how fast."""

from __future__ import annotations

import threading
import time

from pop_campaigns.mail.reading.limits import MailReader
from tests.mail.sample_sets import every_raw, replies, results


def rate(readers: int) -> float:
    """Mails a second that so many reading processes get through, two rounds over all samples."""
    mails = [raw for _, raw in every_raw()] * 2

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


def main() -> None:
    table = results()
    print(f"{'messages':<40}{'right':>7}{'of':>6}{'':>8}")
    for name, judged in table.items():
        right = sum(not fault for _, fault in judged)
        print(f"{name:<40}{right:>7}{len(judged):>6}{right / len(judged):>8.1%}")
    trimmed = list(replies())
    for number, what in (
        (1, "first words of the reply kept"),
        (2, "no quoted history left"),
        (3, "exactly the expected text"),
    ):
        right = sum(bool(one[number]) for one in trimmed)
        print(f"{'replies: ' + what:<40}{right:>7}{len(trimmed):>6}{right / len(trimmed):>8.1%}")
    for name, judged in table.items():
        for file, fault in judged:
            if fault:
                print(f"- {name}: {file}: {fault}")
    for file, first, clean, _ in trimmed:
        if not (first and clean):
            print(
                f"- replies: {file}: "
                + ("" if first else "other first words; ")
                + ("" if clean else "history left in")
            )
    for readers in (1, 2):
        print(f"{readers} reading process{'es' if readers > 1 else ''}: {rate(readers):.0f} mails a second")


if __name__ == "__main__":
    main()
