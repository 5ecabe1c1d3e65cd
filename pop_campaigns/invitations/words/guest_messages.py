"""Messages to guests in words: groups of guests, what became of a message."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext as _lp
from flask_babel import ngettext, pgettext
from flask_babel.speaklater import LazyString

from pop_campaigns.core.chips import Chip
from pop_campaigns.invitations.rules.guest_messages import GuestGroup, Reached
from pop_campaigns.mail.models import OutgoingMail
from pop_campaigns.mail.rules import MailState

GUEST_GROUPS: Final[Mapping[GuestGroup, LazyString]] = {
    GuestGroup.YES: _lp("guests who said", "Yes"),
    GuestGroup.MAYBE: _lp("guests who said", "Maybe"),
    GuestGroup.SUBSTITUTE: _lp("guests who said", "Someone else comes"),
    GuestGroup.SILENT: _lp("guests who said", "No reply"),
    GuestGroup.NO: _lp("guests who said", "No"),
    GuestGroup.WITHDRAWN: _lp("guests who said", "Invitation withdrawn"),
}
"""Groups in the order of the page."""
REACHED: Final[Mapping[Reached, LazyString]] = {
    Reached.ALL: _lp("guests", "all of them"),
    Reached.ARRIVED: _l("only those whose last mail left and did not come back"),
    Reached.LOST: _l("only those whose last mail has not left or came back"),
}


def group_counts(counts: Mapping[GuestGroup, int]) -> str:
    """Return who is meant, group by group: *142 yes, 9 maybe, 0 withdrawn*. Those withdrawn are always named."""
    parts = [
        _in_count(group, counts.get(group, 0))
        for group in GuestGroup
        if counts.get(group, 0) or group is GuestGroup.WITHDRAWN
    ]
    return ", ".join(parts)


def _in_count(group: GuestGroup, number: int) -> str:
    words = {
        GuestGroup.YES: ngettext("%(num)d yes", "%(num)d yes", number),
        GuestGroup.MAYBE: ngettext("%(num)d maybe", "%(num)d maybe", number),
        GuestGroup.SUBSTITUTE: ngettext("%(num)d sends someone else", "%(num)d send someone else", number),
        GuestGroup.SILENT: ngettext("%(num)d without reply", "%(num)d without reply", number),
        GuestGroup.NO: ngettext("%(num)d no", "%(num)d no", number),
        GuestGroup.WITHDRAWN: ngettext("%(num)d withdrawn", "%(num)d withdrawn", number),
    }
    return words[group]


def delivery_chips(mails: Iterable[OutgoingMail]) -> list[Chip]:
    """Return what became of the mails of a message, each state with its count: *✓ 140 sent*, *! 2 did not arrive*."""
    left = lost = waiting = called_off = 0
    for mail in mails:
        if mail.state is MailState.FAILED or mail.bounce_permanent:
            lost += 1
        elif mail.has_left:
            left += 1
        elif mail.state is MailState.WITHDRAWN:
            called_off += 1
        else:
            waiting += 1
    chips = [
        Chip("✓", ngettext("%(num)d sent", "%(num)d sent", left), "good") if left else None,
        Chip("○", ngettext("%(num)d waiting", "%(num)d waiting", waiting), "info") if waiting else None,
        Chip("!", ngettext("%(num)d did not arrive", "%(num)d did not arrive", lost), "bad")
        if lost
        else None,
        Chip("✕", ngettext("%(num)d called off", "%(num)d called off", called_off), "quiet")
        if called_off
        else None,
    ]
    return [chip for chip in chips if chip is not None]


def message_title(subject: str) -> str:
    """Return how a message is called in lists: by its subject."""
    return subject or pgettext("message", "Without a subject yet")


def languages_words(counts: Mapping[str, int]) -> str:
    """Return in which languages mails go: *7 in Albanian, 2 in English*."""
    parts = []
    if counts.get("sq"):
        parts.append(ngettext("%(num)s in Albanian", "%(num)s in Albanian", counts["sq"]))
    if counts.get("en"):
        parts.append(ngettext("%(num)s in English", "%(num)s in English", counts["en"]))
    return ", ".join(parts) or _("nobody")
