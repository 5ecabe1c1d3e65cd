"""The users, for administrators: who has access, inviting, roles, ending access, and what happened."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_security import current_user

from pop_campaigns.accounts.blueprint import bp
from pop_campaigns.accounts.forms.accounts import InviteForm, RoleForm, blame, problem_words
from pop_campaigns.accounts.guard import administrator
from pop_campaigns.accounts.models import User
from pop_campaigns.accounts.queries import member_organisations, select_user_changes, user_row, user_rows
from pop_campaigns.accounts.services.failed_tries import failed_tries_since
from pop_campaigns.accounts.services.membership import (
    CannotChangeUser,
    change_role,
    close_user,
    invite_again,
    invite_user,
    reopen_user,
)
from pop_campaigns.accounts.services.users import CannotCreateUser
from pop_campaigns.accounts.words.accounts import DOORS, ROLE_NAMES, STATE_CHIPS, change_words, network_name
from pop_campaigns.core.clock import local_date, now
from pop_campaigns.core.dates import clock_words, short_day_words
from pop_campaigns.core.db import db
from pop_campaigns.core.history import history_of
from pop_campaigns.core.i18n import current_language
from pop_campaigns.core.meanwhile import meet_changes
from pop_campaigns.core.pages import paged
from pop_campaigns.mail.wake_up import wake_worker

# Fewer wrong tries are fingers that slipped; they stand in the history of users.
_MANY = 5
_LATELY = timedelta(hours=24)


def _shown(**values: Any) -> dict[str, Any]:
    return values | {
        "ROLE_NAMES": ROLE_NAMES, "STATE_CHIPS": STATE_CHIPS, "DOORS": DOORS, "change_words": change_words,
        "network_name": network_name, "moment": moment,
    }  # fmt: skip


def moment(instant: Any) -> str:
    """Return *16 qershor 2020, 10:00* in Tirana's time."""
    lang = current_language()
    return f"{short_day_words(local_date(instant), lang)}, {clock_words(instant)}"


@bp.get("/users")
@administrator
def users() -> ResponseReturnValue:
    """List everybody with role, organisation, state and last sign-in."""
    at = now()
    guessed = failed_tries_since(at - _LATELY, least=_MANY, limit=5)
    return render_template("accounts/users.html", **_shown(rows=user_rows(now=at), guessed=guessed))


@bp.get("/users/history")
@administrator
def users_history() -> ResponseReturnValue:
    """Show sign-ins, failed ones, changes of passwords, roles and access."""
    page = paged(select_user_changes(), scalars=False)
    failed = failed_tries_since(now() - timedelta(days=30))
    return render_template("accounts/history.html", **_shown(page=page, failed=failed))


@bp.route("/users/invite", methods=["GET", "POST"])
@administrator
def invite() -> ResponseReturnValue:
    """Invite somebody by mail."""
    form = InviteForm(organisations=list(member_organisations()), role="coordinator")
    if form.validate_on_submit():
        role, organisation = form.chosen
        try:
            user = invite_user(
                email=form.email.data or "", role=role, organisation=organisation,
                language=form.language.data, by=current_user, now=now(),
            )  # fmt: skip
        except CannotCreateUser as error:
            db.session.rollback()
            about_role = error.reason == "organisation_needed"
            blame(form.organisation if about_role else form.email, problem_words(error))
        else:
            db.session.commit()
            wake_worker()
            flash(_("The invitation is on its way to %(address)s.", address=user.email), "success")
            return redirect(url_for("accounts.users"))
    return render_template("accounts/invite.html", form=form)


@bp.route("/users/<int:user_id>", methods=["GET", "POST"])
@administrator
def user(user_id: int) -> ResponseReturnValue:
    """Show one person; change role and organisation."""
    person = _find(user_id)
    form = RoleForm(
        organisations=list(member_organisations()),
        role=person.role.value if person.role else None,
        organisation=str(person.organisation_id or ""),
    )
    if person.id != current_user.id:  # nobody is shown the form for themselves
        meet_changes(form, person)
    if form.validate_on_submit():
        role, organisation = form.chosen
        try:
            changed = change_role(person, role, organisation, by=current_user, now=now())
        except (CannotCreateUser, CannotChangeUser) as error:
            db.session.rollback()
            about_role = isinstance(error, CannotChangeUser)
            blame(form.role if about_role else form.organisation, problem_words(error))
        else:
            db.session.commit()
            message = _("Saved. The person has to log in again.") if changed else _("Nothing was different.")
            flash(message, "success" if changed else "info")
            return redirect(url_for("accounts.user", user_id=person.id))
    row = user_row(person, now=now())
    story = history_of(person, limit=50)
    return render_template("accounts/user.html", **_shown(form=form, row=row, person=person, story=story))


@bp.post("/users/<int:user_id>/invite")
@administrator
def invite_user_again(user_id: int) -> ResponseReturnValue:
    """Send another invitation; the link before ends."""
    person = _find(user_id)
    return _do(person, lambda: invite_again(person, by=current_user, now=now()),
               _("A new invitation is on its way; the earlier link no longer works."))  # fmt: skip


@bp.post("/users/<int:user_id>/close")
@administrator
def close(user_id: int) -> ResponseReturnValue:
    """End somebody's access."""
    person = _find(user_id)
    return _do(person, lambda: close_user(person, by=current_user, now=now()), _("The access was ended."))


@bp.post("/users/<int:user_id>/reopen")
@administrator
def reopen(user_id: int) -> ResponseReturnValue:
    """Open a closed account again."""
    person = _find(user_id)
    return _do(
        person, lambda: reopen_user(person, by=current_user, now=now()), _("The access was given back.")
    )


def _do(person: User, verb: Any, message: str) -> ResponseReturnValue:
    try:
        verb()
    except CannotChangeUser as error:
        db.session.rollback()
        flash(problem_words(error), "error")
    else:
        db.session.commit()
        wake_worker()
        flash(message, "success")
    return redirect(url_for("accounts.user", user_id=person.id))


def _find(user_id: int) -> User:
    person = db.session.get(User, user_id) if 0 < user_id < 2**31 else None
    if person is None:
        abort(404)
    return person
