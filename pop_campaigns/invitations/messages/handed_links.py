"""What a coordinator hands over by a messenger, and what the invited address hears of an answer that came so."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from flask import current_app
from flask_babel import pgettext

from pop_campaigns.core.i18n import speaking
from pop_campaigns.core.salutations import salutation
from pop_campaigns.core.tokens import derive_token
from pop_campaigns.invitations.messages.invitations import (
    ANSWER_LINK,
    Rendered,
    answer_words,
    event_values,
    is_refusable,
)
from pop_campaigns.invitations.models.handed_links import HandedLink
from pop_campaigns.invitations.models.invitations import GivenAnswer
from pop_campaigns.mail.compose import render_words

TOKEN_PURPOSE: Final = "handed"  # noqa: S105  # what the secret is for, not the secret
HANDED_KIND: Final = "invitation.handed"
"""Of the mail by which the invited address hears of an answer that came by a link handed over."""


def handed_url(link: HandedLink, lang: str) -> str:
    """Return the address of a guest's page that a link opens, in ``lang``."""
    path = ANSWER_LINK["path"].replace("{token}", derive_token(TOKEN_PURPOSE, link.nonce))
    more = "" if lang == link.invitation.language else f"?lang={lang}"
    return f"{current_app.config['BASE_URL']}{path}{more}"


def words_to_hand_over(link: HandedLink, lang: str, *, now: datetime) -> str:
    """Return the invitation in a few lines with the link, to be copied into a messenger."""
    guest = link.invitation
    # The title was frozen in the guest's language: in another one nobody is called by it.
    title = guest.office_title if lang == guest.language else ""
    with speaking(lang):
        values = event_values(guest.event, lang, link.made_by, now)
        facts = [f"{fact.label}: {fact.value}" for fact in values["facts"][:2]]
        invites = pgettext(
            "handed over", "%(organiser)s invites you: %(kind)s “%(title)s”.",
            organiser=values["organiser"], kind=values["kind"], title=values["title"],
        )  # fmt: skip
        ask = pgettext("handed over", "See the invitation and answer here, without an account:")
        yours = pgettext("handed over", "The link is yours alone; please do not pass it on.")
    blocks = (
        salutation(lang, guest.form_of_address, title=title, name=guest.name),
        invites,
        "\n".join(facts),
        f"{ask}\n{handed_url(link, lang)}",
        yours,
        values["contacts"][0],
    )
    return "\n\n".join(blocks)


def render_handed_notice(answer: GivenAnswer, *, now: datetime) -> Rendered:
    """Render what the invited address hears: what was answered, by whose link, how to change it; nothing that was typed."""
    guest = answer.invitation
    with speaking(guest.language):
        values = event_values(guest.event, guest.language, "", now)
        values |= {
            "answer": answer_words(answer.answer),
            "who": answer.handed_over_by,
            "refusable": is_refusable(guest),
        }
        subject, text, html = render_words("answer_handed", values)
    return Rendered(guest.language, subject, text, html, None)
