"""Words that stand nowhere else, in every field of text that a citizen and their traces can have.

The columns are taken from the tables themselves: one that is added later gets its word without anybody thinking of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from sqlalchemy import JSON, Enum, LargeBinary, String, Text, TypeDecorator, select

from pop_campaigns.accounts.models import Organisation
from pop_campaigns.contacts.models.addresses import ContactDetail
from pop_campaigns.contacts.rules import CheckResult, DetailKind, DetailUse, LogKind, PersonKind
from pop_campaigns.contacts.services.contact_log import AddressCheck, LogDraft, add_entry
from pop_campaigns.core.clock import local_date, now
from pop_campaigns.core.db import Base, db
from pop_campaigns.core.files import store_file
from pop_campaigns.core.history import History, note
from pop_campaigns.events.models.events import Event
from pop_campaigns.invitations.models.date_polls import AskedGuest, DatePoll, DateSlot, SlotAnswer
from pop_campaigns.invitations.models.invitations import GivenAnswer, Invitation, TimeProposal
from pop_campaigns.invitations.rules.date_polls import Says
from pop_campaigns.invitations.rules.invitations import Answer, AnswerChannel, ToldHow
from pop_campaigns.invitations.services.sending import send_invitations
from pop_campaigns.mail.models import IncomingLink, IncomingMail, MailTry, OutgoingMail
from pop_campaigns.mail.rules import IncomingKind, IncomingState, MailState
from tests import factories

# Text that is no one's words: names of things for programs, secrets (another test's), values from a fixed set.
NO_WORDS = frozenset(
    (
        "sort_key", "search_key", "language", "once", "key", "uid", "zone", "kind", "nonce", "token_hash", "reply_local",
        "bounce_nonce", "bounce_local", "message_id", "lease_owner", "sha256", "media_type", "text_version", "hash", "action",
        "subject_type", "how", "links", "thread", "delimiter",
    )
)  # fmt: skip
NO_WORDS_OF_CALENDARS = frozenset(
    (
        "starts", "ends", "stamp", "zone", "uid", "sequence", "method", "created", "last_modified", "recurrence_id",
        "organizer_address", "organizer", "attendee", "attendee_address", "url", "join_url", "status", "categories", "answer",
        "channel",
    )
)  # fmt: skip
ADDRESSES = ("email", "address", "to_address", "from_address", "envelope_from", "checked_address")


@dataclass
class Canaries:
    """Every word put somewhere, and where: *given_answers.note*. Words are in small letters, to be searched in large ones."""

    mark: str
    words: dict[str, str] = field(default_factory=dict)

    def new(self, where: str) -> str:
        """Give a word that is in use nowhere."""
        word = f"{self.mark}{len(self.words):03d}q"
        self.words[word] = where
        return word

    def fill(self, row: Any) -> None:
        """Put a word into each column of a row that holds text."""
        table = row.__table__.name
        for name, column in ((other.name, other) for other in row.__table__.columns):
            where = f"{table}.{name}"
            kind = column.type.impl if isinstance(column.type, TypeDecorator) else column.type
            if name == "actor_name" and row.actor_id is not None:
                continue  # one of us
            if name in NO_WORDS or column.foreign_keys or isinstance(kind, Enum):
                continue
            if isinstance(kind, JSON):
                setattr(row, name, self._in_json(getattr(row, name), where))
            elif isinstance(kind, String | Text) and (kind.length or 1000) > 2:
                setattr(row, name, self._in_text(row, name, where))
            elif isinstance(kind, LargeBinary) and getattr(row, name):
                setattr(row, name, getattr(row, name) + f"\n{self.new(where)}\n".encode())

    def _in_text(self, row: Any, name: str, where: str) -> str:
        word, before = self.new(where), getattr(row, name) or ""
        if name == "phone":
            number = f"+355690{len(self.words):06d}"
            self.words[number] = where
            del self.words[word]
            return number
        if isinstance(row, OutgoingMail) and name == "from_address":
            del self.words[word]
            return str(before)
        if name in ADDRESSES:
            return f"{word}@qytetar.example"
        return f"{before} {word}".strip()

    def _in_json(self, value: Any, where: str) -> Any:
        """Give the same with a word in each of its texts; with nothing in it, one under the names that pages look for."""
        if isinstance(value, str):
            return f"{value} {self.new(where)}".strip()
        if isinstance(value, list):
            return [self._in_json(one, where) for one in value]
        if isinstance(value, dict):
            return {
                key: one if key in NO_WORDS_OF_CALENDARS else self._in_json(one, f"{where}[{key}]")
                for key, one in value.items()
            }
        return value


def leave_traces(
    cast: SimpleNamespace, canaries: Canaries, event: Event, owner: Organisation
) -> SimpleNamespace:
    """Let two citizens of an organisation be asked to an event: one answers in every way, one is silent."""
    people = [
        factories.make_person(
            "Qytetar", kind=PersonKind.CITIZEN, organisation=owner, email=f"{canaries.mark}{number}@x.example"
        )
        for number in (1, 2)
    ]
    for person in people:  # to whoever invites, so that they are asked at all
        factories.make_consent(person, organisation_id=event.organisation_id)
    guests = [_guest(event, person) for person in people]
    db.session.flush()
    send_invitations(event, by=cast.arta if event.organisation_id == cast.fier.id else cast.drita, now=now())
    db.session.flush()
    scan = store_file(f"%PDF-1.7 {canaries.new('scan')}".encode(), "skanim.pdf", now=now())
    proof = store_file(f"%PDF-1.7 {canaries.new('proof')}".encode(), "provë.pdf", now=now())
    consent = factories.make_consent(people[0], proof_file=proof)
    further = ContactDetail(
        kind=DetailKind.POST, value="x", use=DetailUse.HOME, person=people[0], organisation_id=owner.id
    )
    db.session.add(further)
    by = cast.arta if owner.id == cast.fier.id else cast.drita
    check = AddressCheck("x", CheckResult.REACHED)
    said = LogDraft(LogKind.CALL, local_date(now()))
    entry = add_entry(people[0], said, check=check, by=by, now=now())
    mails = [_came_in(event, guests[0], canaries), _came_in(event, guests[1], canaries)]
    answer = GivenAnswer(
        invitation=guests[0], answer=Answer.DELEGATED, channel=AnswerChannel.BY_HAND, at=now(), scan=scan,
        told_how=ToldHow.PAPER, incoming_mail_id=mails[0].id,
    )  # fmt: skip
    guests[0].answer, guests[0].answered_at = Answer.DELEGATED, now()
    proposal = TimeProposal(
        invitation=guests[0],
        starts_at=event.starts_at + timedelta(days=2),
        at=now(),
        incoming_mail_id=mails[0].id,
    )
    db.session.add_all([answer, proposal])
    asked, said = _asked(event, guests[0])
    came_back, stuck = (guest.mails[0].mail for guest in guests)
    came_back.state, came_back.sent_at = MailState.SENT, now()
    came_back.bounced_at, came_back.bounce_permanent = now(), True
    tries = [MailTry(mail=one, number=1, at=now(), outcome=MailState.QUEUED) for one in (came_back, stuck)]
    db.session.add_all(tries)
    rows: list[Any] = [
        entry, *people, further, *(person.addresses[0] for person in people), consent, *guests, answer, proposal, scan, proof,
        asked, said,
        *mails, came_back, stuck, *tries, came_back.skeleton, stuck.skeleton, *_history(cast, event, guests[0], people[0]),
    ]  # fmt: skip
    for row in dict.fromkeys(rows):
        canaries.fill(row)
    db.session.flush()
    return SimpleNamespace(
        event=event, person=people[0], consent=consent, invitation=guests[0], draft=guests[0], answer=answer,
        proposal=proposal, log_entry=entry, incoming=mails[0], came_in=mails[1], mail=came_back, silent=guests[1],
        tables={row.__table__.name for row in rows},
    )  # fmt: skip


def _asked(event: Event, guest: Invitation) -> tuple[AskedGuest, SlotAnswer]:
    """The guest was asked when they can and said so on the phone."""
    poll = db.session.scalar(select(DatePoll).where(DatePoll.event_id == event.id))
    poll = poll or DatePoll(event=event, created_at=now())
    slot = DateSlot(poll=poll, starts_at=now() + timedelta(days=10), added_at=now())
    asked = AskedGuest(poll=poll, invitation=guest, asked_at=now(), written_at=now())
    said = SlotAnswer(
        slot=slot, invitation=guest, says=Says.YES, at=now(), channel=AnswerChannel.BY_HAND, told_how=ToldHow.PHONE,
        recorded_by="x",
    )  # fmt: skip
    db.session.add_all([poll, slot, asked, said])
    return asked, said


def _guest(event: Event, person: Any) -> Invitation:
    guest = factories.make_invitation(
        event, person=person, name=person.name, address=person.addresses[0].email
    )
    guest.office, guest.office_title, guest.institution_name = None, "", ""
    return guest


def _came_in(event: Event, guest: Invitation, canaries: Canaries) -> IncomingMail:
    """A mail the guest wrote, with a file whose name and content are words, too."""
    name, content = canaries.new("attachment.name"), canaries.new("attachment.content")
    raw = (
        "From: qytetar@x.example\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\n\r\nPershendetje\r\n'
        f'--b\r\nContent-Disposition: attachment; filename="{name}.txt"\r\n\r\n{content}\r\n--b--\r\n'
    ).encode()
    mail = factories.make_incoming(
        None, raw=raw, sha256=f"{guest.id:064d}", state=IncomingState.MATCHED, kind=IncomingKind.HUMAN,
        organisation_id=event.organisation_id, attachments=[{"name": f"{name}.txt", "type": "text/plain", "size": 9}],
        calendar={"comment": "x"}, reasons=["x"],
    )  # fmt: skip
    link = IncomingLink(
        mail=mail, subject_type=Invitation.__tablename__, subject_id=guest.id, how="token", at=now()
    )
    db.session.add(link)
    db.session.flush()
    return mail


def _history(cast: SimpleNamespace, event: Event, guest: Invitation, person: Any) -> Iterable[History]:
    who: dict[str, Any] = {"by": None, "now": now(), "actor_name": "x"}
    org = {"organisation_id": person.organisation_id}
    yield note("invitation.answered", guest, answer="ACCEPTED", **who)
    yield note("invitation.address_corrected", guest, was="x", address="x", **who)
    yield note("mail.sent_again", guest, to="x", **who)
    yield note("person.changed", person, name="x", was={"name": "x"}, became={"name": "x"}, **org, **who)
    yield note("address.added", person, email="x", **org, **who)
    yield note("event.guest_removed", event, guest="x", by=cast.drita, now=now())
    db.session.flush()


def tables_of_persons() -> set[str]:
    """Give the tables whose rows hang on a person or a guest, by the foreign keys themselves."""
    result = {"persons", "invitations"}
    return result | {
        table.name
        for table in Base.metadata.sorted_tables
        for column in table.columns
        for key in column.foreign_keys
        if key.column.table.name in result and table.name not in ("persons", "invitations")
    }
