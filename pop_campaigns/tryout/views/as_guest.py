"""What can be answered to a delivered message as its receiver would, and what is typed for it: in try-out only."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, cast

from flask import current_app, flash, get_template_attribute, request, url_for
from flask_babel import gettext as _
from sqlalchemy import select

from pop_campaigns.calendars.zones import to_wall
from pop_campaigns.core.clock import TIRANE, local_date, now
from pop_campaigns.core.db import db
from pop_campaigns.core.tokens import new_nonce
from pop_campaigns.desk.queries.mail_about import about_mails
from pop_campaigns.mail.message import UnsafeMessage
from pop_campaigns.mail.models import OutgoingMail
from pop_campaigns.tryout.forms import AwayForm, CalendarAnswerForm, PressForm, ProposeForm, WordsForm
from pop_campaigns.tryout.guest_answers import Press, Receiver, Sent
from pop_campaigns.tryout.guest_calendar import Asked
from pop_campaigns.tryout.local_mailbox import DeliveredMail

ANSWERS = {"accept": "ACCEPTED", "maybe": "TENTATIVE", "decline": "DECLINED"}
"""Answers of a calendar by the button that sends them."""
_NONCE = re.compile(r"[A-Za-z0-9_-]{20,64}")


@dataclass(frozen=True)
class AnswerForms:
    """What a page offers for one message: a form by name where its receiver's programs could send that.

    ``open`` names the form that was sent and may come back with mistakes.
    """

    receiver: Receiver
    forms: Mapping[str, PressForm]
    press: Press
    open: str = ""


def forms_of(mail: DeliveredMail, sent: str = "") -> AnswerForms:
    """Return the forms for a delivered message, none where nobody answers it; ``sent`` names the one just sent, if any."""
    receiver = Receiver(mail, current_app.config["MAIL_DOMAIN"])
    wanted: dict[str, tuple[type[PressForm], dict[str, Any]]] = {}
    if receiver.asked is not None and receiver.replies:
        wanted["calendar"] = CalendarAnswerForm, {}
        if not receiver.asked.all_day:
            wanted["propose"] = ProposeForm, _same_hours_next_day(receiver.asked)
    if receiver.replies:
        wanted["words"] = WordsForm, {}
    if receiver.away:
        wanted["away"] = AwayForm, {"back_on": local_date(now()) + timedelta(days=7)}
    if receiver.bounces:
        wanted["unknown"] = PressForm, {}
    # Only the one that was sent reads what was typed: the others keep what they start with.
    forms = {
        name: kind(formdata=request.form if name == sent else None, **start)
        for name, (kind, start) in wanted.items()
    }
    return AnswerForms(receiver, forms, _read_press(forms.get(sent)), sent)


def compose_answer(receiver: Receiver, what: str, form: PressForm, press: Press) -> Sent | None:
    """Return the mail that goes out; None, with the reason at its field, where what was typed cannot be sent."""
    try:
        if isinstance(form, ProposeForm):
            moments = form.moments(receiver.asked.zone if receiver.asked else "")
            return receiver.propose(*moments, form.why.data, press) if moments else None
        if isinstance(form, CalendarAnswerForm):
            return receiver.answer(ANSWERS[what], form.comment.data, press)
        if isinstance(form, WordsForm):
            return receiver.reply(form.words.data, press)
        if isinstance(form, AwayForm):
            return receiver.absence(form.back_on.data, press)
        return receiver.bounce(press)
    except (UnsafeMessage, ValueError):
        flash(_("This message cannot be answered like that."), "warning")
        return None


def said_sent(mail: DeliveredMail) -> str:
    """Return what is flashed: where the answer will appear, with the way there."""
    row = db.session.scalar(select(OutgoingMail).where(OutgoingMail.message_id == mail.line.message_id))
    about = about_mails([row]).get(row.id) if row is not None else None
    if about is not None and about.guest is not None:
        words = _("Sent as the guest would; it will appear at the event in a moment.")
        url, label = about.url, _("See the event")
    elif about is not None:
        words = _("Sent as the receiver would; it will appear at the letter in a moment.")
        url, label = about.url, _("See the letter")
    else:
        words = _("Sent; it will appear in the mail that came in, in a moment.")
        url, label = url_for("incoming.index"), _("Mail that came in")
    with_link = get_template_attribute("macros/flashes.html", "with_link")
    return cast(str, with_link(words, url, label))


def _same_hours_next_day(asked: Asked) -> dict[str, object]:
    zone = asked.zone or TIRANE
    starts = to_wall(asked.starts, zone)
    ends = to_wall(asked.ends or asked.starts + timedelta(hours=1), zone)
    return {"day": starts.date() + timedelta(days=1), "starts": starts.time(), "ends": ends.time()}


def _read_press(form: PressForm | None) -> Press:
    """Return the press of a form: its own, or a new one where it brought none."""
    typed = (form.press.data if form else "") or ""
    return Press(typed if _NONCE.fullmatch(typed) else new_nonce(), now().replace(microsecond=0))
