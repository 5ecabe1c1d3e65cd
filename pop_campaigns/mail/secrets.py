"""Our secrets in the words of mails, masked: whoever reads a mail must not be able to act in its receiver's name.

Secret are the addresses guests and offices answer to (``r-TOKEN@``), those to which mail comes back (``b-TOKEN@``), and
every link of ours with a token in it (:mod:`core.secret_links`). Mails carry them through many hands, so they are known by
their shape, not by their neighbours: wrapped, quoted, percent-encoded, inside other addresses (SRS, VERP, links that a
mail server rewrote), in upper case, without the host, or with a letter lost. Hiding a word too many does little harm.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise
from typing import Any, Final

from flask import Flask, current_app

from pop_campaigns.core.secret_links import SLASH, secret_path_pattern

HIDDEN: Final = "•••"
_ADDRESS_TOKEN, _LINK_TOKEN = 26, 43  # characters of core.tokens.derive_local_part and derive_token
# What mail programs put into a long word: a soft line break (RFC 2045), a folded line (RFC 5545), a quoted line, and
# characters nobody sees.
_GAP: Final = r"(?:=?[ \t]*\r?\n[ \t>|]*|[\u00ad\u200b-\u200d\u2060\ufeff])"
_GAPS: Final = f"{_GAP}{{0,2}}"
_DASH: Final = r"(?:[-\u2010-\u2015\u2212]|=2d|%(?:25){0,3}2d|&\#45;)"
_AT: Final = r"(?:@|=40|%(?:25){0,3}40|[ ]?\(at\)[ ]?|[ ]at[ ])"
# At the start of a word, also where what stands before is an encoded character or a calendar's line break.
_START: Final = r"(?:(?<![^\W_])|(?<=[%=][0-9a-f][0-9a-f])|(?<=\\n))"
_ESCAPE: Final = re.compile(r"(?i)(?:%(?:25){0,3}|=)([2-7][0-9a-f])")
_SEEN_THROUGH: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~/:@")
_ADDRESS: Final = re.compile(rf"(?i){_START}[rb]{_DASH}{_GAPS}(?P<core>[a-z0-9](?:{_GAPS}[a-z0-9]){{15,99}})")
_LONGEST_DAMAGED: Final = 100
_LETTERS: Final = rf"(?:[a-z0-9._-]|{_GAP})"
_DAMAGED: Final = re.compile(
    rf"(?i){_START}[rb](?:{_DASH}[ ]?(?=[a-z0-9._])|(?=[a-z2-7]{{26,27}}\Z))"
    rf"(?P<core>{_LETTERS}{{1,90}}(?:[ ]{_LETTERS}+){{0,2}})\Z"
)
_BARE: Final = re.compile(r"(?:(?<![\w-])|(?<=%[0-9A-Fa-f]{2}))(?P<core>[A-Za-z0-9_-]{43})(?![\w-])")
_LINK_CORE: Final = rf"{_GAPS}(?P<core>[a-z0-9_.-](?:{_GAPS}[a-z0-9_.-]){{%d,399}})"
_SIGNED: Final = re.compile(
    r"[a-z][0-9]{1,10}\.", re.IGNORECASE
)  # contacts.refusal_links: what it says, and by whom


def mask_secrets(text: str | None) -> str:
    """Return a text of a mail with this service's addresses and links masked (``r-•••@…``, ``…/a/•••``); None is ""."""
    if not text:
        return ""
    config = current_app.config
    return mask_ours(str(text), config["MAIL_DOMAIN"], config["BASE_URL"], secret_path_pattern())


def mask_within(data: Any) -> Any:
    """Return plain data (as JSON holds it) with every text in it masked."""
    if isinstance(data, str):
        return mask_secrets(data)
    if isinstance(data, dict):
        return {mask_within(name): mask_within(value) for name, value in data.items()}
    return [mask_within(value) for value in data] if isinstance(data, list | tuple) else data


def has_secrets(content: bytes) -> bool:
    """Return whether bytes hold a secret of ours as plain text; what is compressed or encoded is not looked into."""
    text = content.decode("latin-1")
    return mask_secrets(text) != text


def mask_ours(text: str, domain: str, base_url: str, paths: str) -> str:
    """Return ``text`` with what is secret at a mail domain and a base address masked; ``paths`` as ``secret_path_pattern``."""
    masks = _masks(domain.lower(), base_url, paths)
    text = _mask_plain(text, masks)  # first, because it sees over the ends of lines
    if not _ESCAPE.search(text):
        return text
    return re.sub(r"\S+", lambda word: _mask_encoded(word[0], masks), text)


def init_masking(app: Flask) -> None:
    """Let every template mask: ``{{ mask_secrets(mail.text)|truncate(160) }}``, before it cuts anything short."""
    app.add_template_global(mask_secrets)


@lru_cache(maxsize=8)
def _masks(
    domain: str, base_url: str, paths: str
) -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    """Compile what depends on the service: its links, links without the host, what ends an address of it."""
    host, _, below = base_url.partition("://")[2].partition("/")
    start = re.escape(host) + "".join(f"{SLASH}{re.escape(part)}" for part in below.split("/") if part)
    # A rewriting mail server may write slashes as underscores.
    any_slash = paths.replace(SLASH, f"(?:_|{SLASH})")
    ours = re.compile(f"(?i){start.replace(SLASH, f'(?:_|{SLASH})')}(?::[0-9]+)?{any_slash}{_LINK_CORE % 3}")
    hostless = re.compile(f"(?i){paths}{_LINK_CORE % 15}")
    domains = "|".join(re.escape(spelling) for spelling in _spellings(domain))
    return ours, hostless, re.compile(f"(?i){_GAPS}{_AT}(?:{domains})")


def _spellings(domain: str) -> set[str]:
    """Return a domain in the form that travels and in the one people write (RFC 5890)."""
    spellings = {domain}
    for codec in (lambda: domain.encode("idna").decode("ascii"), lambda: domain.encode().decode("idna")):
        try:
            spellings.add(codec())
        except UnicodeError:
            continue
    return spellings


def _mask_encoded(word: str, masks: tuple[re.Pattern[str], ...]) -> str:
    """Mask a word in which characters are encoded; left as it is where nothing in it is secret.

    Only what can do no harm in HTML is decoded.
    """
    plain = _ESCAPE.sub(_see_through, word)
    if plain == word:
        return word
    masked = _mask_plain(plain, masks)
    return word if masked == plain else masked


def _see_through(escape: re.Match[str]) -> str:
    sign = chr(int(escape[1], 16))
    return sign if sign in _SEEN_THROUGH else escape[0]


def _mask_plain(text: str, masks: tuple[re.Pattern[str], ...]) -> str:
    ours, hostless, at_domain = masks
    text = _hide(ours, text, _LINK_TOKEN, lambda _core: True)
    text = _hide(hostless, text, _LINK_TOKEN, _is_token)
    text = _hide_damaged(at_domain, text)
    text = _hide(_ADDRESS, text, _ADDRESS_TOKEN, lambda _core: True)
    return _hide(_BARE, text, _LINK_TOKEN, lambda core: _looks_random(core, 3.6))


def _hide(pattern: re.Pattern[str], text: str, whole: int, is_secret: Any) -> str:
    """Put HIDDEN in the place of each ``core``; a core goes on over a gap only while the token is not whole."""
    pieces, at, looked = [], 0, 0
    while match := pattern.search(text, looked):
        core, start = match["core"], match.start("core")
        length = _length(core, whole)
        looked = start + 1
        if is_secret(core[:length]):
            pieces += [text[at:start], HIDDEN]
            at = looked = start + length
    return "".join([*pieces, text[at:]])


def _hide_damaged(at_domain: re.Pattern[str], text: str) -> str:
    """Mask what stands before our domain and begins like an address of ours, however much of it was lost."""
    pieces, at = [], 0
    for match in at_domain.finditer(text):
        begin = max(at, match.start() - _LONGEST_DAMAGED)
        if local := _DAMAGED.search(text, begin, match.start()):
            pieces += [text[at : local.start("core")], HIDDEN]
            at = match.start()
    return "".join([*pieces, text[at:]])


def _length(core: str, whole: int) -> int:
    """Return how much of what was found is the token: the line on which it is whole is the last of it."""
    seen = ""
    for gap in re.finditer(_GAP, core):
        seen = re.sub(_GAP, "", core[: gap.start()])
        if len(seen) >= _wanted(seen, whole):
            return len(core[: gap.start()].rstrip("."))
    return len(core.rstrip("."))


def _wanted(seen: str, whole: int) -> int:
    """Return how long a token is to be: a signed one says what it is about, then has two parts of that length."""
    signed = _SIGNED.match(seen) if whole == _LINK_TOKEN else None
    return signed.end() + 2 * whole + 1 if signed else whole


def _is_token(core: str) -> bool:
    """Return whether what follows a path like ours on somebody's host is a token, and not the title of an article."""
    first = re.split(_GAP, core, maxsplit=1)[0]
    core = first if len(first) > 11 else re.sub(_GAP, "", core)
    return len(core) > 38 or _looks_random(core, 5)


def _looks_random(core: str, spread: float) -> bool:
    """Return whether letters of both cases and digits alternate as in a token, not as in words joined by dashes."""
    kinds = [
        "upper" if character.isupper() else "lower" if character.islower() else "digit"
        for character in core
        if character.isalnum()
    ]
    changes = sum(character != other for character, other in pairwise(kinds))
    return changes * spread >= len(core)


def secrets_in(content: bytes) -> set[str]:
    """Return what stands in bytes that may be a token of ours, to be looked up; also where lines or letters are encoded."""
    text = re.sub(r"=\r?\n|\0", "", content.decode("latin-1"))
    words = re.findall(r"(?i)[rb]-[a-z2-7]{26}", text)
    return {*words, *re.findall(r"[A-Za-z0-9_-]{43}", text), *_after_paths(text)}


def _after_paths(text: str) -> set[str]:
    return set(re.findall(rf"(?i){secret_path_pattern()}([a-z0-9_-]{{43}})", text))
