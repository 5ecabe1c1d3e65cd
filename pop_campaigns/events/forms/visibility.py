"""The question that ends a draft: on the site, or for those only who are asked."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import RadioField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import StopValidation

from pop_campaigns.core.forms import Form
from pop_campaigns.events.models.events import Event
from pop_campaigns.events.rules.visibility import EventVisibility, usual_visibility


class EndOfDraftForm(Form):
    """What becomes of a draft whose guests are invited: chosen beforehand as its kind usually is."""

    visibility = RadioField(
        _l("Who else shall know of it?"),
        coerce=EventVisibility,
        choices=[
            SelectChoice(EventVisibility.PUBLIC, _l("Everybody: it goes on the site as well")),
            SelectChoice(EventVisibility.INTERNAL, _l("Only the guests: it does not stand on the site")),
        ],
    )

    def __init__(self, event: Event, **kwargs: Any) -> None:
        super().__init__(data={"visibility": usual_visibility(event.kind)}, **kwargs)

    def validate_visibility(self, field: RadioField) -> None:
        """Take no choice that nobody made: what was only chosen beforehand was not sent."""
        if not field.raw_data:
            raise StopValidation(_("Choose who else shall know of the event."))
