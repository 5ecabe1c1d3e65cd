"""Addresses with a secret in them are known from the URL map, so that logs and pages hide a new one by themselves."""

from __future__ import annotations

import re
from types import SimpleNamespace

import pytest
from flask import Flask
from flask.testing import FlaskClient

from pop_campaigns.accounts.guard import is_public
from pop_campaigns.accounts.models import Network
from pop_campaigns.contacts.rules import Purpose
from pop_campaigns.contacts.services.refusal_links import USED_FOR, refusal_link
from pop_campaigns.core.db import db
from pop_campaigns.core.logs import mask
from pop_campaigns.core.secret_links import SECRET_PARTS, paths_before_secrets
from pop_campaigns.core.tokens import sign_text
from pop_campaigns.mail.secrets import mask_ours, mask_secrets

# Parts of public addresses that are words anybody may know.
OPEN_PARTS = {"lang", "filename", "areas"}
TOKEN = "Zk3vAq0cH8wq1x2y3z4_abcdefGHIJKLmnopqrstuvw"


def test_each_part_of_a_public_address_is_known_to_be_secret_or_open(app: Flask) -> None:
    unknown = {
        (rule.rule, name)
        for rule in app.url_map.iter_rules()
        for name, converter in rule._converters.items()
        if is_public(rule.endpoint)
        and not re.search("Integer|RowNumber|Float|UUID", type(converter).__name__)
        and name not in OPEN_PARTS | set(SECRET_PARTS)
    }
    assert unknown == set(), "call a secret part of an address `token`, or list its name here as open"


def test_every_secret_address_of_the_app_is_masked_in_logs_and_texts(app: Flask) -> None:
    secret = [rule for rule in app.url_map.iter_rules() if rule.arguments & set(SECRET_PARTS)]
    assert len(secret) >= 3
    for rule in secret:
        url = "http://localhost" + re.sub(r"<[^>]*>", TOKEN, rule.rule)
        for hide in (mask, mask_secrets):
            assert TOKEN[:9] not in hide(f"GET {url} 200"), rule.rule
            assert TOKEN[:9] not in hide(f"GET {url.partition('localhost')[2]} 200"), rule.rule


AROUND = (".", ")", ").", ">", ",", ";", "’", "”", "“.", "%20", "%3E", '"', "]", "…", "\u00a0", "\u200b", "*")


def test_a_sign_that_a_program_took_for_a_part_of_a_link_is_forgiven(
    client: FlaskClient, world: SimpleNamespace
) -> None:
    link = refusal_link("gazetar@media.example", Purpose.EVENTS, None, "sq")
    wish = sign_text(USED_FOR, link["nonce"])
    for sign in AROUND:
        page = client.get(f"/a/{world.token}{sign}")
        assert page.status_code == 200, sign
        assert f'href="/a/{world.token}/invite.ics' in page.text or f"/a/{world.token}?" in page.text, sign
        assert client.get(f"/a/{world.token}{sign}/invite.ics").status_code == 200, sign
        assert client.get(f"/u/{wish}{sign}").status_code == 200, sign


@pytest.mark.parametrize("url", ["/a/{}", "/a/{}/invite.ics", "/a/{}/and/more", "/u/{}", "/f/{}", "/a/"])
def test_a_broken_link_says_whom_to_write_to(app: Flask, client: FlaskClient, url: str) -> None:
    db.session.add(Network(email="rrjeti@pop.example"))
    db.session.commit()
    for lang, words in (("sq", "përgjigjuni mesazhit"), ("en", "answer the message")):
        page = client.get(url.format(TOKEN[:20]), query_string={"lang": lang})
        assert page.status_code == 404 and words in page.text, page.text
        assert 'href="mailto:rrjeti@pop.example"' in page.text
        assert TOKEN[:20] not in page.text.partition("<main")[2]


@pytest.mark.parametrize(
    ("rule", "url"),
    [
        ("/reset/<token>", "/reset/{}"),
        ("/users/invited/<string:token>/accept", "/users/invited/{}/accept"),
        ("/<any(sq, en):lang>/feeds/<int:ident>/<token>.ics", "/sq/feeds/7/{}.ics"),
    ],
)
def test_a_link_that_somebody_adds_is_masked(rule: str, url: str) -> None:
    (path,) = paths_before_secrets([rule])
    short = TOKEN[:12]
    masked = mask_ours(
        f"x https://pop.example{url.format(short)} y", "pop.example", "https://pop.example", path
    )
    assert short not in masked and masked.startswith("x https://pop.example/") and masked.endswith(" y")
    assert (
        paths_before_secrets(["/events/<int:event_id>", "/people/lists/<int:list_id>.<any(csv, vcf):ending>"])
        == set()
    )
