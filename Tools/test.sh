#!/bin/sh
# All tests, in parts: the kernels in the lower instruction sets, which a machine with a higher one would never run;
# what talks over connections, by itself, since the other suites keep all of the pool's threads busy for seconds and
# its clients would be late; the rest. Tests use public and package interfaces only: without testable imports they
# test the very objects of the release build, which `make demo` and the examples share.
set -eu

cd "$(dirname "$0")/.."
swift=${SWIFT:-swift}
log=$(mktemp)
trap 'rm -f "$log"' EXIT
part() {
    echo "$1"
    shift
    if ! "$@" >"$log" 2>&1; then
        cat "$log"
        exit 1
    fi
    tail -n 1 "$log"
}
# It is linked as Linux links.
if [ "$(uname)" = Linux ]; then part "the shim's C interface under sanitizers" ./Tools/sanitize_shim.sh; fi
# The first part of SwiftPM's builds for all.
built=
for set in default avx2 avx512; do
    # shellcheck disable=SC2086 # empty, or one option
    part "kernels, instruction set at most $set" \
        env BERTQA_CPU_CAPABILITY=$set "$swift" test -c release --disable-testable-imports $built --filter TorchTests
    built=--skip-build
done
connections='QAServerTests|HubTests|ServeLimitsTests'
part "server and hub" "$swift" test -c release --disable-testable-imports --skip-build --filter "$connections"
"$swift" test -c release --disable-testable-imports --skip-build --skip "$connections"
