"""What is logged, and what never is: no secret links, no addresses of people, no bodies of mail.

Filters on a logger see only what is logged through it, and libraries bring loggers, handlers and formats of their own.
So the masking stands where every handler makes its line, whoever made the handler and whenever: ours, Flask's,
Werkzeug's, Gunicorn's (also its access log), Huey's. What Python itself writes to standard error goes the same way.
"""

from __future__ import annotations

import logging
import re
import sys
import threading
import traceback
import warnings
from types import TracebackType
from typing import Any

import structlog

from pop_campaigns.core.secret_links import secret_path_pattern

# Personal links and our own reply and bounce addresses open or prove something; other addresses are personal data.
# They also stand in addresses of pages, where @ is written %40.
_ADDRESS = re.compile(r"[\w.+%-]+?(?:@|%40)([\w-]+(?:\.[\w-]+)+)", re.IGNORECASE)


def mask(text: str) -> str:
    """Return text with personal links and e-mail addresses masked; the domain stays, for finding a broken server."""
    # The module re keeps what it compiled.
    links = re.sub(rf"(?i)({secret_path_pattern()})[a-z0-9_.-]{{16,}}", r"\1•••", text)
    return _ADDRESS.sub(r"•@\1", links)


def init_logs(level: str) -> None:
    """Log one line an event to standard error: time, level, what, with what. Tracebacks are plain, without locals."""
    mask_all_handlers()
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.LogfmtRenderer(key_order=["timestamp", "level", "event"], drop_missing=True),
            _mask_line,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(_level(level)),
        # Asked for at each line: tests and servers exchange standard error.
        logger_factory=lambda *_: structlog.PrintLogger(file=sys.stderr),
        cache_logger_on_first_use=False,
    )


def _level(name: str) -> int:
    return logging.getLevelNamesMapping().get(name.upper(), logging.INFO)


def _mask_line(_logger: Any, _method: str, line: Any) -> str:
    return mask(str(line))


_format_unmasked = logging.Handler.format


def _format_masked(handler: logging.Handler, record: logging.LogRecord) -> str:
    return mask(_format_unmasked(handler, record))


def _report_unlogged(_handler: logging.Handler, record: logging.LogRecord) -> None:
    """Report that a line could not be written. The library's own report repeats its arguments, unmasked."""
    kind = sys.exc_info()[0]
    sys.stderr.write(f"a line of {record.name} could not be logged: {kind.__name__ if kind else 'unknown'}\n")


_format_warning = warnings.formatwarning


def _format_warning_masked(*arguments: Any, **options: Any) -> str:
    return mask(_format_warning(*arguments, **options))


def mask_all_handlers() -> None:
    """Mask every line of every handler of this process, and what Python writes of errors nobody caught; idempotent."""
    logging.Handler.format = _format_masked  # type: ignore[assignment,method-assign]
    logging.Handler.handleError = _report_unlogged  # type: ignore[assignment,method-assign]
    warnings.formatwarning = _format_warning_masked
    sys.excepthook = _write_uncaught
    threading.excepthook = _write_uncaught_in_thread


def _write_uncaught(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None, where: str = ""
) -> None:
    sys.stderr.write(mask(where + "".join(traceback.format_exception(kind, error, trace))))


def _write_uncaught_in_thread(uncaught: threading.ExceptHookArgs) -> None:
    if uncaught.exc_type is SystemExit:
        return
    name = uncaught.thread.name if uncaught.thread else "a thread"
    error = uncaught.exc_value or uncaught.exc_type()
    _write_uncaught(uncaught.exc_type, error, uncaught.exc_traceback, f"Exception in {name}:\n")
