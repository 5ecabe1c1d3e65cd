"""Every endpoint: guarded or on the public list; a GET changes nothing; a POST without a token is refused."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.routing import Rule

from pop_campaigns.accounts.guard import is_public
from pop_campaigns.contacts.merging import merge
from pop_campaigns.contacts.refusal_links import USED_FOR, refusal_link
from pop_campaigns.contacts.rules import Purpose
from pop_campaigns.core.clock import now
from pop_campaigns.core.dates import DatePrecision
from pop_campaigns.core.db import Base, db
from pop_campaigns.core.files import store_file
from pop_campaigns.core.tokens import sign_text
from pop_campaigns.imports.services import create_import
from pop_campaigns.invitations.models import GivenAnswer, Invitation, TimeProposal
from pop_campaigns.invitations.rules import Answer, AnswerChannel, ToldHow
from pop_campaigns.invitations.services import GuestChoice, add_guests, send_invitations
from pop_campaigns.letters.models import Letter, LetterRecipient, LetterResponse
from pop_campaigns.letters.rules import LetterState, RecipientRole, ResponseKind
from pop_campaigns.privacy.models import Breach, ProcessingPurpose
from tests import factories
from tests.lists.scene import make_list

# Endpoints that take a POST without our token, each with its reason.
WITHOUT_TOKEN = {
    "invitations.answer",  # the address itself is the secret; officials may refuse cookies
    "privacy.unsubscribe",  # likewise; mail programs press it by themselves (RFC 8058)
}


@pytest.fixture
def world(app: Flask, cast: SimpleNamespace) -> SimpleNamespace:
    """One record of every kind, all Fier's, so that every address leads somewhere."""
    office = factories.make_office(organisation=cast.fier, holder="Mbajtësi i zyrës")
    person = factories.make_person("Gazetar", email="gazetar@media.example", organisation=cast.fier)
    consent = factories.make_consent(person)
    double = factories.make_person("Gazetar", organisation=cast.fier)
    merged = merge(person, double, by=cast.arta, now=now())
    event = factories.make_event(cast.fier)
    add_guests(event, [GuestChoice("office", office.id, "sq")], by=cast.arta, now=now())
    send_invitations(event, by=cast.arta, now=now())
    invitation = db.session.scalars(select(Invitation)).one()
    other = factories.make_office("Prefekt", email="prefekt@qark.example", organisation=cast.fier)
    add_guests(event, [GuestChoice("office", other.id, "en")], by=cast.arta, now=now())
    letter, recipient, response = _make_letter(cast, office)
    contact_list = make_list("Lista e Fierit", cast.fier, None, office)
    purpose = ProcessingPurpose(name="Ftesa", changed_at=now())
    breach = Breach(organisation=cast.fier, what="Listë e dërguar gabim", noticed_at=now(), created_at=now())
    db.session.add_all([purpose, breach])
    incoming = factories.make_incoming(cast.fier)
    proposal = TimeProposal(invitation=invitation, starts_at=now() + timedelta(days=9), at=now())
    db.session.add(proposal)
    table = io.BytesIO(b"Emri;E-mail\nGazetar i ri;i.ri@media.example\n")
    imported = create_import(table, "kontaktet.csv", "once", by=cast.arta, now=now())
    db.session.commit()
    draft = db.session.scalars(select(Invitation).where(Invitation.id != invitation.id)).one()
    scan = store_file(b"%PDF-1.7 an answer", "përgjigje.pdf", now=now())
    answer = GivenAnswer(
        invitation=draft, answer=Answer.ACCEPTED, channel=AnswerChannel.BY_HAND, at=now(), scan=scan,
        told_how=ToldHow.PAPER, recorded_by="Arta",
    )  # fmt: skip
    db.session.add(answer)
    db.session.commit()
    return SimpleNamespace(
        cast=cast, office=office, person=person, consent=consent, other=other, merge=merged,
        event=event, invitation=invitation, draft=draft, letter=letter, contact_list=contact_list,
        recipient=recipient, response=response, mail=invitation.mails[0].mail, token=factories.token_of(invitation),
        purpose=purpose, breach=breach, imported=imported, incoming=incoming, answer=answer, proposal=proposal,
    )  # fmt: skip


def _make_letter(cast: SimpleNamespace, office: Any) -> tuple[Letter, LetterRecipient, LetterResponse]:
    letter = Letter(
        organisation=cast.fier,
        state=LetterState.SENT,
        sent_at=datetime.now(UTC),
        register_year=2026,
        register_count=1,
        subject_sq="Ndotja e lumit",
        body_sq="Tekst.",
        precision=DatePrecision.DAY,
        day_from=date(2026, 11, 16),
        created_at=datetime.now(UTC),
        changed_at=datetime.now(UTC),
    )
    recipient = LetterRecipient(
        letter=letter,
        role=RecipientRole.TO,
        position=0,
        office=office,
        office_title=office.title_sq,
        address="zyra@bashkia.example",
        clock_from=date(2026, 11, 16),
        due_on=date(2026, 12, 3),
    )
    file = store_file(b"%PDF-1.7 a file", "përgjigje.pdf", now=datetime.now(UTC))
    response = LetterResponse(
        recipient=recipient, kind=ResponseKind.FULL, received_on=date(2026, 11, 20), file=file,
        recorded_at=datetime.now(UTC),
    )  # fmt: skip
    db.session.add_all([letter, recipient, response])
    db.session.flush()
    return letter, recipient, response


def arguments(world: SimpleNamespace) -> dict[str, Any]:
    """What to put into the variable parts of addresses, by their names."""
    return {
        "world": world,
        "lang": "sq",
        "listed": "institutions",
        "ending": "csv",
        "event_id": world.event.id,
        "import_id": world.imported.id,
        "invitation_id": world.draft.id,
        "list_id": world.contact_list.id,
        "letter_id": world.letter.id,
        "proposal_id": world.proposal.id,
        "recipient_id": world.recipient.id,
        "response_id": world.response.id,
        "answer_id": world.answer.id,
        "mail_id": world.mail.id,
        "into": world.other.institution.id,
        "number": world.incoming.id,
        "which": 0,
        "token": world.token,
        "name": "0",
        "filename": "css/theme.css",
        "wish": sign_text(
            USED_FOR, refusal_link("g@media.example", Purpose.EVENTS, world.cast.fier.id, "sq")["nonce"]
        ),
    }


def ident_of(world: SimpleNamespace, endpoint: str) -> int:
    """Give the record that a People page called ``ident`` is about."""
    for word, record in (
        ("mandate", world.office.mandates[0]),
        ("contacts.undo", world.merge),
        ("find_double", world.office.institution),
        ("merge_contacts", world.office.institution),
        ("new_consent", world.person),
        ("consent", world.consent),
        ("new_address", world.office),
        ("address", world.office.addresses[0]),
        ("new_office", world.office.institution),
        ("office", world.office),
        ("open_matters", world.office),
        ("holder", world.office),
        ("institution", world.office.institution),
        ("person", world.person),
        ("privacy.erase", world.person),
        ("privacy.access", world.person),
        ("purpose", world.purpose),
        ("breach", world.breach),
    ):
        if word in endpoint:
            return int(record.id)
    raise AssertionError(f"{endpoint}: tell tests/house/test_endpoints.py what ident is")


def address(app: Flask, rule: Rule, values: dict[str, Any]) -> str:
    """Give the address of a rule; a variable part nobody told us about fails the test."""
    values = values | {"owners": "offices"}
    if "ident" in rule.arguments:
        values["ident"] = ident_of(values["world"], rule.endpoint)
    missing = rule.arguments - values.keys()
    assert not missing, f"{rule.endpoint}: tell tests/house/test_endpoints.py what {sorted(missing)} is"
    with app.test_request_context():
        from flask import url_for

        return url_for(rule.endpoint, **{name: values[name] for name in rule.arguments})


def rules(app: Flask, method: str) -> Iterator[Rule]:
    """Give the rules of a method, one per endpoint."""
    for rule in app.url_map.iter_rules():
        if method in (rule.methods or ()):
            yield rule


def snapshot() -> str:
    """Give all rows of all tables as text."""
    db.session.rollback()
    with db.engine.connect() as connection:
        rows = {
            table.name: [
                list(map(repr, row))
                for row in connection.execute(table.select().order_by(*table.primary_key))
            ]
            for table in Base.metadata.sorted_tables
        }
    return json.dumps(rows, ensure_ascii=False)


def test_every_endpoint_has_a_guard_or_is_public(app: Flask) -> None:
    bare = [
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if not is_public(rule.endpoint) and not hasattr(app.view_functions[rule.endpoint], "__guard__")
    ]
    assert bare == []


def test_an_endpoint_that_forgot_its_guard_is_closed(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    view = app.view_functions["desk.today"]
    monkeypatch.setitem(app.view_functions, "desk.today", lambda: "bare")
    assert app.test_client().get("/today").status_code == 404
    monkeypatch.setitem(app.view_functions, "desk.today", view)


@pytest.mark.parametrize("who", ["nobody", "arta", "clirim", "drita", "eva"])
def test_reading_any_address_changes_nothing(
    app: Flask, world: SimpleNamespace, sign_in: Callable[[Any], FlaskClient], who: str
) -> None:
    browser = app.test_client() if who == "nobody" else sign_in(getattr(world.cast, who))
    values = arguments(world)
    addresses = [(rule.endpoint, address(app, rule, values)) for rule in rules(app, "GET")]
    before = snapshot()
    failed = []
    for endpoint, url in addresses:
        for method in ("GET", "HEAD", "OPTIONS"):
            status = browser.open(url, method=method).status_code
            if status >= 500:
                failed.append((method, endpoint, status))
    assert failed == []
    assert snapshot() == before


def test_strangers_reach_no_page_that_needs_an_account(
    app: Flask, world: SimpleNamespace, client: FlaskClient
) -> None:
    values = arguments(world)
    open_doors = []
    for rule in app.url_map.iter_rules():
        if is_public(rule.endpoint):
            continue
        method = "GET" if "GET" in (rule.methods or ()) else "POST"
        answer = client.open(address(app, rule, values), method=method)
        if answer.status_code == 200 or (answer.status_code == 302 and "/login" not in answer.location):
            open_doors.append((rule.endpoint, answer.status_code))
    assert open_doors == []


def test_the_other_organisation_finds_none_of_it(
    app: Flask, world: SimpleNamespace, sign_in: Callable[[Any], FlaskClient]
) -> None:
    """Çlirim of Vlorë gets 404 wherever an address names a record of Fier, whatever the method."""
    browser = sign_in(world.cast.clirim)
    values = arguments(world)
    seen = []
    for rule in app.url_map.iter_rules():
        if is_public(rule.endpoint) or not any(name.endswith(("_id", "ident")) for name in rule.arguments):
            continue
        for method in sorted((rule.methods or set()) & {"GET", "POST"}):
            status = browser.open(address(app, rule, values), method=method).status_code
            if status != 404:
                seen.append((method, rule.endpoint, status))
    assert seen == []


def test_a_reader_changes_nothing(
    app: Flask, world: SimpleNamespace, sign_in: Callable[[Any], FlaskClient]
) -> None:
    browser = sign_in(world.cast.eva)
    values = arguments(world)
    before = snapshot()
    for rule in rules(app, "POST"):
        if not is_public(rule.endpoint):
            assert browser.post(address(app, rule, values)).status_code == 404, rule.endpoint
    assert snapshot() == before


def test_every_post_needs_a_token(
    app: Flask, world: SimpleNamespace, sign_in: Callable[[Any], FlaskClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", True)
    browser = sign_in(world.cast.drita)
    values = arguments(world)
    before = snapshot()
    for rule in rules(app, "POST"):
        if rule.endpoint in WITHOUT_TOKEN:
            continue
        answer = browser.post(address(app, rule, values))
        assert answer.status_code == 400, rule.endpoint
    assert snapshot() == before


# Several at once: pages read each for itself, and a page per parameter would take minutes.
HOSTILE_QUERIES = (
    "page=-1&q=%25%25%25&state=;drop&kind=nonsense&municipality=nowhere&view=month&month=9999-99&when=never&tab=../../etc",
    "page=999999999999999999999&q=%00&kind=%00&show=%27&year=-1&view=month&month=-1&guest=999999&campaign=x&lang=xx",
    "page=x&q=%ED%A0%80&municipality=%ED%A0%80&month=2026-02-30&year=99999&guest=-1&campaign=99999999999999999999",
    "per_page=1000000&sort=;drop&q=" + "a" * 10_000,
    "q=%27%22)--&q=b&kind=hearing&kind=protest&page=1&page=2",
)


@pytest.mark.parametrize("query", HOSTILE_QUERIES, ids=range(len(HOSTILE_QUERIES)))
def test_no_query_breaks_a_page(
    app: Flask, world: SimpleNamespace, sign_in: Callable[[Any], FlaskClient], query: str
) -> None:
    browser = sign_in(world.cast.arta)
    values = arguments(world)
    for rule in rules(app, "GET"):
        url = address(app, rule, values)
        status = browser.get(f"{url}{'&' if '?' in url else '?'}{query}").status_code
        assert status < 500, (rule.endpoint, status)


def test_every_answer_carries_the_headers(
    app: Flask, world: SimpleNamespace, sign_in: Callable[[Any], FlaskClient]
) -> None:
    browser = sign_in(world.cast.arta)
    values = arguments(world)
    urls = [address(app, rule, values) for rule in rules(app, "GET")] + ["/nowhere"]
    for url in urls:
        headers = browser.get(url).headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy and (
            "frame-ancestors" in policy or policy.endswith("sandbox")
        ), url
        assert "unsafe-inline" not in policy or "sandbox" in policy, url
        assert headers["X-Content-Type-Options"] == "nosniff", url
        assert headers["Referrer-Policy"] == "same-origin", url


def test_private_pages_are_never_kept(
    app: Flask, world: SimpleNamespace, sign_in: Callable[[Any], FlaskClient]
) -> None:
    browser = sign_in(world.cast.arta)
    for url in ("/today", f"/events/{world.event.id}", f"/a/{world.token}", "/login"):
        headers = browser.get(url).headers
        assert "no-store" in headers["Cache-Control"], url
        assert "noindex" in headers["X-Robots-Tag"], url


def test_a_wrong_link_and_an_expired_one_look_alike(
    app: Flask, world: SimpleNamespace, client: FlaskClient
) -> None:
    wrong = client.get("/a/" + "x" * 43)
    world.event.starts_at, world.event.ends_at = now() - timedelta(days=3), now() - timedelta(days=2)
    db.session.commit()
    expired = client.get(f"/a/{world.token}")
    assert (wrong.status_code, expired.status_code) == (404, 404)
    assert wrong.data == expired.data
