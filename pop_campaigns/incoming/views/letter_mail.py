"""Mail that came in beside the recipient of a letter it belongs to: letters lie below this package and only ask."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from flask_security import current_user
from sqlalchemy import select

from pop_campaigns.accounts.scope import may_change
from pop_campaigns.core.clock import local_date
from pop_campaigns.core.dates import moment_words
from pop_campaigns.core.db import db
from pop_campaigns.core.i18n import current_language
from pop_campaigns.incoming.blueprint import bp
from pop_campaigns.incoming.sight import incoming_seen
from pop_campaigns.incoming.words.labels import KINDS
from pop_campaigns.letters.models import Letter, LetterRecipient
from pop_campaigns.mail.models import IncomingLink, IncomingMail
from pop_campaigns.mail.rules import IncomingKind
from pop_campaigns.mail.secrets import mask_secrets

_WORDS_SHOWN = 240


def mail_for_letter(letter: Letter) -> dict[int, Sequence[IncomingMail]]:
    """Give what came in for each recipient and one may read, the oldest first, by the recipient's number; no suggestions."""
    rows = (
        select(IncomingLink.subject_id, IncomingMail)
        .join(IncomingLink.mail)
        .where(
            IncomingLink.subject_type == LetterRecipient.__tablename__,
            IncomingLink.subject_id.in_([one.id for one in letter.recipients]),
            IncomingLink.suggested.is_(False),
            incoming_seen(current_user),
        )
        .order_by(IncomingMail.id)
    )
    found: defaultdict[int, list[IncomingMail]] = defaultdict(list)
    for recipient_id, mail in db.session.execute(rows):
        found[recipient_id].append(mail)
    return dict(found)


@bp.app_template_global()
def letter_mail(letter: Letter) -> dict[int, list[dict[str, object]]]:
    """Give what the letter's page shows of it: kind, day, first words, whether somebody has to read it."""
    if not may_change(letter, current_user):
        return {}
    lang = current_language()
    return {
        ident: [
            {
                "number": mail.id,
                "kind": KINDS[mail.kind] if mail.kind else "",
                "words": mask_secrets(mail.text)[:_WORDS_SHOWN] if mail.kind is IncomingKind.HUMAN else "",
                "when": moment_words(mail.received_at, lang),
                "day": local_date(mail.received_at).isoformat(),
                "unread": mail.kind is IncomingKind.HUMAN and mail.seen_at is None,
                "is_reply": mail.kind is IncomingKind.HUMAN,
            }
            for mail in mails
        ]
        for ident, mails in mail_for_letter(letter).items()
    }
