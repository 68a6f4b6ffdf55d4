"""Calibrates a model on half of a dataset's articles and measures the calibration error on the other half.

... confidence.py --model MODEL --data dev.json --splits 5            random halves of the articles, seeds 0 to 4
... confidence.py --model RUN --data unseen.json --calibrated         the calibration that the model has, on all articles

Each line also has the same for open questions: a question's text is replaced by the ten of all texts that share most
words with it by BM25, joined, whether the right one is among them or not. The model's folder is not changed.
"""

import argparse
import json
import math
import os
import random
import re
import shutil
import statistics
import subprocess
import tempfile
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROGRAM = os.environ.get("BERTQA", str(ROOT / ".build/release/bertqa"))


def bertqa(*arguments):
    run = subprocess.run([PROGRAM, *arguments, "--json"], stdout=subprocess.PIPE, check=True)
    return json.loads(run.stdout)


def words(text):
    return re.findall(r"\w+", text.lower())


class Search:
    """BM25 over texts, k1 1.2 and b 0.75."""

    def __init__(self, texts):
        self.texts = texts
        self.counts = [Counter(words(text)) for text in texts]
        self.lengths = [sum(count.values()) for count in self.counts]
        self.mean = statistics.mean(self.lengths)
        self.frequency = Counter(word for count in self.counts for word in count)

    def best(self, question, number):
        def score(index):
            count, length = self.counts[index], self.lengths[index]
            total = 0
            for word in set(words(question)):
                if count[word]:
                    seen = self.frequency[word]
                    rarity = math.log(1 + (len(self.texts) - seen + 0.5) / (seen + 0.5))
                    total += rarity * count[word] * 2.2 / (count[word] + 1.2 * (0.25 + 0.75 * length / self.mean))
            return total
        order = sorted(range(len(self.texts)), key=lambda index: (-score(index), index))
        return [self.texts[index] for index in order[:number]]


def opened(articles, everything, questions, seed):
    """Some of the articles' questions, each about the ten texts that search finds for it."""
    search = Search([paragraph["context"] for article in everything for paragraph in article["paragraphs"]])
    all_questions = [
        question for article in articles for paragraph in article["paragraphs"] for question in paragraph["qas"]]
    chosen = random.Random(seed).sample(all_questions, min(questions, len(all_questions)))
    paragraphs = []
    for question in chosen:
        text = "\n\n".join(search.best(question["question"], 10))
        answers = [{"text": answer["text"], "answer_start": max(0, text.find(answer["text"]))}
                   for answer in question["answers"]]
        paragraphs.append({"context": text, "qas": [{**question, "answers": answers}]})
    return [{"title": "open", "paragraphs": paragraphs}]


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
            part = dataset("open", opened(rest, articles, options.open, seed))
            line["open"] = bertqa("evaluate", "--model", model, "--data", part)
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
