"""Erasing a person: what names them goes, what counts them stays. The caller commits, then calls :func:`finish`."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress as forgive
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import structlog
from flask import current_app
from sqlalchemy.exc import OperationalError

from pop_campaigns.accounts.models import User
from pop_campaigns.contacts.models.consents import Consent, Tombstone
from pop_campaigns.contacts.models.persons import Person
from pop_campaigns.contacts.rules import ConsentChannel, Purpose, TombstoneKind
from pop_campaigns.contacts.services.refusals import bury, suppress
from pop_campaigns.core.dative import in_gender
from pop_campaigns.core.db import db
from pop_campaigns.core.files import drop_files
from pop_campaigns.core.history import note
from pop_campaigns.core.locks import lock_row
from pop_campaigns.core.salutations import is_salutation, neutral_salutation, without_name
from pop_campaigns.letters.models import LetterRecipient
from pop_campaigns.mail.models import OutgoingMail
from pop_campaigns.mail.sendings import end_undoing
from pop_campaigns.privacy.queries.traces import Traces, find_traces
from pop_campaigns.privacy.services.blanking import (
    NOTHING,
    blank_guest,
    blank_incoming,
    blank_mail,
    blank_skeleton,
)
from pop_campaigns.privacy.services.ledger import append_stones

log = structlog.get_logger()


@dataclass
class Erased:
    """What one erasure did: counts for history, files to be removed once the database has agreed."""

    counts: dict[str, int] = field(default_factory=dict)
    files: list[Path] = field(default_factory=list)


def erase_person(person: Person, *, by: User | None, now: datetime, actor_name: str = "") -> Erased | None:
    """Erase a person everywhere; None if that was done already.

    The tombstones are in the list outside the database when this returns, before the caller commits.
    """
    lock_row(person)
    if person.erased_at is not None:
        return None
    traces = find_traces(person)
    stones = _set_stones(traces, now)
    done = Erased(_counts(traces))
    done.files = [*_erase_contacts(traces, now), *traces.delivered]
    _erase_invitations(traces)
    done.files += _erase_mails(traces)
    _erase_elsewhere(traces)
    end_undoing(now=now)
    db.session.flush()
    note(
        "person.erased",
        person,
        by=by,
        now=now,
        actor_name=actor_name,
        organisation_id=person.organisation_id,
        **done.counts,
    )
    append_stones(stones)
    return done


def finish(done: Erased) -> None:
    """Remove the files of what was erased and committed, and what SQLite's journal still holds of it."""
    for path in done.files:
        try:
            path.unlink(missing_ok=True)
        except OSError:
            log.exception("a file of an erased person could not be removed", file=path.name)
    if db.engine.dialect.name == "sqlite":
        db.session.rollback()
        # Somebody reads at this moment: the next checkpoint does it.
        with forgive(OperationalError), db.engine.connect() as connection:
            raw = connection.connection.driver_connection
            raw.execute("PRAGMA busy_timeout=1000")  # type: ignore[union-attr]
            raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()  # type: ignore[union-attr]
            wait = current_app.config["DATABASE_WAIT"] * 1000
            raw.execute(f"PRAGMA busy_timeout={wait}")  # type: ignore[union-attr]


def _counts(traces: Traces) -> dict[str, int]:
    names = (
        "addresses",
        "details",
        "consents",
        "invitations",
        "answers",
        "recipients",
        "mails",
        "rows",
        "members",
        "log",
    )
    return {name: len(getattr(traces, name)) for name in names}


def _set_stones(traces: Traces, now: datetime) -> list[Tombstone]:
    owner, identifiers = traces.person.organisation_id, traces.identifiers
    known = [(TombstoneKind.EMAIL, email) for email in identifiers.emails]
    known += [(TombstoneKind.PHONE, phone) for phone in identifiers.phones]
    known = known or [(TombstoneKind.NAME, traces.person.name)]
    for email in identifiers.emails:
        for purpose in Purpose:
            suppress(email, purpose, owner, channel=ConsentChannel.FORM, now=now)
    return [bury(kind, value, owner, now=now) for kind, value in known]


def _erase_contacts(traces: Traces, now: datetime) -> list[Path]:
    """Blank the person and what hangs on them; return the files that are to go."""
    for person in traces.persons:
        person.name = person.name_as_printed = person.phone = person.post_address = ""
        person.topics = person.press_card = ""
        person.municipality_id = person.works_for_id = person.press_card_until = None
        person.form_of_address = None
        person.erased_at = now
    for row in (*traces.addresses, *traces.details, *traces.members, *traces.changes):
        db.session.delete(row)
    _erase_log(traces)
    files = _erase_consents(traces.consents, now)
    for merge in traces.merges:
        merge.changed = {}
    db.session.flush()
    for person in traces.persons:
        db.session.expire(person, ["addresses", "details"])
    return files


def _erase_log(traces: Traces) -> None:
    """Delete what was said with the person; what was said with an office stays there, without the name."""
    for entry in traces.log:
        if entry.office_id is None and entry.institution_id is None:
            db.session.delete(entry)
            continue
        entry.person = None
        entry.with_whom = traces.identifiers.cut(entry.with_whom)
        entry.said = traces.identifiers.cut(entry.said)


def _erase_consents(consents: Sequence[Consent], now: datetime) -> list[Path]:
    proofs = {consent.proof_file_id for consent in consents if consent.proof_file_id}
    for consent in consents:
        consent.proof, consent.proof_file_id = "", None
        if consent.withdrawn_at is None:
            consent.withdrawn_at, consent.withdrawn_by = max(now, consent.given_at), ConsentChannel.FORM
    db.session.flush()
    return drop_files(proofs)


def _erase_invitations(traces: Traces) -> None:
    cut = traces.identifiers.cut
    for answer in traces.answers:
        answer.substitute = answer.note = ""
        answer.sent_from = None
    for answer in traces.substitutes:
        answer.substitute = cut(answer.substitute)
        if answer.sent_from and traces.identifiers.is_email(answer.sent_from):
            answer.sent_from = ""
    for guest in traces.held:
        guest.name, guest.form_of_address = "", None
        guest.dative = _of_the_office(guest.dative)
    for guest in traces.invitations:
        blank_guest(guest)
    for recipient in traces.recipients:
        _erase_recipient(recipient, traces)


def _erase_recipient(recipient: LetterRecipient, traces: Traces) -> None:
    recipient.name, recipient.form_of_address = "", None
    recipient.dative = _of_the_office(recipient.dative)
    if traces.identifiers.is_email(recipient.address):
        recipient.address = ""
    for response in recipient.responses:
        response.summary = traces.identifiers.cut(response.summary)


def _of_the_office(phrase: str) -> str:
    """Return an address in the dative as it is for whoever holds the office."""
    return in_gender(phrase, woman=False)


def _erase_mails(traces: Traces) -> list[Path]:
    files = [path for mail in traces.mails for path in blank_mail(mail)]
    for mail in traces.naming:
        _unname_mail(mail, traces)
    for incoming in traces.incoming:
        blank_incoming(incoming)
    for skeleton in traces.skeletons:
        skeleton.subject = NOTHING
        blank_skeleton(skeleton)
    return files


def _unname_mail(mail: OutgoingMail, traces: Traces) -> None:
    """Take the name out of a mail that went to an office."""
    cut = traces.identifiers.cut
    names = traces.identifiers.names
    fields = {}
    for key, value in mail.fields.items():
        for name in names:
            value = without_name(value.removeprefix(f"{name}, "), name)
        if key == "addressed":
            label, colon, phrase = value.partition(": ")
            value = f"{label}{colon}{_of_the_office(phrase)}"
        fields[key] = neutral_salutation(mail.skeleton.language) if is_salutation(value) else cut(value)
    mail.fields, mail.to_name = fields, cut(mail.to_name)
    mail.last_words = cut(mail.last_words)
    for attempt in mail.tries:
        attempt.words = cut(attempt.words)


def _erase_elsewhere(traces: Traces) -> None:
    ids = {person.id for person in traces.persons}
    cut = traces.identifiers.cut
    for row in traces.history:
        about = row.subject_type == "persons" and row.subject_id in ids
        details = {name: value for name, value in (row.details or {}).items() if name == "organisation_id"}
        row.details = details if about else cut(row.details)
        if row.actor_id is None:
            row.actor_name = "" if about or row.subject_type == "invitations" else cut(row.actor_name)
    for point in traces.speeches:
        point.speaker = cut(point.speaker)
    for skeleton in traces.told_of_speeches:
        skeleton.text, skeleton.html = cut(skeleton.text), cut(skeleton.html)
        skeleton.calendar = cut(skeleton.calendar)
    for cells in traces.rows:
        cells.cells, cells.errors = ["" for _cell in cells.cells], []
