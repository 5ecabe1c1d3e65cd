"""What a merge of two records would do: which rows move, what the two differ in, what is kept beside. Changes nothing.

Each column of the tables whose rows become one is declared here: asked for, joined, kept beside, or untouched. What
pointed to the record that goes is found through the foreign keys themselves: a table added later is moved without anybody
thinking of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Column, Table, UniqueConstraint, select

from pop_campaigns.accounts.models import User
from pop_campaigns.accounts.scope import may_change
from pop_campaigns.contacts.models.addresses import Address, ContactDetail
from pop_campaigns.contacts.models.institutions import Institution, Office
from pop_campaigns.contacts.models.persons import Mandate, Person
from pop_campaigns.contacts.queries.reach import possible_parents
from pop_campaigns.contacts.rules import (
    AddressUse,
    DetailKind,
    InstitutionKind,
    MergeSide,
    PersonKind,
    join_topics,
    overlap,
)
from pop_campaigns.core.db import Base, db
from pop_campaigns.core.names import office_key
from pop_campaigns.core.text import fold

OneOfTwo = Person | Institution | Office


@dataclass(frozen=True)
class MergedColumns:
    """What becomes of each column of a table whose rows become one.

    ``asked`` lists what is chosen together; of what is kept ``beside`` one value comes first and the other one becomes a
    further detail; ``untouched`` stays as the kept record has it.
    """

    asked: tuple[tuple[str, ...], ...]
    joined: tuple[str, ...] = ()
    beside: Mapping[str, DetailKind] = field(default_factory=dict)
    untouched: frozenset[str] = frozenset()


def _each(*fields: str | tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    return tuple((name,) if isinstance(name, str) else name for name in fields)


_OF_EVERY_TABLE: Final = frozenset(
    {"id", "organisation_id", "merged_into_id", "version", "sort_key", "search_key"}
)
MERGED_COLUMNS: Final[dict[str, MergedColumns]] = {
    Person.__tablename__: MergedColumns(
        asked=_each(
            *("name", "name_as_printed", "form_of_address", "kind", "language", "municipality_id"),
            *("works_for_id", ("press_card", "press_card_until")),
        ),
        joined=("topics",),
        beside={"phone": DetailKind.PHONE, "post_address": DetailKind.POST},
        untouched=_OF_EVERY_TABLE | {"erased_at", "name_key_first", "name_key_last", "name_key_other"},
    ),
    Institution.__tablename__: MergedColumns(
        asked=_each(
            *("name_sq", "name_en", "name_as_printed", "kind", "parent_id", ("municipality_id", "county")),
            *("language", "working_hours", "medium_kind", ("accreditation", "accredited_until")),
        ),
        beside={"phone": DetailKind.PHONE, "post_address": DetailKind.POST},
        untouched=_OF_EVERY_TABLE | {"key", "name_key"},
    ),
    Office.__tablename__: MergedColumns(
        asked=_each(("title_sq", "dative"), "title_en", "language"),
        beside={"phone": DetailKind.PHONE},
        untouched=_OF_EVERY_TABLE | {"institution_id"},
    ),
}
_SAYS_NOTHING: Final = (None, "", PersonKind.OTHER, InstitutionKind.OTHER)


@dataclass(frozen=True)
class Question:
    """Something in which two records differ, to be chosen: fields that belong together, with the values of both.

    ``beside`` says that what is not chosen is kept as a further detail.
    """

    kept: OneOfTwo
    gone: OneOfTwo
    fields: tuple[str, ...]
    default: MergeSide
    beside: bool = False

    @property
    def name(self) -> str:
        """The name of the choice in a form."""
        return f"choose-{self.gone.__tablename__}-{self.gone.id}-{self.fields[0]}"

    def values(self, side: MergeSide) -> dict[str, Any]:
        """Return the values of one side by field."""
        record = self.kept if side == MergeSide.KEPT else self.gone
        return {name: getattr(record, name) for name in self.fields}


@dataclass(frozen=True)
class Beside:
    """A value of a ``column`` that stays as a further detail of ``owner``.

    ``taken`` says that it was the owner's own and that another one takes its place.
    """

    owner: OneOfTwo
    column: str
    value: str
    organisation_id: int | None
    taken: bool = False

    @property
    def kind(self) -> DetailKind:
        """What of a detail it becomes."""
        return MERGED_COLUMNS[self.owner.__tablename__].beside[self.column]


@dataclass
class MergePlan:
    """What a merge is going to do.

    ``moved`` holds ``[table, column, id, before, after]``; ``left`` the rows that stay because there is the same;
    ``filled`` and ``joined`` what a record takes without a question; ``unasked`` what differs but is not the user's to
    change, or would close a circle.
    """

    moved: list[list[Any]] = field(default_factory=list)
    left: list[tuple[str, int]] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    filled: list[tuple[OneOfTwo, str, Any]] = field(default_factory=list)
    joined: list[tuple[OneOfTwo, str, str]] = field(default_factory=list)
    beside: list[Beside] = field(default_factory=list)
    unasked: list[Question] = field(default_factory=list)

    def moving(self) -> Counter[str]:
        """Return how many rows move, by table."""
        return Counter(
            table for table, column, *_rest in self.moved if column not in ("merged_into_id", "use")
        )

    def staying(self) -> Counter[str]:
        """Return how many rows stay hidden because there is the same, by table."""
        return Counter(table for table, _id in self.left)

    def asked_about(self) -> list[OneOfTwo]:
        """Return the records that questions are about: the two, and offices that become one."""
        return list(
            dict.fromkeys(record for question in self.questions for record in (question.gone, question.kept))
        )


def plan_merge(kept: Person | Institution, gone: Person | Institution, by: User) -> MergePlan:
    """Return what making one of two records would do, by somebody who may change the one that goes."""
    plan = MergePlan()
    _join(plan, kept, gone, by)
    if isinstance(kept, Institution) and isinstance(gone, Institution):
        _join_offices(plan, kept, gone, by)
    return plan


def _join(plan: MergePlan, kept: OneOfTwo, gone: OneOfTwo, by: User) -> None:
    _move_all(plan, kept, gone)
    columns, changeable = MERGED_COLUMNS[kept.__tablename__], may_change(kept, by)
    for fields in columns.asked:
        _ask(plan, kept, gone, fields, changeable=changeable)
    for name in columns.joined:
        _join_texts(plan, kept, gone, name, changeable=changeable)
    for name in columns.beside:
        _keep_beside(plan, kept, gone, name, changeable=changeable)


def _ask(
    plan: MergePlan, kept: OneOfTwo, gone: OneOfTwo, fields: tuple[str, ...], *, changeable: bool
) -> None:
    mine, theirs = ([getattr(record, name) for name in fields] for record in (kept, gone))
    if mine == theirs or all(value in _SAYS_NOTHING for value in theirs):
        return
    says_no_more = all(own in _SAYS_NOTHING or own == other for own, other in zip(mine, theirs, strict=True))
    question = Question(kept, gone, fields, MergeSide.GONE if says_no_more else MergeSide.KEPT)
    if fields[0] == "parent_id" and theirs[0] == kept.id:
        return  # a part that becomes one with what it was part of
    if changeable and _may_point(kept, fields[0], theirs[0]):
        plan.questions.append(question)
    else:
        plan.unasked.append(question)


def _may_point(kept: OneOfTwo, name: str, ident: Any) -> bool:
    """Return whether the kept record may point to an institution: the network's or its owner's, and to no part of its own."""
    if name == "parent_id" and isinstance(kept, Institution):
        return ident in {row.id for row in possible_parents(kept.organisation_id, kept)}
    if name == "works_for_id":
        medium = db.session.get_one(Institution, ident)
        return medium.organisation_id in (None, kept.organisation_id)
    return True


def _join_texts(plan: MergePlan, kept: OneOfTwo, gone: OneOfTwo, name: str, *, changeable: bool) -> None:
    mine, theirs = getattr(kept, name), getattr(gone, name)
    whole = join_topics(mine, theirs)
    if whole == join_topics(mine):
        return
    if not changeable:
        plan.unasked.append(Question(kept, gone, (name,), MergeSide.KEPT))
    elif len(whole) > kept.__table__.c[name].type.length:  # type: ignore[attr-defined]
        plan.questions.append(Question(kept, gone, (name,), MergeSide.KEPT))
    else:
        plan.joined.append((kept, name, whole))


def _keep_beside(plan: MergePlan, kept: OneOfTwo, gone: OneOfTwo, name: str, *, changeable: bool) -> None:
    mine, theirs = getattr(kept, name), getattr(gone, name)
    if not theirs or fold(mine) == fold(theirs):
        return
    if not changeable:
        plan.beside.append(Beside(kept, name, theirs, gone.organisation_id))
    elif not mine:
        plan.filled.append((kept, name, theirs))
    else:
        plan.questions.append(Question(kept, gone, (name,), MergeSide.KEPT, beside=True))


def beside_of(question: Question, side: MergeSide) -> Beside:
    """Return what a choice between two phone numbers or post addresses keeps as a further one."""
    name = question.fields[0]
    if side is MergeSide.KEPT:
        return Beside(question.kept, name, getattr(question.gone, name), question.gone.organisation_id)
    own = getattr(question.kept, name)
    return Beside(question.kept, name, own, question.kept.organisation_id, taken=True)


def _move_all(plan: MergePlan, kept: OneOfTwo, gone: OneOfTwo) -> None:
    has_main = any(address.use is AddressUse.MAIN for address in kept.addresses)
    for table, column in _pointing_to(kept.__tablename__):
        rows = db.session.execute(select(table).where(column == gone.id)).mappings().all()
        for row in rows:
            if _is_double(table, column, row, kept):
                plan.left.append((table.name, row["id"]))
                continue
            plan.moved.append([table.name, column.name, row["id"], gone.id, kept.id])
            if has_main and table.name == Address.__tablename__ and row["use"] == AddressUse.MAIN:
                plan.moved.append(
                    [table.name, "use", row["id"], AddressUse.MAIN.value, AddressUse.OTHER.value]
                )


def _pointing_to(target: str) -> Iterator[tuple[Table, Column[Any]]]:
    """Return every column of every table that names rows of ``target``, besides the pointer of a merge itself."""
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            names = {key.column.table.name for key in column.foreign_keys}
            if target in names and column.name != "merged_into_id" and "id" in table.columns:
                yield table, column


def _is_double(table: Table, column: Column[Any], row: Any, kept: Any) -> bool:
    """Return whether the kept record has the same already: a row of a unique constraint, an address, a mandate."""
    for constraint in table.constraints:
        if isinstance(constraint, UniqueConstraint) and column.name in constraint.columns:
            key_columns = [key_column for key_column in constraint.columns if key_column.name != column.name]
            if all(row[key_column.name] is not None for key_column in key_columns):
                same = select(table.c.id).where(
                    column == kept.id, *(key_column == row[key_column.name] for key_column in key_columns)
                )
                if db.session.scalar(same.limit(1)) is not None:
                    return True
    if table.name == Address.__tablename__:
        emails = {address.email.casefold() for address in kept.addresses}
        return row["email"].casefold() in emails
    if table.name == ContactDetail.__tablename__:
        return has_detail(kept, row["kind"], row["value"], row["organisation_id"])
    if table.name == Mandate.__tablename__ and isinstance(kept, Person):
        return any(_same_mandate(mandate, row) for mandate in kept.mandates)
    return bool(table.name == Institution.__tablename__ and row["id"] == kept.id)


def has_detail(owner: OneOfTwo, kind: DetailKind, value: str, organisation_id: int | None) -> bool:
    """Return whether an organisation knows this further number or address of a contact already."""
    return any(
        detail.kind == kind
        and fold(detail.value) == fold(value)
        and detail.organisation_id in (None, organisation_id)
        for detail in owner.details
    )


def _same_mandate(mandate: Mandate, row: Any) -> bool:
    if mandate.office_id != row["office_id"] or mandate.organisation_id != row["organisation_id"]:
        return False
    says_more = (row["from_date"], row["to_date"]) not in ((None, None), (mandate.from_date, mandate.to_date))
    return not says_more and overlap(mandate.from_date, mandate.to_date, row["from_date"], row["to_date"])


def _join_offices(plan: MergePlan, kept: Institution, gone: Institution, by: User) -> None:
    """Let offices of one title at both become one, of those that are the same organisation's or the network's."""
    mine = [candidate for candidate in kept.offices if candidate.merged_into_id is None]
    for office in gone.offices:
        same = _same_office(office, mine)
        if same is not None and office.merged_into_id is None:
            _join(plan, same, office, by)
            plan.moved.append([Office.__tablename__, "merged_into_id", office.id, None, same.id])


def _same_office(office: Office, mine: Sequence[Office]) -> Office | None:
    return next(
        (
            candidate
            for candidate in mine
            if office_key(candidate.title_sq) == office_key(office.title_sq)
            and candidate.organisation_id in (None, office.organisation_id)
        ),
        None,
    )
