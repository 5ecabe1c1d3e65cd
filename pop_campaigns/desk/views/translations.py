"""Records that lack a text in the other language, each with a small form; one of them on a page of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext as _lp
from flask_babel.speaklater import LazyString
from flask_security import current_user

from pop_campaigns.accounts.guard import writer
from pop_campaigns.accounts.rules.roles import MAY_WRITE
from pop_campaigns.contacts.words.contacts import contact_words
from pop_campaigns.core.clock import now
from pop_campaigns.core.db import db
from pop_campaigns.core.i18n import LANGUAGES, current_language, in_language
from pop_campaigns.core.meanwhile import meet_changes
from pop_campaigns.core.pages import Page, page_number, paged
from pop_campaigns.desk.blueprint import bp
from pop_campaigns.desk.forms import TranslationForm, translation_form
from pop_campaigns.desk.queries.translations import (
    NOUNS,
    Noun,
    count_lacking,
    find_changeable,
    other_language,
    said_elsewhere,
    select_lacking,
)
from pop_campaigns.desk.services import give_translation
from pop_campaigns.events.words.labels import EVENT_KINDS, when_words

TABS: Final[dict[str, LazyString]] = {
    "events": _l("Events"),
    "campaigns": _l("Campaigns"),
    "organisations": _l("Organisations"),
    "network": _l("Network"),
    "institutions": _lp("translations", "Institutions"),
    "offices": _l("Offices"),
}


@dataclass(frozen=True)
class Line:
    """A record with its form: what it is called, what more there is to know of it, where it is shown, its texts."""

    record: Any
    form: TranslationForm
    name: str
    under: str
    url: str
    originals: tuple[tuple[str, str], ...]
    proposed: str = ""


@bp.get("/translations")
@writer
def translations() -> str:
    """List what lacks a text in English, or in Albanian, a kind of record at a time."""
    target = request.args.get("into", "")
    target = target if target in LANGUAGES else "en"
    counts = count_lacking(target, current_user)
    asked = request.args.get("kind", "")
    first = next((key for key, number in counts.items() if number), "events")
    noun = NOUNS[asked if asked in counts else first]
    page: Page = paged(select_lacking(noun, target, current_user))
    elsewhere = said_elsewhere(noun, target, page.items, current_user)
    return render_template(
        "desk/translations.html",
        page=page,
        lines=[_line(noun, record, target, elsewhere) for record in page.items],
        noun=noun,
        target=target,
        source=other_language(target),
        tabs_of_nouns=[(key, TABS[key], number) for key, number in counts.items()],
        others=sum(count_lacking(other_language(target), current_user).values()),
    )


@bp.route(
    "/translations/<any(sq, en):target>"
    "/<any(events, campaigns, organisations, network, institutions, offices):noun_key>/<int:ident>",
    methods=["GET", "POST"],
)
@writer
def translate(target: str, noun_key: str, ident: int) -> ResponseReturnValue:
    """Give one record its texts in a language."""
    noun = NOUNS[noun_key]
    record = find_changeable(noun, ident, current_user)
    if record is None:
        abort(404)
    line = _line(noun, record, target, {})
    if not line.originals:
        abort(404)
    if line.form.validate_on_submit():
        give_translation(record, line.form.texts(), by=current_user, now=now())
        db.session.commit()
        flash(_("Saved: %(name)s", name=line.name), "success")
        kept_page = page_number() if "page" in request.args else None
        return redirect(url_for("desk.translations", kind=noun_key, into=target, page=kept_page))
    values = {"line": line, "noun": noun, "target": target, "source": other_language(target)}
    return render_template("desk/translate.html", **values), 422 if line.form.errors else 200


def translations_url(noun_key: str) -> str:
    """Return where the records of a kind are translated; nothing for who only reads."""
    if not current_user.is_authenticated or current_user.role not in MAY_WRITE:
        return ""
    return url_for("desk.translations", kind=noun_key)


def _line(noun: Noun, record: Any, target: str, elsewhere: Any) -> Line:
    source = other_language(target)
    form = translation_form(noun, record, target)
    meet_changes(form, record)
    name = getattr(record, f"{noun.name}_{source}")
    proposed = elsewhere.get(name, "")
    column = f"{noun.name}_{target}"
    if proposed and column in form and not form[column].data:
        form[column].data = proposed
    else:
        proposed = ""
    texts = tuple((name, getattr(record, f"{name}_{source}")) for name in noun.fields)
    return Line(
        record,
        form,
        name or in_language(record, noun.name, source),
        *_about(noun, record),
        tuple((name, text) for name, text in texts if text),
        proposed,
    )


def _about(noun: Noun, record: Any) -> tuple[str, str]:
    """Return what more there is to know of a record, and its page."""
    if noun.key == "events":
        words = f"{EVENT_KINDS[record.kind]} · {when_words(record, current_language())}"
        return words, url_for("desk.event", event_id=record.id)
    if noun.key == "offices":
        institution = record.institution
        return contact_words(institution), url_for("contacts.institution", ident=institution.id)
    if noun.key == "institutions":
        return "", url_for("contacts.institution", ident=record.id)
    return "", ""
