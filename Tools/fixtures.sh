#!/bin/sh
# Runs every Tools/make_*_fixtures.py with the pinned packages of Tools/requirements.txt, in a virtual environment.
set -eu

cd "$(dirname "$0")/.."
if ! cmp -s Tools/requirements.txt .venv/requirements.txt; then
    python3 -m venv .venv
    .venv/bin/python -m pip install --quiet --disable-pip-version-check -r Tools/requirements.txt
    cp Tools/requirements.txt .venv/requirements.txt
fi
for script in Tools/make_*_fixtures.py; do
    echo "fixtures: $script" >&2
    .venv/bin/python "$script"
done
