"""Today: what to do, in the order it presses."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from flask import render_template
from flask.typing import ResponseReturnValue
from flask_security import current_user

from pop_campaigns.accounts.guard import reader
from pop_campaigns.accounts.rules.roles import MAY_WRITE
from pop_campaigns.core.clock import TIRANE, local_date, now
from pop_campaigns.core.dates import day_words
from pop_campaigns.core.i18n import current_language
from pop_campaigns.desk.blueprint import bp
from pop_campaigns.desk.queries.work_list import work_list
from pop_campaigns.desk.words.answers import answer_lines
from pop_campaigns.desk.words.event_actions import in_short
from pop_campaigns.incoming.queries.incoming import count_held, count_unread, newest_unread
from pop_campaigns.invitations.queries.answers import declining_substitutes, recent_answers
from pop_campaigns.invitations.sight import mails_of_work
from pop_campaigns.mail.words.unsent import unsent_notice


@bp.get("/today")
@reader
def today() -> ResponseReturnValue:
    """Show the work list, and quietly the answers since yesterday."""
    moment, lang = now(), current_language()
    day = local_date(moment)
    since = datetime.combine(day - timedelta(days=1), time.min, ZoneInfo(TIRANE))
    return render_template(
        "desk/today.html",
        work=work_list(current_user, moment, lang),
        answers=answer_lines(recent_answers(current_user, since), day, lang),
        substitutes=answer_lines(declining_substitutes(current_user, now=moment), day, lang),
        day=day_words(day, lang),
        unread=count_unread(current_user),
        messages=newest_unread(current_user),
        in_short=in_short,
        held=count_held(current_user),
        may_write=current_user.role in MAY_WRITE,
        unsent=unsent_notice(mails_of_work(current_user), moment, lang),
    )
