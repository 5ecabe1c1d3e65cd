"""The guests of an event as one person may see them: some by name, some without their words, the rest as numbers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from flask_babel import ngettext

from pop_campaigns.accounts.models import User
from pop_campaigns.invitations.models.invitations import Invitation
from pop_campaigns.invitations.queries.guests import GuestRow
from pop_campaigns.invitations.rules.invitations import InvitationState, Sight
from pop_campaigns.invitations.sight import Seen, look_at


@dataclass(frozen=True)
class ShownGuests:
    """``rows`` may be named; of ``heard`` (by number) also words and files; ``hidden`` says how many are only counted."""

    rows: list[GuestRow]
    heard: set[int]
    hidden: list[str] = field(default_factory=list)


def in_sight(rows: Sequence[GuestRow], user: User) -> ShownGuests:
    """Part the rows of an event's guests by what the user sees of each; one query."""
    guests = [row.invitation for row in rows]
    looked = look_at(guests, user)
    seen, heard = looked.at_least(Sight.ANSWER), looked.at_least(Sight.WORDS)
    shown = [
        row if row.invitation.id in heard else replace(row, last_answer=None, private=True)
        for row in rows
        if row.invitation.id in seen
    ]
    return ShownGuests(shown, heard, hidden_words(guests, looked))


def hidden_words(guests: Iterable[Invitation], looked: Seen) -> list[str]:
    """Return how many of the guests are counted and not named: citizens, and those of other organisations."""
    asked = {guest.id for guest in guests if guest.state is not InvitationState.WITHDRAWN}
    hidden = asked - looked.at_least(Sight.ANSWER)
    others = len(hidden & looked.others)
    citizens = len(hidden) - others
    lines = []
    if citizens:
        lines.append(
            ngettext(
                "%(num)d citizen: counted, never named.", "%(num)d citizens: counted, never named.", citizens
            )
        )
    if others:
        lines.append(
            ngettext(
                "%(num)d guest of another organisation: counted, not named here.",
                "%(num)d guests of other organisations: counted, not named here.",
                others,
            )
        )
    return lines
