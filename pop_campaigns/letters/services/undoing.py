"""A letter that was sent a moment ago is taken back: a draft again, whose register number stays reserved to it.

The number was shown and may have been written down, so that no other letter gets it; the letter bears it when it is sent within
that year. The caller commits.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from pop_campaigns.accounts.models import User
from pop_campaigns.core.dates import DatePrecision
from pop_campaigns.core.db import db
from pop_campaigns.core.history import note
from pop_campaigns.core.salutations import FormOfAddress
from pop_campaigns.letters.models import Letter, LetterRecipient
from pop_campaigns.letters.rules.letters import LetterState
from pop_campaigns.letters.services.letters import FROZEN, lock_letter
from pop_campaigns.letters.services.resending import undo_elsewhere
from pop_campaigns.mail.models import Sending
from pop_campaigns.mail.rules import SendingKind
from pop_campaigns.mail.sendings import NotUndone, TakenBack, take_back


def undo_letter(sending: Sending, letter: Letter, *, by: User, now: datetime) -> TakenBack:
    """Take back a letter that has not left.

    :raises pop_campaigns.mail.sendings.UndoneBefore: a second press.
    :raises pop_campaigns.mail.sendings.NotUndone: too late, or an answer to it was recorded already.
    """
    lock_letter(letter)
    if any(recipient.responses for recipient in letter.recipients):
        raise NotUndone(newer=True)
    if sending.kind is SendingKind.LETTER_ELSEWHERE:
        return undo_elsewhere(sending, letter, by=by, now=now)
    taken = take_back(sending, now=now)
    was = taken.before["letter"]
    letter.state, letter.sent_at, letter.changed_at = LetterState(was["state"]), None, now
    letter.greeted, letter.precision = was["greeted"], DatePrecision(was["precision"])
    letter.day_from, letter.day_to = _day(was["day_from"]), _day(was["day_to"])
    for recipient in letter.recipients:
        _thaw(recipient, taken.before["recipients"].get(str(recipient.id), {}))
    for mail in taken.mails:
        # A draft's recipient may be taken off, and its number be another one's then.
        mail.subject_type = mail.subject_id = None
    note("letter.sending_undone", letter, by=by, now=now, number=letter.register_number)
    db.session.flush()
    return taken


def _thaw(recipient: LetterRecipient, was: dict[str, Any]) -> None:
    for name in FROZEN:
        setattr(recipient, name, was.get(name, ""))
    form = was.get("form_of_address")
    recipient.form_of_address = FormOfAddress(form) if form else None
    recipient.mail = recipient.reply_local = None
    recipient.clock_from = recipient.due_on = recipient.due_explained = None


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
