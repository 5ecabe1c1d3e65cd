"""By what one person is found in texts: names, addresses, phone numbers; pure.

A name of one word is looked for as a whole value only: *Ana* must not be cut out of *Tirana*, nor out of a sentence
about somebody else of that name. Letters and signs count as in a search: ë as e, ç as c, upper case as lower case, ’ as '.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import phonenumbers

from pop_campaigns.core.text import APOSTROPHES, DASHES, clean_line, fold

CUT = "…"
"""What stands where a name was cut out of a sentence."""
_ALIKE = {"e": "[eë]", "c": "[cç]", "'": f"[{APOSTROPHES}]", "-": f"[{re.escape(DASHES)}]"}
_BETWEEN_DIGITS = r"[\s./()-]{0,2}"
_SHORTEST_PROBE = 3


@dataclass(frozen=True)
class Identifiers:
    """What names one person: whole values, and what may stand within a sentence."""

    names: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()

    @cached_property
    def _folded(self) -> frozenset[str]:
        return frozenset(fold(name) for name in (*self.names, *self.emails, *self.phones) if fold(name))

    @cached_property
    def _pattern(self) -> re.Pattern[str] | None:
        parts = [_name_pattern(name) for name in self.names if len(name.split()) > 1]
        parts += [rf"(?<![\w.+-]){re.escape(email)}(?!\.?\w)" for email in self.emails if email]
        parts += [_phone_pattern(phone) for phone in self.phones if phone]
        return re.compile("|".join(parts), re.IGNORECASE) if parts else None

    @property
    def probes(self) -> list[str]:
        """Lower-case ASCII pieces of which each text that names the person holds at least one."""
        names = [_longest_ascii(name) for name in (*self.names, *self.emails)]
        names += [re.sub(r"\D", "", phone.partition(";")[0])[-3:] for phone in self.phones]
        return [] if any(len(name) < _SHORTEST_PROBE for name in names) else sorted(set(names))

    def is_name(self, text: str) -> bool:
        """Return whether a text is the person's name and nothing else."""
        return bool(fold(text)) and fold(text) in {fold(name) for name in self.names}

    def is_email(self, text: str) -> bool:
        """Return whether a text is one of the person's addresses."""
        return text.strip().casefold() in {email.casefold() for email in self.emails}

    def name(self, value: Any) -> bool:
        """Return whether a text, or any text within a list or mapping, names the person."""
        if isinstance(value, str):
            return fold(value) in self._folded or bool(self._pattern and self._pattern.search(value))
        return any(self.name(part) for part in _within(value))

    def cut(self, value: Any) -> Any:
        """Return a value without the person: a text that is only a name becomes empty, else the name is cut out."""
        if isinstance(value, str):
            if fold(value) in self._folded:
                return ""
            return self._pattern.sub(CUT, value) if self._pattern else value
        if isinstance(value, dict):
            return {key: self.cut(part) for key, part in value.items()}
        if isinstance(value, list):
            return [self.cut(part) for part in value]
        return value


def _within(value: Any) -> Collection[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list | tuple) else ()


def _name_pattern(name: str) -> str:
    words = (r"".join(_letter(letter) for letter in word) for word in clean_line(name).split())
    return r"(?<!\w)" + r"\s+".join(words) + r"(?!\w)"


def _letter(letter: str) -> str:
    return _ALIKE.get(fold(letter), re.escape(letter))


def _phone_pattern(phone: str) -> str:
    try:
        number = phonenumbers.parse(phone.partition(";")[0], None)
    except phonenumbers.NumberParseException:
        return re.escape(phone)
    digits = _BETWEEN_DIGITS.join(str(number.national_number))
    abroad = _BETWEEN_DIGITS.join(str(number.country_code))
    return rf"(?<!\d)(?:(?:\+|00){_BETWEEN_DIGITS}{abroad}{_BETWEEN_DIGITS}0?|0)?{digits}(?!\d)"


def _longest_ascii(text: str) -> str:
    # A pair of letters that a database's lower() does not know must not hide a name: only plain letters are asked for,
    # and none that stands for ë or ç in another spelling.
    return max(re.split(r"[^a-bdf-z0-9@.]+", text.casefold()), key=len, default="")
