"""What is typed about a call, a visit or a word in passing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext as _lp
from wtforms import SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Optional, StopValidation

from pop_campaigns.contacts.forms.institutions import Plausible
from pop_campaigns.contacts.models.contact_log import LogEntry
from pop_campaigns.contacts.rules import LogKind
from pop_campaigns.contacts.services.contact_log import LogDraft
from pop_campaigns.contacts.words.labels import LOG_KINDS
from pop_campaigns.core.forms import AtMost, DayField, Form, HourField, Needed
from pop_campaigns.core.once import once_field
from pop_campaigns.core.text import clean_line, clean_text

LONGEST_SAID = 5000
LONGEST_WITH = 200


class LogForm(Form):
    """An entry of the contact log; day and hour are those of Tirana."""

    kind = SelectField(_lp("contact log", "How"), default=LogKind.CALL.value)
    day = DayField(_l("Day"), [Needed(_l("Choose a day.")), Plausible()])
    hour = HourField(_l("Hour"), [Optional()], description=_l("As far as it is known."))
    with_whom = StringField(
        _l("With whom"),
        [AtMost(LONGEST_WITH)],
        filters=[clean_line],
        description=_l("Name and position: secretary, register office, the holder"),
    )
    said = TextAreaField(_l("What was said"), [Needed(), AtMost(LONGEST_SAID)], filters=[clean_text])

    def __init__(self, today: date, *args: Any, **kwargs: Any) -> None:
        self.today = today
        super().__init__(*args, **kwargs)
        self.kind.choices = [SelectChoice(kind.value, words) for kind, words in LOG_KINDS.items()]
        if not self.is_submitted() and self.day.data is None:
            self.day.data = today

    def validate_day(self, field: DayField) -> None:
        """Refuse a day that has not come."""
        if field.data and field.data > self.today:
            raise StopValidation(_("This day has not come yet."))

    def draft(self) -> LogDraft:
        """Return what was typed."""
        return LogDraft(
            LogKind(self.kind.data),
            self.day.data,
            self.hour.data,
            self.with_whom.data or "",
            self.said.data or "",
        )


class NewLogForm(LogForm):
    """A new entry; ``about`` chooses among an institution and its offices, where the page shows several."""

    about = SelectField(_lp("contact log", "About"), default="", validate_choice=False)
    once = once_field()

    def offer(self, subjects: Sequence[tuple[str, str]]) -> None:
        """Let the entry be about one of several: keys and words."""
        self.about.choices = [SelectChoice(key, words) for key, words in subjects]


def entry_values(entry: LogEntry) -> dict[str, Any]:
    """Return what the form shows of an entry."""
    return {name: getattr(entry, name) for name in ("day", "hour", "with_whom", "said")} | {
        "kind": entry.kind.value
    }
