"""Pages for everybody: the front page, events, members, about the network; and files behind the links of our mails."""

from __future__ import annotations

from typing import Any

from flask import Response, abort, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

from pop_campaigns.accounts.guard import writer
from pop_campaigns.accounts.scope import get_changeable
from pop_campaigns.core.clock import local_date, now
from pop_campaigns.core.dates import day_words, moment_words
from pop_campaigns.core.downloads import give_stored
from pop_campaigns.core.headers import for_everybody, framed_page
from pop_campaigns.core.i18n import chosen_language
from pop_campaigns.core.pages import paged
from pop_campaigns.core.places import Municipality
from pop_campaigns.core.subject_files import FILE_PATH, find_by_link
from pop_campaigns.events.models.events import Event
from pop_campaigns.events.queries.agenda import agenda_points
from pop_campaigns.events.queries.details import embargo_of
from pop_campaigns.events.queries.files import files_for_everybody, is_open, public_file
from pop_campaigns.events.rules.events import EventState, is_over
from pop_campaigns.events.words.agenda import agenda_lines
from pop_campaigns.events.words.details import detail_rows, institution_label
from pop_campaigns.events.words.files import size_words
from pop_campaigns.events.words.labels import (
    EVENT_FORMATS,
    EVENT_KINDS,
    EVENT_WHENS,
    SEVERAL_EVENTS,
    public_chip,
    when_words,
)
from pop_campaigns.public.blueprint import PAGES_KEPT_FOR, base_url, bp, network, previews
from pop_campaigns.public.queries.events import (
    Group,
    Wanted,
    count_kinds,
    current_members,
    find_public_event,
    first_of_groups,
    listed_events,
    public_municipalities,
    read_wanted,
    whole_page,
    years_with_events,
)
from pop_campaigns.public.views import calendars
from pop_campaigns.public.words import events as event_words

# Tokens have 256 bits, so this is against noise; a whole ministry may share one address, and scanners open all links.
LIMITS = {
    "public.file": "120 per minute; 2000 per hour",
    "public.event_file": "120 per minute; 2000 per hour",
}
ON_THE_FRONT = {
    Group.UPCOMING: 12,
    Group.UPCOMING_ROUGHLY: 6,
    Group.PAST: 8,
    Group.PAST_ROUGHLY: 4,
    Group.UNDATED: 8,
}
GROUPS: dict[Group, LazyString] = {
    Group.UPCOMING: _l("Coming events"),
    Group.UPCOMING_ROUGHLY: _l("Coming, the day not set yet"),
    Group.PAST: _l("Past events"),
    Group.PAST_ROUGHLY: _l("Past, only the month or the period known"),
    Group.UNDATED: _l("Without a known date"),
}
FINANCED_BY: dict[str, LazyString] = {"Sweden": _l("Sweden")}
"""Who finances a donor's programme, as records write it."""


@bp.get("/")
@for_everybody()
def home() -> ResponseReturnValue:
    """Redirect people to the pages in their language."""
    answer = redirect(url_for("public.front", lang=chosen_language()))
    answer.vary.update(["Accept-Language", "Cookie"])
    return answer


@bp.get("/<any(sq, en):lang>/")
@for_everybody(PAGES_KEPT_FOR)
def front() -> ResponseReturnValue:
    """Show what is on, and what was: the first events of each part."""
    asked = read_wanted(request.args)
    wanted = Wanted(municipality=asked.municipality, kind=asked.kind)
    parts = first_of_groups(wanted, now(), ON_THE_FRONT)
    return _show("public/front.html", wanted, parts=parts, network=network(), members=len(_members()))


@bp.get("/<any(sq, en):lang>/events")
@for_everybody(PAGES_KEPT_FOR)
def events() -> ResponseReturnValue:
    """Show all published events, in pages."""
    wanted = read_wanted(request.args)
    page = paged(listed_events(wanted, now()), scalars=False)
    parts: dict[Group, list[Event]] = {}
    for event, part in page.items:
        parts.setdefault(Group(part), []).append(event)
    page_argument = {"page": page.page} if page.page > 1 else {}
    return _show(
        "public/events.html", wanted, page_argument, page=page, parts=parts, years=years_with_events()
    )


@bp.get("/<any(sq, en):lang>/events/<int:event_id>")
@for_everybody(PAGES_KEPT_FOR)
def event(event_id: int) -> ResponseReturnValue:
    """Show one event."""
    row = find_public_event(event_id, *whole_page())
    if row is None:
        abort(404)
    return show_event(row)


def show_event(row: Event, template: str = "public/event.html") -> str:
    """Return the page of an event as everybody sees it, in the language of the address."""
    lang, moment = str(g.lang), now()
    embargo = embargo_of(row, moment)
    holders, others = event_words.office_holders(row.attendances, lang)
    return render_template(
        template,
        event=row,
        chip=public_chip(row, moment),
        embargo=moment_words(embargo, lang, row.zone) if embargo else "",
        agenda=[] if embargo else agenda_lines(row, agenda_points(row), lang),
        details=[] if embargo else detail_rows(row, lang, public=True),
        institution_label=institution_label(row),
        files=[
            (attached, size_words(attached.file.size, lang)) for attached in files_for_everybody(row, moment)
        ],
        holders=holders,
        others=others,
        ahead=row.state is EventState.PLANNED and not is_over(row, now(), local_date(now())),
        in_calendars=row.state is not EventState.CANCELLED and calendars.has_file(row, lang),
        distance=event_words.distance_words(row, moment),
        share_words=event_words.share_words(row, lang, embargoed=embargo is not None),
        day_words=lambda day: day_words(day, lang),
        canonical=base_url() + request.path,
        **_words(lang),
    )


@previews.get("/<any(sq, en):lang>/events/<int:event_id>/preview")
@writer
def preview(event_id: int) -> ResponseReturnValue:
    """Show the public page of an event before there is one, to those who may put it on the site."""
    return framed_page(show_event(get_changeable(Event, event_id), "public/preview.html"))


@bp.get("/<any(sq, en):lang>/members")
@for_everybody(PAGES_KEPT_FOR)
def members() -> ResponseReturnValue:
    """Show the member organisations, whom to write to, who pays."""
    return render_template(
        "public/members.html",
        members=_members(),
        network=network(),
        financed_by=FINANCED_BY,
        canonical=base_url() + request.path,
    )


@bp.get("/<any(sq, en):lang>/about")
@for_everybody(PAGES_KEPT_FOR)
def about() -> ResponseReturnValue:
    """Show what the network does."""
    places = [member.municipality.name for member in _members() if member.municipality]
    return render_template(
        "public/about.html", network=network(), places=places, canonical=base_url() + request.path
    )


def _show(template: str, wanted: Wanted, extra: dict[str, Any] | None = None, **values: Any) -> str:
    """Render a list with its filters."""
    lang = str(g.lang)
    arguments = wanted.as_arguments()
    # The other language shows the same filter; the page of it too.
    g.kept = {**arguments, **(extra or {})}
    places = public_municipalities()
    return render_template(
        template,
        wanted=wanted,
        arguments=arguments,
        places=places,
        place=_chosen(places, wanted),
        kind_counts=count_kinds(wanted),
        whens=EVENT_WHENS,
        group_words=GROUPS,
        canonical=base_url() + url_for(request.endpoint or "", lang=lang, **g.kept),
        **_words(lang),
        **values,
    )


def _chosen(places: list[Municipality], wanted: Wanted) -> Municipality | None:
    return next((place for place in places if place.key == wanted.municipality), None)


def _words(lang: str) -> dict[str, Any]:
    """Return the words for events."""
    moment = now()
    return {
        "kinds": EVENT_KINDS,
        "several_kinds": SEVERAL_EVENTS,
        "formats": EVENT_FORMATS,
        "chip_of": lambda event: public_chip(event, moment),
        "when_words": lambda event: when_words(event, lang),
        "date_column": lambda event: event_words.date_column(event, lang),
        "time_words": lambda event: event_words.time_words(event, lang),
        "distance_words": lambda event: event_words.distance_words(event, moment),
        "title_language": lambda event: event_words.title_language(event, lang),
        "text_language": lambda event: event_words.text_language(event, lang),
        "public_text": event_words.public_text,
        "public_link": event_words.public_link,
        "is_online": event_words.is_online,
    }


def _members() -> list[Any]:
    return current_members(local_date(now()))


@bp.get(FILE_PATH.replace("{token}", "<token>"))
def file(token: str) -> Response:
    """Return the file behind a link of a mail of ours, to be saved and never to run in our pages.

    An unknown link and one of a file that was taken off look alike: 404. Looking changes nothing.
    """
    row = find_by_link(token)
    if row is None or not is_open(row):
        abort(404)
    return give_stored(row.file)


@bp.get("/<any(sq, en):lang>/events/<int:event_id>/files/<int:attached_id>")
def event_file(event_id: int, attached_id: int) -> Response:
    """Return a file that the public page of an event gives; before its embargo ends there is none."""
    event = find_public_event(event_id)
    row = public_file(event, attached_id, now()) if event else None
    if row is None:
        abort(404)
    return give_stored(row.file)
