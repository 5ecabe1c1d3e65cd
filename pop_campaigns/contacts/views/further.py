"""Forms with lines for further phone numbers and post addresses, opened and looked at once more with another line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from flask import request
from flask_security import current_user

from pop_campaigns.accounts.scope import may_change
from pop_campaigns.contacts.forms.further import further_drafts, further_values, with_further
from pop_campaigns.contacts.models.addresses import ContactDetail
from pop_campaigns.contacts.queries.details import further_of
from pop_campaigns.contacts.rules import DetailKind
from pop_campaigns.contacts.services.details import DetailDraft, change_details
from pop_campaigns.contacts.services.records import Contact
from pop_campaigns.core.clock import now
from pop_campaigns.core.forms import Form

F = TypeVar("F", bound=Form)
# The button that asks for one more line of a kind instead of saving.
ONE_MORE = "one_more"


class Further:
    """The lines of one form: of which rows they are, and what was typed into them."""

    def __init__(self, record: Contact | None, *kinds: DetailKind) -> None:
        self.record, self.kinds = record, kinds
        rows: list[ContactDetail] = []
        if record:
            further = further_of([record], current_user)
            rows = [*further.phones(record), *further.posts(record)]
        self.rows: Sequence[ContactDetail] = [row for row in rows if may_change(row) and row.kind in kinds]
        self.asked_for = request.form.get(ONE_MORE, "")

    def open(self, form: type[F], **values: Any) -> F:
        """Return the form with its lines, holding ``values`` of the record or what was sent."""
        wide = with_further(form, self.kinds, self.rows, tuple(request.form), self.asked_for)
        return wide(data=values | further_values(self.rows))

    def shown_again(self, form: Form) -> None:
        """Let the form come back with one more line instead of being saved, if that was pressed."""
        if self.asked_for in self.kinds:
            form.only_shown = True

    def drafts(self, form: Form) -> list[DetailDraft]:
        """Return what was typed into the lines, once the form is valid."""
        return further_drafts(form, self.rows)

    def save(self, form: Form, owner: Contact) -> None:
        """Store what was typed into the lines."""
        change_details(owner, self.drafts(form), by=current_user, now=now())
