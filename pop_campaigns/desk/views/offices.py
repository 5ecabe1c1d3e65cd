"""Pages of an office that show several packages: its record, and what stays open when its holder changes."""

from __future__ import annotations

from flask import flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_security import current_user

from pop_campaigns.accounts.guard import reader, writer
from pop_campaigns.accounts.scope import get_visible, may_change
from pop_campaigns.accounts.views.undoable import undoable
from pop_campaigns.contacts.models.institutions import Office
from pop_campaigns.contacts.models.persons import Person
from pop_campaigns.contacts.words.contacts import contact_url, contact_words
from pop_campaigns.core.clock import now
from pop_campaigns.core.dates import DatePrecision, date_words, short_day_words
from pop_campaigns.core.db import db
from pop_campaigns.core.history import note
from pop_campaigns.core.i18n import current_language, in_language
from pop_campaigns.desk.blueprint import bp
from pop_campaigns.desk.queries.track_record import (
    TrackRecord,
    names_of,
    open_matters_of,
    record_of_office,
    record_of_person,
)
from pop_campaigns.events.words.labels import EVENT_KINDS, when_words
from pop_campaigns.invitations.models.invitations import Invitation
from pop_campaigns.invitations.services.sending import withdraw_guests
from pop_campaigns.invitations.words.labels import ANSWER_CHIPS
from pop_campaigns.letters.models import Letter, LetterRecipient
from pop_campaigns.letters.words.labels import RECIPIENT_CHIPS
from pop_campaigns.letters.words.pages import chip_of
from pop_campaigns.mail.addresses import show_address
from pop_campaigns.mail.rules import SendingKind


@bp.get("/people/offices/<int:ident>/record")
@reader
def office_record(ident: int) -> ResponseReturnValue:
    """Show what an office was asked and answered, whoever held it."""
    office = get_visible(Office, ident)
    record = record_of_office(office, current_user, now())
    return _record_page(record, office, by_holder=True)


@bp.get("/people/persons/<int:ident>/record")
@reader
def person_record(ident: int) -> ResponseReturnValue:
    """Show what a person was asked and answered, in whatever office."""
    person = get_visible(Person, ident)
    record = record_of_person(person, current_user, now())
    return _record_page(record, person, by_holder=False)


def _record_page(record: TrackRecord, subject: Office | Person, *, by_holder: bool) -> str:
    lang = current_language()
    return render_template(
        "desk/track_record.html",
        record=record,
        subject=subject,
        title=contact_words(subject),
        back=contact_url(subject),
        by_holder=by_holder,
        words=_words(lang),
    )


def _words(lang: str) -> dict[str, object]:
    return {
        "answers": ANSWER_CHIPS,
        "states": RECIPIENT_CHIPS,
        "stands": chip_of,
        "event": lambda event: in_language(event, "title", lang),
        "event_under": lambda event: f"{EVENT_KINDS[event.kind]} · {when_words(event, lang)}",
        "letter": lambda letter: in_language(letter, "subject", lang) or _("Letter without a subject"),
        "address": show_address,
        "letter_day": lambda letter: _letter_day(letter, lang),
        "day": lambda day: short_day_words(day, lang) if day else "",
    }


def _letter_day(letter: Letter, lang: str) -> str:
    """Return the date of a letter as exactly as it is known: one known by its month is given no day."""
    if letter.day_from is None:
        return ""
    if letter.precision in (DatePrecision.MONTH, DatePrecision.PERIOD):
        return date_words(letter.precision, letter.day_from, letter.day_to, lang)
    return short_day_words(letter.day_from, lang)


@bp.route("/people/offices/<int:ident>/open", methods=["GET", "POST"])
@writer
def open_matters(ident: int) -> ResponseReturnValue:
    """Ask what shall become of what is open at an office whose holder changes; nothing open leads on at once.

    Whatever is chosen, nothing already sent gets another address: a letter's clock and an invitation's link stay with
    the office, and only a withdrawal writes to anybody.
    """
    office = get_visible(Office, ident)
    moment = now()
    matters = open_matters_of(office, current_user, moment)
    back = contact_url(office)
    if not matters:
        return redirect(back)
    mine = [invitation for invitation in matters.invitations if may_change(invitation.event)]
    if request.method == "POST":
        chosen = [
            invitation for invitation in mine if request.form.get(f"invitation-{invitation.id}") == "withdraw"
        ]
        for event in dict.fromkeys(invitation.event for invitation in chosen):
            guests = [invitation for invitation in chosen if invitation.event is event]
            sending = undoable(SendingKind.WITHDRAWAL, event)
            withdraw_guests(event, guests, by=current_user, now=moment, sending=sending)
        letters = [recipient for recipient, _state in matters.letters if may_change(recipient.letter)]
        _note_new_holder(office, [invitation for invitation in mine if invitation not in chosen], letters)
        db.session.commit()
        flash(_said(len(chosen)), "success")
        return redirect(back)
    return render_template(
        "desk/open_matters.html",
        office=office,
        title=contact_words(office),
        matters=matters,
        mine={invitation.id for invitation in mine},
        names=names_of([*matters.invitations, *(recipient for recipient, _state in matters.letters)]),
        back=back,
        words=_words(current_language()),
    )


def _note_new_holder(office: Office, invitations: list[Invitation], letters: list[LetterRecipient]) -> None:
    """Write down that what is open stays with the office, where whoever follows it up will read it."""
    who = contact_words(office)
    for event in dict.fromkeys(invitation.event for invitation in invitations):
        note("event.office_changed_holder", event, by=current_user, now=now(), who=who)
    for letter in dict.fromkeys(recipient.letter for recipient in letters):
        note("letter.office_changed_holder", letter, by=current_user, now=now(), who=who)


def _said(withdrawn: int) -> str:
    if not withdrawn:
        return str(_("Everything open stays with the office."))
    return str(
        ngettext(
            "%(num)d invitation is withdrawn; everything else stays with the office.",
            "%(num)d invitations are withdrawn; everything else stays with the office.",
            withdrawn,
        )
    )
