"""Lists in pages of 25: any page number a person or a script can send gives a page, never an error."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from flask import request
from flask_sqlalchemy.pagination import Pagination
from sqlalchemy import Select, func, select

from pop_campaigns.core.db import db

ROWS = 25
_Fetch = Callable[[int, int], Sequence[Any]]


class Page(Pagination):
    """One page of a list, the one asked for; a page past the end is the last one.

    Its rows come from ``fetch(limit, offset)``; ``total`` is how many there are. All lists go through here, so that how rows
    are read and counted can change in one place.
    """

    total: int

    def __init__(self, fetch: _Fetch, total: int, *, size: int = ROWS) -> None:
        last = max(1, -(-total // size))
        super().__init__(
            page=min(page_number(), last),
            per_page=size,
            max_per_page=None,
            error_out=False,
            fetch=fetch,
            total=total,
        )

    def _query_items(self) -> list[Any]:
        return list(self._query_args["fetch"](self.per_page, self._query_offset))

    def _query_count(self) -> int:
        total: int = self._query_args["total"]
        return total


def page_number() -> int:
    """Return the page asked for: ``?page=`` clamped to 1…1,000,000, anything unreadable is 1."""
    try:
        return min(max(int(request.args.get("page", "1")[:10]), 1), 1_000_000)
    except ValueError:
        return 1


def paged(rows: Select[Any], *, size: int = ROWS, scalars: bool = True) -> Page:
    """Return the page asked for of a query."""

    def fetch(limit: int, offset: int) -> Sequence[Any]:
        limited = rows.limit(limit).offset(offset)
        return (db.session.scalars(limited) if scalars else db.session.execute(limited)).all()

    total = db.session.scalar(select(func.count()).select_from(rows.order_by(None).subquery())) or 0
    return Page(fetch, total, size=size)


def paged_entries(entries: Sequence[Any], *, size: int = ROWS) -> Page:
    """Return the page asked for of what was read already."""
    return Page(lambda limit, offset: entries[offset : offset + limit], len(entries), size=size)
