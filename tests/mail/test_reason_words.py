"""Reasons of what came in are said in the reader's language, whatever reads mail may say."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from flask import Flask

from pop_campaigns.core.i18n import speaking
from pop_campaigns.mail.reading.mails import read_mail
from pop_campaigns.mail.words.reasons import reason_words
from tests.mail.own.sets import every_own

PACKAGE = Path(__file__).resolve().parents[2] / "pop_campaigns"


@pytest.mark.parametrize(
    ("reason", "sq"),
    [
        ("the mail is empty", "mesazhi është bosh"),
        ("larger than 25 MiB", "më i madh se 25 MiB"),
        ("Auto-Submitted: auto-replied", "në kreun e tij shkruhet “Auto-Submitted: auto-replied”"),
        (
            "a calendar part that cannot be read: more than 200 components",
            "një pjesë kalendari që nuk lexohet: më shumë se 200 përbërës",
        ),
        (
            "a delivery report (RFC 3464) says failed 5.1.1",
            "një raport dorëzimi (RFC 3464) thotë se dorëzimi dështoi: 5.1.1",
        ),
        ("the sender is a mail system (%(x)s {0})", "dërguesi është një sistem poste (%(x)s {0})"),
        ("something nobody has thought of", "something nobody has thought of"),
    ],
)
def test_a_reason_in_albanian(app: Flask, reason: str, sq: str) -> None:
    with app.test_request_context(), speaking("sq"):
        assert reason_words(reason) == sq
    if not reason.startswith("Auto-Submitted"):
        with app.test_request_context(), speaking("en"):
            assert reason_words(reason) == reason


@pytest.mark.filterwarnings("ignore::icalendar.error.GloballyUniqueTZIDGuessed")
def test_every_reason_of_our_own_mails_is_known(app: Flask) -> None:
    said = {reason for _name, raw in every_own()[::3] for reason in read_mail(raw).reasons}
    assert len(said) >= 20
    assert unknown_among(app, said) == []


def test_every_reason_in_the_code_is_known(app: Flask) -> None:
    """What is raised as a reason stands in the list, or its reader meets English."""
    raising = {"TooMuch", "UnreadableCalendar", "unparsed", "Opened"}
    said: set[str] = set()
    for path in [*(PACKAGE / "mail/reading").glob("*.py"), PACKAGE / "calendars/reply.py"]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in raising:
                values = [*node.args, *(one.value for one in node.keywords)]
                said |= set(filter(None, map(spoken, values)))
    assert len(said) >= 20
    assert unknown_among(app, said) == []


def unknown_among(app: Flask, reasons: set[str]) -> list[str]:
    """Those that an Albanian page would say in English."""
    with app.test_request_context(), speaking("sq"):
        return [reason for reason in reasons if reason_words(reason) == reason]


def spoken(node: ast.expr) -> str:
    """A text of the code, its values as 1; "" for what is none."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(spoken(part) or "1" for part in node.values)
    return ""
