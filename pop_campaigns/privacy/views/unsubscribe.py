"""The page behind the link in every mail to a person: what ends, how to end it, and the way back.

GET shows and changes nothing, because mail scanners open all links. POST needs no cookie, sign-in or token of ours:
mail programs send it by themselves (RFC 8058), and who has the link may decide.
"""

from __future__ import annotations

from flask import abort, g, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l
from flask_babel import refresh

from pop_campaigns.accounts.models import Network, Organisation
from pop_campaigns.contacts.rules import ConsentChannel, Purpose
from pop_campaigns.contacts.services.refusal_links import Refusal, is_refused, read_refusal
from pop_campaigns.core.clock import now
from pop_campaigns.core.db import db
from pop_campaigns.core.forms import csrf
from pop_campaigns.core.i18n import LANGUAGES, in_language
from pop_campaigns.privacy.blueprint import bp
from pop_campaigns.privacy.services.refusing import refuse_mail, want_mail_again

# One mail provider may press for many readers at once.
LIMITS = {"privacy.unsubscribe": "300 per minute; 5000 per hour"}
WHAT_ENDS = {Purpose.EVENTS: _l("Invitations to events"), Purpose.NEWS: _l("News and newsletters")}


@bp.route("/u/<wish>", methods=["GET", "POST"])
@csrf.exempt
def unsubscribe(wish: str) -> ResponseReturnValue:
    """Show what a link refuses; refuse it, or take that back, when the button is pressed. Twice is once."""
    refusal = read_refusal(wish)
    if refusal is None:
        abort(404)
    asked = request.args.get("lang", "")
    g.lang = asked if asked in LANGUAGES else LANGUAGES[0]
    refresh()
    pressed = request.method == "POST"
    if pressed:
        if request.form.get("wish") == "again":
            want_mail_again(refusal, language=g.lang, now=now())
        else:
            # Whatever else a mail program sends along: a POST to this address means one thing.
            refuse_mail(refusal, channel=ConsentChannel.LINK, now=now())
        db.session.commit()
    return render_template(
        "privacy/unsubscribe.html",
        wish=wish,
        lang=g.lang,
        other="en" if g.lang == "sq" else "sq",
        pressed=pressed,
        refused=is_refused(refusal),
        sender=_sender(refusal, g.lang),
        what=WHAT_ENDS[refusal.purpose],
        events=refusal.purpose is Purpose.EVENTS,
    )


def _sender(refusal: Refusal, lang: str) -> str:
    if refusal.organisation_id is not None:
        organisation = db.session.get(Organisation, refusal.organisation_id)
        if organisation is None:
            abort(404)
        return in_language(organisation, "name", lang)
    network = db.session.get(Network, 1)
    return in_language(network, "name", lang) if network else ""
