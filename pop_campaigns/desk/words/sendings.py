"""What was just sent and can be taken back, in one line; and what became of taking it back."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from flask_babel import gettext as _
from flask_babel import ngettext

from pop_campaigns.mail.models import Sending
from pop_campaigns.mail.rules import SendingKind


@dataclass(frozen=True)
class UndoLine:
    """The line that offers to take something back: what it is, when it is over, for how many seconds yet."""

    number: int
    words: str
    seconds: int
    has_mails: bool


def undo_line(sending: Sending, mails: int, now: datetime) -> UndoLine:
    """Return the line that offers to take a sending back."""
    seconds = max(0, math.ceil((sending.undo_until - now).total_seconds()))
    return UndoLine(sending.id, sending_words(sending.kind, mails), seconds, bool(mails))


def sending_words(kind: SendingKind, mails: int) -> str:
    """Return what was sent, without its end: *9 invitations*."""
    return _WORDS[kind](mails)


def undone_words(total: int, left: int) -> str:
    """Return that something was taken back; where some of it had left, how much."""
    if not left:
        return _("Undone: nothing has left.")
    return ngettext(
        "Undone, but for %(left)d of %(num)d mail: it had left or was answered.",
        "Undone, but for %(left)d of %(num)d mails: they had left or were answered.",
        total,
        left=left,
    )


def not_undone_words(total: int, left: int, *, newer: bool) -> str:
    """Return why nothing was taken back."""
    if newer:
        return _("Something newer was sent here since. Undo that first, as long as it can be undone.")
    if not total:
        return _("It is too late to undo this.")
    return ngettext(
        "It is too late to undo this: %(left)d of %(num)d mail had left.",
        "It is too late to undo this: %(left)d of %(num)d mails had left.",
        total,
        left=left,
    )


def _cancelled(mails: int) -> str:
    if not mails:
        return _("The event is cancelled")
    return ngettext(
        "The event is cancelled, %(num)d guest is told",
        "The event is cancelled, %(num)d guests are told",
        mails,
    )


_WORDS: Final[Mapping[SendingKind, Callable[[int], str]]] = {
    SendingKind.INVITATIONS: lambda mails: ngettext("%(num)d invitation", "%(num)d invitations", mails),
    SendingKind.CHANGES: lambda mails: ngettext(
        "The change to %(num)d guest", "The change to %(num)d guests", mails
    ),
    SendingKind.CANCELLATION: _cancelled,
    SendingKind.WITHDRAWAL: lambda _mails: _("The invitation is withdrawn"),
    SendingKind.REMINDERS: lambda mails: ngettext("%(num)d reminder", "%(num)d reminders", mails),
    SendingKind.NEW_ADDRESS: lambda _mails: _("The invitation to the new address"),
    SendingKind.MESSAGE: lambda mails: ngettext(
        "The message to %(num)d guest", "The message to %(num)d guests", mails
    ),
    SendingKind.LETTER: lambda mails: ngettext(
        "The letter to %(num)d recipient", "The letter to %(num)d recipients", mails
    ),
    SendingKind.LETTER_ELSEWHERE: lambda _mails: _("The letter to the new address"),
    SendingKind.REPLY: lambda _mails: _("The answer"),
    SendingKind.FORWARD: lambda _mails: _("The message passed on"),
    SendingKind.AGAIN: lambda _mails: _("The message once more"),
}
