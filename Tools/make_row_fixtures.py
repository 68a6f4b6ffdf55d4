"""Writes Tests/SQuADTests/Fixtures/rows: the same questions as the datasets library and pandas write them (JSON lines,
plain and compressed, a JSON list, the list "data" that transformers' run_qa.py reads, CSV, a table with tabs and an
index, each orientation of pandas, columns of flattened answers, answers as texts that Python printed), and as a SQuAD
document.

The texts have what tables are broken by: quotes of both kinds, separators, line ends, backslashes, letters outside
ASCII. What a CSV holds of answers is what Python prints of NumPy's arrays, across several lines where there are many.

Use: python Tools/make_row_fixtures.py
"""

import gzip
import json
from pathlib import Path

from datasets import Dataset, disable_progress_bars

TARGET = Path("Tests/SQuADTests/Fixtures/rows")

NOTES = "Ada Lovelace wrote it in 1843, \"notes\" and all;\nher mother's idea \u2014 \U0001f600 or not."
CAFE = "e\u0301t\u00e9 au caf\u00e9, it's open\tnow; C:\\temp\r\nthe end"
MANY = " ".join(f"word {i}'s \"x\" \u65e5\u672c," for i in range(12))


def answers(context, *texts):
    starts = [context.index(text) for text in texts]
    return {"text": list(texts), "answer_start": starts}


ROWS = [
    ("q1", "Ada", NOTES, "Who wrote it?",
        answers(NOTES, "Ada Lovelace", "Lovelace", "\"notes\" and all;\nher mother's")),
    ("q2", "Ada", NOTES, "Whose, \"really\"; was it?", answers(NOTES, "her mother's", "\U0001f600")),
    ("q3", "Caf\u00e9", CAFE, "Is it open?", answers(CAFE, "it's open\tnow", "C:\\temp\r\nthe")),
    ("q4", "Caf\u00e9", CAFE, "Why?", answers(CAFE)),
    ("q5", "Many", MANY, "Which?", answers(MANY, *(f"word {i}'s \"x\" \u65e5\u672c" for i in range(12)))),
]


def squad():
    """The rows as a document of SQuAD 2.0."""
    articles = {}
    for name, title, context, question, found in ROWS:
        pairs = [{"text": t, "answer_start": s} for t, s in zip(found["text"], found["answer_start"])]
        entry = {"id": name, "question": question, "answers": pairs}
        if not pairs:
            entry["is_impossible"] = True
        articles.setdefault(title, {}).setdefault(context, []).append(entry)
    return {
        "data": [
            {"title": title, "paragraphs": [{"context": c, "qas": q} for c, q in paragraphs.items()]}
            for title, paragraphs in articles.items()
        ]
    }


def main():
    TARGET.mkdir(parents=True, exist_ok=True)
    names = ["id", "title", "context", "question", "answers"]
    dataset = Dataset.from_dict({name: list(column) for name, column in zip(names, zip(*ROWS))})
    dataset.to_csv(TARGET / "rows.csv")
    dataset.to_json(TARGET / "lines.jsonl")
    dataset.to_json(TARGET / "list.json", lines=False, orient="records")
    dataset.to_pandas().to_csv(TARGET / "rows.tsv", sep="\t")
    frame = dataset.to_pandas()
    for orient in ("split", "index", "columns", "table", "values"):
        frame.to_json(TARGET / f"{orient}.json", orient=orient)
    flat = dataset.flatten()
    flat.to_json(TARGET / "flat.jsonl")
    flat.to_csv(TARGET / "flat.csv")
    rows = [dict(zip(names, row)) for row in ROWS]
    printed = [dict(row, answers=str(row["answers"])) for row in rows]
    (TARGET / "printed.jsonl").write_text("".join(json.dumps(row) + "\n" for row in printed))
    (TARGET / "lists.json").write_text(json.dumps({name: [row[name] for row in rows] for name in names}) + "\n")
    plain = (TARGET / "lines.jsonl").read_bytes()
    (TARGET / "lines.jsonl.gz").write_bytes(gzip.compress(plain, mtime=0))
    (TARGET / "data.json").write_text(json.dumps({"version": "2.0", "data": rows}, indent=1) + "\n")
    (TARGET / "squad.json").write_text(json.dumps(squad(), ensure_ascii=False, indent=1) + "\n")


if __name__ == "__main__":
    disable_progress_bars()
    main()
