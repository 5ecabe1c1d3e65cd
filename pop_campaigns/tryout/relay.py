"""What comes back to us through the local mail server: kept on disk first, handed to the intake by LMTP, tried until taken.

A mail server on the internet does the same with our domain. A file leaves the folder only after the intake's 250, which
it gives after its commit; where one is handed over twice the intake has it once.
"""

from __future__ import annotations

import json
import logging
import os
import secrets
import smtplib
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from pop_campaigns.core.private_files import create_private, make_private_folder
from pop_campaigns.mail.domains import is_answered_to

REFUSED_FOLDER = "refused"
_PAUSES = (0.2, 0.5, 1.0, 2.0, 5.0, 15.0, 30.0)  # seconds between tries; the last one repeats
_TIMEOUT = 30.0
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Kept:
    """A kept message with its envelope; ``sender`` is empty for the null sender."""

    sender: str
    recipient: str
    raw: bytes


class Relay:
    """The way from the local mail server to the intake that listens at ``host`` and ``port``."""

    def __init__(self, folder: Path, domain: str, host: str, port: int) -> None:
        self.folder = folder
        self.domain = domain
        self.host = host
        self.port = port
        self._rang = threading.Event()

    def takes(self, address: str) -> bool:
        """Return whether mail for ``address`` goes this way: what answers an invitation, a letter or a mail of ours."""
        return is_answered_to(address, self.domain)

    def start(self) -> None:
        """Start the thread with what an earlier run left. It ends with the process; what it has in hand stays on disk."""
        make_private_folder(self.folder)
        self._rang.set()
        threading.Thread(target=self._work, daemon=True).start()

    def keep(self, message: Kept) -> None:
        """Write a message to disk, flushed, and wake the thread. Raise OSError; then it is not kept."""
        head = json.dumps({"sender": message.sender, "recipient": message.recipient}).encode()
        write_flushed(self.folder, f"{new_name()}.mail", head + b"\n" + message.raw)
        self._rang.set()

    def hand_over(self) -> bool:
        """Try each kept message once, the oldest first; return whether none is left. Raise OSError and SMTPException."""
        waiting = sorted(self.folder.glob("*.mail"))
        if not waiting:
            return True
        with smtplib.LMTP(self.host, self.port, "localhost", timeout=_TIMEOUT) as client:
            for path in waiting:
                self._settle(path, _try(client, path))
        return not any(self.folder.glob("*.mail"))

    def _work(self) -> None:
        tries = 0
        while True:
            self._rang.wait(timeout=_PAUSES[min(tries, len(_PAUSES)) - 1] if tries else None)
            self._rang.clear()
            try:
                tries = 0 if self.hand_over() else tries + 1
            except (OSError, smtplib.SMTPException) as problem:
                if tries == len(_PAUSES):
                    _log.warning("mail waits for the intake: %s", problem)
                tries += 1

    def _settle(self, path: Path, code: int) -> None:
        if code < 300:
            path.unlink(missing_ok=True)
        elif code >= 500:
            # Never deleted: what the intake will not have is for a person to look at.
            _log.warning("the intake refuses a message for good (%s): %s", code, path.name)
            make_private_folder(self.folder / REFUSED_FOLDER)
            path.replace(self.folder / REFUSED_FOLDER / path.name)


def read_kept(path: Path) -> Kept:
    """Return a kept message. Raise OSError, and ValueError for a file that is none."""
    head, _, raw = path.read_bytes().partition(b"\n")
    try:
        envelope = json.loads(head)
        return Kept(str(envelope["sender"]), str(envelope["recipient"]), raw)
    except (KeyError, TypeError) as problem:
        raise ValueError("not a kept message") from problem


def new_name() -> str:
    """Return a new name that sorts by arrival: nanoseconds since 1970, a hyphen, eight random digits."""
    return f"{time.time_ns():020d}-{secrets.token_hex(4)}"


def write_flushed(folder: Path, name: str, content: bytes) -> None:
    """Write a file whole or not at all, flushed to disk together with its name."""
    part = folder / f"{name}.part"
    with create_private(part) as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    part.replace(folder / name)
    # The new name is a change of the folder and is lost with it unless that is flushed, too.
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _try(client: smtplib.LMTP, path: Path) -> int:
    """Return the code of the answer to one message. Raise SMTPException or OSError where the connection is of no more use."""
    try:
        message = read_kept(path)
    except ValueError:
        return 554
    options = [] if (message.sender + message.recipient).isascii() else ["SMTPUTF8"]
    try:
        client.sendmail(message.sender, [message.recipient], message.raw, options)
    except smtplib.SMTPRecipientsRefused as refused:
        code, words = refused.recipients[message.recipient]
        return _unless_closing(code, words)
    except smtplib.SMTPResponseException as refused:
        return _unless_closing(refused.smtp_code, refused.smtp_error)
    return 250


def _unless_closing(code: int, words: bytes | str) -> int:
    if code < 400 or code == 421:
        raise smtplib.SMTPServerDisconnected(f"{code} {words!r}")
    return code
