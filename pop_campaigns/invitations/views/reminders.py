"""Pages of the reminders that go by themselves: one rule, its move, stop and press; one more rule."""

from __future__ import annotations

from datetime import datetime

from flask import Response, abort, current_app, flash, redirect, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_security import current_user

from pop_campaigns.accounts.guard import writer
from pop_campaigns.accounts.scope import get_changeable
from pop_campaigns.accounts.views.undoable import say_sent, undoable
from pop_campaigns.core.clock import now
from pop_campaigns.core.db import db
from pop_campaigns.core.headers import with_frames
from pop_campaigns.core.i18n import current_language
from pop_campaigns.core.meanwhile import meet_changes
from pop_campaigns.events.models.events import Event
from pop_campaigns.events.words.labels import when_words
from pop_campaigns.invitations.blueprint import bp, cannot_invite_words, event_page
from pop_campaigns.invitations.forms import MoveReminderForm, ReminderForm
from pop_campaigns.invitations.models.reminders import ReminderRule
from pop_campaigns.invitations.queries.guests import answers_for
from pop_campaigns.invitations.queries.reminders import states_of_rules
from pop_campaigns.invitations.rules.invitations import MailPurpose
from pop_campaigns.invitations.rules.reminders import Audience
from pop_campaigns.invitations.services.guests import CannotInvite
from pop_campaigns.invitations.services.reminders import (
    RuleThere,
    add_rule,
    guests_to_remind_now,
    move_rule,
    resume_rule,
    send_rule_now,
    stop_rule,
)
from pop_campaigns.invitations.sight import seen_among
from pop_campaigns.invitations.words.reminders import rule_title, schedule_line
from pop_campaigns.mail.rules import SendingKind
from pop_campaigns.mail.wake_up import wake_worker


@bp.route("/events/<int:event_id>/reminders/new", methods=["GET", "POST"])
@writer
def new_reminder(event_id: int) -> ResponseReturnValue:
    """Add a rule by which guests are reminded."""
    event = get_changeable(Event, event_id)
    form = ReminderForm()
    if form.validate_on_submit():
        try:
            add_rule(
                event, Audience(form.audience.data), form.days_before.data or 1, int(form.hour.data),
                by=current_user, now=now(),
            )  # fmt: skip
        except RuleThere:
            form.days_before.errors = [_there_words()]
        else:
            db.session.commit()
            flash(_("The reminder is added."), "success")
            return redirect(event_page(event_id, "schedule"))
    page = render_template(
        "invitations/new_reminder.html", event=event, form=form, when=when_words(event, current_language())
    )
    return page, 422 if form.errors else 200


@bp.route("/reminders/<int:rule_id>", methods=["GET", "POST"])
@writer
def reminder(rule_id: int) -> ResponseReturnValue:
    """Show one rule: when it goes to whom, what its mail says; move it."""
    rule = _changeable_rule(rule_id)
    form = MoveReminderForm(data={"days_before": rule.days_before, "hour": str(rule.hour)})
    meet_changes(form, rule, told_of=rule.event)
    if form.validate_on_submit():
        try:
            move_rule(rule, form.days_before.data or 1, int(form.hour.data), by=current_user, now=now())
        except RuleThere:
            form.days_before.errors = [_there_words()]
        else:
            return _back(rule, _("Saved."))
    return _page(rule, form, now()), 422 if form.errors else 200


@bp.post("/reminders/<int:rule_id>/stop")
@writer
def stop_reminder(rule_id: int) -> ResponseReturnValue:
    """Let no more reminders go by a rule."""
    rule = _changeable_rule(rule_id)
    stop_rule(rule, by=current_user, now=now())
    return _back(rule, _("The reminder is stopped: nothing more goes by it."))


@bp.post("/reminders/<int:rule_id>/resume")
@writer
def resume_reminder(rule_id: int) -> ResponseReturnValue:
    """Let a stopped rule hold again."""
    rule = _changeable_rule(rule_id)
    resume_rule(rule, by=current_user, now=now())
    return _back(rule, _("The reminder holds again, from now on."))


@bp.post("/reminders/<int:rule_id>/send")
@writer
def send_reminder(rule_id: int) -> ResponseReturnValue:
    """Send the reminder of a rule now."""
    rule = _changeable_rule(rule_id)
    sending = undoable(SendingKind.REMINDERS, rule.event)
    try:
        number = send_rule_now(rule, by=current_user, now=now(), sending=sending)
    except CannotInvite:
        db.session.rollback()
        rule = _changeable_rule(rule_id)
        flash(cannot_invite_words(rule.event, now()), "warning")
        return redirect(event_page(rule.event_id, "schedule"))
    event_id = rule.event_id
    db.session.commit()
    if number:
        wake_worker()
        words = ngettext("%(num)d reminder is on its way.", "%(num)d reminders are on their way.", number)
        say_sent(words, sending)
    else:
        flash(_("There is nobody to remind now: nothing was sent."), "info")
    return redirect(event_page(event_id, "schedule"))


def _changeable_rule(rule_id: int) -> ReminderRule:
    rule = db.session.get(ReminderRule, rule_id) if 0 < rule_id < 2**31 else None
    if rule is None:
        abort(404)
    get_changeable(Event, rule.event_id)
    return rule


def _back(rule: ReminderRule, words: str) -> ResponseReturnValue:
    event_id = rule.event_id
    db.session.commit()
    flash(words, "success")
    return redirect(event_page(event_id, "schedule"))


def _there_words() -> str:
    return _("There is a reminder for these guests on this day already. Move or resume that one.")


def _page(rule: ReminderRule, form: MoveReminderForm, moment: datetime) -> Response:
    event, lang = rule.event, current_language()
    states = states_of_rules(event, answers_for(event))
    refusal = cannot_invite_words(event, moment)
    guests = [] if refusal else guests_to_remind_now(rule, now=moment)
    seen = seen_among(guests)
    page = render_template(
        "invitations/reminder.html",
        event=event,
        rule=rule,
        form=form,
        title=rule_title(rule),
        line=next(schedule_line(state, moment, lang) for state in states if state.rule.id == rule.id),
        when=when_words(event, lang),
        refusal=refusal,
        guests=guests,
        named=[guest for guest in guests if guest.id in seen],
        shown=next((guest for guest in guests if guest.id in seen), None),
        purpose=MailPurpose.ATTENDING if rule.audience is Audience.YES else MailPurpose.REMINDER,
        keeps_mail=current_app.config["MAIL_LOCAL"],
    )
    return with_frames(page)
