"""The search for a date in words: what guests say of a time, how a time fares, what the page of the event says of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext as _lp
from flask_babel import ngettext
from flask_babel.speaklater import LazyString

from pop_campaigns.core.chips import Chip
from pop_campaigns.invitations.models.date_polls import SlotAnswer
from pop_campaigns.invitations.rules.date_polls import PollState, Says, SlotCount
from pop_campaigns.invitations.words.labels import TOLD_HOW, when_of

SPOKEN: Final[dict[Says, LazyString]] = {
    Says.YES: _lp("spoken answer", "Yes"),
    Says.MAYBE: _lp("spoken answer", "Maybe"),
    Says.NO: _lp("spoken answer", "No"),
}
"""What a guest says of one time, as the guest says it."""

SAYS_CHIPS: Final[dict[Says, Chip]] = {
    Says.YES: Chip("●", _lp("time", "Can"), "good"),
    Says.MAYBE: Chip("◐", _lp("time", "Perhaps"), "warn"),
    Says.NO: Chip("✕", _lp("time", "Cannot"), "bad"),
}
"""What a guest says of one time, as coordinators read it."""

POLL_CLOSED: Final[dict[PollState, LazyString]] = {
    PollState.CHOSEN: _l("The date is chosen; nothing needs to be said any more."),
    PollState.INVITED: _l("The invitations are out; the date is that of the event."),
    PollState.CANCELLED: _l("The event does not wait for a date any more."),
    PollState.OVER: _l("All the times have passed. Add new ones to go on."),
}


def count_words(count: SlotCount) -> str:
    """Return how one time fares: *4 can, 1 perhaps, 1 cannot, 2 have not said*."""
    parts = [
        ngettext("%(num)d can", "%(num)d can", count.yes) if count.yes else _("nobody can"),
        ngettext("%(num)d perhaps", "%(num)d perhaps", count.maybe) if count.maybe else "",
        ngettext("%(num)d cannot", "%(num)d cannot", count.no) if count.no else "",
        ngettext("%(num)d has not said", "%(num)d have not said", count.silent) if count.silent else "",
    ]
    return ", ".join(part for part in parts if part)


def said_words(answered: int, asked: int) -> str:
    """Return *4 of 6 have said when they can*."""
    return ngettext(
        "%(num)d of %(total)d has said when they can",
        "%(num)d of %(total)d have said when they can",
        answered,
        total=asked,
    )


def how_words(answer: SlotAnswer) -> str:
    """Return how an answer came that somebody entered: *by phone, entered by Koordinator Fier*; "" for the link."""
    if answer.told_how is None:
        return ""
    return _("%(how)s, entered by %(who)s", how=TOLD_HOW[answer.told_how], who=answer.recorded_by)


def times_of_details(details: Mapping[str, Any]) -> str:
    """Return the times of a row of history in words, one after the other."""
    starts, zone = details.get("starts"), details.get("zone")
    listed = starts if isinstance(starts, list) else []
    return "; ".join(when_of({"starts": starts_at, "zone": zone}) for starts_at in listed) or "—"


def dates_said_words(details: Mapping[str, Any]) -> str:
    """Return what a row of history says of a guest's times: *can at 2, perhaps at 1, cannot at 1*."""
    numbers = {says: details.get(says.value, 0) for says in Says}
    words = {
        Says.YES: _("can at %(num)s", num=numbers[Says.YES]),
        Says.MAYBE: _("perhaps at %(num)s", num=numbers[Says.MAYBE]),
        Says.NO: _("cannot at %(num)s", num=numbers[Says.NO]),
    }
    return ", ".join(words[says] for says in Says if numbers[says])
