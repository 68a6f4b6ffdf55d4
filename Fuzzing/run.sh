#!/bin/sh
# Fuzzes the parsers: Fuzzing/run.sh [--seconds N] [PARSER ...]; every parser, 60 seconds each.
#
# libFuzzer comes with Swift's compiler. What it keeps goes into .fuzz/PARSER; an input that crashes, takes longer
# than a second or more memory than 1 GiB goes into .fuzz/found and ends the script with code 1. Add it to
# Fuzzing/Tests/Corpus when it is mended.
set -eu

cd "$(dirname "$0")/.."
seconds=60
while [ $# -gt 0 ]; do
    case $1 in
        --seconds) seconds=$2 && shift 2 ;;
        -*) echo "fuzz: $1 is not known; there is --seconds" >&2 && exit 64 ;;
        *) break ;;
    esac
done
swiftc=$(command -v "${SWIFTC:-swiftc}")
runtime=$(find "$(dirname "$(readlink -f "$swiftc")")/../lib" -name 'libclang_rt.fuzzer_no_main-*.a' | head -n 1)
[ -n "$runtime" ] || { echo "fuzz: this Swift has no libFuzzer (libclang_rt.fuzzer_no_main)" >&2; exit 1; }
export PKG_CONFIG_PATH="$PWD/.deps/pkgconfig"
./Tools/link_libtorch.sh -c release --scratch-path .build-fuzz
echo "fuzz: building with the fuzzer's instrumentation"
mkdir -p .fuzz/found
# Gold ends with an internal error on these objects; lld comes with Swift.
swift build -c release --scratch-path .build-fuzz --product bertqa-fuzz -Xswiftc -DFUZZING \
    -Xswiftc -sanitize=fuzzer -Xswiftc -use-ld=lld -Xlinker "$runtime" -Xlinker -lstdc++ > .fuzz/build.log 2>&1 ||
    { cat .fuzz/build.log >&2; exit 1; }
binary=$(swift build -c release --scratch-path .build-fuzz --show-bin-path)/bertqa-fuzz
if [ $# -eq 0 ]; then
    set -- $(ls Fuzzing/Tests/Corpus)
fi
# Most parsers read files: on a disk they would wait for it nearly all of the time.
if [ -w /dev/shm ]; then export TMPDIR=/dev/shm; fi
for parser in "$@"; do
    mkdir -p ".fuzz/$parser"
    log=".fuzz/$parser.log"
    echo "fuzz: $parser, $seconds s"
    if ! "$binary" "$parser" ".fuzz/$parser" "Fuzzing/Tests/Corpus/$parser" -max_total_time="$seconds" -timeout=1 \
        -rss_limit_mb=1024 -max_len=16384 -artifact_prefix=".fuzz/found/$parser-" -print_final_stats=1 \
        > "$log" 2>&1; then
        tail -n 40 "$log"
        echo "fuzz: $parser: an input is in .fuzz/found" >&2
        exit 1
    fi
    grep -aE '^#[0-9]+' "$log" | tail -n 1
    grep -aE '^stat::(number_of_executed_units|peak_rss_mb)' "$log"
done
