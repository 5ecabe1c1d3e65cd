"""Pages that do something with the guests that are ticked on an event's page."""

from __future__ import annotations

from flask import Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_security import current_user

from pop_campaigns.accounts.guard import writer
from pop_campaigns.accounts.scope import get_changeable
from pop_campaigns.accounts.views.undoable import say_sent, undoable
from pop_campaigns.contacts.views.listing import MEDIA_TYPES
from pop_campaigns.contacts.words.files import write_csv, write_xlsx
from pop_campaigns.core.clock import now
from pop_campaigns.core.db import db
from pop_campaigns.core.handing_out import hand_out
from pop_campaigns.core.headers import with_frames
from pop_campaigns.core.i18n import current_language
from pop_campaigns.core.meanwhile import is_as_seen, seen_versions
from pop_campaigns.desk.blueprint import bp
from pop_campaigns.desk.words.guest_lines import HEADS, guest_line
from pop_campaigns.events.models.events import Event
from pop_campaigns.invitations.forms import NoticeWordsForm
from pop_campaigns.invitations.models.invitations import Invitation
from pop_campaigns.invitations.queries.guests import GuestRow, answers_for, mails_of, withdrawal_told
from pop_campaigns.invitations.queries.shown_guests import in_sight
from pop_campaigns.invitations.rules.invitations import InvitationState
from pop_campaigns.invitations.services.sending import withdraw_guests as withdraw_all
from pop_campaigns.invitations.views.guest_list import chosen_rows
from pop_campaigns.invitations.views.notice_words import Notice, notice_page
from pop_campaigns.mail.rules import SendingKind
from pop_campaigns.mail.wake_up import wake_worker


@bp.route("/events/<int:event_id>/guests/withdraw", methods=["GET", "POST"])
@writer
def withdraw_guests(event_id: int) -> ResponseReturnValue:
    """Ask the ticked guests no longer. Which they are stands in the address, as on the page one comes from."""
    event = get_changeable(Event, event_id)
    guests = [guest for guest in _ticked(event) if guest.state is not InvitationState.WITHDRAWN]
    if not guests:
        flash(_("Nobody was ticked whose invitation could be withdrawn."), "info")
        return redirect(url_for("desk.event", event_id=event_id))
    form = NoticeWordsForm()
    if request.method != "POST":
        return _withdraw_page(event, guests, form)
    if not form.validate():
        return _withdraw_page(event, guests, form), 422
    if not is_as_seen(*guests, told_of=event):
        return _withdraw_page(event, guests, form), 409
    number = len(guests)
    asked = any(guest.state is InvitationState.INVITED for guest in guests)
    sending = undoable(SendingKind.WITHDRAWAL, event) if asked else None
    told = withdraw_all(event, guests, by=current_user, now=now(), sending=sending, words=form.words)
    db.session.commit()
    if told:
        wake_worker()
    words = ngettext("%(num)s invitation is withdrawn.", "%(num)s invitations are withdrawn.", number)
    say_sent(words, sending)
    return redirect(url_for("desk.event", event_id=event_id))


@bp.get("/events/<int:event_id>/guests/export")
@writer
def export_guests(event_id: int) -> str:
    """Say what the file holds before it is taken along: the ticked guests, or all of the list."""
    event = get_changeable(Event, event_id)
    return render_template(
        "desk/export_guests.html",
        event=event,
        number=len(_ticked_or_all(event)),
        query=request.query_string.decode(),
    )


@bp.post("/events/<int:event_id>/guests.<any(csv, xlsx):ending>")
@writer
def guests_file(event_id: int, ending: str) -> ResponseReturnValue:
    """Return the guests as a table, and note who took it."""
    event, lang = get_changeable(Event, event_id), current_language()
    lines = [guest_line(row, lang) for row in _ticked_or_all(event)]
    heads = [str(head) for head in HEADS]
    content = write_csv(heads, lines) if ending == "csv" else write_xlsx(str(_("Guests")), heads, lines)
    answer = hand_out(
        content, MEDIA_TYPES[ending], f"guests-{event.id}.{ending}",
        action="event.guests_exported", subject=event, by=current_user, now=now(),
        form=ending, rows=len(lines), number=len(lines),
    )  # fmt: skip
    db.session.commit()
    return answer


def _ticked_or_all(event: Event) -> list[GuestRow]:
    rows = in_sight(answers_for(event), current_user).rows
    return chosen_rows(rows) or rows


def _ticked(event: Event) -> list[Invitation]:
    """Return the ticked guests whom the user may see, and so may do something with."""
    return [row.invitation for row in chosen_rows(in_sight(answers_for(event), current_user).rows)]


def _withdraw_page(event: Event, guests: list[Invitation], form: NoticeWordsForm) -> Response:
    asked = [guest for guest in guests if guest.state is InvitationState.INVITED]
    told = withdrawal_told(event, asked, mails_of(asked), now=now())
    page = render_template(
        "desk/withdraw_guests.html",
        event=event,
        guests=guests,
        version=seen_versions(*guests),
        told=len(told),
        untold=len(asked) - len(told),
        drafts=len(guests) - len(asked),
        **notice_page(form, [(guest, Notice.WITHDRAWAL) for guest in told]),
    )
    return with_frames(page)
