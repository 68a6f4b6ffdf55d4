#!/usr/bin/env python3
"""Writes the logits that transformers computes with the reference model for some real rows.

    SQUAD_DIR=... BERTQA_MODELS=... python Tools/make_reference_fixtures.py

The model is $BERTQA_MODELS/minilm-squad, in float32 on the CPU; the rows are every 125th question of
$SQUAD_DIR/dev.json, cut to 384 tokens by only_second. Only the logits are written, by question id: text and weights
stay where they are.
"""

import json
import os
from pathlib import Path

import torch
import transformers
from safetensors.torch import save_file
from transformers import AutoModelForQuestionAnswering, AutoTokenizer

PINNED = {"torch": "2.13.0", "transformers": "5.23.0"}
OUTPUT = Path("Tests/QuestionAnsweringTests/Fixtures/minilm_logits.safetensors")


def questions(path):
    with open(path, encoding="utf-8") as file:
        for article in json.load(file)["data"]:
            for paragraph in article["paragraphs"]:
                for question in paragraph["qas"]:
                    yield question["id"], question["question"].strip(), paragraph["context"]


def main():
    for module in (torch, transformers):
        found = module.__version__.split("+")[0]
        if found != PINNED[module.__name__]:
            raise SystemExit(f"{module.__name__} {PINNED[module.__name__]} is needed, {found} is installed")
    if "SQUAD_DIR" not in os.environ or "BERTQA_MODELS" not in os.environ:
        print("SQUAD_DIR and BERTQA_MODELS are not set: the reference model's logits stay as they are")
        return
    folder = os.environ["BERTQA_MODELS"] + "/minilm-squad"
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForQuestionAnswering.from_pretrained(folder, dtype=torch.float32).eval()
    tensors = {}
    with torch.inference_mode():
        for name, question, context in list(questions(os.environ["SQUAD_DIR"] + "/dev.json"))[::125]:
            row = tokenizer(question, context, truncation="only_second", max_length=384, return_tensors="pt")
            output = model(**row)
            tensors[name] = torch.stack([output.start_logits[0], output.end_logits[0]], dim=1).contiguous()
    OUTPUT.parent.mkdir(parents=True, exist_ok=True)
    save_file(tensors, OUTPUT)


if __name__ == "__main__":
    main()
