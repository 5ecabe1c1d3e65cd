"""A person says that a mail belongs elsewhere than it was found, or was filed, to belong. The caller commits.

What was recorded from it there goes with it: an answer or a response is taken back and recorded where the mail belongs now.
Answers that calendars gave and bounces stay: they were proven by the address they came to, and say nothing elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pop_campaigns.accounts.models import User
from pop_campaigns.core.db import db
from pop_campaigns.core.history import note
from pop_campaigns.core.locks import lock_row
from pop_campaigns.core.subject_files import files_of
from pop_campaigns.incoming.queries.deeds import answer_from, response_from
from pop_campaigns.incoming.scope import Subject, subject_of
from pop_campaigns.incoming.services.filing import file_by_hand
from pop_campaigns.incoming.services.matching import Match
from pop_campaigns.incoming.services.recording import record_as_answer, record_as_response
from pop_campaigns.invitations.models.invitations import Invitation
from pop_campaigns.invitations.rules.invitations import Answer
from pop_campaigns.invitations.services.answers import take_back_answer
from pop_campaigns.letters.models import LetterRecipient
from pop_campaigns.letters.services.responses import (
    HandedFile,
    ResponseDraft,
    kinds_for,
    remove_response,
)
from pop_campaigns.mail.models import IncomingLink, IncomingMail
from pop_campaigns.mail.rules import IncomingKind, IncomingState


@dataclass(frozen=True)
class TakenBack:
    """What was recorded from a mail where it does not belong: a guest's answer, or an office's response with its files."""

    answer: Answer | None = None
    substitute: str = ""
    note: str = ""
    response: ResponseDraft | None = None
    files: Sequence[HandedFile] = ()


def may_be_moved(mail: IncomingMail) -> bool:
    """Return whether a person may say that a mail belongs elsewhere."""
    return mail.state is IncomingState.MATCHED and mail.kind in (IncomingKind.HUMAN, IncomingKind.AUTO)


def move_mail(mail: IncomingMail, link_id: int, to: Subject, *, by: User, now: datetime) -> bool:
    """Move a mail from one guest or letter to another, with what was recorded from it; return whether it was there.

    The place where it was stays suggested, so that moving it back is one press. Raise
    :class:`pop_campaigns.invitations.services.answers.AnswerRefused` where the other guest's answer is not taken any more.
    """
    lock_row(mail)
    link = _sure(mail, link_id)
    if link is None or not may_be_moved(mail) or (link.subject_type, link.subject_id) == Match(to, "").key:
        return False
    carried = _take_away(mail, link, by=by, now=now)
    file_by_hand(mail, Match(to, "by_hand"), by=by, now=now)
    db.session.flush()
    _record_again(mail, to, carried, by=by, now=now)
    note("incoming.moved", mail, by=by, now=now, organisation_id=mail.organisation_id)
    return True


def unfile(mail: IncomingMail, link_id: int, *, by: User, now: datetime) -> bool:
    """Take a person's words away from where they were found to belong; return whether they were. They stay suggested there."""
    link = _sure(mail, link_id)
    if link is None or not may_be_moved(mail):
        return False
    _take_away(mail, link, by=by, now=now)
    if all(link.suggested for link in mail.links):
        mail.state = IncomingState.HELD
    note("incoming.taken_back", mail, by=by, now=now, organisation_id=mail.organisation_id)
    db.session.flush()
    return True


def take_back(mail: IncomingMail, *, by: User, now: datetime) -> bool:
    """Let a mail wait again that a person filed or put aside; return whether there was anything to take back.

    What was found without a person stays: see :func:`unfile` for that.
    """
    ours = [link for link in mail.links if link.how == "by_hand" and not link.suggested]
    if mail.state is not IncomingState.IGNORED and not (mail.state is IncomingState.MATCHED and ours):
        return False
    for link in ours:
        _take_away(mail, link, by=by, now=now)
    mail.state = IncomingState.HELD
    mail.ignored_at, mail.ignored_by, mail.ignored_reason = None, "", ""
    note("incoming.taken_back", mail, by=by, now=now, organisation_id=mail.organisation_id)
    db.session.flush()
    return True


def _sure(mail: IncomingMail, link_id: int) -> IncomingLink | None:
    return next((link for link in mail.links if link.id == link_id and not link.suggested), None)


def _take_away(mail: IncomingMail, link: IncomingLink, *, by: User, now: datetime) -> TakenBack:
    """Let a place be no more than suggested, and take back what was recorded there from the mail."""
    link.suggested = True
    subject = subject_of(link)
    if isinstance(subject, Invitation) and (given := answer_from(mail.id, subject)):
        carried = TakenBack(answer=given.answer, substitute=given.substitute, note=given.note)
        take_back_answer(given, by=by, now=now)
        return carried
    if isinstance(subject, LetterRecipient) and (response := response_from(mail.id, subject)):
        draft = ResponseDraft(response.kind, response.received_on, response.their_number, response.summary)
        stored = [response.file, *(row.file for row in files_of(response))]
        kept = [
            HandedFile(file.path.read_bytes(), file.name) for file in stored if file and file.path.is_file()
        ]
        remove_response(response, by=by, now=now)
        return TakenBack(response=draft, files=kept)
    return TakenBack()


def _record_again(mail: IncomingMail, to: Subject, carried: TakenBack, *, by: User, now: datetime) -> None:
    if carried.answer is not None and isinstance(to, Invitation):
        record_as_answer(
            mail, to, carried.answer, substitute=carried.substitute, note=carried.note, by=by, now=now
        )
    draft = carried.response
    if draft is not None and isinstance(to, LetterRecipient) and draft.kind in kinds_for(to.letter):
        record_as_response(mail, to, draft, files=carried.files, by=by, now=now)
