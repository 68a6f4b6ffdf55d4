#!/bin/sh
# Tests under a sanitizer, in a build of their own: Tools/sanitize.sh address|undefined|thread [FILTER].
#
# address: the shim and everything that reads files; what make fuzz left in .fuzz is read again, too. One test asks
# for more memory than there is, which the sanitizer must let fail as the system would; leaks are not looked for,
# since libtorch keeps its registries until the process ends. The shim is optimised a little, since its loops over
# every number would take a quarter of an hour otherwise. undefined: the shim's C++. thread: the server, the hub's
# client, the reader, the trainer, that is the Swift side; what talks over connections by itself, as in Tools/test.sh.
# libtorch and the shim are not instrumented: the team of threads that they share is not either, and each number of
# each product would be looked at (Tools/thread-sanitizer.txt).
set -eu

cd "$(dirname "$0")/.."
export PKG_CONFIG_PATH="$PWD/.deps/pkgconfig"
mode=${1:-address}
scratch=.build-$mode
set -- "${2:-}" --scratch-path "$scratch" -Xcxx -O1
case $mode in
    address)
        set -- "$@" --sanitize=address
        filters='TorchTests|BERTTests|CheckpointsTests|FilesTests|StrictJSONTests|SQuADTests|TokenizersTests'
        filters="$filters|QuestionAnsweringTests|FuzzingTests"
        export ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1 ;;
    undefined)
        # Swift has no such sanitizer on Linux; the C++ of the shim is compiled with Clang's, whose run-time library
        # comes with Swift.
        toolchain=$(dirname "$(readlink -f "$(command -v swiftc)")")
        runtime=$(find "$toolchain/../lib/clang/" -name 'libclang_rt.ubsan_standalone*' \
            -name "*$(uname -m).a")
        if [ -z "$runtime" ]; then
            echo "sanitize: this Swift has no libclang_rt.ubsan_standalone for $(uname -m)" >&2
            exit 1
        fi
        # With lld, to which the order of libraries does not matter.
        set -- "$@" -Xcxx -fsanitize=undefined -Xswiftc -use-ld=lld -Xlinker -lstdc++
        for library in $runtime; do set -- "$@" -Xlinker "$library"; done
        filters='TorchTests|BERTTests'
        export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 ;;
    thread)
        set -- "$@" --sanitize=thread -Xcxx -fno-sanitize=thread
        filters='QAServerTests|HubTests QuestionAnsweringTests|FineTuningTests'
        suppressions=$PWD/Tools/thread-sanitizer.txt
        export TSAN_OPTIONS="halt_on_error=1:suppressions=$suppressions:ignore_noninstrumented_modules=1" ;;
    *) echo "sanitize: $mode is not known; there are address, undefined, thread" >&2 && exit 64 ;;
esac
wanted=$1
shift
./Tools/link_libtorch.sh "$@"
for filter in ${wanted:-$filters}; do
    swift test "$@" --filter "$filter"
done
if [ "$mode" = address ] && [ -z "$wanted" ] && [ -d .fuzz ]; then
    # The fuzzer itself runs optimised code, which does not check each access to the bytes of a file.
    binary=$(swift build "$@" --show-bin-path)/bertqa-fuzz
    for parser in $(ls Fuzzing/Tests/Corpus); do
        [ -d ".fuzz/$parser" ] || continue
        find ".fuzz/$parser" -type f -exec "$binary" "$parser" {} + > ".fuzz/$parser.replay"
        echo "sanitize: $parser: $(wc -l < ".fuzz/$parser.replay") inputs that make fuzz left, no report"
    done
fi
