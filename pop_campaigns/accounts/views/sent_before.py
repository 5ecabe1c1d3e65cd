"""A form that made its record already and is sent again (Back, then Save): it leads to that record, or asks.

The same content leads to the record with *This was already saved*. Other content is asked about (409): change that record,
or make a new one; both keep what was typed. A view that creates from typed words is decorated with :func:`sent_once` and
calls :func:`form_made` before it commits; ``tests/house/test_sent_once.py`` finds one that does not.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from functools import wraps
from typing import Any, Final, ParamSpec

from flask import current_app, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_security import current_user

from pop_campaigns.accounts.blueprint import bp
from pop_campaigns.accounts.scope import select_visible
from pop_campaigns.accounts.sign_in.kept_words import KeptWords
from pop_campaigns.accounts.views.kept_words import form_again
from pop_campaigns.core.clock import now
from pop_campaigns.core.dates import moment_words
from pop_campaigns.core.db import db
from pop_campaigns.core.form_filling import Typed
from pop_campaigns.core.i18n import current_language, in_language
from pop_campaigns.core.numbers import row_number
from pop_campaigns.core.once import new_key, once_key
from pop_campaigns.core.sent_forms import SentForm, SentMeanwhile, find_sent, note_sent, record_of
from pop_campaigns.core.tokens import derive_token, read_signed, sign_text

P = ParamSpec("P")

ANSWER: Final = "already"
"""The question's answer: ``new``, or the signed row of what is to be changed."""
NEW: Final = "new"
FILES: Final = "files_again"
_PURPOSE: Final = "form that was sent"
_MARK: Final = "pop.content_sent"
# What a form says beside its words: tokens, keys, which button was pressed.
_NO_CONTENT: Final = frozenset({"csrf_token", "once", ANSWER, FILES, "seen", "anyway", "then"})


def sent_once(view: Callable[P, ResponseReturnValue]) -> Callable[P, ResponseReturnValue]:
    """Carry a creating view out once for each form; a form without a key makes a record each time."""

    @wraps(view)
    def answered(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
        if request.method != "POST" or not request.form.get("once"):
            return view(*args, **kwargs)
        answer = request.form.get(ANSWER, "")
        if answer and answer != NEW:
            return _to_change(answer)
        if answer == NEW and FILES in request.form:
            return form_again(_words(request.full_path, files=True), status=200)
        sent = _sent_before(asked=bool(answer))
        if sent is not None:
            return _answer(sent)
        return _carry_out(lambda: view(*args, **kwargs))

    answered.__sent_once__ = True  # type: ignore[attr-defined]
    return answered


def _carry_out(view: Callable[[], ResponseReturnValue]) -> ResponseReturnValue:
    """Return what the view says, unless another press of this form came first: it refuses what is a double by then."""
    try:
        answer = current_app.make_response(view())
    except SentMeanwhile:
        db.session.rollback()
        sent = _sent_before(asked=True)
        return _answer(sent) if sent else view()
    if answer.status_code < 400:
        return answer
    db.session.rollback()
    sent = _sent_before(asked=True)
    return _answer(sent) if sent else answer


def form_made(record: Any, *, page: str, edit: str = "") -> None:
    """Keep, in the transaction that makes it, which record this form made: its ``page``, and the one that changes it."""
    key = _key()
    if key:
        note_sent(key, _content(), record, page=page, edit=edit, now=now())


@bp.app_template_global()
def form_key() -> str:
    """Return the key of the form on a page that creates: the one it was sent with, else a new one; "" on other pages."""
    view = current_app.view_functions.get(request.endpoint or "")
    if not is_sent_once(view):
        return ""
    return request.form.get("once") or new_key()


def is_sent_once(view: Any) -> bool:
    """Return whether a view is guarded by :func:`sent_once`, under whatever other decorators."""
    while view is not None:
        if getattr(view, "__sent_once__", False):
            return True
        view = getattr(view, "__wrapped__", None)
    return False


def _key() -> str | None:
    return once_key(request.endpoint or "", request.form.get("once"), current_user)


def _content() -> str:
    """Return a mark of what was typed, bound to the person and the form; of files name and content count.

    It is made before the view reads the files.
    """
    if _MARK in request.environ:
        return str(request.environ[_MARK])
    fields = [[name, "\n".join(value.split())] for name, value in _typed() if name not in _NO_CONTENT]
    for name, file in request.files.items(multi=True):
        fields.append([name, file.filename or "", hashlib.sha256(file.stream.read()).hexdigest()])
        file.stream.seek(0)
    mark = derive_token(_PURPOSE, json.dumps([current_user.id, request.path, sorted(fields)]))
    request.environ[_MARK] = mark
    return mark


def _typed() -> Typed:
    return tuple(request.form.items(multi=True))


def _has_files() -> bool:
    return any(file.filename for file in request.files.values())


def _sent_before(asked: bool = False) -> SentForm | None:
    """Return what made its record already: this form, or (unless that was asked about) the same words just now."""
    content = _content()
    sent = find_sent(_key(), "" if asked or _has_files() else content, now=now())
    return sent if sent is not None and record_of(sent) is not None else None


def _answer(sent: SentForm) -> ResponseReturnValue:
    same, again = sent.content == _content(), sent.once == _key()
    if same and again:
        if sent.subject_type == "outgoing_mails":
            flash(_("This was sent already; nothing was sent again."), "info")
        else:
            flash(_("This was already saved."), "info")
        return redirect(sent.page)
    words = {
        "called": _called(sent),
        "when": moment_words(sent.made_at, current_language()),
        "page": sent.page,
        "change": sign_text(_PURPOSE, f"{current_user.id}-{sent.id}") if sent.edit else "",
        "same": same,
        "typed": [(name, value) for name, value in _typed() if name not in ("csrf_token", "once", ANSWER)],
        "files": _has_files() or FILES in request.form,
        "new_key": new_key(),
        "again": request.full_path.removesuffix("?"),
    }
    return render_template("accounts/sent_before.html", **words), 409


def _called(sent: SentForm) -> str:
    """Return what the record is called, "" where it has no name or may not be seen any more."""
    record = record_of(sent)
    model = type(record)
    if not hasattr(model, "organisation_id"):
        return ""
    if db.session.scalar(select_visible(model, current_user).where(model.id == record.id)) is None:
        return ""
    lang = current_language()
    names = (in_language(record, field, lang) for field in ("title", "name", "subject"))
    return next((name for name in names if name), getattr(record, "name", "") or "")


def _to_change(answer: str) -> ResponseReturnValue:
    """Return the page that changes the record, with what was typed in it; nothing is saved by that."""
    person, _dash, row = (read_signed(_PURPOSE, answer) or "").partition("-")
    number = row_number(row) if person == str(current_user.id) else None
    sent = db.session.get(SentForm, number) if number else None
    address = sent.edit if sent else request.full_path
    return form_again(_words(address, files=FILES in request.form), status=200)


def _words(address: str, *, files: bool) -> KeptWords:
    path = address.removesuffix("?")
    typed = tuple((name, value) for name, value in _typed() if name not in _NO_CONTENT)
    return KeptWords(current_user.id, path, path, typed, files)
