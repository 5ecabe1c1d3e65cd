"""What reminders are about, in words and with an address: told from above, because this package knows nobody there.

The app sets who finds things (:func:`set_subject_finder`). What somebody may not see is not found, so that a reminder
about it shows nothing and none can be set.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from flask import Flask, current_app

from pop_campaigns.accounts.models import User

Key = tuple[str, int]
"""Table and number of a thing."""
SubjectFinder = Callable[[Collection[Key], User], Mapping[Key, "Subject"]]
_FINDER: Final = "follow_up_subjects"


@dataclass(frozen=True)
class Subject:
    """A thing in the reader's language: what kind it is, how it is called, where its page is, when it is due itself."""

    kind: str
    title: str
    url: str
    due_on: date | None = None


def set_subject_finder(finder: SubjectFinder, app: Flask) -> None:
    """Set how things are found by table and number, as far as a user sees them."""
    app.extensions[_FINDER] = finder


def find_subjects(keys: Collection[Key], user: User) -> Mapping[Key, Subject]:
    """Return those of the things that are there and that the user may see; a fixed number of queries."""
    finder: SubjectFinder = current_app.extensions[_FINDER]
    return finder(keys, user) if keys else {}


def find_subject(subject_type: str, subject_id: int, user: User) -> Subject | None:
    """Return one thing; None where it is not there, not to be seen, or of a kind nobody is reminded of."""
    return find_subjects([(subject_type, subject_id)], user).get((subject_type, subject_id))
