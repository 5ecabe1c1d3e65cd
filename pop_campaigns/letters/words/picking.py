"""Rows of the picker of recipients in words."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from flask_babel import lazy_gettext as _l

from pop_campaigns.contacts.words.picking import PickRow
from pop_campaigns.core.chips import Chip
from pop_campaigns.core.i18n import LANGUAGE_NAMES, LANGUAGES, current_language, in_language
from pop_campaigns.core.phones import show_phone
from pop_campaigns.letters.queries.letters import RecipientOption

_THERE: Final = Chip("✓", _l("already among the recipients"), "good")
_ON_PAPER: Final = Chip("!", _l("No address: hand over on paper"), "warn")


def recipient_row(option: RecipientOption, there: Collection[str]) -> PickRow:
    """Return a row of the picker; who has no address can be ticked, for a letter also goes on paper.

    ``there`` are the references of those among the recipients already: they have no box.
    """
    lang = current_language()
    title, place = in_language(option, "title", lang), in_language(option, "institution", lang)
    is_there = option.ref in there
    without = _ON_PAPER if not option.address else None
    return PickRow(
        key=option.ref,
        title=title or place,
        place=place if title else "",
        holder=option.holder,
        email=option.address,
        sample=option.sample,
        language=option.language,
        can_tick=not is_there,
        chip=_THERE if is_there else without,
        mends=not option.address and not is_there,
        phone=show_phone(option.phone) if option.phone and not option.address else "",
        under=str(LANGUAGE_NAMES[option.language]) if option.language != LANGUAGES[0] else "",
    )
