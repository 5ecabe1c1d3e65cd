"""Why a mail that came in was taken for what it is, in the reader's language.

What reads mail (``mail.reading``, ``calendars.reply``) says its reasons in English, and they are stored so: for logs, and
because no reader's language holds when it reads. They are put into words here, where a page shows them.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from flask_babel import gettext as _

# Marks what the catalogues hold; asked for in `reason_words`.
N_ = str

_REASONS: Final = (
    N_("nothing says that a machine wrote it"),
    N_("a calendar object with METHOD:%(method)s"),
    N_("a calendar part that cannot be read: %(reason)s"),
    N_("a calendar file without a method"),
    N_("a calendar object among the words, not as a part: it cannot be read"),
    # What cannot be read
    N_("the mail is empty"),
    N_("not a mail: there are no headers"),
    N_("cannot be taken apart: %(problem)s"),
    N_("needs more memory than a mail may take"),
    N_("larger than %(number)s MiB"),
    N_("more than %(number)s parts"),
    N_("more than %(number)s KiB of headers"),
    N_("more than %(number)s KiB of headers in a part"),
    N_("parts nested deeper than %(number)s"),
    N_("takes longer than %(number)s seconds"),
    N_("takes more than %(number)s seconds of processor time"),
    N_("the reading process died of it (%(code)s)"),
    N_("the reading process answered what cannot be read: %(problem)s"),
    # Automatic replies
    N_("the subject is that of an auto-reply: %(subject)s"),
    N_("sent with the null sender, to which nobody can reply"),
    N_("comes from an autoresponder"),
    N_("a rule of an Exchange mailbox wrote it, to which nobody may answer"),
    # What came back
    N_("a header names the recipients that failed"),
    N_("a delivery report that names no failure"),
    N_("a delivery report (RFC 3464) says failed"),
    N_("a delivery report (RFC 3464) says failed %(status)s"),
    N_("a delivery report (RFC 3464) says delayed"),
    N_("a delivery report (RFC 3464) says delayed %(status)s"),
    N_("the sender is a mail system (%(who)s)"),
    N_("the mail is marked as a delivery report"),
    N_("the subject speaks of a mail that did not arrive"),
    N_("a mail without a sender that speaks of a mail that did not arrive"),
    N_("its words speak of a mail that did not arrive"),
    N_("its wording is known, the address is in it"),
    N_("it will be tried again"),
    # Complaints and receipts
    N_("marked as a feedback report (RFC 5965)"),
    N_("holds a feedback report (RFC 5965)"),
    N_("comes from where a provider sends complaints"),
    N_("a mail program asks by itself to be taken off"),
    N_("a receipt (RFC 8098): %(reason)s"),
    N_("nothing further"),
    N_("marked as a receipt (RFC 8098)"),
    N_("Outlook marks it as a receipt"),
    N_("its subject is that of a receipt"),
    # What stayed closed
    N_("an answer in Outlook's own form (winmail.dat)"),
    N_("Outlook's own form (winmail.dat)"),
    N_("encrypted (PGP)"),
    N_("encrypted (S/MIME)"),
    N_("a signed part (S/MIME) that cannot be opened"),
    N_("a signature (S/MIME) with nothing in it"),
    N_("signatures (S/MIME) nested too deeply"),
    # Calendar objects
    N_("no complete calendar object in it"),
    N_("more than %(number)s components"),
    N_("more than %(number)s attendees"),
    N_("unknown method %(method)s"),
    N_("no event in it"),
    N_("larger than %(number)s bytes"),
    N_("not a calendar object: %(problem)s"),
    N_("the event has no UID"),
    N_("the UID is too long"),
)
_HOLE: Final = re.compile(r"%\\\((\w+)\\\)s|%\((\w+)\)s")
_HEADER: Final = re.compile(r"[A-Za-z][A-Za-z-]*: \S.*")


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    """Return each reason as a pattern, those that say most first."""
    most_first = sorted(_REASONS, key=lambda words: len(_HOLE.sub("", words)), reverse=True)
    return tuple(
        (
            re.compile(_HOLE.sub(lambda hole: f"(?P<{hole[1] or hole[2]}>.*)", re.escape(words)), re.DOTALL),
            words,
        )
        for words in most_first
    )


def reason_words(reason: str) -> str:
    """Return a reason in the reader's language; one that is a line of the mail's head is quoted, an unknown one stays."""
    for pattern, words in _patterns():
        if met := pattern.fullmatch(reason):
            values = met.groupdict()
            if "reason" in values:
                values["reason"] = reason_words(values["reason"])
            return str(_(words, **values))
    return str(_("its head says “%(line)s”", line=reason)) if _HEADER.fullmatch(reason) else reason
