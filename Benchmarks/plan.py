"""What `bertqa plan` predicts beside what runs take: the table of docs/lab/planning.md.

python3 Benchmarks/plan.py                    every line, about half an hour, 10 GB of disk
python3 Benchmarks/plan.py --models minilm    some of them, without writing

Needs no packages: the models have random weights, which take as much memory as trained ones. The peak is what the
system counts for the process (`ru_maxrss`): of three steps with a validation and a checkpoint (MiniLM) or of two with a
checkpoint (the larger ones), of reading 32 rows of 512 tokens, and of an epoch over the sample data.
"""

import argparse
import datetime
import json
import os
import random
import shutil
import struct
import tempfile
from pathlib import Path

from measure import ENCODER, ROOT, bertqa, processor, write

# Layers, hidden size, heads.
SHAPES = {"minilm": (6, 384, 12), "base": (12, 768, 12), "large": (24, 1024, 16)}
NAMES = {"minilm": "MiniLM", "base": "BERT-base", "large": "BERT-large"}
LENGTHS = (128, 256, 384, 512)
# Batch sizes by model: those of rows of 128, 256, 384 and 512 tokens. BERT-large's stay below 8 GiB.
BATCHES = {"minilm": [(1, 16), (8,), (8,), (2, 8)], "base": [(1, 16), (4,), (2,), (2,)],
    "large": [(1,), (), (2,), (2,)]}
SAMPLE = ROOT / "Data/sample/train.json"
VOCABULARY = 30522


def shapes(layers, hidden):
    """The names and shapes of BERT with a question-answering head."""

    def linear(name, inputs, outputs):
        return [(f"{name}.weight", [outputs, inputs]), (f"{name}.bias", [outputs])]

    def norm(name):
        return [(f"{name}.weight", [hidden]), (f"{name}.bias", [hidden])]

    result = [(f"bert.embeddings.{name}_embeddings.weight", [rows, hidden]) for name,
        rows in (("word", VOCABULARY), ("position", 512), ("token_type", 2))]
    result += norm("bert.embeddings.LayerNorm")
    for layer in range(layers):
        scope = f"bert.encoder.layer.{layer}"
        for name in ("query", "key", "value"):
            result += linear(f"{scope}.attention.self.{name}", hidden, hidden)
        result += linear(f"{scope}.attention.output.dense", hidden,
            hidden) + norm(f"{scope}.attention.output.LayerNorm")
        result += linear(f"{scope}.intermediate.dense", hidden, 4 * hidden) + linear(f"{scope}.output.dense",
            4 * hidden, hidden)
        result += norm(f"{scope}.output.LayerNorm")
    return result + linear("qa_outputs", hidden, 2)


def random_model(folder, layers, hidden, heads):
    """A model's folder with random weights and the encoder's vocabulary."""
    folder.mkdir()
    config = {
        "architectures": ["BertForQuestionAnswering"], "model_type": "bert", "vocab_size": VOCABULARY,
        "hidden_size": hidden, "num_hidden_layers": layers,
        "num_attention_heads": heads, "intermediate_size": 4 * hidden, "max_position_embeddings": 512,
        "type_vocab_size": 2}
    (folder / "config.json").write_text(json.dumps(config))
    for name in ("vocab.txt", "tokenizer.json", "tokenizer_config.json"):
        shutil.copy(f"{ENCODER}/{name}", folder)
    header, end = {}, 0
    for name, shape in shapes(layers, hidden):
        size = 4 * shape[0] * (shape[1] if len(shape) > 1 else 1)
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [end, end + size]}
        end += size
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    source = random.Random(42)
    pattern = struct.pack("<65537f", *(source.gauss(0, 0.02) for _ in range(65537)))
    with open(folder / "model.safetensors", "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for name, entry in header.items():
            left = entry["data_offsets"][1] - entry["data_offsets"][0]
            block = struct.pack("<f", 1) * (left // 4) if name.endswith("LayerNorm.weight") else pattern
            while left > 0:
                file.write(block[:left])
                left -= min(left, len(block))
    return folder


def dataset(folder, rows):
    """Questions about texts longer than any row, of words that are one token each."""
    words = [word for word in Path(ENCODER, "vocab.txt").read_text(encoding="utf-8").split() if word.isascii()
        and word.isalpha() and len(word) > 2]
    source = random.Random(rows)
    paragraphs = [
        {"context": "answer " + " ".join(source.choices(words, k=600)),
            "qas": [{"id": str(row), "question": "what is it", "answers": [{"text": "answer", "answer_start": 0}]}]}
        for row in range(rows)]
    path = folder / f"rows-{rows}.json"
    path.write_text(json.dumps({"version": "1.1", "data": [{"title": "rows", "paragraphs": paragraphs}]}))
    return path


def options(model, precision, length):
    return ["--model", model, "--max-length", length, "--truncation", "end", "--precision", precision, "--threads", 2]


def plan(common, batch):
    """The plan's line for a batch size, and the peak of `bertqa predict`."""
    result = bertqa("plan", *common, "--batch-size", batch, "--memory", "1TiB", "--no-calibration", "--json")
    line = next(line for line in result["batches"] if line["batch_size"] == batch)
    return line, result["predict"]


def real(scratch, common, batch, *flags):
    """Planned and measured peak of an epoch over real rows."""
    common = [*common, "--train-file", SAMPLE, "--epochs", 1, "--batch-size", batch, *flags]
    planned = bertqa("plan", *common, "--no-calibration", "--json")["recommended"]["peak"]
    try:
        return planned, bertqa("train", *common, "--output-dir", scratch / "run", "--json")["process_memory"]
    finally:
        shutil.rmtree(scratch / "run", ignore_errors=True)


def training(scratch, common, batch, steps, *flags):
    """The peak of a run of some steps and a checkpoint; with three steps, of the validation of eight rows too."""
    validation = ["--validation-file", dataset(scratch, 8)] if steps > 2 else ["--validation-fraction", 0]
    try:
        return bertqa(
            "train", *common, "--train-file", dataset(scratch, steps * batch), *validation, "--output-dir",
            scratch / "run", "--batch-size", batch,
            "--max-steps", steps, "--epochs", 1, "--json", *flags)["process_memory"]
    finally:
        shutil.rmtree(scratch / "run", ignore_errors=True)


def reading(scratch, common):
    return bertqa("predict", *common, "--data", dataset(scratch, 32), "--output",
        scratch / "answers.json")["process_memory"]


def line(what, name, precision, length, batch, predicted, measured):
    error = 100 * (predicted / measured - 1)
    text = (
        f"| {NAMES[name]} | {precision} | {what} | {length} | {batch} | {predicted / 2**20:.0f} | "
        f"{measured / 2**20:.0f} | {error:+.1f} % |")
    print(text, flush=True)
    return text, abs(error)


def lines(name, scratch):
    model = random_model(scratch / name, *SHAPES[name])
    steps = 3 if name == "minilm" else 2
    for precision in ("bf16", "fp32"):
        for length, batches in zip(LENGTHS, BATCHES[name]):
            common = options(model, precision, length)
            for batch in batches:
                planned, predict = plan(common, batch)
                yield line("training", name, precision, length, batch, planned["training"],
                    training(scratch, common, batch, steps))
                yield line(
                    "... checkpointing", name, precision, length, batch, planned["gradient_checkpointing"],
                    training(scratch, common, batch, steps, "--gradient-checkpointing"))
            if length == 512:
                yield line("prediction", name, precision, length, "", predict, reading(scratch, common))
    if name == "minilm":
        common = ["--model", model, "--max-length", 384, "--precision", "bf16", "--threads", 2]
        yield line("real rows", name, "bf16", "to 384", 16, *real(scratch, common, 16))
        yield line("... checkpointing", name, "bf16", "to 384", 16,
            *real(scratch, common, 16, "--gradient-checkpointing"))
    shutil.rmtree(model)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", nargs="+", choices=list(SHAPES), default=list(SHAPES))
    chosen = parser.parse_args().models
    with tempfile.TemporaryDirectory() as folder:
        table = [one for name in chosen for one in lines(name, Path(folder))]
    errors = sorted(error for _, error in table)
    summary = (
        f"{len(errors)} lines: the error is {errors[len(errors) // 2]:.1f} % in the median and "
        f"{errors[-1]:.1f} % at most.")
    print(summary)
    if chosen == list(SHAPES):
        head = ["| model | precision | what | row | batch | predicted, MiB | measured, MiB | error |",
            "|---|---|---|---|---|---|---|---|"]
        machine = f"{datetime.date.today()}, {processor()}, {os.cpu_count()} cores, 2 threads. {summary}"
        write("docs/lab/planning.md", "plan", "\n".join([machine, "", *head, *(text for text, _ in table)]))


if __name__ == "__main__":
    main()
