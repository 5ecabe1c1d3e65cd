"""What people wrote becomes what it is for: a guest's answer, an office's response. The caller commits.

It goes through the one door of each, knows the mail it was read in, and is done once, whoever presses how often.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from pop_campaigns.accounts.models import User
from pop_campaigns.core.history import note as note_change
from pop_campaigns.core.locks import lock_row
from pop_campaigns.core.subject_files import attach_file
from pop_campaigns.incoming.queries.deeds import answer_from, response_from
from pop_campaigns.incoming.rules.incoming import is_same_mailbox, is_unexpected, received_on
from pop_campaigns.incoming.services.filing import file_by_hand
from pop_campaigns.incoming.services.matching import Match
from pop_campaigns.invitations.models.invitations import GivenAnswer, Invitation
from pop_campaigns.invitations.rules.date_polls import Says
from pop_campaigns.invitations.rules.invitations import Answer, AnswerChannel, ToldHow
from pop_campaigns.invitations.services.answers import Origin, Told, record_answer
from pop_campaigns.invitations.services.date_polls import HeardBy, record_slot_answers
from pop_campaigns.letters.models import LetterRecipient, LetterResponse
from pop_campaigns.letters.services.responses import HandedFile, ResponseDraft, record_response
from pop_campaigns.mail.models import IncomingMail
from pop_campaigns.mail.rules import IncomingState, IncomingWay


def record_as_answer(
    mail: IncomingMail,
    guest: Invitation,
    answer: Answer,
    *,
    substitute: str = "",
    note: str = "",
    by: User,
    now: datetime,
) -> tuple[GivenAnswer, bool]:
    """Record what a mail says as the answer of a guest it is linked to; return the answer, and whether it is new.

    The mail is filed with the guest, if it was only suggested there, and read. A guest in whose name somebody else wrote
    hears of it. Raise :class:`AnswerRefused` where no answer is taken any more.
    """
    lock_row(mail)  # a second press, or somebody else's, finds what the first one recorded
    recorded = answer_from(mail.id, guest)
    if recorded is not None:
        return recorded, False
    elsewhere = not is_same_mailbox(mail.from_address, guest.address)
    row = record_answer(
        guest,
        answer,
        substitute=substitute,
        note=note,
        channel=AnswerChannel.BY_HAND,
        told=Told(ToldHow.MAIL),
        by=by,
        now=now,
        said_at=received_on(mail.dated_at, mail.received_at, was_brought=mail.way is IncomingWay.UPLOAD),
        origin=Origin(
            mail.from_address if elsewhere else None,
            tell_guest=is_unexpected(mail.from_address, "", guest.address, mail.dmarc),
        ),
    )
    row.incoming_mail_id = row.incoming_mail_id or mail.id
    _settle(mail, guest, "incoming.recorded_answer", by=by, now=now, answer=row.answer.value)
    return row, True


def record_as_dates(
    mail: IncomingMail, guest: Invitation, spoken: Mapping[int, Says], *, note: str, by: User, now: datetime
) -> None:
    """Record what a mail says of the times put to a guest it is linked to, by the times' numbers.

    The mail is filed with the guest, if it was only suggested there, and read. Raise :class:`PollClosed` where the date is
    settled.
    """
    lock_row(mail)
    heard = HeardBy(ToldHow.MAIL, by, mail.id)
    record_slot_answers(guest, spoken, note=note, now=now, heard=heard)
    _settle(mail, guest, "incoming.recorded_dates", by=by, now=now)


def record_as_response(
    mail: IncomingMail,
    recipient: LetterRecipient,
    draft: ResponseDraft,
    *,
    files: Sequence[HandedFile],
    by: User,
    now: datetime,
) -> tuple[LetterResponse, bool]:
    """Record a mail as the response of a letter's recipient it is linked to; return the response, and whether it is new.

    The first of the files is that of the response, the others are kept beside it.

    The mail is filed with the recipient, if it was only suggested there, and read.

    :raises NothingToAnswer: the letter was not sent yet.
    :raises pop_campaigns.core.files.RefusedFile: the file is not of a kind or size we keep.
    """
    lock_row(mail)
    recorded = response_from(mail.id, recipient)
    if recorded is not None:
        return recorded, False
    row = record_response(recipient, draft, file=files[0] if files else None, by=by, now=now)
    for more in files[1:]:
        attach_file(row, more.content, more.name, by=by, now=now)
    row.incoming_mail_id = row.incoming_mail_id or mail.id
    _settle(mail, recipient, "incoming.recorded_response", by=by, now=now, kind=row.kind.value)
    return row, True


def _settle(
    mail: IncomingMail,
    subject: Invitation | LetterRecipient,
    action: str,
    *,
    by: User,
    now: datetime,
    **details: Any,
) -> None:
    """File a mail where it was recorded, and mark it as read."""
    key = (subject.__tablename__, subject.id)
    filed = any((link.subject_type, link.subject_id) == key and not link.suggested for link in mail.links)
    if not filed or mail.state is not IncomingState.MATCHED:
        file_by_hand(mail, Match(subject, "by_hand"), by=by, now=now)
    mark_read([mail], now=now)
    note_change(action, mail, by=by, now=now, organisation_id=mail.organisation_id, **details)


def mark_read(mails: Iterable[IncomingMail], *, now: datetime) -> int:
    """Mark mails as read for everybody of the organisation; return how many were not."""
    fresh = [mail for mail in mails if mail.seen_at is None]
    for mail in fresh:
        mail.seen_at = now
    return len(fresh)
