"""The words for a proposed time: the two times side by side, what to think of, where the proposal stands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from babel.lists import format_list
from flask import url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from flask_babel.speaklater import LazyString

from pop_campaigns.accounts.models import User
from pop_campaigns.core.clock import TIRANE, local_date
from pop_campaigns.core.dates import (
    clock_words,
    day_words,
    moment_words,
    relative_day_words,
    span_words,
    weekday_words,
)
from pop_campaigns.core.i18n import in_language
from pop_campaigns.events.models.events import Event
from pop_campaigns.events.words.labels import when_words, zone_words
from pop_campaigns.incoming.queries.proposals import (
    events_then,
    mail_of,
    open_proposals_of,
    times_of,
    wanted_times,
)
from pop_campaigns.incoming.rules.incoming import is_same_mailbox
from pop_campaigns.incoming.rules.proposals import Standing, Times, moved_by
from pop_campaigns.invitations.models.invitations import TimeProposal
from pop_campaigns.invitations.rules.invitations import Answer, Sight
from pop_campaigns.invitations.sight import seen_among
from pop_campaigns.invitations.words.labels import ANSWERS
from pop_campaigns.letters.rules.working_days import CalendarUnknown, skip_reason
from pop_campaigns.mail.secrets import mask_secrets

STANDINGS: Final[dict[Standing, LazyString]] = {
    Standing.ACCEPTED: _l("Accepted: the event was moved to this time."),
    Standing.DECLINED: _l("Declined: the event stayed as it was."),
    Standing.OVERTAKEN: _l("The guest has proposed another time since: this one no longer counts."),
    Standing.ERASED: _l("Who proposed this was erased since: nobody can be answered any more."),
    Standing.CANCELLED: _l("The event is cancelled: there is nothing to move any more."),
    Standing.OVER: _l("The event has begun or is over: it cannot be moved any more."),
    Standing.WITHDRAWN: _l("The guest is no longer invited: there is nothing to answer any more."),
    Standing.SAME_TIME: _l("The event has this time by now: there is nothing to answer any more."),
}


@dataclass(frozen=True)
class Line:
    """One thing the two times are compared by."""

    label: str
    before: str
    after: str

    @property
    def differs(self) -> bool:
        """Whether accepting would change this line."""
        return self.before != self.after


@dataclass(frozen=True)
class Caution:
    """Something to think of before accepting; ``url`` shows more about it."""

    words: str
    url: str = ""


@dataclass(frozen=True)
class OpenProposal:
    """A proposal as the event's page names it."""

    guest_id: int
    guest: str
    when: str
    comment: str
    url: str


def proposed_at(event: Event, user: User, lang: str, now: datetime) -> list[OpenProposal]:
    """Return the open proposals of an event for its page, those of guests whose words the user sees, the oldest first."""
    proposals = open_proposals_of(event, now=now)
    heard = seen_among((proposal.invitation for proposal in proposals), user, Sight.WORDS)
    return [
        OpenProposal(
            proposal.invitation_id,
            proposal.invitation.shown_as,
            times_in_words(proposal, lang),
            mask_secrets(proposal.comment),
            url_for("incoming.proposal", proposal_id=proposal.id),
        )
        for proposal in proposals
        if proposal.invitation_id in heard
    ]


def times_in_words(proposal: TimeProposal, lang: str) -> str:
    """Return the proposed time in one line."""
    zone, times = proposal.invitation.event.zone, wanted_times(proposal)
    return _named(span_words(times.starts, times.ends, lang, zone), zone)


def compared(proposal: TimeProposal, lang: str, now: datetime) -> list[Line]:
    """Return the event as it stands beside the event as proposed, one thing a line; nothing where both are the same."""
    event = proposal.invitation.event
    before, after = times_of(event), wanted_times(proposal)
    if before == after:
        return []
    labels = (_("Weekday"), _("Date"), _("Hour"), _("Length"), _("From today"))
    new = _side(after, event.zone, lang, now)
    if before is None:
        # The event has no hour now: all that is known of it stands in one line.
        old = ["—", when_words(event, lang), "—", "—", "—"]
    else:
        old = _side(before, event.zone, lang, now)
    return [Line(*line) for line in zip(labels, old, new, strict=True)]


def _side(times: Times, zone: str, lang: str, now: datetime) -> list[str]:
    day = local_date(times.starts, zone)
    hours = clock_words(times.starts, zone)
    last = local_date(times.ends, zone) if times.ends else day
    if times.ends:
        ending = clock_words(times.ends, zone)
        hours += f"–{ending}" if last == day else f" – {day_words(last, lang, weekday=False)}, {ending}"
    return [
        weekday_words(day, lang),
        day_words(day, lang, weekday=False),
        _named(hours, zone),
        length_words(times.ends - times.starts, lang) if times.ends else _("not said"),
        relative_day_words(day, local_date(now, zone)),
    ]


def _named(words: str, zone: str) -> str:
    return words if zone == TIRANE else f"{words} ({zone_words(zone)})"


def moved_words(proposal: TimeProposal, lang: str) -> str:
    """Return by how much the event would move: *2 days and 1 hour later*; "" where it would not."""
    event = proposal.invitation.event
    before, after = times_of(event), wanted_times(proposal)
    if before is None or before == after:
        return ""
    by = moved_by(before.starts, after.starts, event.zone)
    if not by:
        return _("It begins at the same time and ends at another.")
    much = length_words(abs(by), lang)
    return _("%(much)s later", much=much) if by > timedelta() else _("%(much)s earlier", much=much)


def length_words(length: timedelta, lang: str) -> str:
    """Return a length of time in days, hours and minutes."""
    minutes = int(length.total_seconds()) // 60
    days, minutes = divmod(minutes, 24 * 60)
    hours, minutes = divmod(minutes, 60)
    parts = [
        ngettext("%(num)d day", "%(num)d days", days) if days else "",
        ngettext("%(num)d hour", "%(num)d hours", hours) if hours else "",
        ngettext("%(num)d minute", "%(num)d minutes", minutes) if minutes else "",
    ]
    return format_list([part for part in parts if part], locale=lang) or ngettext(
        "%(num)d minute", "%(num)d minutes", 0
    )


def cautions_for(proposal: TimeProposal, user: User, lang: str, now: datetime) -> list[Caution]:
    """Return what to think of before the event is moved: a time that is over, days off, what else takes place then."""
    event, times = proposal.invitation.event, wanted_times(proposal)
    cautions = []
    if times.starts <= now:
        cautions.append(Caution(_("The proposed time is over: the event cannot be moved there.")))
    sender = _sent_from(proposal)
    if sender:
        cautions.append(
            Caution(_("It was sent from another address than the invited one: %(address)s", address=sender))
        )
    off = _day_off_words(event, times, lang)
    if off:
        cautions.append(Caution(off))
    if _has_no_zone(proposal):
        cautions.append(
            Caution(
                _(
                    "The message does not say of which place the hour is: it is taken as the event's own clock."
                )
            )
        )
    return [*cautions, *(_clash(other, lang) for other in events_then(event, times, user))]


def _sent_from(proposal: TimeProposal) -> str:
    mail = mail_of(proposal)
    if mail is None or is_same_mailbox(mail.from_address, proposal.invitation.address):
        return ""
    return mail.from_address


def _clash(other: Event, lang: str) -> Caution:
    words = _(
        "At that time there is also “%(title)s”: %(when)s.",
        title=in_language(other, "title", lang),
        when=when_words(other, lang),
    )
    return Caution(words, url_for("desk.event", event_id=other.id))


def _day_off_words(event: Event, times: Times, lang: str) -> str:
    day = local_date(times.starts, event.zone)
    try:
        scope = event.municipality.name if event.municipality else None
        off = skip_reason(day, scope=scope, lang=lang)
    except CalendarUnknown:
        return _("It is a weekend.") if day.weekday() > 4 else ""
    if off is None:
        return ""
    if off.name and off.reason != "weekend":
        return _("Public offices are closed that day: %(holiday)s.", holiday=off.name)
    return _("It is a weekend.")


def _has_no_zone(proposal: TimeProposal) -> bool:
    mail = mail_of(proposal)
    return mail is not None and "dtstart" in mail.calendar_answer.floating


def made_before_words(proposal: TimeProposal) -> str:
    """Return the words that the guest looked at an older time when proposing; "" where it is the present one."""
    if proposal.accepted is not None or proposal.event_sequence >= proposal.invitation.event.sequence:
        return ""
    return _(
        "The guest proposed this before the event was changed last: they saw another time or place than now."
    )


def said_beside_words(proposal: TimeProposal) -> str:
    """Return what the message said beside the time about coming; "" where it said nothing (RFC 5545 PARTSTAT)."""
    mail = mail_of(proposal)
    answer = mail.calendar_answer.partstat if mail else ""
    if answer not in set(Answer) - {Answer.NEEDS_ACTION}:
        return ""
    return _(
        "The guest's calendar wrote “%(answer)s” beside it. That often means nothing, so it does not count as an answer.",
        answer=ANSWERS[Answer(answer)],
    )


def decided_words(proposal: TimeProposal, lang: str) -> str:
    """Return who answered a proposal and when; "" while nobody has."""
    if proposal.decided_at is None:
        return ""
    return f"{proposal.decided_by} · {moment_words(proposal.decided_at, lang)}"
