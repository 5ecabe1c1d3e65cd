"""The page from which an invitation is handed over by a messenger: a link of its own, and the words around it."""

from __future__ import annotations

from urllib.parse import quote

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_security import current_user

from pop_campaigns.accounts.guard import writer
from pop_campaigns.core.clock import now
from pop_campaigns.core.db import db
from pop_campaigns.core.i18n import LANGUAGES
from pop_campaigns.core.numbers import row_number
from pop_campaigns.invitations.blueprint import bp, changeable_guest
from pop_campaigns.invitations.messages.handed_links import words_to_hand_over
from pop_campaigns.invitations.models.invitations import Invitation
from pop_campaigns.invitations.queries.handed_links import living_links
from pop_campaigns.invitations.services.answers import AnswerRefused
from pop_campaigns.invitations.services.handed_links import (
    check_link_wanted,
    make_handed_link,
    take_back_link,
)
from pop_campaigns.invitations.words.labels import NOT_ANSWERABLE


@bp.route("/invitations/<int:invitation_id>/hand-over", methods=["GET", "POST"])
@writer
def hand_over(invitation_id: int) -> ResponseReturnValue:
    """Show the words with the guest's second link, once it was made; make it, take it back."""
    guest = changeable_guest(invitation_id)
    if request.method != "POST":
        return _page(guest)
    typed = request.form.get("take_back", "")
    try:
        if not typed:
            make_handed_link(guest, by=current_user, now=now())
        elif (link_id := row_number(typed)) and take_back_link(guest, link_id, by=current_user, now=now()):
            flash(_("The link opens nothing any more."), "success")
        db.session.commit()
    except AnswerRefused:
        db.session.rollback()
        return _page(changeable_guest(invitation_id)), 422
    return redirect(url_for("invitations.hand_over", invitation_id=guest.id))


def _page(guest: Invitation) -> str:
    links = living_links(guest)
    mine = next((link for link in links if link.made_by_id == current_user.id), None)
    wanted = request.args.get("words", "")
    words_lang = wanted if wanted in LANGUAGES else guest.language
    refusal = _refusal_words(guest)
    words = "" if mine is None or refusal else words_to_hand_over(mine, words_lang, now=now())
    return render_template(
        "invitations/hand_over.html",
        guest=guest,
        event=guest.event,
        links=links,
        mine=mine,
        refusal=refusal,
        words=words,
        words_lang=words_lang,
        other_lang="en" if words_lang == "sq" else "sq",
        # Opened by the coordinator's own press; nothing is asked of either service before.
        messengers=[
            ("WhatsApp", f"https://wa.me/?text={quote(words, safe='')}"),
            ("Viber", f"viber://forward?text={quote(words, safe='')}"),
        ],
    )


def _refusal_words(guest: Invitation) -> str:
    try:
        check_link_wanted(guest, now())
    except AnswerRefused as refused:
        return str(NOT_ANSWERABLE[refused.reason])
    return ""
