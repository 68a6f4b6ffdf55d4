#!/usr/bin/env python3
"""Answers a SQuAD file with transformers and says how many answers a predictions file has in common with it.

Used to prove that a model BertQA saved opens in transformers and answers there as it does here.

    pip install torch==2.13.0 transformers==5.23.0 safetensors
    python Tools/compare_predictions.py --model OUT --data dev.json --predictions predictions.json [--limit N]

An answer is the pair of tokens of the context with the highest sum of start and end logit, among the 20 best starts and
the 20 best ends, 30 tokens long at most. Questions longer than --max-length tokens lose the end of their context, as
`bertqa` does without --doc-stride. Exit status 1 when fewer answers agree than --least asks for.
"""

import argparse
import itertools
import json
import sys

import torch
from transformers import AutoModelForQuestionAnswering, AutoTokenizer

PAIRS = 20
LONGEST_ANSWER = 30


def questions(path):
    with open(path, encoding="utf-8") as file:
        for article in json.load(file)["data"]:
            for paragraph in article["paragraphs"]:
                for question in paragraph["qas"]:
                    yield question["id"], question["question"].strip(), paragraph["context"]


def best_span(start_logits, end_logits, context_tokens):
    """The pair (first, last) with the highest sum of logits; of equal ones the first found."""
    starts = sorted(context_tokens, key=lambda token: -start_logits[token])[:PAIRS]
    ends = sorted(context_tokens, key=lambda token: -end_logits[token])[:PAIRS]
    pairs = [(a, b) for a, b in itertools.product(starts, ends) if a <= b < a + LONGEST_ANSWER]
    return max(pairs, key=lambda pair: start_logits[pair[0]] + end_logits[pair[1]], default=None)


def answer(model, tokenizer, batch, max_length):
    encoded = tokenizer(
        [row[1] for row in batch], [row[2] for row in batch], truncation="only_second", max_length=max_length,
        padding="longest", return_offsets_mapping=True, return_tensors="pt",
    )  # fmt: skip
    offsets = encoded.pop("offset_mapping").tolist()
    with torch.inference_mode():
        output = model(**encoded)
    answers = {}
    for row, (identifier, _, context) in enumerate(batch):
        tokens = [index for index, part in enumerate(encoded.sequence_ids(row)) if part == 1]
        span = best_span(output.start_logits[row].tolist(), output.end_logits[row].tolist(), tokens)
        answers[identifier] = context[offsets[row][span[0]][0] : offsets[row][span[1]][1]] if span else ""
    return answers


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True, help="a model directory")
    parser.add_argument("--data", required=True, help="a file in SQuAD format")
    parser.add_argument("--predictions", required=True, help='{"question id": "answer", ...}')
    parser.add_argument("--max-length", type=int, default=384)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--limit", type=int, help="only the first N questions of the file")
    parser.add_argument("--least", type=float, default=0.0, help="the share of equal answers that is enough, 0 to 1")
    options = parser.parse_args()
    tokenizer = AutoTokenizer.from_pretrained(options.model)
    model, loading = AutoModelForQuestionAnswering.from_pretrained(
        options.model, dtype=torch.float32, output_loading_info=True
    )
    for kind in ("missing_keys", "unexpected_keys", "mismatched_keys"):
        if loading.get(kind):
            sys.exit(f"{options.model}: {kind}: {sorted(map(str, loading[kind]))}")
    model.eval()
    rows = list(itertools.islice(questions(options.data), options.limit))
    with open(options.predictions, encoding="utf-8") as file:
        predictions = json.load(file)
    answers = {}
    by_length = sorted(rows, key=lambda row: len(row[1]) + len(row[2]))
    for first in range(0, len(by_length), options.batch_size):
        answers.update(answer(model, tokenizer, by_length[first : first + options.batch_size], options.max_length))
    differing = [identifier for identifier, _, _ in rows if predictions.get(identifier) != answers[identifier]]
    for identifier in differing:
        print(f"{identifier}\t{predictions.get(identifier)!r}\ttransformers: {answers[identifier]!r}")
    share = 1 - len(differing) / len(rows) if rows else 1.0
    print(f"{len(rows) - len(differing)} of {len(rows)} answers are equal ({100 * share:.2f} %)")
    sys.exit(0 if share >= options.least else 1)


if __name__ == "__main__":
    main()
