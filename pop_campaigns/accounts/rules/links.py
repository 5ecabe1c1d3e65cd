"""Links by mail that let somebody set a password: what kinds there are and how long they last."""

from __future__ import annotations

import enum
from datetime import timedelta
from typing import Final


class LinkKind(enum.StrEnum):
    """What a link is for."""

    RESET = "reset"
    INVITATION = "invitation"


class LinkState(enum.StrEnum):
    """What became of a link."""

    OPEN = "open"
    USED = "used"
    EXPIRED = "expired"
    ENDED = "ended"


LASTS: Final = {LinkKind.RESET: timedelta(minutes=30), LinkKind.INVITATION: timedelta(hours=72)}


PATHS: Final = {LinkKind.RESET: "/reset/{token}", LinkKind.INVITATION: "/welcome/{token}"}


def purpose_of(kind: LinkKind) -> str:
    """Return what the token of such a link is derived for: one of another kind opens nothing."""
    return f"account {kind.value}"
