"""What mail to somebody rests on, and why none goes: the same words on every page, translated when shown."""

from __future__ import annotations

from typing import Final

from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext as _lp
from flask_babel import ngettext
from flask_babel.speaklater import LazyString

from pop_campaigns.contacts.rules import Basis, Unmailed
from pop_campaigns.core.chips import Chip
from pop_campaigns.core.clock import local_date
from pop_campaigns.core.dates import short_day_words
from pop_campaigns.core.i18n import current_language
from pop_campaigns.mail.rules import Silence

SAMPLE: Final = Chip("○", _lp("address", "Sample address"), "warn")

SILENT: Final = Chip("?", _l("Nothing ever came back from here"), "warn")
"""Beside an address to which mail goes all the same: nobody may be reading there."""

UNMAILED: Final[dict[Unmailed, Chip]] = {
    Unmailed.NO_ADDRESS: Chip("–", _lp("address", "No address"), "quiet"),
    Unmailed.SAMPLE: SAMPLE,
    Unmailed.NO_CONSENT: Chip("–", _l("No consent"), "warn"),
    Unmailed.REFUSES: Chip("✕", _l("Wants no such mail"), "bad"),
    Unmailed.CAME_BACK: Chip("!", _l("Mail keeps coming back"), "bad"),
    Unmailed.SAME_ADDRESS: Chip("=", _l("Same address as another"), "quiet"),
}
"""Why no mail goes to somebody."""

BASES: Final[dict[Basis, LazyString]] = {
    Basis.OFFICE: _l("asked as an institution"),
    Basis.PUBLIC_ROLE: _l("because of the public role, without a consent"),
    Basis.PRESS: _l("as press, without a consent"),
    Basis.CONSENT: _l("only with a consent"),
}
"""What mail to somebody rests on."""


def silence_words(silence: Silence) -> str:
    """Return how many mails an address got since when."""
    day = short_day_words(local_date(silence.first), current_language())
    return str(ngettext("%(num)d mail since %(day)s", "%(num)d mails since %(day)s", silence.number, day=day))


def silent_words(number: int) -> str:
    """Return in words how many of those who get mail may not be reading it."""
    return str(
        ngettext(
            "Of these, %(num)d has an address from which nothing ever came back: call.",
            "Of these, %(num)d have addresses from which nothing ever came back: call.",
            number,
        )
    )


def count_words(reason: Unmailed, number: int) -> str:
    """Return in words how many get no mail for a reason."""
    match reason:
        case Unmailed.NO_ADDRESS:
            words = ngettext("%(num)d has no address", "%(num)d have no address", number)
        case Unmailed.SAMPLE:
            words = ngettext(
                "%(num)d has only a sample address", "%(num)d have only a sample address", number
            )
        case Unmailed.NO_CONSENT:
            words = ngettext("%(num)d has not given consent", "%(num)d have not given consent", number)
        case Unmailed.REFUSES:
            words = ngettext("%(num)d wants no such mail", "%(num)d want no such mail", number)
        case Unmailed.CAME_BACK:
            words = ngettext(
                "%(num)d has an address from which mail keeps coming back",
                "%(num)d have an address from which mail keeps coming back",
                number,
            )
        case _:
            words = ngettext(
                "%(num)d has the same address as another on the list",
                "%(num)d have the same address as another on the list",
                number,
            )
    return str(words)
