"""The shape of input about mail that came in: what it is recorded as, the words when a proposed time is declined."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.datastructures import FileStorage
from wtforms import (
    BooleanField,
    MultipleFileField,
    RadioField,
    SelectField,
    SelectMultipleField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import ValidationError
from wtforms.widgets import CheckboxInput, ListWidget

from pop_campaigns.core.forms import AtMost, Form, Needed
from pop_campaigns.core.mail_files import FileDelivery
from pop_campaigns.core.once import once_field
from pop_campaigns.core.text import clean_text
from pop_campaigns.incoming.services.replying import Handed
from pop_campaigns.invitations.forms import ByHandForm
from pop_campaigns.letters.forms import ResponseForm

LONGEST_LETTER: Final = 10_000
MOST_WRITTEN_FILES: Final = 10
LONGEST_WORDS: Final = 2000


class DeclineForm(Form):
    """The words that go along when a proposed time is declined."""

    words = TextAreaField(_l("What you want to add"), [AtMost(LONGEST_WORDS)], filters=[clean_text])


class WritingForm(Form):
    """Words to somebody, with files; ``insert`` is the button pressed to take over what is often written."""

    once = once_field()
    to = RadioField(_l("To"), [Needed(_l("Choose to whom it goes."))])
    words = TextAreaField(_l("Your message"), [AtMost(LONGEST_LETTER)], filters=[clean_text])
    files = MultipleFileField(_l("Files"))
    as_link = BooleanField(_l("Send the files as links instead of in the mail"))

    def validate_files(self, field: MultipleFileField) -> None:
        """Allow a handful of files."""
        if len(self.chosen_files()) > MOST_WRITTEN_FILES:
            raise ValidationError(_("Choose at most %(number)d files.", number=MOST_WRITTEN_FILES))

    def chosen_files(self) -> list[FileStorage]:
        """Return the files that were chosen, without the empty one a browser sends for none."""
        return [file for file in self.files.data or [] if isinstance(file, FileStorage) and file.filename]

    def handed_files(self) -> list[Handed]:
        """Return the chosen files with their content, and how they go."""
        delivery = FileDelivery.AS_LINK if self.as_link.data else FileDelivery.IN_MAIL
        return [Handed(file.read(), file.filename or "", delivery) for file in self.chosen_files()]


class ReplyForm(WritingForm):
    """An answer to who wrote a message, in a person's own words."""

    def validate_words(self, field: TextAreaField) -> None:
        """Require words: an empty answer says nothing."""
        if not field.data:
            raise ValidationError(_("Write what you answer."))


class PassOnForm(WritingForm):
    """A message passed on to a colleague, with words of one's own and those of its files that are chosen."""

    to = SelectField(_l("To whom"), [Needed(_l("Choose to whom it goes."))])
    words = TextAreaField(_l("What you want to add"), [AtMost(LONGEST_WORDS)], filters=[clean_text])
    files = None
    as_link = None
    taken = SelectMultipleField(_l("Files that go along"), choices=[], widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput())  # fmt: skip


class AnswerInMailForm(ByHandForm):
    """What a guest answers in the words of a message: how it came is known, and the message is its proof."""

    told_how = None
    file = None


class ResponseInMailForm(ResponseForm):
    """What an office responds in a message; ``taken`` are those of the files that came with it that are kept with it."""

    taken = SelectMultipleField(
        _l("Files kept with the response"),
        choices=[],
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )

    def offer_files(self, files: Sequence[tuple[int, str]]) -> None:
        """Fill the choice of files by their number in the message; without any the field is not asked."""
        if not files:
            del self.taken
            return
        self.taken.choices = [SelectChoice(value=str(number), label=name) for number, name in files]

    def taken_files(self) -> list[int]:
        """Return the numbers of the chosen files in the message."""
        return [int(number) for number in self.taken.data or []] if "taken" in self else []

    def handed_in(self) -> bool:
        """Return whether a file was chosen from somebody's own machine, which then is the first."""
        return bool(self.file.data and self.file.data.filename)
