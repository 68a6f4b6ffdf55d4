"""Trains BertQA and transformers on the encoder's weights in other families, and compares what comes of it.

SQUAD_DIR=... Benchmarks/bench.sh families.py                      3 epochs of each, both sides: hours; one table
... families.py --families roberta --max-steps 20 --questions 200  a trial of everything in minutes

For each family `Tools/pour_encoder.py` makes the model that both sides start from. Both train in the same precision
with AdamW, 1e-4, warm-up 0.1, batch 16, clipping at 1, rows of 384 tokens at most; the order of the rows is each side's
own, the peer's by like length. F1 is `bertqa score`'s for both. Then each side answers with what the other one saved:
how many answers are equal. Everything is kept below --output: a run that was stopped goes on where it was, as far as
finished parts go.
"""

import argparse
import datetime
import json
import os
import random
import subprocess
import sys
from pathlib import Path

from measure import ENCODER, ROOT, bertqa, processor, write

sys.path.insert(0, str(ROOT / "Tools"))

FAMILIES = ("distilbert", "roberta")


def train_peer(options, model, output, seed):
    """transformers' side: writes the model, and prints nothing."""
    import torch
    from transformers import AutoModelForQuestionAnswering, AutoTokenizer, get_linear_schedule_with_warmup

    from peer import features, padded

    torch.manual_seed(seed)
    order = random.Random(seed)
    tokenizer = AutoTokenizer.from_pretrained(model)
    rows = features(tokenizer, options.train, 384)
    network = AutoModelForQuestionAnswering.from_pretrained(model, dtype=torch.float32).train()
    segments = getattr(network.config, "type_vocab_size", None) is not None
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-4, weight_decay=0.0, fused=True)
    total = options.max_steps or options.epochs * ((len(rows) + 15) // 16)
    schedule = get_linear_schedule_with_warmup(optimizer, int(0.1 * total), total)
    step = 0
    while step < total:
        numbers = list(range(len(rows)))
        order.shuffle(numbers)
        pools = [sorted(numbers[i:i + 800], key=lambda k: len(rows[k][0])) for i in range(0, len(numbers), 800)]
        batches = [pool[i:i + 16] for pool in pools for i in range(0, len(pool), 16)]
        order.shuffle(batches)
        for batch in batches[: total - step]:
            chosen = [rows[k] for k in batch]
            ids, mask, kinds = map(torch.from_numpy, padded(chosen))
            first, last = (torch.tensor([row[2][side] for row in chosen]) for side in (0, 1))
            more = {"token_type_ids": kinds} if segments else {}
            with torch.autocast("cpu", torch.bfloat16, enabled=options.precision == "bf16"):
                loss = network(input_ids=ids, attention_mask=mask, start_positions=first, end_positions=last,
                    **more).loss
            loss.backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            optimizer.zero_grad()
            step += 1
            if step % 100 == 0:
                print(f"peer: step {step} of {total}, loss {loss.item():.4f}", file=sys.stderr, flush=True)
    network.save_pretrained(output)
    tokenizer.save_pretrained(output)


def answers_of_peer(options, model, output):
    """transformers' answers to the questions, in fp32, in the form of `bertqa predict`."""
    import torch
    from transformers import AutoModelForQuestionAnswering, AutoTokenizer

    from compare_predictions import answer, questions

    tokenizer = AutoTokenizer.from_pretrained(model)
    if tokenizer.pad_token_id is None:
        raise SystemExit(f"{model}: no padding token")
    network = AutoModelForQuestionAnswering.from_pretrained(model, dtype=torch.float32).eval()
    rows = sorted(questions(options.dev), key=lambda row: len(row[1]) + len(row[2]))
    answers = {}
    for first in range(0, len(rows), 32):
        answers.update(answer(network, tokenizer, rows[first : first + 32], 384))
    output.write_text(json.dumps(answers), encoding="utf-8")


def answers_of_bertqa(options, model, output):
    bertqa("predict", "--model", model, "--data", options.dev, "--output", output, "--precision", "fp32",
        "--truncation", "end")  # fmt: skip


def done(path, work):
    """Does a part of the work unless what it leaves is there."""
    if not path.exists():
        print(f"families: {path.relative_to(path.parents[1])}", file=sys.stderr, flush=True)
        work()
    return path


def in_process(options, job, *arguments):
    """A part of the peer's work in a process of its own, whose memory ends with it."""
    flags = ["--output", options.output, "--precision", options.precision, "--epochs", options.epochs]
    flags += ["--max-steps", options.max_steps, "--questions", options.questions, "--job", job, *arguments]
    subprocess.run([sys.executable, __file__, *map(str, flags)], check=True)


def f1(options, predictions):
    return bertqa("score", "--data", options.dev, "--predictions", predictions, "--json")["f1"]


def equal(one, other):
    """The share of answers that two files have in common, in per cent."""
    one, other = (json.loads(path.read_text(encoding="utf-8")) for path in (one, other))
    return 100 * sum(text == other.get(key) for key, text in one.items()) / len(one)


def compare(options, family):
    """One family: the lines of the table."""
    folder = Path(options.output) / family
    folder.mkdir(parents=True, exist_ok=True)
    start = done(folder / "poured/model.safetensors",
        lambda: in_process(options, "pour", family, folder / "poured")).parent
    models = {}
    for seed in options.seeds:
        run = folder / f"bertqa-{seed}"
        steps = ["--max-steps", options.max_steps] if options.max_steps else ["--epochs", options.epochs]
        models[f"BertQA, seed {seed}"] = done(run / "model.safetensors", lambda run=run, seed=seed, steps=steps: bertqa(
            "train", "--model", start, "--train-file", options.train, "--validation-fraction", 0, "--learning-rate",
            1e-4,
            "--warmup-ratio", 0.1, "--batch-size", 16, "--seed", seed, "--precision", options.precision, "--truncation",
            "end",
            "--output-dir", run, *steps)).parent  # fmt: skip
    for seed in options.peer_seeds:
        run = folder / f"transformers-{seed}"
        models[f"transformers, seed {seed}"] = done(
            run / "model.safetensors", lambda run=run, seed=seed: in_process(options, "train", start, run, seed)).parent
    for name, model in models.items():
        ours, theirs = folder / f"{model.name}.by-bertqa.json", folder / f"{model.name}.by-transformers.json"
        done(ours, lambda model=model, ours=ours: answers_of_bertqa(options, model, ours))
        done(theirs, lambda model=model, theirs=theirs: in_process(options, "answer", model, theirs))
        scores = f"{f1(options, ours):.2f} | {f1(options, theirs):.2f}"
        yield f"| {family} | {name} | {scores} | {equal(ours, theirs):.2f} % |"


def few_questions(options):
    """The first questions of the file alone, if that is wanted."""
    if not options.questions:
        return
    target, left = Path(options.output) / f"dev-{options.questions}.json", options.questions
    data = json.loads(Path(options.dev).read_text(encoding="utf-8"))
    for article in data["data"]:
        for paragraph in article["paragraphs"]:
            paragraph["qas"] = paragraph["qas"][:left]
            left -= len(paragraph["qas"])
    for article in data["data"]:
        article["paragraphs"] = [paragraph for paragraph in article["paragraphs"] if paragraph["qas"]]
    data["data"] = [article for article in data["data"] if article["paragraphs"]]
    target.write_text(json.dumps(data), encoding="utf-8")
    options.dev = str(target)


def work(options):
    """What a process of its own does."""
    job, arguments = options.job[0], options.job[1:]
    if job == "pour":
        from pour_encoder import pour

        pour(ENCODER, *arguments)
    elif job == "train":
        train_peer(options, arguments[0], arguments[1], int(arguments[2]))
    else:
        answers_of_peer(options, arguments[0], Path(arguments[1]))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", default=str(ROOT / ".build/families"))
    parser.add_argument("--families", nargs="+", default=FAMILIES, choices=FAMILIES)
    parser.add_argument("--precision", default="bf16", choices=["fp32", "bf16"])
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--max-steps", type=int, default=0)
    parser.add_argument("--questions", type=int, default=0, help="only the first N questions of dev.json")
    parser.add_argument("--seeds", type=int, nargs="+", default=[42])
    parser.add_argument("--peer-seeds", type=int, nargs="+", default=[42])
    parser.add_argument("--write", action="store_true", help="write the table into docs/lab/families.md")
    parser.add_argument("--job", nargs="+", help=argparse.SUPPRESS)
    options = parser.parse_args()
    squad = Path(os.environ.get("SQUAD_DIR") or ROOT / "Data/sample")
    options.train, options.dev = str(squad / "train.json"), str(squad / "dev.json")
    Path(options.output).mkdir(parents=True, exist_ok=True)
    few_questions(options)
    if options.job:
        return work(options)
    length = f"{options.max_steps} steps" if options.max_steps else f"{options.epochs} epochs"
    lines = [
        f"{datetime.date.today()}, {processor()}, {os.cpu_count()} cores; {length} in {options.precision}.", "",
        "| family | trained by | F1, answers of BertQA | F1, answers of transformers | equal answers |",
        "|---|---|---|---|---|"]
    for family in options.families:
        lines += compare(options, family)
    print("\n".join(lines))
    if options.write:
        write("docs/lab/families.md", "families.py", "\n".join(lines))


if __name__ == "__main__":
    main()
