"""The rail: where a signed-in person can go."""

from __future__ import annotations

from dataclasses import dataclass

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
    here = request.endpoint or ""
    return [Place(name, label, key, key, _belongs(here, name)) for name, label, key in places]


# Pages that show several packages and therefore stand with the desk, by the package whose record they are about.
_ABOUT = {
    "desk.office_record": "contacts",
    "desk.person_record": "contacts",
    "desk.open_matters": "contacts",
    "desk.letter": "letters",
}


def _belongs(here: str, name: str) -> bool:
    package = name.partition(".")[0]
    if name == "desk.mail" and here.startswith("incoming."):
        return True
    if here in _ABOUT:
        return package == _ABOUT[here]
    if package == "desk":
        return here == name or here.startswith(f"{name}_")
    owner = here.partition(".")[0]
    inside = {"invitations": "events", "lists": "contacts", "privacy": "contacts", "imports": "contacts"}
    return package in (owner, inside.get(owner))
