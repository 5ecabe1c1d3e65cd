"""What a person's own calendar holds: their events, due days of letters, their reminders. No guests and no words about any."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any, Final

import structlog
from flask import current_app, url_for
from flask_babel import gettext as _
from sqlalchemy import func, select

from pop_campaigns.accounts.models import User
from pop_campaigns.accounts.scope import own
from pop_campaigns.calendars.event import CalendarEvent
from pop_campaigns.core.clock import TIRANE
from pop_campaigns.core.dates import DatePrecision
from pop_campaigns.core.db import db
from pop_campaigns.core.i18n import in_language
from pop_campaigns.desk.queries.events import owing
from pop_campaigns.desk.queries.subjects import find_subjects
from pop_campaigns.events.models.events import Event
from pop_campaigns.events.rules.events import EventState
from pop_campaigns.events.rules.visibility import EventVisibility
from pop_campaigns.events.words.calendar import calendar_event
from pop_campaigns.follow_ups.queries.follow_ups import due_follow_ups
from pop_campaigns.letters.models import Letter
from pop_campaigns.letters.queries.letters import select_letters

_BACK, _AHEAD = timedelta(days=365), timedelta(days=2 * 365)
_MOST: Final = 2000
_WITH_DAY: Final = (DatePrecision.MOMENT, DatePrecision.DAY)
_NAMES_NOBODY: Final = frozenset({Event.__tablename__, Letter.__tablename__})
"""What reminders are about that is called by no guest's name; of the rest only that there is one."""


def calendar_of(user: User, today: date, lang: str) -> Iterator[CalendarEvent]:
    """Give the entries of a person's calendar in ``lang``, which is to be spoken meanwhile."""
    yield from _events(user, today, lang)
    yield from _due_days(user, today, lang)
    yield from _reminders(user, today)


def _events(user: User, today: date, lang: str) -> Iterator[CalendarEvent]:
    last = func.coalesce(Event.day_to, Event.day_from)
    rows = (
        select(Event)
        .where(own(Event, user), Event.precision.in_(_WITH_DAY), last >= today - _BACK)
        .order_by(Event.day_from, Event.id)
        .limit(_MOST)
    )
    for event in db.session.scalars(rows).unique():
        try:
            entry = calendar_event(event, lang)
        except ValueError:
            structlog.get_logger().warning("event left out of a feed", event_id=event.id, exc_info=True)
            continue
        if entry is not None:
            draft = event.visibility is EventVisibility.DRAFT and event.state is not EventState.CANCELLED
            page = _page("desk.event", event_id=event.id)
            yield replace(entry, url=page, status="TENTATIVE" if draft else entry.status)


def _due_days(user: User, today: date, lang: str) -> Iterator[CalendarEvent]:
    """Give each day on which an answer to a letter is due, once for all of its recipients."""
    rows = select_letters(user, show="waiting", today=today).where(own(Letter, user))
    for letter in db.session.scalars(rows.limit(_MOST)).unique():
        days = {recipient.due_on for recipient in owing(letter) if recipient.due_on}
        for day in sorted(days):
            subject = in_language(letter, "subject", lang)
            yield _day(
                f"letter-{letter.id}-{day:%Y%m%d}", day, letter.changed_at,
                _("Answer due: %(what)s", what=subject), _page("desk.letter", letter_id=letter.id),
            )  # fmt: skip


def _reminders(user: User, today: date) -> Iterator[CalendarEvent]:
    rows = due_follow_ups(user, today + _AHEAD)
    subjects = find_subjects({row.subject for row in rows}, user)
    for row in rows:
        subject = subjects.get(row.subject)
        if subject is None:
            continue
        named = row.subject_type in _NAMES_NOBODY
        what = _("Reminder: %(what)s", what=subject.title) if named else _("A reminder of yours")
        yield _day(f"reminder-{row.id}", row.due_on, row.made_at, what, _page("desk.today"))


def _day(uid: str, day: date, changed: datetime, summary: str, page: str) -> CalendarEvent:
    return CalendarEvent(
        uid=f"{uid}@{current_app.config['MAIL_DOMAIN']}", sequence=0, dtstamp=changed, starts=day, ends=None,
        zone=TIRANE, summary=summary, description=page, location="", join_url=None, url=page, status="CONFIRMED",
        categories=(), organizer_name="", organizer_address="", last_modified=changed,
    )  # fmt: skip


def _page(endpoint: str, **values: Any) -> str:
    return str(current_app.config["BASE_URL"]).rstrip("/") + url_for(endpoint, **values)
