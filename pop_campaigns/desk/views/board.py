"""Several cities on one board: a template proposed to the chapters, accepted or not, and how far each event is."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext, pgettext
from flask_security import current_user

from pop_campaigns.accounts.guard import administrator, reader, writer
from pop_campaigns.accounts.rules.roles import MAY_WRITE, RoleName
from pop_campaigns.accounts.scope import get_visible
from pop_campaigns.accounts.views.sent_before import form_made, sent_once
from pop_campaigns.core.clock import local_date, now
from pop_campaigns.core.dates import day_words
from pop_campaigns.core.db import db
from pop_campaigns.core.i18n import current_language, in_language
from pop_campaigns.core.meanwhile import is_as_seen
from pop_campaigns.core.numbers import row_number
from pop_campaigns.desk.blueprint import bp
from pop_campaigns.desk.queries.board import board_of, open_chapters
from pop_campaigns.desk.words.board import board_chip, next_action
from pop_campaigns.events.forms.copying import (
    DeclineForm,
    PlaceForm,
    PlacingForm,
    SeriesForm,
    hours_of,
    working_day_after,
)
from pop_campaigns.events.models.series import EventSeries, EventTemplate, SeriesProposal
from pop_campaigns.events.queries.series import (
    chapters,
    get_proposal,
    get_series,
    may_withdraw,
    templates_of,
    visible_series,
)
from pop_campaigns.events.rules.series import ProposalState
from pop_campaigns.events.words.labels import EVENT_KINDS, when_words
from pop_campaigns.invitations.services.copying import placed
from pop_campaigns.invitations.services.series import (
    HasEvent,
    SeriesDraft,
    accept_proposal,
    decline_proposal,
    propose_series,
)
from pop_campaigns.invitations.services.series import withdraw_series as take_back

_PERIOD = timedelta(days=90)


@bp.get("/events/board")
@reader
def board() -> ResponseReturnValue:
    """Show a series with a row for each chapter: the one asked for, else the newest."""
    moment, lang = now(), current_language()
    known = visible_series(current_user)
    wanted = row_number(request.args.get("series", "")) if request.args.get("series") else None
    series = next((row for row in known if row.id == wanted), known[0] if known else None)
    rows = board_of(series, current_user, moment) if series else []
    return render_template(
        "desk/board.html",
        all_series=known,
        series=series,
        rows=rows,
        chip_of=lambda row: board_chip(row, moment),
        action_of=next_action,
        when_of=lambda event: when_words(event, lang),
        period=_period(series) if series else "",
        may_write=current_user.role in MAY_WRITE,
        may_withdraw=series is not None and may_withdraw(series, current_user),
        places_all=current_user.role is RoleName.ADMINISTRATOR and bool(open_chapters(rows)),
        has_templates=current_user.role in MAY_WRITE and bool(templates_of(current_user)),
    )


@bp.app_template_global()
def planning_pages() -> list[tuple[str, str]]:
    """Return the pages beside the list of events, by name and address, for the person of this request."""
    pages = [(_("Board"), url_for("desk.board"))]
    if current_user.role in MAY_WRITE:
        pages.append((pgettext("events", "Templates"), url_for("desk.templates")))
    return pages


def _period(series: EventSeries) -> str:
    lang = current_language()
    return _(
        "%(first)s – %(last)s",
        first=day_words(series.first_day, lang, weekday=False),
        last=day_words(series.last_day, lang, weekday=False),
    )


@bp.route("/events/templates/<int:template_id>/propose", methods=["GET", "POST"])
@writer
@sent_once
def propose(template_id: int) -> ResponseReturnValue:
    """Propose a template to chapters for a period."""
    template = get_visible(EventTemplate, template_id)
    if current_user.role is not RoleName.ADMINISTRATOR and current_user.organisation_id is None:
        abort(404)
    today = local_date(now())
    members = [(row.id, _chapter(row)) for row in chapters(today)]
    start = {
        "name": template.name,
        "first_day": today,
        "last_day": today + _PERIOD,
        "chapters": [ident for ident, _name in members],
    }
    form = SeriesForm(members, data=start)
    if not form.is_submitted():
        return render_template("desk/propose.html", template=template, form=form)
    if not form.validate():
        return render_template("desk/propose.html", template=template, form=form), 422
    draft = SeriesDraft(
        form.name.data or "", form.message.data or "", form.first_day.data, form.last_day.data,
        form.chapters.data,
    )  # fmt: skip
    series = propose_series(draft, template, by=current_user, now=now(), once=form.once.data or "")
    page = url_for("desk.board", series=series.id)
    form_made(series, page=page)
    db.session.commit()
    flash(_("Proposed. The other chapters find it on their page Today."), "success")
    if current_user.role is RoleName.ADMINISTRATOR:
        return redirect(url_for("desk.place", series_id=series.id))
    return redirect(page)


def _chapter(row: Any) -> str:
    name = in_language(row, "name", current_language())
    return f"{row.municipality.name} – {name}" if row.municipality else name


@bp.route("/events/board/<int:series_id>/place", methods=["GET", "POST"])
@administrator
def place(series_id: int) -> ResponseReturnValue:
    """Give the chapters of a series their dates in one table, and so each its draft."""
    series = get_series(series_id, current_user)
    still_open = {str(row.proposal.organisation_id): row.proposal for row in _open_rows(series)}
    hours = hours_of(series.template.begins, series.template.minutes)
    form = PlacingForm(data={"rows": [{**hours, "organisation": ident} for ident in still_open]})
    if not form.is_submitted():
        return _place_page(series, form, still_open)
    if not form.validate():
        return _place_page(series, form, still_open), 422
    made = 0
    for entry in form.rows:
        row, proposal = entry.form, still_open.get(entry.form.organisation.data or "")
        if proposal is not None and row.when:
            at = placed(row.when.starts_at, row.when.ends_at, row.venue.data or "")
            accept_proposal(proposal, at, by=current_user, now=now())
            made += 1
    db.session.commit()
    words = ngettext(
        "%(num)d chapter has its draft. Nobody is told of it yet.",
        "%(num)d chapters have their drafts. Nobody is told of them yet.",
        made,
    )
    flash(words, "success" if made else "info")
    return redirect(url_for("desk.board", series=series.id))


@bp.route("/events/board/<int:series_id>/withdraw", methods=["GET", "POST"])
@writer
def withdraw_series(series_id: int) -> ResponseReturnValue:
    """Say what is taken back, then withdraw a series from the chapters that have not answered."""
    series = get_series(series_id, current_user)
    if not may_withdraw(series, current_user):
        abort(404)
    if request.method == "POST" and is_as_seen(series):
        number = take_back(series, by=current_user, now=now())
        db.session.commit()
        words = ngettext("Withdrawn from %(num)d chapter.", "Withdrawn from %(num)d chapters.", number)
        flash(words, "success")
        return redirect(url_for("desk.board"))
    rows = board_of(series, current_user, now())
    waiting = [row for row in rows if row.proposal.state is ProposalState.PROPOSED]
    page = render_template(
        "desk/withdraw_series.html", series=series, waiting=waiting, answered=len(rows) - len(waiting)
    )
    return page, 409 if request.method == "POST" else 200


def _open_rows(series: EventSeries) -> Any:
    return open_chapters(board_of(series, current_user, now()))


def _place_page(series: EventSeries, form: PlacingForm, still_open: dict[str, SeriesProposal]) -> str:
    return render_template(
        "desk/place.html",
        series=series,
        form=form,
        chapters=still_open,
        period=_period(series),
        offices=len(series.template.offices),
    )


@bp.route("/events/board/proposals/<int:chapter_proposal_id>", methods=["GET", "POST"])
@writer
def proposal(chapter_proposal_id: int) -> ResponseReturnValue:
    """Show what is proposed to one's chapter, and take part with a date or say no with a word."""
    record = get_proposal(chapter_proposal_id, current_user)
    if record.event_id is not None:
        return redirect(url_for("desk.event", event_id=record.event_id))
    template = record.series.template
    hours = hours_of(template.begins, template.minutes)
    day = working_day_after(max(record.series.first_day, local_date(now()) + timedelta(days=14)))
    says_no = request.form.get("says") == "no"
    form = (
        PlaceForm(data={**hours, "day": day}, formdata=None)
        if says_no
        else PlaceForm(data={**hours, "day": day})
    )
    no = DeclineForm() if says_no else DeclineForm(formdata=None)
    if request.method == "POST":
        if says_no and no.validate():
            return _declined(record, no.words.data or "")
        if not says_no and form.validate():
            return _accepted(record, form)
    page = render_template(
        "desk/proposal.html", proposal=record, series=record.series, template=template, form=form, no=no,
        kind=EVENT_KINDS[template.kind], period=_period(record.series), says_no=says_no,
    )  # fmt: skip
    return (page, 422) if request.method == "POST" else page


def _accepted(record: SeriesProposal, form: PlaceForm) -> ResponseReturnValue:
    at = placed(form.when.starts_at, form.when.ends_at, form.venue.data or "")
    event, guests = accept_proposal(record, at, by=current_user, now=now())
    db.session.commit()
    flash(_("The draft is made. Nobody is told of it yet."), "success")
    if guests:
        flash(
            ngettext("%(num)d guest stands on its list.", "%(num)d guests stand on its list.", guests), "info"
        )
    return redirect(url_for("desk.event", event_id=event.id))


def _declined(record: SeriesProposal, words: str) -> ResponseReturnValue:
    try:
        decline_proposal(record, words, by=current_user, now=now())
    except HasEvent:
        flash(_("Your chapter has its event already: cancel or delete that."), "warning")
    else:
        db.session.commit()
        flash(_("The others see on the board that your chapter does not take part."), "success")
    return redirect(url_for("desk.board", series=record.series_id))
