"""To what a mail that came in belongs: by the secret in an address, by what it answers, else by a guess.

Only the secret proves anything. A Message-ID of ours files a mail; a sender, a UID or a number of the register suggests where.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from flask import current_app
from sqlalchemy import func, or_, select
from sqlalchemy.orm import joinedload

from pop_campaigns.core.db import db
from pop_campaigns.events.models.events import Event
from pop_campaigns.incoming.queries.registers import contradicting, recipients_named
from pop_campaigns.incoming.rules.incoming import local_parts, mailbox_of, nearly_the_same
from pop_campaigns.incoming.scope import Subject, owner_of
from pop_campaigns.invitations.models.invitations import Invitation, InvitationMail
from pop_campaigns.invitations.rules.invitations import InvitationState
from pop_campaigns.letters.models import LetterRecipient
from pop_campaigns.letters.queries.recipients import letter_of_mails
from pop_campaigns.mail.authentication import trusted_result
from pop_campaigns.mail.models import OutgoingMail
from pop_campaigns.mail.outbox import bounce_local_of
from pop_campaigns.mail.reading.report import MailReport
from pop_campaigns.mail.rules import Dmarc, IncomingKind

SUGGESTED = 5
_ANSWERED: tuple[Any, ...] = (Invitation, LetterRecipient)  # what people answer to

_WORDS = (IncomingKind.HUMAN, IncomingKind.AUTO)


@dataclass(frozen=True)
class Match:
    """One record a mail belongs to (or, ``suggested``, may belong to) and how that was found."""

    subject: Subject
    how: str
    suggested: bool = False

    @property
    def key(self) -> tuple[str, int]:
        """Table and number of the record."""
        return self.subject.__tablename__, self.subject.id


def find_matches(
    report: MailReport, envelope_to: str, *, dmarc: Dmarc | None = None, only_read: bool = False
) -> list[Match]:
    """Return what a mail belongs to, the surest first; suggestions only where nothing is sure.

    ``dmarc`` is what our own server found out about the sender. ``only_read`` leaves the database untouched, for explaining
    a message that is not kept.
    """
    domain = current_app.config["MAIL_DOMAIN"]
    locals_ = local_parts([envelope_to, *report.recipients], domain)
    matches = _by_token(locals_, only_read=only_read)
    matches += _by_message_id([*report.in_reply_to, *report.references, report.returned_id])
    sure = _each_once(matches)
    if report.kind in _WORDS and (elsewhere := _answers_another(report, sure)):
        return _doubted(elsewhere, sure)
    if sure and not _recipients(sure):
        return sure
    if sure:
        # What the office wrote itself: what it quotes names the letter that it pressed *Reply* on.
        written = _by_register(report, report.text, sender_is_sure=False)
        other = contradicting(_recipients(written), _recipients(sure))
        if not other:
            return sure
        return _doubted([Match(recipient, "register") for recipient in other], sure)
    numbered = _by_register(report, report.body, sender_is_sure=dmarc is Dmarc.PASSED)
    if numbered and not numbered[0].suggested:
        return numbered
    guessed = [*_nearly(locals_), *_by_sender(report.from_address, failed=dmarc is Dmarc.FAILED)]
    return _each_once([*numbered[:SUGGESTED], *_each_once(guessed)[:SUGGESTED]])


def contradicts(matches: Iterable[Match]) -> bool:
    """Return whether a mail came to the address of one matter, or answers it, and speaks of another: neither is sure."""
    return any(match.how in ("token", "references") and match.suggested for match in matches)


def _doubted(other: Iterable[Match], sure: Iterable[Match]) -> list[Match]:
    """Suggest both: at the address of one, speaking of another, only a person can tell which of the two was meant."""
    return _each_once(replace(match, suggested=True) for match in (*other, *sure))


def _answers_another(report: MailReport, sure: Sequence[Match]) -> list[Match]:
    """Return the guest or letter of the same organisation that a mail is of by other signs than the address it came to.

    Its mail is answered, or another guest of the same event sends it. Of another organisation nothing is said: whoever knows
    a Message-ID of theirs could else hide a mail from both.
    """
    addressed = [match for match in sure if match.how == "token" and isinstance(match.subject, _ANSWERED)]
    answered = [
        match
        for match in _each_once(_by_message_id(report.in_reply_to))
        if isinstance(match.subject, _ANSWERED)
    ]
    keys = {match.key for match in addressed}
    if len(addressed) == 1 and not answered and isinstance(addressed[0].subject, Invitation):
        writer = guest_named(addressed[0].subject.event, report.from_address)
        answered = [Match(writer, "sender")] if writer else []
    if not addressed or any(match.key in keys for match in answered):
        return []
    owners = {owner_of(match.subject) for match in addressed}
    return [match for match in answered if {owner_of(match.subject)} == owners]


def sender_result(report: MailReport) -> Dmarc | None:
    """Return what our own mail server says about the sender of a mail that came through it."""
    return trusted_result(report.sender_check, report.from_address, current_app.config["AUTHSERV_ID"])


def event_named(uid: str) -> Event | None:
    """Return the event with this UID. It stands in public calendar files: whoever writes it has proved nothing."""
    return db.session.scalar(select(Event).where(Event.uid == uid)) if uid else None


def guest_named(event: Event | None, address: str) -> Invitation | None:
    """Return the guest of an event whose address is the same mailbox, one who is invited before one who was."""
    if event is None or not address:
        return None
    mailbox, lowered = mailbox_of(address), func.lower(Invitation.address)
    alike = [lowered == mailbox]
    if mailbox.endswith("@gmail.com"):
        alike = [lowered.like("%@gmail.com"), lowered.like("%@googlemail.com")]
    guests = select(Invitation).where(Invitation.event_id == event.id, or_(*alike)).order_by(Invitation.id)
    same = [guest for guest in db.session.scalars(guests).unique() if mailbox_of(guest.address) == mailbox]
    return next((guest for guest in same if guest.state is InvitationState.INVITED), next(iter(same), None))


def _each_once(matches: Iterable[Match]) -> list[Match]:
    """Return each record once, where it was found first."""
    unique: dict[tuple[str, int], Match] = {}
    for match in matches:
        unique.setdefault(match.key, match)
    return list(unique.values())


def _recipients(matches: Iterable[Match]) -> list[LetterRecipient]:
    return [match.subject for match in matches if isinstance(match.subject, LetterRecipient)]


def _by_token(locals_: Iterable[str], *, only_read: bool) -> list[Match]:
    wanted = [local for local in locals_ if local.startswith("r-")]
    bounced = [local for local in locals_ if local.startswith("b-")]
    matches: list[Match] = []
    for model in _ANSWERED:
        if not wanted:
            break
        about = Invitation.event if model is Invitation else LetterRecipient.letter
        named = select(model).options(joinedload(about)).where(model.reply_local.in_(wanted))
        rows = sorted(db.session.scalars(named).unique(), key=lambda row: wanted.index(row.reply_local or ""))
        matches += [Match(row, "token") for row in rows]
        wanted = [local for local in wanted if local not in {row.reply_local for row in rows}]
    if bounced:
        if not only_read:
            _fill_bounce_locals()
        mails = select(OutgoingMail).where(OutgoingMail.bounce_local.in_(bounced))
        for mail in db.session.scalars(mails):
            matches += [Match(mail, "token"), *(Match(subject, "bounce") for subject in _about(mail))]
    return matches


def _fill_bounce_locals() -> None:
    """Derive the address of mails queued before it was kept; afterwards there are none."""
    for mail in db.session.scalars(select(OutgoingMail).where(OutgoingMail.bounce_local.is_(None))):
        mail.bounce_local = bounce_local_of(mail.bounce_nonce)
    db.session.flush()


def _by_message_id(idents: Iterable[str]) -> list[Match]:
    wanted = {f"<{ident.strip().strip('<>')}>" for ident in idents if ident.strip()}
    wanted |= {ident.strip("<>") for ident in wanted}
    if not wanted:
        return []
    mails = db.session.scalars(select(OutgoingMail).where(OutgoingMail.message_id.in_(wanted))).all()
    return [Match(subject, "references") for mail in mails for subject in (*_about(mail), mail)]


def _about(mail: OutgoingMail) -> list[Invitation | LetterRecipient]:
    """Return the guest or the recipient of a letter whom one of our mails went to."""
    guests = select(Invitation).join(InvitationMail).where(InvitationMail.mail_id == mail.id)
    return [*db.session.scalars(guests).unique(), *letter_of_mails([mail.id]).values()]


def _nearly(locals_: Iterable[str]) -> list[Match]:
    typed = [local for local in locals_ if local.startswith("r-")]
    if not typed:
        return []
    matches: list[Match] = []
    for model in _ANSWERED:
        # A slip of the hand rarely hits both ends: halves narrow what is compared letter by letter.
        halves = [
            or_(model.reply_local.startswith(local[:10]), model.reply_local.endswith(local[-10:]))
            for local in typed
        ]
        near = db.session.scalars(select(model).where(or_(*halves)).limit(50)).unique()
        matches += [
            Match(row, "near_token", suggested=True)
            for row in near
            if any(nearly_the_same(local, row.reply_local or "") for local in typed)
        ]
    return matches


def _by_register(report: MailReport, words: str, *, sender_is_sure: bool) -> list[Match]:
    """Return the recipients of letters named by register number; certain only from the very address a letter went to."""
    if report.kind not in _WORDS:
        return []
    texts = (report.subject, words, report.attached_text)
    named = recipients_named(texts, report.from_address, sender_is_sure=sender_is_sure)
    return [Match(recipient, "register", suggested=not sure) for recipient, sure in named][: SUGGESTED * 2]


def _by_sender(sender: str, *, failed: bool) -> list[Match]:
    """Suggest what went to the address a mail comes from, the newest first; ``failed``: the sender is forged, it seems."""
    if not sender:
        return []
    matches: list[Match] = []
    for model in _ANSWERED:
        rows = select(model).where(func.lower(model.address) == sender.lower())
        newest = db.session.scalars(rows.order_by(model.id.desc()).limit(SUGGESTED)).unique()
        matches += [Match(row, "sender_failed" if failed else "sender", suggested=True) for row in newest]
    return matches
