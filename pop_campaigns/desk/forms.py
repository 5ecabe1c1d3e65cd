"""The form of a translation: a field for each text that there is in the other language."""

from __future__ import annotations

from typing import Any, Final

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString
from wtforms import StringField, TextAreaField

from pop_campaigns.core.db import Prose
from pop_campaigns.core.forms import AtMost, Form
from pop_campaigns.core.text import clean_line, clean_text
from pop_campaigns.desk.queries.translations import Noun, other_language

LABELS: Final[dict[str, dict[str, LazyString]]] = {
    "title": {"sq": _l("Title in Albanian"), "en": _l("Title in English")},
    "name": {"sq": _l("Name in Albanian"), "en": _l("Name in English")},
    "description": {"sq": _l("Description in Albanian"), "en": _l("Description in English")},
    "aims": {"sq": _l("Aims in Albanian"), "en": _l("Aims in English")},
}
_LONGEST_TEXT: Final = 10_000


class TranslationForm(Form):
    """Fields are added by :func:`translation_form`; at least one text is typed."""

    def validate(self, *args: Any, **kwargs: Any) -> bool:
        """Refuse a form in which nothing is translated."""
        if not super().validate(*args, **kwargs):
            return False
        if any(field.data for field in self):
            return True
        first = next(iter(self))
        first.errors = [_("Write the translation, then save.")]
        return False

    def texts(self) -> dict[str, str]:
        """Return what was typed, by column."""
        return {field.name: field.data or "" for field in self}


def translation_form(noun: Noun, record: Any, target: str) -> TranslationForm:
    """Return the form of one record's texts in ``target``, with what is stored; the ids of its fields are its own."""
    source = other_language(target)
    fields = {}
    for name in noun.fields:
        if not getattr(record, f"{name}_{source}"):
            continue
        column = getattr(noun.model, f"{name}_{target}").type
        label = LABELS[name][target]
        fields[f"{name}_{target}"] = (
            TextAreaField(label, [AtMost(_LONGEST_TEXT)], filters=[clean_text], render_kw={"rows": 4})
            if isinstance(column, Prose)
            else StringField(label, [AtMost(column.impl.length)], filters=[clean_line])
        )
    form: TranslationForm = type("RowForm", (TranslationForm,), fields)(obj=record)
    for field in form:
        field.id = f"{field.name}-{record.id}"
        field.label.field_id = field.id
    return form
