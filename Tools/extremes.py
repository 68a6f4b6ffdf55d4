"""Gives `bertqa` inputs far beyond the usual, and prints what came of them: seconds, peak memory, the last line it said.

A text of 10 MB, a question longer than a window, 100,000 questions about one text, a vocabulary of a million, a dataset of 2 GB, as a
document and as a table, a text and an answer of one letter over and over.
The model is a random one of one layer: what is looked at is everything around it.

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
        "model_type": "bert", "architectures": ["BertForQuestionAnswering"], "vocab_size": len(tokens), "hidden_size": WIDTH,
        "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 2 * WIDTH, "max_position_embeddings": 512,
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
        {"id": f"{name}", "question": "who wrote it?", "answers": [{"text": text[:3], "answer_start": 0}]} for name in questions]}


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
                table.writerow([question["id"], entry["context"], question["question"], text if number else text.upper()])


def run(name, command):
    """Runs a command to its end, and prints what came of it."""
    start = time.time()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    # Both are short; what stands on standard error is progress.
    out, errors = process.stdout.read(), process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    last = (out if status == 0 else errors).decode().strip().splitlines()[-1:]
    code = os.waitstatus_to_exitcode(status)
    print(f"{name:44} exit {code:3}  {time.time() - start:7.1f} s  {usage.ru_maxrss / 1000:8.0f} MB  {(last or [''])[0][:90]}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bertqa", default=".build/release/bertqa")
    parser.add_argument("--megabytes", type=int, default=2000)
    options = parser.parse_args()
    words = "ada wrote the first program in a town of rome and then it was read by all who came there . ? who".split()
    rng = random.Random(1)
    sentence = " ".join(rng.choice(words) for _ in range(200))
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch)
        write_model(root / "model", sorted(set(words)))
        tool, model = options.bertqa, str(root / "model")
        (root / "text").write_text((sentence + " ") * (10_000_000 // len(sentence)))
        run("ask: a text of 10 MB", [tool, "ask", "--model", model, "--question", "who wrote it?", "--context-file", str(root / "text")])
        run("ask: a question longer than a window", [tool, "ask", "--model", model, "--question", "who " * 600, "--context", sentence])
        write_dataset(root / "many", [paragraph(sentence, range(100_000))])
        run("check: 100,000 questions about one text", [tool, "check", "--data", str(root / "many")])
        run("predict: the same", [tool, "predict", "--model", model, "--data", str(root / "many"), "--output", str(root / "answers")])
        write_model(root / "wide", [f"word{number}" for number in range(1_000_000)])
        run("ask: a vocabulary of a million", [
            tool, "ask", "--model", str(root / "wide"), "--question", "word7 word70", "--context", "word1 word10 word100 word1000"])
        letters = "a" * 10_000_000
        write_dataset(root / "letters", [{"context": letters, "qas": [
            {"id": "q", "question": "?", "answers": [{"text": letters[:5_000_000] + "b", "answer_start": 0}]}]}])
        run("check: a text and an answer of one letter", [tool, "check", "--data", str(root / "letters"), "--json"])
        count = options.megabytes * 1_000_000 // (len(sentence) * 10 + 10 * 100)
        paragraphs = lambda count: (
            paragraph(sentence * 10 + f" {number}", range(10 * number, 10 * number + 10)) for number in range(count))
        write_dataset(root / "large", paragraphs(count))
        size = os.path.getsize(root / "large") / 1e6
        run(f"check: a dataset of {size:.0f} MB", [tool, "check", "--data", str(root / "large")])
        run("lengths: the same", [tool, "lengths", "--model", model, "--data", str(root / "large")])
        # Not by way of this program's memory: a child's peak counts what its parent had when it began.
        os.truncate(root / "large", os.path.getsize(root / "large") - 3)
        run("check: the same without its end", [tool, "check", "--data", str(root / "large")])
        table, output = root / "table", str(root / "converted")
        write_table(table, paragraphs(count // 10))
        run(f"convert --repair: a table of {os.path.getsize(table) / 1e6:.0f} MB", [
            tool, "convert", "--data", str(table), "--output", output, "--repair", "--json"])
        text = table.read_bytes()[:64]
        with open(table, "r+b") as file:
            file.seek(text.index(b"\n") + 1)
            file.write(b'"')
        run("convert: the same, with quotes that nothing closes", [tool, "convert", "--data", str(table), "--output", output])


if __name__ == "__main__":
    main()
