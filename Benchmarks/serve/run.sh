#!/bin/sh
# Measures the server beside its peer; see run.py. The peer's packages go into .venv-bench, as those of `make bench`.
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd)
command -v wrk > /dev/null || { echo "run.sh: wrk is missing; install it (Debian's package wrk)" >&2; exit 1; }
wanted=$(cat "$root/Tools/bench/requirements.txt" "$root/Benchmarks/serve/requirements.txt")
if [ ! -x "$root/.venv-bench/bin/python" ] || [ "$wanted" != "$(cat "$root/.venv-bench/serve.txt" 2> /dev/null)" ]; then
    python3 -m venv "$root/.venv-bench"
    "$root/.venv-bench/bin/python" -m pip install --quiet --disable-pip-version-check \
        -r "$root/Tools/bench/requirements.txt" -r "$root/Benchmarks/serve/requirements.txt"
    printf '%s\n' "$wanted" > "$root/.venv-bench/serve.txt"
fi
exec "$root/.venv-bench/bin/python" "$root/Benchmarks/serve/run.py" "$@"
