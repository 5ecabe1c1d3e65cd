"""What a list can be; pure."""

from __future__ import annotations

import enum


class ListKind(enum.StrEnum):
    """Named one by one, or looked up by a filter whenever it is used."""

    BY_HAND = "by_hand"
    FILTER = "filter"
