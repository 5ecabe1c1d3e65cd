"""My account: name, language, password, and where I am signed in."""

from __future__ import annotations

from typing import Any

from flask import abort, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import refresh
from flask_security import current_user
from werkzeug.wrappers import Response

from pop_campaigns.accounts.blueprint import bp
from pop_campaigns.accounts.forms.accounts import AccountForm, ChangeForm, blame, problem_words
from pop_campaigns.accounts.guard import reader
from pop_campaigns.accounts.models import User
from pop_campaigns.accounts.rules.sessions import SessionEnd
from pop_campaigns.accounts.services.passwords import whose_password
from pop_campaigns.accounts.services.recovery import change_password as set_password
from pop_campaigns.accounts.services.sessions import current_session, end_session, end_sessions, sessions_of
from pop_campaigns.accounts.services.users import CannotCreateUser
from pop_campaigns.accounts.views.users import moment
from pop_campaigns.accounts.words.accounts import ROLE_NAMES, network_name
from pop_campaigns.core.clock import now
from pop_campaigns.core.db import db
from pop_campaigns.core.history import note
from pop_campaigns.core.i18n import LANGUAGES
from pop_campaigns.core.meanwhile import meet_changes
from pop_campaigns.core.safe_path import local_path
from pop_campaigns.mail.wake_up import wake_worker


@bp.route("/account", methods=["GET", "POST"])
@reader
def account() -> ResponseReturnValue:
    """Show and change what a person decides about themselves."""
    me: User = current_user._get_current_object()
    form = AccountForm(name=me.name, language=me.language)
    meet_changes(form, me)
    if form.validate_on_submit():
        fresh = (form.name.data or "", form.language.data)
        if (me.name, me.language) != fresh:
            me.name, me.language = fresh
            note("user.named", me, by=me, now=now())
        session["lang"] = me.language
        db.session.commit()
        refresh()
        flash(_("Saved."), "success")
        return redirect(url_for("accounts.account"))
    return render_template("accounts/account.html", form=form, **_shown(me))


def _shown(me: User) -> dict[str, Any]:
    return {
        "me": me, "sessions": sessions_of(me), "here": current_session(),
        "ROLE_NAMES": ROLE_NAMES, "moment": moment, "network_name": network_name,
    }  # fmt: skip


@bp.post("/account/sessions/<int:session_id>/end")
@reader
def end_my_session(session_id: int) -> ResponseReturnValue:
    """Log out on another device."""
    me: User = current_user._get_current_object()
    row = next((user_session for user_session in sessions_of(me) if user_session.id == session_id), None)
    if row is None:
        abort(404)
    end_session(row, by=me, now=now())
    db.session.commit()
    flash(_("Logged out there."), "success")
    return redirect(url_for("accounts.account"))


@bp.post("/account/sessions/end")
@reader
def end_my_other_sessions() -> ResponseReturnValue:
    """Log out everywhere but here."""
    me: User = current_user._get_current_object()
    end_sessions(me, now=now(), why=SessionEnd.ENDED, by=me, keep=current_session())
    db.session.commit()
    flash(_("Logged out on all other devices."), "success")
    return redirect(url_for("accounts.account"))


@bp.route("/change", methods=["GET", "POST"])
@reader
def change_password() -> ResponseReturnValue:
    """Change the password: the present one is asked for, and each asking counts as a try."""
    me: User = current_user._get_current_object()
    form = ChangeForm()
    if form.validate_on_submit() and _knows_password(me, form):
        try:
            set_password(me, form.new_password.data or "", keep=current_session(), now=now())
        except CannotCreateUser as error:
            db.session.rollback()
            blame(form.new_password, problem_words(error))
        else:
            db.session.commit()
            wake_worker()
            flash(_("The new password is saved. Other devices were logged out."), "success")
            return redirect(url_for("accounts.account"))
    return render_template("accounts/change.html", form=form)


def _knows_password(me: User, form: ChangeForm) -> bool:
    if whose_password(me.email, form.password.data or "", where="change", now=now()) is not None:
        db.session.commit()  # right is right, also where the new one is then refused
        return True
    blame(form.password, _("This is not your present password."))
    return False


# The outer bound of what one remote address may ask for; what guessing costs stands in accounts/services/throttles.py.
LIMITS = {"security.login": "30 per minute; 200 per hour"}


@bp.post("/language")
def set_language() -> Response:
    """Remember the language: with the person if signed in, else with the session."""
    lang = request.form.get("lang", "")
    if lang not in LANGUAGES:
        abort(400)
    session["lang"] = lang
    if current_user.is_authenticated:
        current_user.language = lang
        db.session.commit()
    return redirect(local_path(request.form.get("next", ""), "/"))
