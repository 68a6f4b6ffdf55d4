#!/bin/sh
# All tests, in parts: the kernels in the lower instruction sets, which a machine with a higher one would never run;
# what talks over connections, by itself, since the other suites keep all of the pool's threads busy for seconds and
# its clients would be late; the rest. Tests use public and package interfaces only: without testable imports they
# test the very objects of the release build, which `make demo` and the examples share.
set -eu

cd "$(dirname "$0")/.."
swift=${SWIFT:-swift}
log=$(mktemp)
trap 'rm -f "$log" "$log.status"' EXIT
# What failed stands once more before the runner's closing line: services often keep only the end of a log.
fail() {
    echo "What failed:"
    grep -E '✘|error:' "$log" || true
    tail -n 1 "$log"
    exit 1
}
part() {
    echo "$1"
    shift
    if ! "$@" >"$log" 2>&1; then
        cat "$log"
        fail
    fi
    tail -n 1 "$log"
}
# It is linked as Linux links.
if [ "$(uname)" = Linux ]; then part "the shim's C interface under sanitizers" ./Tools/sanitize_shim.sh; fi
kernels() {
    BERTQA_CPU_CAPABILITY=$1
    export BERTQA_CPU_CAPABILITY
    shift
    part "kernels, instruction set at most $BERTQA_CPU_CAPABILITY" "$@" --filter TorchTests
    unset BERTQA_CPU_CAPABILITY
}
# The first part builds for all.
kernels default "$swift" test -c release --disable-testable-imports
# SwiftPM plans the build again in each call, for a quarter of a minute. What it has built runs without it, but on
# macOS, where it is a bundle.
program=$("$swift" build -c release --show-bin-path)/BertQAPackageTests.xctest
if [ -f "$program" ]; then
    built() { "$program" --testing-library swift-testing "$@"; }
else
    built() { "$swift" test -c release --disable-testable-imports --skip-build "$@"; }
fi
for set in avx2 avx512; do kernels $set built; done
connections='QAServerTests|HubTests|ServeLimitsTests'
part "server and hub" built --filter "$connections"
# It runs for minutes, so it shows how far it is.
{ built --skip "$connections" 2>&1 && echo 0 >"$log.status" || echo $? >"$log.status"; } | tee "$log"
[ "$(cat "$log.status")" = 0 ] || fail
