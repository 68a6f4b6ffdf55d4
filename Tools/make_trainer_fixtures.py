#!/usr/bin/env python3
"""Writes the fixtures of Tests/FineTuningTests that PyTorch and transformers compute for the trainer.

`schedules`: what the schedules of transformers multiply the learning rate with, step by step. `losses`: the cross
entropy of PyTorch with label smoothing, with several right places (the log of their joint probability), and with a
teacher's distribution at a temperature, over rows of different lengths, each with its gradient in the logits.

    pip install torch==2.13.0 transformers==5.23.0 numpy==2.4.6      (torch: the CPU build)
    python Tools/make_trainer_fixtures.py [--output Tests/FineTuningTests/Fixtures]
"""

import argparse
import json
from pathlib import Path

import numpy
import torch
import transformers
from torch.nn.functional import cross_entropy, kl_div, log_softmax, softmax
from transformers import (
    get_constant_schedule_with_warmup,
    get_cosine_schedule_with_warmup,
    get_linear_schedule_with_warmup,
)

PINNED = {"torch": "2.13.0", "transformers": "5.23.0", "numpy": "2.4.6"}
LENGTHS = [1, 4, 9]


def check_versions():
    for module in (torch, transformers, numpy):
        found = module.__version__.split("+")[0]
        if found != PINNED[module.__name__]:
            raise SystemExit(f"{module.__name__} {PINNED[module.__name__]} is needed, {found} is installed")


def schedules():
    cases = []
    for shape, make in {
        "linear": lambda optimizer, warmup, total: get_linear_schedule_with_warmup(optimizer, warmup, total),
        "cosine": lambda optimizer, warmup, total: get_cosine_schedule_with_warmup(optimizer, warmup, total),
        "constant": lambda optimizer, warmup, total: get_constant_schedule_with_warmup(optimizer, warmup),
    }.items():
        for warmup, total in [(0, 5), (3, 10), (10, 10), (1, 2), (0, 1), (4, 25)]:
            optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
            scheduler = make(optimizer, warmup, total)
            multipliers = []
            for _ in range(total + 1):
                multipliers.append(scheduler.get_last_lr()[0])
                optimizer.step()
                scheduler.step()
            cases.append({"shape": shape, "warmup": warmup, "total": total, "multipliers": multipliers})
    return cases


def losses():
    random = numpy.random.RandomState(5)
    total = sum(LENGTHS)
    start_logits = random.normal(size=(total, 2)) * 3
    teacher_logits = random.normal(size=(total, 2)) * 2
    places = numpy.zeros((total, 2))
    for first, length in zip(numpy.cumsum([0] + LENGTHS), LENGTHS):
        for column in range(2):
            places[first + random.permutation(length)[: 1 + length // 4], column] = 1
    cases = []
    for smoothing, several, temperature, weight in [
        (0.0, False, 1.0, 0.0), (0.1, False, 1.0, 0.0), (0.0, True, 1.0, 0.0), (0.2, True, 1.0, 0.0),
        (0.0, False, 2.0, 1.0), (0.1, True, 3.0, 0.25),
    ]:  # fmt: skip
        logits = torch.tensor(start_logits, requires_grad=True)
        marks, loss = places.copy(), 0
        teacher = numpy.zeros((total, 2))
        for first, length in zip(numpy.cumsum([0] + LENGTHS), LENGTHS):
            for column in range(2):
                row, right = logits[first : first + length, column], marks[first : first + length, column]
                if not several:
                    right[numpy.flatnonzero(right)[1:]] = 0
                    part = cross_entropy(row, torch.tensor(int(right.argmax())), label_smoothing=smoothing)
                else:
                    joint = -log_softmax(row, 0)[torch.tensor(right) > 0].logsumexp(0)
                    part = (1 - smoothing) * joint - smoothing * log_softmax(row, 0).mean()
                shares = softmax(torch.tensor(teacher_logits[first : first + length, column]) / temperature, 0)
                teacher[first : first + length, column] = shares
                soft = kl_div(log_softmax(row / temperature, 0), shares, reduction="sum") * temperature**2
                loss = loss + (1 - weight) * part + weight * soft
        loss = loss / (2 * len(LENGTHS))
        loss.backward()
        cases.append({
            "smoothing": smoothing, "temperature": temperature, "weight": weight,
            "places": marks.flatten().tolist(), "teacher": teacher.flatten().tolist() if weight else None,
            "loss": loss.item(), "gradient": logits.grad.flatten().tolist(),
        })  # fmt: skip
    return {"lengths": LENGTHS, "logits": start_logits.flatten().tolist(), "cases": cases}


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--output", type=Path, default=Path("Tests/FineTuningTests/Fixtures"))
    output = arguments.parse_args().output
    check_versions()
    torch.set_num_threads(1)
    text = json.dumps({"schedules": schedules(), "losses": losses()})
    (output / "trainer.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
