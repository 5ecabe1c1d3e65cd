"""Erasing a person: nothing names them anywhere, every count stays, and they are known again."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from pop_campaigns.contacts.models.addresses import Address
from pop_campaigns.contacts.models.consents import Consent, Suppression, Tombstone
from pop_campaigns.contacts.models.persons import Mandate, Person
from pop_campaigns.contacts.queries.refusals import erased_among, suppressed_among
from pop_campaigns.contacts.rules import Purpose, TombstoneKind
from pop_campaigns.contacts.services.persons import PersonDraft, create_person
from pop_campaigns.core.clock import now
from pop_campaigns.core.db import db
from pop_campaigns.core.files import StoredFile
from pop_campaigns.core.history import History
from pop_campaigns.core.salutations import FormOfAddress
from pop_campaigns.invitations.models.invitations import GivenAnswer, Invitation
from pop_campaigns.invitations.queries.guests import awaiting_reminder, counts_for
from pop_campaigns.invitations.services.sending import send_reminders
from pop_campaigns.letters.models import LetterRecipient
from pop_campaigns.mail.models import OutgoingMail
from pop_campaigns.mail.rules import MailState
from pop_campaigns.privacy.services.erasure import erase_person, finish
from pop_campaigns.privacy.services.ledger import read_ledger
from pop_campaigns.privacy.services.replay import replay
from tests import factories
from tests.house.world import address, arguments, make_world, rules, snapshot
from tests.privacy.scene import EMAIL, FOUND_BY, FURTHER_PHONE, NAME, PHONE, Scene, make_scene, where_named

pytestmark = pytest.mark.both_databases

SignIn = Callable[[Any], FlaskClient]


@pytest.fixture
def world(app: Flask, cast: SimpleNamespace) -> SimpleNamespace:
    """One record of every kind, all Fier's."""
    return make_world(cast)


@pytest.fixture
def scene(cast: SimpleNamespace) -> Scene:
    return make_scene(cast)


def counts(*events: Any) -> dict[int, Any]:
    return counts_for([event.id for event in events])


def url_of(scene: Scene) -> str:
    return f"/privacy/persons/{scene.person.id}/erase"


def test_nothing_names_the_person_any_more(scene: Scene, cast: SimpleNamespace, sign_in: SignIn) -> None:
    named = where_named()
    kept = {one.partition(":")[0] for one in named}
    assert kept >= {
        "persons.name", "persons.search_key", "stems_of_persons.stem", "persons.phone", "persons.press_card", "addresses.email",
        "contact_details.value",
        "consents.proof", "stored_files.name", "subject_files.label",
        "invitations.name", "given_answers.note", "given_answers.substitute",
        "outgoing_mails.to_address", "outgoing_mails.fields", "mail_tries.words", "history.details", "import_rows.cells",
        "import_changes.before", "import_changes.after", "merges.changed", "letter_recipients.name",
        "mail/00000000001700000000-0123abcd.eml",
    }  # fmt: skip
    before = counts(scene.event)
    answers = db.session.scalar(select(func.count(GivenAnswer.id)))
    answer = sign_in(cast.arta).post(url_of(scene), follow_redirects=True)
    assert "Të dhënat e personit u fshinë" in answer.text
    assert where_named() == []
    assert counts(scene.event) == before
    assert db.session.scalar(select(func.count(GivenAnswer.id))) == answers
    assert db.session.scalar(select(func.count(Consent.id))) == 1
    assert db.session.scalar(select(func.count(Mandate.id))) == 1
    assert db.session.scalar(select(func.count(StoredFile.id))) == 0
    assert len(list((Path(scene_folder()) / "mail").glob("*.eml"))) == 1
    assert erased_among(TombstoneKind.EMAIL, [EMAIL.lower()], cast.fier.id) == {EMAIL.lower()}
    assert erased_among(TombstoneKind.PHONE, [PHONE, FURTHER_PHONE], cast.fier.id) == {PHONE, FURTHER_PHONE}
    for purpose in Purpose:
        assert suppressed_among([EMAIL], purpose, cast.fier.id) == {EMAIL}
        assert suppressed_among([EMAIL], purpose, cast.vlore.id) == set()


def test_nothing_says_whether_the_holder_was_a_man_or_a_woman(scene: Scene, cast: SimpleNamespace) -> None:
    mail = scene.held.mails[0].mail
    recipient = db.session.scalars(select(LetterRecipient)).one()
    assert mail.fields["addressed"] == f"Drejtuar: Drejtores së Bashkisë Fier, zonjës {NAME}"
    assert mail.fields["salutation"] == "E nderuar zonja Drejtore,"
    recipient.dative, recipient.form_of_address = "Drejtores së Bashkisë Fier", FormOfAddress.ZONJA
    erase_person(scene.person, by=cast.arta, now=now())
    assert mail.fields["addressed"] == "Drejtuar: Drejtorit të Bashkisë Fier"
    assert mail.fields["salutation"] == "I/E nderuar,"
    for row in (scene.held, recipient):
        assert (row.dative, row.form_of_address) == ("Drejtorit të Bashkisë Fier", None)
    assert scene.guest.form_of_address is None and scene.person.form_of_address is None


def scene_folder() -> str:
    from flask import current_app

    return str(current_app.config["DATA_DIR"])


@pytest.mark.one_database
def test_no_page_a_coordinator_can_open_names_the_person(
    app: Flask, world: SimpleNamespace, sign_in: SignIn
) -> None:
    scene = make_scene(world.cast)
    browser = sign_in(world.cast.arta)
    values = arguments(world) | {"event_id": scene.event.id, "mail_id": scene.guest.mails[0].mail_id}

    def naming() -> list[str]:
        result = []
        for rule in rules(app, "GET"):
            page = browser.get(address(app, rule, values)).data.decode("utf-8", "replace").casefold()
            if any(one.casefold() in page for one in FOUND_BY):
                result.append(rule.endpoint)
        for path in (
            "/people/persons.csv",
            "/people/persons.vcf",
            "/desk/search?q=kanarin",
            "/search?q=kanarin",
        ):
            if "prova" in browser.get(path).text.casefold():
                result.append(path)
        return result

    assert {"desk.event", "contacts.persons", "desk.mail", "desk.mail_message"} <= set(naming())
    assert browser.post(url_of(scene)).status_code == 302
    assert naming() == []


def test_looking_changes_nothing_and_tells_what_will_happen(
    scene: Scene, cast: SimpleNamespace, sign_in: SignIn
) -> None:
    scene.event.description_sq = f"Fjala i takon {NAME}."
    db.session.commit()
    browser = sign_in(cast.arta)
    before = snapshot()
    page = browser.get(url_of(scene)).text
    for words in ("1 adresë", "2 rreshtave", "2 ftesa", "Ende përmendet te", scene.event.title_sq):
        assert words in page
    assert snapshot() == before
    assert read_ledger() == ([], 0)


def test_only_ones_own_persons(scene: Scene, cast: SimpleNamespace, sign_in: SignIn) -> None:
    shared = factories.make_person("I përbashkët Njeri")
    db.session.commit()
    for user in (cast.clirim, cast.eva):
        assert sign_in(user).post(url_of(scene)).status_code == 404
    assert sign_in(cast.arta).post(f"/privacy/persons/{shared.id}/erase").status_code == 404
    assert sign_in(cast.drita).post(f"/privacy/persons/{shared.id}/erase").status_code == 302


def test_a_second_press_is_harmless(scene: Scene, cast: SimpleNamespace, sign_in: SignIn) -> None:
    browser = sign_in(cast.arta)
    browser.post(url_of(scene))
    before, lines = snapshot(), read_ledger()[0]
    answer = browser.post(url_of(scene), follow_redirects=True)
    assert "tashmë" in answer.text
    assert snapshot() == before
    assert read_ledger()[0] == lines
    assert sign_in(cast.clirim).post(url_of(scene)).status_code == 404


def test_who_was_erased_gets_no_mail(scene: Scene, cast: SimpleNamespace) -> None:
    waiting = [
        outgoing_mail
        for outgoing_mail in db.session.scalars(select(OutgoingMail))
        if outgoing_mail.state is MailState.QUEUED
    ]
    draft = db.session.scalars(select(Invitation).where(Invitation.event_id == scene.later.id)).one()
    assert erase_person(scene.person, by=cast.arta, now=now())
    db.session.commit()
    assert db.session.get(Invitation, draft.id) is None  # nobody had asked them yet
    scene.guest.answer, scene.guest.answered_at = scene.guest.answer.__class__.NEEDS_ACTION, None
    db.session.commit()
    assert awaiting_reminder(scene.event, now=now()) == []
    assert send_reminders(scene.event, by=cast.arta, now=now()) == 0
    theirs = [
        outgoing_mail for outgoing_mail in waiting if outgoing_mail.to_address.endswith("@erased.invalid")
    ]
    assert all(their.state is MailState.WITHDRAWN for their in theirs)


def test_the_personal_link_ends(scene: Scene, cast: SimpleNamespace, client: FlaskClient) -> None:
    token = factories.token_of(scene.guest)
    assert client.get(f"/a/{token}").status_code == 200
    erase_person(scene.person, by=cast.arta, now=now())
    db.session.commit()
    assert client.get(f"/a/{token}").status_code == 404


def test_every_column_of_a_person_is_kept_or_blanked(scene: Scene, cast: SimpleNamespace) -> None:
    erase_person(scene.person, by=cast.arta, now=now())
    db.session.commit()
    # That there was one, of which kind and language, whose record it was.
    kept = {
        "id",
        "kind",
        "language",
        "organisation_id",
        "merged_into_id",
        "erased_at",
        "sort_key",
        "search_key",
        "version",
    }
    left = {
        name: getattr(scene.person, name)
        for name in list(Person.__table__.columns.keys())
        if name not in kept
    }
    assert not any(left.values()), left


def test_a_shared_address_stays_with_the_other(scene: Scene, cast: SimpleNamespace) -> None:
    family = "familja@posta.example"
    factories.make_person("Motra Prova", email=family, organisation=cast.fier)
    db.session.add(Address(email=family, use="main", person=scene.person, organisation_id=cast.fier.id))
    db.session.commit()
    erase_person(scene.person, by=cast.arta, now=now())
    db.session.commit()
    assert suppressed_among([family], Purpose.EVENTS, cast.fier.id) == set()
    assert erased_among(TombstoneKind.EMAIL, [family], cast.fier.id) == set()
    assert [
        each_address.person.name
        for each_address in db.session.scalars(select(Address).where(Address.email == family))
    ] == ["Motra Prova"]


def test_somebody_of_a_short_name_is_not_cut_out_of_words(cast: SimpleNamespace) -> None:
    ana = factories.make_person("Ana", organisation=cast.fier)
    db.session.add(
        History(at=now(), action="event.guest_removed", subject_type="events", subject_id=1, details={"guest": "Ana Tirana"})
    )  # fmt: skip
    db.session.commit()
    erase_person(ana, by=cast.arta, now=now())
    db.session.commit()
    rows = db.session.scalars(select(History).where(History.subject_type == "events")).all()
    assert [row.details["guest"] for row in rows] == ["Ana Tirana"]
    assert [tombstone.kind for tombstone in db.session.scalars(select(Tombstone))] == [TombstoneKind.NAME]


def test_another_organisations_record_is_another_record(scene: Scene, cast: SimpleNamespace) -> None:
    theirs = create_person(PersonDraft(NAME), EMAIL, by=cast.clirim, now=now())
    db.session.commit()
    erase_person(scene.person, by=cast.arta, now=now())
    db.session.commit()
    assert (theirs.name, theirs.addresses[0].email) == (NAME, EMAIL)
    told = db.session.scalars(
        select(History).where(History.subject_id == theirs.id, History.subject_type == "persons")
    )
    assert [row.details.get("email", row.details.get("name")) for row in told] == [NAME, EMAIL]


def test_a_restored_backup_is_erased_again(app: Flask, scene: Scene, cast: SimpleNamespace) -> None:
    scene.person.addresses[0].email = EMAIL
    ident = scene.person.id
    done = erase_person(scene.person, by=cast.arta, now=now())
    db.session.commit()
    assert done
    finish(done)
    lines = (Path(app.config["DATA_DIR"]) / "erasures.jsonl").read_text().splitlines()
    assert {json.loads(line)["kind"] for line in lines} == {"email", "phone"}
    assert not any(one in "".join(lines) for one in FOUND_BY)
    # The backup of yesterday: the person is there, the tombstones are not.
    scene.person.name, scene.person.phone, scene.person.erased_at = NAME, PHONE, None
    db.session.execute(Tombstone.__table__.delete())
    db.session.execute(Suppression.__table__.delete())
    fresh = create_person(PersonDraft("Tjetër Emër"), "i.ri@posta.example", by=cast.arta, now=now())
    db.session.commit()
    answer = app.test_cli_runner().invoke(args=["privacy", "replay"])
    assert answer.exit_code == 0, answer.output
    assert "erased again: 1" in answer.output
    db.session.rollback()
    again = db.session.get(Person, ident)
    assert again is not None
    assert (again.name, again.phone, bool(again.erased_at)) == ("", "", True)
    assert fresh.erased_at is None
    assert erased_among(TombstoneKind.EMAIL, [EMAIL], cast.fier.id) == {EMAIL}
    assert suppressed_among([EMAIL], Purpose.NEWS, cast.fier.id) == {EMAIL}
    assert replay(now=now()).erased == []


def test_who_came_back_with_a_new_consent_is_not_erased_again(scene: Scene, cast: SimpleNamespace) -> None:
    erase_person(scene.person, by=cast.arta, now=now())
    db.session.commit()
    back = create_person(PersonDraft(NAME), EMAIL, asked_again=True, by=cast.arta, now=now())
    db.session.commit()
    assert replay(now=now()).erased == []
    assert back.name == NAME


def test_lines_of_another_key_and_broken_ones_are_told(
    app: Flask, scene: Scene, cast: SimpleNamespace
) -> None:
    erase_person(scene.person, by=cast.arta, now=now())
    db.session.commit()
    path = Path(app.config["DATA_DIR"]) / "erasures.jsonl"
    foreign = json.loads(path.read_text().splitlines()[0]) | {"key": "0" * 16}
    path.write_text(path.read_text() + json.dumps(foreign) + "\n" + '{"kind": "ema')
    report = replay(now=now())
    assert (report.lines, report.foreign, report.broken) == (4, 1, 1)
    factories.make_person("Tjetri Njeri", email="t@posta.example", organisation=cast.fier)
    other = db.session.scalars(select(Person).where(Person.name == "Tjetri Njeri")).one()
    erase_person(other, by=cast.arta, now=now())
    assert read_ledger()[1] == 1  # the broken line did not swallow the next one
    assert len(read_ledger()[0]) == 5


def test_the_file_of_the_database_forgets_as_well(
    app: Flask, scene: Scene, cast: SimpleNamespace, sign_in: SignIn, database_kind: str
) -> None:
    if database_kind != "sqlite":
        return  # what PostgreSQL does with its pages is its own affair: docs/privacy.md
    path = Path(app.config["SQLALCHEMY_DATABASE_URI"].removeprefix("sqlite:///"))

    def written() -> bytes:
        return b"".join(one.read_bytes() for one in path.parent.glob(f"{path.name}*")).lower()

    assert b"kanarin" in written()
    browser = sign_in(cast.arta)
    db.session.rollback()
    browser.post(url_of(scene))
    assert b"kanarin" not in written()
