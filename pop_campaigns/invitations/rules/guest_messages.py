"""Decisions about messages to the guests of an event: who is meant by what is chosen; pure."""

from __future__ import annotations

import enum
from collections.abc import Collection
from dataclasses import dataclass

from pop_campaigns.invitations.rules.invitations import Answer, InvitationState


class MessageState(enum.StrEnum):
    """Being written, or sent: then words and receivers stay as they are."""

    DRAFT = "draft"
    SENT = "sent"


class GuestGroup(enum.StrEnum):
    """Guests by what they answered. Who was withdrawn is a group of its own, which nobody gets into by accident."""

    YES = "yes"
    MAYBE = "maybe"
    SUBSTITUTE = "substitute"
    SILENT = "silent"
    NO = "no"
    WITHDRAWN = "withdrawn"


class Reached(enum.StrEnum):
    """Whom of the groups: all, or by what became of the newest mail to them."""

    ALL = "all"
    ARRIVED = "arrived"
    LOST = "lost"


_GROUPS = {
    Answer.ACCEPTED: GuestGroup.YES,
    Answer.TENTATIVE: GuestGroup.MAYBE,
    Answer.DELEGATED: GuestGroup.SUBSTITUTE,
    Answer.NEEDS_ACTION: GuestGroup.SILENT,
    Answer.DECLINED: GuestGroup.NO,
}


def group_of(state: InvitationState, answer: Answer) -> GuestGroup | None:
    """Return the group of a guest; None for who was never asked: there is nothing to write about."""
    if state is InvitationState.DRAFT:
        return None
    return GuestGroup.WITHDRAWN if state is InvitationState.WITHDRAWN else _GROUPS[answer]


@dataclass(frozen=True)
class GuestChosen:
    """Whom a message is for: the groups, of these whom it reached, and single guests by number, whatever their group."""

    groups: frozenset[GuestGroup] = frozenset()
    reached: Reached = Reached.ALL
    guests: frozenset[int] = frozenset()

    def means(self, number: int, group: GuestGroup | None, *, arrived: bool) -> bool:
        """Return whether a guest is meant; ``arrived`` says that the newest mail left and did not come back."""
        if group is None:
            return False
        if number in self.guests:
            return True
        reached = self.reached is Reached.ALL or (self.reached is Reached.ARRIVED) == arrived
        return group in self.groups and reached


def missing_words(
    wanted: Collection[str], subjects: dict[str, str], texts: dict[str, str]
) -> list[tuple[str, str]]:
    """Return what is still to be written, as (field, language): of each language that a receiver reads, subject and text."""
    parts = (("subject", subjects), ("text", texts))
    return [(field, lang) for lang in sorted(wanted) for field, words in parts if not words.get(lang)]
