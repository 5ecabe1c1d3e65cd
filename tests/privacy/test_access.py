"""The access export: everything that is kept, for programs and on paper, only for who is responsible, and noted."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from pop_campaigns.contacts.rules import ConsentChannel, LogKind, PersonKind, Purpose
from pop_campaigns.contacts.services.refusals import suppress
from pop_campaigns.core.clock import now
from pop_campaigns.core.db import Base, db
from pop_campaigns.core.history import History
from pop_campaigns.core.i18n import speaking
from pop_campaigns.invitations.messages.handed_links import HANDED_KIND
from pop_campaigns.invitations.messages.invitations import MAIL_KINDS, RECEIPT_KIND
from pop_campaigns.invitations.rules.invitations import InvitationState
from pop_campaigns.invitations.services.answers import IN_NAME_KIND
from pop_campaigns.invitations.services.proposals import DECLINED_TIME_KIND
from pop_campaigns.letters.rules.letters import RecipientRole, ResponseKind
from pop_campaigns.mail.rules import MailState
from pop_campaigns.privacy.queries import places
from pop_campaigns.privacy.queries.traces import find_traces
from pop_campaigns.privacy.words.access import NAMES
from pop_campaigns.privacy.words.codes import MESSAGE_KINDS, code_words
from tests import factories
from tests.house.world import snapshot
from tests.privacy.scene import CANARY, EMAIL, NAME, PHONE, Scene, make_scene

SignIn = Callable[[Any], FlaskClient]


@pytest.fixture
def scene(cast: SimpleNamespace) -> Scene:
    made = make_scene(cast)
    made.event.description_sq = f"Fjala i takon {NAME}."
    suppress(EMAIL, Purpose.NEWS, cast.fier.id, channel=ConsentChannel.LINK, now=now())
    suppress(EMAIL, Purpose.NEWS, cast.vlore.id, channel=ConsentChannel.LINK, now=now())
    db.session.commit()
    return made


def url_of(scene: Scene) -> str:
    return f"/privacy/persons/{scene.person.id}/access"


@pytest.mark.both_databases
def test_the_file_holds_everything(scene: Scene, cast: SimpleNamespace, sign_in: SignIn) -> None:
    answer = sign_in(cast.arta).post(url_of(scene), data={"form": "json"})
    assert answer.mimetype == "application/json"
    assert "kanarin" not in answer.headers["Content-Disposition"].casefold()
    kept = json.loads(answer.data)
    assert (kept["persons"][0]["name"], kept["persons"][0]["phone"]) == (NAME, PHONE)
    assert kept["persons"][0]["topics"] == CANARY
    assert kept["addresses"][0]["email"] == EMAIL
    assert kept["consents"][0]["proof_file"] == "pelqimi kanarineza.pdf"
    assert [one["purpose"] for one in kept["refusals"]] == ["news"]  # not what another organisation was told
    assert kept["invitations"][0]["answers"][0]["note"].startswith("Po vij")
    assert kept["lists"] == ["Gazetarë"]
    assert [one["cells"][1] for one in kept["imports"]] == [EMAIL, EMAIL.upper()]
    assert any(one["kind"] == "Veprimtaria" for one in kept["also_named_in"])
    empty = [name for name, value in kept.items() if not value]
    assert empty == []
    tokens = [factories.token_of(scene.guest), scene.guest.nonce]
    assert not any(token in answer.text for token in tokens)
    assert "Arta" not in {word for one in kept["history"] for word in one}


@pytest.mark.both_databases
def test_no_trace_is_left_out(scene: Scene, cast: SimpleNamespace, sign_in: SignIn) -> None:
    """Whoever adds a trace to an erasure must think of the export as well."""
    traces = find_traces(scene.person)
    full = {field.name for field in dataclasses.fields(traces) if getattr(traces, field.name)}
    assert full == {field.name for field in dataclasses.fields(traces)}
    kept = json.loads(sign_in(cast.arta).post(url_of(scene), data={"form": "json"}).data)
    sections = {name for name, value in kept.items() if isinstance(value, list | int) and value}
    assert len(sections) == 21


def test_the_page_can_be_read_and_printed(scene: Scene, cast: SimpleNamespace, sign_in: SignIn) -> None:
    browser = sign_in(cast.arta)
    before = snapshot()
    page = browser.get(url_of(scene)).text
    for words in (NAME, EMAIL, PHONE, "Pëlqimet", "Po vij", "gazetaret.csv", "Për të shtypur"):
        assert words in page
    for raw in ("person.created", "organisation id", "+00:00", "withdrawn_at"):
        assert raw not in page
    assert "U shtua personi: Kanarineza Prova" in page
    assert snapshot() == before
    printed = browser.post(url_of(scene), data={"form": "page"}).text
    assert EMAIL in printed
    noted = db.session.scalars(select(History).where(History.action == "person.exported")).all()
    assert [(history.actor_name, history.details["form"]) for history in noted] == [("Arta", "page")]
    assert "U dha gjithçka që ruhet" in browser.get(f"/people/persons/{scene.person.id}").text
    assert browser.post(url_of(scene), data={"form": "zip"}).status_code == 400


def test_only_who_is_responsible_gives_it_out(scene: Scene, cast: SimpleNamespace, sign_in: SignIn) -> None:
    for user in (cast.clirim, cast.eva):
        assert sign_in(user).get(url_of(scene)).status_code == 404
        assert sign_in(user).post(url_of(scene), data={"form": "json"}).status_code == 404
    assert sign_in(cast.drita).get(url_of(scene)).status_code == 200


@pytest.mark.parametrize("lang", ["sq", "en"])
def test_the_page_has_no_words_of_programs(
    scene: Scene, cast: SimpleNamespace, sign_in: SignIn, lang: str
) -> None:
    """Neither names of columns nor codes: whom it is given to reads it without us."""
    cast.arta.language = lang
    db.session.commit()
    page = sign_in(cast.arta).get(url_of(scene)).text
    kept = page[page.index('class="kept') :]
    with speaking(lang):
        names = {str(words) for words in NAMES.values()}
    named = set(re.findall(r"<dt>([^:]*?)</dt>", kept)) - {"·"}  # the history is told by the hour
    assert named <= names
    assert len(named) > 30
    values = set(re.findall(r'<dd class="prose">(.*?)</dd>', kept))
    codes = {
        str(member) for kind in (InvitationState, MailState, RecipientRole, ResponseKind) for member in kind
    }
    assert values & (codes | set(MESSAGE_KINDS) | {"persons", "addresses", "human"}) == set()
    assert not [
        value for value in values if re.fullmatch(r"(?:event|invitation|letter|mail|person)\.[a-z_]+", value)
    ]


def test_every_code_and_every_place_has_words(app: Flask) -> None:
    for section, name, kind in (
        ("invitations", "state", InvitationState),
        ("letters", "role", RecipientRole),
        ("letters", "kind", ResponseKind),
        ("messages", "state", MailState),
        ("messages", "outcome", MailState),
        ("consents", "channel", ConsentChannel),
        ("persons", "kind", PersonKind),
        ("contact_log", "kind", LogKind),
    ):
        assert [one for one in kind if code_words(section, name, one.value) == one.value] == []
    kinds = {*MAIL_KINDS.values(), RECEIPT_KIND, IN_NAME_KIND, HANDED_KIND, DECLINED_TIME_KIND, "letter"}
    assert kinds < set(MESSAGE_KINDS)
    nameless = [
        table.name
        for table in Base.metadata.sorted_tables
        if table.name not in places._ELSEWHERE | places._LABELS.keys()
        and any(map(places._is_text, table.columns))
    ]
    assert nameless == []
