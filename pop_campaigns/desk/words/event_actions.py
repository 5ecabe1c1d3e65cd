"""What can be done with an event now: one main step, and the others beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from flask import url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from pop_campaigns.core.dates import moment_words, short_moment_words
from pop_campaigns.core.i18n import current_language
from pop_campaigns.events.models.events import Event
from pop_campaigns.events.rules.events import EventState
from pop_campaigns.events.rules.visibility import EventVisibility
from pop_campaigns.invitations.queries.guests import AnswerCounts, GuestRow, awaiting_reminder
from pop_campaigns.invitations.rules.invitations import InvitationState, NotInvitable
from pop_campaigns.invitations.services.guests import why_not_invitable, why_not_listable


@dataclass(frozen=True)
class Action:
    """A button: its label and where it leads."""

    label: str
    url: str


@dataclass(frozen=True)
class EventActions:
    """The main step (None where nothing is to be done) with a sentence why, the others, those that end it, and copies."""

    main: Action | None
    why: str
    others: list[Action]
    endings: list[Action]
    again: list[Action] = field(default_factory=list)


def actions_for(
    event: Event, guests: Sequence[GuestRow], counts: AnswerCounts, *, now: datetime
) -> EventActions:
    """Return what an event asks for: publish the draft, tell of a change, send what is prepared, invite, or nothing more.

    To remind is offered only while a reminder would go to somebody.
    """
    closed = why_not_invitable(event, now)
    if event.state is EventState.HELD:
        closed = NotInvitable.OVER
    edit = Action(_("Edit"), url_for("events.edit", event_id=event.id))
    publish, endings = _publish(event), _endings(event, closed, counts)
    draft = event.visibility is EventVisibility.DRAFT
    find_date = Action(_("Find a date"), url_for("invitations.dates", event_id=event.id))
    if closed is NotInvitable.NO_MOMENT and why_not_listable(event, now) is None and not event.from_record:
        others = [edit, *([publish] if publish else [])]
        return EventActions(
            find_date, _draft_words() if draft else _closed_words(event, closed), others, endings
        )
    if closed is not None:
        main, others = (publish, [edit]) if draft else (None, [edit, *([publish] if publish else [])])
        others += _write(event, guests)
        return EventActions(
            main, _draft_words() if draft else _closed_words(event, closed), others, endings, _again(event)
        )
    invite = Action(_("Invite guests"), url_for("invitations.who", event_id=event.id))
    remind = Action(_("Remind"), url_for("invitations.remind", event_id=event.id))
    not_told = sum(row.outdated for row in guests)
    main, why = _main_step(event, not_told, counts, invite)
    if draft and not counts.draft:
        main, why = publish, _draft_words()
    others = [edit, *([publish] if publish and main is not publish else [])]
    if not counts.total:
        others.append(find_date)
    if main is not invite:
        others.append(invite)
    if counts.waiting and not not_told and awaiting_reminder(event, now=now):
        others.append(remind)
    others += [*_write(event, guests), *_call(event, counts)]
    return EventActions(main, why, others, endings, _again(event))


def _main_step(
    event: Event, not_told: int, counts: AnswerCounts, invite: Action
) -> tuple[Action | None, str]:
    if not_told:
        words = ngettext(
            "%(num)d guest knows an older time or place.",
            "%(num)d guests know an older time or place.",
            not_told,
        )
        return Action(_("Send the change"), url_for("invitations.announce", event_id=event.id)), words
    if counts.draft:
        words = ngettext(
            "%(num)d guest is on the list and not invited yet.",
            "%(num)d guests are on the list and not invited yet.",
            counts.draft,
        )
        return Action(_("Send invitations"), url_for("invitations.message", event_id=event.id)), words
    return invite, "" if counts.total else _("Nobody is invited yet.")


def _write(event: Event, guests: Sequence[GuestRow]) -> list[Action]:
    """Return the way to write to those who were asked; also of a past or cancelled event."""
    if all(row.invitation.state is InvitationState.DRAFT for row in guests):
        return []
    return [Action(_("Write to guests"), url_for("invitations.new_message", event_id=event.id))]


def _call(event: Event, counts: AnswerCounts) -> list[Action]:
    """Return the way to call those who have not answered."""
    return [Action(_("Call list"), url_for("invitations.calls", event_id=event.id))] if counts.waiting else []


def _closed_words(event: Event, closed: NotInvitable) -> str:
    if closed is NotInvitable.NO_MOMENT and event.state is EventState.PLANNED and not event.from_record:
        return _("Invitations need a day and an hour: add them, or let the guests say when they can.")
    return ""


def _publish(event: Event) -> Action | None:
    """Return the way to the site: of a draft with the choice to keep it internal, of an internal event as a later step."""
    if event.published or event.state is EventState.CANCELLED:
        return None
    label = _("Publish …") if event.visibility is EventVisibility.DRAFT else _("Put on the site …")
    return Action(label, url_for("desk.publish", event_id=event.id))


def _draft_words() -> str:
    return _("This is a draft: nobody outside your organisation sees it, and nobody was told.")


def _endings(event: Event, closed: NotInvitable | None, counts: AnswerCounts) -> list[Action]:
    """Return how an event can end: taken from the site, deleted while nobody knows of it, cancelled."""
    endings = []
    if event.published and not event.from_record:
        endings.append(Action(_("Take it from the site"), url_for("desk.unpublish", event_id=event.id)))
    unknown = event.published_at is None and not counts.total and not event.from_record
    if unknown:
        endings.append(Action(_("Delete"), url_for("desk.delete", event_id=event.id)))
    elif event.state is EventState.PLANNED and closed is not NotInvitable.OVER:
        endings.append(Action(_("Cancel the event"), url_for("invitations.cancel", event_id=event.id)))
    return endings


def _again(event: Event) -> list[Action]:
    """Return how more events are made of one."""
    return [
        Action(_("Copy it onto other days"), url_for("desk.copy", event_id=event.id)),
        Action(_("Save as a template"), url_for("desk.save_template", event_id=event.id)),
    ]


def in_short(instant: datetime) -> str:
    """Return *16 qershor 2020, 10:00* in Tirana's time, in the reader's language."""
    return short_moment_words(instant, current_language())


def in_full(instant: datetime) -> str:
    """Return *e martë, 16 qershor 2020, ora 10:00* in Tirana's time, in the reader's language."""
    return moment_words(instant, current_language())
