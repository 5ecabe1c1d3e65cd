"""The words for kinds, formats and states of events, translated when shown.

*Veprimtari* is feminine in Albanian (*e anuluar*), so whatever agrees with it carries the context "event".
"""

from __future__ import annotations

from typing import Final

from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext as _lp
from flask_babel.speaklater import LazyString

from pop_campaigns.core.dates import DatePrecision
from pop_campaigns.events.rules import EventFormat, EventKind, EventState

EVENT_KINDS: Final[dict[EventKind, LazyString]] = {
    EventKind.CONFRONTATION: _l("Confrontation"),
    EventKind.HEARING: _l("Hearing"),
    EventKind.PRESS_CONFERENCE: _l("Press conference"),
    EventKind.ROUND_TABLE: _l("Round table"),
    EventKind.MEETING: _l("Meeting with officials"),
    EventKind.PUBLIC_FORUM: _l("Public forum"),
    EventKind.COUNCIL_SESSION: _l("Council session"),
    EventKind.PROTEST: _l("Protest"),
}

EVENT_FORMATS: Final[dict[EventFormat, LazyString]] = {
    EventFormat.IN_PERSON: _l("In person"),
    EventFormat.ONLINE: _l("Online"),
    EventFormat.HYBRID: _lp("event", "Hybrid"),
}

EVENT_STATES: Final[dict[EventState, LazyString]] = {
    EventState.PLANNED: _lp("event", "Planned"),
    EventState.HELD: _lp("event", "Held"),
    EventState.CANCELLED: _lp("event", "Cancelled"),
}

EVENT_MARKS: Final[dict[EventState, str]] = {
    EventState.PLANNED: "○",
    EventState.HELD: "●",
    EventState.CANCELLED: "✕",
}
"""A sign beside the word, so that the state never hangs on a colour."""

EVENT_TONES: Final[dict[EventState, str]] = {
    EventState.PLANNED: "info",
    EventState.HELD: "good",
    EventState.CANCELLED: "bad",
}

DATE_PRECISIONS: Final[dict[DatePrecision, LazyString]] = {
    DatePrecision.MOMENT: _l("Day and hour"),
    DatePrecision.DAY: _l("The day only"),
    DatePrecision.MONTH: _l("The month only"),
    DatePrecision.PERIOD: _l("A period, from one day to another"),
    DatePrecision.UNKNOWN: _l("Not known yet"),
}
