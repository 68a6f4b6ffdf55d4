"""Writes Tests/SQuADTests/Fixtures/metrics.json: what SQuAD v1.1's rules for scoring give for difficult pairs of texts; and
version2.json: a dataset in which some questions have no answer, with predictions and what the rules of v2.0 give for them.

The rules (Rajpurkar et al. 2016, arXiv:1606.05250, section 6, and the official scorer): lower case, no ASCII punctuation, the
words "a", "an" and "the" taken out, words split at white space; exact match compares the words, F1 counts those in common.
Version 2.0 (Rajpurkar et al. 2018, arXiv:1806.03822) leaves answers out of which nothing remains, takes the empty text as the
answer where there is none, and looks for the thresholds of the no-answer probability at which the sum of scores is highest.
Python's own `str.lower`, `re` and `str.split` define them, so this file needs nothing but the standard library.

Only characters that Unicode 3.2 already had are drawn at random: their properties are the same in every Python and Swift.

Use: python Tools/make_squad_fixtures.py
"""

import json
import random
import re
import string
import unicodedata
from collections import Counter
from pathlib import Path

TARGET = Path("Tests/SQuADTests/Fixtures/metrics.json")
VERSION2 = TARGET.with_name("version2.json")
CASES = 3000
ARTICLE = re.compile(r"\b(?:a|an|the)\b")

# Texts whose normalisation goes wrong in one way or another when it is done carelessly; each is paired with its variants.
CURATED = [
    "", " ", "the", "The the THE", "a", "an", "A an the", "a.", "the-end", "an_apple", "a_", "_a", "a b", "b-a-b", "a1", "1 a 1", "The",
    "the cat", "The cat's", "cat", "U.S.A.", "a.n.", "t.h.e", "t-he end", "th'e", "rock 'n' roll", "$1,000.50", "(the)", "\"an\"", "`a`",
    "the\u0301", "a\u0301", "a\u0301 b", "\u0301a", "an\u0308", "\u00e1", "a\u00e1", "\u00e1 a", "th\u00e9", "\u00e9a", "a\u00e9 the",
    "the\u00a0cat", "a\u00a0b", "\u00a0", "a\u200bb", "a\u200b", "the\u200d", "\u200bthe", "the\ufeff", "a\u00adn", "an\u2060",
    "the\u2014cat", "\u201cthe\u201d", "a\u2013b", "the\u2026", "\u00abthe\u00bb", "the\u3001", "the\u3002a", "\u20aca", "a\u00b0", "a\u00b2",
    "\u00b2a", "a\u2160", "\u2167the", "a\u0660", "\u0661the", "\u0967 a", "\uff11\uff12", "\uff41", "\uff54\uff48\uff45 cat", "a\u4e00", "\u4e00a",
    "\u6771\u4eac the \u4eac", "a\u3007", "a\u00bd", "\u00bc an", "a\u2460", "a\u3220", "the\u00aa", "the\u02b0", "a\u093e", "a\u0903", "a\u20e3",
    "\u03a3", "\u03a3\u03a3", "\u0391\u03a3", "\u0391\u03a3.", "\u0391\u03a3.\u0391", "\u0391\u03a3'\u0391", "\u0391'\u03a3", "\u0391\u0301\u03a3",
    "\u0391\u03a3\u0301", "\u0391\u03a3\u0301\u0391", "\u0391\u03a3 \u0391", "\u0391\u03a31", "1\u03a3", "A\u03a3", "a\u03a3b", "\u039f\u0394\u039f\u03a3",
    "\u1f48\u0394\u03a5\u03a3\u03a3\u0395\u038e\u03a3", "\u0391\u00ad\u03a3", "\u0391\u03a3\u00ad\u0392", "\u0391\u03a3:\u0392", "\u02b0\u03a3", "\u03a3\u02b0",
    "\u0130", "\u0130stanbul", "I\u0307", "i\u0307", "\u0131", "I\u0131\u0130i", "\u1e9e \u00df SS", "\u01c5 \u01c4 \u01c6", "\ufb01ne", "\u212a \u2126 \u212b", "\u00c5 A\u030a",
    "\u2160\u216f", "\u24b6", "\U00010400 \U00010428", "\U0001d400", "the\U0001d400", "a\U00010400", "\U0001f600the\U0001f600", "a\U0001f600", "\U00020000a",
    "a\u001cb", "a\u001db", "a\u001eb", "a\u001fb", "\u001cthe\u001f", "a\u0085b", "the\u0085", "a\u2028the\u2029b", "a\u3000b", "\u3000the\u3000", "a\u1680b",
    "x\u180ey", "x\u200ay", "x\u200by", "x\u202fy", "x\u205fy", "x\u0000y", "a\u0000", "x\u007fy", "x\u000by", "x\u000cy", "x\ty\r\nz", "x\u001by", "x\u008fy",
    "one two two three", "two two", "one one one", "three two one", "e\u0301t\u00e9", "\u00e9te\u0301", "\u1100\u1161", "\uac00", "\u1e69", "s\u0323\u0307", "s\u0307\u0323",
    "Denver Broncos", "the Denver Broncos", "Broncos, Denver", "denver broncos.", "Levi's Stadium", "levis stadium", "Super Bowl 50", "Super_Bowl_50",
]
PIECES = [
    "a", "an", "the", "A", "AN", "The", "THE", "cat", "Dog", "x", "B", "1", "42", "_", "-", ".", ",", "'", "\"", "(", ")", "$", "~", "^", "|",
    " ", " ", " ", " ", "  ", "\t", "\n", "\u00a0", "\u0085", "\u001c", "\u001d", "\u001e", "\u001f", "\u2028", "\u2029", "\u3000", "\u2003", "\u200b", "\u00ad",
    "\u0301", "\u0308", "\u0307", "\u20e3", "\u093e", "\u03a3", "\u0391", "\u03b1", "\u03c2", "\u0130", "\u0131", "I", "\u00e9", "\u00c9", "\u1e9e", "\u00df", "\u01c5",
    "\u0660", "\u0967", "\u00b2", "\u00bd", "\u2167", "\u2460", "\u4e00", "\u6771", "\uff41", "\u2014", "\u201c", "\u201d", "\u2026", "\u20ac",
    "\U00010400", "\U0001d400", "\U0001f600", "\U00020000",
]


def words(text: str) -> list[str]:
    kept = "".join(character for character in text.lower() if character not in string.punctuation)
    return ARTICLE.sub(" ", kept).split()


def f1(prediction: list[str], answer: list[str]) -> float:
    same = sum((Counter(prediction) & Counter(answer)).values())
    if same == 0:
        return 0.0
    precision = same / len(prediction)
    recall = same / len(answer)
    return 2 * precision * recall / (precision + recall)


def v2_scores(answers: list[str], prediction: str) -> tuple[int, float]:
    predicted = words(prediction)
    accepted = [answer for answer in map(words, answers) if answer] or [[]]
    overlaps = [float(answer == predicted) if not answer or not predicted else f1(predicted, answer) for answer in accepted]
    return int(predicted in accepted), max(overlaps)


def best_threshold(questions: list[dict], score: int) -> tuple[float, float]:
    """Answering one question more after the other, the surest first: the best sum of scores, in per cent, and the threshold."""
    total = best = sum(1 for question in questions if not question["answers"])
    threshold = 0.0
    for question in sorted(questions, key=lambda question: question["probability"]):
        total += question["scores"][score] if question["answers"] else -bool(question["prediction"])
        if total > best:
            best, threshold = total, question["probability"]
    return 100 * best / len(questions), threshold


def average_precision(questions: list[dict], score) -> float:
    ranked = sorted(questions, key=lambda question: question["probability"])
    answerable = sum(1 for question in questions if question["answers"])
    found = recall = average = 0.0
    for index, question in enumerate(ranked):
        found += score(question) if question["answers"] else 0
        if index + 1 == len(ranked) or ranked[index + 1]["probability"] != question["probability"]:
            average += found / (index + 1) * (found / answerable - recall)
            recall = found / answerable
    return 100 * average


def version2(source: random.Random) -> dict:
    """Questions on one text; three in eight without an answer, probabilities with ties, predictions right, near and wrong."""
    names = "amber birch cedar dune ember fjord grove heath inlet jetty".split()
    context = " ".join(f"the {name} of {number}" for number, name in enumerate(names))
    questions = []
    for number in range(240):
        texts = [source.choice(["the ", ""]) + source.choice(names), f"{source.choice(names)} of {number % 10}"]
        answers = texts[: source.choice([1, 2])] if source.random() < 0.625 else []
        if number == 7:
            answers = ["the"]
        pool = ["", "the", source.choice(names), f"The {source.choice(names)}!", *answers, *answers]
        questions.append({
            "id": f"q{number}", "answers": answers, "prediction": source.choice(pool),
            "probability": round(source.random() * (0.7 if answers else 1) + (0 if answers else 0.1), 2) % 1,
        })
        questions[-1]["scores"] = v2_scores(answers, questions[-1]["prediction"])
    limit = 0.6
    expected = {}
    for name, wanted in (("", questions), ("HasAns_", [q for q in questions if q["answers"]]), ("NoAns_", [q for q in questions if not q["answers"]])):
        for score, key in enumerate(("exact", "f1")):
            values = [float(not q["answers"]) if q["probability"] > limit else q["scores"][score] for q in wanted]
            expected[name + key] = 100 * sum(values) / len(wanted)
        expected[name + "total"] = len(wanted)
    expected["best_exact"], expected["best_exact_thresh"] = best_threshold(questions, 0)
    expected["best_f1"], expected["best_f1_thresh"] = best_threshold(questions, 1)
    expected["pr_exact_ap"] = average_precision(questions, lambda question: question["scores"][0])
    expected["pr_f1_ap"] = average_precision(questions, lambda question: question["scores"][1])
    expected["pr_oracle_ap"] = average_precision(questions, lambda question: 1)
    entries = [{
        "id": q["id"], "question": "which?", "is_impossible": not q["answers"],
        "answers": [{"text": text, "answer_start": 0} for text in q["answers"]],
    } for q in questions]
    return {
        "dataset": {"version": "v2.0", "data": [{"title": "places", "paragraphs": [{"context": context, "qas": entries}]}]},
        "predictions": {q["id"]: q["prediction"] for q in questions},
        "probabilities": {q["id"]: q["probability"] for q in questions}, "threshold": limit, "expected": expected,
    }


def old_characters() -> list[str]:
    """Letters, marks, digits, symbols, separators and controls of Unicode 3.2 that still are what they were."""
    result = []
    for code in range(0x30000):
        character = chr(code)
        category = unicodedata.ucd_3_2_0.category(character)
        if category not in ("Cn", "Cs", "Co") and unicodedata.category(character) == category:
            result.append(character)
    return result


def random_text(source: random.Random, characters: list[str]) -> str:
    pieces = [
        source.choice(characters) if source.random() < 0.2 else source.choice(PIECES) for _ in range(source.randrange(1, 12))
    ]
    return source.choice(["", " "]).join(pieces)


def variant(source: random.Random, text: str) -> str:
    """The same text in another guise, or with one piece more or less."""
    changes = [
        str.upper, str.lower, str.title, lambda text: "the " + text, lambda text: text + ".", lambda text: " ".join(text.split()[::-1]),
        lambda text: unicodedata.ucd_3_2_0.normalize("NFC", text), lambda text: unicodedata.ucd_3_2_0.normalize("NFD", text),
        lambda text: text[: len(text) // 2], lambda text: text + " " + source.choice(PIECES), lambda text: text + source.choice(PIECES),
    ]
    return source.choice(changes)(text)


def main() -> None:
    source = random.Random(1606)
    characters = old_characters()
    pairs = [(text, text) for text in CURATED]
    pairs += [(text, source.choice(CURATED)) for text in CURATED]
    pairs += [(variant(source, text), text) for text in CURATED for _ in range(3)]
    while len(pairs) < CASES:
        text = random_text(source, characters)
        pairs.append((variant(source, text) if source.random() < 0.8 else random_text(source, characters), text))
    lines = []
    for prediction, answer in pairs:
        first, second = words(prediction), words(answer)
        case = [prediction, answer, " ".join(first), int(first == second), f1(first, second)]
        lines.append(json.dumps(case, ensure_ascii=False, separators=(",", ":")))
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    document = json.dumps(version2(random.Random(1806)), indent=0, ensure_ascii=False)
    VERSION2.write_text(document + "\n", encoding="utf-8", newline="\n")
    TARGET.write_text("[\n" + ",\n".join(lines) + "\n]\n", encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
