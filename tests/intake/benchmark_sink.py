"""The library alone, for comparison: acknowledges every message and keeps none."""

from __future__ import annotations

import asyncio
import sys
from urllib.parse import urlsplit

from aiosmtpd.lmtp import LMTP


class Nothing:
    """Does nothing with a message."""


async def main(port: int) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: LMTP(Nothing(), hostname="localhost", loop=loop), "127.0.0.1", port
    )
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(urlsplit(sys.argv[1]).port or 0))
