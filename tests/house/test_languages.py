"""One language at a time: no English in an Albanian page, answer to a form or mail, and the other way round."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode

import pytest
from flask import Flask, message_flashed
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from pop_campaigns.contacts.models.institutions import Office
from pop_campaigns.core.db import db
from pop_campaigns.invitations.models.invitations import Invitation
from pop_campaigns.letters.models import LetterRecipient
from tests.house.languages import Said, foreign_words, said_in, typed_values
from tests.house.page_forms import forms_of_pages
from tests.house.said_mails import mails_in
from tests.house.walk import Reading, Walk, some_of, walk_in_english

MAILS = Path(__file__).resolve().parents[2] / "templates" / "mail"
FORM = "application/x-www-form-urlencoded"
# The offices of the world and their institutions, each in both languages (see ``house.world``).
IN_ENGLISH = ("Alfa", "Beta")
IN_ALBANIAN = ("Gamanëza", "Deltanëza")
# The world's file is not in the database; its headings are shown as they are.
IN_FILES = ("Emri",)
# In their reader's language, whatever the desk's or the browser's: a guest's own page, that of an account, a mail.
OF_THEIR_READER = frozenset(
    (
        "accounts.reset", "accounts.welcome", "invitations.answer", "invitations.answer_dates", "privacy.unsubscribe",
        "desk.mail_html", "invitations.preview_html", "invitations.message_preview", "invitations.notice_preview",
        "letters.preview_html",
    )
)  # fmt: skip


@pytest.fixture
def typed(world: SimpleNamespace) -> list[str]:
    """What people typed, which may stand on any page in its own language."""
    return [*typed_values(), *IN_FILES]


def faults(said: Iterable[Said], typed: list[str], where: str) -> set[str]:
    """Return each piece that holds words of the other language, with them and where it was met."""
    return {
        f"{where}: {one.place} ({one.lang}) {one.text!r} {words}"
        for one in said
        if (words := foreign_words(one, typed))
    }


def faults_of_pages(readings: Iterable[Reading], lang: str, typed: list[str]) -> list[str]:
    """Return the faults of every page, also of those that refuse."""
    found: set[str] = set()
    for reading in readings:
        page, place = reading.answer, reading.endpoint or reading.url
        if reading.method == "HEAD" or page.mimetype != "text/html" or "<html" not in page.text:
            continue
        found |= faults(said_in(page.text, lang), typed, place)
        if f'<html lang="{lang}"' not in page.text and not page.location and place not in OF_THEIR_READER:
            found.add(f"{place}: declared to be in another language")
    return sorted(found)


def rename_offices() -> None:
    """Give the offices Albanian titles that stand nowhere else, and their institutions such names."""
    for office in db.session.scalars(select(Office)):
        before = (office.title_sq, office.institution.name_sq)
        office.title_sq, office.institution.name_sq = IN_ALBANIAN
        office.title_en, office.institution.name_en = (
            office.title_en or "x",
            office.institution.name_en or "x",
        )
        for model in (Invitation, LetterRecipient):
            for row in db.session.scalars(select(model).where(model.office_id == office.id)):
                if (row.office_title, row.institution_name) == before:
                    row.office_title, row.institution_name = IN_ALBANIAN
    db.session.commit()


def misnamed(readings: Iterable[Reading], lang: str, names: Iterable[str]) -> list[str]:
    """Return where a page in ``lang`` names an office or an institution in the other language."""
    return sorted(
        f"{reading.endpoint}: {one.text!r}"
        for reading in readings
        if reading.answer.mimetype == "text/html" and reading.endpoint not in OF_THEIR_READER
        for one in said_in(reading.answer.text, lang)
        if one.lang == lang and any(name in one.text for name in names)
    )


@pytest.mark.parametrize("who", ["drita", "nobody"])
def test_albanian_pages_are_albanian(walk: Callable[[str], Walk], typed: list[str], who: str) -> None:
    assert faults_of_pages(walk(who).readings, "sq", typed) == []
    assert misnamed(walk(who).readings, "sq", IN_ENGLISH) == []


@pytest.mark.parametrize("who", ["drita", "nobody"])
def test_english_pages_are_english(
    app: Flask, world: SimpleNamespace, sign_in: Callable[[Any], FlaskClient], typed: list[str], who: str
) -> None:
    browser = app.test_client()
    if who != "nobody":
        reader = getattr(world.cast, who)
        reader.language = "en"
        db.session.commit()
        browser = sign_in(reader)
    rename_offices()
    readings = walk_in_english(app, browser, world, strangers=who == "nobody").readings
    assert faults_of_pages(readings, "en", typed) == []
    assert misnamed(readings, "en", IN_ALBANIAN) == []
    assert len(readings) > (20 if who == "nobody" else 120)


def test_answers_to_forms_are_albanian(
    world: SimpleNamespace,
    walk: Callable[[str], Walk],
    sign_in: Callable[[Any], FlaskClient],
    typed: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What a form says of nothing, of nonsense and of itself, and the line it leaves for the next page."""
    browser, found, lines, answered = sign_in(world.cast.drita), set(), [], 0

    def hear(_app: Flask, message: Any, **_more: Any) -> None:
        lines.append(Said(str(message), "sq", "line"))

    monkeypatch.setattr(Session, "commit", lambda session: session.flush())
    with message_flashed.connected_to(hear):
        for place, (url, fields) in enumerate(forms_of_pages(walk("drita").pages).items()):
            bodies = ({key: [""] for key in fields}, {key: ["x"] for key in fields}, fields)
            for body in some_of(bodies, place, 2):
                kept = dict(browser._cookies or {})
                answer = browser.post(url, data=urlencode(body, doseq=True), content_type=FORM)
                browser._cookies = kept
                said = said_in(answer.text, "sq") if answer.mimetype == "text/html" else []
                found |= faults([*said, *lines], typed, url)
                answered += bool(lines) or answer.status_code == 422
                lines.clear()
    assert sorted(found) == []
    assert answered > 60


@pytest.mark.parametrize("lang", ["sq", "en"])
def test_every_mail_keeps_its_language(
    app: Flask, world: SimpleNamespace, typed: list[str], lang: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    used: set[str] = set()
    load = app.jinja_env.get_template
    monkeypatch.setattr(
        app.jinja_env, "get_template", lambda name, *more: used.add(str(name)) or load(name, *more)
    )
    found: set[str] = set()
    for mail in mails_in(world, lang):
        said = [Said(text, lang, "text") for text in (mail.subject, *mail.text.splitlines(), *mail.more)]
        found |= faults([*said, *said_in(mail.html, lang)], typed, mail.name)
    db.session.rollback()
    assert sorted(found) == []
    # A kind of mail made later has to be read here too.
    assert {path.name for path in MAILS.iterdir() if path.is_dir()} == {
        name.split("/")[1] for name in used if name.count("/") > 1
    }


@pytest.mark.parametrize(
    ("lang", "markup"),
    [
        ("sq", "<p>Faqja <b>was not saved</b>, provoni përsëri.</p>"),
        ("sq", '<input aria-label="Search people">'),
        ("sq", '<td data-label="Institution">x</td>'),
        ("sq", '<input type="submit" value="Save">'),
        ("sq", "<time>Monday, 16 November 2026</time>"),
        ("sq", '<html lang="en"><p lang="sq">Show all guests</p>'),
        ("en", "<p>Nuk u gjet asgjë.</p>"),
        ("en", '<img alt="Harta e veprimtarive">'),
        ("en", "<p>12 dhjetor 2026</p>"),
        ("en", '<div lang="sq"><p>Pritet përgjigje</p><p lang="en">Një veprimtari</p></div>'),
    ],
)
def test_a_text_of_the_other_language_is_found(lang: str, markup: str) -> None:
    assert len(faults(said_in(markup, lang), [], "x")) == 1


@pytest.mark.parametrize(
    ("lang", "markup"),
    [
        ("sq", '<p>Ruaj <q lang="en">The mailbox does not exist</q> dhe vazhdo.</p>'),
        ("sq", "<p>Në Gmail: “Download message”; te https://the.example/with/your ose the@pop.example.</p>"),
        ("sq", "<script>const words = 'the page with your guests'</script><code>POP_MAILS_DAYS</code>"),
        ("sq", "<p>Tryezë, Round table on the river</p>"),
        ("en", '<p>From <span lang="sq">Bashkia Fier, në dijeni</span>, on Monday.</p>'),
    ],
)
def test_what_is_declared_quoted_or_typed_is_left_alone(lang: str, markup: str) -> None:
    assert faults(said_in(markup, lang), ["Round table on the river"], "x") == set()
