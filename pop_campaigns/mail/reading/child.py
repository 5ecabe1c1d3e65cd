"""The process in which strangers' mail is taken apart: started by `reading_limits`, one mail after the other.

Two blocks come in by standard input for each mail, what is asked as JSON and the raw bytes; one goes out by standard
output: asked with the envelope, the report as JSON; asked with the number of an attachment, 1 and its bytes, else 0.
Each mail gets processor seconds of its own; the memory is the process's.
Whatever a mail does here ends at worst with this process.
"""

from __future__ import annotations

import contextlib
import gc
import json
import logging
import os
import resource
import sys
import warnings

from pop_campaigns.mail.reading.mails import read_attachment, read_mail
from pop_campaigns.mail.reading.report import NEEDS_MEMORY
from pop_campaigns.mail.reading.wire import read_block, write_block


def main(cpu_seconds: int, memory_bytes: int) -> None:
    """Read mails until the other side closes."""
    inbox, outbox = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    # A library that prints must not speak into the answer.
    os.dup2(2, 1)
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    # Several threads or arenas would count as memory that nobody uses.
    _limit(resource.RLIMIT_AS, memory_bytes)
    _limit(resource.RLIMIT_CORE, 0)
    while (question := read_block(inbox)) is not None:
        raw = read_block(inbox)
        if raw is None:
            return
        _give_time(cpu_seconds)
        asked = json.loads(question)
        if isinstance(asked, int):
            attachment = read_attachment(raw, asked)
            write_block(outbox, b"0" if attachment is None else b"1" + attachment)
            continue
        sender, recipient = asked
        report = read_mail(raw, sender, recipient)
        if report.reasons[:1] == (NEEDS_MEMORY,):
            gc.collect()
        write_block(outbox, json.dumps(report.to_json()).encode("ascii"))


def _give_time(seconds: int) -> None:
    used = resource.getrusage(resource.RUSAGE_SELF)
    _limit(resource.RLIMIT_CPU, int(used.ru_utime + used.ru_stime) + 1 + seconds)


def _limit(kind: int, most: int) -> None:
    """Set a limit, never above the one this process was started with; where the system has none such, go without."""
    hard = resource.getrlimit(kind)[1]
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(kind, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
