"""The blueprint of the desk; its pages add themselves, by noun."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("desk", __name__)
