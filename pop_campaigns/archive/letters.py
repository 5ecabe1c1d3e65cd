"""Keeps the letters of a record: known from a source, not sent from here, their responses unknown."""

from __future__ import annotations

from sqlalchemy import select

from pop_campaigns.archive.contacts import (
    find_member,
    keep_holder,
    keep_institution,
    keep_office,
    keep_protocol_desk,
)
from pop_campaigns.archive.events import find_campaign, known_day
from pop_campaigns.archive.loading import Loading, keep
from pop_campaigns.archive.record import LetterFacts, RecipientFacts
from pop_campaigns.contacts.models.institutions import Office
from pop_campaigns.core.db import db
from pop_campaigns.letters.models import Letter, LetterRecipient
from pop_campaigns.letters.rules.letters import LetterState


def keep_letter(loading: Loading, facts: LetterFacts) -> None:
    """Keep a letter with its recipients, and all whom it names. Its text is not in a record and stays empty."""
    organisation = find_member(loading, facts.place, facts.organisation) if facts.organisation else None
    letter = Letter(
        key=facts.key,
        organisation=organisation,
        campaign=find_campaign(facts.place, facts.case),
        state=LetterState.RECORDED,
        subject_sq=facts.subject_sq,
        subject_en=facts.subject_en,
        precision=facts.when.precision,
        day_from=facts.when.day_from,
        day_to=facts.when.day_to,
        created_at=loading.now,
        changed_at=loading.now,
    )
    letter.recipients = [
        _recipient(loading, position, recipient, facts)
        for position, recipient in enumerate(facts.recipients, 1)
    ]
    keep(
        loading,
        Letter,
        facts.key,
        find=lambda: db.session.scalar(select(Letter).where(Letter.key == facts.key)),
        make=lambda: letter,
        action="letter.recorded",
        title=facts.subject_sq,
    )


def _recipient(
    loading: Loading, position: int, facts: RecipientFacts, letter: LetterFacts
) -> LetterRecipient:
    """Return a recipient as the source names it; where it names no office, the institution alone."""
    institution = keep_institution(loading, facts.institution, facts.as_printed)
    office: Office | None = None
    if institution is not None and facts.office:
        office = keep_office(loading, institution, facts.office)
    elif institution is not None:
        keep_protocol_desk(loading, institution)
    if office is not None and facts.person:
        keep_holder(loading, office, facts.person, known_day(letter.when))
    return LetterRecipient(
        role=facts.role,
        position=position,
        office=office,
        institution=institution,
        name=facts.person,
        office_title=facts.office,
        institution_name=facts.institution,
    )
