"""Lets `bertqa predict` answer datasets of growing size with a model of one layer, and prints questions, seconds and
peak memory.

What is looked at is everything around the model: memory that does not grow with the dataset. Each line is one run; the
last ones answer the largest dataset in two shards and merge them, and compare the result with that of one run.

Use: python Tools/prediction_memory.py [--bertqa .build/release/bertqa] [--megabytes 20 200 1000]
"""

import argparse
import os
import random
import subprocess
import tempfile
import time
from pathlib import Path

from extremes import paragraph, write_dataset, write_model


def run(name, command):
    """Runs a command to its end, and prints seconds and peak memory."""
    start = time.time()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    errors = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    if os.waitstatus_to_exitcode(status) != 0:
        raise SystemExit(errors.decode())
    print(f"| {name} | {time.time() - start:.0f} | {usage.ru_maxrss / 1000:.0f} |", flush=True)


def same(one, other):
    """Whether two files hold the same bytes."""
    with open(one, "rb") as left, open(other, "rb") as right:
        while True:
            pieces = left.read(1 << 20), right.read(1 << 20)
            if pieces[0] != pieces[1]:
                return False
            if not pieces[0]:
                return True


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bertqa", default=".build/release/bertqa")
    parser.add_argument("--megabytes", type=int, nargs="+", default=[20, 200, 1000])
    options = parser.parse_args()
    words = "ada wrote the first program in a town of rome and then it was read by all who came there . ? who".split()
    rng = random.Random(1)
    text = " ".join(rng.choice(words) for _ in range(230))
    print("| | seconds | peak memory, MB |\n|---|---|---|")
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch)
        write_model(root / "model", sorted(set(words)))
        predict = [options.bertqa, "predict", "--model", str(root / "model"), "--max-length", "64", "--truncation",
            "end"]
        for megabytes in options.megabytes:
            data = str(root / "data")
            count = megabytes * 1_000_000 // (len(text) + 130)
            write_dataset(data, (paragraph(text, [number]) for number in range(count)))
            size = f"{os.path.getsize(data) / 1e6:.0f} MB, {count} questions"
            run(f"predict: {size}", [*predict, "--data", data, "--output", str(root / "whole")])
        for number in (1, 2):
            run(f"predict --shard {number}/2: the last", [
                *predict, "--data", data, "--output", str(root / f"part{number}"), "--shard", f"{number}/2"])
        run("merge: the last", [options.bertqa, "merge", "--output", str(root / "merged"), str(root / "part1"),
            str(root / "part2")])
        if not same(root / "whole", root / "merged"):
            raise SystemExit("the merged file is not that of one run")


if __name__ == "__main__":
    main()
