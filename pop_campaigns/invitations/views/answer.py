"""The guest's own page behind the personal link: an official sees it for ten seconds, on a phone.

It shows this guest and nobody else, and nothing internal. GET shows, POST records.
"""

from __future__ import annotations

from datetime import datetime

from flask import abort, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import refresh

from pop_campaigns.calendars.feed import write_event_file
from pop_campaigns.core.clock import TIRANE, local_date, now
from pop_campaigns.core.dates import clock_words, day_words, span_words
from pop_campaigns.core.db import db
from pop_campaigns.core.downloads import give_file
from pop_campaigns.core.forms import csrf
from pop_campaigns.core.i18n import LANGUAGES, in_language
from pop_campaigns.core.tokens import hash_token
from pop_campaigns.events.models.events import Event
from pop_campaigns.events.queries.agenda import agenda_points
from pop_campaigns.events.queries.details import embargo_of
from pop_campaigns.events.rules.events import EventState, is_over
from pop_campaigns.events.words.agenda import AgendaLine, agenda_lines
from pop_campaigns.events.words.calendar import calendar_event
from pop_campaigns.events.words.details import embargo_words
from pop_campaigns.events.words.labels import EVENT_KINDS, when_words, zone_words
from pop_campaigns.invitations.blueprint import bp
from pop_campaigns.invitations.forms import KEEP, AnswerForm, OtherTimeForm
from pop_campaigns.invitations.messages.invitations import sender_name
from pop_campaigns.invitations.models.invitations import GivenAnswer, Invitation
from pop_campaigns.invitations.queries.answers import latest_answer, open_proposal
from pop_campaigns.invitations.queries.guests import find_by_token, text_of
from pop_campaigns.invitations.queries.handed_links import find_handed_link
from pop_campaigns.invitations.rules.invitations import (
    Answer,
    AnswerChannel,
    InvitationState,
    NotAnswerable,
    may_answer,
)
from pop_campaigns.invitations.services.answers import AnswerRefused, Origin, record_answer
from pop_campaigns.invitations.words.labels import ANSWER_CHIPS
from pop_campaigns.invitations.words.pages import SPOKEN_ANSWERS
from pop_campaigns.mail.wake_up import wake_worker

# Tokens have 256 bits, so this is against noise, not against guessing; a whole ministry may share one address.
LIMITS = {
    "invitations.answer": "120 per minute; 1000 per hour",
    "invitations.answer_calendar": "60 per minute; 500 per hour",
    "invitations.answer_other_time": "30 per minute; 120 per hour",
    "invitations.answer_dates": "120 per minute; 1000 per hour",
}
BUTTONS = (Answer.ACCEPTED, Answer.TENTATIVE, Answer.DECLINED)


# Without CSRF protection: officials have no session and may refuse cookies, and there is nothing to ride on. Who
# could make a browser post here would have to know the token, and who knows the token may answer anyway. Nor is
# Origin or Sec-Fetch-Site looked at: webmail and privacy proxies send "null" or nothing, and their users count too.
@bp.route("/a/<token>", methods=["GET", "POST"])
@csrf.exempt
def answer(token: str) -> ResponseReturnValue:
    """Show one guest the invitation and take the answer. An unknown link and a dead one look alike: 404."""
    moment = now()
    guest = guest_behind(token, moment)
    if request.method != "POST":
        return answer_page(guest, token, fresh_form(guest), moment)
    form = AnswerForm(answered=_last_answer(guest) is not None)
    if not form.validate():
        return answer_page(guest, token, form, moment), 422
    try:
        _record(guest, token, form, moment)
        db.session.commit()
    except AnswerRefused:
        # Cancelled, withdrawn or begun while the page lay open: the page says so, the words typed stay.
        db.session.rollback()
        return answer_page(guest_behind(token, moment), token, form, moment), 409
    wake_worker()
    return redirect(url_for("invitations.answer", token=token, lang=g.lang))


@bp.get("/a/<token>/invite.ics")
def answer_calendar(token: str) -> ResponseReturnValue:
    """Show the event as a file for the guest's calendar."""
    moment = now()
    guest = guest_behind(token, moment)
    entry = calendar_event(guest.event, g.lang, _agenda(guest.event))
    if entry is None or guest.state is InvitationState.WITHDRAWN:
        abort(404)
    file_name = "ftesa.ics" if g.lang == "sq" else "invite.ics"
    return give_file(write_event_file(entry).encode(), file_name, "text/calendar")


def _embargo(event: Event, moment: datetime) -> str:
    until = embargo_of(event, moment)
    return embargo_words(until, event, str(g.lang)) if until else ""


def _agenda(event: Event) -> list[AgendaLine]:
    return agenda_lines(event, agenda_points(event), str(g.lang))


def guest_behind(token: str, moment: datetime) -> Invitation:
    """Return the guest of a living link, else 404; from then on the request speaks the guest's language."""
    guest = find_by_token(token, now=moment)
    if guest is None:
        handed = find_handed_link(token, now=moment)
        if handed is None:
            abort(404)
        guest = handed.invitation
    wanted = request.args.get("lang", "")
    g.lang = wanted if wanted in LANGUAGES else guest.language
    refresh()
    return guest


def origin_of(guest: Invitation, token: str, moment: datetime) -> Origin:
    """Return by whose link the page was opened: the mailed one, or one that somebody handed over."""
    if hash_token(token) == guest.token_hash:
        return Origin()
    link = find_handed_link(token, now=moment)
    if link is None:  # taken back meanwhile
        abort(404)
    return Origin(handed_over_by=link.made_by)


def _record(guest: Invitation, token: str, form: AnswerForm, moment: datetime) -> None:
    choice, substitute, last = form.answer.data, form.substitute.data or "", _last_answer(guest)
    if choice == KEEP and last is not None:
        choice = last.answer
        substitute = substitute or last.substitute
    record_answer(
        guest,
        Answer(choice),
        substitute=substitute,
        note=form.note.data or "",
        channel=AnswerChannel.LINK,
        origin=origin_of(guest, token, moment),
        now=moment,
    )


def answer_page(
    guest: Invitation,
    token: str,
    form: AnswerForm,
    moment: datetime,
    other_time: OtherTimeForm | None = None,
) -> str:
    """Return the guest's own page; ``other_time`` is what was typed to propose one."""
    event, lang = guest.event, str(g.lang)
    last, closed = _last_answer(guest), _closed(guest, moment)
    withdrawn = closed is NotAnswerable.WITHDRAWN
    text, entry = text_of(event), calendar_event(event, lang)
    return render_template(
        "invitations/answer.html",
        guest=guest,
        event=event,
        token=token,
        handed_over_by=origin_of(guest, token, moment).handed_over_by,
        form=form,
        lang=lang,
        other="en" if lang == "sq" else "sq",
        title=in_language(event, "title", lang),
        kind=EVENT_KINDS[event.kind],
        host=sender_name(event, lang),
        when=when_words(event, lang),
        in_tirana=_in_tirana(event, lang),
        zone=zone_words(event.zone),
        # Only a link that calendars could carry becomes one here: never javascript: or a bare host.
        join_link=entry.join_url if entry else None,
        description="" if withdrawn else in_language(event, "description", lang),
        agenda=[] if withdrawn else _agenda(event),
        embargo=_embargo(event, moment) if not withdrawn else "",
        note=in_language(text, "note", lang) if text and not withdrawn else "",
        last=last,
        last_day=day_words(local_date(last.said_at), lang, weekday=False) if last else "",
        last_time=clock_words(last.said_at) if last else "",
        closed=closed,
        over=is_over(event, moment, local_date(moment)),
        changed_since=bool(last and not closed and last.event_sequence < event.sequence),
        buttons=BUTTONS,
        chips=ANSWER_CHIPS,
        spoken=SPOKEN_ANSWERS,
        other_time=other_time or OtherTimeForm(event.zone, formdata=None),
        proposed=_proposed_words(guest, lang),
    )


def _closed(guest: Invitation, moment: datetime) -> NotAnswerable | None:
    return may_answer(
        cancelled=guest.event.state is EventState.CANCELLED,
        withdrawn=guest.state is InvitationState.WITHDRAWN,
        starts_at=guest.event.starts_at,
        now=moment,
    )


def _in_tirana(event: Event, lang: str) -> str:
    """Return the hour in Tirana too, where the event keeps another zone's."""
    if event.starts_at is None or event.zone == TIRANE:
        return ""
    return span_words(event.starts_at, event.ends_at, lang, TIRANE)


def _proposed_words(guest: Invitation, lang: str) -> str:
    """Return the time the guest proposed and waits for our word about; "" where nothing waits."""
    waiting = open_proposal(guest)
    if waiting is None:
        return ""
    return span_words(waiting.starts_at, waiting.ends_at, lang, guest.event.zone)


def _last_answer(guest: Invitation) -> GivenAnswer | None:
    """Return the answer that counts; an earlier one, from before the guest was withdrawn and asked again, does not."""
    if guest.answer is Answer.NEEDS_ACTION:
        return None
    return latest_answer(guest)


def fresh_form(guest: Invitation) -> AnswerForm:
    """Return the form of the answer as the page is opened: with the note said last."""
    last = _last_answer(guest)
    return AnswerForm(formdata=None, note=last.note if last else "")
