"""Verbs that change the further phone numbers and post addresses of contacts. The caller commits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pop_campaigns.accounts.models import User
from pop_campaigns.accounts.scope import owner_of_new
from pop_campaigns.contacts.models.addresses import ContactDetail
from pop_campaigns.contacts.rules import DetailKind, DetailUse
from pop_campaigns.contacts.services.records import Contact, note_contact
from pop_campaigns.core.db import db


@dataclass(frozen=True)
class DetailDraft:
    """A line of a form: a further phone number (E.164) or post address, of ``row`` or new; without a value it goes."""

    kind: DetailKind
    value: str
    use: DetailUse = DetailUse.OTHER
    row: ContactDetail | None = None


def change_details(owner: Contact, drafts: Sequence[DetailDraft], *, by: User, now: datetime) -> None:
    """Add, change and remove further numbers and addresses of a contact; history says which."""
    for draft in drafts:
        if draft.row is None:
            if draft.value:
                add_detail(owner, draft, by=by, now=now)
        elif not draft.value:
            _note(f"{draft.kind}.removed", owner, draft.row, by, now, before=draft.row.value)
            db.session.delete(draft.row)
        elif (draft.row.value, draft.row.use) != (draft.value, draft.use):
            before, draft.row.value, draft.row.use = draft.row.value, draft.value, draft.use
            _note(f"{draft.kind}.changed", owner, draft.row, by, now, before=before)


def add_detail(owner: Contact, draft: DetailDraft, *, by: User, now: datetime) -> ContactDetail:
    """Add a further number or address to a contact."""
    detail = ContactDetail(
        kind=draft.kind,
        value=draft.value,
        use=draft.use,
        organisation_id=owner_of_new(by, owner.organisation_id),
    )
    owner.details.append(detail)
    _note(f"{draft.kind}.added", owner, detail, by, now)
    return detail


def _note(
    action: str, owner: Contact, detail: ContactDetail, by: User, now: datetime, before: str = ""
) -> None:
    """Write under the contact what was there and what is, with its use."""
    note_contact(
        action,
        owner,
        detail,
        by,
        now,
        value=detail.value,
        use=detail.use.value,
        before=before or detail.value,
    )
