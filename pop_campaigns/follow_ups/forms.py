"""What is typed about a reminder."""

from __future__ import annotations

from datetime import date
from typing import Final

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, HiddenField, StringField

from pop_campaigns.core.forms import AtMost, DayField, Form, Needed
from pop_campaigns.core.once import once_field
from pop_campaigns.follow_ups.rules import LONGEST_WHY, QuickDay, quick_day

_DAY: Final = _l("Remind me on")


class FollowUpForm(Form):
    """Day and words of a reminder that is there."""

    day = DayField(_DAY, [Needed(_l("Choose a day."))])
    why = StringField(_l("Why, if you like"), [AtMost(LONGEST_WHY)])


class NewFollowUpForm(FollowUpForm):
    """A new reminder; a press of ``quick`` takes the place of the day typed."""

    for_all = BooleanField(_l("For everybody of our organisation"))
    quick = HiddenField()
    once = once_field()

    def press(self, today: date, due: date | None) -> None:
        """Take the day that was chosen by one press, if one was."""
        if self.quick.data in set(QuickDay):
            self.day.data = quick_day(QuickDay(self.quick.data), today, due) or self.day.data
            self.day.raw_data = [self.day.data.isoformat()] if self.day.data else self.day.raw_data
            self.day.process_errors = []
