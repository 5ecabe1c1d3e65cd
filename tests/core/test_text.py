"""Typed text: cleaned, folded, put in Albanian order."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pop_campaigns.core.text import ALPHABET, clean_line, clean_text, fold, search_words, sort_key


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("Takim\r\nBcc: x@y.example", "Takim Bcc: x@y.example"),
        ("a\u202eb\u200bc\u2066d\ufeff", "abcd"),
        ("e\u0308", "ë"),
        ("  Bashkia \u00a0 Fier\t", "Bashkia Fier"),
        ("NUL\x00 DEL\x7f", "NUL DEL"),
        ("lone \ud800 surrogate", "lone surrogate"),
        ("line\u2028separator", "line separator"),
        (None, ""),
    ],
)
def test_clean_line(typed: str | None, kept: str) -> None:
    assert clean_line(typed) == kept


@given(st.text())
def test_a_clean_line_is_one_line_and_stays_as_it_is(typed: str) -> None:
    cleaned = clean_line(typed)
    assert cleaned.splitlines() in ([], [cleaned])
    assert clean_line(cleaned) == cleaned
    cleaned.encode("utf-8")


@given(st.text())
def test_clean_text_stays_as_it_is(typed: str) -> None:
    cleaned = clean_text(typed)
    assert clean_text(cleaned) == cleaned
    assert "\r" not in cleaned


def test_clean_text_keeps_paragraphs() -> None:
    assert clean_text("Një\r\n\r\ndy\u2029tre  \n") == "Një\n\ndy\n\ntre"


@pytest.mark.parametrize(
    ("typed", "found"), [("Tirane", "Tiranë"), ("CORRIDOR", "çorridor"), ("puke", "PUKË"), ("Ç", "c")]
)
def test_fold_makes_e_of_e_with_dots(typed: str, found: str) -> None:
    assert fold(typed) == fold(found)


@pytest.mark.parametrize(
    ("forms", "folded"),
    [
        ("D'Angelo|D’Angelo|D‘Angelo|D`Angelo|D´Angelo|Dʼangelo|D′ANGELO", "d'angelo"),
        ("Vau-Dejës|Vau–Dejës|Vau—Dejës|Vau‑Dejës|Vau‐dejes|Vau−Dejës", "vau-dejes"),
        ('"Ujë"|“Ujë”|„Ujë“|«Ujë»|”uje”', '"uje"'),
        ("Đorđe|đorđe|Ðorðe|Dorde", "dorde"),
        ("Wałęsa|WALESA", "walesa"),
        ("Kırcı|KIRCI|kirci", "kirci"),
        ("Søren Weiß|SOREN WEISS|sören weiss", "soren weiss"),
        ("Æbele|aebele", "aebele"),
        ("Bashkia\u00a0Fier|Bashkia\u202fFier|BASHKIA  fier", "bashkia fier"),
    ],
)
def test_one_word_in_many_spellings_folds_to_one(forms: str, folded: str) -> None:
    assert {fold(form) for form in forms.split("|")} == {folded}


@given(st.text())
def test_what_is_folded_stays_as_it_is(typed: str) -> None:
    assert fold(fold(typed)) == fold(typed)


def test_towns_come_in_albanian_order() -> None:
    order = [
        "Berat", "Cërrik", "Çorovodë", "Durrës", "Dhërmi", "Elbasan", "Ersekë", "Fier", "Gramsh", "Gjirokastër",
        "Kukës", "Librazhd", "Lushnjë", "Pogradec", "Pukë", "Rubik", "Rrëshen", "Skrapar", "Shkodër", "Tiranë",
        "Tropojë", "Thumanë", "Vlorë", "Xarrë", "Xhafzotaj", "Zagori", "Zhulat",
    ]  # fmt: skip
    mixed = order[:]
    random.Random(1).shuffle(mixed)
    assert sorted(mixed, key=sort_key) == order


def test_the_alphabet_has_36_letters_in_order() -> None:
    assert len(ALPHABET) == 36
    shuffled = random.Random(2).sample(ALPHABET, 36)
    assert sorted(shuffled, key=sort_key) == list(ALPHABET)


@given(st.text(max_size=60))
def test_a_sort_key_is_letters_a_to_z_only(typed: str) -> None:
    key = sort_key(typed)
    assert key == "" or (key.isascii() and key.isalpha() and key.islower())


@pytest.mark.parametrize(
    "pair", [("2 maj", "10 maj"), ("Zyra", "Zyra e parë"), ("a b", "ab"), ("Zhur", "Ünal")]
)
def test_words_digits_and_foreign_letters(pair: tuple[str, str]) -> None:
    assert sort_key(pair[0]) != sort_key(pair[1])


def test_a_prefix_comes_first() -> None:
    assert sort_key("Bashkia Fier") < sort_key("Bashkia Fier i Ri")


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        (None, []),
        ("  ", []),
        ("  Kryetar\u00a0TIRANË ", ["kryetar", "tirane"]),
        ("D'Angelo “Ujë & rrugë” 100%_", ["d'angelo", '"uje', "&", 'rruge"', "100%_"]),
        (
            "një dy tre katër pesë gjashtë shtatë tetë nëntë",
            ["nje", "dy", "tre", "kater", "pese", "gjashte", "shtate", "tete"],
        ),
        ("ë" * 300, ["e" * 200]),
        ("Kryetari i Bashkisë së Fierit", ["kryetari", "bashkise", "fierit"]),
        ("të", ["te"]),
        ("i e", ["i", "e"]),
    ],
)
def test_a_search_is_so_many_folded_words(typed: str | None, words: list[str]) -> None:
    assert search_words(typed) == words
