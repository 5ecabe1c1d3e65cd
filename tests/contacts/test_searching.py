"""Which typed text is a phone number, and by which digits it is found."""

from __future__ import annotations

import pytest

from pop_campaigns.contacts.queries.searching import phone_digits


@pytest.mark.parametrize(
    ("typed", "digits"),
    [
        ("069 212 3456", "692123456"),
        ("+355 69 212 3456", "355692123456"),
        ("00355 69 212 3456", "355692123456"),
        ("(034) 222-123", "34222123"),
        (" 3456 ", "3456"),
        ("345", ""),
        ("0000000", ""),
        ("", ""),
        ("12 qershor 2020", ""),
        ("p77777@vend.al", ""),
        ("+", ""),
        ("٠٦٩٢١٢٣٤٥٦", ""),
    ],
)
def test_digits(typed: str, digits: str) -> None:
    assert phone_digits(typed) == digits
