"""The one press by which a person lets an answer count that waits, and the one that says that a message belongs elsewhere."""

from __future__ import annotations

from typing import Final

from flask import abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString
from flask_security import current_user

from pop_campaigns.accounts.guard import writer
from pop_campaigns.accounts.rules.roles import MAY_WRITE
from pop_campaigns.accounts.scope import get_changeable, may_change
from pop_campaigns.core.clock import now
from pop_campaigns.core.db import db
from pop_campaigns.events.models.events import Event
from pop_campaigns.incoming.blueprint import bp, changeable_mail, seen_mail
from pop_campaigns.incoming.queries.held_answers import (
    HeldAnswer,
    held_answers,
    held_for_event,
    ways_to_count,
)
from pop_campaigns.incoming.queries.incoming import has_unread_words
from pop_campaigns.incoming.services.counting import CannotCount, count_answer
from pop_campaigns.incoming.services.moving import may_be_moved
from pop_campaigns.incoming.services.moving import unfile as take_away
from pop_campaigns.incoming.views.filing import check_place
from pop_campaigns.incoming.words.labels import REVIEWS
from pop_campaigns.invitations.models.invitations import Invitation
from pop_campaigns.invitations.rules.invitations import Answer, NotAnswerable
from pop_campaigns.invitations.sight import check_sight
from pop_campaigns.invitations.words.labels import NOT_ANSWERABLE
from pop_campaigns.mail.models import IncomingLink, IncomingMail
from pop_campaigns.mail.rules import Dmarc, Review
from pop_campaigns.mail.secrets import mask_secrets
from pop_campaigns.mail.wake_up import wake_worker

SAID: Final[dict[Answer, LazyString]] = {
    Answer.ACCEPTED: _l("says yes"),
    Answer.TENTATIVE: _l("says perhaps"),
    Answer.DECLINED: _l("says no"),
}
_DMARC: Final[dict[Dmarc | None, LazyString]] = {
    Dmarc.PASSED: _l("confirmed by the mail server (DMARC passed)"),
    Dmarc.FAILED: _l("not confirmed: the sender may be forged (DMARC failed)"),
    None: _l("not checked (no trusted mail server says anything about it)"),
}


@bp.post("/<int:number>/count")
@writer
def count(number: int) -> ResponseReturnValue:
    """Let a mail that waits count as a guest's answer or proposal."""
    link = _link(number, request.form.get("link", ""))
    guest = db.session.get(Invitation, link.subject_id)
    if guest is None:
        abort(404)
    check_sight(guest)
    event_id = get_changeable(Event, guest.event_id).id
    as_substitute = request.form.get("as") == "substitute"
    try:
        counted = count_answer(link.mail, link.id, as_substitute=as_substitute, by=current_user, now=now())
    except CannotCount as refused:
        db.session.rollback()
        words = NOT_ANSWERABLE if isinstance(refused.reason, NotAnswerable) else REVIEWS
        flash(_("It does not count. %(why)s", why=words[refused.reason]), "error")  # type: ignore[index]
        return redirect(url_for("incoming.message", number=number))
    db.session.commit()
    wake_worker()
    if counted is None:
        flash(_("Nothing was changed: this answer does not wait any more."), "info")
    elif counted.proposes:
        flash(_("Taken as a proposal: %(guest)s", guest=counted.guest.shown_as), "success")
    else:
        flash(_("Counted: %(guest)s", guest=counted.guest.shown_as), "success")
    return redirect(_back_to(number, event_id))


@bp.post("/<int:number>/unfile")
@writer
def unfile(number: int) -> ResponseReturnValue:
    """Take a message away from where it was filed, by whatever: it waits to be filed elsewhere."""
    mail = changeable_mail(number)
    wanted = request.form.get("link", "")
    link = next((link for link in mail.links if str(link.id) == wanted), None)
    if link is None:
        abort(404)
    check_place(mail, link.id)
    if take_away(mail, link.id, by=current_user, now=now()):
        db.session.commit()
        flash(_("It no longer belongs there. File it where it belongs."), "success")
    return redirect(url_for("incoming.message", number=number))


@bp.app_template_global()
def incoming_movable(mail: IncomingMail) -> bool:
    """Return whether a message may be said to belong elsewhere: people's words and absences, not what proved itself."""
    return may_be_moved(mail)


@bp.app_template_global()
def incoming_unread(mail: IncomingMail) -> bool:
    """Return whether a message holds words of a person that nobody has marked as read."""
    return has_unread_words(mail)


def _link(number: int, wanted: str) -> IncomingLink:
    mail, table = seen_mail(number), Invitation.__tablename__
    incoming_link = next(
        (link for link in mail.links if str(link.id) == wanted and link.subject_type == table), None
    )
    if incoming_link is None:
        abort(404)
    return incoming_link


def _back_to(number: int, event_id: int) -> str:
    back = request.form.get("back", "")
    if back == "today":
        return url_for("desk.today")
    if back == "event":
        return url_for("desk.event", event_id=event_id)
    return url_for("incoming.message", number=number)


@bp.app_template_global()
def held_today() -> list[HeldAnswer]:
    """Return the answers that wait for the person who looks."""
    return held_answers(current_user, now=now())


@bp.app_template_global()
def held_at_event(event: Event) -> list[HeldAnswer]:
    """Return the answers that wait for guests of an event, to who may let them count."""
    return held_for_event(event, current_user) if _may_count(event) else []


def _may_count(event: Event) -> bool:
    return current_user.role in MAY_WRITE and may_change(event)


@bp.app_template_global()
def held_ways(mail: IncomingMail) -> list[HeldAnswer]:
    """Return as what a mail may count, where the person may let it."""
    return [way for way in ways_to_count(mail, current_user) if _may_count(way.guest.event)]


@bp.app_template_global()
def held_says(held: HeldAnswer) -> str:
    """Return in two words what waits: *says yes*, *proposes another time*."""
    if held.answer is None:
        return str(_("proposes another time"))
    says = str(SAID[held.answer])
    if held.mail.review is Review.WINMAIL:
        return str(_("%(says)s (from winmail.dat)", says=says))
    return str(_("%(says)s, by its subject", says=says)) if held.mail.review is Review.UNREADABLE else says


@bp.app_template_global()
def incoming_marks(mail: IncomingMail) -> list[str]:
    """Return what has to be known of a message before it is believed, one sentence each."""
    marks = []
    if mail.signed:
        marks.append(_("It is signed; nobody has checked the signature."))
    if mail.perhaps_absent:
        marks.append(_("Perhaps an absence note that does not say so: nobody may have read our message yet."))
    copies = (mail.bounce or {}).get("copies_failed")
    if copies:
        who = mask_secrets(", ".join(copies[:3]))
        marks.append(
            _("It is about a copy forwarded to %(who)s. Whom you wrote to has the message.", who=who)
        )
    return [str(mark) for mark in marks]


@bp.app_template_global()
def held_why(mail: IncomingMail) -> str:
    """Return why a mail has not counted; "" where nothing is said."""
    return str(REVIEWS[mail.review]) if mail.review else ""


@bp.app_template_global()
def sender_check_words(mail: IncomingMail) -> str:
    """Return what our own mail server found out about the sender."""
    return str(_DMARC[mail.dmarc])
