"""Verbs of invitations, under one roof. None of them commits.

``guests`` keeps the list before anybody is asked, ``sending`` queues mails, ``answers`` takes what comes back.
"""

from __future__ import annotations

from pop_campaigns.invitations.answers import AnswerRefused, record_answer
from pop_campaigns.invitations.guests import (
    AddedGuests,
    CannotInvite,
    GuestChoice,
    NotADraft,
    RefusedGuest,
    add_guests,
    remove_guest,
    set_guest_language,
    set_invitation_text,
)
from pop_campaigns.invitations.queries import find_by_token, outdated
from pop_campaigns.invitations.rules import GuestRefusal, NotAnswerable, NotInvitable
from pop_campaigns.invitations.sending import (
    cancel_with_notice,
    preview,
    send_changes,
    send_invitations,
    send_reminders,
    withdraw_guest,
)

__all__ = [
    "AddedGuests",
    "AnswerRefused",
    "CannotInvite",
    "GuestChoice",
    "GuestRefusal",
    "NotADraft",
    "NotAnswerable",
    "NotInvitable",
    "RefusedGuest",
    "add_guests",
    "cancel_with_notice",
    "find_by_token",
    "outdated",
    "preview",
    "record_answer",
    "remove_guest",
    "send_changes",
    "send_invitations",
    "send_reminders",
    "set_guest_language",
    "set_invitation_text",
    "withdraw_guest",
]
