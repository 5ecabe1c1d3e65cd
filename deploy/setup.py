"""Makes .venv from the hashed lock file and compiles the translations: `make setup`.

Only the standard library is used, since nothing else is there yet. A finished environment is recognised by
a stamp, so that a second call does nothing; an interrupted one by a marker, so that it is made afresh. What
goes wrong is said in one sentence, with exit status 1.
"""

from __future__ import annotations

import argparse
import contextlib
import errno
import fcntl
import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# Settings of the caller's shell that would make pip install somewhere else or Python read foreign modules.
MISLEADING = ("PIP_USER", "PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PYTHONHOME", "PYTHONPATH")

# Published as source only; pure Python, so that no compiler is needed. Everything else comes ready-built.
SOURCE_ONLY = "authres,dkimpy,flask-principal"

NO_SPACE = re.compile(r"No space left on device|Disk quota exceeded|\[Errno (28|122)\]")
WRONG_HASH = re.compile(r"DO NOT MATCH THE HASHES")
NO_NETWORK = re.compile(
    r"NewConnectionError|ConnectTimeout|NameResolutionError|Temporary failure in name resolution|ProxyError"
    r"|Connection (?:to \S+ timed out|refused|reset|broken|aborted)|ReadTimeout|Read timed out|SSLError"
    r"|Network is unreachable|Failed to establish a new connection|Max retries exceeded"
)
NO_WHEEL = re.compile(r"No matching distribution found for (\S+)")


class SetupError(Exception):
    """Something the person at the keyboard can change; the message is one sentence that says what."""


def main(arguments: list[str]) -> int:
    """Set up and return the exit status: 0 ready, 1 could not, 130 stopped by Ctrl-C."""
    parser = argparse.ArgumentParser(prog="make setup", description=__doc__)
    parser.add_argument("--dev", action="store_true", help="with the packages for tests and checks")
    options = parser.parse_args(arguments)
    try:
        with one_at_a_time(ROOT):
            make_ready(ROOT, dev=options.dev)
    except SetupError as problem:
        print(f"make setup: {problem}", file=sys.stderr)
        return 1
    except OSError as problem:
        print(f"make setup: {explain_os_error(problem, ROOT)}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nmake setup: stopped; the next call starts afresh.", file=sys.stderr)
        return 130
    return 0


def make_ready(root: Path, *, dev: bool) -> None:
    """Bring `.venv` and the compiled translations up to date; do nothing where they are."""
    lock = root / ("requirements-dev.lock" if dev else "requirements.lock")
    venv = root / ".venv"
    if needs_python_change(venv) or not is_ready(venv, lock):
        install(root, venv, lock)
    compile_translations(root, venv)


@contextlib.contextmanager
def one_at_a_time(root: Path) -> Iterator[None]:
    """Let a second `make` in the same folder wait for the first instead of writing into its work."""
    with (root / "requirements.lock").open("rb") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Waiting for another `make` in this folder to finish setting up …")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def install(root: Path, venv: Path, lock: Path) -> None:
    """Make the environment where there is none that can be used, and install what the lock file names."""
    started = time.monotonic()
    require_writable(root, venv)
    unfinished = venv / ".unfinished"
    if not is_usable(venv) or needs_python_change(venv):
        say("Making .venv and installing packages (about a minute the first time) …")
        create_venv(venv)
    else:
        say(f"Bringing .venv in line with {lock.name} …")
    # Whoever finds this file knows that an installation was cut off: a half-written package looks installed.
    unfinished.touch()
    for old in venv.glob(".ready-*"):
        old.unlink()
    install_packages(venv, lock)
    stamp_of(venv, lock).write_text(fingerprint(venv, lock), encoding="utf-8")
    unfinished.unlink()
    say(f"Ready after {time.monotonic() - started:.0f} s.")


def stamp_of(venv: Path, lock: Path) -> Path:
    """Return the file that says that `venv` holds what `lock` names."""
    return venv / (".ready-dev" if "dev" in lock.name else ".ready-runtime")


def fingerprint(venv: Path, lock: Path) -> str:
    """Return what a finished environment depends on: the lock file, the place (its scripts name it), the Python."""
    return f"{hashlib.sha256(lock.read_bytes()).hexdigest()}\n{venv}\n{python_version_of(venv)}\n"


def is_ready(venv: Path, lock: Path) -> bool:
    """Return whether an earlier call finished with this lock file in this place."""
    stamp = stamp_of(venv, lock)
    try:
        # A link to a Python that has been uninstalled does not exist().
        present = (venv / "bin" / "python").exists() and not (venv / ".unfinished").exists()
        return present and stamp.read_text(encoding="utf-8") == fingerprint(venv, lock)
    except (FileNotFoundError, NotADirectoryError):
        return False


def is_usable(venv: Path) -> bool:
    """Return whether packages can be installed into the environment that is there."""
    if (venv / ".unfinished").exists() or python_version_of(venv) < (3, 11):
        return False
    stamps = list(venv.glob(".ready-*"))
    if any(stamp.read_text(encoding="utf-8").splitlines()[1:2] != [str(venv)] for stamp in stamps):
        return False  # the folder was moved or copied: every script in bin/ names the old place
    probe = [str(venv / "bin" / "python"), "-c", "import pip, sys; print(sys.prefix)"]
    try:
        answer = subprocess.run(probe, capture_output=True, text=True, env=clean_environment(), check=False)
    except OSError:
        return False
    return answer.returncode == 0 and Path(answer.stdout.strip()).resolve() == venv.resolve()


def needs_python_change(venv: Path) -> bool:
    """Return whether PYTHON= asks for another Python than the environment was made with."""
    return bool(os.environ.get("PYTHON")) and python_version_of(venv) != sys.version_info[:3]


def python_version_of(venv: Path) -> tuple[int, ...]:
    """Return the version the environment was made with, (0,) where there is none."""
    with contextlib.suppress(OSError):
        match = re.search(
            r"^version\s*=\s*([\d.]+)", (venv / "pyvenv.cfg").read_text(encoding="utf-8"), re.MULTILINE
        )
        if match:
            return tuple(int(part) for part in match[1].strip(".").split(".")[:3])
    return (0,)


def require_writable(root: Path, venv: Path) -> None:
    """Try to write before anything is removed, so that a refusal leaves what was there."""
    if venv.exists() and not venv.is_dir():
        raise SetupError(f"{venv} is a file; remove it, a folder of that name is needed.")
    for folder in (root, venv):
        if not folder.is_dir():
            continue
        try:
            with tempfile.TemporaryFile(dir=folder) as probe:
                probe.write(b"\0" * 4096)
        except OSError as problem:
            # Named by the folder: the probe's own name would mean nothing to the reader.
            raise OSError(problem.errno, problem.strerror, str(folder)) from problem


def create_venv(venv: Path) -> None:
    """Make an empty environment, in place of a broken one."""
    if not all(importlib.util.find_spec(name) for name in ("ensurepip", "venv")):
        raise SetupError(no_venv_sentence())
    if venv.is_symlink():
        venv.unlink()
    elif venv.exists():
        shutil.rmtree(venv)
    command = [sys.executable, "-m", "venv", str(venv)]
    completed = subprocess.run(command, capture_output=True, text=True, env=clean_environment(), check=False)
    if completed.returncode:
        words = completed.stdout + completed.stderr
        if "ensurepip" in words and not NO_SPACE.search(words):
            raise SetupError(no_venv_sentence())
        raise failure(words, "the virtual environment could not be made")


def no_venv_sentence() -> str:
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    return (
        f"{sys.executable} (Python {version}) cannot make virtual environments: install its venv module "
        f"(Debian and Ubuntu: apt install python{version}-venv)."
    )


def install_packages(venv: Path, lock: Path) -> None:
    """Install exactly what the lock file names; every downloaded file must have the hash written there."""
    command = [str(venv / "bin" / "python"), "-m", "pip", "install", "--quiet", "--no-input"]
    command += ["--disable-pip-version-check", "--progress-bar=off", "--retries=2"]
    command += ["--no-deps", "--only-binary=:all:", f"--no-binary={SOURCE_ONLY}"]
    command += ["--require-hashes", "-r", str(lock)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=clean_environment()
    ) as pip:
        words, _ = pip.communicate()
    if pip.returncode:
        raise failure(words, f"the packages of {lock.name} could not be installed")


def failure(words: str, what: str) -> SetupError:
    """Turn what pip or venv printed into a sentence; what is not recognised is shown as it came."""
    if NO_SPACE.search(words):
        return SetupError(no_space_sentence())
    if WRONG_HASH.search(words):
        return SetupError(
            f"{what}: a downloaded file is not the one the lock file names; nothing of it was used."
        )
    if NO_NETWORK.search(words):
        return SetupError(
            f"{what}: the package registry cannot be reached; look at the network and pip's settings."
        )
    if missing := NO_WHEEL.search(words):
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        return SetupError(f"{what}: the registry has no {missing[1]} ready-built for Python {version} here.")
    if "Permission denied" in words or "Read-only file system" in words:
        return SetupError(f"{what}: the folder {ROOT} cannot be written to.")
    print("\n".join(words.strip().splitlines()[-20:]), file=sys.stderr)
    return SetupError(f"{what}; the lines above are the installer's own words.")


def explain_os_error(problem: OSError, root: Path) -> str:
    """Return one sentence for an error of the file system or of starting a program."""
    if problem.errno in (errno.ENOSPC, errno.EDQUOT):
        return no_space_sentence()
    if problem.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        place = problem.filename or root
        return f"cannot write to {place}: {problem.strerror}; allow it or use another folder."
    return f"{problem.filename or root}: {problem.strerror or problem}."


def no_space_sentence() -> str:
    return f"no space left in {ROOT} or {tempfile.gettempdir()}; about 1 GB is needed."


def compile_translations(root: Path, venv: Path) -> None:
    """Compile each catalogue (.po) that is newer than what was made of it (.mo)."""
    catalogues = sorted((root / "pop_campaigns" / "translations").glob("*/LC_MESSAGES/*.po"))
    stale = [po for po in catalogues if modified(po.with_suffix(".mo")) <= modified(po)]
    if not stale:
        return
    command = [str(venv / "bin" / "python"), "deploy/catalogues.py", "compile", *map(str, stale)]
    done = subprocess.run(
        command, cwd=root, capture_output=True, text=True, env=clean_environment(), check=False
    )
    if done.returncode:
        raise failure(done.stdout + done.stderr, "the translations could not be compiled")


def modified(path: Path) -> float:
    """Return when the file was last written, 0 where there is none."""
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def clean_environment() -> dict[str, str]:
    """Return the environment without what would lead pip or Python astray."""
    return {name: value for name, value in os.environ.items() if name not in MISLEADING}


def say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
