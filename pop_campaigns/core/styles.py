"""The style sheet of a page: what all pages share, print, and what the page's areas add, in one file.

The files in ``static/css`` stay apart so that each is found by what it is for; a browser asks once instead of six
times. They are read when the service starts. Which areas a page needs it says in its block ``styles``.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final

from flask import Flask, Response, abort, request, url_for

from pop_campaigns.core.headers import FILES_KEPT_FOR, for_everybody

SHARED: Final = ("theme", "layout", "parts", "pages")
PRINT: Final = "print"
NO_AREA: Final = "shared"
_MOST_AREAS: Final = 2


def init_styles(app: Flask) -> None:
    """Read the files, serve them joined, and give templates the filter ``style_sheet``."""
    folder = Path(str(app.static_folder)) / "css"
    files = {path.stem: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.css"))}
    ground = [*(files.pop(name) for name in SHARED), f"@media print {{\n{files.pop(PRINT)}}}\n"]

    def joined(areas: list[str]) -> str:
        return "\n".join(ground + [files[name] for name in areas])

    @app.get("/styles/<areas>.css")
    @for_everybody(FILES_KEPT_FOR)
    def styles(areas: str) -> Response:
        names = [] if areas == NO_AREA else areas.split("-")
        if len(names) > _MOST_AREAS or not files.keys() >= set(names):
            abort(404)
        answer = Response(joined(names), mimetype="text/css")
        answer.add_etag()
        answer.make_conditional(request)
        return answer

    marks: dict[str, str] = {}

    def style_sheet(areas: str) -> str:
        """Return the address of the sheet for the areas named, with a mark that changes when its content does."""
        names = areas.split()
        key = "-".join(names) or NO_AREA
        if key not in marks:
            marks[key] = hashlib.sha256(joined(names).encode()).hexdigest()[:12]
        return url_for("styles", areas=key, v=marks[key])

    app.add_template_filter(style_sheet)
