"""The local mailbox: what the embedded mail server took, as its receivers would see it. In try-out only."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from flask import (
    Response,
    abort,
    current_app,
    flash,
    has_request_context,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_security import current_user
from sqlalchemy import select

from pop_campaigns.accounts.guard import writer
from pop_campaigns.accounts.rules.roles import RoleName
from pop_campaigns.core.db import db
from pop_campaigns.core.downloads import believed, give_file
from pop_campaigns.core.headers import framed_mail, with_frames
from pop_campaigns.core.pages import Page, paged_entries
from pop_campaigns.desk.words.event_actions import in_full, in_short
from pop_campaigns.invitations.sight import mails_of_work
from pop_campaigns.mail.models import OutgoingMail
from pop_campaigns.tryout.blueprint import bp
from pop_campaigns.tryout.guest_answers import hand_in
from pop_campaigns.tryout.local_mailbox import (
    DeliveredLine,
    DeliveredMail,
    NoSuchMail,
    count_delivered,
    find_delivered,
    list_delivered,
    read_delivered,
)
from pop_campaigns.tryout.views.as_guest import ANSWERS, AnswerForms, compose_answer, forms_of, said_sent

# A coordinator's own mails are picked out one by one; older ones than so many are not looked for.
LOOKED_THROUGH = 400
_PRESSED, _PRESSES_KEPT = "pressed_as_guest", 20
_LINK = re.compile(r"https?://[^\s<>\"'`]{1,2000}")
_AFTER_LINK = ".,;:!?)]}»”"


@bp.get("/mail/local")
@writer
def inbox() -> ResponseReturnValue:
    """List what the local mail server took, the newest first; of other organisations' mail nothing."""
    page = _lines(_folder())
    return render_template("tryout/inbox.html", page=page, in_short=in_short)


@bp.get("/mail/local/<name>")
@writer
def inbox_message(name: str) -> ResponseReturnValue:
    """Show one delivered message with its real links, so that one can answer as the guest."""
    mail = delivered(name)
    return show_delivered(mail, name, forms_of(mail))


@bp.post("/mail/local/<name>/answer")
@writer
def answer_as_guest(name: str) -> ResponseReturnValue:
    """Send what the receiver's program would send, the whole way: mail server, intake, worker."""
    mail, what = delivered(name), request.form.get("what", "")
    answers = forms_of(mail, "calendar" if what in ANSWERS else what)
    form = answers.forms.get(answers.open)
    if form is None:
        flash(_("This message cannot be answered like that."), "warning")
        return redirect(url_for("tryout.inbox_message", name=name))
    sent = compose_answer(answers.receiver, what, form, answers.press) if form.validate() else None
    if sent is None:
        return show_delivered(mail, name, answers), 422
    if answers.press.nonce in session.get(_PRESSED, []):
        flash(_("That was sent already."), "info")
        return redirect(url_for("tryout.inbox_message", name=name))
    try:
        hand_in(sent, current_app.config["MAIL_SERVER"], current_app.config["MAIL_PORT"])
    except OSError:
        flash(_("The local mail server does not take it now. Please try again in a moment."), "error")
        return show_delivered(mail, name, answers), 503
    session[_PRESSED] = [*session.get(_PRESSED, []), answers.press.nonce][-_PRESSES_KEPT:]
    flash(said_sent(mail), "success")
    return redirect(url_for("tryout.inbox_message", name=name))


def show_delivered(mail: DeliveredMail, name: str, answers: AnswerForms) -> Response:
    """Return the page of a delivered message, with the forms to answer it."""
    shown = [part for part in ("text", "html", "calendar") if getattr(mail, part)] + ["source"]
    part = request.args.get("part", "")
    page = render_template(
        "tryout/inbox_message.html",
        mail=mail,
        name=name,
        shown=shown,
        part=part if part in shown else shown[0],
        pieces=pieces_of(mail.text),
        source=mail.raw.decode("utf-8", "replace"),
        guest_links=guest_links(mail.text or mail.html),
        answers=answers,
        in_full=in_full,
    )
    return with_frames(page)


@bp.get("/mail/local/<name>/html")
@writer
def inbox_html(name: str) -> Response:
    """Show the HTML of a delivered message, for a frame without any rights."""
    mail = delivered(name)
    if not mail.html:
        abort(404)
    return framed_mail(mail.html)


@bp.get("/mail/local/<name>/files/<int:number>")
@writer
def inbox_file(name: str, number: int) -> Response:
    """Show a file of a delivered message, counted from 1."""
    files = delivered(name).attachments
    if not 0 < number <= len(files):
        abort(404)
    chosen = files[number - 1]
    return give_file(chosen.content, chosen.name, believed(chosen.media_type))


def delivered_url(mail: OutgoingMail) -> str:
    """Return the page on which the local mailbox shows a sent mail; "" where it has none, or mail is not kept here."""
    if not current_app.config["MAIL_LOCAL"] or mail.sent_at is None:
        return ""
    name = find_delivered(_folder(), mail.message_id, mail.sent_at)
    return url_for("tryout.inbox_message", name=name) if name else ""


def inbox_url() -> str:
    """Return where one sees what the local mail server took; "" where mail is handed to a real one."""
    return url_for("tryout.inbox") if current_app.config["MAIL_LOCAL"] and has_request_context() else ""


def pieces_of(text: str) -> list[tuple[str, bool]]:
    """Return plain text in pieces, each with whether it is a web address that can be pressed."""
    pieces, at = [], 0
    for match in _LINK.finditer(text):
        address = match[0].rstrip(_AFTER_LINK)
        pieces += [(text[at : match.start()], False), (address, True)]
        at = match.start() + len(address)
    return [*pieces, (text[at:], False)]


def guest_links(text: str) -> list[str]:
    """Return the personal answer links of this service in a message."""
    start = f"{current_app.config['BASE_URL']}/a/"
    links = re.findall(re.escape(start) + r"[A-Za-z0-9_-]{20,100}(?:/dates)?", text)
    return list(dict.fromkeys(links))


def _folder() -> Path:
    return Path(current_app.config["MAIL_KEEP_FOLDER"])


def _lines(folder: Path) -> Page:
    if current_user.role is RoleName.ADMINISTRATOR:
        return Page(partial(list_delivered, folder), count_delivered(folder))
    return paged_entries(_own_lines(list_delivered(folder, LOOKED_THROUGH)))


def _own_lines(lines: Sequence[DeliveredLine]) -> list[DeliveredLine]:
    names = {line.message_id for line in lines if line.message_id}
    own_mails = select(OutgoingMail.message_id).where(
        mails_of_work(current_user), OutgoingMail.message_id.in_(names)
    )
    mine = set(db.session.scalars(own_mails))
    return [line for line in lines if line.message_id in mine]


def delivered(name: str) -> DeliveredMail:
    """Return a delivered message the person may see, else 404."""
    try:
        mail = read_delivered(_folder(), name)
    except NoSuchMail:
        abort(404)
    if current_user.role is not RoleName.ADMINISTRATOR and not _own_lines([mail.line]):
        abort(404)
    return mail
