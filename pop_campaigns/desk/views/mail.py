"""Every message of the outbox: where it stands, what it says, each try; sending one again."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from flask import Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_security import current_user
from sqlalchemy import ColumnElement, and_, select

from pop_campaigns.accounts.guard import reader, writer
from pop_campaigns.accounts.scope import may_change
from pop_campaigns.accounts.views.undoable import say_sent, undoable
from pop_campaigns.core.clock import now
from pop_campaigns.core.db import db
from pop_campaigns.core.downloads import believed, give_file
from pop_campaigns.core.headers import framed_mail, with_frames
from pop_campaigns.core.pages import paged
from pop_campaigns.core.text import clean_line
from pop_campaigns.desk.blueprint import bp
from pop_campaigns.desk.queries.mail_about import (
    NOT_SENT_AGAIN,
    MailAbout,
    about_mails,
    receiver_words,
    why_not_again,
)
from pop_campaigns.desk.services import note_again
from pop_campaigns.desk.words.event_actions import in_full, in_short
from pop_campaigns.incoming.sight import sees_incoming
from pop_campaigns.invitations.sight import mails_of_work, seen_mail
from pop_campaigns.letters.services.clocks import settle_clock
from pop_campaigns.mail.compose import compose
from pop_campaigns.mail.message import MailParts, UnsafeMessage, message_bytes
from pop_campaigns.mail.models import IncomingMail, OutgoingMail
from pop_campaigns.mail.outbox import queue_again
from pop_campaigns.mail.queries import (
    SHELVES,
    copies_of,
    count_mails,
    like,
    locked_mail,
    select_mails,
    subject_of,
)
from pop_campaigns.mail.rules import MailState, SendingKind
from pop_campaigns.mail.secrets import HIDDEN, mask_secrets
from pop_campaigns.mail.wake_up import wake_worker
from pop_campaigns.mail.words.labels import mail_chip, refusal_words, trouble_words

PARTS = ("text", "html", "calendar", "source")


@bp.get("/mail")
@reader
def mail() -> ResponseReturnValue:
    """Show the messages of one's own work, by where they stand, searched by address or subject."""
    shelf, typed = (
        request.args.get("state", ""),
        mask_secrets(clean_line(request.args.get("q", "")[:1000])[:200]),
    )
    shelf = shelf if shelf in SHELVES else ""
    whose = mails_of_work(current_user)
    alike = _mail_among(whose, request.args.get("like", ""))
    if alike is not None:
        whose = and_(whose, like(alike))
    page = paged(select_mails(whose, shelf=shelf, typed=typed))
    return render_template(
        "desk/mail.html",
        page=page,
        shelf=shelf,
        typed=typed,
        alike=alike,
        counts=count_mails(whose, typed=typed),
        about=about_mails(page.items),
        **_words(),
    )


def _mail_among(whose: ColumnElement[bool], typed: str) -> OutgoingMail | None:
    """Return the mail whose like are asked for, if it is one of those to be seen."""
    if not re.fullmatch(r"[0-9]{1,9}", typed, re.ASCII):
        return None
    return db.session.scalar(select(OutgoingMail).where(whose, OutgoingMail.id == int(typed)))


@bp.get("/mail/<int:mail_id>")
@reader
def mail_message(mail_id: int) -> ResponseReturnValue:
    """Show one message: what it says, part by part, and every try to hand it over."""
    row = seen_mail(mail_id)
    part = request.args.get("part", "")
    about, copies = about_mails([row]).get(row.id), copies_of(row)
    may_send = may_change(row)
    parts, source = _written(row, with_source=may_send and part == "source")
    shown = [part for part in _parts_of(parts) if may_send or part != "source"]
    page = render_template(
        "desk/mail_message.html",
        mail=row,
        part=part if part in shown else "text",
        shown=shown,
        parts=parts,
        source=source,
        about=about,
        copies=copies,
        answers=_answered(row),
        original=db.session.get(OutgoingMail, row.again_of_id) if row.again_of_id else None,
        refused_again=_refusal(row, about, now()),
        hidden=HIDDEN if row.links else "",
        refusal_words=refusal_words,
        may_send=may_send,
        failed=MailState.FAILED,
        **_words(),
    )
    return with_frames(page)


@bp.get("/mail/<int:mail_id>/html")
@reader
def mail_html(mail_id: int) -> ResponseReturnValue:
    """Show the HTML of a message, for a frame without any rights."""
    parts = _written(seen_mail(mail_id))[0]
    if parts is None or not parts.html:
        abort(404)
    return framed_mail(parts.html)


@bp.get("/mail/<int:mail_id>/files/<int:number>")
@reader
def mail_file(mail_id: int, number: int) -> Response:
    """Show a file that goes with a message, counted from 1."""
    files = seen_mail(mail_id).skeleton.attachments
    if not 0 < number <= len(files):
        abort(404)
    chosen = files[number - 1]
    return give_file(chosen.content, chosen.name, believed(chosen.media_type))


@bp.post("/mail/<int:mail_id>/again")
@writer
def mail_again(mail_id: int) -> ResponseReturnValue:
    """Send a message again.

    The form says how many copies there were when it was shown, so that a second press finds one more and adds none.
    """
    if not may_change(seen_mail(mail_id)):
        abort(404)
    row = locked_mail(mail_id)
    if row is None:
        abort(404)
    copies, moment = copies_of(row), now()
    if copies and request.form.get("copies", str(len(copies))) != str(len(copies)):
        flash(_("This message was sent again already."), "info")
        return redirect(url_for("desk.mail_message", mail_id=copies[-1].id))
    about = about_mails([row]).get(row.id)
    refused = _refusal(row, about, moment)
    if refused:
        flash(refused, "warning")
        return redirect(url_for("desk.mail_message", mail_id=row.id))
    sending = undoable(SendingKind.AGAIN, row, has_form=False)
    again = queue_again(row, now=moment, sending=sending)
    note_again("mail.sent_again", row, about, by=current_user, now=moment)
    if about is not None and about.recipient is not None:
        db.session.flush()
        settle_clock(about.recipient, now=moment)
    db.session.commit()
    wake_worker()
    say_sent(_("The message to %(address)s goes out again.", address=row.to_address), again.sending)
    return redirect(url_for("desk.mail_message", mail_id=again.id))


def _answered(row: OutgoingMail) -> IncomingMail | None:
    """Return the message that a mail answers or passes on, where the person may read it."""
    mail = db.session.get(IncomingMail, row.incoming_mail_id) if row.incoming_mail_id else None
    return mail if mail is not None and sees_incoming(mail) else None


def _refusal(row: OutgoingMail, about: MailAbout | None, moment: datetime) -> str:
    reason = why_not_again(row, about, now=moment)
    return str(NOT_SENT_AGAIN[reason]) if reason else ""


def _written(row: OutgoingMail, *, with_source: bool = False) -> tuple[MailParts | None, str]:
    """Return the parts of a message with secrets masked, and its source if asked; None if it cannot be written."""
    try:
        parts = compose(row, reveal=False)
        source = message_bytes(parts).decode("utf-8", "replace") if with_source else ""
    except UnsafeMessage as unsafe:
        return None, mask_secrets(str(unsafe))
    return parts, source


def _parts_of(parts: MailParts | None) -> list[str]:
    if parts is None:
        return []
    there = {"text": True, "html": bool(parts.html), "calendar": bool(parts.calendar), "source": True}
    return [name for name in PARTS if there[name]]


def _words() -> dict[str, Any]:
    return {
        "mail_chip": mail_chip,
        "trouble_words": trouble_words,
        "in_short": in_short,
        "in_full": in_full,
        "receiver_words": receiver_words,
        "subject_of": subject_of,
    }
