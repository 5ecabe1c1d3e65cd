"""The contact log: what was said with an office, a person, an institution; who reads it, who changes it, how it is found."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, time, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from pop_campaigns.contacts.models.contact_log import LogEntry
from pop_campaigns.contacts.models.persons import Mandate
from pop_campaigns.contacts.queries.contact_log import log_of, select_contact_log
from pop_campaigns.contacts.rules import LogKind, PersonKind, may_change_log, may_read_log
from pop_campaigns.contacts.services.contact_log import LogDraft, add_entry
from pop_campaigns.contacts.services.merging import merge, undo_merge
from pop_campaigns.core.clock import local_date, now
from pop_campaigns.core.db import db
from tests import factories
from tests.house.browser_forms import forms_on

SignIn = Callable[[Any], FlaskClient]
TODAY = local_date(now())


def draft(said: str, **values: Any) -> LogDraft:
    return LogDraft(**({"kind": LogKind.CALL, "day": TODAY, "said": said} | values))


def said_by(rows: Any) -> list[str]:
    return [entry.said for entry in rows]


@pytest.mark.parametrize(
    ("role", "kind", "reads"),
    [
        ("viewer", None, True),
        ("viewer", PersonKind.OFFICIAL, True),
        *(("viewer", kind, False) for kind in PersonKind if kind is not PersonKind.OFFICIAL),
        *((role, kind, True) for role in ("coordinator", "administrator") for kind in PersonKind),
    ],
)
def test_who_only_reads_reads_of_offices_and_officials(role: Any, kind: Any, reads: bool) -> None:
    from pop_campaigns.accounts.rules.roles import RoleName

    assert may_read_log(RoleName(role), kind) is reads


def test_the_writer_changes_it_and_an_administrator() -> None:
    from pop_campaigns.accounts.rules.roles import RoleName

    able = {
        (role.value, writer)
        for role in RoleName
        for writer in (True, False)
        if may_change_log(role, is_writer=writer)
    }
    assert able == {("coordinator", True), ("administrator", True), ("administrator", False)}


@pytest.mark.both_databases
def test_newest_first_at_office_person_and_institution(app: Flask, cast: SimpleNamespace) -> None:
    office = factories.make_office(holder="Artan Prova", organisation=cast.fier)
    mayor = db.session.scalars(select(Mandate)).one().person
    for day, hour, said in (
        (3, None, "pa orë"),
        (1, time(9), "më parë"),
        (3, time(10), "dje"),
        (3, time(8), "herët"),
    ):
        add_entry(office, draft(said, day=date(2026, 11, day), hour=hour), by=cast.arta, now=now())
    held = add_entry(office, draft("me titullarin", with_whom="ARTAN prova"), by=cast.arta, now=now())
    add_entry(office.institution, draft("në recepsion"), by=cast.arta, now=now())
    db.session.commit()
    assert held.person is mayor
    assert said_by(log_of(mayor, cast.arta)) == ["me titullarin"]
    assert said_by(log_of(office, cast.arta)) == ["me titullarin", "dje", "herët", "pa orë", "më parë"]
    assert said_by(log_of(office.institution, cast.arta))[:2] == ["në recepsion", "me titullarin"]


@pytest.mark.both_databases
def test_nobody_else_reads_it(app: Flask, cast: SimpleNamespace) -> None:
    office = factories.make_office()
    citizen, journalist = (
        factories.make_person(kind.value, kind=kind, organisation=cast.fier)
        for kind in (PersonKind.CITIZEN, PersonKind.JOURNALIST)
    )
    for about in (office, citizen, journalist):
        add_entry(about, draft("fjala e fshehtë"), by=cast.arta, now=now())
    db.session.commit()

    def seen(user: Any) -> int:
        return len(db.session.scalars(select_contact_log(user, "fshehte")).unique().all())

    assert [seen(user) for user in (cast.arta, cast.drita, cast.clirim, cast.eva)] == [3, 3, 0, 1]
    assert log_of(office, cast.clirim) == log_of(citizen, cast.eva) == []
    # What the network noted about somebody of one organisation stays with that person's.
    of_network = LogEntry(person=citizen, kind=LogKind.CALL, day=TODAY, said="tjetra", made_at=now())
    db.session.add(of_network)
    db.session.commit()
    assert log_of(citizen, cast.arta)[0] is of_network and log_of(citizen, cast.clirim) == []


@pytest.mark.both_databases
def test_words_find_it(app: Flask, cast: SimpleNamespace) -> None:
    office = factories.make_office("Kryetar", organisation=cast.fier)
    add_entry(office, draft("Premtoi çertifikatën", with_whom="Sekretarja"), by=cast.arta, now=now())
    db.session.commit()
    found = {
        typed: len(db.session.scalars(select_contact_log(cast.arta, typed)).unique().all())
        for typed in (
            "certifikaten",
            "SEKRETARJA",
            "kryetar premtoi",
            "fier certifikat",
            "kryetar",
            "lumi premtoi",
        )
    }
    assert found == {
        "certifikaten": 1, "SEKRETARJA": 1, "kryetar premtoi": 1, "fier certifikat": 1, "kryetar": 0, "lumi premtoi": 0,
    }  # fmt: skip


@pytest.mark.both_databases
def test_a_merge_takes_it_along_and_back(app: Flask, cast: SimpleNamespace) -> None:
    kept, gone = (factories.make_person("Qytetar", organisation=cast.fier) for _ in range(2))
    add_entry(gone, draft("u takuam"), by=cast.arta, now=now())
    db.session.commit()
    row = merge(kept, gone, by=cast.arta, now=now())
    assert said_by(log_of(kept, cast.arta)) == ["u takuam"]
    undo_merge(row, by=cast.arta, now=now())
    assert said_by(log_of(kept, cast.arta)) == []
    assert said_by(log_of(gone, cast.arta)) == ["u takuam"]


def test_noting_on_the_page_of_an_institution(app: Flask, cast: SimpleNamespace, sign_in: SignIn) -> None:
    office = factories.make_office("Kryetar", organisation=cast.fier)
    db.session.commit()
    browser, page = sign_in(cast.arta), f"/people/institutions/{office.institution_id}"
    form = next(form for form in forms_on(browser.get(page).text) if "said" in form.sent)
    assert (form.sent["day"], form.sent["kind"]) == ([TODAY.isoformat()], ["call"])
    filled = form.filled(said="Do të vijë", about=str(office.id), hour="10:30", with_whom="Sekretaria")
    for _press in range(2):  # a second press makes no second entry
        assert browser.post(form.action, data=filled).headers["Location"].endswith("#contact-log")
    entry = db.session.scalars(select(LogEntry)).one()
    assert (entry.office_id, entry.hour, entry.writer_id) == (office.id, time(10, 30), cast.arta.id)
    for url in (page, f"/people/offices/{office.id}/record", "/people/log?q=vije", "/search?q=do+te+vije"):
        assert "Do të vijë" in browser.get(url).text, url
    late = form.filled(said="x", day=(TODAY + timedelta(days=1)).isoformat(), once="other")
    assert browser.post(form.action, data=late).status_code == 422
    stranger = factories.make_office("Prefekt", organisation=cast.vlore)
    db.session.commit()
    assert (
        browser.post(form.action, data=form.filled(said="x", about=str(stranger.id), once="y")).status_code
        == 404
    )


def test_only_the_writer_changes_and_deletes(app: Flask, cast: SimpleNamespace, sign_in: SignIn) -> None:
    office = factories.make_office("Kryetar", organisation=cast.fier)
    colleague = factories.make_user("koleg", "coordinator", cast.fier)
    entry = add_entry(office, draft("Kërkoi ftesën"), by=cast.arta, now=now())
    db.session.commit()
    ways = [f"/people/log/{entry.id}/{verb}" for verb in ("edit", "delete")]
    other = sign_in(colleague)
    page = other.get(f"/people/institutions/{office.institution_id}").text
    assert "Kërkoi ftesën" in page
    assert not any(way in page for way in ways)
    assert [other.get(way).status_code for way in ways] == [404, 404]
    browser = sign_in(cast.arta)
    form = next(form for form in forms_on(browser.get(ways[0]).text) if "said" in form.sent)
    assert browser.post(ways[0], data=form.filled(said="Kërkoi ftesën dje")).status_code == 302
    button = next(form for form in forms_on(browser.get(ways[1]).text) if "version" in form.sent)
    for _press in range(2):
        assert browser.post(ways[1], data=button.sent).status_code == 302
    assert db.session.scalar(select(func.count()).select_from(LogEntry)) == 0
