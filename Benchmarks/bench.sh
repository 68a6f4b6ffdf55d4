#!/bin/sh
# Runs a script of this folder in .venv-bench, where the peers live and which nothing else uses.
set -eu

cd "$(dirname "$0")/.."
if ! cmp -s Benchmarks/requirements.txt .venv-bench/requirements.txt; then
    python3 -m venv .venv-bench
    .venv-bench/bin/python -m pip install --quiet --disable-pip-version-check -r Benchmarks/requirements.txt
    cp Benchmarks/requirements.txt .venv-bench/requirements.txt
fi
script=$1
shift
exec .venv-bench/bin/python "Benchmarks/$script" "$@"
