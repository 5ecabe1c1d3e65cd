"""Which guests of an event somebody wants to see: by what they answered, what became of their mail, who they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from pop_campaigns.core.text import fold, search_words
from pop_campaigns.invitations.queries.guests import GuestRow, is_lost
from pop_campaigns.invitations.rules.invitations import Answer, InvitationState
from pop_campaigns.mail.rules import MailState

_LONGEST_WORDS: Final = 200


class Standing(StrEnum):
    """Where a guest stands: each in one place, so that the numbers add up to all."""

    ACCEPTED = "accepted"
    DELEGATED = "delegated"
    TENTATIVE = "tentative"
    SILENT = "silent"
    DECLINED = "declined"
    UNREACHED = "unreached"
    DRAFT = "draft"
    WITHDRAWN = "withdrawn"


class MailStanding(StrEnum):
    """What became of a guest's newest mail."""

    WAITING = "waiting"
    SENT = "sent"
    LOST = "lost"
    NONE = "none"


_ANSWERS: Final = {
    Answer.ACCEPTED: Standing.ACCEPTED,
    Answer.DELEGATED: Standing.DELEGATED,
    Answer.TENTATIVE: Standing.TENTATIVE,
    Answer.NEEDS_ACTION: Standing.SILENT,
    Answer.DECLINED: Standing.DECLINED,
}


def standing_of(row: GuestRow) -> Standing:
    """Return where a guest stands. Who never got our mail is not silent."""
    guest = row.invitation
    if guest.state is InvitationState.DRAFT:
        return Standing.DRAFT
    if guest.state is InvitationState.WITHDRAWN:
        return Standing.WITHDRAWN
    if guest.answer is Answer.NEEDS_ACTION and has_lost_mail(row):
        return Standing.UNREACHED
    return _ANSWERS[guest.answer]


def has_lost_mail(row: GuestRow) -> bool:
    """Return whether nobody at the guest's has read our newest mail, or will read the next."""
    return row.came_back is not None or (row.mail is not None and is_lost(row.mail))


def mail_standing_of(row: GuestRow) -> MailStanding:
    """Return what became of a guest's newest mail; called off is as none."""
    if has_lost_mail(row):
        return MailStanding.LOST
    if row.mail is None or row.mail.state is MailState.WITHDRAWN:
        return MailStanding.NONE
    return MailStanding.SENT if row.mail.state is MailState.SENT else MailStanding.WAITING


@dataclass(frozen=True)
class GuestFilter:
    """What a list of guests is narrowed to; empty parts narrow nothing."""

    answer: str = ""
    mail: str = ""
    side: str = ""
    words: str = ""

    @classmethod
    def read(cls, typed: Mapping[str, str]) -> GuestFilter:
        """Return the filter of an address; what is none of ours narrows nothing."""
        answer, mail = typed.get("answer", ""), typed.get("mail", "")
        return cls(
            answer if answer in list(Standing) else "",
            mail if mail in list(MailStanding) else "",
            typed.get("side", "").strip()[:_LONGEST_WORDS],
            typed.get("q", "").strip()[:_LONGEST_WORDS],
        )

    @property
    def query(self) -> dict[str, str]:
        """The filter as a part of an address."""
        parts = {"answer": self.answer, "mail": self.mail, "side": self.side, "q": self.words}
        return {name: value for name, value in parts.items() if value}

    def picks(self, row: GuestRow) -> bool:
        """Return whether a guest is wanted. Words are looked for in what the reader sees of the guest."""
        guest = row.invitation
        if self.answer and standing_of(row) != self.answer:
            return False
        if self.mail and mail_standing_of(row) != self.mail:
            return False
        if self.side and guest.side != self.side:
            return False
        told = fold(f"{guest.shown_as} {guest.name} {guest.address}")
        return all(word in told for word in search_words(self.words))


def picked(rows: Sequence[GuestRow], wanted: GuestFilter) -> list[GuestRow]:
    """Return the guests a filter picks, in their order."""
    return [row for row in rows if wanted.picks(row)]
