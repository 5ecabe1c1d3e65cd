"""One record of every kind, and every address of the service made from them: what tests over all endpoints walk."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from flask import Flask
from sqlalchemy import select
from werkzeug.routing import Rule

from pop_campaigns.accounts.models import User, UserSession
from pop_campaigns.accounts.rules.passwords import LinkKind, purpose_of
from pop_campaigns.accounts.rules.roles import RoleName
from pop_campaigns.accounts.services.links import last_link, new_link
from pop_campaigns.accounts.services.membership import invite_user
from pop_campaigns.accounts.services.sessions import sessions_of, start_session
from pop_campaigns.contacts.rules import LogKind, Purpose
from pop_campaigns.contacts.services.contact_log import LogDraft, add_entry
from pop_campaigns.contacts.services.merging import merge
from pop_campaigns.contacts.services.refusal_links import USED_FOR, refusal_link
from pop_campaigns.core.clock import local_date, now
from pop_campaigns.core.dates import DatePrecision
from pop_campaigns.core.db import Base, db
from pop_campaigns.core.files import store_file
from pop_campaigns.core.subject_files import attach_file
from pop_campaigns.core.tokens import derive_token, sign_text
from pop_campaigns.events.models.agenda import Agenda, AgendaPoint
from pop_campaigns.events.models.details import EventDetails
from pop_campaigns.events.models.events import Event
from pop_campaigns.follow_ups.services import add_follow_up
from pop_campaigns.imports.services.imports import create_import
from pop_campaigns.invitations.models.date_polls import AskedGuest, DatePoll, DateSlot, SlotAnswer
from pop_campaigns.invitations.models.invitations import GivenAnswer, Invitation, TimeProposal
from pop_campaigns.invitations.queries.reminders import rules_of
from pop_campaigns.invitations.rules.date_polls import Says
from pop_campaigns.invitations.rules.guest_messages import GuestChosen, GuestGroup
from pop_campaigns.invitations.rules.invitations import Answer, AnswerChannel, GuestChoice, ToldHow
from pop_campaigns.invitations.services.copying import save_as_template
from pop_campaigns.invitations.services.guest_messages import create_message, write_words
from pop_campaigns.invitations.services.guests import add_guests
from pop_campaigns.invitations.services.sending import send_invitations
from pop_campaigns.invitations.services.series import SeriesDraft, propose_series
from pop_campaigns.letters.models import Letter, LetterRecipient, LetterResponse
from pop_campaigns.letters.rules.letters import LetterState, RecipientRole, ResponseKind
from pop_campaigns.letters.rules.working_days import DayScope
from pop_campaigns.letters.services.days_off import DayDraft, enter_day
from pop_campaigns.mail.models import Sending
from pop_campaigns.mail.rules import SendingKind
from pop_campaigns.privacy.models import Breach, ProcessingPurpose
from tests import factories
from tests.lists.scene import make_list


def make_world(cast: SimpleNamespace) -> SimpleNamespace:
    """One record of every kind, all Fier's, so that every address leads somewhere."""
    office = factories.make_office(
        organisation=cast.fier, holder="Mbajtësi i zyrës", title_en="Alfa of the town"
    )
    office.institution.name_en = "Alfa town hall"
    person = factories.make_person("Gazetar", email="gazetar@media.example", organisation=cast.fier)
    consent = factories.make_consent(person)
    double = factories.make_person("Gazetar", organisation=cast.fier)
    merged = merge(person, double, by=cast.arta, now=now())
    event = factories.make_event(cast.fier)
    add_guests(event, [GuestChoice("office", office.id, "sq")], by=cast.arta, now=now())
    send_invitations(event, by=cast.arta, now=now())
    invitation = db.session.scalars(select(Invitation)).one()
    other = factories.make_office(
        "Prefekt", email="prefekt@qark.example", organisation=cast.fier, title_en="Beta of the county"
    )
    add_guests(event, [GuestChoice("office", other.id, "en")], by=cast.arta, now=now())
    point = AgendaPoint(event=event, position=1, title_sq="Hapja", speaker_office=office, created_at=now())
    details = EventDetails(event_id=event.id, sides="Institucionet\nBanorët")
    db.session.add_all([point, details, Agenda(event_id=event.id, changed_at=now())])
    letter, recipient, response = _make_letter(cast, office)
    said = LogDraft(LogKind.CALL, local_date(now()), with_whom="Sekretaria", said="Kërkoi ftesën")
    log_entry = add_entry(office, said, by=cast.arta, now=now())
    contact_list = make_list("Lista e Fierit", cast.fier, None, office)
    purpose = ProcessingPurpose(name="Ftesa", changed_at=now())
    breach = Breach(organisation=cast.fier, what="Listë e dërguar gabim", noticed_at=now(), created_at=now())
    db.session.add_all([purpose, breach])
    incoming = factories.make_incoming(cast.fier)
    proposal = TimeProposal(invitation=invitation, starts_at=now() + timedelta(days=9), at=now())
    db.session.add(proposal)
    table = io.BytesIO(b"Emri;E-mail\nGazetar i ri;i.ri@media.example\n")
    imported = create_import(table, "kontaktet.csv", "once", by=cast.arta, now=now())
    db.session.commit()
    draft = db.session.scalars(select(Invitation).where(Invitation.id != invitation.id)).one()
    scan = store_file(b"%PDF-1.7 an answer", "përgjigje.pdf", now=now())
    answer = GivenAnswer(
        invitation=draft, answer=Answer.ACCEPTED, channel=AnswerChannel.BY_HAND, at=now(), scan=scan,
        told_how=ToldHow.PAPER, recorded_by="Arta",
    )  # fmt: skip
    db.session.add(answer)
    slot = _make_poll(event, [invitation, draft])
    db.session.commit()
    invited, tokens, session = _make_account_links(cast)
    attached = attach_file(letter, b"%PDF-1.7 a map", "harta.pdf", by=cast.arta, now=now())
    tokens["public.file"] = derive_token("file", attached.link_nonce)
    event_file = attach_file(event, b"%PDF-1.7 a programme", "programi.pdf", by=cast.arta, now=now())
    follow_up = add_follow_up(
        ("letters", letter.id), local_date(now()), "Thirr zyrën", by=cast.arta, now=now()
    )
    db.session.commit()
    day = DayDraft(date(2026, 12, 24), True, DayScope.COUNTRY, "Vendim i Këshillit të Ministrave")
    entered_day, _moved = enter_day(day, by=cast.drita, now=now())
    db.session.commit()
    chosen = GuestChosen(frozenset(GuestGroup))
    message = create_message(event, chosen, by=cast.arta, now=now())
    write_words(message, {"sq": "Hyrja", "en": "The door"}, {"sq": "Nga pas.", "en": "At the back."})
    message_file = attach_file(message, b"%PDF-1.7 a map", "hyrja.pdf", by=cast.arta, now=now())
    sending = Sending(
        kind=SendingKind.REMINDERS, subject_type="events", subject_id=event.id, by_id=cast.arta.id,
        made_at=now() - timedelta(hours=1), undo_until=now() - timedelta(minutes=59),
    )  # fmt: skip
    db.session.add(sending)
    template = save_as_template(event, "Tryezë për lumin", guests=True, by=cast.arta, now=now(), once="t")
    proposed = SeriesDraft(
        "Tryezat e vjeshtës", "Kush vjen?", date(2027, 3, 1), date(2027, 5, 31), [cast.fier.id]
    )
    series = propose_series(proposed, template, by=cast.arta, now=now(), once="s")
    db.session.commit()
    return SimpleNamespace(
        sending=sending, message=message, message_file=message_file, entered_day=entered_day, log_entry=log_entry,
        template=template, series=series,
        slot=slot,
        invited=invited, link_tokens=tokens, session=session, follow_up=follow_up,
        cast=cast, office=office, person=person, consent=consent, other=other, merge=merged,
        event=event, invitation=invitation, draft=draft, letter=letter, contact_list=contact_list,
        recipient=recipient, response=response, mail=invitation.mails[0].mail, token=factories.token_of(invitation),
        point=point, event_file=event_file,
        purpose=purpose, breach=breach, imported=imported, incoming=incoming, answer=answer, proposal=proposal,
    )  # fmt: skip


def _make_poll(event: Event, guests: list[Invitation]) -> DateSlot:
    """A search for the date of an event: both guests were asked, one has said something."""
    poll = DatePoll(event=event, created_at=now())
    slots = [DateSlot(poll=poll, starts_at=now() + timedelta(days=days), added_at=now()) for days in (8, 9)]
    asked = [AskedGuest(poll=poll, invitation=guest, asked_at=now(), written_at=now()) for guest in guests]
    said = SlotAnswer(
        slot=slots[0], invitation=guests[0], says=Says.YES, at=now(), channel=AnswerChannel.LINK
    )
    db.session.add_all([poll, *slots, *asked, said])
    return slots[0]


def _make_account_links(cast: SimpleNamespace) -> tuple[User, dict[str, str], UserSession]:
    """Somebody invited, somebody who forgot the password, and a session of the coordinator on another device."""
    invited = invite_user(
        email="e.ftuar@pop.example",
        role=RoleName.VIEWER,
        organisation=None,
        language="sq",
        by=cast.drita,
        now=now(),
    )
    reset = new_link(cast.besa, LinkKind.RESET, by=None, now=now())
    invitation = last_link(invited, LinkKind.INVITATION)
    assert invitation is not None
    welcome = derive_token(purpose_of(LinkKind.INVITATION), invitation.nonce)
    tokens = {
        "accounts.reset": derive_token(purpose_of(LinkKind.RESET), reset.nonce),
        "accounts.welcome": welcome,
        "accounts.welcome_again": welcome,
    }
    start_session(cast.arta, now=now())
    db.session.commit()
    return invited, tokens, sessions_of(cast.arta)[0]


def _make_letter(cast: SimpleNamespace, office: Any) -> tuple[Letter, LetterRecipient, LetterResponse]:
    letter = Letter(
        organisation=cast.fier,
        state=LetterState.SENT,
        sent_at=datetime.now(UTC),
        register_year=2026,
        register_count=1,
        subject_sq="Ndotja e lumit",
        body_sq="Tekst.",
        precision=DatePrecision.DAY,
        day_from=date(2026, 11, 16),
        created_at=datetime.now(UTC),
        changed_at=datetime.now(UTC),
    )
    recipient = LetterRecipient(
        letter=letter,
        role=RecipientRole.TO,
        position=0,
        office=office,
        office_title=office.title_sq,
        address="zyra@bashkia.example",
        clock_from=date(2026, 11, 16),
        due_on=date(2026, 12, 3),
    )
    file = store_file(b"%PDF-1.7 a file", "përgjigje.pdf", now=datetime.now(UTC))
    response = LetterResponse(
        recipient=recipient, kind=ResponseKind.FULL, received_on=date(2026, 11, 20), file=file,
        recorded_at=datetime.now(UTC),
    )  # fmt: skip
    db.session.add_all([letter, recipient, response])
    db.session.flush()
    return letter, recipient, response


def arguments(world: SimpleNamespace) -> dict[str, Any]:
    """What to put into the variable parts of addresses, by their names."""
    return {
        "world": world,
        "lang": "sq",
        "listed": "institutions",
        "ending": "csv",
        "notice": "change",
        "day_id": world.entered_day.id,
        "entry_id": world.log_entry.id,
        "event_id": world.event.id,
        "attached_id": world.event_file.id,
        "follow_up_id": world.follow_up.id,
        "import_id": world.imported.id,
        "invitation_id": world.draft.id,
        "list_id": world.contact_list.id,
        "letter_id": world.letter.id,
        "point_id": world.point.id,
        "proposal_id": world.proposal.id,
        "template_id": world.template.id,
        "series_id": world.series.id,
        "chapter_proposal_id": world.series.proposals[0].id,
        "recipient_id": world.recipient.id,
        "rule_id": rules_of(world.event)[0].id,
        "response_id": world.response.id,
        "answer_id": world.answer.id,
        "mail_id": world.mail.id,
        "into": world.other.institution.id,
        "number": world.incoming.id,
        "user_id": world.invited.id,
        "message_id": world.message.id,
        "file_id": world.message_file.id,
        "sending_id": world.sending.id,
        "session_id": world.session.id,
        "slot_id": world.slot.id,
        "which": 0,
        "target": "en",
        "noun_key": "events",
        "token": world.token,
        "name": "0",
        "filename": "css/theme.css",
        "areas": "contacts-imports",
        "wish": sign_text(
            USED_FOR, refusal_link("g@media.example", Purpose.EVENTS, world.cast.fier.id, "sq")["nonce"]
        ),
    }


def ident_of(world: SimpleNamespace, endpoint: str) -> int:
    """Give the record that a People page called ``ident`` is about."""
    for word, record in (
        ("desk.translate", world.event),
        ("mandate", world.office.mandates[0]),
        ("contacts.undo", world.merge),
        ("find_double", world.office.institution),
        ("merge_contacts", world.office.institution),
        ("new_consent", world.person),
        ("consent", world.consent),
        ("new_address", world.office),
        ("new_log_entry", world.office),
        ("address", world.office.addresses[0]),
        ("new_office", world.office.institution),
        ("office", world.office),
        ("open_matters", world.office),
        ("holder", world.office),
        ("institution", world.office.institution),
        ("person", world.person),
        ("privacy.erase", world.person),
        ("privacy.access", world.person),
        ("purpose", world.purpose),
        ("breach", world.breach),
    ):
        if word in endpoint:
            return int(record.id)
    raise AssertionError(f"{endpoint}: tell tests/house/test_endpoints.py what ident is")


def address(app: Flask, rule: Rule, values: dict[str, Any]) -> str:
    """Give the address of a rule; a variable part nobody told us about fails the test."""
    values = values | {"owners": "offices"}
    if "ident" in rule.arguments:
        values["ident"] = ident_of(values["world"], rule.endpoint)
    values["token"] = values["world"].link_tokens.get(rule.endpoint, values["token"])
    missing = rule.arguments - values.keys()
    assert not missing, f"{rule.endpoint}: tell tests/house/test_endpoints.py what {sorted(missing)} is"
    with app.test_request_context():
        from flask import url_for

        return url_for(rule.endpoint, **{name: values[name] for name in rule.arguments})


def rules(app: Flask, method: str) -> Iterator[Rule]:
    """Give the rules of a method, one per endpoint."""
    for rule in app.url_map.iter_rules():
        if method in (rule.methods or ()):
            yield rule


def snapshot() -> str:
    """Give all rows of all tables as text."""
    db.session.rollback()
    with db.engine.connect() as connection:
        rows = {
            table.name: [
                list(map(repr, row))
                for row in connection.execute(table.select().order_by(*table.primary_key))
            ]
            for table in Base.metadata.sorted_tables
        }
    return json.dumps(rows, ensure_ascii=False)
