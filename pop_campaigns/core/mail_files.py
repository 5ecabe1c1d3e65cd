"""Which files go in a mail and which as a link; plain values in, plain values out.

Mail servers refuse what is too large, mostly above 10 MB, and a file grows by a third on the wire (base64, RFC 2045
section 6.8). Whoever chooses *in the mail* says what they wish; the size decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Final


class FileDelivery(StrEnum):
    """How a file reaches those it is for."""

    IN_MAIL = "in_mail"
    AS_LINK = "as_link"


class FileAudience(StrEnum):
    """Whom a file of an event is for: nobody outside, those who are invited, or everybody on the site."""

    INSIDE = "inside"
    GUESTS = "guests"
    EVERYBODY = "everybody"


MEGABYTE: Final = 1024 * 1024


def decide_delivery(files: Iterable[tuple[int, FileDelivery]], limit: int) -> Sequence[FileDelivery]:
    """Return how each file goes, in the order given: (size in bytes, what was wished).

    In their order those wished *in the mail* fill it up to ``limit`` bytes; one for which there is no room left goes as
    a link, and a smaller one after it may still fit.
    """
    room, decided = limit, []
    for size, wished in files:
        fits = wished is FileDelivery.IN_MAIL and size <= room
        room -= size if fits else 0
        decided.append(FileDelivery.IN_MAIL if fits else FileDelivery.AS_LINK)
    return decided
