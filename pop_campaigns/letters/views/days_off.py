"""Days off and worked days that were announced late: listed with their source, entered by administrators."""

from __future__ import annotations

from datetime import date

from flask import abort, flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_security import current_user

from pop_campaigns.accounts.guard import administrator, reader
from pop_campaigns.accounts.rules.roles import RoleName
from pop_campaigns.core.clock import now
from pop_campaigns.core.db import db
from pop_campaigns.letters.blueprint import bp
from pop_campaigns.letters.forms import EnteredDayForm
from pop_campaigns.letters.models import EnteredDay
from pop_campaigns.letters.queries.entered_days import entered_days
from pop_campaigns.letters.rules.working_days import SHIPPED_OVERRIDES, CalendarUnknown, skip_reason
from pop_campaigns.letters.services.days_off import AlreadyEntered, enter_day, take_back_day
from pop_campaigns.letters.words.labels import DAY_SCOPES


@bp.get("/letters/days-off")
@reader
def days_off() -> str:
    """List what differs from the calendar of public holidays, the newest first, each with where it was decided."""
    return render_template(
        "letters/days_off.html",
        entered=sorted(entered_days().rows, key=lambda row: (row.day, row.id), reverse=True),
        shipped=sorted(SHIPPED_OVERRIDES, key=lambda entry: (entry.day, entry.scope or ""), reverse=True),
        DAY_SCOPES=DAY_SCOPES,
        may_enter=current_user.role is RoleName.ADMINISTRATOR,
    )


@bp.route("/letters/days-off/new", methods=["GET", "POST"])
@administrator
def enter() -> ResponseReturnValue:
    """Enter a day; open due days move with it."""
    form = EnteredDayForm()
    form.offer()
    if form.validate_on_submit():
        try:
            moved = enter_day(form.draft(), by=current_user, now=now())[1]
        except AlreadyEntered as there:
            form.day.errors = [
                _("This day was entered already (%(source)s). Take that back first.", source=there.row.source)
            ]
        else:
            db.session.commit()
            flash(_("The day is entered.") + " " + _moved_words(moved), "success")
            return redirect(url_for("letters.days_off"))
    return render_template("letters/enter_day.html", form=form), 422 if form.errors else 200


@bp.post("/letters/days-off/<int:day_id>/take-back")
@administrator
def take_back(day_id: int) -> ResponseReturnValue:
    """Take back what was entered by mistake; due days are what they would be without it."""
    row = db.session.get(EnteredDay, day_id)
    if row is None:
        abort(404)
    moved = take_back_day(row, by=current_user, now=now())
    db.session.commit()
    flash(_("Taken back.") + " " + _moved_words(moved), "success")
    return redirect(url_for("letters.days_off"))


def _moved_words(moved: int) -> str:
    if not moved:
        return str(_("No due day moved."))
    return str(ngettext("%(num)d due day moved.", "%(num)d due days moved.", moved))


@bp.app_template_global()
def day_off_name(day: date, lang: str) -> str:
    """Return what is celebrated, or why nobody works, on a day of the whole country; "" on others, weekends too.

    What people entered is read once a request.
    """
    if "days_off" not in g:
        g.days_off = entered_days().everywhere()
    try:
        reason = skip_reason(day, g.days_off, lang=lang)
    except CalendarUnknown:
        return ""
    return (reason.name or "") if reason else ""
