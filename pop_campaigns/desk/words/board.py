"""The words of the board: how far a chapter is, and what is next."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from flask import url_for
from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext as _lp
from flask_babel.speaklater import LazyString

from pop_campaigns.core.chips import Chip
from pop_campaigns.desk.queries.board import BoardRow
from pop_campaigns.desk.words.event_actions import Action
from pop_campaigns.events.rules.series import BoardStep, ProposalState
from pop_campaigns.events.words.labels import state_chip

_STEPS: Final[dict[BoardStep, tuple[LazyString, str]]] = {
    BoardStep.ANSWER: (_l("Accept or decline"), "desk.proposal"),
    BoardStep.PLACE_AGAIN: (_l("Choose a date"), "desk.proposal"),
    BoardStep.INVITE: (_l("Invite guests"), "invitations.who"),
    BoardStep.SEND: (_l("Send invitations"), "invitations.send"),
    BoardStep.PUBLISH: (_l("Publish …"), "desk.publish"),
    BoardStep.REMIND: (_l("Remind"), "invitations.remind"),
    BoardStep.SAY_HELD: (_l("Say whether it was held"), "events.edit"),
    BoardStep.LOOK: (_l("Look at it"), "desk.event"),
}


def board_chip(row: BoardRow, now: datetime) -> Chip:
    """Return how far a chapter is. Of another one's event that is not on the site only that it is being planned."""
    proposal = row.proposal
    if proposal.state is ProposalState.PROPOSED:
        return Chip("○", _lp("proposal", "Proposed"), "quiet")
    if proposal.state is ProposalState.DECLINED:
        return Chip("✕", _lp("proposal", "Declined"), "bad")
    if proposal.event_id is None:
        return Chip("!", _l("Accepted, without an event"), "warn")
    if row.event is None:
        return Chip("◌", _lp("event", "Being planned"), "info")
    return state_chip(row.event, now)


def next_action(row: BoardRow) -> Action | None:
    """Return the one next step of a chapter as a link, for those who may take it."""
    if row.step is None:
        return None
    label, endpoint = _STEPS[row.step]
    if endpoint == "desk.proposal":
        return Action(str(label), url_for(endpoint, chapter_proposal_id=row.proposal.id))
    return Action(str(label), url_for(endpoint, event_id=row.proposal.event_id))
