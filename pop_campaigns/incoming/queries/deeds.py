"""What people did with mail that came in: answers and responses recorded from it, replies to it, and what was passed on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from pop_campaigns.accounts.models import User
from pop_campaigns.accounts.scope import visible
from pop_campaigns.core.db import db
from pop_campaigns.invitations.models.date_polls import SlotAnswer
from pop_campaigns.invitations.models.invitations import GivenAnswer, Invitation
from pop_campaigns.invitations.rules.invitations import Sight
from pop_campaigns.invitations.sight import guests_seen, mails_seen
from pop_campaigns.letters.models import Letter, LetterRecipient, LetterResponse
from pop_campaigns.mail.models import OutgoingMail
from pop_campaigns.mail.queries import mails_about
from pop_campaigns.mail.sendings import was_undone

Deed = GivenAnswer | SlotAnswer | LetterResponse | OutgoingMail
REPLY_KIND = "incoming.reply"
FORWARD_KIND = "incoming.forward"
BY_PEOPLE = (REPLY_KIND, FORWARD_KIND)


def deeds_of(mail_ids: Iterable[int], user: User) -> dict[int, list[Deed]]:
    """Return what was done with each mail and the user may see, the earliest of its kind first: four queries for a page."""
    wanted = sorted(mail_ids)
    deeds: defaultdict[int, list[Deed]] = defaultdict(list)
    for row in (
        [*_answers(wanted, user), *_dates(wanted, user), *_responses(wanted, user), *_sent(wanted, user)]
        if wanted
        else ()
    ):
        deeds[row.incoming_mail_id].append(row)
    return dict(deeds)


def written_about(model: Any, idents: Iterable[int], user: User) -> dict[int, list[OutgoingMail]]:
    """Return by guest or recipient what people wrote or passed on about them, as far as the user sees it, oldest first."""
    rows = select(OutgoingMail).where(
        mails_about(model, idents), OutgoingMail.kind.in_(BY_PEOPLE), mails_seen(user), ~was_undone()
    )
    mails: defaultdict[int, list[OutgoingMail]] = defaultdict(list)
    for mail in db.session.scalars(rows.order_by(OutgoingMail.id)):
        mails[mail.subject_id or 0].append(mail)
    return dict(mails)


def answer_from(mail_id: int, guest: Invitation) -> GivenAnswer | None:
    """Return the answer of a guest that was recorded from a mail, the newest; for verbs and pages of that guest."""
    wanted = select(GivenAnswer).where(
        GivenAnswer.incoming_mail_id == mail_id, GivenAnswer.invitation_id == guest.id
    )
    return db.session.scalar(wanted.order_by(GivenAnswer.id.desc()).limit(1))


def response_from(mail_id: int, recipient: LetterRecipient) -> LetterResponse | None:
    """Return the response of a recipient that was recorded from a mail, the newest."""
    wanted = select(LetterResponse).where(
        LetterResponse.incoming_mail_id == mail_id, LetterResponse.recipient_id == recipient.id
    )
    return db.session.scalar(wanted.order_by(LetterResponse.id.desc()).limit(1))


def _answers(mail_ids: list[int], user: User) -> Iterable[Any]:
    rows = (
        select(GivenAnswer)
        .join(GivenAnswer.invitation)
        .options(joinedload(GivenAnswer.invitation))
        .where(GivenAnswer.incoming_mail_id.in_(mail_ids), guests_seen(user, Sight.WORDS))
    )
    return db.session.scalars(rows.order_by(GivenAnswer.id)).unique()


def _dates(mail_ids: list[int], user: User) -> Iterable[Any]:
    """Return one answer of each guest about the times put to them that was recorded from each mail."""
    rows = (
        select(SlotAnswer)
        .join(SlotAnswer.invitation)
        .where(SlotAnswer.incoming_mail_id.in_(mail_ids), guests_seen(user, Sight.WORDS))
    )
    answers = db.session.scalars(rows.order_by(SlotAnswer.id))
    return {(row.incoming_mail_id, row.invitation_id): row for row in answers}.values()


def _responses(mail_ids: list[int], user: User) -> Iterable[Any]:
    rows = (
        select(LetterResponse)
        .join(LetterResponse.recipient)
        .join(LetterRecipient.letter)
        .options(joinedload(LetterResponse.recipient))
        .where(LetterResponse.incoming_mail_id.in_(mail_ids), visible(Letter, user))
    )
    return db.session.scalars(rows.order_by(LetterResponse.id)).unique()


def _sent(mail_ids: list[int], user: User) -> Iterable[Any]:
    rows = select(OutgoingMail).where(
        OutgoingMail.incoming_mail_id.in_(mail_ids),
        OutgoingMail.kind.in_(BY_PEOPLE),
        OutgoingMail.again_of_id.is_(None),
        mails_seen(user),
        ~was_undone(),
    )
    return db.session.scalars(rows.order_by(OutgoingMail.id))
