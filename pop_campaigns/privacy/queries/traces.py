"""Where one person is kept: found once, shown before an erasure, handed over as the access export, then erased.

Only what belongs to whom the person's record belongs is looked at: another organisation is a controller of its own,
and its record of the same person is another record. A network's person may be named by all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flask import Flask, current_app
from sqlalchemy import ColumnElement, Select, Text, and_, cast, func, or_, select, true

from pop_campaigns.contacts.models.addresses import Address, ContactDetail
from pop_campaigns.contacts.models.consents import Consent
from pop_campaigns.contacts.models.contact_log import LogEntry
from pop_campaigns.contacts.models.merges import Merge
from pop_campaigns.contacts.models.persons import Mandate, Person
from pop_campaigns.contacts.rules import DetailKind
from pop_campaigns.core.db import Base, db
from pop_campaigns.core.history import History
from pop_campaigns.events.models.agenda import AgendaPoint
from pop_campaigns.events.models.events import Event
from pop_campaigns.imports.models import ContactImport, ImportChange, ImportRow
from pop_campaigns.invitations.models.invitations import GivenAnswer, Invitation, InvitationMail
from pop_campaigns.letters.models import Letter, LetterRecipient
from pop_campaigns.lists.models import ListMember
from pop_campaigns.mail.models import IncomingLink, IncomingMail, MailSkeleton, OutgoingMail
from pop_campaigns.mail.queries import mails_about
from pop_campaigns.privacy.rules.identifiers import Identifiers


@dataclass(frozen=True, slots=True)
class KeptCopy:
    """A sent mail that a local mail server keeps in a file; ``message_id`` is "" without one."""

    path: Path
    message_id: str
    sent_to: tuple[str, ...]


def set_kept_copies(list_copies: Callable[[], Iterable[KeptCopy]], app: Flask) -> None:
    """Set how the copies are listed that a local mail server keeps: it stands above this package."""
    app.extensions["kept_copies"] = list_copies


@dataclass
class Traces:
    """All that names one person, by where it is kept.

    ``invitations`` ask the person (or went to an address of theirs alone); ``held`` ask an office under the person's
    name. ``mails`` went to the person, ``naming`` to an office but with the name in them. ``speeches`` are points of agendas
    that name the person as who speaks, ``told_of_speeches`` the texts in which guests read it.
    """

    person: Person
    identifiers: Identifiers
    persons: list[Person] = field(default_factory=list)
    addresses: list[Address] = field(default_factory=list)
    details: list[ContactDetail] = field(default_factory=list)
    consents: list[Consent] = field(default_factory=list)
    mandates: list[Mandate] = field(default_factory=list)
    invitations: list[Invitation] = field(default_factory=list)
    held: list[Invitation] = field(default_factory=list)
    answers: list[GivenAnswer] = field(default_factory=list)
    substitutes: list[GivenAnswer] = field(default_factory=list)
    recipients: list[LetterRecipient] = field(default_factory=list)
    mails: list[OutgoingMail] = field(default_factory=list)
    naming: list[OutgoingMail] = field(default_factory=list)
    skeletons: list[MailSkeleton] = field(default_factory=list)
    incoming: list[IncomingMail] = field(default_factory=list)
    delivered: list[Path] = field(default_factory=list)
    history: list[History] = field(default_factory=list)
    rows: list[ImportRow] = field(default_factory=list)
    changes: list[ImportChange] = field(default_factory=list)
    merges: list[Merge] = field(default_factory=list)
    members: list[ListMember] = field(default_factory=list)
    log: list[LogEntry] = field(default_factory=list)
    speeches: list[AgendaPoint] = field(default_factory=list)
    told_of_speeches: list[MailSkeleton] = field(default_factory=list)


def find_traces(person: Person) -> Traces:
    """Find everything that is kept about a person, and about the records that were merged into theirs."""
    persons = _with_merged(person)
    ids = [record.id for record in persons]
    addresses = _all(select(Address).where(Address.person_id.in_(ids)))
    details = _all(select(ContactDetail).where(ContactDetail.person_id.in_(ids)))
    traces = Traces(person, _identifiers(persons, addresses, details), persons, addresses, details)
    traces.consents = _all(select(Consent).where(Consent.person_id.in_(ids)))
    traces.mandates = _all(select(Mandate).where(Mandate.person_id.in_(ids)))
    traces.members = _all(select(ListMember).where(ListMember.person_id.in_(ids)))
    traces.log = _all(select(LogEntry).where(LogEntry.person_id.in_(ids)))
    merged = or_(Merge.kept_id.in_(ids), Merge.gone_id.in_(ids))
    traces.merges = _all(select(Merge).where(Merge.kind.in_(("person", "persons")), merged))
    _find_invitations(traces, ids)
    _find_speeches(traces)
    _find_mails(traces)
    _find_incoming(traces)
    _find_copies(traces)
    _find_imports(traces, ids)
    traces.history = _find_history(traces, ids)
    return traces


def holds_probe(column: Any, identifiers: Identifiers) -> ColumnElement[bool]:
    """Return the condition that a column may name the person; who reads the row looks more closely."""
    if not identifiers.probes:
        return true()
    text = func.lower(cast(column, Text))
    return or_(*(text.contains(probe, autoescape=True) for probe in identifiers.probes))


def _all(rows: Select[Any]) -> list[Any]:
    return sorted(db.session.scalars(rows).unique(), key=lambda row: row.id)


def _with_merged(person: Person) -> list[Person]:
    persons, pending = [person], [person.id]
    while pending:
        merged = _all(select(Person).where(Person.merged_into_id == pending.pop()))
        fresh = [record for record in merged if record not in persons]
        persons += fresh
        pending += [record.id for record in fresh]
    return persons


def _identifiers(
    persons: Sequence[Person], addresses: Sequence[Address], details: Sequence[ContactDetail]
) -> Identifiers:
    phones = [person.phone for person in persons]
    phones += [detail.value for detail in details if detail.kind is DetailKind.PHONE]
    names = (name for person in persons for name in (person.name, person.name_as_printed))
    return Identifiers(
        names=tuple(dict.fromkeys(name for name in names if name)),
        emails=tuple(
            email for email in _emails(addresses) if not _shared(email, [person.id for person in persons])
        ),
        phones=tuple(dict.fromkeys(phone for phone in phones if phone)),
    )


def _emails(addresses: Iterable[Address]) -> list[str]:
    return list({address.email.casefold(): address.email for address in addresses}.values())


def _shared(email: str, persons: Sequence[int]) -> bool:
    """Return whether an address is somebody else's as well (an office's, a family's): then it names nobody."""
    others = select(Address.id).where(
        func.lower(Address.email) == email.lower(),
        or_(Address.person_id.is_(None), Address.person_id.not_in(persons)),
    )
    return db.session.scalar(others.limit(1)) is not None


def _find_invitations(traces: Traces, ids: Sequence[int]) -> None:
    emails = [email.casefold() for email in traces.identifiers.emails]
    offices = {mandate.office_id for mandate in traces.mandates}
    ours = belongs_to(Event, traces.person)
    to_them = or_(Invitation.person_id.in_(ids), and_(func.lower(Invitation.address).in_(emails), ours))
    traces.invitations = _all(select(Invitation).join(Invitation.event).where(to_them))
    in_office = (
        select(Invitation)
        .join(Invitation.event)
        .where(Invitation.office_id.in_(offices), Invitation.name != "", ours)
    )
    asked = {invitation.id for invitation in traces.invitations}
    traces.held = [
        guest for guest in _all(in_office) if guest.id not in asked and traces.identifiers.is_name(guest.name)
    ]
    idents = [invitation.id for invitation in traces.invitations]
    traces.answers = _all(select(GivenAnswer).where(GivenAnswer.invitation_id.in_(idents)))
    named = holds_probe(GivenAnswer.substitute, traces.identifiers)
    sent_instead = (
        select(GivenAnswer)
        .join(GivenAnswer.invitation)
        .join(Invitation.event)
        .where(GivenAnswer.invitation_id.not_in(idents), ours)
        .where(or_(and_(GivenAnswer.substitute != "", named), func.lower(GivenAnswer.sent_from).in_(emails)))
    )
    traces.substitutes = [
        answer
        for answer in _all(sent_instead)
        if traces.identifiers.name(answer.substitute) or traces.identifiers.is_email(answer.sent_from or "")
    ]
    letters = (
        select(LetterRecipient)
        .join(LetterRecipient.letter)
        .where(or_(LetterRecipient.office_id.in_(offices), func.lower(LetterRecipient.address).in_(emails)))
        .where(belongs_to(Letter, traces.person))
    )
    traces.recipients = [
        recipient
        for recipient in _all(letters)
        if traces.identifiers.is_name(recipient.name) or traces.identifiers.is_email(recipient.address)
    ]


def _find_speeches(traces: Traces) -> None:
    rows = select(AgendaPoint).join(AgendaPoint.event).where(belongs_to(Event, traces.person))
    named = rows.where(AgendaPoint.speaker != "", holds_probe(AgendaPoint.speaker, traces.identifiers))
    traces.speeches = [point for point in _all(named) if traces.identifiers.name(point.speaker)]
    texts = (
        select(MailSkeleton)
        .join(OutgoingMail, OutgoingMail.skeleton_id == MailSkeleton.id)
        .join(InvitationMail, InvitationMail.mail_id == OutgoingMail.id)
        .join(Invitation, Invitation.id == InvitationMail.invitation_id)
        .where(Invitation.event_id.in_({point.event_id for point in traces.speeches}))
        .where(holds_probe(MailSkeleton.text, traces.identifiers))
    )
    traces.told_of_speeches = _all(texts)


def _find_mails(traces: Traces) -> None:
    emails = [email.casefold() for email in traces.identifiers.emails]
    ours = belongs_to(OutgoingMail, traces.person)
    theirs = or_(
        and_(func.lower(OutgoingMail.to_address).in_(emails), ours),
        mails_about(Invitation, [invitation.id for invitation in traces.invitations]),
    )
    traces.mails = _all(select(OutgoingMail).where(theirs))
    to_office = or_(
        mails_about(Invitation, [guest.id for guest in traces.held]),
        mails_about(LetterRecipient, [recipient.id for recipient in traces.recipients]),
    )
    traces.naming = [mail for mail in _all(select(OutgoingMail).where(to_office)) if mail not in traces.mails]


def _find_copies(traces: Traces) -> None:
    """Find the texts that only these mails carry, and the copies that a local mail server keeps of them."""
    traces.skeletons = _only_theirs(traces.mails)
    message_ids = {mail.message_id for mail in (*traces.mails, *traces.naming)}
    traces.delivered = [
        copy.path
        for copy in current_app.extensions["kept_copies"]()
        if copy.message_id in message_ids or any(map(traces.identifiers.is_email, copy.sent_to))
    ]


def _find_incoming(traces: Traces) -> None:
    """Find what the person wrote to us, or what came back from their address."""
    emails = [email.casefold() for email in traces.identifiers.emails]
    asked = [invitation.id for invitation in traces.invitations]
    answered = select(IncomingLink.incoming_mail_id).where(
        IncomingLink.subject_type == Invitation.__tablename__, IncomingLink.subject_id.in_(asked)
    )
    wrote = or_(
        func.lower(IncomingMail.from_address).in_(emails), func.lower(IncomingMail.envelope_from).in_(emails)
    )
    nobodys = IncomingMail.organisation_id.is_(None)
    theirs = and_(wrote, or_(nobodys, belongs_to(IncomingMail, traces.person)))
    traces.incoming = _all(select(IncomingMail).where(or_(IncomingMail.id.in_(answered), theirs)))
    # What was answered or passed on to a colleague holds the person's words or is about them.
    wrote_about = select(OutgoingMail).where(
        OutgoingMail.incoming_mail_id.in_([mail.id for mail in traces.incoming])
    )
    traces.mails += [mail for mail in _all(wrote_about) if mail not in traces.mails]
    traces.naming = [mail for mail in traces.naming if mail not in traces.mails]


def _only_theirs(mails: Sequence[OutgoingMail]) -> list[MailSkeleton]:
    """Return the texts that nobody else got."""
    ids = {mail.skeleton_id for mail in mails}
    others = select(OutgoingMail.skeleton_id).where(
        OutgoingMail.skeleton_id.in_(ids), OutgoingMail.id.not_in([mail.id for mail in mails])
    )
    shared = set(db.session.scalars(others))
    return _all(select(MailSkeleton).where(MailSkeleton.id.in_(ids - shared)))


def _find_imports(traces: Traces, ids: Sequence[int]) -> None:
    rows = select(ImportRow).join(ContactImport, ContactImport.id == ImportRow.import_id)
    rows = rows.where(belongs_to(ContactImport, traces.person))
    matched = and_(ImportRow.match_type == "persons", ImportRow.match_id.in_(ids))
    candidates = _all(rows.where(or_(matched, holds_probe(ImportRow.cells, traces.identifiers))))
    traces.rows = [
        row
        for row in candidates
        if (row.match_type == "persons" and row.match_id in ids) or traces.identifiers.name(row.cells)
    ]
    of_them = {
        "persons": ids,
        "addresses": [address.id for address in traces.addresses],
        "contact_details": [detail.id for detail in traces.details],
        "consents": [consent.id for consent in traces.consents],
        "mandates": [mandate.id for mandate in traces.mandates],
        "list_members": [member.id for member in traces.members],
    }
    conditions = (
        and_(ImportChange.table == table, ImportChange.row_id.in_(numbers))
        for table, numbers in of_them.items()
    )
    traces.changes = _all(select(ImportChange).where(or_(*conditions)))


def _find_history(traces: Traces, ids: Sequence[int]) -> list[History]:
    """Return the rows about the person, and those about other records that name them."""
    about = and_(History.subject_type == "persons", History.subject_id.in_(ids))
    asked = [invitation.id for invitation in traces.invitations]
    invited = and_(History.subject_type == "invitations", History.subject_id.in_(asked))
    naming = or_(
        holds_probe(History.details, traces.identifiers), holds_probe(History.actor_name, traces.identifiers)
    )
    rows = _all(select(History).where(or_(about, invited, naming)).order_by(History.id))
    return [row for row in rows if _is_about(row, ids, asked) or _names_here(row, traces)]


def _is_about(row: History, ids: Sequence[int], asked: Sequence[int]) -> bool:
    return (row.subject_type == "persons" and row.subject_id in ids) or (
        row.subject_type == "invitations" and row.subject_id in asked
    )


def _names_here(row: History, traces: Traces) -> bool:
    if not (
        traces.identifiers.name(row.details)
        or (row.actor_id is None and traces.identifiers.name(row.actor_name))
    ):
        return False
    owner = traces.person.organisation_id
    return owner is None or _organisation_of(row) in (None, owner)


def _organisation_of(row: History) -> int | None:
    """Return whose record a row of history is about, as far as it can be told."""
    if isinstance((row.details or {}).get("organisation_id"), int):
        return int(row.details["organisation_id"])
    for mapper in Base.registry.mappers:
        if mapper.class_.__tablename__ == row.subject_type:
            record: Any = db.session.get(mapper.class_, row.subject_id)
            record = record.event if isinstance(record, Invitation) else record
            return getattr(record, "organisation_id", None)
    return None


def belongs_to(model: Any, person: Person) -> ColumnElement[bool]:
    """Return the condition that a record is of the person's organisation or the network; of a network's person: any."""
    if person.organisation_id is None:
        return true()
    return or_(model.organisation_id.is_(None), model.organisation_id == person.organisation_id)
