"""Reminders in words: which rule, when it is due, what went and what did not, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext, pgettext
from flask_babel.speaklater import LazyString

from pop_campaigns.core.chips import Chip
from pop_campaigns.core.dates import moment_words
from pop_campaigns.invitations.models.reminders import ReminderRule
from pop_campaigns.invitations.queries.reminders import RuleState
from pop_campaigns.invitations.rules.reminders import Audience, ReminderReason
from pop_campaigns.mail.rules import MailState

AUDIENCES: Final[Mapping[Audience, LazyString]] = {
    Audience.YES: _l("those who come, perhaps come or send somebody"),
    Audience.SILENT: _l("those who have not answered"),
}
WHY_NOT: Final[Mapping[ReminderReason, LazyString]] = {
    ReminderReason.NEW_RULE: _l("this reminder was set up or moved after its hour"),
    ReminderReason.TOLD_LATER: _l("invited, or told of the date, after its hour or shortly before"),
    ReminderReason.ANSWERED: _l("had answered"),
    ReminderReason.NOT_COMING: _l("had not said that they come"),
    ReminderReason.ANSWERED_LATER: _l("answered after its hour"),
    ReminderReason.PROPOSES: _l("proposed another time and waits for you"),
    ReminderReason.NOT_WANTED: _l("wants no more mail"),
    ReminderReason.UNREACHABLE: _l("mail keeps coming back"),
    ReminderReason.TOO_LATE: _l("found too late: less than three hours before the start"),
    ReminderReason.OVERTAKEN: _l("late, and the next reminder was due already"),
    ReminderReason.ONE_A_DAY: _l("had another reminder of yours that day"),
    ReminderReason.CANCELLED: _l("the event was cancelled"),
    ReminderReason.BEGUN: _l("the event had begun"),
    ReminderReason.WITHDRAWN: _l("the invitation was withdrawn"),
    ReminderReason.CHANGED: _l("the event changed, and they had to hear of that first"),
    ReminderReason.STOPPED: _l("the reminder was stopped"),
}
_ON_THE_WAY = (MailState.QUEUED, MailState.SENDING)


@dataclass(frozen=True)
class ScheduleLine:
    """One rule on the event's page: what, when, its chip, and what is to be said below."""

    rule_id: int
    what: str
    when: str
    at: datetime | None
    chip: Chip
    below: list[str]


def rule_words(days: int, audience: Audience) -> str:
    """Return what a rule says: how long before, and to whom."""
    if audience is Audience.YES:
        return ngettext(
            "%(num)d day before, to those who come",
            "%(num)d days before, to those who come",
            days,
        )
    return ngettext(
        "%(num)d day before, to those who have not answered",
        "%(num)d days before, to those who have not answered",
        days,
    )


def schedule_lines(states: Sequence[RuleState], now: datetime, lang: str) -> list[ScheduleLine]:
    """Return the rules of an event as its page lists them."""
    return [schedule_line(state, now, lang) for state in states]


def schedule_line(state: RuleState, now: datetime, lang: str) -> ScheduleLine:
    """Return one rule as pages show it."""
    rule, due = state.rule, state.due_at
    return ScheduleLine(
        rule.id,
        rule_words(rule.days_before, rule.audience),
        moment_words(due, lang) if due else "",
        due,
        _chip(state, now),
        [*_ahead(state, now), *_gone(state), *_not_gone(state)],
    )


def _chip(state: RuleState, now: datetime) -> Chip:
    if state.rule.stopped_at is not None:
        return Chip("–", pgettext("reminder", "Stopped"), "warn")
    if state.due_at is None or now < state.due_at:
        return Chip("○", pgettext("reminder", "To come"), "info")
    if any(state.mails[stage] for stage in _ON_THE_WAY):
        return Chip("◐", pgettext("reminder", "On its way"), "info")
    if state.mails[MailState.FAILED]:
        return Chip("!", pgettext("reminder", "Not all arrived"), "bad")
    if state.mails[MailState.SENT]:
        return Chip("●", pgettext("reminder", "Sent"), "good")
    if state.without:
        return Chip("–", pgettext("reminder", "Not needed"), "quiet")
    return Chip("○", pgettext("reminder", "Past"), "quiet")


def _ahead(state: RuleState, now: datetime) -> list[str]:
    """Return to how many a rule goes that is still to come, and who has to hear of a change first."""
    if state.rule.stopped_at is not None or state.due_at is None or now >= state.due_at:
        return []
    if not state.ahead:
        return [_("as it stands, to nobody")]
    lines = [ngettext("as it stands, to %(num)d guest", "as it stands, to %(num)d guests", state.ahead)]
    if state.untold:
        lines.append(
            ngettext(
                "%(num)d of them knows an older time and has to be told of the change first",
                "%(num)d of them know an older time and have to be told of the change first",
                state.untold,
            )
        )
    return lines


def _gone(state: RuleState) -> list[str]:
    sent, failed = state.mails[MailState.SENT], state.mails[MailState.FAILED]
    waiting = sum(state.mails[stage] for stage in _ON_THE_WAY)
    called_off = state.mails[MailState.WITHDRAWN]
    lines = []
    if sent:
        lines.append(ngettext("sent to %(num)d guest", "sent to %(num)d guests", sent))
    if state.late:
        lines.append(ngettext("%(num)d of them late", "%(num)d of them late", state.late))
    if waiting:
        lines.append(ngettext("%(num)d mail is on its way", "%(num)d mails are on their way", waiting))
    if failed:
        lines.append(ngettext("%(num)d mail was refused", "%(num)d mails were refused", failed))
    if called_off:
        lines.append(
            ngettext(
                "%(num)d was called off: something newer was said",
                "%(num)d were called off: something newer was said",
                called_off,
            )
        )
    return lines


def _not_gone(state: RuleState) -> list[str]:
    """Return for how many there was none and why, the most first."""
    return [
        _("none for %(number)d: %(why)s", number=number, why=str(WHY_NOT[reason]))
        for reason, number in state.without.most_common()
    ]


def moved_words(details: Mapping[str, Any]) -> str:
    """Return of which rule a row of history speaks."""
    days, audience = details.get("days"), details.get("audience")
    if not isinstance(days, int) or audience not in set(Audience):
        return ""
    return rule_words(days, Audience(audience))


def rule_title(rule: ReminderRule) -> str:
    """Return the heading of a rule's page."""
    return _("Reminder %(what)s", what=rule_words(rule.days_before, rule.audience))
