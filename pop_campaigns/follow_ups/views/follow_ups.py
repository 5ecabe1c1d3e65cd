"""A reminder is set, changed, done and opened again; each leads back to the page it was pressed on."""

from __future__ import annotations

from typing import cast

from flask import abort, flash, get_template_attribute, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_security import current_user
from flask_wtf.csrf import generate_csrf

from pop_campaigns.accounts.guard import writer
from pop_campaigns.accounts.views.sent_before import form_made, sent_once
from pop_campaigns.core.clock import local_date, now
from pop_campaigns.core.dates import day_words
from pop_campaigns.core.db import db
from pop_campaigns.core.i18n import current_language
from pop_campaigns.core.meanwhile import meet_changes
from pop_campaigns.core.numbers import row_number
from pop_campaigns.core.safe_path import local_path
from pop_campaigns.follow_ups.blueprint import bp
from pop_campaigns.follow_ups.forms import FollowUpForm, NewFollowUpForm
from pop_campaigns.follow_ups.models import FollowUp
from pop_campaigns.follow_ups.queries.follow_ups import get_follow_up
from pop_campaigns.follow_ups.queries.subjects import Subject, find_subject
from pop_campaigns.follow_ups.services import (
    DayRefused,
    add_follow_up,
    change_follow_up,
    finish_follow_up,
    reopen_follow_up,
)
from pop_campaigns.follow_ups.words import REFUSALS

_LONGEST_BACK = 500


@bp.route("/new", methods=["GET", "POST"])
@writer
@sent_once
def new() -> ResponseReturnValue:
    """Set a reminder about the thing that the request names; with what is wrong, the form comes back as it was."""
    subject_type, subject_id = request.values.get("subject_type", ""), _asked_number()
    subject = find_subject(subject_type, subject_id, current_user)
    if subject is None:
        abort(404)
    form, moment = NewFollowUpForm(), now()
    form.press(local_date(moment), subject.due_on)
    if form.validate_on_submit():
        try:
            row = add_follow_up(
                (subject_type, subject_id), form.day.data, form.why.data or "",
                for_all=form.for_all.data, by=current_user, now=moment, once=form.once.data or "",
            )  # fmt: skip
        except DayRefused as refused:
            form.day.errors = [str(REFUSALS[refused.reason])]
        else:
            back = _way_back(subject)
            form_made(row, page=back, edit=url_for("follow_ups.change", follow_up_id=row.id))
            db.session.commit()
            flash(_("Reminder set for %(day)s.", day=_day_in_words(row)), "success")
            return redirect(back)
    asked = {"subject_type": subject_type, "subject_id": subject_id}
    return _page(form, subject, asked)


@bp.route("/<int:follow_up_id>", methods=["GET", "POST"])
@writer
def change(follow_up_id: int) -> ResponseReturnValue:
    """Give a reminder another day or other words."""
    row = get_follow_up(follow_up_id, current_user)
    subject = _subject_of(row)
    form = FollowUpForm(data={"day": row.due_on, "why": row.why})
    meet_changes(form, row)
    if form.validate_on_submit():
        try:
            change_follow_up(row, form.day.data, form.why.data or "", by=current_user, now=now())
        except DayRefused as refused:
            form.day.errors = [str(REFUSALS[refused.reason])]
        else:
            db.session.commit()
            flash(_("Reminder set for %(day)s.", day=_day_in_words(row)), "success")
            return redirect(_way_back(subject))
    return _page(form, subject, {}, row)


@bp.post("/<int:follow_up_id>/done")
@writer
def done(follow_up_id: int) -> ResponseReturnValue:
    """Note that what a reminder was for is done; the line that says so can take it back."""
    row = get_follow_up(follow_up_id, current_user)
    back = _way_back(_subject_of(row))
    if finish_follow_up(row, by=current_user, now=now()):
        db.session.commit()
        with_undo = get_template_attribute("macros/flashes.html", "with_undo")
        hidden = {"csrf_token": generate_csrf(), "back": back}
        undo_url = url_for("follow_ups.reopen", follow_up_id=row.id)
        flash(cast(str, with_undo(_("Done, and off the list."), undo_url, hidden)), "success")
    return redirect(back)


@bp.post("/<int:follow_up_id>/reopen")
@writer
def reopen(follow_up_id: int) -> ResponseReturnValue:
    """Take *done* back."""
    row = get_follow_up(follow_up_id, current_user)
    if reopen_follow_up(row, by=current_user, now=now()):
        db.session.commit()
        flash(_("The reminder is open again."), "success")
    return redirect(_way_back(_subject_of(row)))


def _subject_of(row: FollowUp) -> Subject:
    """Return what a reminder is about, else 404: of what somebody does not see (any more) nothing is shown."""
    subject = find_subject(row.subject_type, row.subject_id, current_user)
    if subject is None:
        abort(404)
    return subject


def _asked_number() -> int:
    return row_number(request.values.get("subject_id")) or 0


def _way_back(subject: Subject) -> str:
    return local_path(request.values.get("back", "")[:_LONGEST_BACK], subject.url)


def _day_in_words(row: FollowUp) -> str:
    return day_words(row.due_on, current_language())


def _page(
    form: FollowUpForm, subject: Subject, asked: dict[str, object], row: FollowUp | None = None
) -> tuple[str, int]:
    page = render_template(
        "follow_ups/form.html", form=form, subject=subject, asked=asked, row=row, back=_way_back(subject)
    )
    return page, 422 if form.errors else 200
