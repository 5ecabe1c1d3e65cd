"""What the table of guests shows beside the rows themselves: words for states, and what happened to each guest.

Registered as globals of the templates, because macros are imported without the context of a page.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext as _
from flask_babel import ngettext, npgettext
from sqlalchemy import select

from pop_campaigns.core.chips import Chip
from pop_campaigns.core.clock import local_date
from pop_campaigns.core.dates import short_day_words, short_moment_words
from pop_campaigns.core.db import db
from pop_campaigns.core.history import History
from pop_campaigns.core.i18n import current_language
from pop_campaigns.invitations.blueprint import bp
from pop_campaigns.invitations.models.invitations import GivenAnswer, Invitation
from pop_campaigns.invitations.queries.answers import answers_of, outdone_on_arrival
from pop_campaigns.invitations.queries.guest_filter import Standing, standing_of
from pop_campaigns.invitations.queries.guest_messages import messages_to
from pop_campaigns.invitations.queries.guests import AnswerCounts, GuestRow, mails_of
from pop_campaigns.invitations.rules.invitations import Answer
from pop_campaigns.invitations.words.handed_links import handed_over_words
from pop_campaigns.invitations.words.labels import (
    ANSWER_CHIPS,
    CHANNELS,
    PROPOSAL_ACTIONS,
    PURPOSES,
    SUBSTITUTE_CHIPS,
    TOLD_HOW,
    proposal_words,
    sent_from_words,
)
from pop_campaigns.invitations.words.pages import MAIL_CHIPS, mail_trouble
from pop_campaigns.mail.models import OutgoingMail
from pop_campaigns.mail.rules import CameBack, MailState
from pop_campaigns.mail.secrets import mask_secrets
from pop_campaigns.mail.words.labels import bounce_sentence, leaves_chip, mail_chip, trouble_words

_TOLD_HERE = (
    "invitation.added",
    "invitation.withdrawn",
    "invitation.language_set",
    "invitation.address_corrected",
    "invitation.answer_taken_back",
    "invitation.sending_undone",
)


@dataclass(frozen=True)
class Happening:
    """One line of a guest's history: when, what, by whom (or how), in which tone."""

    at: datetime
    text: str
    who: str = ""
    tone: str = "quiet"
    url: str = ""

    @property
    def when(self) -> str:
        """The moment in short words."""
        return moment_in_short(self.at)

    @property
    def iso(self) -> str:
        """The moment for machines."""
        return self.at.isoformat(timespec="minutes")


@bp.app_template_global()
def moment_in_short(instant: datetime) -> str:
    """Return *16 qershor 2020, 10:00* in Tirana's time, for dense tables."""
    return short_moment_words(instant, current_language())


@bp.app_template_global()
def answer_chip(answer: Answer) -> Chip:
    """Return the chip of an answer."""
    return ANSWER_CHIPS[answer]


@bp.app_template_global()
def answer_channel(answer: GivenAnswer) -> str:
    """Return how an answer came: through us, or how and to whom where somebody entered it; from where, if from elsewhere."""
    how = str(CHANNELS[answer.channel] if answer.told_how is None else TOLD_HOW[answer.told_how])
    if answer.handed_over_by:
        how = handed_over_words(answer.handed_over_by)
    if answer.told_how is not None or answer.recorded_by:
        how = _("%(how)s, entered by %(who)s", how=how, who=answer.recorded_by or "–")
    if answer.sent_from is None:
        return how
    return f"{how} · {sent_from_words(answer.sent_from)}"


@bp.app_template_global()
def guest_mail_chip(mail: OutgoingMail) -> Chip:
    """Return the chip of a guest's newest mail; one that came back says so."""
    if mail.bounced_at is not None:
        return mail_chip(mail)
    return leaves_chip(mail) or MAIL_CHIPS[mail.state]


@bp.app_template_global()
def guest_mail_trouble(mail: OutgoingMail) -> str:
    """Return why a mail has not arrived; "" where nothing went wrong."""
    return trouble_words(mail) if mail.bounced_at is not None else mail_trouble(mail)


@bp.app_template_global()
def came_back_words(came_back: CameBack) -> str:
    """Return the words that mail to an address keeps coming back, since when."""
    since = short_day_words(local_date(came_back.since), current_language())
    words: str = ngettext(
        "%(num)d mail came back since %(day)s; nothing more is sent there",
        "%(num)d mails came back since %(day)s; nothing more is sent there",
        came_back.number,
        day=since,
    )
    return words


@bp.app_template_global()
def guest_counts(counts: AnswerCounts, rows: Sequence[GuestRow]) -> list[tuple[int, Chip]]:
    """Return the bar of answers; a guest whose mail failed counts as failed, not as silent."""
    failed = sum(standing_of(row) is Standing.UNREACHED for row in rows)
    numbers = {
        Answer.ACCEPTED: counts.accepted,
        Answer.DELEGATED: counts.delegated,
        Answer.TENTATIVE: counts.tentative,
        Answer.NEEDS_ACTION: max(counts.waiting - failed, 0),
        Answer.DECLINED: counts.declined,
    }
    parts = [
        (numbers[answer], chip._replace(words=_counted(answer, numbers[answer])))
        for answer, chip in ANSWER_CHIPS.items()
    ]
    lost = npgettext("count of answers", "could not be reached", "could not be reached", failed)
    return [*parts, (failed, Chip("!", lost, "bad"))]


def _counted(answer: Answer, number: int) -> str:
    words = {
        Answer.ACCEPTED: npgettext("count of answers", "accepted", "accepted", number),
        Answer.DELEGATED: npgettext("count of answers", "sends someone else", "send someone else", number),
        Answer.TENTATIVE: npgettext("count of answers", "maybe", "maybe", number),
        Answer.NEEDS_ACTION: npgettext("count of answers", "no reply", "no reply", number),
        Answer.DECLINED: npgettext("count of answers", "declined", "declined", number),
    }
    return str(words[answer])


@bp.app_template_global()
def guest_histories(
    rows: Sequence[GuestRow], came_in: Mapping[int, Sequence[Happening]] | None = None
) -> dict[int, list[Happening]]:
    """Return what happened to each guest, newest first, in four queries however many guests there are.

    ``came_in`` is what they wrote, by guest, from whoever knows the mail that came in.
    """
    guests = [row.invitation for row in rows if not row.private]
    histories: dict[int, list[Happening]] = defaultdict(list)
    for ident, mails in mails_of(guests).items():
        for row in mails:
            histories[ident].extend(_mail_happenings(str(PURPOSES[row.purpose]), row.mail))
    for written in messages_to([guest.id for guest in guests]):
        histories[written.invitation_id].extend(_mail_happenings(str(_("Message to guests")), written.mail))
    answers = answers_of(guests)
    outdone = outdone_on_arrival(answers)
    for answer in answers:
        histories[answer.invitation_id].append(_answer_happening(answer, older=answer.id in outdone))
    for ident, happenings in (came_in or {}).items():
        histories[ident].extend(happenings)
    for change in _changes_of(guests):
        words = _change_words(change)
        if words:
            histories[change.subject_id].append(Happening(change.at, words, change.actor_name))
    return {
        ident: sorted(happenings, key=lambda happening: happening.at, reverse=True)
        for ident, happenings in histories.items()
    }


def _mail_happenings(purpose: str, mail: OutgoingMail) -> list[Happening]:
    happenings = [Happening(mail.queued_at, _("%(mail)s queued", mail=purpose), tone="info")]
    if mail.state is MailState.SENT and mail.sent_at:
        happenings.append(Happening(mail.sent_at, _("%(mail)s sent", mail=purpose), mail.to_address, "good"))
        if mail.bounced_at is not None:
            tone = "bad" if mail.bounce_permanent else "warn"
            words = _("%(mail)s came back: %(reason)s", mail=purpose, reason=bounce_sentence(mail))
            happenings.append(Happening(mail.bounced_at, words, mail.to_address, tone))
    elif mail.state is MailState.WITHDRAWN:
        words = (
            _("%(mail)s called off, it may have left already", mail=purpose)
            if mail.perhaps_left
            else _("%(mail)s called off before it left", mail=purpose)
        )
        happenings = [Happening(mail.queued_at, words)]
    elif mail_trouble(mail):
        tone = "bad" if mail.state is MailState.FAILED else "warn"
        at = max(mail.queued_at, mail.tries[-1].at) if mail.tries else mail.queued_at
        words = _("%(mail)s not delivered: %(reason)s", mail=purpose, reason=mail_trouble(mail))
        happenings.append(Happening(at, words, mail.to_address, tone))
    return happenings


def _answer_happening(answer: GivenAnswer, *, older: bool) -> Happening:
    chip = ANSWER_CHIPS[answer.answer]
    parts = [f"{chip.mark} {chip.words}"]
    if answer.substitute:
        parts.append(mask_secrets(answer.substitute))
    if answer.substitute_answer is not None:
        parts.append(str(SUBSTITUTE_CHIPS[answer.substitute_answer].words))
    if answer.note:
        parts.append(f"“{mask_secrets(answer.note)}”")
    if older:
        parts.append(
            _("said on %(when)s: a newer answer stood already", when=moment_in_short(answer.said_at))
        )
    return Happening(answer.at, " · ".join(parts), answer_channel(answer), "quiet" if older else chip.tone)


@bp.app_template_global()
def substitute_chip(answer: GivenAnswer) -> Chip | None:
    """Return the chip of what a substitute answered; None as long as nobody knows."""
    return SUBSTITUTE_CHIPS[answer.substitute_answer] if answer.substitute_answer else None


def _changes_of(guests: Sequence[Invitation]) -> list[History]:
    """Return the changes that neither a mail nor an answer tells already."""
    wanted = select(History).where(
        History.subject_type == Invitation.__tablename__,
        History.subject_id.in_([guest.id for guest in guests]),
        History.action.in_((*_TOLD_HERE, *PROPOSAL_ACTIONS)),
    )
    return list(db.session.scalars(wanted.order_by(History.id))) if guests else []


def _change_words(change: History) -> str:
    if change.action == "invitation.added":
        return str(_("Put on the guest list"))
    if change.action == "invitation.answer_taken_back":
        return str(_("An answer that was not theirs was taken back"))
    if change.action == "invitation.sending_undone":
        return str(_("What was sent was undone before it left"))
    if change.action == "invitation.withdrawn":
        return str(_("Invitation withdrawn"))
    if change.action == "invitation.address_corrected":
        was, new = change.details.get("was", ""), change.details.get("address", "")
        return str(_("Address corrected: %(was)s → %(new)s", was=was, new=new))
    if change.action in PROPOSAL_ACTIONS:
        return proposal_words(change.action, change.details)
    in_english = change.details.get("language") == "en"
    return str(_("Language of the mails: English") if in_english else _("Language of the mails: Albanian"))
