"""The one short mail that tells a person that their message reached us and whose it is now (RFC 3834).

It must never become a loop or a nuisance: only for people's words that surely belong to an invitation or a letter, with
the null sender, once a day for each address, and never to whom a machine must not answer. The personal link goes to the
guest's own address alone, whoever wrote.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from flask import current_app
from flask_babel import pgettext
from sqlalchemy import func, select

from pop_campaigns.accounts.models import Network
from pop_campaigns.contacts.queries.refusals import erased_among, suppressed_among
from pop_campaigns.contacts.rules import MAIL_PURPOSES, TombstoneKind
from pop_campaigns.core.db import db
from pop_campaigns.core.i18n import in_language, speaking
from pop_campaigns.core.locks import lock_number
from pop_campaigns.events.rules.events import EventState
from pop_campaigns.incoming.rules.incoming import (
    RECEIPT_GAP,
    RECEIPTS_ABOUT_ONE,
    is_fresh,
    may_get_receipt,
    threaded,
)
from pop_campaigns.incoming.services.matching import Match
from pop_campaigns.invitations.messages.handed_links import HANDED_KIND
from pop_campaigns.invitations.messages.invitations import (
    ANSWER_LINK,
    RECEIPT_KIND,
    Rendered,
    event_values,
    sender_name,
)
from pop_campaigns.invitations.models.invitations import Invitation
from pop_campaigns.invitations.rules.invitations import Answer, InvitationState, may_answer
from pop_campaigns.invitations.services.answers import IN_NAME_KIND
from pop_campaigns.letters.messages.letters import sender_of
from pop_campaigns.letters.models import LetterRecipient
from pop_campaigns.mail.addresses import is_plain_address
from pop_campaigns.mail.compose import render_words
from pop_campaigns.mail.models import IncomingMail, OutgoingMail
from pop_campaigns.mail.outbox import Recipient, add_skeleton, queue_mail
from pop_campaigns.mail.queries import dead_among
from pop_campaigns.mail.reading.report import MailReport
from pop_campaigns.mail.rules import Dmarc, IncomingKind, IncomingState, IncomingWay

KIND: Final = "incoming.receipt"
# What tells its reader by itself that something reached us; the notices of an answer are among them, and are never held
# back for a receipt: by them a guest learns that somebody else answered.
_RECEIPTS = (KIND, RECEIPT_KIND, IN_NAME_KIND, HANDED_KIND)
# Any number, as long as nothing else of ours locks under it.
_LOCK: Final = 3834_2004


def queue_receipt(
    mail: IncomingMail, report: MailReport, matches: Sequence[Match], *, now: datetime
) -> OutgoingMail | None:
    """Queue the receipt for a mail that was filed, within the caller's transaction; None where there is none to give."""
    about = next(
        (match for match in matches if isinstance(match.subject, (Invitation, LetterRecipient))), None
    )
    if about is None or about.suggested or not _asks_for_one(mail, report, now):
        return None
    subject: Any = about.subject
    owner = _event_or_letter(subject).organisation_id
    own = report.from_address.lower() == subject.address.lower()
    if not (own or about.how == "token") or not _is_welcome(report.from_address, owner, now):
        return None
    once = _free_name(subject, now)
    rendered = _render(subject, own, now) if once else None
    if once is None or rendered is None:
        return None
    links = {"answer_url": ANSWER_LINK | {"nonce": subject.nonce}} if "{answer_url}" in rendered.text else {}
    return queue_mail(
        add_skeleton(now=now, **rendered.as_skeleton()),
        Recipient(report.from_address, fields={"brace": "{"}, links=links),
        kind=KIND,
        once=once,
        about=subject,
        from_address=f"{subject.reply_local}@{current_app.config['MAIL_DOMAIN']}",
        from_name=_organiser(subject),
        organisation_id=owner,
        now=now,
        auto_submitted=True,
        thread=threaded(report.references, report.in_reply_to, report.message_id),
        null_sender=True,
    )


def _asks_for_one(mail: IncomingMail, report: MailReport, now: datetime) -> bool:
    """Return whether a mail is a person's, came just now, was filed, and lets a machine answer."""
    if not current_app.config["RECEIPTS"] or mail.way is IncomingWay.UPLOAD:
        return False
    human = report.kind is IncomingKind.HUMAN and mail.state is IncomingState.MATCHED
    return (
        human
        and mail.dmarc is not Dmarc.FAILED  # whoever the sender's line names did not write
        and not report.no_answer
        and not report.perhaps_absent  # what may be a machine's is not answered by one
        and is_fresh(report.date, mail.received_at, now)
        and _is_person(mail, report)
    )


def _is_person(mail: IncomingMail, report: MailReport) -> bool:
    domain = current_app.config["MAIL_DOMAIN"]
    return is_plain_address(report.from_address) and may_get_receipt(
        report.from_address, mail.envelope_from, domain
    )


def _is_welcome(address: str, owner: int | None, now: datetime) -> bool:
    """Return whether a receipt may go to an address now: one a day, none to who refuses mail, was erased or is gone."""
    # Two workers may have a mail each of the same sender.
    lock_number(_LOCK, zlib.crc32(address.lower().encode()) - 2**31)
    had_one = select(OutgoingMail.id).where(
        func.lower(OutgoingMail.to_address) == address.lower(),
        OutgoingMail.kind.in_(_RECEIPTS),
        OutgoingMail.queued_at > now - RECEIPT_GAP,
    )
    if db.session.scalar(had_one.limit(1)) is not None:
        return False
    if any(suppressed_among({address}, purpose, owner) for purpose in MAIL_PURPOSES):
        return False
    return not erased_among(TombstoneKind.EMAIL, [address], owner) and not dead_among([address], now=now)


def _free_name(subject: Invitation | LetterRecipient, now: datetime) -> str | None:
    """Return the name of the next receipt about a guest or recipient today; None where there were enough.

    The outbox refuses a name that was given already, so that also workers side by side never give more.
    """
    what = "invitation" if isinstance(subject, Invitation) else "letter"
    names = [f"{what}/{subject.id}/reached/{now:%Y-%m-%d}/{n}" for n in range(RECEIPTS_ABOUT_ONE)]
    taken = set(db.session.scalars(select(OutgoingMail.once).where(OutgoingMail.once.in_(names))))
    return next((name for name in names if name not in taken), None)


def _event_or_letter(subject: Invitation | LetterRecipient) -> Any:
    return subject.event if isinstance(subject, Invitation) else subject.letter


def _organiser(subject: Invitation | LetterRecipient) -> str:
    if isinstance(subject, LetterRecipient):
        return sender_of(subject.letter, subject.language).name
    with speaking(subject.language):
        return sender_name(subject.event, subject.language)


def _render(subject: Invitation | LetterRecipient, own: bool, now: datetime) -> Rendered | None:
    lang = subject.language
    with speaking(lang):
        values = (
            _letter_values(subject)
            if isinstance(subject, LetterRecipient)
            else _guest_values(subject, own, now)
        )
        if values is None:
            return None
        text = render_words("reached", values | {"lang": lang, "refusable": False})
    return Rendered(lang, *text, None)


def _guest_values(guest: Invitation, own: bool, now: datetime) -> dict[str, Any] | None:
    """Return what the receipt says of an invitation; nothing to one erased, nor of an event that lost its moment."""
    event = guest.event
    if guest.is_erased or event.starts_at is None:
        return None
    closed = may_answer(
        cancelled=event.state is EventState.CANCELLED,
        withdrawn=guest.state is not InvitationState.INVITED,
        starts_at=event.starts_at,
        now=now,
    )
    answered = "unanswered" if guest.answer is Answer.NEEDS_ACTION else "answered"
    return event_values(event, guest.language, "", now) | {"open": answered if own and closed is None else ""}


def _letter_values(recipient: LetterRecipient) -> dict[str, Any]:
    letter, lang = recipient.letter, recipient.language
    sender, network = sender_of(letter, lang), db.session.get(Network, 1)
    subject, number = in_language(letter, "subject", lang), letter.register_number
    numbered = pgettext("mail text", "Letter no. %(number)s: %(subject)s", number=number, subject=subject)
    return {
        "organiser": sender.name,
        "network": (in_language(network, "name", lang) if network else "") or sender.name,
        "contacts": [line for line in (sender.name, sender.contact) if line],
        "heading": numbered if number else subject,
        "open": "",
    }
