"""The lists of institutions and persons: by what they are filtered, and their rows as lines of a file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from flask import current_app, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_security import current_user
from sqlalchemy import Select

from pop_campaigns.contacts.models.addresses import Address, ContactDetail
from pop_campaigns.contacts.models.institutions import Institution, Office
from pop_campaigns.contacts.models.persons import Person
from pop_campaigns.contacts.queries import directory
from pop_campaigns.contacts.queries.addresses import best_first
from pop_campaigns.contacts.queries.details import Contact, Further, further_of
from pop_campaigns.contacts.queries.directory import InstitutionRow, PersonRow
from pop_campaigns.contacts.queries.lacking import lacks
from pop_campaigns.contacts.rules import InstitutionKind, Lack, PersonKind
from pop_campaigns.contacts.views.form_pages import today
from pop_campaigns.contacts.words.contacts import contact_words
from pop_campaigns.contacts.words.files import ContactLine, FurtherDetail, write_csv, write_vcards, write_xlsx
from pop_campaigns.contacts.words.labels import DETAIL_USES, FORMS_OF_ADDRESS, INSTITUTION_KINDS, PERSON_KINDS
from pop_campaigns.core.db import db
from pop_campaigns.core.i18n import current_language, in_language
from pop_campaigns.core.places import Municipality, all_municipalities

CHUNK = 500
MEDIA_TYPES = {
    "csv": "text/csv",
    "vcf": "text/vcard",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
EXPORT_HEADS = (
    _l("Kind"),
    _l("Institution"),
    _l("Office"),
    _l("Name"),
    _l("E-mail address"),
    _l("Phone"),
    _l("Municipality"),
    _l("Language of the mails"),
    _l("Form of address"),
    _l("Post address"),
)


def institution_lines(rows: Iterable[InstitutionRow]) -> Iterator[ContactLine]:
    """Return institutions and their offices as lines of a file; sample addresses stay out."""
    rows = list(rows)
    owners: list[Contact] = [row.institution for row in rows]
    owners += [line.office for row in rows for line in row.offices]
    further = further_of(owners, current_user)
    for row in rows:
        institution = row.institution
        kind = str(INSTITUTION_KINDS[institution.kind])
        place = institution.municipality.name if institution.municipality else ""
        emails, phones = _real(row.addresses), _phones(institution, further)
        name = contact_words(institution)
        posts = _posts(institution, further)
        if emails or any(phones) or any(posts) or not row.offices:
            ident = f"institution-{institution.id}"
            whole = (ident, kind, "", "", name, place, emails, institution.language, *phones, "")
            yield ContactLine(*whole, *posts)
        for line in row.offices:
            holder = line.present[0].person if line.present else None
            title = in_language(line.office, "title", current_language())
            reached = _real(line.addresses) or _real([line.reached_at] if line.reached_at else [])
            uid, language = f"office-{line.office.id}", line.office.language
            own = _phones(line.office, further)
            who, form = (holder.name, _form_words(holder)) if holder else ("", "")
            numbers = own if any(own) else phones
            at = _posts(line.office, further)
            whole = (uid, kind, who, title, name, place, reached, language, *numbers, form)
            yield ContactLine(*whole, *(at if any(at) else posts))


def person_lines(rows: Iterable[PersonRow]) -> Iterator[ContactLine]:
    """Return persons as lines of a file, with the office they hold now, if any; sample addresses stay out."""
    rows = list(rows)
    further = further_of([row.person for row in rows], current_user)
    for row in rows:
        office = row.present[0].office if row.present else None
        title = in_language(office, "title", current_language()) if office else ""
        institution = contact_words(office.institution) if office else ""
        person, emails = row.person, _real(row.addresses)
        uid, kind = f"person-{person.id}", str(PERSON_KINDS[person.kind])
        institution = institution or (contact_words(person.works_for) if person.works_for else "")
        place = person.municipality.name if person.municipality else ""
        phones = _phones(person, further)
        language, form = person.language, _form_words(person)
        whole = (uid, kind, person.name, title, institution, place, emails, language, *phones, form)
        yield ContactLine(*whole, *_posts(person, further))


def _form_words(person: Person) -> str:
    return str(FORMS_OF_ADDRESS[person.form_of_address]) if person.form_of_address else ""


def _phones(owner: Contact, further: Further) -> tuple[str, tuple[FurtherDetail, ...]]:
    """Return the first number of a contact and its further ones."""
    return owner.phone, _with_words(further.phones(owner))


def _posts(owner: Contact, further: Further) -> tuple[str, tuple[FurtherDetail, ...]]:
    """Return the first post address of a contact, as far as it has one, and the further ones."""
    return "" if isinstance(owner, Office) else owner.post_address, _with_words(further.posts(owner))


def _with_words(rows: Iterable[ContactDetail]) -> tuple[FurtherDetail, ...]:
    return tuple(FurtherDetail(row.value, row.use, str(DETAIL_USES[row.use])) for row in rows)


def _real(addresses: Iterable[Address]) -> tuple[str, ...]:
    ranked = best_first(addresses, current_user.organisation_id)
    return tuple(dict.fromkeys(address.email for address in ranked if not address.is_sample))


@dataclass(frozen=True)
class InstitutionFilters:
    """What the list of institutions is filtered by."""

    typed: str
    kind: InstitutionKind | None
    place: Municipality | None
    lack: Lack | None

    def __bool__(self) -> bool:
        """Return whether anything is left out."""
        return bool(self.typed or self.kind or self.place or self.lack)

    def found(self, *, lacking: bool = True) -> Select[Institution]:
        """Return the query for the institutions; without ``lacking`` also for those that lack nothing."""
        user, on = current_user, today()
        wanted = directory.select_institutions(self.typed, self.kind, self.place, user, on)
        return wanted.where(lacks(self.lack, user, on)) if lacking and self.lack else wanted


def filters() -> InstitutionFilters:
    """Return what the list is filtered by; what is no kind, no municipality or no lack filters nothing."""
    typed, kind = request.args.get("q", "").strip()[:200], request.args.get("kind", "")
    key = request.args.get("municipality")
    place = next((municipality for municipality in all_municipalities() if municipality.key == key), None)
    lack = request.args.get("lack", "")
    return InstitutionFilters(
        typed,
        InstitutionKind(kind) if kind in set(InstitutionKind) else None,
        place,
        Lack(lack) if lack in set(Lack) else None,
    )


def person_filters() -> tuple[str, PersonKind | None, Municipality | None]:
    """Return what the list of persons is filtered by; what is no kind or no municipality filters nothing."""
    typed, kind = request.args.get("q", "").strip()[:200], request.args.get("kind", "")
    place = filters().place
    return typed, PersonKind(kind) if kind in set(PersonKind) else None, place


def export_file(listed: str, ending: str) -> tuple[bytes, int]:
    """Return a list as a file of one of MEDIA_TYPES, and how many lines or cards it has; no bytes where there is no card."""
    lines, heads = list(export_lines(listed)), [str(head) for head in EXPORT_HEADS]
    if ending == "csv":
        return write_csv(heads, lines), len(lines)
    if ending == "xlsx":
        title = _("Institutions") if listed == "institutions" else _("Persons")
        return write_xlsx(str(title), heads, lines), len(lines)
    content = write_vcards(lines, current_app.config["MAIL_DOMAIN"])
    return content, content.count(b"BEGIN:VCARD")


def _chosen(listed: str) -> tuple[Any, ...]:
    if listed == "institutions":
        chosen = filters()
        return chosen.typed, chosen.kind, chosen.place, chosen.lack
    return (*person_filters(), None)


def filter_details(listed: str) -> dict[str, Any]:
    """Return what a list was filtered by, as history keeps it; not the words looked for, which name people."""
    typed, kind, place, lack = _chosen(listed)
    details = {
        "kind": kind.value if kind else None,
        "municipality": place.key if place else None,
        "lack": lack,
    }
    return {name: value for name, value in (details | {"searched": bool(typed)}).items() if value}


def export_lines(listed: str) -> Iterator[ContactLine]:
    """Return the lines of a file, looked up so many contacts at a time as one query may name."""
    if listed == "institutions":
        records: Sequence[Any] = db.session.scalars(filters().found()).unique().all()
        for start in range(0, len(records), CHUNK):
            rows = directory.institution_rows(records[start : start + CHUNK], current_user, today())
            yield from institution_lines(rows)
    else:
        wanted = directory.select_persons(person_filters()[0], current_user, *person_filters()[1:])
        records = db.session.scalars(wanted).all()
        for start in range(0, len(records), CHUNK):
            yield from person_lines(
                directory.person_rows(records[start : start + CHUNK], current_user, today())
            )
