"""Another time: proposed by a guest on their own page, and the word that the event stays (RFC 5546 section 3.2.8)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import select

from pop_campaigns.accounts.models import User
from pop_campaigns.core.dates import DatePrecision
from pop_campaigns.core.db import db
from pop_campaigns.core.history import note
from pop_campaigns.core.i18n import speaking
from pop_campaigns.core.locks import lock_row
from pop_campaigns.core.text import clean_text
from pop_campaigns.events.models.events import Event
from pop_campaigns.invitations.messages.invitations import (
    Rendered,
    calendar_data,
    event_values,
    is_refusable,
    when_in_words,
)
from pop_campaigns.invitations.models.invitations import Invitation, TimeProposal
from pop_campaigns.invitations.queries.answers import open_proposal
from pop_campaigns.invitations.queries.guests import calendar_ahead
from pop_campaigns.invitations.rules.invitations import AnswerChannel
from pop_campaigns.invitations.services.answers import Origin, check_answerable, write_back
from pop_campaigns.mail.compose import render_words
from pop_campaigns.mail.models import OutgoingMail, Sending
from pop_campaigns.mail.sendings import NotUndone, TakenBack, keep

DECLINED_TIME_KIND: Final = "proposal.declined"


_COUNTED: Final = ("sequence", "date_version")
_MOVED: Final[dict[str, Callable[[str], Any]]] = {
    "starts_at": datetime.fromisoformat,
    "ends_at": datetime.fromisoformat,
    "day_from": date.fromisoformat,
    "day_to": date.fromisoformat,
}


class SameTime(ValueError):
    """The event is at that time already."""


class TimeIsOver(ValueError):
    """Nobody can meet at a time that has been."""


def propose_time(
    guest: Invitation,
    starts_at: datetime,
    ends_at: datetime | None,
    *,
    why: str,
    now: datetime,
    handed_over_by: str = "",
) -> TimeProposal:
    """Keep another time that a guest proposes by the personal link; a newer one takes the place of one that waits.

    It is no answer: what the guest said about coming stays. The same words again are the proposal there is. History says
    by whose link it came, where that is not the mailed one.

    :raises AnswerRefused: the guest is not asked any more, or the event has begun.
    :raises SameTime: it is the present one.
    :raises TimeIsOver: it has been.
    """
    lock_row(guest)
    event = guest.event
    db.session.refresh(event)
    check_answerable(guest, now)
    if starts_at <= now:
        raise TimeIsOver
    if starts_at == event.starts_at and ends_at in (None, event.ends_at):
        raise SameTime
    why, waiting = clean_text(why), open_proposal(guest)
    if waiting and (waiting.starts_at, waiting.ends_at, waiting.comment) == (starts_at, ends_at, why):
        return waiting
    proposal = TimeProposal(
        invitation=guest,
        starts_at=starts_at,
        ends_at=ends_at,
        comment=why,
        event_sequence=event.sequence,
        at=now,
    )
    db.session.add(proposal)
    note(
        "invitation.time_proposed", guest, by=None, now=now, starts=starts_at.isoformat(), zone=event.zone,
        channel=AnswerChannel.LINK.value, **Origin(handed_over_by=handed_over_by).noted,
    )  # fmt: skip
    return proposal


def queue_declined_time(
    proposal: TimeProposal, *, words: str, by: User | None, now: datetime, sending: Sending | None = None
) -> OutgoingMail:
    """Queue the mail that declines a proposed time, with the word of it for the guest's calendar (DECLINECOUNTER).

    ``words`` are the coordinator's own and may be empty. It is no mail of the invitation: it tells no new time, so a
    guest who knows an older one still does. The database refuses a second one for the same proposal.
    """
    rendered = render_declined_time(proposal, words, contact_name=by.name if by else "", now=now)
    once = f"proposal/{proposal.id}/declined"
    return write_back(
        proposal.invitation, rendered, kind=DECLINED_TIME_KIND, once=once, now=now, sending=sending
    )


def keep_decided(sending: Sending | None, event: Event, proposals: Sequence[TimeProposal]) -> None:
    """Note what deciding about proposed times is going to change, for :func:`reopen_proposals`."""
    times: dict[str, Any] = {name: getattr(event, name) for name in _COUNTED}
    times |= {name: value.isoformat() if (value := getattr(event, name)) else None for name in _MOVED}
    keep(
        sending,
        proposals=[proposal.id for proposal in proposals],
        times=times | {"precision": event.precision.value, "state": event.state.value},
    )


def reopen_proposals(taken: TakenBack, event: Event) -> list[Invitation]:
    """Let proposed times wait for an answer again, the event stand at its own; return whose they are.

    :raises pop_campaigns.mail.sendings.NotUndone: somebody has been told already, or the event was changed since.
    """
    was, numbers = taken.before["times"], taken.before["proposals"]
    if taken.left:
        raise NotUndone(left=taken.left, total=taken.total)
    rows = list(db.session.scalars(select(TimeProposal).where(TimeProposal.id.in_(numbers))))
    moved = 1 if any(row.accepted for row in rows) else 0
    if event.sequence != was["sequence"] + moved or event.state.value != was["state"]:
        raise NotUndone(newer=True)
    if moved:
        event.precision = DatePrecision(was["precision"])
        for name in _COUNTED:
            setattr(event, name, was[name])
        for name, read in _MOVED.items():
            setattr(event, name, read(was[name]) if was[name] else None)
    for row in rows:
        row.accepted, row.decided_at, row.decided_by = None, None, ""
    return list(dict.fromkeys(row.invitation for row in rows))


def render_declined_time(proposal: TimeProposal, words: str, *, contact_name: str, now: datetime) -> Rendered:
    """Render the mail that declines a proposed time. The guest's answer stays in the entry: this mail does not ask again."""
    guest = proposal.invitation
    event, lang = guest.event, guest.language
    with speaking(lang):
        values = event_values(event, lang, contact_name, now) | {
            "proposed": when_in_words(proposal.starts_at, proposal.ends_at, event.zone, lang),
            "note": words,
            "refusable": is_refusable(guest),
        }
        subject, text, html = render_words("proposal_declined", values)
        calendar = _calendar(event, proposal, words)
    return Rendered(lang, subject, text, html, calendar)


def _calendar(event: Event, proposal: TimeProposal, words: str) -> dict[str, object] | None:
    if event.starts_at is None and event.day_from is None:
        return None
    if proposal.incoming_mail_id is None:  # no calendar asked, so none is answered
        return None
    guest = proposal.invitation
    sequence = event.sequence + calendar_ahead(guest)
    return calendar_data(
        event, guest.language, "DECLINECOUNTER", sequence,
        comment=words,
    )  # fmt: skip
