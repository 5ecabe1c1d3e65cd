"""The words for kinds of institutions and addresses and for what was done to them, translated when shown."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

from pop_campaigns.contacts.rules import AddressUse, InstitutionKind
from pop_campaigns.core.dates import short_day_words
from pop_campaigns.core.history import History

INSTITUTION_KINDS: Final[dict[InstitutionKind, LazyString]] = {
    InstitutionKind.GOVERNMENT: _l("Government"),
    InstitutionKind.MINISTRY: _l("Ministry"),
    InstitutionKind.MUNICIPALITY: _l("Municipality"),
    InstitutionKind.COUNCIL: _l("Municipal council"),
    InstitutionKind.PREFECTURE: _l("Prefecture"),
    InstitutionKind.AGENCY: _l("Agency"),
    InstitutionKind.DIRECTORATE: _l("Directorate"),
    InstitutionKind.COMMITTEE: _l("Parliamentary committee"),
    InstitutionKind.PARTY: _l("Political party"),
    InstitutionKind.MEDIUM: _l("Newspaper, radio, television"),
    InstitutionKind.CSO: _l("Civil-society organisation"),
    InstitutionKind.OTHER: _l("Other institution"),
}

ADDRESS_USES: Final[dict[AddressUse, LazyString]] = {
    AddressUse.MAIN: _l("Main address"),
    AddressUse.SECRETARY: _l("Secretary"),
    AddressUse.PROTOCOL: _l("Register office"),
    AddressUse.PRESS: _l("Press office"),
}

HISTORY_WORDS: Final[dict[str, LazyString]] = {
    "institution.created": _l("Institution added: %(name)s"),
    "institution.changed": _l("Institution changed: %(name)s"),
    "office.created": _l("Office added: %(name)s"),
    "office.changed": _l("Office changed: %(name)s"),
    "person.created": _l("Person added: %(name)s"),
    "person.changed": _l("Person changed: %(name)s"),
    "person.refused_events": _l("Refused further invitations by the link in a mail"),
    "person.wanted_events": _l("Wants invitations again, by the link in a mail"),
    "person.refused_news": _l("Refused further news by the link in a mail"),
    "person.wanted_news": _l("Wants news again, by the link in a mail"),
    "person.exported": _l("All that is kept about the person was given out"),
    "mandate.recorded": _l("%(name)s holds the office: %(period)s"),
    "mandate.changed": _l("%(name)s held the office: %(period)s"),
    "address.added": _l("Address added: %(email)s"),
    "address.changed": _l("Address changed: %(before)s → %(email)s"),
    "address.removed": _l("Address removed: %(email)s"),
}
"""What a row of history says; the values in it were written down when it happened."""


def history_words(row: History, lang: str) -> str:
    """Give one change of a contact in words."""
    words = HISTORY_WORDS.get(row.action)
    if words is None:
        return row.action
    told: dict[str, Any] = {"name": "", "email": "", "before": "", "period": ""} | row.details
    if "from" in told:
        told["period"] = mandate_words(_day(told["from"]), _day(told["to"]), lang)
    said: str = str(words) % told
    return said


def mandate_words(
    from_date: date | None, to_date: date | None, lang: str, known_on: date | None = None
) -> str:
    """Give the time in office in words; what is not known is said, never guessed."""
    since = short_day_words(from_date, lang) if from_date else ""
    until = short_day_words(to_date, lang) if to_date else ""
    if since and until:
        return f"{since} – {until}"
    if since:
        return str(_("since %(day)s", day=since))
    if until:
        return str(_("until %(day)s", day=until))
    if known_on:
        return str(_("in office on %(day)s; dates not known", day=short_day_words(known_on, lang)))
    return str(_("dates not known"))


def _day(written: str | None) -> date | None:
    return date.fromisoformat(written) if written else None
