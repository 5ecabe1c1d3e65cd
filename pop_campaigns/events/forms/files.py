"""The form of a file of an event."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField, FileRequired
from wtforms import BooleanField, RadioField, SelectField, StringField
from wtforms.fields.choices import SelectChoice

from pop_campaigns.core.forms import AtMost, Form
from pop_campaigns.core.mail_files import FileAudience, FileDelivery
from pop_campaigns.core.numbers import row_number
from pop_campaigns.core.text import clean_line
from pop_campaigns.events.words.files import AUDIENCES


class EventFileForm(Form):
    """A file, whom it is for, and to which point of the agenda it belongs."""

    file = FileField(_l("File"), [FileRequired(_l("Choose a file."))])
    label = StringField(_l("What it is called"), [AtMost(200)], filters=[clean_line])
    audience = RadioField(
        _l("Whom it is for"),
        choices=[SelectChoice(audience.value, words) for audience, words in AUDIENCES.items()],
        default=FileAudience.GUESTS.value,
    )
    as_link = BooleanField(_l("In the mail as a link only"))
    part = SelectField(_l("Belongs to"), coerce=lambda value: row_number(str(value)) if value else None)

    def __init__(self, points: Sequence[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        choices = [SelectChoice(str(ident), title) for ident, title in points]
        self.part.choices = [SelectChoice("", _("The event as a whole")), *choices]

    @property
    def wish(self) -> dict[str, Any]:
        """How the file is kept, as :func:`core.subject_files.attach_file` takes it."""
        delivery = FileDelivery.AS_LINK if self.as_link.data else FileDelivery.IN_MAIL
        return {
            "delivery": delivery,
            "audience": FileAudience(self.audience.data),
            "part": self.part.data,
            "label": self.label.data or "",
        }
