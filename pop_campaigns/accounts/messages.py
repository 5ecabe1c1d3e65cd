"""The mails about accounts: what each says, in the language of its reader, and its row in the outbox.

They go to the account's own address alone and carry the link's nonce, never its token.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from flask import current_app
from flask_babel import gettext as _

from pop_campaigns.accounts.models import AccountLink, Network, User
from pop_campaigns.accounts.rules.passwords import LinkKind
from pop_campaigns.core.dates import moment_words
from pop_campaigns.core.db import db
from pop_campaigns.core.i18n import in_language, speaking
from pop_campaigns.core.tokens import new_nonce
from pop_campaigns.mail.compose import render_words
from pop_campaigns.mail.models import ACCOUNT_MAIL, OutgoingMail
from pop_campaigns.mail.outbox import Recipient, add_skeleton, queue_mail

_SENDER: Final = "accounts"


def mail_link(link: AccountLink, *, now: datetime) -> OutgoingMail:
    """Queue the mail that holds a link."""
    user = link.user
    if link.kind is LinkKind.RESET:
        words = _render("password_reset", user.language)
    else:
        organisation = user.organisation
        words = _render(
            "account_invitation",
            user.language,
            inviter=link.made_by.name if link.made_by else "",
            of_organisation=_named(organisation, user.language) if organisation else "",
            address=user.email,
        )
    link.mail = _queue(
        user, words, link.kind.value, f"account/link/{link.id}", about=link, now=now, link=link
    )
    return link.mail


def mail_password_changed(user: User, *, now: datetime) -> OutgoingMail:
    """Queue the notice that the password was changed: whoever did not do it hears of it."""
    page = f"{current_app.config['BASE_URL']}/reset"
    when = moment_words(now, user.language)
    words = _render("password_changed", user.language, when=when, reset_page=page)
    once = f"account/password/{user.id}/{new_nonce()[:16]}"
    return _queue(user, words, "password_changed", once, about=user, now=now)


def mail_asked_again(link: AccountLink, inviter: User, *, now: datetime) -> OutgoingMail:
    """Queue the note to who invited that the invitation came too late; once for each invitation."""
    page = f"{current_app.config['BASE_URL']}/users/{link.user_id}"
    words = _render("account_asked", inviter.language, address=link.user.email, users_page=page)
    return _queue(inviter, words, "asked_again", f"account/asked/{link.id}", about=link, now=now)


def _queue(
    to: User,
    words: tuple[str, str, str],
    kind: str,
    once: str,
    *,
    about: User | AccountLink,
    now: datetime,
    link: AccountLink | None = None,
) -> OutgoingMail:
    subject, text, html = words
    skeleton = add_skeleton(language=to.language, subject=subject, text=text, html=html, now=now)
    links = {"link_url": link.in_mail()} if link else {}
    return queue_mail(
        skeleton,
        Recipient(to.email, to.name, {"brace": "{"}, links),
        kind=f"{ACCOUNT_MAIL}{kind}",
        once=once,
        about=about,
        from_address=f"{_SENDER}@{current_app.config['MAIL_DOMAIN']}",
        from_name=_sender_name(to.language),
        organisation_id=None,
        now=now,
        auto_submitted=True,
    )


def _render(name: str, language: str, **values: str) -> tuple[str, str, str]:
    network = db.session.get(Network, 1)
    with speaking(language):
        full = (in_language(network, "name", language) if network else "") or _("POP network")
        shared = {
            "lang": language,
            "refusable": False,
            "organiser": full,
            "network": full,
            "network_short": (network.short_name if network else "") or full,
            "contacts": [line for line in ((network.email, network.phone) if network else ()) if line]
            or [full],
        }
        return render_words(name, shared | values)


def _sender_name(language: str) -> str:
    network = db.session.get(Network, 1)
    with speaking(language):
        return (network.short_name if network else "") or _("POP network")


def _named(organisation: Any, language: str) -> str:
    return in_language(organisation, "name", language)
