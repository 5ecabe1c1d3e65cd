"""A person of Fier with a trace in every place that keeps one, each marked so that it can be looked for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from flask import current_app
from sqlalchemy import select

from pop_campaigns.contacts.models.addresses import ContactDetail
from pop_campaigns.contacts.models.consents import Consent
from pop_campaigns.contacts.models.merges import Merge
from pop_campaigns.contacts.models.persons import Mandate, Person
from pop_campaigns.contacts.rules import ConsentChannel, LogKind, PersonKind, Purpose
from pop_campaigns.contacts.services.contact_log import LogDraft, add_entry
from pop_campaigns.contacts.services.persons import PersonDraft, change_person, create_person
from pop_campaigns.core.clock import local_date, now
from pop_campaigns.core.db import Base, db
from pop_campaigns.core.files import store_file
from pop_campaigns.core.salutations import FormOfAddress
from pop_campaigns.core.subject_files import attach_file
from pop_campaigns.events.models.agenda import AgendaPoint
from pop_campaigns.imports.models import ContactImport, ImportChange, ImportRow
from pop_campaigns.imports.rules.states import RowDecision
from pop_campaigns.invitations.models.invitations import Invitation
from pop_campaigns.invitations.rules.invitations import Answer, AnswerChannel, GuestChoice
from pop_campaigns.invitations.services.answers import record_answer
from pop_campaigns.invitations.services.guests import add_guests
from pop_campaigns.invitations.services.sending import send_invitations
from pop_campaigns.lists.models import ContactList, ListMember
from pop_campaigns.lists.rules import ListKind
from pop_campaigns.mail.outbox import record_sent
from pop_campaigns.mail.rules import MailState
from tests import factories

# One word of it is in every trace; the case of its letters is different here and there.
CANARY = "kanarinëza"
NAME = "Kanarinëza Prova"
EMAIL = "Kanarineza.prova@posta.example"
PHONE = "+355692123456"
FURTHER_PHONE = "+355682223344"
FOUND_BY = ("kanarin", "KANARIN", "692123456", "69 212 3456", "682223344", "68 222 3344")


@dataclass
class Scene:
    """The person, two events, and the office they once held."""

    person: Person
    event: Any
    later: Any
    office: Any
    guest: Invitation
    held: Invitation


def make_scene(cast: SimpleNamespace) -> Scene:
    """Fier's journalist: invited, answered, written to, imported, merged, listed, agreed, once in office."""
    moment = now()
    person = create_person(PersonDraft("Kanarineza Prova"), EMAIL, by=cast.arta, now=moment)
    change_person(person, PersonDraft(NAME), by=cast.arta, now=moment)
    person.form_of_address = FormOfAddress.ZONJA
    person.kind, person.phone, person.post_address = PersonKind.JOURNALIST, PHONE, f"Rruga {NAME}, Fier"
    person.name_as_printed, person.topics, person.press_card = "KANARINËZA PROVA", CANARY, "K-kanarin-7"
    for kind, value in (("phone", FURTHER_PHONE), ("post", f"Te {NAME}, Vlorë")):
        own = {"use": "home", "organisation_id": cast.fier.id}
        person.details.append(ContactDetail(kind=kind, value=value, **own))
    _make_consent(cast, person)
    event, later = factories.make_event(cast.fier), factories.make_event(cast.fier)
    office = factories.make_office("Drejtor", email="drejtoria@bashkia.example", organisation=cast.fier)
    db.session.add(
        Mandate(person=person, office=office, organisation_id=cast.fier.id, to_date=date(2031, 1, 1))
    )
    db.session.flush()
    db.session.add(
        AgendaPoint(event=event, position=1, title_sq="Hapja", speaker=f"{NAME}, gazetare", created_at=moment)
    )
    said = LogDraft(LogKind.CALL, local_date(moment), None, NAME, f"Foli {NAME}, {PHONE}")
    for about in (person, office):
        add_entry(about, said, by=cast.arta, now=moment)
    guest, held = add_guests(
        event, [GuestChoice("person", person.id), GuestChoice("office", office.id)], by=cast.arta, now=moment
    ).added
    add_guests(later, [GuestChoice("person", person.id)], by=cast.arta, now=moment)
    send_invitations(event, by=cast.arta, now=moment)
    for one in (guest, held):
        record_answer(
            one, Answer.ACCEPTED, substitute="Zëvendësja Kanarinëza", note=f"Po vij, {NAME}, tel. 069 212 3456",
            channel=AnswerChannel.LINK, now=moment,
        )  # fmt: skip
    held.answers[0].substitute, held.answers[0].note = NAME, ""
    assert held.name == NAME
    _send(guest)
    _make_letter(cast, office)
    _make_import(cast, person)
    _keep_mail(guest)
    factories.make_incoming(
        cast.fier, from_address=EMAIL, from_name=NAME, text=f"Unë jam {NAME}", raw=f"From: {EMAIL}".encode()
    )
    named = ContactList(
        name="Gazetarë", kind=ListKind.BY_HAND, organisation_id=cast.fier.id, created_at=moment
    )
    named.members = [ListMember(person=person, added_at=moment)]
    db.session.add(named)
    other = factories.make_person("Kanarinëza P. Prova", organisation=cast.fier)
    other.merged_into_id = person.id
    db.session.add(
        Merge(
            kind="persons", kept_id=person.id, gone_id=other.id, organisation_id=cast.fier.id,
            changed={"name": "Kanarinëza P. Prova", "phone": PHONE}, by_name="Arta", at=moment,
        )
    )  # fmt: skip
    db.session.commit()
    return Scene(person, event, later, office, guest, held)


def _make_consent(cast: SimpleNamespace, person: Person) -> None:
    paper = store_file(b"%PDF-1.7 signed by Kanarin\xc3\xabza Prova", "pelqimi kanarineza.pdf", now=now())
    consent = Consent(
        person=person, organisation_id=cast.fier.id, purpose=Purpose.EVENTS, text_version="2026-1", language="sq",
        channel=ConsentChannel.PAPER, proof=f"Fletë e nënshkruar nga {NAME}", proof_file=paper,
        given_at=now() - timedelta(days=1), recorded_at=now() - timedelta(days=1),
    )  # fmt: skip
    db.session.add(consent)
    db.session.flush()


def _send(guest: Invitation) -> None:
    mail = guest.mails[0].mail
    mail.state, mail.lease_until = MailState.SENDING, now()
    db.session.flush()
    record_sent(mail, code=250, words=f"OK, kept for {EMAIL}", now=now())
    attach_file(mail, b"%PDF-1.7 for Kanarin\xc3\xabza", "kanarineza.pdf", by=None, now=now())


def _make_letter(cast: SimpleNamespace, office: Any) -> None:
    letter = factories.make_letter(cast.fier)
    recipient = factories.make_letter_recipient(letter, office, name=NAME, address=office.addresses[0].email)
    factories.make_mail(recipient.address, about=recipient, organisation_id=cast.fier.id).fields = {
        "note": f"Për {NAME}"
    }


def _make_import(cast: SimpleNamespace, person: Person) -> None:
    run = ContactImport(
        organisation_id=cast.fier.id, user_name="Arta", file_name="gazetaret.csv", total=2, created_at=now()
    )
    db.session.add(run)
    db.session.flush()
    address = person.addresses[0]
    db.session.add_all(
        [
            ImportRow(
                import_id=run.id, number=1, cells=[NAME, EMAIL, "069 212 3456", CANARY], decision=RowDecision.UPDATE,
                match_type="persons", match_id=person.id, match_reason="email",
            ),
            ImportRow(import_id=run.id, number=2, cells=["", EMAIL.upper(), ""], errors=["name"]),
            ImportRow(import_id=run.id, number=3, cells=["Tjetër Njeri", "tjeter@posta.example", ""]),
            ImportChange(
                import_id=run.id, table="persons", row_id=person.id, before={"name": "Kanarina"}, after={"name": NAME}
            ),
            ImportChange(import_id=run.id, table="addresses", row_id=address.id, before=None, after={"email": EMAIL}),
        ]
    )  # fmt: skip


def _keep_mail(guest: Invitation) -> None:
    """What the local mail server would have kept of the invitation."""
    folder = Path(current_app.config["DATA_DIR"]) / "mail"
    folder.mkdir(exist_ok=True)
    head = f"X-Envelope-From: <b@x>\r\nX-Envelope-To: <{EMAIL}>\r\nX-Stored-At: 2026\r\n"
    body = f"Message-ID: {guest.mails[0].mail.message_id}\r\nTo: {EMAIL}\r\n\r\n{NAME}"
    (folder / "00000000001700000000-0123abcd.eml").write_text(head + body, encoding="utf-8", newline="")
    other = (
        "X-Envelope-From: <b@x>\r\nX-Envelope-To: <tjeter@posta.example>\r\nX-Stored-At: 2026\r\n\r\nTjetër"
    )
    (folder / "00000000001700000001-0123abcd.eml").write_text(other, encoding="utf-8", newline="")


def where_named() -> list[str]:
    """Give every table and column, and every file of the data folder, in which the person can still be found."""
    db.session.rollback()
    result = []
    with db.engine.connect() as connection:
        for table in Base.metadata.sorted_tables:
            for row in connection.execute(select(table)).mappings():
                for name, value in row.items():
                    written = f"{value!r}{value}"
                    if any(one in written or one in written.casefold() for one in FOUND_BY):
                        result.append(f"{table.name}.{name}: {written[:80]}")
    folder = Path(current_app.config["DATA_DIR"])
    for path in (one for one in folder.rglob("*") if one.is_file()):
        content = path.read_bytes()
        if any(one.encode() in content or one.encode() in content.lower() for one in FOUND_BY):
            result.append(str(path.relative_to(folder)))
    return result
