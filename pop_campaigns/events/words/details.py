"""What a kind of event has beside what all have, in words: for the event's page, the public page, mails and paper."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from flask_babel.speaklater import LazyString

from pop_campaigns.calendars.text import usable_link
from pop_campaigns.core.dates import moment_words
from pop_campaigns.core.i18n import in_language
from pop_campaigns.events.models.details import EventDetails
from pop_campaigns.events.models.events import Event
from pop_campaigns.events.queries.details import details_of
from pop_campaigns.events.rules.details import DETAILS, read_sides
from pop_campaigns.events.rules.events import EventKind

_TESTIMONY: Final = _l("Written testimony")
DETAIL_NAMES: Final[dict[str, LazyString]] = {
    "institution_id": _l("Institution"),
    "no_names": _l("No names"),
    "moderator": _l("Moderator"),
    "sides": _l("Sides"),
    "embargo_until": _l("Embargo"),
    "testimony_until": _TESTIMONY,
    "testimony_sq": _TESTIMONY,
    "testimony_en": _TESTIMONY,
    "deputies": _l("Deputies present"),
    "council_number": _l("Number of the session"),
    "agenda_url": _l("Agenda of the council"),
    "took_part": _l("Took part"),
    "took_part_roughly": _l("Took part"),
}
"""What a detail is called, by column."""
_WITH: Final[dict[EventKind, LazyString]] = {
    EventKind.HEARING: _l("Committee"),
    EventKind.COUNCIL_SESSION: _l("Council"),
}


@dataclass(frozen=True)
class DetailRow:
    """One line: what it is, and what is said; ``link`` where it is an address."""

    label: str
    value: str
    link: str = ""


def detail_rows(event: Event, lang: str, *, public: bool) -> list[DetailRow]:
    """Return the details that an event of its kind shows. Speaks the language of the request.

    In ``public`` no moderator is named and no sides are listed: pages for everybody name who holds an office.
    """
    details, shown = details_of(event), DETAILS[event.kind]
    rows = []
    if not public and event.no_names:
        rows.append(
            DetailRow(str(DETAIL_NAMES["no_names"]), _("Who takes part is counted, and nobody is named."))
        )
    if details is None:
        return rows
    if not public:
        rows += [
            DetailRow(str(DETAIL_NAMES["moderator"]), details.moderator if "moderator" in shown else ""),
            DetailRow(
                str(DETAIL_NAMES["sides"]), ", ".join(read_sides(details.sides)) if "sides" in shown else ""
            ),
        ]
    if "embargo_until" in shown and details.embargo_until and not public:
        rows.append(
            DetailRow(
                str(DETAIL_NAMES["embargo_until"]), until_words(details.embargo_until, event.zone, lang)
            )
        )
    if event.kind is EventKind.HEARING:
        rows += _hearing(event, details, lang)
    if event.kind is EventKind.COUNCIL_SESSION:
        link = usable_link(details.agenda_url)
        rows.append(DetailRow(str(DETAIL_NAMES["council_number"]), details.council_number))
        rows.append(DetailRow(str(DETAIL_NAMES["agenda_url"]), link, link))
    if event.kind is EventKind.PROTEST and details.took_part is not None:
        rows.append(DetailRow(str(DETAIL_NAMES["took_part"]), _people(details)))
    return [row for row in rows if row.value]


def institution_label(event: Event) -> str:
    """Return what the institution of an event is to it: the committee, the council, else whom it is with."""
    return str(_WITH.get(event.kind, DETAIL_NAMES["institution_id"]))


def until_words(until: datetime, zone: str, lang: str) -> str:
    """Return until when something holds."""
    return _("until %(moment)s", moment=moment_words(until, lang, zone))


def embargo_words(until: datetime, event: Event, lang: str) -> str:
    """Return what somebody must read who gets words under embargo; to be called while speaking ``lang``."""
    moment = moment_words(until, lang, event.zone)
    return _("Under embargo until %(moment)s: please publish nothing of it before.", moment=moment)


def _hearing(event: Event, details: EventDetails, lang: str) -> list[DetailRow]:
    until = until_words(details.testimony_until, event.zone, lang) if details.testimony_until else ""
    call = in_language(details, "testimony", lang)
    deputies = "; ".join(line for line in details.deputies.split("\n") if line.strip())
    return [
        DetailRow(str(_TESTIMONY), " – ".join(part for part in (until, call) if part)),
        DetailRow(str(DETAIL_NAMES["deputies"]), deputies),
    ]


def _people(details: EventDetails) -> str:
    number = details.took_part or 0
    if details.took_part_roughly:
        return ngettext("about %(num)d person", "about %(num)d people", number)
    return ngettext("%(num)d person", "%(num)d people", number)
