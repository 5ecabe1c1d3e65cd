"""The words for what is kept how long and for the clock of a breach, translated when shown."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from flask_babel.speaklater import LazyString

from pop_campaigns.core.chips import Chip
from pop_campaigns.privacy.models import Breach
from pop_campaigns.privacy.rules.retention import BreachClock, Kept, breach_clock

KEPT_WORDS: Final[dict[Kept, tuple[LazyString, LazyString, LazyString]]] = {
    Kept.ANSWERS: (
        _l("Answers of citizens"),
        _l("after the end of the event"),
        _l("Name, address, note and substitute go; that somebody was asked and what they answered stays."),
    ),
    Kept.MAILS: (
        _l("Words of sent messages"),
        _l("after they were queued"),
        _l("Text, files and links go; address, time and state stay. Letters are official and stay whole."),
    ),
    Kept.INCOMING: (
        _l("Messages that came in"),
        _l("after they came in"),
        _l(
            "Sender, text and the message itself go; that it came and to what it belongs stays. Answers to letters stay whole."
        ),
    ),
    Kept.PROOFS: (
        _l("Proofs of withdrawn consents"),
        _l("after the withdrawal"),
        _l("Words and file of the proof go; that there was a consent and when it ended stays."),
    ),
    Kept.IMPORTS: (
        _l("Rows of imported files"),
        _l("after the import"),
        _l("The cells go; the contacts stay. From then on the import cannot be taken back."),
    ),
    Kept.SESSIONS: (
        _l("Sessions of people who log in"),
        _l("after they ended"),
        _l("From when to when, with which browser and from which network go; what the history notes stays."),
    ),
    Kept.LOOSE_FILES: (
        _l("Files nobody knows"),
        _l("after they were written"),
        _l("Left on the disk by a machine that stopped at the wrong moment."),
    ),
}
"""What it is, from when its time is counted, what becomes of it."""


def clock_chip(breach: Breach, now: datetime) -> Chip:
    """Return the chip that says how long there is still to tell the Commissioner, or that and when it was done."""
    state, hours = breach_clock(breach.noticed_at, breach.authority_told_at, now)
    if state is BreachClock.RUNNING:
        if hours == 0:
            return Chip("!", _("less than an hour to tell the Commissioner"), "bad")
        words = ngettext(
            "still %(num)d hour to tell the Commissioner",
            "still %(num)d hours to tell the Commissioner",
            hours,
        )
        return Chip("◐", words, "warn")
    if state is BreachClock.OVERDUE:
        words = ngettext(
            "the Commissioner should have been told %(num)d hour ago",
            "the Commissioner should have been told %(num)d hours ago",
            hours,
        )
        return Chip("!", words, "bad")
    if state is BreachClock.TOLD_LATE:
        return Chip(
            "●", ngettext("told late, after %(num)d hour", "told late, after %(num)d hours", hours), "warn"
        )
    return Chip("✓", ngettext("told after %(num)d hour", "told after %(num)d hours", hours), "good")
