"""Writes Tests/SQuADTests/Fixtures/metrics.json: what SQuAD v1.1's rules for scoring give for difficult pairs of texts;
and version2.json: a dataset in which some questions have no answer, with predictions and what the rules of v2.0 give
for them; and languages.json: what MLQA's rules give for pairs of texts in each language, and those of CMRC 2018 for
Chinese ones.

The rules (Rajpurkar et al. 2016, arXiv:1606.05250, section 6, and the official scorer): lower case, no ASCII
punctuation, the words "a", "an" and "the" taken out, words split at white space; exact match compares the words, F1
counts those in common. Version 2.0 (Rajpurkar et al. 2018, arXiv:1806.03822) leaves answers out of which nothing
remains, takes the empty text as the answer where there is none, and looks for the thresholds of the no-answer
probability at which the sum of scores is highest. MLQA (Lewis et al. 2020, arXiv:1910.07475) takes out punctuation of
every script and the articles of the answer's language, and takes Chinese characters for words; Japanese and Thai are
treated as Chinese here, by their own letters. CMRC 2018 (Cui et al. 2019, arXiv:1810.07366) takes out a list of
punctuation, and its F1 counts the longest run of tokens in common. Python's own `str.lower`, `re` and `str.split`
define them, so this file needs nothing but the standard library.

Only characters that Unicode 3.2 already had are drawn at random: their properties are the same in every Python and
Swift.

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
LANGUAGES = TARGET.with_name("languages.json")
CASES = 3000
ARTICLE = re.compile(r"\b(?:a|an|the)\b")

# Texts whose normalisation goes wrong in one way or another when it is done carelessly; each is paired with its
# variants.
CURATED = [
    "", " ", "the", "The the THE", "a", "an", "A an the", "a.", "the-end", "an_apple", "a_", "_a", "a b", "b-a-b", "a1",
    "1 a 1", "The",
    "the cat", "The cat's", "cat", "U.S.A.", "a.n.", "t.h.e", "t-he end", "th'e", "rock 'n' roll", "$1,000.50", "(the)",
    "\"an\"", "`a`",
    "the\u0301", "a\u0301", "a\u0301 b", "\u0301a", "an\u0308", "\u00e1", "a\u00e1", "\u00e1 a", "th\u00e9", "\u00e9a",
    "a\u00e9 the",
    "the\u00a0cat", "a\u00a0b", "\u00a0", "a\u200bb", "a\u200b", "the\u200d", "\u200bthe", "the\ufeff", "a\u00adn",
    "an\u2060",
    "the\u2014cat", "\u201cthe\u201d", "a\u2013b", "the\u2026", "\u00abthe\u00bb", "the\u3001", "the\u3002a", "\u20aca",
    "a\u00b0", "a\u00b2",
    "\u00b2a", "a\u2160", "\u2167the", "a\u0660", "\u0661the", "\u0967 a", "\uff11\uff12", "\uff41",
    "\uff54\uff48\uff45 cat", "a\u4e00", "\u4e00a",
    "\u6771\u4eac the \u4eac", "a\u3007", "a\u00bd", "\u00bc an", "a\u2460", "a\u3220", "the\u00aa", "the\u02b0",
    "a\u093e", "a\u0903", "a\u20e3",
    "\u03a3", "\u03a3\u03a3", "\u0391\u03a3", "\u0391\u03a3.", "\u0391\u03a3.\u0391", "\u0391\u03a3'\u0391",
    "\u0391'\u03a3", "\u0391\u0301\u03a3",
    "\u0391\u03a3\u0301", "\u0391\u03a3\u0301\u0391", "\u0391\u03a3 \u0391", "\u0391\u03a31", "1\u03a3", "A\u03a3",
    "a\u03a3b", "\u039f\u0394\u039f\u03a3",
    "\u1f48\u0394\u03a5\u03a3\u03a3\u0395\u038e\u03a3", "\u0391\u00ad\u03a3", "\u0391\u03a3\u00ad\u0392",
    "\u0391\u03a3:\u0392", "\u02b0\u03a3", "\u03a3\u02b0",
    "\u0130", "\u0130stanbul", "I\u0307", "i\u0307", "\u0131", "I\u0131\u0130i", "\u1e9e \u00df SS",
    "\u01c5 \u01c4 \u01c6", "\ufb01ne", "\u212a \u2126 \u212b", "\u00c5 A\u030a",
    "\u2160\u216f", "\u24b6", "\U00010400 \U00010428", "\U0001d400", "the\U0001d400", "a\U00010400",
    "\U0001f600the\U0001f600", "a\U0001f600", "\U00020000a",
    "a\u001cb", "a\u001db", "a\u001eb", "a\u001fb", "\u001cthe\u001f", "a\u0085b", "the\u0085", "a\u2028the\u2029b",
    "a\u3000b", "\u3000the\u3000", "a\u1680b",
    "x\u180ey", "x\u200ay", "x\u200by", "x\u202fy", "x\u205fy", "x\u0000y", "a\u0000", "x\u007fy", "x\u000by",
    "x\u000cy", "x\ty\r\nz", "x\u001by", "x\u008fy",
    "one two two three", "two two", "one one one", "three two one", "e\u0301t\u00e9", "\u00e9te\u0301", "\u1100\u1161",
    "\uac00", "\u1e69", "s\u0323\u0307", "s\u0307\u0323",
    "Denver Broncos", "the Denver Broncos", "Broncos, Denver", "denver broncos.", "Levi's Stadium", "levis stadium",
    "Super Bowl 50", "Super_Bowl_50",
]
PIECES = [
    "a", "an", "the", "A", "AN", "The", "THE", "cat", "Dog", "x", "B", "1", "42", "_", "-", ".", ",", "'", "\"", "(",
    ")", "$", "~", "^", "|",
    " ", " ", " ", " ", "  ", "\t", "\n", "\u00a0", "\u0085", "\u001c", "\u001d", "\u001e", "\u001f", "\u2028",
    "\u2029", "\u3000", "\u2003", "\u200b", "\u00ad",
    "\u0301", "\u0308", "\u0307", "\u20e3", "\u093e", "\u03a3", "\u0391", "\u03b1", "\u03c2", "\u0130", "\u0131", "I",
    "\u00e9", "\u00c9", "\u1e9e", "\u00df", "\u01c5",
    "\u0660", "\u0967", "\u00b2", "\u00bd", "\u2167", "\u2460", "\u4e00", "\u6771", "\uff41", "\u2014", "\u201c",
    "\u201d", "\u2026", "\u20ac",
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
    overlaps = [float(answer == predicted) if not answer or not predicted else f1(predicted, answer)
        for answer in accepted]
    return int(predicted in accepted), max(overlaps)


def best_threshold(questions: list[dict], score: int) -> tuple[float, float]:
    """Answering one question more after the other, the surest first: the best sum of scores, in per cent, and the
    threshold."""
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
    """Questions on one text; three in eight without an answer, probabilities with ties, predictions right, near and
    wrong."""
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
    for name, wanted in (("", questions), ("HasAns_", [q for q in questions if q["answers"]]),
        ("NoAns_", [q for q in questions if not q["answers"]])):
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
        "dataset": {"version": "v2.0",
            "data": [{"title": "places", "paragraphs": [{"context": context, "qas": entries}]}]},
        "predictions": {q["id"]: q["prediction"] for q in questions},
        "probabilities": {q["id"]: q["probability"] for q in questions}, "threshold": limit, "expected": expected,
    }


LANGUAGE_ARTICLES = {
    "en": "a an the", "es": "un una unos unas el la los las", "vi": "c\u1ee7a l\u00e0 c\u00e1i chi\u1ebfc nh\u1eefng",
    "de": "ein eine einen einem eines einer der die das den dem des", "hi": "", "ar": "", "zh": "", "ja": "", "ko": "",
    "th": "",
}
ALONE = {"zh": "[\u4e00-\u9fa5]", "ja": "[\u4e00-\u9fa5\u3040-\u30ff\uff66-\uff9d]", "th": "[\u0e00-\u0e7f]"}


def mlqa_words(text: str, language: str) -> list[str]:
    """MLQA's words of a text."""
    kept = "".join(c for c in text.lower() if c not in string.punctuation and unicodedata.category(c)[0] != "P")
    if language == "ar":
        kept = kept.replace("\u0627\u0644", " ")
    elif LANGUAGE_ARTICLES[language]:
        kept = re.sub(rf"\b(?:{'|'.join(LANGUAGE_ARTICLES[language].split())})\b", " ", kept)
    if language in ALONE:
        kept = re.sub(f"({ALONE[language]})", r" \1 ", kept)
    return kept.split()


CMRC_PUNCTUATION = set(
    "-:_*^/\\~`+=\uff0c\u3002\uff1a\uff1f\uff01\u201c\u201d\uff1b\u2019"
    "\u300a\u300b\u00b7\u3001\u300c\u300d\uff08\uff09\uff0d\uff5e\u300e\u300f"
)


def cmrc_plain(text: str) -> str:
    return "".join(c for c in text.lower().strip() if c not in CMRC_PUNCTUATION)


def cmrc_tokens(text: str) -> list[str]:
    """CMRC's tokens: Chinese characters, and English words with punctuation and endings apart."""
    tokens = []
    for part in re.split(f"({ALONE['zh']})", cmrc_plain(text)):
        part = re.sub(r"(\.{2,})", r" \1 ", part)
        part = re.sub(r"(?<!\.)\.([\])}>\"'\u00bb]*)\s*$", r" . \1", part)
        part = re.sub(r",(?![0-9])", " , ", part)
        part = re.sub("([;@#$%&?!\\[\\](){}<>\"\u00ab\u00bb\u2018\u201e\u2012-\u2015])", r" \1 ", part)
        for word in part.split():
            ending = re.fullmatch(r"(.+?)('s|'m|'d|'ll|'re|'ve|n't|')", word)
            tokens += ending.groups() if ending else [word]
    return tokens


def longest_run(one: list[str], other: list[str]) -> int:
    return max((n for n in range(1, len(one) + 1) for i in range(len(one) - n + 1) for j in range(len(other) - n + 1)
                if one[i:i + n] == other[j:j + n]), default=0)


def cmrc_f1(prediction: list[str], answer: list[str]) -> float:
    same = longest_run(answer, prediction)
    if same == 0:
        return 0.0
    precision, recall = same / len(prediction), same / len(answer)
    return 2 * precision * recall / (precision + recall)


# Words and marks of each language; pairs of texts are drawn from them.
LANGUAGE_PIECES = {
    "en": ["the", "An", "river", "Mill", "U.S.", "it's", "\u2014", "\u00ab", "1,000", "x"],
    "es": ["el", "La", "unos", "r\u00edo", "\u00bfQu\u00e9", "a\u00f1o", "del", "1820", "\u00a1", "las"],
    "de": ["der", "Die", "einem", "M\u00fchle", "\u201eso\u201c", "Stra\u00dfe", "des", "am", "1820"],
    "vi": ["c\u1ee7a", "L\u00e0", "nh\u1eefng", "s\u00f4ng", "c\u1ed1i", "xay", "c\u00e1i", "1820", "\u2026"],
    "ar": ["\u0627\u0644\u0646\u0647\u0631", "\u0646\u0647\u0631", "\u0648\u0627\u0644\u0645\u0627\u0621", "\u060c",
        "\u061f", "1820", "\u0637\u0627\u062d\u0648\u0646\u0629"],
    "hi": ["\u0928\u0926\u0940", "\u0915\u0947", "\u092a\u0941\u0932", "\u0964", "1820",
        "\u091a\u0915\u094d\u0915\u0940", "?"],
    "zh": ["\u6cb3", "\u5317\u5cb8", "\u78e8\u574a", "\uff0c", "\u3002", "1820\u5e74", "Mill", "A1",
        "\u300a\u6c34\u300b", "3.5", "don't", "(b)", "\u4e8c\u5341"],
    "ja": ["\u5ddd", "\u306e", "\u5317\u5cb8", "\u30df\u30eb", "\u3001", "\u3002", "1820\u5e74", "\u3053\u3068", "Mill",
        "\u30fb"],
    "ko": ["\uac15\uc758", "\ubd81\ucabd", "\ubb3c\ub808\ubc29\uc544", "1820\ub144", ",", "\u3131", "Mill"],
    "th": ["\u0e41\u0e21\u0e48\u0e19\u0e49\u0e33", "\u0e1d\u0e31\u0e48\u0e07", "\u0e42\u0e23\u0e07\u0e2a\u0e35", "1820",
        "Mill", "\u0e2f"],
}
CMRC_PIECES = LANGUAGE_PIECES["zh"] + ["U.S.", "etc.", "...", "1,000", "a,b", "50%", "x's", "we'll", "'q'", "\"r\"",
    "end.", "\u201c\u5982\u201d", "--"]


def languages(source: random.Random) -> list[list]:
    """Pairs of texts with what each metric gives for them: metric, language, prediction, answer, exact match, F1."""
    cases = []
    for metric, language, pieces in [("mlqa", key, value) for key,
        value in LANGUAGE_PIECES.items()] + [("cmrc", None, CMRC_PIECES)]:
        for _ in range(120):
            answer = source.choice(["", " "]).join(source.choice(pieces) for _ in range(source.randrange(1, 7)))
            other = source.choice(["", " "]).join(source.choice(pieces) for _ in range(source.randrange(1, 7)))
            prediction = source.choice(
                [answer + source.choice(pieces), answer[1:], answer.upper() + ".", other, answer[:3], answer])
            if metric == "cmrc":
                exact = cmrc_plain(prediction) == cmrc_plain(answer)
                score = cmrc_f1(cmrc_tokens(prediction), cmrc_tokens(answer))
            else:
                first, second = mlqa_words(prediction, language), mlqa_words(answer, language)
                exact, score = first == second, f1(first, second)
            cases.append([metric, language, prediction, answer, int(exact), score])
    return cases


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
        source.choice(characters) if source.random() < 0.2 else source.choice(PIECES)
        for _ in range(source.randrange(1, 12))
    ]
    return source.choice(["", " "]).join(pieces)


def variant(source: random.Random, text: str) -> str:
    """The same text in another guise, or with one piece more or less."""
    changes = [
        str.upper, str.lower, str.title, lambda text: "the " + text, lambda text: text + ".",
        lambda text: " ".join(text.split()[::-1]),
        lambda text: unicodedata.ucd_3_2_0.normalize("NFC", text),
        lambda text: unicodedata.ucd_3_2_0.normalize("NFD", text),
        lambda text: text[: len(text) // 2], lambda text: text + " " + source.choice(PIECES),
        lambda text: text + source.choice(PIECES),
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
    texts = [json.dumps(case, ensure_ascii=False, separators=(",", ":")) for case in languages(random.Random(1910))]
    LANGUAGES.write_text("[\n" + ",\n".join(texts) + "\n]\n", encoding="utf-8", newline="\n")
    document = json.dumps(version2(random.Random(1806)), indent=0, ensure_ascii=False)
    VERSION2.write_text(document + "\n", encoding="utf-8", newline="\n")
    TARGET.write_text("[\n" + ",\n".join(lines) + "\n]\n", encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
