#!/bin/sh
# Builds and runs the packages of examples/ as a client would, each depending on this package by its path.
#
# They share this package's build folder, where the tests and `make build` have built what they need. libtorch's links
# are removed from it first, so that nothing but Tools/swift.sh helps the examples to find it.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
question='Where is the clay?'
text='Glazes stand on the upper shelf, clay lies in the cellar.'
. Tools/rig/example.sh

# build NAME OPTION ...: prints nothing unless it fails.
build() {
    name=$1
    shift
    if ! Tools/swift.sh build -c release --package-path "examples/$name" "$@" > "$folder/log" 2>&1; then
        cat "$folder/log" >&2
        echo "examples: $name does not build" >&2
        exit 1
    fi
}

# expect NAME PATTERN FILE: what a program printed has a line like this.
expect() {
    if ! grep -Eq "$2" "$3"; then
        cat "$3" >&2
        echo "examples: $1 printed no line like: $2" >&2
        exit 1
    fi
}

if [ -d .build/release ]; then
    rm -f .build/release/.libtorch
    find .build/release/ -maxdepth 1 -type l -name 'lib*' -exec rm -f {} +
fi

build train --scratch-path "$root/.build"
.build/release/train .deps/encoder examples/train/rows.csv "$folder/model" > "$folder/trained" 2> "$folder/log" \
    || { cat "$folder/log" >&2; exit 1; }
expect train '^Where is the clay\? in the cellar$' "$folder/trained"
echo "examples: train fine-tuned a model on rows of its own"

build mount --scratch-path "$root/.build"
port=$(free_port)
.build/release/mount "$folder/model" "$port" > "$folder/log" 2>&1 &
server=$!
wait_until_ready "http://127.0.0.1:$port/qa/ready" mount
curl -sf "http://127.0.0.1:$port/" > "$folder/own"
expect mount '^the application itself$' "$folder/own"
curl -sf "http://127.0.0.1:$port/qa/v1/answer" -H 'content-type: application/json' \
    -d "{\"question\": \"$question\", \"context\": \"$text\"}" > "$folder/answer"
expect mount '"text": ?"in the cellar"' "$folder/answer"
kill "$server"
wait "$server" || { cat "$folder/log" >&2; echo "examples: mount did not end with 0" >&2; exit 1; }
server=
echo "examples: mount answered questions beside routes of its own"

build ask --scratch-path "$root/.build"
.build/release/ask "$folder/model" "$question" "$text" > "$folder/asked"
expect ask '^in the cellar ' "$folder/asked"
echo "examples: ask answered from the command line"
