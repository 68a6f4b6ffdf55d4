"""Writes Tests/TokenizersTests/Fixtures/byte-pair.json: what the pinned `tokenizers` library makes of difficult texts
with byte pair encoding.

The vocabularies are trained here: a byte-level one on texts in about a hundred languages (Tools/multilingual_texts.py),
small ones on some of them with every option of the model. There is a checksum of the library's ids and offsets for each
setting and text, and of RoBERTa's setting the ids and offsets of short texts. With --squad-dir the checksums of a SQuAD
folder are written too (the folder that the tests know as SQUAD_DIR); without it the stored ones stay.

--model DIR trains a byte-level vocabulary of --size pieces instead and writes it as the folder of a RoBERTa model, for
Tools/compare_tokenizers.py and the benchmark.

Use: python Tools/make_byte_pair_fixtures.py [--squad-dir DIR]
     python Tools/make_byte_pair_fixtures.py --model DIR [--size 50000]
"""

import argparse
import copy
import json
import random
from pathlib import Path

import tokenizers
import transformers
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers

import make_tokenizer_fixtures as word_piece
import multilingual_texts
import random_texts

FIXTURE = Path("Tests/TokenizersTests/Fixtures/byte-pair.json")
SPECIALS = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]

TEXTS = word_piece.TEXTS + [
    "don't can't I'm we've they'll he'd you're it's", "DON'T IT'S I'M WE'VE 'S 'T 'RE", "'s 't 're 've 'm 'll 'd",
    "'sx 'tx 'rex 'l 'v 'r '",
    " 's  's '' 's' ''s", "don’t l’été", "a'sb'tc", "1's 2'll", "'", "''", " '", "' ", "a  b   c    d", "  leading",
    "trailing  ", "a \n b", "a\n\n\nb",
    "\n\nab", "a\r\nb\rc", "\r", " \r ", "a\t\tb \t c", "\u00a0a\u00a0\u00a0b", "a\u2003 \u2003b",
    "\u3000\u3000東京\u3000", "a \u00a0 b\u00a0", "\x1c\x1d\x1e\x1f a\x1cb",
    "a\x85b\x85\x85c", "\u180ea\u180e\u200b b", "\u2028\u2029a \u2028b", " ", "  ", "   ", "\n", "\n\n", "a ", "a  ",
    "a\n", "\u3000", "a\u3000", "\x0b\x0c", " \x00 \x00a",
    "x²y³ ½cup Ⅷth ①② ٣٤٥ १२३", "3rd 2nd 1st 42nd 007", "a1b2c3", "1a 2b", "$5.00 €10 £3",
    "foo_bar __init__ snake_case", "a…b—c–d", "??!! ...", "(a) [b] {c}",
    "e\u0301te\u0301 n\u0303", "\u0301\u0301 a", " \u0301", "1\u0301", "👩‍👩‍👧‍👦👍🏽", " 👩‍🚀 x", "🇫🇷🇩🇪", "a👍b",
    "\u200d\u200d", "\ufeffBOM", "a\ufeff b", "Ġhello Ċ ġ", "ĠĠ Ā",
    "日本語のテキスト", " 日本語", "한국어 문장입니다", "ประเทศไทย", "नमस्ते दुनिया", "العربية", "Ελληνικά", "Русский язык", "Tiếng Việt",
    "ქართული", "\U00010ffff\U0010ffff", "\ud7ff\ue000",
    "<s> a </s>", "<mask>", "a<unk>b", "<0x0A>", "hello" * 40, "ab" * 300, " " * 300, "é" * 97, "word " * 60,
    "\n" * 200 + "x", "'s" * 60, "日" * 90, "a" * 13, " " + "a" * 12,
]
LONG = [("ab", 500_000), ("étranger", 30_000), (" ", 300_000), ("x\u0301", 60_000), ("日本", 40_000)]

# name: (model, add_prefix_space, trim_offsets, use_regex)
SETTINGS = {
    "roberta": ("bytes", False, True, True),
    "prefix space": ("bytes", True, True, True),
    "untrimmed": ("bytes", False, False, True),
    "untrimmed prefix space": ("bytes", True, False, True),
    "whole texts": ("bytes", True, True, False),
    "merges ignored": ("bytes, merges ignored", False, True, True),
    "letters missing": ("bytes, letters missing", False, True, True),
    "letters unknown": ("bytes, letters unknown", True, True, True),
    "letters unknown, fused": ("bytes, letters unknown, fused", False, False, False),
    "suffix": ("bytes, suffix", False, True, True),
    "characters left out": ("characters left out", None, None, None),
    "characters unknown": ("characters unknown", None, None, None),
    "characters fused": ("characters fused", None, None, None),
    "characters as bytes": ("characters as bytes", None, None, None),
    "characters as some bytes": ("characters as some bytes", None, None, None),
    "characters with prefix": ("characters with prefix", None, None, None),
}
# The settings in which long texts are tried. Of RoBERTa's the library's rows are written as well, for texts of up to so
# many characters.
WITH_LONG = ("roberta", "letters unknown", "characters as bytes")
IN_FULL, LONGEST_IN_FULL = "roberta", 30


def train(texts, size, byte_level=True, specials=SPECIALS, **settings):
    """The model section of a tokenizer that is trained here."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(
        add_prefix_space=False) if byte_level else pre_tokenizers.Metaspace()
    trainer = trainers.BpeTrainer(
        vocab_size=size, special_tokens=specials,
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()) if byte_level else [],
        show_progress=False, **settings,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return json.loads(tokenizer.to_str())["model"]


def without_letters(model, letters):
    """The model without some letters of the byte alphabet and all that is made of them."""
    model = copy.deepcopy(model)
    kept = [token for token in model["vocab"] if token in SPECIALS or not set(token) & set(letters)]
    model["vocab"] = {token: id for id, token in enumerate(kept)}
    model["merges"] = [pair for pair in model["merges"]
        if all(piece in model["vocab"] for piece in (*pair, "".join(pair)))]
    return model


def fixture_models(texts):
    main = train(texts, 3000)
    small = without_letters(train(texts[::7], 700), "éĠxĺ¦ã")
    suffixed = train(texts[::5], 600, end_of_word_suffix="</w>")
    characters = train(texts[::3], 900, byte_level=False, limit_alphabet=300)
    all_bytes = [f"<0x{byte:02X}>" for byte in range(256)]
    with_bytes = train(texts[::3], 900, byte_level=False, limit_alphabet=300, specials=SPECIALS + all_bytes)
    some_bytes = train(texts[::3], 900, byte_level=False, limit_alphabet=300, specials=SPECIALS + all_bytes[:0xD0])
    prefixed = train(texts[::3], 900, byte_level=False, limit_alphabet=300, continuing_subword_prefix="##")
    return {
        "bytes": main,
        "bytes, merges ignored": {"base": "bytes", "ignore_merges": True, "merges": main["merges"][:1200]},
        "bytes, letters missing": small,
        "bytes, letters unknown": {"base": "bytes, letters missing", "unk_token": "<unk>"},
        "bytes, letters unknown, fused": {"base": "bytes, letters missing", "unk_token": "<unk>", "fuse_unk": True},
        "bytes, suffix": suffixed,
        "characters left out": characters,
        "characters unknown": {"base": "characters left out", "unk_token": "<unk>"},
        "characters fused": {"base": "characters left out", "unk_token": "<unk>", "fuse_unk": True},
        "characters as bytes": with_bytes | {"unk_token": "<unk>", "byte_fallback": True},
        "characters as some bytes": some_bytes | {"unk_token": "<unk>", "byte_fallback": True, "fuse_unk": True},
        "characters with prefix": prefixed | {"unk_token": "<unk>"},
    }


def packed(model):
    """A model's options, its tokens in the order of their ids, and its merges as texts."""
    model = dict(model)
    if "vocab" in model:
        assert list(model["vocab"].values()) == list(range(len(model["vocab"])))
        model["vocab"] = list(model["vocab"])
    if "merges" in model:
        model["merges"] = [" ".join(pair) for pair in model["merges"]]
    return model


def build(model, prefix, trims, splits):
    byte_level = prefix is not None
    tokenizer = Tokenizer.from_str(json.dumps({
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": [], "normalizer": None,
        "pre_tokenizer": None,
        "post_processor": None, "decoder": None, "model": model,
    }))
    if byte_level:
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=prefix, use_regex=splits)
        tokenizer.post_processor = processors.ByteLevel(add_prefix_space=prefix, trim_offsets=trims)
        tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def whole(models_by_name, name):
    model = models_by_name[name]
    return models_by_name[model["base"]] | {k: v for k, v in model.items() if k != "base"} if "base" in model else model


def checksum(encoding):
    digest = word_piece.fnv(0xCBF29CE484222325, encoding.ids)
    return f"{word_piece.fnv(digest, word_piece.flat(encoding.offsets)) & 0xFFFFFFFF:08x}"


def decode_cases(tokenizer):
    rng = random.Random(11)
    size = tokenizer.get_vocab_size()
    rows = [[rng.randrange(size + 2) for _ in range(rng.randrange(1, 8))] for _ in range(80)]
    rows += [[rng.randrange(5, 261) for _ in range(rng.randrange(1, 9))] for _ in range(120)]
    rows += [tokenizer.encode(text[:80]).ids for text in TEXTS[::5]]
    return [{"ids": ids, "text": tokenizer.decode(ids, skip_special_tokens=False)} for ids in rows]


def squad_checksums(squad, tokenizer):
    sums = {}
    for file in ("train.json", "dev.json"):
        digest, count = 0xCBF29CE484222325, 0
        for article in json.loads((squad / file).read_text(encoding="utf-8"))["data"]:
            for paragraph in article["paragraphs"]:
                for text in [paragraph["context"]] + [row["question"] for row in paragraph["qas"]]:
                    encoding = tokenizer.encode(text, add_special_tokens=False)
                    digest = word_piece.fnv(word_piece.fnv(digest, encoding.ids), word_piece.flat(encoding.offsets))
                    count += 1
        sums[file] = {"digest": f"{digest:016x}", "texts": count}
    return sums


def write_fixture(squad):
    models_by_name = fixture_models(multilingual_texts.texts(at_most=60))
    rng = random.Random(20261)
    texts = TEXTS + [random_texts.text(rng)[:120] for _ in range(120)]
    settings = {}
    for name, (model, prefix, trims, splits) in SETTINGS.items():
        tokenizer = build(whole(models_by_name, model), prefix, trims, splits)
        encodings = [tokenizer.encode(text) for text in texts]
        made = {"model": model, "prefix": prefix, "trims": trims, "splits": splits,
            "checksums": [checksum(e) for e in encodings]}
        if name == IN_FULL:
            made["rows"] = [
                {"ids": e.ids, "offsets": word_piece.flat(e.offsets)} if len(text) <= LONGEST_IN_FULL else None
                for text, e in zip(texts, encodings)]
        made["long"] = [checksum(tokenizer.encode(text * times)) for text, times in LONG] if name in WITH_LONG else []
        settings[name] = made
    main = build(models_by_name["bytes"], False, True, True)
    old = json.loads(FIXTURE.read_text(encoding="utf-8"))["value"]["squad"] if FIXTURE.exists() else {}
    value = {
        "models": {name: packed(model) for name, model in models_by_name.items()}, "texts": texts, "settings": settings,
        "long": [{"text": text, "times": times} for text, times in LONG], "decoded": decode_cases(main),
        "squad": squad_checksums(squad, main) if squad else old,
    }
    origin = f"tokenizers {tokenizers.__version__}, Tools/make_byte_pair_fixtures.py"
    FIXTURE.write_text(json.dumps({"origin": origin, "value": value}, separators=(",", ":")) + "\n", encoding="utf-8")


def write_model(folder, size):
    """A folder as transformers saves a RoBERTa tokenizer, and vocab.json and merges.txt beside it."""
    model = train(multilingual_texts.texts(), size)
    folder.mkdir(parents=True, exist_ok=True)
    transformers.RobertaTokenizer(vocab=model["vocab"],
        merges=[tuple(pair) for pair in model["merges"]]).save_pretrained(folder)
    (folder / "config.json").write_text('{"model_type": "roberta"}\n', encoding="utf-8")
    (folder / "vocab.json").write_text(json.dumps(model["vocab"], ensure_ascii=False), encoding="utf-8")
    merges = "".join(f"{first} {second}\n" for first, second in model["merges"])
    (folder / "merges.txt").write_text("#version: 0.2\n" + merges, encoding="utf-8")
    print(f"{len(model['vocab'])} tokens, {len(model['merges'])} merges in {folder}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--squad-dir", type=Path)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--size", type=int, default=50_000)
    options = parser.parse_args()
    if options.model:
        write_model(options.model, options.size)
    else:
        write_fixture(options.squad_dir)


if __name__ == "__main__":
    main()
