"""The guest's own page of the search for a date: of each time yes, maybe or no, on a phone, without an account.

It shows this guest and nobody else. GET shows, POST records.
"""

from __future__ import annotations

from datetime import datetime

from flask import abort, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import refresh

from pop_campaigns.accounts.guard import declare_public
from pop_campaigns.core.clock import local_date, now
from pop_campaigns.core.dates import clock_words, day_words
from pop_campaigns.core.db import db
from pop_campaigns.core.forms import csrf
from pop_campaigns.core.i18n import LANGUAGES, in_language
from pop_campaigns.events.words.labels import EVENT_KINDS, when_words, zone_words
from pop_campaigns.invitations.blueprint import bp
from pop_campaigns.invitations.forms import SlotAnswersForm
from pop_campaigns.invitations.messages.invitations import sender_name
from pop_campaigns.invitations.models.date_polls import AskedGuest
from pop_campaigns.invitations.queries.date_polls import Poll, find_asked, poll_of, slot_answers_of
from pop_campaigns.invitations.rules.date_polls import PollState
from pop_campaigns.invitations.rules.invitations import InvitationState
from pop_campaigns.invitations.services.date_polls import PollClosed, record_slot_answers
from pop_campaigns.invitations.views.date_polls import times_in_words
from pop_campaigns.invitations.words.date_polls import SAYS_CHIPS, SPOKEN
from pop_campaigns.mail.wake_up import wake_worker

declare_public("invitations.answer_dates")


# Without CSRF protection, for the reasons of ``answer``.
@bp.route("/a/<token>/dates", methods=["GET", "POST"])
@csrf.exempt
def answer_dates(token: str) -> ResponseReturnValue:
    """Show one guest the times and take what they say of each. An unknown link and a dead one look alike: 404."""
    moment = now()
    asked, poll = _asked_behind(token, moment)
    guest = asked.invitation
    known = {answer.slot_id: answer.says for answer in slot_answers_of(guest)}
    form = SlotAnswersForm([slot.id for slot in poll.slots], known, data={"note": asked.note})
    if not form.is_submitted():
        return _page(asked, poll, token, form)
    if not form.validate():
        return _page(asked, poll, token, form), 422
    try:
        record_slot_answers(guest, form.words, note=form.note.data or "", now=moment)
        db.session.commit()
    except PollClosed:
        # Chosen or called off while the page lay open: the page says so.
        db.session.rollback()
        asked, poll = _asked_behind(token, moment)
        return _page(asked, poll, token, form), 409
    wake_worker()
    return redirect(url_for("invitations.answer_dates", token=token, lang=g.lang))


def _asked_behind(token: str, moment: datetime) -> tuple[AskedGuest, Poll]:
    """Return whom a living link asks and the search it is about, else 404; the request then speaks the guest's language."""
    asked = find_asked(token, now=moment)
    poll = poll_of(asked.invitation.event, moment) if asked else None
    if asked is None or poll is None:
        abort(404)
    wanted = request.args.get("lang", "")
    g.lang = wanted if wanted in LANGUAGES else asked.invitation.language
    refresh()
    return asked, poll


def _page(asked: AskedGuest, poll: Poll, token: str, form: SlotAnswersForm) -> str:
    guest, lang = asked.invitation, str(g.lang)
    event = guest.event
    answers = {answer.slot_id: answer for answer in slot_answers_of(guest)}
    last = max((answer.at for answer in answers.values()), default=None)
    withdrawn = guest.state is InvitationState.WITHDRAWN
    return render_template(
        "invitations/answer_dates.html",
        guest=guest,
        event=event,
        token=token,
        form=form,
        lang=lang,
        other="en" if lang == "sq" else "sq",
        title=in_language(event, "title", lang),
        kind=EVENT_KINDS[event.kind],
        host=sender_name(event, lang),
        zone=zone_words(event.zone),
        times=times_in_words(event, poll),
        new=[slot.id for slot in poll.slots if answers and slot.id not in answers],
        answered=last,
        last_day=day_words(local_date(last), lang, weekday=False) if last else "",
        last_time=clock_words(last) if last else "",
        state=poll.state,
        withdrawn=withdrawn,
        is_open=poll.state is PollState.OPEN and guest.state is InvitationState.DRAFT,
        settled=when_words(event, lang) if poll.state in (PollState.CHOSEN, PollState.INVITED) else "",
        invited=guest.state is InvitationState.INVITED,
        description=in_language(event, "description", lang),
        spoken=SPOKEN,
        chips=SAYS_CHIPS,
    )
