"""What WTForms itself says reaches people in their language, and never as an error of ours."""

from __future__ import annotations

from flask import Flask
from flask_babel import force_locale
from werkzeug.datastructures import MultiDict
from wtforms import SelectMultipleField

from pop_campaigns.core.forms import Form


class Choosing(Form):
    """Several of two."""

    many = SelectMultipleField(choices=[("a", "A"), ("b", "B")])


def test_a_wrong_one_of_several_choices_is_refused_in_words(app: Flask) -> None:
    with app.test_request_context(), force_locale("sq"):
        form = Choosing(formdata=MultiDict([("many", "a"), ("many", "kanarina")]))
        assert not form.validate()
        (words,) = form.many.errors
        assert "kanarina" in words
        assert "zgjedhje" in words
