"""The list of erasures outside the database: a restored backup brings people back, this file says whom to erase again.

It holds keyed hashes, never a name or an address. One line a hash, appended and synced before the erasure is committed:
whoever asked to be erased must not be forgotten because a machine stopped at that moment.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from flask import current_app

from pop_campaigns.contacts.models.consents import Tombstone
from pop_campaigns.contacts.rules import TombstoneKind
from pop_campaigns.contacts.services.refusals import hash_key
from pop_campaigns.core.private_files import make_private_folder

FILE_NAME = "erasures.jsonl"


@dataclass(frozen=True)
class Erasure:
    """One line: by what somebody was known, of which organisation (None: the network's), erased when.

    ``key`` tells with which key it was hashed: a database that was made anew has another one and knows nobody.
    """

    kind: str
    hash: str
    organisation_id: int | None
    at: str
    key: str

    @property
    def tombstone_kind(self) -> TombstoneKind:
        """The kind as the tombstones have it."""
        return TombstoneKind(self.kind)

    @property
    def erased_at(self) -> datetime:
        """The instant of the erasure."""
        return datetime.fromisoformat(self.at)


def ledger_path() -> Path:
    """Return where the list is."""
    return Path(current_app.config["DATA_DIR"]) / FILE_NAME


def key_mark() -> str:
    """Return what tells one key of hashes from another, without giving it away."""
    return hashlib.sha256(b"key of hashes:" + hash_key()).hexdigest()[:16]


def append_stones(stones: Sequence[Tombstone]) -> None:
    """Write tombstones to the list and have them on the disk before going on."""
    mark = key_mark()
    lines = [
        Erasure(stone.kind.value, stone.hash, stone.organisation_id, stone.erased_at.isoformat(), mark)
        for stone in stones
    ]
    text = "".join(json.dumps(asdict(line), separators=(",", ":")) + "\n" for line in lines)
    path = ledger_path()
    make_private_folder(path.parent)
    number = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        # A line that a power cut broke off must not swallow the next one.
        ends_line = not path.stat().st_size or path.read_bytes().endswith(b"\n")
        os.write(number, (text if ends_line else f"\n{text}").encode("ascii"))
        os.fsync(number)
    finally:
        os.close(number)


def read_ledger() -> tuple[list[Erasure], int]:
    """Return the lines of the list and how many could not be read."""
    path = ledger_path()
    erasures, broken = [], 0
    for line in path.read_text(encoding="ascii", errors="replace").splitlines() if path.exists() else ():
        try:
            erasure = Erasure(**json.loads(line))
            _ = erasure.tombstone_kind, erasure.erased_at
            erasures.append(erasure)
        except (ValueError, TypeError):
            broken += bool(line.strip())
    return erasures, broken
