"""The local mail server of ``make run``: takes every mail and keeps it in a folder; nothing leaves the machine.

Started as a process of its own: ``python -m pop_campaigns.tryout.mailserver --port N --folder DIR``. Listens
on the loopback address only, prints ``ready HOST PORT`` when it answers, and ends on SIGTERM or SIGINT. A
message is on disk, flushed, before its 250 is given: what was acknowledged survives a loss of power. With
``--relay-to HOST:PORT`` what answers a mail of ours goes on to the intake there, as from a mail server on the internet.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import ipaddress
import logging
import os
import secrets
import signal
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

from pop_campaigns.core.logs import mask_all_handlers
from pop_campaigns.core.private_files import keep_to_owner, make_private_folder
from pop_campaigns.tryout.relay import Kept, Relay, new_name, write_flushed

SIZE_LIMIT = 25 * 1024 * 1024
"""Bytes of a message: the design's limit for incoming mail."""

_log = logging.getLogger(__name__)


class CannotServe(Exception):
    """The server cannot start; the text is one sentence for the person who started it."""


class StoringHandler:
    """What the server does with a mail: stores it, then says so. What is for the intake goes on by ``relay``."""

    def __init__(self, folder: Path, relay: Relay | None = None) -> None:
        self.folder = folder
        self.relay = relay

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Store the message; return 250 only when it is on disk, 451 (come again) when it cannot be."""
        raw = envelope.content
        try:
            words = await asyncio.to_thread(
                self._store, raw if isinstance(raw, bytes) else b"",
                envelope.mail_from or "", list(envelope.rcpt_tos),
            )  # fmt: skip
        except OSError as problem:
            _log.warning("a message could not be stored: %s", problem)
            return "451 4.3.0 The message could not be stored, try again later"
        return f"250 2.0.0 {words}"

    def _store(self, raw: bytes, sender: str, recipients: list[str]) -> str:
        relay = self.relay
        ours = [recipient for recipient in recipients if relay is not None and relay.takes(recipient)]
        for fromkey in dict.fromkeys(ours):
            assert relay is not None  # noqa: S101  # or nothing would be ours
            relay.keep(Kept("" if sender == _NULL_SENDER else sender, fromkey, raw))
        others = [recipient for recipient in recipients if recipient not in ours]
        if ours and not others:
            return "Kept for the intake"
        return f"Stored as {store_message(self.folder, raw, sender, others)}"


class TryoutServer(SMTP):
    """The library's server, taught the null sender."""

    async def smtp_MAIL(self, arg: str | None) -> None:
        """Take ``MAIL FROM:<>`` too (RFC 5321 section 4.5.5), which the library refuses as bad syntax."""
        if arg is not None and arg.upper().replace(" ", "").startswith("FROM:<>"):
            arg = f"FROM:<{_NULL_SENDER}>{arg.partition('>')[2]}"
        await super().smtp_MAIL(arg)


_NULL_SENDER = "null-sender@localhost.invalid"


def store_message(folder: Path, raw: bytes, envelope_from: str, envelope_to: list[str]) -> str:
    """Write one message with its envelope before it, whole or not at all, flushed to disk; return its id.

    The id sorts by arrival: nanoseconds since 1970, a hyphen, eight random digits.
    """
    name = new_name()
    sender = "" if envelope_from == _NULL_SENDER else envelope_from
    fields = [("Return-Path", f"<{sender}>"), ("X-Envelope-From", f"<{sender}>")]
    fields += [("X-Envelope-To", f"<{address}>") for address in envelope_to]
    fields.append(("X-Stored-At", datetime.now(UTC).isoformat(timespec="seconds")))
    head = "".join(f"{field}: {_printable(value)}\r\n" for field, value in fields)
    write_flushed(folder, f"{name}.eml", head.encode("utf-8", "replace") + raw)
    return name


def serve(
    host: str,
    port: int,
    folder: Path,
    *,
    on_ready: Callable[[str, int], None] | None = None,
    stop_with: int | None = None,
    relay: Relay | None = None,
) -> None:
    """Serve until SIGTERM or SIGINT; raise :class:`CannotServe` with one clear sentence.

    ``port`` 0 takes a free one; ``on_ready`` is told the real one. ``stop_with`` also ends the server when its
    parent is no longer the process of that id: told from outside, so that one gone before we asked is noticed too.
    ``relay`` takes on what is for the intake; without it that is kept like all other mail.
    """
    if not _is_loopback(host):
        raise CannotServe(f"The local mail server listens on this machine only, not on {host}.")
    _prepare_folder(folder)
    if relay is not None:
        _prepare_folder(relay.folder)
    asyncio.run(_serve(host, port, StoringHandler(folder, relay), on_ready, stop_with))


async def _serve(
    host: str,
    port: int,
    handler: StoringHandler,
    on_ready: Callable[[str, int], None] | None,
    parent: int | None,
) -> None:
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)

    def answer() -> TryoutServer:
        return TryoutServer(
            handler, data_size_limit=SIZE_LIMIT, enable_SMTPUTF8=True, hostname="localhost", loop=loop
        )

    try:
        server = await loop.create_server(answer, host, port)
    except OverflowError:
        raise CannotServe(f"{port} is not a port: choose one from 1 to 65535.") from None
    except OSError as problem:
        raise CannotServe(
            f"The local mail server cannot use port {port} on {host}: {problem.strerror or problem}."
        ) from problem
    try:
        if handler.relay is not None:
            handler.relay.start()
        if on_ready is not None:
            on_ready(host, server.sockets[0].getsockname()[1])
        while not stop.is_set() and parent in (None, os.getppid()):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), timeout=1 if parent else None)
    finally:
        # Not `async with`: since Python 3.12 that waits for clients to hang up, and a worker keeps its line.
        server.close()


def main(arguments: list[str] | None = None) -> int:
    """Run from the command line; return the exit status."""
    parser = argparse.ArgumentParser(
        prog="mailserver", description="Keeps every mail in a folder; none leaves the machine."
    )
    parser.add_argument("--host", default="127.0.0.1", help="a loopback address (default: %(default)s)")
    parser.add_argument("--port", type=int, required=True, help="0 takes a free one")
    parser.add_argument("--folder", type=Path, required=True, help="where the messages are kept")
    parser.add_argument(
        "--stop-with", type=int, metavar="PID", help="end when this process, which started it, is gone"
    )
    parser.add_argument(
        "--relay-to", type=_host_and_port, metavar="HOST:PORT",
        help="where the intake listens (LMTP), which gets what answers our mail",
    )  # fmt: skip
    parser.add_argument("--domain", default="pop.example", help="of our own addresses (default: %(default)s)")
    options = parser.parse_args(arguments)
    keep_to_owner()
    mask_all_handlers()
    relay = (
        Relay(options.folder / "to-intake", options.domain, *options.relay_to) if options.relay_to else None
    )
    # The library logs each address at INFO; and its shutdown of open connections is no trouble to report.
    logging.getLogger("mail.log").setLevel(logging.CRITICAL)
    try:
        serve(
            options.host, options.port, options.folder,
            on_ready=_say_ready, stop_with=options.stop_with, relay=relay,
        )  # fmt: skip
    except CannotServe as problem:
        sys.stderr.write(f"{problem}\n")
        return 1
    return 0


def _host_and_port(typed: str) -> tuple[str, int]:
    host, _, port = typed.rpartition(":")
    return host, int(port)


def _say_ready(host: str, port: int) -> None:
    sys.stdout.write(f"ready {host} {port}\n")
    sys.stdout.flush()


def _prepare_folder(folder: Path) -> None:
    try:
        make_private_folder(folder)
        trial = folder / f"{secrets.token_hex(8)}.trial"
        trial.touch()
        trial.unlink()
    except OSError as problem:
        raise CannotServe(f"The mail folder {folder} cannot be written: {problem.strerror}.") from problem


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _printable(value: str) -> str:
    return "".join(char for char in value if char.isprintable())


if __name__ == "__main__":
    sys.exit(main())
