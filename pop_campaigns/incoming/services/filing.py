"""What follows from a mail that came in. The caller commits; the raw message is stored long before.

A calendar answer at the guest's own address counts like one given by the link, through the same door (``calendar_answers``).
A bounce marks the one mail that came back. Nothing else changes anything: a mail is filed where it belongs, or waits for a
person, who may let it count (``counting``), file it or put it aside. What a person brought acts only where that person may.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import undefer

from pop_campaigns.accounts.models import User
from pop_campaigns.accounts.scope import may_change
from pop_campaigns.core.db import db
from pop_campaigns.core.history import note
from pop_campaigns.incoming.rules.incoming import copies_failed
from pop_campaigns.incoming.scope import owner_of, record_of
from pop_campaigns.incoming.services.calendar_answers import Outcome, hold_unreadable, take_calendar
from pop_campaigns.incoming.services.matching import Match, contradicts, find_matches, sender_result
from pop_campaigns.incoming.services.receipts import queue_receipt
from pop_campaigns.letters.queries.recipients import letter_of_mails
from pop_campaigns.letters.services.clocks import settle_clock
from pop_campaigns.mail.models import IncomingLink, IncomingMail, OutgoingMail
from pop_campaigns.mail.reading.report import MailReport
from pop_campaigns.mail.rules import IncomingKind, IncomingState, IncomingWay, Review


class NothingSaid(ValueError):
    """A mail is put aside only with a reason."""


def file_mail(mail: IncomingMail, report: MailReport, *, now: datetime) -> OutgoingMail | None:
    """Keep what a mail was found to be, link it to what it belongs, and do what follows from it.

    Return the receipt that was queued for it, None for most.
    """
    _keep(mail, report)
    # What is looked for lies in other rows: each question would else first write this one, three times a mail.
    with db.session.no_autoflush:
        outcome = _act(mail, report, now)
    for match in outcome.matches:
        link_mail(mail, match, now)
    mail.review = outcome.review
    sure = [match for match in outcome.matches if not match.suggested]
    filed = bool(sure) and outcome.review in (None, Review.OLDER)
    mail.state = IncomingState.MATCHED if filed else IncomingState.HELD
    _note_owner(mail, {owner_of(match.subject) for match in sure or outcome.matches}, outcome)
    db.session.flush()
    return queue_receipt(mail, report, sure, now=now)


def _act(mail: IncomingMail, report: MailReport, now: datetime) -> Outcome:
    """Find to what a mail belongs and let it do what it does; return that, and why it needs a person, if it does."""
    by = _bringer(mail)
    matches = find_matches(report, mail.envelope_to, dmarc=mail.dmarc)
    if mail.way is IncomingWay.UPLOAD:
        matches = [match for match in matches if by and may_change(record_of(match.subject), by)]
    if _came_before(mail, matches):
        return Outcome(matches)  # it did what it does when it came first
    if mail.kind is IncomingKind.CALENDAR:
        return take_calendar(mail, report, matches, by=by, now=now)
    if report.unreadable_calendar and mail.kind in (IncomingKind.HUMAN, IncomingKind.AUTO):
        return hold_unreadable(mail, report, matches)
    if mail.kind is IncomingKind.BOUNCE:
        _take_bounce(mail, report, matches, now)
    words = mail.kind in (IncomingKind.HUMAN, IncomingKind.AUTO)
    return Outcome(matches, Review.CONTRADICTS if words and contradicts(matches) else None)


def _bringer(mail: IncomingMail) -> User | None:
    """Return who brought a mail, while they may still sign in; else it acts for nobody."""
    by = db.session.get(User, mail.brought_by_id) if mail.brought_by_id else None
    return by if by and by.active else None


def _keep(mail: IncomingMail, report: MailReport) -> None:
    # Held until something is found: a mail that was read is never without a place.
    mail.state, mail.lease_until = IncomingState.HELD, None
    mail.kind, mail.reasons = report.kind, list(report.reasons)
    mail.message_id, mail.subject = report.message_id[:998], report.subject[:1000]
    mail.from_address, mail.from_name = report.from_address[:320], report.from_name[:200]
    mail.dated_at, mail.text, mail.body = report.date, report.text, report.body
    plain = report.to_json()
    told = {"partstat": report.told_partstat} if report.told_partstat else None
    mail.calendar = plain["calendar"] or told
    mail.signed, mail.perhaps_absent = report.signed, report.perhaps_absent
    mail.attachments = plain["attachments"]
    mail.review = None
    # Whoever brings a file could have written into it what a server says.
    mail.dmarc = None if mail.way is IncomingWay.UPLOAD else sender_result(report)
    mail.bounce = None
    if report.kind in (IncomingKind.BOUNCE, IncomingKind.AUTO) or report.perhaps_absent:
        names = ("permanent", "failed_recipients", "status", "diagnostic", "returned_id", "returns_on")
        mail.bounce = {name: plain[name] for name in names}


def _came_before(mail: IncomingMail, matches: list[Match]) -> bool:
    """Return whether the same message (Message-ID and content) was filed before, for another address or once more; note it.

    The lines that each server adds on the way differ, so the bytes are not compared. One that did nothing for what this one
    belongs to, since it came without the secret or to another guest, takes nothing away from this one.
    """
    mail.duplicate_of_id = None
    if not mail.message_id:
        return False
    alike = ("message_id", "kind", "from_address", "subject", "state")
    values = {name: getattr(mail, name) for name in alike} | {"state": IncomingState.MATCHED}
    same = select(IncomingMail).options(undefer(IncomingMail.body)).filter_by(**values)
    earlier = db.session.scalars(same.where(IncomingMail.id < mail.id).order_by(IncomingMail.id).limit(5))
    same_words = [other for other in earlier if _content_of(other) == _content_of(mail)]
    first = next((other for other in same_words if _did(other, matches)), None)
    shown = first or next(iter(same_words), None)
    mail.duplicate_of_id = shown.id if shown else None
    return first is not None


def _did(earlier: IncomingMail, matches: list[Match]) -> bool:
    wanted = {match.key for match in matches if not match.suggested}
    links = {
        (link.subject_type, link.subject_id)
        for link in earlier.links
        if not link.suggested and link.how != "by_hand"
    }
    return earlier.review in (None, Review.OLDER) and bool(links & wanted if wanted else links)


def _content_of(mail: IncomingMail) -> tuple[Any, ...]:
    bounce = {name: value for name, value in (mail.bounce or {}).items() if name != "copies_failed"}
    return (mail.body, mail.calendar, bounce, mail.attachments)


def link_mail(mail: IncomingMail, match: Match, now: datetime, by: str = "") -> None:
    """Link a mail to a record it belongs to or, where the match is a suggestion, may belong to; what is sure stays sure."""
    table, ident = match.key
    known = next((link for link in mail.links if (link.subject_type, link.subject_id) == match.key), None)
    if known is None:
        db.session.add(
            IncomingLink(
                mail=mail,
                subject_type=table,
                subject_id=ident,
                how=match.how,
                suggested=match.suggested,
                linked_by=by,
                at=now,
            )
        )
    elif known.suggested and not match.suggested:
        known.suggested, known.how, known.linked_by, known.at = False, match.how, by, now


def _note_owner(mail: IncomingMail, owners: set[int | None], outcome: Outcome) -> None:
    """Note whose matter a mail is, where all it may belong to is one organisation's."""
    if not owners and outcome.event is not None:
        owners = {outcome.event.organisation_id}
    if len(owners) == 1:
        mail.organisation_id = owners.pop()
    elif mail.way is not IncomingWay.UPLOAD:  # else it stays with whoever brought it
        mail.organisation_id = None


def _take_bounce(mail: IncomingMail, report: MailReport, matches: list[Match], now: datetime) -> None:
    """Mark the mail that came back to its own address; a bounce that only names a Message-ID may be forged.

    One about another mailbox, to which whom we wrote to has passed our mail on, says nothing of theirs.
    """
    sent = [(match.subject, match.how) for match in matches if isinstance(match.subject, OutgoingMail)]
    if not sent:
        return
    addressee, words = sent[0][0].to_address, f"{report.diagnostic}\n{report.body[:3000]}"
    copies = copies_failed(addressee, report.failed_recipients, report.forwarded_to, words=words)
    mail.bounce = (mail.bounce or {}) | {"copies_failed": copies}
    for original, how in sent:
        known = original.bounced_at is not None and original.bounce_permanent
        if copies or known or how != "token" or report.permanent is None:
            continue
        original.bounced_at, original.bounce_permanent = now, report.permanent
        original.bounce_words = f"{report.status} {report.diagnostic}".strip()[:500]
        recipient = letter_of_mails([original.id]).get(original.id)
        if recipient is not None:
            settle_clock(recipient, now=now)


def file_by_hand(mail: IncomingMail, match: Match, *, by: User, now: datetime) -> None:
    """File a mail where a person says it belongs. It changes nothing but that; one that is being read stays."""
    if mail.state is IncomingState.RECEIVED:
        return
    link_mail(mail, Match(match.subject, "by_hand"), now, by.name)
    mail.state = IncomingState.MATCHED
    mail.ignored_at, mail.ignored_by, mail.ignored_reason = None, "", ""
    if mail.kind is not IncomingKind.CALENDAR:
        mail.review = None  # why it waited is answered by this
    mail.organisation_id = owner_of(match.subject)
    note("incoming.filed", mail, by=by, now=now, organisation_id=mail.organisation_id)


def put_aside(mail: IncomingMail, reason: str, *, by: User, now: datetime) -> None:
    """Put a held mail aside with a reason; it stays readable, and can be filed later.

    :raises NothingSaid: no reason is given.
    """
    if not reason.strip():
        raise NothingSaid
    if mail.state is not IncomingState.HELD:
        return  # put aside already, filed meanwhile, or still being read
    who = by.name
    mail.ignored_at, mail.ignored_by, mail.ignored_reason = now, who, reason[:300]
    mail.state = IncomingState.IGNORED
    note("incoming.put_aside", mail, by=by, now=now, organisation_id=mail.organisation_id)
