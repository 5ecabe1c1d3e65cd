"""The addresses of open data."""

from __future__ import annotations

import hashlib
import json

from flask import Response

from pop_campaigns.core.headers import for_everybody
from pop_campaigns.public.blueprint import FEEDS_KEPT_FOR, base_url, bp, keepable, network
from pop_campaigns.public.words.popolo import last_contact_change, read_popolo


@bp.get("/open-data/popolo.json")
@for_everybody(FEEDS_KEPT_FOR)
def popolo() -> Response:
    """Show public bodies, their offices and who holds them, for other programs."""
    changed = last_contact_change()
    document = read_popolo(network().website or base_url())
    body = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    tag = hashlib.sha256(body).hexdigest()[:32]
    answer = keepable(Response(body, content_type="application/json; charset=utf-8"), tag, changed)
    # Open to pages of others: nobody is known here, and nothing differs by who asks.
    answer.headers["Access-Control-Allow-Origin"] = "*"
    answer.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return answer
