"""Originals of mail that came in: they hold our secrets unmasked, so they go only to those who may use them anyway.

That is who may change every guest and letter a mail belongs to; what is nobody's yet is for the administrators. Each
download stands in the history, so it is a POST: looking at an address changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask import Response, abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_security import current_user
from sqlalchemy import or_, select

from pop_campaigns.accounts.guard import reader, writer
from pop_campaigns.accounts.rules.roles import MAY_WRITE, RoleName
from pop_campaigns.accounts.scope import may_change
from pop_campaigns.core.clock import now
from pop_campaigns.core.db import db
from pop_campaigns.core.downloads import give_file
from pop_campaigns.core.file_kinds import ENDINGS, is_document
from pop_campaigns.core.files import clean_file_name
from pop_campaigns.core.history import History, history_of, note
from pop_campaigns.core.tokens import hash_token
from pop_campaigns.incoming.blueprint import bp, seen_mail
from pop_campaigns.incoming.scope import subject_of
from pop_campaigns.incoming.services.uploads import NotAMail, check_message
from pop_campaigns.invitations.models.invitations import Invitation
from pop_campaigns.letters.models import LetterRecipient
from pop_campaigns.mail.models import IncomingMail, OutgoingMail
from pop_campaigns.mail.reading.limits import attachment_under_limits
from pop_campaigns.mail.rules import IncomingWay
from pop_campaigns.mail.secrets import has_secrets, mask_secrets, secrets_in

DOWNLOADED = "incoming.original_downloaded"
_MAIL_TYPES = ("message/", "text/calendar", "application/ics")
_MAIL_ENDINGS = (".eml", ".ics", ".msg", ".mht", ".mhtml")


@bp.post("/<int:number>/original")
@writer
def original(number: int) -> Response:
    """Return the message as it came, to be saved and never to run in our pages; note who took it."""
    mail = seen_mail(number)
    if not may_open(mail) or not _all_changeable(secrets_in(mail.raw)):
        abort(404)
    return _recorded(mail, mail.raw, f"{mail.id}.eml")


@bp.route("/<int:number>/attachments/<int:which>", methods=["GET", "POST"])
@reader
def attachment(number: int, which: int) -> ResponseReturnValue:
    """Return a file that came with a message, to be saved; with POST also one that holds secrets of ours, and note that."""
    mail = seen_mail(number)
    content = attachment_under_limits(mail.raw, which) if which < len(mail.attachments) else None
    if content is None or (request.method == "POST" and not may_open(mail)):
        abort(404)
    listed = mail.attachments[which]
    name = mask_secrets(listed["name"]) or f"{mail.id}-{which + 1}"
    if request.method == "POST":
        if not _all_changeable(secrets_in(content)):
            abort(404)
        return _recorded(mail, content, name)
    if may_hold_secrets(listed) or _holds_secrets(content, name):
        if not may_open(mail):
            abort(404)
        flash(
            _("This file holds personal links or addresses. Press its button to save it; that is noted."),
            "info",
        )
        return redirect(url_for("incoming.message", number=mail.id, file=which))
    return give_file(content, name)


def may_open(mail: IncomingMail) -> bool:
    """Return whether the person may have a mail as it came; whoever brought it by hand knows it."""
    if current_user.role is RoleName.ADMINISTRATOR:
        return True
    if current_user.role not in MAY_WRITE:
        return False
    subjects = [subject_of(link) for link in mail.links if not link.suggested]
    brought = mail.way is IncomingWay.UPLOAD and may_change(mail)
    return (bool(subjects) or brought) and all(
        subject is not None and _is_changeable(subject) for subject in subjects
    )


def may_hold_secrets(listed: dict[str, Any]) -> bool:
    """Return whether a file claims to be a message or an invitation, which carry secrets encoded."""
    name, kind = str(listed["name"]).lower(), str(listed["type"]).lower()
    return kind.startswith(_MAIL_TYPES) or name.endswith(_MAIL_ENDINGS)


def kept_files(mail: IncomingMail) -> list[tuple[int, str]]:
    """Return the files of a message that are of a kind we keep and hold no secrets by their look: number and name."""
    return [
        (number, mask_secrets(listed["name"]))
        for number, listed in enumerate(mail.attachments)
        if not may_hold_secrets(listed) and str(listed["name"]).lower().endswith(ENDINGS)
    ]


def file_of(mail: IncomingMail, number: int) -> bytes | None:
    """Return the content of one of :func:`kept_files`; None if there is none, or it does hold secrets."""
    if number not in dict(kept_files(mail)):
        return None
    content = attachment_under_limits(mail.raw, number)
    return None if content is None or _holds_secrets(content, mail.attachments[number]["name"]) else content


def downloads_of(mail: IncomingMail) -> list[History]:
    """Return who took the original, or a file of it, newest first."""
    return [row for row in history_of(mail) if row.action == DOWNLOADED]


def _holds_secrets(content: bytes, name: str) -> bool:
    """Return whether a file holds secrets, or may: what is neither a document nor plain text is not looked into."""
    if has_secrets(content) or has_secrets(content.replace(b"\0", b"")):
        return True
    if is_document(content, clean_file_name(name)):
        return False
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return True
    try:
        check_message(content)
    except NotAMail:
        return b"BEGIN:VCALENDAR" in content.upper()
    return True


def _all_changeable(secrets: Iterable[str]) -> bool:
    """Return whether every record that one of these secrets opens is one the person may change."""
    words = list(secrets)[:5000]
    for start in range(0, len(words), 400):
        some = words[start : start + 400]
        hashes, low = [hash_token(word) for word in some], [word.lower() for word in some]
        by_guest = or_(Invitation.reply_local.in_(low), Invitation.token_hash.in_(hashes))
        rows: list[Any] = [
            *db.session.scalars(select(Invitation).where(by_guest)).unique(),
            *db.session.scalars(select(LetterRecipient).where(LetterRecipient.reply_local.in_(low))).unique(),
            *db.session.scalars(select(OutgoingMail).where(OutgoingMail.bounce_local.in_(low))),
        ]
        if not all(_is_changeable(row) for row in rows):
            return False
    return True


def _is_changeable(subject: Invitation | LetterRecipient | OutgoingMail) -> bool:
    if isinstance(subject, Invitation):
        return may_change(subject.event)
    return may_change(subject.letter if isinstance(subject, LetterRecipient) else subject)


def _recorded(mail: IncomingMail, content: bytes, name: str) -> Response:
    note(DOWNLOADED, mail, by=current_user, now=now(), file=name, organisation_id=mail.organisation_id)
    answer = give_file(content, name)
    db.session.commit()
    return answer
