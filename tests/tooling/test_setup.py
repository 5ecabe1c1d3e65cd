"""`make setup` works from nothing, repairs what was cut off, refuses in one sentence; no downloads."""

from __future__ import annotations

import base64
import errno
import hashlib
import importlib.util
import os
import shutil
import socket
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]
# Minutes of environments made and broken; they say nothing new while what makes them is the same.
makes_environments = pytest.mark.when_changed("deploy/setup.sh", "deploy/setup.py", "Makefile")
OLD_PYTHON = "#!/bin/sh\nexit 1\n"  # answers no to "are you 3.11 or newer?"


@pytest.fixture
def setup(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """deploy/setup.py as a module."""
    monkeypatch.delenv("PYTHON", raising=False)
    spec = importlib.util.spec_from_file_location("deploy_setup", ROOT / "deploy" / "setup.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project whose lock files name one small package, in a folder with a space and Albanian letters."""
    folder = tmp_path / "rrjeti i përballjes"
    shutil.copytree(ROOT / "deploy", folder / "deploy", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "Makefile", folder)
    wheels = folder / "wheels"
    wheels.mkdir()
    wheel = make_wheel(wheels, "perballje", "1.0")
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    for lock in ("requirements.lock", "requirements-dev.lock"):
        (folder / lock).write_text(f"perballje==1.0 --hash=sha256:{digest}\n", encoding="utf-8")
    return folder


def make_wheel(folder: Path, name: str, version: str) -> Path:
    """A package with one module that says its version."""
    path = folder / f"{name}-{version}-py3-none-any.whl"
    info = f"{name}-{version}.dist-info"
    files = {
        f"{name}.py": f"version = {version!r}\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = ""
    with zipfile.ZipFile(path, "w") as archive:
        for member, text in files.items():
            archive.writestr(member, text)
            digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
            record += f"{member},sha256={digest},{len(text)}\n"
        archive.writestr(f"{info}/RECORD", f"{record}{info}/RECORD,,\n")
    return path


def run_setup(project: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    """Runs `make setup` with the project's own wheels as the only registry."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PIP_", "MAKE", "PYTHON"))}
    environment |= {
        "PYTHON": sys.executable,
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": (project / "wheels").as_uri(),
        **settings,
    }
    command = ["make", "--no-print-directory", "setup"]
    return subprocess.run(
        command, cwd=project, env=environment, capture_output=True, text=True, timeout=120, check=False
    )


def installed_version(project: Path) -> str:
    python = project / ".venv" / "bin" / "python"
    command = [str(python), "-c", "import perballje; print(perballje.version)"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def refusal(run: subprocess.CompletedProcess[str]) -> str:
    """The one sentence of a refusal."""
    assert run.returncode != 0
    lines = [line for line in run.stderr.splitlines() if not line.startswith("make: ***")]
    assert len(lines) == 1, run.stderr
    assert lines[0].startswith("make setup: ")
    assert lines[0].endswith(".")
    return lines[0]


@makes_environments
def test_from_nothing_to_ready_and_back_after_a_cut(project: Path) -> None:
    first = run_setup(project)
    assert first.returncode == 0, first.stderr
    assert installed_version(project) == "1.0"
    assert first.stderr == ""
    assert [line.split()[0] for line in first.stdout.splitlines()] == ["Making", "Ready"]

    again = run_setup(project, PIP_FIND_LINKS="file:///nowhere")
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")

    # Power went while a package was being unpacked: pip would take the rest for the whole.
    site = next((project / ".venv" / "lib").glob("python3*/site-packages"))
    (site / "perballje.py").unlink()
    (project / ".venv" / ".unfinished").touch()
    repaired = run_setup(project)
    assert repaired.returncode == 0, repaired.stderr
    assert installed_version(project) == "1.0"

    newer = make_wheel(project / "wheels", "perballje", "1.1")
    digest = hashlib.sha256(newer.read_bytes()).hexdigest()
    (project / "requirements.lock").write_text(f"perballje==1.1 --hash=sha256:{digest}\n", encoding="utf-8")
    changed = run_setup(project)
    assert "in line with requirements.lock" in changed.stdout
    assert installed_version(project) == "1.1"

    (project / "requirements.lock").write_text(f"perballje==1.0 --hash=sha256:{'0' * 64}\n", encoding="utf-8")
    assert "a downloaded file is not the one the lock file names" in refusal(run_setup(project))
    assert (project / ".venv" / ".unfinished").exists()


@makes_environments
def test_a_registry_that_is_out_of_reach(project: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", str(project / ".venv")], check=True)
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # bound but not listening: connections are refused
        registry = f"http://127.0.0.1:{closed.getsockname()[1]}/simple"
        # pip takes an empty value for "not set".
        run = run_setup(project, PIP_INDEX_URL=registry, PIP_NO_INDEX="", PIP_FIND_LINKS="")
    assert "the package registry cannot be reached" in refusal(run)


@makes_environments
def test_a_python_without_the_venv_module(project: Path, tmp_path: Path) -> None:
    hidden = tmp_path / "hidden"
    hidden.mkdir()
    (hidden / "sitecustomize.py").write_text(
        "import importlib.machinery as m\n"
        "find = m.PathFinder.find_spec\n"
        "m.PathFinder.find_spec = lambda name, *rest: None if name == 'ensurepip' else find(name, *rest)\n",
        encoding="utf-8",
    )
    bare = executable(
        tmp_path / "bin" / "python3", f'#!/bin/sh\nPYTHONPATH="{hidden}" exec {sys.executable} "$@"\n'
    )
    sentence = refusal(run_setup(project, PYTHON=str(bare)))
    assert f"apt install python3.{sys.version_info.minor}-venv" in sentence
    assert not (project / ".venv").exists()
    # Found on the PATH it is passed over for one that can, and named only where there is no other.
    path = f"{bare.parent}:{tools_only(tmp_path)}"
    assert "cannot make virtual environments" in refusal(run_setup(project, PYTHON="", PATH=path))


@makes_environments
def test_no_python_that_is_new_enough(project: Path, tmp_path: Path) -> None:
    old = executable(tmp_path / "bin" / "python3", OLD_PYTHON)
    path = f"{old.parent}:{tools_only(tmp_path)}"
    assert "no Python 3.11 or newer was found" in refusal(run_setup(project, PYTHON="", PATH=path))
    assert f"PYTHON={old} is not a Python 3.11 or newer" in refusal(run_setup(project, PYTHON=str(old)))
    assert "PYTHON=/nowhere/python is not" in refusal(run_setup(project, PYTHON="/nowhere/python"))


@makes_environments
def test_the_newest_python_that_works_is_chosen(project: Path, tmp_path: Path) -> None:
    broken = executable(tmp_path / "bin" / "python3.14", OLD_PYTHON)
    executable(tmp_path / "bin" / "python3.12", f'#!/bin/sh\necho "chosen $1"\nexec {sys.executable} -V\n')
    path = f"{broken.parent}:{tools_only(tmp_path)}"
    run = run_setup(project, PYTHON="", PATH=path)
    assert "chosen deploy/setup.py" in run.stdout


def executable(path: Path, text: str) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)
    return path


def tools_only(tmp_path: Path) -> Path:
    """A folder for the PATH with what make and sh need and no Python."""
    folder = tmp_path / "tools"
    folder.mkdir()
    for name in ("make", "sh", "dirname"):
        result = shutil.which(name)
        assert result is not None
        (folder / name).symlink_to(result)
    return folder


@makes_environments
def test_a_file_where_the_environment_belongs(project: Path) -> None:
    (project / ".venv").write_text("", encoding="utf-8")
    assert ".venv is a file; remove it" in refusal(run_setup(project))


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.EACCES, "cannot write to"),
        (errno.EROFS, "cannot write to"),
        (errno.ENOSPC, "no space left in"),
        (errno.EDQUOT, "no space left in"),
    ],
)
def test_a_folder_that_takes_nothing(
    setup: ModuleType, project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
    number: int, words: str,
) -> None:  # fmt: skip
    def refuse(dir: Path) -> Iterator[None]:
        raise OSError(number, os.strerror(number), str(dir))

    monkeypatch.setattr(setup, "ROOT", project)
    monkeypatch.setattr(setup.tempfile, "TemporaryFile", refuse)
    assert setup.main([]) == 1
    said = capsys.readouterr().err
    assert said.startswith(f"make setup: {words} {project}")
    assert said.count("\n") == 1
    assert not (project / ".venv").exists()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("ERROR: OSError: [Errno 28] No space left on device", "no space left"),
        ("NewConnectionError(': Failed to establish a new connection: [Errno -3]", "cannot be reached"),
        ("WARNING: connection broken by 'ReadTimeoutError(\"Read timed out.\")'", "cannot be reached"),
        ("ERROR: No matching distribution found for typst==0.15.2", "no typst==0.15.2 ready-built"),
        ("ERROR: [Errno 13] Permission denied: '/srv/pop/.venv/lib'", "cannot be written to"),
    ],
)  # fmt: skip
def test_what_pip_says_becomes_a_sentence(setup: ModuleType, words: str, sentence: str) -> None:
    assert sentence in str(setup.failure(words, "the packages could not be installed"))


def test_an_unknown_failure_is_shown_as_it_came(
    setup: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    problem = setup.failure("line 1\nsomething new", "the packages could not be installed")
    assert "the lines above" in str(problem)
    assert "something new" in capsys.readouterr().err


def test_a_copied_environment_is_not_trusted(setup: ModuleType, tmp_path: Path) -> None:
    lock = tmp_path / "requirements.lock"
    lock.write_text("perballje==1.0\n", encoding="utf-8")
    first, second = tmp_path / "first" / ".venv", tmp_path / "second" / ".venv"
    (first / "bin").mkdir(parents=True)
    (first / "bin" / "python").symlink_to(sys.executable)
    (first / "pyvenv.cfg").write_text("version = 3.11.7\n", encoding="utf-8")
    setup.stamp_of(first, lock).write_text(setup.fingerprint(first, lock), encoding="utf-8")
    assert setup.is_ready(first, lock)
    shutil.copytree(first, second, symlinks=True)
    assert not setup.is_ready(second, lock)
    assert not setup.is_usable(second)


def test_a_python_that_was_uninstalled_is_noticed(setup: ModuleType, tmp_path: Path) -> None:
    lock = tmp_path / "requirements.lock"
    lock.write_text("perballje==1.0\n", encoding="utf-8")
    venv = tmp_path / ".venv"
    (venv / "bin").mkdir(parents=True)
    (venv / "bin" / "python").symlink_to(tmp_path / "python3.11")
    (venv / "pyvenv.cfg").write_text("version = 3.11.7\n", encoding="utf-8")
    setup.stamp_of(venv, lock).write_text(setup.fingerprint(venv, lock), encoding="utf-8")
    assert not setup.is_ready(venv, lock)
    assert not setup.is_usable(venv)


def test_another_python_on_request_replaces_the_environment(
    setup: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pyvenv.cfg").write_text("version = 3.99.1\n", encoding="utf-8")
    assert not setup.needs_python_change(tmp_path)
    monkeypatch.setenv("PYTHON", sys.executable)
    assert setup.needs_python_change(tmp_path)


def test_lock_files_agree_and_are_hashed() -> None:
    runtime, everything = (pins(ROOT / name) for name in ("requirements.lock", "requirements-dev.lock"))
    assert len(runtime) > 30
    assert runtime <= everything
    for name in ("requirements.lock", "requirements-dev.lock"):
        text = (ROOT / name).read_text(encoding="utf-8")
        blocks = text.split("\n    # via")
        assert sum("--hash=sha256:" in block for block in blocks) >= len(blocks) - 1


def pins(lock: Path) -> set[str]:
    lines = lock.read_text(encoding="utf-8").splitlines()
    return {
        line.removesuffix("\\").strip() for line in lines if "==" in line and not line.startswith((" ", "#"))
    }
