"""Writes Tests/CommandTests/Fixtures/VERSION: what an older bertqa leaves, which every later one has to read.

    Tools/keep_old_files.py --bertqa PATH/OF/THAT/VERSION

A training run that was stopped after its first checkpoint, a prediction that was stopped, and a database of documents,
all of a tiny random model (seed 0, numpy) and twelve questions that are made here. The packages are those of
Tools/requirements.txt.
"""
import argparse, json, os, pathlib, re, shutil, signal, subprocess, time, urllib.request

import numpy as np
from safetensors.numpy import save_file

NAMES = ["ada", "bob", "cleo", "dan", "eve", "finn"]
PLACES = ["rome", "oslo", "lima", "cairo", "paris", "delhi"]
WORDS = ["who", "lives", "in", "the", "town", "of", "where", "does", "live", ".", "?"]
HIDDEN, LAYERS, INNER, POSITIONS = 16, 1, 32, 64


def write_model(folder):
    folder.mkdir()
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] + NAMES + PLACES + WORDS
    (folder / "vocab.txt").write_text("".join(word + "\n" for word in vocabulary))
    config = {
        "architectures": ["BertForQuestionAnswering"], "model_type": "bert", "vocab_size": len(vocabulary),
        "hidden_size": HIDDEN, "num_hidden_layers": LAYERS, "num_attention_heads": 2, "intermediate_size": INNER,
        "max_position_embeddings": POSITIONS, "type_vocab_size": 2, "hidden_act": "gelu"}
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    (folder / "tokenizer_config.json").write_text('{"do_lower_case": true}\n')
    random = np.random.default_rng(0)
    tensors = {}

    def matrix(name, *shape):
        tensors[name] = random.normal(0, 0.05, shape).astype(np.float32)

    def dense(name, out, into):
        matrix(name + ".weight", out, into)
        matrix(name + ".bias", out)

    def norm(name):
        tensors[name + ".weight"] = np.ones(HIDDEN, np.float32)
        tensors[name + ".bias"] = np.zeros(HIDDEN, np.float32)

    for name, rows in [("word", len(vocabulary)), ("position", POSITIONS), ("token_type", 2)]:
        matrix(f"bert.embeddings.{name}_embeddings.weight", rows, HIDDEN)
    norm("bert.embeddings.LayerNorm")
    for layer in range(LAYERS):
        place = f"bert.encoder.layer.{layer}."
        for name in ["query", "key", "value"]:
            dense(f"{place}attention.self.{name}", HIDDEN, HIDDEN)
        dense(place + "attention.output.dense", HIDDEN, HIDDEN)
        norm(place + "attention.output.LayerNorm")
        dense(place + "intermediate.dense", INNER, HIDDEN)
        dense(place + "output.dense", HIDDEN, INNER)
        norm(place + "output.LayerNorm")
    dense("qa_outputs", 2, HIDDEN)
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})


def write_dataset(path, copies):
    paragraphs = []
    for copy in range(copies):
        for name, place in zip(NAMES, PLACES):
            context = f"{name} lives in the town of {place}."
            paragraphs.append({"context": context, "qas": [
                {"id": f"{name}-{copy}-where", "question": f"where does {name} live?",
                 "answers": [{"text": place, "answer_start": context.index(place)}]},
                {"id": f"{name}-{copy}-who", "question": f"who lives in {place}?",
                 "answers": [{"text": name, "answer_start": 0}]}]})
    document = {"version": "1.1", "data": [{"title": "towns", "paragraphs": paragraphs}]}
    path.write_text(json.dumps(document) + "\n")


def stop_when(command, condition):
    """Runs a command in the current folder, stops it by SIGTERM once the condition holds, and returns its exit code."""
    # It is called by its name: what is kept names no folder of this machine.
    process = subprocess.Popen(
        ["bertqa"] + command[1:], executable=command[0], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while process.poll() is None and not condition():
        time.sleep(0.001)
    process.send_signal(signal.SIGTERM)
    return process.wait()


def keep_run(bertqa):
    command = [bertqa, "train", "--model", "model", "--train-file", "train.json", "--validation-fraction", "0",
               "--output-dir", "run", "--max-length", "32", "--batch-size", "4", "--epochs", "40", "--save-steps", "6",
               "--keep-checkpoints", "1", "--learning-rate", "1e-3", "--precision", "fp32", "--threads", "1"]
    checkpoints = pathlib.Path("run/checkpoints")
    code = stop_when(command, lambda: checkpoints.is_dir() and any(checkpoints.glob("step-????????")))
    assert code == 75, f"the run ended with {code} before it was stopped"
    for name in [".lock", "learning_curve.png", "learning_curve.svg"]:
        pathlib.Path(f"run/{name}").unlink()


def keep_prediction(bertqa):
    write_dataset(pathlib.Path("long.json"), 300)
    command = [bertqa, "predict", "--model", "model", "--data", "long.json", "--output", "answers.json",
               "--max-length", "32", "--precision", "fp32", "--threads", "1"]
    progress = pathlib.Path("answers.json.progress")
    code = stop_when(command, lambda: progress.exists() and progress.stat().st_size > 4000)
    assert code == 75, f"the prediction ended with {code} before it was stopped"
    # Some hundred answers are enough: what follows is asked again.
    lines = progress.read_bytes().split(b"\n")
    progress.write_bytes(b"\n".join(lines[:201]) + b"\n")


def keep_documents(bertqa):
    process = subprocess.Popen(
        [bertqa, "serve", "--model", "model", "--port", "0", "--database", "documents.sqlite", "--log-format", "json"],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    url = None
    for line in process.stderr:
        fields = json.loads(line)
        url = fields.get("url", url)
        if url and fields.get("message") == "ready":
            break
    for name, place in zip(NAMES, PLACES):
        body = json.dumps({"text": f"{name} lives in the town of {place}."}).encode()
        request = urllib.request.Request(
            f"{url}v1/documents/{name}", data=body, method="PUT", headers={"Content-Type": "application/json"})
        urllib.request.urlopen(request, timeout=30).read()
    urllib.request.urlopen(urllib.request.Request(f"{url}v1/documents/finn", method="DELETE"), timeout=30).read()
    process.send_signal(signal.SIGTERM)
    process.stderr.read()
    assert process.wait() == 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bertqa", required=True)
    bertqa = os.path.abspath(parser.parse_args().bertqa)
    version = subprocess.run([bertqa, "--version"], capture_output=True, text=True, check=True).stdout
    version = re.search(r"\d+\.\d+\.\d+", version)[0]
    folder = pathlib.Path(__file__).parent.parent / "Tests/CommandTests/Fixtures" / version
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    os.chdir(folder)
    write_model(pathlib.Path("model"))
    write_dataset(pathlib.Path("train.json"), 1)
    keep_run(bertqa)
    keep_prediction(bertqa)
    pathlib.Path("long.json").unlink()
    keep_documents(bertqa)
    size = sum(path.stat().st_size for path in pathlib.Path(".").rglob("*") if path.is_file())
    assert size < 1_000_000, size
    print(f"{folder}: {size} bytes")


main()
