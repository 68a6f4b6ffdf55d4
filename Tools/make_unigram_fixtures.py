"""Writes Tests/TokenizersTests/Fixtures/unigram: what the pinned libraries give for Unigram models and their
normaliser.

- sentencepiece.bpe.model: a small Unigram model that sentencepiece trains with `nmt_nfkc` on texts that packages ship.
- encode.json: ids of difficult and random texts, by the tokenizer that transformers makes of the model as XLM-RoBERTa;
  digests of ids, positions, spellings and decoded texts, as XLM-RoBERTa and as CamemBERT. - settings.json: digests of
  ids, positions and decoded texts with every setting of `Metaspace` and `Unigram`; every third text. - files.json:
  whole files of tokenizer.json: equal and odd scores, and small `precompiled_charsmap` values whose rules show how
  positions are handed out.

Use: python Tools/make_unigram_fixtures.py
"""

import base64
import json
import random
import tempfile
from pathlib import Path

import tokenizers
import transformers
from tokenizers import Tokenizer, normalizers

import make_tokenizer_fixtures as shared
import random_texts
import train_unigram
from character_maps import character_map

FOLDER = "unigram"
SIZE = 900
TEXTS = [
    "▁", "▁▁", "a▁b", "▁a b", "▁ a", " ▁a", "a ", " a", "a  b", "  ", "\u3000", "\u3000a\u3000b", "a\tb\nc\r\nd\re",
    "\r\n", "\r", "a\r\n\u0301",
    "<unk>", "a<unk>b", "<unk><unk>", "<s> </s> <pad> <mask>", "a <mask>", "a<mask>b",
    "<s>NOTUSED </s>NOTUSED <unk>NOTUSED", "<mask><mask>", "<MASK>",
    "½", "½\u200b", "½\u200b\u200ba", "\u200b½", "\u200ba", "\u200b\u200b ab cd", "\ufeffab\u200bcd", "ab\u200b",
    "\u200b", "\x01\x02", "\x01ab", "a\x7fb",
    "ﷺ", "ﷺ\u0301", "㍿ ㌀ ㎏", "ａ\u0301ｂ", "ａ\u0301\u0302", "e\u0301", "e\u0301\u0301", "\u1100\u1161\u11a8",
    "\u1100\u1161\u0301", "가\u0301", "\uac01\u11a8\u0301", "\u1160\u11a8\u0301",
    "ﾊﾟ ｶﾞ ﾊ\u3099", "क\u094dष\u0301", "क़\u0301 \u0958\u094d\u0958\u0301", "ก\u0e33 ำ", "©\u200d©\u0301",
    "©\u0301\u200d©\u0301", "☺\u200d☺\u0301", "👩‍👩‍👧‍👦", "👍🏽👍🏽", "🇫🇷🇫🇷🇫", "\u0600a\u0301", "\u0600ａ\u0301",
    "\u0378\u0379", "𐍈𐍈𐍈 x𐍈x", "𐍈 𐍈", "漢字かな交じり文", "ﬁﬂ ﬀ ﬃ", "２０２６年１１月２８日", "Ⅷ Ⓐ ⑩ ㊗", "¼ ² ³ ₂ ª º", "ǆ ĳ ŉ ſ", "…‥．。",
    "\u00a0\u2003\u2009a\u00a0b", "~`^¨´¸",
    "x" * 300, "ab " * 100, "▁" * 50, "é" * 200, "字" * 300, "𐍈" * 300, " " * 500, "\u200b" * 100, "a\u0301" * 100,
    "\x00a\x00 \x00", "a\x00b",
]
# Rules that are not found in practice show what the library does with positions; the texts, what comes before and
# behind.
MAPS = {
    "removes": {"x": "", "yz": "", "é": ""},
    "grows": {"x": "abc", "½": "1⁄2", "y": ""},
    "shrinks": {"xy": "a", "éé": "ß", "z": ""},
    "marks": {"a": "A", "\u0301": "´", "ab": "B", "☺": ":)", "\u200d": ""},
    "spaces": {"\t": " ", "\r\n": "\n", "\r": " ", "\u3000": " ", "~": "  "},
    "longest": {"é": "e", "é\u0301": "E", "ﬁ": "fi", "\x01": "", "\U00010348": "hwair"},
}
MAP_TEXTS = [
    "", "x", "xx", "xa", "ax", "xax", "xxaxxbxx", "yza", "yz", "yyz", "éa", "aéb", "éé", "x½y", "½y", "½yy", "½yyy½",
    "y½", "yy½ab", "xyxy", "xyz", "éézéé", "zxyz", "zzxyzz",
    "a\u0301", "a\u0301\u0301", "ab\u0301", "\u0301a", "☺\u200d☺", "☺\u200d☺\u0301", "☺\u0301", "a\u200db",
    "aab\u0301ba", "\ta\r\nb\rc\u3000~", "\r\n\r\n", "é\u0301é", "ﬁé\x01ﬁ", "\x01\x01ab", "\U00010348\U00010348x",
    "a b c x y z",
]


# Scores that are equal or odd: which way is taken, and an unknown text that is spelled like a piece that scores too
# little.
TIES = [
    ["<s>", 0.0], ["<pad>", 0.0], ["</s>", 0.0], ["<unk>", 0.0], ["<mask>", 0.0], ["▁", -1.0], ["a", -1.0], ["b", -1.0],
    ["ab", -2.0], ["ba", -2.0], ["aba", -3.0],
    ["bab", -3.0], ["▁a", -2.0], ["▁ab", -3.0], ["aa", -2.0000000000000004], ["c", -1.1], ["cc", -2.2],
    ["ccc", -3.3000000000000003], ["xyx", 2.5], ["é", -1.0], ["éé", -2.0], ["a", -1.0],
]
POSITIVE = [["<s>", 0.0], ["<pad>", 0.0], ["</s>", 0.0], ["<unk>", 50.0], ["<mask>", 40.0], ["▁", 30.0], ["a", 35.0],
    ["xy", 30.0], ["xyz", 30.0], ["é▁", 31.0]]
TIE_TEXTS = ["ab", "aba", "abab", "babab", "aaa", "aaaa", "ccc", "cccc", "cccccccccc", "a b a", "xyx", "xyxyx", "xyz",
    "xy z", "xyzxy", "é é", "ééé", "<unk>x", "x<unk>", "x <unk>", "ab" * 50 + "x"]


def dumps(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def write(name, value):
    origin = (
        f"tokenizers {tokenizers.__version__}, transformers {transformers.__version__}, "
        f"Tools/make_unigram_fixtures.py")
    (shared.FIXTURES / FOLDER / name).write_text(dumps({"origin": origin, "value": value}) + "\n", encoding="utf-8")


def kinds(vocabulary):
    """Every setting of Metaspace and of the model, by name: the sections of a tokenizer.json that differ."""
    metaspace = lambda **given: {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always",
        "split": True} | given
    made = {f"{scheme}, {'split' if split else 'whole'}": metaspace(prepend_scheme=scheme, split=split)
        for scheme in ("always", "first", "never") for split in (True, False)}
    made["old prefix space"] = {"type": "Metaspace", "replacement": "▁", "add_prefix_space": True}
    made["old without prefix space"] = metaspace(add_prefix_space=False, prepend_scheme="never")
    made["underscore"] = metaspace(replacement="_")
    made["white space first"] = {"type": "Sequence",
        "pretokenizers": [{"type": "WhitespaceSplit"}, metaspace(prepend_scheme="first")]}
    made["white space never"] = {"type": "Sequence",
        "pretokenizers": [{"type": "WhitespaceSplit"}, metaspace(prepend_scheme="never")]}
    made["none"] = None
    for name, section in made.items():
        yield name, section, None, False
    yield "bytes", metaspace(), [["<0x%02X>" % byte, -20.0] for byte in range(256)], True
    yield "few bytes", metaspace(), [["<0x%02X>" % byte, -20.0] for byte in range(0x80, 256)], True


def template(ids):
    special = lambda name: {"SpecialToken": {"id": name, "type_id": 0}}
    text = lambda name: {"Sequence": {"id": name, "type_id": 0}}
    return {
        "type": "TemplateProcessing", "single": [special("<s>"), text("A"), special("</s>")],
        "pair": [special("<s>"), text("A"), special("</s>"), special("</s>"), text("B"), special("</s>")],
        "special_tokens": {name: {"id": name, "ids": [ids[name]], "tokens": [name]} for name in ("<s>", "</s>")},
    }


def tokenizer_json(section, model, normalizer):
    """The text of a tokenizer.json; the tests put the same together."""
    ids = {piece: index for index, (piece, _) in enumerate(model["vocab"])}
    flags = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    return {
        "version": "1.0", "truncation": None, "padding": None,
        "added_tokens": [{"id": ids[name], "content": name} | flags
            for name in ("<s>", "<pad>", "</s>", "<unk>", "<mask>")],
        "normalizer": normalizer, "pre_tokenizer": section, "post_processor": template(ids),
        "decoder": (section["pretokenizers"][-1] if "pretokenizers" in section else section) if section else None,
        "model": model,
    }


def digest(encoding, *texts):
    value = shared.fnv(shared.fnv(0xCBF29CE484222325, encoding.ids), shared.flat(encoding.offsets))
    return f"{shared.fnv(value, [byte for text in texts for byte in text.encode()]):016x}"


def encode_cases(folder, texts):
    """For each text the ids that XLM-RoBERTa's tokenizer gives, and digests of all that the families' give."""
    families = {}
    for family in train_unigram.CLASSES:
        with tempfile.TemporaryDirectory() as name:
            train_unigram.write_sentencepiece(Path(name), (folder / "sentencepiece.bpe.model").read_bytes(), family)
            families[family] = train_unigram.convert(Path(name))._tokenizer
    cases = []
    for text in texts:
        case = {"text": text, "ids": families["xlm-roberta"].encode(text).ids}
        for family, tokenizer in families.items():
            encoding = tokenizer.encode(text)
            case[family] = digest(encoding, *encoding.tokens, tokenizer.decode(encoding.ids))
        cases.append(case)
    return cases, json.loads(families["xlm-roberta"].to_str())["model"]["vocab"]


def rows(text_of_file, texts):
    tokenizer = Tokenizer.from_str(text_of_file)
    for text in texts:
        encoding = tokenizer.encode(text)
        yield digest(encoding, tokenizer.decode(encoding.ids))


def setting_cases(vocabulary, texts):
    """What a tokenizer.json with a section of its own gives; `more` are pieces behind those of the common
    vocabulary."""
    unknown = next(index for index, (piece, _) in enumerate(vocabulary) if piece == "<unk>")
    normalizer = {"type": "Precompiled",
        "precompiled_charsmap": base64.b64encode(character_map(MAPS["spaces"])).decode()}
    cases = []
    for name, section, more, fallback in kinds(vocabulary):
        model = {"type": "Unigram", "unk_id": unknown, "vocab": vocabulary + (more or []), "byte_fallback": fallback}
        file = dumps(tokenizer_json(section, model, normalizer))
        cases.append({"name": name, "pre_tokenizer": dumps(section), "more": dumps(more or []),
            "byte_fallback": fallback, "rows": list(rows(file, texts))})
    return {"vocabulary": dumps(vocabulary), "unknown": unknown, "normalizer": dumps(normalizer), "settings": cases}


def whole_cases():
    """Whole files: odd scores, and normalisers whose rules show how positions are handed out."""
    section = {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": False}
    cases = []
    for name, vocabulary in (("ties", TIES), ("positive", POSITIVE)):
        model = {"type": "Unigram", "unk_id": 3, "vocab": vocabulary, "byte_fallback": False}
        cases.append((name, tokenizer_json(section, model, None), TIE_TEXTS))
    for name, rules in MAPS.items():
        text_of_map = base64.b64encode(character_map(rules)).decode()
        normalise = normalizers.Precompiled(base64.b64decode(text_of_map)).normalize_str
        # Every character is a token of its own, so that its position shows.
        characters = sorted({character for text in MAP_TEXTS for character in normalise(text)})
        vocabulary = TIES[:5] + [[character, -1.0] for character in characters]
        model = {"type": "Unigram", "unk_id": 3, "vocab": vocabulary, "byte_fallback": False}
        normalizer = {"type": "Precompiled", "precompiled_charsmap": text_of_map}
        cases.append((f"rules: {name}", tokenizer_json(None, model, normalizer), MAP_TEXTS))
    made = []
    for name, file, texts in cases:
        tokenizer = Tokenizer.from_str(dumps(file))
        results = [tokenizer.encode(text) for text in texts]
        made.append({"name": name, "file": dumps(file), "results": [
            {"text": text, "ids": result.ids, "offsets": shared.flat(result.offsets)} for text,
            result in zip(texts, results)
        ]})
    return made


def main():
    folder = shared.FIXTURES / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    model = train_unigram.train(SIZE, at_most=20, character_coverage=0.98)
    (folder / "sentencepiece.bpe.model").write_bytes(model)
    rng = random.Random(20261)
    short = [text for text in TEXTS + shared.TEXTS if len(text) <= 500]
    texts = short + [random_texts.text(rng)[:100] for _ in range(30)]
    cases, vocabulary = encode_cases(folder, texts)
    write("encode.json", cases)
    write("settings.json", setting_cases(vocabulary, texts[::3]))
    write("files.json", whole_cases())


if __name__ == "__main__":
    main()
