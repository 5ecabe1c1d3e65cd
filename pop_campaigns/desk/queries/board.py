"""The board of a series, a row for each chapter: how far its event is, what is next; and what of it stands on Today."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import url_for
from flask_babel import gettext as _
from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from pop_campaigns.accounts.models import Organisation, User
from pop_campaigns.accounts.rules.roles import may_change_record, may_read_record
from pop_campaigns.core.clock import local_date
from pop_campaigns.core.dates import short_day_words
from pop_campaigns.core.db import db
from pop_campaigns.core.i18n import in_language
from pop_campaigns.core.places import Municipality
from pop_campaigns.desk.queries.work_rows import Reader, WorkRow
from pop_campaigns.events.models.events import Commitment, Event
from pop_campaigns.events.models.series import EventSeries, SeriesProposal
from pop_campaigns.events.queries.series import proposals_waiting
from pop_campaigns.events.rules.events import EventState, is_over
from pop_campaigns.events.rules.series import BoardStep, ProposalState, next_step
from pop_campaigns.events.rules.visibility import EventVisibility
from pop_campaigns.events.words.labels import EVENT_KINDS
from pop_campaigns.invitations.queries.guests import AnswerCounts, counts_for


@dataclass(frozen=True)
class BoardRow:
    """One chapter of a series.

    ``event`` is there for whom it may be shown: one's own, what the network's people read, and what stands on the site;
    of another chapter's draft only the state is known. ``counts`` are told only of events one reads from within.
    """

    proposal: SeriesProposal
    event: Event | None
    counts: AnswerCounts | None
    promised: int
    step: BoardStep | None
    mine: bool

    @property
    def place(self) -> Municipality | None:
        """The municipality of the chapter."""
        return self.proposal.organisation.municipality

    @property
    def answered(self) -> int:
        """How many of those asked have answered."""
        return self.counts.total - self.counts.waiting if self.counts else 0


def board_of(series: EventSeries, user: User, now: datetime) -> list[BoardRow]:
    """Return the rows of a series in the order of the municipalities; five queries, however many chapters."""
    rows = (
        select(SeriesProposal)
        .where(SeriesProposal.series_id == series.id)
        .join(SeriesProposal.organisation)
        .outerjoin(Municipality, Organisation.municipality_id == Municipality.id)
        .options(joinedload(SeriesProposal.event))
        .order_by(Municipality.sort_key.nulls_last(), Organisation.sort_key, SeriesProposal.id)
    )
    proposals = db.session.scalars(rows).unique().all()
    held = [proposal.event for proposal in proposals if proposal.event is not None]
    read = [event for event in held if _reads(event, user)]
    counts = counts_for(event.id for event in read)
    promised = _promised([event.id for event in read])
    return [_row(proposal, user, counts, promised, now) for proposal in proposals]


def _row(
    proposal: SeriesProposal,
    user: User,
    counts: dict[int, AnswerCounts],
    promised: dict[int, int],
    now: datetime,
) -> BoardRow:
    event = proposal.event
    mine = user.role is not None and may_change_record(
        user.role, user.organisation_id, proposal.organisation_id
    )
    known = counts.get(event.id) if event is not None else None
    return BoardRow(
        proposal,
        event if event is not None and (event.published or _reads(event, user)) else None,
        known,
        promised.get(event.id, 0) if event is not None else 0,
        _step(proposal, known or AnswerCounts(), now) if mine else None,
        mine,
    )


def _step(proposal: SeriesProposal, counts: AnswerCounts, now: datetime) -> BoardStep | None:
    event = proposal.event
    return next_step(
        proposal.state,
        has_event=event is not None,
        draft=event is not None and event.visibility is EventVisibility.DRAFT,
        cancelled=event is not None and event.state is EventState.CANCELLED,
        held=event is not None and event.state is EventState.HELD,
        over=event is not None and is_over(event, now, local_date(now)),
        waiting=counts.draft,
        invited=counts.total,
        silent=counts.waiting,
    )


def _reads(event: Event, user: User) -> bool:
    """Return whether a person reads an event from within, with the numbers of its guests."""
    if user.role is None or not event.is_shown_to(user.role):
        return False
    return may_read_record(user.role, user.organisation_id, event.organisation_id)


def _promised(event_ids: Sequence[int]) -> dict[int, int]:
    rows = select(Commitment.event_id, func.count()).where(Commitment.event_id.in_(event_ids))
    return dict(db.session.execute(rows.group_by(Commitment.event_id)).all()) if event_ids else {}


def open_chapters(rows: Sequence[BoardRow]) -> list[BoardRow]:
    """Return the rows whose chapter has no event of the series yet and said no *no*: those that can be given a date."""
    return [
        row
        for row in rows
        if row.proposal.event_id is None and row.proposal.state is not ProposalState.DECLINED
    ]


def series_rows(reader: Reader) -> Iterator[WorkRow]:
    """Yield a row for each proposal to a coordinator's chapter that nobody has answered."""
    for proposal in proposals_waiting(reader.user):
        series, page = proposal.series, url_for("desk.proposal", chapter_proposal_id=proposal.id)
        yield WorkRow(
            _("Proposed to your chapter: %(name)s", name=series.name),
            page,
            who=f"{EVENT_KINDS[series.template.kind]} · {_proposer(series, reader.lang)}",
            when=_(
                "%(first)s – %(last)s",
                first=short_day_words(series.first_day, reader.lang),
                last=short_day_words(series.last_day, reader.lang),
            ),
            action=_("Accept or decline"),
            action_url=page,
        )


def _proposer(series: EventSeries, lang: str) -> str:
    if series.organisation is None:
        return _("The network")
    return in_language(series.organisation, "name", lang)
