"""What a person sends at a press, as something that can be taken back for a while: with what the form held."""

from __future__ import annotations

from typing import Any, Final

from flask import flash, request
from flask_security import current_user

from pop_campaigns.accounts.sign_in.kept_words import page_of_form
from pop_campaigns.core.clock import now
from pop_campaigns.mail.models import Sending
from pop_campaigns.mail.rules import SendingKind
from pop_campaigns.mail.sendings import begin_sending

# What a form says beside its words: tokens, keys, what it was shown for, which button was pressed.
_NO_CONTENT: Final = frozenset(
    {"csrf_token", "once", "already", "files_again", "seen", "anyway", "then", "version"}
)


def undoable(kind: SendingKind, subject: Any, *, has_form: bool = True) -> Sending | None:
    """Return what the mails of this press belong to, made of the request; None where nothing can be taken back.

    ``has_form`` is false for a button alone: there is nothing to return to.
    """
    form = _form() if has_form else None
    return begin_sending(kind, subject, by=current_user, now=now(), form=form)


def say_sent(words: str, sending: Sending | None) -> None:
    """Say that mails go out; where they can be taken back, the line that offers it says so."""
    if sending is None:
        flash(words, "success")


def _form() -> dict[str, Any]:
    path = request.full_path.removesuffix("?")
    typed = [(name, value) for name, value in request.form.items(multi=True) if name not in _NO_CONTENT]
    return {
        "path": path,
        "page": page_of_form(path),
        "typed": typed,
        "files": any(file.filename for file in request.files.values()),
    }
