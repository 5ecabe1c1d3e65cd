"""Pages without an account: a forgotten password, and the invitation. Only a POST spends a link."""

from __future__ import annotations

from flask import flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import refresh
from sqlalchemy import select

from pop_campaigns.accounts.blueprint import bp
from pop_campaigns.accounts.forms.accounts import AskResetForm, ResetForm, WelcomeForm, blame, problem_words
from pop_campaigns.accounts.models import AccountLink, User
from pop_campaigns.accounts.rules.passwords import LinkKind, LinkState
from pop_campaigns.accounts.services.links import find_link
from pop_campaigns.accounts.services.recovery import (
    LinkIsOver,
    accept_invitation,
    ask_invitation_again,
    ask_reset,
    reset_password,
)
from pop_campaigns.accounts.services.throttles import count_try
from pop_campaigns.accounts.services.users import CannotCreateUser
from pop_campaigns.core.clock import now
from pop_campaigns.core.db import db
from pop_campaigns.core.text import clean_line
from pop_campaigns.mail.wake_up import wake_worker

# Of looking, too: tokens in an address are guessed by looking.
LIMITS = {
    "accounts.forgotten": "60 per minute; 300 per hour",
    "accounts.reset": "60 per minute; 300 per hour",
    "accounts.welcome": "60 per minute; 300 per hour",
    "accounts.welcome_again": "30 per minute; 100 per hour",
}


@bp.route("/reset", methods=["GET", "POST"])
def forgotten() -> ResponseReturnValue:
    """Take an address and say the same words whoever has it."""
    form = AskResetForm()
    if form.validate_on_submit():
        address, at = clean_line(form.email.data).lower(), now()
        ident = db.session.scalar(select(User.id).where(User.email == address))
        count_try("reset", address, ident, now=at)
        ask_reset(address, now=at)
        db.session.commit()
        wake_worker()  # also where nothing was queued: the same steps for addresses nobody has
        return render_template("accounts/reset_sent.html")
    return render_template("accounts/forgotten.html", form=form)


@bp.route("/reset/<token>", methods=["GET", "POST"])
def reset(token: str) -> ResponseReturnValue:
    """Show the form for a new password; set it."""
    link = find_link(token, LinkKind.RESET)
    if link is None or link.state(now()) is not LinkState.OPEN or not link.user.active:
        return render_template("accounts/reset_over.html"), 404
    _speak(link)
    form = ResetForm()
    if form.validate_on_submit():
        try:
            reset_password(link, form.new_password.data or "", now=now())
        except CannotCreateUser as error:
            blame(form.new_password, problem_words(error))
        except LinkIsOver:
            db.session.rollback()
            return render_template("accounts/reset_over.html"), 404
        else:
            db.session.commit()
            wake_worker()
            flash(_("The new password is saved. Log in with it."), "success")
            return redirect(url_for("security.login"))
    return render_template("accounts/reset.html", form=form, address=link.user.email, token=token)


@bp.route("/welcome/<token>", methods=["GET", "POST"])
def welcome(token: str) -> ResponseReturnValue:
    """Show the invitation; take name and password."""
    link = find_link(token, LinkKind.INVITATION)
    if link is None or link.state(now()) is not LinkState.OPEN or not link.user.active:
        return _invitation_over(link, token)
    _speak(link)
    form = WelcomeForm()
    if form.validate_on_submit():
        try:
            accept_invitation(link, form.name.data or "", form.new_password.data or "", now=now())
        except CannotCreateUser as error:
            blame(form.new_password, problem_words(error))
        except LinkIsOver:
            db.session.rollback()
            return _invitation_over(find_link(token, LinkKind.INVITATION), token)
        else:
            db.session.commit()
            flash(_("Welcome! Log in with your address and the new password."), "success")
            return redirect(url_for("security.login"))
    return render_template("accounts/welcome.html", form=form, link=link, token=token)


@bp.post("/welcome/<token>/again")
def welcome_again(token: str) -> ResponseReturnValue:
    """Tell who sent the invitation that it came too late."""
    link = find_link(token, LinkKind.INVITATION)
    if link is not None:
        ask_invitation_again(link, now=now())
        db.session.commit()
        wake_worker()
    return redirect(url_for("accounts.welcome", token=token))


def _invitation_over(link: AccountLink | None, token: str) -> ResponseReturnValue:
    """Say what became of an invitation. Who holds a link that once was real learns who invited them."""
    state = link.state(now()) if link is not None and link.user.active else None
    if link is not None:
        _speak(link)
    page = render_template("accounts/welcome_over.html", link=link, state=state, token=token)
    return page, 404


def _speak(link: AccountLink) -> None:
    g.lang = link.user.language
    refresh()
