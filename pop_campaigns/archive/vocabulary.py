"""Loads the vocabulary of public institutions: what is missing is added, what is there stays. The caller commits."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Final

from pop_campaigns.archive.contacts import keep_institution, keep_municipality, keep_office
from pop_campaigns.archive.load import LoadReport, report_of, wait_for_other_loads
from pop_campaigns.archive.loading import Loading, fill_gaps, start_loading
from pop_campaigns.archive.names import county_of
from pop_campaigns.archive.vocabulary_file import (
    SHIPPED_VOCABULARY,
    InstitutionFacts,
    PlaceFacts,
    Vocabulary,
    read_vocabulary,
    shipped_vocabulary,
)
from pop_campaigns.core.db import db
from pop_campaigns.core.places import municipality_key

_COMPLETED: Final = "municipality.completed"


def load_vocabulary(path: Path = SHIPPED_VOCABULARY, *, now: datetime) -> LoadReport:
    """Add the municipalities, institutions and offices that a vocabulary names and that are not there yet.

    No office gets an address: nobody has said where its mail goes. An existing municipality or prefecture gets the
    county or definite form that it lacks, once.

    :raises pop_campaigns.archive.document.RecordRefused: one sentence; then nothing was added.
    """
    facts = shipped_vocabulary() if path == SHIPPED_VOCABULARY else read_vocabulary(path)
    with db.session.begin_nested():
        wait_for_other_loads()
        loading = start_loading(now, facts.source, placeholders=False)
        _keep_all(loading, facts)
    return report_of(loading)


def _keep_all(loading: Loading, facts: Vocabulary) -> None:
    for place in facts.places:
        _keep_place(loading, place)
    for institution in facts.institutions:
        _keep_with_offices(loading, institution)


def _keep_place(loading: Loading, facts: PlaceFacts) -> None:
    row = keep_municipality(loading, facts.name)
    if row is not None:
        gaps = {"name_definite": facts.definite, "county": facts.county}
        fill_gaps(loading, row, municipality_key(facts.name), gaps, _COMPLETED, name=row.name)


def _keep_with_offices(loading: Loading, facts: InstitutionFacts) -> None:
    institution = keep_institution(loading, facts.name)
    if institution is None:
        return
    gaps = {"county": county_of(facts.name)}
    key = institution.key or str(institution.id)
    fill_gaps(loading, institution, key, gaps, "institution.changed", name=institution.name_sq)
    for title in facts.offices:
        keep_office(loading, institution, title)
