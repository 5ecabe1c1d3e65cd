"""Nothing is kept longer than was said; what is not over its time stays; counts stay in any case."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

import config
from pop_campaigns.accounts.models import UserSession
from pop_campaigns.accounts.rules.sessions import SessionEnd
from pop_campaigns.contacts.models.consents import Consent
from pop_campaigns.contacts.models.persons import Person
from pop_campaigns.contacts.rules import ConsentChannel, PersonKind, Purpose
from pop_campaigns.core.clock import now
from pop_campaigns.core.db import db
from pop_campaigns.core.files import StoredFile, store_file
from pop_campaigns.core.subject_files import attach_file, files_of
from pop_campaigns.imports.models import ContactImport, ImportChange, ImportRow
from pop_campaigns.invitations.models.invitations import Invitation
from pop_campaigns.invitations.queries.guests import counts_for
from pop_campaigns.invitations.rules.invitations import Answer, AnswerChannel, GuestChoice
from pop_campaigns.invitations.services.answers import record_answer
from pop_campaigns.invitations.services.guests import add_guests
from pop_campaigns.invitations.services.sending import send_invitations
from pop_campaigns.mail.models import OutgoingMail
from pop_campaigns.mail.outbox import record_sent
from pop_campaigns.mail.rules import MailState
from pop_campaigns.privacy.models import RetentionRun
from pop_campaigns.privacy.rules.retention import RETENTION, Kept, run_is_due
from pop_campaigns.privacy.services.retention import count_due, sweep
from pop_campaigns.privacy.tasks import run_daily, run_now
from tests import factories
from tests.house.world import snapshot
from tests.privacy.scene import where_named

pytestmark = pytest.mark.both_databases

DAY = timedelta(days=1)
ZEROS = {one.kept.value: 0 for one in RETENTION}


def test_the_table_and_the_settings_say_the_same() -> None:
    for one in RETENTION:
        assert not one.setting or config.DEFAULTS[one.setting] == one.days


@pytest.mark.parametrize("days", [0, -5])
def test_no_class_is_kept_for_less_than_a_day(days: int, tmp_path: Path) -> None:
    with pytest.raises(config.SettingsError, match="POP_RETENTION_MAILS_DAYS must be at least 1"):
        config.read_settings({"MODE": "test", "RETENTION_MAILS_DAYS": days, "DATA_DIR": str(tmp_path)})


@pytest.mark.parametrize(
    ("last", "due"),
    [(None, True), (0, False), (23, False), (24, True), (100, True), (-1, False), (-48, True)],
)
def test_it_runs_once_a_day(last: int | None, due: bool) -> None:
    moment = datetime(2026, 3, 29, 1, tzinfo=UTC)
    assert run_is_due(None if last is None else moment - timedelta(hours=last), moment) is due


@pytest.fixture
def meeting(cast: SimpleNamespace) -> SimpleNamespace:
    """A forum of Fier with two citizens, a journalist and an office; all answered, the mails were sent."""
    names = ("Kanarineza Prova", "Kanarineza Tjetra")
    citizens = [
        factories.make_person(name, email=f"kanarin{n}@posta.example", organisation=cast.fier)
        for n, name in enumerate(names)
    ]
    for citizen in citizens:
        citizen.kind = PersonKind.CITIZEN
        factories.make_consent(citizen)
    journalist = factories.make_person("Emër Gazetare", email="g@medium.example", organisation=cast.fier)
    journalist.kind = PersonKind.JOURNALIST
    office = factories.make_office("Prefekt", email="prefekt@qark.example", organisation=cast.fier)
    event = factories.make_event(cast.fier)
    choices = [GuestChoice("person", other.id) for other in (*citizens, journalist)]
    guests = add_guests(event, [*choices, GuestChoice("office", office.id)], by=cast.arta, now=now()).added
    send_invitations(event, by=cast.arta, now=now())
    for guest in guests:
        record_answer(
            guest, Answer.ACCEPTED, note=f"Unë, {guest.name}", channel=AnswerChannel.LINK, now=now()
        )
    for mail in db.session.scalars(select(OutgoingMail)):
        mail.state, mail.lease_until = MailState.SENDING, now()
        db.session.flush()
        record_sent(mail, code=250, words="OK", now=now())
    db.session.commit()
    return SimpleNamespace(event=event, guests=guests, citizens=citizens, journalist=journalist, cast=cast)


def test_citizens_become_numbers_and_nobody_else(meeting: SimpleNamespace) -> None:
    ended = meeting.event.ends_at
    assert run_now(now=ended + 29 * DAY).counts == ZEROS
    before = counts_for([meeting.event.id])
    assert count_due(now=ended + 31 * DAY)["answers"] == 2
    assert run_now(now=ended + 31 * DAY).counts["answers"] == 2
    assert counts_for([meeting.event.id]) == before
    left = {one.partition(":")[0] for one in where_named()}
    assert left == {
        "persons.name",
        "persons.name_key_first",
        "persons.search_key",
        "stems_of_persons.stem",
        "addresses.email",
    }  # the contact itself stays
    guests = db.session.scalars(
        select(Invitation).where(Invitation.event_id == meeting.event.id).order_by(Invitation.id)
    ).all()
    assert not {guest.person_id for guest in guests} & {citizen.id for citizen in meeting.citizens}
    assert len({guest.person_id for guest in guests}) == 4
    assert [guest.answers[0].note for guest in guests] == ["", "", "Unë, Emër Gazetare", "Unë,"]
    assert guests[2].person is meeting.journalist
    assert count_due(now=ended + 31 * DAY)["answers"] == 0
    assert run_now(now=ended + 31 * DAY).counts["answers"] == 0


def test_two_events_share_their_stand_ins(meeting: SimpleNamespace) -> None:
    other = factories.make_event(meeting.cast.fier)
    choices = [GuestChoice("person", citizen.id) for citizen in meeting.citizens]
    add_guests(other, choices, by=meeting.cast.arta, now=now())
    send_invitations(other, by=meeting.cast.arta, now=now())
    db.session.commit()
    run_now(now=now() + 60 * DAY)
    stand_ins = select(func.count(Person.id)).where(
        Person.topics == "anonymous", Person.erased_at.is_not(None)
    )
    assert db.session.scalar(stand_ins) == 2


def test_the_words_of_a_year_old_mail_go_and_letters_stay(app: Flask, meeting: SimpleNamespace) -> None:
    letter = factories.make_mail("prefekt@qark.example", kind="letter")
    fresh = factories.make_mail("prefekt@qark.example", now=now() + 300 * DAY)
    waiting = factories.make_mail("prefekt@qark.example")
    request = db.session.scalars(
        select(OutgoingMail).where(OutgoingMail.kind == "invitation.request").order_by(OutgoingMail.id)
    ).all()[-1]
    linked, official = (
        attach_file(mail, b"%PDF-1.7 map", "harta.pdf", by=None, now=now()).file.path
        for mail in (request, letter)
    )
    db.session.commit()
    later = now() + 366 * DAY
    meeting.journalist.kind = PersonKind.JOURNALIST
    number = count_due(now=later)["mails"]
    assert number == 2  # one text for persons, one for the office
    run_now(now=later)
    db.session.expire_all()
    office = db.session.scalars(
        select(OutgoingMail).where(OutgoingMail.kind == "invitation.request").order_by(OutgoingMail.id)
    ).all()[-1]
    assert (office.skeleton.text, office.links, office.to_address) == ("—", {}, "prefekt@qark.example")
    assert office.state is MailState.SENT
    assert (files_of(office), linked.exists(), official.exists()) == ([], False, True)
    assert all(one.skeleton.text != "—" for one in (letter, fresh, waiting))
    assert count_due(now=later)["mails"] == 0


def test_the_list_of_mail_still_opens(app: Flask, meeting: SimpleNamespace, sign_in: Any) -> None:
    run_now(now=now() + 800 * DAY)
    browser = sign_in(meeting.cast.arta)
    assert browser.get("/mail").status_code == 200
    for mail in db.session.scalars(select(OutgoingMail)).all():
        for part in ("text", "html", "calendar", "source"):
            assert browser.get(f"/mail/{mail.id}?part={part}").status_code == 200
        assert browser.get(f"/mail/{mail.id}/html").status_code in (200, 404)
    assert browser.get(f"/events/{meeting.event.id}").status_code == 200


def test_proofs_of_consents_that_ended_long_ago_go(app: Flask, cast: SimpleNamespace) -> None:
    person = factories.make_person("Emër Njeri", organisation=cast.fier)
    paper = store_file(b"%PDF-1.7 signed", "pelqimi.pdf", now=now())
    for ended in (None, now(), now()):
        db.session.add(
            Consent(
                person=person, organisation_id=cast.fier.id, purpose=Purpose.EVENTS, text_version="1", language="sq",
                channel=ConsentChannel.PAPER, proof="në letër", proof_file=paper if ended else None,
                given_at=now() - 9 * DAY, recorded_at=now(), withdrawn_at=ended,
                withdrawn_by=ConsentChannel.MAIL if ended else None,
            )
        )  # fmt: skip
    db.session.commit()
    path = paper.path
    assert run_now(now=now() + 1000 * DAY).counts["proofs"] == 0
    assert path.exists()
    assert run_now(now=now() + 1096 * DAY).counts["proofs"] == 2
    assert not path.exists()
    assert db.session.scalar(select(func.count(StoredFile.id))) == 0
    rows = db.session.scalars(select(Consent).order_by(Consent.id)).all()
    assert [row.proof for row in rows] == ["në letër", "", ""]


def test_imported_rows_go_and_their_count_stays(cast: SimpleNamespace) -> None:
    run = ContactImport(
        organisation_id=cast.fier.id, file_name="a.csv", total=2, done=2, created_at=now() - 40 * DAY, ran_at=now()
    )  # fmt: skip
    db.session.add(run)
    db.session.flush()
    db.session.add_all(
        [
            ImportRow(import_id=run.id, number=1, cells=["x"]),
            ImportRow(import_id=run.id, number=2, cells=["y"]),
            ImportChange(import_id=run.id, table="persons", row_id=1, before=None, after={"name": "x"}),
        ]
    )
    db.session.commit()
    assert run_now(now=now() + 29 * DAY).counts["imports"] == 0
    assert run_now(now=now() + 31 * DAY).counts["imports"] == 1
    assert db.session.scalar(select(func.count(ImportRow.id))) == 0
    assert db.session.scalar(select(func.count(ImportChange.id))) == 0
    assert (run.total, run.done) == (2, 2)


def test_a_file_nobody_knows_goes_after_a_day(app: Flask, cast: SimpleNamespace) -> None:
    known = store_file(b"%PDF-1.7 known", "a.pdf", now=now())
    loose = known.path.parent / "loose"
    loose.write_bytes(b"x")
    db.session.commit()
    for path in (loose, known.path):
        os.utime(path, (0, 0))
    young = known.path.parent / "young"
    young.write_bytes(b"x")
    assert run_now(now=now()).counts["loose_files"] == 1
    assert (loose.exists(), young.exists(), known.path.exists()) == (False, True, True)


def test_a_dry_run_only_counts(app: Flask, meeting: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.config, "RETENTION_ANSWERS_DAYS", 1)
    meeting.event.starts_at -= 30 * DAY
    meeting.event.ends_at -= 30 * DAY
    meeting.event.day_from -= 30 * DAY
    db.session.commit()
    before = snapshot()
    answer = app.test_cli_runner().invoke(args=["privacy", "retention", "--dry-run"])
    assert answer.exit_code == 0, answer.output
    assert "answers      2" in answer.output
    assert snapshot() == before
    assert "answers      2" in app.test_cli_runner().invoke(args=["privacy", "retention"]).output
    assert "answers      0" in app.test_cli_runner().invoke(args=["privacy", "retention", "--dry-run"]).output


def test_the_worker_runs_it_once_a_day(app: Flask, cast: SimpleNamespace) -> None:
    moment = now()
    assert run_daily(now=moment)
    assert run_daily(now=moment + timedelta(hours=23)) is None
    assert run_daily(now=moment + timedelta(hours=25))
    assert len(db.session.scalars(select(RetentionRun)).all()) == 2


def test_many_are_done_in_several_passes(cast: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pop_campaigns.privacy.services.retention.AT_ONCE", 2)
    monkeypatch.setattr("pop_campaigns.privacy.tasks.AT_ONCE", 2)
    for number in range(5):
        run = ContactImport(file_name=f"{number}.csv", total=1, created_at=now() - 90 * DAY)
        db.session.add(run)
        db.session.flush()
        db.session.add(ImportRow(import_id=run.id, number=1, cells=["x"]))
    db.session.commit()
    assert sweep(now=now()).counts["imports"] == 2
    db.session.rollback()
    assert run_now(now=now()).counts["imports"] == 5


def test_administrators_see_what_the_next_run_will_do(meeting: SimpleNamespace, sign_in: Any) -> None:
    meeting.event.starts_at -= 60 * DAY
    meeting.event.ends_at -= 60 * DAY
    meeting.event.day_from -= 60 * DAY
    db.session.commit()
    browser = sign_in(meeting.cast.drita)
    page = browser.get("/privacy/retention").text
    for words in ("Përgjigjet e qytetarëve", "30 ditë", "POP_RETENTION_MAILS_DAYS", ">2</td>"):
        assert words in page
    run_now(now=now())
    assert "Përgjigjet e qytetarëve: 2" in browser.get("/privacy/retention").text
    for user in (meeting.cast.arta, meeting.cast.eva):
        assert sign_in(user).get("/privacy/retention").status_code == 404
        assert sign_in(user).get("/privacy").status_code == 200


def test_sessions_go_a_month_after_they_were_over(cast: SimpleNamespace) -> None:
    at = now()
    ended = {"ended_at": at - 31 * DAY, "ended_why": SessionEnd.LOG_OUT}
    for times in (
        ended,
        {"last_seen_at": at - 45 * DAY},
        {"created_at": at - 121 * DAY},
        ended | {"ended_at": at - 29 * DAY},
        {"last_seen_at": at - 43 * DAY},
        {},
    ):
        first = {
            "created_at": at - 60 * DAY,
            "last_seen_at": at,
            "id_hash": str(len(times)) + repr(times)[:60],
        }
        db.session.add(UserSession(user=cast.arta, **(first | times)))
    db.session.commit()
    assert run_now(now=at).counts["sessions"] == 3
    left = db.session.scalars(select(UserSession)).all()
    assert len(left) == 3 and all(user_session.created_at == at - 60 * DAY for user_session in left)


def test_every_class_has_words_and_a_verb() -> None:
    from pop_campaigns.privacy.services.retention import _DUE, _VERBS
    from pop_campaigns.privacy.words.labels import KEPT_WORDS

    assert set(KEPT_WORDS) == set(Kept) == {one.kept for one in RETENTION}
    assert set(_DUE) == set(_VERBS) == set(Kept) - {Kept.LOOSE_FILES}
