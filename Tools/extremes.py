"""Gives `bertqa` inputs far beyond the usual, and prints what came of them: seconds, peak memory, the last line it
said. Leaves with 1 where it took more memory than it should, or did not end as it should.

A text of 10 MB, a question longer than a window, 100,000 questions about one text, a vocabulary of a million, a dataset
of 2 GB, as a document and as a table, a text and an answer of one letter over and over. The model is a random one of
one layer: what is looked at is everything around it.

Use: python Tools/extremes.py [--bertqa .build/release/bertqa] [--megabytes 2000]
"""

import argparse
import csv
import json
import os
import random
import struct
import subprocess
import tempfile
import time
from pathlib import Path

WIDTH = 32
# What `bertqa` leaves with where its input is wrong.
REFUSED = 65


def shapes(vocabulary):
    """The tensors of a BERT of one layer."""
    yield "bert.embeddings.word_embeddings.weight", (vocabulary, WIDTH)
    yield "bert.embeddings.position_embeddings.weight", (512, WIDTH)
    yield "bert.embeddings.token_type_embeddings.weight", (2, WIDTH)
    layer = "bert.encoder.layer.0."
    for name, sizes in [
            ("attention.self.query", (WIDTH, WIDTH)), ("attention.self.key", (WIDTH, WIDTH)),
            ("attention.self.value", (WIDTH, WIDTH)), ("attention.output.dense", (WIDTH, WIDTH)),
            ("intermediate.dense", (2 * WIDTH, WIDTH)), ("output.dense", (WIDTH, 2 * WIDTH))]:
        yield f"{layer}{name}.weight", sizes
        yield f"{layer}{name}.bias", sizes[:1]
    for name in ["bert.embeddings.LayerNorm", f"{layer}attention.output.LayerNorm", f"{layer}output.LayerNorm"]:
        yield f"{name}.weight", (WIDTH,)
        yield f"{name}.bias", (WIDTH,)
    yield "qa_outputs.weight", (2, WIDTH)
    yield "qa_outputs.bias", (2,)


def write_model(folder, words):
    """A model folder with these words and random weights."""
    folder.mkdir()
    rng = random.Random(42)
    tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *words]
    (folder / "vocab.txt").write_text("\n".join(tokens) + "\n", encoding="utf-8")
    config = {
        "model_type": "bert", "architectures": ["BertForQuestionAnswering"], "vocab_size": len(tokens),
        "hidden_size": WIDTH,
        "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 2 * WIDTH,
        "max_position_embeddings": 512,
        "type_vocab_size": 2, "hidden_act": "gelu", "layer_norm_eps": 1e-12}
    (folder / "config.json").write_text(json.dumps(config))
    header, end, block = {}, 0, struct.pack("<1024f", *(rng.gauss(0, 0.05) for _ in range(1024)))
    for name, sizes in shapes(len(tokens)):
        count = 4 * sizes[0] * (sizes[1] if len(sizes) > 1 else 1)
        header[name] = {"dtype": "F32", "shape": list(sizes), "data_offsets": [end, end + count]}
        end += count
    text = json.dumps(header).encode()
    with open(folder / "model.safetensors", "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for entry in header.values():
            rest = entry["data_offsets"][1] - entry["data_offsets"][0]
            while rest > 0:
                file.write(block[:rest])
                rest -= min(rest, len(block))


def paragraph(text, questions):
    return {"context": text, "qas": [
        {"id": f"{name}", "question": "who wrote it?", "answers": [{"text": text[:3], "answer_start": 0}]}
        for name in questions]}


def write_dataset(path, paragraphs):
    """A SQuAD file, a paragraph at a time."""
    with open(path, "w", encoding="utf-8") as file:
        file.write('{"version": "1.1", "data": [{"title": "", "paragraphs": [')
        for number, entry in enumerate(paragraphs):
            file.write((", " if number else "") + json.dumps(entry))
        file.write("]}]}")


def write_table(path, paragraphs):
    """A CSV of the same questions, one of each paragraph in other capitals."""
    with open(path, "w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(["id", "context", "question", "answer"])
        for entry in paragraphs:
            for number, question in enumerate(entry["qas"]):
                text = question["answers"][0]["text"]
                table.writerow([question["id"], entry["context"], question["question"],
                    text if number else text.upper()])


class Runs:
    """What is run, and what came of it."""

    def __init__(self, tool):
        self.tool = tool
        self.failed = []

    def __call__(self, name, arguments, code=0, most=400):
        """Runs a command to its end, and prints what came of it: the exit code that it should have, the megabytes that
        it may take."""
        took, ended, peak, line = run([self.tool, *arguments])
        verdict = "" if ended == code and peak <= most else f"  FAILED: exit {code} and at most {most} MB were expected"
        if verdict:
            self.failed.append(name)
        print(f"{name:44} exit {ended:3}  {took:7.1f} s  {peak:8.0f} MB  {line[:90]}{verdict}", flush=True)


def run(command):
    """Runs a command to its end: seconds, exit code, peak memory in MB, its last line."""
    start = time.time()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    # Both are short; what stands on standard error is progress.
    out, errors = process.stdout.read(), process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    last = (out if status == 0 else errors).decode().strip().splitlines()[-1:]
    return time.time() - start, os.waitstatus_to_exitcode(status), usage.ru_maxrss / 1000, (last or [""])[0]


WORDS = "ada wrote the first program in a town of rome and then it was read by all who came there . ? who".split()


def sentence():
    """Two hundred words."""
    rng = random.Random(1)
    return " ".join(rng.choice(WORDS) for _ in range(200))


def ask(run, root):
    """Single questions and texts that are too long, too many, of too many words."""
    text, model, wide = sentence(), str(root / "model"), str(root / "wide")
    write_model(root / "model", sorted(set(WORDS)))
    (root / "text").write_text((text + " ") * (10_000_000 // len(text)))
    run("ask: a text of 10 MB",
        ["ask", "--model", model, "--question", "who wrote it?", "--context-file", str(root / "text")])
    run("ask: a question longer than a window",
        ["ask", "--model", model, "--question", "who " * 600, "--context", text], code=REFUSED)
    write_dataset(root / "many", [paragraph(text, range(100_000))])
    run("check: 100,000 questions about one text", ["check", "--data", str(root / "many")])
    run("predict: the same",
        ["predict", "--model", model, "--data", str(root / "many"), "--output", str(root / "answers")])
    write_model(root / "wide", [f"word{number}" for number in range(1_000_000)])
    run("ask: a vocabulary of a million", [
        "ask", "--model", wide, "--question", "word7 word70", "--context", "word1 word10 word100 word1000"])
    letters = "a" * 10_000_000
    write_dataset(root / "letters", [{"context": letters, "qas": [
        {"id": "q", "question": "?", "answers": [{"text": letters[:5_000_000] + "b", "answer_start": 0}]}]}])
    run("check: a text and an answer of one letter", ["check", "--data", str(root / "letters"), "--json"], code=REFUSED,
        most=600)


def walk(run, root, megabytes):
    """Datasets of this size, whole and broken."""
    text, model = sentence(), str(root / "model")
    count = megabytes * 1_000_000 // (len(text) * 10 + 10 * 100)
    paragraphs = lambda count: (
        paragraph(text * 10 + f" {number}", range(10 * number, 10 * number + 10)) for number in range(count))
    write_dataset(root / "large", paragraphs(count))
    run(f"check: a dataset of {os.path.getsize(root / 'large') / 1e6:.0f} MB", ["check", "--data", str(root / "large")])
    run("lengths: the same", ["lengths", "--model", model, "--data", str(root / "large")])
    # Not by way of this program's memory: a child's peak counts what its parent had when it began.
    os.truncate(root / "large", os.path.getsize(root / "large") - 3)
    # Where a file is broken it is walked through once more for the place, and its own pages count until others need
    # them.
    run("check: the same without its end", ["check", "--data", str(root / "large")], code=REFUSED,
        most=400 + megabytes * 1.2)
    (root / "large").unlink()
    table, output = root / "table", str(root / "converted")
    write_table(table, paragraphs(count // 10))
    run(f"convert --repair: a table of {os.path.getsize(table) / 1e6:.0f} MB", [
        "convert", "--data", str(table), "--output", output, "--repair", "--json"])
    with open(table, "r+b") as file:
        file.seek(len(file.readline()))
        file.write(b'"')
    run("convert: the same, with quotes that nothing closes", ["convert", "--data", str(table), "--output", output],
        code=REFUSED, most=400 + megabytes * 1.2)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bertqa", default=".build/release/bertqa")
    parser.add_argument("--megabytes", type=int, default=2000)
    options = parser.parse_args()
    run = Runs(options.bertqa)
    with tempfile.TemporaryDirectory() as scratch:
        ask(run, Path(scratch))
        walk(run, Path(scratch), options.megabytes)
    if run.failed:
        raise SystemExit(f"extremes: not as they should be: {'; '.join(run.failed)}")


if __name__ == "__main__":
    main()
