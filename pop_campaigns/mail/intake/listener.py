"""The door for a mail server next to us: LMTP (RFC 2033) or SMTP (RFC 5321), 250 only after the commit."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

import structlog
from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP, Envelope, Session
from flask import Flask

from pop_campaigns.mail.domains import is_for_domain
from pop_campaigns.mail.intake.group_commit import GroupCommit
from pop_campaigns.mail.intake.store import SIZE_LIMIT, Arrival
from pop_campaigns.mail.rules import IncomingWay

MOST_CONNECTIONS = 100
MOST_RECIPIENTS = 100
MOST_BYTES_HELD = 256 * 1024 * 1024
"""Bytes of messages that are on their way to the disk; beyond that, a mail server is to come again."""

_FINISH_SECONDS = 20.0
_IDLE_SECONDS = 300.0
_NULL_SENDER = "null-sender@localhost.invalid"
_TOO_LARGE = f"552 5.3.4 The message is larger than {SIZE_LIMIT} bytes"
_FULL = "452 4.3.1 The message could not be stored, try again later"
_NOT_OURS = "550 5.1.1 No mailbox of that domain is here"
_BUSY = "421 4.3.2 Too many connections, try again later"
_CLOSING = "421 4.3.2 The service is closing, try again later"
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Place:
    """Where to listen, and how."""

    lmtp: bool
    host: str
    port: int


def parse_place(url: str) -> Place:
    """Return the parts of ``lmtp://127.0.0.1:2424``. Raise ValueError."""
    parts = urlsplit(url)
    if parts.scheme not in ("lmtp", "smtp") or not parts.hostname or parts.port is None:
        raise ValueError("not an address like lmtp://127.0.0.1:2424")
    return Place(parts.scheme == "lmtp", parts.hostname, parts.port)


class Door:
    """What all connections share; aiosmtpd calls its ``handle_`` methods."""

    def __init__(self, domain: str, store: GroupCommit) -> None:
        self.domain = domain
        self.store = store
        self.talks: set[_Talk] = set()
        self.held = 0
        self.closing = False

    async def handle_EHLO(
        self, server: SMTP, session: Session, envelope: Envelope, name: str, replies: list[str]
    ) -> list[str]:
        """Add what else we can to the reply: commands may follow each other without waiting."""
        session.host_name = name
        return [*replies[:-1], "250-PIPELINING", replies[-1]]

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Accept recipients under our domain only."""
        if not is_for_domain(address, self.domain):
            return _NOT_OURS
        if len(envelope.rcpt_tos) >= MOST_RECIPIENTS:
            return "452 4.5.3 Too many recipients"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_exception(self, error: Exception) -> str:
        """Return a reply to a fault of ours, never 5xx: the mail would go back to its sender."""
        log.error("the conversation with a mail server failed", why=type(error).__name__)
        return "451 4.3.0 Something went wrong here, try again later"

    async def take(self, raw: bytes, envelope: Envelope) -> str:
        """Store the message for each recipient; return the reply that is true for all of them."""
        sender = envelope.mail_from or ""
        sender = "" if sender == _NULL_SENDER else sender
        arrivals = [Arrival(raw, sender, to, IncomingWay.LISTENER) for to in dict.fromkeys(envelope.rcpt_tos)]
        try:
            await self.store.store(arrivals)
        except Exception:  # the writer has logged it; whatever it was, the mail must not be lost for it
            return _FULL
        return "250 2.0.0 Stored"

    async def close(self) -> None:
        """Let every message that is under way come to its answer, then hang up."""
        self.closing = True
        for talk in list(self.talks):
            await talk.hang_up_if_idle()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_FINISH_SECONDS):
                while self.talks:
                    await asyncio.sleep(0.02)
        for talk in list(self.talks):
            talk.abort()


class _Talk(SMTP):
    """One connection. Differs from the library's in taking any line length, ``<>``, and one reply a recipient."""

    # Of one read, not of a message: real mails have lines far beyond the 998 bytes of RFC 5322.
    line_length_limit = 64 * 1024
    event_handler: Door
    replies_for_each = False

    def __init__(self, door: Door, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(
            door,
            data_size_limit=SIZE_LIMIT,
            enable_SMTPUTF8=True,
            hostname=door.domain,
            ident="ready",
            timeout=_IDLE_SECONDS,
            loop=loop,
        )
        self.busy = False
        self.turned_away = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        door = self.event_handler
        if door.closing or len(door.talks) >= MOST_CONNECTIONS:
            self.turned_away = True
            if isinstance(transport, asyncio.WriteTransport):
                transport.write(f"{_CLOSING if door.closing else _BUSY}\r\n".encode())
            transport.close()
            return
        door.talks.add(self)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        # The library's end of a connection expects its beginning.
        if not self.turned_away:
            self.event_handler.talks.discard(self)
            super().connection_lost(error)

    def eof_received(self) -> bool | None:
        return None if self.turned_away else super().eof_received()

    async def smtp_MAIL(self, arg: str | None) -> None:
        """Accept also ``MAIL FROM:<>`` (RFC 5321 section 4.5.5), which the library refuses as bad syntax."""
        if self.event_handler.closing:
            await self._say_goodbye()
            return
        if arg is not None and arg.upper().replace(" ", "").startswith("FROM:<>"):
            arg = f"FROM:<{_NULL_SENDER}>{arg.partition('>')[2]}"
        await super().smtp_MAIL(arg)

    async def smtp_DATA(self, arg: str | None) -> None:
        """Take the message; with LMTP one reply follows for each recipient."""
        if await self.check_helo_needed():
            return
        envelope = self.envelope or Envelope()
        recipients = len(envelope.rcpt_tos)
        if arg or not recipients:
            await self.push("501 5.5.4 Syntax: DATA" if arg else "503 5.5.1 Error: need RCPT command")
            return
        self.busy = True
        try:
            await self.push("354 End data with <CR><LF>.<CR><LF>")
            reply = await self._take(envelope)
            self._set_post_data_state()
            await self.push("\r\n".join([reply] * (recipients if self.replies_for_each else 1)))
        finally:
            self.busy = False
        if self.event_handler.closing:
            await self._say_goodbye()

    async def _take(self, envelope: Envelope) -> str:
        door, held = self.event_handler, 0
        content, size, refusal = bytearray(), 0, ""
        try:
            async for line in self._lines():
                size += len(line)
                if size > SIZE_LIMIT:
                    refusal = _TOO_LARGE
                elif door.held + len(line) > MOST_BYTES_HELD:
                    refusal = refusal or _FULL
                if refusal:
                    content.clear()
                    continue
                content += line
                held += len(line)
                door.held += len(line)
            return refusal or await door.take(bytes(content), envelope)
        finally:
            door.held -= held

    async def _lines(self) -> AsyncIterator[bytes]:
        """Return the lines of a message up to its lone dot, without the dots that were put before (section 4.5.2).

        Long ones come in pieces. A line ends with CR LF and nothing else: a bare LF before a dot does not end the
        message, which is how a second one would be smuggled in.
        """
        begins, since_reset = True, 0
        while True:
            try:
                line = await self._reader.readuntil(b"\r\n")
            except asyncio.LimitOverrunError as overrun:
                line = await self._reader.read(overrun.consumed)
            if begins and line[:1] == b".":
                if line == b".\r\n":
                    return
                line = line[1:]
            begins = line[-2:] == b"\r\n"
            since_reset += len(line)
            if since_reset > 1024 * 1024:
                since_reset = 0
                self._reset_timeout()
            yield line

    async def hang_up_if_idle(self) -> None:
        """Hang up unless a message is just coming in."""
        if not self.busy:
            with contextlib.suppress(Exception):  # a client that is gone already
                await self._say_goodbye()

    async def _say_goodbye(self) -> None:
        await self.push(_CLOSING)
        if self.transport is not None:
            self.transport.close()

    def abort(self) -> None:
        """Cut the connection."""
        if isinstance(self.transport, asyncio.WriteTransport):
            self.transport.abort()


class _LocalTalk(_Talk, LMTP):
    """One connection in LMTP: after a message a reply for each recipient."""

    replies_for_each = True


def listen(
    app: Flask, place: Place, *, on_ready: Callable[[int], None], stop_with: int | None = None
) -> None:
    """Take mail until SIGTERM or SIGINT, then finish what is under way. Raise OSError if nobody may listen there.

    ``on_ready`` is told the port, which is a free one for port 0. ``stop_with`` is the number of the process that
    started this one and without which it must not go on (told, not asked: it may be gone before we could ask).
    """
    # The library logs each address and each command.
    logging.getLogger("mail.log").setLevel(logging.CRITICAL)
    asyncio.run(_listen(app, place, on_ready, stop_with))


async def _listen(app: Flask, place: Place, on_ready: Callable[[int], None], parent: int | None) -> None:
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    store = GroupCommit(app)
    try:
        door = Door(app.config["MAIL_DOMAIN"], store)
        kind = _LocalTalk if place.lmtp else _Talk
        server = await loop.create_server(lambda: kind(door, loop), place.host, place.port, backlog=200)
        on_ready(server.sockets[0].getsockname()[1])
        while not stop.is_set() and parent in (None, os.getppid()):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), timeout=1 if parent else None)
        server.close()
        await door.close()
    finally:
        await asyncio.to_thread(store.close)
