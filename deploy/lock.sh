#!/bin/sh
# Writes requirements.lock (what runs) and requirements-dev.lock (what runs and what checks it), with hashes,
# for every Python from 3.11 on and every platform. The resolver lives in an environment thrown away afterwards.
set -eu
cd "$(dirname "$0")/.."

place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
trap 'exit 130' INT TERM
"${PYTHON:-python3}" -m venv "$place/venv"
"$place/venv/bin/pip" install --quiet --disable-pip-version-check uv

compile() {
    "$place/venv/bin/uv" pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes \
        --no-emit-index-url --no-header -q "$@"
}

compile --group dev -o requirements-dev.lock "$@" >/dev/null
# What runs must be what was tested: the versions of the larger file bind the smaller one.
compile --constraint requirements-dev.lock -o requirements.lock "$@" >/dev/null
echo "Wrote requirements.lock and requirements-dev.lock."
