"""The letter on paper: literal text, one file for one letter, nothing beyond the edge of the sheet."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pypdf import PdfReader

from pop_campaigns.letters.messages.pdf import Addressee, LetterSheet, read_blocks, render_letter_pdf
from pop_campaigns.letters.rules.letters import RecipientRole

TO = Addressee("z. Klosi", "Ministër", "Ministria e Turizmit dhe Mjedisit", ("Tiranë",), RecipientRole.TO)
PREFECT = Addressee("", "Prefekt", "Prefektura e Qarkut Fier", (), RecipientRole.CC)
AGENCY = Addressee("", "", "Agjencia Kombëtare e Mjedisit", (), RecipientRole.CC)

BODY = """I nderuar zoti Ministër,

Në prill 2020 në ujin e lumit Gjanica u panë hidrokarbure.
Ju kërkojmë të na informoni:
- cilat inspektime janë kryer;
- çfarë masash do të merren.

Me respekt,"""

SHEET = LetterSheet(
    lang="sq",
    register_number="12/2020",
    date_words="16 prill 2020",
    place="Fier",
    sender_name="Epoka e Re",
    sender_address_lines=("Fier",),
    sender_contact="fier@epoka-e-re.example",
    addressees=(TO, PREFECT, AGENCY),
    subject="Ndotja e lumit Gjanica në Fier",
    body=BODY,
    signed_by="Koordinator Fier",
    signed_as="Qendra “Epoka e Re”",
    enclosures=("Harta e pikave të vëzhgimit",),
    dated_at=datetime(2020, 4, 16, 10, tzinfo=UTC),
)


def pages_of(sheet: LetterSheet) -> list[str]:
    """The text of each page, blanks made single: where lines break is not the matter here."""
    reader = PdfReader(io.BytesIO(render_letter_pdf(sheet)))
    return [re.sub(r"\s+", " ", page.extract_text()) for page in reader.pages]


def text_of(sheet: LetterSheet) -> str:
    return " ".join(pages_of(sheet))


def test_an_albanian_letter_says_all() -> None:
    text = text_of(SHEET)
    for words in (
        "Epoka e Re",
        "fier@epoka-e-re.example",
        "Nr. prot. 12/2020",
        "Fier, më 16 prill 2020",
        "Marrësi:",
        "z. Klosi",
        "Ministër",
        "Ministria e Turizmit dhe Mjedisit",
        "Për dijeni:",
        "Prefekt, Prefektura e Qarkut Fier",
        "Agjencia Kombëtare e Mjedisit",
        "Lënda:",
        "Ndotja e lumit Gjanica në Fier",
        "– cilat inspektime janë kryer;",
        "Koordinator Fier",
        "Qendra “Epoka e Re”",
        "Bashkëlidhur:",
        "Harta e pikave të vëzhgimit",
    ):
        assert words in text
    assert text.index("Marrësi:") < text.index("Për dijeni:") < text.index("Lënda:") < text.index("I nderuar")


def test_a_letter_to_several_says_so() -> None:
    several = replace(SHEET, addressees=(TO, replace(PREFECT, role=RecipientRole.TO)))
    assert "Marrësit: z. Klosi" in text_of(several)


def test_an_english_letter_has_english_words_around_it() -> None:
    text = text_of(replace(SHEET, lang="en", date_words="16 April 2020"))
    for words in ("Ref. no. 12/2020", "Fier, 16 April 2020", "To:", "Copy to:", "Subject:", "Enclosed:"):
        assert words in text
    for words in ("Marrësi", "Për dijeni", "Lënda", "Bashkëlidhur"):
        assert words not in text


@pytest.mark.parametrize("lang", ["sq", "en"])
def test_albanian_letters_and_quotes_are_there(lang: str) -> None:
    words = "ë ç Ë Ç “Gjanica” „Semani‟ ’ – — … € §"
    assert words in text_of(replace(SHEET, lang=lang, body=words))


HOSTILE = [
    '#read("/etc/passwd")',
    "#import sys: inputs",
    "#panic()",
    "$x^2$ and $ y $",
    r"back\slash \u{41} \ #",
    "*bold* _emph_ `raw`",
    "@ref and <label>",
    "= Heading and /* comment */ // line",
    "[content] {code} ]] }}",
    "\"quoted\" 'single' -- --- ~ ...",
    "https://popnetwork.al/#a?b=c&d=%20",
]


@pytest.mark.parametrize("words", HOSTILE)
def test_markup_in_any_field_comes_out_as_it_was_typed(words: str) -> None:
    sheet = replace(
        SHEET,
        subject=words,
        body=f"{words}\n\n- {words}",
        place=words,
        date_words=words,
        register_number=words,
        sender_name=words,
        sender_contact=words,
        signed_by=words,
        signed_as=words,
        enclosures=(words,),
        addressees=(replace(TO, name=words, office=words, institution=words, address_lines=(words,)),),
    )
    assert text_of(sheet).count(words) >= 13
    reader = PdfReader(io.BytesIO(render_letter_pdf(sheet)))
    assert reader.metadata is not None
    assert reader.metadata.title == words


def test_the_file_knows_its_title_author_language_and_standard() -> None:
    content = render_letter_pdf(SHEET)
    reader = PdfReader(io.BytesIO(content))
    assert reader.metadata is not None
    assert reader.metadata.title == "Ndotja e lumit Gjanica në Fier"
    assert reader.metadata.author == "Epoka e Re"
    assert reader.metadata.creation_date == datetime(2020, 4, 16, 10, tzinfo=UTC)
    catalogue: Any = reader.trailer["/Root"]
    assert str(catalogue["/Lang"]).lower().startswith("sq")
    described = catalogue["/Metadata"].get_data().decode()
    assert "pdfaid" in described and "pdfuaid" in described
    width, height = (float(side) for side in reader.pages[0].mediabox[2:])
    assert (round(width), round(height)) == (595, 842)


def test_all_fonts_are_inside_the_file_and_come_from_the_wheel() -> None:
    page: Any = PdfReader(io.BytesIO(render_letter_pdf(SHEET))).pages[0]
    names = {font.get_object()["/BaseFont"].split("+")[-1] for font in page["/Resources"]["/Font"].values()}
    assert names and all(name.startswith("LibertinusSerif") for name in names)


def test_the_same_letter_gives_the_same_bytes() -> None:
    assert render_letter_pdf(SHEET) == render_letter_pdf(replace(SHEET))
    later = replace(SHEET, dated_at=SHEET.dated_at + timedelta(days=1))
    assert render_letter_pdf(SHEET) != render_letter_pdf(later)


def test_a_one_line_letter_has_one_page_without_a_number() -> None:
    pages = pages_of(replace(SHEET, body="Faleminderit.", addressees=(TO,), enclosures=()))
    assert len(pages) == 1
    assert "faqe" not in pages[0]
    assert "Për dijeni" not in pages[0] and "Bashkëlidhur" not in pages[0]


@pytest.mark.parametrize(("lang", "words"), [("sq", "faqe {} nga {}"), ("en", "page {} of {}")])
def test_pages_of_a_long_letter_are_numbered(lang: str, words: str) -> None:
    body = "\n\n".join(f"Paragrafi {number}. " + "Uji i lumit u kontrollua. " * 20 for number in range(40))
    pages = pages_of(replace(SHEET, lang=lang, body=body))
    assert len(pages) >= 5
    for number, page in enumerate(pages, start=1):
        assert words.format(number, len(pages)) in page
    assert all("12/2020" in page for page in pages)
    assert all(f"Paragrafi {number}." in " ".join(pages) for number in range(40))


def test_a_signature_is_never_alone_on_its_page() -> None:
    # Wherever the text happens to end on the page, its last words stay with the signature.
    for lines in range(18, 30):
        body = "\n\n".join([f"Rreshti {number}" for number in range(lines)] + ["Me respekt,"])
        page = next(text for text in pages_of(replace(SHEET, body=body)) if "Koordinator Fier" in text)
        assert "Me respekt," in page, lines


# A letter, how often it is written in a row, and how often at most it fits in its column of the sheet.
WIDE = [
    ("x", 300, 65),
    ("p", 300, 85),
    ("y", 200, 85),
    ("v", 120, 60),
    ("Ë", 120, 90),  # small in the head of the second page
    ("s", 120, 60),
    ("z", 120, 60),
    ("N", 160, 50),
    ("W", 160, 40),
    ("I", 200, 120),
]


def test_long_words_everywhere_wrap_within_the_margins() -> None:
    sheet = replace(
        SHEET,
        subject="x" * 300,
        body="https://popnetwork.al/" + "p" * 300 + "\n\n- " + "y" * 200,
        place="v" * 120,
        sender_name="Ë" * 120,
        sender_contact="k" * 150 + "@o.example",
        signed_by="s" * 120,
        signed_as="z" * 120,
        enclosures=("e" * 200,),
        addressees=(
            Addressee("N" * 160, "W" * 160, "I" * 200, ("a" * 120,), RecipientRole.TO),
            Addressee("n" * 160, "o" * 160, "i" * 200, (), RecipientRole.CC),
        ),
    )
    reader = PdfReader(io.BytesIO(render_letter_pdf(sheet)))
    lines = "\n".join(page.extract_text() for page in reader.pages)
    # Nothing is lost, nothing is slipped in, and no line holds more of a letter than its column is wide.
    together = re.sub(r"\s+", "", lines)
    for character, count, most in WIDE:
        assert character * count in together
        runs = re.findall(f"{character}+", lines)
        assert max(len(run) for run in runs) <= most, character


def test_a_long_subject_is_printed_whole() -> None:
    subject = ("Kërkesë për informim mbi masat ndaj ndotjes së lumit " * 7)[:300].strip()
    assert subject in text_of(replace(SHEET, subject=subject))


def test_a_letter_without_a_number_leaves_room_for_one() -> None:
    assert "Nr. prot. ____________" in text_of(replace(SHEET, register_number=None))


def test_a_copy_says_for_whom_it_is() -> None:
    assert "Kopje për: Prefekt, Prefektura e Qarkut Fier" in text_of(replace(SHEET, this_recipient=PREFECT))
    assert "Copy for: Prefekt" in text_of(replace(SHEET, lang="en", this_recipient=PREFECT))
    assert "Kopje për" not in text_of(replace(SHEET, this_recipient=TO))
    assert "Kopje për" not in text_of(SHEET)


def test_signs_no_font_has_are_shown_as_a_box_and_controls_vanish() -> None:
    text = text_of(
        replace(SHEET, subject="Lumi 😀 中 Gjanica\x00\u202e\ue000", body="a\tb\x0bc\u00adç e\u0308")
    )
    assert "Lumi □ □ Gjanica□" in text
    assert "a b cç ë" in text


def test_a_cluster_no_font_has_does_not_stop_the_letter() -> None:
    text = text_of(replace(SHEET, body="Para A\u0954\u090b\u0931 \ufe0f\u0905A\u0301\ufe0f\u0942 pas"))
    assert "Para A" in text and "pas" in text and "□" in text


def test_other_scripts_the_fonts_have_stay() -> None:
    assert "Ω Москва" in text_of(replace(SHEET, body="Ω Москва"))


def test_what_cannot_be_printed_is_refused() -> None:
    with pytest.raises(ValueError, match="not in 'it'"):
        render_letter_pdf(replace(SHEET, lang="it"))
    with pytest.raises(ValueError, match="time zone"):
        render_letter_pdf(replace(SHEET, dated_at=datetime(2020, 4, 16)))


def test_an_empty_letter_still_becomes_a_file() -> None:
    bare = replace(
        SHEET, body="", subject="", sender_contact="", place="", signed_by="", signed_as="", addressees=()
    )
    assert len(pages_of(bare)) == 1


def test_plain_text_becomes_paragraphs_and_lists() -> None:
    assert read_blocks("Një\r\ndy\n\n\n- a\n• b\ntre\n\n- c") == [
        {"kind": "paragraph", "lines": ["Një", "dy"]},
        {"kind": "list", "lines": ["a", "b"]},
        {"kind": "paragraph", "lines": ["tre"]},
        {"kind": "list", "lines": ["c"]},
    ]
    assert read_blocks("-jo listë") == [{"kind": "paragraph", "lines": ["-jo listë"]}]
    assert read_blocks(" \n ") == []
