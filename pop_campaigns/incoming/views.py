"""Pages of mail that came in: what was filed, what waits, one message; file it, put it aside, mark it as read."""

from __future__ import annotations

import io
from dataclasses import dataclass

from flask import Response, abort, flash, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_security import current_user

from pop_campaigns.accounts.guard import reader, writer
from pop_campaigns.accounts.rules import MAY_WRITE, RoleName
from pop_campaigns.accounts.scope import may_change
from pop_campaigns.core.clock import now
from pop_campaigns.core.dates import moment_words
from pop_campaigns.core.db import db
from pop_campaigns.core.i18n import in_language
from pop_campaigns.core.pages import paged
from pop_campaigns.incoming import proposal_views, queries
from pop_campaigns.incoming.blueprint import bp
from pop_campaigns.incoming.labels import HOW, KINDS, REVIEWS, STATE_MARKS, STATES
from pop_campaigns.incoming.matching import Match
from pop_campaigns.incoming.services import NothingSaid, file_by_hand, put_aside
from pop_campaigns.invitations.models import Invitation
from pop_campaigns.letters.models import LetterRecipient
from pop_campaigns.mail.addresses import show_address
from pop_campaigns.mail.models import IncomingLink, IncomingMail
from pop_campaigns.mail.rules import IncomingState

# The pages of proposed times register themselves with the blueprint.
__all__ = ["bp", "proposal_views"]


@dataclass(frozen=True)
class Place:
    """A record a mail belongs or may belong to, as a page names it."""

    link: IncomingLink
    words: str
    url: str
    how: str
    changeable: bool


@bp.get("")
@reader
def index() -> ResponseReturnValue:
    """What came in, by what became of it."""
    asked = request.args.get("show", "")
    state = IncomingState(asked) if asked in set(IncomingState) else None
    return render_template(
        "incoming/index.html",
        page=paged(queries.select_incoming(current_user, state)),
        counts=queries.count_incoming(current_user),
        state=state,
    )


@bp.get("/<int:number>")
@reader
def message(number: int) -> ResponseReturnValue:
    """One message: the new words, to what it belongs, why."""
    mail = _seen(number)
    places = [place for place in map(_place, mail.links) if place is not None]
    review = [REVIEWS[why] for why in _reviews(mail) if why in REVIEWS]
    return render_template(
        "incoming/message.html",
        mail=mail,
        filed=[place for place in places if not place.link.suggested],
        suggested=[place for place in places if place.link.suggested],
        review=review,
        may_change=_may_file(mail),
    )


@bp.get("/<int:number>/original")
@reader
def original(number: int) -> Response:
    """Give the message as it came, to be saved and never to run in our pages."""
    mail = _seen(number)
    answer = send_file(
        io.BytesIO(mail.raw),
        mimetype="application/octet-stream",
        as_attachment=True,
        download_name=f"{mail.id}.eml",
    )
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return answer


@bp.post("/<int:number>/file")
@writer
def file(number: int) -> ResponseReturnValue:
    """File a mail where it was suggested to belong."""
    mail = _changeable(number)
    wanted = request.form.get("link", "")
    link = next((one for one in mail.links if str(one.id) == wanted), None)
    place = _place(link) if link else None
    subject = queries.subject_of(link) if link else None
    if place is None or subject is None or not place.changeable:
        abort(404)
    file_by_hand(mail, Match(subject, "by_hand"), by=current_user, now=now())
    db.session.commit()
    flash(_("Filed: %(what)s", what=place.words), "success")
    return redirect(url_for("incoming.message", number=mail.id))


@bp.post("/<int:number>/aside")
@writer
def aside(number: int) -> ResponseReturnValue:
    """Put a mail aside, with the reason; it is not deleted."""
    mail = _changeable(number)
    try:
        put_aside(mail, request.form.get("reason", ""), by=current_user, now=now())
    except NothingSaid:
        flash(_("Say why it is put aside."), "error")
        return redirect(url_for("incoming.message", number=mail.id))
    db.session.commit()
    flash(_("Put aside. It stays here and can be filed later."), "success")
    return redirect(url_for("incoming.index", show="held"))


@bp.post("/<int:number>/read")
@writer
def read(number: int) -> ResponseReturnValue:
    """Mark a message as read, for everybody of the organisation."""
    mail = _changeable(number)
    mail.seen_at = mail.seen_at or now()
    db.session.commit()
    return redirect(url_for("incoming.message", number=mail.id))


def _seen(number: int) -> IncomingMail:
    mail = db.session.get(IncomingMail, number) if 0 < number < 2**31 else None
    everything = current_user.role in (RoleName.ADMINISTRATOR, RoleName.VIEWER)
    # Not get_visible: what is nobody's yet is for the administrators, not for every member.
    if mail is None or not (
        everything or (mail.organisation_id and mail.organisation_id == current_user.organisation_id)
    ):
        abort(404)
    return mail


def _changeable(number: int) -> IncomingMail:
    mail = _seen(number)
    if not _may_file(mail):
        abort(404)
    return mail


def _may_file(mail: IncomingMail) -> bool:
    return current_user.role in MAY_WRITE and may_change(mail)


def _place(link: IncomingLink) -> Place | None:
    subject, lang = queries.subject_of(link), str(get_locale() or "sq")
    how = str(HOW.get(link.how, link.how))
    if isinstance(subject, Invitation):
        event = subject.event
        words = f"{in_language(event, 'title', lang)} – {subject.shown_as}"
        return Place(link, words, url_for("desk.event", event_id=event.id), how, may_change(event))
    if isinstance(subject, LetterRecipient):
        letter = subject.letter
        words = f"{in_language(letter, 'subject', lang)} – {subject.shown_as}"
        return Place(link, words, url_for("letters.show", letter_id=letter.id), how, may_change(letter))
    return None  # the sent mail itself stands with its guest or letter


def _reviews(mail: IncomingMail) -> list[str]:
    return [reason.removeprefix("review: ") for reason in mail.reasons if reason.startswith("review: ")]


@bp.context_processor
def _words() -> dict[str, object]:
    lang = str(get_locale() or "sq")
    return {
        "KINDS": KINDS,
        "STATES": STATES,
        "STATE_MARKS": STATE_MARKS,
        "moment_words": lambda moment: moment_words(moment, lang),
        "show_address": show_address,
    }
