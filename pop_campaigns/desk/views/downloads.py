"""Files of messages, handed out so that none of them can run in our pages."""

from __future__ import annotations

from io import BytesIO

from flask import Response, send_file

from pop_campaigns.core.files import clean_file_name

# What a message claims to be is believed only where a browser cannot make a page of it.
_HARMLESS = ("application/pdf", "image/jpeg", "image/png", "text/calendar", "application/ics")


def give_file(name: str, media_type: str, content: bytes) -> Response:
    """Give a file to be saved: as attachment, sandboxed, never sniffed."""
    answer = send_file(
        BytesIO(content),
        mimetype=media_type if media_type in _HARMLESS else "application/octet-stream",
        as_attachment=True,
        download_name=clean_file_name(name),
        etag=False,
    )
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return answer
