"""The guests of an event as lines of a table that is taken along."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

from pop_campaigns.core.dates import short_moment_words
from pop_campaigns.invitations.queries.guest_filter import mail_standing_of, standing_of
from pop_campaigns.invitations.queries.guests import GuestRow
from pop_campaigns.invitations.rules.invitations import InvitationState
from pop_campaigns.invitations.views.guest_list import MAIL_STANDINGS, STANDINGS
from pop_campaigns.invitations.views.guest_table import answer_channel
from pop_campaigns.mail.secrets import mask_secrets

HEADS: Final[tuple[LazyString, ...]] = (
    _l("Guest"),
    _l("Name"),
    _l("E-mail"),
    _l("Language"),
    _l("Mail"),
    _l("Answer"),
    _l("In their place"),
    _l("Note"),
    _l("Answered"),
    _l("How"),
)


@dataclass(frozen=True)
class GuestLine:
    """One guest as cells of text, without any secret of ours."""

    cells: tuple[str, ...]


def guest_line(row: GuestRow, lang: str) -> GuestLine:
    """Return a guest as the page shows one, in words."""
    guest, reply = row.invitation, row.last_answer
    asked = guest.state is InvitationState.INVITED
    if not (asked and guest.answered_at):
        reply = None
    return GuestLine(
        (
            guest.shown_as,
            guest.name,
            guest.address,
            _("Albanian") if guest.language == "sq" else _("English"),
            str(MAIL_STANDINGS[mail_standing_of(row)]),
            str(STANDINGS[standing_of(row)]),
            mask_secrets(reply.substitute) if reply else "",
            mask_secrets(reply.note) if reply else "",
            short_moment_words(guest.answered_at, lang) if reply and guest.answered_at else "",
            answer_channel(reply) if reply else "",
        )
    )
