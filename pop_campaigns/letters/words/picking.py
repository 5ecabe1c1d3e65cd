"""Rows of the picker of recipients in words."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Final

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from pop_campaigns.contacts.words.mailing import UNMAILED
from pop_campaigns.contacts.words.picking import PickRow
from pop_campaigns.core.chips import Chip
from pop_campaigns.core.i18n import LANGUAGE_NAMES, LANGUAGES, current_language, in_language
from pop_campaigns.core.phones import show_phone
from pop_campaigns.letters.queries.recipient_options import RecipientOption

_THERE: Final = Chip("✓", _l("already among the recipients"), "good")
_ON_PAPER: Final = Chip("!", _l("No address: hand over on paper"), "warn")


def _under(option: RecipientOption) -> Iterator[str]:
    if option.address and option.unmailed:
        yield _("gets no mail: hand over on paper")
    if option.language != LANGUAGES[0]:
        yield str(LANGUAGE_NAMES[option.language])


def recipient_row(option: RecipientOption, there: Collection[str]) -> PickRow:
    """Return a row of the picker; who gets no mail can be ticked, for a letter also goes on paper.

    ``there`` are the references of those among the recipients already: they have no box.
    """
    lang = current_language()
    title, place = in_language(option, "title", lang), in_language(option, "institution", lang)
    is_there = option.ref in there
    without = _ON_PAPER if not option.address else UNMAILED[option.unmailed] if option.unmailed else None
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
        under="; ".join(_under(option)),
    )
