#!/bin/sh
# Runs every Tools/make_*_fixtures.py with the pinned packages of Tools/requirements.txt.
set -eu

cd "$(dirname "$0")/.."
./Tools/tool_packages.sh
for script in Tools/make_*_fixtures.py; do
    echo "fixtures: $script" >&2
    .venv/bin/python "$script"
done
