"""How letters are put into words on pages: where they stand, why a day is due, what will happen, what happened."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any, Final

from flask_babel import gettext as _
from flask_babel import ngettext, pgettext

from pop_campaigns.contacts.rules import Unmailed
from pop_campaigns.contacts.words.mailing import count_words
from pop_campaigns.core.chips import Chip
from pop_campaigns.core.dates import day_words, short_day_words
from pop_campaigns.core.history import History
from pop_campaigns.core.i18n import current_language
from pop_campaigns.letters.models import Letter, LetterRecipient
from pop_campaigns.letters.queries.due_days import CALENDAR_UNKNOWN, INFORMED
from pop_campaigns.letters.queries.entered_days import EnteredDays
from pop_campaigns.letters.queries.letters import RecipientLine
from pop_campaigns.letters.queries.recipients import clock_counts, days_until, is_answered, state_of
from pop_campaigns.letters.rules.clocks import SHIPPED_CLOCKS, ClockBasis, ClockRefusal, Force
from pop_campaigns.letters.rules.letters import (
    LetterState,
    RecipientRole,
    RecipientState,
    ResponseKind,
)
from pop_campaigns.letters.rules.working_days import Unit
from pop_campaigns.letters.words.labels import (
    CLOCK_REFUSALS,
    CLOCKS,
    FORCES,
    INFORMED_CHIP,
    LETTER_STATES,
    RECIPIENT_CHIPS,
    RESPONSES,
    SKIP_REASONS,
    source_words,
)
from pop_campaigns.mail.models import OutgoingMail
from pop_campaigns.mail.refusals import REFUSAL_LABELS, explain_words
from pop_campaigns.mail.rules import MailState
from pop_campaigns.mail.secrets import mask_secrets
from pop_campaigns.mail.words.labels import bounce_sentence

# What a list says of a letter with several addressees: what needs a person first.
_WORST_FIRST: Final = (
    RecipientState.OVERDUE,
    RecipientState.TO_BE_READ,
    RecipientState.FAILED,
    RecipientState.NOT_SENT,
    RecipientState.DUE_SOON,
    RecipientState.WAITING,
    RecipientState.ON_THE_WAY,
    RecipientState.UNKNOWN,
    RecipientState.ANSWERED,
)

_AWAITED: Final = (RecipientState.OVERDUE, RecipientState.DUE_SOON, RecipientState.WAITING)

# Actions that happen to one recipient each, mostly to all of a letter at once.
_OF_MANY: Final = ("letter.clock_started", "letter.clock_stopped", "letter.handed_over", "letter.due_moved")


@dataclass(frozen=True)
class NextDue:
    """The next day an addressee owes an answer on, in words."""

    on: date
    words: str
    tone: str


@dataclass(frozen=True)
class DueStory:
    """Why a day is due: the rule, how much it obliges, from when it was counted, what was left out."""

    rule: str
    source: str
    force: str
    counted: str
    skipped: list[tuple[str, str]]
    notes: list[str]
    refused: str = ""


def recipient_chip(
    recipient: LetterRecipient, today: date, soon: date, unread: Collection[int] = frozenset()
) -> Chip:
    """Return where one recipient stands. Of a copy nothing is awaited, unless the letter asks for an answer, too."""
    return chip_of(recipient, state_of(recipient, today, soon, unread))


def chip_of(recipient: LetterRecipient, state: RecipientState) -> Chip:
    """Return the chip of a recipient whose state is known already."""
    return INFORMED_CHIP if not recipient.owes and state in _AWAITED else RECIPIENT_CHIPS[state]


def letter_chip(letter: Letter, today: date, soon: date, unread: Collection[int] = frozenset()) -> Chip:
    """Return where a letter stands: by those who owe an answer, and of an archive's letter that answers are not known."""
    if letter.state in (LetterState.DRAFT, LetterState.APPROVED, LetterState.ARCHIVED):
        return Chip("✎" if letter.state is LetterState.DRAFT else "–", LETTER_STATES[letter.state], "quiet")
    states = {
        state_of(recipient, today, soon, unread)
        for recipient in letter.recipients
        if recipient.owes or recipient.id in unread
    }
    worst = next((state for state in _WORST_FIRST if state in states), RecipientState.UNKNOWN)
    if letter.state is LetterState.RECORDED and worst is RecipientState.UNKNOWN:
        return Chip("–", _("Responses unknown"), "quiet")
    return RECIPIENT_CHIPS[worst]


def addressees(letter: Letter) -> list[LetterRecipient]:
    """Return the recipients the letter is *për*."""
    return [recipient for recipient in letter.recipients if recipient.role is RecipientRole.TO]


def copies(letter: Letter) -> list[LetterRecipient]:
    """Return the recipients who have it *në dijeni*."""
    return [recipient for recipient in letter.recipients if recipient.role is RecipientRole.CC]


def next_due(
    letter: Letter,
    today: date,
    soon: date,
    entered: EnteredDays,
    unread: Collection[int] = frozenset(),
) -> NextDue | None:
    """Return the first day on which an answer is due, of those who owe one and have not answered (or written, unread)."""
    if letter.state is not LetterState.SENT:
        return None
    open_ones = [
        recipient
        for recipient in letter.recipients
        if recipient.owes and recipient.due_on and not is_answered(recipient) and recipient.id not in unread
        if clock_counts(state_of(recipient, today, soon))
    ]
    first = min(open_ones, key=lambda addressee: addressee.due_on or date.max, default=None)
    if first is None or first.due_on is None:
        return None
    days, unit = days_until(first, first.due_on, today, entered)
    return NextDue(first.due_on, days_words(days, unit), RECIPIENT_CHIPS[state_of(first, today, soon)].tone)


def days_words(days: int, unit: Unit) -> str:
    """Return *4 working days left*, *due today*, *2 days late*."""
    if days == 0:
        return _("due today")
    if unit == "working_days":
        if days > 0:
            return ngettext("%(num)d working day left", "%(num)d working days left", days)
        return ngettext("%(num)d working day late", "%(num)d working days late", -days)
    if days > 0:
        return ngettext("%(num)d day left", "%(num)d days left", days)
    return ngettext("%(num)d day late", "%(num)d days late", -days)


def rule_words(basis: ClockBasis) -> str:
    """Return a legal ground as the form offers it: what it is, how long, how much it obliges, from where."""
    return _(
        "%(title)s: an answer %(span)s. %(force)s (%(source)s).",
        title=CLOCKS[basis.key],
        span=span_words(basis.amount, basis.unit),
        force=FORCES[Force.BINDING if basis.binding else Force.EXPECTED],
        source=source_words(basis.source, current_language()),
    )


def span_words(amount: int, unit: Unit) -> str:
    """Return *within 10 working days*."""
    if unit == "working_days":
        return ngettext("within %(num)d working day", "within %(num)d working days", amount)
    return ngettext("within %(num)d day", "within %(num)d days", amount)


def basis_title(key: str) -> str:
    """Return the name of a legal ground; an unknown one is shown by its key."""
    return str(CLOCKS.get(key, key))


def shipped_basis(key: str) -> ClockBasis | None:
    """Return the rule of a legal ground, None for one we do not know."""
    return next((basis for basis in SHIPPED_CLOCKS if basis.key == key), None)


def due_story(recipient: LetterRecipient, lang: str) -> DueStory | None:
    """Explain a recipient's due day, or why there is none; None while no clock runs."""
    explained = recipient.due_explained
    if not explained or explained.get(INFORMED):
        return None
    title = basis_title(str(explained.get("basis", "")))
    if explained.get("refused"):
        return DueStory(title, "", "", "", [], [], _refusal_words(explained))
    return DueStory(
        rule=f"{title}: {span_words(int(explained['amount']), explained['unit'])}",
        source=source_words(str(explained["source"]), lang),
        force=str(FORCES[Force(explained["force"])]),
        counted=_counted_words(explained, lang),
        skipped=[
            (day_words(_day(skipped["day"]), lang), _skip_words(skipped, lang))
            for skipped in explained["skipped"]
        ],
        notes=_notes(explained, lang),
    )


def will_happen(lines: Sequence[RecipientLine]) -> str:
    """Return exactly what sending does: *7 recipients: 1 addressee, 6 copies; 6 in Albanian, 1 in English; …*."""
    roles = Counter(line.role for line in lines)
    languages = Counter(line.language for line in lines)
    unmailed = Counter(line.unmailed for line in lines if line.unmailed)
    who = [
        ngettext("%(num)d addressee", "%(num)d addressees", roles[RecipientRole.TO]),
        ngettext("%(num)d copy", "%(num)d copies", roles[RecipientRole.CC])
        if roles[RecipientRole.CC]
        else "",
    ]
    read = [
        _("%(num)d in Albanian", num=languages["sq"]) if languages["sq"] else "",
        _("%(num)d in English", num=languages["en"]) if languages["en"] else "",
    ]
    parts = [", ".join(filter(None, who)), ", ".join(filter(None, read))]
    parts += [count_words(reason, unmailed[reason]) for reason in Unmailed if unmailed[reason]]
    count = ngettext("%(num)d recipient", "%(num)d recipients", len(lines))
    return f"{count}: {'; '.join(filter(None, parts))}."


def mail_trouble(mail: OutgoingMail | None) -> str:
    """Return why a mail is not there yet, in our words and the server's; empty while nothing is wrong."""
    if mail is not None and mail.state is MailState.SENT and mail.bounced_at is not None:
        return bounce_sentence(mail)
    if mail is None or not mail.last_words or mail.state in (MailState.SENT, MailState.WITHDRAWN):
        return ""
    key = explain_words(mail.last_code, mail.last_words, permanent=mail.state is MailState.FAILED)
    code = f"{mail.last_code} " if mail.last_code else ""
    return f"{REFUSAL_LABELS[key]} (“{code}{mask_secrets(mail.last_words)}”)"


def group_history(rows: Iterable[History]) -> list[list[History]]:
    """Put together what one moment did to many recipients alike, so that a history stays short; order is kept.

    Only neighbours of one action, person and minute, alike in all but the recipient, are put together.
    """
    groups: list[list[History]] = []
    for _key, run in groupby(rows, key=lambda row: (row.action, row.actor_name, f"{row.at:%F %H:%M}")):
        alike: dict[str, list[History]] = {}
        for row in run:
            details = sorted((name, str(value)) for name, value in row.details.items() if name != "who")
            alike.setdefault(repr(details) if row.action in _OF_MANY else f"row {row.id}", []).append(row)
        groups += alike.values()
    return groups


def group_words(group: Sequence[History], lang: str) -> str:
    """Return one line for rows that belong together: of several, how many recipients they concern."""
    if len(group) == 1:
        return history_words(group[0], lang)
    return history_words(group[0], lang, who=ngettext("%(num)d recipient", "%(num)d recipients", len(group)))


def history_words(row: History, lang: str, *, who: str = "") -> str:
    """Return one line of a letter's history; ``who`` in place of the recipient it names."""
    details: dict[str, Any] = row.details
    who = who or details.get("who", "")
    kind = str(RESPONSES[ResponseKind(details["kind"])]) if details.get("kind") else ""
    as_copy = details.get("role") == RecipientRole.CC.value
    sentences = {
        "letter.created": _("Draft written"),
        "letter.recorded": _("Taken over from the record"),
        "letter.changed": _("Draft changed"),
        "letter.recipients_added": (
            _("Added for their information: %(who)s", who=who) if as_copy else _("Added as addressee: %(who)s", who=who)
        ),
        "letter.office_changed_holder": _(
            "%(who)s has another holder; the letter stays with the office", who=who
        ),
        "letter.recipient_to": _("%(who)s: addressee", who=who),
        "letter.recipient_cc": _("%(who)s: gets a copy", who=who),
        "letter.recipient_ask": _("%(who)s: gets a copy and is asked to answer, too", who=who),
        "letter.recipient_inform": _("%(who)s: gets a copy for their information only", who=who),
        "letter.recipient_sq": _("%(who)s: written to in Albanian", who=who),
        "letter.recipient_en": _("%(who)s: written to in English", who=who),
        "letter.recipient_up": _("Order of recipients changed"),
        "letter.recipient_down": _("Order of recipients changed"),
        "letter.recipient_remove": _("%(who)s: taken off", who=who),
        "letter.sent": pgettext("letter", "Sent as no. %(number)s", number=details.get("number", "")),
        "letter.response_recorded": _("%(who)s answered: %(kind)s", who=who, kind=kind),
        "letter.response_corrected": _("%(who)s: response corrected: %(kind)s", who=who, kind=kind),
        "letter.sending_undone": _(
            "Taken back before it left; no. %(number)s stays with it", number=details.get("number", "")
        ),
        "letter.replied": _("%(who)s: their message was answered", who=who),
        "letter.elsewhere_undone": _(
            "%(who)s: sending it to another address was undone", who=who
        ),
        "letter.reply_undone": _("%(who)s: our answer was undone before it left", who=who),
        "letter.response_removed": _("%(who)s: response taken back: %(kind)s", who=who, kind=kind),
        "file.attached": _("File added: %(name)s", name=details.get("file", "")),
        "file.detached": _("File taken off: %(name)s", name=details.get("file", "")),
    }  # fmt: skip
    return _clock_sentence(row, who, lang) or sentences.get(row.action, _("Changed"))


def _clock_sentence(row: History, who: str, lang: str) -> str:
    """Return what happened on the way to a recipient and to its clock; "" for anything else."""
    details: dict[str, Any] = row.details
    due = details.get("due", "")
    due_on = short_day_words(_day(due), lang) if due else ""
    sentences = {
        "letter.clock_started": (
            _("%(who)s: arrived, an answer is due on %(day)s", who=who, day=due_on) if due_on else _("%(who)s: arrived", who=who)
        ),
        "letter.clock_stopped": _("%(who)s: came back, so no answer is due until the letter is there", who=who),
        "letter.sent_elsewhere": _(
            "%(who)s: sent to another address, %(address)s", who=who, address=details.get("address", "")
        ),
        "mail.again_undone": _("%(who)s: sending it again was undone", who=details.get("to", "")),
        "mail.sent_again": _("%(who)s: the mail was sent again", who=details.get("to", "")),
        "letter.handed_over": (
            _("%(who)s: handed over on paper, an answer is due on %(day)s", who=who, day=due_on)
            if due_on
            else _("%(who)s: handed over on paper", who=who)
        ),
        "letter.hand_over_corrected": _("%(who)s: day of the hand-over corrected, due on %(day)s", who=who, day=due_on or "–"),
        "letter.due_moved": _moved_words(details, who, due_on, lang),
    }  # fmt: skip
    return sentences.get(row.action, "")


def _moved_words(details: dict[str, Any], who: str, due_on: str, lang: str) -> str:
    moved = _("%(who)s: due day moved to %(day)s", who=who, day=due_on or "–")
    if not details.get("because_of"):
        return moved
    day = day_words(_day(details["because_of"]), lang)
    why = {
        "off": _("%(day)s is off", day=day),
        "worked": _("%(day)s is worked", day=day),
    }.get(details.get("because", ""), _("what was entered for %(day)s was taken back", day=day))
    return f"{moved} ({why})"


def _counted_words(explained: dict[str, Any], lang: str) -> str:
    start = day_words(_day(explained["start"]), lang)
    if explained.get("by_hand"):
        return _("Counted from the day after the hand-over on paper: %(day)s", day=start)
    return _("Counted from the day after its mail server took the letter: %(day)s", day=start)


def _skip_words(skipped: dict[str, Any], lang: str) -> str:
    name = skipped.get(f"name_{lang}") or skipped.get("name_sq") or ""
    reason = str(SKIP_REASONS[skipped["reason"]])
    return f"{reason} ({name})" if name else reason


def _notes(explained: dict[str, Any], lang: str) -> list[str]:
    notes = []
    if explained.get("extended_by"):
        days = int(explained["extended_by"])
        notes.append(ngettext("Extended by %(num)d day.", "Extended by %(num)d days.", days))
    if explained.get("moved_from"):
        was = day_words(_day(explained["moved_from"]), lang)
        notes.append(_("The last day, %(day)s, is not worked; the next working day counts.", day=was))
    if explained.get("estimated"):
        notes.append(_("A feast announced only shortly before may still move this day."))
    if explained.get("scope"):
        notes.append(_("Days off of the municipality %(place)s are included.", place=explained["scope"]))
    return notes


def _refusal_words(explained: dict[str, Any]) -> str:
    if explained["refused"] == CALENDAR_UNKNOWN:
        return _(
            "The public holidays of %(year)s are not known, so no due day is given.",
            year=explained.get("year", ""),
        )
    if explained["refused"] in {reason.value for reason in ClockRefusal}:
        return str(CLOCK_REFUSALS[ClockRefusal(explained["refused"])])
    return _("The letter names a legal ground without a rule of ours, so no due day is given.")


def _day(text: str) -> date:
    return date.fromisoformat(text)
