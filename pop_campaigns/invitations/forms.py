"""What is typed about invitations, checked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import (
    BooleanField,
    DateTimeLocalField,
    EmailField,
    FileField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, NumberRange, Optional, ValidationError
from wtforms.widgets import CheckboxInput, ListWidget

from pop_campaigns.contacts.forms.institutions import OneAddress
from pop_campaigns.core.clock import TIRANE
from pop_campaigns.core.forms import AtMost, DayField, Form, Needed
from pop_campaigns.core.numbers import NumberField
from pop_campaigns.core.text import clean_line, clean_text
from pop_campaigns.events.forms.typed_slots import is_blank, offer_equal_hours, read_slot, slot_fields
from pop_campaigns.events.forms.typed_times import When
from pop_campaigns.invitations.messages.notices import NoticeWords
from pop_campaigns.invitations.rules.date_polls import Says
from pop_campaigns.invitations.rules.guest_messages import GuestChosen, GuestGroup, Reached
from pop_campaigns.invitations.rules.invitations import Answer
from pop_campaigns.invitations.rules.reminders import DEFAULT_HOUR, FIRST_HOUR, LAST_HOUR, MOST_DAYS
from pop_campaigns.invitations.words.guest_messages import GUEST_GROUPS, REACHED
from pop_campaigns.invitations.words.labels import ANSWERS, TOLD_HOW
from pop_campaigns.invitations.words.reminders import AUDIENCES

LONGEST_NOTE = 2000
LONGEST_SUBSTITUTE = 200
SLOT_LINES = 5
KEEP = "KEEP"


class NoteForm(Form):
    """What the coordinator adds to the invitation."""

    note_sq = TextAreaField(
        _l("Your note in Albanian"), validators=[AtMost(LONGEST_NOTE)], filters=[clean_text]
    )
    note_en = TextAreaField(
        _l("Your note in English"), validators=[AtMost(LONGEST_NOTE)], filters=[clean_text]
    )


class AnswerForm(Form):
    """What a guest says. ``answer`` is the button pressed; KEEP leaves the answer given and sends the words."""

    def __init__(self, *, answered: bool = False, **values: Any) -> None:
        super().__init__(**values)
        self.answered = answered

    answer = StringField("")
    substitute = StringField(
        _l("Who comes instead of you (name and office)"),
        validators=[AtMost(LONGEST_SUBSTITUTE)],
        filters=[clean_line],
    )
    note = TextAreaField(
        _l("A note to the organisers"), validators=[AtMost(LONGEST_NOTE)], filters=[clean_text]
    )

    def validate_answer(self, field: StringField) -> None:
        """Accept only what the buttons say."""
        buttons = {answer.value for answer in Answer if answer is not Answer.NEEDS_ACTION}
        if field.data not in (buttons | {KEEP} if self.answered else buttons):
            raise ValidationError(_("Choose one of the answers."))

    def validate_substitute(self, field: StringField) -> None:
        """Require a name where someone else comes."""
        if self.answer.data == Answer.DELEGATED and not field.data:
            raise ValidationError(_("Write who comes instead of you."))


class OtherTimeForm(Form):
    """Another time that a guest proposes, by the clocks of the event's zone."""

    day, start, end, fold = slot_fields().values()
    why = TextAreaField(
        _l("Why it suits you better"), validators=[AtMost(LONGEST_NOTE)], filters=[clean_text]
    )

    def __init__(self, zone: str, **values: Any) -> None:
        super().__init__(**values)
        self.zone, self.when = zone, When()
        offer_equal_hours(self, zone)

    def validate(self, extra_validators: Any = None) -> bool:
        """Check each field, then what day and hours mean together."""
        super().validate(extra_validators)
        self.when = read_slot(self, self.zone) or When()
        return self.when.starts_at is not None and not self.errors


class SlotsForm(Form):
    """Times to be put to the guests, a line each; a line left empty counts for nothing."""

    def __init__(self, zone: str, lines: int, **values: Any) -> None:
        super().__init__(**values)
        self.zone, self.lines = zone, min(lines, SLOT_LINES)
        self.times: list[tuple[datetime, datetime | None]] = []
        for line in self.endings:
            offer_equal_hours(self, zone, line)

    @property
    def endings(self) -> list[str]:
        """What ends the names of the fields of each line that is shown."""
        return [f"_{number}" for number in range(1, self.lines + 1)]

    def validate(self, extra_validators: Any = None) -> bool:
        """Check each line, and that there is one at all and no time twice."""
        super().validate(extra_validators)
        for line in self.endings:
            if is_blank(self, line):
                continue
            when = read_slot(self, self.zone, line)
            if when is None or when.starts_at is None:
                continue
            if when.starts_at in dict(self.times):
                self[f"day{line}"].errors = [_("This time stands here twice.")]
            elif when.starts_at <= self.now:
                self[f"day{line}"].errors = [_("This time is over already.")]
            self.times.append((when.starts_at, when.ends_at))
        if not self.times and not self.errors:
            self[f"day{self.endings[0]}"].errors = [_("Give at least one day with its hour.")]
        return not self.errors

    now: datetime


for _line in range(1, SLOT_LINES + 1):
    for _name, _field in slot_fields(f"_{_line}").items():
        setattr(SlotsForm, _name, _field)


class SlotAnswersForm(Form):
    """What a guest says of each time, and a note. The times are those that stand, by number."""

    note = TextAreaField(
        _l("A note to the organisers"), validators=[AtMost(LONGEST_NOTE)], filters=[clean_text]
    )

    def __init__(self, slots: Sequence[int], known: Mapping[int, Says] | None = None, **values: Any) -> None:
        super().__init__(**values)
        typed = request.form if self.is_submitted() else None
        self.slots = list(slots)
        self.said = {slot: _says(typed.get(f"slot-{slot}")) for slot in slots} if typed else dict(known or {})
        self.missing: set[int] = set()

    def validate(self, extra_validators: Any = None) -> bool:
        """Require a word about each time."""
        good = super().validate(extra_validators)
        self.missing = {slot for slot in self.slots if not self.said.get(slot)}
        if self.missing:
            self.form_errors.append(_("Say of each time whether it suits you."))
        return good and not self.missing

    @property
    def words(self) -> dict[int, Says]:
        """What was said, of the times of which something was."""
        return {slot: says for slot, says in self.said.items() if says}


class SlotsFromMailForm(SlotAnswersForm):
    """What a guest says of each time as somebody read or heard it: perhaps not of every one."""

    def validate(self, extra_validators: Any = None) -> bool:
        """Require a word about one time at least."""
        good = Form.validate(self, extra_validators)
        if not self.words:
            self.form_errors.append(_("Mark at least one time."))
        return good and bool(self.words)


class SlotsByHandForm(SlotsFromMailForm):
    """The same, with how it came."""

    told_how = RadioField(
        _l("How did it come?"),
        [Needed(_l("Choose how the answer came."))],
        choices=[SelectChoice(how.value, words) for how, words in TOLD_HOW.items()],
    )


def _says(typed: str | None) -> Says | None:
    return Says(typed) if typed in set(Says) else None


class ByHandForm(Form):
    """An answer that did not come through the service: by phone, on paper, in person, to somebody's own mailbox."""

    answer = RadioField(
        _l("The answer"),
        [Needed(_l("Choose what the guest said."))],
        choices=[
            SelectChoice(answer.value, ANSWERS[answer])
            for answer in Answer
            if answer is not Answer.NEEDS_ACTION
        ],
    )
    substitute = StringField(
        _l("Who comes instead (name and office)"), [AtMost(LONGEST_SUBSTITUTE)], filters=[clean_line]
    )
    said_at = DateTimeLocalField(
        _l("When was it said?"), [Optional()], format=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"]
    )
    note = TextAreaField(_l("What they said"), [AtMost(LONGEST_NOTE)], filters=[clean_text])
    told_how = RadioField(
        _l("How did it come?"),
        [Needed(_l("Choose how the answer came."))],
        choices=[SelectChoice(how.value, words) for how, words in TOLD_HOW.items()],
    )
    file = FileField(_l("Scan or photo"))

    now: datetime

    @property
    def said(self) -> datetime | None:
        """When it was said, by the clocks of Tirana; None for this moment."""
        wall = self.said_at.data
        return wall.replace(tzinfo=ZoneInfo(TIRANE)).astimezone(UTC) if wall else None

    def validate_said_at(self, field: DateTimeLocalField) -> None:
        """Require a moment that has been, of this century."""
        if field.data is None:
            return
        if field.data.year < 2000:
            raise ValidationError(_("Check the year."))
        if self.said is not None and self.said > self.now:
            raise ValidationError(_("This moment has not come yet."))

    def validate_substitute(self, field: StringField) -> None:
        """Require a name where someone else comes."""
        if self.answer.data == Answer.DELEGATED.value and not field.data:
            raise ValidationError(_("Write who comes in their place."))


class CallForm(Form):
    """What came of a call: the button that was pressed, and the day on which to call again."""

    press = StringField("")
    again_on = DayField(_l("Call again on"), [Optional()])


class CorrectAddressForm(Form):
    """Where the mails of one guest go from now on."""

    email = EmailField(_l("New e-mail address"), [Needed(), OneAddress()], filters=[clean_line])
    contact = BooleanField(_l("Also correct it in the contacts"))


class MoveReminderForm(Form):
    """When a reminder goes: so many days before, at an hour of Tirana's clock."""

    days_before = NumberField(
        _l("Days before the event"),
        [
            InputRequired(_l("Write how many days before.")),
            NumberRange(1, MOST_DAYS, _l("From 1 to %(max)s days before.")),
        ],
    )
    hour = SelectField(
        _l("Hour"),
        choices=[(str(hour), f"{hour:02}:00") for hour in range(FIRST_HOUR, LAST_HOUR + 1)],
        default=str(DEFAULT_HOUR),
    )


class ReminderForm(MoveReminderForm):
    """One more reminder."""

    audience = RadioField(
        _l("Who is reminded?"),
        [Needed(_l("Choose who is reminded."))],
        choices=[SelectChoice(audience.value, words) for audience, words in AUDIENCES.items()],
    )


LONGEST_MESSAGE = 10_000


class GuestsOfMessageForm(Form):
    """For whom a message is meant: guests by what they answered, or single ones."""

    groups = SelectMultipleField(
        _l("By answer"), widget=ListWidget(prefix_label=False), option_widget=CheckboxInput()
    )
    reached = RadioField(
        _l("Of these"),
        [Optional()],
        choices=[SelectChoice(reached.value, words) for reached, words in REACHED.items()],
        default=Reached.ALL.value,
    )
    guests = SelectMultipleField(
        _l("Single guests"),
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )

    def offer(self, counts: Mapping[GuestGroup, int], guests: Sequence[tuple[str, str]]) -> None:
        """Fill the choices: groups with how many are in each, guests by number and name."""
        self.groups.choices = [
            SelectChoice(group.value, f"{words} – {counts.get(group, 0)}")
            for group, words in GUEST_GROUPS.items()
        ]
        self.guests.choices = [SelectChoice(number, name) for number, name in guests]

    @property
    def chosen(self) -> GuestChosen:
        """For whom it is meant."""
        return GuestChosen(
            frozenset(GuestGroup(name) for name in self.groups.data or []),
            Reached(self.reached.data or Reached.ALL),
            frozenset(int(number) for number in self.guests.data or []),
        )

    def validate_guests(self, field: SelectMultipleField) -> None:
        """Require somebody."""
        if not field.data and not self.groups.data:
            raise ValidationError(_("Choose whom you write to."))


class NoticeWordsForm(Form):
    """What is added in one's own words to a change, a cancellation or a withdrawal."""

    words_sq = TextAreaField(_l("Your words in Albanian"), [AtMost(LONGEST_NOTE)], filters=[clean_text])
    words_en = TextAreaField(_l("Your words in English"), [AtMost(LONGEST_NOTE)], filters=[clean_text])

    @property
    def words(self) -> NoticeWords:
        """The words as typed."""
        return NoticeWords(self.words_sq.data or "", self.words_en.data or "")


class GuestMessageForm(Form):
    """A message in one's own words, in the languages its receivers read."""

    subject_sq = StringField(_l("Subject in Albanian"), [AtMost(200)], filters=[clean_line])
    text_sq = TextAreaField(_l("Text in Albanian"), [AtMost(LONGEST_MESSAGE)], filters=[clean_text])
    subject_en = StringField(_l("Subject in English"), [AtMost(200)], filters=[clean_line])
    text_en = TextAreaField(_l("Text in English"), [AtMost(LONGEST_MESSAGE)], filters=[clean_text])

    @property
    def subjects(self) -> dict[str, str]:
        """The subjects as typed, by language."""
        return {"sq": self.subject_sq.data or "", "en": self.subject_en.data or ""}

    @property
    def texts(self) -> dict[str, str]:
        """The texts as typed, by language."""
        return {"sq": self.text_sq.data or "", "en": self.text_en.data or ""}

    def require(self, fields: Iterable[tuple[str, str]]) -> bool:
        """Mark what is missing, by (field, language); return whether nothing is."""
        complete = True
        for name, lang in fields:
            complete = False
            words = _("Write the subject.") if name == "subject" else _("Write the text.")
            self[f"{name}_{lang}"].errors = [*self[f"{name}_{lang}"].errors, words]
        return complete


class MessageFileForm(Form):
    """A file that goes with a message."""

    file = FileField(_l("File"), [Needed(_l("Choose a file."))])
    as_link = BooleanField(_l("As a link instead of in the mail"))
