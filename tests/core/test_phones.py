"""Phone numbers: as people in Albania write them, kept for dialling from anywhere."""

from __future__ import annotations

import pytest

from pop_campaigns.core.phones import PHONE_PROBLEMS, BadPhone, parse_phone, show_phone


@pytest.mark.parametrize(
    ("typed", "kept", "shown"),
    [
        ("034 222 123", "+35534222123", "034 222 123"),
        ("(034) 22-21-23", "+35534222123", "034 222 123"),
        ("+355 69 212 3456", "+355692123456", "069 212 3456"),
        ("00355692123456", "+355692123456", "069 212 3456"),
        ("042222222 ext. 12", "+35542222222;ext=12", "04 222 2222 ext. 12"),
        ("Tel: 034 222 123", "+35534222123", "034 222 123"),
        ("+39 06 6982", "+39066982", "+39 06 6982"),
        ("+355 (0)69 212 3456", "+355692123456", "069 212 3456"),
        ("034/222-123", "+35534222123", "034 222 123"),
        ("034\u00a0222\u2013123", "+35534222123", "034 222 123"),
        ("042222222, zgj. 12", "+35542222222;ext=12", "04 222 2222 ext. 12"),
        ("042222222 int 12", "+35542222222;ext=12", "04 222 2222 ext. 12"),
        ("042222222x12", "+35542222222;ext=12", "04 222 2222 ext. 12"),
    ],
)
def test_a_number_is_kept_whole_and_shown_as_one_dials_it(typed: str, kept: str, shown: str) -> None:
    assert parse_phone(typed) == kept
    assert show_phone(kept) == shown
    assert parse_phone(shown) == kept


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("zyra", "unreadable"),
        ("kati 3, 034 222 123", "unreadable"),
        ("069 212 345O", "unreadable"),
        ("069 212 34 5l", "unreadable"),
        ("034 222 1Z3", "unreadable"),
        ("052 22 55 (Ana)", "unreadable"),
        ("052 22 55 55 Ana", "unreadable"),
        ("034 222 123 / 034 222 124", "impossible"),
        ("034 222 123, 069 212 3456", "unreadable"),
        ("0800 FLOWERS", "unreadable"),
        ("355 00 66 137 2233", "unreadable"),  # the library would leave a zero out
        ("٠٦٩ ٢١٢ ٣٤٥٦", "unreadable"),
        ("12", "impossible"),
        ("+355 69 212 3456 7890 123", "impossible"),
        ("1" * 60, "unreadable"),
        ("", "unreadable"),
    ],
)
def test_what_is_no_number_is_refused_in_words(typed: str, reason: str) -> None:
    with pytest.raises(BadPhone) as problem:
        parse_phone(typed)
    assert problem.value.reason == reason
    assert PHONE_PROBLEMS[reason]


def test_what_an_older_source_left_is_shown_as_it_stands() -> None:
    assert show_phone("") == ""
    assert show_phone("qendra 12") == "qendra 12"
