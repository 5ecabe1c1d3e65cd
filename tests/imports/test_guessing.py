"""Columns of common programs and of people are understood, by their cells as well as by their headings."""

from __future__ import annotations

import csv

import pytest

from pop_campaigns.imports.rules.cells import addresses_in
from pop_campaigns.imports.rules.guessing import Vocabulary, guess_mapping

GOOGLE = """\
First Name,Middle Name,Last Name,Nickname,Organization Name,Organization Title,Birthday,Notes,Labels,\
E-mail 1 - Label,E-mail 1 - Value,E-mail 2 - Label,E-mail 2 - Value,Phone 1 - Label,Phone 1 - Value,\
Phone 2 - Label,Phone 2 - Value,Address 1 - Label,Address 1 - Formatted,Address 1 - Street,Address 1 - City
Arta,Maria,Prifti,Arti,Radio Seman,Gazetare,1990-01-05,nga takimi,* myContacts,* Work,arta@seman.example,Home,\
arta.p@post.example,Mobile,069 211 0001 ::: 042 211 001,Work,042 211 000,Home,"Rruga 1\nFier",Rruga 1,Fier
Genc,,Leka,,Radio Seman,Redaktor,,,,,genc@seman.example,,,,,,068 211 0002,,,,
"""
OUTLOOK = """\
Title,First Name,Middle Name,Last Name,Suffix,Company,Department,Job Title,Business Street,Business City,\
Home Street,Home City,Assistant's Phone,Business Fax,Business Phone,Home Phone,Mobile Phone,Other Phone,Pager,\
Birthday,E-mail Address,E-mail Type,E-mail Display Name,E-mail 2 Address,E-mail 2 Type,E-mail 2 Display Name,\
Manager's Name,Office Location,Web Page
Dr.,Ana,M.,Prifti,,Universiteti,Juridik,Pedagoge,,,Rruga 2,Fier,042 111 111,042 222 222,,,069 212 3456,,,0/0/00,\
ana@x.example,SMTP,Ana Prifti (ana@x.example),,,,Genc Leka,Kati 2,www.x.example
"""
FORM = """\
Vula kohore,Emri dhe mbiemri juaj,Cila është adresa juaj e e-mailit?,Numri juaj i telefonit (sipas dëshirës),\
Emri i organizatës suaj,Në cilën bashki jetoni?,A pranoni të merrni njoftime me e-mail?,Mosha
2026/03/01 2:05:33 PM EET,Ana Prifti,ana@x.example,069 212 3456,Shoqata,Fier,Po,34
"""
WORDS = Vocabulary(
    frozenset({"fier", "vlore", "vlora"}), frozenset({"gazetar", "media"}), frozenset({"sq", "shqip"})
)


def guessed(text: str) -> dict[str, str]:
    heads, *rows = csv.reader(text.splitlines(keepends=True))
    mapping = guess_mapping(heads, rows, WORDS)
    return {heads[number] or str(number): field.value for number, field in mapping.items()}


def test_google_values_are_taken_and_labels_never() -> None:
    assert guessed(GOOGLE) == {
        "First Name": "first_name",
        "Middle Name": "middle_name",
        "Last Name": "last_name",
        "Organization Name": "institution",
        "Organization Title": "office",
        "E-mail 1 - Value": "email",
        "E-mail 2 - Value": "email",
        "Phone 1 - Value": "phone",
        "Phone 2 - Value": "phone",
        "Address 1 - Formatted": "post_address",
        "Address 1 - City": "municipality",
    }


def test_outlook_title_is_no_office_and_an_assistants_phone_is_nobody_elses() -> None:
    assert guessed(OUTLOOK) == {
        "First Name": "first_name",
        "Middle Name": "middle_name",
        "Last Name": "last_name",
        "Company": "institution",
        "Job Title": "office",
        "Home Street": "post_address",
        "Home City": "municipality",
        "Business Phone": "phone",
        "Home Phone": "phone",
        "Mobile Phone": "phone",
        "Other Phone": "phone",
        "E-mail Address": "email",
        "E-mail 2 Address": "email",
    }


def test_questions_of_a_form() -> None:
    assert list(guessed(FORM).values()) == [
        "consent_date",
        "name",
        "email",
        "phone",
        "institution",
        "municipality",
        "consent_news",
    ]


@pytest.mark.parametrize(
    ("heading", "cell", "field"),
    [
        ("Adresa e e-mailit", "ana@x.example", "email"),
        ("Adresa", "ana@x.example", "email"),
        ("Adresa", "Rruga 1, Fier", "post_address"),
        ("Kontakti", "ana@x.example", "email"),
        ("Kontakti", "069 212 3456", "phone"),
        ("Kontakti", "Ana Prifti", "name"),
        ("X1", "Ana Prifti <ana@x.example>", "email"),
        ("X1", "+355 69 212 3456", "phone"),
        ("", "692123456", "phone"),
        ("X1", "05.01.2026", None),
        ("X1", "1200", None),
        ("E-mail", "Home", None),
        ("Telefon", "Mobile", None),
        ("Title", "Mr.", "form_of_address"),
        ("Titulli", "Znj", "form_of_address"),
        ("Titulli", "Kryetar", "office"),
        ("Emri i zyrës", "Protokolli", "office"),
        ("Në cilën ngjarje ishit?", "Takimi i parë", None),
        ("City", "Roma", None),
        ("Qyteti", "Bashkia Vlorë", "municipality"),
        ("Telefoni i zyrës", "Punë", None),
        ("Fax", "042 222 222", None),
        ("Data e lindjes", "05.01.1990", None),
        ("Ticket Type", "Free", None),
        ("Lloji", "VIP", None),
        ("Lloji", "Gazetar", "kind"),
        ("Language", "Deutsch", None),
        ("Gjuha", "shqip", "language"),
        ("Posta", "9301", None),
        ("Posti", "Kryetar", "office"),
        ("Last", "Prifti", "last_name"),
        ("Last changed", "2025-03-01", None),
        ("Display name", "Ana Prifti", "name"),
        ("E-mail Display Name", "Ana Prifti", None),
    ],
)
def test_cells_decide_what_a_heading_leaves_open(heading: str, cell: str, field: str | None) -> None:
    mapping = guess_mapping([heading], [[cell]] * 3, WORDS)
    assert (mapping[0].value if mapping else None) == field


def test_one_address_of_an_address_book_is_kept() -> None:
    heads = "First Name,Last Name,Home Address,Home Address 2,Home City,Work Address,Screen Name\n"
    assert list(guessed(f"{heads}Ana,Prifti,,,,Rr. 1,ana\n")) == [
        "First Name",
        "Last Name",
        "Home City",
        "Work Address",
    ]
    assert "Home Address 2" in guessed(f"{heads}Ana,Prifti,Rr. 2,Kati 3,Fier,Rr. 1,ana\n")


def test_names_beside_addresses_need_no_heading() -> None:
    assert list(guess_mapping(["", ""], [["Ana Prifti", "ana@x.example"]] * 2)) == [0, 1]


@pytest.mark.parametrize(
    ("cell", "found", "names", "rest"),
    [
        ("ana@x.example ::: ana.p@y.example", ["ana@x.example", "ana.p@y.example"], [], []),
        ("Ana Prifti <ana@x.example>", ["ana@x.example"], ["Ana Prifti"], []),
        ('"Prifti, Ana" <ana@x.example>; b@y.example', ["ana@x.example", "b@y.example"], ["Prifti, Ana"], []),
        ("a@x.example, Ana <b@y.example>", ["a@x.example", "b@y.example"], ["Ana"], []),
        ("a@x.example/b@y.example | c@z.example", ["a@x.example", "b@y.example", "c@z.example"], [], []),
        ("a@x.example\nb@y.example dhe c@z.example.", ["a@x.example", "b@y.example", "c@z.example"], [], []),
        ("mailto:a@x.example (punë)", ["a@x.example"], [], ["punë"]),
        ("a/b@x.example", ["a/b@x.example"], [], []),
        ("<<>> < a@x.example", ["a@x.example"], [], []),
        ("nuk e di", [], [], ["nuk", "e", "di"]),
    ],
)
def test_addresses_in_one_cell(cell: str, found: list[str], names: list[str], rest: list[str]) -> None:
    told = addresses_in(cell)
    assert (told.found, told.names, told.rest) == (found, names, rest)


def test_a_long_cell_of_brackets_takes_no_time() -> None:
    assert not addresses_in("<" * 20_000).found
    assert len(addresses_in("<a@x.example>" * 1_500).found) == 1_500
