"""What tests over all of the service share."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from flask import Flask

from tests.house.world import make_world


@pytest.fixture
def world(app: Flask, cast: SimpleNamespace) -> SimpleNamespace:
    """One record of every kind, all Fier's, so that every address leads somewhere."""
    return make_world(cast)
