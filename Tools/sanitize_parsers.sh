#!/bin/sh
# The tests of everything that reads files and needs no libtorch, under AddressSanitizer, in a small package of its own,
# a few minutes: Tools/sanitize_parsers.sh [TEST TARGET ...]. Those that take longest are skipped here: they read a file
# cut at every length, compare megabytes, or limit the time of optimised code. `make sanitize-address` runs them.
set -eu

cd "$(dirname "$0")/.."
folder=.build-parsers
mkdir -p "$folder"
for part in Sources Tests Package.swift; do ln -sfn "../$part" "$folder/$part"; done
# Its pins are its own: a package with fewer dependencies would drop the others from this one's.
[ ! -f Package.resolved ] || cp Package.resolved "$folder/"
export ASAN_OPTIONS=detect_leaks=0
[ $# -gt 0 ] || set -- FilesTests StrictJSONTests CheckpointsTests SQuADTests TokenizersTests
BERTQA_ONLY_TESTS=$(printf '%s,' "$@")
export BERTQA_ONLY_TESTS
# The largest datasets are for the optimised tests.
unset SQUAD_DIR
exec "${SWIFT:-swift}" test --package-path "$folder" --sanitize=address -Xswiftc -gline-tables-only \
    --skip 'PickleStreamTests/cut|BytePairTests/(texts|longTexts)|ReadingTests/large|AnswerSearchTests/repeated'
