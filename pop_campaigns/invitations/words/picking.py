"""Rows of the picker of guests in words: who can be ticked, who cannot and why."""

from __future__ import annotations

from typing import Final

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext as _lp

from pop_campaigns.contacts.words.picking import PickRow
from pop_campaigns.core.chips import Chip
from pop_campaigns.core.phones import show_phone
from pop_campaigns.invitations.queries.picks import Pick

_CHIPS: Final = {
    "draft": Chip("✓", _l("on the list"), "info"),
    "invited": Chip("✓", _lp("guest", "invited"), "good"),
    "no_address": Chip("!", _l("no address"), "warn"),
}


def guest_row(pick: Pick) -> PickRow:
    """Return a row of the picker; what is ticked keeps its box, the reason beside it."""
    return PickRow(
        key=pick.key,
        title=pick.title,
        place=pick.place,
        holder=pick.holder,
        email=pick.email,
        sample=pick.sample,
        language=pick.language,
        can_tick=pick.state == "free" or (pick.ticked and not pick.is_there),
        chip=_CHIPS.get(pick.state),
        why=_why(pick),
        mends=pick.state == "no_address",
        phone=show_phone(pick.phone) if pick.phone and pick.state == "no_address" else "",
        under=_("invited before, then withdrawn") if pick.listed and not pick.is_there else "",
    )


def _why(pick: Pick) -> str:
    if pick.state == "refuses":
        return _("wants no more invitations from you")
    if pick.state == "address_taken":
        return _("same address as %(other)s", other=pick.taken_by)
    return ""
