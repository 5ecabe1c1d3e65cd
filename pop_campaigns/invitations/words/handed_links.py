"""Links that coordinators hand over, in the words of pages and history."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

from pop_campaigns.invitations.models.invitations import GivenAnswer
from pop_campaigns.invitations.words.labels import sent_from_words

_WAYS: Final[Mapping[str, LazyString]] = {
    "link": _l("by the personal link"),
    "calendar": _l("from a calendar"),
}


def way_words(details: Mapping[str, Any]) -> str:
    """Return by what way a guest said what a row of history tells of: by whose link, where it was handed over; else ""."""
    if details.get("handed_over_by"):
        return handed_over_words(str(details["handed_over_by"]))
    return str(_WAYS.get(str(details.get("channel", "")), ""))


def handed_over_words(who: str) -> str:
    """Return by whose link, other than the mailed one, an answer came."""
    return _("by the link handed over by %(who)s", who=who)


def came_by_words(answer: GivenAnswer) -> str:
    """Return by what an answer came, where that was neither the mailed link nor the invited address; else ""."""
    if answer.handed_over_by:
        return handed_over_words(answer.handed_over_by)
    return sent_from_words(answer.sent_from) if answer.sent_from is not None else ""


def _made(_details: Mapping[str, Any], guest: str) -> str:
    """Return that somebody made a link to hand over; which link it is stands in no history."""
    return _("A link was made to hand over the invitation of %(guest)s", guest=guest)


def _taken_back(_details: Mapping[str, Any], guest: str) -> str:
    """Return that a link handed over opens nothing any more, whoever made it."""
    return _("A link to the invitation of %(guest)s was taken back", guest=guest)


LINK_SENTENCES: Final[Mapping[str, tuple[Callable[[Mapping[str, Any], str], str], str]]] = {
    "invitation.link_handed_over": (_made, "info"),
    "invitation.link_taken_back": (_taken_back, "warn"),
}
"""Sentences of history with their tones, by what was done."""
