"""Decisions about the search for a date; pure."""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

FEWEST_SLOTS: Final = 2
MOST_SLOTS: Final = 5
ASK_AGAIN_GAP: Final = timedelta(hours=24)
"""How long whoever is silent is left alone after our last mail."""


class Says(enum.StrEnum):
    """What a guest says of one time."""

    YES = "yes"
    MAYBE = "maybe"
    NO = "no"


class PollState(enum.StrEnum):
    """Where the search for a date stands; only an open one takes answers."""

    OPEN = "open"
    CHOSEN = "chosen"
    INVITED = "invited"
    CANCELLED = "cancelled"
    OVER = "over"


@dataclass(frozen=True)
class PollFacts:
    """What decides where a search for a date stands. ``last`` is the latest end of the times put to the guests."""

    cancelled: bool
    chosen: bool
    invited: bool
    last: datetime | None


def state_of(facts: PollFacts, now: datetime) -> PollState:
    """Decide where a search for a date stands."""
    if facts.cancelled:
        return PollState.CANCELLED
    if facts.chosen:
        return PollState.CHOSEN
    if facts.invited:
        return PollState.INVITED
    over = facts.last is not None and facts.last <= now
    return PollState.OVER if over else PollState.OPEN


def may_ask_again(written_at: datetime, now: datetime) -> bool:
    """Decide whether a guest who has said nothing may be written to again: not within a day of our last mail."""
    return now - written_at >= ASK_AGAIN_GAP


@dataclass(frozen=True)
class SlotCount:
    """How many can at one time; of those asked, ``silent`` have said nothing of it."""

    yes: int = 0
    maybe: int = 0
    no: int = 0
    silent: int = 0

    @property
    def rank(self) -> tuple[int, int, int]:
        """The greater the better: who can, then who perhaps can, then how few cannot."""
        return (self.yes, self.maybe, -self.no)


def count_slot(words: Iterable[Says], asked: int) -> SlotCount:
    """Count what was said of one time by ``asked`` guests."""
    spoken = list(words)
    yes, maybe, no = (spoken.count(says) for says in (Says.YES, Says.MAYBE, Says.NO))
    return SlotCount(yes, maybe, no, max(0, asked - len(spoken)))


def best_slots(counts: Mapping[int, SlotCount]) -> set[int]:
    """Return the times, by number, that suit most; several where they suit alike, none while nobody can at any."""
    top = max((count.rank for count in counts.values()), default=(0, 0, 0))
    if top[:2] == (0, 0):
        return set()
    return {slot for slot, count in counts.items() if count.rank == top}


_WORDS: Final = {
    "po": Says.YES, "yes": Says.YES, "ok": Says.YES, "mund": Says.YES, "dakord": Says.YES,
    "ndoshta": Says.MAYBE, "maybe": Says.MAYBE, "mbase": Says.MAYBE,
    "jo": Says.NO, "no": Says.NO, "nuk mundem": Says.NO,
}  # fmt: skip
_SAID: Final = "|".join(sorted(_WORDS, key=len, reverse=True))
_NUMBER_FIRST: Final = re.compile(rf"([1-5])\s*[.):=–-]?\s*({_SAID})", re.IGNORECASE)
_WORD_FIRST: Final = re.compile(
    rf"({_SAID})\s*[:=–-]\s*([1-5](?:\s*(?:,|dhe|and|e|&)\s*[1-5])*)", re.IGNORECASE
)


def read_numbers(words: str, slots: Sequence[int]) -> dict[int, Says]:
    """Return what a reply says of the times by their numbers in the mail (*1 po, 2 jo, 3 ndoshta*; *po: 1, 3*).

    Only a line that says nothing else is read, and only where no number is said twice: a suggestion, never a guess.
    ``slots`` are the times in the order they were numbered.
    """
    spoken: dict[int, Says] = {}
    for line in words.splitlines():
        for number, what in _line(line.strip()):
            if number > len(slots) or spoken.get(slots[number - 1], what) is not what:
                return {}
            spoken[slots[number - 1]] = what
    return spoken


def _line(line: str) -> list[tuple[int, Says]]:
    pairs: list[tuple[int, Says]] = []
    at = 0
    while at < len(line):
        match = _NUMBER_FIRST.match(line, at) or _WORD_FIRST.match(line, at)
        if match is None:
            return []
        first, second = match[1], match[2]
        if first.isdigit():
            pairs.append((int(first), _WORDS[second.casefold()]))
        else:
            pairs += [(int(digit), _WORDS[first.casefold()]) for digit in re.findall(r"[1-5]", second)]
        rest = re.match(r"[\s,;./]*(?:(?:dhe|and|&)\s+)?", line[match.end() :])
        at = match.end() + (rest.end() if rest else 0)
        if rest is not None and rest.end() == 0 and at < len(line):
            return []
    return pairs
