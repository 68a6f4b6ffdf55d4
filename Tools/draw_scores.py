"""Draws the start and end scores of one question as docs/learn/pictures/scores.svg, from what `bertqa` prints.

    make build
    python3 Tools/draw_scores.py --model MODEL [--bertqa .build/release/bertqa]

The question is one of Data/sample/dev.json. `bertqa ask --json --top-k` gives every span with its score, which is the
probability of its first token times that of its last; the ratios of the scores of neighbouring spans give back both
probabilities of each token.
"""

import argparse
import json
import math
import subprocess
from html import escape
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
QUESTION = "On what date did the Bell Rock light shine for the first time?"
ARTICLE = "Bell Rock Lighthouse"
FIRST, LAST = "the lamp was first lit", "Because the rock was"
SPANS = 20000


def context():
    data = json.loads((ROOT / "Data/sample/dev.json").read_text(encoding="utf-8"))["data"]
    return next(article for article in data if article["title"] == ARTICLE)["paragraphs"][0]["context"]


def printed(command, standard_input=None):
    return subprocess.run(command, input=standard_input, capture_output=True, text=True, check=True).stdout


def probabilities(spans, tokens):
    """Of each token, how likely it is the first and the last of the answer, among all tokens of the text."""
    score = {(span["start"], span["end"]): span["score"] for span in spans}
    starts, ends = [0.0], [0.0]  # logarithms, up to a constant
    for (left, left_end), (right, right_end) in zip(tokens, tokens[1:]):
        pair = score[left, right_end]
        ends.append(ends[-1] + math.log(pair / score[left, left_end]))
        starts.append(starts[-1] + math.log(score[right, right_end] / pair))
    return normalised(starts), normalised(ends)


def normalised(logarithms):
    highest = max(logarithms)
    weights = [math.exp(value - highest) for value in logarithms]
    return [weight / sum(weights) for weight in weights]


def drawing(words, starts, ends, answer):
    """Bars above the words for starts, below them for ends; the answer's words are marked."""
    left, top, height = 108, 48, 104
    widths = [max(26, 8 * len(word) + 12) for word in words]
    places = [left + sum(widths[:count]) for count in range(len(words) + 1)]
    width, below = places[-1] + 16, top + height + 34
    first, last = answer
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {below + height + 56}" '
        f'font-family="system-ui, sans-serif" '
        'font-size="13" role="img">',
        f"<title>{escape(QUESTION)} The start score is highest at the first word of the answer, "
        f"the end score at its last.</title>",
        '<rect width="100%" height="100%" rx="8" fill="#ffffff"/>',
        f'<text x="16" y="28" font-size="15" font-weight="600" fill="#1f2328">{escape(QUESTION)}</text>',
        f'<rect x="{places[first] + 1}" y="{top + height + 4}" width="{places[last + 1] - places[first] - 2}" '
        f'height="26" rx="4" '
        'fill="#fff3b0"/>',
    ]
    for y, colour, words_of_label in [(top, "#0969da", ("answer", "starts here")),
        (below, "#bc4c00", ("answer", "ends here"))]:
        for number, label in enumerate(words_of_label):
            lines.append(f'<text x="16" y="{y + height // 2 + 17 * number}" fill="{colour}">{label}</text>')
    for place, word, start, end, size in zip(places, words, starts, ends, widths):
        middle = place + size / 2
        lines.append(f'<text x="{middle}" y="{top + height + 22}" text-anchor="middle" '
            f'fill="#1f2328">{escape(word)}</text>')
        lines += bar(middle, top + height, start, -height, "#0969da")
        lines += bar(middle, below, end, height, "#bc4c00")
    lines.append(
        f'<text x="16" y="{below + height + 42}" fill="#57606a">answer: {escape(" ".join(words[first:last + 1]))}, '
        f"score {starts[first]:.3f} × {ends[last]:.3f} = {starts[first] * ends[last]:.3f}</text>")
    return "\n".join([*lines, "</svg>", ""])


def bar(middle, base, share, height, colour):
    """A bar from the base line up (a negative height) or down, with its figure unless that is nearly nothing."""
    size = max(1.5, abs(height) * share)
    top = base - size if height < 0 else base
    lines = [f'<rect x="{middle - 10}" y="{top:.1f}" width="20" height="{size:.1f}" fill="{colour}"/>']
    if share >= 0.01:
        label = top - 5 if height < 0 else top + size + 14
        lines.append(
            f'<text x="{middle}" y="{label:.1f}" text-anchor="middle" font-size="11" '
            f'fill="{colour}">{share:.2f}</text>')
    return lines


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--model", required=True, help="a fine-tuned model directory")
    options.add_argument("--bertqa", default=str(ROOT / ".build/release/bertqa"))
    chosen = options.parse_args()
    text = context()
    call = [chosen.bertqa, "ask", "--model", chosen.model, "--question", QUESTION, "--context", text, "--precision",
        "fp32"]
    spans = json.loads(printed([*call, "--json", "--top-k", str(SPANS)]))["answers"]
    encoded = json.loads(printed([chosen.bertqa, "tokenize", "--model", chosen.model],
        json.dumps({"text": text}) + "\n"))
    tokens = [tuple(offset) for offset in encoded["offsets"] if offset[0] < offset[1]]
    starts, ends = probabilities(spans, tokens)
    begin, end = text.index(FIRST), text.index(LAST) + len(LAST)
    shown = [place for place, (start, stop) in enumerate(tokens) if begin <= start and stop <= end]
    best = spans[0]
    places = [place for place, token in enumerate(tokens) if best["start"] <= token[0] and token[1] <= best["end"]]
    picture = drawing(
        [text[slice(*tokens[place])] for place in shown], [starts[place] for place in shown],
        [ends[place] for place in shown],
        (shown.index(places[0]), shown.index(places[-1])))
    path = ROOT / "docs/learn/pictures/scores.svg"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(picture, encoding="utf-8")
    print(f"{path.relative_to(ROOT)}: {best['answer']}, score {best['score']:.3f}")


main()
