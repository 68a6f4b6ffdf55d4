#!/bin/sh
# Tests under a sanitizer, in a build of their own: Tools/sanitize.sh address|undefined|thread [FILTER].
#
# address: the shim and everything that reads files. One test asks for more memory than there is, which the sanitizer must let
# fail as the system would; leaks are not looked for, since libtorch keeps its registries until the process ends.
# The shim is optimised a little, since its loops over every number would take a quarter of an hour otherwise.
# undefined: the shim's C++. thread: the server, the hub's client, the reader, the trainer; libtorch itself is not instrumented,
# so what its own threads do among themselves is left out (Tools/thread-sanitizer.txt).
set -eu

cd "$(dirname "$0")/.."
export PKG_CONFIG_PATH="$PWD/.deps/pkgconfig"
mode=${1:-address}
case $mode in
    address)
        filter='TorchTests|BERTTests|StrictJSONTests|SQuADTests|WordPieceTests|QuestionAnsweringTests|FuzzingTests'
        export ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1 ;;
    undefined)
        filter='TorchTests|BERTTests'
        export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 ;;
    thread)
        filter='QAServerTests|HubTests|QuestionAnsweringTests|FineTuningTests'
        export TSAN_OPTIONS=halt_on_error=1:suppressions="$PWD/Tools/thread-sanitizer.txt":ignore_noninstrumented_modules=1 ;;
    *) echo "sanitize: $mode is not known; there are address, undefined, thread" >&2 && exit 64 ;;
esac
scratch=.build-$mode
./Tools/link_libtorch.sh --sanitize="$mode" --scratch-path "$scratch"
swift test --sanitize="$mode" --scratch-path "$scratch" -Xcxx -O1 --filter "${2:-$filter}"
