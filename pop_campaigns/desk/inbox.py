"""The local mailbox: what the embedded mail server took, as its receivers would see it. In try-out only."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from flask import Response, abort, current_app, render_template, request
from flask.typing import ResponseReturnValue
from flask_security import current_user
from markupsafe import Markup, escape
from sqlalchemy import select

from pop_campaigns.accounts.guard import writer
from pop_campaigns.accounts.rules import RoleName
from pop_campaigns.accounts.scope import own
from pop_campaigns.core.db import db
from pop_campaigns.core.headers import framed_mail, with_frames
from pop_campaigns.core.pages import ROWS, Page, page_number
from pop_campaigns.desk.blueprint import bp
from pop_campaigns.desk.downloads import give_file
from pop_campaigns.desk.moments import in_full, in_short
from pop_campaigns.mail.local_mailbox import (
    DeliveredLine,
    DeliveredMail,
    NoSuchMail,
    count_delivered,
    list_delivered,
    read_delivered,
)
from pop_campaigns.mail.models import OutgoingMail

# A coordinator's own mails are picked out one by one; older ones than so many are not looked for.
LOOKED_THROUGH = 400
_LINK = re.compile(r"https?://[^\s<>\"'`]{1,2000}")
_AFTER_LINK = ".,;:!?)]}»”"


@bp.get("/mail/local")
@writer
def inbox() -> ResponseReturnValue:
    """List what the local mail server took, the newest first; of other organisations' mail nothing."""
    page = _lines(_folder())
    return render_template("desk/inbox.html", page=page, in_short=in_short)


@bp.get("/mail/local/<name>")
@writer
def inbox_message(name: str) -> ResponseReturnValue:
    """One delivered message with its real links, so that one can answer as the guest."""
    mail = _delivered(name)
    shown = [part for part in ("text", "html", "calendar") if getattr(mail, part)] + ["source"]
    part = request.args.get("part", "")
    page = render_template(
        "desk/inbox_message.html",
        mail=mail,
        name=name,
        shown=shown,
        part=part if part in shown else shown[0],
        text=linkify(mail.text),
        source=mail.raw.decode("utf-8", "replace"),
        guest_links=guest_links(mail.text or mail.html),
        in_full=in_full,
    )
    return with_frames(page)


@bp.get("/mail/local/<name>/html")
@writer
def inbox_html(name: str) -> Response:
    """The HTML of a delivered message, for a frame without any rights."""
    mail = _delivered(name)
    if not mail.html:
        abort(404)
    return framed_mail(mail.html)


@bp.get("/mail/local/<name>/files/<int:number>")
@writer
def inbox_file(name: str, number: int) -> Response:
    """A file of a delivered message, counted from 1."""
    files = _delivered(name).attachments
    if not 0 < number <= len(files):
        abort(404)
    chosen = files[number - 1]
    return give_file(chosen.name, chosen.media_type, chosen.content)


def linkify(text: str) -> Markup:
    """Give plain text as HTML in which web addresses can be pressed, and nothing else is anything but text."""
    pieces, at = [], 0
    for found in _LINK.finditer(text):
        address = found[0].rstrip(_AFTER_LINK)
        pieces += [escape(text[at : found.start()]), _link(address)]
        at = found.start() + len(address)
    return Markup("").join([*pieces, escape(text[at:])])


def guest_links(text: str) -> list[str]:
    """Give the personal answer links of this service in a message."""
    start = f"{current_app.config['BASE_URL']}/a/"
    found = re.findall(re.escape(start) + r"[A-Za-z0-9_-]{20,100}", text)
    return list(dict.fromkeys(found))


def _link(address: str) -> Markup:
    return Markup('<a href="{0}" rel="noopener noreferrer">{0}</a>').format(address)


def _folder() -> Path:
    if not current_app.config["MAIL_LOCAL"]:
        abort(404)
    return Path(current_app.config["MAIL_KEEP_FOLDER"])


def _lines(folder: Path) -> Page:
    if current_user.role is RoleName.ADMINISTRATOR:
        total = count_delivered(folder)
        number = min(page_number(), max(1, -(-total // ROWS)))
        return Page(list_delivered(folder, ROWS, (number - 1) * ROWS), number, total)
    lines = _own_lines(list_delivered(folder, LOOKED_THROUGH))
    number = min(page_number(), max(1, -(-len(lines) // ROWS)))
    return Page(lines[(number - 1) * ROWS : number * ROWS], number, len(lines))


def _own_lines(lines: Sequence[DeliveredLine]) -> list[DeliveredLine]:
    names = {line.message_id for line in lines if line.message_id}
    wanted = select(OutgoingMail.message_id).where(
        own(OutgoingMail, current_user), OutgoingMail.message_id.in_(names)
    )
    mine = set(db.session.scalars(wanted))
    return [line for line in lines if line.message_id in mine]


def _delivered(name: str) -> DeliveredMail:
    try:
        mail = read_delivered(_folder(), name)
    except NoSuchMail:
        abort(404)
    if current_user.role is not RoleName.ADMINISTRATOR and not _own_lines([mail.line]):
        abort(404)
    return mail
