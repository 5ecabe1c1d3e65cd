"""What waits for a coordinator today: overdue, today, the next days, with others. Each row has its one action."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta

from flask import url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from pop_campaigns.accounts.models import User
from pop_campaigns.core.clock import local_date
from pop_campaigns.core.dates import clock_words, moment_words, relative_day_words
from pop_campaigns.core.i18n import in_language
from pop_campaigns.desk.queries.board import series_rows
from pop_campaigns.desk.queries.check_rows import check_rows
from pop_campaigns.desk.queries.doubts import add_notices
from pop_campaigns.desk.queries.due_rows import add_follow_ups, letter_row, waiting_letter_rows
from pop_campaigns.desk.queries.events import (
    ComingEvent,
    coming_events,
    events_to_remind,
    letters_waiting,
)
from pop_campaigns.desk.queries.mail_about import MailAbout, about_mails, why_not_again
from pop_campaigns.desk.queries.work_rows import SOON, Reader, WorkList, WorkRow, day_in_words
from pop_campaigns.events.models.events import Event
from pop_campaigns.events.rules.visibility import EventVisibility
from pop_campaigns.events.words.labels import EVENT_KINDS, state_chip
from pop_campaigns.incoming.queries.proposals import open_proposals
from pop_campaigns.incoming.words.proposals import times_in_words
from pop_campaigns.invitations.models.invitations import Invitation, TimeProposal
from pop_campaigns.invitations.queries.date_polls import OpenPoll, open_polls
from pop_campaigns.invitations.queries.guests import AnswerCounts, awaiting_answer, counts_for
from pop_campaigns.invitations.rules.invitations import may_invite
from pop_campaigns.invitations.sight import mails_of_work, seen_among
from pop_campaigns.invitations.words.date_polls import said_words
from pop_campaigns.letters.queries.letters import due_recipients
from pop_campaigns.letters.queries.replies import unread_replies
from pop_campaigns.letters.rules.letters import RecipientState
from pop_campaigns.mail.models import OutgoingMail
from pop_campaigns.mail.queries import mails_in_trouble, subject_of
from pop_campaigns.mail.secrets import mask_secrets
from pop_campaigns.mail.words.labels import trouble_words

TROUBLE_SHOWN_FOR = timedelta(days=30)
_LATER_SHOWN = 5


def work_list(user: User, now: datetime, lang: str) -> WorkList:
    """Return everything that waits for the user; a fixed number of queries, however much it is."""
    reader = Reader(user, now, local_date(now), lang)
    work = WorkList()
    for due in due_recipients(user, reader.today):
        section = work.overdue if due.state is RecipientState.OVERDUE else work.soon
        now_or_read = due.due_on == reader.today or due.unread is not None
        (work.today if now_or_read else section).append(letter_row(reader, due))
    work.today.extend(_trouble_rows(reader))
    work.today.extend(_proposal_row(reader, proposal) for proposal in open_proposals(user, now=now))
    work.today.extend(_poll_row(reader, poll) for poll in open_polls(user))
    work.today.extend(check_rows(reader))
    work.today.extend(series_rows(reader))
    add_follow_ups(work, reader)
    add_notices(work, reader)
    coming = coming_events(user, reader.today, now)
    _add_events(work, reader, coming)
    not_told = {planned.event.id for planned in coming if planned.not_told}
    # Who does not know the present time yet is told of it first, not reminded.
    silent = [(event, guests) for event, guests in awaiting_answer(user, now) if event.id not in not_told]
    counts = counts_for(event.id for event, _guests in silent)
    to_remind = events_to_remind(user, now)
    seen = seen_among((guest for _event, guests in silent for guest in guests), user)
    work.waiting.extend(
        _answer_row(reader, event, (guests, seen), counts[event.id], remind=event.id in to_remind)
        for event, guests in silent
    )
    letters = letters_waiting(user, reader.today)
    unread = unread_replies([recipient.id for letter in letters for recipient in letter.recipients])
    for letter in letters:
        work.waiting.extend(waiting_letter_rows(reader, letter, unread))
    return work


def _add_events(work: WorkList, reader: Reader, events: Sequence[ComingEvent]) -> None:
    for coming in events:
        row = _event_row(reader, coming)
        day = coming.event.day_from or reader.today
        if day <= reader.today:
            work.today.append(row)
        elif day <= reader.today + SOON:
            work.soon.append(row)
        elif coming.not_told or coming.counts.draft:
            # However far away: guests have a wrong day in their calendars until told, or wait for what was prepared.
            work.today.append(row)
        elif len(work.later) < _LATER_SHOWN:
            work.later.append(row)


def _event_row(reader: Reader, coming: ComingEvent) -> WorkRow:
    event = coming.event
    day = event.day_from or reader.today
    label, url = _next_step(reader, coming)
    draft = str(state_chip(event, reader.now).words) if event.visibility is EventVisibility.DRAFT else ""
    who = [draft, str(EVENT_KINDS[event.kind]), event.venue or _place(event), _guests_words(coming)]
    return reader.row(
        in_language(event, "title", reader.lang),
        url_for("desk.event", event_id=event.id),
        event,
        who=" · ".join(part for part in who if part),
        when=_start_in_words(event, day, reader),
        tone="bad" if coming.not_told else "warn" if day == reader.today else "",
        action=label,
        action_url=url,
        organisation=reader.whose(event.organisation),
    )


def _next_step(reader: Reader, coming: ComingEvent) -> tuple[str, str]:
    """Return what an event ahead asks for: publish it, tell of a change, send what is prepared, invite; else nothing."""
    event = coming.event
    if event.visibility is EventVisibility.DRAFT and not coming.counts.draft:
        return _("Publish …"), url_for("desk.publish", event_id=event.id)
    if may_invite(cancelled=False, starts_at=event.starts_at, now=reader.now, no_names=event.no_names):
        return "", ""
    if coming.not_told:
        return _("Send the change"), url_for("invitations.announce", event_id=event.id)
    if coming.counts.draft:
        return _("Send invitations"), url_for("invitations.message", event_id=event.id)
    if not coming.counts.total:
        return _("Invite guests"), url_for("invitations.who", event_id=event.id)
    return "", ""


def _guests_words(coming: ComingEvent) -> str:
    counts = coming.counts
    if coming.not_told:
        return ngettext(
            "%(num)d guest does not know of the change",
            "%(num)d guests do not know of the change",
            coming.not_told,
        )
    if counts.draft:
        return ngettext("%(num)d invitation not sent yet", "%(num)d invitations not sent yet", counts.draft)
    if not counts.total:
        return _("nobody invited yet")
    coming_number = counts.accepted + counts.delegated - counts.sends_nobody
    return ngettext(
        "%(num)d of %(total)d comes", "%(num)d of %(total)d come", coming_number, total=counts.total
    )


def _place(event: Event) -> str:
    if event.join_url:
        return str(_("Online"))
    return event.municipality.name if event.municipality else ""


def _proposal_row(reader: Reader, proposal: TimeProposal) -> WorkRow:
    event, page = proposal.invitation.event, url_for("incoming.proposal", proposal_id=proposal.id)
    return reader.row(
        _("Another time proposed: %(event)s", event=in_language(event, "title", reader.lang)),
        page,
        event,
        who=proposal.invitation.shown_as,
        when=times_in_words(proposal, reader.lang),
        tone="warn",
        action=_("Look at it"),
        action_url=page,
        organisation=reader.whose(event.organisation),
    )


def _poll_row(reader: Reader, poll: OpenPoll) -> WorkRow:
    page = url_for("invitations.dates", event_id=poll.event.id)
    all_said = poll.answered == poll.asked
    return reader.row(
        _("Date to be found: %(event)s", event=in_language(poll.event, "title", reader.lang)),
        url_for("desk.event", event_id=poll.event.id),
        poll.event,
        who=said_words(poll.answered, poll.asked),
        tone="warn" if all_said else "",
        action=_("Choose the date") if all_said else _("See who can when"),
        action_url=page,
        organisation=reader.whose(poll.event.organisation),
    )


def _answer_row(
    reader: Reader,
    event: Event,
    silent: tuple[Sequence[Invitation], set[int]],
    counts: AnswerCounts,
    *,
    remind: bool,
) -> WorkRow:
    return reader.row(
        in_language(event, "title", reader.lang),
        url_for("desk.event", event_id=event.id),
        event,
        who=_silent_names(*silent),
        when=_silent_words(event, counts, reader),
        action=_("Remind") if remind else "",
        action_url=url_for("invitations.remind", event_id=event.id) if remind else "",
        organisation=reader.whose(event.organisation),
    )


def _silent_names(guests: Sequence[Invitation], seen: set[int]) -> str:
    """Return two of the guests by name, of those who may be named, and the number of the others, in words."""
    named = [guest.shown_as for guest in guests if guest.id in seen][:2]
    more = len(guests) - len(named)
    if not named:
        return ngettext("%(num)d guest, not named here", "%(num)d guests, not named here", more)
    names = ", ".join(named)
    if more > 0:
        names = ngettext("%(names)s and %(num)d more", "%(names)s and %(num)d more", more, names=names)
    return names


def _silent_words(event: Event, counts: AnswerCounts, reader: Reader) -> str:
    number = ngettext(
        "%(num)d of %(total)d has not answered",
        "%(num)d of %(total)d have not answered",
        counts.waiting,
        total=counts.total,
    )
    if event.day_from is None:
        return number
    return f"{number} · {relative_day_words(event.day_from, reader.today)}"


def _trouble_rows(reader: Reader) -> Iterable[WorkRow]:
    since = reader.now - TROUBLE_SHOWN_FOR
    mails = mails_in_trouble(mails_of_work(reader.user), since=since)
    about = about_mails(mails)
    for mail in mails:
        if why_not_again(mail, about.get(mail.id), now=reader.now) is None:
            yield _failed_row(reader, mail, about.get(mail.id))


def _failed_row(reader: Reader, mail: OutgoingMail, about: MailAbout | None) -> WorkRow:
    page = url_for("desk.mail_message", mail_id=mail.id)
    action, action_url = _("See why"), page
    if mail.bounced_at is not None and about is not None and about.guest is not None:
        action, action_url = (
            _("Correct the address"),
            url_for("invitations.address", invitation_id=about.guest.id),
        )
    return reader.row(
        _(
            "Not delivered: %(subject)s",
            subject=(about.title(reader.lang) if about else "") or subject_of(mail),
        ),
        page,
        mail,
        who=mask_secrets(
            f"{(about.who if about else '') or mail.to_name or mail.to_address} · {mail.to_address}"
        ),
        when=trouble_words(mail),
        tone="bad",
        action=action,
        action_url=action_url,
        organisation=reader.whose(about.organisation) if about else "",
    )


def _start_in_words(event: Event, day: date, reader: Reader) -> str:
    if event.starts_at is None:
        return day_in_words(day, reader)
    relative = relative_day_words(day, reader.today)
    if abs((day - reader.today).days) <= 1:
        return _("%(day)s at %(hour)s", day=relative, hour=clock_words(event.starts_at, event.zone))
    return f"{moment_words(event.starts_at, reader.lang, event.zone)} · {relative}"
