"""Loads a record, whole or not at all, as often as one likes. The caller commits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from pop_campaigns.accounts.models import Network, Organisation
from pop_campaigns.archive.contacts import keep_member
from pop_campaigns.archive.events import keep_campaign, keep_event
from pop_campaigns.archive.letters import keep_letter
from pop_campaigns.archive.loading import Loading, keep, start_loading
from pop_campaigns.archive.reading import read_record
from pop_campaigns.archive.record import NetworkFacts, Record
from pop_campaigns.campaigns.models import Campaign
from pop_campaigns.contacts.models.institutions import Institution, Office
from pop_campaigns.contacts.models.persons import Mandate, Person
from pop_campaigns.core.db import db
from pop_campaigns.core.locks import lock_number
from pop_campaigns.core.places import Municipality
from pop_campaigns.events.models.events import Event
from pop_campaigns.letters.models import Letter

SHIPPED_RECORD: Final = Path(__file__).with_name("pop-2020.yaml")
KINDS: Final[Mapping[str, str]] = {
    Network.__tablename__: "network",
    Organisation.__tablename__: "member organisations",
    Municipality.__tablename__: "municipalities",
    Institution.__tablename__: "institutions",
    Office.__tablename__: "offices",
    Person.__tablename__: "persons",
    Mandate.__tablename__: "mandates",
    Campaign.__tablename__: "campaigns",
    Event.__tablename__: "events",
    Letter.__tablename__: "letters",
    f"gaps of {Municipality.__tablename__}": "gaps filled",
}
"""What is counted, by table, in words."""
_LOCK: Final = 20_200_630  # any number that nothing else locks by


@dataclass(frozen=True)
class LoadReport:
    """What a load did, by the words of :data:`KINDS`, and the sections and places of the file it left out."""

    added: Mapping[str, int]
    there: Mapping[str, int]
    for_later: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()


def load_shipped_record(*, now: datetime) -> LoadReport:
    """Load the record of 2020 that is part of the project."""
    return load_record(SHIPPED_RECORD, now=now)


def load_record(path: Path, *, now: datetime) -> LoadReport:
    """Add what a record says and is not there yet; what people changed or removed stays as they left it.

    :raises pop_campaigns.archive.document.RecordRefused: one sentence; then nothing was added.
    """
    record = read_record(path)
    with db.session.begin_nested():
        wait_for_other_loads()
        loading = start_loading(now, record.source)
        _keep_all(loading, record)
    return report_of(loading, for_later=record.for_later, left_out=record.left_out)


def report_of(
    loading: Loading, *, for_later: tuple[str, ...] = (), left_out: tuple[str, ...] = ()
) -> LoadReport:
    """Return what a load did."""
    return LoadReport(
        added={words: loading.added[kind] for kind, words in KINDS.items() if loading.added[kind]},
        there={words: loading.there[kind] for kind, words in KINDS.items() if loading.there[kind]},
        for_later=for_later,
        left_out=left_out,
    )


def _keep_all(loading: Loading, record: Record) -> None:
    if record.network:
        _keep_network(loading, record.network)
    for member in record.members:
        keep_member(loading, member)
    for campaign in record.campaigns:
        keep_campaign(loading, campaign)
    for event in record.events:
        keep_event(loading, event)
    for letter in record.letters:
        keep_letter(loading, letter)


def _keep_network(loading: Loading, facts: NetworkFacts) -> None:
    keep(
        loading,
        Network,
        "network",
        find=lambda: db.session.get(Network, 1),
        make=lambda: Network(
            id=1,
            short_name=facts.short_name,
            name_sq=facts.name_sq,
            name_en=facts.name_en,
            website=facts.website,
            email=facts.email,
            phone=facts.phone,
            address=facts.address,
            donors=list(facts.donors),
        ),
        action="network.created",
        name=facts.name_sq,
    )


def wait_for_other_loads() -> None:
    """Let one load at a time look for what is there."""
    lock_number(_LOCK)
