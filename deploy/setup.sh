#!/bin/sh
# Finds a Python that can make .venv and hands over to setup.py, which does the work.
# PYTHON=/path/to/python chooses one; otherwise the newest suitable one on the PATH is taken.
set -u
cd "$(dirname "$0")/.." || exit 1

recent='import sys; sys.exit(sys.version_info < (3, 11))'
able='import ensurepip, venv'

refuse() {
    echo "make setup: $1" >&2
    exit 1
}

if [ -n "${PYTHON:-}" ]; then
    "$PYTHON" -c "$recent" >/dev/null 2>&1 || refuse "PYTHON=$PYTHON is not a Python 3.11 or newer."
    exec "$PYTHON" deploy/setup.py "$@"
fi

fallback=
for candidate in python3.14 python3.13 python3.12 python3.11 python3; do
    # A version manager puts commands on the PATH that fail for versions it has not enabled, so each is tried.
    command -v "$candidate" >/dev/null 2>&1 || continue
    "$candidate" -c "$recent" >/dev/null 2>&1 || continue
    "$candidate" -c "$able" >/dev/null 2>&1 && exec "$candidate" deploy/setup.py "$@"
    : "${fallback:=$candidate}"
done

# A Python without the venv module still serves a finished .venv; setup.py says what is missing where it is not.
[ -n "$fallback" ] && exec "$fallback" deploy/setup.py "$@"
refuse "no Python 3.11 or newer was found (install one, or name it with PYTHON=/path/to/python)."
