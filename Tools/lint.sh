#!/bin/sh
# What `make lint` checks: formatting, the length of source files, links in the documentation, and that no path of one machine is
# committed.
set -eu

cd "$(dirname "$0")/.."
failed=0

swift format lint --strict -r -p Sources Tests Benchmarks Fuzzing examples Package.swift || failed=1

# One job a file: 450 lines are too many for one. What protoc writes counts for nothing here and below.
long=$(find Sources Benchmarks Fuzzing -type f ! -name '*.pb.swift' \( -name '*.swift' -o -name '*.cpp' -o -name '*.hpp' -o -name '*.h' -o -name '*.inc' \) \
    -exec awk 'FNR == 451 { print FILENAME }' {} +)
if [ -n "$long" ]; then
    printf '%s\n' "lint: longer than 450 lines:" "$long" >&2
    failed=1
fi

python3 Tools/check_links.py || failed=1

# Longer lines do not fit a window beside another. Tests may have a longer text between quotation marks.
wide=$(git ls-files -co --exclude-standard -- ':!*.pb.swift' '*.swift' '*.c' '*.cpp' '*.hpp' '*.h' '*.inc' \
    | LC_ALL=C.UTF-8 xargs grep -nE '^.{121}' | grep -v '^[A-Za-z]*/*Tests/.*"' | cut -c 1-160 || true)
if [ -n "$wide" ]; then
    printf '%s\n' "lint: lines over 120 characters:" "$wide" >&2
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
