"""The rows of Today and who reads them: what every part of the work list is made of."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from flask_babel import gettext as _

from pop_campaigns.accounts.models import Organisation, User
from pop_campaigns.accounts.rules.roles import RoleName
from pop_campaigns.accounts.scope import may_change
from pop_campaigns.core.dates import day_words, relative_day_words
from pop_campaigns.core.i18n import current_language, in_language
from pop_campaigns.events.models.events import Event
from pop_campaigns.letters.models import Letter
from pop_campaigns.mail.models import OutgoingMail

SOON = timedelta(days=7)


@dataclass(frozen=True)
class WorkRow:
    """One thing to do: what, with whom, when, and the action (label and address, "" for those who only read).

    ``done_url`` takes a press that says it is done, where a person says that.
    """

    what: str
    url: str
    who: str = ""
    when: str = ""
    tone: str = ""
    action: str = ""
    action_url: str = ""
    organisation: str = ""
    done_url: str = ""


@dataclass(frozen=True)
class WorkList:
    """The sections of Today, in the order they are shown."""

    overdue: list[WorkRow] = field(default_factory=list)
    today: list[WorkRow] = field(default_factory=list)
    soon: list[WorkRow] = field(default_factory=list)
    waiting: list[WorkRow] = field(default_factory=list)
    later: list[WorkRow] = field(default_factory=list)

    @property
    def empty(self) -> bool:
        """True where nothing at all waits."""
        return not (self.overdue or self.today or self.soon or self.waiting or self.later)


@dataclass(frozen=True)
class Reader:
    """Who reads the list, when, in which language."""

    user: User
    now: datetime
    today: date
    lang: str

    def row(self, what: str, url: str, record: Event | Letter | OutgoingMail, **rest: str) -> WorkRow:
        """Return a row; the action only for those who may do it, the organisation for those who see several."""
        if not may_change(record, self.user):
            rest["action"] = rest["action_url"] = ""
        return WorkRow(what, url, **rest)

    def whose(self, organisation: Organisation | None) -> str:
        """Return the organisation's name, where the reader sees more than one."""
        if self.user.role is RoleName.COORDINATOR:
            return ""
        if organisation is None:
            return _("The whole network")
        return organisation.short_name or in_language(organisation, "name", current_language())


def day_in_words(day: date, reader: Reader) -> str:
    relative = relative_day_words(day, reader.today)
    if abs((day - reader.today).days) <= 1:
        return relative
    return f"{day_words(day, reader.lang)} · {relative}"
