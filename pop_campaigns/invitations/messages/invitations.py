"""What each mail about an event says, in Albanian or English.

A mail is rendered once for all guests who read the same words (see ``mail.compose``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from flask import current_app
from flask_babel import gettext, pgettext

from pop_campaigns.accounts.models import Network
from pop_campaigns.calendars.event import Attendee
from pop_campaigns.calendars.invite import invitation_to_json
from pop_campaigns.calendars.text import usable_link
from pop_campaigns.contacts.rules import Purpose
from pop_campaigns.contacts.services.refusal_links import refusal_link
from pop_campaigns.core.clock import TIRANE, local_date
from pop_campaigns.core.dates import clock_words, near_day_words, span_words
from pop_campaigns.core.db import db
from pop_campaigns.core.i18n import in_language, speaking
from pop_campaigns.core.salutations import dative_line, salutation
from pop_campaigns.core.text import fold
from pop_campaigns.events.models.events import Event
from pop_campaigns.events.queries.agenda import agenda_points
from pop_campaigns.events.queries.details import embargo_of
from pop_campaigns.events.rules.events import EventFormat, EventKind
from pop_campaigns.events.words.agenda import agenda_lines
from pop_campaigns.events.words.calendar import calendar_event
from pop_campaigns.events.words.details import embargo_words
from pop_campaigns.events.words.labels import EVENT_KINDS
from pop_campaigns.invitations.messages.files import mail_files
from pop_campaigns.invitations.messages.notices import NoticeWords, Told
from pop_campaigns.invitations.models.invitations import GivenAnswer, Invitation, InvitationText
from pop_campaigns.invitations.queries.guests import text_of
from pop_campaigns.invitations.rules.invitations import Answer, MailPurpose
from pop_campaigns.mail.compose import REFUSAL_LINK, as_typed, render_words
from pop_campaigns.mail.outbox import LONGEST_NAME, Recipient

MAIL_KINDS: Final[dict[MailPurpose, str]] = {
    MailPurpose.REQUEST: "invitation.request",
    MailPurpose.CHANGE: "invitation.change",
    MailPurpose.CANCELLATION: "invitation.cancellation",
    MailPurpose.REMINDER: "invitation.reminder",
    MailPurpose.ATTENDING: "invitation.attending",
}
"""``OutgoingMail.kind`` by purpose."""
RECEIPT_KIND: Final = "invitation.receipt"
ANSWER_LINK: Final = {"path": "/a/{token}", "purpose": "answer"}

_TEMPLATES = {
    MailPurpose.REQUEST: "invitation",
    MailPurpose.CHANGE: "change",
    MailPurpose.CANCELLATION: "cancellation",
    MailPurpose.REMINDER: "reminder",
    MailPurpose.ATTENDING: "attending",
}
_BRACE = {"brace": "{"}
# Stands in while the entry is checked; each mail has its own guest.
_ANY_GUEST = Attendee("", "guest@pop.example")
_FILLED_PER_MAIL = {"dtstamp", "organizer_name", "organizer_address", "last_modified"}


@dataclass(frozen=True)
class Wording:
    """All that decides what a mail says beside the event: guests of equal wording share one rendering.

    ``sequence`` is what the calendar part carries; ``told`` is what a change is told against; ``withdrawn`` marks
    a cancellation for a guest alone while the event takes place. ``refusable``: the guest is a person asked as
    one, who may refuse more mails; an office is asked because it is one. ``required``: they have to be there.
    """

    purpose: MailPurpose
    language: str
    sequence: int
    told: Told | None = None
    withdrawn: bool = False
    refusable: bool = False
    required: bool = True


@dataclass(frozen=True)
class Rendered:
    """A mail's words with placeholders, ready for ``mail.outbox.add_skeleton``."""

    language: str
    subject: str
    text: str
    html: str
    calendar: dict[str, Any] | None

    def as_skeleton(self) -> dict[str, Any]:
        """Return the arguments of ``add_skeleton``."""
        return dict(vars(self))


@dataclass(frozen=True)
class Fact:
    """One line of what an event is: *When: …*. ``was`` is what a changed one said before."""

    label: str
    value: str
    link: bool = False
    was: str = ""


def render_mail(
    event: Event, wording: Wording, *, contact_name: str, now: datetime,
    text: InvitationText | None = None, words: NoticeWords | None = None,
) -> Rendered:  # fmt: skip
    """Render one wording of a mail about ``event``; ``contact_name`` is the coordinator guests may ask for.

    ``text`` stands in for what is stored beside the event, while it is typed; ``words`` are said at this occasion only.
    """
    lang = wording.language
    with speaking(lang):
        values = event_values(event, lang, contact_name, now)
        values |= {
            "note": in_language(text or text_of(event), "note", lang),
            "words": words.for_reader(lang) if words else "",
            "agenda": agenda_lines(event, agenda_points(event), lang),
            "files": mail_files(event, wording.purpose, lang),
            "withdrawn": wording.withdrawn,
            "refusable": wording.refusable,
            "reads": current_app.config["INBOX_READS"],
            "changes": _changes(event, wording.told, lang) if wording.told else [],
        }
        subject, plain, html = render_words(_TEMPLATES[wording.purpose], values)
        method = "CANCEL" if wording.purpose is MailPurpose.CANCELLATION else "REQUEST"
        role = {} if wording.required else {"attendee_role": "OPT-PARTICIPANT"}
        # A REQUEST to who has said yes asks again in some programs, and their answer would look lost.
        calendar = (
            None
            if wording.purpose is MailPurpose.ATTENDING
            else calendar_data(event, lang, method, wording.sequence, **role)
        )
    return Rendered(lang, subject, plain, html, calendar)


def render_receipt(
    event: Event,
    answer: GivenAnswer,
    language: str,
    *,
    now: datetime,
    refusable: bool = False,
    in_name: bool = False,
) -> Rendered:
    """Render what tells a guest that their answer was changed, or (``in_name``) given from another address than theirs.

    Nothing the answering person typed is in it, nor who they say they are.
    """
    with speaking(language):
        values = event_values(event, language, "", now)
        values |= {"answer": answer_words(answer.answer), "refusable": refusable}
        subject, text, html = render_words("answer_in_name" if in_name else "answer_changed", values)
    return Rendered(language, subject, text, html, None)


def is_refusable(guest: Invitation) -> bool:
    """Return whether a guest is asked as a person, who may refuse more mails, and not as an office."""
    return guest.office_id is None


def recipient_of(guest: Invitation, *, looked_at: bool = False, **fresher: Any) -> Recipient:
    """Return where a guest's mail goes and what fills it; ``fresher`` fields stand in for frozen ones.

    ``looked_at``: the mail is shown and not sent.
    """
    names = ("name", "office_title", "institution_name", "dative", "form_of_address", "address")
    frozen = {name: getattr(guest, name) for name in names}
    words = frozen | {name: value for name, value in fresher.items() if value}
    office = [part for part in (words["office_title"], words["institution_name"]) if part]
    links = {"answer_url": ANSWER_LINK | {"nonce": guest.nonce}}
    if is_refusable(guest):
        owner = guest.event.organisation_id
        links[REFUSAL_LINK] = refusal_link(
            words["address"], Purpose.EVENTS, owner, guest.language, looked_at=looked_at
        )
    return Recipient(
        address=words["address"],
        # Commas do not survive in a header's display name.
        name=(" – ".join(office) or words["name"])[:LONGEST_NAME],
        fields=_fields(words, guest.language) | said_field(guest) | _BRACE,
        links=links,
    )


def _fields(words: Mapping[str, Any], lang: str) -> dict[str, str]:
    """Return what differs from guest to guest in the words of a mail: to whom it is addressed, how it speaks to them."""
    name, title, form = words["name"], words["office_title"], words["form_of_address"]
    named = ", ".join(part for part in (name, title, words["institution_name"]) if part)
    has_dative = lang == "sq" and (words["dative"] or named == name)
    phrase = dative_line(words["dative"], name, form) if has_dative else ""
    with speaking(lang):
        addressed = (
            pgettext("mail text", "Addressed to: %(guest)s", guest=phrase)
            if phrase
            else pgettext("mail text", "To: %(guest)s", guest=named)
        )
    return {"addressed": addressed, "salutation": salutation(lang, form, title=title, name=name)}


def said_field(guest: Invitation) -> dict[str, str]:
    """Return what fills a mail's line about the guest's own answer."""
    with speaking(guest.language):
        if guest.answer is Answer.NEEDS_ACTION:
            return {"said": pgettext("mail text", "none yet")}
        return {"said": answer_words(guest.answer)}


def from_address(guest: Invitation) -> str:
    """Return the address a guest's mails come from and are answered to: one of its own."""
    return f"{guest.reply_local}@{current_app.config['MAIL_DOMAIN']}"


def sender_name(event: Event, lang: str) -> str:
    """Return who invites: the event's organisation, else the network."""
    if event.organisation is not None:
        organisation = event.organisation
        return in_language(organisation, "name", lang)
    return _network_name(lang)


def answer_words(answer: Answer) -> str:
    """Return an answer in the words of the guest's page."""
    return {
        Answer.ACCEPTED: pgettext("mail text", "Yes"),
        Answer.TENTATIVE: pgettext("mail text", "Maybe"),
        Answer.DECLINED: pgettext("mail text", "No"),
        Answer.DELEGATED: pgettext("mail text", "Someone else comes in your place"),
    }[answer]


def event_values(event: Event, lang: str, contact_name: str, now: datetime) -> dict[str, Any]:
    """Return what every mail about an event with an hour says of it; to be called while speaking ``lang``."""
    words = event_words(event, lang, contact_name)
    until = embargo_of(event, now)
    if until is not None:
        words["facts"].insert(0, Fact(pgettext("mail text", "Embargo"), embargo_words(until, event, lang)))
    return words | {"heading": _heading(event, lang, now)}


def event_words(event: Event, lang: str, contact_name: str, *, dated: bool = True) -> dict[str, Any]:
    """Return what mails say of an event, also of one whose hour is not known any more; see :func:`event_values`.

    Not ``dated``: its time is still being looked for, whatever stands there now.
    """
    return {
        "lang": lang,
        "kind": _kind_words(event),
        "title": in_language(event, "title", lang),
        "facts": _facts(event, lang, dated=dated),
        "description": in_language(event, "description", lang),
        "organiser": sender_name(event, lang),
        "network": _network_name(lang),
        "contacts": _contacts(event, lang, contact_name),
    }


def _kind_words(event: Event) -> str:
    # To officials it is a meeting; *with officials* is how the network speaks of it.
    return (
        pgettext("mail text", "Meeting") if event.kind is EventKind.MEETING else str(EVENT_KINDS[event.kind])
    )


def _heading(event: Event, lang: str, now: datetime) -> str:
    """Return kind, day, hour and title for the subject; the kind only where the title does not begin with it."""
    assert event.starts_at is not None  # noqa: S101  # nobody is invited to an event without a moment
    title, kind = in_language(event, "title", lang), _kind_words(event)
    day = local_date(event.starts_at, event.zone)
    moment = pgettext(
        "short moment",
        "%(day)s, %(hour)s",
        day=near_day_words(day, local_date(now, event.zone), lang),
        hour=clock_words(event.starts_at, event.zone),
    )
    # *Përballje* and *Përballja me Bashkinë Fier*: the ending does not count.
    named = fold(title).startswith(fold(kind).split()[0][:-1])
    return f"{moment} — {title}" if named else f"{kind}, {moment} — {title}"


def _facts(event: Event, lang: str, *, dated: bool = True) -> list[Fact]:
    facts = [Fact(pgettext("mail text", "Where"), _where(event))]
    if dated and event.starts_at is not None:
        when = when_in_words(event.starts_at, event.ends_at, event.zone, lang)
        facts.insert(0, Fact(pgettext("mail text", "When"), when))
    join_url = usable_link(event.join_url)
    if join_url:
        facts.append(Fact(pgettext("mail text", "Join online"), join_url, link=True))
    facts.append(Fact(pgettext("mail text", "Organiser"), sender_name(event, lang)))
    more = usable_link(event.more_url)
    if more:
        facts.append(Fact(pgettext("mail text", "More"), more, link=True))
    return facts


def when_in_words(starts: datetime | None, ends: datetime | None, zone: str, lang: str) -> str:
    """Return a time as mails say it: with the zone whose clocks are meant."""
    assert starts is not None  # noqa: S101  # see _heading
    words = span_words(starts, ends, lang, zone)
    if zone == TIRANE:
        return pgettext("mail text", "%(when)s (Tirana time)", when=words)
    return pgettext("mail text", "%(when)s (time zone %(zone)s)", when=words, zone=zone)


def _where(event: Event) -> str:
    if not event.venue:
        online = event.format is EventFormat.ONLINE or bool(event.join_url)
        return pgettext("mail text", "Online") if online else pgettext("mail text", "to be announced")
    city = event.municipality.name if event.municipality else ""
    return event.venue if not city or fold(city) in fold(event.venue) else f"{event.venue}, {city}"


def _changes(event: Event, told: Told, lang: str) -> list[Fact]:
    """Return what is different from what the guest read last: time, place, link."""
    changes = []
    if (told.starts, told.ends, told.zone) != (event.starts_at, event.ends_at, event.zone):
        was = when_in_words(told.starts, told.ends, told.zone, lang)
        now = when_in_words(event.starts_at, event.ends_at, event.zone, lang)
        changes.append(Fact(pgettext("mail text", "When"), now, was=was))
    if told.venue != event.venue:
        nowhere = (
            pgettext("mail text", "Online") if told.join_url else pgettext("mail text", "to be announced")
        )
        changes.append(Fact(pgettext("mail text", "Where"), _where(event), was=told.venue or nowhere))
    join_url = usable_link(event.join_url)
    if told.join_url != join_url:
        none = pgettext("mail text", "no link")
        label, was = pgettext("mail text", "Join online"), told.join_url or none
        changes.append(Fact(label, join_url or none, bool(join_url), was))
    return changes


def _network_name(lang: str) -> str:
    network = db.session.get(Network, 1)
    name = in_language(network, "name", lang) if network else ""
    short = network.short_name if network else ""
    if name and short and short not in name:
        return f"{name} ({short})"
    return name or short or gettext("POP network")


def _contacts(event: Event, lang: str, contact_name: str) -> list[str]:
    """Return who can be asked, one way a line. A coordinator's sign-in address is not given away."""
    network = db.session.get(Network, 1)
    person = f"{contact_name}, {sender_name(event, lang)}" if contact_name else sender_name(event, lang)
    shared = [network.email, network.phone] if network else []
    return [line for line in (person, *shared) if line]


def calendar_data(event: Event, lang: str, method: str, sequence: int, **more: str) -> dict[str, Any]:
    """Return the event as a skeleton's calendar, for any guest; ``more`` is further text (see ``calendars.invite``).

    Every mail with a calendar entry has it from here. Who may still answer finds the link in the entry too: in each of
    them, because programs put one in another's place.
    """
    entry = calendar_event(event, lang, agenda_lines(event, agenda_points(event), lang))
    assert entry is not None  # noqa: S101  # see _heading
    whole = invitation_to_json(entry, _ANY_GUEST, method)
    fields = {
        key: value
        for key, value in whole.items()
        if not key.startswith("attendee_") and key not in _FILLED_PER_MAIL
    }
    data = {key: as_typed(value) for key, value in (fields | more).items()} | {"sequence": sequence}
    if method != "CANCEL":
        ask = pgettext("mail text", "Answer here: %(link)s", link="{answer_url}")
        data["description"] = f"{data['description']}\n\n{ask}".strip()
    return data
