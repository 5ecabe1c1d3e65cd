"""Who sees an event, what it becomes when it is taken from the site, and whether it can be deleted; pure."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from pop_campaigns.events.rules.events import EventKind


class EventVisibility(enum.StrEnum):
    """Who sees an event: its organisation alone, whoever reads the network's work, or everybody on the site."""

    DRAFT = "draft"
    INTERNAL = "internal"
    PUBLIC = "public"


_BEHIND_DOORS = frozenset({EventKind.MEETING})


def usual_visibility(kind: EventKind) -> EventVisibility:
    """Return what an event of a kind usually becomes: lobbying stays internal, everything else goes on the site."""
    return EventVisibility.INTERNAL if kind in _BEHIND_DOORS else EventVisibility.PUBLIC


def visibility_off_site(*, told: bool) -> EventVisibility:
    """Return what an event becomes that is taken from the site: a draft again, unless somebody was told of it."""
    return EventVisibility.INTERNAL if told else EventVisibility.DRAFT


@dataclass(frozen=True)
class EventTies:
    """What hangs on an event: mails about it, answers, guests who count as asked, and what is on record of it."""

    mails: int = 0
    answers: int = 0
    asked: int = 0
    recorded: int = 0
    guests: int = 0
    files: int = 0

    @property
    def told(self) -> bool:
        """Whether anybody outside was told of the event."""
        return bool(self.mails or self.answers or self.asked)


class NotDeletable(enum.StrEnum):
    """Why an event stays."""

    FROM_RECORD = "from_record"
    TOLD = "told"
    RECORDED = "recorded"
    WAS_PUBLIC = "was_public"


def why_not_deletable(ties: EventTies, *, was_public: bool, from_record: bool) -> NotDeletable | None:
    """Decide whether an event can be deleted; None means yes: nobody was told, nothing of it is on record."""
    if from_record:
        return NotDeletable.FROM_RECORD
    if ties.told:
        return NotDeletable.TOLD
    if ties.recorded:
        return NotDeletable.RECORDED
    return NotDeletable.WAS_PUBLIC if was_public else None
