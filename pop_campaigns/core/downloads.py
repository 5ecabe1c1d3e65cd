"""Files on their way to a browser: saved, never run in our pages, whoever made them and whatever they claim to be."""

from __future__ import annotations

from io import BytesIO
from typing import Final

from flask import Response, send_file

from pop_campaigns.core.files import StoredFile, clean_file_name

NOTHING_RUNS: Final = "default-src 'none'; sandbox"
OPAQUE: Final = "application/octet-stream"
# What a message claims to be is believed only where a browser cannot make a page of it.
_HARMLESS: Final = ("application/pdf", "image/jpeg", "image/png", "text/calendar", "application/ics")


def give_file(content: bytes, name: str, media_type: str = OPAQUE) -> Response:
    """Return bytes as a file to be saved; the type is one of ours, for somebody else's see :func:`believed`."""
    answer = send_file(
        BytesIO(content), mimetype=media_type, as_attachment=True, download_name=clean_file_name(name)
    )
    answer.direct_passthrough = False  # tables travel compressed
    return _sandboxed(answer)


def give_stored(file: StoredFile) -> Response:
    """Return a kept file to be saved."""
    return _sandboxed(
        send_file(file.path, mimetype=file.media_type, as_attachment=True, download_name=file.name)
    )


def show_pdf(content: bytes, name: str) -> Response:
    """Return a PDF of our own making that the browser shows; a sandbox would keep its viewer shut."""
    return send_file(BytesIO(content), mimetype="application/pdf", download_name=name)


def believed(media_type: str) -> str:
    """Return the type a message claims for its file where that is harmless, else that of bytes."""
    return media_type if media_type in _HARMLESS else OPAQUE


def _sandboxed(answer: Response) -> Response:
    answer.headers["Content-Security-Policy"] = NOTHING_RUNS
    return answer
