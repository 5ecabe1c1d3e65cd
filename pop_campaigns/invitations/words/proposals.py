"""What became of a time that a guest proposed, in the words of the guest's and the event's history."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from flask_babel import gettext as _

from pop_campaigns.core.clock import TIRANE
from pop_campaigns.core.dates import moment_words
from pop_campaigns.core.i18n import current_language

PROPOSAL_ACTIONS: Final = ("invitation.time_proposed", "invitation.time_accepted", "invitation.time_declined")


def proposal_words(action: str, details: Mapping[str, Any]) -> str:
    """Say for a guest's own history what was proposed, accepted or declined."""
    when = when_of(details)
    if action == "invitation.time_accepted":
        return _("Proposed time accepted: %(when)s", when=when)
    if action == "invitation.time_declined":
        return _("Proposed time declined: %(when)s", when=when)
    return _("Another time proposed: %(when)s", when=when)


def when_of(details: Mapping[str, Any]) -> str:
    """Give the proposed time of a row of history in words."""
    try:
        starts = datetime.fromisoformat(str(details.get("starts", "")))
    except ValueError:
        return "—"
    return moment_words(starts, current_language(), str(details.get("zone") or TIRANE))
