"""What the mail with a letter says, kept in golden files, and that nothing typed can change its form."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
from sqlalchemy import select

from pop_campaigns.accounts.models import Network
from pop_campaigns.core.db import db
from pop_campaigns.letters.messages.letters import note_for, preview_mail
from pop_campaigns.letters.models import Letter
from pop_campaigns.letters.queries.letters import lines_of
from pop_campaigns.letters.services.letters import send_letter
from pop_campaigns.mail.compose import compose
from pop_campaigns.mail.message import MailParts, message_bytes
from pop_campaigns.mail.models import OutgoingMail
from tests.factories import make_institution, make_letter, make_letter_recipient, make_office

GOLDEN = Path(__file__).parent / "golden"
NOVEMBER = datetime(2026, 11, 16, 9, 0, tzinfo=UTC)
ENGLISH = "Dear Minister,\n\nPlease inform us:\n- which inspections were made;\n- what will be done.\n\nYours sincerely,"


@pytest.fixture
def letter(cast: SimpleNamespace) -> Letter:
    """To the minister; copies to the prefect, who reads English, and to an agency without an address."""
    db.session.add(
        Network(
            short_name="POP", name_sq="Përballja e Ofertave Politike", name_en="Juxtaposing Political Offers",
            website="https://www.popnetwork.example",
        )
    )  # fmt: skip
    letter = make_letter(
        cast.fier,
        subject_en="Pollution of the river Gjanica in Fier",
        body_en=ENGLISH,
        signed_as="Drejtor ekzekutiv",
    )
    ministry = make_institution(
        "Ministria e Turizmit dhe Mjedisit", kind="ministry", name_en="Ministry of Tourism and Environment"
    )
    prefecture = make_institution("Prefektura e Qarkut Fier", kind="prefecture", name_en="Prefecture of Fier")
    agency = make_institution("Agjencia Kombëtare e Mjedisit", kind="agency")
    make_letter_recipient(
        letter, make_office("Ministër", ministry, email="ministri@mjedisi.example", title_en="Minister")
    )
    make_letter_recipient(
        letter,
        make_office("Prefekt", prefecture, email="prefekti@fier.example", title_en="Prefect"),
        "cc",
        language="en",
    )
    make_letter_recipient(letter, make_office("Drejtor", agency, email=None), "cc")
    db.session.commit()
    return letter


def sent_parts(letter: Letter, cast: SimpleNamespace) -> list[MailParts]:
    send_letter(letter, by=cast.arta, now=NOVEMBER)
    db.session.flush()
    return [compose(mail) for mail in db.session.scalars(select(OutgoingMail).order_by(OutgoingMail.id))]


@pytest.mark.parametrize("lang", ["sq", "en"])
@pytest.mark.parametrize("form", ["txt", "html"])
def test_the_mail_says_what_it_said(letter: Letter, cast: SimpleNamespace, lang: str, form: str) -> None:
    parts = next(part for part in sent_parts(letter, cast) if part.language == lang)
    said = parts.text if form == "txt" else parts.html or ""
    wanted = (GOLDEN / f"letter.{lang}.{form}").read_text(encoding="utf-8")
    assert f"Subject: {parts.subject}\n\n{said}" == wanted if form == "txt" else said == wanted


def test_each_mail_has_one_recipient_its_own_sender_and_the_file(
    letter: Letter, cast: SimpleNamespace
) -> None:
    first, second = sent_parts(letter, cast)
    assert first.subject == "[Nr. 1/2026] Ndotja e lumit Gjanica në Fier"
    assert second.subject == "[No. 1/2026] Pollution of the river Gjanica in Fier"
    assert (first.to_name, first.to_address) == (
        "Ministër – Ministria e Turizmit dhe Mjedisit",
        "ministri@mjedisi.example",
    )
    assert (second.to_name, second.to_address) == ("Prefect – Prefecture of Fier", "prefekti@fier.example")
    assert first.from_address.startswith("r-") and first.from_address != second.from_address
    assert [one.attachments[0].name for one in (first, second)] == ["Shkresa-1-2026.pdf", "Letter-1-2026.pdf"]
    for parts in (first, second):
        raw = message_bytes(parts)
        assert b"Auto-Submitted" not in raw
        assert raw == message_bytes(parts)


def test_a_deadline_is_named_only_to_whom_the_law_binds(letter: Letter, cast: SimpleNamespace) -> None:
    to, cc, copy = lines_of(letter, cast.arta, NOVEMBER.date())
    assert (
        note_for(letter, to)
        == "Sipas nenit 15 të ligjit nr. 119/2014, përgjigjja jepet brenda 10 ditëve të punës nga marrja e shkresës."
    )
    assert note_for(letter, cc) == "It is sent to you for your information."
    assert note_for(letter, copy) == "Po jua dërgojmë për dijeni."
    letter.basis = "prefect_review"
    assert (
        note_for(letter, to)
        == "Sipas nenit 16 të ligjit nr. 107/2016, përgjigjja jepet brenda 10 ditëve nga marrja e shkresës."
    )
    for basis in ("political_letter", "something_else"):
        letter.basis = basis
        assert note_for(letter, to) == "Do t’ju ishim mirënjohës për një përgjigje."


def test_the_preview_is_the_mail(letter: Letter, cast: SimpleNamespace) -> None:
    lines = lines_of(letter, cast.arta, NOVEMBER.date())
    printed = lines_of(letter, cast.arta, NOVEMBER.date(), lang="sq")
    shown = preview_mail(letter, lines[0], printed, from_address="r-…@rsvp.example", at=NOVEMBER)
    came = sent_parts(letter, cast)[0]
    numbered = shown.text.replace("Nr. prot. …", "Nr. prot. 1/2026").replace(
        "shkresën nr. …, datë", "shkresën nr. 1/2026, datë"
    )
    assert numbered.replace("Shkresa.pdf", "Shkresa-1-2026.pdf") == came.text
    assert (shown.from_name, shown.to_name, shown.to_address) == (
        came.from_name,
        came.to_name,
        came.to_address,
    )


def test_text_that_looks_like_a_placeholder_stays_as_typed(letter: Letter, cast: SimpleNamespace) -> None:
    letter.body_sq = "{note} {note_x} {to} {{ config }} {% raw %} %(x)s"
    letter.subject_sq = "{note_x_x}"
    parts = sent_parts(letter, cast)[0]
    assert "{note} {note_x} {to} {{ config }} {% raw %} %(x)s" in parts.text
    assert parts.subject == "[Nr. 1/2026] {note_x_x}"
    assert parts.text.count("Sipas nenit") == 1
    assert "{note} {note_x} {to} {{ config }}" in (parts.html or "")


def test_hostile_names_and_subjects_cannot_add_headers(letter: Letter, cast: SimpleNamespace) -> None:
    evil = 'A\r\nBcc: x@evil.example\u2028=?utf-8?q?A=0D=0ABcc:_x?= "<y@evil.example>",'
    letter.subject_sq = evil
    letter.recipients[0].office.title_sq = evil
    cast.fier.name = evil
    raw = message_bytes(sent_parts(letter, cast)[0])
    head = raw.partition(b"\r\n\r\n")[0]
    assert not any(line.lower().startswith(b"bcc") for line in head.split(b"\r\n"))
    assert b"To: " in head and head.count(b"ministri@mjedisi.example") == 1


def test_markup_in_a_letter_is_shown_as_text(letter: Letter, cast: SimpleNamespace) -> None:
    letter.body_sq = "<script>alert(1)</script><img src=x> & “x”"
    html = sent_parts(letter, cast)[0].html or ""
    assert "<script>" not in html and "<img" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;&lt;img src=x&gt; &amp; “x”" in html
