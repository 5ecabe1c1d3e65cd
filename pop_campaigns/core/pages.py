"""Lists in pages of 25: any page number a person or a script can send gives a page, never an error."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import request
from sqlalchemy import Select, func, select

from pop_campaigns.core.db import db

ROWS = 25


@dataclass(frozen=True)
class Page:
    """One page of a list: its rows, its number (from 1), how many rows and pages there are."""

    rows: Sequence[Any]
    number: int
    total: int
    size: int = ROWS

    @property
    def pages(self) -> int:
        """How many pages, at least one."""
        return max(1, -(-self.total // self.size))

    @property
    def page(self) -> int:
        """Its number again, by the name templates know."""
        return self.number

    @property
    def has_prev(self) -> bool:
        """Whether a page comes before."""
        return self.number > 1

    @property
    def has_next(self) -> bool:
        """Whether a page comes after."""
        return self.number < self.pages

    @property
    def first(self) -> int:
        """Number of the first row shown, from 1; 0 when there is none."""
        return (self.number - 1) * self.size + 1 if self.total else 0

    @property
    def last(self) -> int:
        """Number of the last row shown."""
        return min(self.number * self.size, self.total)


def page_number() -> int:
    """Give the page asked for: ``?page=`` clamped to 1…1,000,000, anything unreadable is 1."""
    try:
        return min(max(int(request.args.get("page", "1")[:10]), 1), 1_000_000)
    except ValueError:
        return 1


def paged(rows: Select[Any], *, size: int = ROWS, scalars: bool = True) -> Page:
    """Run a query for the page asked for; a page past the end gives the last one."""
    total = db.session.scalar(select(func.count()).select_from(rows.order_by(None).subquery())) or 0
    number = min(page_number(), max(1, -(-total // size)))
    limited = rows.limit(size).offset((number - 1) * size)
    found = db.session.scalars(limited) if scalars else db.session.execute(limited)
    return Page(rows=found.all(), number=number, total=total, size=size)
