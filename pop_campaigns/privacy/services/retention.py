"""Keeping nothing longer than was said, class by class (``rules.RETENTION``). Letters are official and stay.

Each class is a query for what is over its time and a verb that deals with it; a dry run only counts. The caller commits
and then removes the files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from flask import current_app
from sqlalchemy import Select, delete, exists, func, or_, select, text

from pop_campaigns.accounts.models import UserSession
from pop_campaigns.accounts.services.sessions import over_since
from pop_campaigns.contacts.models.consents import Consent
from pop_campaigns.contacts.models.persons import Person
from pop_campaigns.contacts.rules import PRIVATE_KINDS, PersonKind
from pop_campaigns.core.db import db
from pop_campaigns.core.files import StoredFile, drop_files
from pop_campaigns.core.history import History
from pop_campaigns.events.queries.events import is_over
from pop_campaigns.imports.models import ContactImport, ImportChange, ImportRow
from pop_campaigns.imports.rules.states import BUSY
from pop_campaigns.invitations.models.invitations import Invitation
from pop_campaigns.mail.models import IncomingLink, IncomingMail, MailSkeleton, OutgoingMail
from pop_campaigns.mail.queries import mails_about
from pop_campaigns.mail.rules import IncomingState, MailState
from pop_campaigns.privacy.models import RetentionRun
from pop_campaigns.privacy.rules.identifiers import Identifiers
from pop_campaigns.privacy.rules.retention import RETENTION, Kept, Retention, run_is_due
from pop_campaigns.privacy.services.blanking import (
    NOTHING,
    blank_filling,
    blank_guest,
    blank_incoming,
    blank_mail,
    blank_skeleton,
)

AT_ONCE: Final = 500
"""How many of a class are dealt with in one transaction: nobody waits long for the database."""
STAND_IN: Final = "anonymous"
"""Marks (as topics) the nameless persons that anonymised guests are counted under."""


@dataclass
class Swept:
    """What one pass did: how many of each class, and the files to be removed once it is committed."""

    counts: dict[str, int] = field(default_factory=dict)
    files: list[Path] = field(default_factory=list)


def days_of(rule: Retention) -> int:
    """Return for how many days a class is kept here."""
    return int(current_app.config[rule.setting]) if rule.setting else rule.days


def count_due(*, now: datetime) -> dict[str, int]:
    """Return how many of each class are over their time; changes nothing."""
    counts = {}
    for rule in RETENTION:
        until = now - timedelta(days=days_of(rule))
        if rule.kept is Kept.LOOSE_FILES:
            counts[rule.kept.value] = sum(1 for _path in _loose_files(until))
        else:
            due = _DUE[rule.kept](until)
            counted = select(func.count()).select_from(due.order_by(None).subquery())
            counts[rule.kept.value] = db.session.scalar(counted) or 0
    return counts


def sweep(*, now: datetime) -> Swept:
    """Deal with up to AT_ONCE of each class that are over their time."""
    done = Swept()
    for rule in RETENTION:
        until = now - timedelta(days=days_of(rule))
        if rule.kept is Kept.LOOSE_FILES:
            files = list(_loose_files(until))[:AT_ONCE]
            number = len(files)
        else:
            rows = db.session.scalars(_DUE[rule.kept](until).limit(AT_ONCE)).unique().all()
            number, files = len(rows), _VERBS[rule.kept](rows, now) if rows else []
        done.counts[rule.kept.value] = number
        done.files += files
        db.session.flush()
    return done


def claim_run(*, now: datetime) -> RetentionRun | None:
    """Start the run of this day, if no other worker has; its counts are empty until it is through."""
    if not run_is_due(_last_run_at(), now):
        return None
    if db.engine.dialect.name == "postgresql":
        db.session.execute(text("LOCK TABLE retention_runs IN SHARE ROW EXCLUSIVE MODE"))
        if not run_is_due(_last_run_at(), now):
            return None
    run = RetentionRun(at=now, counts={})
    db.session.add(run)
    db.session.flush()
    return run


def _last_run_at() -> datetime | None:
    return db.session.scalar(select(RetentionRun.at).order_by(RetentionRun.id.desc()).limit(1))


def last_runs(limit: int = 14) -> Sequence[RetentionRun]:
    """Return the last runs, newest first."""
    return db.session.scalars(select(RetentionRun).order_by(RetentionRun.id.desc()).limit(limit)).all()


def _due_answers(until: datetime) -> Select[Any]:
    """Return the invitations of citizens to events that ended before then."""
    return (
        select(Invitation)
        .join(Invitation.event)
        .join(Invitation.person)
        .where(
            Invitation.office_id.is_(None),
            Person.kind.in_(PRIVATE_KINDS),
            Person.topics != STAND_IN,
            is_over(until),
        )
        .order_by(Invitation.id)
    )


def _due_mails(until: datetime) -> Select[Any]:
    """Return texts all of whose mails were queued before then and are not on their way; letters are left alone."""
    of_text = OutgoingMail.skeleton_id == MailSkeleton.id
    still_needed = or_(
        OutgoingMail.queued_at >= until,
        OutgoingMail.state.in_((MailState.QUEUED, MailState.SENDING)),
        OutgoingMail.kind.startswith("letter"),
    )
    return (
        select(MailSkeleton)
        .where(
            MailSkeleton.text != NOTHING,
            MailSkeleton.created_at < until,
            ~exists().where(of_text, still_needed),
        )
        .order_by(MailSkeleton.id)
    )


def _due_incoming(until: datetime) -> Select[Any]:
    """Return messages that came in before then and were dealt with; what answers a letter is official and stays."""
    official = exists().where(
        IncomingLink.incoming_mail_id == IncomingMail.id,
        IncomingLink.subject_type == "letter_recipients",
        IncomingLink.suggested.is_(False),
    )
    return (
        select(IncomingMail)
        .where(
            IncomingMail.received_at < until,
            IncomingMail.state != IncomingState.RECEIVED,
            func.length(IncomingMail.raw) > 0,
            ~official,
        )
        .order_by(IncomingMail.id)
    )


def _empty_incoming(rows: Sequence[IncomingMail], _now: datetime) -> list[Path]:
    for mail in rows:
        blank_incoming(mail)
    return []


def _due_proofs(until: datetime) -> Select[Any]:
    proof = or_(Consent.proof != "", Consent.proof_file_id.is_not(None))
    return select(Consent).where(Consent.withdrawn_at < until, proof).order_by(Consent.id)


def _due_imports(until: datetime) -> Select[Any]:
    """Return imports of which rows or changes are still kept, by their run or (never run) their upload."""
    rows = exists().where(ImportRow.import_id == ContactImport.id)
    changes = exists().where(ImportChange.import_id == ContactImport.id)
    return (
        select(ContactImport)
        .where(func.coalesce(ContactImport.ran_at, ContactImport.created_at) < until)
        .where(ContactImport.state.not_in(BUSY), or_(rows, changes))
        .order_by(ContactImport.id)
    )


def _anonymise(guests: Sequence[Invitation], now: datetime) -> list[Path]:
    """Keep of citizens that so many came and what they answered, without a thread back to who they were."""
    files: list[Path] = []
    for guest in guests:
        identifiers = Identifiers((guest.name,) if guest.name else (), (guest.address,))
        for answer in guest.answers:
            answer.substitute = answer.note = ""
            answer.sent_from = None
        for mail in _mails_of(guest):
            files += blank_mail(mail)
        _blank_history(guest, identifiers)
        blank_guest(guest)
        if guest not in db.session.deleted:
            guest.person = _stand_in(guest, now)
        db.session.flush()
    return files


def _mails_of(guest: Invitation) -> Sequence[OutgoingMail]:
    return db.session.scalars(select(OutgoingMail).where(mails_about(Invitation, [guest.id]))).all()


def _blank_history(guest: Invitation, identifiers: Identifiers) -> None:
    about = (History.subject_type == "invitations") & (History.subject_id == guest.id)
    at_event = (History.subject_type == "events") & (History.subject_id == guest.event_id)
    for row in db.session.scalars(select(History).where(about | at_event)):
        if row.subject_type == "invitations" and row.actor_id is None:
            row.actor_name = ""
        if identifiers.name(row.details):
            row.details = identifiers.cut(row.details)


def _stand_in(guest: Invitation, now: datetime) -> Person:
    """Return a nameless person who is not a guest of this event yet: the same few serve all events of an owner."""
    owner = guest.event.organisation_id
    guests = select(Invitation.person_id).where(
        Invitation.event_id == guest.event_id, Invitation.person_id.is_not(None)
    )
    free = select(Person).where(
        Person.topics == STAND_IN,
        Person.erased_at.is_not(None),
        Person.organisation_id.is_not_distinct_from(owner),
        Person.id.not_in(guests),
    )
    person = db.session.scalar(free.order_by(Person.id).limit(1))
    if person is None:
        person = Person(
            name="", kind=PersonKind.CITIZEN, topics=STAND_IN, organisation_id=owner, erased_at=now
        )
        db.session.add(person)
        db.session.flush()
    return person


def _empty_mails(skeletons: Sequence[MailSkeleton], _now: datetime) -> list[Path]:
    ids = [skeleton.id for skeleton in skeletons]
    files: list[Path] = []
    for mail in db.session.scalars(select(OutgoingMail).where(OutgoingMail.skeleton_id.in_(ids))):
        files += blank_filling(mail)
        mail.to_name = ""
    for skeleton in skeletons:
        blank_skeleton(skeleton)
    return files


def _drop_proofs(consents: Sequence[Consent], _now: datetime) -> list[Path]:
    files = {consent.proof_file_id for consent in consents if consent.proof_file_id}
    for consent in consents:
        consent.proof, consent.proof_file_id = "", None
    db.session.flush()
    return drop_files(files)


def _drop_imports(runs: Sequence[ContactImport], _now: datetime) -> list[Path]:
    for run in runs:
        for table in (ImportRow, ImportChange):
            db.session.execute(delete(table).where(table.import_id == run.id))
    return []


def _due_sessions(until: datetime) -> Select[Any]:
    return select(UserSession).where(over_since(until)).order_by(UserSession.id)


def _drop_sessions(rows: Sequence[UserSession], _now: datetime) -> list[Path]:
    db.session.execute(delete(UserSession).where(UserSession.id.in_([row.id for row in rows])))
    return []


def _loose_files(until: datetime) -> Iterator[Path]:
    """Return files that no row knows: left by a machine that stopped between the database and the disk."""
    folder = Path(current_app.config["DATA_DIR"]) / "files"
    if not folder.is_dir():
        return
    known = set(db.session.scalars(select(StoredFile.key)))
    for path in sorted(folder.glob("??/*")):
        if path.is_file() and path.name not in known and path.stat().st_mtime < until.timestamp():
            yield path


_DUE: Final[Mapping[Kept, Callable[[datetime], Select[Any]]]] = MappingProxyType(
    {
        Kept.ANSWERS: _due_answers,
        Kept.MAILS: _due_mails,
        Kept.INCOMING: _due_incoming,
        Kept.PROOFS: _due_proofs,
        Kept.IMPORTS: _due_imports,
        Kept.SESSIONS: _due_sessions,
    }
)
_VERBS: Final[Mapping[Kept, Callable[[Any, datetime], list[Path]]]] = MappingProxyType(
    {
        Kept.ANSWERS: _anonymise,
        Kept.MAILS: _empty_mails,
        Kept.INCOMING: _empty_incoming,
        Kept.PROOFS: _drop_proofs,
        Kept.IMPORTS: _drop_imports,
        Kept.SESSIONS: _drop_sessions,
    }
)
