"""What mail to somebody rests on, and why none goes: the same words on every page, translated when shown."""

from __future__ import annotations

from typing import Final

from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext as _lp
from flask_babel import ngettext
from flask_babel.speaklater import LazyString

from pop_campaigns.contacts.rules import Basis, Unmailed
from pop_campaigns.core.chips import Chip

SAMPLE: Final = Chip("○", _lp("address", "Sample address"), "warn")

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
