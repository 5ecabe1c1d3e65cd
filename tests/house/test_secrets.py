"""No page, file or header holds a secret of ours: reply and bounce addresses, personal links; for any role.

The walk is over the URL map: an endpoint that somebody adds is looked at without a word here.
"""

from __future__ import annotations

import html
import io
import re
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import unquote

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.routing import Rule

from pop_campaigns.accounts.guard import is_public
from pop_campaigns.core.db import db
from pop_campaigns.core.history import History
from pop_campaigns.incoming.views.originals import DOWNLOADED
from pop_campaigns.mail import secrets
from pop_campaigns.mail.models import IncomingMail
from tests.house import secret_mails
from tests.house.conftest import MakeOnce
from tests.house.world import address, arguments, make_world, rules
from tests.plugins.full import wanted_in_full

SignIn = Callable[[Any], FlaskClient]
ROLES = ("nobody", "clirim", "eva", "besa", "arta", "drita")
# Who may do everything and who only reads open every part of every record; the others one of each organisation.
READ_ALL = ("drita", "eva")
# Try-out's mailbox shows mails as they were delivered, to those who may change what they are about.
LOCAL_MAILBOX = (
    "tryout.inbox",
    "tryout.inbox_message",
    "tryout.inbox_html",
    "tryout.inbox_file",
    "tryout.answer_as_guest",
)
_LONG = re.compile(r"[A-Za-z0-9_-]{14,}")
ORIGINALS = ("incoming.original", "incoming.attachment")


@pytest.fixture
def scene(
    app: Flask, cast: SimpleNamespace, tmp_path: Path, make_once: MakeOnce, monkeypatch: pytest.MonkeyPatch
) -> SimpleNamespace:
    folder = tmp_path / "mail"
    monkeypatch.setitem(app.config, "MAIL_LOCAL", True)
    monkeypatch.setitem(app.config, "MAIL_KEEP_FOLDER", str(folder))

    def make() -> SimpleNamespace:
        folder.mkdir()
        world = make_world(cast)
        result = secret_mails.fill(world, folder)
        return SimpleNamespace(world=world, own=secret_mails.own_secrets(world.invitation), **vars(result))

    return make_once("secrets", make)


def browser_of(app: Flask, scene: SimpleNamespace, sign_in: SignIn, who: str) -> FlaskClient:
    return app.test_client() if who == "nobody" else sign_in(getattr(scene.world.cast, who))


def variants(app: Flask, scene: SimpleNamespace, rule: Rule, method: str = "GET") -> Iterator[str]:
    """Every address of a rule that is about another record of the scene."""
    values = arguments(scene.world)
    guests = [*scene.guests, *([scene.world.draft.id] if method == "GET" else [])]
    of_mails = rule.endpoint.startswith("incoming.")
    lists: dict[str, list[Any]] = {
        "event_id": scene.events,
        "mail_id": scene.mails,
        "invitation_id": guests,
        "name": scene.kept,
        "number": list(scene.incoming) if of_mails else [1, 2],
    }
    several = [
        name for name in ("event_id", "mail_id", "invitation_id", "name", "number") if name in rule.arguments
    ]
    for one in lists[several[0]] if several else [None]:
        for which in range(scene.incoming[one]) if "which" in rule.arguments else [0]:
            chosen = values | ({several[0]: one} if several else {}) | {"which": which}
            if several[1:]:
                chosen[several[1]] = lists[several[1]][0]
            url = address(app, rule, chosen)
            yield url
            if rule.endpoint in (
                "desk.mail_message",
                "tryout.inbox_message",
                "invitations.message",
                "letters.preview",
            ):
                yield from (f"{url}?part={part}" for part in ("html", "calendar", "source"))


def allowed(scene: SimpleNamespace, who: str, endpoint: str, method: str) -> set[str]:
    """What a role may find at an endpoint: nothing, but in the try-out's mailbox and in originals what it may change."""
    if endpoint.startswith(("invitations.answer", "privacy.unsubscribe", "desk.personal_feed")):
        return scene.own  # whoever has the address is the guest; one that opens nothing is only said back
    if endpoint in LOCAL_MAILBOX or (endpoint in ORIGINALS and method == "POST"):
        theirs = {
            "arta": scene.fier,
            "besa": scene.fier,
            "clirim": scene.vlore,
            "drita": scene.fier | scene.vlore,
        }
        return theirs.get(who, set())
    return set()


def leaks(answer: Any, forbidden: set[str]) -> list[str]:
    """Which secrets, whole or a good part of them, stand in an answer, also encoded, wrapped or packed."""
    bodies = [answer.data, str(answer.headers).encode()]
    if answer.data[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(answer.data)) as packed:
            bodies += [packed.read(name) for name in packed.namelist()]
    text = b"\n".join(bodies).decode("utf-8", "replace")
    unwrapped = re.sub(r"=?\r?\n[ >]*|\\r|\\n", "", text)
    # Only long words can hold one: pages are large, and there are many.
    words = {
        word.lower() for one in {text, unquote(html.unescape(text)), unwrapped} for word in _LONG.findall(one)
    }
    seen = "\n".join(words)
    pieces = {
        piece.lower() for one in forbidden for piece in (one[:14], one[-14:], one[len(one) // 2 :][:14])
    }
    return sorted(piece for piece in pieces if piece in seen)


def test_no_page_and_no_file_holds_a_secret(app: Flask, scene: SimpleNamespace, sign_in: SignIn) -> None:
    everything = scene.fier | scene.vlore
    assert len(scene.fier) > 8 and len(scene.vlore) > 5
    urls = {rule.endpoint: list(variants(app, scene, rule)) for rule in rules(app, "GET")}
    seen, found = Counter[str](), []
    # A colleague reads what the owner reads.
    for who in (one for one in ROLES if one != "besa"):
        browser = browser_of(app, scene, sign_in, who)
        for endpoint, places in urls.items():
            forbidden = everything - allowed(scene, who, endpoint, "GET")
            for url in (
                places if who in READ_ALL or wanted_in_full() else dict.fromkeys(places[:1] + places[-1:])
            ):
                answer = browser.get(url)
                seen[who] += answer.status_code == 200
                found += [(who, url, piece) for piece in leaks(answer, forbidden)]
    assert found == []
    # What is refused holds nothing, and proves nothing.
    assert seen["drita"] > 150 and min(seen["eva"], seen["arta"], seen["clirim"]) > 50, seen


def test_no_answer_to_a_form_holds_a_secret(app: Flask, scene: SimpleNamespace, sign_in: SignIn) -> None:
    """Also exports and originals; those who may change the most come last, since forms change the scene."""
    everything = scene.fier | scene.vlore
    explained = db.session.get(IncomingMail, next(iter(scene.incoming))).raw.decode()
    fields = {"form": "json", "reason": "", "source": "", "what": "words"}
    wanted = [rule for rule in rules(app, "POST") if not is_public(rule.endpoint)]
    wanted.sort(key=lambda rule: rule.endpoint not in ORIGINALS)  # before forms take records away
    urls = [(rule.endpoint, url) for rule in wanted for url in variants(app, scene, rule, "POST")]
    found, taken = [], []
    for who in ROLES:
        browser = browser_of(app, scene, sign_in, who)
        for endpoint, url in urls:
            # A colleague does what the owner does; here she takes originals.
            if who == "besa" and endpoint not in ORIGINALS:
                continue
            answer = browser.post(url, data=fields)
            assert answer.status_code < 500, url
            forbidden = everything - allowed(scene, who, endpoint, "POST")
            found += [(who, url, piece) for piece in leaks(answer, forbidden)]
            if endpoint in ORIGINALS and answer.status_code == 200:
                taken.append(who)
    report = sign_in(scene.world.cast.drita).post("/mail/in/explain", data={"source": explained}).text
    assert leaks(SimpleNamespace(data=report.split("<form")[0].encode(), headers=""), everything) == []
    assert found == []
    assert {"arta", "besa", "clirim", "drita"} == set(taken)
    noted = db.session.scalars(select(History).where(History.action == DOWNLOADED)).all()
    assert len(noted) == len(taken)


def test_searching_for_a_token_finds_what_searching_for_nonsense_finds(
    app: Flask, scene: SimpleNamespace, sign_in: SignIn
) -> None:
    guest = scene.world.invitation
    words = [
        guest.reply_local[2:12],
        f"{guest.reply_local}@rsvp.example",
        secret_mails.factories.token_of(guest)[:12],
    ]
    for who in ("arta", "drita", "eva"):
        browser = browser_of(app, scene, sign_in, who)
        for url in (
            "/search",
            "/mail",
            "/mail/in",
            "/people",
            "/people/persons",
            "/letters",
            "/events",
            "/people/lists",
        ):
            for word in words:
                hits = browser.get(url, query_string={"q": word}).text
                none = browser.get(url, query_string={"q": "zqxj" * 4}).text
                rows = [page.count("data-row") for page in (hits, none)]
                assert rows[0] == rows[1], (who, url, word)


def test_the_walk_sees_a_mask_that_fails(
    app: Flask, scene: SimpleNamespace, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(secrets, "mask_ours", lambda text, *_rest: text)
    everything = scene.fier | scene.vlore
    eva = sign_in(scene.world.cast.eva)
    pages = [
        f"/mail/{scene.mails[0]}",
        f"/mail/{scene.mails[0]}/html",
        f"/events/{scene.events[0]}",
        "/today",
    ]
    pages += [f"/mail/in/{number}" for number in scene.incoming]
    seen = [url for url in pages if leaks(eva.get(url), everything)]
    assert len(seen) > len(pages) / 2
