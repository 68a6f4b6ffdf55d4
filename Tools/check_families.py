"""Trains the tiny model of each family for some steps with BertQA, opens what it saved in transformers, and compares
the answers of both: python Tools/check_families.py [--bertqa .build/release/bertqa] [--steps 20]

The models are the repositories of Tests/CommandTests/Fixtures/hub (Tools/make_hub_fixtures.py), which have the files
that real ones on the hub have. Needs the packages of Tools/requirements.txt. Ends with 1 if anything differs.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import torch
from transformers import AutoModelForQuestionAnswering, AutoTokenizer

HUB = Path("Tests/CommandTests/Fixtures/hub")


def run(bertqa, *arguments):
    ended = subprocess.run([bertqa, *map(str, arguments)], capture_output=True, text=True)
    if ended.returncode != 0:
        raise SystemExit(f"check_families: bertqa {arguments[0]} ended with {ended.returncode}: {ended.stderr[-500:]}")


def dataset(questions, answers):
    """The questions with transformers' answers before the training."""
    paragraphs = [
        {"context": row["context"], "qas": [{"id": str(index), "question": row["question"], "answers": [
            {"text": answer["answer"], "answer_start": row["context"].find(answer["answer"])}]}]}
        for index, (row, answer) in enumerate(zip(questions, answers, strict=True))]
    return {"version": "1.1", "data": [{"title": "", "paragraphs": paragraphs}]}


def answer(tokenizer, model, question, context):
    """The best span of at most 30 tokens."""
    row = tokenizer(question, context, return_offsets_mapping=True, return_tensors="pt")
    offsets = row.pop("offset_mapping")[0].tolist()
    places = [index for index, part in enumerate(row.sequence_ids(0)) if part == 1]
    with torch.inference_mode():
        output = model(**row)
    start, end = output.start_logits[0].tolist(), output.end_logits[0].tolist()
    first, last = max(((i, j) for i in places for j in places if i <= j < i + 30),
        key=lambda pair: start[pair[0]] + end[pair[1]])
    return context[offsets[first][0] : offsets[last][1]]


def check(bertqa, steps, family, questions, answers, folder):
    """What is wrong with a family: an empty list where nothing is."""
    model, data, saved = folder / family, folder / "data.json", folder / f"run-{family}"
    shutil.copytree(HUB / family, model)
    data.write_text(json.dumps(dataset(questions, answers)))
    run(bertqa, "train", "--model", model, "--allow-pickle", "--train-file", data, "--validation-fraction", 0,
        "--epochs", steps, "--max-steps", steps, "--batch-size", 3, "--learning-rate", 1e-3, "--precision", "fp32",
        "--output-dir", saved)
    run(bertqa, "predict", "--model", saved, "--data", data, "--output", folder / "ours.json", "--precision", "fp32")
    ours = json.loads((folder / "ours.json").read_text())
    theirs, found = AutoModelForQuestionAnswering.from_pretrained(
        saved, dtype=torch.float32, output_loading_info=True)
    tokenizer = AutoTokenizer.from_pretrained(saved)
    theirs.eval()
    wrong = [f"{kind}: {sorted(map(str, names))}" for kind, names in found.items() if names]
    for index, row in enumerate(questions):
        expected = answer(tokenizer, theirs, row["question"], row["context"])
        if ours[str(index)] != expected:
            wrong.append(f"{row['question']}: {ours[str(index)]!r}, transformers: {expected!r}")
    print(f"{family}: {type(theirs).__name__}, {len(questions)} questions, {'; '.join(wrong) or 'all answers equal'}")
    return wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bertqa", default=".build/release/bertqa")
    parser.add_argument("--steps", type=int, default=20)
    options = parser.parse_args()
    expected = json.loads((HUB / "expected.json").read_text())
    wrong = []
    with tempfile.TemporaryDirectory() as folder:
        for family, answers in expected["families"].items():
            wrong += check(options.bertqa, options.steps, family, expected["questions"], answers, Path(folder))
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
