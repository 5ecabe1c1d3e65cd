"""Which side each guest of a round table sits on."""

from __future__ import annotations

from collections.abc import Sequence

from flask import abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_security import current_user
from wtforms import SelectField
from wtforms.fields.choices import SelectChoice

from pop_campaigns.accounts.guard import writer
from pop_campaigns.accounts.scope import get_changeable
from pop_campaigns.core.clock import now
from pop_campaigns.core.db import db
from pop_campaigns.core.forms import Form
from pop_campaigns.core.meanwhile import meet_changes
from pop_campaigns.events.models.events import Event
from pop_campaigns.events.queries.details import sides_of
from pop_campaigns.invitations.blueprint import bp
from pop_campaigns.invitations.models.invitations import Invitation
from pop_campaigns.invitations.queries.guests import answers_for
from pop_campaigns.invitations.queries.shown_guests import in_sight
from pop_campaigns.invitations.rules.invitations import InvitationState
from pop_campaigns.invitations.services.guests import set_sides


@bp.route("/events/<int:event_id>/sides", methods=["GET", "POST"])
@writer
def sides(event_id: int) -> ResponseReturnValue:
    """Give the guests of a round table their sides."""
    event = get_changeable(Event, event_id)
    names = sides_of(event)
    if not names:
        abort(404)
    shown = in_sight(answers_for(event), current_user).rows
    guests = [row.invitation for row in shown if row.invitation.state is not InvitationState.WITHDRAWN]
    form = _form_of(guests, names)
    meet_changes(form, event)
    if not form.validate_on_submit():
        page = render_template("invitations/sides.html", event=event, form=form, guests=guests, names=names)
        return page, 422 if form.errors else 200
    set_sides(
        event, [(guest, form[_name_of(guest)].data or "") for guest in guests], by=current_user, now=now()
    )
    db.session.commit()
    flash(_("The sides are saved."), "success")
    return redirect(url_for("invitations.sides", event_id=event.id))


def _name_of(guest: Invitation) -> str:
    return f"side_{guest.id}"


def _form_of(guests: Sequence[Invitation], names: Sequence[str]) -> Form:
    """Return a form with one choice for each guest; a side that is no longer offered stays with who has it."""
    fields = {}
    for guest in guests:
        offered = list(dict.fromkeys([*names, *([guest.side] if guest.side else [])]))
        choices = [SelectChoice("", _("No side")), *(SelectChoice(side, side) for side in offered)]
        fields[_name_of(guest)] = SelectField(guest.shown_as, choices=choices)
    kind = type("SidesForm", (Form,), fields)
    return kind(data={_name_of(guest): guest.side for guest in guests})
