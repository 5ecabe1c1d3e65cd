"""The outbox: queue a mail, claim what is due under a lease, record what became of it. Never commits."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from flask import current_app
from sqlalchemy import ColumnElement, and_, or_, select, update

from pop_campaigns.core.db import db
from pop_campaigns.core.tokens import derive_local_part, new_nonce
from pop_campaigns.mail.models import MailAttachment, MailSkeleton, MailTry, OutgoingMail
from pop_campaigns.mail.rules import LEASE, MailState, gives_up, next_attempt

LONGEST_NAME = 200  # of the columns; a header shows 78 at most
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
) -> OutgoingMail:
    """Add one mail to the outbox, within the caller's transaction.

    ``once`` names the thing itself (``invitation/42/request/0``): a second mail of that name is refused by the
    database, whatever was clicked twice. ``about`` is the row the mail is about (flushed, so that it has an id), or None.
    ``thread`` and ``null_sender`` are for answers to mails (see :class:`OutgoingMail`).
    """
    nonce = new_nonce()
    mail = OutgoingMail(
        skeleton=skeleton, organisation_id=organisation_id, kind=kind, once=once, **_subject(about),
        to_address=to.address, to_name=to.name[:LONGEST_NAME], fields=to.fields, links=to.links,
        from_address=from_address, from_name=from_name[:LONGEST_NAME],
        message_id=_new_message_id(), bounce_nonce=nonce, bounce_local=bounce_local_of(nonce),
        auto_submitted=auto_submitted, thread=list(thread) if thread else None, null_sender=null_sender,
        state=MailState.QUEUED, dated_at=now, queued_at=now, available_at=now,
    )  # fmt: skip
    db.session.add(mail)
    return mail


def _subject(about: Any) -> dict[str, Any]:
    return {} if about is None else {"subject_type": about.__tablename__, "subject_id": about.id}


def bounce_local_of(nonce: str) -> str:
    """Return the local part to which a mail with this nonce bounces: nobody without our key makes one up."""
    return f"b-{derive_local_part('bounce', nonce)}"


def queue_again(mail: OutgoingMail, *, now: datetime) -> OutgoingMail:
    """Send a mail again at a person's wish.

    One that failed (or waits for its next attempt) is the same mail with the same Message-ID, due at once. One that
    was sent is sent as a new message, because receivers drop a Message-ID they have seen.
    """
    if mail.state in (MailState.SENDING, MailState.WITHDRAWN):
        return mail
    if mail.state is not MailState.SENT:
        mail.state, mail.available_at, mail.queued_at = MailState.QUEUED, now, now
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
    )
    again.subject_type, again.subject_id = mail.subject_type, mail.subject_id
    again.again_of_id, again.original_id = mail.id, mail.original_id or mail.id
    return again


def withdraw_mail(mail: OutgoingMail) -> bool:
    """Call a mail off while it still waits; return whether that was in time."""
    if mail.state is not MailState.QUEUED:
        return False
    mail.state = MailState.WITHDRAWN
    return True


def stop_mail(mail: OutgoingMail, words: str) -> None:
    """Call off a mail that a worker holds and that must not leave after all; ``words`` say why."""
    mail.state, mail.lease_until, mail.lease_owner = MailState.WITHDRAWN, None, None
    mail.last_code, mail.last_words = None, words


def claim_mails(owner: str, *, now: datetime, limit: int = 100, lease: timedelta = LEASE) -> list[int]:
    """Take up to ``limit`` due mails under a lease and return their ids, oldest first.

    Mails whose lease ran out (a worker was killed) are taken too: that is the sweep. The caller commits at
    once.
    """
    due = or_(
        and_(OutgoingMail.state == MailState.QUEUED, OutgoingMail.available_at <= now),
        and_(OutgoingMail.state == MailState.SENDING, OutgoingMail.lease_until <= now),
    )
    chosen = (
        select(OutgoingMail.id)
        .where(due)
        .order_by(OutgoingMail.available_at, OutgoingMail.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    claimed = db.session.scalars(
        update(OutgoingMail)
        .where(OutgoingMail.id.in_(chosen))
        .values(state=MailState.SENDING, lease_until=now + lease, lease_owner=owner)
        .returning(OutgoingMail.id)
        .execution_options(synchronize_session=False)
    )
    return sorted(claimed)


def renew_lease(mail_id: int, owner: str, *, now: datetime, lease: timedelta = LEASE) -> OutgoingMail | None:
    """Return the mail if it is still ours to send, with a fresh lease; None if another worker took it."""
    # One conditional statement: between a look and a later write, another worker could take an expired lease.
    renewed = db.session.scalar(
        update(OutgoingMail)
        .where(OutgoingMail.id == mail_id, *_held_by(owner))
        .values(lease_until=now + lease)
        .returning(OutgoingMail.id)
        .execution_options(synchronize_session=False)
    )
    return None if renewed is None else db.session.get(OutgoingMail, mail_id, populate_existing=True)


def record_sent(mail: OutgoingMail, *, code: int, words: str, now: datetime) -> None:
    """Note that the server took the mail (its 250)."""
    _add_try(mail, MailState.SENT, code, words, now)
    mail.state, mail.sent_at = MailState.SENT, now


def record_refused(
    mail: OutgoingMail, *, permanent: bool, code: int | None, words: str, now: datetime
) -> None:
    """Note a refusal: final at once when ``permanent`` (5xx), else the mail waits for its next attempt."""
    final = permanent or gives_up(mail.queued_at, now)
    _add_try(mail, MailState.FAILED if final else MailState.QUEUED, code, words, now)
    mail.state = MailState.FAILED if final else MailState.QUEUED
    mail.available_at = next_attempt(mail.attempts, now)


def release_claims(mail_ids: Sequence[int], owner: str, *, words: str = "", code: int | None = None) -> None:
    """Put mails back into the queue as if never claimed: no attempt counts and they keep their place.

    ``words`` and ``code`` say why, on each, where it was not theirs (the server could not be reached).
    """
    why = {"last_words": words[:500], "last_code": code} if words else {}
    db.session.execute(
        update(OutgoingMail)
        .where(OutgoingMail.id.in_(mail_ids), *_held_by(owner))
        .values(state=MailState.QUEUED, lease_until=None, lease_owner=None, **why)
        .execution_options(synchronize_session=False)
    )


def _held_by(owner: str) -> tuple[ColumnElement[bool], ...]:
    return OutgoingMail.state == MailState.SENDING, OutgoingMail.lease_owner == owner


def _add_try(mail: OutgoingMail, outcome: MailState, code: int | None, words: str, now: datetime) -> None:
    mail.attempts += 1
    mail.last_code, mail.last_words = code, words[:500]
    mail.lease_until = mail.lease_owner = None
    db.session.add(
        MailTry(mail=mail, number=mail.attempts, at=now, outcome=outcome, code=code, words=words[:500])
    )


def _new_message_id() -> str:
    return f"<{derive_local_part('message', new_nonce())}@{current_app.config['MAIL_DOMAIN']}>"


def fill_placeholders(text: str, values: dict[str, str]) -> str:
    """Replace ``{name}`` for the names in ``values``, once: what is put in is never looked at again."""
    return _PLACEHOLDER.sub(lambda match: values.get(match[1], match[0]), text)
