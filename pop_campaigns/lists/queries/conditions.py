"""What packages above know of a contact and a filter may ask: they register it here, so that lists need not know them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import ColumnElement

from pop_campaigns.contacts.queries.addresses import Reach
from pop_campaigns.lists.rules import BadFilter, FilterProblem, Happened, ListFilter, Subject


@dataclass(frozen=True)
class Condition:
    """Something that happened: its words, its kinds with theirs, and how contacts it happened to are found.

    ``label`` and the words of kinds are translated when shown. ``matching`` gives a condition on ``Office`` or
    ``Person``, as the subject says.
    """

    label: Any
    kinds: Mapping[str, Any]
    matching: Callable[[Subject, Happened, Reach, date], ColumnElement[bool]]


_known: Final[dict[str, Condition]] = {}


def register(name: str, condition: Condition) -> None:
    """Let filters ask for a condition; it replaces one of that name."""
    _known[name] = condition


def conditions() -> Mapping[str, Condition]:
    """Return all conditions by name."""
    return _known


def condition_of(happened: Happened) -> Condition:
    """Return the condition a filter names, else raise BadFilter."""
    condition = _known.get(happened.what)
    if condition is None or (happened.kind and happened.kind not in condition.kinds):
        raise BadFilter(FilterProblem.UNKNOWN_CONDITION, happened.what)
    return condition


def read_filter(stored: object) -> ListFilter:
    """Return a filter read and sure to be answered here, else raise BadFilter."""
    list_filter = ListFilter.from_json(stored)
    if list_filter.happened:
        condition_of(list_filter.happened)
    return list_filter
