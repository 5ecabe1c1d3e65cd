"""What is typed about one's own calendar address."""

from __future__ import annotations

from typing import Final

from flask_babel import lazy_gettext as _l
from wtforms import SelectField

from pop_campaigns.core.forms import Form

ALARMS: Final = {
    0: _l("No reminder"),
    15: _l("15 minutes before"),
    60: _l("An hour before"),
    1440: _l("A day before"),
}
"""How long before an event one's program reminds, in minutes."""


class FeedForm(Form):
    """When programs remind."""

    alarm = SelectField(
        _l("Reminder of your calendar program"),
        choices=[(str(minutes), words) for minutes, words in ALARMS.items()],
        default="0",
    )
