"""The blueprint of lists and what its pages share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from flask import Blueprint, abort, request
from flask_security import current_user

from pop_campaigns.contacts.queries.silent import Unread, unread_among
from pop_campaigns.contacts.rules import MAIL_PURPOSES, Purpose
from pop_campaigns.contacts.views.form_pages import today
from pop_campaigns.contacts.words.contacts import for_templates
from pop_campaigns.contacts.words.labels import PURPOSES
from pop_campaigns.contacts.words.mailing import silent_words
from pop_campaigns.core.clock import now
from pop_campaigns.core.i18n import current_language, in_language
from pop_campaigns.lists.models import ContactList
from pop_campaigns.lists.queries.lists import Source
from pop_campaigns.lists.queries.resolving import LeftOut, Recipient, Resolved, resolve
from pop_campaigns.lists.rules import BadFilter
from pop_campaigns.lists.words import (
    LIST_KINDS,
    filter_words,
    history_words,
    left_out_words,
    problem_words,
)

bp = Blueprint("lists", __name__, url_prefix="/people/lists")
SAMPLE = 10


@dataclass(frozen=True)
class Looked:
    """What a page shows of a list looked up just now; ``problem`` says why its filter cannot be read."""

    resolved: Resolved
    problem: str = ""

    @property
    def sample(self) -> Sequence[LeftOut | Recipient]:
        """The first who are found: who gets mail before who does not."""
        return self.entries[:SAMPLE]

    @cached_property
    def silent(self) -> Mapping[str, Unread]:
        """The addresses (in lower case) that get mail though nothing ever came back from there."""
        return unread_among((row.email for row in self.resolved.recipients), current_user, now())

    @property
    def entries(self) -> list[LeftOut | Recipient]:
        """All who are found: first who gets mail, then who does not."""
        return [*self.resolved.recipients, *self.resolved.left_out]


def look_up(source: Source, purpose: Purpose) -> Looked:
    """Look a list or filter up for the person of this request."""
    try:
        return Looked(resolve(source, current_user, purpose, today()))
    except BadFilter as problem:
        return Looked(Resolved([], []), problem_words(problem))


def chosen_purpose() -> Purpose:
    """Return for what a list is looked at: what is no purpose of mail means events."""
    typed = request.values.get("purpose", "")
    return next((purpose for purpose in MAIL_PURPOSES if purpose.value == typed), Purpose.EVENTS)


def recipient_words(recipient: Recipient) -> str:
    """Return office and institution in the reader's language, or the person's name."""
    parts = (
        in_language(recipient, "title", current_language()),
        in_language(recipient, "institution", current_language()),
    )
    return ", ".join(part for part in parts if part) or recipient.name


def refuse_unless_by_hand(contact_list: ContactList) -> None:
    """Answer 404 for a list by filter, on which nobody is put by hand."""
    if contact_list.filter is not None:
        abort(404)


def words_for_lists() -> dict[str, Any]:
    """Return the words and functions for the pages of lists, those of contacts among them."""
    if not current_user.is_authenticated:
        return {}
    return for_templates() | {
        "LIST_KINDS": LIST_KINDS,
        "MAIL_PURPOSES": MAIL_PURPOSES,
        "PURPOSES": PURPOSES,
        "filter_words": lambda list_filter: filter_words(list_filter, current_language()),
        "history_words": history_words,
        "left_out_words": left_out_words,
        "recipient_words": recipient_words,
        "silent_words": silent_words,
    }


bp.context_processor(words_for_lists)
