"""What separates right answers from wrong ones, computed by transformers and NumPy: the estimators that
docs/lab/confidence.md compares.

Benchmarks/bench.sh confidence_estimators.py --model MODEL --data dev.json [--open 490]

Each estimator is a logistic function of one or two numbers, fitted on all articles but one and scored on that one. With
--open so many questions (seed 0) are asked of the ten paragraphs that BM25 finds, read apart and ranked together, and
scored by the function that was fitted on the questions' own paragraphs.
"""

import argparse
import itertools
import json
import math
import random
import re
import string
from collections import Counter

import numpy as np
import torch
from transformers import AutoModelForQuestionAnswering, AutoTokenizer

TEMPERATURES = (0.7, 1, 1.19, 1.41, 1.68, 2, 2.38, 3)
LONGEST = 30


def normalized(text):
    text = "".join(letter for letter in text.lower() if letter not in set(string.punctuation))
    return " ".join(re.sub(r"\b(a|an|the)\b", " ", text).split())


def log_sum(values):
    most = values.max()
    return most + np.log(np.exp(values - most).sum())


def log_odds(log_probability):
    bounded = np.minimum(log_probability, -1e-7)
    return bounded - np.log(-np.expm1(bounded))


def read(model, tokenizer, pairs):
    """For each pair of question and text the logits of the text's tokens, their places, and the logits of [CLS]."""
    result = [None] * len(pairs)
    order = sorted(range(len(pairs)), key=lambda index: len(pairs[index][1]))
    for start in range(0, len(order), 16):
        part = order[start:start + 16]
        rows = tokenizer(
            [pairs[index][0].strip() for index in part], [pairs[index][1] for index in part], truncation="only_second",
            max_length=384, padding=True, return_offsets_mapping=True, return_tensors="pt")
        places = rows.pop("offset_mapping").numpy()
        with torch.no_grad():
            output = model(**rows)
        starts, ends = output.start_logits.double().numpy(), output.end_logits.double().numpy()
        for row, index in enumerate(part):
            text = [token for token, sequence in enumerate(rows.sequence_ids(row)) if sequence == 1]
            span = slice(text[0], text[-1] + 1)
            result[index] = (starts[row, span], ends[row, span], places[row, span], starts[row, 0] + ends[row, 0])
    return result


def spans(starts, ends):
    count = len(starts)
    allowed = np.triu(np.ones((count, count), bool)) & ~np.triu(np.ones((count, count), bool), LONGEST)
    return np.where(allowed, starts[:, None] + ends[None, :], -np.inf), allowed


def is_right(text, answers):
    return float(any(normalized(text) == normalized(answer) for answer in answers))


def numbers(reading, context, answers):
    """The numbers that estimators use, and whether the best answer is right."""
    starts, ends, places, nothing = reading
    pairs, allowed = spans(starts, ends)
    first, last = np.unravel_index(pairs.argmax(), pairs.shape)
    index = np.arange(len(starts))
    same_place = allowed & (index[:, None] <= last) & (index[None, :] >= first)
    best = pairs[first, last]
    found = {"over no answer": best - nothing}
    for temperature in TEMPERATURES:
        tokens = (starts[first] + ends[last]) / temperature
        tokens -= log_sum(starts / temperature) + log_sum(ends / temperature)
        total = log_sum(pairs[allowed] / temperature)
        found[f"tokens {temperature}"] = log_odds(tokens)
        found[f"pairs {temperature}"] = log_odds(best / temperature - total)
        found[f"place {temperature}"] = log_odds(log_sum(pairs[same_place] / temperature) - total)
    return found, is_right(context[places[first][0]:places[last][1]], answers)


def fit(columns, right):
    matrix, weights = np.c_[columns, np.ones(len(right))], np.zeros(columns.shape[1] + 1)
    for _ in range(50):
        p = 1 / (1 + np.exp(-matrix @ weights))
        gradient = matrix.T @ (p - right) + 1e-3 * np.r_[weights[:-1], 0]
        weights -= np.linalg.solve((matrix * (p * (1 - p))[:, None]).T @ matrix + 1e-3 * np.eye(len(weights)), gradient)
    return weights


def scored(columns, weights):
    return 1 / (1 + np.exp(-np.c_[columns, np.ones(len(columns))] @ weights))


def figures(scores, right):
    bounded = np.clip(scores, 1e-9, 1 - 1e-9)
    loss = -(right * np.log(bounded) + (1 - right) * np.log(1 - bounded)).mean()
    error = calibration_error(scores, right)
    ranked = right[np.argsort(-scores, kind="stable")]
    surest = (np.cumsum(ranked) / np.arange(1, len(ranked) + 1)).mean()
    return f"{loss:.4f} | {error:.4f} | {surest:.4f}"


def calibration_error(scores, right):
    bins = np.minimum((scores * 15).astype(int), 14)
    return sum(abs((scores[bins == number] - right[bins == number]).sum()) for number in range(15)) / len(right)


def halves(column, right, titles):
    """Fitted on each choice of half of the articles, measured on the others."""
    names, errors, chances = sorted(set(titles)), [], []
    generator = np.random.default_rng(3)
    for chosen in itertools.combinations(names, len(names) // 2):
        fitted = np.isin(titles, chosen)
        scores = scored(column[~fitted][:, None], fit(column[fitted][:, None], right[fitted]))
        errors.append(calibration_error(scores, right[~fitted]))
        drawn = (generator.random((100, len(scores))) < scores).astype(float)
        chances.append(np.mean([calibration_error(scores, outcomes) for outcomes in drawn]))
    print(
        f"\n{len(errors)} halves: calibration error {np.mean(errors):.4f} ({min(errors):.4f} to {max(errors):.4f}), "
        f"by chance {np.mean(chances):.4f}")


def search(texts):
    counts = [Counter(re.findall(r"\w+", text.lower())) for text in texts]
    frequency = Counter(word for count in counts for word in count)
    mean = sum(sum(count.values()) for count in counts) / len(counts)

    def best(question):
        def score(count):
            length = sum(count.values())
            return sum(
                math.log(1 + (len(texts) - frequency[word] + 0.5) / (frequency[word] + 0.5)) * count[word] * 2.2
                / (count[word] + 1.2 * (0.25 + 0.75 * length / mean))
                for word in set(re.findall(r"\w+", question.lower())) if count[word])
        return sorted(range(len(texts)), key=lambda index: (-score(counts[index]), index))[:10]
    return best


def open_questions(options, model, tokenizer, questions, texts, table, right):
    best = search(texts)
    chosen = random.Random(0).sample(questions, min(options.open, len(questions)))
    jobs = [(question["question"], texts[index]) for question in chosen for index in best(question["question"])]
    readings = read(model, tokenizer, jobs)
    width = len(jobs) // len(chosen)
    print("\n| temperature | exact match | mean score | log loss | calibration error | surest |")
    print("|---|---|---|---|---|---|")
    for temperature in TEMPERATURES:
        columns, outcomes = [], []
        for number, question in enumerate(chosen):
            part = readings[number * width:(number + 1) * width]
            pairs = [spans(starts, ends) for starts, ends, _, _ in part]
            top = max(range(width), key=lambda index: pairs[index][0].max())
            first, last = np.unravel_index(pairs[top][0].argmax(), pairs[top][0].shape)
            total = log_sum(np.array([log_sum(values[allowed] / temperature) for values, allowed in pairs]))
            columns.append(log_odds(pairs[top][0].max() / temperature - total))
            text, places = jobs[number * width + top][1], part[top][2]
            outcomes.append(is_right(text[places[first][0]:places[last][1]], [a["text"] for a in question["answers"]]))
        weights = fit(table[f"pairs {temperature}"][:, None], right)
        scores, outcomes = scored(np.array(columns)[:, None], weights), np.array(outcomes)
        means = f"{100 * outcomes.mean():.1f} | {100 * scores.mean():.1f}"
        print(f"| {temperature} | {means} | {figures(scores, outcomes)} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True)
    parser.add_argument("--data", required=True)
    parser.add_argument("--open", type=int, default=0)
    options = parser.parse_args()
    tokenizer = AutoTokenizer.from_pretrained(options.model)
    model = AutoModelForQuestionAnswering.from_pretrained(options.model, dtype=torch.float32).eval()
    data = json.load(open(options.data))["data"]
    texts = [paragraph["context"] for article in data for paragraph in article["paragraphs"]]
    asked = [
        (article["title"], paragraph["context"], question)
        for article in data for paragraph in article["paragraphs"] for question in paragraph["qas"]]
    readings = read(model, tokenizer, [(question["question"], context) for _, context, question in asked])
    found = [
        numbers(reading, context, [answer["text"] for answer in question["answers"]])
        for reading, (_, context, question) in zip(readings, asked)]
    table = {name: np.array([row[0][name] for row in found]) for name in found[0][0]}
    right, titles = np.array([row[1] for row in found]), np.array([title for title, _, _ in asked])
    names = [[f"{kind} {temperature}"] for kind in ("tokens", "pairs") for temperature in TEMPERATURES]
    names += [[f"{kind} {temperature}", other.format(temperature)] for kind in ("tokens", "pairs")
              for temperature in (1, 1.41, 2) for other in ("place {}", "over no answer")]
    print("| numbers | log loss | calibration error | surest |\n|---|---|---|---|")
    for name in names:
        columns, scores = np.stack([table[part] for part in name], axis=1), np.zeros(len(right))
        for title in sorted(set(titles)):
            rest = titles != title
            scores[~rest] = scored(columns[~rest], fit(columns[rest], right[rest]))
        print(f"| {', '.join(name)} | {figures(scores, right)} |")
    halves(table["pairs 1.41"], right, titles)
    if options.open:
        open_questions(options, model, tokenizer, [question for _, _, question in asked], texts, table, right)


if __name__ == "__main__":
    main()
