"""The macros as pages use them: errors lead to fields, typed text stays text, addresses cannot be bent."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask, render_template_string
from flask_babel import Babel
from flask_bootstrap import Bootstrap5
from flask_wtf import CSRFProtect, FlaskForm
from wtforms import BooleanField, DateField, FormField, RadioField, SelectField, StringField, TimeField
from wtforms.fields import SelectChoice
from wtforms.validators import InputRequired, ValidationError

from pop_campaigns.core.chips import Chip
from pop_campaigns.core.dates import machine_time
from pop_campaigns.core.styles import init_styles

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = ROOT / "templates"
HOSTILE = '<script>alert(1)</script> Çlirim & "Ëma"'


class Inner(FlaskForm):
    """A part of a form."""

    place = StringField("Vendi", validators=[InputRequired("Shkruani vendin.")])


class Example(FlaskForm):
    """One of each kind of field."""

    title = StringField("Titulli", validators=[InputRequired("Shkruani një titull.")])
    kind = SelectField("Lloji", choices=[SelectChoice("a", "Përballje")])
    mode = RadioField(
        "Mënyra",
        choices=[SelectChoice("x", "Hibride"), SelectChoice("y", "Në internet")],
        validators=[InputRequired("Zgjidhni.")],
    )
    shown = BooleanField("Shfaqe")
    day = DateField("Fillon", validators=[InputRequired("Zgjidhni ditën.")])
    time = TimeField("Ora", validators=[InputRequired("Zgjidhni orën.")])
    inner = FormField(Inner)

    def validate_kind(self, field: SelectField) -> None:
        if self.title.data == HOSTILE:
            raise ValidationError(f"{HOSTILE} nuk shkon")


@pytest.fixture
def small_app() -> Flask:
    app = Flask("look", template_folder=str(TEMPLATES), static_folder=str(ROOT / "pop_campaigns" / "static"))
    app.jinja_options = {"trim_blocks": True, "lstrip_blocks": True}  # as the application has them
    app.config.update(
        SECRET_KEY="only here, long enough 0123456789", BOOTSTRAP_SERVE_LOCAL=True, BABEL_DEFAULT_LOCALE="en"
    )
    Babel(app)
    app.add_template_filter(machine_time)
    Bootstrap5(app)
    init_styles(app)
    CSRFProtect(app)
    return app


def render(
    app: Flask, source: str, address: str = "/list", data: dict[str, str] | None = None, **context: Any
) -> str:
    with app.test_request_context(address, method="POST" if data is not None else "GET", data=data):
        if "form" in context:
            context["form"] = context["form"](meta={"csrf": False})
            if data is not None:
                context["form"].validate()
        return render_template_string(source, **context)


FORM_PAGE = """{% from 'macros/forms.html' import error_summary, field, date_time %}{{ error_summary(form) }}
{{ field(form.title, hint='Siç del në ftesë', autocomplete='off') }}{{ field(form.kind) }}
{{ field(form.mode) }}
{{ field(form.shown, hint='Publike') }}{{ date_time(form.day, form.time) }}{{ field(form.inner.place) }}"""


def test_each_error_leads_to_a_field_on_the_page(small_app: Flask) -> None:
    page = render(small_app, FORM_PAGE, data={}, form=Example)
    links = re.findall(r'href="#([^"]+)"', page)
    assert {"title", "mode-0", "day", "time", "inner-place"} <= set(links)
    identities = re.findall(r'\bid="([^"]+)"', page)
    assert set(links) <= set(identities)
    assert len(identities) == len(set(identities))


class Question(FlaskForm):
    """A field whose label asks."""

    kind = StringField("Çfarë përgjigjeje është?", validators=[InputRequired("Zgjidhni njërën.")])


def test_no_colon_follows_a_question(small_app: Flask) -> None:
    page = render(
        small_app,
        "{% from 'macros/forms.html' import error_summary %}{{ error_summary(form) }}",
        data={},
        form=Question,
    )
    assert ">Çfarë përgjigjeje është? Zgjidhni njërën.</a>" in page
    assert ">Titulli: Shkruani një titull.</a>" in render(small_app, FORM_PAGE, data={}, form=Example)


def test_hint_and_error_are_read_with_the_field(small_app: Flask) -> None:
    page = render(small_app, FORM_PAGE, data={}, form=Example)
    control = re.search(r'<input[^>]*id="title"[^>]*>', page)
    assert control
    assert 'aria-describedby="title-hint title-error"' in control[0]
    assert 'aria-invalid="true"' in control[0]
    for described in re.findall(r'aria-describedby="([^"]+)"', page):
        assert all(f'id="{name}"' in page for name in described.split())
    clean = render(small_app, FORM_PAGE, form=Example)
    assert "aria-invalid" not in clean and "error-summary" not in clean


def test_typed_text_is_kept_and_stays_text(small_app: Flask) -> None:
    page = render(small_app, FORM_PAGE, data={"title": HOSTILE, "mode": "x", "kind": "a"}, form=Example)
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt; Çlirim &amp;" in page
    assert re.search(r'<input checked class="form-check-input" id="mode-0"', page)


def test_required_is_said_in_words(small_app: Flask) -> None:
    page = render(small_app, FORM_PAGE, form=Example)
    assert re.search(r'for="title">Titulli <span class="required-word">\(required\)', page)
    assert 'for="kind">Lloji</label>' in page


def test_one_button_form_carries_its_token(small_app: Flask) -> None:
    source = (
        "{% from 'macros/forms.html' import action_form %}{{ action_form('/x', label, hidden={'v': label}) }}"
    )
    page = render(small_app, source, label=HOSTILE)
    assert re.search(r'name="csrf_token" value="[^"]{20,}"', page)
    assert 'method="post"' in page and "<script>" not in page


def test_pages_keep_the_filters_and_no_typed_key_bends_the_address(small_app: Flask) -> None:
    page_of_rows = SimpleNamespace(page=2, pages=3, total=60, has_prev=True, has_next=True)
    source = "{% from 'macros/page.html' import pager %}{{ pager(page) }}"
    address = "/list?q=%C3%A7&kind=a&kind=b&page=2&_external=1&_scheme=javascript&_anchor=x"
    page = render(small_app, source, address=address, page=page_of_rows)
    links = re.findall(r'href="([^"]+)"', page)
    assert len(links) == 2
    assert all(link.startswith("/list?q=%C3%A7&amp;kind=a&amp;kind=b&amp;") for link in links)
    assert [link.rsplit("page=")[-1] for link in links] == ["1", "3"]


def test_counts_are_words_and_a_bar_of_the_same_length(small_app: Flask) -> None:
    source = "{% from 'macros/state.html' import counts_bar %}{{ counts_bar(counts) }}"
    accepted, silent = Chip("●", "accepted", "good"), Chip("○", "no reply", "quiet")
    counts = [(4, accepted), (2, silent), (0, Chip("✕", "declined", "bad"))]
    page = render(small_app, source, counts=counts)
    assert 'viewBox="0 0 6 1"' in page
    assert re.findall(r'x="(\d+)" y="0" width="(\d+)"', page) == [("0", "4"), ("4", "2")]
    assert "<strong>4</strong> accepted" in page and "declined" not in page
    assert "Nobody invited yet" in render(small_app, source, counts=[])


def test_a_state_has_mark_words_and_tone(small_app: Flask) -> None:
    source = "{% from 'macros/state.html' import chip %}{{ chip(*state) }}"
    page = render(small_app, source, state=Chip("◐", HOSTILE, "warn"))
    assert 'class="chip tone-warn"' in page and 'aria-hidden="true">◐</span> &lt;script&gt;' in page


def test_only_a_known_day_is_a_time(small_app: Flask) -> None:
    source = """{% from 'macros/state.html' import when %}{% from 'macros/page.html' import timeline %}
        {{ when('x', at=at) }}{{ timeline([{'when': 'x', 'at': at, 'text': 'y'}]) }}"""
    assert "<time" not in render(small_app, source, at=None)
    instant = datetime(2026, 6, 16, 8, 0, 1, 234567, tzinfo=UTC)
    for at, written in ((instant, "2026-06-16T08:00:01+00:00"), (instant.date(), "2026-06-16")):
        assert render(small_app, source, at=at).count(f'<time datetime="{written}">x</time>') == 2


@pytest.mark.parametrize("code", [400, 404, 409, 413, 429])
def test_errors_speak_and_show_one_way_out(small_app: Flask, code: int) -> None:
    page = render(small_app, f"{{% include 'errors/{code}.html' %}}", lang="en", description=HOSTILE)
    assert page.count("<h1>") == 1 and page.count('class="btn') == 1
    assert "<script>alert" not in page


def test_our_own_failure_needs_no_context(small_app: Flask) -> None:
    """Neither session nor catalogue nor context processors: what broke may be any of them."""

    @small_app.context_processor
    def broken() -> dict[str, Any]:
        raise RuntimeError("the database is gone")

    with small_app.test_request_context("/"):
        page = small_app.jinja_env.get_template("errors/500.html").render()
    assert "Ndodhi një gabim" in page and "Something went wrong" in page


def test_no_page_carries_inline_style_or_script() -> None:
    """The content security policy would drop them; mails, which need them, live in templates/mail."""
    for path in TEMPLATES.rglob("*.html"):
        if "mail" in path.relative_to(TEMPLATES).parts[:1]:
            continue
        text = re.sub(r"\{#.*?#\}", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        assert not re.search(r"<style|\sstyle\s*=|\son[a-z]+\s*=\s*[\"']|<script(?![^>]*\ssrc=)", text), path
