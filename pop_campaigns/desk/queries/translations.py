"""Which records lack a text in the other language: by kind, those that most people read first.

A letter is none of them: it is a document in the language it was written in, and its own page says what is missing before
it is sent.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, false, func, or_, select, true

from pop_campaigns.accounts.models import Network, Organisation, User
from pop_campaigns.accounts.rules.roles import RoleName
from pop_campaigns.accounts.scope import own, visible
from pop_campaigns.campaigns.models import Campaign
from pop_campaigns.contacts.models.institutions import Institution, Office
from pop_campaigns.core.db import db
from pop_campaigns.core.i18n import LANGUAGES
from pop_campaigns.events.models.events import Event


@dataclass(frozen=True)
class Noun:
    """A kind of record: the fields kept in both languages (``title`` for ``title_sq`` and ``title_en``), and its order."""

    key: str
    model: Any
    fields: tuple[str, ...]
    order: tuple[Any, ...]

    @property
    def name(self) -> str:
        """The field that names the record."""
        return self.fields[0]


NOUNS: Final[dict[str, Noun]] = {
    noun.key: noun
    for noun in (
        # The newest first: what is to come has the latest days.
        Noun(
            "events",
            Event,
            ("title", "description"),
            (Event.published.desc(), Event.day_from.is_(None), Event.day_from.desc(), Event.id.desc()),
        ),
        Noun("campaigns", Campaign, ("title", "aims"), (Campaign.sort_key, Campaign.id)),
        Noun("organisations", Organisation, ("name",), (Organisation.sort_key, Organisation.id)),
        Noun("network", Network, ("name",), (Network.id,)),
        # What is the network's stands in the open data.
        Noun(
            "institutions",
            Institution,
            ("name",),
            (Institution.organisation_id.isnot(None), Institution.sort_key, Institution.id),
        ),
        Noun("offices", Office, ("title",), (Office.organisation_id.isnot(None), Office.sort_key, Office.id)),
    )
}
"""By how public they are: pages for everybody, open data, what stands in mails."""


def other_language(target: str) -> str:
    """Return the language that is translated from."""
    return next(lang for lang in LANGUAGES if lang != target)


def select_lacking(noun: Noun, target: str, user: User) -> Select[Any]:
    """Start a query of the records that lack a text in ``target`` and that ``user`` may give one."""
    return select(noun.model).where(_theirs(noun.model, user), _lacks(noun, target)).order_by(*noun.order)


def count_lacking(target: str, user: User) -> Mapping[str, int]:
    """Return how many records lack a text in ``target``, by kind; of the network's name nothing where it lacks none."""
    counts = {
        noun.key: db.session.scalar(
            select(func.count()).select_from(select_lacking(noun, target, user).order_by(None).subquery())
        )
        or 0
        for noun in NOUNS.values()
    }
    return {key: number for key, number in counts.items() if number or key != "network"}


def find_changeable(noun: Noun, ident: int, user: User) -> Any | None:
    """Return a record that ``user`` may translate; None where there is none."""
    rows = select(noun.model).where(noun.model.id == ident, _theirs(noun.model, user))
    return db.session.scalar(rows) if 0 < ident < 2**31 else None


def said_elsewhere(noun: Noun, target: str, records: Iterable[Any], user: User) -> Mapping[str, str]:
    """Return how names of these records are translated where another record of the kind is named alike."""
    source = f"{noun.name}_{other_language(target)}"
    names = {getattr(record, source) for record in records if not getattr(record, f"{noun.name}_{target}")}
    if not names or not hasattr(noun.model, "organisation_id"):
        return {}
    named, translated = getattr(noun.model, source), getattr(noun.model, f"{noun.name}_{target}")
    rows = select(named, func.min(translated)).where(
        named.in_(names), translated != "", visible(noun.model, user)
    )
    return dict(db.session.execute(rows.group_by(named)).all())


def _lacks(noun: Noun, target: str) -> ColumnElement[bool]:
    source = other_language(target)
    return or_(
        *(
            and_(getattr(noun.model, f"{name}_{source}") != "", getattr(noun.model, f"{name}_{target}") == "")
            for name in noun.fields
        )
    )


def _theirs(model: Any, user: User) -> ColumnElement[bool]:
    """Return the condition that ``user`` may give a record its texts: what is theirs; an administrator all."""
    if hasattr(model, "organisation_id"):
        return and_(own(model, user), visible(model, user))
    if user.role is RoleName.ADMINISTRATOR:
        return true()
    if model is Organisation and user.role is RoleName.COORDINATOR and user.organisation_id is not None:
        return Organisation.id == user.organisation_id
    return false()
