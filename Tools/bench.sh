#!/bin/sh
# Measures BertQA and its peers; see Tools/bench/run.py. The peers live in .venv-bench, which nothing else uses.
set -eu

cd "$(dirname "$0")/.."
if ! cmp -s Tools/bench/requirements.txt .venv-bench/requirements.txt; then
    python3 -m venv .venv-bench
    .venv-bench/bin/python -m pip install --quiet --disable-pip-version-check -r Tools/bench/requirements.txt
    cp Tools/bench/requirements.txt .venv-bench/requirements.txt
fi
exec .venv-bench/bin/python Tools/bench/run.py --write "$@"
