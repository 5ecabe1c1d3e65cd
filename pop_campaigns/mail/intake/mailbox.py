"""Emptying a mailbox by IMAP (RFC 9051, RFC 3501): fetch, store, and only after the commit move to *Processed*.

No number of a message is remembered beyond the connection in which it was told. What stays in the mailbox is what
is still to do, so a broken connection, a killed worker or a new UIDVALIDITY costs fetching again, and that is
harmless: the same message is one row.
"""

from __future__ import annotations

import contextlib
import re
import ssl
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

import structlog
from imapclient import IMAPClient, SocketTimeout

from pop_campaigns.mail.intake.store import SIZE_LIMIT, Arrival
from pop_campaigns.mail.rules import IncomingWay

PROCESSED = "Processed"
TOO_LARGE = "Too large"
_MOST_AT_A_TIME = 50
_MOST_BYTES = 16 * 1024 * 1024
_IDLE_SECONDS = 20.0
_SECONDS = 60.0
_OWN_MACHINE = ("localhost", "127.0.0.1", "::1")
_HEAD = 64 * 1024
log = structlog.get_logger()

Store = Callable[[Sequence[Arrival]], object]


class MailboxTrouble(Exception):
    """The mailbox cannot be emptied now; the text names neither user nor password."""


@dataclass(frozen=True, slots=True)
class MailboxSettings:
    """Which mailbox, and how to get in."""

    host: str
    port: int
    tls: bool
    username: str
    password: str = field(repr=False)
    folder: str = "INBOX"


def mailbox_settings(config: Mapping[str, Any]) -> MailboxSettings | None:
    """Return the mailbox of the settings, None if there is none."""
    if not config["INBOX_URL"]:
        return None
    parts = urlsplit(config["INBOX_URL"])
    tls = parts.scheme == "imaps"
    return MailboxSettings(
        host=parts.hostname or "",
        port=parts.port or (993 if tls else 143),
        tls=tls,
        username=unquote(parts.username or ""),
        password=unquote(parts.password or "") or config["INBOX_PASSWORD"],
        folder=unquote(parts.path.strip("/")) or "INBOX",
    )


class Mailbox:
    """One mailbox over many connections. ``trouble`` counts, by UIDVALIDITY and UID, how often fetching one failed.

    What failed is fetched last and by itself, so that one message on which a server chokes keeps no other back.
    """

    def __init__(self, settings: MailboxSettings) -> None:
        self.settings = settings
        self.trouble: Counter[tuple[int, int]] = Counter()
        self._in_hand: list[tuple[int, int]] = []

    @contextlib.contextmanager
    def open(self) -> Iterator[OpenMailbox]:
        """Connect, sign in, select the folder. Raise :class:`MailboxTrouble` for whatever the server does."""
        try:
            with self._connect() as client:
                self._sign_in(client)
                yield OpenMailbox(self, client)
        except (OSError, IMAPClient.Error, ValueError, AssertionError, LookupError) as problem:
            # The library answers nonsense from a server with whichever error it runs into.
            self.trouble.update(self._in_hand)
            raise MailboxTrouble(self._words(problem)) from None
        finally:
            self._in_hand = []

    def _connect(self) -> IMAPClient:
        settings = self.settings
        context = ssl.create_default_context()
        client = IMAPClient(
            settings.host,
            settings.port,
            ssl=settings.tls,
            ssl_context=context,
            timeout=SocketTimeout(_SECONDS, _SECONDS),
        )
        if not settings.tls and settings.host not in _OWN_MACHINE:
            client.starttls(context)  # raises where it is not offered: no password in the clear
        return client

    def _sign_in(self, client: IMAPClient) -> None:
        name, password = self.settings.username, self.settings.password
        if client.has_capability("AUTH=PLAIN"):
            # LOGIN knows no letters beyond ASCII, and Albanian passwords have them.
            client.sasl_login("PLAIN", lambda _: f"\0{name}\0{password}".encode())
        else:
            client.login(name, password)

    def _words(self, problem: Exception) -> str:
        text = f"{type(problem).__name__}: {problem}"
        for secret in (self.settings.password, self.settings.username):
            text = text.replace(secret, "•••") if secret else text
        return " ".join(text.split())[:300]

    def in_hand(self, keys: Sequence[tuple[int, int]]) -> None:
        """Note which messages are just being fetched: if the connection breaks, one of them may be why."""
        self._in_hand = list(keys)


class OpenMailbox:
    """A mailbox while the connection lasts."""

    def __init__(self, mailbox: Mailbox, client: IMAPClient) -> None:
        self._mailbox = mailbox
        self._client = client
        selected = client.select_folder(mailbox.settings.folder)
        self._validity = int(selected.get(b"UIDVALIDITY", 0))
        self._done: set[int] = set()
        self._folders: dict[str, str] = {}

    def count(self) -> int:
        """Return how many messages wait."""
        return len(self._waiting())

    def _waiting(self) -> list[int]:
        return [uid for uid in self._client.search(["NOT", "DELETED"]) if uid not in self._done]

    def take_all(self, store: Store, should_stop: Callable[[], bool] = lambda: False) -> int:
        """Store and move all that is there, and what comes meanwhile; return how many."""
        taken = 0
        while not should_stop():
            waiting = self._waiting()
            if not waiting:
                break
            for portion in self._in_portions(waiting):
                if should_stop():
                    break
                taken += self._take(portion, store)
        return taken

    def wait(self, seconds: float, should_stop: Callable[[], bool]) -> None:
        """Wait until the server tells of something new, at the latest after so many ``seconds``."""
        if not self._client.has_capability("IDLE"):
            for _ in range(max(1, int(seconds / 0.5))):
                if should_stop():
                    return
                time.sleep(0.5)
            self._client.noop()
            return
        if self._came_meanwhile():
            return
        end = time.monotonic() + seconds
        while time.monotonic() < end and not should_stop():
            if self._idle(min(_IDLE_SECONDS, end - time.monotonic()), should_stop):
                return

    def _idle(self, seconds: float, should_stop: Callable[[], bool]) -> bool:
        """Listen for so long; return whether the server said anything.

        What came together with the server's consent to IDLE lies in the library's buffer, where its look at the
        socket does not see it; the end of IDLE hands it over. So one never listens for long at a time.
        """
        self._client.idle()
        news: list[Any] = []
        end = time.monotonic() + seconds
        while not news and not should_stop() and time.monotonic() < end:
            began = time.monotonic()
            news = self._client.idle_check(timeout=0.5)
            if not news and time.monotonic() - began < 0.25:
                raise OSError("the server hung up")  # which the library does not tell
        _consent, buffered = self._client.idle_done()
        return bool(news or buffered)

    def _came_meanwhile(self) -> bool:
        """Return whether a message came since the last look, leaving the server nothing to tell but what comes from now on.

        A server tells of a message once, and may do so in its answer to the very search that missed it; then IDLE
        would wait in vain. Selecting the folder anew starts its telling afresh.
        """
        known = len(self._client.search(["ALL"]))
        selected = self._client.select_folder(self._mailbox.settings.folder)
        validity = int(selected.get(b"UIDVALIDITY", 0))
        if validity != self._validity:
            self._validity, self._done = validity, set()
            return True
        return int(selected.get(b"EXISTS", 0)) > known

    def _in_portions(self, uids: Sequence[int]) -> Iterator[list[int]]:
        """Return portions of a bearable size; those that made trouble come last, each alone."""
        sizes = {uid: int(data[b"RFC822.SIZE"]) for uid, data in self._sizes(uids).items()}
        self._done |= set(uids) - set(sizes)  # gone meanwhile
        portion: list[int] = []
        for uid in sorted(sizes, key=lambda uid: (self._trouble(uid), uid)):
            if sizes[uid] > SIZE_LIMIT:
                log.warning("a message in the mailbox is too large and is put aside", size=sizes[uid])
                self._move([uid], TOO_LARGE)
                continue
            full = sum(sizes[other] for other in portion) + sizes[uid] > _MOST_BYTES
            if portion and (full or len(portion) == _MOST_AT_A_TIME or self._trouble(uid)):
                yield portion
                portion = []
            portion.append(uid)
        if portion:
            yield portion

    def _sizes(self, uids: Sequence[int]) -> dict[int, dict[bytes, Any]]:
        sizes: dict[int, dict[bytes, Any]] = {}
        for start in range(0, len(uids), 500):
            answer = self._client.fetch(uids[start : start + 500], ["RFC822.SIZE"])
            sizes |= {uid: data for uid, data in answer.items() if b"RFC822.SIZE" in data}
        return sizes

    def _trouble(self, uid: int) -> int:
        return self._mailbox.trouble[(self._validity, uid)]

    def _take(self, uids: list[int], store: Store) -> int:
        self._mailbox.in_hand([(self._validity, uid) for uid in uids])
        answer = self._client.fetch(uids, ["BODY.PEEK[]"])
        self._mailbox.in_hand([])
        fetched = {uid: answer[uid][b"BODY[]"] for uid in uids if b"BODY[]" in answer.get(uid, {})}
        fetched = {uid: raw for uid, raw in fetched.items() if raw}
        self._done |= set(uids) - set(fetched)  # gone meanwhile, or empty
        if fetched:
            store([arrival_of(raw) for raw in fetched.values()])
            self._move(list(fetched), PROCESSED)
        return len(fetched)

    def _move(self, uids: list[int], name: str) -> None:
        client, folder = self._client, self._folder(name)
        if client.has_capability("MOVE"):
            client.move(uids, folder)
        else:
            client.copy(uids, folder)
            client.delete_messages(uids, silent=True)
            if client.has_capability("UIDPLUS"):
                # Without it they only stay marked: EXPUNGE would also remove what somebody else marked.
                client.uid_expunge(uids)
        # A server that says yes and moves nothing is not asked for ever.
        self._done |= set(uids)

    def _folder(self, name: str) -> str:
        """Return the folder's name on this server, made if need be; some want all of them under INBOX."""
        if name not in self._folders:
            prefix = ""
            if self._client.has_capability("NAMESPACE"):
                personal = self._client.namespace().personal
                prefix = personal[0][0] if personal else ""
            full = f"{prefix}{name}"
            if not self._client.folder_exists(full):
                self._client.create_folder(full)
            self._folders[name] = full
        return self._folders[name]


def arrival_of(raw: bytes) -> Arrival:
    """Return a message as it lay in a mailbox, with the envelope as the server wrote it on top, as far as it did.

    Only the first of each line counts: those further down came with the message and may be anybody's.
    """
    head = re.split(rb"\r?\n\r?\n", raw[:_HEAD], maxsplit=1)[0]
    to = _first(head, rb"x-original-to|delivered-to|envelope-to")
    return Arrival(raw, _first(head, rb"return-path"), to, IncomingWay.IMAP)


def _first(head: bytes, names: bytes) -> str:
    match = re.search(rb"^(?:" + names + rb"):[ \t]*([^\r\n]*)", head, re.IGNORECASE | re.MULTILINE)
    return match[1].decode("utf-8", "replace").strip() if match else ""
