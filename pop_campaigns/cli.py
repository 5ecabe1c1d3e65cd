"""Commands: ``flask --app wsgi …``."""

from __future__ import annotations

from flask import Flask


def init_commands(app: Flask) -> None:
    """Attach our commands to the application."""
