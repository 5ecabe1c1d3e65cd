"""The list of mail that came in, to be worked off from its top, and what is done with several at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_security import current_user

from pop_campaigns.accounts.guard import reader, writer
from pop_campaigns.accounts.rules.roles import MAY_WRITE
from pop_campaigns.core.clock import now
from pop_campaigns.core.db import db
from pop_campaigns.core.numbers import row_number
from pop_campaigns.core.pages import ROWS, paged
from pop_campaigns.core.text import clean_line
from pop_campaigns.follow_ups.queries.follow_ups import next_reminders
from pop_campaigns.incoming.blueprint import bp, may_file, place_of_subject
from pop_campaigns.incoming.queries.deeds import deeds_of
from pop_campaigns.incoming.queries.work_list import (
    ALL,
    SHELVES,
    TO_DO,
    count_shelves,
    places_of,
    select_shelf,
)
from pop_campaigns.incoming.services.filing import NothingSaid, put_aside
from pop_campaigns.incoming.services.recording import mark_read
from pop_campaigns.incoming.sight import sees_incoming
from pop_campaigns.incoming.words.deeds import deed_words, is_unread, work_chip
from pop_campaigns.mail.models import IncomingMail
from pop_campaigns.mail.rules import IncomingKind, IncomingState
from pop_campaigns.mail.secrets import mask_secrets


@bp.get("")
@reader
def index() -> ResponseReturnValue:
    """Show what came in: first what is still to do, else by what became of it, searched by ``words``."""
    return _page()


@bp.post("/several")
@writer
def several() -> ResponseReturnValue:
    """Mark the chosen messages as read, or put them aside for one reason; those of others stay as they are."""
    chosen = [row_number(ident) for ident in request.form.getlist("mail")[: 4 * ROWS]]
    rows = [db.session.get(IncomingMail, ident) for ident in dict.fromkeys(chosen) if ident is not None]
    mails = [mail for mail in rows if mail is not None and sees_incoming(mail) and may_file(mail)]
    if not mails:
        return _page(_("Choose at least one message."))
    if request.form.get("do") == "aside":
        return _aside(mails)
    fresh = mark_read([mail for mail in mails if is_unread(mail) and _is_filed(mail)], now=now())
    db.session.commit()
    if fresh:
        flash(
            ngettext("%(num)d message marked as read.", "%(num)d messages marked as read.", fresh), "success"
        )
    else:
        flash(_("None of these waits to be read. What waits to be filed is filed on its own page."), "info")
    return redirect(url_for("incoming.index", **kept()))


def _aside(mails: Sequence[IncomingMail]) -> ResponseReturnValue:
    """Put those aside that wait to be filed; what lies where it belongs stays there, and is read."""
    held = [mail for mail in mails if mail.state is IncomingState.HELD]
    try:
        for mail in held:
            put_aside(mail, clean_line(request.form.get("reason", "")), by=current_user, now=now())
    except NothingSaid:
        db.session.rollback()
        return _page(_("Say why they are put aside."))
    fresh = mark_read([mail for mail in mails if _is_filed(mail) and is_unread(mail)], now=now())
    db.session.commit()
    if held:
        flash(ngettext("%(num)d message put aside.", "%(num)d messages put aside.", len(held)), "success")
    if fresh:
        words = ngettext(
            "%(num)d message stays where it is filed and is marked as read.",
            "%(num)d messages stay where they are filed and are marked as read.",
            fresh,
        )
        flash(words, "info")
    if not (held or fresh):
        flash(_("Nothing was changed: none of these is still to do."), "info")
    return redirect(url_for("incoming.index", **kept()))


def _is_filed(mail: IncomingMail) -> bool:
    return mail.state is IncomingState.MATCHED and mail.kind in (IncomingKind.HUMAN, IncomingKind.CALENDAR)


def _page(problem: str = "") -> ResponseReturnValue:
    # Who only reads has nothing to do here.
    first = TO_DO if current_user.role in MAY_WRITE else ALL
    shelf, typed = kept().get("show", first), kept().get("words", "")
    page = paged(select_shelf(current_user, shelf, typed))
    places = places_of(page.items, current_user)
    deeds = deeds_of([mail.id for mail in page.items], current_user)
    shown = render_template(
        "incoming/index.html",
        page=page,
        counts=count_shelves(current_user, typed),
        shelf=shelf,
        typed=typed,
        about={ident: _about(there) for ident, there in places.items()},
        chips={mail.id: work_chip(mail, deeds.get(mail.id, [])) for mail in page.items},
        became={ident: deed_words(done[-1]) for ident, done in deeds.items()},
        reminders=next_reminders(IncomingMail.__tablename__, [mail.id for mail in page.items], current_user),
        is_unread=is_unread,
        may_write=current_user.role in MAY_WRITE,
        problem=problem,
        ticked=set(request.form.getlist("mail")) if problem else set(),
        reason=clean_line(request.form.get("reason", "")) if problem else "",
    )
    return shown, 422 if problem else 200


def _about(places: Sequence[Any]) -> tuple[str, bool]:
    """Return what a mail is about in words, and whether that is only suggested."""
    link, subject = places[0]
    return place_of_subject(subject)[0], link.suggested


def kept() -> dict[str, Any]:
    """Return the part of the list one came from, to be carried on in addresses: its shelf and the words searched for."""
    shelf = request.args.get("show", "")
    typed = mask_secrets(clean_line(request.args.get("words", "")[:1000])[:200])
    carried = {"show": shelf if shelf in SHELVES else "", "words": typed}
    return {name: value for name, value in carried.items() if value}


def way_back() -> str:
    """Return the address of the list a message was opened from, all of it where it was opened from elsewhere."""
    return url_for("incoming.index", **({"show": ALL} | kept()))
