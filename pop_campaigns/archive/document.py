"""A YAML file from anywhere, read without trusting it: every part knows the line it stands on.

Scalars are kept as they are written (``2020-04``, ``No``), because YAML's own guesses at dates and truth
values lose what a source says. Nothing is constructed: no tag, anchor or alias is taken.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import yaml

from pop_campaigns.core.text import clean_line, clean_text

LARGEST_FILE: Final = 512 * 1024
"""Bytes; a half-year of a network takes eight thousand."""
_DEEPEST: Final = 12
_MOST_PARTS: Final = 30_000
_STANDARD: Final = "tag:yaml.org,2002:"
_PLAIN_TAGS: Final = frozenset(
    _STANDARD + kind for kind in ("map", "seq", "str", "int", "float", "bool", "null", "timestamp", "value")
)
_KINDS: Final[dict[type[yaml.Node], str]] = {
    yaml.ScalarNode: "a text",
    yaml.SequenceNode: "a list",
    yaml.MappingNode: "names with values",
}


class RecordRefused(ValueError):
    """A record cannot be taken: one sentence that says why, with the line in the file where one is to blame."""

    def __init__(self, words: str, line: int | None = None) -> None:
        super().__init__(words if line is None else f"line {line}: {words}")
        self.line = line


class Part:
    """A place in the file: a text, a list or a mapping, with its line and the path that leads there."""

    def __init__(self, node: yaml.Node, path: str = "") -> None:
        self._node = node
        self._given: list[Part] = []
        self.path = path
        self.line = node.start_mark.line + 1
        self._unread = dict(self._entries()) if isinstance(node, yaml.MappingNode) else {}

    @property
    def is_null(self) -> bool:
        """Whether the file says that this is not known."""
        return bool(self._node.tag == _STANDARD + "null" or self._node.value == "")

    @property
    def is_text(self) -> bool:
        """Whether this is a scalar."""
        return isinstance(self._node, yaml.ScalarNode)

    def refuse(self, words: str) -> RecordRefused:
        """Return the error that blames this place."""
        return RecordRefused(f"{self.path}: {words}" if self.path else words, self.line)

    def text(self, limit: int, *, lines: bool = False) -> str:
        """Return the text, cleaned, of at most ``limit`` characters; it is never empty."""
        self._expect(yaml.ScalarNode)
        text = clean_text(self._node.value) if lines else clean_line(self._node.value)
        if self.is_null or not text:
            raise self.refuse("there is no text here")
        if len(text) > limit:
            raise self.refuse(f"this text has {len(text)} characters, at most {limit} fit")
        return text

    def items(self) -> list[Part]:
        """Return the entries of a list."""
        self._expect(yaml.SequenceNode)
        entries = [Part(node, f"{self.path}[{number}]") for number, node in enumerate(self._node.value, 1)]
        self._given += entries
        return entries

    def get(self, name: str) -> Part | None:
        """Return what stands under a name; None if nothing does or it is not known."""
        self._expect(yaml.MappingNode)
        part = self._unread.pop(name, None)
        if part is None or part.is_null:
            return None
        self._given.append(part)
        return part

    def need(self, name: str) -> Part:
        """Return what must stand under a name."""
        part = self.get(name)
        if part is None:
            raise self.refuse(f"“{name}” is missing")
        return part

    def put_aside(self, name: str) -> bool:
        """Leave what stands under a name unread, knowingly; return whether there is anything."""
        self._expect(yaml.MappingNode)
        return self._unread.pop(name, None) is not None

    def unread(self) -> list[str]:
        """Return the paths of all that was said here and below and that nobody asked for."""
        own = [part.path for part in self._unread.values() if not part.is_null]
        return own + [path for part in self._given for path in part.unread()]

    def _expect(self, kind: type[yaml.Node]) -> None:
        if not isinstance(self._node, kind):
            actual = next(words for node_kind, words in _KINDS.items() if isinstance(self._node, node_kind))
            raise self.refuse(f"expected {_KINDS[kind]}, found {actual}")

    def _entries(self) -> Iterator[tuple[str, Part]]:
        seen = set()
        for key, value in self._node.value:
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode):
                raise RecordRefused("a name must be a plain text", line)
            if key.value in seen:
                raise RecordRefused(f"“{_shown(key.value)}” stands here twice", line)
            seen.add(key.value)
            part = Part(value, ".".join(part for part in (self.path, _shown(key.value)) if part))
            yield key.value, part


def read_document(path: Path) -> Part:
    """Return the file's outermost mapping.

    :raises RecordRefused: not readable, too large, not UTF-8, not YAML, or YAML that does more than state facts.
    """
    text = _read_text(path)
    try:
        _refuse_tricks(text)
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        raise RecordRefused(f"this is not YAML: {error.problem or error.context}", line) from error
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise RecordRefused("there is a character here that YAML does not allow", line) from error
    if node is None:
        raise RecordRefused("the file is empty")
    if not isinstance(node, yaml.MappingNode):
        raise RecordRefused("a record consists of named sections (network, members, events, …)", 1)
    return Part(node)


def _read_text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            raw = file.read(LARGEST_FILE + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "its name is not valid"
        raise RecordRefused(f"the file cannot be read: {reason}") from error
    if len(raw) > LARGEST_FILE:
        raise RecordRefused(f"the file is too large: at most {LARGEST_FILE // 1024} KiB")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise RecordRefused("the file is not written in UTF-8", line) from error


def _refuse_tricks(text: str) -> None:
    """Walk the file event by event, which costs no memory, and stop at what a record never needs."""
    depth = 0
    for count, event in enumerate(yaml.parse(text, Loader=yaml.SafeLoader)):
        line = event.start_mark.line + 1 if event.start_mark else None
        if getattr(event, "anchor", None) is not None:  # also every alias
            raise RecordRefused("anchors and aliases (& and *) are not taken: write the text out", line)
        tag = getattr(event, "tag", None)
        if tag is not None and tag not in _PLAIN_TAGS:
            raise RecordRefused(f"the tag {_shown(tag)} is not taken", line)
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > _DEEPEST:
            raise RecordRefused("this is nested too deeply", line)
        if count > _MOST_PARTS:
            raise RecordRefused("there is too much in this file", line)


def _shown(text: str) -> str:
    """Return a stranger's text fit for one line of a terminal."""
    line = clean_line(text)
    return line if len(line) <= 40 else f"{line[:39]}…"
