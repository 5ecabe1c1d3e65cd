"""Phone numbers: read as people write them in Albania, kept in the international form (E.164), shown to be dialled."""

from __future__ import annotations

import re

import phonenumbers
from flask_babel import lazy_gettext as _l
from phonenumbers import PhoneNumberFormat, PhoneNumberType

HOME = "AL"
LONGEST = 40
_SAID_BEFORE = re.compile(r"^(tel|cel|mob|nr|phone)?[.:\s]*", re.IGNORECASE)
# The library would pick a number out of any words, drop a letter typed for a digit and whatever stands behind: what is read
# is all that was typed, or nothing.
_WHOLE = re.compile(
    r"(?P<number>\+?[0-9 ().\-/\u00a0\u2010-\u2014]+?)"
    r"(?:[ ,;]*(?:ext(?:ension)?|int|zgj|zgjatja|x|\#)[.:= ]*(?P<extension>[0-9]{1,7}))?",
    re.IGNORECASE,
)

PHONE_PROBLEMS = {
    "unreadable": _l("We cannot read this phone number. Write it like 034 222 123 or +355 69 212 3456."),
    "impossible": _l(
        "This phone number is too long or too short. Write it like 034 222 123 or +355 69 212 3456."
    ),
}
"""What to tell the person who typed, by :attr:`BadPhone.reason`."""


class BadPhone(ValueError):
    """The typed text is no phone number; ``reason`` is a key of PHONE_PROBLEMS."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def parse_phone(typed: str) -> str:
    """Return the number in ``typed`` in the form of E.164, an Albanian one where no country is named.

    An extension is kept as RFC 3966 writes it (``+35542222222;ext=12``). Raise :class:`BadPhone`.
    """
    if len(typed) > LONGEST:
        raise BadPhone("unreadable")
    try:
        number = _read(typed)
    except phonenumbers.NumberParseException as problem:
        raise BadPhone("unreadable") from problem
    if not phonenumbers.is_possible_number(number):
        raise BadPhone("impossible")
    plain = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    return f"{plain};ext={number.extension}" if number.extension else str(plain)


def show_phone(stored: str) -> str:
    """Return a kept number as one dials it: an Albanian one without +355 (*034 222 123*), others with the country."""
    if not stored:
        return ""
    try:
        number = _read(stored)
    except phonenumbers.NumberParseException:
        return stored
    home = number.country_code == phonenumbers.country_code_for_region(HOME)
    form = PhoneNumberFormat.NATIONAL if home else PhoneNumberFormat.INTERNATIONAL
    return str(phonenumbers.format_number(number, form))


def is_mobile(stored: str) -> bool:
    """Return whether a kept number is a mobile phone's, as far as its country's numbers tell."""
    try:
        number = _read(stored)
    except phonenumbers.NumberParseException:
        return False
    return bool(phonenumbers.number_type(number) == PhoneNumberType.MOBILE)


def _read(text: str) -> phonenumbers.PhoneNumber:
    text = _SAID_BEFORE.sub("", text.strip())
    whole = _WHOLE.fullmatch(text)
    if whole is None:
        raise phonenumbers.NumberParseException(phonenumbers.NumberParseException.NOT_A_NUMBER, "words")
    number = phonenumbers.parse(whole["number"], HOME)
    if not _holds_all(number, re.sub(r"[^0-9]", "", whole["number"])):
        raise phonenumbers.NumberParseException(
            phonenumbers.NumberParseException.NOT_A_NUMBER, "digits left out"
        )
    number.extension = whole["extension"]
    return number


def _holds_all(number: phonenumbers.PhoneNumber, digits: str) -> bool:
    """Return whether a number read is all the digits that were typed: its own, behind a prefix or the country's code."""
    own = phonenumbers.national_significant_number(number)
    code = str(number.country_code)
    prefixes = {"", "0", code, f"00{code}", f"{code}0", f"00{code}0"}
    return digits.endswith(own) and digits[: len(digits) - len(own)] in prefixes
