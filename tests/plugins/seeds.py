"""Chance in tests: a failure names the seed with which it happens again.

`chance` gives a test its random numbers; POP_TEST_SEED sets the seed, of hypothesis too, which prints how to repeat a
failure by itself. A full run (FULL=1) tries as many examples as the library means to.
"""

from __future__ import annotations

import os
import random
import secrets

import pytest
from hypothesis import settings

from tests.plugins.full import wanted_in_full

# How long an example takes says how busy the machine is, nothing about the code.
settings.register_profile("house", deadline=None, print_blob=True, max_examples=30)
settings.register_profile("full", deadline=None, print_blob=True, max_examples=100)
settings.load_profile("full" if wanted_in_full() else "house")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    if seed := os.environ.get("POP_TEST_SEED"):
        config.option.hypothesis_seed = seed


@pytest.fixture
def chance(request: pytest.FixtureRequest) -> random.Random:
    """Random numbers of a seed that a failure shows."""
    seed = os.environ.get("POP_TEST_SEED") or str(secrets.randbelow(10**9))
    request.node.add_report_section("setup", "seed", f"POP_TEST_SEED={seed} repeats it")
    return random.Random(seed)
