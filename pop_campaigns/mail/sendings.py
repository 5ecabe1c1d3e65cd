"""What a person sends can be taken back for a while: its mails wait until then, and whoever takes it back wins or is told.

The time runs here, on the server; nothing depends on the page that offers it. A mail of it is withdrawn or left alone under
the lock of its row, so that of a worker and of who undoes exactly one gets it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from flask import current_app
from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.orm.attributes import flag_modified

from pop_campaigns.core.db import db
from pop_campaigns.core.history import Actor
from pop_campaigns.core.locks import lock_row
from pop_campaigns.core.sent_forms import SentForm
from pop_campaigns.mail.models import OutgoingMail, Sending
from pop_campaigns.mail.outbox import call_off
from pop_campaigns.mail.rules import HOLDING, WHOLE, MailState, SendingKind

CALLED_OFF: Final = "called_off"
_FORGOTTEN_AFTER: Final = timedelta(minutes=10)


class NotUndone(Exception):
    """Nothing was taken back. ``left`` of the ``total`` mails had left, or may have; ``newer``: something was sent since."""

    def __init__(self, *, left: int = 0, total: int = 0, newer: bool = False) -> None:
        super().__init__(f"{left} of {total} had left")
        self.left, self.total, self.newer = left, total, newer


class UndoneBefore(Exception):
    """It was taken back already."""


@dataclass(frozen=True)
class TakenBack:
    """What was taken back: the mails that will not leave, how many of all had left, what the form had held."""

    mails: Sequence[OutgoingMail]
    left: int
    form: dict[str, Any] | None
    before: dict[str, Any]

    @property
    def total(self) -> int:
        """How many mails it had."""
        return len(self.mails) + self.left


def begin_sending(
    kind: SendingKind, subject: Any, *, by: Actor | None, now: datetime, form: dict[str, Any] | None = None
) -> Sending | None:
    """Return what mails queued at this press belong to; None where nothing can be taken back (``POP_UNDO_SECONDS`` 0).

    It is stored with the first mail that is queued for it, or when the service adds it.
    """
    seconds = current_app.config["UNDO_SECONDS"]
    if not seconds or by is None:
        return None
    return Sending(
        kind=kind, subject_type=subject.__tablename__, subject_id=subject.id, by_id=by.id,
        made_at=now, undo_until=now + timedelta(seconds=seconds), form=form, before={},
    )  # fmt: skip


def keep(sending: Sending | None, **before: Any) -> None:
    """Store a sending, also one without mails, with what undoing it has to put back."""
    if sending is None:
        return
    sending.before = {**(sending.before or {}), **before}
    flag_modified(sending, "before")
    db.session.add(sending)


def keep_called_off(sending: Sending | None, mails: Iterable[OutgoingMail]) -> None:
    """Note which waiting mails this press called off: they wait again once it is undone."""
    if sending is not None:
        known = (sending.before or {}).get(CALLED_OFF, [])
        keep(sending, **{CALLED_OFF: [*known, *(mail.id for mail in mails)]})


def open_sendings(whose: ColumnElement[bool], *, now: datetime) -> list[tuple[Sending, int]]:
    """Return what can be taken back at this moment, the newest first, with the number of mails: of each thing the last one."""
    mails = select(func.count()).where(OutgoingMail.sending_id == Sending.id).scalar_subquery()
    rows = select(Sending, mails).where(whose, is_open(now)).order_by(Sending.id.desc())
    newest: dict[tuple[str, int], tuple[Sending, int]] = {}
    for sending, number in db.session.execute(rows):
        newest.setdefault((sending.subject_type, sending.subject_id), (sending, number))
    return list(newest.values())


def is_open(now: datetime) -> ColumnElement[bool]:
    """Return the condition that a sending can be taken back."""
    return Sending.undone_at.is_(None) & (Sending.undo_until > now)


def holds(now: datetime) -> ColumnElement[bool]:
    """Return the condition that a sending keeps other mails about its thing waiting."""
    return is_open(now) & Sending.kind.in_(HOLDING)


def was_undone() -> ColumnElement[bool]:
    """Return the condition that a mail never left because what it belonged to was taken back: nobody was told by it."""
    undone = select(Sending.id).where(Sending.id == OutgoingMail.sending_id, Sending.undone_at.is_not(None))
    return undone.exists() & (OutgoingMail.state == MailState.WITHDRAWN)


def anything_holds(now: datetime) -> bool:
    """Return whether any mail has to wait for what can still be taken back."""
    return db.session.scalar(select(Sending.id).where(holds(now)).limit(1)) is not None


def take_back(sending: Sending, *, now: datetime, letting_go: Collection[int] = ()) -> TakenBack:
    """Withdraw the mails of a sending that no worker has in hand, and let wait again what it had called off.

    The caller holds what it was about, and puts that back. Mails ``letting_go`` (by number) go all the same. Where the kind is
    undone as a whole or not at all, one mail that left refuses it.

    :raises UndoneBefore: a second press.
    :raises NotUndone: too late, or something newer was sent about the same thing, which has to be undone first.
    """
    lock_row(sending)
    if sending.undone_at is not None:
        raise UndoneBefore
    mails = locked_mails_of(sending)
    waiting = [mail for mail in mails if _waits(mail) and mail.id not in letting_go]
    left = len(mails) - len(waiting)
    if _newer(sending):
        raise NotUndone(left=left, total=len(mails), newer=True)
    if now >= sending.undo_until or (mails and not waiting) or (left and sending.kind in WHOLE):
        raise NotUndone(left=left, total=len(mails))
    before, form = sending.before or {}, sending.form
    for mail in waiting:
        call_off(mail, now=now)
        # What is sent once more after this is the same thing once more.
        mail.once = f"undone/{mail.id}"
    _wait_again(
        before.get(CALLED_OFF, ()), {_subject(mail) for mail in mails} - {_subject(m) for m in waiting}
    )
    _forget_forms(waiting)
    sending.undone_at, sending.form, sending.before = now, None, None
    db.session.flush()
    return TakenBack(waiting, left, form, before)


def locked_mails_of(sending: Sending) -> list[OutgoingMail]:
    """Return the mails of a sending as they are at this moment, held until the transaction ends."""
    wanted = select(OutgoingMail).where(OutgoingMail.sending_id == sending.id).order_by(OutgoingMail.id)
    return list(db.session.scalars(wanted.with_for_update().execution_options(populate_existing=True)))


def forget_forms(*, now: datetime) -> None:
    """Empty what sendings kept for undoing, once their time is over: people's words are not kept without need."""
    over = (Sending.undo_until < now - _FORGOTTEN_AFTER) & Sending.before.is_not(None)
    if db.session.scalar(select(Sending.id).where(over).limit(1)) is not None:
        db.session.execute(update(Sending).where(over).values(form=None, before=None))


def end_undoing(*, now: datetime) -> None:
    """Let nothing be taken back any more, and empty what was kept for it: somebody whom it may name is erased.

    The mails leave when they would have left.
    """
    still_open = (Sending.undo_until > now) & (Sending.made_at < now)
    db.session.execute(update(Sending).where(still_open).values(undo_until=now))
    kept = Sending.form.is_not(None) | Sending.before.is_not(None)
    db.session.execute(update(Sending).where(kept).values(form=None, before=None))


def _waits(mail: OutgoingMail) -> bool:
    if mail.perhaps_left:
        return False
    return mail.state is MailState.QUEUED or (
        mail.state is MailState.SENDING and mail.handing_since is None and mail.called_off_at is None
    )


def _subject(mail: OutgoingMail) -> tuple[str | None, int | None]:
    return mail.subject_type, mail.subject_id


def _newer(sending: Sending) -> bool:
    same = (Sending.subject_type == sending.subject_type) & (Sending.subject_id == sending.subject_id)
    newer = select(Sending.id).where(same, Sending.id > sending.id, Sending.undone_at.is_(None)).limit(1)
    return db.session.scalar(newer) is not None


def _wait_again(mail_ids: Collection[int], told: Collection[tuple[str | None, int | None]]) -> None:
    """Put mails that were called off back where they were; not those to whom something newer left all the same."""
    wanted = select(OutgoingMail).where(OutgoingMail.id.in_(list(mail_ids))).order_by(OutgoingMail.id)
    locked = wanted.with_for_update().execution_options(populate_existing=True)
    for mail in db.session.scalars(locked) if mail_ids else ():
        if _subject(mail) in told:
            continue
        if mail.state is MailState.WITHDRAWN and not mail.perhaps_left:
            mail.state = MailState.QUEUED
        mail.called_off_at = None


def _forget_forms(mails: Sequence[OutgoingMail]) -> None:
    """Let the form that made a mail make one again (see ``core.sent_forms``)."""
    made = (SentForm.subject_type == OutgoingMail.__tablename__) & SentForm.subject_id.in_(
        [m.id for m in mails]
    )
    db.session.execute(delete(SentForm).where(made))
