"""Records for tests, by domain; each call makes a whole, valid one. Callers commit."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from sqlalchemy import select

from pop_campaigns.accounts.models import Organisation, Role, User
from pop_campaigns.contacts.models.addresses import Address
from pop_campaigns.contacts.models.consents import Consent
from pop_campaigns.contacts.models.institutions import Institution, Office
from pop_campaigns.contacts.models.persons import Mandate, Person
from pop_campaigns.contacts.rules import AddressUse, ConsentChannel, InstitutionKind, PersonKind, Purpose
from pop_campaigns.contacts.words.consent_texts import CURRENT
from pop_campaigns.core.dates import DatePrecision
from pop_campaigns.core.db import Base, db
from pop_campaigns.core.files import store_file
from pop_campaigns.core.places import Municipality, municipality_key
from pop_campaigns.core.text import fold
from pop_campaigns.core.tokens import derive_local_part, derive_token, hash_token, new_nonce
from pop_campaigns.events.models.events import Event
from pop_campaigns.events.rules.events import EventFormat, EventKind
from pop_campaigns.events.rules.visibility import EventVisibility
from pop_campaigns.invitations.models.invitations import Invitation
from pop_campaigns.letters.models import Letter, LetterRecipient
from pop_campaigns.letters.rules.letters import LetterState, RecipientRole
from pop_campaigns.mail.models import IncomingMail, OutgoingMail
from pop_campaigns.mail.outbox import Recipient, add_skeleton, queue_mail
from pop_campaigns.mail.rules import IncomingKind, IncomingState, IncomingWay

_number = itertools.count(1)


def make_municipality(name: str = "Fier") -> Municipality:
    """A municipality, the same one for the same name."""
    key = municipality_key(name)
    municipality = db.session.scalar(select(Municipality).where(Municipality.key == key))
    if municipality:
        return municipality
    return _add(Municipality(key=key, name=name, name_definite=name, county=name))


def make_organisation(city: str = "Fier") -> Organisation:
    """A member organisation in a city."""
    return _add(
        Organisation(key=f"org-{fold(city)}", name=f"Organizata {city}", municipality=make_municipality(city))
    )


def make_user(name: str, role: str, organisation: Organisation | None, **values: Any) -> User:
    """A person who signs in."""
    row = db.session.scalar(select(Role).where(Role.name == role)) or _add(Role(name=role))
    return _add(
        User(
            email=values.pop("email", f"{name}@pop.example"),
            name=name.capitalize(),
            password=values.pop("password", "fjalëkalim i gjatë"),
            fs_uniquifier=f"u-{name}-{next(_number)}",
            organisation=organisation,
            roles=[row],
            language=values.pop("language", "sq"),
            active=True,
            **values,
        )
    )


def make_institution(
    name: str = "Bashkia Fier",
    *,
    kind: str = "municipality",
    organisation: Organisation | None = None,
    **values: Any,
) -> Institution:
    """An institution, the network's unless an organisation is given."""
    return _add(_institution(name, kind=kind, organisation=organisation, **values))


def _institution(
    name: str = "Bashkia Fier",
    *,
    kind: str = "municipality",
    organisation: Organisation | None,
    **values: Any,
) -> Institution:
    return Institution(name_sq=name, kind=InstitutionKind(kind), organisation=organisation, **values)


def make_office(
    title: str = "Kryetar",
    institution: Institution | None = None,
    *,
    email: str | None = "zyra@bashkia.example",
    holder: str = "",
    organisation: Organisation | None = None,
    **values: Any,
) -> Office:
    """An office with an address and, if named, a holder."""
    office = Office(
        title_sq=title,
        institution=institution or _institution(organisation=organisation),
        organisation_id=organisation.id if organisation else None,
        **values,
    )
    rows: list[Any] = [office]
    if email:
        rows.append(
            Address(email=email, use=AddressUse.MAIN, office=office, organisation_id=office.organisation_id)
        )
    if holder:
        rows.append(Mandate(person=Person(name=holder, kind=PersonKind.OFFICIAL), office=office))
    return _add(*rows)  # in one go: most of what tests compute are such flushes


def make_person(
    name: str = "Person",
    *,
    email: str | None = None,
    organisation: Organisation | None = None,
    **values: Any,
) -> Person:
    """A person, the network's unless an organisation is given."""
    rows: list[Any] = [Person(name=name, organisation_id=organisation.id if organisation else None, **values)]
    if email:
        owner = rows[0].organisation_id
        rows.append(Address(email=email, use=AddressUse.MAIN, person=rows[0], organisation_id=owner))
    return _add(*rows)


def make_consent(person: Person, purpose: Purpose = Purpose.EVENTS, **values: Any) -> Consent:
    """A consent on paper, given a week ago to the present text, with a scan as its proof."""
    moment = datetime.now(UTC)
    defaults: dict[str, Any] = {
        "purpose": purpose,
        "text_version": CURRENT,
        "language": "sq",
        "channel": ConsentChannel.PAPER,
        "given_at": moment - timedelta(days=7),
        "recorded_at": moment,
        "proof_file": store_file(b"%PDF-1.7 a scan", "pëlqimi.pdf", now=moment),
        "organisation_id": person.organisation_id,
    }
    return _add(Consent(person=person, **(defaults | values)))


def make_event(
    organisation: Organisation | None = None, *, starts_in: timedelta = timedelta(days=14), **values: Any
) -> Event:
    """A round table with a moment, two hours long, unless told otherwise.

    It is held in the morning: at whatever hour the tests run, it ends on the day it begins. It stands on the site.
    """
    now = datetime.now(UTC).replace(microsecond=0)
    if values.get("precision", DatePrecision.MOMENT) is DatePrecision.MOMENT:
        starts = values.setdefault("starts_at", (now + starts_in).replace(hour=9, minute=0, second=0))
        values.setdefault("ends_at", starts + timedelta(hours=2))
        values.setdefault("day_from", starts.date())
    defaults: dict[str, Any] = {
        "uid": f"event-{next(_number)}@rsvp.example",
        "kind": EventKind.ROUND_TABLE,
        "format": EventFormat.IN_PERSON,
        "precision": DatePrecision.MOMENT,
        "title_sq": "Tryezë për lumin Gjanica",
        "title_en": "Round table on the river Gjanica",
        "venue": "Bashkia Fier, salla e këshillit",
        "organisation": organisation,
        "municipality": organisation.municipality if organisation else None,
        "visibility": EventVisibility.PUBLIC,
        "created_at": now,
        "changed_at": now,
    }
    settled = defaults | values
    if settled["visibility"] is EventVisibility.PUBLIC:
        settled.setdefault("published_at", settled["created_at"])
    return _add(Event(**settled))


def make_invitation(event: Event, office: Office | None = None, **values: Any) -> Invitation:
    """An invitation on the guest list (draft) of an event; give ``state`` and ``invited_at`` for one that was sent."""
    nonce = new_nonce()
    office = office or make_office(email=f"zyra{next(_number)}@bashkia.example")
    defaults: dict[str, Any] = {
        "event": event,
        "office": office,
        "office_title": office.title_sq,
        "institution_name": office.institution.name_sq,
        "address": office.addresses[0].email if office.addresses else f"zyra{next(_number)}@bashkia.example",
        "language": "sq",
        "nonce": nonce,
        "token_hash": hash_token(derive_token("answer", nonce)),
        "reply_local": "r-" + derive_local_part("reply", nonce),
        "created_at": datetime.now(UTC),
    }
    return _add(Invitation(**(defaults | values)))


def token_of(invitation: Invitation) -> str:
    """The secret of the guest's personal link."""
    return derive_token("answer", invitation.nonce)


def _add(row: Any, *others: Any) -> Any:
    """Store rows in one go and return the first."""
    db.session.add_all((row, *others))
    db.session.flush()
    return row


def about(table: type[Base], ident: int) -> Any:
    """What a mail is about, of which only the number is known: the row may be gone."""
    return SimpleNamespace(__tablename__=table.__tablename__, id=ident)


def make_mail(to: str = "zyra@bashkia.example", **values: Any) -> OutgoingMail:
    """A queued mail, due at once; ``now`` says when it was queued."""
    now = values.pop("now", None) or datetime.now(UTC)
    number = next(_number)
    skeleton = values.pop("skeleton", None) or add_skeleton(
        language="sq", subject="Ftesë: {title}", text="Të nderuar,\n{title}\n", html="<p>{title}</p>", now=now
    )
    defaults: dict[str, Any] = {
        "kind": "invitation",
        "once": f"letter/0/{number}",
        "about": about(LetterRecipient, 0),
        "from_address": "r-abc@rsvp.example",
        "from_name": "Organizata Fier",
        "organisation_id": None,
    }
    recipient = Recipient(to, values.pop("to_name", "Zyra"), {"title": f"Gjanica {number}"})
    mail = queue_mail(skeleton, recipient, now=now, **(defaults | values))
    db.session.flush()
    return mail


def make_incoming(organisation: Organisation | None = None, **values: Any) -> IncomingMail:
    """A message somebody wrote, with a file, which was read and waits to be filed."""
    raw = (
        b"From: gazetar@medium.example\r\nSubject: Pyetje\r\nMIME-Version: 1.0\r\n"
        b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\n\r\nPershendetje\r\n'
        b'--b\r\nContent-Disposition: attachment; filename="pyetje.txt"\r\n\r\nSa zgjat?\r\n--b--\r\n'
    )
    defaults: dict[str, Any] = {
        "received_at": datetime.now(UTC),
        "way": IncomingWay.LISTENER,
        "envelope_to": f"kontakt{next(_number)}@rsvp.example",
        "sha256": "0" * 64,
        "size": len(raw),
        "raw": raw,
        "state": IncomingState.HELD,
        "kind": IncomingKind.HUMAN,
        "subject": "Pyetje",
        "from_address": "gazetar@medium.example",
        "text": "Përshëndetje",
        "attachments": [{"name": "pyetje.txt", "type": "text/plain", "size": 9}],
        "organisation_id": organisation.id if organisation else None,
    }
    return _add(IncomingMail(**(defaults | values)))


def make_letter(organisation: Organisation | None = None, **values: Any) -> Letter:
    """A draft in Albanian about the river, without recipients."""
    now = values.pop("now", None) or datetime.now(UTC)
    defaults: dict[str, Any] = {
        "organisation": organisation,
        "state": LetterState.DRAFT,
        "subject_sq": "Ndotja e lumit Gjanica në Fier",
        "body_sq": (
            "I nderuar zoti Ministër,\n\nJu kërkojmë të na informoni:\n- cilat inspektime janë kryer;\n"
            "- çfarë masash do të merren.\n\nMe respekt,"
        ),
        "signed_by": "Koordinator Fier",
        "basis": "information_request",
        "created_at": now,
        "changed_at": now,
    }
    return _add(Letter(**(defaults | values)))


def make_letter_recipient(
    letter: Letter, office: Office | None = None, role: str = "to", **values: Any
) -> LetterRecipient:
    """A recipient of a letter, at the end of its list."""
    office = office or make_office(email=f"zyra{next(_number)}@bashkia.example")
    defaults: dict[str, Any] = {
        "letter": letter,
        "role": RecipientRole(role),
        "position": max((recipient.position for recipient in letter.recipients), default=0) + 1,
        "office": office,
        "office_title": office.title_sq,
        "institution_name": office.institution.name_sq,
        "language": "sq",
    }
    return _add(LetterRecipient(**(defaults | values)))
