#!/bin/sh
# The tests of everything that reads files and needs no libtorch, under AddressSanitizer, in a small package of its own:
# a few minutes, where `make sanitize-address` builds everything.
set -eu

cd "$(dirname "$0")/.."
folder=.build-parsers
mkdir -p "$folder"
for part in Sources Tests Package.swift; do ln -sfn "../$part" "$folder/$part"; done
# Its pins are its own: a package with fewer dependencies would drop the others from this one's.
[ ! -f Package.resolved ] || cp Package.resolved "$folder/"
export ASAN_OPTIONS=detect_leaks=0
export BERTQA_ONLY_TESTS=FilesTests,StrictJSONTests,CheckpointsTests,TokenizersTests,SQuADTests
exec "${SWIFT:-swift}" test --package-path "$folder" --sanitize=address
