"""How training by several processes scales, measured on this machine, and what follows from it for many GPUs, on paper.

One process with two threads beside two processes of one thread each, with the same rows a step, in turns; medians.
Standard library only: `python3 Benchmarks/scaling.py [--rounds 3] [--steps 14] [--write]`. SQUAD_DIR names the folder
with train.json; without it the sample data serve.
"""

import argparse
import os
import statistics
import subprocess
import tempfile

from measure import ENCODER, ROOT, bertqa, processor, write

# The figures that the paper part starts from, with where they are from.
H100_BF16 = 790e12  # FLOP/s that a bf16 product of 8192 reaches on an H100
# Bytes/s that an all-reduce gets on NVLink 4 (8 GPUs), and on one 400 Gbit/s adapter a GPU.
NVLINK, NETWORK = 370e9, 45e9
LATENCY = {8: 30e-6, 64: 120e-6, 512: 300e-6}  # seconds of a small all-reduce
MODELS = {  # parameters, weights in products, share of the peak assumed
    "BERT-base": (109e6, 85e6, 0.40),
    "BERT-large": (335e6, 302e6, 0.50),
}
TOKENS_A_ROW = 175


def train(data, precision, steps, *arguments):
    with tempfile.TemporaryDirectory() as scratch:
        return bertqa(
            "train", "--model", ENCODER, "--train-file", data, "--output-dir", f"{scratch}/run",
            "--validation-fraction", 0,
            "--max-steps", steps, "--precision", precision, "--seed", 42, "--json", *arguments)


def measured(rounds, steps):
    folder = os.environ.get("SQUAD_DIR")
    data = f"{folder}/train.json" if folder else str(ROOT / "Data/sample/train.json")
    ways = {
        "1 process, 1 thread": ("--batch-size", 16, "--threads", 1),
        "1 process, 2 threads": ("--batch-size", 16, "--threads", 2),
        "2 processes, 1 thread each": ("--batch-size", 8, "--threads", 1, "--processes", 2),
    }
    lines = ["| precision | | examples/s | real tokens/s | waiting for others | beside 1 process, 2 threads |",
        "|---|---|---|---|---|---|"]
    for precision in ("bf16", "fp32"):
        results = {way: [] for way in ways}
        for _ in range(rounds):
            for way, arguments in ways.items():
                results[way].append(train(data, precision, steps, *arguments))
        base = statistics.median(r["examples_per_second"] for r in results["1 process, 2 threads"])
        for way, runs in results.items():
            rate, tokens, waiting = (
                statistics.median(r[key] for r in runs)
                for key in ("examples_per_second", "real_tokens_per_second", "waiting_share"))
            lines.append(f"| {precision} | {way} | {rate:.1f} | {tokens:.0f} | {100 * waiting:.1f} % | "
                f"{rate / base:.2f} |")
    return "\n".join(lines)


def step_time(model, gpus, rows):
    """Seconds of compute and of the sum of gradients for `rows` rows on each GPU."""
    parameters, products, share = MODELS[model]
    compute = 6 * products * rows * TOKENS_A_ROW / (share * H100_BF16)
    size = 4 * parameters  # float32 gradients
    inside = min(gpus, 8)
    reduce = 2 * (inside - 1) / inside * size / NVLINK
    nodes = gpus // 8
    if nodes > 1:
        # Each GPU carries an eighth of the gradients between the machines.
        reduce += 2 * (nodes - 1) / nodes * size / 8 / NETWORK
    return compute, reduce + LATENCY[gpus]


def paper():
    """The sum hides behind the backward pass, which is two thirds of the compute, but for its last bucket."""
    lines = ["| | GPUs | rows a GPU | rows a step | compute, ms | sum of gradients, ms | speed-up | of the ideal |",
        "|---|---|---|---|---|---|---|---|"]
    for model in MODELS:
        for gpus in (8, 64, 512):
            for rows in (4, 16, 32):
                compute, reduce = step_time(model, gpus, rows)
                seen = max(reduce - 2 / 3 * compute, 0) + reduce * 0.02
                gain = gpus * compute / (compute + seen)
                lines.append(
                    f"| {model} | {gpus} | {rows} | {gpus * rows} | {1e3 * compute:.2f} | {1e3 * reduce:.2f} | "
                    f"{gain:.0f} | {100 * gain / gpus:.0f} % |")
    return "\n".join(lines)


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--steps", type=int, default=14)
    options.add_argument("--write", action="store_true", help="write both tables into docs/lab/scaling.md")
    options = options.parse_args()
    revision = subprocess.run(["date", "+%Y-%m-%d"], capture_output=True, text=True, check=True).stdout.strip()
    table = (
        f"{revision}, {processor()}, {os.cpu_count()} cores; medians of {options.rounds} rounds of "
        f"{options.steps} steps, seed 42.\n\n")
    table += measured(options.rounds, options.steps)
    print(table, paper(), sep="\n\n")
    if options.write:
        write("docs/lab/scaling.md", "scaling", table)
        write("docs/lab/scaling.md", "paper", paper())


if __name__ == "__main__":
    main()
