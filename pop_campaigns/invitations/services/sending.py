"""Mails about an event to its guests: invitations, changes, cancellations, reminders.

Every mail is one row of the outbox, queued in the caller's transaction. What still waits in the queue when
something newer is said is called off, so that no guest reads yesterday's hour after today's.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import update

from pop_campaigns.accounts.models import User
from pop_campaigns.core.db import db
from pop_campaigns.core.history import note
from pop_campaigns.events.models import Event
from pop_campaigns.events.rules import EventState, is_coming
from pop_campaigns.events.services import cancel_event
from pop_campaigns.invitations.messages import (
    MAIL_KINDS,
    Told,
    Wording,
    from_address,
    is_refusable,
    recipient_of,
    render_mail,
    sender_name,
)
from pop_campaigns.invitations.models import Invitation, InvitationMail
from pop_campaigns.invitations.queries.guests import (
    awaiting_reminder,
    guests_of,
    is_lost,
    lock_mails,
    mails_of,
    outdated,
    refusing,
    unreachable,
    was_reached,
)
from pop_campaigns.invitations.queries.invitable import load_contacts
from pop_campaigns.invitations.rules import InvitationState, MailPurpose, calendar_sequence
from pop_campaigns.invitations.services.guests import (
    check_invitable,
    lock_event,
    refresh_guests,
    remove_guest,
)
from pop_campaigns.mail.compose import compose
from pop_campaigns.mail.message import MailParts
from pop_campaigns.mail.models import MailSkeleton, OutgoingMail
from pop_campaigns.mail.outbox import add_skeleton, queue_mail, withdraw_mail
from pop_campaigns.mail.rules import MailState

# An invitation is a letter to an office: it goes without Auto-Submitted, because that header would silence the
# out-of-office notice that says who opens the mail meanwhile. Everything after it is a notification (RFC 3834).
_LETTERS = frozenset({MailPurpose.REQUEST})


@dataclass(frozen=True)
class _Order:
    """One mail to be queued. ``earlier`` are the guest's mails so far."""

    guest: Invitation
    purpose: MailPurpose
    earlier: Sequence[InvitationMail]
    told: Told | None = None
    withdrawn: bool = False

    def wording(self, event: Event) -> Wording:
        withdrawals = sum(
            row.purpose is MailPurpose.CANCELLATION and row.mail.state is not MailState.WITHDRAWN
            for row in self.earlier
        )
        sequence = calendar_sequence(event.sequence, withdrawals, withdrawing=self.withdrawn)
        language, refusable = self.guest.language, is_refusable(self.guest)
        return Wording(self.purpose, language, sequence, self.told, self.withdrawn, refusable)


def send_invitations(event: Event, *, by: User, now: datetime) -> int:
    """Ask every draft guest; return how many were asked. Raise :class:`CannotInvite`.

    Who refuses invitations of the organisation stays on the list, unasked, as do those to whose address mail keeps coming
    back. A second press finds no other drafts and sends nothing.
    """
    lock_event(event)
    check_invitable(event, now)
    waiting = guests_of(event, InvitationState.DRAFT)
    refused = refusing(event, waiting)
    drafts = [draft for draft in waiting if draft.id not in refused]
    refresh_guests(event, drafts, by=by, now=now)
    # Only now: the address may have been corrected since the guest was put on the list.
    unasked = refused | unreachable(drafts).keys()
    drafts = [draft for draft in drafts if draft.id not in unasked]
    if not drafts:
        return 0
    earlier = mails_of(drafts)
    _queue(event, [_Order(draft, MailPurpose.REQUEST, earlier[draft.id]) for draft in drafts], by=by, now=now)
    # In one statement: with a version column the mapper would write a thousand of them.
    db.session.execute(
        update(Invitation)
        .where(Invitation.event_id == event.id, Invitation.state == InvitationState.DRAFT)
        .where(Invitation.id.not_in(unasked))
        .values(state=InvitationState.INVITED, invited_at=now, version=Invitation.version + 1)
    )
    note("event.invitations_sent", event, by=by, now=now, number=len(drafts))
    return len(drafts)


def send_changes(event: Event, *, by: User | None, now: datetime) -> int:
    """Tell the guests who know an older time or place; return how many mails that makes.

    A guest whose invitation never left gets the invitation as it reads now. Raise :class:`CannotInvite`.
    """
    lock_event(event)
    check_invitable(event, now)
    guests = outdated(event)
    earlier = _call_off(mails_of(guests))
    orders = []
    for guest in guests:
        reached = was_reached(earlier[guest.id])
        purpose = MailPurpose.CHANGE if reached else MailPurpose.REQUEST
        told = _told(earlier[guest.id]) if reached else None
        orders.append(_Order(guest, purpose, earlier[guest.id], told))
    _queue(event, orders, by=by, now=now)
    if orders:
        note("event.changes_sent", event, by=by, now=now, number=len(orders))
    return len(orders)


def cancel_with_notice(event: Event, *, by: User | None, now: datetime) -> int:
    """Cancel an event and tell the guests; return how many are told.

    Mails that still wait are called off, and who was never reached hears nothing. Of an event that has begun
    nobody is told.
    """
    lock_event(event)
    if event.state is not EventState.CANCELLED:
        cancel_event(event, by=by, now=now)
    if not is_coming(event.starts_at, now):
        return 0
    earlier = _call_off(mails_of(guests_of(event, InvitationState.INVITED)), above=event.sequence)
    guests = guests_of(event, InvitationState.INVITED)
    untold = refusing(event, guests) | unreachable(guests).keys()
    orders = [
        _Order(guest, MailPurpose.CANCELLATION, earlier[guest.id])
        for guest in guests
        if guest.id not in untold
        and was_reached(earlier[guest.id])
        and not _knows_cancelled(event, earlier[guest.id])
    ]
    _queue(event, orders, by=by, now=now)
    if orders:
        note("event.cancellations_sent", event, by=by, now=now, number=len(orders))
    return len(orders)


def send_to_new_address(guest: Invitation, *, by: User, now: datetime) -> None:
    """Send the invitation as it reads now to where the guest is reached now; what still waits is called off.

    It goes as a letter, like the first one: nobody has read that. Raise :class:`CannotInvite`.
    """
    event = guest.event
    check_invitable(event, now)
    earlier = _call_off(mails_of([guest]))[guest.id]
    _queue(event, [_Order(guest, MailPurpose.REQUEST, earlier)], by=by, now=now)
    lost = next((row.mail for row in reversed(earlier) if is_lost(row.mail)), None)
    if lost is not None:
        # So that nobody is asked to see to what has been seen to.
        mails_of([guest])[guest.id][-1].mail.again_of_id = lost.id


def withdraw_guest(guest: Invitation, *, by: User | None, now: datetime) -> None:
    """Ask one guest no longer: a draft is removed, an invited one is told, unless nothing had left yet."""
    event = guest.event
    lock_event(event)
    db.session.refresh(guest)
    if guest.state is InvitationState.DRAFT:
        remove_guest(guest, by=by, now=now)
        return
    if guest.state is InvitationState.WITHDRAWN:
        return
    earlier = _call_off(mails_of([guest]))[guest.id]
    coming = event.state is not EventState.CANCELLED and is_coming(event.starts_at, now)
    if coming and was_reached(earlier) and not refusing(event, [guest]) and not unreachable([guest]):
        _queue(event, [_Order(guest, MailPurpose.CANCELLATION, earlier, withdrawn=True)], by=by, now=now)
    guest.state = InvitationState.WITHDRAWN
    note("invitation.withdrawn", guest, by=by, now=now, guest=guest.shown_as)


def send_reminders(event: Event, *, by: User | None, now: datetime) -> int:
    """Remind the guests who have not answered (see ``queries.awaiting_reminder``); return how many.

    Raise :class:`CannotInvite`.
    """
    lock_event(event)
    check_invitable(event, now)
    guests = awaiting_reminder(event, now=now)
    earlier = mails_of(guests)
    _queue(
        event, [_Order(guest, MailPurpose.REMINDER, earlier[guest.id]) for guest in guests], by=by, now=now
    )
    if guests:
        note("event.reminders_sent", event, by=by, now=now, number=len(guests))
    return len(guests)


def preview(
    guest: Invitation,
    *,
    by: User | None = None,
    now: datetime | None = None,
    purpose: MailPurpose = MailPurpose.REQUEST,
) -> MailParts:
    """Return the mail as this guest will get it, the personal link hidden; nothing is stored.

    ``by`` is who would send it: named as the contact, and whose sight decides about name and address as they are
    now. ``now`` (aware, UTC) stands in the mail as its date.
    """
    event, moment = guest.event, now or guest.event.changed_at
    with db.session.no_autoflush:
        recipient = recipient_of(guest, looked_at=True)
        if by is not None and guest.state is InvitationState.DRAFT:
            key = ("office", guest.office_id) if guest.office_id else ("person", guest.person_id or 0)
            contact = load_contacts(event, [key], by=by, now=moment).get(key)
            if contact is not None:
                recipient = recipient_of(
                    guest, looked_at=True, address=contact.address, **contact.words(guest.language)
                )
        earlier = mails_of([guest])[guest.id]
        order = _Order(guest, purpose, earlier, _told(earlier) if purpose is MailPurpose.CHANGE else None)
        rendered = render_mail(event, order.wording(event), contact_name=by.name if by else "", now=moment)
    # Made by hand and never added to the session: the outbox's own functions would store it.
    mail = OutgoingMail(
        skeleton=MailSkeleton(**rendered.as_skeleton()),
        to_address=recipient.address, to_name=recipient.name, fields=recipient.fields, links=recipient.links,
        from_address=from_address(guest), from_name=sender_name(event, guest.language),
        message_id=f"<preview@{from_address(guest).partition('@')[2]}>", bounce_nonce="preview",
        dated_at=moment, auto_submitted=purpose not in _LETTERS, null_sender=False,
    )  # fmt: skip
    return compose(mail, reveal=False)


def _queue(event: Event, orders: Iterable[_Order], *, by: User | None, now: datetime) -> None:
    """Queue one mail an order; words that several guests share are rendered and stored once."""
    skeletons: dict[Wording, MailSkeleton] = {}
    senders: dict[str, str] = {}
    for order in orders:
        guest, wording = order.guest, order.wording(event)
        if guest.is_erased:
            continue
        if wording not in skeletons:
            rendered = render_mail(event, wording, contact_name=by.name if by else "", now=now)
            skeletons[wording] = add_skeleton(now=now, **rendered.as_skeleton())
            senders[guest.language] = sender_name(event, guest.language)
        copy = sum((row.purpose, row.sequence) == (order.purpose, event.sequence) for row in order.earlier)
        mail = queue_mail(
            skeletons[wording],
            recipient_of(guest),
            kind=MAIL_KINDS[order.purpose],
            once=f"invitation/{guest.id}/{order.purpose.value}/{event.sequence}/{copy}",
            about=guest,
            from_address=from_address(guest),
            from_name=senders[guest.language],
            organisation_id=event.organisation_id,
            now=now,
            auto_submitted=order.purpose not in _LETTERS,
        )
        row = InvitationMail(
            invitation_id=guest.id, mail=mail, purpose=order.purpose, sequence=event.sequence, copy=copy
        )
        db.session.add(row)
        note(
            "invitation.sent", guest, by=by, now=now, purpose=order.purpose.value, sequence=event.sequence,
            withdrawn=order.withdrawn,
        )  # fmt: skip
    db.session.flush()


def _call_off(
    earlier: dict[int, list[InvitationMail]], *, above: int | None = None
) -> dict[int, list[InvitationMail]]:
    """Call off what still waits in the queue, except mails of the sequence ``above``; return the mails."""
    waiting = {
        row.mail_id
        for rows in earlier.values()
        for row in rows
        if row.mail.state is MailState.QUEUED and row.sequence != above
    }
    for mail in lock_mails(waiting):
        withdraw_mail(mail)
    return earlier


def _told(earlier: Sequence[InvitationMail]) -> Told | None:
    """Return what the guest last read about time and place."""
    for row in reversed(earlier):
        if was_reached([row]) and row.mail.skeleton.calendar:
            return Told.read(row.mail.skeleton.calendar)
    return None


def _knows_cancelled(event: Event, earlier: Sequence[InvitationMail]) -> bool:
    return any(
        row.purpose is MailPurpose.CANCELLATION and row.sequence == event.sequence
        and row.mail.state is not MailState.WITHDRAWN
        for row in earlier
    )  # fmt: skip
