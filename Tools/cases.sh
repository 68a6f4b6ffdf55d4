#!/bin/sh
# Tries models, data and machines as people have them on the release program: Tools/cases.sh [NAME ...], those whose
# names contain one of the words. Prints a line for each with PASS or FAIL, and ends with 1 if one fails. About a
# minute.
#
# BERTQA names another program than .build/release/bertqa. Needs Python 3.10 and a C compiler.
set -eu

cd "$(dirname "$0")/.."
export BERTQA="${BERTQA:-$PWD/.build/release/bertqa}" PYTHONPATH=Tools PYTHONDONTWRITEBYTECODE=1
[ -x "$BERTQA" ] || { echo "cases: $BERTQA is missing; run 'make build' first" >&2; exit 66; }
exec python3 Tools/cases/run.py "$@"
