"""What the service writes is for the account it runs under and for nobody else on the machine.

The data folder holds who takes part in what. Whatever ``umask`` a service manager, a shell or a mail server hands
down: folders are 0700, files 0600.
"""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path
from typing import BinaryIO

OTHERS = stat.S_IRWXG | stat.S_IRWXO


def keep_to_owner() -> None:
    """Let nothing this process or its children create be readable by others; to be called before anything is written."""
    os.umask(OTHERS)


def make_private_folder(path: Path) -> Path:
    """Make a folder and those above it, 0700, where they do not exist; return it."""
    for missing in reversed([parent for parent in (path, *path.parents) if not parent.exists()]):
        missing.mkdir(mode=stat.S_IRWXU, exist_ok=True)
    return path


def create_private(path: Path, *, append: bool = False) -> BinaryIO:
    """Open a file for writing, 0600: a new one, which must not exist, or with ``append`` one that may."""
    how = os.O_APPEND if append else os.O_EXCL
    return os.fdopen(
        os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | how, 0o600), "ab" if append else "wb"
    )


def create_private_database(path: str) -> None:
    """Make an empty file where SQLite will find its database; the files it makes beside it get the same mode.

    A file that is there is not opened: closing it would drop every lock that this process holds on it, whichever thread and
    connection took it (POSIX advisory locks; sqlite.org/howtocorrupt.html, section 2.2).
    """
    if path and not path.startswith((":memory:", "file:")):
        with contextlib.suppress(FileExistsError):
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))


def open_to_others(folder: Path) -> bool:
    """Return whether others on this machine could look into a folder."""
    return bool(folder.stat().st_mode & OTHERS)
