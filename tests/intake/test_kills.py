"""The intake is killed again and again while mail comes in: what was acknowledged is there, once.

The suite does it a few times; `make kills` does it 50 times in 5,000 messages.
"""

from __future__ import annotations

import asyncio
import os
import random
import threading
from pathlib import Path

from sqlalchemy import func, select

from pop_campaigns.core.db import db
from pop_campaigns.mail.models import IncomingMail
from tests.intake.conftest import Start, wait_for
from tests.intake.lmtp_client import Delivery, make_message
from tests.services import free_port

# The second kill meets what the first has left behind.
KILLS = int(os.environ.get("POP_TEST_INTAKE_KILLS", "2"))
MESSAGES_A_KILL = 100 if KILLS > 2 else 40


def test_killed_again_and_again_what_was_acknowledged_is_there_once(
    start_service: Start, tmp_path: Path
) -> None:
    chance = random.Random(seed := random.randrange(10**6))
    print(f"seed {seed}")  # shown when it fails
    messages = [make_message(number) for number in range(KILLS * MESSAGES_A_KILL)]
    port = free_port()
    over = threading.Event()
    delivery = Delivery(messages, port, ended=over.is_set)
    client = threading.Thread(target=asyncio.run, args=(delivery.run(),), daemon=True)
    client.start()
    try:
        for kill in range(KILLS):
            process = start_service("mail", "listen", "--at", f"lmtp://127.0.0.1:{port}")
            wanted = kill * MESSAGES_A_KILL + chance.randint(1, MESSAGES_A_KILL - 1)
            wait_for(lambda wanted=wanted: len(delivery.acknowledged) >= wanted)
            process.kill()
            process.wait()
            known = set(delivery.acknowledged)
            assert known <= set(numbers_stored()), f"lost after kill {kill + 1}"
        start_service("mail", "listen", "--at", f"lmtp://127.0.0.1:{port}")
        wait_for(lambda: len(delivery.acknowledged) == len(messages))
    finally:
        over.set()
        client.join(30)
    result = numbers_stored()
    assert len(result) == len(set(result)) == len(messages)
    print(f"{KILLS} kills, {len(messages)} messages, {delivery.repeated} repeated, all there once")


def numbers_stored() -> list[int]:
    """The numbers of the stored messages, from their bytes."""
    db.session.rollback()
    raws = db.session.scalars(select(func.substr(IncomingMail.raw, 1, 200))).all()
    db.session.rollback()
    return [int(bytes(raw).split(b"Message-ID: <")[1].split(b"@")[0]) for raw in raws]
