"""Pages of invitations, for coordinators: the mail looked at and sent, the second and last of three steps.

The first is in ``choosing``; what comes after (changes, cancellation, reminders) in ``follow_up``, what comes round
the service in ``by_hand``, the guest's own page in ``answer``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from flask import (
    Response,
    abort,
    current_app,
    flash,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_security import current_user
from sqlalchemy.orm.exc import StaleDataError

from pop_campaigns.accounts.guard import writer
from pop_campaigns.accounts.scope import get_changeable
from pop_campaigns.accounts.views.undoable import say_sent, undoable
from pop_campaigns.contacts.forms.picking import read_place
from pop_campaigns.contacts.rules import Unmailed
from pop_campaigns.core.clock import now
from pop_campaigns.core.db import db
from pop_campaigns.core.headers import framed_mail, with_frames
from pop_campaigns.core.i18n import LANGUAGES, current_language, misses_translation
from pop_campaigns.core.meanwhile import meet_changes
from pop_campaigns.events.forms.visibility import EndOfDraftForm
from pop_campaigns.events.models.events import Event
from pop_campaigns.events.queries.files import files_for_guests
from pop_campaigns.events.rules.visibility import EventVisibility
from pop_campaigns.events.services.visibility import end_draft
from pop_campaigns.events.words.files import going_words
from pop_campaigns.invitations.blueprint import bp, cannot_invite_words, changeable_guest
from pop_campaigns.invitations.forms import NoteForm
from pop_campaigns.invitations.models.invitations import Invitation, InvitationText
from pop_campaigns.invitations.queries.guests import guests_of, text_of
from pop_campaigns.invitations.queries.invitable import unmailed_guests
from pop_campaigns.invitations.rules.invitations import InvitationState, MailPurpose
from pop_campaigns.invitations.services.guests import (
    CannotInvite,
    addresses_now,
    set_invitation_text,
)
from pop_campaigns.invitations.services.previewing import preview
from pop_campaigns.invitations.services.sending import send_invitations
from pop_campaigns.invitations.sight import only_seen, seen_among
from pop_campaigns.mail.addresses import is_sample_address
from pop_campaigns.mail.message import MailParts
from pop_campaigns.mail.queries import dead_among
from pop_campaigns.mail.rules import CameBack, SendingKind
from pop_campaigns.mail.sendings import keep
from pop_campaigns.mail.wake_up import wake_worker

PARTS = ("html", "text", "calendar")


@bp.route("/events/<int:event_id>/invite/message", methods=["GET", "POST"])
@writer
def message(event_id: int) -> ResponseReturnValue:
    """Show the mail exactly as it will arrive, and add a note to it: the second of three steps.

    Every press keeps the note: those for another guest or part of the mail as well as those that lead on.
    """
    event = get_changeable(Event, event_id)
    text = text_of(event)
    form = NoteForm(obj=text)
    meet_changes(form, text or event, told_of=event)
    if not form.is_submitted():
        return with_frames(_message_page(event, form))
    if not form.validate():
        return with_frames(_message_page(event, form)), 422
    set_invitation_text(event, form.note_sq.data or "", form.note_en.data or "", by=current_user, now=now())
    db.session.commit()
    place: dict[str, Any] = read_place().query
    onward = {"send": "invitations.send", "who": "invitations.who"}.get(request.form.get("next", ""))
    if onward:
        return redirect(url_for(onward, event_id=event.id, **place))
    look = _looked_at(shown_guests(event))
    here = {"guest": look.guest.id if look.guest else None, "part": look.part, **place}
    again = url_for("invitations.message", event_id=event.id, **here)
    if request.form.get("next") == "event":
        return redirect(url_for("events.edit", event_id=event.id, back=again))
    if not request.form.get("look"):
        flash(_("The note is saved."), "success")
    return redirect(again)


class _Look(NamedTuple):
    """Whose mail is looked at, and which part of it."""

    guest: Invitation | None
    part: str


def _looked_at(guests: Sequence[Invitation]) -> _Look:
    """Return whose mail is asked for; ``look`` is the tab pressed, a part of the mail or a language."""
    pressed = request.form.get("look", "")
    guest = next((guest for guest in guests if str(guest.id) == request.values.get("guest")), None)
    guest = guest or next(iter(guests), None)
    if pressed in LANGUAGES and guest and guest.language != pressed:
        guest = _first_in(guests, pressed) or guest
    asked = pressed if pressed in PARTS else request.values.get("part")
    return _Look(guest, asked if asked in PARTS else PARTS[0])


def _message_page(event: Event, form: NoteForm) -> str:
    moment = now()
    guests = shown_guests(event)
    look = _looked_at(guests)
    refusal = cannot_invite_words(event, moment)
    return render_template(
        "invitations/message.html",
        event=event,
        form=form,
        guests=guests,
        guest=look.guest,
        part=look.part,
        languages=[lang for lang in LANGUAGES if _first_in(guests, lang)],
        mail=_mail_to(look.guest, form, moment) if look.guest and not refusal else None,
        unmailed=_why_held_back(event, look.guest) if look.guest else None,
        untranslated=untranslated_fields(event, guests),
        refusal=refusal,
        place=read_place().query,
    )


def _mail_to(
    guest: Invitation, form: NoteForm, moment: datetime, purpose: MailPurpose = MailPurpose.REQUEST
) -> MailParts:
    """Return the mail a guest will get, with the note as it is typed; nothing is stored."""
    typed = InvitationText(note_sq=form.note_sq.data or "", note_en=form.note_en.data or "")
    return preview(guest, by=current_user, now=moment, purpose=purpose, text=typed)


@bp.route("/invitations/<int:invitation_id>/preview", methods=["GET", "POST"])
@writer
def preview_html(invitation_id: int) -> ResponseReturnValue:
    """Show the HTML of the mail a guest will get, for a frame; ``?purpose=`` shows a reminder or a change.

    Sent with a note, it shows the mail with that note, which is stored nowhere; ``?part=text`` is the mail's text.
    """
    guest = changeable_guest(invitation_id)
    moment = now()
    if cannot_invite_words(guest.event, moment) or guest.state is InvitationState.WITHDRAWN:
        abort(404)
    purposes = {purpose.value: purpose for purpose in MailPurpose}
    purpose = purposes.get(request.args.get("purpose", ""), MailPurpose.REQUEST)
    mail = _mail_to(guest, NoteForm(obj=text_of(guest.event)), moment, purpose)
    if request.args.get("part") == "text":
        return Response(mail.text, mimetype="text/plain")
    return framed_mail(mail.html or "")


@bp.route("/events/<int:event_id>/invite/send", methods=["GET", "POST"])
@writer
def send(event_id: int) -> ResponseReturnValue:
    """Show what will happen, then do it: the last of three steps."""
    event = get_changeable(Event, event_id)
    if request.method != "POST":
        return with_frames(_send_page(event))
    seen = request.form.get("guests", "")
    drafts = _sendable(event).drafts
    if drafts and seen and seen != _mark_of_list(drafts):
        return with_frames(_send_page(event, changed=True)), 409
    ending = _end_of_draft(event) if drafts else None
    if ending is not None and not ending.validate():
        return with_frames(_send_page(event, ending=ending)), 422
    try:
        sending = undoable(SendingKind.INVITATIONS, event)
        was_published = event.published_at is not None
        if ending is not None:
            end_draft(event, ending.visibility.data, by=current_user, now=now())
        number = send_invitations(event, by=current_user, now=now(), sending=sending)
        if number and ending is not None:
            keep(sending, was_draft=True, was_published=was_published)
        db.session.commit()
    except CannotInvite:
        db.session.rollback()
        return with_frames(_send_page(get_changeable(Event, event_id))), 422
    except StaleDataError:
        # The other press of a double click was quicker, or someone is changing the list at this moment.
        db.session.rollback()
        return with_frames(_send_page(get_changeable(Event, event_id), changed=True)), 409
    if number:
        wake_worker()
        say_sent(
            ngettext("%(num)d invitation is on its way.", "%(num)d invitations are on their way.", number),
            sending,
        )
    else:
        flash(_("Everybody on the list has been invited already: nothing was sent twice."), "info")
    return redirect(url_for("desk.event", event_id=event_id))


def _end_of_draft(event: Event) -> EndOfDraftForm | None:
    """Return what is asked before the guests of a draft are written to; None where it is no draft any more."""
    return EndOfDraftForm(event) if event.visibility is EventVisibility.DRAFT else None


def _why_held_back(event: Event, guest: Invitation) -> Unmailed | None:
    """Return why a guest who is not asked yet will get no mail; None: it goes."""
    if guest.state is not InvitationState.DRAFT:
        return None
    addresses = addresses_now(event, [guest], by=current_user, now=now())
    reasons = unmailed_guests(event, [guest], by=current_user, now=now(), addresses=addresses)
    return reasons.get(guest.id)


class HeldBack(NamedTuple):
    """A guest who gets no mail at ``address``, and why; ``came_back`` says how often mail came back from there."""

    guest: Invitation
    address: str
    reason: Unmailed
    came_back: CameBack | None


class _Parted(NamedTuple):
    """The drafts that will be asked, where, and those who get no mail."""

    drafts: list[Invitation]
    addresses: dict[int, str]
    held: list[HeldBack]


def _sendable(event: Event) -> _Parted:
    waiting, moment = guests_of(event, InvitationState.DRAFT), now()
    addresses = addresses_now(event, waiting, by=current_user, now=moment)
    reasons = unmailed_guests(event, waiting, by=current_user, now=moment, addresses=addresses)
    dead = dead_among({addresses[ident] for ident, why in reasons.items() if why is Unmailed.CAME_BACK})
    held = [
        HeldBack(guest, addresses[guest.id], reasons[guest.id], dead.get(addresses[guest.id]))
        for guest in waiting
        if guest.id in reasons
    ]
    return _Parted([guest for guest in waiting if guest.id not in reasons], addresses, held)


def _send_page(event: Event, *, changed: bool = False, ending: EndOfDraftForm | None = None) -> str:
    drafts, addresses, held = _sendable(event)
    seen = seen_among([*drafts, *(row.guest for row in held)])
    return render_template(
        "invitations/send.html",
        event=event,
        drafts=drafts,
        addresses=addresses,
        held=held,
        seen=seen,
        shown=next((draft for draft in drafts if draft.id in seen), None),
        counts={lang: sum(draft.language == lang for draft in drafts) for lang in LANGUAGES},
        samples=[draft for draft in drafts if is_sample_address(addresses[draft.id])],
        keeps_mail=current_app.config["MAIL_LOCAL"],
        list_mark=_mark_of_list(drafts),
        untranslated=untranslated_fields(event, drafts),
        refusal=cannot_invite_words(event, now()),
        changed=changed,
        ending=ending or _end_of_draft(event),
        going=going_words(files_for_guests(event), current_language()),
    )


def shown_guests(event: Event) -> list[Invitation]:
    """Return the guests whose mail can be looked at: the drafts, else those invited."""
    guests = guests_of(event, InvitationState.DRAFT) or guests_of(event, InvitationState.INVITED)
    return only_seen(guests)


def untranslated_fields(event: Event, guests: Sequence[Invitation]) -> list[str]:
    """Return what guests in English would read in Albanian (``title``, ``description``, ``note``)."""
    if not any(guest.language == "en" for guest in guests):
        return []
    text = text_of(event)
    missing = [
        field
        for field in ("title", "description")
        if misses_translation(event, field) and not getattr(event, f"{field}_en")
    ]
    return [*missing, *(["note"] if text and text.note_sq and not text.note_en else [])]


def _first_in(guests: Sequence[Invitation], language: str) -> Invitation | None:
    return next((guest for guest in guests if guest.language == language), None)


def _mark_of_list(guests: Sequence[Invitation]) -> str:
    return _mark(*sorted(f"{guest.id}/{guest.language}" for guest in guests))


def _mark(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]
