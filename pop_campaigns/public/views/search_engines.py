"""What search engines read: which pages there are, and which are none of their business."""

from __future__ import annotations

from typing import Final

from flask import Response, render_template, url_for

from pop_campaigns.core.headers import for_everybody
from pop_campaigns.core.i18n import LANGUAGES
from pop_campaigns.public.blueprint import PAGES_KEPT_FOR, base_url, bp
from pop_campaigns.public.queries.events import events_for_search_engines

# 50,000 addresses and no more may stand in one file (sitemaps.org); each event has one in each language.
MOST_EVENTS: Final = 24_000
PAGES: Final = ("public.front", "public.events", "public.members", "public.about")
PRIVATE_PATHS: Final = (
    "/a/",
    "/f/",
    "/u/",
    "/privacy",
    "/today",
    "/events",
    "/letters",
    "/people",
    "/mail",
    "/search",
    "/login",
)


@bp.get("/robots.txt")
@for_everybody(PAGES_KEPT_FOR)
def robots() -> Response:
    """Show what search engines may read."""
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in PRIVATE_PATHS)]
    lines += ["", f"Sitemap: {base_url()}{url_for('public.sitemap')}", ""]
    return Response("\n".join(lines), mimetype="text/plain")


@bp.get("/sitemap.xml")
@for_everybody(PAGES_KEPT_FOR)
def sitemap() -> Response:
    """Show the list of public pages in both languages, each with its twin."""
    entries = [({code: url_for(page, lang=code) for code in LANGUAGES}, "") for page in PAGES]
    # Addresses put together here: building 48,000 of them by rule takes seconds.
    model = {code: url_for("public.event", lang=code, event_id=0).removesuffix("0") for code in LANGUAGES}
    for event_id, changed_at in events_for_search_engines(MOST_EVENTS):
        entries.append(
            ({code: f"{path}{event_id}" for code, path in model.items()}, changed_at.date().isoformat())
        )
    page = render_template("public/sitemap.xml", entries=entries, base_url=base_url())
    return Response(page, mimetype="application/xml")
