"""Delivers many messages over several connections, as a mail server does that repeats what was not acknowledged."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

TO = "r-abcdefghijklmnopqrstuvwxyz@rsvp.example"


@dataclass
class Delivery:
    """Messages on their way. ``acknowledged`` are the places of those that got their 250."""

    messages: Sequence[bytes]
    port: int
    connections: int = 8
    acknowledged: set[int] = field(default_factory=set)
    repeated: int = 0
    ended: Callable[[], bool] = lambda: False
    _next: int = 0

    async def run(self) -> None:
        await asyncio.gather(*(self._talk() for _ in range(self.connections)))

    async def _talk(self) -> None:
        mine: int | None = None
        while not self.ended():
            with contextlib.suppress(OSError, EOFError, ValueError):
                reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
                try:
                    await expect(reader, "220")
                    writer.write(b"LHLO mx.example\r\n")
                    await expect(reader, "250")
                    while True:
                        if mine is None:
                            if self._next == len(self.messages):
                                return
                            mine, self._next = self._next, self._next + 1
                        await send(reader, writer, self.messages[mine])
                        self.acknowledged.add(mine)
                        mine = None
                finally:
                    writer.close()
            self.repeated += mine is not None
            await asyncio.sleep(0.05)


async def send(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, raw: bytes) -> None:
    """One message, its envelope in one go (PIPELINING)."""
    writer.write(f"MAIL FROM:<a@bashkia.example>\r\nRCPT TO:<{TO}>\r\nDATA\r\n".encode())
    for code in ("250", "250", "354"):
        await expect(reader, code)
    writer.write(raw + b".\r\n")
    await expect(reader, "250")


async def expect(reader: asyncio.StreamReader, code: str) -> None:
    while True:
        line = await reader.readline()
        if not line:
            raise EOFError
        if line[3:4] != b"-":
            break
    if not line.startswith(code.encode()):
        raise ValueError(f"{line!r} instead of {code}")


def make_message(number: int, size: int = 4000) -> bytes:
    """A message like no other, of lines as they are in mail."""
    head = f"From: a@bashkia.example\r\nMessage-ID: <{number}@bashkia.example>\r\nSubject: {number}\r\n\r\n".encode()
    line = b"Ju falenderojme per ftesen dhe do te marrim pjese ne takim. " + b"%08d" % number + b"\r\n"
    return head + line * max(1, (size - len(head)) // len(line))
