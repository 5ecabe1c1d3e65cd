"""The words for kinds of institutions and addresses and for what was done to them, translated when shown."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext as _lp
from flask_babel.speaklater import LazyString

from pop_campaigns.contacts.rules import (
    AddressUse,
    CheckResult,
    ConsentChannel,
    DetailUse,
    InstitutionKind,
    Lack,
    LogKind,
    MediumKind,
    PersonKind,
    Purpose,
)
from pop_campaigns.core.dates import short_day_words
from pop_campaigns.core.db import db
from pop_campaigns.core.history import History
from pop_campaigns.core.i18n import current_language
from pop_campaigns.core.phones import show_phone
from pop_campaigns.core.places import Municipality
from pop_campaigns.core.salutations import FormOfAddress

INSTITUTION_KINDS: Final[dict[InstitutionKind, LazyString]] = {
    InstitutionKind.GOVERNMENT: _l("Government"),
    InstitutionKind.MINISTRY: _l("Ministry"),
    InstitutionKind.MUNICIPALITY: _lp("kind of institution", "Municipality"),
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

LACKS: Final[dict[Lack, LazyString]] = {
    Lack.ADDRESS: _lp("filter", "No address"),
    Lack.HOLDER: _lp("filter", "No holder"),
}

ADDRESS_USES: Final[dict[AddressUse, LazyString]] = {
    AddressUse.MAIN: _l("Main address"),
    AddressUse.SECRETARY: _l("Secretary"),
    AddressUse.PROTOCOL: _l("Register office"),
    AddressUse.PRESS: _l("Press office"),
    AddressUse.OTHER: _lp("address", "Other use"),
}

DETAIL_USES: Final[dict[DetailUse, LazyString]] = {
    DetailUse.WORK: _lp("phone or post address", "At work"),
    DetailUse.MOBILE: _lp("phone or post address", "Mobile"),
    DetailUse.HOME: _lp("phone or post address", "At home"),
    DetailUse.SECRETARY: _lp("phone or post address", "Secretary"),
    DetailUse.FAX: _lp("phone or post address", "Fax"),
    DetailUse.OTHER: _lp("phone or post address", "Other use"),
}
"""Where a further number rings, or a further post address leads."""

PERSON_KINDS: Final[dict[PersonKind, LazyString]] = {
    PersonKind.OFFICIAL: _l("Holds or held an office"),
    PersonKind.JOURNALIST: _l("Journalist"),
    PersonKind.ALLY: _l("Ally: expert, activist, other organisation"),
    PersonKind.CITIZEN: _l("Citizen"),
    PersonKind.OTHER: _l("Other"),
}

MEDIUM_KINDS: Final[dict[MediumKind, LazyString]] = {
    MediumKind.PRINT: _l("In print"),
    MediumKind.RADIO: _l("Radio"),
    MediumKind.TELEVISION: _l("Television"),
    MediumKind.ONLINE: _l("Online"),
    MediumKind.AGENCY: _l("News agency"),
}

PURPOSES: Final[dict[Purpose, LazyString]] = {
    Purpose.EVENTS: _l("Invitations to events"),
    Purpose.NEWS: _l("News, reports and newsletter"),
    Purpose.SHARING: _l("Passing on to another organisation of the network"),
}

CONSENT_CHANNELS: Final[dict[ConsentChannel, LazyString]] = {
    ConsentChannel.PAPER: _lp("consent", "on paper"),
    ConsentChannel.FORM: _lp("consent", "through a form on the web"),
    ConsentChannel.MAIL: _lp("consent", "by e-mail"),
    ConsentChannel.PHONE: _lp("consent", "by phone"),
    ConsentChannel.IN_PERSON: _lp("consent", "in person"),
    ConsentChannel.IMPORT: _lp("consent", "with an imported list"),
    ConsentChannel.LINK: _lp("consent", "through the link in a mail"),
}

LOG_KINDS: Final[dict[LogKind, LazyString]] = {
    LogKind.CALL: _lp("contact log", "Phone call"),
    LogKind.VISIT: _lp("contact log", "Visit"),
    LogKind.CORRIDOR: _lp("contact log", "Word in passing"),
    LogKind.MESSAGE: _lp("contact log", "Message"),
}

CHECK_RESULTS: Final[dict[CheckResult, LazyString]] = {
    CheckResult.REACHED: _lp("phone check", "The address is right, somebody reads there"),
    CheckResult.CHANGED: _lp("phone check", "There is another address"),
    CheckResult.NOBODY: _lp("phone check", "Nobody reads there"),
    CheckResult.AGAIN: _lp("phone check", "Nobody answered, try again"),
}

MERGED_ROWS: Final[dict[str, LazyString]] = {
    "addresses": _l("Addresses"),
    "consents": _l("Consents"),
    "contact_details": _l("Further phone numbers and post addresses"),
    "contact_log": _l("Entries of the contact log"),
    "contact_lists": _l("Lists"),
    "institutions": _l("Parts"),
    "invitations": _l("Invitations"),
    "letter_recipients": _l("Letters"),
    "list_members": _l("Places on lists"),
    "mandates": _l("Times in office"),
    "offices": _l("Offices"),
    "persons": _l("Persons who work there"),
}
"""What a merge moves, by table; a table without a word is counted as other records."""

FORMS_OF_ADDRESS: Final[dict[FormOfAddress, LazyString]] = {
    FormOfAddress.ZOTI: _lp("form of address", "Mr"),
    FormOfAddress.ZONJA: _lp("form of address", "Ms"),
}

FIELD_WORDS: Final[dict[str, LazyString]] = {
    "accreditation": _l("Licence or accreditation"),
    "accredited_until": _l("Valid until"),
    "county": _l("County"),
    "form_of_address": _l("Form of address"),
    "kind": _l("Kind"),
    "language": _l("Language of the mails"),
    "medium_kind": _l("How it reaches its public"),
    "municipality_id": _l("Municipality"),
    "name": _l("Name"),
    "name_as_printed": _l("As printed"),
    "name_en": _l("Name in English"),
    "name_sq": _l("Name in Albanian"),
    "parent_id": _l("Part of"),
    "phone": _l("Phone"),
    "post_address": _l("Post address"),
    "press_card": _l("Press card"),
    "press_card_until": _l("Press card valid until"),
    "title_en": _l("Title of the office in English"),
    "dative": _l("In Albanian letters"),
    "title_sq": _l("Title of the office in Albanian"),
    "topics": _l("Topics"),
    "working_hours": _l("Working hours"),
    "works_for_id": _l("Works for"),
}
"""What history calls a field that was changed."""

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
    "person.handed_over": _l("%(name)s was handed over to %(to)s"),
    "person.received": _l("%(name)s was handed over by another organisation"),
    "contact.merged": _l("%(name)s was merged into this"),
    "contact.merge_undone": _l("The merge with %(name)s was undone"),
    "consent.given": _l("Consent recorded: %(purpose)s"),
    "consent.withdrawn": _l("Consent withdrawn: %(purpose)s"),
    "address.added": _l("Address added: %(email)s"),
    "address.changed": _l("Address changed: %(before)s → %(email)s"),
    "address.removed": _l("Address removed: %(email)s"),
    "phone.added": _l("Phone number added: %(value)s (%(use)s)"),
    "phone.changed": _l("Phone number changed: %(before)s → %(value)s (%(use)s)"),
    "phone.removed": _l("Phone number removed: %(before)s (%(use)s)"),
    "post.added": _l("Post address added: %(value)s (%(use)s)"),
    "post.changed": _l("Post address changed: %(before)s → %(value)s (%(use)s)"),
    "post.removed": _l("Post address removed: %(before)s (%(use)s)"),
    "log.added": _l("Contact log: %(kind)s, %(day)s"),
    "log.changed": _l("Contact log put right: %(kind)s, %(day)s"),
    "log.deleted": _l("Taken off the contact log: %(kind)s, %(day)s"),
}
"""What a row of history says; the values in it were written down when it happened."""


def history_words(row: History, lang: str) -> str:
    """Return one change of a contact in words."""
    words = HISTORY_WORDS.get(row.action)
    if words is None:
        return row.action
    details: dict[str, Any] = {"name": "", "email": "", "before": "", "period": "", "to": ""} | row.details
    if row.details.get("purpose") in set(Purpose):
        details["purpose"] = str(PURPOSES[Purpose(row.details["purpose"])])
    if row.action.startswith(("phone.", "post.")):
        details |= _detail_words(row)
    if row.action.startswith("log."):
        kind, day = row.details.get("kind"), _day(row.details.get("day"))
        details["kind"] = str(LOG_KINDS[LogKind(kind)]) if kind in set(LogKind) else ""
        details["day"] = short_day_words(day, lang) if day else ""
    if "from" in details:
        details["period"] = mandate_words(_day(details["from"]), _day(details["to"]), lang)
    sentence: str = str(words) % details
    return sentence


def _detail_words(row: History) -> dict[str, str]:
    use = row.details.get("use")
    words = {name: str(row.details.get(name) or "") for name in ("value", "before")}
    if row.action.startswith("phone."):
        words = {name: show_phone(value) for name, value in words.items()}
    return words | {"use": str(DETAIL_USES[DetailUse(use)]) if use in set(DetailUse) else ""}


def changed_fields(row: History) -> list[tuple[str, str, str]]:
    """Return what a change was about: field, value before, value after, in words as far as a reader needs them."""
    was, became = row.details.get("was"), row.details.get("became")
    if not isinstance(was, dict) or not isinstance(became, dict):
        return []
    return [
        (str(FIELD_WORDS[name]), value_words(name, was[name]), value_words(name, became.get(name)))
        for name in was
        if name in FIELD_WORDS
    ]


def value_words(name: str, value: Any) -> str:
    """Return a value of a field as history keeps it in words; that of an institution only where its name may be told."""
    if value in (None, ""):
        return "–"
    if name == "phone":
        return show_phone(str(value))
    if name == "language":
        return str(_("English") if value == "en" else _("Albanian"))
    kinds: dict[Any, LazyString] = {**INSTITUTION_KINDS, **PERSON_KINDS, **MEDIUM_KINDS}
    if name in ("kind", "medium_kind"):
        return str(kinds.get(value, value))
    if name == "form_of_address":
        return str(FORMS_OF_ADDRESS.get(value, value))
    if name == "municipality_id":
        place = db.session.get(Municipality, value)
        return place.name if place else "–"
    if name.endswith("_until"):
        return short_day_words(date.fromisoformat(value), current_language())
    # The name of another institution may be a stranger's: that it changed is said, not from what to what.
    return "…" if name.endswith("_id") else str(value)


def mandate_words(
    from_date: date | None, to_date: date | None, lang: str, known_on: date | None = None
) -> str:
    """Return the time in office in words; what is not known is said, never guessed."""
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


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
