"""The history of an event in sentences people read. An action nobody has words for shows as it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any, Final

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from flask_babel.speaklater import LazyString

from pop_campaigns.core.history import History
from pop_campaigns.desk.words.answers import ANSWER_SENTENCES, answer_sentence, substitute_sentence
from pop_campaigns.desk.words.sendings import sending_words
from pop_campaigns.events.rules.visibility import EventVisibility
from pop_campaigns.events.words.details import DETAIL_NAMES
from pop_campaigns.invitations.rules.invitations import Answer
from pop_campaigns.invitations.words.date_polls import dates_said_words, times_of_details
from pop_campaigns.invitations.words.handed_links import LINK_SENTENCES, way_words
from pop_campaigns.invitations.words.labels import ANSWER_CHIPS, SUBSTITUTE_CHIPS, when_of
from pop_campaigns.invitations.words.reminders import moved_words
from pop_campaigns.mail.rules import SendingKind

_TIME: Final = _l("date or hour")
_CHANGED: Final[Mapping[str, LazyString]] = {
    "starts_at": _TIME,
    "ends_at": _TIME,
    "day_from": _TIME,
    "day_to": _TIME,
    "precision": _TIME,
    "zone": _l("time zone"),
    "venue": _l("place"),
    "municipality_id": _l("municipality"),
    "join_url": _l("link to join"),
    "more_url": _l("link for more"),
    "title_sq": _l("title"),
    "title_en": _l("title in English"),
    "description_sq": _l("description"),
    "description_en": _l("description in English"),
    "kind": _l("kind of event"),
    "format": _l("form of meeting"),
    "state": _l("state"),
    "published": _l("whether it is public"),  # as history called it before there were drafts
    "organisation_id": _l("organisation"),
    "campaign_id": _l("campaign"),
}
_FROM_GUESTS: Final = (
    "invitation.answered",
    "invitation.older_answer",
    "invitation.time_proposed",
    "invitation.dates_said",
)
_NAMES_SHOWN = 3
_NAMES: Final = frozenset({"guest", "to"})


@dataclass(frozen=True)
class StoryLine:
    """One line of the time line: when, what happened, who did it, in which tone."""

    at: datetime
    text: str
    who: str
    tone: str


def tell_story(story: Sequence[tuple[History, str | None]], *, names: bool = True) -> list[StoryLine]:
    """Return the sentences of ``queries.story_of``, in its order; guests put on the list at once are one line.

    What a guest did of whom the reader sees no words is left out. Without ``names`` nobody is named of whom only the line
    itself knows the name: a guest taken off the list before being asked.
    """
    lines = []
    for _key, group in groupby(story, key=_one_deed):
        rows = list(group)
        change, guest = rows[0]
        if len(rows) > 1:
            text, tone = _added_together([name for _change, name in rows]), "quiet"
        elif guest is None:
            continue
        else:
            text, tone = sentence(change.action, _told(change, names=names), guest)
        lines.append(StoryLine(change.at, text, _who(change), tone))
    return lines


def sentence(action: str, details: Mapping[str, Any], guest: str = "") -> tuple[str, str]:
    """Return one change as a sentence with its tone; ``guest`` names whom it is about."""
    if action in _SENTENCES:
        words, tone = _SENTENCES[action]
        return words(details, guest), tone
    if action == "invitation.answered":
        return _answer(details, guest)
    return action, "quiet"


def _told(change: History, *, names: bool) -> Mapping[str, Any]:
    """Return the details of a change, without the names of guests who are not there any more where they are not to be told."""
    details = change.details or {}
    return details if names else {key: value for key, value in details.items() if key not in _NAMES}


def _one_deed(row: tuple[History, str | None]) -> tuple[Any, ...]:
    change = row[0]
    if change.action == "invitation.added":
        return (change.action, change.at, change.actor_id)
    return (change.id,)


def _who(change: History) -> str:
    if change.action in _FROM_GUESTS and change.actor_id is None:
        return way_words(change.details or {}) or change.actor_name
    return change.actor_name


def _added_together(names: Sequence[str | None]) -> str:
    known = sorted(name for name in names if name)
    shown = "; ".join(known[:_NAMES_SHOWN])
    if shown and len(names) > min(len(known), _NAMES_SHOWN):
        shown = f"{shown} …"
    number = ngettext("%(num)d guest put on the list", "%(num)d guests put on the list", len(names))
    return f"{number}: {shown}" if shown else number


def _changed(details: Mapping[str, Any], _guest: str) -> str:
    fields = details.get("changed") or []
    words = list(dict.fromkeys(str(_CHANGED.get(name, name)) for name in fields))
    text = _("Changed: %(what)s", what=", ".join(words)) if words else _("Changed")
    # Not inside the braces of an f-string, where the catalogues do not see it.
    to_tell = _("Guests need to be told.")
    return f"{text}. {to_tell}" if details.get("material") else text


def _details_changed(details: Mapping[str, Any], _guest: str) -> str:
    words = dict.fromkeys(str(DETAIL_NAMES.get(name, name)) for name in details.get("changed") or [])
    return _("Changed: %(what)s", what=", ".join(words))


def _answer(details: Mapping[str, Any], guest: str) -> tuple[str, str]:
    value = details.get("answer", "")
    if value not in set(Answer):
        return _("%(guest)s answered", guest=guest), "info"
    answer = Answer(value)
    theirs = details.get("substitute", "")
    if theirs in SUBSTITUTE_CHIPS:
        return substitute_sentence(Answer(theirs), guest), SUBSTITUTE_CHIPS[Answer(theirs)].tone
    text = answer_sentence(answer, guest)
    if details.get("was") not in (None, "", Answer.NEEDS_ACTION.value):
        text = _("Changed their answer: %(sentence)s", sentence=text)
    if details.get("elsewhere"):
        text = _("%(sentence)s (from another address)", sentence=text)
    return text, ANSWER_CHIPS[answer].tone if answer in ANSWER_SENTENCES else "info"


def _older(details: Mapping[str, Any], guest: str) -> str:
    value = details.get("answer", "")
    text = answer_sentence(Answer(value), guest) if value in set(Answer) else guest
    return _("An older answer came late (%(sentence)s); a newer one stands", sentence=text)


def _taken_back(details: Mapping[str, Any], guest: str) -> str:
    value = details.get("answer", "")
    text = answer_sentence(Answer(value), guest) if value in set(Answer) else guest
    return _("An answer that was not theirs was taken back (%(sentence)s)", sentence=text)


def _number(details: Mapping[str, Any]) -> int:
    value = details.get("number", 0)
    return value if isinstance(value, int) else 0


def _undone(details: Mapping[str, Any], _guest: str) -> str:
    kind = details.get("kind", "")
    if kind not in set(SendingKind):
        return _("Undone before it left")
    return _("Undone before it left: %(what)s", what=sending_words(SendingKind(kind), _number(details)))


def _language_words(details: Mapping[str, Any], guest: str) -> str:
    if details.get("language") == "en":
        return _("%(guest)s gets mail in English", guest=guest)
    return _("%(guest)s gets mail in Albanian", guest=guest)


def _named(details: Mapping[str, Any], guest: str) -> str:
    return guest or str(details.get("guest", "")) or _("A guest")


def _off_site(details: Mapping[str, Any], _guest: str) -> str:
    if details.get("visibility") == EventVisibility.DRAFT.value:
        return _("The event was taken from the site and is a draft again")
    return _("The event was taken from the site")


_Words = Callable[[Mapping[str, Any], str], str]
_SENTENCES: Final[Mapping[str, tuple[_Words, str]]] = {
    "event.created": (lambda _d, _g: _("The event was planned"), "info"),
    "event.changed": (_changed, "quiet"),
    "event.published": (lambda _d, _g: _("The event was put on the site"), "good"),
    "event.kept_internal": (
        lambda _d, _g: _("The draft became an event that does not stand on the site"),
        "info",
    ),
    "event.taken_off_site": (_off_site, "warn"),
    "event.copied": (lambda _d, _g: _("The event was copied from another one"), "quiet"),
    "event.from_template": (
        lambda d, _g: _("The event was made from the template “%(name)s”", name=d.get("template", "")),
        "quiet",
    ),
    "event.cancelled": (lambda _d, _g: _("The event was cancelled"), "bad"),
    "event.recorded": (lambda _d, _g: _("Taken over from the record"), "quiet"),
    "event.invitation_text_set": (lambda _d, _g: _("The note in the invitation was changed"), "quiet"),
    "event.office_changed_holder": (
        lambda d, _g: _(
            "%(who)s has another holder; the invitation stays with the office", who=d.get("who", "")
        ),
        "quiet",
    ),
    "event.guest_removed": (lambda d, g: _("%(guest)s was taken off the list", guest=_named(d, g)), "quiet"),
    "event.invitations_sent": (
        lambda d, _g: ngettext("%(num)d invitation sent", "%(num)d invitations sent", _number(d)),
        "info",
    ),
    "event.changes_sent": (
        lambda d, _g: ngettext(
            "%(num)d guest was told of the change", "%(num)d guests were told of the change", _number(d)
        ),
        "info",
    ),
    "event.cancellations_sent": (
        lambda d, _g: ngettext(
            "%(num)d guest was told of the cancellation",
            "%(num)d guests were told of the cancellation",
            _number(d),
        ),
        "info",
    ),
    "event.reminders_sent": (
        lambda d, _g: ngettext("%(num)d guest was reminded", "%(num)d guests were reminded", _number(d)),
        "info",
    ),
    "event.guests_exported": (
        lambda d, _g: ngettext(
            "%(num)d guest downloaded as a table", "%(num)d guests downloaded as a table", _number(d)
        ),
        "quiet",
    ),
    "event.mails_paused": (lambda _d, _g: _("The mails of this event are held back"), "warn"),
    "event.mails_resumed": (lambda _d, _g: _("The mails of this event go on"), "info"),
    "event.sending_undone": (_undone, "warn"),
    "event.details_changed": (_details_changed, "quiet"),
    "event.sides_set": (
        lambda d, _g: ngettext(
            "%(num)d guest has another side", "%(num)d guests have another side", _number(d)
        ),
        "quiet",
    ),
    "event.joined": (
        lambda d, _g: _("%(organisation)s joined", organisation=d.get("organisation", "")),
        "good",
    ),
    "event.message_changed": (
        lambda d, _g: _("%(organisation)s changed its message", organisation=d.get("organisation", "")),
        "quiet",
    ),
    "event.left": (
        lambda d, _g: _("%(organisation)s took back that it joined", organisation=d.get("organisation", "")),
        "warn",
    ),
    "agenda.point_added": (
        lambda d, _g: _("Put on the agenda: %(title)s", title=d.get("title", "")),
        "quiet",
    ),
    "agenda.points_added": (
        lambda d, _g: ngettext(
            "%(num)d point put on the agenda", "%(num)d points put on the agenda", _number(d)
        ),
        "quiet",
    ),
    "agenda.point_changed": (
        lambda d, _g: _("A point of the agenda was changed: %(title)s", title=d.get("title", "")),
        "quiet",
    ),
    "agenda.point_deleted": (
        lambda d, _g: _("Taken off the agenda: %(title)s", title=d.get("title", "")),
        "quiet",
    ),
    "agenda.ordered": (lambda _d, _g: _("The agenda has another order"), "quiet"),
    "event.notice_given": (lambda _d, _g: _("Noted: the police were given notice"), "good"),
    "event.notice_taken_back": (lambda _d, _g: _("Notice to the police was noted by mistake"), "warn"),
    "event.reminders_made": (
        lambda d, _g: ngettext("%(num)d guest was reminded", "%(num)d guests were reminded", _number(d)),
        "info",
    ),
    "event.reminder_added": (lambda d, _g: _("Reminder added: %(what)s", what=moved_words(d)), "quiet"),
    "event.reminder_moved": (lambda d, _g: _("Reminder moved: %(what)s", what=moved_words(d)), "quiet"),
    "event.reminder_stopped": (lambda d, _g: _("Reminder stopped: %(what)s", what=moved_words(d)), "warn"),
    "event.reminder_resumed": (
        lambda d, _g: _("Reminder taken up again: %(what)s", what=moved_words(d)),
        "quiet",
    ),
    "event.message_begun": (lambda _d, _g: _("A message to guests was begun"), "quiet"),
    "event.message_dropped": (lambda _d, _g: _("The draft of a message to guests was thrown away"), "quiet"),
    "event.message_sent": (
        lambda d, _g: ngettext(
            "A message was sent to %(num)d guest", "A message was sent to %(num)d guests", _number(d)
        ),
        "info",
    ),
    "event.dates_added": (
        lambda d, _g: _("Times put to the guests: %(when)s", when=times_of_details(d)),
        "quiet",
    ),
    "event.date_removed": (lambda d, _g: _("Time taken off: %(when)s", when=when_of(d)), "quiet"),
    "event.dates_asked": (
        lambda d, _g: ngettext(
            "%(num)d guest was asked when they can",
            "%(num)d guests were asked when they can",
            _number(d),
        ),
        "info",
    ),
    "event.dates_asked_again": (
        lambda d, _g: ngettext(
            "%(num)d guest was asked once more when they can",
            "%(num)d guests were asked once more when they can",
            _number(d),
        ),
        "info",
    ),
    "event.date_chosen": (lambda d, _g: _("Date chosen: %(when)s", when=when_of(d)), "good"),
    "event.date_taken_back": (lambda _d, _g: _("The choice of the date was taken back"), "warn"),
    "file.attached": (lambda d, _g: _("File added: %(name)s", name=d.get("file", "")), "quiet"),
    "file.detached": (lambda d, _g: _("File taken off: %(name)s", name=d.get("file", "")), "quiet"),
    "invitation.added": (lambda d, g: _("%(guest)s was put on the list", guest=_named(d, g)), "quiet"),
    "invitation.withdrawn": (
        lambda d, g: _("The invitation of %(guest)s was withdrawn", guest=_named(d, g)),
        "warn",
    ),
    "invitation.language_set": (_language_words, "quiet"),
    "invitation.address_corrected": (
        lambda d, g: _("The address of %(guest)s was corrected", guest=_named(d, g)),
        "info",
    ),
    "invitation.answer_taken_back": (_taken_back, "warn"),
    **LINK_SENTENCES,
    "invitation.older_answer": (_older, "quiet"),
    "invitation.time_proposed": (
        lambda d, g: _("%(guest)s proposed another time: %(when)s", guest=_named(d, g), when=when_of(d)),
        "warn",
    ),
    "invitation.time_accepted": (
        lambda d, g: _(
            "The time that %(guest)s proposed was accepted: %(when)s", guest=_named(d, g), when=when_of(d)
        ),
        "good",
    ),
    "invitation.time_declined": (
        lambda d, g: _(
            "The time that %(guest)s proposed was declined: %(when)s", guest=_named(d, g), when=when_of(d)
        ),
        "quiet",
    ),
    "invitation.dates_said": (
        lambda d, g: _(
            "%(guest)s said when they can (%(what)s)", guest=_named(d, g), what=dates_said_words(d)
        ),
        "info",
    ),
    "invitation.replied": (
        lambda d, g: _("A message of %(guest)s was answered", guest=_named(d, g)),
        "info",
    ),
    "invitation.reply_undone": (
        lambda d, g: _("The answer to %(guest)s was undone before it left", guest=_named(d, g)),
        "warn",
    ),
    "mail.again_undone": (
        lambda d, g: _(
            "Sending the message to %(guest)s again was undone",
            guest=g or str(d.get("to", "")) or _("a guest"),
        ),
        "warn",
    ),
    "mail.sent_again": (
        lambda d, g: _(
            "The message to %(guest)s was sent again", guest=g or str(d.get("to", "")) or _("a guest")
        ),
        "info",
    ),
}
