"""What is typed about a call, a visit or a word in passing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext as _lp
from wtforms import EmailField, HiddenField, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Optional, StopValidation

from pop_campaigns.contacts.forms.institutions import OneAddress, Plausible, read_address
from pop_campaigns.contacts.models.contact_log import LogEntry
from pop_campaigns.contacts.rules import CheckResult, LogKind
from pop_campaigns.contacts.services.contact_log import AddressCheck, LogDraft
from pop_campaigns.contacts.words.labels import CHECK_RESULTS, LOG_KINDS
from pop_campaigns.core.forms import AtMost, DayField, Form, HourField, Needed
from pop_campaigns.core.once import once_field
from pop_campaigns.core.text import clean_line, clean_text

LONGEST_SAID = 5000
LONGEST_WITH = 200
_AGAIN_IN = timedelta(days=3)


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


class CheckForm(Form):
    """What a call found out about an address, as it was when the form was opened; the day is that of Tirana."""

    result = RadioField(
        _lp("phone check", "What you were told"),
        [InputRequired(_l("Choose what the call found out."))],
        choices=[SelectChoice(result.value, words) for result, words in CHECK_RESULTS.items()],
    )
    new_email = EmailField(
        _l("The other address"),
        description=_l("If you were told one: from now on mail goes there."),
    )
    again_on = DayField(_l("Call again on"), description=_l("If nobody answered the phone."))
    day = DayField(_l("Day of the call"), [Needed(_l("Choose a day.")), Plausible()])
    with_whom = StringField(
        _l("With whom"),
        [AtMost(LONGEST_WITH)],
        filters=[clean_line],
        description=_l("Name and position: secretary, register office, the holder"),
    )
    said = TextAreaField(_l("What was said"), [AtMost(LONGEST_SAID)], filters=[clean_text])
    address = HiddenField(validators=[AtMost(254)])
    once = once_field()

    def __init__(self, today: date, *args: Any, **kwargs: Any) -> None:
        self.today = today
        super().__init__(*args, **kwargs)
        if not self.is_submitted():
            self.day.data, self.again_on.data = today, today + _AGAIN_IN

    def validate_new_email(self, field: EmailField) -> None:
        """Ask for the address where there is another one, and refuse one that does not fit what was chosen."""
        changed = self.result.data == CheckResult.CHANGED.value
        if changed and not field.data:
            raise StopValidation(_("Type the other address, or choose that nobody reads there."))
        if field.data and self.result.data and not changed:
            raise StopValidation(_("You typed another address: choose that there is one, or leave it empty."))
        if field.data:
            OneAddress()(self, field)

    def validate_again_on(self, field: DayField) -> None:
        """Require a day to come where nobody answered; elsewhere it says nothing."""
        if self.result.data == CheckResult.AGAIN.value and (not field.data or field.data <= self.today):
            raise StopValidation(_("Choose a day to come."))
        Plausible()(self, field)

    def validate_day(self, field: DayField) -> None:
        """Refuse a day that has not come."""
        if field.data and field.data > self.today:
            raise StopValidation(_("This day has not come yet."))

    def draft(self) -> LogDraft:
        """Return what is noted in the log."""
        return LogDraft(LogKind.CALL, self.day.data, None, self.with_whom.data or "", self.said.data or "")

    def check(self, address: str) -> AddressCheck:
        """Return what was found out about an address, once the form is valid."""
        result = CheckResult(self.result.data)
        return AddressCheck(
            address,
            result,
            again_on=self.again_on.data if result is CheckResult.AGAIN else None,
            instead=read_address(self.new_email.data) if result is CheckResult.CHANGED else "",
        )


def entry_values(entry: LogEntry) -> dict[str, Any]:
    """Return what the form shows of an entry."""
    return {name: getattr(entry, name) for name in ("day", "hour", "with_whom", "said")} | {
        "kind": entry.kind.value
    }
