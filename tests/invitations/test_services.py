"""Guests, mails and answers: what is stored, and that nothing is stored twice."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from functools import partial
from types import SimpleNamespace

import pytest
from flask import Flask
from sqlalchemy import delete, func, select

from pop_campaigns.contacts.models.addresses import Address
from pop_campaigns.contacts.models.institutions import Office
from pop_campaigns.contacts.models.persons import Mandate
from pop_campaigns.contacts.rules import AddressUse
from pop_campaigns.core.dates import DatePrecision
from pop_campaigns.core.db import db
from pop_campaigns.core.history import History, history_of
from pop_campaigns.core.i18n import speaking
from pop_campaigns.core.salutations import FormOfAddress
from pop_campaigns.events.models.events import Event
from pop_campaigns.events.rules.events import EventState
from pop_campaigns.invitations.models.invitations import GivenAnswer, Invitation, InvitationMail
from pop_campaigns.invitations.queries.guests import find_by_token, guests_of, outdated
from pop_campaigns.invitations.queries.picks import picks_for
from pop_campaigns.invitations.rules.invitations import (
    Answer,
    AnswerChannel,
    GuestChoice,
    GuestRefusal,
    InvitationState,
    NotAnswerable,
    NotInvitable,
)
from pop_campaigns.invitations.services.answers import AnswerRefused, record_answer
from pop_campaigns.invitations.services.guests import (
    CannotInvite,
    NotADraft,
    add_guests,
    addresses_now,
    remove_guest,
    set_guest_language,
    set_invitation_text,
)
from pop_campaigns.invitations.services.previewing import preview
from pop_campaigns.invitations.services.sending import (
    cancel_with_notice,
    send_changes,
    send_invitations,
    send_reminders,
    withdraw_guest,
)
from pop_campaigns.mail.compose import compose
from pop_campaigns.mail.message import message_bytes
from pop_campaigns.mail.models import MailSkeleton, OutgoingMail
from pop_campaigns.mail.rules import MailState
from pop_campaigns.mail.secrets import HIDDEN
from tests import factories
from tests.invitations.scene import (
    NOW,
    START,
    at_once,
    counted_statements,
    deliver,
    invite,
    mails,
    make_offices,
    make_table,
    move,
    refuse,
)

pytestmark = pytest.mark.both_databases

LATER = NOW + timedelta(days=2)
LINK = AnswerChannel.LINK


def sequence_of(mail: OutgoingMail) -> int:
    """The SEQUENCE in the calendar part of a mail."""
    calendar = compose(mail).calendar or ""
    return int(calendar.partition("SEQUENCE:")[2].split()[0])


# The list


def test_a_guest_is_frozen_with_name_and_title_in_their_language(app: Flask, cast: SimpleNamespace) -> None:
    event = make_table(cast.fier)
    office = factories.make_office("Kryetar", title_en="Mayor", holder="Emër Mbiemër")
    office.institution.name_en = "Municipality of Fier"
    db.session.commit()
    done = add_guests(event, [GuestChoice("office", office.id, "en")], by=cast.arta, now=NOW)
    db.session.commit()
    [guest] = done.added
    assert (guest.name, guest.office_title, guest.institution_name) == (
        "Emër Mbiemër",
        "Mayor",
        "Municipality of Fier",
    )
    assert (guest.state, guest.language, guest.address) == (
        InvitationState.DRAFT,
        "en",
        "zyra@bashkia.example",
    )
    assert guest.written_as == "Mayor, Municipality of Fier"
    with speaking("sq"):
        assert guest.shown_as == "Kryetar, Bashkia Fier"
    with speaking("en"):
        assert guest.shown_as == "Mayor, Municipality of Fier"
    # Renamed since: nobody wrote to the new office.
    office.title_en = "Head"
    with speaking("sq"):
        assert guest.shown_as == "Mayor, Bashkia Fier"
    office.title_en = "Mayor"
    assert mails() == []
    set_guest_language(guest, "sq", by=cast.arta, now=NOW)
    assert guest.office_title == "Kryetar"
    with pytest.raises(ValueError, match="language"):
        set_guest_language(guest, "de", by=cast.arta, now=NOW)


def test_without_a_choice_the_contact_decides_the_language(app: Flask, cast: SimpleNamespace) -> None:
    event = make_table(cast.fier)
    office = factories.make_office(language="en")
    person = factories.make_person("Emër Mbiemër", email="person@x.example")
    db.session.commit()
    choices = [GuestChoice("office", office.id), GuestChoice("person", person.id, "klingon")]
    first, second = add_guests(event, choices, by=cast.arta, now=NOW).added
    assert (first.language, second.language) == ("en", "sq")
    assert (second.name, second.office_title, second.shown_as) == ("Emër Mbiemër", "", "Emër Mbiemër")


def test_refused_guests_are_told_apart(app: Flask, cast: SimpleNamespace) -> None:
    event = make_table(cast.fier)
    first = factories.make_office("Kryetar", email="Zyra@bashkia.example")
    silent = factories.make_office("Sekretar", email=None)
    shared = factories.make_office("Nënkryetar", first.institution, email="zyra@BASHKIA.example")
    db.session.commit()
    ids = [first.id, first.id, silent.id, shared.id, 99999]
    done = add_guests(event, [GuestChoice("office", ident, "sq") for ident in ids], by=cast.arta, now=NOW)
    again = add_guests(event, [GuestChoice("office", first.id, "en")], by=cast.arta, now=NOW)
    db.session.commit()
    assert [one.office_id for one in done.added] == [first.id]
    assert [(one.label, one.reason, one.taken_by) for one in done.refused] == [
        ("Sekretar, Bashkia Fier", GuestRefusal.NO_ADDRESS, ""),
        ("Nënkryetar, Bashkia Fier", GuestRefusal.ADDRESS_TAKEN, "Kryetar, Bashkia Fier"),
        ("", GuestRefusal.UNKNOWN, ""),
    ]
    assert [one.reason for one in again.refused] == [GuestRefusal.ALREADY_INVITED]
    assert len(guests_of(event)) == 1


def test_an_institutions_address_serves_its_office(app: Flask, cast: SimpleNamespace) -> None:
    event = make_table(cast.fier)
    office = factories.make_office(email=None)
    db.session.add(Address(email="protokolli@bashkia.example", institution=office.institution))
    db.session.commit()
    [guest] = add_guests(event, [GuestChoice("office", office.id)], by=cast.arta, now=NOW).added
    assert guest.address == "protokolli@bashkia.example"


@pytest.mark.parametrize("who", ["arta", "drita"])
def test_the_organisations_own_address_serves_whoever_invites(
    app: Flask, cast: SimpleNamespace, who: str
) -> None:
    """An office with addresses of the network, of Fier and of Vlorë: Fier's event takes Fier's."""
    user, event = getattr(cast, who), make_table(cast.fier)
    office = factories.make_office("Kryetar", email="kryetar@bashkia.example")
    person = factories.make_person("Gazetare", email="e-rrjetit@media.example")
    bare = factories.make_office("Arkivist", office.institution, email=None)
    for record in ({"office": office}, {"person": person}, {"office": bare}):
        for city, owner in (("vlore", cast.vlore), ("fier", cast.fier)):
            email = f"{next(iter(record.values())).id}.{city}@{next(iter(record))}.example"
            db.session.add(Address(email=email, organisation_id=owner.id, use=AddressUse.PRESS, **record))
    db.session.commit()
    keys = [("office", office.id), ("person", person.id), ("office", bare.id)]
    expected = [f"{ident}.fier@{kind}.example" for kind, ident in keys]
    choices = [GuestChoice(kind, ident) for kind, ident in keys]
    picks = picks_for(event, "", choices, user=user, lang="sq", now=NOW)
    assert [pick.email for pick in picks.ticked] == expected
    guests = add_guests(event, choices, by=user, now=NOW).added
    assert [guest.address for guest in guests] == expected
    db.session.execute(delete(Address).where(Address.organisation_id == cast.fier.id))
    assert addresses_now(event, guests, by=user, now=NOW) == {
        guests[0].id: "kryetar@bashkia.example", guests[1].id: "e-rrjetit@media.example",
        guests[2].id: expected[2],
    }  # fmt: skip


@pytest.mark.parametrize("who", ["arta", "drita"])
def test_what_another_organisation_collected_stays_there(app: Flask, cast: SimpleNamespace, who: str) -> None:
    event = make_table(cast.fier)
    theirs = factories.make_office("Prefekt", organisation=cast.vlore, email="prefekt@vlora.example")
    shared = factories.make_office("Kryetar", email=None)
    db.session.add(Address(email="privat@vlora.example", office=shared, organisation_id=cast.vlore.id))
    person = factories.make_person("Emër", email="emer@vlora.example", organisation=cast.vlore)
    db.session.commit()
    choices = [
        GuestChoice("office", theirs.id),
        GuestChoice("office", shared.id),
        GuestChoice("person", person.id),
    ]
    done = add_guests(event, choices, by=getattr(cast, who), now=NOW)
    assert done.added == []
    reasons = [GuestRefusal.UNKNOWN, GuestRefusal.NO_ADDRESS, GuestRefusal.UNKNOWN]
    assert [one.reason for one in done.refused] == reasons
    assert "vlora" not in repr(done)


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"state": EventState.CANCELLED}, NotInvitable.CANCELLED),
        ({"starts_at": NOW - timedelta(hours=1)}, NotInvitable.OVER),
        ({"precision": DatePrecision.DAY, "starts_at": None, "ends_at": None, "day_from": date(2026, 6, 16)},
         NotInvitable.NO_MOMENT),
    ],
)  # fmt: skip
def test_some_events_take_no_guests(
    app: Flask, cast: SimpleNamespace, values: dict[str, object], reason: NotInvitable
) -> None:
    event = make_table(cast.fier, **values)
    [office] = make_offices(1)
    db.session.commit()
    add = partial(add_guests, event, [GuestChoice("office", office.id)], by=cast.arta, now=NOW)
    if reason is NotInvitable.NO_MOMENT:  # they may be asked first when they can
        assert len(add().added) == 1
    for act in (
        *([add] if reason is not NotInvitable.NO_MOMENT else []),
        lambda: send_invitations(event, by=cast.arta, now=NOW),
        lambda: send_changes(event, by=cast.arta, now=NOW),
        lambda: send_reminders(event, by=cast.arta, now=NOW),
    ):
        with pytest.raises(CannotInvite) as refused:
            act()
        assert refused.value.reason is reason


def test_only_a_draft_is_removed(app: Flask, cast: SimpleNamespace) -> None:
    event = make_table(cast.fier)
    first, second = make_offices(2)
    [asked] = invite(event, [first], cast)
    [draft] = add_guests(event, [GuestChoice("office", second.id)], by=cast.arta, now=NOW).added
    db.session.commit()
    remove_guest(draft, by=cast.arta, now=NOW)
    with pytest.raises(NotADraft):
        remove_guest(asked, by=cast.arta, now=NOW)
    db.session.commit()
    assert guests_of(event) == [asked]
    assert [row.details for row in history_of(event) if row.action == "event.guest_removed"] == [
        {"guest": "Zyra 1, Bashkia Fier"}
    ]


def test_a_note_is_kept_once_it_changes(app: Flask, cast: SimpleNamespace) -> None:
    event = make_table(cast.fier)
    db.session.commit()
    for _ in range(2):
        text = set_invitation_text(event, "Sillni raportin.", "", by=cast.arta, now=NOW)
        db.session.commit()
    assert text.note_sq == "Sillni raportin."
    assert [row.action for row in history_of(event)] == ["event.invitation_text_set"]


# Sending


def test_sending_twice_sends_once(app: Flask, cast: SimpleNamespace) -> None:
    event = make_table(cast.fier)
    guests = invite(event, make_offices(3), cast)
    assert send_invitations(event, by=cast.arta, now=LATER) == 0
    db.session.commit()
    assert [(each_guest.state, each_guest.invited_at) for each_guest in guests] == [
        (InvitationState.INVITED, NOW)
    ] * 3
    assert [mail.once for mail in mails()] == [f"invitation/{one.id}/request/0/0" for one in guests]
    assert len({mail.from_address for mail in mails()}) == 3
    assert all(not mail.auto_submitted for mail in mails())
    assert db.session.scalar(select(func.count(MailSkeleton.id))) == 1
    assert {mail.organisation_id for mail in mails()} == {cast.fier.id}


@pytest.mark.both_databases(always=True)
def test_two_people_pressing_send_at_once_send_once(app: Flask, cast: SimpleNamespace) -> None:
    event = make_table(cast.fier)
    office_ids = [office.id for office in make_offices(5)]
    db.session.commit()
    add_guests(event, [GuestChoice("office", ident) for ident in office_ids], by=cast.arta, now=NOW)
    db.session.commit()
    event_id, by_id, model = event.id, cast.arta.id, type(cast.arta)
    db.session.remove()

    def press() -> int:
        number = send_invitations(
            db.session.get_one(Event, event_id), by=db.session.get_one(model, by_id), now=NOW
        )
        db.session.commit()
        return number

    assert sorted(at_once(app, 3, press)) == [0, 0, 5]
    assert len(mails()) == 5


def test_names_are_those_of_the_day_of_sending(app: Flask, cast: SimpleNamespace) -> None:
    event = make_table(cast.fier)
    office = factories.make_office(holder="E Para")
    db.session.commit()
    [guest] = add_guests(event, [GuestChoice("office", office.id)], by=cast.arta, now=NOW).added
    office.mandates[0].to_date = date(2026, 5, 20)
    person = factories.make_person("E Dyta", form_of_address=FormOfAddress.ZONJA)
    db.session.add(Mandate(person=person, office=office, from_date=date(2026, 5, 21)))
    office.addresses[0].email = "re@bashkia.example"
    db.session.commit()
    send_invitations(event, by=cast.arta, now=LATER)
    db.session.commit()
    assert (guest.name, guest.address) == ("E Dyta", "re@bashkia.example")
    assert mails()[0].to_address == "re@bashkia.example"
    db.session.add(
        Mandate(person=factories.make_person("E Treta"), office=office, from_date=date(2026, 5, 23))
    )
    db.session.commit()
    send_reminders(event, by=cast.arta, now=LATER + timedelta(days=3))
    said = mails("reminder")[0].fields
    assert said["addressed"] == "Drejtuar: Kryetares së Bashkisë Fier, zonjës E Dyta"
    assert said["salutation"] == "E nderuar zonja Kryetare,"


def test_a_person_is_spoken_to_by_name(app: Flask, cast: SimpleNamespace) -> None:
    event = make_table(cast.fier)
    known = factories.make_person(
        "Emër Gazetare", email="e@medium.example", form_of_address=FormOfAddress.ZONJA
    )
    unknown = factories.make_person("Qytetar 00421", email="q@posta.example")
    for person in (known, unknown):
        factories.make_consent(person)
    db.session.commit()
    choices = [GuestChoice("person", known.id), GuestChoice("person", unknown.id, "en")]
    add_guests(event, choices, by=cast.arta, now=NOW)
    send_invitations(event, by=cast.arta, now=NOW)
    first, second = (mail.fields for mail in mails())
    assert first["addressed"] == "Drejtuar: zonjës Emër Gazetare"
    assert first["salutation"] == "E nderuar zonja Emër Gazetare,"
    assert (second["addressed"], second["salutation"]) == ("To: Qytetar 00421", "Dear Sir or Madam,")


def test_a_draft_keeps_its_address_when_the_contact_loses_it(app: Flask, cast: SimpleNamespace) -> None:
    event = make_table(cast.fier)
    first, second = make_offices(2)
    db.session.commit()
    choices = [GuestChoice("office", first.id), GuestChoice("office", second.id)]
    add_guests(event, choices, by=cast.arta, now=NOW)
    db.session.delete(first.addresses[0])
    second.addresses[0].email = "zyra0@bashkia.example"
    db.session.commit()
    assert send_invitations(event, by=cast.arta, now=NOW) == 2
    db.session.commit()
    assert [mail.to_address for mail in mails()] == ["zyra0@bashkia.example", "zyra1@bashkia.example"]


def test_a_thousand_guests_take_few_statements(app: Flask, cast: SimpleNamespace) -> None:
    event = make_table(cast.fier)
    institution = factories.make_institution()
    # Not by the factory, which writes one record at a time.
    offices = [
        Office(title_sq=f"Zyra {n}", institution=institution, language=("sq", "en")[n % 2])
        for n in range(1000)
    ]
    db.session.add_all(Address(email=f"z{n}@x.example", office=office) for n, office in enumerate(offices))
    db.session.commit()
    choices = [GuestChoice("office", office.id) for office in offices]
    with counted_statements() as adding:
        assert len(add_guests(event, choices, by=cast.arta, now=NOW).added) == 1000
        db.session.commit()
    with counted_statements() as sending:
        assert send_invitations(event, by=cast.arta, now=NOW) == 1000
        db.session.commit()
    for statements in (adding, sending):
        # SQLite writes row by row what the mapper must know the ids of; it has no network to cross for it.
        rows = [words for words in statements if not words.startswith("INSERT")]
        wanted = rows if db.engine.dialect.name == "sqlite" else statements
        assert len(wanted) < 45, Counter(words[:60] for words in wanted).most_common(5)
    assert db.session.scalar(select(func.count(OutgoingMail.id))) == 1000
    assert db.session.scalar(select(func.count(MailSkeleton.id))) == 2


def test_a_preview_is_what_arrives_and_stores_nothing(app: Flask, cast: SimpleNamespace) -> None:
    event = make_table(cast.fier)
    office = factories.make_office(holder="Emër Mbiemër")
    db.session.commit()
    [guest] = add_guests(event, [GuestChoice("office", office.id)], by=cast.arta, now=NOW).added
    db.session.commit()
    shown = preview(guest, by=cast.arta, now=NOW)
    assert not (db.session.new or db.session.dirty)
    assert mails() == []
    assert db.session.scalar(select(func.count(MailSkeleton.id))) == 0
    send_invitations(event, by=cast.arta, now=NOW)
    db.session.commit()
    token = factories.token_of(guest)
    arrives = compose(mails()[0])
    assert HIDDEN in shown.text
    assert shown.from_address == arrives.from_address.replace(guest.reply_local, "r-hidden")
    for name in ("text", "html", "subject", "to_address", "to_name"):
        hidden = str(getattr(arrives, name)).replace(token, HIDDEN)
        assert getattr(shown, name) == hidden, name
    assert token not in message_bytes(shown).decode()


# What changes afterwards


def test_a_change_goes_once_to_those_who_know_the_old_time(app: Flask, cast: SimpleNamespace) -> None:
    event = make_table(cast.fier)
    first, second = make_offices(2)
    [guest] = invite(event, [first], cast)
    deliver()
    assert send_changes(event, by=cast.arta, now=LATER) == 0
    move(event, starts_at=START + timedelta(hours=1), venue="Pallati i Kulturës")
    [newer] = invite(event, [second], cast)
    assert outdated(event) == [guest]
    assert send_changes(event, by=cast.arta, now=LATER) == 1
    assert send_changes(event, by=cast.arta, now=LATER) == 0
    db.session.commit()
    [change] = mails("change")
    assert change.once == f"invitation/{guest.id}/change/1/0"
    assert change.auto_submitted
    parts = compose(change)
    assert "10:00–12:00" in parts.text
    assert "11:00–12:00" in parts.text
    assert "Bashkia Fier, salla e këshillit" in parts.text
    assert (parts.calendar_method, sequence_of(change)) == ("REQUEST", 1)
    assert outdated(event) == []
    assert newer.address != change.to_address


def test_who_was_never_reached_gets_the_invitation_as_it_reads_now(app: Flask, cast: SimpleNamespace) -> None:
    event = make_table(cast.fier)
    guests = invite(event, make_offices(2), cast)
    refuse(mails()[1])
    move(event, venue="Pallati i Kulturës")
    assert send_changes(event, by=cast.arta, now=LATER) == 2
    db.session.commit()
    assert mails("change") == []
    states = [mail.state for mail in mails("request")]
    assert states == [MailState.WITHDRAWN, MailState.FAILED, MailState.QUEUED, MailState.QUEUED]
    assert "Bashkia Fier, salla" not in compose(mails()[2]).text
    assert {each_guest.id for each_guest in guests} == {
        row.invitation_id for row in db.session.scalars(select(InvitationMail))
    }


def test_a_change_says_what_the_guest_read_last_not_what_was_never_sent(
    app: Flask, cast: SimpleNamespace
) -> None:
    event = make_table(cast.fier, venue="Salla A")
    invite(event, make_offices(1), cast)
    deliver()
    move(event, venue="Salla B")
    send_changes(event, by=cast.arta, now=LATER)
    db.session.commit()
    move(event, venue="Salla C")
    send_changes(event, by=cast.arta, now=LATER)
    db.session.commit()
    unsent, sent = mails("change")
    assert (unsent.state, sent.state) == (MailState.WITHDRAWN, MailState.QUEUED)
    text = compose(sent).text
    assert "Salla A" in text
    assert "Salla B" not in text


def test_a_cancellation_reaches_every_guest_once(app: Flask, cast: SimpleNamespace) -> None:
    event = make_table(cast.fier)
    offices = make_offices(3)
    guests = invite(event, offices[:1], cast)
    deliver()
    invite(event, offices[1:2], cast)
    add_guests(event, [GuestChoice("office", offices[2].id)], by=cast.arta, now=NOW)
    db.session.commit()
    assert cancel_with_notice(event, by=cast.arta, now=LATER) == 1
    db.session.commit()
    assert cancel_with_notice(event, by=cast.arta, now=LATER) == 0
    db.session.commit()
    assert (event.state, event.sequence) == (EventState.CANCELLED, 1)
    [notice] = mails("cancellation")
    assert notice.to_address == guests[0].address
    assert notice.state is MailState.QUEUED
    parts = compose(notice)
    assert (parts.calendar_method, sequence_of(notice), parts.auto_submitted) == ("CANCEL", 1, True)
    assert "STATUS:CANCELLED" in (parts.calendar or "")
    assert factories.token_of(guests[0]) not in message_bytes(parts).decode()
    assert [mail.state for mail in mails("request")] == [MailState.SENT, MailState.WITHDRAWN]


def test_nobody_hears_of_a_cancellation_after_the_fact(app: Flask, cast: SimpleNamespace) -> None:
    event = make_table(cast.fier)
    invite(event, make_offices(1), cast)
    deliver()
    assert cancel_with_notice(event, by=cast.arta, now=START + timedelta(hours=1)) == 0
    assert mails("cancellation") == []


def test_a_withdrawn_guest_is_told_alone_and_may_be_asked_again(app: Flask, cast: SimpleNamespace) -> None:
    event = make_table(cast.fier)
    offices = make_offices(2)
    guest, other = invite(event, offices, cast)
    record_answer(guest, Answer.ACCEPTED, channel=LINK, now=NOW)
    deliver()
    for _ in range(2):
        withdraw_guest(guest, by=cast.arta, now=LATER)
        db.session.commit()
    assert (guest.state, other.state, event.sequence) == (
        InvitationState.WITHDRAWN,
        InvitationState.INVITED,
        0,
    )
    [notice] = mails("cancellation")
    assert (notice.to_address, sequence_of(notice)) == (guest.address, 1)
    deliver()
    [again] = invite(event, offices[:1], cast)
    assert again is guest
    assert (guest.answer, guest.answered_at, len(guest.answers)) == (Answer.NEEDS_ACTION, None, 1)
    assert sequence_of(mails("request")[-1]) == 2
    assert outdated(event) == []
    deliver()
    withdraw_guest(guest, by=cast.arta, now=LATER)
    db.session.commit()
    assert sequence_of(mails("cancellation")[-1]) == 3
    assert [row.copy for row in guest.mails] == [0, 0, 1, 1]


def test_a_guest_put_back_on_the_list_and_taken_off_again_is_withdrawn(
    app: Flask, cast: SimpleNamespace
) -> None:
    event = make_table(cast.fier)
    offices = make_offices(1)
    [guest] = invite(event, offices, cast)
    deliver()
    withdraw_guest(guest, by=cast.arta, now=LATER)
    add_guests(event, [GuestChoice("office", offices[0].id)], by=cast.arta, now=LATER)
    db.session.commit()
    assert guest.state is InvitationState.DRAFT
    withdraw_guest(guest, by=cast.arta, now=LATER)
    db.session.commit()
    assert (guest.state, guest.invited_at) == (InvitationState.WITHDRAWN, NOW)
    assert len(mails("cancellation")) == 1


def test_withdrawing_before_the_mail_left_says_nothing(app: Flask, cast: SimpleNamespace) -> None:
    event = make_table(cast.fier)
    [guest] = invite(event, make_offices(1), cast)
    withdraw_guest(guest, by=cast.arta, now=NOW)
    db.session.commit()
    assert [mail.state for mail in mails()] == [MailState.WITHDRAWN]
    assert guest.state is InvitationState.WITHDRAWN


def test_reminders_go_only_to_those_who_wait(app: Flask, cast: SimpleNamespace) -> None:
    event = make_table(cast.fier)
    answered, waiting, unreachable = invite(event, make_offices(3), cast)
    record_answer(answered, Answer.TENTATIVE, channel=LINK, now=NOW)
    refuse(mails()[2])
    deliver()
    assert send_reminders(event, by=cast.arta, now=NOW + timedelta(hours=11)) == 0
    assert send_reminders(event, by=cast.arta, now=LATER) == 1
    assert send_reminders(event, by=cast.arta, now=LATER) == 0
    db.session.commit()
    [reminder] = mails("reminder")
    assert reminder.to_address == waiting.address
    assert reminder.auto_submitted
    assert sequence_of(reminder) == 0
    deliver(LATER)
    assert send_reminders(event, by=cast.arta, now=LATER + timedelta(days=1)) == 1
    db.session.commit()
    move(event, venue="Salla B")
    assert send_reminders(event, by=cast.arta, now=LATER + timedelta(days=3)) == 0
    assert unreachable.answer is Answer.NEEDS_ACTION


# Answers


@pytest.fixture
def guest(app: Flask, cast: SimpleNamespace) -> Invitation:
    """A guest of a coming event whose invitation arrived."""
    [one] = invite(make_table(cast.fier), make_offices(1), cast)
    deliver()
    return one


def test_every_answer_is_kept_and_the_newest_counts(app: Flask, guest: Invitation) -> None:
    record_answer(guest, Answer.ACCEPTED, note="Vij\r\nme dy vetë", channel=LINK, now=NOW)
    record_answer(guest, Answer.DECLINED, channel=AnswerChannel.CALENDAR, now=LATER, sequence=0)
    db.session.commit()
    assert (guest.answer, guest.answered_at) == (Answer.DECLINED, LATER)
    assert [(answer.answer, answer.note) for answer in guest.answers] == [
        (Answer.ACCEPTED, "Vij\nme dy vetë"),
        (Answer.DECLINED, ""),
    ]


def test_history_knows_the_answer_and_nothing_personal(
    app: Flask, cast: SimpleNamespace, guest: Invitation
) -> None:
    record_answer(guest, Answer.DECLINED, substitute="Emër Tjetër", note="Jam sëmurë", channel=LINK, now=NOW)
    db.session.commit()
    [row] = db.session.scalars(select(History).where(History.action == "invitation.answered"))
    assert row.details == {"answer": "DELEGATED", "was": "NEEDS-ACTION", "channel": "link", "sequence": 0}
    assert (row.actor_id, row.actor_name) == (None, "")


def test_a_double_click_is_one_answer(app: Flask, guest: Invitation) -> None:
    first = record_answer(guest, Answer.ACCEPTED, note="Po", channel=LINK, now=NOW)
    second = record_answer(guest, Answer.ACCEPTED, note="Po ", channel=LINK, now=NOW + timedelta(seconds=30))
    assert second is first
    third = record_answer(guest, Answer.ACCEPTED, note="Po", channel=LINK, now=NOW + timedelta(minutes=2))
    assert third is not first
    db.session.commit()
    assert db.session.scalar(select(func.count(GivenAnswer.id))) == 2
    assert mails("receipt") == []


@pytest.mark.both_databases(always=True)
def test_the_same_answer_from_two_windows_at_once_is_one(app: Flask, guest: Invitation) -> None:
    ident = guest.id
    db.session.remove()

    def press() -> int:
        given = record_answer(db.session.get_one(Invitation, ident), Answer.ACCEPTED, channel=LINK, now=NOW)
        db.session.commit()
        return given.id

    assert len(set(at_once(app, 4, press))) == 1
    assert db.session.scalar(select(func.count(GivenAnswer.id))) == 1


def test_a_named_substitute_makes_it_a_delegation(app: Flask, guest: Invitation) -> None:
    given = record_answer(guest, Answer.ACCEPTED, substitute=" Emër\r\nTjetër ", channel=LINK, now=NOW)
    assert (given.answer, given.substitute, guest.answer) == (
        Answer.DELEGATED,
        "Emër Tjetër",
        Answer.DELEGATED,
    )


def test_a_changed_answer_is_told_to_the_guest_once_a_day(
    app: Flask, cast: SimpleNamespace, guest: Invitation
) -> None:
    story = [Answer.ACCEPTED, Answer.DECLINED, Answer.ACCEPTED]
    for number, answer in enumerate(story):
        record_answer(guest, answer, note="shënim i fshehtë", channel=LINK, now=NOW + timedelta(hours=number))
    db.session.commit()
    [receipt] = mails("receipt")
    assert receipt.auto_submitted
    assert receipt.to_address == guest.address
    text = message_bytes(compose(receipt)).decode()
    assert "fshehtë" not in compose(receipt).text
    assert "Auto-Submitted: auto-generated" in text
    record_answer(guest, Answer.DECLINED, channel=LINK, now=NOW + timedelta(hours=26))
    db.session.commit()
    assert len(mails("receipt")) == 2


def test_a_first_answer_after_being_asked_again_is_no_change(
    app: Flask, cast: SimpleNamespace, guest: Invitation
) -> None:
    record_answer(guest, Answer.ACCEPTED, channel=LINK, now=NOW)
    withdraw_guest(guest, by=cast.arta, now=NOW)
    add_guests(guest.event, [GuestChoice("office", guest.office_id or 0)], by=cast.arta, now=NOW)
    send_invitations(guest.event, by=cast.arta, now=NOW)
    record_answer(guest, Answer.DECLINED, channel=LINK, now=LATER)
    assert mails("receipt") == []


def test_answers_end_with_the_start_the_event_or_the_invitation(
    app: Flask, cast: SimpleNamespace, guest: Invitation
) -> None:
    def refused(now: object = NOW) -> NotAnswerable:
        with pytest.raises(AnswerRefused) as error:
            record_answer(guest, Answer.ACCEPTED, channel=LINK, now=now)  # type: ignore[arg-type]
        return error.value.reason

    assert refused(START) is NotAnswerable.STARTED
    withdraw_guest(guest, by=cast.arta, now=NOW)
    assert refused() is NotAnswerable.WITHDRAWN
    add_guests(guest.event, [GuestChoice("office", guest.office_id or 0)], by=cast.arta, now=NOW)
    assert refused() is NotAnswerable.NOT_INVITED
    send_invitations(guest.event, by=cast.arta, now=NOW)
    cancel_with_notice(guest.event, by=cast.arta, now=NOW)
    assert refused() is NotAnswerable.CANCELLED
    assert guest.answers == []
    with pytest.raises(ValueError, match="says something"):
        record_answer(guest, Answer.NEEDS_ACTION, channel=LINK, now=NOW)


def test_an_answer_remembers_which_time_it_was_given_to(app: Flask, guest: Invitation) -> None:
    move(guest.event, venue="Salla B")
    by_link = record_answer(guest, Answer.ACCEPTED, channel=LINK, now=NOW)
    by_calendar = record_answer(guest, Answer.ACCEPTED, channel=AnswerChannel.CALENDAR, now=NOW, sequence=0)
    assert (by_link.event_sequence, by_calendar.event_sequence) == (1, 0)


def test_a_link_opens_its_own_invitation_until_a_day_after(
    app: Flask, cast: SimpleNamespace, guest: Invitation
) -> None:
    token = factories.token_of(guest)
    ended = guest.event.ends_at
    assert ended is not None
    assert find_by_token(token) is guest
    assert find_by_token(token, now=ended + timedelta(hours=23)) is guest
    assert find_by_token(token, now=ended + timedelta(hours=24)) is None
    for wrong in ("", token[:-1], token + "A", token.lower(), guest.nonce, "x" * 5000, "\ud800", "ë'\x00"):
        assert find_by_token(wrong) is None
    [draft] = add_guests(
        make_table(cast.fier), [GuestChoice("office", guest.office_id or 0)], by=cast.arta, now=NOW
    ).added
    assert find_by_token(factories.token_of(draft)) is None
