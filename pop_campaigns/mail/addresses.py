"""Addresses and names on their way into a mail: one validated address, a harmless name, signed local parts.

Everything people type passes here before it reaches a header (RFC 5322) or an envelope (RFC 5321).
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Final

from email_validator import EmailNotValidError, validate_email
from flask_babel import lazy_gettext as _l

from pop_campaigns.core.text import clean_line

if TYPE_CHECKING:
    from email_validator import ValidatedEmail

HEADER_LIMIT = 78
"""Characters of a name or subject: RFC 5322 section 2.1.1 recommends lines of at most 78."""

_LOCAL_LIMIT = 64  # RFC 5321 section 4.5.3.1.1
_ADDRESS_LIMIT = 254  # RFC 5321 section 4.5.3.1.3, less the angle brackets

_DISPLAY_SPECIALS = str.maketrans("", "", '<>"(),:;@[]\\')
_ATOM = r"[^\s()<>\[\]:;@\\,.\"\x00-\x20\x7f-\xa0]+"
_PLAIN_ADDRESS = re.compile(rf"{_ATOM}(\.{_ATOM})*@[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?")
_TOKEN = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
# Pasted with an address from web pages and PDFs.
_INVISIBLE_ENDS = re.compile("^[\\s\u200b-\u200f\u2060\ufeff]+|[\\s\u200b-\u200f\u2060\ufeff]+$")
EXAMPLES: Final = ("example", "test", "example.com", "example.net", "example.org")
_NOWHERE = ("arpa", "invalid", "local", "localhost", "onion")

ADDRESS_PROBLEMS = {
    "empty": _l("Type an e-mail address."),
    "too_long": _l("This e-mail address is too long."),
    "two_addresses": _l("Type one e-mail address only; add each further one by itself."),
    "name": _l("Type the e-mail address alone, without a name or < >."),
    "spaces": _l("An e-mail address has no spaces."),
    "comma": _l("An e-mail address has no comma or semicolon."),
    "characters": _l("This e-mail address contains characters that cannot be seen or used."),
    "no_at": _l("An e-mail address has an @ in it, as in name@office.al."),
    "local_part": _l("The part before the @ is not valid."),
    "domain": _l("The part after the @ is not valid."),
    "example": _l("This is a sample address: nothing can be delivered there."),
    "special": _l("No mail can be delivered to this part after the @."),
}
"""What to tell the person who typed, by :attr:`BadAddress.reason`."""


class BadAddress(ValueError):
    """The typed text is not one address that mail can reach; ``reason`` is a key of ADDRESS_PROBLEMS."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class TwoAddresses(BadAddress):
    """More than one address in one field: refused, because each recipient is a row of its own."""

    def __init__(self) -> None:
        super().__init__("two_addresses")


def parse_address(typed: str, *, allow_example: bool = False) -> str:
    """Return the one address in ``typed``, its domain in the ASCII form that travels (RFC 5890).

    The local part keeps its case and may hold letters beyond ASCII (RFC 6531); :func:`needs_smtputf8` tells.
    ``allow_example`` admits ``.example``, ``.test`` and example.com/net/org (RFC 2606), for trying out.
    Raise :class:`TwoAddresses` or :class:`BadAddress`. Asks no name server.
    """
    address = _INVISIBLE_ENDS.sub("", typed)
    _refuse_obvious(address)
    local, _, domain = address.rpartition("@")
    if not allow_example and _is_under(domain, EXAMPLES):
        raise BadAddress("example")
    if _is_under(domain, _NOWHERE):
        raise BadAddress("special")
    if "." not in domain:
        raise BadAddress("domain")
    try:
        valid = _validate(address)
    except EmailNotValidError as problem:
        raise BadAddress(_blame(local, domain)) from problem
    if not allow_example and _is_under(valid.ascii_domain, EXAMPLES):
        raise BadAddress("example")  # written in fullwidth letters
    normalised = f"{valid.local_part}@{valid.ascii_domain}"
    if not is_plain_address(normalised):
        raise BadAddress("local_part")
    return normalised


def is_sample_address(address: str) -> bool:
    """Return whether nothing can be delivered there, because its domain is set aside for examples (RFC 2606)."""
    return _is_under(address.rpartition("@")[2], EXAMPLES)


def is_reserved_address(address: str) -> bool:
    """Return whether no mail server can exist for its domain: a sample's, or one set aside for other uses (RFC 2606, 6761)."""
    return is_sample_address(address) or _is_under(address.rpartition("@")[2], _NOWHERE)


def is_plain_address(address: str) -> bool:
    """Return whether ``address`` is a bare address with an ASCII domain, fit for header and envelope.

    One that reads as an encoded word is not: a decoder would make another address of it.
    """
    fits = len(address.encode("utf-8", "replace")) <= _ADDRESS_LIMIT and "=?" not in address
    return fits and _PLAIN_ADDRESS.fullmatch(address) is not None


def needs_smtputf8(address: str) -> bool:
    """Return whether ``address`` can only travel between servers that offer SMTPUTF8 (RFC 6531)."""
    return not address.isascii()


def show_address(address: str) -> str:
    """Return the address as people write it: ``info@bashkia-korçë.al`` rather than ``xn--…``."""
    try:
        return _validate(address).normalized
    except EmailNotValidError:
        return address


def clean_display_name(text: str | None, limit: int = HEADER_LIMIT) -> str:
    r"""Return a name fit for a header or a calendar's CN: one line, without ``<>"(),:;@[]\`` and ``=?``."""
    return _cut(_part_encoded_words(clean_line((text or "").translate(_DISPLAY_SPECIALS))), limit)


def clean_subject(text: str | None, limit: int = HEADER_LIMIT) -> str:
    """Return a subject: one line in which nothing reads as an encoded word (RFC 2047), cut at a word."""
    return _cut(_part_encoded_words(clean_line(text)), limit)


def bounce_address(token: str, domain: str) -> str:
    """Return the envelope sender (VERP) whose bounces lead back to one mail: ``b-TOKEN@domain``."""
    return address_at(f"b-{token}", domain)


def address_at(local: str, domain: str) -> str:
    """Join a local part of ours (lower-case letters, digits, single hyphens) to ``domain``, or ValueError."""
    address = f"{local}@{domain.lower()}"
    if len(local) > _LOCAL_LIMIT or not _TOKEN.fullmatch(local) or not is_plain_address(address):
        raise ValueError(f"not a local part and domain of ours: {address!r}")
    return address


def _refuse_obvious(address: str) -> None:
    if not address:
        raise BadAddress("empty")
    if address.count("@") > 1:
        raise TwoAddresses
    if len(address) > 2 * _ADDRESS_LIMIT:
        raise BadAddress("too_long")
    if any(unicodedata.category(sign) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp") for sign in address):
        raise BadAddress("characters")
    for reason, signs in (("name", "<>"), ("comma", ",;")):
        if any(sign in address for sign in signs):
            raise BadAddress(reason)
    if any(sign.isspace() for sign in address):
        raise BadAddress("spaces")
    if "@" not in address:
        raise BadAddress("no_at")


def _validate(address: str) -> ValidatedEmail:
    # test_environment admits .test; parse_address has already decided about it.
    return validate_email(address, check_deliverability=False, test_environment=True, strict=True)


def _blame(local: str, domain: str) -> str:
    if len(local.encode()) > _LOCAL_LIMIT or len(domain.encode()) > _ADDRESS_LIMIT - 2:
        return "too_long"
    try:
        _validate(f"x@{domain}")
    except EmailNotValidError:
        return "domain"
    return "local_part" if len(local) + len(domain) < _ADDRESS_LIMIT else "too_long"


def _is_under(domain: str, names: tuple[str, ...]) -> bool:
    domain = domain.lower().rstrip(".")
    return any(domain == name or domain.endswith("." + name) for name in names)


def _part_encoded_words(text: str) -> str:
    # A later decoder must find no encoded word in it: Python before 3.11.10 decodes one that was typed and
    # writes the line breaks inside it as header lines (CVE-2024-6923).
    return text.replace("=?", "= ?")


def _cut(text: str, limit: int) -> str:
    if len(text) <= limit:
        return text
    at_word = text[:limit].rpartition(" ")[0]
    return (at_word if len(at_word) > limit // 2 else text[: limit - 1]).rstrip() + "…"
