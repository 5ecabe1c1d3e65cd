"""What has not left, in words: how many mails, since when, and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import ColumnElement

from pop_campaigns.core.clock import local_date
from pop_campaigns.core.dates import clock_words, short_moment_words
from pop_campaigns.mail.queries import unsent
from pop_campaigns.mail.rules import Unsent
from pop_campaigns.mail.words.labels import refusal_words


@dataclass(frozen=True)
class UnsentNotice:
    """How many mails have not left since when, and why, each in words; ``urgent`` where somebody has to act."""

    what: str
    why: str
    urgent: bool


def unsent_notice(whose: ColumnElement[bool], now: datetime, lang: str) -> UnsentNotice | None:
    """Return the notice about mails of which the caller says whose they are; None where nothing is amiss. It counts only."""
    late = unsent(whose, now=now)
    if late is None:
        return None
    return UnsentNotice(unsent_words(late, lang, now), why_unsent(late, lang, now), urgent=not late.works)


def unsent_words(late: Unsent, lang: str, now: datetime) -> str:
    """Return *12 messages have not left since 08:10*; with the day where it was not today, in Tirana's time."""
    words: str = ngettext(
        "%(num)d message has not left since %(time)s",
        "%(num)d messages have not left since %(time)s",
        late.number,
        time=_moment(late.since, lang, now),
    )
    return words


def why_unsent(late: Unsent, lang: str, now: datetime) -> str:
    """Return why they have not left, in a sentence."""
    if not late.works:
        return str(_("Nothing is being sent: the worker is not running. Tell whoever runs the service."))
    reason = late.reason
    if reason is None:
        return str(_("Not tried yet: earlier mail goes first."))
    sentence = refusal_words(reason.code, reason.words, permanent=False)
    if reason.again_at <= now:
        return sentence
    return str(_("%(reason)s, next at %(time)s", reason=sentence, time=_moment(reason.again_at, lang, now)))


def _moment(instant: datetime, lang: str, now: datetime) -> str:
    same_day = local_date(instant) == local_date(now)
    return clock_words(instant) if same_day else short_moment_words(instant, lang)
