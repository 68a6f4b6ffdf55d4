"""Compares `bertqa tokenize` with the `tokenizers` library on random Unicode documents and pairs.

Every row is compared whole: ids, offsets, type ids, attention mask and tokens. A model folder without tokenizer.json is
given to the library through transformers. A quarter of the documents are pairs; of four chunks one is cut to a length,
and one to windows that overlap, which must be parts of the row that BertQA gives for the whole pair.

Use: python Tools/compare_tokenizers.py --bertqa .build/release/bertqa --model DIR [--count 1000000] [--seed 1]
"""

import argparse
import json
import os
import random
import subprocess
import sys
from pathlib import Path

os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

import tokenizers  # noqa: E402
import transformers  # noqa: E402

import random_texts  # noqa: E402

CHUNK = 10_000
LENGTHS = (5, 16, 64)


def load(model):
    path = Path(model) / "tokenizer.json"
    if path.exists():
        return tokenizers.Tokenizer.from_file(str(path))
    if (path.parent / "config.json").exists():
        return transformers.AutoTokenizer.from_pretrained(model)._tokenizer
    return transformers.BertTokenizer.from_pretrained(model)._tokenizer


def documents(tokenizer, rng, count):
    made = {tokenizers.models.BPE: random_texts.byte_level_text, tokenizers.models.Unigram: random_texts.unigram_text}
    text = made.get(type(tokenizer.model), random_texts.text)
    rows = []
    for _ in range(count):
        if rng.randrange(4):
            rows.append({"text": text(rng)})
        else:
            rows.append({"question": text(rng)[:60], "context": text(rng)})
    return rows


def check_windows(tokenizer, row, have, rng):
    """Whether the library's windows of a pair are parts of BertQA's whole row; True where it makes none."""
    tokenizer.no_truncation()
    kinds = tokenizer.encode(row["question"], row["context"]).sequence_ids
    if 1 not in kinds:
        return True
    start, end = kinds.index(1), len(kinds) - kinds[::-1].index(1)
    room = rng.randrange(1, 40)
    overlap = rng.randrange(room)
    length = len(kinds) - (end - start) + room
    tokenizer.enable_truncation(length, stride=overlap, strategy="only_second")
    first = tokenizer.encode(row["question"], row["context"])
    place = start
    for window in [first, *first.overflowing]:
        last = place + len(window.ids) - (len(kinds) - (end - start))
        whole = {key: have[key][:start] + have[key][place:last] + have[key][end:] for key in ("ids", "offsets")}
        offsets = [list(pair) for pair in window.offsets]
        # With add_prefix_space the library takes the first space of each window for an added one, and leaves it in the
        # offsets.
        if place > start and getattr(tokenizer.pre_tokenizer, "add_prefix_space",
            False) and offsets[start][0] + 1 == whole["offsets"][start][0]:
            offsets[start] = whole["offsets"][start]
        if whole != {"ids": window.ids, "offsets": offsets}:
            return False
        place += room - overlap
    # The library stops at the end of the word in which the text reaches the length, and makes no windows of the rest:
    # its issue 2091.
    return last == end or last >= start + length


def expected(tokenizer, row, length):
    """The library's row, `None` where it cannot cut the pair."""
    pair = "question" in row
    if length is None:
        tokenizer.no_truncation()
    else:
        tokenizer.enable_truncation(length, strategy="only_second" if pair else "longest_first")
    try:
        encoding = tokenizer.encode(row["question"], row["context"]) if pair else tokenizer.encode(row["text"])
    except Exception as error:  # the library's own type: a bare Exception
        if "Truncation error" not in str(error):
            raise
        return None
    return {
        "ids": encoding.ids, "type_ids": encoding.type_ids, "attention_mask": encoding.attention_mask,
        "offsets": [list(pair) for pair in encoding.offsets], "tokens": encoding.tokens,
    }


def compare(options, tokenizer, rng, count, length, windows):
    rows = documents(tokenizer, rng, count)
    wanted = [expected(tokenizer, row, length) for row in rows]
    kept = [(row, want) for row, want in zip(rows, wanted) if want is not None]
    lines = "".join(json.dumps(row, ensure_ascii=rng.random() < 0.5) + "\n" for row, _ in kept)
    command = [options.bertqa, "tokenize", "--model", options.model]
    command += [] if length is None else ["--max-length", str(length)]
    done = subprocess.run(command, input=lines.encode(), capture_output=True)
    if done.returncode:
        raise SystemExit(f"bertqa tokenize ended with {done.returncode}: {done.stderr.decode()[-500:]}")
    got = done.stdout.split(b"\n")[:-1]
    if len(got) != len(kept):
        raise SystemExit(f"{len(kept)} rows went in, {len(got)} came out")
    mismatches = 0
    for (row, want), line in zip(kept, got):
        have = json.loads(line)
        if have == want and not (windows and "question" in row and not check_windows(tokenizer, row, have, rng)):
            continue
        mismatches += 1
        if options.reported < 5:
            options.reported += 1
            print(f"max length {length}{', windows' if have == want else ''}, {ascii(row)}")
            for key in want:
                if have.get(key) != want[key]:
                    print(f"  {key}: bertqa {have.get(key)}\n  {key}: library {want[key]}")
    return len(kept), mismatches


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bertqa", required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    options.reported = 0
    tokenizer = load(options.model)
    tokenizer.no_padding()
    rng = random.Random(options.seed)
    compared = mismatches = chunk = 0
    size = max(1, min(CHUNK, options.count // 8))
    while compared < options.count:
        length = rng.choice(LENGTHS) if chunk % 4 == 3 else None
        rows, wrong = compare(options, tokenizer, rng, min(size, options.count - compared), length, chunk % 4 == 1)
        compared, mismatches, chunk = compared + rows, mismatches + wrong, chunk + 1
        print(f"{compared} documents compared, {mismatches} mismatches", file=sys.stderr, flush=True)
    print(f"{compared} documents, {mismatches} mismatches with tokenizers {tokenizers.__version__} "
        f"(seed {options.seed})")
    sys.exit(1 if mismatches else 0)


if __name__ == "__main__":
    main()
