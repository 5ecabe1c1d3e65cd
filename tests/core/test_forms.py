"""What WTForms itself says reaches people in their language, and never as an error of ours."""

from __future__ import annotations

from datetime import date, time

import pytest
from flask import Flask
from flask_babel import force_locale
from werkzeug.datastructures import MultiDict
from wtforms import SelectMultipleField

from pop_campaigns.core.forms import DayField, Form, HourField


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


class Dated(Form):
    """A day and an hour."""

    day = DayField("Dita")
    hour = HourField("Ora")


@pytest.mark.parametrize("day", ["2026-12-06", "06.12.2026", "6.12.2026", "6/12/2026"])
@pytest.mark.parametrize("hour", ["09:30", "9.30", "09:30:00"])
def test_a_day_and_an_hour_are_read_as_people_write_them(app: Flask, day: str, hour: str) -> None:
    with app.test_request_context():
        form = Dated(formdata=MultiDict({"day": day, "hour": hour}))
        assert form.validate() and (form.day.data, form.hour.data) == (date(2026, 12, 6), time(9, 30))
        assert 'value="2026-12-06"' in Dated(data={"day": date(2026, 12, 6)}).day()


@pytest.mark.parametrize(
    "typed", ["31.02.2026", "12/31/2026", "nesër", "2026", "١٢", "0000-00-00", "6.12.26"]
)
def test_what_is_no_day_is_refused_with_how_to_write_it(app: Flask, typed: str) -> None:
    with app.test_request_context(), force_locale("sq"):
        form = Dated(formdata=MultiDict({"day": typed, "hour": typed}))
        assert not form.validate()
        assert "16.12.2026" in form.day.errors[0] and "14:30" in form.hour.errors[0]
        assert typed in form.day()
