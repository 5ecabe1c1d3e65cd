"""One search over all that the user may see, by kind: events, letters, institutions, persons, contact log, mails."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from textwrap import shorten
from typing import Any

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_security import current_user
from sqlalchemy import Select, func, select

from pop_campaigns.accounts.guard import reader
from pop_campaigns.accounts.models import User
from pop_campaigns.accounts.rules.roles import may_read_record
from pop_campaigns.contacts.models.persons import Person
from pop_campaigns.contacts.queries.contact_log import select_contact_log
from pop_campaigns.contacts.queries.directory import (
    institution_rows,
    person_rows,
    select_institutions,
    select_persons,
)
from pop_campaigns.contacts.queries.searching import persons_order
from pop_campaigns.contacts.services.contact_log import subject_of as contact_of
from pop_campaigns.contacts.words.contacts import contact_words, log_url
from pop_campaigns.contacts.words.labels import INSTITUTION_KINDS, LOG_KINDS
from pop_campaigns.core.clock import local_date, now
from pop_campaigns.core.dates import date_words, short_day_words
from pop_campaigns.core.db import db
from pop_campaigns.core.i18n import current_language, in_language
from pop_campaigns.core.text import ARTICLES, clean_line, fold
from pop_campaigns.desk.blueprint import bp
from pop_campaigns.desk.queries.mail_about import MailAbout, about_mails, receiver_words
from pop_campaigns.desk.words.event_actions import in_short
from pop_campaigns.events.models.events import Event
from pop_campaigns.events.queries.events import EventFilter, listed_events
from pop_campaigns.events.rules.events import EventWhose
from pop_campaigns.events.rules.visibility import EventVisibility
from pop_campaigns.events.words.labels import EVENT_KINDS, state_chip, when_words
from pop_campaigns.invitations.sight import mails_of_work
from pop_campaigns.letters.models import Letter
from pop_campaigns.letters.queries.letters import select_letters
from pop_campaigns.letters.words.labels import LETTER_STATES
from pop_campaigns.mail.addresses import show_address
from pop_campaigns.mail.models import OutgoingMail
from pop_campaigns.mail.queries import AlikeMails, alike_mails, subject_of
from pop_campaigns.mail.secrets import mask_secrets
from pop_campaigns.mail.words.labels import mail_chip

SHOWN = 5
SHORTEST = 2


@dataclass(frozen=True)
class Hit:
    """One thing found: its name, what it is, where it is shown."""

    title: str
    under: str
    url: str


@dataclass(frozen=True)
class HitGroup:
    """What was found of one kind: the first ones, how many there are, where all of them are.

    ``lines`` is how many lines all of them would take here, where several are one line; else as many as there are.
    """

    key: str
    label: str
    hits: list[Hit]
    total: int
    all_url: str
    lines: int | None = None

    @property
    def more(self) -> bool:
        """Whether there are others than those shown."""
        return (self.total if self.lines is None else self.lines) > len(self.hits)


@bp.get("/search")
@reader
def search() -> ResponseReturnValue:
    """Search everything by words."""
    typed = mask_secrets(clean_line(request.args.get("q", "")[:1000])[:200])
    long_enough = len(fold(typed).replace(" ", "")) >= SHORTEST
    lang = current_language()
    groups = find_everywhere(typed, current_user, lang) if long_enough else []
    return render_template(
        "desk/search.html",
        typed=typed,
        groups=groups,
        long_enough=long_enough,
        total=sum(group.total for group in groups),
        words=_single_words(typed) if long_enough and not groups else [],
    )


def _single_words(typed: str) -> list[str]:
    """Return the words of a search that found nothing, to be looked for one by one; none where there is only one."""
    words = [
        word for word in dict.fromkeys(typed.split()) if len(word) > SHORTEST and fold(word) not in ARTICLES
    ]
    return words[:4] if len(words) > 1 else []


def find_everywhere(typed: str, user: User, lang: str) -> list[HitGroup]:
    """Return what the words find, by kind; kinds without a hit are left out."""
    moment = now()
    today = local_date(moment)
    groups = [
        _events(
            listed_events(user, EventFilter(typed=typed, whose=EventWhose.ALL), moment, as_typed=True),
            typed,
            lang,
        ),
        _letters(select_letters(user, typed=typed, today=today), typed, lang),
        _institutions(select_institutions(typed, None, None, user, today), typed, user, today, lang),
        _persons(select_persons(typed, user), typed, user, today, lang),
        _contact_log(select_contact_log(user, typed), typed, lang),
        _mails(user, typed),
    ]
    return [group for group in groups if group.total]


def _events(rows: Select[Any], typed: str, lang: str) -> HitGroup:
    hits = [
        Hit(
            in_language(event, "title", lang),
            _event_words(event, lang),
            url_for("desk.event", event_id=event.id),
        )
        for event, _group in db.session.execute(rows.limit(SHOWN)).unique()
    ]
    return HitGroup(
        "events",
        _("Events"),
        hits,
        _count(rows, hits),
        url_for("events.index", q=typed, whose=EventWhose.ALL),
    )


def _event_words(event: Event, lang: str) -> str:
    parts = [str(EVENT_KINDS[event.kind]), when_words(event, lang)]
    if event.visibility is EventVisibility.DRAFT:
        parts.append(str(state_chip(event, now()).words))
    if not may_read_record(current_user.role, current_user.organisation_id, event.organisation_id):
        parts.append(in_language(event.organisation, "name", lang))
    return " · ".join(parts)


def _letters(rows: Select[Any], typed: str, lang: str) -> HitGroup:
    letters = db.session.scalars(rows.limit(SHOWN)).unique().all()
    hits = [
        Hit(
            in_language(letter, "subject", lang) or _("Letter without a subject"),
            _letter_words(letter, lang),
            url_for("desk.letter", letter_id=letter.id),
        )
        for letter in letters
    ]
    return HitGroup("letters", _("Letters"), hits, _count(rows, hits), url_for("letters.index", q=typed))


def _letter_words(letter: Letter, lang: str) -> str:
    day = date_words(letter.precision, letter.day_from, letter.day_to, lang) if letter.day_from else ""
    number = _("no. %(number)s", number=letter.register_number) if letter.register_number else ""
    return " · ".join(part for part in (str(LETTER_STATES[letter.state]), number, day) if part)


def _institutions(rows: Select[Any], typed: str, user: User, today: date, lang: str) -> HitGroup:
    institutions = institution_rows(db.session.scalars(rows.limit(SHOWN)).unique().all(), user, today)
    hits = []
    for row in institutions:
        offices = ", ".join(in_language(office_row.office, "title", lang) for office_row in row.offices[:4])
        kind = str(INSTITUTION_KINDS[row.institution.kind])
        url = url_for("contacts.institution", ident=row.institution.id)
        under = f"{kind} · {offices}" if offices else kind
        hits.append(Hit(in_language(row.institution, "name", lang), under, url))
    total = _count(rows, hits)
    return HitGroup(
        "institutions", _("Institutions and offices"), hits, total, url_for("contacts.index", q=typed)
    )


def _persons(rows: Select[Any], typed: str, user: User, today: date, lang: str) -> HitGroup:
    idents, total = _first(rows, Person.id, *persons_order(typed))
    persons = db.session.scalars(select(Person).where(Person.id.in_(idents))).all() if idents else []
    people = person_rows(sorted(persons, key=lambda person: idents.index(person.id)), user, today)
    hits = []
    for row in people:
        offices = [
            f"{in_language(mandate.office, 'title', lang)}, {in_language(mandate.office.institution, 'name', lang)}"
            for mandate in row.present[:2]
        ]
        # Who holds no office is told apart by the address, by which one may have been found as well.
        reached = row.reached_at
        known = offices or ([show_address(reached.email)] if reached and not reached.is_sample else [])
        url = url_for("contacts.person", ident=row.person.id)
        hits.append(Hit(row.person.name, " · ".join(known), url))
    return HitGroup("persons", _("Persons"), hits, total, url_for("contacts.persons", q=typed))


def _contact_log(rows: Select[Any], typed: str, lang: str) -> HitGroup:
    hits = []
    for entry in db.session.scalars(rows.limit(SHOWN)).unique():
        about = contact_words(contact_of(entry))
        title = f"{LOG_KINDS[entry.kind]}, {short_day_words(entry.day, lang)}: {about}"
        under = mask_secrets(" · ".join(part for part in (entry.with_whom, entry.said) if part))
        hits.append(Hit(title, shorten(under, 160, placeholder=" …"), log_url(contact_of(entry))))
    total = _count(rows, hits)
    return HitGroup("log", _("Contact log"), hits, total, url_for("contacts.contact_log", q=typed))


def _mails(user: User, typed: str) -> HitGroup:
    """Return the mails found; those that say the same to many are one line."""
    alike, lines, total = alike_mails(mails_of_work(user), typed=typed, limit=SHOWN)
    about = about_mails([mails.newest for mails in alike if mails.number == 1])
    hits = [
        _mails_hit(mails, typed) if mails.number > 1 else _mail_hit(mails.newest, about) for mails in alike
    ]
    return HitGroup("mails", _("Mail"), hits, total, url_for("desk.mail", q=typed), lines)


def _mail_hit(mail: OutgoingMail, about: dict[int, MailAbout]) -> Hit:
    address, name = show_address(mail.to_address), receiver_words(mail, about.get(mail.id))
    who = mask_secrets(f"{name} <{address}>" if name else address)
    under = " · ".join((who, str(mail_chip(mail).words), in_short(mail.queued_at)))
    return Hit(subject_of(mail), under, url_for("desk.mail_message", mail_id=mail.id))


def _mails_hit(alike: AlikeMails, typed: str) -> Hit:
    number = ngettext("%(num)s message", "%(num)s messages", alike.number)
    trouble = (
        ngettext("%(num)s did not arrive", "%(num)s did not arrive", alike.in_trouble)
        if alike.in_trouble
        else ""
    )
    latest = _("the latest: %(when)s", when=in_short(alike.newest.queued_at))
    under = " · ".join(part for part in (number, trouble, latest) if part)
    return Hit(subject_of(alike.newest), under, url_for("desk.mail", q=typed, like=alike.newest.id))


def _first(rows: Select[Any], ident: Any, *order: Any) -> tuple[list[int], int]:
    """Return the numbers of the first rows and how many there are, reading a table of a hundred thousand only once.

    ``order`` are expressions that no index serves: SQLite would walk that index and fetch each row by itself.
    """
    numbered = rows.with_only_columns(ident, func.count().over()).order_by(None).order_by(*order)
    first = db.session.execute(numbered.limit(SHOWN)).all()
    return [row[0] for row in first], first[0][1] if first else 0


def _count(rows: Select[Any], hits: Sequence[Hit]) -> int:
    if len(hits) < SHOWN:
        return len(hits)
    return db.session.scalar(select(func.count()).select_from(rows.order_by(None).subquery())) or 0
