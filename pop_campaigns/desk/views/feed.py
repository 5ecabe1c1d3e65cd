"""The calendar behind a person's secret address, as programs read it: no account, no cookie."""

from __future__ import annotations

from datetime import timedelta

from flask import Response, abort, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.exc import SQLAlchemyError

from pop_campaigns.accounts.guard import link_holder
from pop_campaigns.accounts.models import PersonalFeed
from pop_campaigns.accounts.rules.sessions import program_words
from pop_campaigns.accounts.services.feeds import USED_EVERY, find_feed, note_use
from pop_campaigns.calendars.feed import feed_etag, write_event_block, write_feed
from pop_campaigns.core.clock import TIRANE, local_date, now
from pop_campaigns.core.db import db
from pop_campaigns.core.i18n import speaking
from pop_campaigns.desk.blueprint import bp
from pop_campaigns.desk.queries.feed import calendar_of

# Programs look every quarter of an hour; a ministry's may share an address.
LIMITS = {"desk.personal_feed": "60 per minute; 1000 per hour"}
_MORNING = timedelta(hours=9)
"""When a program reminds of what is due on a day: at nine."""


@bp.get("/feed/<token>.ics")
@link_holder
def personal_feed(token: str) -> ResponseReturnValue:
    """Show the calendar of whoever this address was made for, as far as they may see it today."""
    feed = find_feed(token)
    if feed is None:
        abort(404)
    text = _written(feed)
    answer = Response(text.encode(), content_type="text/calendar; charset=utf-8")
    answer.set_etag(feed_etag(text))
    answer.make_conditional(request)
    _note_used(feed)
    return answer


def _written(feed: PersonalFeed) -> str:
    user, before = feed.user, timedelta(minutes=feed.alarm_minutes)
    with speaking(user.language):
        blocks = [
            write_event_block(entry, (_MORNING if entry.all_day else -before) if before else None)
            for entry in calendar_of(user, local_date(now()), user.language)
        ]
        return write_feed(blocks, [TIRANE], _("POP: my work"))


def _note_used(feed: PersonalFeed) -> None:
    """Note when it was used, seldom, and never at the cost of the answer."""
    moment = now()
    if feed.last_used_at is not None and moment - feed.last_used_at < USED_EVERY:
        return
    ident = feed.id
    db.session.rollback()
    try:
        note_use(ident, program_words(request.user_agent.string), now=moment)
        db.session.commit()
    except SQLAlchemyError:
        db.session.rollback()
