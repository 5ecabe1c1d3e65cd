"""The search for a date: times are put to guests before they are invited. The caller commits.

Asking is no invitation: a guest stays on the list as one who is not invited yet. What comes of it: ``date_choice``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from pop_campaigns.accounts.models import User
from pop_campaigns.core.db import db
from pop_campaigns.core.history import note as note_change
from pop_campaigns.core.i18n import speaking
from pop_campaigns.core.locks import lock_row
from pop_campaigns.core.text import clean_text
from pop_campaigns.events.models.events import Event
from pop_campaigns.events.services.visibility import keep_internal
from pop_campaigns.invitations.messages.date_polls import (
    DATES_RECEIPT_KIND,
    DatesMail,
    DatesWriter,
    dates_recipient,
    render_dates_receipt,
    slots_in_words,
)
from pop_campaigns.invitations.messages.invitations import is_refusable
from pop_campaigns.invitations.models.date_polls import AskedGuest, DatePoll, DateSlot, SlotAnswer
from pop_campaigns.invitations.models.invitations import Invitation
from pop_campaigns.invitations.queries.date_polls import Poll, asked_of, poll_of, slot_answers_of
from pop_campaigns.invitations.queries.guests import guests_of, refusing
from pop_campaigns.invitations.queries.invitable import unmailed_guests
from pop_campaigns.invitations.rules.date_polls import (
    FEWEST_SLOTS,
    MOST_SLOTS,
    PollState,
    Says,
    may_ask_again,
)
from pop_campaigns.invitations.rules.invitations import RECEIPT_GAP, AnswerChannel, InvitationState, ToldHow
from pop_campaigns.invitations.services.answers import had_receipt_since, write_back
from pop_campaigns.invitations.services.guests import lock_event, refresh_guests
from pop_campaigns.invitations.words.date_polls import SPOKEN
from pop_campaigns.mail.models import OutgoingMail, Sending
from pop_campaigns.mail.sendings import keep

WRITTEN_BEFORE: Final = "asked"
"""Where a sending keeps when those whom it asks were written to before, by their number here; "" for never."""


class PollClosed(Exception):
    """The search takes nothing any more; ``state`` says why."""

    def __init__(self, state: PollState) -> None:
        super().__init__(state.value)
        self.state = state


class WrongSlots(ValueError):
    """The times are too many, too few, or one of them is over."""


@dataclass(frozen=True)
class HeardBy:
    """How a coordinator came to know what a guest says, and the message it stands in."""

    how: ToldHow
    by: User
    mail_id: int | None = None


def add_slots(
    event: Event,
    times: Sequence[tuple[datetime, datetime | None]],
    *,
    by: User,
    now: datetime,
    sending: Sending | None = None,
) -> list[DateSlot]:
    """Put further times to the guests; those who have answered are asked about them in one mail.

    A time that stands already is not added again, so that a second press adds nothing.

    :raises PollClosed: the date is settled.
    :raises WrongSlots: there would be more than five, or one of them is over.
    """
    lock_event(event)
    poll = poll_of(event, now)
    check_open(poll)
    row = poll.row if poll else _begin(event, now)
    standing = {slot.starts_at for slot in poll.slots} if poll else set()
    fresh = {starts: ends for starts, ends in times if starts not in standing}
    if len(standing) + len(fresh) > MOST_SLOTS or any(starts <= now for starts in fresh):
        raise WrongSlots
    added = [
        DateSlot(poll=row, starts_at=starts, ends_at=ends, added_at=now) for starts, ends in fresh.items()
    ]
    db.session.add_all(added)
    db.session.flush()
    if added:
        starts = [slot.starts_at.isoformat() for slot in added]
        note_change("event.dates_added", event, by=by, now=now, starts=starts, zone=event.zone)
    if added and poll is not None:
        told = [line.asked for line in poll.lines if line.said]
        _write(event, told, DatesMail.ADDED, added, by=by, now=now, sending=sending)
    return added


def _begin(event: Event, now: datetime) -> DatePoll:
    row = DatePoll(event=event, created_at=now)
    db.session.add(row)
    db.session.flush()
    return row


def remove_slot(slot: DateSlot, *, by: User, now: datetime) -> None:
    """Take a time off; what was said about it stays. One that nobody was asked about leaves no trace.

    :raises PollClosed: the date is settled.
    :raises WrongSlots: only two times would be less than two, of which some guests know.
    """
    event = slot.poll.event
    lock_event(event)
    db.session.refresh(slot)
    poll = poll_of(event, now)
    check_open(poll)
    if slot.removed_at is not None or poll is None:
        return
    if poll.lines and len(poll.slots) <= FEWEST_SLOTS:
        raise WrongSlots
    note_change(
        "event.date_removed", event, by=by, now=now, starts=slot.starts_at.isoformat(), zone=event.zone
    )
    if poll.lines:
        slot.removed_at = now
    else:
        db.session.delete(slot)
    db.session.flush()


@dataclass(frozen=True)
class Asked:
    """How many were asked, and who of those chosen gets no mail."""

    number: int
    unmailed: list[Invitation]


def ask_guests(
    event: Event,
    required: Collection[int],
    seen: Collection[int],
    *,
    by: User,
    now: datetime,
    sending: Sending | None = None,
) -> Asked:
    """Ask the guests on the list who are ``required`` (by number) when they can; who was asked already is not asked twice.

    ``seen`` are the guests who could be chosen: the others stay required or not, as they were.

    :raises PollClosed: the date is settled, or no times are there.
    :raises WrongSlots: there are fewer than two times.
    """
    lock_event(event)
    poll = poll_of(event, now)
    check_open(poll)
    if poll is None or len(poll.slots) < FEWEST_SLOTS:
        raise WrongSlots
    drafts = guests_of(event, InvitationState.DRAFT)
    for guest in drafts:
        if guest.id in seen and guest.required is not (guest.id in required):
            guest.required = guest.id in required
    known = {line.guest.id for line in poll.lines}
    wanted = [guest for guest in drafts if guest.required and guest.id not in known]
    mailable = _mailable(event, wanted, by=by, now=now)
    asked = [
        AskedGuest(poll=poll.row, invitation=guest, asked_at=now, written_at=now)
        for guest in wanted
        if guest.id in mailable
    ]
    db.session.add_all(asked)
    db.session.flush()
    if asked:
        keep_internal(event, by=by, now=now)  # people outside hear of a draft
    _write(event, asked, DatesMail.ASKED, poll.slots, by=by, now=now, sending=sending)
    if asked:
        note_change("event.dates_asked", event, by=by, now=now, number=len(asked))
    return Asked(len(asked), [guest for guest in wanted if guest.id not in mailable])


def ask_again(event: Event, *, by: User, now: datetime, sending: Sending | None = None) -> int:
    """Write once more to whoever has not said something of each time and had no mail for a day; return to how many.

    :raises PollClosed: the date is settled.
    """
    lock_event(event)
    poll = poll_of(event, now)
    check_open(poll)
    if poll is None:
        return 0
    silent = [line.asked for line in poll.silent if may_ask_again(line.asked.written_at, now)]
    number = _write(event, silent, DatesMail.AGAIN, poll.slots, by=by, now=now, sending=sending)
    if number:
        note_change("event.dates_asked_again", event, by=by, now=now, number=number)
    return number


def _write(
    event: Event,
    asked: Sequence[AskedGuest],
    what: DatesMail,
    slots: Sequence[DateSlot],
    *,
    by: User,
    now: datetime,
    sending: Sending | None,
) -> int:
    """Queue one mail to each of those asked who can be written to; return how many."""
    mailable = _mailable(event, [row.invitation for row in asked], by=by, now=now)
    writer = DatesWriter(event, what, slots, by=by, now=now, sending=sending)
    written = [guest for guest in asked if guest.invitation_id in mailable]
    before = {}
    for guest in written:
        writer.queue(guest)
        before[str(guest.id)] = "" if what is DatesMail.ASKED else guest.written_at.isoformat()
        guest.written_at = now
    if written:
        keep(sending, **{WRITTEN_BEFORE: before})
    db.session.flush()
    return len(written)


def unask(before: Mapping[str, str], mails: Sequence[OutgoingMail]) -> None:
    """Forget that these mails asked somebody: they were taken back. Who has said something meanwhile stays asked."""
    told = {mail.subject_id for mail in mails}
    for ident, written in before.items():
        asked = db.session.get(AskedGuest, int(ident))
        if asked is None or asked.invitation_id not in told:
            continue
        if written:
            asked.written_at = datetime.fromisoformat(written)
        elif not slot_answers_of(asked.invitation):
            db.session.delete(asked)
    db.session.flush()


def _mailable(event: Event, guests: Iterable[Invitation], *, by: User, now: datetime) -> set[int]:
    """Return those of the guests, by number, who get mail, with names and addresses as they are now."""
    drafts = [guest for guest in guests if guest.state is InvitationState.DRAFT and not guest.is_erased]
    refresh_guests(event, drafts, by=by, now=now)
    unmailed = refusing(event, drafts) | unmailed_guests(event, drafts, by=by, now=now).keys()
    return {guest.id for guest in drafts} - unmailed


def record_slot_answers(
    guest: Invitation,
    spoken: Mapping[int, Says],
    *,
    note: str | None = None,
    now: datetime,
    heard: HeardBy | None = None,
) -> list[SlotAnswer]:
    """Keep what a guest says of times, by their number; what is not of a time that stands is left out.

    By the personal link (``heard`` is None) or told to a coordinator, whose name stands beside it. A guest whose words
    change is told so by mail, at most once a day. The same words again change nothing. ``note`` None leaves the note.

    :raises PollClosed: the date is settled.
    """
    lock_row(guest)
    event = guest.event
    poll = poll_of(event, now)
    check_open(poll)
    if poll is None or guest.state is not InvitationState.DRAFT:
        raise PollClosed(PollState.OPEN if poll is None else PollState.CANCELLED)
    asked = asked_of(guest) or _asked_by_word(guest, poll, now)
    known = {answer.slot_id: answer for answer in slot_answers_of(guest)}
    standing = {slot.id for slot in poll.slots}
    fresh = {
        slot: says
        for slot, says in spoken.items()
        if slot in standing and (slot not in known or known[slot].says is not says)
    }
    changes_mind = any(slot in known for slot in fresh)
    for slot, says in fresh.items():
        row = known.get(slot) or SlotAnswer(slot_id=slot, invitation=guest)
        row.says, row.at = says, now
        _say_how(row, heard)
        db.session.add(row)
    words = asked.note if note is None else clean_text(note)
    if fresh or words != asked.note:
        asked.note = words
        _note_answers(guest, fresh, heard, now=now)
    db.session.flush()
    answers_now = slot_answers_of(guest)
    if changes_mind:
        _queue_receipt(guest, poll, answers_now, now=now)
    return answers_now


def _queue_receipt(guest: Invitation, poll: Poll, answers: Sequence[SlotAnswer], *, now: datetime) -> None:
    """Tell the guest, once a day, that what was said for them has changed: a forwarded link speaks for nobody unnoticed."""
    if guest.is_erased or had_receipt_since(guest, DATES_RECEIPT_KIND, now - RECEIPT_GAP):
        return
    lang, says = guest.language, {answer.slot_id: answer.says for answer in answers}
    slots = [slot for slot in poll.slots if slot.id in says]
    with speaking(lang):
        times = slots_in_words(guest.event, slots, lang)
        lines = [f"{when}: {SPOKEN[says[slot.id]]}" for slot, when in zip(slots, times, strict=True)]
    rendered = render_dates_receipt(guest.event, lines, lang, refusable=is_refusable(guest))
    once = f"dates/{guest.id}/changed/{int(now.timestamp())}"
    write_back(guest, rendered, kind=DATES_RECEIPT_KIND, once=once, to=dates_recipient(guest), now=now)


def _say_how(row: SlotAnswer, heard: HeardBy | None) -> None:
    row.channel = AnswerChannel.BY_HAND if heard else AnswerChannel.LINK
    row.told_how, row.recorded_by = (heard.how, heard.by.name) if heard else (None, "")
    row.incoming_mail_id = heard.mail_id if heard else None


def _asked_by_word(guest: Invitation, poll: Poll, now: datetime) -> AskedGuest:
    """Return the row of a guest who says when they can before our mail asked: somebody asked them on the phone."""
    asked = AskedGuest(poll=poll.row, invitation=guest, asked_at=now, written_at=now)
    db.session.add(asked)
    db.session.flush()
    return asked


def _note_answers(
    guest: Invitation, fresh: Mapping[int, Says], heard: HeardBy | None, *, now: datetime
) -> None:
    numbers: dict[str, Any] = {says.value: list(fresh.values()).count(says) for says in Says}
    channel = AnswerChannel.BY_HAND if heard else AnswerChannel.LINK
    note_change(
        "invitation.dates_said", guest, by=heard.by if heard else None, now=now, channel=channel.value,
        how=heard.how.value if heard else "", **numbers,
    )  # fmt: skip


def check_open(poll: Poll | None) -> None:
    """Raise :class:`PollClosed` where a search takes nothing any more."""
    if poll is not None and poll.state is not PollState.OPEN:
        raise PollClosed(poll.state)
