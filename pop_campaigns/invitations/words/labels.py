"""The words for guests, answers and mails of invitations, translated when shown.

*Ftesë* is feminine in Albanian (*e dërguar*), so whatever agrees with it carries the context "invitation".
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext as _lp
from flask_babel.speaklater import LazyString

from pop_campaigns.core.chips import Chip
from pop_campaigns.core.clock import TIRANE
from pop_campaigns.core.dates import moment_words
from pop_campaigns.core.i18n import current_language
from pop_campaigns.invitations.rules.invitations import (
    Answer,
    AnswerChannel,
    MailPurpose,
    NotAnswerable,
    NotCorrectable,
    NotInvitable,
    ToldHow,
)
from pop_campaigns.mail.secrets import mask_secrets

ANSWERS: Final[dict[Answer, LazyString]] = {
    Answer.NEEDS_ACTION: _lp("answer", "No reply"),
    Answer.ACCEPTED: _lp("answer", "Accepted"),
    Answer.TENTATIVE: _lp("answer", "Maybe"),
    Answer.DECLINED: _lp("answer", "Declined"),
    Answer.DELEGATED: _lp("answer", "Sends someone else"),
}

ANSWER_CHIPS: Final[dict[Answer, Chip]] = {
    Answer.ACCEPTED: Chip("●", ANSWERS[Answer.ACCEPTED], "good"),
    Answer.DELEGATED: Chip("●", ANSWERS[Answer.DELEGATED], "good"),
    Answer.TENTATIVE: Chip("◐", ANSWERS[Answer.TENTATIVE], "warn"),
    Answer.NEEDS_ACTION: Chip("○", ANSWERS[Answer.NEEDS_ACTION], "quiet"),
    Answer.DECLINED: Chip("✕", ANSWERS[Answer.DECLINED], "bad"),
}
"""Answers as coordinators read them, in the order of the bar."""

SUBSTITUTE_CHIPS: Final[dict[Answer, Chip]] = {
    Answer.ACCEPTED: Chip("●", _lp("substitute", "Substitute accepted"), "good"),
    Answer.TENTATIVE: Chip("◐", _lp("substitute", "Substitute: maybe"), "warn"),
    Answer.DECLINED: Chip("✕", _lp("substitute", "Substitute declined"), "bad"),
}
"""What whom a guest sends answered."""

CHANNELS: Final[dict[AnswerChannel, LazyString]] = {
    AnswerChannel.LINK: _l("by the personal link"),
    AnswerChannel.CALENDAR: _l("from a calendar"),
    AnswerChannel.BY_HAND: _l("entered by a coordinator"),
}

TOLD_HOW: Final[dict[ToldHow, LazyString]] = {
    ToldHow.PHONE: _lp("answer", "by phone"),
    ToldHow.PAPER: _lp("answer", "on paper"),
    ToldHow.IN_PERSON: _lp("answer", "in person"),
    ToldHow.MAIL: _lp("answer", "by e-mail"),
}


PURPOSES: Final[dict[MailPurpose, LazyString]] = {
    MailPurpose.REQUEST: _l("Invitation"),
    MailPurpose.CHANGE: _l("Notice of a change"),
    MailPurpose.CANCELLATION: _l("Notice of cancellation"),
    MailPurpose.REMINDER: _l("Reminder"),
    MailPurpose.ATTENDING: _l("Reminder to those who come"),
}


NOT_INVITABLE: Final[dict[NotInvitable, LazyString]] = {
    NotInvitable.CANCELLED: _l("The event is cancelled; nobody can be invited to it any more."),
    NotInvitable.OVER: _l("The event has begun or is over; nobody can be invited to it any more."),
    NotInvitable.NO_MOMENT: _l("Give the event a day and an hour first; then you can invite to it."),
    NotInvitable.NO_NAMES: _l(
        "This action stores no names: it has no guests, and who comes is only counted."
    ),
    NotInvitable.DRAFT: _l("The event is a draft: say first whether it goes on the site or stays internal."),
}

NOT_ANSWERABLE: Final[dict[NotAnswerable, LazyString]] = {
    NotAnswerable.CANCELLED: _l("The event is cancelled; no answer is needed any more."),
    NotAnswerable.WITHDRAWN: _l("This invitation was withdrawn; no answer is needed any more."),
    NotAnswerable.STARTED: _l("The event has begun; answers can no longer be changed."),
    NotAnswerable.NOT_INVITED: _l("This guest has not been invited yet."),
}


NOT_CORRECTABLE: Final[dict[NotCorrectable, LazyString]] = {
    NotCorrectable.NOT_INVITED: _l(
        "This guest has not been invited yet: change the address in the contacts."
    ),
    NotCorrectable.WITHDRAWN: _l("The invitation of this guest is withdrawn."),
    NotCorrectable.ERASED: _l("This guest was erased at their own wish and is not written to."),
    NotCorrectable.TAKEN: _l(
        "Another guest of this event has this address: one address gets one invitation."
    ),
    NotCorrectable.NOT_WANTED: _l("Whoever has this address wants no more invitations from you."),
}


def sent_from_words(address: str) -> str:
    """Return from which address, other than the invited one, an answer was sent."""
    return _("sent from %(address)s", address=mask_secrets(address) or _("an unknown address"))


PROPOSAL_ACTIONS: Final = ("invitation.time_proposed", "invitation.time_accepted", "invitation.time_declined")


def proposal_words(action: str, details: Mapping[str, Any]) -> str:
    """Return for a guest's own history what was proposed, accepted or declined."""
    when = when_of(details)
    if action == "invitation.time_accepted":
        return _("Proposed time accepted: %(when)s", when=when)
    if action == "invitation.time_declined":
        return _("Proposed time declined: %(when)s", when=when)
    return _("Another time proposed: %(when)s", when=when)


def when_of(details: Mapping[str, Any]) -> str:
    """Return the proposed time of a row of history in words."""
    try:
        starts = datetime.fromisoformat(str(details.get("starts", "")))
    except ValueError:
        return "—"
    return moment_words(starts, current_language(), str(details.get("zone") or TIRANE))
