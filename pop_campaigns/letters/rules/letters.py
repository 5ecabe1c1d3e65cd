"""Pure decisions about letters: states, who owes an answer, what may be done. No Flask, no database.

A letter is one text with one register number; each of its recipients has its own delivery, clock (`clocks`)
and response. Days are civil days in Albania.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Final

from pop_campaigns.letters.rules.working_days import SHIPPED_OVERRIDES, DayOverride, count_deadline


class LetterState(StrEnum):
    """Where the letter itself is; each recipient's progress is `RecipientState`."""

    DRAFT = "draft"
    """Being written; the only state in which the text changes."""
    APPROVED = "approved"
    """Text agreed and frozen, not sent. It may go back to draft."""
    SENT = "sent"
    """Handed over for every recipient; the clocks run."""
    RECORDED = "recorded"
    """Known only from an archive: never sent from here, deliveries and answers may be unknown."""
    ARCHIVED = "archived"
    """Put away: out of the work lists, still readable."""


class RecipientRole(StrEnum):
    """*Për* (addressee) or *për dijeni* (copy)."""

    TO = "to"
    CC = "cc"


class Delivery(StrEnum):
    """What is known of a letter's way to one recipient."""

    NONE = "none"
    """Nothing was sent to this recipient."""
    QUEUED = "queued"
    """Waiting in the outbox, or being tried again."""
    ACCEPTED = "accepted"
    """The recipient's mail server took it, or it was handed to the post."""
    DELIVERED = "delivered"
    """A receipt or a person says it arrived."""
    REGISTERED = "registered"
    """The institution gave it its own register number (*e protokolluar*)."""
    FAILED = "failed"
    """Refused for good; somebody has to find another way."""
    UNKNOWN = "unknown"
    """The record does not say."""


class ResponseKind(StrEnum):
    """What an office answered, as recorded by hand."""

    FULL = "full"
    PARTIAL = "partial"
    REFUSED = "refused"
    FORWARDED = "forwarded"
    """Passed on to the body that holds the matter; another clock runs from here (`clocks.basis_after`)."""
    ASKS_BACK = "asks_back"
    """The request was unclear to them. Ours to answer; the office still owes."""
    ACKNOWLEDGED = "acknowledged"
    """Received and registered, nothing said on the matter."""
    EXTENDED = "extended"
    """The office announced that it takes longer; the extra days go into `clocks.due_for`."""
    NONE = "none"
    """Known silence. A fact about the office, not a gap in the record."""
    UNKNOWN = "unknown"
    """The record does not say whether there was an answer."""


_STOPS_CLOCK: Final = frozenset({ResponseKind.FULL, ResponseKind.PARTIAL, ResponseKind.REFUSED})


def stops_clock(response: ResponseKind | None) -> bool:
    """Return whether the office has answered for good: what follows is a complaint or a new letter, not waiting.

    A partial reply and a refusal stop the clock, since the office has decided (law 119/2014 art. 15, 24).
    """
    return response in _STOPS_CLOCK


class RecipientState(StrEnum):
    """Where one recipient of a letter stands today: what the work list shows."""

    NOT_SENT = "not_sent"
    ON_THE_WAY = "on_the_way"
    FAILED = "failed"
    WAITING = "waiting"
    DUE_SOON = "due_soon"
    OVERDUE = "overdue"
    TO_BE_READ = "to_be_read"
    """Something came in for the letter that nobody has read: it may be the answer."""
    ANSWERED = "answered"
    UNKNOWN = "unknown"


SOON_WORKING_DAYS: Final = 3
"""A due day this near is shown as due soon."""

_ARRIVED: Final = frozenset({Delivery.ACCEPTED, Delivery.DELIVERED, Delivery.REGISTERED})


def soon_until(
    today: date, overrides: Iterable[DayOverride] = SHIPPED_OVERRIDES, scope: str | None = None
) -> date:
    """Return the last due day that counts as "due soon" today; one value per page, also for queries."""
    return count_deadline(today, SOON_WORKING_DAYS, "working_days", overrides, scope).due


def recipient_state(
    *,
    letter: LetterState,
    delivery: Delivery,
    due: date | None,
    response: ResponseKind | None,
    today: date,
    soon: date | None = None,
    unread: bool = False,
) -> RecipientState:
    """Return where a recipient stands today.

    An answer proves arrival, so it comes before everything. What a record does not say stays unknown: an
    archive's letter is overdue only if the record itself knows of the silence. `soon` is `soon_until(today)`
    when the caller has it already. With an `unread` reply nobody is late before somebody has read it. Still on the
    due day the office is in time.
    """
    if stops_clock(response):
        return RecipientState.ANSWERED
    if unread:
        return RecipientState.TO_BE_READ
    if letter is LetterState.RECORDED and response in (None, ResponseKind.UNKNOWN):
        return RecipientState.UNKNOWN
    if response is ResponseKind.UNKNOWN:
        return RecipientState.UNKNOWN
    arrived = delivery in _ARRIVED or proves_arrival(response)
    if not arrived and letter is not LetterState.RECORDED:
        return _state_on_the_way(delivery)
    if due is None:
        return RecipientState.WAITING
    if today > due:
        return RecipientState.OVERDUE
    return RecipientState.DUE_SOON if due <= (soon or soon_until(today)) else RecipientState.WAITING


def _state_on_the_way(delivery: Delivery) -> RecipientState:
    if delivery is Delivery.FAILED:
        return RecipientState.FAILED
    if delivery is Delivery.QUEUED:
        return RecipientState.ON_THE_WAY
    if delivery is Delivery.UNKNOWN:
        return RecipientState.UNKNOWN
    return RecipientState.NOT_SENT


@dataclass(frozen=True, slots=True)
class LetterMail:
    """A mail that carried a letter to one recipient: when its server took it (None: it waits or was refused)."""

    id: int
    taken_at: datetime | None
    waits: bool
    came_back: bool

    @property
    def arrived(self) -> bool:
        """Whether it is there as far as anybody knows. A delay that was only announced is no return."""
        return self.taken_at is not None and not self.came_back


def mail_that_counts(mails: Iterable[LetterMail]) -> LetterMail | None:
    """Return by which of its mails a letter reached a recipient: the first that arrived, so that a second copy moves nothing.

    While none has arrived the newest that still waits counts, else the newest of those that came back.
    """
    in_order = sorted(mails, key=lambda mail: mail.id)
    arrived = sorted((mail for mail in in_order if mail.arrived), key=_taken_at)
    waiting = [mail for mail in in_order if mail.waits]
    if arrived:
        return arrived[0]
    return (waiting or in_order)[-1] if in_order else None


def _taken_at(mail: LetterMail) -> datetime:
    return mail.taken_at or datetime.max.replace(tzinfo=UTC)


def proves_arrival(response: ResponseKind | None) -> bool:
    """Return whether an answer shows that the letter is there, whatever became of the mail: even *we received it* does."""
    return response not in (None, ResponseKind.NONE, ResponseKind.UNKNOWN)


class AddressRefusal(StrEnum):
    """Why a letter does not go to another address."""

    NOT_BACK = "not_back"
    """It is there, or on its way; another copy would be a second letter."""
    SAME = "same"
    DEAD = "dead"


def may_edit(state: LetterState) -> bool:
    """Return whether text and recipients of a letter may change. Once approved they are what was agreed."""
    return state is LetterState.DRAFT


def may_record_response(state: LetterState) -> bool:
    """Return whether an answer can have come: also to a letter known from an archive or put away since."""
    return state in (LetterState.SENT, LetterState.RECORDED, LetterState.ARCHIVED)


class SendVerdict(StrEnum):
    """READY, or the first reason why a letter cannot go out."""

    READY = "ready"
    ALREADY_SENT = "already_sent"
    RECORD_ONLY = "record_only"
    ARCHIVED = "archived"
    NOT_APPROVED = "not_approved"
    NO_ADDRESSEE = "no_addressee"
    NO_TEXT = "no_text"
    LANGUAGE_MISSING = "language_missing"
    NOBODY_REACHABLE = "nobody_reachable"


_NEVER_SENT_FROM: Final = {
    LetterState.SENT: SendVerdict.ALREADY_SENT,
    LetterState.RECORDED: SendVerdict.RECORD_ONLY,
    LetterState.ARCHIVED: SendVerdict.ARCHIVED,
}


def may_send(
    state: LetterState,
    *,
    roles: Iterable[RecipientRole],
    written: frozenset[str],
    wanted: frozenset[str],
    reachable: int,
    needs_approval: bool = False,
) -> SendVerdict:
    """Return whether the letter can go out now.

    `written` are the languages with both subject and text, `wanted` those the recipients read, `reachable`
    how many recipients have an address. Recipients without one do not hold up the others.
    """
    if state in _NEVER_SENT_FROM:
        return _NEVER_SENT_FROM[state]
    if needs_approval and state is not LetterState.APPROVED:
        return SendVerdict.NOT_APPROVED
    if RecipientRole.TO not in set(roles):
        return SendVerdict.NO_ADDRESSEE
    if not written:
        return SendVerdict.NO_TEXT
    if wanted - written:
        return SendVerdict.LANGUAGE_MISSING
    return SendVerdict.READY if reachable > 0 else SendVerdict.NOBODY_REACHABLE


_REGISTER_NUMBER: Final = re.compile(r"([1-9][0-9]{0,8})/([0-9]{4})", re.ASCII)


def read_register_number(text: str) -> tuple[int, int] | None:
    """Return (year, number) of a register number like "12/2020", sortable; None for any other form, such as an archive's."""
    match = _REGISTER_NUMBER.fullmatch(text.strip())
    return (int(match[2]), int(match[1])) if match else None


_BEFORE_A_NUMBER: Final = r"(?:nr|num[eë]r\w*|no|prot\w*|reg\w*|ref\w*|shkres[aeë]\w*|letr[aeë]\w*|letter)"
_ASKED_NUMBER: Final = re.compile(
    rf"(?ix) (?: \b{_BEFORE_A_NUMBER}\b [\s.:\#]* )* (?<![\w/]) (?P<number> [0-9]{{1,9}} \s?/\s? [0-9]{{1,9}} ) (?![\w/])"
    r"(?: [\s.,]* \bprot(?:okoll\w*)?\b \.? )?"
)


def asked_number(typed: str) -> tuple[str, str]:
    """Return the number that a search names, and what else was typed: *Prot. 1/2026 Fier* is (``1/2026``, ``Fier``).

    Before and after a number stand words that say what it is (*nr. prot.*, *ref.*); alone they are words like others.
    """
    match = _ASKED_NUMBER.search(typed)
    if not match:
        return "", typed
    return re.sub(r"\s", "", match["number"]), f"{typed[: match.start()]} {typed[match.end() :]}".strip()
