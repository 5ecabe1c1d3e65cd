"""The call list of an event: who has not answered, at which numbers, and what came of calling them."""

from __future__ import annotations

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_security import current_user

from pop_campaigns.accounts.guard import writer
from pop_campaigns.accounts.scope import NoOrganisation, get_changeable
from pop_campaigns.contacts.words.labels import DETAIL_USES, LOG_KINDS
from pop_campaigns.core.clock import local_date, now
from pop_campaigns.core.dates import short_day_words
from pop_campaigns.core.db import db
from pop_campaigns.core.i18n import current_language, in_language
from pop_campaigns.core.phones import show_phone
from pop_campaigns.events.models.events import Event
from pop_campaigns.events.rules.events import EventState
from pop_campaigns.events.words.labels import when_words
from pop_campaigns.follow_ups.services import DayRefused
from pop_campaigns.invitations.blueprint import bp, changeable_guest, event_page
from pop_campaigns.invitations.forms import CallForm
from pop_campaigns.invitations.models.invitations import Invitation
from pop_campaigns.invitations.queries.calls import calls_for
from pop_campaigns.invitations.rules.invitations import Answer, NotAnswerable, may_answer
from pop_campaigns.invitations.services.answers import AnswerRefused
from pop_campaigns.invitations.services.calls import CallResult, next_weekday, note_call
from pop_campaigns.invitations.words.labels import ANSWER_CHIPS, NOT_ANSWERABLE
from pop_campaigns.invitations.words.pages import SPOKEN_ANSWERS
from pop_campaigns.mail.wake_up import wake_worker

_BUTTONS = (
    (CallResult.YES, Answer.ACCEPTED),
    (CallResult.MAYBE, Answer.TENTATIVE),
    (CallResult.NO, Answer.DECLINED),
)


@bp.get("/events/<int:event_id>/calls")
@writer
def calls(event_id: int) -> ResponseReturnValue:
    """Show whom to call, with everything one needs in hand; it prints well."""
    return _page(get_changeable(Event, event_id))


@bp.post("/invitations/<int:invitation_id>/call")
@writer
def called(invitation_id: int) -> ResponseReturnValue:
    """Note what came of calling a guest, at one press."""
    guest = changeable_guest(invitation_id)
    event, form = guest.event, CallForm()
    if form.press.data not in set(CallResult):
        abort(400)
    if not form.validate():
        return _page(event, form, guest.id), 422
    try:
        result = CallResult(form.press.data)
        words, day = _log_words(guest, result), form.again_on.data
        note_call(guest, result, words=words, by=current_user, now=now(), again_on=day)
    except AnswerRefused as refused:
        return _refused(event, str(NOT_ANSWERABLE[refused.reason]))
    except DayRefused:
        db.session.rollback()
        form.again_on.errors = [_("Choose a day that is still to come.")]
        return _page(get_changeable(Event, event.id), form, invitation_id), 422
    except NoOrganisation:
        return _refused(event, _("Only who belongs to an organisation can note a call."))
    db.session.commit()
    wake_worker()
    flash(_("Noted for %(guest)s.", guest=guest.shown_as), "success")
    return redirect(url_for("invitations.calls", event_id=event.id))


def _log_words(guest: Invitation, result: CallResult) -> str:
    """Return what the contact log says of a call that brought no answer."""
    title = in_language(guest.event, "title", current_language())
    if result is CallResult.NOBODY:
        return _("Invitation to “%(event)s”: did not answer the phone.", event=title)
    return _("Invitation to “%(event)s”: to be called again.", event=title)


def _refused(event: Event, why: str) -> ResponseReturnValue:
    event_id = event.id
    db.session.rollback()
    flash(why, "warning")
    return redirect(url_for("invitations.calls", event_id=event_id))


def _page(event: Event, form: CallForm | None = None, about: int = 0) -> str:
    moment, lang = now(), current_language()
    closed: NotAnswerable | None = may_answer(
        cancelled=event.state is EventState.CANCELLED,
        withdrawn=False,
        starts_at=event.starts_at,
        now=moment,
    )
    return render_template(
        "invitations/calls.html",
        event=event,
        form=form or CallForm(formdata=None),
        about=about,
        rows=[] if closed else calls_for(event, current_user),
        closed=NOT_ANSWERABLE[closed] if closed else "",
        when=when_words(event, lang),
        event_at=event_page(event.id),
        buttons=[(result, SPOKEN_ANSWERS[answer], ANSWER_CHIPS[answer]) for result, answer in _BUTTONS],
        next_day=next_weekday(local_date(moment)),
        uses=DETAIL_USES,
        show_phone=show_phone,
        log_kinds=LOG_KINDS,
        day=lambda day: short_day_words(day, lang),
        typed=request.form,
    )
