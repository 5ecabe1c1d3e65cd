"""Whom a letter names and how it speaks to them: in Albanian in the dative, in one phrase, frozen when it is sent."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from pypdf import PdfReader
from sqlalchemy import select

from pop_campaigns.contacts.models.institutions import Office
from pop_campaigns.contacts.models.persons import Mandate
from pop_campaigns.core.db import db
from pop_campaigns.core.salutations import FormOfAddress, has_salutation, salutation
from pop_campaigns.letters.messages.letters import letter_pdf, mail_words
from pop_campaigns.letters.messages.papers import paper_of
from pop_campaigns.letters.models import Letter
from pop_campaigns.letters.queries.letters import lines_of
from pop_campaigns.letters.services.letters import fingerprint, send_letter
from pop_campaigns.mail.compose import compose
from pop_campaigns.mail.models import OutgoingMail
from tests.factories import make_institution, make_letter, make_letter_recipient, make_office, make_person

NOVEMBER = datetime(2026, 11, 16, 9, 0, tzinfo=UTC)
BODY = "Ju kërkojmë të na informoni.\n\nMe respekt,"


def office(title: str, institution: str, *, english: str = "", **values: Any) -> Office:
    return make_office(title, make_institution(institution), title_en=english, **values)


def held(of: Office, name: str, form: FormOfAddress | None) -> Office:
    person = make_person(name, form_of_address=form)
    db.session.add(Mandate(person=person, office=of, from_date=date(2023, 1, 1)))
    db.session.flush()
    return of


def letter_to(cast: SimpleNamespace, *to: Office, cc: tuple[Office, ...] = (), **values: Any) -> Letter:
    letter = make_letter(cast.fier, **({"body_sq": BODY} | values))
    for one in to:
        make_letter_recipient(letter, one)
    for one in cc:
        make_letter_recipient(letter, one, "cc")
    db.session.commit()
    return letter


def said(letter: Letter, cast: SimpleNamespace, lang: str = "sq") -> tuple[str, str, str, str]:
    """Return the letter as the page, the PDF and the mail (as text and HTML) have it."""
    paper = paper_of(letter, lang, user=cast.arta, at=NOVEMBER)
    lines = lines_of(letter, cast.arta, NOVEMBER.date(), lang=lang)
    pdf = PdfReader(io.BytesIO(letter_pdf(letter, lang, lines, at=NOVEMBER))).pages[0].extract_text()
    words = mail_words(letter, lang, lines, at=NOVEMBER)
    shown = "\n".join([*paper.addressed.to, *paper.addressed.cc, paper.sheet.body])
    return shown, " ".join(pdf.split()), words.text, words.html


def test_one_phrase_everywhere_and_copies_too(cast: SimpleNamespace) -> None:
    letter = letter_to(
        cast,
        held(office("Kryetar", "Bashkia Fier"), "Emër Mbiemër", FormOfAddress.ZONJA),
        cc=(held(office("Prefekt", "Prefektura e Qarkut Fier"), "Qytetar 00421", None),),
    )
    for text in said(letter, cast):
        assert "Kryetares së Bashkisë Fier" in text and "zonjës Emër Mbiemër" in text
        assert "Prefektit të Qarkut Fier (Qytetar 00421)" in text
        assert "E nderuar zonja Kryetare," in text
        assert "Bashkia Fier" not in text and "Prefektura" not in text
    for text in said(letter, cast)[1:]:
        assert "Drejtuar:" in text and "Marrës" not in text


def test_an_addressee_that_has_no_dative_leaves_all_in_the_nominative(cast: SimpleNamespace) -> None:
    letter = letter_to(
        cast,
        office("Kryetar", "Bashkia Fier"),
        office("Kryetar", "Epoka e Re"),
        cc=(office("Prefekt", "Prefektura e Qarkut Fier"), office("Kreu", "Bashkia Fier")),
    )
    for text in said(letter, cast)[1:]:
        assert "Marrësit:" in text and "Drejtuar" not in text
        assert "Kryetar" in text and "Bashkia Fier" in text and "Kryetarit" not in text
        assert "Prefektit të Qarkut Fier" in text and "Kreu, Bashkia Fier" in text
        assert "Të nderuar," in text


def test_a_phrase_written_by_hand_goes_before_the_rule(cast: SimpleNamespace) -> None:
    mayor = office("Kreu", "Bashkia Fier")
    mayor.dative = "Kreut të Bashkisë Fier"
    for text in said(letter_to(cast, mayor), cast):
        assert "Kreut të Bashkisë Fier" in text


def test_english_stays_in_the_nominative(cast: SimpleNamespace) -> None:
    mayor = held(office("Kryetar", "Bashkia Fier", english="Mayor"), "Emër Mbiemër", FormOfAddress.ZONJA)
    letter = letter_to(cast, mayor, subject_en="On rivers", body_en="Please inform us.")
    for text in said(letter, cast, "en"):
        assert "Mayor" in text and "Bashkia Fier" in text and "Kryetar" not in text
        assert "Dear Ms Emër Mbiemër," in text


@pytest.mark.parametrize(
    "body",
    [
        "I nderuar zoti Ministër,\n\nJu shkruajmë.",
        "Të nderuar,",
        "I/E nderuar,",
        "TË NDERUAR ZOTËRINJ",
        "Dear Sir,",
    ],
)
def test_a_letter_that_greets_is_not_greeted_twice(cast: SimpleNamespace, body: str) -> None:
    letter = letter_to(cast, office("Kryetar", "Bashkia Fier"), body_sq=body)
    assert paper_of(letter, "sq", user=cast.arta, at=NOVEMBER).sheet.body == body


@pytest.mark.parametrize(
    "text", ["", "Ju shkruajmë.", "Inderuar", "E drejta e informimit", "Dearth of water", "x" * 300]
)
def test_what_is_no_salutation(text: str) -> None:
    assert not has_salutation(text)


def test_what_was_sent_stays(cast: SimpleNamespace) -> None:
    mayor = held(office("Kryetar", "Bashkia Fier"), "Emër Mbiemër", FormOfAddress.ZONJA)
    letter = letter_to(cast, mayor)
    send_letter(letter, by=cast.arta, now=NOVEMBER)
    db.session.commit()
    before = said(letter, cast)
    mail = compose(db.session.scalars(select(OutgoingMail)).one())
    assert mail.text.startswith("E nderuar zonja Kryetare,\n\nBashkëlidhur")
    assert "E nderuar zonja Kryetare," in (mail.html or "")
    mayor.title_sq, mayor.dative, mayor.institution.name_sq = "Prefekt", "Dikujt", "Prefektura e Qarkut Fier"
    mayor.mandates[0].person.form_of_address = FormOfAddress.ZOTI
    db.session.commit()
    assert said(letter, cast) == before


def test_a_letter_sent_without_a_salutation_gets_none_afterwards(cast: SimpleNamespace) -> None:
    letter = letter_to(cast, office("Kryetar", "Bashkia Fier"))
    send_letter(letter, by=cast.arta, now=NOVEMBER)
    letter.greeted = False
    assert paper_of(letter, "sq", user=cast.arta, at=NOVEMBER).sheet.body == BODY


def test_who_looked_before_the_address_changed_is_asked_again(cast: SimpleNamespace) -> None:
    mayor = held(office("Kryetar", "Bashkia Fier"), "Emër Mbiemër", None)
    letter = letter_to(cast, mayor)
    prints = set()
    for form in (None, FormOfAddress.ZOTI, FormOfAddress.ZONJA):
        mayor.mandates[0].person.form_of_address = form
        db.session.flush()
        prints.add(fingerprint(letter, lines_of(letter, cast.arta, NOVEMBER.date())))
    mayor.dative = "Kreut të Bashkisë Fier"
    prints.add(fingerprint(letter, lines_of(letter, cast.arta, NOVEMBER.date())))
    assert len(prints) == 4


@pytest.mark.parametrize(
    ("lang", "form", "title", "name", "words"),
    [
        ("sq", FormOfAddress.ZOTI, "Kryetar i këshillit", "Emër Mbiemër", "I nderuar zoti Kryetar,"),
        ("sq", FormOfAddress.ZONJA, "Ministër", "Emër Mbiemër", "E nderuar zonja Ministre,"),
        ("sq", FormOfAddress.ZONJA, "Kreu", "Emër Mbiemër", "E nderuar zonja Emër Mbiemër,"),
        ("sq", FormOfAddress.ZOTI, "", "Emër Mbiemër", "I nderuar zoti Emër Mbiemër,"),
        ("sq", None, "Kryetar", "Emër Mbiemër", "I/E nderuar,"),
        ("sq", None, "", "Emër Mbiemër", "I/E nderuar,"),
        ("sq", None, "Kryetar", "", "I/E nderuar,"),
        ("sq", None, "Zyra e protokollit", "", "Të nderuar,"),
        ("sq", None, "", "", "Të nderuar,"),
        ("en", FormOfAddress.ZOTI, "Mayor", "Emër Mbiemër", "Dear Mr Emër Mbiemër,"),
        ("en", None, "Mayor", "Emër Mbiemër", "Dear Sir or Madam,"),
        ("en", FormOfAddress.ZONJA, "Mayor", "", "Dear Sir or Madam,"),
    ],
)
def test_how_somebody_is_spoken_to(
    lang: str, form: FormOfAddress | None, title: str, name: str, words: str
) -> None:
    assert salutation(lang, form, title=title, name=name) == words
