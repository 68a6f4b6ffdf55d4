#!/bin/sh
# Measures training and prediction on this machine and prints a table. Nothing else should be running.
#
# SQUAD_DIR    a folder with train.json and dev.json; without it the sample is measured
# BERTQA_PEER  a Python that has torch and transformers, and
# PEER_SCRIPT  a script with hf_reference.py's options: with both, the peer is measured in the same run
set -eu

cd "$(dirname "$0")/.."
bertqa=.build/release/bertqa
train=${SQUAD_DIR:-Data/sample}/train.json
dev=${SQUAD_DIR:-Data/sample}/dev.json
steps=${BENCH_STEPS:-40}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# field NAME: the number under that key of the JSON object on standard input.
field() {
    python3 -c 'import json, sys; print("%.1f" % json.load(sys.stdin)[sys.argv[1]])' "$1"
}

train_rate() {
    "$bertqa" train --model .deps/encoder --train-file "$train" --validation-fraction 0 --max-steps "$steps" \
        --learning-rate 1e-4 --precision "$1" --output-dir "$scratch/run-$1" --json 2> /dev/null | field examples_per_second
}

predict_rate() {
    "$bertqa" evaluate --model "$scratch/run-bf16" --data "$dev" --precision "$1" --json 2> /dev/null |
        field questions_per_second
}

peer_rate() {
    "$BERTQA_PEER" "$PEER_SCRIPT" --model .deps/encoder --train "$train" --pad group --dtype "$1" --lr 1e-4 \
        --steps "$steps" 2> /dev/null | field examples_per_s
}

printf '%s\n' "$(date -u +%Y-%m-%d), $(uname -m), $(getconf _NPROCESSORS_ONLN) cores, $train"
printf '%-36s %10s %10s\n' "" fp32 bf16
printf '%-36s %10s %10s\n' "training, examples/s" "$(train_rate fp32)" "$(train_rate bf16)"
printf '%-36s %10s %10s\n' "prediction, questions/s" "$(predict_rate fp32)" "$(predict_rate bf16)"
if [ -n "${BERTQA_PEER:-}" ] && [ -n "${PEER_SCRIPT:-}" ]; then
    printf '%-36s %10s %10s\n' "peer's training, examples/s" "$(peer_rate fp32)" "$(peer_rate bf16)"
fi
