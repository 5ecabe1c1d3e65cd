"""No lost update: every form that edits a record carries what it was opened with, and two tabs lose nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event as sql_event
from sqlalchemy.orm import Session

from pop_campaigns.accounts.guard import is_public
from pop_campaigns.core.clock import local_date, now
from pop_campaigns.core.db import db
from pop_campaigns.core.versions import Versioned
from pop_campaigns.events.rules.events import EventKind
from pop_campaigns.letters.models import Letter
from tests import factories
from tests.house.browser_forms import PageForm, forms_on
from tests.house.world import address, arguments, rules, snapshot
from tests.lists.scene import make_list

SignIn = Callable[[Any], FlaskClient]

# Forms with fields of which none changes what is stored already, each with its reason.
EDITS_NOTHING = {
    "invitations.calls": "adds an answer or a line of the contact log; neither edits what stands there",
    # The form asks what is kept of two records; it carries the versions of both (ASKS).
    "contacts.merge_contacts": "carries the versions of both records",
    "accounts.change_password": "sets a password, which nobody else types",
    "accounts.invite": "adds a row",
    "accounts.feed": "makes an address of one's own; a new one takes its place",
    "contacts.new_institution": "adds a row",
    "contacts.new_office": "adds a row",
    "contacts.new_person": "adds a row",
    "contacts.new_address": "adds a row",
    "contacts.new_consent": "adds a row",
    "contacts.new_holder": "adds a row; whose mandate ends is decided from the day typed",
    "contacts.withdraw_consent": "ends a consent once; a second press finds it ended",
    "events.new": "adds a row",
    "desk.copy": "adds drafts",
    "desk.save_template": "adds a row",
    "desk.template": "adds a draft",
    "desk.propose": "adds a row",
    "desk.place": "adds drafts; each chapter is looked at anew and has one",
    "desk.proposal": "answers a proposal once",
    "imports.new": "adds a file",
    "incoming.explain": "stores nothing",
    "incoming.forward": "queues a mail, once for each form",
    "incoming.index": "puts chosen messages aside once, with a reason; each is looked at anew",
    "incoming.upload": "adds a message",
    "incoming.message": "puts a message aside once, with a reason",
    "incoming.proposal": "answers a proposal once; carries the version of the event as seen",
    "invitations.agenda": "adds a row; the order carries the version of the agenda",
    "invitations.agenda_several": "adds rows",
    "invitations.files": "adds a row; takes off the very row that was pressed",
    "invitations.by_hand": "adds an answer; the answers before it stay",
    "invitations.new_reminder": "adds a row",
    "invitations.who": "adds guests",
    "invitations.new_message": "adds a row",
    "letters.new": "adds a row",
    "letters.response": "adds a row",
    "letters.recipients": "adds recipients",
    "letters.enter": "adds a row",
    "lists.create": "adds a row",
    "privacy.new_breach": "adds a row",
    "privacy.new_purpose": "adds a row",
    "desk.event": "sets a reminder: adds a row",
    "desk.letter": "sets a reminder: adds a row",
    "contacts.person": "notes a contact: adds a row",
    "contacts.institution": "notes a contact: adds a row",
    "contacts.new_log_entry": "adds a row",
    "contacts.check_address": "adds a row; an address changed since the form was opened stays as it is",
    "desk.office_record": "notes a contact: adds a row",
    "desk.person_record": "notes a contact: adds a row",
    "desk.open_matters": "withdraws chosen invitations; each is looked at anew and withdrawn once",
}

# Every form that edits: two of its fields (the same twice where it has one), each with a new value of its own.
TODAY, YESTERDAY = "today", "yesterday"
EDITS: dict[str, tuple[tuple[str, str], tuple[str, str]]] = {
    "accounts.account": (("name", "Drita e re"), ("language", "en")),
    "accounts.user": (("role", "administrator"), ("organisation", "1")),
    "contacts.edit_institution": (("name_en", "Fier Municipality"), ("working_hours", "8:00–16:30")),
    "contacts.edit_office": (("title_en", "Mayor"), ("phone", "034 222 123")),
    "contacts.edit_person": (("topics", "lumenj, buxheti"), ("phone", "069 212 3456")),
    "contacts.edit_mandate": (("from_date", "2019-08-01"), ("to_date", "2030-07-31")),
    "contacts.edit_log_entry": (("said", "Kërkoi ftesën në letër"), ("with_whom", "Protokolli")),
    "contacts.edit_address": (("email", "tjeter@bashkia.example"), ("use", "press")),
    "desk.edit_template": (("title_en", "A round table"), ("begins", "09:30")),
    "desk.translate": (("title_en", "A round table"), ("title_en", "The round table")),
    "events.edit": (("title_en", "A round table"), ("venue", "Teatri Bylis")),
    "events.notice": (("number", "1234/1"), ("given_on", YESTERDAY)),
    "follow_ups.change": (("why", "Thirr zyrën e protokollit"), ("day", TODAY)),
    "imports.columns": (("proof", "dosja 3"), ("language", "en")),
    "invitations.agenda_point": (("title_en", "The opening"), ("minutes", "20")),
    "invitations.message": (("note_sq", "Parkimi është pas pallatit."), ("note_en", "Parking is behind.")),
    "invitations.reminder": (("days_before", "9"), ("hour", "15")),
    "invitations.message_words": (("subject_sq", "Dera e pasme"), ("text_sq", "Hyni nga porta e pasme.")),
    "invitations.message_who": (("reached", "arrived"), ("reached", "lost")),
    "invitations.address": (("email", "ri@bashkia.example"), ("email", "ri.dy@bashkia.example")),
    "invitations.sides": (("side_1", "Banorët"), ("side_2", "Banorët")),
    "letters.edit": (("subject_en", "The river"), ("signed_as", "drejtore")),
    "letters.correct": (("their_number", "77/2026"), ("summary", "Kanë shkruar.")),
    "letters.hand_over": (("day", TODAY), ("day", YESTERDAY)),
    "lists.rename": (("name", "Emër i ri"), ("name", "Emër tjetër")),
    "privacy.edit_breach": (("measures", "U njoftuan."), ("affected", "40")),
    "privacy.edit_purpose": (("retention", "30 ditë"), ("recipients", "Askush.")),
}

# Rows that change along with what a form edits, without being it.
NOT_EDITED = {"OutgoingMail": "a mail that waits is called off; the outbox hands its rows out under a lease"}
# Saved in another way than by one press, or on another page; tested beside the others of their package.
OWN_TESTS = {"lists.edit_filter", "desk.translations"}


@pytest.fixture
def addresses(app: Flask, world: SimpleNamespace) -> dict[str, str]:
    """The address of every page by its endpoint, of records that can still be changed."""
    draft = Letter(
        organisation=world.cast.fier, subject_sq="Lumi", body_sq="Tekst.", signed_by="Arta",
        created_at=now(), changed_at=now(),
    )  # fmt: skip
    by_filter = make_list("Sipas filtrit", world.cast.fier, {"of": "offices"})
    db.session.add(draft)
    # Two institutions of one name would refuse each other.
    world.other.institution.name_sq = "Prefektura e Qarkut"
    world.letter.sent_at = now() - timedelta(days=3)
    world.response.received_on = local_date(now())
    db.session.commit()
    values = arguments(world)
    changed: dict[str, dict[str, int]] = {
        "letters.edit": {"letter_id": draft.id},
        "letters.recipients": {"letter_id": draft.id},
        "lists.edit_filter": {"list_id": by_filter.id},
        "events.notice": {"event_id": factories.make_event(world.cast.fier, kind=EventKind.PROTEST).id},
        "invitations.address": {"invitation_id": world.invitation.id},
        "invitations.by_hand": {"invitation_id": world.invitation.id},
        "invitations.withdraw": {"invitation_id": world.invitation.id},
    }
    result = {
        rule.endpoint: address(app, rule, values | changed.get(rule.endpoint, {}))
        for rule in rules(app, "GET")
        if not is_public(rule.endpoint)
    }
    # A filter can be saved once it was looked at.
    return result | {"lists.edit_filter": result["lists.edit_filter"] + "?of=offices"}


@pytest.fixture
def written() -> Iterator[set[type]]:
    """The classes of the rows that are changed (not added) during the test."""
    found: set[type] = set()

    def note_changed(session: Session, *_context: Any) -> None:
        found.update(type(row) for row in session.dirty if session.is_modified(row))

    sql_event.listen(Session, "before_flush", note_changed)
    yield found
    sql_event.remove(Session, "before_flush", note_changed)


FormOfPage = tuple[str, PageForm]


def forms_at(browser: FlaskClient, addresses: dict[str, str]) -> Iterator[FormOfPage]:
    """Give every form by the endpoint of its page."""
    for endpoint, url in addresses.items():
        answer = browser.get(url)
        if answer.status_code == 200 and answer.mimetype == "text/html":
            for form in forms_on(answer.text):
                yield endpoint, form


def editing(forms: Iterable[FormOfPage]) -> list[FormOfPage]:
    """Give those with something to fill in that is sent to change something."""
    return [(endpoint, form) for endpoint, form in forms if set(form.typed) - {"q"}]


def without_version(forms: Iterable[FormOfPage]) -> list[str]:
    """Give the pages with a form that edits and does not say what it was opened with."""
    return [
        endpoint
        for endpoint, form in editing(forms)
        if endpoint not in EDITS_NOTHING and "~" not in form.sent.get("version", [""])[0]
    ]


def destroying_without_version(forms: Iterable[FormOfPage]) -> set[str]:
    """Give the pages with one button that does not say what its page has shown."""
    return {
        endpoint
        for endpoint, form in forms
        if form.action not in ("/logout", "/language")
        and not form.typed
        and "version" not in form.sent
        and endpoint not in {*ASKS_NOTHING, *EDITS_NOTHING}
    }


def test_every_form_that_edits_says_what_it_was_opened_with(
    app: Flask,
    world: SimpleNamespace,
    sign_in: SignIn,
    addresses: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A new form needs ``meet_changes`` in its view (CONTRIBUTING.md), or a reason above why it edits nothing.

    A new page with one button that destroys carries the version of its record, or has a reason below.
    """
    browser = sign_in(world.cast.drita)
    forms = list(forms_at(browser, addresses))
    assert destroying_without_version(forms) == set()
    result = dict(editing(forms))
    assert without_version(forms) == []
    assert {name for name, form in result.items() if "~" in form.sent.get("version", [""])[0]} == {
        *EDITS,
        *OWN_TESTS,
    }
    assert set(EDITS_NOTHING) - set(result) == set(), "reasons for forms that are not there"
    # The same walk finds a form that has lost it; it is the contacts' alone that can here.
    contacts = {endpoint: url for endpoint, url in addresses.items() if endpoint.startswith("contacts.")}
    monkeypatch.setattr("pop_campaigns.contacts.views.persons.meet_changes", lambda *_given, **_named: None)
    assert without_version(forms_at(browser, contacts)) == ["contacts.edit_person"]


@pytest.mark.parametrize("endpoint", EDITS)
def test_two_tabs_lose_nothing(
    world: SimpleNamespace,
    sign_in: SignIn,
    addresses: dict[str, str],
    written: set[type],
    endpoint: str,
) -> None:
    """And every row that these forms change has a version, which the database compares."""
    browser, url = sign_in(world.cast.drita), addresses[endpoint]
    (one, first), (other, second) = ((name, day_of(value)) for name, value in EDITS[endpoint])
    tab, later = form_at(browser, url), form_at(browser, url)
    assert save(browser, url, tab.filled(**{one: first})).status_code == 302
    met = save(browser, url, later.filled(**{other: second}))
    assert met.status_code == 409
    assert "Drita" in met.text
    question = next(form for form in forms_on(met.text) if "choosing" in form.sent)
    if one == other:
        # Both changed it: both are shown, and nobody answers for her.
        assert save(browser, url, question.sent).status_code == 409
        question.sent |= {f"choose-{other}": ["mine"]}
    answer = save(browser, url, question.sent)
    assert answer.status_code == 302, answer.text
    stored = form_at(browser, url)
    assert stored.sent[other] == [second]
    assert one == other or stored.sent[one] == [first]
    assert {table.__name__ for table in written if not issubclass(table, Versioned)} <= set(NOT_EDITED)


@pytest.mark.parametrize("endpoint", EDITS)
def test_one_field_in_two_tabs_shows_both(
    world: SimpleNamespace, sign_in: SignIn, addresses: dict[str, str], endpoint: str
) -> None:
    """And *theirs* leaves what is stored, whatever else was typed."""
    browser, url = sign_in(world.cast.drita), addresses[endpoint]
    name, value = EDITS[endpoint][0]
    first = day_of(value)
    second = another(form_at(browser, url).typed[name], first)
    tab, later = form_at(browser, url), form_at(browser, url)
    assert save(browser, url, tab.filled(**{name: first})).status_code == 302
    met = save(browser, url, later.filled(**{name: second}))
    assert met.status_code == 409
    question = next(form for form in forms_on(met.text) if "choosing" in form.sent)
    assert question.sent[name] == [second], "what was typed is carried on"
    assert question.typed[f"choose-{name}"] == "radio" and f"choose-{name}" not in question.sent
    answer = save(browser, url, question.sent | {f"choose-{name}": "theirs"})
    assert answer.status_code in (200, 302, 422)
    assert form_at(browser, url).sent[name] == [first]


def day_of(value: str) -> str:
    """Give today and yesterday as a browser sends them, other values as they are."""
    days = {TODAY: timedelta(), YESTERDAY: timedelta(days=1)}
    return (local_date(now()) - days[value]).isoformat() if value in days else value


def another(kind: str, value: str) -> str:
    """Give another value for a field of this type."""
    return "1999-01-02" if kind == "date" else f"x{value}" if kind == "email" else f"{value} (tjetër)"


def form_at(browser: FlaskClient, url: str) -> PageForm:
    """Open a page; give its form that edits."""
    return form_on(browser.get(url).text)


def form_on(page: str) -> PageForm:
    return next(form for form in forms_on(page) if form.typed and "version" in form.sent)


def save(browser: FlaskClient, url: str, data: dict[str, Any]) -> Any:
    return browser.post(url, data=data)


# Pages that ask before they destroy what somebody may just have changed, and whose version each carries.
ASKS = {
    "contacts.remove_address": lambda world: world.office.addresses[0],
    "contacts.delete_log_entry": lambda world: world.log_entry,
    "contacts.merge_contacts": lambda world: world.office.institution,
    "lists.delete": lambda world: world.contact_list,
    "letters.remove": lambda world: world.response,
    "privacy.erase": lambda world: world.person,
    "invitations.cancel": lambda world: world.event,
    "invitations.withdraw": lambda world: world.invitation,
}
# Pages with one button and no fields that destroy nothing somebody else typed.
ASKS_NOTHING = {
    "accounts.user": "ends or gives back an access, invites again; the page says whose",
    "contacts.index": "gives a copy",
    "desk.export_guests": "gives a copy",
    "contacts.persons": "gives a copy",
    "privacy.breaches": "gives a copy",
    "desk.mail_message": "sends a mail again; carries how often it was sent",
    "imports.columns": "puts a file away under its lock, in one state only",
    "imports.undo": "takes an import back under its lock; what was changed since stays",
    "incoming.proposal": "carries the version of the event as seen",
    "invitations.reminder": "stops a rule, which can be taken up again; sends once by it",
    "invitations.send": "carries a mark of the guests as seen",
    "invitations.who": "takes a guest off a list nobody was told of",
    "letters.days_off": "takes back what can be entered again",
    "lists.show": "takes one off a list",
    "letters.recipients": "moves one recipient",
    "privacy.access": "gives a copy",
    "privacy.purposes": "adds the rows that are missing",
}


def test_a_button_that_destroys_without_a_version_is_recognised() -> None:
    page = '<form method="post" action="/x"><button>Fshi</button>{}</form>'
    bare, carrying = (page.format(more) for more in ("", '<input type="hidden" name="version" value="1">'))
    faults = [(name, form) for name, html in (("a.b", bare), ("c.d", carrying)) for form in forms_on(html)]
    assert destroying_without_version(faults) == {"a.b"}


@pytest.mark.parametrize("endpoint", ASKS)
def test_nobody_destroys_what_was_just_changed(
    world: SimpleNamespace, sign_in: SignIn, addresses: dict[str, str], endpoint: str
) -> None:
    browser, url = sign_in(world.cast.drita), addresses[endpoint]
    button = next(form for form in forms_on(browser.get(url).text) if "version" in form.sent)
    record = ASKS[endpoint](world)
    record.version += 1
    db.session.commit()
    before = snapshot()
    met = browser.post(url, data=button.sent)
    assert met.status_code == 409
    assert snapshot() == before
    seen_now = next(form for form in forms_on(met.text) if "version" in form.sent)
    assert browser.post(url, data=seen_now.sent).status_code == 302
    assert snapshot() != before
