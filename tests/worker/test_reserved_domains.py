"""In production no mail leaves for a domain where nothing can be delivered, whoever queued it and whatever kind it is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from pop_campaigns.core import clock
from pop_campaigns.core.db import db
from pop_campaigns.core.i18n import speaking
from pop_campaigns.mail.addresses import is_reserved_address
from pop_campaigns.mail.models import ACCOUNT_MAIL, OutgoingMail
from pop_campaigns.mail.rules import MailState
from pop_campaigns.mail.words.labels import trouble_words
from pop_campaigns.worker.drain import drain_outbox
from tests.factories import make_mail
from tests.worker.conftest import PostOffice

SOURCES = Path("pop_campaigns")
_KIND = re.compile(
    r'(?:kind=|_KIND(?:: Final)? = |: )"((?:invitation|incoming|proposal|account)\.[a-z_]+|letter)"'
)
RESERVED = (
    "zyra@bashkia.example", "zyra@Example.COM", "z@a.test", "z@x.invalid", "z@localhost", "z@zyra.local", "z@a.onion",
)  # fmt: skip


def kinds() -> list[str]:
    """Every kind of mail that some package queues."""
    sources = (path.read_text(encoding="utf-8") for path in SOURCES.rglob("*.py"))
    found = {kind for text in sources for kind in _KIND.findall(text)}
    return sorted(found | {f"{ACCOUNT_MAIL}{kind}" for kind in ("invitation", "password_reset")})


def test_all_kinds_are_known_here() -> None:
    found = kinds()
    assert len(found) >= 12, found
    for package in ("account.", "incoming.", "invitation.", "letter", "proposal."):
        assert any(kind.startswith(package) for kind in found), package


@pytest.mark.parametrize(
    ("address", "reserved"),
    [*((address, True) for address in RESERVED), ("zyra@bashkia.al", False), ("z@example.al", False)],
)
def test_reserved_domains(address: str, reserved: bool) -> None:
    assert is_reserved_address(address) is reserved


@pytest.fixture
def queued(app: Flask) -> Iterator[list[OutgoingMail]]:
    """A mail of each kind to a sample address, and one to a real one."""
    moment = clock.now() - timedelta(seconds=1)
    made = [make_mail(f"zyra{n}@bashkia.example", kind=kind, now=moment) for n, kind in enumerate(kinds())]
    made += [make_mail(address, kind="letter", now=moment) for address in RESERVED]
    make_mail("zyra@bashkia.al", kind="letter", now=moment)
    db.session.commit()
    yield made


@pytest.mark.both_databases
def test_in_production_no_mail_of_any_kind_leaves_for_a_reserved_domain(
    app: Flask, office: PostOffice, queued: list[OutgoingMail], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "MODE", "production")
    report = drain_outbox(app, owner="a")
    assert (report.sent, report.failed) == (1, len(queued))
    assert [to for _id, to in office.taken] == ["zyra@bashkia.al"]
    db.session.rollback()
    for mail in db.session.scalars(select(OutgoingMail).where(OutgoingMail.to_address != "zyra@bashkia.al")):
        assert (mail.state, mail.sent_at, mail.attempts) == (MailState.FAILED, None, 1), mail.kind
        with speaking("en"):
            assert trouble_words(mail).startswith("A sample address: nothing can be delivered there")
        with speaking("sq"):
            assert trouble_words(mail).startswith("Adresë shembull")


def test_while_trying_out_they_go(app: Flask, office: PostOffice, queued: list[OutgoingMail]) -> None:
    assert drain_outbox(app, owner="a").sent == len(queued) + 1


def test_mail_is_handed_over_in_one_place() -> None:
    """The guard stands where every mail passes; the other one is the command that sends a test mail to a typed address."""
    handing = [str(path) for path in SOURCES.rglob("*.py") if ".deliver(" in path.read_text(encoding="utf-8")]
    assert sorted(handing) == ["pop_campaigns/worker/commands.py", "pop_campaigns/worker/drain.py"]
