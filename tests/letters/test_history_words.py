"""Each action that letters and the archive write has words."""

from __future__ import annotations

import re
from pathlib import Path

from flask import Flask

from pop_campaigns.core.history import History
from pop_campaigns.letters.words.pages import history_words

PACKAGE = Path(__file__).resolve().parents[2] / "pop_campaigns"


def noted_actions() -> set[str]:
    """The actions in the sources, without those put together from a part (``letter.recipient_``…)."""
    sources = [*PACKAGE.glob("letters/**/*.py"), PACKAGE / "archive" / "letters.py"]
    text = "\n".join(path.read_text(encoding="utf-8") for path in sources if path.parent.name != "words")
    return set(re.findall(r"\"(letter\.[a-z_]+)\"", text))


def test_every_action_has_words(app: Flask) -> None:
    actions = noted_actions()
    assert {"letter.recorded", "letter.sent"} <= actions
    with app.test_request_context(headers={"Accept-Language": "en"}):
        fallback = history_words(History(action="letter.nothing_of_ours", details={}), "en")
        wordless = [
            action
            for action in sorted(actions)
            if action != "letter.changed"
            and history_words(History(action=action, details={"kind": "full"}), "en") == fallback
        ]
    assert fallback == "Changed"
    assert not wordless
