"""How the pages of contacts call a contact and where they find it."""

from __future__ import annotations

from typing import Any

from flask import url_for
from flask_babel import gettext as _
from flask_security import current_user

from pop_campaigns.accounts.rules.roles import MAY_WRITE
from pop_campaigns.contacts.models.institutions import Institution, Office
from pop_campaigns.contacts.models.persons import Mandate, Person
from pop_campaigns.contacts.queries.directory import PersonRow, organisation_names
from pop_campaigns.contacts.words.labels import (
    ADDRESS_USES,
    CHECK_RESULTS,
    CONSENT_CHANNELS,
    DETAIL_USES,
    FORMS_OF_ADDRESS,
    INSTITUTION_KINDS,
    LACKS,
    MEDIUM_KINDS,
    PERSON_KINDS,
    PURPOSES,
    changed_fields,
    history_words,
    mandate_words,
)
from pop_campaigns.contacts.words.mailing import silence_words
from pop_campaigns.core.clock import local_date
from pop_campaigns.core.dates import moment_words, short_day_words
from pop_campaigns.core.i18n import current_language, in_language
from pop_campaigns.core.phones import is_mobile, show_phone
from pop_campaigns.mail.addresses import show_address


def contact_words(contact: Institution | Office | Person) -> str:
    """Return a contact's name in the reader's language; an office with its institution."""
    if isinstance(contact, Institution):
        return in_language(contact, "name", current_language())
    if isinstance(contact, Office):
        return f"{in_language(contact, 'title', current_language())}, {contact_words(contact.institution)}"
    return contact.name


def contact_url(contact: Institution | Office | Person, back: str | None = None) -> str:
    """Return the address of a contact's page; an office stands on its institution's. ``back`` is where it leads back to."""
    if isinstance(contact, Office):
        anchor = f"office-{contact.id}"
        return url_for("contacts.institution", ident=contact.institution_id, back=back, _anchor=anchor)
    page = "contacts.institution" if isinstance(contact, Institution) else "contacts.person"
    return url_for(page, ident=contact.id, back=back)


def log_url(contact: Institution | Office | Person) -> str:
    """Return the address of a contact's page at its contact log."""
    return f"{contact_url(contact).partition('#')[0]}#contact-log"


def person_words(row: PersonRow) -> str:
    """Return what tells persons of one name apart: offices, else an address."""
    held = [contact_words(mandate.office) for mandate in [*row.present, *row.others]]
    known = held or [show_address(address.email) for address in row.addresses]
    return f"{row.person.name} — {'; '.join(known)}" if known else row.person.name


def owner_word(record: Any, names: dict[int, str]) -> str:
    """Return whose record it is in words: the network's, ours, or (to those who read all) an organisation's."""
    if record.organisation_id is None:
        return str(_("the network's"))
    if record.organisation_id == current_user.organisation_id:
        return str(_("ours"))
    return names.get(record.organisation_id, "")


def for_templates() -> dict[str, Any]:
    """Return the words and functions for the pages of contacts; a page that says no to a stranger needs none."""
    if not current_user.is_authenticated:
        return {}
    lang, names = current_language(), organisation_names(current_user)
    return {
        "ADDRESS_USES": ADDRESS_USES,
        "CHECK_RESULTS": CHECK_RESULTS,
        "CONSENT_CHANNELS": CONSENT_CHANNELS,
        "DETAIL_USES": DETAIL_USES,
        "FORMS_OF_ADDRESS": FORMS_OF_ADDRESS,
        "MEDIUM_KINDS": MEDIUM_KINDS,
        "PERSON_KINDS": PERSON_KINDS,
        "PURPOSES": PURPOSES,
        "changed_fields": changed_fields,
        "day_of": lambda moment: short_day_words(local_date(moment), lang),
        "day_words": lambda day: short_day_words(day, lang),
        "is_mobile": is_mobile,
        "show_phone": show_phone,
        "INSTITUTION_KINDS": INSTITUTION_KINDS,
        "LACKS": LACKS,
        "contact_url": contact_url,
        "contact_words": contact_words,
        "history_words": lambda row: history_words(row, lang),
        "is_sample": lambda address: address.is_sample,
        "mandate_words": lambda mandate: mandate_words(
            mandate.from_date, mandate.to_date, lang, mandate.known_on
        ),
        "may_write": current_user.role in MAY_WRITE,
        "moment_words": moment_words,
        "of_network": lambda record: record.organisation_id is None,
        "owner_word": lambda record: owner_word(record, names),
        "show_address": show_address,
        "silence_words": silence_words,
        "time_in_office": time_in_office,
    }


def time_in_office(mandate: Mandate) -> str:
    """Return the time in office if any of it is known, else nothing."""
    if mandate.from_date or mandate.to_date:
        return mandate_words(mandate.from_date, mandate.to_date, current_language(), mandate.known_on)
    return ""
