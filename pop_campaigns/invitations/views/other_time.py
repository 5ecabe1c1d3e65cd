"""Another time, proposed on the guest's own page: what a calendar's COUNTER says, for those who have no such calendar."""

from __future__ import annotations

from flask import g, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from pop_campaigns.accounts.guard import declare_public
from pop_campaigns.core.clock import now
from pop_campaigns.core.db import db
from pop_campaigns.core.forms import csrf
from pop_campaigns.invitations.blueprint import bp
from pop_campaigns.invitations.forms import OtherTimeForm
from pop_campaigns.invitations.services.answers import AnswerRefused
from pop_campaigns.invitations.services.proposals import SameTime, TimeIsOver, propose_time
from pop_campaigns.invitations.views.answer import answer_page, fresh_form, guest_behind, origin_of

declare_public("invitations.answer_other_time")


# Without CSRF protection, for the reasons of ``answer``.
@bp.post("/a/<token>/other-time")
@csrf.exempt
def answer_other_time(token: str) -> ResponseReturnValue:
    """Keep the time a guest proposes; the organisers answer it. What was typed stays where it cannot be taken."""
    moment = now()
    guest = guest_behind(token, moment)
    form = OtherTimeForm(guest.event.zone)
    status = 422
    if form.validate() and form.when.starts_at is not None:
        try:
            propose_time(
                guest, form.when.starts_at, form.when.ends_at, why=form.why.data or "", now=moment,
                handed_over_by=origin_of(guest, token, moment).handed_over_by,
            )  # fmt: skip
            db.session.commit()
            return redirect(url_for("invitations.answer", token=token, lang=g.lang, _anchor="other-time"))
        except SameTime:
            form.start.errors = [_("This is the time of the invitation.")]
        except TimeIsOver:
            form.day.errors = [_("This time is over already.")]
        except AnswerRefused:
            status = 409
        db.session.rollback()
        guest = guest_behind(token, moment)
    return answer_page(guest, token, fresh_form(guest), moment, form), status
