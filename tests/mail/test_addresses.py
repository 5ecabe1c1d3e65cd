"""One validated address per field, names that stay names, local parts nobody can make up."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pop_campaigns.mail.addresses import (
    ADDRESS_PROBLEMS,
    BadAddress,
    TwoAddresses,
    address_at,
    bounce_address,
    clean_display_name,
    clean_subject,
    is_plain_address,
    needs_smtputf8,
    parse_address,
    show_address,
)

KEY = b"a key of the tests, thirty-two bytes"


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("arta@bashkiafier.gov.al", "arta@bashkiafier.gov.al"),
        ("  arta@Bashkiafier.GOV.al\n", "arta@bashkiafier.gov.al"),
        ("Arta.Hoxha+pop@mjedisi.gov.al", "Arta.Hoxha+pop@mjedisi.gov.al"),
        ("arta@fier.al\u200b", "arta@fier.al"),
        ("zyra@bashkia-korçë.al", "zyra@xn--bashkia-kor-w9a6c.al"),
        ("zyra@BASHKIA-KORC\u0327E\u0308.al", "zyra@xn--bashkia-kor-w9a6c.al"),
        ("çlirim@fier.al", "çlirim@fier.al"),
    ],
)
def test_one_address_is_taken_and_made_fit_to_travel(typed: str, address: str) -> None:
    assert parse_address(typed) == address


def test_an_address_is_shown_as_people_write_it() -> None:
    assert show_address("zyra@xn--bashkia-kor-w9a6c.al") == "zyra@bashkia-korçë.al"
    assert show_address("arta@mte.example") == "arta@mte.example"
    assert show_address("not an address") == "not an address"


def test_only_letters_before_the_at_need_smtputf8() -> None:
    assert needs_smtputf8(parse_address("çlirim@fier.al"))
    assert not needs_smtputf8(parse_address("zyra@bashkia-korçë.al"))


@pytest.mark.parametrize(
    "typed",
    ["a@x.al, b@y.al", "a@x.al;b@y.al", "a@x.al b@y.al", "a@x.al\r\nBcc: b@y.al", "a@b\n@x.al"],
)
def test_two_addresses_are_refused(typed: str) -> None:
    with pytest.raises(TwoAddresses) as refusal:
        parse_address(typed)
    assert refusal.value.reason == "two_addresses"


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("", "empty"),
        (" \u200b ", "empty"),
        ("arta", "no_at"),
        ("Arta <arta@fier.al>", "name"),
        ("arta @fier.al", "spaces"),
        ("arta@fier.al,", "comma"),
        ("ar\x00ta@fier.al", "characters"),
        ("ar\u202eta@fier.al", "characters"),
        ("ar\r\nta@fier.al", "characters"),
        ("ar\ud800ta@fier.al", "characters"),
        ("@fier.al", "local_part"),
        ("arta..h@fier.al", "local_part"),
        ("ar(t)a@fier.al", "local_part"),
        ("=?utf-8?q?a=40evil.al=2C?=@fier.al", "local_part"),
        ("arta@", "domain"),
        ("arta@fier", "domain"),
        ("arta@fier..al", "domain"),
        ("arta@-fier.al", "domain"),
        ("arta@[127.0.0.1]", "domain"),
        ("arta@fier.1", "domain"),
        ("a" * 65 + "@fier.al", "too_long"),
        ("a@" + "b." * 150 + "al", "too_long"),
        ("a" * 2000 + "@fier.al", "too_long"),
        ("arta@fier.local", "special"),
        ("arta@localhost", "special"),
    ],
)
@pytest.mark.parametrize("allow_example", [False, True])
def test_other_text_is_refused_with_its_reason(typed: str, reason: str, allow_example: bool) -> None:
    with pytest.raises(BadAddress) as refusal:
        parse_address(typed, allow_example=allow_example)
    assert refusal.value.reason == reason
    assert reason in ADDRESS_PROBLEMS


@pytest.mark.parametrize("typed", ["a@mte.example", "a@fier.test", "a@example.com", "a@mail.example.org"])
def test_sample_addresses_only_where_allowed(typed: str) -> None:
    assert parse_address(typed, allow_example=True) == typed
    with pytest.raises(BadAddress) as refusal:
        parse_address(typed)
    assert refusal.value.reason == "example"


def test_a_sample_address_in_wide_letters_is_one_too() -> None:
    with pytest.raises(BadAddress) as refusal:
        parse_address("a@ｅｘａｍｐｌｅ.com")
    assert refusal.value.reason == "example"


@given(st.text(max_size=80))
def test_whatever_is_typed_gives_one_plain_address_or_a_known_reason(typed: str) -> None:
    try:
        address = parse_address(typed)
    except BadAddress as refusal:
        assert refusal.reason in ADDRESS_PROBLEMS
    else:
        assert is_plain_address(address)
        assert address.count("@") == 1


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("Ministria e Turizmit dhe Mjedisit", "Ministria e Turizmit dhe Mjedisit"),
        ("  Besa \t Çela ", "Besa Çela"),
        ('"Dr." Arta (Fier), <a@b.al>; [x]\\:', "Dr. Arta Fier ab.al x"),
        ("x\r\nBcc: y", "x Bcc y"),
        ("=?utf-8?q?A=0D=0ABcc:_x?=", "= ?utf-8?q?A=0D=0ABcc_x?="),
        ("=,?utf-8?q?x?=", "= ?utf-8?q?x?="),
        ("=\u200b?utf-8?q?x?=", "= ?utf-8?q?x?="),
        ("==??utf-8?q?x?=", "== ??utf-8?q?x?="),
        ("Arta\u202e\u2066 Hoxha\u2028x", "Arta Hoxha x"),
        ("Tirane\u0308", "Tiranë"),
        (None, ""),
        ("", ""),
    ],
)
def test_names_are_cleaned_of_what_makes_headers(typed: str | None, name: str) -> None:
    assert clean_display_name(typed) == name


@given(st.text(max_size=200))
def test_cleaning_twice_is_cleaning_once_and_never_too_long(typed: str) -> None:
    for clean in (clean_display_name, clean_subject):
        once = clean(typed)
        assert clean(once) == once
        assert len(once) <= 78
        assert "=?" not in once
        assert not {unicodedata.category(sign) for sign in once} & {"Cc", "Cs", "Zl", "Zp"}


def test_a_long_subject_is_cut_at_a_word() -> None:
    title = "Ftesë për tryezën e rrumbullakët mbi ndotjen e lumit Gjanica dhe angazhimet e marra"
    assert clean_subject(title) == title.removesuffix(" marra") + "…"
    assert clean_subject("x" * 100) == "x" * 77 + "…"
    assert clean_subject(title, limit=200) == title


def test_addresses_of_ours_have_no_plus_and_fit() -> None:
    assert bounce_address("abc234", "POP.example") == "b-abc234@pop.example"
    assert address_at("r-" + "a" * 62, "rsvp.pop.example") == f"r-{'a' * 62}@rsvp.pop.example"


@pytest.mark.parametrize("token", ["", "a+b", "A", "a b", "a@b", "ë", "a" * 63, "-a", "a\r\n", "a."])
def test_no_other_token_becomes_an_address(token: str) -> None:
    with pytest.raises(ValueError, match="not a local part"):
        address_at(f"r-{token}", "pop.example")
