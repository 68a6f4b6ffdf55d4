#!/usr/bin/env python3
r"""Checks that Python's `evaluate` library takes the files of `bertqa score --predictions-output --references-output`.

    .venv-export/bin/python Tools/check_metric_forms.py --bertqa .build/release/bertqa --data dev.json \
        --predictions predictions.json

The metrics `squad` and `squad_v2` themselves are programs on the hub; here a metric with their features goes through
the library's own checks, and scores by SQuAD's definitions. The scores must be those that bertqa prints.
"""

import argparse
import collections
import json
import os
import re
import string
import subprocess
import sys
import tempfile

import datasets
import evaluate

Value = datasets.Value
REFERENCE = {
    "id": Value("string"),
    "answers": datasets.Sequence({"text": Value("string"), "answer_start": Value("int32")}),
}
PREDICTION = {"id": Value("string"), "prediction_text": Value("string")}


def words(text):
    text = "".join(letter for letter in text.lower() if letter not in string.punctuation)
    return re.sub(r"\b(a|an|the)\b", " ", text).split()


def exact(answer, prediction):
    return float(words(answer) == words(prediction))


def f1(answer, prediction):
    answer, prediction = words(answer), words(prediction)
    if not answer or not prediction:
        return float(answer == prediction)
    common = sum((collections.Counter(answer) & collections.Counter(prediction)).values())
    return 2 * common / (len(answer) + len(prediction))


class Metric(evaluate.Metric):
    """The features of `squad`, or of `squad_v2` where predictions have probabilities."""

    def __init__(self, version2, **options):
        self.prediction = PREDICTION | ({"no_answer_probability": Value("float32")} if version2 else {})
        super().__init__(**options)

    def _info(self):
        features = datasets.Features({"predictions": self.prediction, "references": REFERENCE})
        return evaluate.MetricInfo(description="", citation="", features=features)

    def _compute(self, predictions, references):
        texts = {prediction["id"]: prediction["prediction_text"] for prediction in predictions}
        sums = [0.0, 0.0]
        for reference in references:
            answers = [text for text in reference["answers"]["text"]] or [""]
            for index, score in enumerate((exact, f1)):
                sums[index] += max(score(answer, texts[reference["id"]]) for answer in answers)
        return {"exact_match": 100 * sums[0] / len(references), "f1": 100 * sums[1] / len(references)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bertqa", required=True, help="the program")
    parser.add_argument("--data", required=True, help="a dataset with answers")
    parser.add_argument("--predictions", required=True, help="answers to all its questions")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        paths = [os.path.join(folder, name) for name in ("predictions.json", "references.json")]
        command = [
            options.bertqa, "score", "--data", options.data, "--predictions", options.predictions, "--json",
            "--predictions-output", paths[0], "--references-output", paths[1],
        ]  # fmt: skip
        own = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
        predictions, references = (json.load(open(path, encoding="utf-8")) for path in paths)
        metric = Metric("no_answer_probability" in predictions[0], cache_dir=folder)
        scores = metric.compute(predictions=predictions, references=references)
    print(f"{len(references)} questions; evaluate: {scores}; bertqa: {own['exact_match']}, {own['f1']}")
    sys.exit(0 if all(abs(scores[name] - own[name]) < 1e-6 for name in scores) else 1)


if __name__ == "__main__":
    main()
