"""How far a mail that came in is worked off, in words: its state in a list, and what was done with it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from flask_babel import gettext as _
from flask_babel import lazy_pgettext as _lp
from flask_babel import pgettext
from flask_babel.speaklater import LazyString

from pop_campaigns.core.chips import Chip
from pop_campaigns.incoming.queries.deeds import FORWARD_KIND, Deed
from pop_campaigns.incoming.queries.incoming import has_unread_words
from pop_campaigns.incoming.words.labels import STATE_CHIPS
from pop_campaigns.invitations.models.date_polls import SlotAnswer
from pop_campaigns.invitations.models.invitations import GivenAnswer
from pop_campaigns.invitations.rules.invitations import Answer, AnswerChannel
from pop_campaigns.letters.models import LetterResponse
from pop_campaigns.letters.rules.letters import ResponseKind
from pop_campaigns.letters.words.labels import RESPONSES
from pop_campaigns.mail.models import IncomingMail
from pop_campaigns.mail.rules import IncomingKind, IncomingState, Review
from pop_campaigns.mail.secrets import mask_secrets

_UNREAD: Final = Chip("●", _lp("mail", "Unread"), "info")
_READ: Final = Chip("✓", _lp("mail", "Read"), "quiet")
_SAID: Final[dict[Answer, LazyString]] = {
    Answer.ACCEPTED: _lp("recorded answer", "yes"),
    Answer.TENTATIVE: _lp("recorded answer", "maybe"),
    Answer.DECLINED: _lp("recorded answer", "no"),
    Answer.DELEGATED: _lp("recorded answer", "sends someone else"),
}


def work_chip(mail: IncomingMail, deeds: Sequence[Deed]) -> Chip:
    """Return the chip of a mail in a list: what is to be done with it, else what became of it."""
    if mail.state is not IncomingState.MATCHED:
        return STATE_CHIPS[mail.state]
    if has_unread_words(mail):
        return _UNREAD
    recorded = [deed for deed in deeds if isinstance(deed, GivenAnswer | SlotAnswer | LetterResponse)]
    if mail.review is Review.OLDER:
        return Chip("–", _("Older than the answer that counts"), "quiet")
    if recorded or deeds:
        return Chip("✓", deed_words((recorded or deeds)[-1]), "good")
    if mail.kind is not IncomingKind.HUMAN:
        return STATE_CHIPS[mail.state]._replace(tone="quiet")
    return _READ


def is_unread(mail: IncomingMail) -> bool:
    """Return whether a mail is shown as one that nobody has looked at: unread, or still to be filed."""
    return mail.state is IncomingState.HELD or has_unread_words(mail)


def deed_words(deed: Deed) -> str:
    """Return what was done with a mail: *Recorded as: no*, *Answered*, *Passed on to Koordinator Fier*."""
    if isinstance(deed, GivenAnswer):
        answer = _SAID[deed.answer]
        if deed.channel is AnswerChannel.CALENDAR:
            return _("Counted as: %(answer)s", answer=answer)
        return _("Recorded as: %(answer)s", answer=answer)
    if isinstance(deed, SlotAnswer):
        return _("Recorded when they can")
    if isinstance(deed, LetterResponse):
        return _("Recorded as response: %(kind)s", kind=response_words(deed.kind))
    if deed.kind == FORWARD_KIND:
        return _("Passed on to %(who)s", who=mask_secrets(deed.to_name or deed.to_address))
    return pgettext("message that came in", "Answered")


def response_words(kind: ResponseKind) -> str:
    """Return a kind of response within a sentence."""
    words = str(RESPONSES[kind])
    return words[:1].lower() + words[1:]
