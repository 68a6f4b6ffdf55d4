#!/bin/sh
# The pinned Python packages of the project's tools, in .venv: for fixtures and comparisons, never for the product.
set -eu

cd "$(dirname "$0")/.."
if ! cmp -s Tools/requirements.txt .venv/requirements.txt; then
    python3 -m venv .venv
    .venv/bin/python -m pip install --quiet --disable-pip-version-check -r Tools/requirements.txt
    cp Tools/requirements.txt .venv/requirements.txt
fi
