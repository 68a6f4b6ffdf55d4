#!/bin/sh
# What `make demo` shows: fine-tune the encoder on the sample (once), score it, ask it about a text it has never seen.
set -eu

cd "$(dirname "$0")/.."
bertqa=.build/release/bertqa
run=runs/demo

# Small batches and a high rate: two epochs of so few questions are few steps.
# Every finished epoch is in training_stats.json; a run that was stopped before the second goes on where it was.
if [ ! -f "$run/model.safetensors" ] || ! grep -q '"epoch_2"' "$run/training_stats.json" 2> /dev/null; then
    resume=
    if [ -f "$run/run.json" ]; then resume=--resume; fi
    # shellcheck disable=SC2086  # no word where there is nothing to resume
    "$bertqa" train --model .deps/encoder --train-file Data/sample/train.json --validation-file Data/sample/dev.json \
        --output-dir "$run" --preset fast --batch-size 8 --learning-rate 2e-4 --seed 42 $resume
fi

printf '\nHow good is it on Data/sample/dev.json?\n'
"$bertqa" evaluate --model "$run" --data Data/sample/dev.json

printf '\nQuestions about Data/sample/unseen.txt:\n'
for question in \
    "How many hairs does a sea otter have on a square centimetre of skin?" \
    "When was the fur trade banned?" \
    "What do sea otters wrap themselves in while they sleep?"; do
    printf '\n%s\n' "$question"
    "$bertqa" ask --model "$run" --context-file Data/sample/unseen.txt --question "$question"
done

printf '\nThe learning curve is %s/learning_curve.svg\n' "$run"
