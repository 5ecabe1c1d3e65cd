"""What it means that a mail was not taken: the server's own words, kept, and one of few reasons in ours."""

from __future__ import annotations

import enum
import re

from flask_babel import lazy_gettext as _l


class Stage(enum.StrEnum):
    """How far the talk with the server had come."""

    CONNECT = "connect"
    SIGN_IN = "sign_in"
    SENDER = "sender"
    RECIPIENT = "recipient"
    CONTENT = "content"


class Refused(Exception):
    """The server did not take the mail.

    ``permanent``: trying again is pointless (a 5xx about this mail, or a mail that must not leave).
    ``code``: the SMTP reply code, None where there was none. ``words``: one line, the server's own.
    """

    def __init__(self, *, permanent: bool, code: int | None, words: str, stage: Stage) -> None:
        super().__init__(f"{code or '-'} {words}")
        self.permanent = permanent
        self.code = code
        self.words = words
        self.stage = stage

    @property
    def perhaps_taken(self) -> bool:
        """Whether the server may have the mail all the same: it fell silent after the content."""
        return self.stage is Stage.CONTENT and self.code is None and self.words.startswith(BROKEN_OFF)


REFUSAL_LABELS = {
    "mailbox_unknown": _l("There is no such mailbox"),
    "mailbox_full": _l("The mailbox is full"),
    "too_large": _l("The message is too large for the server"),
    "unwanted": _l("The server took the message for unwanted mail"),
    "sender_refused": _l("The server does not accept our sender address"),
    "relay_refused": _l("The server does not pass mail on to this address"),
    "greylisted": _l("The server asks us to come back later: it will be tried again"),
    "busy": _l("The server is busy: it will be tried again"),
    "unreachable": _l("The mail server cannot be reached: it will be tried again"),
    "broken_off": _l("The connection broke off: it will be tried again"),
    "sign_in": _l("The mail server did not accept our user name and password"),
    "not_secure": _l("No secure connection to the mail server is possible"),
    "letters": _l("The server cannot handle the letters in this address"),
    "unsafe": _l("The message was held back because it could not be written safely"),
    "signing": _l("The message could not be signed (DKIM)"),
    "domain_unknown": _l("There is no mail server for this address"),
    "refused": _l("The server refused the message"),
    "reserved": _l("A sample address: nothing can be delivered there, so no mail leaves for it"),
    "not_wanted": _l("The reader wants no more mail of this kind: it was stopped"),
    "not_needed": _l("It was not needed: the mail before it had not left"),
    "overtaken": _l("It was not needed any more when it was about to leave"),
    "later": _l("The server did not take the message yet: it will be tried again"),
}
"""What to show, by the key :func:`explain_words` gives; the server's own words belong beside it."""

# Words of this module's own for troubles that no server named; _BY_WORDS finds them again in a stored row.
NOT_REACHED = "cannot reach the server"
BROKEN_OFF = "connection broken off"
NOT_SECURE = "no secure connection"
NO_SMTPUTF8 = "the server does not offer SMTPUTF8"
UNSAFE = "held back"
NOT_SIGNED = "DKIM signing failed"
RESERVED = "a domain where nothing can be delivered (RFC 2606)"
NOT_WANTED = "the reader wants no more mail of this kind"
NOT_NEEDED = "nothing had left that it takes back"
OVERTAKEN = "not true any more when it was about to leave"

_BY_WORDS = (
    (NO_SMTPUTF8, "letters"),
    (UNSAFE, "unsafe"),
    (NOT_SIGNED, "signing"),
    (RESERVED, "reserved"),
    (NOT_WANTED, "not_wanted"),
    (NOT_NEEDED, "not_needed"),
    (OVERTAKEN, "overtaken"),
    (NOT_SECURE, "not_secure"),
    (BROKEN_OFF, "broken_off"),
    (NOT_REACHED, "unreachable"),
)
# RFC 3463 and the IANA list of enhanced status codes: subject.detail, whatever the class.
_BY_STATUS = {
    "1.1": "mailbox_unknown", "1.2": "domain_unknown", "1.3": "mailbox_unknown", "1.6": "mailbox_unknown",
    "1.7": "sender_refused", "1.8": "sender_refused", "1.10": "domain_unknown", "2.1": "mailbox_unknown",
    "2.2": "mailbox_full", "2.3": "too_large", "3.4": "too_large", "6.7": "letters", "7.8": "sign_in",
    "7.9": "sign_in",
}  # fmt: skip
_BY_PATTERN = (
    (r"gr[ae]y-?list", "greylisted"),
    (r"(message|size|data).{0,40}(too (big|large)|exceed)|too much mail data", "too_large"),
    (r"mailbox (is )?full|quota|over ?quota|insufficient (disk|mailbox)", "mailbox_full"),
    (r"relay", "relay_refused"),
    (r"(user|mailbox|recipient|address|account)\b.{0,60}\b(unknown|not found|doesn't exist|unavailable)",
     "mailbox_unknown"),
    (r"(unknown|no such|invalid) (local )?(user|mailbox|recipient|address|account)|does not exist",
     "mailbox_unknown"),
    (r"spam|unsolicited|block(ed| ?list)|black ?list|reputation|policy|virus|dmarc|\bspf\b|\bdkim\b",
     "unwanted"),
)  # fmt: skip
_SIGN_IN_CODES = frozenset({530, 534, 535, 538})


def explain_words(code: int | None, words: str, *, permanent: bool) -> str:
    """Return the key of REFUSAL_LABELS for a stored code and the stored words.

    The enhanced status code (RFC 3463) counts before the words, the words before the reply code.
    """
    if code is None:
        known = (key for start, key in _BY_WORDS if words.startswith(start))
        return next(known, "refused" if permanent else "later")
    if code in _SIGN_IN_CODES:
        return "sign_in"
    key = _by_status(words) or _by_pattern(words, permanent=permanent)
    if key:
        return key
    if permanent:
        return {551: "mailbox_unknown", 552: "mailbox_full", 553: "mailbox_unknown"}.get(code, "refused")
    return "busy" if code in (421, 450, 451, 452, 454) else "later"


def one_line(reply: bytes | str, limit: int = 300) -> str:
    """Return a server's reply as one harmless line; its length is the server's choice, so it is capped."""
    text = reply.decode("utf-8", "replace") if isinstance(reply, bytes) else reply
    printable = "".join(char if char.isprintable() else " " for char in text[: 10 * limit])
    return " ".join(printable.split())[:limit]


def is_about_sign_in(code: int) -> bool:
    """Return whether a reply code speaks of our own sign-in (RFC 4954), whatever command it answers."""
    return code in _SIGN_IN_CODES


def _by_status(words: str) -> str | None:
    status = re.match(r"\s*[245]\.(\d{1,3}\.\d{1,3})\b", words)
    return _BY_STATUS.get(status[1]) if status else None


def _by_pattern(words: str, *, permanent: bool) -> str | None:
    for pattern, key in _BY_PATTERN:
        # "450 mailbox unavailable" speaks of a busy mailbox, "550 mailbox unavailable" of none.
        fits = key != ("greylisted" if permanent else "mailbox_unknown")
        if fits and re.search(pattern, words, re.IGNORECASE):
            return key
    return None
