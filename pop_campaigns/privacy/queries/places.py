"""Where a person is still named in words that people wrote: told to whoever erases, never changed by a program.

Every column of text of every table is looked through, so that a table that is added later cannot be forgotten.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from flask import url_for
from flask_babel import lazy_gettext as _l
from sqlalchemy import JSON, Column, String, Table, or_, select

from pop_campaigns.contacts.models.persons import Person
from pop_campaigns.core.db import Base, db
from pop_campaigns.events.models.events import Event
from pop_campaigns.invitations.models.invitations import Invitation
from pop_campaigns.letters.blueprint import letter_url
from pop_campaigns.letters.models import Letter, LetterRecipient
from pop_campaigns.mail.models import OutgoingMail
from pop_campaigns.privacy.queries.traces import belongs_to, holds_probe
from pop_campaigns.privacy.rules.identifiers import Identifiers

# Erased by itself, about the people who sign in (an account is another record than a contact), or no words of anybody.
_ELSEWHERE: Final = frozenset(
    (
        "slot_answers", "date_slots",
        "persons", "addresses", "contact_details", "consents", "invitations", "given_answers", "outgoing_mails", "incoming_mails",
        "mail_tries", "history", "import_rows", "import_changes", "merges", "users", "roles", "hash_keys", "suppressions",
        "tombstones", "stored_files", "municipalities", "retention_runs", "worker_beats", "incoming_links",
        "user_sessions", "throttles", "failed_tries", "account_links", "sent_forms", "sendings",
        "event_template_offices",
        "personal_feeds", "police_notices", "handed_links",
    )
)  # fmt: skip
_LABELS: Final = {
    "events": _l("Event"),
    "invitation_texts": _l("Note in an invitation"),
    "guest_messages": _l("Message to guests"),
    "letters": _l("Letter"),
    "letter_responses": _l("Response to a letter"),
    "letter_recipients": _l("Recipient of a letter"),
    "campaigns": _l("Campaign"),
    "institutions": _l("Institution"),
    "offices": _l("Office"),
    "contact_lists": _l("List"),
    "contact_log": _l("Contact log"),
    "mail_skeletons": _l("Text of a message that was sent"),
    "breaches": _l("Register of breaches"),
    "processing_purposes": _l("Register of purposes"),
    "time_proposals": _l("Time that a guest proposed"),
    "asked_guests": _l("Note of a guest about the date"),
    "follow_ups": _l("Reminder"),
    "entered_days": _l("Day off"),
    "subject_files": _l("File"),
    "mail_attachments": _l("File"),
    "contact_imports": _l("File with contacts"),
    "organisations": _l("Organisation"),
    "network": _l("Network"),
    "attendances": _l("Attendance"),
    "agenda_points": _l("Point of an agenda"),
    "event_templates": _l("Template of an event"),
    "event_series": _l("Series of events"),
    "series_proposals": _l("Answer to a series"),
    "event_details": _l("Event"),
    "supporters": _l("Message of an organisation that joined"),
    "commitments": _l("Commitment"),
}
# Tables that say by another one whose they are.
_OWNERS: Final[Mapping[str, tuple[str, Callable[[Person], Any]]]] = MappingProxyType(
    {
        "invitation_texts": ("event_id", lambda person: select(Event.id).where(belongs_to(Event, person))),
        "agenda_points": ("event_id", lambda person: select(Event.id).where(belongs_to(Event, person))),
        "guest_messages": ("event_id", lambda person: select(Event.id).where(belongs_to(Event, person))),
        "event_details": ("event_id", lambda person: select(Event.id).where(belongs_to(Event, person))),
        "supporters": ("event_id", lambda person: select(Event.id).where(belongs_to(Event, person))),
        "letter_recipients": (
            "letter_id",
            lambda person: select(Letter.id).where(belongs_to(Letter, person)),
        ),
        "letter_responses": (
            "recipient_id",
            lambda person: (
                select(LetterRecipient.id).join(LetterRecipient.letter).where(belongs_to(Letter, person))
            ),
        ),
        "time_proposals": (
            "invitation_id",
            lambda person: select(Invitation.id).join(Invitation.event).where(belongs_to(Event, person)),
        ),
        "asked_guests": (
            "invitation_id",
            lambda person: select(Invitation.id).join(Invitation.event).where(belongs_to(Event, person)),
        ),
        "mail_skeletons": (
            "id",
            lambda person: select(OutgoingMail.skeleton_id).where(belongs_to(OutgoingMail, person)),
        ),
    }
)
_NAMED_BY: Final = (
    "title_sq",
    "subject_sq",
    "name_sq",
    "name",
    "subject",
    "summary",
    "what",
    "why",
    "label",
    "with_whom",
)
_SHOWN = 100


@dataclass(frozen=True)
class Place:
    """One record that still names the person: what it is, how it is called, where it is shown ("" if nowhere)."""

    kind: str
    title: str
    url: str


def named_in(person: Person, identifiers: Identifiers) -> list[Place]:
    """Return the records whose free text names the person, as far as they belong to the person's organisation."""
    places: list[Place] = []
    for table in Base.metadata.sorted_tables:
        if table.name not in _ELSEWHERE:
            places += _in_table(table, person, identifiers)
    return places[:_SHOWN]


def _in_table(table: Table, person: Person, identifiers: Identifiers) -> Iterator[Place]:
    columns = [column for column in table.columns if _is_text(column)]
    if not columns:
        return
    rows = select(table).where(or_(*(holds_probe(column, identifiers) for column in columns)))
    if "organisation_id" in table.columns and person.organisation_id is not None:
        owner = table.columns["organisation_id"]
        rows = rows.where(or_(owner.is_(None), owner == person.organisation_id))
    elif table.name in _OWNERS:
        key, owned = _OWNERS[table.name]
        rows = rows.where(table.columns[key].in_(owned(person)))
    for row in db.session.execute(rows).mappings():
        if any(identifiers.name(row[column.name]) for column in columns):
            yield _place(table, row, person)


def _is_text(column: Column[Any]) -> bool:
    plain = isinstance(column.type, String) or isinstance(getattr(column.type, "impl", None), String)
    short = getattr(column.type, "enums", None) is not None or column.foreign_keys
    return (
        (plain or isinstance(column.type, JSON))
        and not short
        and column.name not in ("sort_key", "search_key", "stem")
    )


def _place(table: Table, row: Any, person: Person) -> Place:
    # What cannot be told to belong to the person's organisation is counted, but not opened.
    scoped = "organisation_id" in table.columns or table.name in _OWNERS or person.organisation_id is None
    title = next((row[name] for name in _NAMED_BY if row.get(name)), "") if scoped else ""
    return Place(str(_LABELS.get(table.name, table.name)), str(title)[:120], _url(table.name, row))


def _url(table: str, row: Any) -> str:
    if table == "events":
        return url_for("desk.event", event_id=row["id"])
    if table in ("invitation_texts", "agenda_points", "event_details", "supporters"):
        return url_for("desk.event", event_id=row["event_id"])
    if table == "time_proposals":
        return url_for("incoming.proposal", proposal_id=row["id"])
    if table == "letters":
        return letter_url(row["id"])
    if table == "follow_ups":
        return url_for("follow_ups.change", follow_up_id=row["id"])
    if table == "institutions":
        return url_for("contacts.institution", ident=row["id"])
    if table == "contact_log":
        return url_for("contacts.edit_log_entry", entry_id=row["id"])
    if table == "offices":
        return url_for("contacts.institution", ident=row["institution_id"])
    return ""
