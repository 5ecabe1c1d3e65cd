"""All that is kept about one person, as plain data: for a file another program reads and for a page to print.

Named in English in the file, because programs read it; the page translates the headings. Names of the people who sign
in are not the person's data and stay out.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import select

from pop_campaigns.contacts.models.consents import Suppression
from pop_campaigns.contacts.models.contact_log import LogEntry
from pop_campaigns.contacts.models.persons import Mandate, Person
from pop_campaigns.contacts.queries.refusals import known_key
from pop_campaigns.contacts.rules import DetailKind, TombstoneKind, keyed_hash
from pop_campaigns.core.db import db
from pop_campaigns.imports.models import ContactImport, ImportRow
from pop_campaigns.invitations.models.invitations import Invitation, TimeProposal
from pop_campaigns.invitations.queries.date_polls import asked_of, slot_answers_of
from pop_campaigns.letters.models import LetterRecipient
from pop_campaigns.mail.compose import compose
from pop_campaigns.mail.models import OutgoingMail
from pop_campaigns.mail.secrets import mask_within
from pop_campaigns.privacy.queries.places import Place
from pop_campaigns.privacy.queries.traces import Traces

FORMAT = "pop_campaigns access export 1"
Data = dict[str, Any]
_PERSON = (
    "name", "name_as_printed", "kind", "language", "phone", "post_address", "topics", "press_card",
    "press_card_until", "form_of_address",
)  # fmt: skip
_CONSENT = (
    "purpose", "text_version", "language", "channel", "proof", "given_at", "recorded_at", "withdrawn_at",
    "withdrawn_by",
)  # fmt: skip


def access_export(traces: Traces, places: Sequence[Place], *, now: datetime) -> Data:
    """Return everything that is kept about a person, by kind; instants in UTC, ISO 8601.

    What opens something for the person, or for others, is masked: a coordinator hands the export over.
    """
    person = traces.person
    return mask_within(
        {
            "format": FORMAT,
            "made_at": _plain(now),
            "controller": person.organisation.name if person.organisation else "network",
            "persons": [_person(record) for record in traces.persons],
            "addresses": [_some(address, ("email", "use")) for address in traces.addresses],
            "phones": _details(traces, DetailKind.PHONE, "phone"),
            "post_addresses": _details(traces, DetailKind.POST, "post_address"),
            "consents": [_consent(consent) for consent in traces.consents],
            "refusals": _refusals(traces),
            "offices": [_mandate(mandate) for mandate in traces.mandates],
            "invitations": [_invitation(invitation) for invitation in (*traces.invitations, *traces.held)],
            "named_as_substitute": _as_substitute(traces),
            "named_as_speaker": _as_speaker(traces),
            "contact_log": [_log_entry(entry) for entry in traces.log],
            "letters": [_letter(recipient) for recipient in traces.recipients],
            "messages": [_mail(mail) for mail in (*traces.mails, *traces.naming)],
            "received_from_person": [
                _some(mail, ("received_at", "from_address", "from_name", "subject", "text", "kind"))
                for mail in traces.incoming
            ],
            "kept_by_local_mail_server": len(traces.delivered),
            "lists": [member.contact_list.name for member in traces.members],
            "imports": _imports(traces.rows),
            "import_changes": [_some(change, ("table", "before", "after")) for change in traces.changes],
            "merged_records": [_some(merge, ("at", "changed")) for merge in traces.merges],
            "history": [_some(row, ("at", "action", "details")) for row in traces.history],
            "also_named_in": [{"kind": place.kind, "title": place.title} for place in places],
        }
    )


def _as_substitute(traces: Traces) -> list[Data]:
    return [
        {
            "event": substitute.invitation.event.title_sq,
            "as": substitute.substitute or substitute.sent_from,
            "at": _plain(substitute.at),
        }
        for substitute in traces.substitutes
    ]


def _as_speaker(traces: Traces) -> list[Data]:
    return [
        {"event": point.event.title_sq, "point": point.title_sq, "as": point.speaker}
        for point in traces.speeches
    ]


def _plain(value: Any) -> Any:
    if isinstance(value, enum.Enum):
        return value.value
    return value.isoformat() if isinstance(value, date | datetime | time) else value


def _some(row: Any, names: Sequence[str]) -> Data:
    return {name: _plain(getattr(row, name)) for name in names}


def _person(person: Person) -> Data:
    return _some(person, _PERSON) | {
        "municipality": person.municipality.name if person.municipality else "",
        "works_for": person.works_for.name_sq if person.works_for else "",
    }


def _details(traces: Traces, kind: DetailKind, name: str) -> list[Data]:
    """Return the further numbers or addresses, named as the person's first one."""
    return [{name: row.value, "use": row.use.value} for row in traces.details if row.kind is kind]


def _mandate(mandate: Mandate) -> Data:
    office = mandate.office
    days = _some(mandate, ("from_date", "to_date", "known_on"))
    return days | {"office": office.title_sq, "institution": office.institution.name_sq}


def _consent(consent: Any) -> Data:
    paper = consent.proof_file
    return _some(consent, _CONSENT) | {
        "proof_file": paper.name if paper else "",
        "shared_with": consent.shared_with.name if consent.shared_with else "",
    }


def _log_entry(entry: LogEntry) -> Data:
    names = ("kind", "day", "hour", "with_whom", "said", "checked_address", "result", "again_on")
    return _some(entry, names) | {"office": entry.office.title_sq if entry.office else ""}


def _refusals(traces: Traces) -> list[Data]:
    key = known_key()
    if key is None:
        return []
    hashes = {
        keyed_hash(TombstoneKind.EMAIL, address.email, key): address.email for address in traces.addresses
    }
    rows = select(Suppression).where(Suppression.address_hash.in_(hashes)).order_by(Suppression.id)
    owners = (None, traces.person.organisation_id)
    return [
        _some(refusal, ("purpose", "channel", "at")) | {"address": hashes[refusal.address_hash]}
        for refusal in db.session.scalars(rows)
        if refusal.organisation_id in owners
    ]


def _invitation(guest: Invitation) -> Data:
    event = guest.event
    return {
        "event": event.title_sq,
        "starts_at": _plain(event.starts_at),
        **_some(guest, ("name", "office_title", "institution_name", "address", "language", "state")),
        **_some(guest, ("dative", "form_of_address")),
        **_some(guest, ("invited_at", "answer", "answered_at")),
        "answers": [
            _some(answer, ("answer", "substitute", "note", "channel", "at", "said_at", "substitute_answer"))
            for answer in guest.answers
        ],
        "proposed_times": [
            _some(proposal, ("starts_at", "ends_at", "comment", "at", "accepted"))
            for proposal in _proposals_of(guest)
        ],
        "dates_asked": _dates_of(guest),
    }


def _proposals_of(guest: Invitation) -> Sequence[TimeProposal]:
    rows = select(TimeProposal).where(TimeProposal.invitation_id == guest.id)
    return db.session.scalars(rows.order_by(TimeProposal.id)).all()


def _dates_of(guest: Invitation) -> Data | None:
    """Return when the guest was asked for a date, and what they said of each time."""
    asked = asked_of(guest)
    if asked is None:
        return None
    answers = [
        _some(answer, ("says", "at", "channel", "told_how"))
        | _some(answer.slot, ("starts_at", "ends_at", "removed_at"))
        for answer in slot_answers_of(guest)
    ]
    return _some(asked, ("asked_at", "written_at", "note")) | {"said": answers}


def _letter(recipient: LetterRecipient) -> Data:
    letter = recipient.letter
    return {
        "subject": letter.subject_sq or letter.subject_en,
        "register_number": letter.register_number,
        "sent_at": _plain(letter.sent_at),
        **_some(recipient, ("role", "name", "office_title", "institution_name", "address")),
        **_some(recipient, ("dative", "form_of_address")),
        "responses": [
            _some(response, ("kind", "received_on", "summary")) for response in recipient.responses
        ],
    }


def _mail(mail: OutgoingMail) -> Data:
    parts = compose(mail, reveal=False)
    return {
        **_some(mail, ("to_address", "to_name", "kind", "state", "queued_at", "sent_at", "last_words")),
        "subject": parts.subject,
        "text": parts.text,
        "tries": [_some(attempt, ("at", "outcome", "words")) for attempt in mail.tries],
    }


def _imports(rows: Sequence[ImportRow]) -> list[Data]:
    wanted = select(ContactImport.id, ContactImport.file_name).where(
        ContactImport.id.in_({row.import_id for row in rows})
    )
    names = dict(db.session.execute(wanted).all())
    return [
        {"file": names.get(row.import_id, ""), "row": row.number, "cells": list(row.cells)} for row in rows
    ]
