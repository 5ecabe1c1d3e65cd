"""How mails and reports travel between the service and the process that reads: blocks with their length before them."""

from __future__ import annotations

import struct
from typing import IO

LENGTH = struct.Struct(">I")


def read_block(stream: IO[bytes]) -> bytes | None:
    """Return the next block, None when the other side is gone."""
    head = stream.read(LENGTH.size)
    if len(head) < LENGTH.size:
        return None
    (length,) = LENGTH.unpack(head)
    body = stream.read(length)
    return body if len(body) == length else None


def write_block(stream: IO[bytes], body: bytes) -> None:
    """Send a block."""
    stream.write(LENGTH.pack(len(body)))
    stream.write(body)
    stream.flush()
