"""A mail server with manners, and what a worker needs."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from email import message_from_bytes
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP
from flask import Flask

from tests.services import free_port


class PostOffice:
    """Takes mail like a real server, on a port that stays; ``answers`` gives each address its replies in turn.

    A reply is for RCPT, or for the message itself after ``data:``; ``drop before`` and ``drop after`` hang up
    without a word, before or after the message was kept.
    """

    def __init__(self, port: int, delay: float = 0.0) -> None:
        self.port = port
        self.delay = delay
        self.taken: list[tuple[str, str]] = []  # Message-ID and recipient
        self.answers: dict[str, list[str]] = {}
        self.greeting: str | None = None
        self.gate = threading.Event()  # cleared, it lets no message through
        self.gate.set()
        self.waiting = False
        self.connections = 0
        self._controller: Controller | None = None

    def open(self) -> None:
        self._controller = _Counter(
            self, hostname="127.0.0.1", port=self.port, server_hostname="localhost", ready_timeout=10
        )
        self._controller.start()
        self.connections = 0

    def close(self) -> None:
        if self._controller:
            self._controller.stop()
        self._controller = None

    def times(self) -> Counter[str]:
        """How often each Message-ID came."""
        return Counter(message_id for message_id, _ in self.taken)

    async def handle_MAIL(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if self.greeting:
            return self.greeting
        envelope.mail_from = address
        return "250 2.1.0 OK"

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        waiting = self.answers.get(address, [])
        if waiting and not waiting[0].startswith(("data:", "drop")):
            return waiting.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        await asyncio.sleep(self.delay)
        self.waiting = True
        while not self.gate.is_set():
            await asyncio.sleep(0.01)
        waiting = self.answers.get(envelope.rcpt_tos[0], [])
        answer = waiting.pop(0) if waiting else "250 2.0.0 kept"
        if answer in ("250 2.0.0 kept", "drop after"):
            message_id = message_from_bytes(envelope.content)["Message-ID"]
            self.taken.append((message_id, envelope.rcpt_tos[0]))
        if answer.startswith("drop"):
            server.transport.abort()
        return answer.removeprefix("data:")


class _Counter(Controller):
    def factory(self) -> SMTP:
        self.handler.connections += 1
        return SMTP(self.handler, **self.SMTP_kwargs)


@pytest.fixture
def make_post_office() -> Iterator[Callable[..., PostOffice]]:
    """Opens servers, closed at the end."""
    made: list[PostOffice] = []

    def make(delay: float = 0.0) -> PostOffice:
        made.append(PostOffice(free_port(), delay))
        made[-1].open()
        return made[-1]

    yield make
    for office in made:
        office.gate.set()
        office.close()


@pytest.fixture
def office(app: Flask, make_post_office: Callable[..., PostOffice], monkeypatch: Any) -> PostOffice:
    """The server the application sends through."""
    office = make_post_office()
    monkeypatch.setitem(app.config, "MAIL_PORT", office.port)
    monkeypatch.setitem(app.config, "MAIL_TIMEOUT", 5)
    return office


def is_open(port: int) -> bool:
    """Whether somebody listens there."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
