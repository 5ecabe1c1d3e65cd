"""Words and signs that only the pages of invitations show: chips, spoken answers, refusals as whole sentences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

from flask_babel import gettext as _
from flask_babel import lazy_pgettext as _lp
from flask_babel import ngettext
from flask_babel.speaklater import LazyString

from pop_campaigns.contacts.rules import Unmailed
from pop_campaigns.contacts.words.mailing import count_words
from pop_campaigns.core.chips import Chip
from pop_campaigns.invitations.rules.invitations import Answer, GuestRefusal, RefusedGuest
from pop_campaigns.mail.models import OutgoingMail
from pop_campaigns.mail.refusals import NOT_NEEDED, NOT_WANTED, REFUSAL_LABELS, explain_words
from pop_campaigns.mail.rules import MailState

SPOKEN_ANSWERS: Final[dict[Answer, LazyString]] = {
    Answer.ACCEPTED: _lp("spoken answer", "Yes"),
    Answer.TENTATIVE: _lp("spoken answer", "Maybe"),
    Answer.DECLINED: _lp("spoken answer", "No"),
    Answer.DELEGATED: _lp("spoken answer", "Someone else comes"),
}
"""Answers as the guest gives them."""

MAIL_CHIPS: Final[dict[MailState, Chip]] = {
    MailState.QUEUED: Chip("◌", _lp("mail", "Queued"), "info"),
    MailState.SENDING: Chip("◌", _lp("mail", "On its way"), "info"),
    MailState.SENT: Chip("✓", _lp("mail", "Sent"), "good"),
    MailState.FAILED: Chip("!", _lp("mail", "Failed"), "bad"),
    MailState.WITHDRAWN: Chip("–", _lp("mail", "Called off"), "quiet"),
}


def refusal_words(refused: RefusedGuest) -> str:
    """Return who was not put on the guest list and why."""
    if refused.reason is GuestRefusal.NO_ADDRESS:
        return str(_("%(guest)s has no e-mail address.", guest=refused.label))
    if refused.reason is GuestRefusal.ALREADY_INVITED:
        return str(_("%(guest)s is on the list already.", guest=refused.label))
    if refused.reason is GuestRefusal.ADDRESS_TAKEN:
        return str(
            _(
                "%(guest)s has the same address as %(other)s: one address gets one invitation.",
                guest=refused.label,
                other=refused.taken_by,
            )
        )
    if refused.reason is GuestRefusal.NOT_WANTED:
        return str(_("%(guest)s wants no more invitations from you.", guest=refused.label))
    return str(_("One of those you chose cannot be invited to this event."))


def unmailed_words(reasons: Sequence[Unmailed]) -> str:
    """Return how many of the guests get no mail and why, as lists say it."""
    counts = Counter(reasons)
    why = "; ".join(count_words(reason, counts[reason]) for reason in Unmailed if counts[reason])
    return str(
        ngettext(
            "%(num)d guest gets no mail: %(reasons)s.",
            "%(num)d guests get no mail: %(reasons)s.",
            len(reasons),
            reasons=why,
        )
    )


def mail_trouble(mail: OutgoingMail) -> str:
    """Return why a mail has not arrived yet, or never will; "" where nothing went wrong."""
    stopped = mail.state is MailState.WITHDRAWN and mail.last_words in (NOT_WANTED, NOT_NEEDED)
    if not (stopped or (mail.state in (MailState.FAILED, MailState.QUEUED) and mail.last_words)):
        return ""
    failed = mail.state is MailState.FAILED
    return str(REFUSAL_LABELS[explain_words(mail.last_code, mail.last_words, permanent=failed)])
