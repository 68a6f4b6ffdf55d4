"""One measurement of a peer: prints one JSON object. run.py calls it."""

import argparse
import json
import os
import random
import resource
import time

import numpy
import torch
from transformers import AutoModelForQuestionAnswering, AutoTokenizer

from engines import ENGINES, Setting


def questions(path):
    """Question, text and first answer, as transformers' own example takes them out of a SQuAD file."""
    for article in json.load(open(path, encoding="utf-8"))["data"]:
        for paragraph in article["paragraphs"]:
            for question in paragraph["qas"]:
                yield question["question"].strip(), paragraph["context"], question["answers"][0]


def features(tokenizer, path, length):
    """Rows with span labels from offsets."""
    rows = []
    for question, text, answer in questions(path):
        row = tokenizer(question, text, truncation="only_second", max_length=length, return_offsets_mapping=True)
        kinds, offsets = row.sequence_ids(0), row["offset_mapping"]
        begin, end = answer["answer_start"], answer["answer_start"] + len(answer["text"])
        inside = [
            place for place, (first, last) in enumerate(offsets)
            if kinds[place] == 1 and first < end and last > begin
        ]
        span = (inside[0], inside[-1]) if inside and offsets[inside[-1]][1] >= end else (0, 0)
        rows.append((row["input_ids"], row.get("token_type_ids", [0] * len(row["input_ids"])), span))
    return rows


def padded(rows, width=None):
    """Ids, segments and mask of some rows, to the longest or to `width`."""
    width = width or max(len(row[0]) for row in rows)
    ids, kinds, mask = (numpy.zeros((len(rows), width), numpy.int64) for _ in range(3))
    for line, row in enumerate(rows):
        count = len(row[0])
        ids[line, :count], kinds[line, :count], mask[line, :count] = row[0], row[1], 1
    return ids, mask, kinds


def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def train(options, tokenizer):
    """Its best way: rows of like length together, padded to the longest, autocast for bfloat16, fused AdamW."""
    rows = features(tokenizer, options.data, 384)
    model = AutoModelForQuestionAnswering.from_pretrained(options.model, dtype=torch.float32).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, weight_decay=0.0, fused=True)
    order = list(range(len(rows)))
    random.Random(42).shuffle(order)
    if not options.pad_to_maximum:
        pools = [sorted(order[i:i + 800], key=lambda k: len(rows[k][0])) for i in range(0, len(order), 800)]
        order = [k for pool in pools for k in pool]
    batches = [order[i:i + 16] for i in range(0, len(order) - 15, 16)]
    random.Random(43).shuffle(batches)
    done = tokens = 0
    start = time.perf_counter()
    for step, batch in enumerate(batches[: options.steps]):
        if step == 2:
            done, tokens, start = 0, 0, time.perf_counter()
        chosen = [rows[k] for k in batch]
        ids, mask, kinds = map(torch.from_numpy, padded(chosen, 384 if options.pad_to_maximum else None))
        first, last = (torch.tensor([row[2][side] for row in chosen]) for side in (0, 1))
        with torch.autocast("cpu", torch.bfloat16, enabled=options.precision == "bf16"):
            output = model(
                input_ids=ids, attention_mask=mask, token_type_ids=kinds, start_positions=first, end_positions=last)
        output.loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        done, tokens = done + len(batch), tokens + sum(len(row[0]) for row in chosen)
    seconds = time.perf_counter() - start
    return {"rate": done / seconds, "tokens_per_second": tokens / seconds, "memory": peak()}


def engine(options, rows):
    """What `--precision` names: an engine and a precision, "onnx-int8", or a precision alone, which is PyTorch's.

    `rows` are those that static scales are found on, where an engine needs any."""
    name, _, precision = options.precision.rpartition("-")
    model = AutoModelForQuestionAnswering.from_pretrained(options.model, dtype=torch.float32).eval()
    return ENGINES[name or "pytorch"](Setting(precision, options.scratch, rows, padded), model)


def predict(options, tokenizer):
    """Rows of like length together, the best of three batch sizes. The encoding is not counted, for it is slow."""
    rows = sorted(features(tokenizer, options.data, 384), key=lambda row: len(row[0]))
    run = engine(options, rows)
    best = 0.0
    for size in (8, 16, 32):
        batches = [padded(rows[i:i + size]) for i in range(0, len(rows), size)]
        run(*batches[0])
        run(*batches[-1])
        start = time.perf_counter()
        for batch in batches:
            run(*batch)
        best = max(best, len(rows) / (time.perf_counter() - start))
    return {"rate": best, "memory": peak()}


def latency(options, tokenizer):
    """One question, one text, encoded and answered, warm."""
    run = engine(options, features(tokenizer, options.data, 384))
    pairs = [(question, text) for question, text, _ in questions(options.data)][: options.steps + 10]
    times = []
    for question, text in pairs:
        start = time.perf_counter()
        row = tokenizer(question, text, truncation="only_second", max_length=384)
        run(*padded([(row["input_ids"], row["token_type_ids"])]))
        times.append(time.perf_counter() - start)
    times = sorted(times[10:])
    return {"p50": times[len(times) // 2], "p99": times[int(len(times) * 0.99)], "memory": peak()}


def encode(options, tokenizer):
    """Pairs with offsets by the Rust library, one thread."""
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    rust = tokenizer.backend_tokenizer
    rust.no_padding()
    rust.no_truncation()
    pairs = [(question, text) for question, text, _ in questions(options.data)]
    rust.encode(*pairs[0])
    start = time.perf_counter()
    for pair in pairs:
        rust.encode(*pair)
    return {"rate": len(pairs) / (time.perf_counter() - start)}


def featurise(options, tokenizer):
    start = time.perf_counter()
    count = len(features(tokenizer, options.data, 384))
    return {"rate": count / (time.perf_counter() - start)}


def first(options, tokenizer):
    """One answer; the caller measures the process."""
    question, text, _ = next(questions(options.data))
    row = tokenizer(question, text)
    engine(options, [row])(*padded([(row["input_ids"], row["token_type_ids"])]))
    return {"memory": peak()}


def main():
    jobs = {job.__name__: job for job in (train, predict, latency, encode, featurise, first)}
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("job", choices=jobs)
    parser.add_argument("--model", required=True)
    parser.add_argument("--data", required=True)
    parser.add_argument("--precision", default="fp32", help="fp32 or bf16, behind an engine's name if not PyTorch's")
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--pad-to-maximum", action="store_true")
    parser.add_argument("--scratch", default=".")
    options = parser.parse_args()
    torch.manual_seed(42)
    print(json.dumps(jobs[options.job](options, AutoTokenizer.from_pretrained(options.model))))


if __name__ == "__main__":
    main()
