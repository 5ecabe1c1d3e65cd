"""Every page as one of the cast reads it, asked for once in a process and looked at by many tests."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import TypeVar

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from pop_campaigns.accounts.guard import is_public
from tests.house.world import address, arguments, rules, snapshot
from tests.plugins.full import wanted_in_full

Case = TypeVar("Case")

# HEAD runs the views a second time; these three reach all that anybody reaches.
ASK_FOR_HEADS = frozenset(("nobody", "arta", "drita"))
NO_PAGES = (("/nowhere", "GET"), ("/login", "DELETE"), ("/", "POST"))


@dataclass(frozen=True)
class Reading:
    """What an address answered; one that is no page has no endpoint."""

    endpoint: str
    url: str
    method: str
    answer: TestResponse

    @property
    def is_page(self) -> bool:
        """Whether there is HTML to look at."""
        return self.answer.status_code == 200 and self.answer.mimetype == "text/html"


@dataclass(frozen=True)
class Walk:
    """All answers, and whether a row was different afterwards."""

    readings: tuple[Reading, ...]
    changed: bool

    def by(self, method: str) -> list[Reading]:
        """Return the readings of existing pages by one method."""
        return [reading for reading in self.readings if reading.endpoint and reading.method == method]

    @property
    def pages(self) -> list[Reading]:
        """The HTML pages that were given."""
        return [reading for reading in self.by("GET") if reading.is_page]


def walk_everything(app: Flask, browser: FlaskClient, world: SimpleNamespace, who: str) -> Walk:
    """Read every address that takes a GET, and a few that lead nowhere."""
    urls = _addresses(app, world, "sq")
    before = snapshot()
    readings = tuple(
        Reading(endpoint, url, method, browser.open(url, method=method))
        for endpoint, url, method in _requests(urls, who)
    )
    return Walk(readings, changed=snapshot() != before)


def walk_in_english(
    app: Flask, browser: FlaskClient, world: SimpleNamespace, *, strangers: bool = False
) -> Walk:
    """Read every address once more, for what it says alone; ``browser`` is of somebody who reads English.

    ``strangers`` read what is public; everywhere else they are told to sign in.
    """
    urls = _addresses(app, world, "en")
    asked = [(endpoint, url, "GET") for endpoint, url in urls if not strangers or is_public(endpoint)]
    asked += [("", url, method) for url, method in NO_PAGES]
    headers = {"Accept-Language": "en"}
    return Walk(
        tuple(
            Reading(endpoint, url, method, browser.open(url, method=method, headers=headers))
            for endpoint, url, method in asked
        ),
        changed=False,
    )


def _addresses(app: Flask, world: SimpleNamespace, lang: str) -> list[tuple[str, str]]:
    values = arguments(world) | {"lang": lang}
    return [(rule.endpoint, address(app, rule, values)) for rule in rules(app, "GET")]


def _requests(urls: list[tuple[str, str]], who: str) -> Iterator[tuple[str, str, str]]:
    for endpoint, url in urls:
        yield endpoint, url, "GET"
        yield endpoint, url, "OPTIONS"
        if who in ASK_FOR_HEADS:
            yield endpoint, url, "HEAD"
    for url, method in NO_PAGES:
        yield "", url, method


def some_of(cases: Sequence[Case], place: int, every: int = 5) -> list[Case]:
    """Return each fifth case, beginning elsewhere at each place: what all places share is tried at some of them.

    Each place meets some cases and each case several places; a full run tries all of them everywhere.
    """
    if wanted_in_full():
        return list(cases)
    return [case for number, case in enumerate(cases) if (number + place) % every == 0]
