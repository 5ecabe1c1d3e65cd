"""`make fuzz`: messages broken at random, read in two processes until a count is reached.

Needs nothing beside the checkout: it breaks our own messages, and those of other projects as well where they lie there or
where ``SAMPLES`` says. The same seed breaks the same bytes of the same messages. Names the ten that took longest, with what
was broken in them. Ends with status 1 if a reading process
died, took too much memory, or a message made the reader fall or became what no database takes.
"""

from __future__ import annotations

import argparse
import json
import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from heapq import nlargest
from pathlib import Path

from pop_campaigns.mail.reading.limits import MEMORY_BYTES, MailReader
from pop_campaigns.mail.reading.report import MailReport
from tests.mail import sample_sets
from tests.mail.own.sets import every_own

SPLICES = (
    b"\r\n\r\n", b"\n", b"\x00", b"\xff\xfe", b"=?utf-8?b?", b"?=", b"--", b'"', b"<>",
    b"\r\nContent-Type: multipart/mixed; boundary=",
    b"\r\nContent-Type: message/rfc822\r\n\r\n", b"\r\nContent-Type: text/plain; charset=idna\r\n", b"charset*=''%FF",
    b"\r\nContent-Transfer-Encoding: base64\r\n", b"BEGIN:VEVENT\r\n", b"END:VCALENDAR\r\n", b"RRULE:FREQ=SECONDLY\r\n",
    b"\xe2\x80\xae",
    b"\r\nFinal-Recipient: rfc822;\r\n", b"\r\nAction: failed\r\n", b"\r\nFrom: \r\n", b"\r\nOn Mon, 3 Mar 2026, X wrote:\r\n> ",
    b"<div><blockquote>", b"=\r\n", b"filename*0*=x''%E\r\n",
)  # fmt: skip


_WAYS = ("left out", "put in", "other bytes", "doubled", "crossed", "cut off", "a bit turned")
_SLOWEST = 10


def broken_mails(whole: list[tuple[str, bytes]], seed: int, count: int) -> Iterator[tuple[str, bytes]]:
    """Give so many messages, each a whole one with a few bytes changed, cut, doubled or crossed with another's."""
    chance = random.Random(seed)
    samples = [(name, raw) for name, raw in whole if raw]
    for number in range(count):
        name, raw = chance.choice(samples)
        mail = bytearray(raw)
        broken = [_break(mail, chance, samples) for _ in range(chance.randint(1, 8))]
        yield f"{name} seed {seed} number {number} ({', '.join(broken)})", bytes(mail)


def fault_of(report: MailReport) -> str:
    """Say what is wrong with the reading of a broken mail, "" if nothing is: it fell, or no database would take it."""
    said = report.reasons[0]
    if "taken apart" in said or "died" in said or "takes" in said:
        return said
    stored = json.dumps(report.to_json(), ensure_ascii=False)
    if "\\u0000" in stored:
        return "a NUL that no database takes"
    return "" if _is_text(stored) else "half a character that no database takes"


def _is_text(stored: str) -> bool:
    try:
        stored.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _break(mail: bytearray, chance: random.Random, samples: list[tuple[str, bytes]]) -> str:
    """Break a message in one place, and say how."""
    at = chance.randrange(len(mail) + 1)
    # Most of what can go wrong is decided in the headers.
    at = min(at, chance.choice((200, 1000, 4000, len(mail))))
    far = min(len(mail), at + chance.choice((1, 4, 40, 400)))
    how = chance.randrange(7)
    if how == 0:
        mail[at:far] = b""
    elif how == 1:
        mail[at:at] = chance.choice(SPLICES)
    elif how == 2:
        mail[at:far] = bytes(chance.randrange(256) for _ in range(far - at))
    elif how == 3:
        mail[at:at] = mail[at:far] * chance.choice((1, 2, 50))
    elif how == 4:
        other = chance.choice(samples)[1]
        cut = chance.randrange(len(other))
        mail[at:far] = other[cut : cut + 600]
    elif how == 5:
        del mail[max(far, len(mail) - chance.choice((1, 100, 5000))) :]
    elif at < len(mail):
        mail[at] ^= 1 << chance.randrange(8)
    return f"{_WAYS[how]} at {at}"


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--count", type=int, default=100_000)
    options.add_argument("--seed", type=int, default=1)
    asked = options.parse_args()
    whole = every_own()
    print(f"breaking {len(whole)} messages of our own", end="")
    if sample_sets.missing():
        print(f" ({sample_sets.missing()})")
    else:
        others = sample_sets.every_raw()
        whole += others
        print(f" and {len(others)} of other projects")
    kinds: Counter[str] = Counter()
    faults: list[str] = []
    peak = [0, 0]
    slowest: list[list[tuple[float, str]]] = [[], []]
    begin = time.monotonic()

    def work(part: int) -> None:
        with MailReader() as reader:
            pid = None
            for name, raw in broken_mails(whole, asked.seed + part, asked.count // 2):
                started = time.monotonic()
                report = reader.read(raw)
                slowest[part] = nlargest(_SLOWEST, (*slowest[part], (time.monotonic() - started, name)))
                kinds[report.kind.value] += 1
                if fault := fault_of(report):
                    faults.append(f"{name}: {fault}")
                pid = reader.pid
                peak[part] = max(peak[part], _peak_memory(pid))

    threads = [threading.Thread(target=work, args=(part,)) for part in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.monotonic() - begin
    read = sum(kinds.values())
    print(
        f"{read} broken mails in {seconds:.0f} s, {read / seconds:.0f} a second, at most {max(peak) // 1024} MB a process"
    )
    print(", ".join(f"{kind} {number}" for kind, number in kinds.most_common()))
    print("the slowest:")
    for taken, name in nlargest(_SLOWEST, [*slowest[0], *slowest[1]]):
        print(f"- {taken:.2f} s: {name}")
    print(f"{len(faults)} made the reader fall" + "".join(f"\n- {fault}" for fault in faults[:50]))
    return 1 if faults or max(peak) * 1024 > MEMORY_BYTES else 0


def _peak_memory(pid: int | None) -> int:
    """Kilobytes of memory a process has had at most; 0 where the system does not tell."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")), 0)


if __name__ == "__main__":
    raise SystemExit(main())
