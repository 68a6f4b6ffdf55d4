"""Measures BertQA and its peers side by side on this machine, prints one table with ratios, and writes it into
docs/lab/benchmarks.md.

Run it by `make bench`, with nothing else running. Each line is measured in turn, ours and theirs, `--rounds` times; the
table has the medians. SQUAD_DIR names a folder with train.json and dev.json; without it the sample data is measured.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import namedtuple
from pathlib import Path

from measure import (
    BUILT, ENCODER, PYTHON, ROOT, TITLES, Failure, bench, bertqa, call, describe, python_of, random_model, write)

# One line of the table: the key of the figure in both results, and the ratio that is aimed at.
Line = namedtuple("Line", "name unit key more reach")


class Bench:
    def __init__(self, options, scratch):
        squad = Path(os.environ.get("SQUAD_DIR") or ROOT / "Data/sample")
        self.train_file, self.dev_file = str(squad / "train.json"), str(squad / "dev.json")
        self.options, self.scratch, self.count = options, scratch, 0
        self.encoder, self.model = ENCODER, ""

    def peer(self, job, data=None, model=None, **settings):
        flags = [part for name, value in settings.items()
            for part in ([f"--{name.replace('_', '-')}"] + ([] if value is True else [str(value)]))]
        model = model or self.model
        scratch = Path(self.scratch) / Path(model).name
        scratch.mkdir(exist_ok=True)
        script = str(ROOT / "Benchmarks/peer.py")
        python = python_of(settings.get("precision", "").rpartition("-")[0])
        return call([python, script, job, "--model", model, "--data", data or self.dev_file, "--scratch", str(scratch),
            *flags])

    def best_peer(self, job, key, more, precisions, data=None, **settings):
        """The best of several engines, with its name as `peer`; one that fails here is named in `failed`."""
        results, failed = [], []
        for precision in precisions:
            name = TITLES[precision.rpartition("-")[0] or "pytorch"]
            try:
                results.append({**self.peer(job, data, precision=precision, **settings), "peer": name})
                print(f"  {name}: {results[-1][key]:.4g}", file=sys.stderr, flush=True)
            except (Failure, OSError) as failure:
                failed.append(name)
                print(f"run: {failure}", file=sys.stderr)
        if not results:
            raise SystemExit(f"{job}: no peer works here: {', '.join(failed)}")
        return {**(max if more else min)(results, key=lambda result: result[key]), "failed": failed}

    def trained(self, precision, steps=None):
        self.count += 1
        folder = f"{self.scratch}/run{self.count}"
        result = bertqa(
            "train", "--model", self.encoder, "--train-file", self.train_file, "--validation-fraction", "0",
            "--learning-rate", "1e-4",
            "--max-steps", steps or self.options.steps, "--precision", precision, "--output-dir", folder, "--json")
        return {"folder": folder, "rate": result["examples_per_second"], "memory": result["process_memory"] / 1e6,
            **result}

    def trained_peer(self, precision, steps=None, **settings):
        result = self.peer("train", self.train_file, self.encoder, precision=precision,
            steps=steps or self.options.steps, **settings)
        return {**result, "memory": result["process_memory"] / 1e6}

    def share(self, precision, steps=None):
        """The products' share of a training step: operations of the linear layers and of attention over real tokens,
        forward and backward, at the rate that the machine reaches with the linear layers' products alone, measured
        before and after."""
        before, result = self.products(precision), self.trained(precision, steps)
        tokens = result["real_tokens_per_second"]
        length = tokens / result["examples_per_second"]
        return self.beside(before, tokens, length, 1)

    def share_of_reading(self, precision):
        """The same of a pass without gradients over a dataset."""
        before, result = self.products(precision), self.answered(precision)
        lengths = bertqa("lengths", "--model", self.model, "--data", self.dev_file, "--max-lengths", "384",
            "--json")["lengths"][0]
        tokens = result["rate"] * lengths["window_tokens"] / result["total"]
        return self.beside(before, tokens, lengths["window_tokens"] / lengths["window_rows"], 1 / 3)

    def beside(self, before, tokens, length, part):
        """GFLOP/s of so many tokens a second in rows of one length, `part` of a training step each; the products' own
        become the limit."""
        operations = part * (before["training_flops_per_token"] + before[
            "attention_flops_per_token_and_length"] * length)
        self.limit = {"gflops": (before["gflops"] + self.products(before["precision"])["gflops"]) / 2}
        return {"gflops": tokens * operations / 1e9}

    def products(self, precision):
        return {**bench("products", "--model", self.encoder, "--precision", precision), "precision": precision}

    def answered(self, precision):
        result = bertqa("evaluate", "--model", self.model, "--data", self.dev_file, "--precision", precision, "--json")
        return {**result, "rate": result["questions_per_second"]}

    def predicted_peer(self, precision):
        engines = {
            "bf16": ["bf16", "compiled-bf16", "zentorch-bf16", "openvino-bf16"], "fp32": ["onnx-fp32", "openvino-fp32"],
            "int8": ["onnx-int8", "openvino-int8"]}
        return self.best_peer("predict", "rate", True, engines[precision])

    def busiest(self):
        """The paragraph with most questions."""
        article = json.load(open(self.dev_file, encoding="utf-8"))["data"][0]["paragraphs"]
        return max(article, key=lambda paragraph: len(paragraph["qas"]))

    def latency(self, precision):
        """Questions about one text, through a pipe, one after the other."""
        paragraph, text = self.busiest(), f"{self.scratch}/text.txt"
        Path(text).write_text(paragraph["context"], encoding="utf-8")
        chat = subprocess.Popen(
            [str(BUILT / "bertqa"), "chat", "--model", self.model, "--context-file", text, "--precision",
                precision],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, bufsize=1)
        times = []
        for number in range(self.options.asked + 10):
            question = paragraph["qas"][number % len(paragraph["qas"])]["question"].strip()
            start = time.perf_counter()
            chat.stdin.write(question + "\n")
            chat.stdin.flush()
            chat.stdout.readline()
            times.append(1000 * (time.perf_counter() - start))
        chat.stdin.close()
        chat.wait()
        times = sorted(times[10:])
        return {"p50": times[len(times) // 2], "p99": times[int(len(times) * 0.99)]}

    def latency_peer(self, precision):
        paragraph = dict(self.busiest())
        paragraph["qas"] = paragraph["qas"] * (2 + self.options.asked // len(paragraph["qas"]))
        data = f"{self.scratch}/one.json"
        Path(data).write_text(json.dumps({"data": [{"paragraphs": [paragraph]}]}), encoding="utf-8")
        result = self.best_peer(
            "latency", "p50", False, [f"onnx-{precision}", f"openvino-{precision}"]
            if precision != "bf16" else ["bf16", "openvino-bf16"], data, steps=self.options.asked)
        return {**result, "p50": 1000 * result["p50"], "p99": 1000 * result["p99"]}

    def first_answer(self):
        result = bertqa(
            "ask", "--model", self.model, "--question", "Who wrote it?", "--context", "Ada wrote it in Rome.",
            "--precision", "fp32")
        return {"seconds": result["process_seconds"], "memory": result["process_memory"] / 1e6}

    def first_answer_peer(self):
        result = self.peer("first")
        return {"seconds": result["process_seconds"], "memory": result["process_memory"] / 1e6}

    def thirty_megabytes(self):
        """Labelled questions again and again until the file has 30 MB."""
        source, target = json.load(open(self.train_file, encoding="utf-8")), f"{self.scratch}/large.json"
        copies = max(1, round(30e6 / os.path.getsize(self.train_file)))
        source["data"] = [
            {**article, "paragraphs": [
                {**paragraph, "qas": [{**question, "id": f"{copy}-{question['id']}"} for question in paragraph["qas"]]}
                for paragraph in article["paragraphs"]]}
            for copy in range(copies) for article in source["data"]]
        json.dump(source, open(target, "w", encoding="utf-8"))
        return target

    def encoding(self, model=ENCODER):
        return call([str(BUILT / "tokenizer-bench"), str(model), self.dev_file])

    def encoding_peer(self, model=ENCODER):
        rate = self.peer("encode", model=model)["rate"]
        return {"each": rate, "contexts_once": rate}

    def measurements(self):
        """What is measured, ours and theirs, and the lines that come of it."""
        rate = lambda name, reach, unit="examples/s": Line(name, unit, "rate", True, reach)
        yield (lambda: self.trained("bf16")), (lambda: self.trained_peer("bf16")), [
            rate("training, bf16", 2.4), Line("training, bf16: peak memory", "MB", "memory", False, 2)]
        alone = lambda name, reach: Line(f"{name}, beside its products alone", "GFLOP/s", "gflops", True, reach)
        yield (lambda: self.share("bf16")), (lambda: self.limit), [alone("training, bf16", 0.7)]
        yield (lambda: self.trained("fp32")), (lambda: self.trained_peer("fp32")), [rate("training, fp32", 1.6)]
        yield (lambda: self.share("fp32")), (lambda: self.limit), [alone("training, fp32", None)]
        if self.options.slow:
            yield (lambda: self.trained("bf16")), (lambda: self.trained_peer("fp32", 6, pad_to_maximum=True)), [
                rate("training, bf16; the peer as the tutorial does, fp32 padded to 384", 10)]
        for precision, reach in [("bf16", 1.5), ("fp32", 1.25), ("int8", 1.8)]:
            yield (lambda: self.answered(precision)), (lambda: self.predicted_peer(precision)), [
                rate(f"prediction, {precision}", reach, "questions/s")]
            yield (lambda: self.latency(precision)), (lambda: self.latency_peer(precision)), [
                Line(f"one question, warm, {precision}, p50", "ms", "p50", False, 1),
                Line(f"one question, warm, {precision}, p99", "ms", "p99", False, 1)]
        yield self.first_answer, self.first_answer_peer, [
            Line("first answer from process start, fp32; the peer transformers", "s", "seconds", False, 10),
            Line("first answer: peak memory", "MB", "memory", False, 2)]
        yield self.encoding, self.encoding_peer, [
            Line("encoding pairs with offsets, one thread; the peer tokenizers", "pairs/s", "contexts_once", True, 20),
            Line("the same, every context anew", "pairs/s", "each", True, None)]
        for model in self.options.tokenizer:
            yield (lambda: self.encoding(model)), (lambda: self.encoding_peer(model)), [
                Line(f"encoding pairs, {Path(model).name}; the peer tokenizers", "pairs/s", "contexts_once", True,
                    None),
                Line(f"encoding pairs, {Path(model).name}, every context anew", "pairs/s", "each", True, None)]
        large = self.thirty_megabytes()
        yield (lambda: bench("featurise", "--model", ENCODER, "--data", large)), (
            lambda: self.peer("featurise", large, ENCODER)), [
            rate("30 MB of SQuAD to labelled rows", 20, "questions/s")]

    def larger(self, kind):
        """The same relations for a model of the size of BERT-base or RoBERTa-base."""
        self.encoder = self.model = random_model(Path(self.scratch) / kind, 12, 768, 12, kind)
        articles = json.load(open(self.dev_file, encoding="utf-8"))
        paragraphs = [paragraph for article in articles["data"] for paragraph in article["paragraphs"]][:20]
        self.dev_file = f"{self.scratch}/few.json"
        Path(self.dev_file).write_text(
            json.dumps({"version": "1.1", "data": [{"title": "", "paragraphs": paragraphs}]}), encoding="utf-8")
        base = lambda name, reach, unit="examples/s": [Line(f"{kind}-base: {name}", unit, "rate", True, reach)]
        alone = lambda name, reach: [
            Line(f"{kind}-base: {name}, beside its products alone", "GFLOP/s", "gflops", True, reach)]
        steps = 6
        for precision, reach, share in [("bf16", 2.4, 0.7), ("fp32", 1.6, None)]:
            ours = lambda precision=precision: self.trained(precision, steps)
            theirs = lambda precision=precision: self.trained_peer(precision, steps)
            yield ours, theirs, base(f"training, {precision}", reach)
            yield (lambda precision=precision: self.share(precision, steps)), (lambda: self.limit), alone(
                f"training, {precision}", share)
        for precision, reach in [("bf16", 1.5), ("fp32", 1.25), ("int8", 1.8)]:
            yield (lambda: self.answered(precision)), (lambda: self.predicted_peer(precision)), base(
                f"prediction, {precision}", reach, "questions/s")
            if precision != "int8":
                yield (lambda: self.share_of_reading(precision)), (lambda: self.limit), alone(
                    f"prediction, {precision}", None)

    def run(self):
        self.model = self.options.model or self.trained("bf16", 2)["folder"]
        rows = []
        parts = [(self.options.rounds, self.measurements())] + [(1, self.larger(kind)) for kind in ("BERT", "RoBERTa")
            if self.options.base]
        for rounds, ours, theirs, lines in ((rounds, *one) for rounds, part in parts for one in part):
            if self.options.only and not any(self.options.only in line.name for line in lines):
                continue
            pairs = [(ours(), theirs()) for _ in range(rounds)]
            peer = named(theirs for _, theirs in pairs)
            for line in lines:
                a, b = (statistics.median(pair[side][line.key] for pair in pairs) for side in (0, 1))
                rows.append((line, a, b, peer, a / b if line.more else b / a))
                print(f"{line.name:70} {a:10.4g} {b:10.4g} {line.unit:12} {rows[-1][4]:6.2f}  {line.reach or ''}  "
                    f"{peer}", flush=True)
        return rows


def named(results):
    """The engines that were best, and those that did not work."""
    results = [result for result in results if "peer" in result]
    best = " or ".join(dict.fromkeys(result["peer"] for result in results))
    failed = dict.fromkeys(name for result in results for name in result["failed"])
    return best + (f"; not here: {', '.join(failed)}" if failed else "")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=20, help="training steps, the first two not counted")
    parser.add_argument("--asked", type=int, default=100, help="questions of the latencies")
    parser.add_argument("--model", help="a fine-tuned model; without it one of two steps, which is as fast")
    parser.add_argument("--tokenizer", nargs="*", default=[],
        help="folders of tokenizers whose encoding is measured as well")
    parser.add_argument("--only", help="only lines whose name holds these words")
    parser.add_argument("--slow", action="store_true", help="the tutorial's own way as well")
    parser.add_argument("--base", action="store_true",
        help="models of the size of BERT-base and RoBERTa-base with random weights as well, one round")
    parser.add_argument("--write", action="store_true", help="write the table into docs/lab/benchmarks.md")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        rows = Bench(options, scratch).run()
    if options.write:
        table = ["| | BertQA | peer | | ratio | aim | the peer |", "|---|---|---|---|---|---|---|"]
        table += [f"| {line.name} | {a:.4g} | {b:.4g} | {line.unit} | {ratio:.2f} | {line.reach or ''} | {peer} |"
            for line, a, b, peer, ratio in rows]
        write("docs/lab/benchmarks.md", "make bench",
            "\n".join([f"{describe()} Medians of {options.rounds} rounds (those of base size: one), seed 42.", "",
                *table]))


if __name__ == "__main__":
    main()
