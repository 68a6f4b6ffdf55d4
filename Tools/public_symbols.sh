#!/bin/sh
# Counts lines and public declarations of each module, and fails beyond a limit: Tools/public_symbols.sh [LIMIT], 450
# without one. Swift's own, as written (the cases of a public enumeration count as one declaration with it).
set -eu

cd "$(dirname "$0")/.."
limit=${1:-450}
total=0
lines_total=0
printf '%-20s %7s %7s\n' module lines public
for module in Sources/*/; do
    lines=$(find "$module" -type f \( -name '*.swift' -o -name '*.[ch]' -o -name '*.[ch]pp' -o -name '*.inc' \) \
        -exec cat {} + | wc -l)
    public=$(grep -rhE --include='*.swift' \
        '^ *(@[A-Za-z()]+ +|final +|static +|nonisolated +|indirect +)*public ' "$module" | wc -l)
    name=${module#Sources/}
    printf '%-20s %7d %7d\n' "${name%/}" "$lines" "$public"
    total=$((total + public))
    lines_total=$((lines_total + lines))
done
printf '%-20s %7d %7d\n' all "$lines_total" "$total"
if [ "$total" -gt "$limit" ]; then
    echo "public_symbols: $total public declarations; at most $limit are wanted" >&2
    exit 1
fi
