#!/usr/bin/env python3
"""Writes the first questions of the sample as a sample of its own: sample.py SAMPLE FOLDER QUESTIONS"""

import json
import shutil
import sys
from pathlib import Path


def cut(dataset, count):
    """The dataset with its first `count` questions, and only their paragraphs and articles."""
    for article in dataset["data"]:
        for paragraph in article["paragraphs"]:
            paragraph["qas"] = paragraph["qas"][:count]
            count -= len(paragraph["qas"])
        article["paragraphs"] = [paragraph for paragraph in article["paragraphs"] if paragraph["qas"]]
    dataset["data"] = [article for article in dataset["data"] if article["paragraphs"]]
    return dataset


def main():
    source, folder, count = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    folder.mkdir(parents=True)
    for name in ("train.json", "dev.json"):
        dataset = cut(json.loads((source / name).read_text(encoding="utf-8")), count)
        (folder / name).write_text(json.dumps(dataset, ensure_ascii=False), encoding="utf-8")
    shutil.copy(source / "unseen.txt", folder)


if __name__ == "__main__":
    main()
