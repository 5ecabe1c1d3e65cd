"""What is logged, and what never is: no secret links, no addresses of people, no bodies of mail."""

from __future__ import annotations

import logging
import re
import sys
from typing import Any

import structlog

from pop_campaigns.core.secret_links import secret_path_pattern

# Personal links and our own reply and bounce addresses open or prove something; other addresses are personal data.
_ADDRESS = re.compile(r"[\w.+-]+@([\w-]+(?:\.[\w-]+)+)")


def mask(text: str) -> str:
    """Give text with personal links and e-mail addresses masked; the domain stays, for finding a broken server."""
    # The module re keeps what it compiled.
    links = re.sub(rf"(?i)({secret_path_pattern()})[a-z0-9_.-]{{16,}}", r"\1•••", text)
    return _ADDRESS.sub(r"•@\1", links)


def _mask_event(_logger: Any, _method: str, event: Any) -> Any:
    return {name: mask(value) if isinstance(value, str) else value for name, value in event.items()}


def init_logs(level: str) -> None:
    """Log one line an event to standard error: time, level, what, with what. Tracebacks are plain, without locals."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            _mask_event,
            structlog.processors.LogfmtRenderer(key_order=["timestamp", "level", "event"], drop_missing=True),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(_level(level)),
        # Asked for at each line: tests and servers exchange standard error.
        logger_factory=lambda *_: structlog.PrintLogger(file=sys.stderr),
        cache_logger_on_first_use=False,
    )
    logging.getLogger().addFilter(_MaskingFilter())
    for handler in logging.getLogger().handlers:
        handler.addFilter(_MaskingFilter())


def _level(name: str) -> int:
    return logging.getLevelNamesMapping().get(name.upper(), logging.INFO)


class _MaskingFilter(logging.Filter):
    """Masks what other libraries log through the standard library."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = mask(record.getMessage()), None
        return True
