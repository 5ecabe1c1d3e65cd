"""What was taken along as a file, in words."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import select

from pop_campaigns.accounts.models import User
from pop_campaigns.accounts.rules.roles import RoleName
from pop_campaigns.contacts.rules import InstitutionKind, PersonKind
from pop_campaigns.contacts.words.labels import INSTITUTION_KINDS, PERSON_KINDS
from pop_campaigns.core.dates import moment_words
from pop_campaigns.core.handing_out import handed_out
from pop_campaigns.core.places import all_municipalities


def exports_seen_by(user: User, lang: str) -> list[dict[str, Any]]:
    """Return what the pages show of exports: an administrator sees all, a coordinator those of the own organisation."""
    colleagues = select(User.id).where(User.organisation_id == user.organisation_id)
    rows = handed_out(None if user.role is RoleName.ADMINISTRATOR else colleagues)
    return [
        {
            "text": export_words(row.action, row.details or {}),
            "when": moment_words(row.at, lang),
            "at": row.at,
            "who": row.actor_name,
        }
        for row in rows
    ]


def export_words(action: str, details: dict[str, Any]) -> str:
    """Return one export as a sentence: what, how many rows, in which form, filtered by what."""
    what = {
        "contacts.exported": _("Institutions") if details.get("listed") == "institutions" else _("Persons"),
        "list.exported": _("The list “%(name)s”", name=details.get("name", "")),
        "event.guests_exported": _("Guests of an event"),
        "person.exported": _("All that is kept about one person"),
        "purposes.exported": _("Register of purposes"),
        "breaches.exported": _("Register of breaches"),
    }.get(action, action)
    parts = [what]
    if isinstance(rows := details.get("rows"), int):
        parts.append(ngettext("%(num)d row", "%(num)d rows", rows))
    parts += [str(details["form"])] if details.get("form") else []
    return " · ".join([*parts, *_filter_words(details)])


def _filter_words(details: dict[str, Any]) -> list[str]:
    kind, place = details.get("kind"), details.get("municipality")
    words = [str(INSTITUTION_KINDS[InstitutionKind(kind)])] if kind in set(InstitutionKind) else []
    words += [str(PERSON_KINDS[PersonKind(kind)])] if kind in set(PersonKind) and not words else []
    words += [municipality.name for municipality in all_municipalities() if municipality.key == place]
    return [*words, *([_("found by a search")] if details.get("searched") else [])]
