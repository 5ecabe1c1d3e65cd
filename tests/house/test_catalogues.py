"""Both languages are complete: every text of code and templates, nothing unsure, placeholders intact."""

from __future__ import annotations

import ast
import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]

SOURCE = """
from flask_babel import lazy_pgettext as _lp, ngettext
from flask_babel import gettext as _

title = _("Letters to %(office)s", office="x")
count = ngettext("%(num)d letter", "%(num)d letters", 2)
state = _lp("letter", "sent")
"""
ALBANIAN = """
msgid ""
msgstr ""
"Content-Type: text/plain; charset=utf-8\\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\\n"

msgid "Letters to %(office)s"
msgstr "Shkresa për %(office)s"

msgid "%(num)d letter"
msgid_plural "%(num)d letters"
msgstr[0] "një shkresë"
msgstr[1] "%(num)d shkresa"

msgctxt "letter"
msgid "sent"
msgstr "e dërguar"

msgid "Search"
msgstr "Kërko"
"""


@pytest.fixture(scope="module")
def catalogues() -> ModuleType:
    """deploy/catalogues.py as a module."""
    spec = importlib.util.spec_from_file_location("deploy_catalogues", ROOT / "deploy" / "catalogues.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def project(tmp_path: Path, catalogues: ModuleType) -> Path:
    """A small project with complete catalogues."""
    (tmp_path / "pop_campaigns").mkdir()
    (tmp_path / "pop_campaigns" / "views.py").write_text(SOURCE, encoding="utf-8")
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "list.html").write_text("<h1>{{ _('Search') }}</h1>", encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text(), encoding="utf-8")
    received = tmp_path / "received.po"
    received.write_text(ALBANIAN, encoding="utf-8")
    for language in ("sq", "en"):
        catalogues.update_catalogue(tmp_path, language)
    catalogues.fill_catalogue(tmp_path, "sq", [received])
    return tmp_path


def replace(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_the_catalogues_are_complete(catalogues: ModuleType) -> None:
    faults = list(catalogues.find_faults(ROOT))
    assert not faults, "\n".join(faults)


def test_no_text_hides_behind_another_name(catalogues: ModuleType) -> None:
    unknown = [
        f"{path.relative_to(ROOT)}: {alias.asname or alias.name}"
        for path in sorted((ROOT / "pop_campaigns").rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.module == "flask_babel"
        for alias in node.names
        if "gettext" in alias.name and (alias.asname or alias.name) not in catalogues.KEYWORDS
    ]
    assert not unknown, f"not extracted under this name (deploy/catalogues.py KEYWORDS): {unknown}"


def test_a_complete_project_has_no_faults(catalogues: ModuleType, project: Path) -> None:
    assert list(catalogues.find_faults(project)) == []
    english = catalogues.catalogue_path(project, "en").read_text(encoding="utf-8")
    assert 'msgstr "Letters to %(office)s"' in english
    assert "#: pop_campaigns/views.py\n" in english


def test_a_second_update_changes_nothing(catalogues: ModuleType, project: Path) -> None:
    before = [catalogues.catalogue_path(project, language).read_bytes() for language in ("sq", "en")]
    for language in ("sq", "en"):
        catalogues.update_catalogue(project, language)
    assert [catalogues.catalogue_path(project, language).read_bytes() for language in ("sq", "en")] == before


def test_filling_overwrites_nothing(catalogues: ModuleType, project: Path) -> None:
    replace(project / "received.po", "Kërko", "Gjej")
    catalogues.fill_catalogue(project, "sq", [project / "received.po"])
    assert "Gjej" not in catalogues.catalogue_path(project, "sq").read_text(encoding="utf-8")


def test_new_and_gone_texts_are_noticed(catalogues: ModuleType, project: Path) -> None:
    replace(project / "templates" / "list.html", "'Search'", "'Find'")
    faults = "\n".join(catalogues.find_faults(project))
    assert "sq: not in the catalogue (run `make messages`): 'Find'" in faults
    assert "en: no longer in the code (run `make messages`): 'Search'" in faults


def test_a_context_is_part_of_the_text(catalogues: ModuleType, project: Path) -> None:
    replace(project / "pop_campaigns" / "views.py", '"letter", "sent"', '"event", "sent"')
    faults = "\n".join(catalogues.find_faults(project))
    assert "sq: not in the catalogue (run `make messages`): [event] 'sent'" in faults


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ('msgstr "Kërko"', 'msgstr ""', "not translated"),
        ('msgstr[1] "%(num)d shkresa"', 'msgstr[1] ""', "not translated"),
        ('msgid "Search"', '#, fuzzy\nmsgid "Search"', "marked as unsure"),
        ("Shkresa për %(office)s", "Shkresa për zyrën", "placeholders lost ['office']"),
        ("Shkresa për %(office)s", "Shkresa për %(zyra)s %(office)s", "that the original lacks ['zyra']"),
        ('msgstr[1] "%(num)d shkresa"', 'msgstr[1] "shkresa"', "placeholders lost ['num']"),
        ('msgstr "Kërko"', 'msgstr "Kërko "', "space at an end"),
    ],
)
def test_faults_of_a_translation(
    catalogues: ModuleType, project: Path, old: str, new: str, fault: str
) -> None:
    replace(catalogues.catalogue_path(project, "sq"), old, new)
    faults = list(catalogues.find_faults(project))
    assert len(faults) == 1
    assert fault in faults[0]


def test_unsure_translations_are_not_shown(catalogues: ModuleType, project: Path) -> None:
    path = catalogues.catalogue_path(project, "sq")
    replace(path, 'msgid "Search"', '#, fuzzy\nmsgid "Search"')
    catalogues.compile_catalogue(path)
    compiled = path.with_suffix(".mo").read_bytes()
    assert "e dërguar".encode() in compiled
    assert "Kërko".encode() not in compiled
