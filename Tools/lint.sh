#!/bin/sh
# What `make lint` checks: formatting, the length of source files, links in the documentation, and that no path of one
# machine is committed.
set -eu

cd "$(dirname "$0")/.."
failed=0

swift format lint --strict -r -p Sources Tests Benchmarks Fuzzing examples Package.swift || failed=1

# One job a file: 450 lines are too many for one.
long=$(git ls-files -co --exclude-standard -- Sources Benchmarks Fuzzing Tools \
    | grep -E '\.(swift|c|cpp|hpp|h|inc|sh)$' | xargs awk 'FNR == 451 { print FILENAME }')
if [ -n "$long" ]; then
    printf '%s\n' "lint: longer than 450 lines:" "$long" >&2
    failed=1
fi

python3 Tools/check_links.py || failed=1

# On Linux NSString's parts of a path end the process for a path of one character; PathParts has them.
if grep -rnE 'as NSString\)\.(deletingLast|last)PathComponent' Sources; then
    echo "lint: use PathParts for the parts of a path" >&2
    failed=1
fi

# A source of the shim is compiled as part of a unit.
parts=$(find Sources/CTorch -name '*.cpp' ! -path '*/Units/*' | sort)
units=$(sed -n 's|^#include "\.\./\(.*\.cpp\)"|Sources/CTorch/\1|p' Sources/CTorch/Units/*.cpp | sort)
if [ "$parts" != "$units" ]; then
    printf '%s\n' "lint: not in exactly one unit of Sources/CTorch/Units:" >&2
    printf '%s\n' "$parts" "$units" | sort | uniq -c | awk '$1 != 2 { print $2 }' >&2
    failed=1
fi

# Longer lines do not fit a window beside another. Tests and scripts may have a longer text between quotation marks.
wide=$(git ls-files -co --exclude-standard -- '*.swift' '*.c' '*.cpp' '*.hpp' '*.h' '*.inc' '*.sh' \
    '*.py' .ci/run | LC_ALL=C.UTF-8 xargs grep -nE '^.{121}' | grep -v '^[A-Za-z]*/*Tests/.*"' \
    | grep -vE "^[^:]*\.(py|sh):[0-9]+:.*[\"']" | cut -c 1-160 || true)
if [ -n "$wide" ]; then
    printf '%s\n' "lint: lines over 120 characters:" "$wide" >&2
    failed=1
fi

# Tests use the objects of the release build, which has no testable modules (docs/decisions/0005-tests-in-release.md).
testable=$(git grep -nE '^ *@testable import' -- '*.swift' || true)
if [ -n "$testable" ]; then
    printf '%s\n' "lint: @testable imports; make what the tests need package:" "$testable" >&2
    failed=1
fi

# The patterns are written so that they don't match themselves.
homes=$(git grep -nIE -e '/(home|Users)/[a-z]+/' -e '/roo[t]/' -e '/wor[k]/' -e '/tm[p]/w' -- . || true)
if [ -n "$homes" ]; then
    printf '%s\n' "lint: paths of one machine:" "$homes" >&2
    failed=1
fi

if [ "$failed" = 0 ]; then echo "lint: clean"; fi
exit "$failed"
