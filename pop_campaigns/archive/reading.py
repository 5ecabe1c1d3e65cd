"""From a file to a record: every fact checked before anything is stored, every error with its line."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Final, TypeVar
from urllib.parse import urlsplit

from pop_campaigns.archive.document import Part, read_document
from pop_campaigns.archive.record import (
    AttendeeFacts,
    CampaignFacts,
    CommitmentFacts,
    EventFacts,
    LetterFacts,
    MemberFacts,
    NetworkFacts,
    RecipientFacts,
    Record,
    When,
)
from pop_campaigns.core.dates import DatePrecision, last_day_of_month
from pop_campaigns.core.text import fold
from pop_campaigns.events.rules.events import EventFormat, EventKind
from pop_campaigns.letters.rules.letters import RecipientRole
from pop_campaigns.mail.addresses import BadAddress, parse_address

FOR_LATER: Final = (
    "social_contracts",
    "reports",
    "council_sessions_observed",
    "decisions_published_since",
    "plans",
)
"""Sections that belong to monitoring, which has no tables yet; the file keeps them."""

# As long as the columns that will hold them.
_NAME: Final = 200
_TITLE: Final = 160
_KEY_LENGTH: Final = 60
_LONG_KEY: Final = 120

_DAY: Final = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?", re.ASCII)
_YEARS: Final = range(1900, 2101)
_KEY: Final = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*", re.ASCII)
_Fact = TypeVar("_Fact")
_Choice = TypeVar("_Choice", bound=StrEnum)


def read_record(path: Path) -> Record:
    """Return what the file of a record says.

    :raises pop_campaigns.archive.document.RecordRefused: naming the first place that is wrong.
    """
    document = read_document(path)
    for_later = tuple(name for name in FOR_LATER if document.put_aside(name))
    network = document.get("network")
    record = Record(
        source=_text(document, "source", _NAME),
        network=_network(network) if network else None,
        members=_each(document, "members", _member),
        campaigns=_each(document, "campaigns", _campaign),
        events=_each(document, "events", _event),
        letters=_each(document, "letters", _letter),
        for_later=for_later,
        left_out=(),
    )
    if not (record.network or record.members or record.campaigns or record.events or record.letters):
        raise document.refuse(
            "none of the sections of a record is here (network, members, events, letters, …)"
        )
    _refuse_twins((fact.place, fold(fact.name)) for fact in record.members)
    for section in (record.members, record.campaigns, record.events, record.letters):
        _refuse_twins((fact.place, fact.key) for fact in section)
    return replace(record, left_out=tuple(document.unread()))


def slug(text: str, limit: int = _LONG_KEY) -> str:
    """Return a key of lower-case letters, digits and hyphens; a cut one ends in a sum of the whole."""
    key = "-".join(re.findall(r"[a-z0-9]+", fold(text))) or hashlib.sha256(text.encode()).hexdigest()[:12]
    if len(key) <= limit:
        return key
    return f"{key[: limit - 9].rstrip('-')}-{hashlib.sha256(key.encode()).hexdigest()[:8]}"


def _each(document: Part, name: str, read: Callable[[Part], _Fact]) -> tuple[_Fact, ...]:
    return tuple(read(part) for part in _list(document, name))


def _network(part: Part) -> NetworkFacts:
    names = part.need("name")
    email = part.get("email")
    donors = part.get("donors")
    return NetworkFacts(
        name_sq=names.need("sq").text(_NAME),
        name_en=_text(names, "en", _NAME),
        short_name=_text(part, "short_name", 40),
        website=_web_address(part, "website", 300),
        email=_e_mail(email) if email else "",
        phone=_text(part, "phone", 60),
        address=_text(part, "address", 300),
        donors=tuple(_donor(item) for item in donors.items()) if donors else (),
    )


def _donor(part: Part) -> dict[str, str | None]:
    return {
        "name": part.need("name").text(_NAME),
        "programme": _text(part, "programme", _NAME) or None,
        "financed_by": _text(part, "financed_by", _NAME) or None,
    }


def _member(part: Part) -> MemberFacts:
    municipality = part.need("municipality").text(40)
    name = part.need("name").text(_NAME)
    own_key, printed = part.get("key"), _text(part, "as_printed", _NAME)
    printed_municipality = _text(part, "as_printed_municipality", 80)
    if printed_municipality:  # the source writes the organisation and, after a comma, its city
        printed = f"{printed or name}, {printed_municipality}"[:_NAME]
    return MemberFacts(
        place=part,
        key=_key(own_key, _KEY_LENGTH) if own_key else slug(name, _KEY_LENGTH),
        municipality=municipality,
        name=name,
        name_en=_text(part, "name_en", _NAME),
        short_name=_text(part, "short_name", 60),
        as_printed=printed,
    )


def _campaign(part: Part) -> CampaignFacts:
    names = part.need("name")
    return CampaignFacts(
        place=part,
        key=_key(part.need("key"), _KEY_LENGTH),
        title_sq=names.need("sq").text(_NAME),
        title_en=_text(names, "en", _NAME),
        when=_when(part.get("period")),
    )


def _event(part: Part) -> EventFacts:
    title = part.need("title")
    kind = _choice(part.need("kind"), EventKind)
    title_sq = title.need("sq").text(_NAME)
    when = _when(part.get("date"))
    municipality = _text(part, "municipality", 40)
    own_key, format_, commitment = part.get("key"), part.get("format"), part.get("commitment")
    derived = f"{kind} {municipality} {when.day_from or 'undated'} {title_sq}"
    return EventFacts(
        place=part,
        key=_key(own_key, _LONG_KEY) if own_key else slug(derived),
        kind=kind,
        title_sq=title_sq,
        title_en=_text(title, "en", _NAME),
        when=when,
        format=_choice(format_, EventFormat) if format_ else None,
        municipality=municipality,
        organisation=_text(part, "organisation", _NAME),
        campaign=_text(part, "campaign", _KEY_LENGTH),
        institution=_text(part, "institution", _NAME),
        institution_as_printed=_text(part, "institution_as_printed", _NAME),
        attended=tuple(_attendee(entry) for entry in _list(part, "attended")),
        joined_by=tuple((entry, entry.text(_NAME)) for entry in _list(part, "joined_by")),
        commitment=_commitment(commitment) if commitment else None,
        link=_web_address(part, "link", 500),
    )


def _attendee(part: Part) -> AttendeeFacts:
    return AttendeeFacts(name=part.need("name").text(_TITLE), office=_text(part, "office", _TITLE))


def _commitment(part: Part) -> CommitmentFacts:
    due = part.get("due")
    when = _when(due)
    if when.precision not in (DatePrecision.DAY, DatePrecision.UNKNOWN):
        raise (due or part).refuse("a promise is due on a day (2020-12-31), or null where none was named")
    return CommitmentFacts(
        place=part,
        by=_text(part, "by", _NAME),
        to=_text(part, "to", _NAME),
        words=part.need("words").text(4000, lines=True),
        due=when.day_from,
    )


def _letter(part: Part) -> LetterFacts:
    subject = part.need("subject")
    subject_sq = subject.need("sq").text(300)
    when = _when(part.get("date"))
    own_key, case = part.get("key"), _text(part, "case", _KEY_LENGTH)
    copies = _list(part, "cc")
    recipients = [_recipient(part.need("to"), RecipientRole.TO)]
    recipients += [_recipient(copy, RecipientRole.CC) for copy in copies]
    _refuse_twins(
        (place, f"{fold(recipient.institution)} / {fold(recipient.office)}")
        for place, recipient in zip([part, *copies], recipients, strict=True)
    )
    return LetterFacts(
        place=part,
        key=_key(own_key, _LONG_KEY)
        if own_key
        else slug(f"{case} {when.day_from or 'undated'} {subject_sq}"),
        case=case,
        organisation=_text(part, "organisation", _NAME),
        when=when,
        subject_sq=subject_sq,
        subject_en=_text(subject, "en", 300),
        recipients=tuple(recipients),
    )


def _recipient(part: Part, role: RecipientRole) -> RecipientFacts:
    return RecipientFacts(
        role=role,
        institution=part.need("institution").text(_NAME),
        as_printed=_text(part, "as_printed", _NAME),
        office=_text(part, "office", _TITLE),
        person=_text(part, "person", _TITLE),
    )


def _when(part: Part | None) -> When:
    """Return a date: null, a day, a month, a year, or ``{from, to, precision}``."""
    if part is None:
        return When(DatePrecision.UNKNOWN)
    if part.is_text:
        precision, first, last = _days(part)
        return When(precision, first, last)
    stated, starts, ends = part.get("precision"), part.need("from"), part.get("to")
    precision, first, last = _days(starts)
    if stated is not None:
        precision = _choice(stated, DatePrecision)
        if precision in (DatePrecision.MOMENT, DatePrecision.UNKNOWN):
            raise stated.refuse("a record dates by day, month or period; what is not known is null")
    elif not (ends is None and precision is DatePrecision.DAY):
        precision = DatePrecision.PERIOD
    if ends is not None:
        last = _days(ends)[2]
    elif precision is DatePrecision.PERIOD:
        return When(precision, first, None)  # open at its end, or the end is not known
    if last < first:
        raise part.refuse("the date ends before it starts")
    if precision is DatePrecision.MONTH and (first.year, first.month) != (last.year, last.month):
        raise part.refuse("this is more than one month: its precision is “period”")
    return When(precision, first, last)


def _days(part: Part) -> tuple[DatePrecision, date, date]:
    """Return how exact a written date is, and the first and the last day it can mean."""
    text = part.text(40)
    match = _DAY.fullmatch(text)
    if match is None or int(match[1]) not in _YEARS:
        raise part.refuse(f"“{text}” is not a date: write 2020-06-16, 2020-06 or 2020")
    year, month, day = int(match[1]), int(match[2] or 1), int(match[3] or 1)
    try:
        first = date(year, month, day)
    except ValueError as error:
        raise part.refuse(f"there is no such day as {text}") from error
    if match[3]:
        return DatePrecision.DAY, first, first
    if match[2]:
        return DatePrecision.MONTH, first, last_day_of_month(first)
    return DatePrecision.PERIOD, first, date(year, 12, 31)


def _text(part: Part, name: str, limit: int) -> str:
    entry = part.get(name)
    return entry.text(limit) if entry else ""


def _list(part: Part, name: str) -> list[Part]:
    entry = part.get(name)
    return entry.items() if entry else []


def _key(part: Part, limit: int) -> str:
    key = part.text(limit)
    if not _KEY.fullmatch(key):
        raise part.refuse(f"“{key}” is not a key: lower-case letters, digits and single hyphens")
    return key


def _choice(part: Part, kinds: type[_Choice]) -> _Choice:
    text = part.text(_NAME)
    try:
        return kinds(text)
    except ValueError as error:
        raise part.refuse(f"“{text}” is not one of {', '.join(kinds)}") from error


def _web_address(part: Part, name: str, limit: int) -> str:
    entry = part.get(name)
    address = entry.text(limit) if entry else ""
    if entry and not _is_web_address(address):
        raise entry.refuse("expected an address that starts with https:// or http://")
    return address


def _is_web_address(address: str) -> bool:
    try:
        parts = urlsplit(address)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and " " not in address
    except ValueError:
        return False


def _e_mail(part: Part) -> str:
    try:
        return parse_address(part.text(254), allow_example=True)
    except BadAddress as error:
        raise part.refuse("expected one e-mail address") from error


def _refuse_twins(keyed: Iterable[tuple[Part, str]]) -> None:
    seen: dict[str, Part] = {}
    for place, key in keyed:
        if key in seen:
            raise place.refuse(f"this stands on line {seen[key].line} already")
        seen[key] = place
