"""How fast the search answers on a large address book: ``python -m tests.desk.measure_search [--persons N] [--postgresql]``.

Prints the median and the slowest of several requests for each kind of query, page included, and the median of this
process's own time on the processor (SQLite included), which others who use the machine change less. Asserts nothing:
figures differ from machine to machine.
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import flask_migrate
from flask import Flask
from sqlalchemy import insert, text

from pop_campaigns.accounts.models import User
from pop_campaigns.accounts.services.sessions import COOKIE_KEY, start_session
from pop_campaigns.app import create_app
from pop_campaigns.archive.load import load_shipped_record
from pop_campaigns.archive.vocabulary import load_vocabulary
from pop_campaigns.contacts.models.addresses import Address
from pop_campaigns.contacts.models.persons import Person
from pop_campaigns.contacts.rules import AddressUse, PersonKind
from pop_campaigns.core.clock import now
from pop_campaigns.core.db import db, keep_stems
from pop_campaigns.core.text import fold, sort_key
from pop_campaigns.mail.models import MailSkeleton, OutgoingMail
from tests import factories
from tests.conftest import TEST_SETTINGS

SYLLABLES = (
    "ba",
    "çe",
    "dri",
    "fa",
    "gjë",
    "hë",
    "ka",
    "lu",
    "më",
    "na",
    "pë",
    "rra",
    "shë",
    "ta",
    "vi",
    "xho",
    "zë",
)
ROUNDS = 7
QUERIES = {
    "a part that many have": "dri",
    "a word that some have": "drigjë",
    "two words": "drigje luna",
    "a name in a case": "drigjës",
    "three names in a case": "drigjës lunat bafën",
    "an office in a case": "kryetarit të bashkisë së fierit",
    "a word nobody has": "qqqqzz",
    "an e-mail address": "p77777@vend77.al",
    "part of an address": "vend77.al",
    "a phone number": "069 207 7777",
    "the end of a number": "77777",
    "hostile: %%%": "%%%",
    "hostile: quotes": 'title:"x" NEAR/2 y*',
    "hostile: 10 kB": "a" * 10_240,
    "eight words": "a e i o u ba ta la",
}


@contextmanager
def database(postgresql: bool, folder: Path) -> Iterator[str]:
    """Give the address of an empty database."""
    if not postgresql:
        yield f"sqlite:///{folder / 'search.sqlite3'}"
        return
    from tests import services

    with services.running_postgresql() as server:
        yield services.create_database(server)


def fill(persons: int, mails: int) -> User:
    """Put in the record, the vocabulary, and many persons with addresses, phone numbers and mails."""
    now, chance = datetime.now(UTC), random.Random(1)
    load_shipped_record(now=now)
    load_vocabulary(now=now)
    organisation = factories.make_organisation("Fier")
    user = factories.make_user("arta", "coordinator", organisation)
    names = ["".join(chance.choices(SYLLABLES, k=2)).title() + " " + "".join(chance.choices(SYLLABLES, k=3)).title()
             for _number in range(persons)]  # fmt: skip
    first = (db.session.scalar(text("SELECT coalesce(max(id), 0) FROM persons")) or 0) + 1
    rows = [
        {"id": first + number, "name": name, "sort_key": sort_key(name), "search_key": fold(name),
         "kind": PersonKind.CITIZEN, "phone": f"+35569{2000000 + number}", "organisation_id": organisation.id}
        for number, name in enumerate(names)
    ]  # fmt: skip
    addresses = [
        {"email": f"p{number}@vend{number % 100}.al", "use": AddressUse.MAIN, "person_id": first + number,
         "organisation_id": organisation.id}
        for number in range(persons)
    ]  # fmt: skip
    db.session.execute(insert(Person), rows)
    started = time.perf_counter()
    keep_stems(db.session.connection(), Person.__stems__, ((row["id"], row["search_key"]) for row in rows))
    print(f"stems of {persons} persons kept in {time.perf_counter() - started:.1f} s")
    db.session.execute(insert(Address), addresses)
    skeleton = MailSkeleton(language="sq", subject="Ftesë: {title}", text="", html="", created_at=now)
    db.session.add(skeleton)
    db.session.flush()
    db.session.execute(
        insert(OutgoingMail),
        [
            {"kind": "invitation", "once": f"m/{number}", "skeleton_id": skeleton.id, "from_address": "r@x.example",
             "to_address": f"p{number}@vend{number % 100}.al", "to_name": names[number % persons],
             "message_id": f"<{number}@x>", "bounce_nonce": str(number), "dated_at": now, "queued_at": now,
             "available_at": now, "organisation_id": organisation.id, "fields": {"title": "Lumi"}}
            for number in range(mails)
        ],
    )  # fmt: skip
    db.session.commit()
    # What PostgreSQL's own housekeeping does after a minute, and SQLite's on request.
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE"))
    return user


def measure(app: Flask, user: User) -> None:
    """Print what each query takes."""
    browser = app.test_client()
    with browser.session_transaction() as session:
        session["_user_id"], session["_fresh"] = user.fs_uniquifier, True
        session[COOKIE_KEY] = start_session(user, now=now())
    db.session.commit()
    db.session.remove()
    print(f"{'query':<26}{'median':>10}{'slowest':>10}{'processor':>12}{'found':>8}")
    for label, typed in QUERIES.items():
        taken: list[float] = []
        busy: list[float] = []
        answer: Any = None
        for _round in range(ROUNDS):
            started, working = time.perf_counter(), time.process_time()
            answer = browser.get("/search", query_string={"q": typed})
            taken.append(1000 * (time.perf_counter() - started))
            busy.append(1000 * (time.process_time() - working))
        assert answer.status_code == 200
        result = answer.text.count("data-row")
        print(
            f"{label:<26}{statistics.median(taken):>7.0f} ms{max(taken):>7.0f} ms{statistics.median(busy):>9.0f} ms{result:>8}"
        )


def main() -> None:
    """Fill a database that is thrown away, and measure."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--persons", type=int, default=100_000)
    asked.add_argument("--mails", type=int, default=20_000)
    asked.add_argument("--postgresql", action="store_true")
    given = asked.parse_args()
    with tempfile.TemporaryDirectory() as name, database(given.postgresql, Path(name)) as uri:
        app = create_app(TEST_SETTINGS | {"DATA_DIR": name, "SQLALCHEMY_DATABASE_URI": uri})
        with app.app_context():
            flask_migrate.upgrade()
            user = fill(given.persons, given.mails)
            kind = db.engine.dialect.name
            print(f"{kind}: {given.persons} persons with an address and a phone number, {given.mails} mails")
            measure(app, user)
            db.session.remove()
            db.engine.dispose()


if __name__ == "__main__":
    main()
