"""A redirect leads to a page of ours, whatever somebody wrote into ``next``."""

from __future__ import annotations

from urllib.parse import urljoin, urlsplit

import pytest
from flask.testing import FlaskClient

from pop_campaigns.accounts.rules.roles import RoleName
from pop_campaigns.accounts.services.users import create_user
from pop_campaigns.core.clock import now
from pop_campaigns.core.db import db
from pop_campaigns.core.safe_path import local_path

ELSEWHERE = (
    "//evil.example", "///evil.example", "/\\evil.example", "\\/evil.example", "/\t/evil.example", "/\n/evil.example",
    "https:evil.example", "https://evil.example", "javascript:alert(1)", " //evil.example", "/ /evil.example", "/\x00/x", "",
)  # fmt: skip


@pytest.mark.parametrize("typed", ELSEWHERE)
def test_no_address_of_somebody_else_is_followed(typed: str) -> None:
    assert local_path(typed, "/today") == "/today"


@pytest.mark.parametrize("path", ["/", "/events/3?guest=1", "/sq/veprimtari#lista"])
def test_a_path_of_ours_is_followed(path: str) -> None:
    assert local_path(path, "/today") == path


@pytest.mark.parametrize("typed", ELSEWHERE)
def test_the_language_switch_stays_here(client: FlaskClient, typed: str) -> None:
    answer = client.post("/language", data={"lang": "en", "next": typed})
    assert (answer.status_code, answer.location) == (302, "/")


@pytest.mark.parametrize("typed", ELSEWHERE)
def test_signing_in_leads_to_a_page_of_ours(client: FlaskClient, typed: str) -> None:
    new = {"email": "lexues@pop.example", "password": "katër-lisa-mbi-Gjanicë-77"}
    create_user(**new, name="Lexues", role=RoleName.VIEWER, organisation=None, by=None, now=now())
    db.session.commit()
    answer = client.post("/login", data=new, query_string={"next": typed})
    # Refused in words, or led to a page of ours; a browser reads a backslash as a slash.
    leads_to = urljoin("http://localhost/login", (answer.location or "").replace("\\", "/"))
    assert answer.status_code in (200, 302)
    assert urlsplit(leads_to).netloc == "localhost"
