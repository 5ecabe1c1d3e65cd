"""Decisions about invitations and answers; pure."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime, timedelta

from pop_campaigns.accounts.rules.roles import RoleName, may_read_record
from pop_campaigns.contacts.rules import PersonKind, may_see_person
from pop_campaigns.events.rules.events import is_coming


class Answer(enum.StrEnum):
    """What a guest says (RFC 5545 §3.2.12, PARTSTAT)."""

    NEEDS_ACTION = "NEEDS-ACTION"
    ACCEPTED = "ACCEPTED"
    TENTATIVE = "TENTATIVE"
    DECLINED = "DECLINED"
    DELEGATED = "DELEGATED"


class InvitationState(enum.StrEnum):
    """On the guest list but not yet asked; asked; asked no longer."""

    DRAFT = "draft"
    INVITED = "invited"
    WITHDRAWN = "withdrawn"


class MailPurpose(enum.StrEnum):
    """Why an invitation's mail goes out. A change and a cancellation carry a higher SEQUENCE (RFC 5546 §2.1.4).

    A reminder asks who has not answered; *attending* reminds who comes, without a calendar entry: theirs says yes already.
    """

    REQUEST = "request"
    CHANGE = "change"
    CANCELLATION = "cancellation"
    REMINDER = "reminder"
    ATTENDING = "attending"


# An invitation is a letter to an office: it goes without Auto-Submitted, because that header would silence the
# out-of-office notice that says who opens the mail meanwhile. Everything after it is a notification (RFC 3834).
LETTERS = frozenset({MailPurpose.REQUEST})


class AnswerChannel(enum.StrEnum):
    """How an answer came."""

    LINK = "link"
    CALENDAR = "calendar"
    BY_HAND = "by_hand"


class ToldHow(enum.StrEnum):
    """How an answer came that a coordinator entered."""

    PHONE = "phone"
    PAPER = "paper"
    IN_PERSON = "in_person"
    MAIL = "mail"


class NotInvitable(enum.StrEnum):
    """Why an event takes no invitations now."""

    CANCELLED = "cancelled"
    OVER = "over"
    NO_MOMENT = "no_moment"
    DRAFT = "draft"
    NO_NAMES = "no_names"


class NotAnswerable(enum.StrEnum):
    """Why an answer is no longer taken."""

    CANCELLED = "cancelled"
    WITHDRAWN = "withdrawn"
    STARTED = "started"
    NOT_INVITED = "not_invited"


# Where the mail of an erased guest would go: nowhere (RFC 2606). The guest stays in the counts.
ERASED_DOMAIN = "erased.invalid"


def erased_address(invitation_id: int) -> str:
    """Return what stands in place of an erased guest's address: unique, and no mail can go there."""
    return f"erased-{invitation_id}@{ERASED_DOMAIN}"


def is_erased_address(address: str) -> bool:
    """Return whether an address only holds the place of one that was erased."""
    return address.endswith(f"@{ERASED_DOMAIN}")


LINK_LIVES_AFTER_END = timedelta(days=1)


def may_invite(
    *, cancelled: bool, starts_at: datetime | None, now: datetime, no_names: bool = False
) -> NotInvitable | None:
    """Decide whether an event can be invited to; None means yes.

    A calendar entry needs a moment, and nobody is invited to the past, nor to what stores ``no_names``.
    """
    if no_names:
        return NotInvitable.NO_NAMES
    if cancelled:
        return NotInvitable.CANCELLED
    if starts_at is None:
        return NotInvitable.NO_MOMENT
    return None if is_coming(starts_at, now) else NotInvitable.OVER


def may_answer(
    *,
    cancelled: bool,
    withdrawn: bool,
    starts_at: datetime | None,
    now: datetime,
    told_until: datetime | None = None,
) -> NotAnswerable | None:
    """Decide whether a guest's answer is still taken; None means yes. Minds may change until the event starts.

    What a coordinator was told by phone or on paper may be entered until ``told_until``: people hear it before the
    event and come to write it down after it.
    """
    if cancelled:
        return NotAnswerable.CANCELLED
    if withdrawn:
        return NotAnswerable.WITHDRAWN
    until = max(starts_at, told_until) if starts_at and told_until else starts_at
    if until is not None and until <= now:
        return NotAnswerable.STARTED
    return None


def link_lives(ends_at: datetime | None, starts_at: datetime | None, now: datetime) -> bool:
    """Return whether a personal link still opens: until a day after the event."""
    end = ends_at or starts_at
    return end is None or now < end + LINK_LIVES_AFTER_END


class NotCorrectable(enum.StrEnum):
    """Why the address of a guest cannot be put right here."""

    NOT_INVITED = "not_invited"
    WITHDRAWN = "withdrawn"
    ERASED = "erased"
    TAKEN = "taken"
    NOT_WANTED = "not_wanted"


class GuestRefusal(enum.StrEnum):
    """Why an office or a person was not put on the guest list."""

    NO_ADDRESS = "no_address"
    ALREADY_INVITED = "already_invited"
    ADDRESS_TAKEN = "address_taken"
    UNKNOWN = "unknown"
    NOT_WANTED = "not_wanted"


# Impatience must not become a flood: whoever just got a mail of ours is left alone for a while.
REMINDER_GAP = timedelta(hours=12)
RECEIPT_GAP = timedelta(hours=24)
# Whoever has a link that was handed over must not fill the invited mailbox by pressing to and fro.
HANDED_NOTICE_GAP = timedelta(minutes=1)
HANDED_NOTICES_A_DAY = 10
_SAME_PRESS = timedelta(minutes=1)


def may_remind(last_mail_at: datetime | None, now: datetime) -> bool:
    """Decide whether a guest who has not answered may be reminded: not within 12 hours of our last mail."""
    return last_mail_at is None or now - last_mail_at >= REMINDER_GAP


def settle_answer(answer: Answer, substitute: str) -> Answer:
    """Decide what an answer means when someone else is named: yes or no, the office sends a substitute.

    A *maybe* stays one, because nobody is promised yet.
    """
    if substitute and answer in (Answer.ACCEPTED, Answer.DECLINED):
        return Answer.DELEGATED
    return answer


def is_same_press(
    last: tuple[str | None, ...], answer: tuple[str | None, ...], last_at: datetime, now: datetime
) -> bool:
    """Return whether an answer is the last one sent again: the same words within a minute (a double click)."""
    return last == answer and now - last_at < _SAME_PRESS


@dataclass(frozen=True, order=True)
class Word:
    """Where one thing that a guest said stands in the line of all they said, whatever way it came: the greater is the newer.

    ``sequence`` is the SEQUENCE of the event it was said to, never more than the event's own, ``said_at`` the moment (see
    :func:`said_when`). Who declines an entry of a time that holds no longer does not take back the yes to the new time
    (RFC 5546 section 2.1.5).
    """

    sequence: int
    said_at: datetime


CLOCKS_DIFFER = timedelta(minutes=5)


def said_when(
    stamped_at: datetime | None,
    asked_at: datetime | None,
    received_at: datetime,
    dated_at: datetime | None = None,
) -> datetime:
    """Return when a word from a calendar was said: at its DTSTAMP if that lies between our asking and its arrival, else then.

    A clock that is wrong must not outdo, nor be outdone by, what is said in truth before or after. A mail that is fetched late
    was sent at its Date, ``dated_at``, and says nothing that was stamped later, but for a few minutes.
    """
    asked, latest = asked_at or received_at, received_at
    if dated_at is not None and asked <= dated_at:
        latest = min(latest, dated_at + CLOCKS_DIFFER)
    return stamped_at if stamped_at is not None and asked <= stamped_at <= latest else received_at


def answered_sequence(sequence: int | None, present: int, ahead: int) -> int:
    """Return the event's SEQUENCE that a calendar object was made for.

    ``ahead`` is by how much the guest's own calendar is ahead of the event's (see ``calendar_sequence``). What is
    missing is the present one, and nobody can know a later one: some programs count by themselves.
    """
    return present if sequence is None else max(0, min(sequence - ahead, present))


def is_newest(word: Word, before: Word | None) -> bool:
    """Return whether a word outdoes what was said before: of two of the same moment the one that arrives later."""
    return before is None or word >= before


def calendar_sequence(event_sequence: int, withdrawals: int, *, withdrawing: bool = False) -> int:
    """Return the SEQUENCE one guest's calendar is told (RFC 5546 §2.1.4).

    It is the event's own, until this guest alone is withdrawn: that CANCEL counts one further, and asking the
    same guest again one more, while the other guests' entries stay as they are.
    """
    return event_sequence + 2 * withdrawals + (1 if withdrawing else 0)


class Sight(enum.IntEnum):
    """How much of a guest somebody sees: a number among others; name and answer; also words, mails and files."""

    COUNTED = 0
    ANSWER = 1
    WORDS = 2


@dataclass(frozen=True)
class GuestFacts:
    """Of whom a guest is: the organisations of event, office and person (None: the network's).

    ``office`` and ``kind`` say whether there is an office and a person; with neither, name and address were only typed.
    """

    event_of: int | None
    office: bool = False
    office_of: int | None = None
    kind: PersonKind | None = None
    person_of: int | None = None


def sight_of_guest(role: RoleName | None, own: int | None, guest: GuestFacts) -> Sight:
    """Decide how much of a guest somebody in this role, of organisation ``own``, sees.

    Who may see the office or the person sees the guest. Who only reads sees no words and files of persons, and of
    citizens nothing. Whom no contact stands for is taken for a citizen of the event's organisation.
    """
    if role is RoleName.ADMINISTRATOR:
        return Sight.WORDS
    if role is None or not may_read_record(role, own, guest.event_of):
        return Sight.COUNTED
    if not guest.office and guest.kind is None:
        mine = role is RoleName.COORDINATOR and own is not None and guest.event_of == own
        return Sight.WORDS if mine else Sight.COUNTED
    if guest.office and not may_read_record(role, own, guest.office_of):
        return Sight.COUNTED
    if guest.kind is not None and not may_see_person(role, own, guest.person_of, guest.kind):
        return Sight.COUNTED
    private = role is RoleName.VIEWER and guest.kind is not None
    return Sight.ANSWER if private else Sight.WORDS


@dataclass(frozen=True)
class GuestChoice:
    """Who to invite (``kind`` is ``office`` or ``person``) and in which language; "" is the contact's own."""

    kind: str
    id: int
    language: str = ""


@dataclass(frozen=True)
class RefusedGuest:
    """Who was not added and why; ``taken_by`` is the guest who has the same address already."""

    label: str
    reason: GuestRefusal
    taken_by: str = ""
