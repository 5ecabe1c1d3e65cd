"""Documents say what is: every one is in README's index, every link leads somewhere, pictures are made from the code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from deploy import data_model

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])


def test_readme_names_every_document() -> None:
    named = set(re.findall(r"\]\(([\w./-]+\.md)\)", (ROOT / "README.md").read_text(encoding="utf-8")))
    assert named == {path.relative_to(ROOT).as_posix() for path in DOCUMENTS if path.name != "README.md"}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(document: Path) -> None:
    links = re.findall(r"\]\((?!https?:|mailto:|#)([^)#\s]+)", document.read_text(encoding="utf-8"))
    assert [link for link in links if not (document.parent / link).exists()] == []


def test_the_data_model_is_the_models() -> None:
    assert data_model.page() == data_model.PAGE.read_text(encoding="utf-8"), "make data-model"


def test_every_table_is_in_the_picture() -> None:
    text = data_model.page()
    assert all(f"    {table} {{" in text for table in ("events", "outgoing_mails", "users_roles"))
