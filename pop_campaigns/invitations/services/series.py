"""Verbs of series: propose a template to several chapters, take part with an event of one's own, say no. The caller commits."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from pop_campaigns.accounts.models import User
from pop_campaigns.accounts.scope import owner_of_new
from pop_campaigns.core.db import db
from pop_campaigns.core.history import note
from pop_campaigns.core.locks import lock_row
from pop_campaigns.core.once import insert_or_find, once_key
from pop_campaigns.core.text import clean_line, clean_text
from pop_campaigns.events.models.events import Event
from pop_campaigns.events.models.series import EventSeries, EventTemplate, SeriesProposal
from pop_campaigns.events.rules.series import ProposalState
from pop_campaigns.invitations.services.copying import Placed, make_from_template


@dataclass(frozen=True)
class SeriesDraft:
    """What is proposed: a name, words to the chapters, the period, and to which organisations, by number."""

    name: str
    message: str
    first_day: date
    last_day: date
    organisation_ids: Collection[int]


class HasEvent(ValueError):
    """A chapter that has its event already does not say no: it cancels or deletes that."""


def propose_series(
    draft: SeriesDraft, template: EventTemplate, *, by: User, now: datetime, once: str
) -> EventSeries:
    """Propose a template to chapters; the same ``once`` proposes it once. No mail leaves: it stands on their *Today*."""

    def make() -> EventSeries:
        return EventSeries(
            name=clean_line(draft.name)[:120], message=clean_text(draft.message), first_day=draft.first_day,
            last_day=draft.last_day, template=template, organisation_id=owner_of_new(by), created_at=now,
        )  # fmt: skip

    series, is_new = insert_or_find(EventSeries, once_key("series", once, by), make)
    if is_new:
        series.proposals = [SeriesProposal(organisation_id=ident) for ident in sorted(draft.organisation_ids)]
        db.session.flush()
        note("event_series.proposed", series, by=by, now=now, name=series.name, to=len(series.proposals))
    return series


def withdraw_series(series: EventSeries, *, by: User, now: datetime) -> int:
    """Take back what no chapter has answered yet; return how many that were. A series nobody answered is gone, events stay."""
    lock_row(series)
    waiting = [row for row in series.proposals if row.state is ProposalState.PROPOSED]
    note("event_series.withdrawn", series, by=by, now=now, name=series.name, number=len(waiting))
    for row in waiting:
        series.proposals.remove(row)
        db.session.delete(row)
    db.session.flush()
    if not series.proposals:
        db.session.delete(series)
        db.session.flush()
    return len(waiting)


def accept_proposal(proposal: SeriesProposal, at: Placed, *, by: User, now: datetime) -> tuple[Event, int]:
    """Give a chapter its event of a series, a draft; return it and how many guests are on its list.

    A second press, or somebody else's at the same moment, finds the event that is there. Who said no may say yes later.
    """
    lock_row(proposal)
    if proposal.event is not None:
        return proposal.event, 0
    chapter = proposal.organisation
    event, guests = make_from_template(
        proposal.series.template, at, organisation_id=chapter.id, municipality_id=chapter.municipality_id,
        by=by, now=now, once="",
    )  # fmt: skip
    proposal.state, proposal.decided_at, proposal.event = ProposalState.ACCEPTED, now, event
    proposal.words = ""
    db.session.flush()
    note("event_series.accepted", proposal.series, by=by, now=now, organisation=chapter.id, event=event.id)
    return event, guests


def decline_proposal(proposal: SeriesProposal, words: str, *, by: User, now: datetime) -> bool:
    """Say no to a series for a chapter, with a word why; return False where that was said already.

    :raises HasEvent: the chapter has its event.
    """
    lock_row(proposal)
    if proposal.event_id is not None:
        raise HasEvent(proposal.id)
    if proposal.state is ProposalState.DECLINED:
        return False
    proposal.state, proposal.words, proposal.decided_at = ProposalState.DECLINED, clean_text(words), now
    db.session.flush()
    note("event_series.declined", proposal.series, by=by, now=now, organisation=proposal.organisation_id)
    return True
