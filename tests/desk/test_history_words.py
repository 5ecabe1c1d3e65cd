"""Each action that events and invitations write has words, in both languages' code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask import Flask

from pop_campaigns.desk.words.history import sentence
from pop_campaigns.invitations.words.labels import PROPOSAL_ACTIONS

PACKAGE = Path(__file__).resolve().parents[2] / "pop_campaigns"
TOLD_ELSEWHERE = {"invitation.sent", "invitation.sending_undone"}


def noted_actions() -> set[str]:
    """The actions about events and invitations that services write."""
    packages = ("events", "invitations", "incoming")
    sources = [path for name in packages for path in PACKAGE.glob(f"{name}/**/*.py")]
    text = "\n".join(path.read_text(encoding="utf-8") for path in sources)
    noted = re.findall(r"note(?:_change)?\(\s*\"((?:event|invitation)\.[a-z_]+)\"", text)
    return {*noted, *PROPOSAL_ACTIONS}


def test_every_action_has_words(app: Flask) -> None:
    actions = noted_actions()
    assert len(actions) > 10
    with app.test_request_context(headers={"Accept-Language": "en"}):
        wordless = [
            action for action in sorted(actions - TOLD_ELSEWHERE) if sentence(action, {}, "X")[0] == action
        ]
    assert not wordless


@pytest.mark.parametrize(
    "details",
    [{}, {"number": "many"}, {"answer": "SHRUG"}, {"changed": ["a_field_of_tomorrow"], "material": True}],
)
def test_details_of_another_day_do_no_harm(app: Flask, details: dict[str, object]) -> None:
    with app.test_request_context(headers={"Accept-Language": "en"}):
        for action in noted_actions():
            assert sentence(action, details, "")[0]


def test_what_changed_is_said_once(app: Flask) -> None:
    with app.test_request_context(headers={"Accept-Language": "en"}):
        words, _tone = sentence(
            "event.changed", {"changed": ["day_from", "ends_at", "starts_at", "venue"], "material": True}
        )
    assert words.count("date or hour") == 1
    assert "place" in words
