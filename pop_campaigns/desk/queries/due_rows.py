"""What is due by a day: answers to letters, and reminders, as rows of Today."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from flask import url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from pop_campaigns.core.dates import day_words
from pop_campaigns.core.i18n import in_language
from pop_campaigns.desk.queries.events import owing
from pop_campaigns.desk.queries.subjects import find_subjects
from pop_campaigns.desk.queries.work_rows import SOON, Reader, WorkList, WorkRow, day_in_words
from pop_campaigns.follow_ups.queries.follow_ups import due_follow_ups
from pop_campaigns.letters.models import Letter
from pop_campaigns.letters.queries.letters import DueRecipient
from pop_campaigns.letters.queries.recipients import delivery_of
from pop_campaigns.letters.rules.letters import Delivery, RecipientState
from pop_campaigns.letters.words.pages import days_words


def add_follow_ups(work: WorkList, reader: Reader) -> None:
    """Add the reminders that are due within the week, each with what it is about; of what is not to be seen, nothing."""
    rows = due_follow_ups(reader.user, reader.today + SOON)
    subjects = find_subjects({row.subject for row in rows}, reader.user)
    for row in rows:
        subject = subjects.get(row.subject)
        if subject is None:
            continue
        late = row.due_on < reader.today
        section = work.overdue if late else work.today if row.due_on == reader.today else work.soon
        why = row.why or _("Reminder")
        section.append(
            WorkRow(
                subject.title,
                subject.url,
                who=f"{subject.kind} · {why}",
                when=_("reminder for %(day)s", day=day_in_words(row.due_on, reader)),
                tone="bad" if late else "warn",
                done_url=url_for("follow_ups.done", follow_up_id=row.id),
            )
        )


def letter_row(reader: Reader, due: DueRecipient) -> WorkRow:
    letter = due.recipient.letter
    if due.unread is not None:
        page = url_for("incoming.message", number=due.unread)
        return reader.row(
            in_language(letter, "subject", reader.lang),
            url_for("desk.letter", letter_id=letter.id),
            letter,
            who=due.recipient.shown_as,
            when=_("reply to be read"),
            tone="info",
            action=_("Read the reply"),
            action_url=page,
            organisation=reader.whose(letter.organisation),
        )
    late = due.state is RecipientState.OVERDUE
    return reader.row(
        in_language(letter, "subject", reader.lang),
        url_for("desk.letter", letter_id=letter.id),
        letter,
        who=due.recipient.shown_as,
        when=_(
            "%(late)s, due on %(day)s",
            late=days_words(due.days, due.unit),
            day=day_words(due.due_on, reader.lang, weekday=False),
        )
        if late
        else _("answer due %(day)s", day=day_in_words(due.due_on, reader)),
        tone="bad" if late else "warn",
        action=_("Record the answer"),
        action_url=url_for("letters.response", letter_id=letter.id, recipient_id=due.recipient.id),
        organisation=reader.whose(letter.organisation),
    )


def waiting_letter_rows(reader: Reader, letter: Letter, unread: Collection[int]) -> Iterable[WorkRow]:
    """Return one row for those of a letter who still have time.

    Who is due, did not get it, or has written what nobody has read yet, stands further up.
    """
    owe = [
        recipient
        for recipient in owing(letter)
        if (recipient.due_on is None or recipient.due_on > reader.today + SOON)
        and delivery_of(recipient) is not Delivery.FAILED
        and recipient.id not in unread
    ]
    if not owe:
        return
    last = max((recipient.due_on for recipient in owe if recipient.due_on), default=None)
    until = _("time until %(day)s", day=day_words(last, reader.lang, weekday=False)) if last else ""
    owing_words = ngettext("%(num)d owes an answer", "%(num)d owe an answer", len(owe))
    yield WorkRow(
        in_language(letter, "subject", reader.lang),
        url_for("desk.letter", letter_id=letter.id),
        who=owe[0].shown_as if len(owe) == 1 else owing_words,
        when=until or owing_words,
        organisation=reader.whose(letter.organisation),
    )
