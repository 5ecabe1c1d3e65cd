"""What Today says of series: what is proposed to one's chapter and waits for a yes or a no."""

from __future__ import annotations

from collections.abc import Iterator

from flask import url_for
from flask_babel import gettext as _

from pop_campaigns.core.dates import short_day_words
from pop_campaigns.core.i18n import in_language
from pop_campaigns.desk.queries.work_rows import Reader, WorkRow
from pop_campaigns.events.models.series import EventSeries
from pop_campaigns.events.queries.series import proposals_waiting
from pop_campaigns.events.words.labels import EVENT_KINDS


def series_rows(reader: Reader) -> Iterator[WorkRow]:
    """Yield a row for each proposal to a coordinator's chapter that nobody has answered."""
    for proposal in proposals_waiting(reader.user):
        series, page = proposal.series, url_for("desk.proposal", chapter_proposal_id=proposal.id)
        yield WorkRow(
            _("Proposed to your chapter: %(name)s", name=series.name),
            page,
            who=f"{EVENT_KINDS[series.template.kind]} · {_proposer(series, reader.lang)}",
            when=_(
                "%(first)s – %(last)s",
                first=short_day_words(series.first_day, reader.lang),
                last=short_day_words(series.last_day, reader.lang),
            ),
            action=_("Accept or decline"),
            action_url=page,
        )


def _proposer(series: EventSeries, lang: str) -> str:
    if series.organisation is None:
        return _("The network")
    return in_language(series.organisation, "name", lang)
