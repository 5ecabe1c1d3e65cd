"""The shape of input when a proposed time is declined."""

from __future__ import annotations

from typing import Final

from flask_babel import lazy_gettext as _l
from wtforms import TextAreaField

from pop_campaigns.core.forms import AtMost, Form
from pop_campaigns.core.text import clean_text

LONGEST_WORDS: Final = 2000


class DeclineForm(Form):
    """The words that go along when a proposed time is declined."""

    words = TextAreaField(_l("What you want to add"), [AtMost(LONGEST_WORDS)], filters=[clean_text])
