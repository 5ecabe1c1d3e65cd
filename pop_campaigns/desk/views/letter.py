"""The page of one letter: as on paper, beside it who received it, what came back and when an answer is due."""

from __future__ import annotations

from flask import render_template, request
from flask_security import current_user

from pop_campaigns.accounts.guard import reader
from pop_campaigns.accounts.scope import get_visible, may_change
from pop_campaigns.core.clock import now
from pop_campaigns.core.i18n import current_language
from pop_campaigns.desk.blueprint import bp
from pop_campaigns.desk.words.guest_mail import mail_of_recipients
from pop_campaigns.incoming.queries.deeds import deeds_of, written_about
from pop_campaigns.incoming.queries.incoming import incoming_of_recipients
from pop_campaigns.letters.models import Letter, LetterRecipient
from pop_campaigns.letters.queries.recipients import next_due_on
from pop_campaigns.letters.views.letter_parts import letter_parts
from pop_campaigns.letters.views.letters import days_in_words
from pop_campaigns.mail.queries import mails_about
from pop_campaigns.mail.words.unsent import unsent_notice


@bp.get("/letters/<int:letter_id>")
@reader
def letter(letter_id: int) -> str:
    """Show a letter with its recipients, their mails, its deadlines and its history."""
    row = get_visible(Letter, letter_id)
    moment, lang = now(), current_language()
    theirs = mails_about(LetterRecipient, [recipient.id for recipient in row.recipients])
    may_work = may_change(row, current_user)
    came_in = incoming_of_recipients(row, current_user) if may_work else {}
    deeds = deeds_of([mail.id for mails in came_in.values() for mail in mails], current_user)
    recipient_ids = [recipient.id for recipient in row.recipients] if may_work else []
    written = written_about(LetterRecipient, recipient_ids, current_user)
    return render_template(
        "desk/letter.html",
        **letter_parts(row, shown_in=request.args.get("in", lang), now=moment, lang=lang),
        **days_in_words(),
        came_in=mail_of_recipients(came_in, lang, deeds, written),
        next_due_on=next_due_on,
        unsent=unsent_notice(theirs, moment, lang),
    )
