"""The page of one message that came in: what it says, what is to be done with it; file it, put it aside, mark it as read."""

from __future__ import annotations

from dataclasses import dataclass

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_security import current_user

from pop_campaigns.accounts.guard import reader, writer
from pop_campaigns.core.clock import now
from pop_campaigns.core.dates import day_words, moment_words, short_day_words, short_moment_words
from pop_campaigns.core.db import db
from pop_campaigns.core.i18n import current_language
from pop_campaigns.core.text import clean_line
from pop_campaigns.incoming.blueprint import bp, changeable_mail, may_file, place_of_subject, seen_mail
from pop_campaigns.incoming.queries.deeds import Deed, deeds_of
from pop_campaigns.incoming.queries.places import find_places
from pop_campaigns.incoming.queries.work_list import beside
from pop_campaigns.incoming.rules.replying import is_written_by_machine
from pop_campaigns.incoming.scope import subject_of
from pop_campaigns.incoming.services.filing import NothingSaid, file_by_hand, put_aside
from pop_campaigns.incoming.services.matching import Match
from pop_campaigns.incoming.services.recording import mark_read
from pop_campaigns.incoming.sight import sees_subject
from pop_campaigns.incoming.views import originals
from pop_campaigns.incoming.views.recording import record_url
from pop_campaigns.incoming.views.work_list import kept, way_back
from pop_campaigns.incoming.words.deeds import deed_words, work_chip
from pop_campaigns.incoming.words.labels import HOW, KINDS, STATE_CHIPS
from pop_campaigns.invitations.models.date_polls import SlotAnswer
from pop_campaigns.invitations.models.invitations import GivenAnswer, Invitation
from pop_campaigns.letters.models import LetterRecipient, LetterResponse
from pop_campaigns.mail.addresses import show_address
from pop_campaigns.mail.models import IncomingLink, IncomingMail, OutgoingMail
from pop_campaigns.mail.rules import IncomingKind, IncomingState
from pop_campaigns.mail.secrets import mask_secrets
from pop_campaigns.mail.words.reasons import reason_words


@dataclass(frozen=True)
class FoundPlace:
    """A guest or a recipient that was looked for: what the button sends, its name, its page."""

    key: str
    words: str
    url: str


@dataclass(frozen=True)
class Place:
    """A record a mail belongs or may belong to, as a page names it; ``record`` is where the mail is recorded as its word."""

    link: IncomingLink
    words: str
    url: str
    how: str
    changeable: bool
    record: str = ""
    is_letter: bool = False
    mend: str = ""


@bp.get("/<int:number>")
@reader
def message(number: int) -> ResponseReturnValue:
    """Show one message: the new words, to what it belongs, why; where it may be filed, by the words typed in ``q``."""
    mail = seen_mail(number)
    typed = mask_secrets(clean_line(request.args.get("q", "")[:1000])[:200])
    places = [place for place in (_place(link, mail) for link in mail.links) if place is not None]
    deeds = deeds_of([mail.id], current_user).get(mail.id, [])
    return render_template(
        "incoming/message.html",
        mail=mail,
        chip_of_mail=work_chip(mail, deeds),
        deeds=[(deed_words(deed), _place_of_deed(deed), _when(deed)) for deed in deeds],
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
        way_back=way_back(),
        by_machine=is_written_by_machine(mail.kind),
        beside=_neighbours(mail),
    )


def _neighbours(mail: IncomingMail) -> tuple[int | None, int | None]:
    """Return the messages above and below in the part of the list this one was opened from, None where there is none."""
    shown = kept()
    return (
        beside(mail, current_user, shown["show"], shown.get("words", "")) if "show" in shown else (None, None)
    )


def _when(deed: Deed) -> str:
    """Return when something was done with a mail, and by whom as far as the record itself says."""
    if isinstance(deed, GivenAnswer | SlotAnswer):
        return ", ".join(filter(None, [deed.recorded_by, moment_words(deed.at, current_language())]))
    at = deed.recorded_at if isinstance(deed, LetterResponse) else deed.queued_at
    return moment_words(at, current_language())


def _place_of_deed(deed: Deed) -> str:
    """Return the page on which what was done with a mail stands."""
    if isinstance(deed, GivenAnswer | SlotAnswer):
        return f"{place_of_subject(deed.invitation)[1]}#guest-{deed.invitation_id}"
    if isinstance(deed, LetterResponse):
        return f"{place_of_subject(deed.recipient)[1]}#r{deed.recipient_id}"
    return place_of_subject(deed)[1]  # the mail itself


@bp.post("/<int:number>/file")
@writer
def file(number: int) -> ResponseReturnValue:
    """File a mail where it was suggested to belong."""
    mail = changeable_mail(number)
    wanted = request.form.get("link", "")
    link = next((link for link in mail.links if str(link.id) == wanted), None)
    place = _place(link, mail) if link else None
    subject = subject_of(link) if link else None
    if place is None or subject is None or not place.changeable:
        abort(404)
    file_by_hand(mail, Match(subject, "by_hand"), by=current_user, now=now())
    db.session.commit()
    flash(_("Filed: %(what)s", what=place.words), "success")
    return redirect(url_for("incoming.message", number=mail.id, **kept()))


@bp.post("/<int:number>/aside")
@writer
def aside(number: int) -> ResponseReturnValue:
    """Put a mail aside, with the reason; it is not deleted."""
    mail = changeable_mail(number)
    try:
        put_aside(mail, request.form.get("reason", ""), by=current_user, now=now())
    except NothingSaid:
        flash(_("Say why it is put aside."), "error")
        return redirect(url_for("incoming.message", number=mail.id, **kept()))
    db.session.commit()
    flash(_("Put aside. It stays here and can be filed later."), "success")
    return redirect(way_back())


@bp.post("/<int:number>/read")
@writer
def read(number: int) -> ResponseReturnValue:
    """Mark a message as read, for everybody of the organisation."""
    mail = changeable_mail(number)
    mark_read([mail], now=now())
    db.session.commit()
    return redirect(url_for("incoming.message", number=mail.id, **kept()))


def _place(link: IncomingLink, mail: IncomingMail) -> Place | None:
    subject = subject_of(link)
    if subject is None or isinstance(subject, OutgoingMail) or not sees_subject(subject):
        return None  # the sent mail itself stands with its guest or letter
    words, url, changeable = place_of_subject(subject)
    return Place(
        link,
        words,
        url,
        str(HOW.get(link.how, link.how)),
        changeable,
        record_url(mail, subject),
        is_letter=isinstance(subject, LetterRecipient),
        mend=_mend_url(mail, subject) if changeable else "",
    )


def _mend_url(mail: IncomingMail, subject: Invitation | LetterRecipient) -> str:
    """Return where the address is corrected of a guest whose mail came back; "" where nothing came back."""
    if mail.kind is not IncomingKind.BOUNCE or not isinstance(subject, Invitation):
        return ""
    if (mail.bounce or {}).get("copies_failed"):
        return ""  # it is about a mailbox to which the guest had it passed on
    return url_for("invitations.address", invitation_id=subject.id)


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
        "kept": kept(),
        "short_day_words": lambda day: short_day_words(day, lang),
        "short_moment_words": lambda moment: short_moment_words(moment, lang),
        "moment_words": lambda moment: moment_words(moment, lang),
        "day_words": lambda day: day_words(day, lang, weekday=False),
        "reason_words": reason_words,
        "show_address": show_address,
    }
