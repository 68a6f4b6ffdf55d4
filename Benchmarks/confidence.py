"""Calibrates a model on half of a dataset's articles and measures the calibration error on the other half.

... confidence.py --model MODEL --data dev.json --splits 5            random halves of the articles, seeds 0 to 4
... confidence.py --model RUN --data unseen.json --calibrated         the calibration that the model has

With --open N each line also has the same for N questions that are asked of all paragraphs of the other half (`evaluate
--open`). The model's folder is not changed.
"""

import argparse
import json
import os
import random
import shutil
import statistics
import subprocess
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROGRAM = os.environ.get("BERTQA", str(ROOT / ".build/release/bertqa"))


def bertqa(*arguments):
    run = subprocess.run([PROGRAM, *arguments, "--json"], stdout=subprocess.PIPE, check=True)
    return json.loads(run.stdout)


def copy_of(model, folder):
    copy = Path(folder, "model")
    copy.mkdir()
    for file in Path(model).iterdir():
        if file.is_file() and file.name != "run.json":
            if file.name == "config.json":
                shutil.copy(file, copy / file.name)
            else:
                (copy / file.name).symlink_to(file.resolve())
    return str(copy)


def measure(options, articles, fit, seed):
    rest = [article for article in articles if article not in fit]
    with tempfile.TemporaryDirectory() as folder:
        def dataset(name, part):
            path = f"{folder}/{name}.json"
            Path(path).write_text(json.dumps({"version": "1.1", "data": part}))
            return path

        model = copy_of(options.model, folder)
        record = {}
        if fit:
            record = bertqa("calibrate", "--model", model, "--data", dataset("fit", fit))["bertqa_confidence"]
        own = bertqa("evaluate", "--model", model, "--data", dataset("rest", rest))
        line = {"seed": seed, "temperature": record.get("temperature"), "own": own}
        if options.open:
            line["open"] = bertqa(
                "evaluate", "--model", model, "--data", f"{folder}/rest.json", "--open", "--sample", str(options.open))
        return line


def cells(found):
    return [found["total"], f"{found['exact_match']:.1f}", f"{found['calibration_error']:.4f}",
            f"{found['calibration_error_by_chance']:.4f}"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True)
    parser.add_argument("--data", required=True)
    parser.add_argument("--splits", type=int, default=5)
    parser.add_argument("--calibrated", action="store_true", help="keep the model's calibration")
    parser.add_argument("--open", type=int, default=0, help="how many open questions of each half; 0 for none")
    options = parser.parse_args()
    articles = json.loads(Path(options.data).read_text())["data"]
    titles = "| seed | temperature | questions | exact match | calibration error | by chance |"
    if options.open:
        titles += " open questions | exact match | calibration error | by chance |"
    print(titles)
    print("|" + "---|" * (titles.count("|") - 1))
    errors = []
    for seed in range(1 if options.calibrated else options.splits):
        order = articles[:]
        random.Random(seed).shuffle(order)
        found = measure(options, articles, [] if options.calibrated else order[:len(order) // 2], seed)
        errors.append(found["own"]["calibration_error"])
        temperature = found["temperature"]
        row = [seed, "" if temperature is None else f"{temperature:.2f}", *cells(found["own"])]
        if options.open:
            row += cells(found["open"])
        print("| " + " | ".join(map(str, row)) + " |", flush=True)
    print(f"\nmean calibration error {statistics.mean(errors):.4f}")


if __name__ == "__main__":
    main()
