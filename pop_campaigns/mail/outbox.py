"""The outbox: queue a mail, claim what is due under a lease, record what became of it. Never commits."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from flask import current_app
from sqlalchemy import ColumnElement, and_, exists, func, or_, select, update
from sqlalchemy.orm import aliased, joinedload

from pop_campaigns.core.db import db
from pop_campaigns.core.tokens import derive_local_part, new_nonce
from pop_campaigns.mail.models import MailAttachment, MailSkeleton, MailTry, OutgoingMail, Sending
from pop_campaigns.mail.rules import LEASE, MailState, gives_up, next_attempt

AS_IT_WAS: Final = "as_it_was"
"""Under this name a sending keeps where the mail stood that it sends again."""
LONGEST_NAME = 200  # of the columns; a header shows 78 at most
_LET_GO: Final[dict[str, Any]] = {"lease_until": None, "lease_owner": None, "handing_since": None}
_CALLED_OFF: Final[dict[str, Any]] = {"state": MailState.WITHDRAWN}
_PLACEHOLDER = re.compile(r"\{([a-z_]{1,40})\}")


@dataclass(frozen=True)
class Recipient:
    """Where one mail goes and what fills its placeholders (see :class:`OutgoingMail`)."""

    address: str
    name: str = ""
    fields: dict[str, str] = field(default_factory=dict)
    links: dict[str, dict[str, str]] = field(default_factory=dict)


def add_skeleton(
    *,
    language: str,
    subject: str,
    text: str,
    html: str,
    now: datetime,
    calendar: dict[str, Any] | None = None,
    attachments: Sequence[tuple[str, str, bytes]] = (),
) -> MailSkeleton:
    """Add what all recipients share; ``attachments`` are (name, media type, content)."""
    skeleton = MailSkeleton(
        language=language, subject=subject, text=text, html=html, calendar=calendar, created_at=now
    )
    skeleton.attachments = [
        MailAttachment(name=name, media_type=media_type, content=content)
        for name, media_type, content in attachments
    ]
    db.session.add(skeleton)
    return skeleton


def queue_mail(
    skeleton: MailSkeleton,
    to: Recipient,
    *,
    kind: str,
    once: str,
    about: Any,
    from_address: str,
    from_name: str,
    organisation_id: int | None,
    now: datetime,
    auto_submitted: bool = False,
    thread: Sequence[str] | None = None,
    null_sender: bool = False,
    sending: Sending | None = None,
) -> OutgoingMail:
    """Add one mail to the outbox, within the caller's transaction.

    ``once`` names the thing itself (``invitation/42/request/0``): a second mail of that name is refused by the
    database, whatever was clicked twice. ``about`` is the row the mail is about (flushed, so that it has an id), or None.
    ``thread`` and ``null_sender`` are for answers to mails (see :class:`OutgoingMail`). Where the class of ``about`` says
    ``mails_in_turn``, mails about the same row leave in the order in which they were queued. ``sending`` is what a person does
    and can take back: then the mail leaves at the end of that time.
    """
    nonce = new_nonce()
    mail = OutgoingMail(
        skeleton=skeleton, organisation_id=organisation_id, kind=kind, once=once, **_subject(about),
        to_address=to.address, to_name=to.name[:LONGEST_NAME], fields=to.fields, links=to.links,
        from_address=from_address, from_name=from_name[:LONGEST_NAME],
        message_id=_new_message_id(), bounce_nonce=nonce, bounce_local=bounce_local_of(nonce),
        auto_submitted=auto_submitted, thread=list(thread) if thread else None, null_sender=null_sender,
        in_turn=getattr(about, "mails_in_turn", False), paused_at=getattr(about, "mails_paused_at", None),
        state=MailState.QUEUED, dated_at=now, queued_at=now, sending=sending,
        available_at=sending.undo_until if sending else now,
    )  # fmt: skip
    db.session.add(mail)
    return mail


def _subject(about: Any) -> dict[str, Any]:
    return {} if about is None else {"subject_type": about.__tablename__, "subject_id": about.id}


def bounce_local_of(nonce: str) -> str:
    """Return the local part to which a mail with this nonce bounces: nobody without our key makes one up."""
    return f"b-{derive_local_part('bounce', nonce)}"


def queue_again(mail: OutgoingMail, *, now: datetime, sending: Sending | None = None) -> OutgoingMail:
    """Send a mail again at a person's wish; ``sending`` is that wish, which can be taken back.

    One that failed (or waits for its next attempt) is the same mail with the same Message-ID, due at once. One that
    was sent is sent as a new message, because receivers drop a Message-ID they have seen. One that can still be taken back is
    not hurried: it leaves by itself.
    """
    if mail.state in (MailState.SENDING, MailState.WITHDRAWN) or _can_be_taken_back(mail, now):
        return mail
    if mail.state is not MailState.SENT:
        if sending is not None:
            sending.before = {AS_IT_WAS: _standing(mail)}
            mail.sending = sending
        mail.state, mail.queued_at = MailState.QUEUED, now
        mail.available_at = sending.undo_until if sending else now
        return mail
    copies = select(OutgoingMail).where(OutgoingMail.again_of_id == mail.id)
    number = len(db.session.scalars(copies).all()) + 1
    again = queue_mail(
        mail.skeleton,
        Recipient(mail.to_address, mail.to_name, dict(mail.fields), dict(mail.links)),
        kind=mail.kind,
        once=f"{mail.once}/again/{number}",
        about=None,
        from_address=mail.from_address,
        from_name=mail.from_name,
        organisation_id=mail.organisation_id,
        now=now,
        auto_submitted=mail.auto_submitted,
        thread=mail.thread,
        null_sender=mail.null_sender,
        sending=sending,
    )
    again.subject_type, again.subject_id, again.in_turn = mail.subject_type, mail.subject_id, mail.in_turn
    again.paused_at = mail.paused_at
    again.again_of_id, again.original_id = mail.id, mail.original_id or mail.id
    again.incoming_mail_id = mail.incoming_mail_id
    return again


def put_back(mail: OutgoingMail, standing: dict[str, Any]) -> None:
    """Let a mail stand where it stood before it was sent again, as :func:`queue_again` kept it."""
    mail.state, mail.once, mail.sending_id = (
        MailState(standing["state"]),
        standing["once"],
        standing["sending"],
    )
    mail.available_at = datetime.fromisoformat(standing["available_at"])
    mail.queued_at = datetime.fromisoformat(standing["queued_at"])


def _standing(mail: OutgoingMail) -> dict[str, Any]:
    return {
        "state": mail.state.value,
        "once": mail.once,
        "sending": mail.sending_id,
        "available_at": mail.available_at.isoformat(),
        "queued_at": mail.queued_at.isoformat(),
    }


def _can_be_taken_back(mail: OutgoingMail, now: datetime) -> bool:
    sending = mail.sending
    if mail.state is not MailState.QUEUED or sending is None:
        return False
    return sending.undone_at is None and sending.undo_until > now


def call_off(mail: OutgoingMail, *, now: datetime) -> None:
    """Call a mail off, of which the caller holds the row (see ``queries.locked_mail``).

    One that waits, or that a worker only claimed, will not leave. One that is being handed over at this moment is marked:
    it may have left already, and is never tried again.
    """
    if mail.state is MailState.QUEUED or (mail.state is MailState.SENDING and mail.handing_since is None):
        mail.state, mail.lease_until, mail.lease_owner = MailState.WITHDRAWN, None, None
    elif mail.state is MailState.SENDING and mail.called_off_at is None:
        mail.called_off_at = now


def stop_mail(mail: OutgoingMail, words: str, *, now: datetime) -> None:
    """Call off a mail that a worker holds and has not handed over; ``words`` say why."""
    mail.state, mail.lease_until, mail.lease_owner, mail.handing_since = MailState.WITHDRAWN, None, None, None
    mail.called_off_at, mail.last_code, mail.last_words = now, None, words


def wait_until(mail: OutgoingMail, moment: datetime) -> None:
    """Put a mail that a worker holds and has not handed over back into the queue until ``moment``; no attempt counts."""
    mail.state, mail.available_at = MailState.QUEUED, moment
    mail.lease_until = mail.lease_owner = mail.handing_since = None


def claim_mails(owner: str, *, now: datetime, limit: int = 100, lease: timedelta = LEASE) -> list[int]:
    """Take up to ``limit`` due mails under a lease and return their ids, oldest first.

    Mails whose lease ran out (a worker was killed) are taken too: that is the sweep. Those called off meanwhile are not, they
    count as perhaps gone. A mail ``in_turn`` waits for the earlier ones about the same row. The caller commits at once.
    """
    over = and_(OutgoingMail.state == MailState.SENDING, OutgoingMail.lease_until <= now)
    gone = or_(OutgoingMail.perhaps_left, OutgoingMail.handing_since.is_not(None))
    _write(and_(over, OutgoingMail.called_off_at.is_not(None)), perhaps_left=gone, **_LET_GO | _CALLED_OFF)
    waits = OutgoingMail.state == MailState.QUEUED, OutgoingMail.paused_at.is_(None)
    due = or_(and_(*waits, OutgoingMail.available_at <= now), over)
    chosen = (
        select(OutgoingMail.id)
        .where(due, or_(OutgoingMail.in_turn.is_(False), ~_earlier_waits()))
        .order_by(OutgoingMail.available_at, OutgoingMail.id)
        .limit(limit)
        .with_for_update(skip_locked=True, of=OutgoingMail)
    )
    claimed = db.session.scalars(
        update(OutgoingMail)
        .where(OutgoingMail.id.in_(chosen))
        .values(
            state=MailState.SENDING, lease_until=now + lease, lease_owner=owner,
            perhaps_left=gone, handing_since=None,
        )
        .returning(OutgoingMail.id)
        .execution_options(synchronize_session=False)
    )  # fmt: skip
    return sorted(claimed)


def _earlier_waits() -> ColumnElement[bool]:
    """Return the condition that an earlier mail about the same row is with a worker, or waits for the same address."""
    earlier = aliased(OutgoingMail)
    same_address = func.lower(earlier.to_address) == func.lower(OutgoingMail.to_address)
    return exists().where(
        earlier.subject_type == OutgoingMail.subject_type,
        earlier.subject_id == OutgoingMail.subject_id,
        earlier.id < OutgoingMail.id,
        earlier.in_turn,
        or_(earlier.state == MailState.SENDING, and_(earlier.state == MailState.QUEUED, same_address)),
    )


def take_in_hand(
    mail_ids: Sequence[int], owner: str, *, now: datetime, lease: timedelta = LEASE
) -> list[OutgoingMail]:
    """Return those of the claimed mails that are still ours to send, with a fresh lease, oldest first.

    Without those that were called off or that another worker took. The caller commits, then hands them over: from that commit
    on nobody knows whether they left, until their results are recorded or :func:`put_down` says that they did not.
    """
    held = select(OutgoingMail.id).where(OutgoingMail.id.in_(mail_ids), *_held_by(owner))
    ours = db.session.scalars(held.order_by(OutgoingMail.id).with_for_update()).all()
    # Conditional all the same: where rows cannot be locked nobody else writes meanwhile.
    taken = db.session.scalars(
        update(OutgoingMail)
        .where(OutgoingMail.id.in_(ours), *_held_by(owner), OutgoingMail.called_off_at.is_(None))
        .values(lease_until=now + lease, handing_since=now)
        .returning(OutgoingMail.id)
        .execution_options(synchronize_session=False)
    ).all()
    mails = select(OutgoingMail).where(OutgoingMail.id.in_(taken)).order_by(OutgoingMail.id)
    loaded = mails.options(joinedload(OutgoingMail.skeleton)).execution_options(populate_existing=True)
    return list(db.session.scalars(loaded))


def pause_mails(whose: ColumnElement[bool], *, now: datetime) -> None:
    """Let mails wait until :func:`resume_mails`: those that wait, and those a worker claimed and has not in hand.

    What is being handed over at this moment goes; should the server not take it, it waits as well (see ``queue_mail``: what is
    queued from now on about the same row waits by itself).
    """
    waits = OutgoingMail.state == MailState.QUEUED
    claimed = and_(
        OutgoingMail.state == MailState.SENDING,
        OutgoingMail.handing_since.is_(None),
        OutgoingMail.called_off_at.is_(None),
    )
    _write(and_(whose, or_(waits, claimed)), state=MailState.QUEUED, paused_at=now, **_LET_GO)


def resume_mails(whose: ColumnElement[bool]) -> None:
    """Let mails go on."""
    _write(and_(whose, OutgoingMail.paused_at.is_not(None)), paused_at=None)


def put_down(mail_ids: Sequence[int], owner: str) -> None:
    """Note that mails in hand were not handed over and stay claimed; those called off meanwhile are withdrawn."""
    _let_go(mail_ids, owner, handing_since=None)


def record_sent(mail: OutgoingMail, *, code: int, words: str, now: datetime) -> None:
    """Note that the server took the mail (its 250)."""
    _add_try(mail, MailState.SENT, code, words, now)
    mail.state, mail.sent_at = MailState.SENT, now


def record_refused(
    mail: OutgoingMail,
    *,
    permanent: bool,
    code: int | None,
    words: str,
    now: datetime,
    perhaps_left: bool = False,
) -> None:
    """Note a refusal: final at once when ``permanent`` (5xx), else the mail waits for its next attempt.

    One that was called off meanwhile is withdrawn. ``perhaps_left``: the server may have taken it all the same.
    """
    final = permanent or gives_up(mail.queued_at, now)
    outcome = MailState.FAILED if final else MailState.QUEUED
    if mail.called_off_at is not None:
        outcome = MailState.WITHDRAWN
    _add_try(mail, outcome, code, words, now)
    mail.state, mail.perhaps_left = outcome, mail.perhaps_left or perhaps_left
    mail.available_at = next_attempt(mail.attempts, now)


def release_claims(mail_ids: Sequence[int], owner: str, *, words: str = "", code: int | None = None) -> None:
    """Put mails that were not handed over back into the queue as if never claimed: no attempt counts, they keep their place.

    ``words`` and ``code`` say why, on each, where it was not theirs (the server could not be reached). Those called off
    meanwhile are withdrawn.
    """
    why: dict[str, Any] = {"last_words": words[:500], "last_code": code} if words else {}
    _let_go(mail_ids, owner, state=MailState.QUEUED, **_LET_GO, **why)


def _let_go(mail_ids: Sequence[int], owner: str, **values: Any) -> None:
    theirs = and_(OutgoingMail.id.in_(mail_ids), *_held_by(owner))
    _write(and_(theirs, OutgoingMail.called_off_at.is_not(None)), **_LET_GO | _CALLED_OFF)
    _write(theirs, **values)


def _write(which: ColumnElement[bool], **values: Any) -> None:
    change = update(OutgoingMail).where(which).values(**values)
    db.session.execute(change, execution_options={"synchronize_session": False})


def _held_by(owner: str) -> tuple[ColumnElement[bool], ...]:
    return OutgoingMail.state == MailState.SENDING, OutgoingMail.lease_owner == owner


def _add_try(mail: OutgoingMail, outcome: MailState, code: int | None, words: str, now: datetime) -> None:
    mail.attempts += 1
    mail.last_code, mail.last_words = code, words[:500]
    mail.lease_until = mail.lease_owner = mail.handing_since = None
    db.session.add(
        MailTry(mail=mail, number=mail.attempts, at=now, outcome=outcome, code=code, words=words[:500])
    )


def _new_message_id() -> str:
    return f"<{derive_local_part('message', new_nonce())}@{current_app.config['MAIL_DOMAIN']}>"


def fill_placeholders(text: str, values: dict[str, str]) -> str:
    """Replace ``{name}`` for the names in ``values``, once: what is put in is never looked at again."""
    return _PLACEHOLDER.sub(lambda match: values.get(match[1], match[0]), text)
