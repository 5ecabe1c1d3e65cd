"""Another time that a guest proposes from a calendar: kept, accepted (the event moves) or declined. The caller commits.

A COUNTER is no REPLY (RFC 5546 section 3.2.7): it tells what the guest would rather have, and what it carries as PARTSTAT
says nothing about the time that stands. Exchange knows one only as TENTATIVE, others repeat NEEDS-ACTION or what was
answered long ago. So the guest's answer stays as it was; the page of the proposal shows what else the mail said.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from pop_campaigns.accounts.models import User
from pop_campaigns.calendars.answer import CalendarAnswer
from pop_campaigns.core.dates import DatePrecision
from pop_campaigns.core.db import db
from pop_campaigns.core.history import note
from pop_campaigns.core.locks import lock_row
from pop_campaigns.core.text import clean_text
from pop_campaigns.events.models.events import Event
from pop_campaigns.events.rules.events import EventState
from pop_campaigns.events.services.events import change_event, draft_of
from pop_campaigns.incoming.queries.incoming import word_of
from pop_campaigns.incoming.queries.proposals import (
    mail_of,
    open_proposals_of,
    proposals_of,
    standing,
    times_of,
    wanted_times,
)
from pop_campaigns.incoming.rules.proposals import Standing, Times, read_times, with_length
from pop_campaigns.invitations.models.invitations import Invitation, TimeProposal
from pop_campaigns.invitations.queries.answers import latest_answer
from pop_campaigns.invitations.queries.guests import refusing
from pop_campaigns.invitations.rules.invitations import (
    AnswerChannel,
    InvitationState,
    Word,
    is_newest,
    may_answer,
    said_when,
)
from pop_campaigns.invitations.services.guests import lock_event
from pop_campaigns.invitations.services.proposals import keep_decided, queue_declined_time
from pop_campaigns.invitations.services.sending import send_changes
from pop_campaigns.mail.models import IncomingMail, Sending
from pop_campaigns.mail.rules import Review


class ProposalClosed(Exception):
    """Nothing is to be answered any more; ``standing`` says why."""

    def __init__(self, closed: Standing) -> None:
        super().__init__(closed.value)
        self.standing = closed


class EventChanged(Exception):
    """The event is not what the page showed: who decides shall see it first."""


class TimeIsPast(ValueError):
    """Nobody can be invited to a time that is over."""


class NoHour(ValueError):
    """The event itself has no day and hour now, so nobody can be told that it stays."""


def take_proposal(
    mail: IncomingMail,
    guest: Invitation,
    counter: CalendarAnswer,
    *,
    now: datetime,
    by: User | None = None,
) -> Review | None:
    """Keep the time a COUNTER proposes; return why not if it needs a person. None: kept, now or before.

    A newer one of the same guest takes the place of an open one, which stays readable. What was proposed before the
    guest's latest answer is out of date. ``by`` is who brought it or decided that it is genuine.
    """
    _lock(guest)
    event = guest.event
    times = read_times(counter, event.zone)
    if isinstance(times, Review):
        return times
    word = word_of(mail, guest, counter)
    sequence = word.sequence
    comment, stamp = clean_text(counter.comment), counter.dtstamp
    earlier = proposals_of(guest)
    if any(_is_known(other, (times, sequence, comment), stamp, earlier[0]) for other in earlier):
        return None
    if not all(is_newest(word, before) for before in (_answered(guest), _proposed(earlier))):
        return Review.OLDER
    if not _takes_answers(guest, now):
        return Review.TOO_LATE
    before = times_of(event)
    if with_length(times, before) == before:
        return Review.SAME_TIME
    proposal = TimeProposal(
        invitation=guest, incoming_mail_id=mail.id, starts_at=times.starts, ends_at=times.ends,
        comment=comment, event_sequence=sequence, at=now,
    )  # fmt: skip
    db.session.add(proposal)
    _note("invitation.time_proposed", proposal, by=by, now=now)
    return None


def accept_proposal(
    proposal: TimeProposal, *, seen: str, by: User, now: datetime, sending: Sending | None = None
) -> int:
    """Move the event to the proposed time and tell everybody invited; return how many mails that makes.

    ``seen`` is the version of the event that whoever decides has looked at. Others who proposed the same time have got
    it too.

    :raises ProposalClosed: it is answered already, or there is nothing to answer any more.
    :raises EventChanged: the event was changed since it was looked at.
    :raises TimeIsPast: the proposed time is over.
    """
    event = _hold(proposal, seen, now)
    times = wanted_times(proposal)
    if times.starts <= now:
        raise TimeIsPast(proposal.id)
    alike = [other for other in open_proposals_of(event, now=now) if wanted_times(other) == times]
    draft = replace(
        draft_of(event), precision=DatePrecision.MOMENT, starts_at=times.starts, ends_at=times.ends
    )
    keep_decided(sending, event, alike)
    change_event(event, draft, by=by, now=now)
    number = send_changes(event, by=by, now=now, sending=sending)
    for other in alike:
        _decide(other, accepted=True, by=by, now=now)
    return number


def decline_proposal(
    proposal: TimeProposal,
    *,
    words: str,
    seen: str,
    by: User,
    now: datetime,
    sending: Sending | None = None,
) -> bool:
    """Leave the event as it is and tell the guest, with the coordinator's ``words`` (may be empty).

    Return whether a mail goes: not to a person who wants none.

    :raises ProposalClosed: it is answered already, or there is nothing to answer any more.
    :raises EventChanged: the event was changed since it was looked at.
    :raises NoHour: the event has no day and hour now.
    """
    event = _hold(proposal, seen, now)
    if event.starts_at is None:
        raise NoHour(event.id)
    keep_decided(sending, event, [proposal])
    _decide(proposal, accepted=False, by=by, now=now)
    if refusing(event, [proposal.invitation]):
        return False
    queue_declined_time(proposal, words=clean_text(words), by=by, now=now, sending=sending)
    return True


def _hold(proposal: TimeProposal, seen: str, now: datetime) -> Event:
    """Let one person at a time decide about an event, and see everything as it is now."""
    event = proposal.invitation.event
    lock_event(event)
    db.session.refresh(proposal)
    db.session.refresh(proposal.invitation)
    closed = standing(proposal, now=now)
    if closed is not Standing.OPEN:
        raise ProposalClosed(closed)
    if seen != str(event.version):
        raise EventChanged(event.id)
    return event


def _decide(proposal: TimeProposal, *, accepted: bool, by: User, now: datetime) -> None:
    proposal.accepted, proposal.decided_at, proposal.decided_by = accepted, now, by.name
    action = "invitation.time_accepted" if accepted else "invitation.time_declined"
    _note(action, proposal, by=by, now=now)
    db.session.flush()


def _note(action: str, proposal: TimeProposal, *, by: User | None, now: datetime) -> None:
    channel = {} if by else {"channel": AnswerChannel.CALENDAR.value}
    starts = proposal.starts_at.isoformat()
    note(
        action, proposal.invitation, by=by, now=now, starts=starts,
        zone=proposal.invitation.event.zone, **channel,
    )  # fmt: skip


def _lock(guest: Invitation) -> None:
    # The same mail filed twice at once: the second waits here and then finds what the first kept.
    lock_row(guest)
    db.session.refresh(guest.event)


def _takes_answers(guest: Invitation, now: datetime) -> bool:
    event = guest.event
    closed = may_answer(
        cancelled=event.state is EventState.CANCELLED,
        withdrawn=guest.state is not InvitationState.INVITED,
        starts_at=event.starts_at,
        now=now,
    )
    return closed is None


def _is_known(
    proposal: TimeProposal, content: tuple[Times, int, str], stamp: datetime | None, newest: TimeProposal
) -> bool:
    """Return whether a proposal is one we have: the same mail again, or what is still open said once more."""
    if (Times(proposal.starts_at, proposal.ends_at), proposal.event_sequence, proposal.comment) != content:
        return False
    return _stamp(proposal) == stamp or (proposal is newest and proposal.decided_at is None)


def _answered(guest: Invitation) -> Word | None:
    last = latest_answer(guest)
    return last.word if last else None


def _proposed(earlier: Sequence[TimeProposal]) -> Word | None:
    if not earlier:
        return None
    last, mail = earlier[0], mail_of(earlier[0])
    asked_at, received_at = last.invitation.invited_at, mail.received_at if mail else last.at
    dated_at = mail.dated_at if mail else None
    return Word(last.event_sequence, said_when(_stamp(last), asked_at, received_at, dated_at))


def _stamp(proposal: TimeProposal) -> datetime | None:
    mail = mail_of(proposal)
    return mail.calendar_answer.dtstamp if mail else None
