"""Rows of the picker of guests in words: who can be ticked, who cannot and why."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext as _lp

from pop_campaigns.contacts.rules import Unmailed
from pop_campaigns.contacts.words.mailing import UNMAILED
from pop_campaigns.contacts.words.picking import PickRow
from pop_campaigns.core.chips import Chip
from pop_campaigns.core.phones import show_phone
from pop_campaigns.invitations.queries.picks import Pick

_CHIPS: Final = {
    "draft": Chip("✓", _l("on the list"), "info"),
    "invited": Chip("✓", _lp("guest", "invited"), "good"),
    **{reason.value: UNMAILED[reason] for reason in Unmailed if reason is not Unmailed.SAME_ADDRESS},
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
        can_tick=pick.can_tick or (pick.ticked and not pick.is_there),
        chip=_CHIPS.get(pick.state),
        why=_why(pick),
        mends=pick.state == "no_address",
        phone=show_phone(pick.phone) if pick.phone and pick.unmailed and pick.can_tick else "",
        under="; ".join(_under(pick)),
    )


def _under(pick: Pick) -> Iterator[str]:
    if pick.is_there:
        return
    if pick.unmailed not in (None, Unmailed.NO_ADDRESS, Unmailed.REFUSES):
        yield _("gets no mail")
    if pick.listed:
        yield _("invited before, then withdrawn")


def _why(pick: Pick) -> str:
    if pick.state == "address_taken":
        return _("same address as %(other)s", other=pick.taken_by)
    return ""
