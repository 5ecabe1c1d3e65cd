"""The words for where a mail stands, translated when shown: a sign, a word and a tone each.

*Mesazh* is masculine in Albanian, so what agrees with it carries the context "mail".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext as _lp
from flask_babel.speaklater import LazyString

from pop_campaigns.mail.models import OutgoingMail
from pop_campaigns.mail.refusals import REFUSAL_LABELS, explain_words
from pop_campaigns.mail.rules import MailState


@dataclass(frozen=True)
class MailChip:
    """How a state is shown, so that it never hangs on a colour."""

    mark: str
    word: LazyString
    tone: str


MAIL_STATES: Final[dict[MailState, MailChip]] = {
    MailState.QUEUED: MailChip("○", _lp("mail", "Waiting to be sent"), "info"),
    MailState.SENDING: MailChip("→", _l("Being sent"), "info"),
    MailState.SENT: MailChip("✓", _lp("mail", "Sent"), "good"),
    MailState.FAILED: MailChip("!", _lp("mail", "Failed"), "bad"),
    MailState.WITHDRAWN: MailChip("✕", _lp("mail", "Called off"), "quiet"),
}
_CAME_BACK: Final = MailChip("!", _lp("mail", "Came back"), "bad")
_DELAYED: Final = MailChip("◐", _lp("mail", "Delayed on the way"), "warn")
_TRIED_AGAIN: Final = MailChip("◐", _lp("mail", "Being tried again"), "warn")


def mail_chip(mail: OutgoingMail) -> MailChip:
    """Give how a mail's state is shown; one that waits after a refusal says so."""
    if mail.state is MailState.QUEUED and mail.last_words:
        return _TRIED_AGAIN
    if mail.state is MailState.SENT and mail.bounced_at is not None:
        return _CAME_BACK if mail.bounce_permanent else _DELAYED
    return MAIL_STATES[mail.state]


def trouble_words(mail: OutgoingMail) -> str:
    """Give in one sentence why the last try did not succeed; "" where there is nothing to explain."""
    if mail.state is MailState.SENT and mail.bounced_at is not None:
        return mail.bounce_words or str(_CAME_BACK.word)
    if mail.state is MailState.SENT or not (mail.last_words or mail.last_code):
        return ""
    return refusal_words(mail.last_code, mail.last_words, permanent=mail.state is MailState.FAILED)


def refusal_words(code: int | None, words: str, *, permanent: bool) -> str:
    """Give a stored refusal in our words; the server's own belong beside it."""
    return str(REFUSAL_LABELS[explain_words(code, words, permanent=permanent)])
