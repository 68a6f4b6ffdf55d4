#!/usr/bin/env python3
"""Exports a model with `bertqa export`, runs it in ONNX Runtime, and compares with what `bertqa predict` answers.

    python3 -m venv .venv-export
    .venv-export/bin/pip install -r Tools/export-requirements.txt
    .venv-export/bin/python Tools/check_export.py --bertqa .build/release/bertqa --model run --data dev.json

The file is checked by onnx.checker, opened by ONNX Runtime with its default optimisations, and fed by the tokenizer
that was copied beside it, in padded batches. A text that is longer than --max-length loses its end, here and there.
Printed are the share of equal answers, the largest difference between the logits (start plus end) of equal best
answers, the scores of the exported model, and questions a second. Exit status 1 where the share is below --least, or a
logit of an fp32 file differs by more than 1e-4.

--fixtures Tests/BERTTests/Fixtures exports the tiny models of all families with every opset, and compares ONNX
Runtime's logits with those that transformers computed.

--guide PAGE runs the Python blocks of a page in a folder that has the model as onnx/model.onnx, and compares what they
print with the text block behind each.
"""

import argparse
import contextlib
import io
import json
import os
import re
import subprocess
import sys
import tempfile
import time

import numpy
import onnx
import onnxruntime
from safetensors.numpy import load_file
from transformers import AutoTokenizer

LONGEST_ANSWER = 30
LIMIT = 1e-4


def questions(path):
    with open(path, encoding="utf-8") as file:
        for article in json.load(file)["data"]:
            for paragraph in article["paragraphs"]:
                for question in paragraph["qas"]:
                    yield question["id"], question["question"].strip(), paragraph["context"], question["answers"]


def best_span(start, end, first, last):
    """The pair of tokens in [first, last] with the highest sum, and the sum."""
    sums = start[first : last + 1, None] + end[None, first : last + 1]
    allowed = numpy.tril(numpy.triu(numpy.ones_like(sums)), LONGEST_ANSWER - 1) > 0
    sums = numpy.where(allowed, sums, -numpy.inf)
    place = numpy.unravel_index(int(sums.argmax()), sums.shape)
    return first + place[0], first + place[1], float(sums[place])


def session_of(path, threads):
    options = onnxruntime.SessionOptions()
    if threads:
        options.intra_op_num_threads = threads
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def answers(session, tokenizer, rows, max_length, batch_size):
    """The answer and the logit of each question, and the seconds in the session."""
    names = {value.name for value in session.get_inputs()}
    encoded = [
        tokenizer(question, context, truncation="only_second", max_length=max_length, return_offsets_mapping=True)
        for _, question, context, _ in rows
    ]
    order = sorted(range(len(rows)), key=lambda row: len(encoded[row]["input_ids"]))
    found, seconds = {}, 0.0
    for begin in range(0, len(order), batch_size):
        batch = order[begin : begin + batch_size]
        fields = [name for name in encoded[batch[0]] if name in names]
        padded = tokenizer.pad({name: [encoded[row][name] for row in batch] for name in fields}, return_tensors="np")
        feed = {name: numpy.asarray(padded[name], dtype=numpy.int64) for name in fields}
        started = time.perf_counter()
        starts, ends = session.run(["start_logits", "end_logits"], feed)
        seconds += time.perf_counter() - started
        for row, start, end in zip(batch, starts, ends):
            identifier, _, context, _ = rows[row]
            text = [index for index, part in enumerate(encoded[row].sequence_ids()) if part == 1]
            if not text:
                found[identifier] = ("", 0.0)
                continue
            first, last, logit = best_span(start, end, text[0], text[-1])
            offsets = encoded[row]["offset_mapping"]
            found[identifier] = (context[offsets[first][0] : offsets[last][1]], logit)
    return found, seconds


def run(*command):
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def compare(options, folder):
    precision = options.beside or ("int8" if options.int8 else "fp32")
    path = os.path.join(folder, "onnx", "model.onnx")
    extra = ["--int8"] if options.int8 else ["--precision", options.precision]
    run(options.bertqa, "export", "--model", options.model, "--output", path, "--opset", str(options.opset), *extra)
    onnx.checker.check_model(path, full_check=True)
    rows = list(questions(options.data))[: options.limit]
    predictions, best = (os.path.join(folder, f"{name}-{precision}.json") for name in ("predictions", "best"))
    data = os.path.join(folder, "data.json")
    if not os.path.exists(best):
        with open(data, "w", encoding="utf-8") as file:
            paragraphs = [
                {"context": text, "qas": [{"id": identifier, "question": question, "answers": answers}]}
                for identifier, question, text, answers in rows
            ]
            json.dump({"version": "1.1", "data": [{"title": "", "paragraphs": paragraphs}]}, file)
        run(
            options.bertqa, "predict", "--model", options.model, "--data", data, "--output", predictions,
            "--precision", precision, "--truncation", "end", "--max-length", str(options.max_length),
            "--n-best", "1", "--n-best-output", best, "--no-answer-threshold", "1",
        )  # fmt: skip
    with open(best, encoding="utf-8") as file:
        expected = json.load(file)
    session = session_of(path, options.threads)
    tokenizer = AutoTokenizer.from_pretrained(os.path.dirname(path))
    found, seconds = answers(session, tokenizer, rows, options.max_length, options.batch_size)
    same, largest = 0, 0.0
    for identifier, (text, logit) in found.items():
        candidates = expected[identifier]
        other = candidates[0]["text"] if candidates else ""
        same += text == other
        if candidates and text == other:
            largest = max(largest, abs(logit - candidates[0]["logit"]))
    share = 100 * same / len(found)
    own = os.path.join(folder, "own.json")
    with open(own, "w", encoding="utf-8") as file:
        json.dump({identifier: text for identifier, (text, _) in found.items()}, file)
    name = "int8" if options.int8 else options.precision
    size = sum(os.path.getsize(path + end) for end in ("", "_data") if os.path.exists(path + end)) / 1e6
    print(f"{name}, opset {options.opset}: {size:.1f} MB, {len(found)} questions, {len(found) / seconds:.1f} a second")
    print(f"same answers       {share:.2f} %")
    print(f"largest difference {largest:.2e} of a logit, start plus end")
    for label, file in (("ONNX Runtime", own), ("BertQA", predictions)):
        scores = subprocess.run(
            [options.bertqa, "score", "--data", data, "--predictions", file, "--json"],
            check=True, stdout=subprocess.PIPE,
        )  # fmt: skip
        scores = json.loads(scores.stdout)
        print(f"{label:18} exact match {scores['exact_match']:.2f}, F1 {scores['f1']:.2f}")
    exact = not options.int8 and options.precision == "fp32"
    return share >= options.least and not (exact and largest > LIMIT)


def run_guide(options, folder):
    with open(options.guide, encoding="utf-8") as file:
        blocks = re.findall(r"```python\n(.*?)```\n+```text\n(.*?)```", file.read(), re.DOTALL)
    if not blocks:
        sys.exit(f"{options.guide}: there is no Python block with a text block behind it")
    run(options.bertqa, "export", "--model", options.model, "--output", os.path.join(folder, "onnx", "model.onnx"))
    here = os.getcwd()
    os.chdir(folder)
    right = True
    for code, expected in blocks:
        output = io.StringIO()
        with contextlib.redirect_stdout(output):
            exec(compile(code, options.guide, "exec"), {})
        if output.getvalue() != expected:
            print(f"{options.guide}: expected\n{expected}and got\n{output.getvalue()}")
            right = False
    os.chdir(here)
    print(f"{options.guide}: {len(blocks)} Python block(s) run")
    return right


FIXTURES = {
    "tiny_bert": ("tiny_bert", "tiny_bert/batch", 0),
    "one_type": ("one_type", "one_type/logits", 0),
    "DistilBERT": ("families/distilbert/model", "families/distilbert/batch", 0),
    "ELECTRA": ("families/electra/model", "families/electra/batch", 0),
    "RoBERTa": ("families/roberta/model", "families/roberta/batch", 1),
    "RoBERTa, padding in the text": ("families/roberta/model", "families/roberta/spelled_padding", 1),
}


def check_fixtures(options, folder):
    right = True
    for name, (model, batch, padding) in FIXTURES.items():
        expected = load_file(os.path.join(options.fixtures, f"{batch}.safetensors"))
        ids = expected["ids"]
        starts = expected.get("row_starts", numpy.array([0, len(ids)]))
        rows = list(zip(starts, starts[1:]))
        shape = (len(rows), max(last - first for first, last in rows))
        feed = {name: numpy.zeros(shape, numpy.int64) for name in ("input_ids", "attention_mask", "token_type_ids")}
        feed["input_ids"][:] = padding
        for row, (first, last) in enumerate(rows):
            feed["input_ids"][row, : last - first] = ids[first:last]
            feed["attention_mask"][row, : last - first] = 1
            feed["token_type_ids"][row, : last - first] = expected.get("type_ids", 0 * ids)[first:last]
        largest = {}
        for opset in range(17, 23):
            for precision in ("fp32", "fp16"):
                path = os.path.join(folder, "tiny.onnx")
                run(
                    options.bertqa, "export", "--model", os.path.join(options.fixtures, model), "--output", path,
                    "--opset", str(opset), "--precision", precision,
                )  # fmt: skip
                onnx.checker.check_model(path, full_check=True)
                session = session_of(path, options.threads)
                names = [value.name for value in session.get_inputs()]
                outputs = session.run(["start_logits", "end_logits"], {name: feed[name] for name in names})
                for output, key in zip(outputs, ("start_logits", "end_logits")):
                    packed = numpy.concatenate([output[row, : last - first] for row, (first, last) in enumerate(rows)])
                    difference = float(numpy.abs(packed - expected[key]).max())
                    largest[precision] = max(largest.get(precision, 0.0), difference)
                os.remove(path)
                os.remove(os.path.join(folder, "config.json"))
        print(f"{name}: {', '.join(names)}; largest differences of a logit {largest}")
        right = right and largest["fp32"] < LIMIT
    return right


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bertqa", required=True, help="the program")
    parser.add_argument("--model", help="a fine-tuned model's folder")
    parser.add_argument("--data", help="a SQuAD file")
    parser.add_argument("--fixtures", help="the folder of the tiny models of tests")
    parser.add_argument("--guide", help="a page whose Python blocks are to be run")
    parser.add_argument("--precision", default="fp32", choices=["fp32", "fp16"])
    parser.add_argument("--int8", action="store_true")
    parser.add_argument("--beside", choices=["fp32", "int8"],
        help="the precision of BertQA's own answers, for a CPU that multiplies no bytes (default: as exported)")
    parser.add_argument("--opset", type=int, default=17)
    parser.add_argument("--limit", type=int, help="only so many questions")
    parser.add_argument("--max-length", type=int, default=384)
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--threads", type=int)
    parser.add_argument("--work",
        help="a folder in which BertQA's answers to the same questions are kept for the next run")
    parser.add_argument("--least", type=float, default=99.5, help="per cent of answers that must be equal")
    options = parser.parse_args()
    if (options.data or options.guide) and not options.model:
        parser.error("--data and --guide need --model")
    for name in ("bertqa", "model", "data", "fixtures", "guide"):
        if getattr(options, name):
            setattr(options, name, os.path.abspath(getattr(options, name)))
    right = True
    with tempfile.TemporaryDirectory() as folder:
        if options.work:
            folder = os.path.abspath(options.work)
            os.makedirs(folder, exist_ok=True)
        if options.fixtures:
            right = check_fixtures(options, folder) and right
        if options.guide:
            right = run_guide(options, folder) and right
        if options.data:
            right = compare(options, folder) and right
    sys.exit(0 if right else 1)


if __name__ == "__main__":
    main()
