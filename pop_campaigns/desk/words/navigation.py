"""The rail: where a signed-in person can go."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from flask import has_request_context, request
from flask_babel import gettext as _
from flask_security import current_user


@dataclass(frozen=True)
class Place:
    """One entry of the rail."""

    endpoint: str
    label: str
    key: str
    icon: str
    active: bool


def navigation() -> list[Place]:
    """Return the rail's entries for the person of this request; none for strangers."""
    if not has_request_context() or not current_user or not current_user.is_authenticated:
        return []
    places = (
        ("desk.today", _("Today"), "today"),
        ("events.index", _("Events"), "events"),
        ("letters.index", _("Letters"), "letters"),
        ("contacts.index", _("People"), "people"),
        ("desk.mail", _("Mail"), "mail"),
        ("desk.search", _("Search"), "search"),
    )
    here = place_of(request.endpoint or "")
    return [Place(name, label, key, key, name == here) for name, label, key in places]


# Pages that show several packages and therefore stand with the desk, by the record they are about.
_ABOUT: Final = {
    "desk.event": "events.index",
    "desk.publish": "events.index",
    "desk.unpublish": "events.index",
    "desk.delete": "events.index",
    "desk.copy": "events.index",
    "desk.save_template": "events.index",
    "desk.templates": "events.index",
    "desk.template": "events.index",
    "desk.edit_template": "events.index",
    "desk.drop_template": "events.index",
    "desk.board": "events.index",
    "desk.propose": "events.index",
    "desk.place": "events.index",
    "desk.withdraw_series": "events.index",
    "desk.proposal": "events.index",
    "desk.withdraw_guests": "events.index",
    "desk.export_guests": "events.index",
    "desk.guests_file": "events.index",
    "desk.personal_feed": "events.index",
    "desk.pause_mails": "events.index",
    "desk.resume_mails": "events.index",
    "desk.letter": "letters.index",
    "desk.office_record": "contacts.index",
    "desk.person_record": "contacts.index",
    "desk.open_matters": "contacts.index",
    "desk.translations": "events.index",
    "desk.translate": "events.index",
    "desk.undo": "desk.today",
}
_OF_PACKAGE: Final = {
    "events": "events.index",
    "invitations": "events.index",
    "previews": "events.index",
    "letters": "letters.index",
    "contacts": "contacts.index",
    "lists": "contacts.index",
    "imports": "contacts.index",
    "privacy": "contacts.index",
    "follow_ups": "desk.today",
    "incoming": "desk.mail",
    "tryout": "desk.mail",
}


def place_of(endpoint: str) -> str:
    """Return the entry of the rail a page belongs to; the endpoint itself where it is one or belongs to none.

    Pages of accounts have their own entries beside the rail's.
    """
    package, _dot, page = endpoint.partition(".")
    if package == "desk":
        return _ABOUT.get(endpoint, f"desk.{page.partition('_')[0]}")
    return _OF_PACKAGE.get(package, endpoint)
