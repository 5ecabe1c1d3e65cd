from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pop_campaigns.calendars.text import (
    UnusableAddress,
    UnusableLink,
    clean_line,
    clean_link,
    clean_name,
    clean_paragraphs,
    escape_text,
    fold_line,
    mailto,
    write_lines,
)


@pytest.mark.parametrize(
    ("typed", "cleaned"),
    [
        ("Tryezë\r\nATTENDEE:mailto:x@y.example", "Tryezë ATTENDEE:mailto:x@y.example"),
        ("a\rb\nc\u2028d\u2029e\x85f\x0bg", "a b c d e f g"),
        ("a\0b\x1fc\x7fd", "abcd"),
        ("\u202eFier\u202c \u200bqark\u2066\u2069\ufeff\u00ad", "Fier qark"),
        ("  Përballje \t  në\tKorçë  ", "Përballje në Korçë"),
        ("e\u0308 c\u0327", "ë ç"),
        ("e\u200b\u0308", "ë"),
        ("=?utf-8?q?A=0D=0ABcc:_x?=", "= ?utf-8?q?A=0D=0ABcc:_x?="),
        ("=\u200b?x", "= ?x"),
        ("\ud800Fier", "Fier"),
        ("🏛️ “Fier”", "🏛️ “Fier”"),
        ("\r\n\0 \u200b", ""),
    ],
)
def test_line_is_cleaned(typed: str, cleaned: str) -> None:
    assert clean_line(typed) == cleaned


def test_paragraphs_keep_their_line_breaks_and_nothing_unseen() -> None:
    typed = "\r\nPari\u200b \r\n\rDyti\x0c\tTreti\0\u2029\u2029Fundi\n\n"
    assert clean_paragraphs(typed) == "Pari\n\nDyti\n Treti\n\nFundi"


def test_name_loses_quotes_and_mail_punctuation() -> None:
    assert clean_name('Ministria "X" <a@b.example>, Tiranë; (^n)[\\]') == "Ministria X ab.example Tiranë n"
    assert clean_name('="?utf-8?q?x?=') == "= ?utf-8?q?x?="
    assert clean_name("ë" * 300) == "ë" * 78
    assert clean_name("x" * 77 + " y") == "x" * 77


@settings(deadline=None)  # the machine may be busy
@given(st.text())
@example("==??")
@example("\n\u0301 \u200b \n")
def test_cleaning_twice_changes_nothing(typed: str) -> None:
    for clean in (clean_line, clean_paragraphs, clean_name):
        once = clean(typed)
        assert clean(once) == once
        assert unicodedata.is_normalized("NFC", once)
    assert len(clean_line(typed).splitlines()) <= 1


@settings(deadline=None)  # the machine may be busy
@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n"), max_size=400))
@example("ë" * 300)
@example("🏛" * 100)
@example("a" * 75)
@example("a" * 76)
@example("a" * 74 + "ë")
def test_folding_keeps_every_character_whole(line: str) -> None:
    folded = fold_line(line).encode("utf-8")
    assert folded.endswith(b"\r\n")
    parts = folded.removesuffix(b"\r\n").split(b"\r\n")
    assert all(len(part) <= 75 for part in parts)
    assert [part.decode("utf-8") for part in parts]
    assert all(part.startswith(b" ") for part in parts[1:])
    assert folded.removesuffix(b"\r\n").replace(b"\r\n ", b"").decode("utf-8") == line


def test_a_line_is_not_folded_before_it_must_be() -> None:
    assert fold_line("a" * 75) == "a" * 75 + "\r\n"
    assert fold_line("a" * 76) == "a" * 75 + "\r\n a\r\n"


def test_escaping_as_the_standard_says() -> None:
    assert escape_text('a\\b;c,d\ne:f"g') == 'a\\\\b\\;c\\,d\\ne:f"g'


@pytest.mark.parametrize(
    "line", ["X\r\nY:1", "SUMMARY:a\rb", "SUMMARY:a\u2028b", "no property", " SUMMARY:a", ""]
)
def test_what_is_not_one_line_is_never_written(line: str) -> None:
    with pytest.raises(ValueError, match="content line"):
        write_lines([line])


@pytest.mark.parametrize(
    ("typed", "link"),
    [
        (" https://Meet.Example/j/829?pwd=a,b;c#x ", "https://meet.example/j/829?pwd=a,b;c#x"),
        ("https://meet.example/përballje ", "https://meet.example/p%C3%ABrballje"),
        ("https://meet.example/a%20b", "https://meet.example/a%20b"),
        ("https://bücher.example:8443/x", "https://xn--bcher-kva.example:8443/x"),
        ("http://[::1]:5000/x", "http://[::1]:5000/x"),
        ('https://meet.example/"<x>\\', "https://meet.example/%22%3Cx%3E%5C"),
    ],
)
def test_link_is_written_in_ascii(typed: str, link: str) -> None:
    assert clean_link(typed) == link
    assert clean_link(link) == link


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "meet.example/j",
        "javascript:alert(1)",
        "data:text/html,x",
        "ftp://meet.example/",
        "https://",
        "https:///j",
        "https:meet.example",
        "https://meet.example/\r\nATTENDEE:x",
        "https://meet.example/\tx",
        "https://meet.example/a b",
        "https://meet.example/\u202ex",
        "https://meet.example:99999999/",
        "https://zoom.example@evil.example/",
        "https://a..b/",
        "https://[::1/",
        "https://ex\\ample/",
    ],
)
def test_unusable_link_is_refused(typed: str) -> None:
    with pytest.raises(UnusableLink):
        clean_link(typed)


def test_address_becomes_a_uri() -> None:
    assert mailto("r-k3v9x2@rsvp.pop.example") == "mailto:r-k3v9x2@rsvp.pop.example"
    assert mailto("o'neil+x=y@a.example") == "mailto:o'neil+x=y@a.example"
    assert mailto("50%?#x@a.example") == "mailto:50%25%3F%23x@a.example"


@pytest.mark.parametrize(
    "address",
    [
        "",
        "a",
        "@a.example",
        "a@",
        "a@x.example, b@y.example",
        "a@x.example;b@y.example",
        "a@x.example\r\nX:1",
        "a b@x.example",
        '"a"@x.example',
        "a@x..example",
        "<a@x.example>",
        "ë@x.example",
        "a@x.example\0",
        "a:b@x.example",
    ],
)
def test_what_is_not_one_plain_address_is_refused(address: str) -> None:
    with pytest.raises(UnusableAddress):
        mailto(address)
