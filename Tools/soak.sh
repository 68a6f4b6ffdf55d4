#!/bin/sh
# The long proofs: Tools/soak.sh [--kills N] [--texts N] [--megabytes N] [--fuzz-seconds N]; some hours with the
# defaults.
#
# A run killed 500 times around its saves, every call on a file failing once, 1,000 power failures, a million random
# texts beside the tokenizers library, inputs of up to 2 GB, every parser fuzzed for an hour.
set -eu

cd "$(dirname "$0")/.."
kills=500 texts=1000000 megabytes=2000 seconds=3600
while [ $# -gt 0 ]; do
    case $1 in
        --kills) kills=$2 ;;
        --texts) texts=$2 ;;
        --megabytes) megabytes=$2 ;;
        --fuzz-seconds) seconds=$2 ;;
        *) echo "soak: $1 is not known; there are --kills, --texts, --megabytes, --fuzz-seconds" >&2 && exit 64 ;;
    esac
    shift 2
done
export PKG_CONFIG_PATH="$PWD/.deps/pkgconfig"
echo "soak: $kills kills"
# In memory, saves take as long as steps do, and kills fall close to them; on a disk most of the time is spent on
# syncing.
scratch=${TMPDIR:-/tmp}
if [ -d /dev/shm ] && [ -w /dev/shm ]; then scratch=/dev/shm; fi
TMPDIR=$scratch BERTQA_SOAK=$kills swift test -c release --disable-testable-imports --filter verifyResume
echo "soak: every call on a file fails once, and power failures"
BERTQA_FAULTS=all swift test -c release --disable-testable-imports --skip-build --filter 'FaultTests|PowerLossTests'
echo "soak: $texts texts"
./Tools/tool_packages.sh
.venv/bin/python Tools/compare_tokenizers.py --bertqa .build/release/bertqa --model .deps/encoder --count "$texts"
echo "soak: inputs of $megabytes MB"
.venv/bin/python Tools/extremes.py --megabytes "$megabytes"
echo "soak: every parser for $seconds s"
./Fuzzing/run.sh --seconds "$seconds"
