"""One's own calendar address: made, shown once, renewed, taken back."""

from __future__ import annotations

from flask import abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_security import current_user

from pop_campaigns.accounts.blueprint import bp
from pop_campaigns.accounts.forms.accounts import FeedForm
from pop_campaigns.accounts.guard import reader
from pop_campaigns.accounts.models import User
from pop_campaigns.accounts.services.feeds import feed_of, make_feed, revoke_feed, set_alarm
from pop_campaigns.accounts.views.users import moment
from pop_campaigns.core.clock import now
from pop_campaigns.core.db import db
from pop_campaigns.core.numbers import row_number


@bp.get("/account/feed")
@reader
def feed() -> str:
    """Show whether one has a secret calendar address, and when it was last used."""
    return _page()


@bp.post("/account/feed")
@reader
def new_feed() -> ResponseReturnValue:
    """Make a secret address, in the place of the one before, and show it this once."""
    form = FeedForm()
    if not form.validate_on_submit():
        return _page(form), 422
    address = make_feed(_me(), row_number(form.alarm.data) or 0, now=now())
    db.session.commit()
    return _page(address=address)


@bp.post("/account/feed/alarm")
@reader
def feed_alarm() -> ResponseReturnValue:
    """Let programs remind at another time; the address stays."""
    form, mine = FeedForm(), feed_of(_me())
    if mine is None:
        abort(404)
    if not form.validate_on_submit():
        return _page(form), 422
    set_alarm(mine, row_number(form.alarm.data) or 0)
    db.session.commit()
    flash(_("Saved. Programs learn of it when they look the next time."), "success")
    return redirect(url_for("accounts.feed"))


@bp.post("/account/feed/revoke")
@reader
def end_feed() -> ResponseReturnValue:
    """Take the address back."""
    revoke_feed(_me(), now=now())
    db.session.commit()
    flash(_("The address is taken back: it opens nothing any more."), "success")
    return redirect(url_for("accounts.feed"))


def _me() -> User:
    me: User = current_user._get_current_object()
    return me


def _page(form: FeedForm | None = None, address: str = "") -> str:
    mine = feed_of(_me())
    return render_template(
        "accounts/feed.html",
        form=form or FeedForm(alarm=str(mine.alarm_minutes) if mine else "0"),
        feed=mine,
        address=address,
        webcal=f"webcal://{address.partition('://')[2]}" if address else "",
        moment=moment,
    )
