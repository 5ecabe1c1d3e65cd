"""Pages of a message to guests: to whom, the words, sending; then what became of it."""

from __future__ import annotations

import hashlib
from typing import Any, Final

from flask import Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext, pgettext
from flask_security import current_user

from pop_campaigns.accounts.guard import writer
from pop_campaigns.accounts.scope import get_changeable
from pop_campaigns.accounts.views.sent_before import form_made, sent_once
from pop_campaigns.accounts.views.undoable import say_sent, undoable
from pop_campaigns.core.clock import now
from pop_campaigns.core.db import db
from pop_campaigns.core.file_pages import kept_kinds, moved_words
from pop_campaigns.core.headers import framed_mail, with_frames
from pop_campaigns.core.i18n import LANGUAGES, current_language, in_language
from pop_campaigns.core.meanwhile import meet_changes
from pop_campaigns.core.steps import Step
from pop_campaigns.core.subject_files import files_of, part_files
from pop_campaigns.events.models.events import Event
from pop_campaigns.invitations.blueprint import bp, changeable_message, draft_message, event_url
from pop_campaigns.invitations.forms import GuestMessageForm, GuestsOfMessageForm, MessageFileForm
from pop_campaigns.invitations.messages.guest_messages import OwnWords
from pop_campaigns.invitations.models.guest_messages import GuestMessage
from pop_campaigns.invitations.models.invitations import Invitation
from pop_campaigns.invitations.queries.guest_messages import (
    Receivers,
    mails_of_messages,
    messages_of,
    receivers_of_choice,
    writable_guests,
)
from pop_campaigns.invitations.rules.guest_messages import GuestGroup, MessageState, missing_words
from pop_campaigns.invitations.services.guest_messages import (
    WordsMissing,
    choose_guests,
    create_message,
    delete_message,
    own_words,
    preview_message,
    send_message,
    write_words,
)
from pop_campaigns.invitations.sight import check_sight, seen_among
from pop_campaigns.invitations.views.guest_list import ticked_numbers
from pop_campaigns.invitations.views.steps import HeldBack
from pop_campaigns.invitations.words.guest_messages import (
    GUEST_GROUPS,
    delivery_chips,
    group_counts,
    languages_words,
    message_title,
)
from pop_campaigns.mail.queries import dead_among
from pop_campaigns.mail.rules import SendingKind
from pop_campaigns.mail.wake_up import wake_worker
from pop_campaigns.mail.words.labels import mail_chip

PARTS: Final = ("html", "text")


@bp.route("/events/<int:event_id>/messages/new", methods=["GET", "POST"])
@writer
@sent_once
def new_message(event_id: int) -> ResponseReturnValue:
    """Choose whom to write to: the first of three steps. ``?guest=`` ticks single guests, ``?group=`` groups."""
    event = get_changeable(Event, event_id)
    # Single guests by their number, or those ticked on the event's page.
    guests = [*request.args.getlist("guest"), *map(str, sorted(ticked_numbers(event) or ()))]
    form = GuestsOfMessageForm(data={"groups": request.args.getlist("group"), "guests": guests})
    _offer(form, event)
    if form.validate_on_submit():
        message = create_message(event, form.chosen, by=current_user, now=now())
        page = url_for("invitations.message_words", message_id=message.id)
        form_made(message, page=page)
        db.session.commit()
        return redirect(page)
    return _who_page(event, None, form), 422 if form.is_submitted() else 200


@bp.route("/guest-messages/<int:message_id>/who", methods=["GET", "POST"])
@writer
def message_who(message_id: int) -> ResponseReturnValue:
    """Choose anew whom a message is for, as long as it is a draft."""
    message = draft_message(message_id)
    chosen = message.chosen
    form = GuestsOfMessageForm(
        data={
            "groups": sorted(chosen.groups),
            "reached": chosen.reached.value,
            "guests": [str(number) for number in sorted(chosen.guests)],
        }
    )
    _offer(form, message.event)
    meet_changes(form, message, told_of=message.event)
    if form.validate_on_submit():
        choose_guests(message, form.chosen)
        db.session.commit()
        return redirect(url_for("invitations.message_words", message_id=message.id))
    return _who_page(message.event, message, form), 422 if form.is_submitted() else 200


def _offer(form: GuestsOfMessageForm, event: Event) -> None:
    rows = writable_guests(event)
    seen = seen_among([row.guest for row in rows])
    counts = {group: sum(row.group is group for row in rows) for group in {row.group for row in rows}}
    form.offer(counts, [(str(row.guest.id), row.guest.shown_as) for row in rows if row.guest.id in seen])
    known = {choice.value for choice in form.guests.choices}
    form.guests.data = [number for number in form.guests.data or [] if number in known]
    groups = {choice.value for choice in form.groups.choices}
    form.groups.data = [name for name in form.groups.data or [] if name in groups]


def _who_page(event: Event, message: GuestMessage | None, form: GuestsOfMessageForm) -> str:
    return render_template(
        "invitations/message_who.html",
        event=event,
        message=message,
        form=form,
        steps_of=message_steps(message),
    )


@bp.route("/guest-messages/<int:message_id>/message", methods=["GET", "POST"])
@writer
def message_words(message_id: int) -> ResponseReturnValue:
    """Write the words and see the mail as it will arrive: the second of three steps. Every press keeps them."""
    message = draft_message(message_id)
    form = GuestMessageForm(obj=message)
    meet_changes(form, message, told_of=message.event)
    if not form.is_submitted():
        return with_frames(_words_page(message, form))
    if not form.validate():
        return with_frames(_words_page(message, form)), 422
    write_words(message, form.subjects, form.texts)
    db.session.commit()
    receivers = _receivers(message)
    onward = request.form.get("next", "")
    if onward == "send":
        if not form.require(missing_words(receivers.languages, form.subjects, form.texts)):
            return with_frames(_words_page(message, form)), 422
        return redirect(url_for("invitations.message_send", message_id=message.id))
    if onward == "who":
        return redirect(url_for("invitations.message_who", message_id=message.id))
    guest, part = _looked_at(receivers)
    if not request.form.get("look"):
        flash(_("The message is saved."), "success")
    here: dict[str, Any] = {"guest": guest.id if guest else None, "part": part}
    return redirect(url_for("invitations.message_words", message_id=message.id, **here))


def _looked_at(receivers: Receivers) -> tuple[Invitation | None, str]:
    """Return whose mail is asked for, and which part of it; ``look`` is the tab pressed, a part or a language."""
    seen = seen_among([row.guest for row in receivers.mailed])
    guests = [row.guest for row in receivers.mailed if row.guest.id in seen]
    pressed = request.form.get("look", "")
    guest = next((guest for guest in guests if str(guest.id) == request.values.get("guest")), None)
    guest = guest or next(iter(guests), None)
    if pressed in LANGUAGES:
        guest = next((reader for reader in guests if reader.language == pressed), guest)
    asked = pressed if pressed in PARTS else request.values.get("part")
    return guest, asked if asked in PARTS else PARTS[0]


def _words_page(message: GuestMessage, form: GuestMessageForm) -> str:
    receivers, moment = _receivers(message), now()
    guest, part = _looked_at(receivers)
    words = (
        OwnWords(guest.language, form.subjects[guest.language], form.texts[guest.language]) if guest else None
    )
    files = files_of(message)
    return render_template(
        "invitations/message_words.html",
        event=message.event,
        message=message,
        form=form,
        steps_of=message_steps(message),
        languages=receivers.languages or ["sq"],
        guests=[row.guest for row in receivers.mailed if row.guest.id in seen_among([row.guest])],
        guest=guest,
        part=part,
        mail=preview_message(message, guest, words, by=current_user, now=moment) if guest and words else None,
        files=files,
        file_form=MessageFileForm(formdata=None),
        kept_kinds=kept_kinds(),
        moved=moved_words(part_files(files).moved),
    )


@bp.route("/guest-messages/<int:message_id>/preview/<int:invitation_id>", methods=["GET", "POST"])
@writer
def message_preview(message_id: int, invitation_id: int) -> ResponseReturnValue:
    """Show the mail a guest will get, for a frame; sent with words, it shows them and stores nothing."""
    message = changeable_message(message_id)
    guest = db.session.get(Invitation, invitation_id) if invitation_id < 2**31 else None
    if guest is None or guest.event_id != message.event_id:
        abort(404)
    check_sight(guest)
    form = GuestMessageForm(obj=message)
    lang = guest.language
    typed = OwnWords(lang, form.subjects[lang], form.texts[lang])
    words = typed if message.state is MessageState.DRAFT else own_words(message, lang)
    mail = preview_message(message, guest, words, by=current_user, now=now())
    if request.args.get("part") == "text":
        return Response(mail.text, mimetype="text/plain")
    return framed_mail(mail.html or "")


@bp.route("/guest-messages/<int:message_id>/send", methods=["GET", "POST"])
@writer
def message_send(message_id: int) -> ResponseReturnValue:
    """Show exactly what will happen, then do it: the last of three steps."""
    message = changeable_message(message_id)
    if message.state is MessageState.SENT:
        flash(_("This message was sent already: nothing was sent twice."), "info")
        return redirect(url_for("invitations.guest_message", message_id=message.id))
    if request.method != "POST":
        return with_frames(_send_page(message))
    if request.form.get("seen", "") != _mark(message, _receivers(message)):
        return with_frames(_send_page(message, changed=True)), 409
    event = message.event
    sending = undoable(SendingKind.MESSAGE, event)
    try:
        number = send_message(message, by=current_user, now=now(), sending=sending)
    except WordsMissing:
        db.session.rollback()
        return redirect(url_for("invitations.message_words", message_id=message_id))
    db.session.commit()
    if not number:
        return with_frames(_send_page(changeable_message(message_id), changed=True)), 409
    wake_worker()
    say_sent(
        ngettext(
            "The message to %(num)d guest is on its way.",
            "The message to %(num)d guests is on its way.",
            number,
        ),
        sending,
    )
    return redirect(event_url(event.id))


def _send_page(message: GuestMessage, *, changed: bool = False) -> str:
    receivers, files = _receivers(message), files_of(message)
    seen = seen_among([row.guest for row in receivers.meant])
    parted = part_files(files)
    dead = dead_among({row.guest.address for row in receivers.meant if row.guest.id in receivers.held})
    guests = [row.guest for row in receivers.mailed]
    return render_template(
        "invitations/message_send.html",
        event=message.event,
        message=message,
        steps_of=message_steps(message),
        receivers=receivers,
        counts=group_counts(receivers.counts()),
        languages=languages_words(
            {lang: sum(guest.language == lang for guest in guests) for lang in LANGUAGES}
        ),
        subjects={lang: in_language(message, "subject", lang) for lang in receivers.languages},
        held=[
            HeldBack(row.guest, row.guest.address, receivers.held[row.guest.id], dead.get(row.guest.address))
            for row in receivers.meant
            if row.guest.id in receivers.held
        ],
        seen=seen,
        parted=parted,
        moved=moved_words(parted.moved),
        shown=next((guest for guest in guests if guest.id in seen), None),
        missing=missing_words(receivers.languages, *_typed_of(message)),
        mark=_mark(message, receivers),
        changed=changed,
    )


@bp.get("/guest-messages/<int:message_id>")
@writer
def guest_message(message_id: int) -> ResponseReturnValue:
    """Show a message that was sent: its words, who got it, what became of each mail."""
    message = changeable_message(message_id)
    if message.state is MessageState.DRAFT:
        return redirect(url_for("invitations.message_words", message_id=message.id))
    rows = mails_of_messages([message.id]).get(message.id, [])
    counts: dict[Any, int] = {}
    for row in rows:
        counts[row.group] = counts.get(row.group, 0) + 1
    return render_template(
        "invitations/message_sent.html",
        event=message.event,
        message=message,
        title=message_title(in_language(message, "subject", current_language())),
        rows=rows,
        seen=seen_among([row.invitation for row in rows]),
        counts=group_counts(counts),
        files=files_of(message),
        chip_of=mail_chip,
    )


@bp.post("/guest-messages/<int:message_id>/delete")
@writer
def delete_guest_message(message_id: int) -> ResponseReturnValue:
    """Throw a draft away."""
    message = draft_message(message_id)
    event_id = message.event_id
    delete_message(message, by=current_user, now=now())
    db.session.commit()
    flash(_("The draft is deleted."), "success")
    return redirect(event_url(event_id))


@bp.app_template_global()
def group_words(group: GuestGroup) -> str:
    """Return a group of guests in words."""
    return str(GUEST_GROUPS[group])


bp.add_app_template_global(delivery_chips)
bp.add_app_template_global(message_title)
bp.add_app_template_global(messages_of)


def message_steps(message: GuestMessage | None) -> list[Step]:
    """Return the steps of writing to guests."""
    first = url_for("invitations.message_who", message_id=message.id) if message else ""
    words = url_for("invitations.message_words", message_id=message.id) if message else ""
    written = message is not None and bool(message.subject_sq or message.subject_en)
    last = url_for("invitations.message_send", message_id=message.id) if message and written else ""
    return [
        Step(pgettext("step", "Who"), first),
        Step(pgettext("step", "Message"), words, _("once somebody is chosen")),
        Step(pgettext("step", "Send"), last, _("once the words are written")),
    ]


def _receivers(message: GuestMessage) -> Receivers:
    return receivers_of_choice(message.event, message.chosen, by=current_user, now=now())


def _typed_of(message: GuestMessage) -> tuple[dict[str, str], dict[str, str]]:
    words = {lang: own_words(message, lang) for lang in LANGUAGES}
    return {lang: written.subject for lang, written in words.items()}, {
        lang: written.text for lang, written in words.items()
    }


def _mark(message: GuestMessage, receivers: Receivers) -> str:
    """Return what tells whether words and receivers are still those a person has looked at."""
    rows = sorted(f"{row.guest.id}/{row.guest.language}/{row.guest.address}" for row in receivers.mailed)
    files = [f"{row.id}/{row.delivery}" for row in files_of(message)]
    return hashlib.sha256("\0".join([str(message.version), *files, *rows]).encode()).hexdigest()[:16]
