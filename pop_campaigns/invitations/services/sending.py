"""Mails about an event to its guests: invitations, changes, cancellations, reminders.

Every mail is one row of the outbox, queued in the caller's transaction. What has not left when something newer is said is
called off, so that no guest reads yesterday's hour after today's. Of a mail that is being handed over at that moment nobody
knows whether it leaves: the newer one waits behind it, and says what fits what became of it (see ``services.settling``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
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
    Told,
    Wording,
    from_address,
    is_refusable,
    recipient_of,
    render_mail,
    sender_name,
)
from pop_campaigns.invitations.models.invitations import Invitation, InvitationMail, InvitationText
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
from pop_campaigns.invitations.queries.invitable import load_contacts, unmailed_guests
from pop_campaigns.invitations.queries.told import (
    count_withdrawals,
    expects_event,
    may_expect_event,
    next_copy,
    undecided,
    waiting_mails,
    was_reached,
)
from pop_campaigns.invitations.rules.invitations import (
    LETTERS,
    InvitationState,
    MailPurpose,
    NotInvitable,
    calendar_sequence,
)
from pop_campaigns.invitations.services.guests import (
    CannotInvite,
    check_invitable,
    lock_event,
    refresh_guests,
    remove_guest,
)
from pop_campaigns.mail.compose import compose
from pop_campaigns.mail.message import MailParts
from pop_campaigns.mail.models import MailSkeleton, OutgoingMail, Sending
from pop_campaigns.mail.outbox import add_skeleton, call_off, queue_mail
from pop_campaigns.mail.rules import MailState
from pop_campaigns.mail.sendings import keep, keep_called_off


@dataclass(frozen=True)
class _Order:
    """One mail to be queued. ``earlier`` are the guest's mails so far.

    ``behind`` is the one of them that is being handed over, where it decides what is to be said; without it, the guest would
    be told what ``otherwise`` holds: purpose and what was told before, or nothing.
    """

    guest: Invitation
    purpose: MailPurpose
    earlier: Sequence[InvitationMail]
    told: Told | None = None
    withdrawn: bool = False
    behind: OutgoingMail | None = None
    otherwise: tuple[MailPurpose, Told | None] | None = None

    def wording(self, event: Event) -> Wording:
        return self._says(event, self.purpose, self.told)

    def other_wording(self, event: Event) -> Wording | None:
        return self._says(event, *self.otherwise) if self.otherwise else None

    def _says(self, event: Event, purpose: MailPurpose, told: Told | None) -> Wording:
        sequence = calendar_sequence(
            event.sequence, count_withdrawals(self.earlier), withdrawing=self.withdrawn
        )
        language, refusable = self.guest.language, is_refusable(self.guest)
        required = self.guest.required
        return Wording(purpose, language, sequence, told, self.withdrawn, refusable, required)


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
    orders = [_Order(draft, MailPurpose.REQUEST, earlier[draft.id]) for draft in drafts]
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


def send_changes(event: Event, *, by: User | None, now: datetime, sending: Sending | None = None) -> int:
    """Tell the guests who know an older time or place; return how many mails that makes.

    A guest whose invitation never left gets the invitation as it reads now. Raise :class:`CannotInvite`.
    """
    lock_event(event)
    check_invitable(event, now)
    guests = outdated(event)
    earlier = _call_off(mails_of(guests), now=now, sending=sending if guests else None)
    orders = [_change(guest, earlier[guest.id]) for guest in guests]
    _queue(event, orders, by=by, now=now, sending=sending)
    if orders:
        note("event.changes_sent", event, by=by, now=now, number=len(orders))
    return len(orders)


def _change(guest: Invitation, earlier: Sequence[InvitationMail]) -> _Order:
    """Return the order that tells a guest what holds now: against what they read last, or as an invitation."""
    known = _known(earlier)
    behind = undecided(earlier)
    if behind is None or behind.kind == MAIL_KINDS[MailPurpose.ATTENDING]:
        return _Order(guest, known[0], earlier, known[1])
    says = behind.skeleton.calendar
    if says is None or behind.kind == MAIL_KINDS[MailPurpose.CANCELLATION]:
        return _Order(guest, MailPurpose.REQUEST, earlier)
    return _Order(guest, MailPurpose.CHANGE, earlier, Told.read(says), behind=behind, otherwise=known)


def _known(earlier: Sequence[InvitationMail]) -> tuple[MailPurpose, Told | None]:
    """Return as what a guest is told time and place, by what they read so far."""
    if not expects_event(earlier):
        return MailPurpose.REQUEST, None
    return MailPurpose.CHANGE, _told(earlier)


def cancel_with_notice(
    event: Event, *, by: User | None, now: datetime, sending: Sending | None = None
) -> int:
    """Cancel an event and tell the guests; return how many are told.

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
        _cancellation(guest, earlier[guest.id])
        for guest in guests
        if guest.id not in untold
        and may_expect_event(earlier[guest.id])
        and not _knows_cancelled(event, earlier[guest.id])
    ]
    _queue(event, orders, by=by, now=now, sending=sending)
    if orders:
        note("event.cancellations_sent", event, by=by, now=now, number=len(orders))
    return len(orders)


def _cancellation(guest: Invitation, earlier: Sequence[InvitationMail], *, withdrawn: bool = False) -> _Order:
    """Return the order of a cancellation; who would expect the event only by what is being handed over hears of it only then."""
    hand = undecided(earlier)
    sure = expects_event(earlier) or (hand is not None and hand.kind == MAIL_KINDS[MailPurpose.CANCELLATION])
    return _Order(
        guest, MailPurpose.CANCELLATION, earlier, withdrawn=withdrawn, behind=None if sure else hand
    )


def send_to_new_address(
    guest: Invitation, *, by: User, now: datetime, sending: Sending | None = None
) -> None:
    """Send the invitation as it reads now to where the guest is reached now; what still waits is called off.

    It goes as a letter, like the first one: nobody has read that. Raise :class:`CannotInvite`.
    """
    event = guest.event
    check_invitable(event, now)
    earlier = _call_off(mails_of([guest]), now=now, sending=sending)[guest.id]
    _queue(event, [_Order(guest, MailPurpose.REQUEST, earlier)], by=by, now=now, sending=sending)
    lost = next((row.mail for row in reversed(earlier) if is_lost(row.mail)), None)
    if lost is not None:
        # So that nobody is asked to see to what has been seen to.
        mails_of([guest])[guest.id][-1].mail.again_of_id = lost.id


def withdraw_guest(
    guest: Invitation, *, by: User | None, now: datetime, sending: Sending | None = None
) -> None:
    """Ask one guest no longer: a draft is removed, an invited one is told, unless nothing had left yet."""
    withdraw_guests(guest.event, [guest], by=by, now=now, sending=sending)


def withdraw_guests(
    event: Event,
    guests: Sequence[Invitation],
    *,
    by: User | None,
    now: datetime,
    sending: Sending | None = None,
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
    orders = [_cancellation(guest, earlier[guest.id], withdrawn=True) for guest in told]
    _queue(event, orders, by=by, now=now, sending=sending)
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
    orders = [_Order(guest, MailPurpose.REMINDER, earlier[guest.id]) for guest in guests]
    _queue(event, orders, by=by, now=now, sending=sending)
    if guests:
        note("event.reminders_sent", event, by=by, now=now, number=len(guests))
    return len(guests)


def preview(
    guest: Invitation,
    *,
    by: User | None = None,
    now: datetime | None = None,
    purpose: MailPurpose = MailPurpose.REQUEST,
    text: InvitationText | None = None,
) -> MailParts:
    """Return the mail as this guest will get it, the personal link hidden; nothing is stored.

    ``by`` is who would send it: named as the contact, and whose sight decides about name and address as they are
    now. ``now`` (aware, UTC) stands in the mail as its date. ``text`` holds a note as it is typed, instead of the stored one.
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
        sender = by.name if by else ""
        rendered = render_mail(event, order.wording(event), contact_name=sender, now=moment, text=text)
        recipient = with_links(recipient, file_links(event))
    # Made by hand and never added to the session: the outbox's own functions would store it.
    mail = OutgoingMail(
        skeleton=MailSkeleton(**rendered.as_skeleton()),
        to_address=recipient.address, to_name=recipient.name, fields=recipient.fields, links=recipient.links,
        from_address=from_address(guest), from_name=sender_name(event, guest.language),
        message_id=f"<preview@{from_address(guest).partition('@')[2]}>", bounce_nonce="preview",
        dated_at=moment, auto_submitted=purpose not in LETTERS, null_sender=False,
    )  # fmt: skip
    return compose(mail, reveal=False)


def _queue(
    event: Event, orders: Sequence[_Order], *, by: User | None, now: datetime, sending: Sending | None
) -> None:
    """Queue one mail an order; words that several guests share are rendered and stored once."""
    skeletons: dict[Wording, MailSkeleton] = {}

    def skeleton_of(wording: Wording) -> MailSkeleton:
        if wording not in skeletons:
            rendered = render_mail(event, wording, contact_name=by.name if by else "", now=now)
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
