"""Whoever queues a mail says whether a person sends it, who then can take it back, or why it cannot be taken back."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2] / "pop_campaigns"

# By module and function, each with its reason.
LEAVES_AT_ONCE = {
    "accounts/messages:_queue": "who waits for a link to sign in waits for this mail",
    "incoming/services/receipts:queue_receipt": "answers by itself",
}


def queueing() -> dict[str, bool]:
    """Give every function that queues a mail, and whether it hands on what it belongs to."""
    found = {}
    for path in sorted(ROOT.rglob("*.py")):
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(function, ast.FunctionDef):
                continue
            for call in ast.walk(function):
                if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "queue_mail":
                    name = f"{path.relative_to(ROOT).with_suffix('')}:{function.name}"
                    found[name] = any(keyword.arg == "sending" for keyword in call.keywords)
    return found


def test_every_mail_can_be_taken_back_or_says_why_not() -> None:
    found = queueing()
    assert len(found) > 8
    assert {name for name, undoable in found.items() if not undoable} == set(LEAVES_AT_ONCE)
