"""Measures BertQA and its peers side by side on this machine, prints one table with ratios, and writes it into docs/benchmarks.md.

Run it by `make bench`, with nothing else running. Each line is measured in turn, ours and theirs, `--rounds` times; the table has
the medians. SQUAD_DIR names a folder with train.json and dev.json; without it the sample data is measured.
"""

import argparse
import datetime
import json
import os
import platform
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BERTQA = str(ROOT / ".build/release/bertqa")
ENCODER = str(ROOT / ".deps/encoder")
MARKS = ("<!-- make bench begins -->", "<!-- make bench ends -->")


def call(command, **settings):
    """The JSON object that a command prints, its seconds and its peak memory."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **settings)
    output, errors = process.communicate()
    seconds = time.perf_counter() - start
    if process.returncode != 0:
        raise SystemExit(f"{' '.join(command)} failed:\n{errors[-2000:]}")
    return json.loads(output.strip().splitlines()[-1]), seconds


def bertqa(*arguments):
    return call([BERTQA, *arguments, "--json"])


class Bench:
    def __init__(self, options, scratch):
        squad = Path(os.environ.get("SQUAD_DIR") or ROOT / "Data/sample")
        self.train_file, self.dev_file = str(squad / "train.json"), str(squad / "dev.json")
        self.options, self.scratch, self.count = options, scratch, 0
        self.model = ""

    def peer(self, job, data, model=None, **settings):
        flags = [part for name, value in settings.items() for part in ([f"--{name.replace('_', '-')}"] + ([] if value is True else [str(value)]))]
        script = str(ROOT / "Tools/bench/peer.py")
        model = model or self.model
        return call([str(ROOT / ".venv-bench/bin/python"), script, job, "--model", model, "--data", data, "--scratch", self.scratch, *flags])

    def trained(self, precision, steps=None):
        self.count += 1
        folder = f"{self.scratch}/run{self.count}"
        result, _ = bertqa(
            "train", "--model", ENCODER, "--train-file", self.train_file, "--validation-fraction", "0", "--learning-rate", "1e-4",
            "--max-steps", str(steps or self.options.steps), "--precision", precision, "--output-dir", folder)
        return folder, result["examples_per_second"]

    def answered(self, precision):
        result, _ = bertqa("evaluate", "--model", self.model, "--data", self.dev_file, "--precision", precision)
        return result["questions_per_second"]

    def latency(self):
        """Questions about one text, through a pipe, one after the other."""
        article = json.load(open(self.dev_file, encoding="utf-8"))["data"][0]["paragraphs"]
        paragraph = max(article, key=lambda paragraph: len(paragraph["qas"]))
        text = f"{self.scratch}/text.txt"
        Path(text).write_text(paragraph["context"], encoding="utf-8")
        chat = subprocess.Popen(
            [BERTQA, "chat", "--model", self.model, "--context-file", text, "--precision", "fp32"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, bufsize=1)
        times = []
        for number in range(self.options.asked + 10):
            question = paragraph["qas"][number % len(paragraph["qas"])]["question"].strip()
            start = time.perf_counter()
            chat.stdin.write(question + "\n")
            chat.stdin.flush()
            chat.stdout.readline()
            times.append(time.perf_counter() - start)
        chat.stdin.close()
        chat.wait()
        # The peer is asked the same.
        data = {"data": [{"paragraphs": [{"context": paragraph["context"], "qas": paragraph["qas"] * (1 + self.options.asked // len(paragraph["qas"]) + 10)}]}]}
        Path(f"{self.scratch}/one.json").write_text(json.dumps(data), encoding="utf-8")
        times = sorted(times[10:])
        return {"p50": times[len(times) // 2], "p99": times[int(len(times) * 0.99)]}

    def encoded(self):
        """Tokenising pairs, one thread: `bertqa tokenize` less what reading and writing its lines take is not told apart."""
        lines = []
        for article in json.load(open(self.dev_file, encoding="utf-8"))["data"]:
            for paragraph in article["paragraphs"]:
                for question in paragraph["qas"]:
                    lines.append(json.dumps({"question": question["question"].strip(), "context": paragraph["context"]}))
        text = "\n".join(lines * 5) + "\n"
        start = time.perf_counter()
        subprocess.run([BERTQA, "tokenize", "--model", ENCODER], input=text, stdout=subprocess.DEVNULL, text=True, check=True)
        return 5 * len(lines) / (time.perf_counter() - start)

    def first_answer(self):
        start = time.perf_counter()
        process = subprocess.Popen(
            [BERTQA, "ask", "--model", self.model, "--question", "Who wrote it?", "--context", "Ada wrote it in Rome.", "--precision", "fp32"],
            stdout=subprocess.DEVNULL)
        _, _, usage = os.wait4(process.pid, 0)
        return time.perf_counter() - start, usage.ru_maxrss * 1024

    def rows(self):
        """Name, unit, ours, theirs, whether more is better."""
        steps = self.options.steps
        yield "training, bf16", "examples/s", lambda: self.trained("bf16")[1], lambda: self.peer("train", self.train_file, ENCODER, precision="bf16", steps=steps)[0]["rate"], True
        yield "training, fp32", "examples/s", lambda: self.trained("fp32")[1], lambda: self.peer("train", self.train_file, ENCODER, precision="fp32", steps=steps)[0]["rate"], True
        if self.options.slow:
            yield "training, bf16; the peer fp32, padded to 384", "examples/s", lambda: self.trained("bf16")[1], lambda: self.peer("train", self.train_file, ENCODER, precision="fp32", steps=8, pad_to_maximum=True)[0]["rate"], True
        yield "prediction, bf16; the peer PyTorch bf16", "questions/s", lambda: self.answered("bf16"), lambda: self.peer("predict", self.dev_file, precision="bf16")[0]["rate"], True
        yield "prediction, fp32; the peer ONNX Runtime", "questions/s", lambda: self.answered("fp32"), lambda: self.peer("predict", self.dev_file, precision="onnx-fp32")[0]["rate"], True
        yield "prediction, int8; the peer ONNX Runtime", "questions/s", lambda: self.answered("int8"), lambda: self.peer("predict", self.dev_file, precision="onnx-int8")[0]["rate"], True
        yield "one question, p50; the peer ONNX Runtime", "ms", lambda: 1000 * self.latency()["p50"], lambda: 1000 * self.peer("latency", f"{self.scratch}/one.json", precision="onnx-fp32", steps=self.options.asked)[0]["p50"], False
        yield "one question, p99; the peer ONNX Runtime", "ms", lambda: 1000 * self.latency()["p99"], lambda: 1000 * self.peer("latency", f"{self.scratch}/one.json", precision="onnx-fp32", steps=self.options.asked)[0]["p99"], False
        yield "first answer from process start, fp32", "s", lambda: self.first_answer()[0], lambda: self.peer("first", self.dev_file)[1], False
        yield "memory of that", "MB", lambda: self.first_answer()[1] / 1e6, lambda: self.peer("first", self.dev_file)[0]["memory"] / 1e6, False
        yield "encoding pairs, reading and writing lines included; the peer without", "pairs/s", self.encoded, lambda: self.peer("encode", self.dev_file)[0]["rate"], True

    def run(self):
        self.model = self.options.model or self.trained("bf16", 2)[0]
        lines = []
        for name, unit, ours, theirs, more in self.rows():
            if self.options.only and self.options.only not in name:
                continue
            pairs = [(ours(), theirs()) for _ in range(self.options.rounds)]
            a, b = (statistics.median(values) for values in zip(*pairs))
            lines.append((name, unit, a, b, a / b if more else b / a))
            print(f"{name:70} {a:10.4g} {b:10.4g} {unit:12} {lines[-1][4]:6.2f}", flush=True)
        return lines


def describe():
    model = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), platform.machine()) if os.path.exists("/proc/cpuinfo") else platform.machine()
    packages = subprocess.run(
        [str(ROOT / ".venv-bench/bin/python"), "-c", "import torch, transformers, onnxruntime; print(torch.__version__, transformers.__version__, onnxruntime.__version__)"],
        capture_output=True, text=True, check=True).stdout.split()
    return f"{datetime.date.today()}, {model}, {os.cpu_count()} cores; peers: PyTorch {packages[0]}, transformers {packages[1]}, ONNX Runtime {packages[2]}."


def write(lines, options):
    page = ROOT / "docs/benchmarks.md"
    before, rest = page.read_text(encoding="utf-8").split(MARKS[0])
    after = rest.split(MARKS[1])[1]
    table = ["| | BertQA | peer | | ratio |", "|---|---|---|---|---|"]
    table += [f"| {name} | {a:.4g} | {b:.4g} | {unit} | {ratio:.2f} |" for name, unit, a, b, ratio in lines]
    text = "\n".join([MARKS[0], "", f"{describe()} Medians of {options.rounds}, seed 42.", "", *table, "", MARKS[1]])
    page.write_text(before + text + after, encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=20, help="training steps, the first two not counted")
    parser.add_argument("--asked", type=int, default=100, help="questions of the latencies")
    parser.add_argument("--model", help="a fine-tuned model; without it one of two steps, which is as fast")
    parser.add_argument("--only", help="only lines whose name holds these words")
    parser.add_argument("--slow", action="store_true", help="the tutorial's own way as well")
    parser.add_argument("--write", action="store_true", help="write the table into docs/benchmarks.md")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        lines = Bench(options, scratch).run()
    if options.write:
        write(lines, options)


if __name__ == "__main__":
    main()
