"""What follows from a mail that came in. The caller commits; the raw message is stored long before.

A calendar answer counts like one given by the link, through the same door. Another time that a guest proposes is kept for a
person to accept or decline (``proposals``). A bounce marks the one mail that came back. Nothing else changes anything:
a mail is filed where it belongs, or waits for a person, who may file it or put it aside.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import current_app
from sqlalchemy import select
from sqlalchemy.orm import undefer

from pop_campaigns.accounts.models import User
from pop_campaigns.core.db import db
from pop_campaigns.core.history import note
from pop_campaigns.incoming.matching import Match, by_uid, find_matches
from pop_campaigns.incoming.proposals import take_proposal
from pop_campaigns.incoming.queries import owner_of
from pop_campaigns.incoming.receipts import queue_receipt
from pop_campaigns.incoming.rules import (
    Review,
    SaidBefore,
    is_older,
    local_parts,
    speaks_for,
    speaks_without_token,
)
from pop_campaigns.invitations.answers import AnswerRefused, record_answer
from pop_campaigns.invitations.models import GivenAnswer, Invitation
from pop_campaigns.invitations.rules import Answer, AnswerChannel
from pop_campaigns.mail.models import IncomingLink, IncomingMail, OutgoingMail
from pop_campaigns.mail.report import MailReport
from pop_campaigns.mail.rules import IncomingKind, IncomingState, IncomingWay

ANSWERS = {
    "ACCEPTED": Answer.ACCEPTED,
    "TENTATIVE": Answer.TENTATIVE,
    "DECLINED": Answer.DECLINED,
    "DELEGATED": Answer.DECLINED,
}


class NothingSaid(ValueError):
    """A mail is put aside only with a reason."""


def file_mail(mail: IncomingMail, report: MailReport, *, now: datetime) -> OutgoingMail | None:
    """Keep what a mail was found to be, link it to what it belongs, and do what follows from it.

    Gives the receipt that was queued for it, None for most.
    """
    _keep(mail, report)
    # What is looked for lies in other rows: each question would else first write this one, three times a mail.
    with db.session.no_autoflush:
        matches, review = _act(mail, report, now)
    for match in matches:
        _link(mail, match, now)
    if review is not None:
        mail.reasons = [*mail.reasons, f"review: {review.value}"]
    sure = [match for match in matches if not match.suggested]
    filed = bool(sure) and review in (None, Review.OLDER)
    mail.state = IncomingState.MATCHED if filed else IncomingState.HELD
    _note_owner(mail, sure or matches)
    db.session.flush()
    return queue_receipt(mail, report, sure, now=now)


def _act(mail: IncomingMail, report: MailReport, now: datetime) -> tuple[list[Match], Review | None]:
    """Find to what a mail belongs and let it do what it does; give that, and why it needs a person, if it does."""
    matches = find_matches(report, mail.envelope_to)
    if _came_before(mail):
        return matches, None  # it did what it does when it came first
    if mail.kind is IncomingKind.CALENDAR:
        return _take_calendar(mail, report, matches, now)
    if mail.kind is IncomingKind.BOUNCE:
        _take_bounce(report, matches, now)
    return matches, None


def _keep(mail: IncomingMail, report: MailReport) -> None:
    # Held until something is found: a mail that was read is never without a place.
    mail.state, mail.lease_until = IncomingState.HELD, None
    mail.kind, mail.reasons = report.kind, list(report.reasons)
    mail.message_id, mail.subject = report.message_id[:998], report.subject[:1000]
    mail.from_address, mail.from_name = report.from_address[:320], report.from_name[:200]
    mail.dated_at, mail.text, mail.body = report.date, report.text, report.body
    mail.calendar = report.calendar
    plain = report.to_json()
    mail.attachments = plain["attachments"]
    mail.bounce = None
    if report.kind in (IncomingKind.BOUNCE, IncomingKind.AUTO):
        names = ("permanent", "failed_recipients", "status", "diagnostic", "returned_id", "returns_on")
        mail.bounce = {name: plain[name] for name in names}


def _came_before(mail: IncomingMail) -> bool:
    """Tell whether the same message (Message-ID and content) was filed before, for another address or once more; note it.

    The lines that each server adds on the way differ, so the bytes are not compared.
    """
    mail.duplicate_of_id = None
    if not mail.message_id:
        return False
    alike = ("message_id", "kind", "from_address", "subject", "state")
    values = {name: getattr(mail, name) for name in alike} | {"state": IncomingState.MATCHED}
    same = select(IncomingMail).options(undefer(IncomingMail.body)).filter_by(**values)
    earlier = db.session.scalars(same.where(IncomingMail.id < mail.id).order_by(IncomingMail.id).limit(5))
    first = next((one for one in earlier if _content_of(one) == _content_of(mail)), None)
    mail.duplicate_of_id = first.id if first else None
    return first is not None


def _content_of(mail: IncomingMail) -> tuple[Any, ...]:
    return (mail.body, mail.calendar, mail.bounce, mail.attachments)


def _link(mail: IncomingMail, match: Match, now: datetime, by: str = "") -> None:
    table, ident = match.key
    known = next((one for one in mail.links if (one.subject_type, one.subject_id) == match.key), None)
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


def _note_owner(mail: IncomingMail, matches: list[Match]) -> None:
    """Say whose matter it is, where all it may belong to is one organisation's."""
    owners = {owner_of(match.subject) for match in matches}
    if len(owners) == 1:
        mail.organisation_id = owners.pop()
    elif mail.way is not IncomingWay.UPLOAD:  # else it stays with whoever brought it
        mail.organisation_id = None


def _take_calendar(
    mail: IncomingMail, report: MailReport, matches: list[Match], now: datetime
) -> tuple[list[Match], Review | None]:
    """Let a calendar answer count, or say why a person has to look at it."""
    said = report.calendar or {}
    by_token = [match for match in matches if isinstance(match.subject, Invitation) and match.how == "token"]
    # A mail to several of our addresses speaks for the guest it names, whichever address it came to first.
    named = [match for match in by_token if _is_named(match.subject, said)]
    guest: Any = next((match.subject for match in [*named, *by_token]), None)
    if guest is None:
        guest = by_uid(said.get("uid") or "", said.get("attendee") or "")
        if guest is not None:
            matches = [Match(guest, "uid")]
    if guest is None:
        return matches, Review.OTHER_GUEST
    review = _why_not(guest, said, report, with_token=bool(by_token))
    if review is None and said["method"] == "COUNTER":
        # What it says beside (PARTSTAT) is no answer: see ``proposals``.
        review = take_proposal(mail, guest, said, answered=_said_before(guest), now=now)
    elif review is None:
        review = _record(mail, guest, said, now)
    return matches, review


def _is_named(subject: Any, said: dict[str, Any]) -> bool:
    attendee = (said.get("attendee") or "").casefold()
    return bool(attendee) and subject.address.casefold() == attendee and said.get("uid") == subject.event.uid


def _why_not(
    guest: Invitation, said: dict[str, Any], report: MailReport, *, with_token: bool
) -> Review | None:
    """Decide whether an answer counts; None means yes."""
    if said.get("method") not in ("REPLY", "COUNTER"):
        return Review.NOT_A_REPLY
    if said.get("uid") != guest.event.uid or said.get("recurrence_id"):
        return Review.OTHER_EVENT
    if not with_token and _names_a_guest(report):
        return Review.WRONG_ADDRESS
    attendee, sender = said.get("attendee") or "", report.from_address
    decide = speaks_for if with_token else speaks_without_token
    review = decide(attendee, sender, guest.address)
    if review is not None or said["method"] == "COUNTER":
        return review
    if said.get("partstat") not in ANSWERS:
        return Review.NO_ANSWER
    older = is_older(said.get("sequence"), _moment(said.get("dtstamp")), _said_before(guest))
    return Review.OLDER if older else None


def _names_a_guest(report: MailReport) -> bool:
    """Tell whether a mail was for an address of the kind our guests answer to, though none of theirs."""
    ours = local_parts(report.recipients, current_app.config["MAIL_DOMAIN"])
    return any(local.startswith("r-") for local in ours)


def _said_before(guest: Invitation) -> SaidBefore | None:
    wanted = (
        select(GivenAnswer)
        .where(GivenAnswer.invitation_id == guest.id, GivenAnswer.incoming_mail_id.is_not(None))
        .order_by(GivenAnswer.id.desc())
        .limit(1)
    )
    last = db.session.scalar(wanted)
    if last is None:
        return None
    before = db.session.get_one(IncomingMail, last.incoming_mail_id)
    return SaidBefore(last.event_sequence, _moment((before.calendar or {}).get("dtstamp")))


def _record(mail: IncomingMail, guest: Invitation, said: dict[str, Any], now: datetime) -> Review | None:
    substitute = ", ".join(said.get("delegated_to") or ())
    answer = ANSWERS[said["partstat"]]
    try:
        given = record_answer(
            guest,
            answer,
            substitute=substitute if said["partstat"] == "DELEGATED" else "",
            note=said.get("comment") or "",
            channel=AnswerChannel.CALENDAR,
            now=now,
            sequence=said.get("sequence"),
        )
    except AnswerRefused:
        return Review.TOO_LATE
    given.incoming_mail_id = given.incoming_mail_id or mail.id
    return None


def _take_bounce(report: MailReport, matches: list[Match], now: datetime) -> None:
    """Mark the mail that came back to its own address; a bounce that only names a Message-ID may be forged."""
    for match in matches:
        mail = match.subject
        if not isinstance(mail, OutgoingMail) or match.how != "token" or report.permanent is None:
            continue
        if mail.bounced_at is not None and mail.bounce_permanent:
            continue
        mail.bounced_at, mail.bounce_permanent = now, report.permanent
        mail.bounce_words = f"{report.status} {report.diagnostic}".strip()[:500]


def file_by_hand(mail: IncomingMail, match: Match, *, by: User, now: datetime) -> None:
    """File a mail where a person says it belongs. It changes nothing but that; one that is being read stays."""
    if mail.state is IncomingState.RECEIVED:
        return
    _link(mail, Match(match.subject, "by_hand"), now, by.name)
    mail.state = IncomingState.MATCHED
    mail.ignored_at, mail.ignored_by, mail.ignored_reason = None, "", ""
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


def take_back(mail: IncomingMail, *, by: User, now: datetime) -> bool:
    """Let a mail wait again that a person filed or put aside; tell whether there was anything to take back.

    What was found without a person stays: such a mail cannot be taken back.
    """
    ours = [link for link in mail.links if link.how == "by_hand" and not link.suggested]
    if mail.state is not IncomingState.IGNORED and not (mail.state is IncomingState.MATCHED and ours):
        return False
    for link in ours:
        link.suggested = True
    mail.state = IncomingState.HELD
    mail.ignored_at, mail.ignored_by, mail.ignored_reason = None, "", ""
    note("incoming.taken_back", mail, by=by, now=now, organisation_id=mail.organisation_id)
    db.session.flush()
    return True


def _moment(written: str | None) -> datetime | None:
    return datetime.fromisoformat(written.replace("Z", "+00:00")) if written else None
