"""The words for where a mail stands, translated when shown: a sign, a word and a tone each.

*Mesazh* is masculine in Albanian, so what agrees with it carries the context "mail".
"""

from __future__ import annotations

import math
import re
from typing import Final

from flask_babel import format_timedelta
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext as _lp

from pop_campaigns.core import clock
from pop_campaigns.core.chips import Chip
from pop_campaigns.mail.models import OutgoingMail
from pop_campaigns.mail.refusals import REFUSAL_LABELS, explain_words
from pop_campaigns.mail.rules import MailState

MAIL_STATES: Final[dict[MailState, Chip]] = {
    MailState.QUEUED: Chip("○", _lp("mail", "Waiting to be sent"), "info"),
    MailState.SENDING: Chip("→", _l("Being sent"), "info"),
    MailState.SENT: Chip("✓", _lp("mail", "Sent"), "good"),
    MailState.FAILED: Chip("!", _lp("mail", "Failed"), "bad"),
    MailState.WITHDRAWN: Chip("✕", _lp("mail", "Called off"), "quiet"),
}
_CAME_BACK: Final = Chip("!", _lp("mail", "Came back"), "bad")
_DELAYED: Final = Chip("◐", _lp("mail", "Delayed on the way"), "warn")
_REPLY_CODE: Final = re.compile(r"\b[45]\d\d(?=[ -])")
_STATUS: Final = re.compile(r"\b[45]\.\d{1,3}\.\d{1,3}\b")
_TRIED_AGAIN: Final = Chip("◐", _lp("mail", "Being tried again"), "warn")


def mail_chip(mail: OutgoingMail) -> Chip:
    """Return how a mail's state is shown; one that waits after a refusal says so."""
    if mail.state is MailState.QUEUED and mail.last_words:
        return _TRIED_AGAIN
    if (leaves := leaves_chip(mail)) is not None:
        return leaves
    if mail.state is MailState.SENT and mail.bounced_at is not None:
        return _CAME_BACK if mail.bounce_permanent else _DELAYED
    return MAIL_STATES[mail.state]


def leaves_chip(mail: OutgoingMail) -> Chip | None:
    """Return in how many seconds a mail leaves that can still be taken back; None for any other."""
    if mail.sending_id is None or mail.state is not MailState.QUEUED:
        return None
    seconds = math.ceil((mail.available_at - clock.now()).total_seconds())
    if seconds <= 0:
        return None
    return Chip("○", _("leaves in %(seconds)d s", seconds=seconds), "info")


def trouble_words(mail: OutgoingMail) -> str:
    """Return in one sentence why the last try did not succeed; "" where there is nothing to explain."""
    if mail.state is MailState.SENT and mail.bounced_at is not None:
        return bounce_sentence(mail)
    if mail.state is MailState.SENT or not (mail.last_words or mail.last_code):
        return ""
    return refusal_words(mail.last_code, mail.last_words, permanent=mail.state is MailState.FAILED)


def bounce_sentence(mail: OutgoingMail) -> str:
    """Return why a mail came back, with the server's codes and how long after sending: *… (550 5.1.1), 3 minutes after …*."""
    words, permanent = mail.bounce_words, bool(mail.bounce_permanent)
    sentence = refusal_words(550 if permanent else 450, words, permanent=permanent)
    codes = [match[0] for match in (_REPLY_CODE.search(words), _STATUS.search(words)) if match]
    if codes:
        sentence = f"{sentence} ({' '.join(codes)})"
    if mail.sent_at is None or mail.bounced_at is None or mail.bounced_at < mail.sent_at:
        return sentence
    passed = format_timedelta(mail.bounced_at - mail.sent_at, granularity="minute", threshold=1.2)
    return str(_("%(what)s, %(time)s after sending", what=sentence, time=passed))


def refusal_words(code: int | None, words: str, *, permanent: bool) -> str:
    """Return a stored refusal in our words; the server's own belong beside it."""
    return str(REFUSAL_LABELS[explain_words(code, words, permanent=permanent)])
