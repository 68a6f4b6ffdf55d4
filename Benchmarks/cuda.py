"""Measures BertQA beside transformers on one NVIDIA GPU, and writes the tables into docs/lab/cuda.md.

Run it by `make bench-cuda`, in a checkout built against a CUDA libtorch (docs/guide/scale.md), with nothing else on the
GPU. First the parity tests run on the GPU. Then BertQA and transformers train in turn, in bfloat16, over the same rows:
models of the shapes of BERT-base and BERT-large, batches of 16, of 32 and of the largest size that fits; transformers
in eager mode, and with its fastest attention and torch.compile. Last, both fine-tune the encoder on
SQUAD_DIR/train.json, and `bertqa evaluate` scores both.

`--device cpu --quick` goes the same way on the CPU with tiny sizes: that tests this script, and measures nothing.
"""

import argparse
import importlib.util
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from measure import BUILT, ENCODER, PYTHON, ROOT, call, random_model, write

SHAPES = {"BERT-base": (12, 768, 12), "BERT-large": (24, 1024, 16)}
QUICK_SHAPES = {"a tiny BERT": (2, 64, 2)}
PARITY_TESTS = "ParityTests|PackedOperationsTests|FusedOperationsTests|AutogradTests|ReferenceModelTests"
OUT_OF_MEMORY = ("out of memory", "CUBLAS_STATUS_ALLOC_FAILED", "not enough memory")


class GPUWatch:
    """What something takes of the GPU while it runs, both sides measured alike: memory in bytes at most, and the share
    of the time in which a kernel runs. The rest is time between launches, which larger kernels or CUDA graphs would
    hide."""

    def __init__(self, device):
        self.device, self.most, self.busy, self.stopped = device, 0, [], threading.Event()
        self.thread = threading.Thread(target=self.watch)

    def used(self):
        line = subprocess.run(
            ["nvidia-smi", "--query-gpu=memory.used,utilization.gpu", "--format=csv,noheader,nounits", "--id=0"],
            capture_output=True, text=True, check=True).stdout
        memory, busy = line.split(",")
        return int(memory) * 2**20, int(busy) / 100

    def watch(self):
        while not self.stopped.wait(0.2):
            memory, busy = self.used()
            self.most = max(self.most, memory)
            self.busy.append(busy)

    def __enter__(self):
        if self.device == "cuda":
            self.before = self.used()[0]
            self.thread.start()
        return self

    def __exit__(self, *_):
        if self.device == "cuda":
            self.stopped.set()
            self.thread.join()

    def figures(self, result):
        """Memory; on the CPU the peak of the process. The busy share is the upper quartile: loading and compiling come
        first."""
        if self.device != "cuda":
            return {"memory": result["process_memory"], "busy": 1.0}
        return {"memory": self.most - self.before,
            "busy": sorted(self.busy)[len(self.busy) * 3 // 4] if self.busy else 0.0}


class Bench:
    def __init__(self, options, scratch):
        self.options, self.scratch, self.count = options, Path(scratch), 0
        squad = Path(os.environ.get("SQUAD_DIR") or ROOT / "Data/sample")
        self.train_file, self.dev_file = str(squad / "train.json"), str(squad / "dev.json")
        self.encoder = ENCODER
        self.quick = options.quick
        if self.quick:
            self.train_file = self.few(self.train_file)
            self.dev_file = self.few(self.dev_file)
            self.encoder = random_model(self.scratch / "encoder", 2, 64, 2)
        self.peak = self.peer("peak", size=512 if self.quick else 8192)

    def few(self, path):
        """A few questions of a file."""
        whole = json.load(open(path, encoding="utf-8"))
        paragraphs = [paragraph for article in whole["data"] for paragraph in article["paragraphs"]][:12]
        target = self.scratch / f"few-{Path(path).name}"
        target.write_text(json.dumps({"version": "1.1", "data": [{"title": "", "paragraphs": paragraphs}]}),
            encoding="utf-8")
        return str(target)

    def peer(self, job, *flags, **settings):
        named = [part for name, value in settings.items() for part in (f"--{name.replace('_', '-')}", str(value))]
        script = str(ROOT / "Benchmarks/cuda_peer.py")
        return call([PYTHON, script, job, "--device", self.options.device, *named, *flags])

    def folder(self):
        self.count += 1
        return str(self.scratch / f"run{self.count}")

    def bertqa(self, *arguments):
        return call([str(BUILT / "bertqa"), *map(str, arguments), "--device", self.options.device])

    @property
    def length(self):
        return 64 if self.quick else 384

    def ours(self, model, batch, steps):
        folder = self.folder()
        with GPUWatch(self.options.device) as watch:
            result = self.bertqa(
                "train", "--model", model, "--train-file", self.train_file, "--validation-fraction", "0",
                "--max-length", self.length,
                "--batch-size", batch, "--max-steps", steps, "--epochs", 1000, "--learning-rate", "1e-4", "--precision",
                "bf16",
                "--output-dir", folder, "--json")
        shutil.rmtree(folder)
        if result["rows_per_pass"] < batch:
            # It went on with fewer rows a pass; that is another batch size.
            raise SystemExit(f"BertQA, batch {batch}: out of memory")
        return {
            "rate": result["examples_per_second"], "tokens_per_second": result["real_tokens_per_second"],
            **watch.figures(result)}

    def theirs(self, model, batch, steps, *flags):
        with GPUWatch(self.options.device) as watch:
            result = self.peer(
                "train", *flags, model=model, data=self.train_file, batch_size=batch, steps=steps,
                max_length=self.length)
        return {**result, **watch.figures(result)}

    def contestants(self):
        """Who trains: a name, and what takes a model, a batch size and a number of steps."""
        yield "BertQA", self.ours
        eager = ["--attention", "eager"]
        yield "transformers, eager", lambda *run: self.theirs(*run, *eager)
        for attention in ["sdpa"] + (["flash_attention_2"] if importlib.util.find_spec("flash_attn") else []):
            for compiled in [False] if self.quick or self.options.skip_compile else [False, True]:
                flags = ["--attention", attention] + (["--compile"] if compiled else [])
                name = f"transformers, {attention}" + (", torch.compile" if compiled else "")
                yield name, lambda *run, flags=flags: self.theirs(*run, *flags)

    def told(self, who, run, model, batch, steps):
        """A measurement, and a line about it: one with torch.compile takes minutes, and what was measured is not to be
        lost."""
        figures = run(model, batch, steps)
        print(f"  batch {batch}, {who}: {figures['rate']:.4g} examples/s", file=sys.stderr, flush=True)
        return figures

    def largest(self, run, model):
        """The largest batch that fits, a power of two from 64; nil where not even that does."""
        best = None
        for batch in [2, 4] if self.quick else [2**power for power in range(6, 13)]:
            try:
                run(model, batch, 3)
            except SystemExit as failure:
                if not any(words in str(failure) for words in OUT_OF_MEMORY):
                    raise
                break
            best = batch
        return best

    def training(self):
        """Lines of the table: model, who, batch, figures."""
        steps, rounds = (4, 1) if self.quick else (self.options.steps, self.options.rounds)
        shapes = QUICK_SHAPES if self.quick else {name: SHAPES[name] for name in self.options.shapes}
        for name, (layers, hidden, heads) in shapes.items():
            model = random_model(self.scratch / name.replace(" ", "-"), layers, hidden, heads)
            contestants = list(self.contestants())
            for batch in [2, 4] if self.quick else self.options.batch_sizes:
                # In turn, so that what the machine does meanwhile meets all of them.
                results = [[self.told(who, run, model, batch, steps) for who, run in contestants]
                    for _ in range(rounds)]
                for place, (who, _) in enumerate(contestants):
                    figures = [result[place] for result in results]
                    yield name, who, batch, self.median(figures), (layers, hidden)
            for who, run in [] if self.options.skip_largest else contestants:
                batch = self.largest(run, model)
                if batch is not None:
                    yield name, who, f"{batch}, the largest", run(model, batch, steps), (layers, hidden)

    @staticmethod
    def median(figures):
        return {key: statistics.median(figure[key] for figure in figures)
            for key in ("rate", "tokens_per_second", "memory", "busy")}

    def share(self, figures, shape):
        """The products that real tokens need, forward and backward, as a share of the measured peak. Padding counts as
        nothing."""
        layers, hidden = shape
        length = figures["tokens_per_second"] / figures["rate"]
        per_token = 6 * layers * 12 * hidden**2 + 12 * layers * hidden * length
        return figures["tokens_per_second"] * per_token / self.peak["flops"]

    def table(self):
        lines = ["| model | | batch | examples/s | real tokens/s | of the peak | GPU busy | memory, GB |",
            "|---|---|---|---|---|---|---|---|"]
        for name, who, batch, figures, shape in self.training():
            lines.append(
                f"| {name} | {who} | {batch} | {figures['rate']:.4g} | {figures['tokens_per_second']:.4g} | "
                f"{100 * self.share(figures, shape):.1f} % | {100 * figures['busy']:.0f} % | "
                f"{figures['memory'] / 1e9:.2f} |")
            print(lines[-1], flush=True)
        return lines

    def tuning(self):
        """The encoder fine-tuned for three epochs by both, and both scored by the same program."""
        epochs, steps = (1, 4) if self.quick else (3, None)
        ours, theirs = self.folder(), self.folder()
        start = time.perf_counter()
        limit = ["--max-steps", steps] if steps else []
        self.bertqa(
            "train", "--model", self.encoder, "--train-file", self.train_file, "--validation-fraction", "0", "--epochs",
            epochs,
            "--learning-rate", "1e-4", "--batch-size", 16, "--precision", "bf16", "--max-length", self.length,
            "--output-dir", ours,
            "--json", *limit)
        rows = [("BertQA", time.perf_counter() - start, ours)]
        start = time.perf_counter()
        self.peer(
            "tune", model=self.encoder, data=self.train_file, epochs=epochs, batch_size=16, max_length=self.length,
            output=theirs,
            steps=steps or 0)
        rows.append(("transformers, sdpa", time.perf_counter() - start, theirs))
        lines = [f"| the encoder, {epochs} epochs | whole run, s | exact match | F1 |", "|---|---|---|---|"]
        for who, seconds, folder in rows:
            scores = self.bertqa("evaluate", "--model", folder, "--data", self.dev_file, "--precision", "bf16",
                "--json")
            lines.append(f"| {who} | {seconds:.1f} | {scores['exact_match']:.2f} | {scores['f1']:.2f} |")
            print(lines[-1], flush=True)
        return lines

    def parity(self):
        """Runs the parity tests on the device, to their end, and says what came of them."""
        environment = {
            **os.environ, "BERTQA_TEST_DEVICE": self.options.device, "PKG_CONFIG_PATH": str(ROOT / ".deps/pkgconfig")}
        tests = "ParityTests" if self.quick else PARITY_TESTS
        run = subprocess.run(
            ["swift", "test", "-c", "release", "--filter", tests], cwd=ROOT, env=environment, capture_output=True,
            text=True)
        if run.returncode != 0:
            failed = [line for line in run.stdout.splitlines() if "recorded an issue" in line]
            raise SystemExit("\n".join(
                ["cuda.py: the parity tests fail on this device; nothing is measured", *failed[:20],
                    run.stderr[-1000:]]))
        return f"The parity tests ({tests.replace('|', ', ')}) pass with BERTQA_TEST_DEVICE={self.options.device}."


def refuse(message):
    raise SystemExit(f"cuda.py: {message}")


def check(options):
    """Says what is missing before anything is measured."""
    if not (BUILT / "bertqa").exists():
        refuse("there is no .build/release/bertqa; run `make build`")
    if options.quick and options.device == "cuda":
        refuse("--quick tests this script and measures nothing; it goes with --device cpu")
    if options.device == "cpu":
        if not options.quick:
            refuse("--device cpu goes with --quick; `make bench` measures on the CPU")
        return
    if shutil.which("nvidia-smi") is None:
        refuse("there is no NVIDIA GPU here (nvidia-smi is not found); "
            "--device cpu --quick tests the script without one")
    script = "import torch; print(torch.cuda.is_available())"
    if subprocess.run([PYTHON, "-c", script], capture_output=True, text=True).stdout.strip() != "True":
        refuse("PyTorch in .venv-bench finds no CUDA device; install a CUDA build of torch there")
    probe = subprocess.run(
        [str(BUILT / "bertqa"), "ask", "--model", ENCODER, "--question", "q", "--context", "c", "--device", "cuda"],
        capture_output=True, text=True)
    if "there is no cuda device" in probe.stderr:
        refuse("bertqa was built against a libtorch without CUDA; "
            "docs/guide/scale.md says how to build it against one that has it")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cuda", choices=["cuda", "cpu"])
    parser.add_argument("--quick", action="store_true", help="tiny sizes, to test this script on the CPU")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=60, help="training steps, the first ones not counted")
    parser.add_argument("--shapes", nargs="+", default=list(SHAPES), choices=list(SHAPES),
        help="what is trained; both unless said")
    parser.add_argument("--batch-sizes", nargs="+", type=int, default=[16, 32], metavar="ROWS")
    parser.add_argument("--skip-tests", action="store_true", help="without the parity tests")
    parser.add_argument("--skip-compile", action="store_true", help="without torch.compile, which takes minutes")
    parser.add_argument("--skip-largest", action="store_true", help="without looking for the largest batch that fits")
    parser.add_argument("--skip-tuning", action="store_true", help="without the fine-tuning of the encoder")
    parser.add_argument("--write", action="store_true", help="write the tables into docs/lab/cuda.md")
    options = parser.parse_args()
    check(options)
    if options.write and options.quick:
        refuse("--quick measures nothing that could be written down")
    with tempfile.TemporaryDirectory() as scratch:
        bench = Bench(options, scratch)
        peak = bench.peak
        said = [
            f"{time.strftime('%Y-%m-%d')}, {peak['device']}, PyTorch {peak['torch']}; bfloat16 products reach "
            f"{peak['flops'] / 1e12:.4g} TFLOP/s. Medians of {options.rounds} rounds, seed 42."]
        print(said[0], flush=True)
        if not options.skip_tests:
            said.append(bench.parity())
            print(said[-1], flush=True)
        tables = [*bench.table(), "", *([] if options.skip_tuning else bench.tuning())]
    if options.write:
        write("docs/lab/cuda.md", "make bench-cuda", "\n".join([" ".join(said), "", *tables]))


if __name__ == "__main__":
    main()
