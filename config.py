"""Settings of the service, read from the environment (``POP_…``), each with its meaning.

Nothing of ours is imported here, so that every tool may read the settings. The table in
``docs/settings.md`` is kept equal to :data:`SETTINGS` by a test.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import SplitResult, urlsplit

import click
from flask import Config
from flask.cli import run_command
from flask.helpers import get_debug_flag

ROOT = Path(__file__).resolve().parent
MINIMUM_KEY_BYTES = 32
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
MOST_HOPS = 8
LONGEST_UNDO = 300
"""Proxies one behind the other; each more lets whoever writes to us claim one more address."""


class SettingsError(RuntimeError):
    """The settings do not hold together; the text says what to change, one sentence a problem."""


@dataclass(frozen=True)
class Setting:
    """One setting: its name without ``POP_``, its default, what it means."""

    name: str
    default: Any
    meaning: str


SETTINGS: tuple[Setting, ...] = (
    Setting(
        "MODE",
        "tryout",
        "`tryout` (answers on this machine only, keeps a key of its own), `production` or `test`.",
    ),
    Setting("DATA_DIR", "instance", "Folder of the database, the queue, files and local mail."),
    Setting(
        "BASE_URL",
        "http://127.0.0.1:8000",
        "Address under which people reach the service; links in mail start with it. Production: https.",
    ),
    Setting(
        "SECRET_KEY",
        "",
        "At least 32 random characters; signs sessions and links. Production must set it; try-out keeps one in the data folder.",
    ),
    Setting(
        "SQLALCHEMY_DATABASE_URI",
        "",
        "Database: empty means SQLite in the data folder; `postgresql+psycopg://…` for growth.",
    ),
    Setting(
        "DATABASE_WAIT",
        15,
        "Seconds to wait for a row or table that somebody else is writing, before saying that it cannot be done now.",
    ),
    Setting(
        "HUEY_URL", "", "Queue: empty means SQLite in the data folder; `redis://…` for several machines."
    ),
    Setting(
        "RATELIMIT_STORAGE_URI",
        "memory://",
        "Where rate limits are counted; `redis://…` for several processes. A lost Redis falls back to memory.",
    ),
    Setting("MAIL_SERVER", "127.0.0.1", "SMTP server that takes our mail."),
    Setting("MAIL_PORT", 8025, "Its port."),
    Setting("MAIL_USERNAME", "", "Name for the SMTP server, if it asks for one."),
    Setting("MAIL_PASSWORD", "", "Password for the SMTP server."),
    Setting("MAIL_USE_TLS", False, "STARTTLS with the SMTP server."),
    Setting("MAIL_USE_SSL", False, "TLS from the first byte with the SMTP server."),
    Setting("MAIL_TIMEOUT", 30, "Seconds to wait for the SMTP server."),
    Setting(
        "MAIL_FILES_LIMIT",
        7,
        "Megabytes of files that go in one mail, together; what is over goes as a link. Most servers refuse mails above 10, and files grow by a third on the way.",
    ),
    Setting(
        "UNDO_SECONDS",
        30,
        "Seconds for which a person can take back what they sent: the mails leave only then. 0 sends at once; at most 300.",
    ),
    Setting(
        "MAIL_DOMAIN",
        "pop.example",
        "Domain of our own addresses: replies, bounces, Message-IDs. Its mail must reach this service.",
    ),
    Setting(
        "MAIL_LOCAL",
        False,
        "The SMTP server is the embedded one of `make run`: nothing leaves the machine, and the pages say so.",
    ),
    Setting(
        "MAIL_KEEP_FOLDER", "", "Folder of the embedded mail server; empty means `mail` in the data folder."
    ),
    Setting(
        "DKIM_KEY_FILE", "", "Private key (PEM) to sign mail with; empty leaves signing to the mail server."
    ),
    Setting("DKIM_SELECTOR", "pop", "DKIM selector of that key."),
    Setting(
        "INBOX_LISTEN",
        "lmtp://127.0.0.1:2424",
        "Where `flask --app wsgi mail listen` takes mail from the mail server: `lmtp://…` or `smtp://…` with a port.",
    ),
    Setting(
        "INBOX_URL",
        "",
        "Mailbox the worker empties: `imaps://user@host/INBOX`; a user name with an @ is written `name%40domain`.",
    ),
    Setting("INBOX_PASSWORD", "", "Password for that mailbox, where it is not in its address. Never logged."),
    Setting(
        "INBOX_EVERY", 60, "Seconds between looks at the mailbox; most servers tell of new mail at once."
    ),
    Setting(
        "RECEIPTS",
        True,
        "Tell who writes to an invitation or a letter, once a day, that the message reached us.",
    ),
    Setting(
        "INBOX_READS",
        False,
        "Mail to our domain reaches this service, by whichever way: invitations then say that a reply or a press in the calendar counts. True by itself with POP_INBOX_URL and in `make run`.",
    ),
    Setting(
        "AUTHSERV_ID",
        "",
        "Name under which the mail server in front writes its checks of senders (`Authentication-Results`); only that server's topmost header is believed. Empty believes none.",
    ),
    Setting("PROXY_HOPS", 0, "Number of trusted reverse proxies in front of the service."),
    Setting(
        "RETENTION_ANSWERS_DAYS", 30, "Days after an event until the answers of citizens are made anonymous."
    ),
    Setting(
        "RETENTION_MAILS_DAYS",
        365,
        "Days after which the words of a sent mail are deleted; letters stay.",
    ),
    Setting(
        "RETENTION_PROOFS_DAYS", 1095, "Days after a withdrawal until the proof of the consent is deleted."
    ),
    Setting(
        "RETENTION_IMPORTS_DAYS",
        30,
        "Days after an import until its rows are deleted and it can no longer be taken back.",
    ),
    Setting(
        "SESSION_REST_HOURS",
        336,
        "Hours without a request after which a person has to log in again.",
    ),
    Setting(
        "SESSION_LONGEST_DAYS",
        90,
        "Days after which a person has to log in again, however busy they were.",
    ),
    Setting("LOG_LEVEL", "INFO", "Least level that is logged."),
)
DEFAULTS: Mapping[str, Any] = MappingProxyType({setting.name: setting.default for setting in SETTINGS})


def read_settings(overrides: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Give all settings: defaults, then ``POP_…`` of the environment, then ``overrides``; completed and checked.

    :raises SettingsError: naming every problem at once.
    """
    config = Config(str(ROOT), dict(DEFAULTS))
    config.from_prefixed_env("POP")
    config.update(overrides or {})
    values = {name: config[name] for name in DEFAULTS}
    extra = {name: value for name, value in (overrides or {}).items() if name not in DEFAULTS}
    problems = _wrong_types(values)
    if problems:
        raise SettingsError(" ".join(problems))
    completed = _complete(values) | extra
    switches = {name: config[name] for name in _SWITCHES if name in config}
    problems = _unsafe_in_production(switches | completed) if completed["MODE"] == "production" else []
    if problems:
        raise SettingsError(" ".join(problems))
    return completed


def _wrong_types(values: Mapping[str, Any]) -> list[str]:
    problems = []
    for setting in SETTINGS:
        value, wanted = values[setting.name], type(setting.default)
        if wanted is str and isinstance(value, (int, float)) and not isinstance(value, bool):
            continue  # a password of digits arrives as a number
        if not isinstance(value, wanted) or (wanted is int and isinstance(value, bool)):
            # What may hold a password is not repeated.
            said = "" if setting.name.endswith(("_PASSWORD", "_KEY", "_URL")) else f", not {value!r}"
            problems.append(f"POP_{setting.name} must be {_type_words(wanted)}{said}.")
    problems += [
        f"POP_{name} must be at least 1."
        for name, value in values.items()
        if name.startswith(("RETENTION_", "DATABASE_WAIT", "SESSION_"))
        and isinstance(value, int)
        and value < 1
    ]
    seconds = values["UNDO_SECONDS"]
    if isinstance(seconds, int) and not 0 <= seconds <= LONGEST_UNDO:
        problems.append(f"POP_UNDO_SECONDS must be from 0 to {LONGEST_UNDO}.")
    if values["MODE"] not in ("tryout", "production", "test"):
        problems.append("POP_MODE must be tryout, production or test.")
    if str(values["LOG_LEVEL"]).upper() not in LOG_LEVELS:
        problems.append(f"POP_LOG_LEVEL must be one of {', '.join(LOG_LEVELS)}.")
    hops = values["PROXY_HOPS"]
    if isinstance(hops, int) and not 0 <= hops <= MOST_HOPS:
        problems.append(f"POP_PROXY_HOPS must be from 0 to {MOST_HOPS}: the number of proxies in front.")
    address = urlsplit(str(values["BASE_URL"]))
    if address.scheme not in ("http", "https") or not address.hostname:
        problems.append("POP_BASE_URL must be an address like https://pop.example.")
    return problems + _wrong_inbox(values)


def _wrong_inbox(values: Mapping[str, Any]) -> list[str]:
    problems = []
    listen, mailbox = _parts(values["INBOX_LISTEN"]), _parts(values["INBOX_URL"])
    if listen is None or listen.scheme not in ("lmtp", "smtp") or not (listen.hostname and listen.port):
        problems.append("POP_INBOX_LISTEN must be an address like lmtp://127.0.0.1:2424.")
    if values["INBOX_URL"] and (
        mailbox is None
        or mailbox.scheme not in ("imap", "imaps")
        or not (mailbox.hostname and mailbox.username)
    ):
        problems.append("POP_INBOX_URL must be an address like imaps://user@host/INBOX.")
    if isinstance(values["INBOX_EVERY"], int) and values["INBOX_EVERY"] < 1:
        problems.append("POP_INBOX_EVERY must be at least 1.")
    return problems


def _parts(url: object) -> SplitResult | None:
    """Give the parts of an address; None for one that has no parts, as with a port of letters."""
    try:
        parts = urlsplit(str(url))
        return parts if parts.port is None or parts.port > 0 else None
    except ValueError:
        return None


def _type_words(wanted: type) -> str:
    return {str: "text", int: "a whole number", bool: "true or false"}[wanted]


def _complete(values: Mapping[str, Any]) -> dict[str, Any]:
    """Fill what follows from other settings: paths, database addresses, hosts, the try-out key."""
    done = {name: str(value) if isinstance(DEFAULTS[name], str) else value for name, value in values.items()}
    folder = Path(done["DATA_DIR"]).expanduser()
    folder = folder if folder.is_absolute() else ROOT / folder
    done["DATA_DIR"] = str(folder)
    done["LOG_LEVEL"] = done["LOG_LEVEL"].upper()
    done["BASE_URL"] = done["BASE_URL"].rstrip("/")
    done["SQLALCHEMY_DATABASE_URI"] = done["SQLALCHEMY_DATABASE_URI"] or f"sqlite:///{folder / 'pop.sqlite3'}"
    done["HUEY_URL"] = done["HUEY_URL"] or f"sqlite:///{folder / 'queue.sqlite3'}"
    # A mailbox that is emptied is read; of a listener or a pipe only who set it up can tell whether mail is led there.
    done["INBOX_READS"] = done["INBOX_READS"] or bool(done["INBOX_URL"])
    done["MAIL_KEEP_FOLDER"] = done["MAIL_KEEP_FOLDER"] or str(folder / "mail")
    host = urlsplit(done["BASE_URL"]).hostname or ""
    own_machine = ["127.0.0.1", "localhost", "[::1]"]
    # A try-out that was put on the internet by mistake answers nobody there.
    done["TRUSTED_HOSTS"] = own_machine if done["MODE"] == "tryout" else [host, *own_machine]
    if not done["SECRET_KEY"] and done["MODE"] != "production":
        done["SECRET_KEY"] = _kept_key(folder)
    return done


def _kept_key(folder: Path) -> str:
    """Give the key kept in the data folder, made on first use, readable by its owner only."""
    path = folder / "secret.key"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not path.exists():
            fresh = path.with_suffix(f".{secrets.token_hex(4)}")
            fresh.touch(mode=0o600)
            fresh.write_text(secrets.token_urlsafe(48), encoding="ascii")
            try:
                path.hardlink_to(fresh)  # the first of two processes wins, both read the same key
            except FileExistsError:
                pass
            finally:
                fresh.unlink()
        return path.read_text(encoding="ascii").strip()
    except OSError as error:
        raise SettingsError(f"The data folder {folder} cannot be written: {error.strerror}.") from error


@dataclass(frozen=True)
class Refusal:
    """One reason not to start in production: which setting, when it is unsafe (given all settings), what is said."""

    setting: str
    unsafe: Callable[[Mapping[str, Any]], Any]
    words: str


def _is_on(name: str) -> Callable[[Mapping[str, Any]], Any]:
    return lambda values: values.get(name)


def _is_off(name: str) -> Callable[[Mapping[str, Any]], Any]:
    return lambda values: values.get(name) is not None and not values[name]


def _key_is_short(values: Mapping[str, Any]) -> bool:
    return len(values["SECRET_KEY"].encode()) < MINIMUM_KEY_BYTES


def _key_is_simple(values: Mapping[str, Any]) -> bool:
    return not _key_is_short(values) and len(set(values["SECRET_KEY"])) < 10


def _uses_flask_run(_values: Mapping[str, Any]) -> bool:
    """Whether `flask run` asks; with --debugger its pages hand out a Python console, before our code sees a request."""
    context = click.get_current_context(silent=True)
    return context is not None and context.command is run_command


_SHOWS_INNARDS = "must be off in production: errors would show the code and what it holds"
REFUSALS: tuple[Refusal, ...] = (
    Refusal(
        "POP_SECRET_KEY",
        _key_is_short,
        "POP_SECRET_KEY must be set to at least 32 random characters in production.",
    ),
    Refusal("POP_SECRET_KEY", _key_is_simple, "POP_SECRET_KEY is too simple: it must be random."),
    Refusal(
        "POP_BASE_URL",
        lambda values: not values["BASE_URL"].startswith("https://"),
        "POP_BASE_URL must start with https:// in production.",
    ),
    Refusal(
        "POP_MAIL_LOCAL",
        _is_on("MAIL_LOCAL"),
        "POP_MAIL_LOCAL is for trying out only; production needs a real SMTP server.",
    ),
    Refusal(
        "POP_MAIL_DOMAIN",
        lambda values: values["MAIL_DOMAIN"].endswith(".example"),
        "POP_MAIL_DOMAIN must be set to a domain whose mail reaches this service in production.",
    ),
    Refusal(
        "POP_LOG_LEVEL",
        lambda values: values["LOG_LEVEL"].upper() in ("DEBUG", "NOTSET"),
        "POP_LOG_LEVEL must be INFO or above in production: below it libraries log what people write.",
    ),
    Refusal("FLASK_DEBUG", _is_on("FLASK_DEBUG"), f"FLASK_DEBUG (and flask --debug) {_SHOWS_INNARDS}."),
    Refusal("POP_DEBUG", _is_on("DEBUG"), f"POP_DEBUG {_SHOWS_INNARDS}."),
    Refusal("POP_TESTING", _is_on("TESTING"), f"POP_TESTING {_SHOWS_INNARDS}."),
    Refusal(
        "POP_PROPAGATE_EXCEPTIONS",
        _is_on("PROPAGATE_EXCEPTIONS"),
        f"POP_PROPAGATE_EXCEPTIONS {_SHOWS_INNARDS}.",
    ),
    Refusal(
        "POP_TRAP_HTTP_EXCEPTIONS",
        _is_on("TRAP_HTTP_EXCEPTIONS"),
        f"POP_TRAP_HTTP_EXCEPTIONS {_SHOWS_INNARDS}.",
    ),
    Refusal(
        "POP_TRAP_BAD_REQUEST_ERRORS",
        _is_on("TRAP_BAD_REQUEST_ERRORS"),
        f"POP_TRAP_BAD_REQUEST_ERRORS {_SHOWS_INNARDS}.",
    ),
    Refusal(
        "POP_SQLALCHEMY_ECHO",
        _is_on("SQLALCHEMY_ECHO"),
        "POP_SQLALCHEMY_ECHO must be off in production: the log would hold all that is read and written.",
    ),
    Refusal(
        "POP_WTF_CSRF_ENABLED",
        _is_off("WTF_CSRF_ENABLED"),
        "POP_WTF_CSRF_ENABLED must stay on in production: other pages could act for whoever is signed in.",
    ),
    Refusal(
        "POP_RATELIMIT_ENABLED",
        _is_off("RATELIMIT_ENABLED"),
        "POP_RATELIMIT_ENABLED must stay on in production: passwords could be guessed without end.",
    ),
    Refusal(
        "flask run",
        _uses_flask_run,
        "flask run is for trying out, and has a debugger; start `gunicorn wsgi:app` in production.",
    ),
)
# What is no setting of ours but would be taken from the environment or from whoever starts the service.
_SWITCHES = tuple(
    one.setting.removeprefix("POP_") for one in REFUSALS if one.setting.removeprefix("POP_") not in DEFAULTS
)


def _unsafe_in_production(values: Mapping[str, Any]) -> list[str]:
    given = {"FLASK_DEBUG": get_debug_flag()} | dict(values)
    return [refusal.words for refusal in REFUSALS if refusal.unsafe(given)]
