"""What a message is and where it would go, without keeping it or changing anything."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from pop_campaigns.core.db import db
from pop_campaigns.incoming.services.calendar_answers import guest_of_secret, without_secret
from pop_campaigns.incoming.services.matching import Match, find_matches, sender_result
from pop_campaigns.invitations.models.invitations import Invitation
from pop_campaigns.letters.models import LetterRecipient
from pop_campaigns.mail.reading.report import MailReport
from pop_campaigns.mail.rules import IncomingKind


def explain_matches(report: MailReport, envelope_to: str = "") -> list[dict[str, Any]]:
    """Return to what a message belongs, as ``mail explain`` prints it: what, its number, its title, who, how, whether certain.

    Nothing is written. Without a database, or with one that has no tables yet, it belongs to nothing.
    """
    file = db.engine.url.database if db.engine.dialect.name == "sqlite" else None
    if file and not Path(file).exists():
        return []  # to connect would make one
    try:
        with db.session.no_autoflush:
            return [_as_json(match) for match in _matches(report, envelope_to)]
    except SQLAlchemyError:
        return []
    finally:
        db.session.rollback()


def _matches(report: MailReport, envelope_to: str) -> list[Match]:
    matches = find_matches(report, envelope_to, dmarc=sender_result(report), only_read=True)
    reply = report.calendar if report.kind is IncomingKind.CALENDAR else None
    if reply is not None and guest_of_secret(matches, reply) is None:
        return without_secret(report, matches).matches
    return matches


def _as_json(match: Match) -> dict[str, Any]:
    subject = match.subject
    values: dict[str, Any] = {"what": "mail", "id": subject.id, "title": "", "who": ""}
    if isinstance(subject, Invitation):
        values |= {"what": "invitation", "title": subject.event.title_sq, "who": subject.written_as}
    elif isinstance(subject, LetterRecipient):
        values |= {"what": "letter", "title": subject.letter.subject_sq, "who": subject.written_as}
    else:
        values |= {"title": subject.message_id, "who": subject.to_address}
    return values | {"how": match.how, "certain": not match.suggested}
