#!/bin/sh
# What `make demo` shows: fine-tune the encoder on the sample (once), score it, ask it about a text it has never seen.
set -eu

cd "$(dirname "$0")/.."
bertqa=.build/release/bertqa
run=runs/demo

# training_stats.json is written for every epoch; the model of the best epoch must lie beside it.
if [ ! -f "$run/model.safetensors" ] || ! grep -q '"epoch_3"' "$run/training_stats.json" 2> /dev/null; then
    "$bertqa" train --model .deps/encoder --train-file Data/sample/train.json --validation-file Data/sample/dev.json \
        --output-dir "$run" --learning-rate 1e-4 --warmup-ratio 0.1 --epochs 3 --seed 42
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
