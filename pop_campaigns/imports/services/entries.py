"""A row on its way in."""

from __future__ import annotations

from dataclasses import dataclass

from pop_campaigns.imports.rules.drafts import RowDraft


@dataclass
class Entry:
    """A row on its way: the contact it becomes or completes."""

    draft: RowDraft
    is_new: bool
    table: str
    ident: int = 0
    office_id: int | None = None
    medium_id: int | None = None
    above_id: int | None = None
    twin: Entry | None = None
