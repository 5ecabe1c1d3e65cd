"""Pages on which a letter is written, addressed, looked at and sent."""

from __future__ import annotations

from typing import Any

from flask import Response, abort, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_security import current_user

from pop_campaigns.accounts.guard import writer
from pop_campaigns.accounts.rules.roles import RoleName
from pop_campaigns.accounts.scope import NoOrganisation, get_changeable
from pop_campaigns.accounts.views.sent_before import form_made, sent_once
from pop_campaigns.accounts.views.undoable import say_sent, undoable
from pop_campaigns.campaigns.queries import visible_campaigns
from pop_campaigns.contacts.forms.picking import read_place
from pop_campaigns.core.clock import local_date, now
from pop_campaigns.core.db import db
from pop_campaigns.core.headers import framed_mail, with_frames
from pop_campaigns.core.i18n import LANGUAGE_NAMES, current_language
from pop_campaigns.core.meanwhile import meet_changes
from pop_campaigns.events.queries.events import all_organisations
from pop_campaigns.letters.blueprint import bp, letter_url
from pop_campaigns.letters.forms import WHOLE_NETWORK, LetterForm
from pop_campaigns.letters.messages.letters import preview_mail
from pop_campaigns.letters.messages.papers import paper_of, readable_languages
from pop_campaigns.letters.models import Letter
from pop_campaigns.letters.queries.due_days import written_languages
from pop_campaigns.letters.queries.letters import lines_of
from pop_campaigns.letters.rules.letters import SendVerdict, may_edit
from pop_campaigns.letters.services.letters import (
    CannotSend,
    LetterIsSettled,
    change_letter,
    create_letter,
    draft_of,
    fingerprint,
    lock_letter,
    send_letter,
    verdict_for,
)
from pop_campaigns.letters.views.recipients import settled
from pop_campaigns.letters.words import pages as wording
from pop_campaigns.letters.words.labels import SEND_VERDICTS
from pop_campaigns.mail.message import MailParts
from pop_campaigns.mail.rules import SendingKind
from pop_campaigns.mail.wake_up import wake_worker

# A reply address is drawn when the letter is sent; before that only its form can be shown.
_REPLY_SHOWN = "r-…"


@bp.route("/letters/new", methods=["GET", "POST"])
@writer
@sent_once
def new() -> ResponseReturnValue:
    """Write a letter."""
    form = LetterForm(data={"signed_by": current_user.name, "basis": "political_letter"})
    _offer(form)
    if form.validate_on_submit():
        try:
            letter = create_letter(form.draft(), by=current_user, now=now(), once=form.once.data or "")
        except NoOrganisation:
            abort(404)
        then = url_for("letters.recipients", letter_id=letter.id)
        form_made(letter, page=then, edit=url_for("letters.edit", letter_id=letter.id))
        db.session.commit()
        return redirect(then)
    return _write_page("letters/new.html", form, 422 if form.errors else 200)


@bp.route("/letters/<int:letter_id>/edit", methods=["GET", "POST"])
@writer
def edit(letter_id: int) -> ResponseReturnValue:
    """Change a draft."""
    letter = get_changeable(Letter, letter_id)
    if not may_edit(letter.state):
        return settled(letter)
    form = LetterForm(data=_typed_before(letter))
    del form.once
    _offer(form)
    meet_changes(form, letter)
    if not form.validate_on_submit():
        return _write_page("letters/edit.html", form, 422 if form.errors else 200, letter=letter)
    try:
        change_letter(letter, form.draft(), by=current_user, now=now(), version=letter.version)
    except LetterIsSettled:
        return settled(letter)
    db.session.commit()
    place: dict[str, Any] = read_place().query
    return redirect(url_for("letters.recipients", letter_id=letter.id, **place))


@bp.get("/letters/<int:letter_id>/preview")
@writer
def preview(letter_id: int) -> ResponseReturnValue:
    """Show the letter on paper, the mail as it will arrive, and what will happen."""
    letter = get_changeable(Letter, letter_id)
    return _preview_page(letter) if may_edit(letter.state) else settled(letter)


@bp.get("/letters/<int:letter_id>/preview/mail")
@writer
def preview_html(letter_id: int) -> Response:
    """Return the HTML of the mail, for the frame in the preview."""
    letter = get_changeable(Letter, letter_id)
    mail = _mail_in(letter, request.args.get("in", "sq"))
    if mail is None:
        abort(404)
    return framed_mail(mail.html or "")


@bp.post("/letters/<int:letter_id>/send")
@writer
def send(letter_id: int) -> ResponseReturnValue:
    """Send the letter that was looked at."""
    letter, moment = get_changeable(Letter, letter_id), now()
    lock_letter(letter)
    lines = lines_of(letter, current_user, local_date(moment))
    if may_edit(letter.state) and request.form.get("seen") != fingerprint(letter, lines):
        flash(_("Text or recipients changed since you looked. Look again, then send."), "warning")
        return _preview_page(letter), 409
    sending = undoable(SendingKind.LETTER, letter)
    try:
        sent = send_letter(letter, by=current_user, now=moment, sending=sending)
    except CannotSend as refused:
        flash(str(SEND_VERDICTS[refused.verdict]), "warning")
        if refused.verdict is SendVerdict.ALREADY_SENT:
            return redirect(letter_url(letter.id))
        return _preview_page(letter), 422
    db.session.commit()
    wake_worker()
    words = ngettext("%(num)d mail is on its way.", "%(num)d mails are on their way.", sent.mails)
    say_sent(_("Sent as no. %(number)s.", number=letter.register_number) + " " + words, sending)
    return redirect(letter_url(letter.id))


def _offer(form: LetterForm) -> None:
    administers = current_user.role is RoleName.ADMINISTRATOR
    form.offer(
        visible_campaigns(current_user), all_organisations() if administers else [], current_language()
    )


def _write_page(template: str, form: LetterForm, status: int, **values: object) -> tuple[str, int]:
    return render_template(template, form=form, **values), status


def _typed_before(letter: Letter) -> dict[str, object]:
    draft = draft_of(letter)
    return vars(draft) | {
        "campaign": str(draft.campaign_id or ""),
        "organisation": str(draft.organisation_id or WHOLE_NETWORK),
    }


def _mail_in(letter: Letter, lang: str) -> MailParts | None:
    """Return the mail of the first recipient who reads a language, None where nobody does or nothing is written."""
    if lang not in written_languages(letter):
        return None
    moment = now()
    reading = [line for line in lines_of(letter, current_user, local_date(moment)) if line.language == lang]
    first = next((line for line in reading if line.address), None)
    if first is None:
        return None
    printed = lines_of(letter, current_user, local_date(moment), lang=lang)
    address = f"{_REPLY_SHOWN}@{current_app.config['MAIL_DOMAIN']}"
    return preview_mail(letter, first, printed, from_address=address, at=moment)


def _preview_page(letter: Letter) -> Response:
    moment = now()
    lines = lines_of(letter, current_user, local_date(moment))
    written = readable_languages(letter)
    lang = request.args.get("in", "")
    lang = (
        lang if lang in written else next((line.language for line in lines if line.language in written), "sq")
    )
    verdict = verdict_for(letter, lines)
    page = render_template(
        "letters/preview.html",
        letter=letter,
        lines=lines,
        paper=paper_of(letter, lang, user=current_user, at=moment),
        languages=written,
        shown=lang,
        mail=_mail_in(letter, lang),
        view="html" if request.args.get("view") == "html" else "text",
        verdict=verdict,
        verdict_words=SEND_VERDICTS[verdict],
        happens=wording.will_happen(lines) if lines else "",
        mails=sum(1 for line in lines if line.address),
        missing=[line for line in lines if line.language not in written],
        by_hand=[line for line in lines if not line.address],
        seen=fingerprint(letter, lines),
        basis=wording.shipped_basis(letter.basis),
        wording=wording,
        LANGUAGE_NAMES=LANGUAGE_NAMES,
    )
    return with_frames(page)
