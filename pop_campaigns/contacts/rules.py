"""Kinds of institutions and addresses; pure."""

from __future__ import annotations

import enum
import hmac
from dataclasses import dataclass
from datetime import date, timedelta

from pop_campaigns.accounts.rules.roles import RoleName, may_read_record
from pop_campaigns.core.text import fold


class InstitutionKind(enum.StrEnum):
    """What an institution is."""

    GOVERNMENT = "government"
    MINISTRY = "ministry"
    MUNICIPALITY = "municipality"
    COUNCIL = "council"
    PREFECTURE = "prefecture"
    AGENCY = "agency"
    DIRECTORATE = "directorate"
    COMMITTEE = "committee"
    PARTY = "party"
    MEDIUM = "medium"
    CSO = "cso"
    OTHER = "other"


class AddressUse(enum.StrEnum):
    """Whose desk an address reaches."""

    MAIN = "main"
    SECRETARY = "secretary"
    PROTOCOL = "protocol"
    PRESS = "press"
    OTHER = "other"


class Lack(enum.StrEnum):
    """What an institution still lacks."""

    ADDRESS = "address"
    HOLDER = "holder"


class DetailKind(enum.StrEnum):
    """What there may be several of, beside e-mail addresses."""

    PHONE = "phone"
    POST = "post"


class DetailUse(enum.StrEnum):
    """Where a further phone number rings, or a further post address leads."""

    WORK = "work"
    MOBILE = "mobile"
    HOME = "home"
    SECRETARY = "secretary"
    FAX = "fax"
    OTHER = "other"


# No post goes to a mobile phone: what a post address can be for.
POST_USES = (DetailUse.WORK, DetailUse.HOME, DetailUse.OTHER)


class PersonKind(enum.StrEnum):
    """Why a person is in the address book."""

    OFFICIAL = "official"
    JOURNALIST = "journalist"
    ALLY = "ally"
    CITIZEN = "citizen"
    OTHER = "other"


# Whom only the organisation that collected them may see, and those who keep the service (law 124/2024: each
# organisation is a controller of its own).
PRIVATE_KINDS = frozenset({PersonKind.CITIZEN})


class MediumKind(enum.StrEnum):
    """How a medium reaches its public."""

    PRINT = "print"
    RADIO = "radio"
    TELEVISION = "television"
    ONLINE = "online"
    AGENCY = "agency"


class Purpose(enum.StrEnum):
    """For what a person's data are used: consent is given, and mail refused, for each by itself."""

    EVENTS = "events"
    NEWS = "news"
    SHARING = "sharing"


# What mail can be refused; sharing is no mail.
MAIL_PURPOSES = (Purpose.EVENTS, Purpose.NEWS)


class Basis(enum.StrEnum):
    """What mail to an office or a person rests on (GDPR art. 6; law 124/2024)."""

    OFFICE = "office"
    PUBLIC_ROLE = "public_role"
    PRESS = "press"
    CONSENT = "consent"


# Who acts as a private person, whatever else is known about them: an ally who holds an office is asked at the office.
_PRIVATELY = frozenset({PersonKind.CITIZEN, PersonKind.ALLY})
_BY_KIND = {PersonKind.OFFICIAL: Basis.PUBLIC_ROLE, PersonKind.JOURNALIST: Basis.PRESS}


def basis_of(
    kind: PersonKind | None, purpose: Purpose, *, holds_office: bool = False, of_press: bool = False
) -> Basis:
    """Return what mail for a purpose rests on: to an office (``kind`` None), or to a person at an address of their own.

    ``holds_office`` and ``of_press`` (works for a medium) decide where the kind says nothing (*other*). News is only for
    persons who asked for it.
    """
    if kind is None:
        return Basis.OFFICE
    if purpose is not Purpose.EVENTS or kind in _PRIVATELY:
        return Basis.CONSENT
    if kind in _BY_KIND:
        return _BY_KIND[kind]
    if holds_office:
        return Basis.PUBLIC_ROLE
    return Basis.PRESS if of_press else Basis.CONSENT


class Unmailed(enum.StrEnum):
    """Why no mail goes to an office or a person, what is to be mended first before what follows from it."""

    NO_ADDRESS = "no_address"
    SAMPLE = "sample"
    NO_CONSENT = "no_consent"
    REFUSES = "refuses"
    CAME_BACK = "came_back"
    SAME_ADDRESS = "same_address"


@dataclass(frozen=True)
class Mailable:
    """What decides whether mail goes to an office or a person.

    ``sample``: the address is one, and samples are not mailed here. ``refuses`` and ``came_back`` are of the address.
    """

    basis: Basis
    has_address: bool = True
    sample: bool = False
    consented: bool = False
    refuses: bool = False
    came_back: bool = False


def why_unmailed(who: Mailable) -> Unmailed | None:
    """Return why no mail goes to somebody; None: it does.

    An office cannot refuse: it is asked because it is one. A consent that was given does not outdo a refusal. That one
    address gets one mail (*same address*) decides who sends to several.
    """
    if not who.has_address:
        return Unmailed.NO_ADDRESS
    if who.sample:
        return Unmailed.SAMPLE
    if who.basis is Basis.CONSENT and not who.consented:
        return Unmailed.NO_CONSENT
    if who.refuses and who.basis is not Basis.OFFICE:
        return Unmailed.REFUSES
    return Unmailed.CAME_BACK if who.came_back else None


class ConsentChannel(enum.StrEnum):
    """How a consent, or its withdrawal, reached us."""

    PAPER = "paper"
    FORM = "form"
    MAIL = "mail"
    PHONE = "phone"
    IN_PERSON = "in_person"
    IMPORT = "import"
    LINK = "link"


class TombstoneKind(enum.StrEnum):
    """By what an erased person is known again: an address, a phone number, or the name alone."""

    EMAIL = "email"
    PHONE = "phone"
    NAME = "name"


# What an address is for, the one a mail takes first.
USE_ORDER = (AddressUse.MAIN, AddressUse.SECRETARY, AddressUse.PROTOCOL, AddressUse.PRESS, AddressUse.OTHER)


def address_rank(
    *, sample: bool, of_institution: bool, shared: bool, use: AddressUse
) -> tuple[bool, bool, bool, int]:
    """Return what decides between the addresses of an office or a person: a mail takes the lowest.

    A real one before a sample; the office's before its institution's; the sender's own before the network's
    (``shared``); then by use.
    """
    return (sample, of_institution, shared, USE_ORDER.index(use))


def overlap(from_a: date | None, to_a: date | None, from_b: date | None, to_b: date | None) -> bool:
    """Return whether two times in office share a day, ends included; a date not known reaches without end."""
    a_before_b = to_a is not None and from_b is not None and to_a < from_b
    b_before_a = to_b is not None and from_a is not None and to_b < from_a
    return not (a_before_b or b_before_a)


# The length of a local mandate (law 139/2015): so long may what one source saw be taken to last.
SOURCE_HOLDS_FOR = timedelta(days=4 * 365 + 1)


def runs_on(from_date: date | None, to_date: date | None, known_on: date | None, day: date) -> bool:
    """Return whether a mandate runs on a day.

    A date not known excludes nothing; but of a mandate known only by a source's day (``known_on``, neither start nor
    end) nobody can say that it still runs long after, so it counts for four years around that day.
    """
    if from_date is None and to_date is None and known_on is not None:
        return abs(day - known_on) <= SOURCE_HOLDS_FOR
    return overlap(from_date, to_date, day, day)


def may_see_person(
    role: RoleName, own_organisation: int | None, of_organisation: int | None, kind: PersonKind
) -> bool:
    """Return whether somebody sees a person, and so what is left of them elsewhere: guest, answers, mails, files, history.

    Whether the person was merged or erased since does not matter here: their traces outlive that.
    """
    if role is RoleName.VIEWER and kind in PRIVATE_KINDS:
        return False
    return may_read_record(role, own_organisation, of_organisation)


class MergeSide(enum.StrEnum):
    """Of two records that become one: the one that stays, or the one that becomes part of it."""

    KEPT = "kept"
    GONE = "gone"


def join_topics(*texts: str) -> str:
    """Return topics set apart by commas as one text: each once, however it is written, in the order they come."""
    named: dict[str, str] = {}
    for topic in (topic.strip() for text in texts for topic in text.split(",")):
        named.setdefault(fold(topic), topic)
    return ", ".join(topic for topic in named.values() if topic)


def keyed_hash(kind: TombstoneKind, value: str, key: bytes) -> str:
    """Return the hash (HMAC-SHA-256) by which an address, phone number or name is known again to who has the key."""
    normal = fold(value) if kind is TombstoneKind.NAME else value.strip().casefold()
    return hmac.digest(key, f"{kind.value}:{normal}".encode(), "sha256").hex()


class LogKind(enum.StrEnum):
    """How somebody was spoken with."""

    CALL = "call"
    VISIT = "visit"
    CORRIDOR = "corridor"
    MESSAGE = "message"


class CheckResult(enum.StrEnum):
    """What a call found out about an address from which nothing ever came back."""

    REACHED = "reached"
    CHANGED = "changed"
    NOBODY = "nobody"
    AGAIN = "again"


def asks_for_call(result: CheckResult | None, again_on: date | None, today: date) -> bool:
    """Return whether a call about a silent address is due: nobody called yet, or they asked to be called again by now.

    Who said that somebody reads there is asked anew when mails went into silence after that.
    """
    if result is CheckResult.AGAIN:
        return again_on is None or again_on <= today
    return result in (None, CheckResult.REACHED)


# Whose log somebody reads who only reads: an office's and an official's (see ``may_read_log``).
LOG_FOR_READERS = frozenset({PersonKind.OFFICIAL})


def may_read_log(role: RoleName, of_person: PersonKind | None) -> bool:
    """Return whether a role reads what was said with a person of a kind (None: with an office or an institution).

    Whose entry it is decides beside it: another organisation's nobody reads.
    """
    return role is not RoleName.VIEWER or of_person is None or of_person in LOG_FOR_READERS


def may_change_log(role: RoleName, *, is_writer: bool) -> bool:
    """Return whether an entry may be changed or deleted: by its writer, and by an administrator."""
    return role is RoleName.ADMINISTRATOR or (is_writer and role is RoleName.COORDINATOR)
