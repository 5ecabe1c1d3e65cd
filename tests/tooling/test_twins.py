"""A module's second run, on PostgreSQL, waits until a file its SQL depends on has changed since all of it passed."""

from __future__ import annotations

from pathlib import Path

import pytest

from config import ROOT
from tests.plugins.twins import files_behind, packages_imported
from tests.tooling.test_full import run_tests, stamped, summary

pytestmark = pytest.mark.when_changed(
    "tests/plugins/full.py", "tests/plugins/twins.py", "tests/tooling/test_full.py"
)

KEY = "tests/events/test_services.py [postgresql]"
FILES = {
    "requirements.lock": "sqlalchemy\n",
    "migrations/versions/0001_first.py": "",
    "pop_campaigns/core/db.py": "",
    "pop_campaigns/events/services/moving.py": "",
    "pop_campaigns/mail/outbox.py": "",
    "pop_campaigns/letters/services.py": "",
    "pop_campaigns/letters/models.py": "",
    "pop_campaigns/lists/models/lists.py": "",
    "tests/conftest.py": "from tests import factories\n",
    "tests/factories.py": "import pop_campaigns.letters.services\nimport tests.tables\n",
    "tests/tables.py": "",
    "tests/other.py": "",
    "tests/events/conftest.py": "",
    "tests/events/test_services.py": """
import os
import pytest
if "NEVER" in os.environ:
    from pop_campaigns.mail.outbox import queue_mail

@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql_twin)])
@pytest.mark.parametrize("number", range(2))
def test_it(kind, number):
    assert "BROKEN" not in os.environ or kind == "sqlite" or number
    if "SKIPPED" in os.environ:
        pytest.skip("no server")

@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_race(kind): pass
""",
    "pytest.ini": "[pytest]\nmarkers =\n  full\n  when_changed\n  postgresql_twin\n",
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project of which one module has twins: 2 of its 6 tests; 2 more always run on both."""
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("options", [(), ("-p", "xdist", "-n", "2")], ids=["one process", "two processes"])
def test_twins_wait_once_they_passed_in_a_full_run(project: Path, options: tuple[str, ...]) -> None:
    assert summary(run_tests(project, *options)) == "6 passed"
    assert stamped(project) == {}  # not a full run: it says nothing for later
    assert summary(run_tests(project, *options, FULL="1")) == "6 passed"
    assert list(stamped(project)) == [KEY]
    later = run_tests(project, *options, CI="true")
    assert later.returncode == 0, later.stdout
    assert summary(later).startswith("4 passed")
    assert later.stdout.count("left for FULL=1: 2\n") == 1


@pytest.mark.parametrize(
    "changed",
    [
        "tests/events/test_services.py",
        "tests/events/conftest.py",
        "tests/conftest.py",
        "tests/factories.py",  # imported by a conftest
        "tests/tables.py",  # imported by what that imports
        "pop_campaigns/events/services/moving.py",  # what the folder is named after
        "pop_campaigns/events/services/new.py",
        "pop_campaigns/mail/outbox.py",  # imported by the module, if only under a condition
        "pop_campaigns/core/db.py",
        "pop_campaigns/letters/models.py",  # a table of any package
        "pop_campaigns/lists/models/lists.py",
        "migrations/versions/0001_first.py",
        "migrations/versions/0002_second.py",
        "requirements.lock",
    ],
)
def test_a_change_of_what_they_depend_on_runs_them(project: Path, changed: str) -> None:
    run_tests(project, FULL="1")
    with (project / changed).open("a", encoding="utf-8") as file:
        file.write("# changed\n")
    assert summary(run_tests(project)) == "6 passed"


@pytest.mark.parametrize("changed", ["pop_campaigns/letters/services.py", "tests/other.py"])
def test_a_change_elsewhere_does_not(project: Path, changed: str) -> None:
    run_tests(project, FULL="1")
    (project / changed).write_text("# changed\n", encoding="utf-8")
    assert summary(run_tests(project)) == "4 passed, 2 deselected"


def test_a_folder_of_no_package_depends_on_every_one(project: Path) -> None:
    (project / "tests" / "flows").mkdir()
    module = "tests/flows/test_flow.py"
    (project / "tests" / "events" / "test_services.py").rename(project / module)
    behind = {path.relative_to(project).as_posix() for path in files_behind(project, module)}
    assert {name for name in FILES if name.startswith("pop_campaigns/")} <= behind


@pytest.mark.parametrize("trouble", ["BROKEN", "SKIPPED"])
def test_a_module_of_which_one_did_not_pass_is_not_stamped(project: Path, trouble: str) -> None:
    run_tests(project, FULL="1", **{trouble: "1"})
    assert stamped(project) == {}
    run_tests(project, FULL="1")
    assert list(stamped(project)) == [KEY]
    run_tests(project, FULL="1", **{trouble: "1"})  # it passed before, on these very files
    assert stamped(project) == {}


def test_a_part_of_a_module_is_not_taken_for_the_whole(project: Path) -> None:
    one = run_tests(project, "-k", "test_it and postgresql and 0", FULL="1")
    assert summary(one) == "1 passed, 5 deselected"
    assert summary(run_tests(project)) == "6 passed"


def test_twins_alone_are_stamped_by_their_mark(project: Path) -> None:
    assert summary(run_tests(project, "-m", "postgresql_twin", FULL="1")) == "2 passed, 4 deselected"
    assert summary(run_tests(project)) == "4 passed, 2 deselected"


def test_a_module_that_is_gone_is_forgotten(project: Path) -> None:
    run_tests(project, FULL="1")
    (project / "tests" / "events" / "test_services.py").rename(project / "tests" / "events" / "test_moves.py")
    run_tests(project, FULL="1")
    assert list(stamped(project)) == ["tests/events/test_moves.py [postgresql]"]


def test_real_modules_depend_on_what_they_try() -> None:
    """A module of invitations: its package, the outbox it looks into, the scene it shares, and no stranger."""
    behind = {
        path.relative_to(ROOT).as_posix() for path in files_behind(ROOT, "tests/invitations/test_services.py")
    }
    assert {
        "tests/conftest.py",
        "tests/factories.py",
        "tests/tables.py",
        "tests/invitations/scene.py",
        "pop_campaigns/core/locks.py",
        "pop_campaigns/events/models/events.py",
        "pop_campaigns/invitations/services/sending.py",
        "requirements.lock",
    } <= behind
    assert "pop_campaigns/letters/services.py" not in behind
    assert not any(name.startswith("pop_campaigns/privacy/services") for name in behind)
    assert "mail" in set(packages_imported(ROOT / "tests/invitations/test_services.py"))
