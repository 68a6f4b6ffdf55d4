"""Measures BertQA beside transformers on one NVIDIA GPU in at most 12 minutes, the most important figures first.

Run it by `make bench-cuda`, in a checkout built against a CUDA libtorch (docs/guide/cuda.md), with nothing else on the
GPU. Each figure is printed as a line of JSON once it is there, so that a run that is cut short loses nothing but the
rest. Each part has its own time limit, and a part that fails is written down as failed; the others go on:

 1. peak: products of large bfloat16 matrices
 2. parity: the parity tests on the GPU, then runs with and without CUDA graphs: equal bits, resumed bits, equal F1
 3. training: BertQA with and without CUDA graphs, by model and batch size; with graphs, but without fused kernels,
    or with gradient checkpointing
 4. answering: BertQA with and without CUDA graphs
 5. peers: transformers over the same rows
 6. sanitizer: compute-sanitizer on a short training with graphs
 7. shares: what the kernels' time is made of, by Nsight Systems, or Nsight Compute where that is missing

`--device cpu --quick` goes the same way on the CPU with tiny sizes: that tests this script, and measures nothing.
"""

import argparse
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from measure import BUILT, ENCODER, PYTHON, ROOT, random_model, write

# Layers, width, heads; None is the encoder itself.
SHAPES = {"MiniLM": None, "BERT-base": (12, 768, 12), "BERT-large": (24, 1024, 16)}
TRAINED = [("BERT-base", 16), ("BERT-base", 32), ("MiniLM", 16), ("BERT-base", 128), ("BERT-large", 32)]
PARITY_TESTS = ("ParityTests|PackedOperationsTests|FusedOperationsTests|AutogradTests|ReferenceModelTests|CUDATests|"
    "CUDAGraphTests|CUDAFusedKernelTests|DrawnMasksTests")
LIMIT = 720


class Failed(Exception):
    """What a program said that failed, or that its time was over."""


def run(command, seconds, environment=None):
    """What a command prints on standard output. It and all that it started end with its time."""
    process = subprocess.Popen(
        [str(part) for part in command], cwd=ROOT, env={**os.environ, **(environment or {})}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
    try:
        output, errors = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        raise Failed(f"its {seconds:.0f} s were over") from None
    if process.returncode != 0:
        raise Failed(f"exit code {process.returncode}: {(errors.strip() or output.strip())[-1500:]}")
    return output


def last_object(output):
    """The JSON object in the last line."""
    lines = output.strip().splitlines()
    if not lines or not lines[-1].startswith("{"):
        raise Failed(f"no JSON was printed: {output[-300:]}")
    return json.loads(lines[-1])


class Report:
    """Figures as lines of JSON, written at once."""

    def __init__(self, path):
        self.figures, self.file = [], open(path, "w", encoding="utf-8") if path else None

    def add(self, part, what, **figures):
        figure = {"part": part, "what": what, **figures}
        self.figures.append(figure)
        line = json.dumps(figure)
        print(line, flush=True)
        if self.file:
            self.file.write(line + "\n")
            self.file.flush()
            os.fsync(self.file.fileno())

    def of(self, part):
        return [figure for figure in self.figures if figure["part"] == part]


class Bench:
    def __init__(self, options, scratch, report):
        self.options, self.scratch, self.report = options, Path(scratch), report
        self.quick, self.cuda = options.quick, options.device == "cuda"
        self.start, self.count, self.models = time.monotonic(), 0, {}
        squad = Path(os.environ.get("SQUAD_DIR") or ROOT / "Data/sample")
        self.train_file, self.dev_file = str(squad / "train.json"), str(squad / "dev.json")
        if self.quick:
            self.train_file, self.dev_file = self.few(self.train_file), self.few(self.dev_file)
        self.length = 64 if self.quick else 384

    def few(self, path):
        """A few questions of a file."""
        whole = json.load(open(path, encoding="utf-8"))
        paragraphs = [paragraph for article in whole["data"] for paragraph in article["paragraphs"]][:12]
        target = self.scratch / f"few-{Path(path).name}"
        target.write_text(json.dumps({"version": "1.1", "data": [{"title": "", "paragraphs": paragraphs}]}),
            encoding="utf-8")
        return str(target)

    def folder(self):
        self.count += 1
        return str(self.scratch / f"run{self.count}")

    def model(self, name):
        """The folder of a model of that shape, made when it is first wanted."""
        if name not in self.models:
            shape = (2, 64, 2) if self.quick else SHAPES[name]
            self.models[name] = ENCODER if shape is None else random_model(
                self.scratch / name, *shape, python=self.options.python)
        return self.models[name]

    def left(self):
        return self.options.limit - (time.monotonic() - self.start)

    def part(self, name, seconds, body):
        """Runs a part with its limit; what it fails of is a figure too."""
        if name in self.options.skip:
            return
        until = time.monotonic() + min(seconds, self.left())
        self.until = until
        try:
            if until - time.monotonic() < 5:
                raise Failed("no time was left")
            body()
        except (Failed, OSError, KeyError, ValueError, subprocess.SubprocessError) as failure:
            self.report.add(name, "failed", reason=str(failure)[-1500:])

    def tried(self, part, what, body):
        """One figure of a part; one that fails does not end the part unless its time is over."""
        if self.until - time.monotonic() < 3:
            raise Failed(f"no time was left for {what} and what follows")
        try:
            self.report.add(part, what, **body())
        except Failed as failure:
            self.report.add(part, what, failed=str(failure)[-1500:])

    def seconds(self):
        return max(1, self.until - time.monotonic())

    # BertQA

    def graphs(self, wanted):
        """Graphs are recorded on CUDA only."""
        return ["--cuda-graphs"] if wanted and self.cuda else []

    def bertqa(self, *arguments, environment=None):
        return run([self.options.program, *arguments, "--device", self.options.device], self.seconds(), environment)

    def train(self, model, batch, steps, *flags, folder=None, precision="bf16", environment=None):
        target = folder or self.folder()
        limit = ["--max-steps", steps, "--epochs", 1000] if steps else ["--epochs", 1 if self.quick else 3]
        result = last_object(self.bertqa(
            "train", "--model", model, "--train-file", self.train_file, "--validation-fraction", "0", "--max-length",
            self.length, "--batch-size", batch, *limit, "--learning-rate", "1e-4", "--precision", precision,
            "--output-dir", target, "--json", *flags, environment=environment))
        if folder is None:
            shutil.rmtree(target)
        return result

    def speed(self, model, batch, steps, *flags, **settings):
        result = self.train(model, batch, steps, *flags, **settings)
        figures = {"examples_per_second": round(result["examples_per_second"], 1),
            "tokens_per_second": round(result["real_tokens_per_second"], 1)}
        if result["rows_per_pass"] < batch:
            figures["rows_per_pass"] = result["rows_per_pass"]
        return figures

    def score(self, folder, precision="bf16"):
        result = last_object(self.bertqa(
            "evaluate", "--model", folder, "--data", self.dev_file, "--precision", precision, "--max-length",
            self.length, "--json"))
        return {"exact_match": result["exact_match"], "f1": result["f1"]}

    # The parts

    def peak(self):
        result = self.peer("peak", size=256 if self.quick else 8192)
        self.report.add("peak", "bfloat16 products", **result)

    def parity(self):
        if not self.options.skip_tests:
            self.tried("parity", "tests", self.tests)
        self.tried("parity", "graphs repeat", lambda: self.repeats(graphs=True))
        self.tried("parity", "graphs resumed", self.resumed)
        for precision, graphs in [("bf16", True), ("bf16", False), ("fp16", True), ("fp32", False)]:
            what = f"fine-tuned in {precision}" + (" by graphs" if graphs else "")
            self.tried("parity", what, lambda: self.tuned(precision, graphs))

    def tests(self):
        """The last line of the tests' report."""
        environment = {"BERTQA_TEST_DEVICE": self.options.device,
            "PKG_CONFIG_PATH": str(ROOT / ".deps/pkgconfig")}
        names = "AutogradTests" if self.quick else PARITY_TESTS
        command = ["swift", "test", "-c", "release", "--filter", names]
        if self.options.tests:
            command = [self.options.tests, "--testing-library", "swift-testing", "--filter", names]
        output = run(command, min(150, self.seconds()), environment)
        return {"passed": [line for line in output.splitlines() if "Test run" in line][-1:]}

    def weights(self, folder):
        return hashlib.sha256(Path(folder, "model.safetensors").read_bytes()).hexdigest()[:16]

    def repeats(self, graphs):
        """The same run twice with --deterministic: the same weights."""
        digests = []
        for _ in range(2):
            folder = self.folder()
            self.train(self.model("MiniLM"), 4 if self.quick else 16, 3 if self.quick else 60, "--deterministic",
                *self.graphs(graphs), folder=folder)
            digests.append(self.weights(folder))
        return {"equal": digests[0] == digests[1], "weights": digests}

    def resumed(self):
        """A run that is killed and resumed, whose shapes are recorded at other steps, against one that is not."""
        self.bertqa(
            "verify-resume", "--model", self.model("MiniLM"), "--train-file", self.train_file, "--max-length",
            self.length, "--batch-size", 4 if self.quick else 16, "--max-steps", 6 if self.quick else 60, "--kills", 1,
            "--deterministic", "--output-dir", self.folder(), *self.graphs(True))
        return {"equal": True}

    def tuned(self, precision, graphs):
        folder = self.folder()
        result = self.train(self.model("MiniLM"), 4 if self.quick else 16, 3 if self.quick else None,
            *self.graphs(graphs), folder=folder, precision=precision)
        return {"seconds": result["seconds"], "examples_per_second": result["examples_per_second"],
            **self.score(folder, precision)}

    def training(self):
        for name, batch in [("tiny", 2)] if self.quick else TRAINED:
            for graphs in (True, False):
                what = f"{name}, batch {batch}" + (", graphs" if graphs else "")
                self.tried("training", what, lambda: self.speed(
                    self.model(name), batch, 4 if self.quick else 80, *self.graphs(graphs)))
        self.unfused()
        self.checkpointed()

    def checkpointed(self):
        """The largest model in less memory."""
        name, batch = ("tiny", 2) if self.quick else TRAINED[-1]
        self.tried("training", f"{name}, batch {batch}, graphs, checkpointing", lambda: self.speed(
            self.model(name), batch, 4 if self.quick else 40, *self.graphs(True), "--gradient-checkpointing"))

    def unfused(self):
        """What fused kernels are worth: the first of the above without them, and whether they were in use at all."""
        name, batch = ("tiny", 2) if self.quick else TRAINED[0]
        self.tried("training", f"{name}, batch {batch}, graphs, no fused kernels", lambda: self.speed(
            self.model(name), batch, 4 if self.quick else 40, *self.graphs(True),
            environment={"BERTQA_FUSED_KERNELS": "0"}))
        state = last_object(run([self.options.program, "env", "--json"], self.seconds()))
        self.report.add("kernels", "fused", state=state["gpu"]["fused_kernels"])

    def answering(self):
        """End to end, over the questions for training: there are more of them."""
        for name in ["tiny"] if self.quick else SHAPES:
            folder = self.folder()
            self.train(self.model(name), 4, 2, folder=folder)
            for graphs in (True, False):
                what = name + (", graphs" if graphs else "")
                self.tried("answering", what, lambda: self.answers(folder, graphs))

    def answers(self, folder, graphs):
        result = last_object(self.bertqa(
            "evaluate", "--model", folder, "--data", self.train_file, "--max-length", self.length,
            "--precision", "bf16", "--json", *self.graphs(graphs)))
        return {"questions_per_second": result["questions_per_second"]}

    def peer(self, job, *flags, **settings):
        named = [part for name, value in settings.items() for part in (f"--{name.replace('_', '-')}", value)]
        return last_object(run(
            [self.options.python, ROOT / "Benchmarks/cuda_peer.py", job, "--device", self.options.device, *named,
                *flags], self.seconds()))

    def peers(self):
        for name, batch in [("tiny", 2)] if self.quick else TRAINED:
            self.tried("peers", f"{name}, batch {batch}", lambda: self.peer(
                "train", "--attention", "sdpa", model=self.model(name), data=self.train_file, batch_size=batch,
                steps=4 if self.quick else 40, max_length=self.length))

    def short(self, graphs=True):
        """A short training, as a command."""
        return [self.options.program, "train", "--model", self.model("MiniLM"), "--train-file", self.train_file,
            "--validation-fraction", "0", "--max-length", "64", "--batch-size", "4", "--max-steps", "6", "--precision",
            "bf16", "--output-dir", self.folder(), "--skip-device-check", "--device", self.options.device,
            *self.graphs(graphs)]

    def sanitizer(self):
        tool = shutil.which("compute-sanitizer") or "/usr/local/cuda/bin/compute-sanitizer"
        if not Path(tool).exists():
            raise Failed("compute-sanitizer is not here")
        output = run([tool, "--tool", "memcheck", "--error-exitcode", "9", *self.short()], self.seconds())
        self.report.add("sanitizer", "memcheck", summary=[line for line in output.splitlines() if "SUMMARY" in line])

    def shares(self):
        command = self.short(graphs=False)
        if shutil.which("nsys"):
            folder = self.folder()
            run(["nsys", "profile", "--trace", "cuda", "--output", folder, *command], self.seconds())
            table = run(["nsys", "stats", "--report", "cuda_gpu_kern_sum", "--format", "csv", f"{folder}.nsys-rep"],
                self.seconds())
        elif shutil.which("ncu"):
            table = run(["ncu", "--csv", "--print-summary", "per-kernel", "--metrics", "gpu__time_duration.sum",
                "--launch-skip", "4000", "--launch-count", "1500", *command], self.seconds())
        else:
            raise Failed("neither nsys nor ncu is here")
        self.report.add("shares", "kernels by their time", table=table.splitlines()[:40])

    def all(self):
        # The limits add up to more than there is: parts seldom take theirs, and the last ones get what is left.
        self.part("peak", 40, self.peak)
        self.part("parity", 280, self.parity)
        self.part("training", 200, self.training)
        self.part("answering", 90, self.answering)
        self.part("peers", 120, self.peers)
        self.part("sanitizer", 90, self.sanitizer)
        self.part("shares", 90, self.shares)


def share(figure, shape, peak):
    """The products that real tokens need, forward and backward, as a share of the measured peak."""
    layers, hidden = shape[:2]
    length = figure["tokens_per_second"] / figure["examples_per_second"]
    per_token = 6 * layers * 12 * hidden**2 + 12 * layers * hidden * length
    return 100 * figure["tokens_per_second"] * per_token / peak


def tables(report):
    """The figures as Markdown."""
    peak = next((figure["flops"] for figure in report.of("peak") if "flops" in figure), None)
    lines = ["| training | examples/s | of the peak |", "|---|---|---|"]
    for figure in report.of("training") + report.of("peers"):
        who = "transformers, sdpa: " if figure["part"] == "peers" else ""
        if "rate" in figure:
            figure = {**figure, "examples_per_second": figure["rate"]}
        if "examples_per_second" not in figure:
            lines.append(f"| {who}{figure['what']} | failed | |")
            continue
        shape = SHAPES.get(figure["what"].split(",")[0]) or (6, 384)
        part = f"{share(figure, shape, peak):.1f} %" if peak else ""
        lines.append(f"| {who}{figure['what']} | {figure['examples_per_second']:.4g} | {part} |")
    lines += ["", "| answering | questions/s |", "|---|---|"]
    for figure in report.of("answering"):
        lines.append(f"| {figure['what']} | {figure.get('questions_per_second', 'failed')} |")
    lines.append("")
    for part in ("parity", "sanitizer"):
        for figure in report.of(part):
            rest = {key: value for key, value in figure.items() if key not in ("part", "what")}
            lines.append(f"- {part}, {figure['what']}: `{json.dumps(rest)[:300]}`")
    return lines


def refuse(message):
    raise SystemExit(f"cuda.py: {message}")


def check(options):
    """Says what is missing before anything is measured."""
    if not Path(options.program).exists():
        refuse(f"there is no {options.program}; run `make build`, or give --program")
    if options.quick == (options.device == "cuda"):
        refuse("--quick tests this script and measures nothing; it goes with --device cpu, and only with that")
    if options.device == "cuda" and shutil.which("nvidia-smi") is None:
        refuse(
            "there is no NVIDIA GPU here (nvidia-smi is not found); --device cpu --quick tests the script without one")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cuda", choices=["cuda", "cpu"])
    parser.add_argument("--quick", action="store_true", help="tiny sizes, to test this script on the CPU")
    parser.add_argument("--program", default=str(BUILT / "bertqa"), help="bertqa, where it is not the release build")
    parser.add_argument("--tests", help="the program of the tests (BertQAPackageTests.xctest), where Swift is not")
    parser.add_argument("--python", default=PYTHON, help="a Python with PyTorch and transformers")
    parser.add_argument("--output", help="a file for the figures, one line of JSON each")
    parser.add_argument("--limit", type=float, default=LIMIT, help="seconds for all of it")
    parser.add_argument("--skip", nargs="+", default=[], metavar="PART", help="parts to leave out")
    parser.add_argument("--skip-tests", action="store_true", help="without the parity tests, which need Swift")
    parser.add_argument("--write", action="store_true", help="write the tables into docs/lab/cuda.md")
    options = parser.parse_args()
    check(options)
    if options.write and options.quick:
        refuse("--quick measures nothing that could be written down")
    report = Report(options.output)
    with tempfile.TemporaryDirectory() as scratch:
        Bench(options, scratch, report).all()
    lines = tables(report)
    print("\n".join(lines), file=sys.stderr)
    if options.write:
        device = next((figure for figure in report.of("peak") if "device" in figure), {"device": "?", "torch": "?"})
        head = (f"{time.strftime('%Y-%m-%d')}, {device['device']}, PyTorch {device['torch']}; bfloat16 products reach "
            f"{device.get('flops', 0) / 1e12:.4g} TFLOP/s. One run of each, seed 42.")
        write("docs/lab/cuda.md", "make bench-cuda", "\n".join([head, "", *lines]))


if __name__ == "__main__":
    main()
