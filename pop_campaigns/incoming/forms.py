"""The shape of input about mail that came in: what it is recorded as, the words when a proposed time is declined."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import RadioField, TextAreaField
from wtforms.fields.choices import SelectChoice

from pop_campaigns.core.forms import AtMost, Form
from pop_campaigns.core.text import clean_text
from pop_campaigns.invitations.forms import ByHandForm
from pop_campaigns.letters.forms import ResponseForm

NO_FILE: Final = "none"
LONGEST_WORDS: Final = 2000


class DeclineForm(Form):
    """The words that go along when a proposed time is declined."""

    words = TextAreaField(_l("What you want to add"), [AtMost(LONGEST_WORDS)], filters=[clean_text])


class AnswerInMailForm(ByHandForm):
    """What a guest answers in the words of a message: how it came is known, and the message is its proof."""

    told_how = None
    file = None


class ResponseInMailForm(ResponseForm):
    """What an office responds in a message; ``taken`` is which of the files that came with it is the response."""

    taken = RadioField(_l("The response is in"))

    def offer_files(self, files: Sequence[tuple[int, str]]) -> None:
        """Fill the choice of files by their number in the message; without any the field is not asked."""
        if not files:
            del self.taken
            return
        self.taken.choices = [
            *(SelectChoice(value=str(number), label=name) for number, name in files),
            SelectChoice(value=NO_FILE, label=_("No file: the words of the message are the response")),
        ]

    def taken_file(self) -> int | None:
        """Return the number of the chosen file in the message, None where there is none or another one is handed in."""
        if "taken" not in self or self.taken.data == NO_FILE or self.handed_in():
            return None
        return int(self.taken.data)

    def handed_in(self) -> bool:
        """Return whether a file was chosen from somebody's own machine, which then takes precedence."""
        return bool(self.file.data and self.file.data.filename)
