"""Pages of mail that came in: what was filed, what waits, one message; file it, put it aside, mark it as read."""

from __future__ import annotations

from dataclasses import dataclass

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_security import current_user

from pop_campaigns.accounts.guard import reader, writer
from pop_campaigns.accounts.rules.roles import MAY_WRITE
from pop_campaigns.core.clock import now
from pop_campaigns.core.dates import moment_words
from pop_campaigns.core.db import db
from pop_campaigns.core.i18n import current_language
from pop_campaigns.core.pages import paged
from pop_campaigns.core.text import clean_line
from pop_campaigns.incoming.blueprint import bp, changeable_mail, may_file, place_of_subject, seen_mail
from pop_campaigns.incoming.queries import incoming as queries
from pop_campaigns.incoming.queries.places import find_places
from pop_campaigns.incoming.scope import subject_of
from pop_campaigns.incoming.services.filing import NothingSaid, file_by_hand, put_aside
from pop_campaigns.incoming.services.matching import Match
from pop_campaigns.incoming.sight import sees_subject
from pop_campaigns.incoming.views import originals
from pop_campaigns.incoming.words.labels import HOW, KINDS, STATE_CHIPS
from pop_campaigns.invitations.models import Invitation
from pop_campaigns.mail.addresses import show_address
from pop_campaigns.mail.models import IncomingLink, IncomingMail, OutgoingMail
from pop_campaigns.mail.rules import IncomingKind, IncomingState
from pop_campaigns.mail.secrets import mask_secrets


@dataclass(frozen=True)
class FoundPlace:
    """A guest or a recipient that was looked for: what the button sends, its name, its page."""

    key: str
    words: str
    url: str


@dataclass(frozen=True)
class Place:
    """A record a mail belongs or may belong to, as a page names it."""

    link: IncomingLink
    words: str
    url: str
    how: str
    changeable: bool
    by_hand: str = ""


@bp.get("")
@reader
def index() -> ResponseReturnValue:
    """Show what came in, by what became of it."""
    asked = request.args.get("show", "")
    state = IncomingState(asked) if asked in set(IncomingState) else None
    return render_template(
        "incoming/index.html",
        page=paged(queries.select_incoming(current_user, state)),
        counts=queries.count_incoming(current_user),
        state=state,
        may_write=current_user.role in MAY_WRITE,
    )


@bp.get("/<int:number>")
@reader
def message(number: int) -> ResponseReturnValue:
    """Show one message: the new words, to what it belongs, why; where it may be filed, by the words typed in ``q``."""
    mail = seen_mail(number)
    typed = mask_secrets(clean_line(request.args.get("q", "")[:1000])[:200])
    places = [place for place in map(_place, mail.links) if place is not None]
    return render_template(
        "incoming/message.html",
        mail=mail,
        filed=[place for place in places if not place.link.suggested],
        suggested=[place for place in places if place.link.suggested],
        may_change=may_file(mail),
        may_open=originals.may_open(mail),
        may_hold_secrets=originals.may_hold_secrets,
        asked_file=request.args.get("file", ""),
        downloads=originals.downloads_of(mail) if originals.may_open(mail) else [],
        may_take_back=mail.state is IncomingState.IGNORED or any(_is_by_hand(link) for link in mail.links),
        quoted=mail.body if mail.body.strip() != mail.text.strip() else "",
        typed=typed,
        found=_found_places(mail, typed) if typed and may_file(mail) else [],
    )


@bp.post("/<int:number>/file")
@writer
def file(number: int) -> ResponseReturnValue:
    """File a mail where it was suggested to belong."""
    mail = changeable_mail(number)
    wanted = request.form.get("link", "")
    link = next((link for link in mail.links if str(link.id) == wanted), None)
    place = _place(link) if link else None
    subject = subject_of(link) if link else None
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
    mail = changeable_mail(number)
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
    mail = changeable_mail(number)
    mail.seen_at = mail.seen_at or now()
    db.session.commit()
    return redirect(url_for("incoming.message", number=mail.id))


def _place(link: IncomingLink) -> Place | None:
    subject = subject_of(link)
    if subject is None or isinstance(subject, OutgoingMail) or not sees_subject(subject):
        return None  # the sent mail itself stands with its guest or letter
    words, url, changeable = place_of_subject(subject)
    by_hand = (
        url_for("invitations.by_hand", invitation_id=subject.id) if isinstance(subject, Invitation) else ""
    )
    return Place(link, words, url, str(HOW.get(link.how, link.how)), changeable, by_hand)


def _found_places(mail: IncomingMail, typed: str) -> list[FoundPlace]:
    """Return where the mail could be filed by the words that were typed, without where it is filed."""
    filed = {(link.subject_type, link.subject_id) for link in mail.links if not link.suggested}
    return [
        FoundPlace(f"{place.__tablename__}-{place.id}", *place_of_subject(place)[:2])
        for place in find_places(current_user, typed)
        if (place.__tablename__, place.id) not in filed
    ]


def _is_by_hand(link: IncomingLink) -> bool:
    return link.how == "by_hand" and not link.suggested


@bp.app_template_global()
def incoming_title(mail: IncomingMail) -> str:
    """Return what a list calls a mail: its subject; of one that did not arrive, to whom, since servers say that in English."""
    failed = (mail.bounce or {}).get("failed_recipients") if mail.kind is IncomingKind.BOUNCE else None
    if failed:
        return str(_("Not delivered to %(who)s", who=mask_secrets(", ".join(failed[:3]))))
    return mask_secrets(mail.subject) or str(_("No subject"))


@bp.context_processor
def _words() -> dict[str, object]:
    lang = current_language()
    return {
        "HOW": HOW,
        "KINDS": KINDS,
        "STATE_CHIPS": STATE_CHIPS,
        "moment_words": lambda moment: moment_words(moment, lang),
        "show_address": show_address,
    }
