"""What follows from a calendar object that came in. The caller commits.

Only the guest's own address proves who answers: it stands in no public file, and whoever writes there had the invitation.
UID, attendee, sender and Message-ID are what anybody can write; an answer found by them waits for a person.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flask import current_app

from pop_campaigns.accounts.models import User
from pop_campaigns.accounts.scope import may_change
from pop_campaigns.calendars.answer import CalendarAnswer
from pop_campaigns.events.models.events import Event
from pop_campaigns.incoming.queries.incoming import substitute_of, word_of
from pop_campaigns.incoming.rules.answer_words import words_beside
from pop_campaigns.incoming.rules.incoming import (
    addresses_named,
    answer_of,
    can_be_read,
    is_same_mailbox,
    is_unexpected,
    local_parts,
    speaks_as_substitute,
    speaks_for,
)
from pop_campaigns.incoming.scope import owner_of
from pop_campaigns.incoming.services.matching import Match, event_named, guest_named
from pop_campaigns.incoming.services.proposals import take_proposal
from pop_campaigns.invitations.models.invitations import Invitation
from pop_campaigns.invitations.queries.guests import mails_of
from pop_campaigns.invitations.rules.invitations import Answer, AnswerChannel
from pop_campaigns.invitations.services.answers import AnswerRefused, Origin, counts, record_answer
from pop_campaigns.mail.models import IncomingMail
from pop_campaigns.mail.reading.report import MailReport
from pop_campaigns.mail.rules import IncomingWay, Review


@dataclass(frozen=True)
class Outcome:
    """To what a mail belongs, why a person has to look at it (None: not), whose event it names where it belongs to nothing."""

    matches: list[Match] = field(default_factory=list)
    review: Review | None = None
    event: Event | None = None


def take_calendar(
    mail: IncomingMail, report: MailReport, matches: list[Match], *, by: User | None, now: datetime
) -> Outcome:
    """Let a calendar answer count, or say why a person has to look at it. ``by`` is who brought it, if anybody did."""
    reply = report.calendar or CalendarAnswer()
    guest = guest_of_secret(matches, reply)
    mail.text = words_of(mail, guest, reply)
    if guest is None:
        return without_secret(report, matches, is_upload=mail.way is IncomingWay.UPLOAD, by=by)
    review, as_substitute = _why_not(guest, reply), False
    if review is Review.OTHER_GUEST and not reply.proposes and answer_of(reply) is not None:
        as_substitute = speaks_as_substitute(reply, guest.address, guest.answer, substitute_of(guest))
    if review is None or as_substitute:
        review = let_count(mail, guest, reply, by=by, now=now, as_substitute=as_substitute)
    if review not in (Review.OTHER_GUEST, Review.OTHER_EVENT):
        return Outcome(matches, review)
    named = guest_named(event_named(reply.uid), reply.attendee)
    if named is None or owner_of(named) != owner_of(guest):
        return Outcome(matches, review)
    # Whose address it was is no proof of what another guest, or the same one of another event, says.
    elsewhere = review is Review.OTHER_EVENT
    return Outcome(_with(matches, named), _why_held(reply, Review.UNPROVEN) if elsewhere else review)


def hold_unreadable(mail: IncomingMail, report: MailReport, matches: list[Match]) -> Outcome:
    """Hold a mail that may answer in a form nobody here can read, at the guest whose secret it came to; else as it is."""
    guest = guest_of_secret(matches, CalendarAnswer())
    if guest is None:
        return Outcome(matches)
    mail.text = words_of(mail, guest, CalendarAnswer())
    packed = "winmail.dat" in report.unreadable_calendar
    return Outcome(matches, Review.WINMAIL if packed else Review.UNREADABLE)


def let_count(
    mail: IncomingMail,
    guest: Invitation,
    reply: CalendarAnswer,
    *,
    by: User | None,
    now: datetime,
    is_proven: bool = True,
    as_substitute: bool = False,
) -> Review | None:
    """Record what a mail says as a guest's answer or proposal; return why that is not taken any more, None where it is.

    ``by`` is who brought it or decided that it counts. ``as_substitute``: it is the answer of whom the guest sends.
    """
    if reply.proposes:
        # What it says beside (PARTSTAT) is no answer: see ``proposals``.
        return take_proposal(mail, guest, reply, by=by, now=now)
    answer = answer_of(reply)
    if answer is None:
        return Review.NO_ANSWER
    word, named = word_of(mail, guest, reply), substitute_of(guest)
    substitute, substitute_answer = ", ".join(reply.delegated_to), None
    if as_substitute and reply.partstat != "DELEGATED":
        substitute, substitute_answer = named or reply.attendee or mail.from_address, answer
    try:
        given_answer = record_answer(
            guest,
            Answer.DELEGATED if as_substitute else answer,
            substitute=substitute if as_substitute or reply.partstat == "DELEGATED" else "",
            substitute_answer=substitute_answer,
            note=words_of(mail, guest, reply),
            channel=AnswerChannel.CALENDAR,
            now=now,
            by=by,
            said_at=word.said_at,
            sequence=word.sequence,
            origin=origin_of(mail, guest, reply, is_proven=is_proven),
        )
    except AnswerRefused:
        return Review.TOO_LATE
    given_answer.incoming_mail_id = given_answer.incoming_mail_id or mail.id
    if reply.proposal_beside is not None:
        # Of a REPLY the PARTSTAT is an answer; the time is proposed, or is no news, and the answer counts all the same.
        take_proposal(mail, guest, reply.proposal_beside, by=by, now=now)
    return None if counts(given_answer) else Review.OLDER


def words_of(mail: IncomingMail, guest: Invitation | None, reply: CalendarAnswer) -> str:
    """Return what somebody wrote beside an answer, in the calendar object or as the text of the mail."""
    known = _texts_of_ours(guest) if guest is not None and mail.text.strip() else []
    return words_beside(mail.text, reply.comment, subject=mail.subject, known=known)


def _texts_of_ours(guest: Invitation) -> list[str]:
    """Return what programs repeat of the invitation."""
    event = guest.event
    texts = [event.title_sq, event.title_en, event.description_sq, event.description_en, event.venue]
    newest = [row.mail.skeleton for row in mails_of([guest])[guest.id]][-2:]
    return [*texts, *(text for skeleton in newest for text in (skeleton.subject, skeleton.text))]


def origin_of(mail: IncomingMail, guest: Invitation, reply: CalendarAnswer, *, is_proven: bool) -> Origin:
    """Return from where an answer was sent, and whether the guest has to hear of it."""
    sender = mail.from_address
    elsewhere = not is_same_mailbox(sender, guest.address)
    expected = guest.address
    if any(is_same_mailbox(reply.attendee, address) for address in addresses_named(substitute_of(guest))):
        expected = reply.attendee  # whom the guest named writes from their own address
    tell = not is_proven or is_unexpected(sender, reply.attendee, expected, mail.dmarc)
    return Origin(sender if elsewhere else None, tell_guest=tell)


def guest_of_secret(matches: Sequence[Match], reply: CalendarAnswer) -> Any:
    """Return the guest at whose own address a mail came; of several the one it names, whichever address it came to first."""
    ours = [match for match in matches if isinstance(match.subject, Invitation) and match.how == "token"]
    named = [match for match in ours if _is_named(match.subject, reply)]
    return next((match.subject for match in [*named, *ours]), None)


def _is_named(guest: Any, reply: CalendarAnswer) -> bool:
    return is_same_mailbox(reply.attendee, guest.address) and reply.uid == guest.event.uid


def _why_not(guest: Invitation, reply: CalendarAnswer) -> Review | None:
    """Decide whether what came to a guest's own address counts; None means yes."""
    if not reply.is_answer:
        return Review.NOT_A_REPLY
    if reply.uid != guest.event.uid or reply.recurrence_id:
        return Review.OTHER_EVENT
    review = speaks_for(reply.attendee, guest.address)
    if review is None and not reply.proposes and answer_of(reply) is None:
        return Review.NO_ANSWER
    return review


def without_secret(
    report: MailReport, matches: list[Match], *, is_upload: bool = False, by: User | None = None
) -> Outcome:
    """Hold what proves nothing, for the people of the event it names and for nobody else."""
    reply = report.calendar or CalendarAnswer()
    event = event_named(reply.uid)
    if event is not None and is_upload and not (by and may_change(event, by)):
        event = None
    if event is None or any(_belongs_elsewhere(event, match) for match in matches):
        return Outcome(matches, _why_held(reply))
    theirs = [match for match in matches if owner_of(match.subject) == event.organisation_id]
    guest = guest_named(event, reply.attendee or report.from_address)
    known = guest is not None or any(_is_guest_of(event, match) for match in theirs)
    if reply.attendee and not known:
        return Outcome(theirs, _why_held(reply), event)
    if guest is not None:
        theirs = _with(theirs, guest)
    wrong = Review.WRONG_ADDRESS if _names_a_guest(report) else Review.UNPROVEN
    return Outcome(theirs, _why_held(reply, wrong), event)


def _why_held(reply: CalendarAnswer, otherwise: Review = Review.OTHER_GUEST) -> Review:
    if not reply.is_answer:
        return Review.NOT_A_REPLY
    if reply.recurrence_id:
        return Review.OTHER_EVENT
    return otherwise if can_be_read(reply) else Review.NO_ANSWER


def _belongs_elsewhere(event: Event, match: Match) -> bool:
    """Return whether a secret, of a letter, leads to another organisation: what a UID says does not lead it away."""
    return match.how == "token" and not match.suggested and owner_of(match.subject) != event.organisation_id


def _is_guest_of(event: Event, match: Match) -> bool:
    return isinstance(match.subject, Invitation) and match.subject.event_id == event.id


def _with(matches: list[Match], guest: Invitation) -> list[Match]:
    """Add the guest that is named, who takes the place of what was only guessed; what is sure stays."""
    sure = [match for match in matches if not match.suggested]
    known = any(match.key == (guest.__tablename__, guest.id) for match in sure)
    return sure if known else [*sure, Match(guest, "uid", suggested=True)]


def _names_a_guest(report: MailReport) -> bool:
    """Return whether a mail was for an address of the kind our guests answer to, though none of theirs."""
    ours = local_parts(report.recipients, current_app.config["MAIL_DOMAIN"])
    return any(local.startswith("r-") for local in ours)
