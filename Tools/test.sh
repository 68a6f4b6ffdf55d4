#!/bin/sh
# All tests, after those of the kernels in the lower instruction sets, which a machine with a higher one would never run.
set -eu

cd "$(dirname "$0")/.."
for set in default avx2 avx512; do
    echo "kernels, instruction set at most $set"
    log=$(mktemp)
    if ! BERTQA_CPU_CAPABILITY=$set ${SWIFT:-swift} test -c release --filter TorchTests >"$log" 2>&1; then
        cat "$log"
        rm -f "$log"
        exit 1
    fi
    tail -n 1 "$log"
    rm -f "$log"
done
exec ${SWIFT:-swift} test -c release
