#!/bin/sh
# Runs a script of this folder in .venv-bench, where the peers live and which nothing else uses. Peers that do not go
# with the others have environments of their own.
set -eu

cd "$(dirname "$0")/.."
# environment NAME: .venv-bench without one; all others see the packages of that one too.
environment() {
    folder=.venv-bench${1:+-$1}
    packages=Benchmarks/requirements${1:+-$1}.txt
    if cmp -s "$packages" "$folder/requirements.txt"; then return; fi
    python3 -m venv "$folder"
    if [ -n "$1" ]; then
        for site in "$PWD"/.venv-bench/lib/python*/site-packages; do
            echo "$site" > "$folder/${site#"$PWD/.venv-bench/"}/bench.pth"
        done
    fi
    "$folder/bin/python" -m pip install --quiet --disable-pip-version-check -r "$packages" || return
    cp "$packages" "$folder/requirements.txt"
}
environment ""
# A peer that cannot be installed is left out by the measurements, which say so.
for peer in openvino zentorch; do environment "$peer" || echo "bench: $peer cannot be installed here" >&2; done
script=$1
shift
exec .venv-bench/bin/python "Benchmarks/$script" "$@"
