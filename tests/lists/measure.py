"""How long a long list takes: ``python -m tests.lists.measure`` fills a database of its own with 100,000 persons."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import insert

from pop_campaigns.accounts.models import User
from pop_campaigns.contacts.models.addresses import Address
from pop_campaigns.contacts.models.consents import Consent
from pop_campaigns.contacts.models.persons import Person
from pop_campaigns.contacts.rules import AddressUse, ConsentChannel, PersonKind, Purpose
from pop_campaigns.contacts.services.refusals import suppress
from pop_campaigns.core.clock import local_date, now
from pop_campaigns.core.db import db
from pop_campaigns.core.text import fold, sort_key
from pop_campaigns.lists.queries.conditions import read_filter
from pop_campaigns.lists.queries.lists import count_found, reach_of
from pop_campaigns.lists.queries.resolving import Resolved, resolve

SAID = {"of": "persons", "person_kinds": ["citizen"]}


def fill(number: int, organisation_id: int, first: int = 1) -> None:
    """Put citizens with an address each into the database; two of three agreed to hear of events, one of a hundred refuses."""
    at = datetime(2026, 5, 1, tzinfo=UTC)
    idents = range(first, first + number)
    persons = [
        {
            "id": ident, "name": f"Qytetar {ident}", "kind": PersonKind.CITIZEN, "language": "sq",
            "organisation_id": organisation_id, "sort_key": sort_key(f"Qytetar {ident}"),
            "search_key": fold(f"Qytetar {ident}"),
        }
        for ident in idents
    ]  # fmt: skip
    addresses = [
        {
            "email": f"qytetar{ident}@kontakte.example", "person_id": ident, "use": AddressUse.MAIN,
            "organisation_id": organisation_id,
        }
        for ident in idents
    ]  # fmt: skip
    consents = [
        {
            "person_id": ident, "organisation_id": organisation_id, "purpose": Purpose.EVENTS, "text_version": "1",
            "language": "sq", "channel": ConsentChannel.PAPER, "given_at": at, "recorded_at": at,
        }
        for ident in idents if ident % 3
    ]  # fmt: skip
    for model, rows in ((Person, persons), (Address, addresses), (Consent, consents)):
        db.session.execute(insert(model), rows)
    for ident in idents[:: max(1, number // 100)]:
        email = f"qytetar{ident}@kontakte.example"
        suppress(email, Purpose.EVENTS, organisation_id, channel=ConsentChannel.LINK, now=at)
    db.session.commit()


def seconds(work: Callable[[], Any], times: int = 3) -> float:
    """The best of several runs, in time of this process: what else the machine does is not counted."""
    best = float("inf")
    for _run in range(times):
        db.session.rollback()
        begin = time.process_time()
        work()
        best = min(best, time.process_time() - begin)
    return best


def look_up(user: User) -> Resolved:
    """Resolve the filter of all citizens."""
    return resolve(read_filter(SAID), user, Purpose.EVENTS, local_date(now()))


def main(number: int) -> None:
    """Fill, resolve, count, and print the figures."""
    from pop_campaigns.app import create_app
    from tests import factories

    with tempfile.TemporaryDirectory() as folder:
        app = create_app(
            {
                "MODE": "test", "SECRET_KEY": "a key for measuring only 0123456789", "BASE_URL": "http://localhost",
                "MAIL_DOMAIN": "rsvp.example", "DATA_DIR": folder,
                "SQLALCHEMY_DATABASE_URI": f"sqlite:///{Path(folder) / 'measure.sqlite3'}",
            }
        )  # fmt: skip
        with app.app_context():
            db.create_all()
            fier = factories.make_organisation("Fier")
            user = factories.make_user("arta", "coordinator", fier)
            db.session.commit()
            fill(number, fier.id)
            result = look_up(user)
            said = ", ".join(f"{count:,} {reason.value}" for reason, count in result.counts.items())
            print(f"{result.found:,} found: {len(result.recipients):,} get mail; {said}")
            print(f"resolve: {seconds(lambda: look_up(user)):.2f} s")
            reach, today = reach_of(None, user), local_date(now())
            print(f"count:   {seconds(lambda: count_found(read_filter(SAID), reach, today)):.3f} s")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
