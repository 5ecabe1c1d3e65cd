"""Files people handed in, as pages meet them: given back to be saved, or refused in words."""

from __future__ import annotations

from flask import Response, send_file
from flask_babel import gettext as _

from pop_campaigns.core.files import RefusedFile, StoredFile


def give_stored(file: StoredFile) -> Response:
    """Give a kept file to be saved, never to run in our pages."""
    answer = send_file(file.path, mimetype=file.media_type, as_attachment=True, download_name=file.name)
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return answer


def refusal_words(refused: RefusedFile) -> str:
    """Why a file was not taken, and what to do."""
    return {
        "empty": _("This file is empty. Choose another one."),
        "size": _("This file is larger than 25 MB. Make it smaller, or go on without it."),
    }.get(refused.reason, _("Only PDF, JPEG, PNG, DOCX, XLSX and ODT files are kept. This is none of them."))
