"""What is typed about lists, checked."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import RadioField, SelectField, SelectMultipleField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import StopValidation
from wtforms.widgets import CheckboxInput

from pop_campaigns.contacts.forms.institutions import day, kind_choices
from pop_campaigns.contacts.words.labels import PERSON_KINDS, PURPOSES
from pop_campaigns.core.forms import AtMost, DayField, Form, Needed
from pop_campaigns.core.once import once_field
from pop_campaigns.core.places import all_municipalities
from pop_campaigns.core.text import clean_line
from pop_campaigns.lists.queries.conditions import conditions, read_filter
from pop_campaigns.lists.queries.lists import counties
from pop_campaigns.lists.rules import LONGEST_TOPIC, LONGEST_WORDS, ListFilter, Subject
from pop_campaigns.lists.words import SUBJECTS

LONGEST_NAME = 160


class NameForm(Form):
    """What a list is called. ``once`` tells a second press from a second list."""

    name = StringField(
        _l("Name of the list"),
        validators=[Needed(), AtMost(LONGEST_NAME)],
        filters=[clean_line],
        description=_l("As in: Mayors, Journalists in Durrës"),
    )
    once = once_field()


class SeveralKinds(SelectMultipleField):
    """Boxes to tick; a value that has no box is named as wrong without being repeated."""

    option_widget = CheckboxInput()

    def pre_validate(self, _form: Form) -> None:
        """Refuse what has no box."""
        if set(self.data or ()) - {choice.value for choice in self.choices}:
            raise StopValidation(_("Not a valid choice."))


class FilterForm(Form):
    """Whom a list looks up. All that is chosen must hold; what is left open holds for everybody."""

    of = RadioField(_l("Look for"), default=Subject.OFFICES.value)
    words = StringField(
        _l("Words of the title or name"),
        validators=[AtMost(LONGEST_WORDS)],
        filters=[clean_line],
        description=_l("Beginnings of words are enough, ë and ç need not be typed: kryetar, keshilltar."),
    )
    institution_kinds = SeveralKinds(_l("Kind of institution"))
    municipality = SelectField(_l("Municipality"), default="")
    county = SelectField(_l("County"), default="")
    language = SelectField(_l("Language of the mails"), default="")
    person_kinds = SeveralKinds(_l("Kind of person"))
    topic = StringField(
        _l("Topic"),
        validators=[AtMost(LONGEST_TOPIC)],
        filters=[clean_line],
        description=_l("One topic, as it is noted at the person."),
    )
    consent = SelectField(_l("Consent given for"), default="")
    happened = SelectField(_l("What happened"), default="")
    first: DayField = day(_l("From the day"))
    last: DayField = day(_l("Until the day"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        anything = SelectChoice("", _("Does not matter"))
        self.of.choices = [SelectChoice(subject.value, words) for subject, words in SUBJECTS.items()]
        self.institution_kinds.choices = [SelectChoice(kind, words) for kind, words in kind_choices()]
        self.person_kinds.choices = [SelectChoice(kind.value, words) for kind, words in PERSON_KINDS.items()]
        places = [
            SelectChoice(str(municipality.id), municipality.name) for municipality in all_municipalities()
        ]
        self.municipality.choices = [anything, *places]
        self.county.choices = [anything, *(SelectChoice(county, county) for county in counties())]
        self.language.choices = [
            anything,
            SelectChoice("sq", _("Albanian")),
            SelectChoice("en", _("English")),
        ]
        purposes = [SelectChoice(purpose.value, words) for purpose, words in PURPOSES.items()]
        self.consent.choices = [anything, *purposes]
        self.happened.choices = [anything, *_happened_choices()]

    def validate_happened(self, field: SelectField) -> None:
        """Refuse days without what happened between them."""
        if (self.first.data or self.last.data) and not field.data:
            raise StopValidation(_("Choose what happened in that time."))

    def said(self) -> ListFilter:
        """Return the filter, once the form is valid; raise BadFilter where two answers do not go together."""
        values: dict[str, Any] = {
            "of": self.of.data,
            "words": self.words.data or None,
            "institution_kinds": list(dict.fromkeys(self.institution_kinds.data or ())) or None,
            "person_kinds": list(dict.fromkeys(self.person_kinds.data or ())) or None,
            "municipality": int(self.municipality.data) if self.municipality.data else None,
            "county": self.county.data or None,
            "topic": self.topic.data or None,
            "language": self.language.data or None,
            "consent": self.consent.data or None,
        }
        what, _colon, kind = (self.happened.data or "").partition(":")
        if what:
            days = {"from": self.first.data, "to": self.last.data}
            values["happened"] = {"what": what, "kind": kind} | {
                key: value.isoformat() for key, value in days.items() if value
            }
        return read_filter({key: value for key, value in values.items() if value is not None})

    @staticmethod
    def values_of(list_filter: ListFilter) -> dict[str, Any]:
        """Return what the form shows of a filter."""
        happened = list_filter.happened
        shown: dict[str, Any] = {
            "of": list_filter.of.value,
            "words": list_filter.words,
            "institution_kinds": [kind.value for kind in list_filter.institution_kinds],
            "person_kinds": [kind.value for kind in list_filter.person_kinds],
            "municipality": str(list_filter.municipality or ""),
            "county": list_filter.county,
            "topic": list_filter.topic,
            "language": list_filter.language,
            "consent": list_filter.consent.value if list_filter.consent else "",
        }
        if happened:
            shown |= {"happened": f"{happened.what}:{happened.kind}", "first": happened.first}
            shown |= {"last": happened.last}
        return shown


class NewFilterForm(FilterForm):
    """A filter that becomes a list of a name."""

    name = StringField(_l("Name of the list"), validators=[AtMost(LONGEST_NAME)], filters=[clean_line])
    once = once_field()


def _happened_choices() -> list[SelectChoice]:
    choices, any_kind = [], _("any kind")
    for name, condition in conditions().items():
        choices.append(SelectChoice(f"{name}:", f"{condition.label}: {any_kind}"))
        for kind, words in condition.kinds.items():
            choices.append(SelectChoice(f"{name}:{kind}", f"{condition.label}: {words}"))
    return choices
