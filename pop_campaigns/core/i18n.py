"""Albanian first, English beside it: which language a request speaks, and texts kept in both."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from flask import Flask, g, has_request_context, request, session
from flask_babel import Babel, force_locale, get_locale

from pop_campaigns.core.dates import machine_time

LANGUAGES = ("sq", "en")
LANGUAGE_NAMES = {"sq": "Shqip", "en": "English"}
TRANSLATIONS = Path(__file__).resolve().parent.parent / "translations"

babel = Babel()


def chosen_language() -> str:
    """Return the language of this request: of the address, else of the person, else of the session, else the browser's."""
    if not has_request_context():
        return "sq"
    if "lang" in g:
        return str(g.lang)
    in_address = (request.view_args or {}).get("lang")
    choice = (
        in_address or _of_person() or session.get("lang") or request.accept_languages.best_match(LANGUAGES)
    )
    return choice if choice in LANGUAGES else "sq"


_person_language: list[Callable[[], str | None]] = []


def ask_person_language(source: Callable[[], str | None]) -> None:
    """Register who knows the language of the signed-in person (accounts does)."""
    _person_language[:] = [source]


def _of_person() -> str | None:
    return _person_language[0]() if _person_language else None


def current_language() -> str:
    """Return the language that texts are translated into at this point: the request's, or that of :func:`speaking`."""
    return str(get_locale() or LANGUAGES[0])


@contextmanager
def speaking(lang: str) -> Iterator[None]:
    """Translate into ``lang`` within the block: mails and letters speak their reader's language, not the writer's."""
    with force_locale(lang):
        yield


def in_language(record: object, field: str, lang: str) -> str:
    """Return ``field`` of a record (kept as ``field_sq`` and ``field_en``) in ``lang``, else in the other language."""
    text = getattr(record, f"{field}_{lang}", "") or ""
    other = "en" if lang == "sq" else "sq"
    return text or getattr(record, f"{field}_{other}", "") or ""


def frozen_in_language(frozen: str, record: object, field: str, lang: str) -> str:
    """Return a name that was frozen from ``field`` of a record in ``lang``.

    As long as the record bears that name in one of its languages; a record renamed since leaves it as it was frozen.
    """
    known = frozen and frozen in (getattr(record, f"{field}_sq", ""), getattr(record, f"{field}_en", ""))
    return in_language(record, field, lang) if known else frozen


def misses_translation(record: object, field: str) -> bool:
    """Return whether ``field`` has text in one language only."""
    return bool(getattr(record, f"{field}_sq")) != bool(getattr(record, f"{field}_en"))


def init_i18n(app: Flask) -> None:
    """Bind languages to the application."""
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = str(TRANSLATIONS)
    app.config["BABEL_DEFAULT_LOCALE"] = "sq"
    app.config["BABEL_DEFAULT_TIMEZONE"] = "Europe/Tirane"
    babel.init_app(app, locale_selector=chosen_language)
    app.add_template_filter(machine_time)
