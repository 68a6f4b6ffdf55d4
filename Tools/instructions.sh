#!/bin/sh
# Where the instructions of the hot paths are: Tools/instructions.sh [PATH ...], paths of `bertqa-bench count`. Prints
# the functions that take most, with what they call. The file Tests/CommandTests/Fixtures/instructions.json has what
# each path may take. Needs valgrind and the release build of bertqa-bench.
set -eu

cd "$(dirname "$0")/.."
command -v valgrind > /dev/null || { echo "instructions: install the package 'valgrind'" >&2; exit 69; }
products=$PWD/.build/release
[ -x "$products/bertqa-bench" ] || { echo "instructions: run 'make build-bench' first" >&2; exit 66; }
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cp Tests/TokenizersTests/Fixtures/vocab-uncased.txt "$scratch/vocab.txt"
# valgrind gives up on some of the debug information that Swift writes.
strip --strip-debug -o "$scratch/bertqa-bench" "$products/bertqa-bench"
LD_LIBRARY_PATH=$products valgrind --quiet --tool=callgrind --callgrind-out-file="$scratch/out" \
    --toggle-collect='*countedInstructions*' "$scratch/bertqa-bench" count "$@" --model "$scratch" \
    --data Data/sample/dev.json
callgrind_annotate --auto=no --inclusive=yes --threshold=95 "$scratch/out" | swift demangle --simplified |
    sed -n '1,60p'
