#!/bin/bash
# Freezes what a bertqa program does, so that a later one can be compared with it by `diff -r`: losses of 20 steps,
# run.json, training_stats.json, the --json output of every command, the sentences of bad inputs, predictions. Times,
# rates, memory and paths are left out of what is written.
#
# Usage: Tools/golden.sh BERTQA OUT
# BERTQA_MODELS names a folder with minilm-squad/ and SQUAD_DIR one with dev.json: without them nothing is predicted.
set -u

[ $# = 2 ] || { sed -n '2,8p' "$0" >&2; exit 64; }
root=$(cd "$(dirname "$0")/.." && pwd)
bertqa=$(realpath "$1")
mkdir -p "$2"
out=$(realpath "$2")
models=${BERTQA_MODELS:-}
squad=${SQUAD_DIR:-}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
ln -s "$(realpath "$root/.deps/encoder")" encoder
[ -z "$models" ] || ln -s "$models/minilm-squad" reader

python3 - "$root/Data/sample" "$squad" <<'PYTHON'
import json, sys
sample, squad = sys.argv[1:]

def articles(path, count):
    data = json.load(open(path, encoding="utf-8"))
    return {"version": data.get("version", "1.1"), "data": data["data"][:count]}

def write(path, value):
    with open(path, "w", encoding="utf-8") as file:
        file.write(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))

train, dev = articles(f"{sample}/train.json", 20), articles(f"{sample}/dev.json", 5)
write("train.json", train)
write("dev.json", dev)
large = articles(f"{squad}/dev.json", 2) if squad else dev
write("large.json", large)
# Every third question has no answer.
for number, question in enumerate(q for a in dev["data"] for p in a["paragraphs"] for q in p["qas"]):
    question["is_impossible"] = number % 3 == 0
    if question["is_impossible"]:
        question["answers"] = []
write("dev2.json", dev)
answers = {q["id"]: (q["answers"] or [{"text": "nothing"}])[0]["text"] for a in dev["data"] for p in a["paragraphs"]
           for q in p["qas"]}
write("answers.json", answers)
write("probabilities.json", {key: (index % 10) / 10 for index, key in enumerate(answers)})
bad = json.loads(json.dumps(train))
first = bad["data"][0]["paragraphs"][0]
first["qas"][0]["answers"][0]["answer_start"] += 3
first["qas"].append(dict(first["qas"][0]))
write("moved.json", bad)
write("broken.json", '{"data": [')
write("empty.json", '{"data": []}')
write("rows.csv", "context,question,answer,answer_start\n\"Ada wrote it in 1843.\",Who wrote it?,Ada,0\n")
write("lines.jsonl", '{"text": "Ada wrote it."}\n{"question": "Who?", "context": "Ada Lovelace, in 1843."}\n')
write("text.txt", "The tower was designed by Gustave Eiffel's engineers. It opened in 1889, and stands in Paris.\n")
write("settings.yaml", "model: encoder\ntrain_file: train.json\nlearning_rate: 1e-4\nmax_steps: 3\nbatch_size: 4\n")
write("unknown.yaml", "model: encoder\nlearning_speed: 1\n")
write("kind.yaml", "model: encoder\nepochs: many\n")
write("list.yaml", "model: encoder\nepochs: [1, 2]\n")
PYTHON

cat > normalise.py <<'PYTHON'
"""Leaves out of JSON and of lines what differs from run to run: times, rates, memory, the program's own path."""
import json, re, sys

VARYING = re.compile(
    r"seconds|per_second|_time$|started|^command$|waiting_share|memory|peak|resumed_after|^sig|^kills$")
SIZES = {"training", "gradient_checkpointing", "prediction", "predict"}

def clean(value, key=""):
    if isinstance(value, dict):
        return {name: clean(entry, name) for name, entry in value.items()}
    if isinstance(value, list) and not VARYING.search(key):
        return [clean(entry) for entry in value]
    is_number = isinstance(value, int) and not isinstance(value, bool)
    if VARYING.search(key) or (key in SIZES and is_number and value > 4096):
        return "~"
    return value

def lines(text):
    rules = [
        (r"\d+(\.\d+)? (s|min \d+ s)\b", "~ s"), (r"\d+(\.\d+)? (MiB|GiB)", "~ MiB"),
        (r"\d+(\.\d+)? (examples|real tokens|questions|rows)/s", r"~ \2/s"), (r"\d+(\.\d+)? a second", "~ a second"),
        (r" +~", " ~"),
    ]
    for pattern, replacement in rules:
        text = re.sub(pattern, replacement, text)
    return text

for line in [sys.stdin.read()]:
    try:
        print(json.dumps(clean(json.loads(line)), indent=1, ensure_ascii=False))
    except ValueError:
        print(lines(line), end="")
PYTHON

cat > losses.py <<'PYTHON'
"""The scalars of a TensorBoard file, one a line, with all their digits."""
import struct, sys

data = open(sys.argv[1], "rb").read()

def fields(message):
    at = 0
    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = message[at]; at += 1
            value |= (byte & 127) << shift; shift += 7
            if byte < 128: return value
    while at < len(message):
        tag = varint()
        if tag & 7 == 0: yield tag >> 3, varint()
        elif tag & 7 == 1: yield tag >> 3, message[at:at + 8]; at += 8
        elif tag & 7 == 5: yield tag >> 3, message[at:at + 4]; at += 4
        else:
            size = varint(); yield tag >> 3, message[at:at + size]; at += size

at = 0
while at < len(data):
    size = struct.unpack("<Q", data[at:at + 8])[0]
    event = dict(fields(data[at + 12:at + 12 + size]))
    at += 16 + size
    for number, value in fields(event.get(5, b"")):
        scalar = dict(fields(value))
        print(event.get(2, 0), scalar[1].decode(), scalar[2].hex())
PYTHON

# Runs a command and keeps its output, its errors and its code.
keep() {
    local name=$1
    shift
    "$bertqa" "$@" > stdout 2> stderr
    local code=$?
    python3 normalise.py < stdout > "$out/$name.out"
    { python3 normalise.py < stderr; echo "exit code $code"; } > "$out/$name.err"
}

run="--threads 2 --device cpu"
for precision in fp32 bf16; do
    # shellcheck disable=SC2086  # several words
    keep "train-$precision" train --model encoder --train-file train.json --validation-file dev2.json \
        --output-dir "run-$precision" --batch-size 8 --max-length 128 --max-steps 20 --epochs 2 --learning-rate 1e-4 \
        --warmup-ratio 0.1 --weight-decay 0.01 --save-steps 7 --keep-checkpoints 9 --tensorboard --seed 7 \
        --precision "$precision" $run --json
    python3 losses.py "run-$precision"/tensorboard/events* > "$out/losses-$precision.txt"
    for file in run.json training_stats.json config.json; do
        python3 normalise.py < "run-$precision/$file" > "$out/$precision-$file"
    done
    (cd "run-$precision" && sha256sum model.safetensors tokenizer.json learning_curve.svg tensorboard/events* \
        checkpoints/*/*.safetensors) > "$out/files-$precision.txt"
    last=$(ls -d "run-$precision"/checkpoints/step-* | tail -1)
    python3 normalise.py < "$last/state.json" > "$out/state-$precision.json"
    # shellcheck disable=SC2086
    for data in dev dev2; do
        keep "evaluate-$data-$precision" evaluate --model "run-$precision" --data $data.json \
            --precision "$precision" $run --json
    done
done
# shellcheck disable=SC2086
{
    keep evaluate-text evaluate --model run-fp32 --data dev.json --precision fp32 $run
    keep evaluate-tutorial evaluate --model run-fp32 --data dev.json --preset tutorial --max-length 128 \
        --precision fp32 $run --json
    keep resume train --model encoder --train-file train.json --validation-file dev2.json \
        --output-dir run-fp32 --batch-size 8 --max-length 128 --max-steps 20 --epochs 2 --learning-rate 1e-4 \
        --warmup-ratio 0.1 --weight-decay 0.01 --save-steps 7 --keep-checkpoints 9 --tensorboard --seed 7 \
        --precision fp32 $run --resume
    keep config train --config settings.yaml --output-dir run-config --precision fp32 $run --json
    keep config-of-run train --config run-config/run.json --output-dir run-again --json
    python3 normalise.py < run-again/run.json > "$out/config-of-run.json"
    keep tutorial train --preset tutorial --model encoder --train-file train.json --output-dir run-tutorial \
        --max-steps 4 \
        --batch-size 8 --max-length 96 --precision fp32 $run
    python3 normalise.py < run-tutorial/run.json > "$out/tutorial-run.json"
    keep sweep sweep --learning-rates 1e-4 2e-4 --model encoder --train-file train.json --validation-file dev.json \
        --output-dir sweep --max-steps 3 --epochs 1 --batch-size 4 --max-length 64 --precision fp32 $run
    python3 normalise.py < sweep/sweep.json > "$out/sweep.json"
    cp sweep/sweep.svg "$out/sweep.svg"
    keep verify-resume verify-resume --model encoder --train-file train.json --output-dir proof --max-steps 10 \
        --kills 2 \
        --batch-size 4 --max-length 64 --precision fp32 $run --json
    keep plan plan --model encoder --train-file train.json --memory 8GiB --no-calibration $run --precision fp32 --json
    keep plan-text plan --model encoder --max-length 128 --memory 8GiB --no-calibration $run --precision fp32
    keep plot plot run-fp32
    keep processes train --processes 2 --model encoder --train-file train.json --output-dir run-two --batch-size 2 \
        --max-length 64 --max-steps 3 --precision fp32 --threads 1 --device cpu --tensorboard
    python3 losses.py run-two/tensorboard/events* > "$out/losses-processes.txt"
}
cp run-fp32/learning_curve.svg "$out/"

keep check check --data moved.json --json
keep check-text check --data moved.json
keep check-model check --data train.json --model encoder --json
keep convert convert --data rows.csv --output rows.json --json
keep convert-repair convert --data moved.json --output repaired.json --repair
cp rows.json repaired.json "$out/"
keep inspect inspect --model encoder --data train.json --index 3 --json
keep inspect-text inspect --model encoder --data train.json --index 3 --max-length 64
keep lengths lengths --model encoder --data train.json --histogram lengths.svg --json
keep lengths-text lengths --model encoder --data train.json
cp lengths.svg "$out/"
keep score score --data dev2.json --predictions answers.json --na-prob-file probabilities.json --json
keep score-text score --data dev2.json --predictions answers.json --na-prob-file probabilities.json
"$bertqa" tokenize --model encoder --max-length 12 < lines.jsonl > "$out/tokenize.out"

if [ -n "$models" ]; then
    # shellcheck disable=SC2086
    {
        keep predict predict --model reader --data large.json --output all.json --n-best 3 --n-best-output best.json \
            --na-prob-output none.json --precision fp32 $run
        cp all.json best.json none.json "$out/"
        for shard in 1 2 3; do
            keep "predict-$shard" predict --model reader --data large.json --output "part$shard.json" --shard $shard/3 \
                --precision fp32 $run
        done
        keep merge merge --output merged.json part3.json part1.json part2.json
        cmp all.json merged.json > "$out/merge.cmp"
        keep predict-cut predict --model reader --data large.json --output cut.json --truncation end --max-length 64 \
            --decoding argmax --precision fp32 $run
        cp cut.json "$out/"
        keep compare compare --data dev.json --model reader --model run-fp32 --report report.html \
            --precision fp32 $run --json
        keep compare-text compare --data dev.json --model reader --model run-fp32 --precision fp32 $run
        sed -E 's/[0-9.]+ (MiB|s)/~/g; s/<td>[0-9.]+<\/td><td>~/<td>~<\/td><td>~/' report.html > "$out/report.html"
        keep ask ask --model reader --context-file text.txt --question "When did the tower open?" \
            --precision fp32 $run --json
        keep ask-3 ask --model reader --context-file text.txt --question "Where is it?" --top-k 3 \
            --precision fp32 $run --json
        keep ask-text ask --model reader --context-file text.txt --question "Where is it?" --top-k 3 \
            --precision fp32 $run
        printf 'When did it open?\n\nWho designed it?\n' > questions.txt
        keep chat chat --model reader --context-file text.txt --precision fp32 $run < questions.txt
        cp -r "$models/minilm-squad" quantized
        keep int8-unmeasured ask --model quantized --context-file text.txt --question "Where?" --precision int8 $run
        keep quantize quantize --model quantized --data dev.json --threads 2 --max-drop 100 --json
        keep int8 predict --model quantized --data dev.json --output int8.json --precision int8 $run
        [ ! -f int8.json ] || cp int8.json "$out/"
    }
fi

# What is said of bad input: a name, then the command line.
number=0
while IFS= read -r line; do
    [ -n "$line" ] || continue
    number=$((number + 1))
    # shellcheck disable=SC2086  # the words of a command line
    { echo "bertqa $line"; "$bertqa" $line 2>&1 < /dev/null; echo "exit code $?"; echo; } | python3 normalise.py
done > "$out/errors.txt" <<'LINES'
train --model encoder --train-file train.json
train --model encoder --train-file none.json --output-dir e
train --model none --train-file train.json --output-dir e
train --model encoder --train-file broken.json --output-dir e
train --model encoder --train-file empty.json --output-dir e
train --model encoder --train-file train.json --output-dir e --batch-size 0
train --model encoder --train-file train.json --output-dir e --learning-rate 0
train --model encoder --train-file train.json --output-dir e --epochs 0
train --model encoder --train-file train.json --output-dir e --warmup-ratio 2
train --model encoder --train-file train.json --output-dir e --max-steps 0
train --model encoder --train-file train.json --output-dir e --save-steps 0
train --model encoder --train-file train.json --output-dir e --logging-steps 0
train --model encoder --train-file train.json --output-dir e --max-length 4
train --model encoder --train-file train.json --output-dir e --max-length 9999
train --model encoder --train-file train.json --output-dir e --doc-stride 500
train --model encoder --train-file train.json --output-dir e --truncation end --doc-stride 10
train --model encoder --train-file train.json --output-dir e --precision int8
train --model encoder --train-file train.json --output-dir e --device cuda
train --model encoder --train-file train.json --output-dir e --validation-fraction 1
train --model encoder --train-file train.json --output-dir run-fp32
train --model encoder --train-file train.json --output-dir run-fp32 --resume --seed 8
train --config unknown.yaml --output-dir e
train --config kind.yaml --output-dir e
train --config list.yaml --output-dir e
train --config none.yaml --output-dir e
train --processes 0 --model encoder --train-file train.json --output-dir e
train --split-by page --model encoder --train-file train.json --output-dir e
evaluate --model encoder --data dev.json --threads 0
evaluate --model encoder --data dev.json --preset tutorial --doc-stride 3
evaluate --model run-fp32 --data dev.json --store-threshold
predict --model run-fp32 --data none.json --output p.json
predict --model run-fp32 --data dev.json --output p.json --n-best 3
predict --model run-fp32 --data dev.json --output p.json --shard 4/3
merge --output m.json train.json
score --data dev.json --predictions train.json
score --data dev.json --predictions answers.json --na-prob-file probabilities.json
ask --model run-fp32 --question Who?
ask --model run-fp32 --question Who? --context-file none.txt
ask --model run-fp32 --question Who? --context Ada --max-length 9999
inspect --model encoder --data dev.json --index 99999
lengths --model encoder --data dev.json --max-lengths 4
plan --model encoder --memory 5
plan --model encoder --memory 200MiB
plot none
quantize --model run-fp32 --data dev.json --max-drop 200
verify-resume --model encoder --train-file train.json --output-dir run-fp32
sweep --model encoder --train-file train.json --output-dir e --validation-fraction 0
tokenize --model none
download not/a/model
LINES
echo "golden: $(find "$out" -type f | wc -l) files in $out"
