"""What a record says, as values; ``reading`` makes them from a file, ``load`` keeps them. The form: docs/record.md."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from pop_campaigns.archive.document import Part
from pop_campaigns.core.dates import DatePrecision
from pop_campaigns.events.rules.events import EventFormat, EventKind
from pop_campaigns.letters.rules.letters import RecipientRole


@dataclass(frozen=True)
class When:
    """A date as exactly as the source gives it."""

    precision: DatePrecision
    day_from: date | None = None
    day_to: date | None = None


@dataclass(frozen=True)
class NetworkFacts:
    """The network itself."""

    name_sq: str
    name_en: str
    short_name: str
    website: str
    email: str
    phone: str
    address: str
    donors: tuple[dict[str, str | None], ...]


@dataclass(frozen=True)
class MemberFacts:
    """A member organisation in its municipality; ``as_printed`` where the source writes it otherwise."""

    place: Part
    key: str
    municipality: str
    name: str
    name_en: str
    short_name: str
    as_printed: str


@dataclass(frozen=True)
class CampaignFacts:
    """A campaign or a case."""

    place: Part
    key: str
    title_sq: str
    title_en: str
    when: When


@dataclass(frozen=True)
class AttendeeFacts:
    """Someone who attended in an office."""

    name: str
    office: str


@dataclass(frozen=True)
class CommitmentFacts:
    """What an institution (``by``) promised to an organisation (``to``), in the source's words."""

    place: Part
    by: str
    to: str
    words: str
    due: date | None


@dataclass(frozen=True)
class EventFacts:
    """An event that took place."""

    place: Part
    key: str
    kind: EventKind
    title_sq: str
    title_en: str
    when: When
    format: EventFormat | None
    municipality: str
    organisation: str
    campaign: str
    institution: str
    institution_as_printed: str
    attended: tuple[AttendeeFacts, ...]
    joined_by: tuple[tuple[Part, str], ...]
    commitment: CommitmentFacts | None
    link: str


@dataclass(frozen=True)
class RecipientFacts:
    """Whom a letter went to; a source may name no office and no person."""

    role: RecipientRole
    institution: str
    as_printed: str
    office: str
    person: str


@dataclass(frozen=True)
class LetterFacts:
    """A letter that was sent."""

    place: Part
    key: str
    case: str
    organisation: str
    when: When
    subject_sq: str
    subject_en: str
    recipients: tuple[RecipientFacts, ...]


@dataclass(frozen=True)
class Record:
    """All that a file says and we can keep.

    ``for_later`` are sections of monitoring, ``left_out`` the paths of everything else that has no place here.
    """

    source: str
    network: NetworkFacts | None
    members: tuple[MemberFacts, ...]
    campaigns: tuple[CampaignFacts, ...]
    events: tuple[EventFacts, ...]
    letters: tuple[LetterFacts, ...]
    for_later: tuple[str, ...]
    left_out: tuple[str, ...]
