"""Mails about an event to its guests: invitations, changes, cancellations, reminders.

Every mail is one row of the outbox, queued in the caller's transaction. What has not left when something newer is said is
called off, so that no guest reads yesterday's hour after today's. Of a mail that is being handed over at that moment nobody
knows whether it leaves: the newer one waits behind it, and says what fits what became of it (see ``services.settling``).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select, update

from pop_campaigns.accounts.models import User
from pop_campaigns.core.db import db
from pop_campaigns.core.history import note
from pop_campaigns.events.models.events import Event
from pop_campaigns.events.rules.events import EventState, is_coming
from pop_campaigns.events.rules.visibility import EventVisibility
from pop_campaigns.events.services.events import cancel_event
from pop_campaigns.invitations.messages.files import attached_files, file_links, with_links
from pop_campaigns.invitations.messages.invitations import (
    MAIL_KINDS,
    Wording,
    from_address,
    recipient_of,
    render_mail,
    sender_name,
)
from pop_campaigns.invitations.messages.notices import NoticeWords
from pop_campaigns.invitations.models.invitations import Invitation, InvitationMail
from pop_campaigns.invitations.queries.guests import (
    Chosen,
    awaiting_reminder,
    guests_of,
    is_lost,
    mails_of,
    outdated,
    refusing,
    unreachable,
    withdrawal_told,
)
from pop_campaigns.invitations.queries.invitable import unmailed_guests
from pop_campaigns.invitations.queries.told import (
    may_expect_event,
    next_copy,
    waiting_mails,
)
from pop_campaigns.invitations.rules.invitations import (
    LETTERS,
    InvitationState,
    MailPurpose,
    NotInvitable,
)
from pop_campaigns.invitations.services.guests import (
    CannotInvite,
    check_invitable,
    lock_event,
    refresh_guests,
    remove_guest,
)
from pop_campaigns.invitations.services.orders import Order, cancellation_order, change_order
from pop_campaigns.mail.models import MailSkeleton, Sending
from pop_campaigns.mail.outbox import add_skeleton, call_off, queue_mail
from pop_campaigns.mail.rules import MailState
from pop_campaigns.mail.sendings import keep, keep_called_off


def send_invitations(event: Event, *, by: User, now: datetime, sending: Sending | None = None) -> int:
    """Ask every draft guest; return how many were asked. Raise :class:`CannotInvite`.

    Nothing leaves for a draft: what becomes of it is said first (``events.services.visibility.end_draft``).
    Who gets no mail (see ``contacts.rules.why_unmailed``) stays on the list, unasked. A second press finds no other drafts
    and sends nothing.
    """
    lock_event(event)
    check_invitable(event, now)
    if event.visibility is EventVisibility.DRAFT:
        raise CannotInvite(NotInvitable.DRAFT)
    waiting = guests_of(event, InvitationState.DRAFT)
    refused = refusing(event, waiting)
    drafts = [draft for draft in waiting if draft.id not in refused]
    refresh_guests(event, drafts, by=by, now=now)
    # Only now: the address may have been corrected since the guest was put on the list.
    unasked = refused | unmailed_guests(event, drafts, by=by, now=now).keys()
    drafts = [draft for draft in drafts if draft.id not in unasked]
    if not drafts:
        return 0
    # Who was withdrawn and is asked again need not hear of the first, if that has not left.
    earlier = _call_off(mails_of(drafts), now=now, sending=sending)
    orders = [Order(draft, MailPurpose.REQUEST, earlier[draft.id]) for draft in drafts]
    _queue(event, orders, by=by, now=now, sending=sending)
    # In one statement: with a version column the mapper would write a thousand of them.
    db.session.execute(
        update(Invitation)
        .where(Invitation.event_id == event.id, Invitation.state == InvitationState.DRAFT)
        .where(Invitation.id.not_in(unasked))
        .values(state=InvitationState.INVITED, invited_at=now, version=Invitation.version + 1)
    )
    note("event.invitations_sent", event, by=by, now=now, number=len(drafts))
    return len(drafts)


def send_changes(
    event: Event,
    *,
    by: User | None,
    now: datetime,
    sending: Sending | None = None,
    words: NoticeWords | None = None,
) -> int:
    """Tell the guests who know an older time or place; return how many mails that makes.

    A guest whose invitation never left gets the invitation as it reads now, with the same ``words``. Raise
    :class:`CannotInvite`.
    """
    lock_event(event)
    check_invitable(event, now)
    guests = outdated(event)
    earlier = _call_off(mails_of(guests), now=now, sending=sending if guests else None)
    orders = [change_order(guest, earlier[guest.id]) for guest in guests]
    _queue(event, orders, by=by, now=now, sending=sending, words=words)
    if orders:
        note("event.changes_sent", event, by=by, now=now, number=len(orders))
    return len(orders)


def cancel_with_notice(
    event: Event,
    *,
    by: User | None,
    now: datetime,
    sending: Sending | None = None,
    words: NoticeWords | None = None,
) -> int:
    """Cancel an event and tell the guests, with ``words`` of one's own; return how many are told.

    Mails that still wait are called off, and who was never reached hears nothing. Of an event that has begun
    nobody is told.
    """
    lock_event(event)
    if event.state is not EventState.CANCELLED:
        keep(sending, sequence=event.sequence)
        cancel_event(event, by=by, now=now)
    if not is_coming(event.starts_at, now):
        return 0
    known = mails_of(guests_of(event, InvitationState.INVITED))
    earlier = _call_off(known, now=now, above=event.sequence, sending=sending)
    guests = guests_of(event, InvitationState.INVITED)
    untold = refusing(event, guests) | unreachable(guests).keys()
    orders = [
        cancellation_order(guest, earlier[guest.id])
        for guest in guests
        if guest.id not in untold
        and may_expect_event(earlier[guest.id])
        and not _knows_cancelled(event, earlier[guest.id])
    ]
    _queue(event, orders, by=by, now=now, sending=sending, words=words)
    if orders:
        note("event.cancellations_sent", event, by=by, now=now, number=len(orders))
    return len(orders)


def send_to_new_address(
    guest: Invitation, *, by: User, now: datetime, sending: Sending | None = None
) -> None:
    """Send the invitation as it reads now to where the guest is reached now; what still waits is called off.

    It goes as a letter, like the first one: nobody has read that. Raise :class:`CannotInvite`.
    """
    event = guest.event
    check_invitable(event, now)
    earlier = _call_off(mails_of([guest]), now=now, sending=sending)[guest.id]
    _queue(event, [Order(guest, MailPurpose.REQUEST, earlier)], by=by, now=now, sending=sending)
    lost = next((row.mail for row in reversed(earlier) if is_lost(row.mail)), None)
    if lost is not None:
        # So that nobody is asked to see to what has been seen to.
        mails_of([guest])[guest.id][-1].mail.again_of_id = lost.id


def withdraw_guest(
    guest: Invitation,
    *,
    by: User | None,
    now: datetime,
    sending: Sending | None = None,
    words: NoticeWords | None = None,
) -> None:
    """Ask one guest no longer: a draft is removed, an invited one is told, unless nothing had left yet."""
    withdraw_guests(guest.event, [guest], by=by, now=now, sending=sending, words=words)


def withdraw_guests(
    event: Event,
    guests: Sequence[Invitation],
    *,
    by: User | None,
    now: datetime,
    sending: Sending | None = None,
    words: NoticeWords | None = None,
) -> int:
    """Ask several guests of an event no longer (see :func:`withdraw_guest`); return how many are told."""
    lock_event(event)
    fresh = select(Invitation).where(Invitation.id.in_([guest.id for guest in guests]))
    rows = list(db.session.scalars(fresh.execution_options(populate_existing=True)))
    for guest in rows:
        if guest.state is InvitationState.DRAFT:
            remove_guest(guest, by=by, now=now)
    asked = [guest for guest in rows if guest.state is InvitationState.INVITED]
    if asked:
        keep(sending, guests=[guest.id for guest in asked])
    earlier = _call_off(mails_of(asked), now=now, sending=sending)
    told = withdrawal_told(event, asked, earlier, now=now)
    orders = [cancellation_order(guest, earlier[guest.id], withdrawn=True) for guest in told]
    _queue(event, orders, by=by, now=now, sending=sending, words=words)
    for guest in asked:
        guest.state = InvitationState.WITHDRAWN
        note("invitation.withdrawn", guest, by=by, now=now, guest=guest.written_as)
    return len(orders)


def send_reminders(
    event: Event, *, by: User | None, now: datetime, sending: Sending | None = None, only: Chosen = None
) -> int:
    """Remind those who have not answered (see ``queries.awaiting_reminder``); return how many. Raise CannotInvite."""
    lock_event(event)
    check_invitable(event, now)
    guests = awaiting_reminder(event, now=now, only=only)
    earlier = mails_of(guests)
    orders = [Order(guest, MailPurpose.REMINDER, earlier[guest.id]) for guest in guests]
    _queue(event, orders, by=by, now=now, sending=sending)
    if guests:
        note("event.reminders_sent", event, by=by, now=now, number=len(guests))
    return len(guests)


def _queue(
    event: Event, orders: Sequence[Order], *, by: User | None, now: datetime, sending: Sending | None,
    words: NoticeWords | None = None,
) -> None:  # fmt: skip
    """Queue one mail an order; words that several guests share are rendered and stored once."""
    skeletons: dict[Wording, MailSkeleton] = {}

    def skeleton_of(wording: Wording) -> MailSkeleton:
        if wording not in skeletons:
            contact = by.name if by else ""
            rendered = render_mail(event, wording, contact_name=contact, now=now, words=words)
            attached = attached_files(event, wording.purpose)
            skeletons[wording] = add_skeleton(now=now, attachments=attached, **rendered.as_skeleton())
        return skeletons[wording]

    senders = {lang: sender_name(event, lang) for lang in {order.guest.language for order in orders}}
    links = file_links(event)
    for order in orders:
        guest, other = order.guest, order.other_wording(event)
        if guest.is_erased:
            continue
        copy = next_copy(order.earlier, order.purpose, event.sequence)
        mail = queue_mail(
            skeleton_of(order.wording(event)),
            with_links(recipient_of(guest), links),
            kind=MAIL_KINDS[order.purpose],
            once=f"invitation/{guest.id}/{order.purpose.value}/{event.sequence}/{copy}",
            about=guest,
            from_address=from_address(guest),
            from_name=senders[guest.language],
            organisation_id=event.organisation_id,
            now=now,
            auto_submitted=order.purpose not in LETTERS,
            sending=sending,
        )
        row = InvitationMail(
            invitation_id=guest.id, mail=mail, purpose=order.purpose, sequence=event.sequence, copy=copy,
            behind=order.behind,
            otherwise=skeleton_of(other) if other else None,
        )  # fmt: skip
        db.session.add(row)
        told: dict[str, Any] = {"purpose": order.purpose.value, "sequence": event.sequence}
        note("invitation.sent", guest, by=by, now=now, **told, withdrawn=order.withdrawn)
    db.session.flush()


def _call_off(
    earlier: dict[int, list[InvitationMail]],
    *,
    now: datetime,
    sending: Sending | None,
    above: int | None = None,
) -> dict[int, list[InvitationMail]]:
    """Call off what has not left, also what was sent again, except mails of the sequence ``above``; return the mails."""
    kept = {row.mail_id for rows in earlier.values() for row in rows if row.sequence == above}
    still_here = waiting_mails(earlier, MAIL_KINDS.values())
    waiting = [mail for mail in still_here if (mail.original_id or mail.id) not in kept]
    for mail in waiting:
        call_off(mail, now=now)
    keep_called_off(sending, waiting)
    return earlier


def _knows_cancelled(event: Event, earlier: Sequence[InvitationMail]) -> bool:
    return any(
        row.purpose is MailPurpose.CANCELLATION and row.sequence == event.sequence
        and row.mail.state is not MailState.WITHDRAWN
        for row in earlier
    )  # fmt: skip
