"""How often BM25 finds the paragraph of a question, with and without stems and titles: word_search.py FILE...

The index is SQLite's FTS5 as `bertqa serve` makes it; a paragraph is one passage here, however long it is.
"""
import json
import re
import sqlite3
import sys
import time

STEMS = {"words": "unicode61 remove_diacritics 2", "stems": "porter unicode61 remove_diacritics 2"}


def recall(path, tokenizer, titles):
    """Shares of questions whose paragraph is among the first 1, 10 and 20, in per cent, and milliseconds a question."""
    with open(path) as file:
        articles = json.load(file)["data"]
    database = sqlite3.connect(":memory:")
    database.execute(f'CREATE VIRTUAL TABLE passage_words USING fts5(title, words, tokenize = "{tokenizer}")')
    questions, number = [], 0
    for article in articles:
        title = article["title"].replace("_", " ") if titles else ""
        for paragraph in article["paragraphs"]:
            number += 1
            database.execute("INSERT INTO passage_words (rowid, title, words) VALUES (?, ?, ?)",
                             (number, title, paragraph["context"]))
            questions += [(question["question"], number) for question in paragraph["qas"]]
    found, start = [0, 0, 0], time.perf_counter()
    for question, right in questions:
        words = dict.fromkeys(re.findall(r"\w+", question.lower()))
        query = " OR ".join(f'"{word}"' for word in words)
        rows = [row for (row,) in database.execute(
            "SELECT rowid FROM passage_words WHERE passage_words MATCH ? ORDER BY rank, rowid LIMIT 20",
            (query,))]
        for place, count in enumerate((1, 10, 20)):
            found[place] += right in rows[:count]
    seconds = time.perf_counter() - start
    return [100 * count / len(questions) for count in found], 1000 * seconds / len(questions), number


for path in sys.argv[1:]:
    for name, tokenizer in STEMS.items():
        for titles in (False, True):
            shares, milliseconds, paragraphs = recall(path, tokenizer, titles)
            print(f"{path}: {paragraphs} paragraphs, {name}{', titles' if titles else ''}: "
                  + " / ".join(f"{share:.1f}" for share in shares) + f" %, {milliseconds:.2f} ms")
