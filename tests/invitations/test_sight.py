"""The rule of sight as examples, and as conditions: both say the same of everybody and every kind of guest."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select

from pop_campaigns.accounts.models import User
from pop_campaigns.accounts.rules.roles import RoleName
from pop_campaigns.contacts.rules import PersonKind
from pop_campaigns.core.db import db
from pop_campaigns.invitations.models.invitations import Invitation
from pop_campaigns.invitations.rules.invitations import GuestFacts, InvitationState, Sight, sight_of_guest
from pop_campaigns.invitations.sight import guests_seen, mails_seen, sees_mail, sight_of
from pop_campaigns.letters.models import LetterRecipient
from pop_campaigns.mail.models import OutgoingMail
from tests import factories

pytestmark = pytest.mark.both_databases

FIER, VLORE = 1, 2
CITIZEN, ALLY = PersonKind.CITIZEN, PersonKind.ALLY


@pytest.mark.parametrize(
    ("role", "own", "guest", "sight"),
    [
        ("administrator", None, GuestFacts(FIER, kind=CITIZEN, person_of=FIER), Sight.WORDS),
        ("administrator", None, GuestFacts(FIER), Sight.WORDS),
        ("viewer", None, GuestFacts(FIER, office=True), Sight.WORDS),
        ("viewer", None, GuestFacts(FIER, kind=ALLY), Sight.ANSWER),
        ("viewer", None, GuestFacts(FIER, kind=CITIZEN, person_of=FIER), Sight.COUNTED),
        ("viewer", None, GuestFacts(FIER), Sight.COUNTED),
        ("viewer", None, GuestFacts(FIER, office=True, kind=CITIZEN), Sight.COUNTED),
        ("coordinator", FIER, GuestFacts(FIER, kind=CITIZEN, person_of=FIER), Sight.WORDS),
        ("coordinator", FIER, GuestFacts(FIER, kind=CITIZEN, person_of=None), Sight.WORDS),
        ("coordinator", FIER, GuestFacts(FIER), Sight.WORDS),
        ("coordinator", FIER, GuestFacts(None, kind=CITIZEN, person_of=FIER), Sight.WORDS),
        ("coordinator", FIER, GuestFacts(None, kind=CITIZEN, person_of=VLORE), Sight.COUNTED),
        ("coordinator", FIER, GuestFacts(None, kind=ALLY, person_of=VLORE), Sight.COUNTED),
        ("coordinator", FIER, GuestFacts(None, office=True, office_of=VLORE), Sight.COUNTED),
        ("coordinator", FIER, GuestFacts(None, office=True), Sight.WORDS),
        ("coordinator", FIER, GuestFacts(None), Sight.COUNTED),
        ("coordinator", FIER, GuestFacts(VLORE, office=True), Sight.COUNTED),
        ("coordinator", FIER, GuestFacts(FIER, kind=CITIZEN, person_of=VLORE), Sight.COUNTED),
        (None, FIER, GuestFacts(FIER, office=True), Sight.COUNTED),
    ],
)
def test_who_may_see_a_person_sees_the_guest(
    role: str | None, own: int | None, guest: GuestFacts, sight: Sight
) -> None:
    assert sight_of_guest(RoleName(role) if role else None, own, guest) is sight


def test_the_conditions_say_what_the_rule_says(cast: SimpleNamespace) -> None:
    guests = every_guest(cast)
    mails = [mail_about(guest) for guest in guests]
    subjects = (
        factories.about(LetterRecipient, 1), factories.about(User, 7), None, factories.about(Invitation, 999999),
        factories.about(Invitation, 0),
    )  # fmt: skip
    mails += [
        factories.make_mail(
            about=subject, once=f"{number}/{owner.id if owner else 0}", organisation_id=owner and owner.id
        )
        for number, subject in enumerate(subjects)
        for owner in (None, cast.fier)
    ]
    nobody = factories.make_user("njeri", "viewer", cast.fier)
    nobody.roles = []
    without = factories.make_user("pa", "coordinator", None)
    db.session.commit()
    different: list[Any] = []
    for user in (cast.arta, cast.clirim, cast.drita, cast.eva, nobody, without):
        for wanted in (Sight.ANSWER, Sight.WORDS):
            outgoing_mails = set(db.session.scalars(select(Invitation.id).where(guests_seen(user, wanted))))
            of_all = select(Invitation.id).where(guests_seen(user, wanted, scanned=True))
            assert set(db.session.scalars(of_all)) == outgoing_mails
            said = {guest.id for guest in guests if sight_of(guest, user) >= wanted}
            if outgoing_mails != said:
                different.append((user.name, wanted, outgoing_mails ^ said))
        outgoing_mails = set(db.session.scalars(select(OutgoingMail.id).where(mails_seen(user))))
        of_all = select(OutgoingMail.id).where(mails_seen(user, scanned=True))
        assert set(db.session.scalars(of_all)) == outgoing_mails
        said = {mail.id for mail in mails if sees_mail(mail, user)}
        if outgoing_mails != said:
            different.append(
                (
                    user.name,
                    "mails",
                    sorted(db.session.get_one(OutgoingMail, i).once for i in outgoing_mails ^ said),
                )
            )
    assert different == []


def every_guest(cast: SimpleNamespace) -> list[Invitation]:
    """A guest of each kind, of each organisation's and the network's event; an office with a person among them."""
    guests = []
    owners = (None, cast.fier, cast.vlore)
    offices = [factories.make_office(organisation=owner) for owner in owners]
    persons = [
        factories.make_person(
            kind.value, kind=kind, organisation=owner, email=f"{kind.value}{number}@x.example"
        )
        for kind in PersonKind
        for number, owner in enumerate(owners)
    ]
    for owner in owners:
        event = factories.make_event(owner)
        for number, office in enumerate(offices):
            guests.append(factories.make_invitation(event, office, address=f"z{number}@x.example"))
        for number, person in enumerate(persons):
            some = factories.make_office(f"Zyra {number}")
            email = person.addresses[0].email
            guest = factories.make_invitation(event, some, person=person, address=email)
            guest.office = None
            guests.append(guest)
        both = factories.make_office("Zyrë tjetër", email=f"t{owner.id if owner else 0}@x.example")
        citizen = factories.make_person("Dikush", kind=CITIZEN, organisation=owner)
        guests.append(factories.make_invitation(event, both, person=citizen))
    return guests


def mail_about(guest: Invitation) -> OutgoingMail:
    assert guest.state is InvitationState.DRAFT
    return factories.make_mail(guest.address, about=guest, organisation_id=guest.event.organisation_id)
