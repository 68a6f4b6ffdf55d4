"""What the proofs of this folder share: a small training run, and a comparison of what two of them came to."""

import argparse
import filecmp
import json
import os
import pathlib
import shutil
import struct
import subprocess
import sys
import time


def options(description):
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bertqa", default=".build/release/bertqa")
    parser.add_argument("--model", default=".deps/encoder")
    parser.add_argument("--train-file", default="Data/sample/train.json")
    parser.add_argument("--steps", type=int, default=16)
    return parser


def sh(*words, check=True, **more):
    return subprocess.run(words, check=check, capture_output=True, text=True, **more)


def check(condition, what):
    """Ends the proof where a condition does not hold."""
    if not condition:
        raise SystemExit(f"{os.path.basename(sys.argv[0])}: {what}")


def needs_root(*programs, package):
    missing = [program for program in programs if shutil.which(program) is None]
    check(os.geteuid() == 0 and not missing, f"needs root on Linux and {', '.join(programs)} (Debian: {package})")


def train(options, output):
    return [
        options.bertqa, "train", "--model", options.model, "--train-file", options.train_file, "--output-dir", output,
        "--max-steps",
        str(options.steps), "--validation-fraction", "0", "--precision", "fp32", "--json", "--save-steps", "2"]


def alone(options, output, accumulation):
    subprocess.run(
        [*train(options, output), "--batch-size", "2", "--gradient-accumulation-steps", str(accumulation), "--threads",
            "2"],
        check=True, capture_output=True)


def newest_checkpoint(output):
    """The step of a run's newest whole checkpoint; 0 where there is none."""
    saved = pathlib.Path(output, "checkpoints").glob("step-" + 8 * "[0-9]")
    return max((int(one.name.removeprefix("step-")) for one in saved), default=0)


def wait_for_checkpoint(output, process, beyond=0):
    """Waits until a run has saved a step greater than a number, or has ended; the step of the newest."""
    while (newest := newest_checkpoint(output)) <= beyond and process.poll() is None:
        time.sleep(0.05)
    return newest


def weights(output):
    """The float32 numbers of a model.safetensors."""
    with open(f"{output}/model.safetensors", "rb") as file:
        length = struct.unpack("<Q", file.read(8))[0]
        header = json.loads(file.read(length))
        data = file.read()
    header.pop("__metadata__", None)
    return {name: memoryview(data[slice(*entry["data_offsets"])]).cast("f") for name, entry in header.items()}


def distance(one, other):
    """How far the numbers of two models are from each other, the first 20,000 of each tensor."""
    left, right = weights(one), weights(other)
    return max(abs(a - b) for name in left for a, b in zip(left[name][:20000], right[name][:20000]))


def same(one, other):
    """Whether two runs ended with the same model, byte for byte."""
    return filecmp.cmp(f"{one}/model.safetensors", f"{other}/model.safetensors", shallow=False)
