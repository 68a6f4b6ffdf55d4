"""Time and memory against tokens and against the model's size, as pictures in docs/lab/pictures. Run it by `make
bench-growth`."""

import tempfile
from pathlib import Path

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt

from measure import ROOT, bench, describe, random_model, write

LENGTHS, BATCHES = (64, 128, 256, 512), (1, 4, 16, 64)
# Name, layers, hidden size, heads.
SIZES = [("3 x 384", 3, 384, 12), ("6 x 384", 6, 384, 12), ("12 x 384", 12, 384, 12), ("6 x 768", 6, 768, 12),
    ("12 x 768", 12, 768, 12)]
MOST_TOKENS = 16384


def points(model, *flags):
    """Tokens, seconds and memory of a step for each length and batch size."""
    result = {}
    for length in LENGTHS:
        for batch in BATCHES:
            if length * batch <= MOST_TOKENS:
                result[length, batch] = bench(
                    "step", "--model", model, "--precision", "bf16", "--length", length, "--batch", batch, "--steps", 3,
                    *flags)
    return result


def style(axis, x, y):
    axis.set_xlabel(x)
    axis.set_ylabel(y)
    axis.grid(alpha=0.3)
    for side in ("top", "right"):
        axis.spines[side].set_visible(False)


def draw_tokens(training, reading):
    figure, axes = plt.subplots(1, 3, figsize=(13, 4))
    panels = [(training, "process_memory", 1e-9, "GB, training"), (training, "seconds", 1, "s a training step"),
        (reading, "seconds", 1, "s a pass without gradients")]
    for axis, (data, key, factor, label) in zip(axes, panels):
        for length in LENGTHS:
            line = [(length * batch, data[length, batch][key] * factor) for batch in BATCHES if (length, batch) in data]
            axis.plot(*zip(*line), marker="o", label=f"rows of {length}")
        style(axis, "real tokens in the batch", label)
    axes[0].legend(frameon=False)
    save(figure, "growth-tokens.svg")


def draw_sizes(results):
    figure, axes = plt.subplots(1, 2, figsize=(9, 4))
    for axis, key, factor, label in [(axes[0], "seconds", 1, "s a training step"),
        (axes[1], "process_memory", 1e-9, "GB, training")]:
        for name, weights, result in results:
            axis.plot(weights / 1e6, result[key] * factor, "o", color="#24527a")
            axis.annotate(name, (weights / 1e6, result[key] * factor), textcoords="offset points", xytext=(5, -10),
                fontsize=8)
        style(axis, "million weights in the linear layers", label)
        axis.set_xlim(left=0)
        axis.set_ylim(bottom=0)
    save(figure, "growth-size.svg")


def save(figure, name):
    folder = ROOT / "docs/lab/pictures"
    folder.mkdir(exist_ok=True)
    figure.tight_layout()
    figure.savefig(folder / name, metadata={"Date": None})


def main():
    with tempfile.TemporaryDirectory() as scratch:
        small = random_model(Path(scratch) / "small", 6, 384, 12)
        training, reading = points(small), points(small, "--predict")
        results = []
        for name, layers, hidden, heads in SIZES:
            model = random_model(Path(scratch) / name.replace(" ", ""), layers, hidden, heads)
            result = bench("step", "--model", model, "--precision", "bf16", "--length", 160, "--batch", 16, "--steps",
                3)
            results.append((name, 12 * layers * hidden * hidden, result))
    draw_tokens(training, reading)
    draw_sizes(results)
    table = ["| rows of | batch | tokens | s a training step | tokens/s | memory, GB | s without gradients |",
        "|---|---|---|---|---|---|---|"]
    for (length, batch), one in training.items():
        table.append(
            f"| {length} | {batch} | {one['tokens']} | {one['seconds']:.3f} | {one['tokens'] / one['seconds']:.0f} | "
            f"{one['process_memory'] / 1e9:.2f} | {reading[length, batch]['seconds']:.3f} |")
    table += ["", "| layers x width | s a training step of 16 x 160 tokens | memory, GB |", "|---|---|---|"]
    table += [f"| {name} | {result['seconds']:.3f} | {result['process_memory'] / 1e9:.2f} |" for name, _,
        result in results]
    write("docs/lab/benchmarks.md", "growth", "\n".join([describe(), "", *table]))


if __name__ == "__main__":
    main()
