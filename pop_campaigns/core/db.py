"""The database: base class, column types that keep impossible values out, how transactions begin."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any, ClassVar

from flask import Flask, has_request_context, request
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import (
    Column,
    ColumnElement,
    DateTime,
    Enum,
    ForeignKey,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    and_,
    case,
    delete,
    event,
    func,
    insert,
    inspect,
    or_,
    select,
    true,
)
from sqlalchemy.engine import Connection, Dialect, Engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Mapper, mapped_column
from sqlalchemy.pool import ConnectionPoolEntry

from pop_campaigns.core.private_files import create_private_database
from pop_campaigns.core.stems import LONGEST, stems_asked, stems_in
from pop_campaigns.core.text import clean_line, clean_text, fold, search_words, sort_key

# Letters and signs of Albanian texts that databases are asked to fold.
_FOLDED_IN_SQL = (
    *(("ë", "e"), ("Ë", "e"), ("ç", "c"), ("Ç", "c")),
    *(("’", "'"), ("‘", "'"), ("“", '"'), ("”", '"'), ("„", '"'), ("–", "-"), ("—", "-")),
)
_LONG_ENOUGH = 4
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """Every table."""

    metadata = MetaData(naming_convention=NAMING)


db = SQLAlchemy(model_class=Base, session_options={"autoflush": True})


class UTCDateTime(TypeDecorator[datetime]):
    """An instant. Naive values are refused, because SQLite would silently drop what zone was meant."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("An instant needs a time zone.")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Line(TypeDecorator[str]):
    """One line of typed text, cleaned when set and again when stored."""

    impl = String
    cache_ok = True
    clean = staticmethod(clean_line)

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else type(self).clean(value)


class Prose(Line):
    """Typed text of several lines, cleaned likewise."""

    impl = Text
    cache_ok = True
    clean = staticmethod(clean_text)


def choice(kind: type[enum.Enum], name: str = "") -> Enum:
    """Return the column type of an enumeration: its values as text, with a CHECK, alike on both databases."""
    return Enum(
        kind,
        native_enum=False,
        create_constraint=True,
        length=40,
        values_callable=lambda members: [member.value for member in members],
        name=name or kind.__name__.lower(),
    )


class Searchable:
    """A record found by folded text and listed in Albanian order; both keys follow the named columns."""

    __sorted_by__: str
    __searched_in__: tuple[str, ...]

    sort_key: Mapped[str] = mapped_column(String(2000), default="", index=True)
    search_key: Mapped[str] = mapped_column(Text, default="")

    @classmethod
    def name_keys(cls, values: Mapping[str, Any]) -> dict[str, str]:  # noqa: ARG003  # records with names of people do
        """Return by what a record of these values is found among those of like names, by column."""
        return {}


class Stemmed(Searchable):
    """A record found by the stems of its words as well: they are kept in a table beside it and go with it.

    Equal stems are looked up in an index, on both databases alike; no row is read for it.
    """

    __stems__: ClassVar[Table]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        name = cls.__dict__.get("__tablename__")
        if name:
            cls.__stems__ = Table(
                f"stems_of_{name}",
                Base.metadata,
                Column("stem", String(LONGEST), primary_key=True),
                Column("row_id", ForeignKey(f"{name}.id", ondelete="CASCADE"), primary_key=True, index=True),
                sqlite_with_rowid=False,
                info={
                    "derived": True
                },  # no use of the record: what asks who points at it leaves this table out
            )


def keep_stems(connection: Connection, stems: Table, keys: Iterable[tuple[int, str]]) -> None:
    """Keep the stems of new rows, given as (number, search key)."""
    rows = [{"stem": stem, "row_id": ident} for ident, key in keys for stem in sorted(stems_in(key))]
    if rows:
        connection.execute(insert(stems), rows)


@event.listens_for(Mapper, "after_insert")
def _keep_new_stems(_mapper: Mapper[Any], connection: Connection, target: Any) -> None:
    stems: Table | None = getattr(target, "__stems__", None)
    if stems is not None:
        keep_stems(connection, stems, [(target.id, target.search_key)])


@event.listens_for(Mapper, "after_update")
def _keep_changed_stems(_mapper: Mapper[Any], connection: Connection, target: Any) -> None:
    stems: Table | None = getattr(target, "__stems__", None)
    if stems is not None and inspect(target).attrs.search_key.history.has_changes():
        connection.execute(delete(stems).where(stems.c.row_id == target.id))
        keep_stems(connection, stems, [(target.id, target.search_key)])


@event.listens_for(Mapper, "before_insert")
@event.listens_for(Mapper, "before_update")
def _set_keys(_mapper: Mapper[Any], _connection: Connection, target: object) -> None:
    if isinstance(target, Searchable):
        target.sort_key = sort_key(getattr(target, target.__sorted_by__))[:2000]
        words = (getattr(target, name) for name in target.__searched_in__)
        target.search_key = " ".join(fold(word) for word in words if word)
        values = {name: getattr(target, name) for name in target.__searched_in__}
        for name, key in target.name_keys(values).items():
            setattr(target, name, key)


@event.listens_for(Mapper, "mapper_configured")
def _clean_on_set(mapper: Mapper[Any], _class: type) -> None:
    """Clean typed text the moment it is set, so that what is read back before a flush is clean too."""
    for column in mapper.column_attrs:
        kind = column.columns[0].type
        if isinstance(kind, Line):
            event.listen(column.class_attribute, "set", _cleaner(kind), retval=True)


def _cleaner(kind: Line) -> Callable[..., Any]:
    def clean(_target: object, value: Any, _old: object, _initiator: object) -> Any:
        return type(kind).clean(value) if isinstance(value, str) else value

    return clean


def like_folded(column: Any, typed: str) -> ColumnElement[bool]:
    """Return the condition that a record has every typed word: in its search key, or a stem of it among its stems.

    ``column`` is the search key of a record or of an alias of it; ``%`` and ``_`` are taken literally.
    """
    return and_(true(), *(_has_word(column, word) for word in search_words(typed)))


def as_typed_first(key: Any, typed: str) -> ColumnElement[int]:
    """Return by what to order: 0 where every typed word stands in a search key just as typed, 1 where only a stem does."""
    as_typed = (key.contains(word, autoescape=True) for word in search_words(typed))
    return case((and_(true(), *as_typed), 0), else_=1)


def _has_word(column: Any, word: str) -> ColumnElement[bool]:
    as_typed = column.contains(word, autoescape=True)
    record = column.parent.entity
    kept: Table | None = getattr(record, "__stems__", None)
    asked = stems_asked(word) if kept is not None else []
    if kept is None or not asked:
        return as_typed
    by_stem = (record.id.in_(select(kept.c.row_id).where(kept.c.stem.in_(sorted(stems)))) for stems in asked)
    return or_(as_typed, and_(*by_stem))


def folded(column: Any, word: str) -> ColumnElement[str]:
    """Return a column folded as far as a folded ``word`` asks, to be compared with it; for tables without search keys.

    That is lower case, ë as e and ç as c (SQLite's lower() knows ASCII alone), apostrophes, quotes and dashes as a keyboard
    has them. Only what the word has is folded: each letter or sign costs a pass over the rows.
    """
    for letter, plain in _FOLDED_IN_SQL:
        if plain in word:
            column = func.replace(column, letter, plain)
    return func.lower(column)


def folded_has(column: Any, word: str) -> ColumnElement[bool]:
    """Return the condition that a column without stems holds a folded word, or what all forms of it begin with.

    Of a word that ends like a case only the stem is looked for, if it has four letters: *prefektit* finds *Prefekti*, and
    *Prefektura* with it.
    """
    asked = stems_asked(word)
    starts = (
        [stem for stem in asked[0] if len(stem) >= _LONG_ENOUGH and word.startswith(stem)]
        if len(asked) == 1
        else []
    )
    needle = min(starts, key=len, default=word)
    return folded(column, needle).contains(needle, autoescape=True)


def _before_sqlite_connects(_dialect: Dialect, _record: Any, places: Any, named: Any) -> None:
    create_private_database(str(places[0] if places else named.get("database", "")))


def _on_sqlite_connect(connection: Any, _record: ConnectionPoolEntry, wait: int) -> None:
    # The driver's own transaction control loses updates; we begin ourselves, below.
    connection.isolation_level = None
    cursor = connection.cursor()
    pragmas = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", f"busy_timeout={wait * 1000}")
    # What is erased must not lie on in free pages of the file.
    for pragma in (*pragmas, "secure_delete=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _on_sqlite_begin(connection: Connection) -> None:
    # A writer takes its lock at the start: a deferred one that reads first fails later with "locked".
    reading = has_request_context() and request.method in SAFE_METHODS
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


def tune_engine(engine: Engine, *, wait: int) -> None:
    """Attach SQLite's settings to an engine; other databases need none. ``wait`` for a lock is in seconds."""
    if engine.dialect.name == "sqlite":
        event.listen(engine, "do_connect", _before_sqlite_connects)
        event.listen(engine, "connect", partial(_on_sqlite_connect, wait=wait))
        event.listen(engine, "begin", _on_sqlite_begin)


def init_db(app: Flask) -> None:
    """Bind the database to the application."""
    wait: int = app.config["DATABASE_WAIT"]
    if app.config["SQLALCHEMY_DATABASE_URI"].startswith("postgresql"):
        app.config.setdefault(
            "SQLALCHEMY_ENGINE_OPTIONS",
            {
                "pool_pre_ping": True,
                "connect_args": {
                    "options": f"-c statement_timeout=60000 -c lock_timeout={wait * 1000} -c timezone=UTC"
                },
            },
        )
    db.init_app(app)
    with app.app_context():
        tune_engine(db.engine, wait=wait)
