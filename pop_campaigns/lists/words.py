"""The words for lists, for what a filter says and for why somebody gets no mail, translated when shown."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any, Final

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext as _lp
from flask_babel import ngettext
from flask_babel.speaklater import LazyString

from pop_campaigns.contacts.queries.reach import GuestOption
from pop_campaigns.contacts.rules import Unmailed
from pop_campaigns.contacts.words.labels import INSTITUTION_KINDS, PERSON_KINDS, PURPOSES
from pop_campaigns.contacts.words.mailing import UNMAILED, count_words
from pop_campaigns.contacts.words.picking import PickRow
from pop_campaigns.core.chips import Chip
from pop_campaigns.core.dates import short_day_words
from pop_campaigns.core.db import db
from pop_campaigns.core.history import History
from pop_campaigns.core.i18n import current_language, in_language
from pop_campaigns.core.phones import show_phone
from pop_campaigns.core.places import Municipality
from pop_campaigns.lists.queries.conditions import condition_of
from pop_campaigns.lists.queries.resolving import Resolved
from pop_campaigns.lists.rules import (
    BadFilter,
    FilterProblem,
    Happened,
    ListFilter,
    ListKind,
    Subject,
)

_THERE: Final = Chip("✓", _l("on the list"), "info")
LIST_KINDS: Final[dict[ListKind, LazyString]] = {
    ListKind.BY_HAND: _lp("list", "Kept by hand"),
    ListKind.FILTER: _lp("list", "By filter"),
}
SUBJECTS: Final[dict[Subject, LazyString]] = {
    Subject.OFFICES: _lp("list", "Offices"),
    Subject.PERSONS: _lp("list", "Persons"),
}
FILTER_PROBLEMS: Final[dict[FilterProblem, LazyString]] = {
    FilterProblem.NOT_A_FILTER: _l("This is no filter."),
    FilterProblem.UNKNOWN_KEY: _l("The filter says “%(key)s”, which is not known here."),
    FilterProblem.BAD_VALUE: _l("The filter says something about “%(key)s” that cannot be."),
    FilterProblem.PERSONS_ONLY: _l(
        "Kind of person, topic and consent are noted at persons: look for persons."
    ),
    FilterProblem.ENDS_BEFORE_START: _l("The last day lies before the first day."),
    FilterProblem.UNKNOWN_CONDITION: _l("The filter asks for “%(key)s”, which is not known here."),
}
HISTORY: Final[dict[str, LazyString]] = {
    "list.created": _l("List made: %(name)s"),
    "list.renamed": _l("List renamed: %(before)s → %(name)s"),
    "list.exported": _l("List downloaded: %(form)s, rows: %(rows)s"),
    "list.filter_changed": _l("Filter changed"),
    "list.member_removed": _l("Somebody was taken off the list"),
}


def problem_words(problem: BadFilter) -> str:
    """Return in words what is wrong with a filter."""
    sentence: str = str(FILTER_PROBLEMS[problem.problem]) % {"key": problem.key}
    return sentence


def history_words(row: History) -> str:
    """Return one change of a list in words."""
    if row.action == "list.members_added":
        return str(ngettext("%(num)d put on the list.", "%(num)d put on the list.", row.details["number"]))
    words = HISTORY.get(row.action)
    sentence: str = str(words) % ({"name": "", "before": ""} | row.details) if words else row.action
    return sentence


def left_out_words(resolved: Resolved) -> list[str]:
    """Return in words how many get no mail, a line for each reason."""
    counts = resolved.counts
    return [count_words(reason, counts[reason]) for reason in Unmailed if counts[reason]]


def filter_words(list_filter: ListFilter, lang: str) -> list[tuple[str, str]]:
    """Return what a filter says as pairs of words: about what, and what."""
    return [(label, words) for label, words in _said(list_filter, lang) if words]


def _said(list_filter: ListFilter, lang: str) -> Iterator[tuple[str, str]]:
    yield _("Looks for"), str(SUBJECTS[list_filter.of])
    yield _("Words"), list_filter.words
    yield _("Kind of institution"), _any_of(INSTITUTION_KINDS, list_filter.institution_kinds)
    yield _("Kind of person"), _any_of(PERSON_KINDS, list_filter.person_kinds)
    place = db.session.get(Municipality, list_filter.municipality) if list_filter.municipality else None
    yield _("Municipality"), place.name if place else _("not known here") if list_filter.municipality else ""
    yield _("County"), list_filter.county
    yield _("Topic"), list_filter.topic
    yield _("Language of the mails"), {"sq": _("Albanian"), "en": _("English")}.get(list_filter.language, "")
    yield _("Consent given for"), str(PURPOSES[list_filter.consent]) if list_filter.consent else ""
    if list_filter.happened:
        yield _happened_words(list_filter.happened, lang)


def _any_of(words: Any, chosen: Any) -> str:
    return ", ".join(str(words[value]) for value in chosen)


def _happened_words(happened: Happened, lang: str) -> tuple[str, str]:
    condition = condition_of(happened)
    kind = str(condition.kinds[happened.kind]) if happened.kind else _("any kind")
    since = _("from %(day)s", day=short_day_words(happened.first, lang)) if happened.first else ""
    until = _("until %(day)s", day=short_day_words(happened.last, lang)) if happened.last else ""
    return str(condition.label), " ".join(part for part in (kind, since, until) if part)


def member_row(option: GuestOption, there: Collection[tuple[str, int]]) -> PickRow:
    """Return a row of the picker; ``there`` are those on the list already: they have no box."""
    lang, is_there = current_language(), (option.kind, option.id) in there
    chip = None if option.address else UNMAILED[Unmailed.NO_ADDRESS]
    return PickRow(
        key=f"{option.kind}-{option.id}",
        title=in_language(option, "title", lang) or option.holder,
        place=in_language(option, "institution", lang),
        holder=option.holder if option.kind == "office" else "",
        email=option.address.email if option.address else "",
        sample=bool(option.address and option.address.is_sample),
        can_tick=not is_there,
        chip=_THERE if is_there else chip,
        mends=not option.address and not is_there,
        phone=show_phone(option.phone) if option.phone and not option.address else "",
    )
